"""A name becomes routes: which models it stands for, in which order, and which of them can do what is asked."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.errors import InvalidRequest, ProviderUnavailable, UnknownModel
from impasto.fitting import fit

if TYPE_CHECKING:
    from impasto.models import Model
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest
    from impasto.settings import Settings

DEFAULT_MODEL = "sketch"
"""What is used where the user names no model and the settings name none, if it is installed."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a picture.

    Attributes:
        model: the model, and through it the provider.
        request: the request as this model takes it.
    """

    model: Model
    request: ImageRequest


class Router:
    """Finds the routes for a name.

    The order of an alias's routes is that of the user's ``[aliases]``, where it is listed there, else that of the
    providers' ids.
    """

    def __init__(self, plugins: Plugins, settings: Settings) -> None:
        self._plugins = plugins
        self._settings = settings

    def route(self, name: str | None, request: ImageRequest) -> Route:
        """Return the first route that can do what is asked.

        Args:
            name: an alias, a model's id, ``provider/model``, or a provider's id; None for the default model.
            request: what is asked.

        Raises:
            UnknownModel: nothing goes by that name.
            InvalidRequest: no model of that name can do it; the message says why.
            ProviderUnavailable: the name is served only by providers that are known to be down.
        """
        refusals: list[InvalidRequest] = []
        for model in self.models_of(self.default() if name is None else name):
            try:
                return Route(model, fit(model, self._plugins.prepare_request(model, request)))
            except InvalidRequest as error:
                refusals.append(error)
        if len(refusals) == 1:
            raise refusals[0]
        reasons = " ".join(dict.fromkeys(str(error) for error in refusals))
        raise InvalidRequest(f"No route for {name!r} can do this. {reasons}", parameter=refusals[0].parameter)

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

    def models_of(self, name: str) -> list[Model]:
        """Return the models that a name stands for, first choice first.

        Raises:
            UnknownModel: nothing goes by that name; the message has the nearest names.
            ProviderUnavailable: the name is served only by providers that are known to be down.
        """
        if name in self._settings.aliases:
            found: list[Model] = []
            for each in self._settings.aliases[name]:
                found += [model for model in self._declared(each) if model not in found]
            return found
        return self._declared(name)

    def _declared(self, name: str) -> list[Model]:
        models = self._plugins.models
        exact = [model for model in models if model.name == name]
        if exact:
            return exact
        named = [model for model in models if name in (model.id, *model.aliases)]
        if working := [model for model in named if model.provider.working]:
            return working
        if named:
            raise ProviderUnavailable(
                f"{name!r} is served only by {named[0].provider.id}, which is known to be down; to try it all the "
                f"same, ask for {named[0].name!r}"
            )
        defaults = [model for model in models if model.provider.id == name and model.provider.default_model == model.id]
        if defaults:
            return defaults
        provider, slash, rest = name.partition("/")
        found = self._plugins.find_model(provider, rest) if slash and rest else None
        if found is not None:
            return [found]
        raise self._unknown(name)

    def _unknown(self, name: str) -> UnknownModel:
        if not self._plugins.models:
            return UnknownModel(
                f"There is no model {name!r}: no plugin is installed that offers any. "
                f"To paint offline: pip install impasto-{DEFAULT_MODEL}.",
                name=name,
            )
        known = {each for model in self._plugins.models for each in (model.name, model.id, *model.aliases)}
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
