"""A name becomes routes: which models it stands for, in which order, and which of them can do what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.discovered import discovered_models
from impasto.errors import ImpastoError, InvalidRequest, PluginError, ProviderUnavailable, UnknownModel
from impasto.fitting import continued, fit, without_unsupported
from impasto.signing import settings_of

if TYPE_CHECKING:
    from impasto.events import ImageResponse
    from impasto.models import Model
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest
    from impasto.settings import Settings

MOST_NAMED = 8
"""Models that a refusal names, which take what one does not."""

DEFAULT_MODEL = "sketch"
"""What is used where the user names no model and the settings name none, if it is installed."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a picture.

    Attributes:
        model: the model, and through it the provider.
        request: the request as this model takes it.
        dropped: what was left out because the model does not take it, in words.
    """

    model: Model
    request: ImageRequest
    dropped: tuple[str, ...] = ()


class Router:
    """Finds the routes for a name.

    The order of an alias's routes is that of the user's ``[aliases]``, where it is listed there; else the priority that
    the plugins declare, higher first; else the models' full names.
    """

    def __init__(self, plugins: Plugins, settings: Settings) -> None:
        self._plugins = plugins
        self._settings = settings
        self._indexed: tuple[Model, ...] = ()
        self._exact: dict[str, Model] = {}
        self._named: dict[str, list[Model]] = {}

    def routes(
        self,
        name: str | None,
        request: ImageRequest,
        *,
        continue_from: ImageResponse | None = None,
        drop_unsupported: bool = False,
    ) -> tuple[list[Route], list[str]]:
        """Return the routes that can do what is asked, first choice first, and why the others cannot.

        Args:
            name: an alias, a model's id, ``provider/model``, or a provider's id; None for the default model.
            request: what is asked.
            continue_from: the response with the picture to go on from.
            drop_unsupported: whether to leave out what a model does not take, rather than the model.

        Raises:
            UnknownModel: nothing goes by that name.
            InvalidRequest: no model of that name can do it; the message says why.
            PluginError: a plugin failed over the only model of that name.
            ProviderUnavailable: the name is served only by providers that are known to be down.
        """
        routes: list[Route] = []
        refusals: list[ImpastoError] = []
        models, lost = self._search(self.default() if name is None else name)
        for model in models:
            try:
                asked = (
                    request
                    if continue_from is None
                    else continued(model, request, continue_from, self._address_of(model))
                )
                prepared = self._plugins.prepare_request(model, asked)
                prepared, dropped = without_unsupported(model, prepared) if drop_unsupported else (prepared, ())
                routes.append(Route(model, fit(model, prepared), dropped))
            except (InvalidRequest, PluginError) as error:
                refusals.append(error)
        if routes:
            return routes, [str(refusal) for refusal in (*refusals, *lost)]
        if not models:
            raise lost[0]
        if len(refusals) == 1:
            raise self._with_others(refusals[0], models[0])
        reasons = " ".join(dict.fromkeys(str(error) for error in refusals))
        parameter = next((error.parameter for error in refusals if isinstance(error, InvalidRequest)), None)
        raise InvalidRequest(f"No route for {name!r} can do this. {reasons}", parameter=parameter)

    def _with_others(self, refusal: ImpastoError, model: Model) -> ImpastoError:
        """Name the provider's models that take what this one refuses."""
        name = refusal.parameter if isinstance(refusal, InvalidRequest) else None
        if name is None or name in model.accepts:
            return refusal
        takes = [
            each.id for each in self._plugins.models
            if each.provider.id == model.provider.id and name in each.accepts and not each.deprecated
        ]  # fmt: skip
        if takes:
            more = f", and {len(takes) - MOST_NAMED} more" if len(takes) > MOST_NAMED else ""
            words = f"Of {model.provider.id}, these take {name}: {', '.join(takes[:MOST_NAMED])}{more}."
            refusal.args = (f"{refusal.args[0]} {words}", *refusal.args[1:])
        return refusal

    def _address_of(self, model: Model) -> str:
        return settings_of(model, self._settings).url or model.url or model.provider.url

    def default(self) -> str:
        """Return the model that is used where the user names none.

        Raises:
            UnknownModel: the settings name none, and the usual one is not installed.
        """
        if self._settings.default_model:
            return self._settings.default_model
        if any(DEFAULT_MODEL in (model.id, *model.aliases) for model in self._plugins.models):
            return DEFAULT_MODEL
        raise UnknownModel(
            "No model is chosen. Name one (model=… or -m), set default_model in the settings, or install the offline "
            f"painter: pip install impasto-{DEFAULT_MODEL}. What is installed: impasto models."
        )

    def misspelt(self) -> list[str]:
        """Return, in words, which sections of the settings are named almost as an installed provider."""
        known = {model.provider.id for model in self._plugins.models}
        variables = {
            f"IMPASTO_PROVIDER_{name}_…": name.lower().replace("_", "-") for name in self._settings.environment
        }
        sections = {f"[providers.{name}]": name.partition("/")[0] for name in self._settings.providers}
        unknown = {section: name for section, name in (sections | variables).items() if name not in known}
        if not unknown:
            return []
        import difflib

        found = []
        for section, provider in unknown.items():
            near = difflib.get_close_matches(provider, known, n=1, cutoff=0.75)
            if near and provider != near[0].replace(".", "-").replace("_", "-"):
                found.append(f"settings: {section} is about no provider that is installed; did you mean {near[0]}?")
        return found

    def models_of(self, name: str) -> list[Model]:
        """Return the models that a name stands for, first choice first.

        Of an alias of the user's own, what leads nowhere is left out as long as something does not.

        Raises:
            UnknownModel: nothing goes by that name; the message has the nearest names.
            ProviderUnavailable: the name is served only by providers that are known to be down.
        """
        found, lost = self._search(name)
        if not found:
            raise lost[0]
        return found

    def _search(self, name: str) -> tuple[list[Model], list[ImpastoError]]:
        if name not in self._settings.aliases:
            return self._declared(name), []
        found: list[Model] = []
        lost: list[ImpastoError] = []
        for each in self._settings.aliases[name]:
            try:
                found += [model for model in self._declared(each) if model not in found]
            except (UnknownModel, ProviderUnavailable, PluginError) as error:
                lost.append(error)
        return found, lost

    def _declared(self, name: str) -> list[Model]:
        models = self._plugins.models
        self._index(models)
        if name in self._exact:
            return [self._exact[name]]
        named = self._named.get(name, [])
        if working := [model for model in named if model.provider.working]:
            return sorted(working, key=lambda model: (-model.priority, model.name))
        if named:
            raise ProviderUnavailable(
                f"{name!r} is served only by {named[0].provider.id}, which is known to be down; to try it all the "
                f"same, ask for {named[0].name!r}"
            )
        defaults = [model for model in models if model.provider.id == name and model.provider.default_model == model.id]
        if defaults:
            return defaults
        provider, slash, rest = name.partition("/")
        if aliased := [each for each in self._named.get(rest, ()) if each.provider.id == provider]:
            return sorted(aliased, key=lambda model: (-model.priority, model.name))
        found = self._plugins.find_model(provider, rest) if slash and rest else None
        if found is not None:
            return [found]
        if discovered := discovered_models(self._plugins, self._settings, name):
            return [model for model, _ in discovered]
        if self._plugins.mend():
            return self._declared(name)
        raise self._unknown(name)

    def _index(self, models: tuple[Model, ...]) -> None:
        if models is self._indexed:
            return
        self._exact = {model.name: model for model in models}
        self._named = {}
        for model in models:
            for name in dict.fromkeys((model.id, *model.aliases)):
                self._named.setdefault(name, []).append(model)
        self._indexed = models

    def _unknown(self, name: str) -> UnknownModel:
        import difflib

        if not self._plugins.models:
            return UnknownModel(
                f"There is no model {name!r}: no plugin is installed that offers any. "
                f"To paint offline: pip install impasto-{DEFAULT_MODEL}.",
                name=name,
            )
        known = {each for model in self._plugins.models for each in (model.name, model.id, *model.aliases)}
        known |= {model.provider.id for model in self._plugins.models if model.provider.default_model}
        lower = {each.lower(): each for each in sorted(known | set(self._settings.aliases))}
        prefix = name.lower().rstrip("/") + "/"
        near = [each for each in lower if each.startswith(prefix)][:5] if name.endswith("/") else []
        near = near or difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)
        suggestions = tuple(lower[each] for each in near)
        hint = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        return UnknownModel(
            f"There is no model {name!r}.{hint} All names: impasto models.",
            name=name,
            suggestions=suggestions,
        )
