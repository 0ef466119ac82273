"""Plugins: what is loaded, what is refused, and that a broken one costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import impasto
from impasto import ImageRequest, InvalidRequest, Model, PluginError, Progress, ProtocolError, ServerEvent, hookimpl
from impasto.catalogue import Plugin
from impasto.hooks import Hooks
from impasto.plugins import Plugins
from standins.provider import MODEL, ExampleProvider

REQUEST = ImageRequest("a fox")
EVENT = ServerEvent("response", b"<p>hello</p>", payload=impasto.HttpRequest("GET", "/"), request=REQUEST)


def other_provider(name: str = "other") -> ExampleProvider:
    provider = impasto.Provider(id=name, url="http://other.invalid")
    return ExampleProvider(replace(MODEL, provider=provider))


def cause_of(plugins: Plugins, name: str) -> str:
    (plugin,) = [plugin for plugin in plugins.all if plugin.name == name]
    assert plugin.error is not None
    assert plugin.error.plugin == name
    return str(plugin.error)


def test_a_provider_is_listed_with_its_hooks_and_models() -> None:
    (plugin,) = Plugins(objects={"example": ExampleProvider()}).all
    assert plugin.hooks == ("build_payload", "list_models", "parse_event")
    assert [model.name for model in plugin.models] == ["example/painter"]
    assert plugin.error is None


class NoHooks:
    pass


class NotAProvider:
    @hookimpl
    def parse_event(self, model: Model, event: ServerEvent) -> list[impasto.Outcome]:
        return []


class UnknownHook(ExampleProvider):
    @hookimpl
    def draw(self) -> None: ...


class UnknownArgument(ExampleProvider):
    @hookimpl
    def build_payload(self, model: Model, wish: str) -> impasto.Payload:  # type: ignore[override]
        return impasto.HttpRequest("GET", "/")


class NoParser:
    @hookimpl
    def list_models(self) -> list[Model]:
        return [MODEL]

    @hookimpl
    def build_payload(self, model: Model, request: ImageRequest) -> impasto.Payload:
        return impasto.HttpRequest("GET", "/")


class Unhashable(ExampleProvider):
    __hash__ = None  # type: ignore[assignment]


class ListsNothing(ExampleProvider):
    @hookimpl
    def list_models(self) -> list[Model]:
        return None  # type: ignore[return-value]


class ListsStrings(ExampleProvider):
    @hookimpl
    def list_models(self) -> list[Model]:
        return ["sd-3.5"]  # type: ignore[list-item]


class ListsTwice(ExampleProvider):
    @hookimpl
    def list_models(self) -> list[Model]:
        return [MODEL, MODEL]


class Raises(ExampleProvider):
    @hookimpl
    def list_models(self) -> list[Model]:
        raise ZeroDivisionError("models by zero")


class Exits(ExampleProvider):
    @hookimpl
    def list_models(self) -> list[Model]:
        raise SystemExit(3)


class Claims(ExampleProvider):
    """Claims the provider that another plugin owns."""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (NoHooks, "implements no hook"),
        (NotAProvider, "implements parse_event but lists no models; to see what other plugins do there, use @hookimpl"),
        (UnknownHook, "draw"),
        (UnknownArgument, "wish"),
        (NoParser, "lists models but does not implement parse_event"),
        (Unhashable, "not hashable"),
        (ListsNothing, "list_models: returned nothing instead of a list of Models"),
        (ListsStrings, "list_models: returned list ['sd-3.5'] instead of a list of Models"),
        (ListsTwice, "lists two models of one name"),
        (Raises, "list_models: ZeroDivisionError: models by zero"),
        (Exits, "SystemExit: 3"),
    ],
)
def test_a_broken_plugin_is_named_with_its_cause_and_costs_only_itself(make: Callable[[], object], words: str) -> None:
    plugins = Plugins(objects={"broken": make(), "other": other_provider()})
    assert words in cause_of(plugins, "broken")
    assert [model.name for model in plugins.models] == ["other/painter"]
    assert isinstance(plugins.build_payload(plugins.models[0], REQUEST), impasto.HttpRequest)


def test_a_provider_belongs_to_the_plugin_that_was_first() -> None:
    plugins = Plugins(objects={"example": ExampleProvider(), "thief": Claims()})
    assert "provider 'example' belongs to plugin 'example'" in cause_of(plugins, "thief")
    assert plugins.owner_of("example") == "example"


def test_a_refused_plugin_frees_the_providers_that_it_had_claimed() -> None:
    class Greedy(ExampleProvider):
        @hookimpl
        def list_models(self) -> list[Model]:
            return [other_provider("free").model, MODEL]

    plugins = Plugins(objects={"example": ExampleProvider(), "greedy": Greedy(), "late": other_provider("free")})
    assert cause_of(plugins, "greedy")
    assert plugins.owner_of("free") == "late"


def entry_point(value: str, name: str = "broken") -> Plugin:
    return Plugin(name, f"impasto-{name}", "1.2", value=value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("impasto_not_there", "ModuleNotFoundError: No module named 'impasto_not_there'"),
        ("standins.provider:not_there", "AttributeError"),
        ("this is no module", "Error"),
    ],
)
def test_a_plugin_that_fails_to_import_is_named_with_its_cause(value: str, words: str) -> None:
    plugins = Plugins((entry_point(value),), objects={"other": other_provider()})
    assert words in cause_of(plugins, "broken")
    (broken,) = [plugin for plugin in plugins.all if plugin.error]
    assert (broken.distribution, broken.version) == ("impasto-broken", "1.2")
    assert plugins.models


def test_two_distributions_cannot_bring_a_plugin_of_one_name() -> None:
    first = entry_point("standins.provider:EXAMPLE", "same")
    plugins = Plugins((first, replace(first, distribution="impasto-again")))
    used, refused = plugins.all
    assert (used.distribution, used.error) == ("impasto-same", None)
    assert "distribution 'impasto-same' brings a plugin of that name already" in str(refused.error)


class TestCallingTheOwner:
    def test_only_the_owner_is_asked(self) -> None:
        plugins = Plugins(objects={"example": ExampleProvider(), "other": other_provider()})
        for model in plugins.models:
            payload = plugins.build_payload(model, REQUEST)
            assert isinstance(payload, impasto.HttpRequest)
            assert plugins.owner_of(model.provider.id) == model.provider.id

    def test_a_plugin_that_comes_later_does_not_answer_for_one_that_came_before(self) -> None:
        class Early(ExampleProvider):
            @hookimpl
            def build_payload(self, model: Model, request: ImageRequest) -> impasto.Payload:
                return impasto.HttpRequest("GET", "/early")

        hooks = Hooks()
        hooks.register("example", Early())
        asked: dict[str, Any] = {"model": MODEL, "request": REQUEST}
        first = hooks.call("example", "build_payload", **asked)
        assert first == impasto.HttpRequest("GET", "/early")
        hooks.register("other", other_provider())
        assert hooks.call("example", "build_payload", **asked) == first

    @pytest.mark.parametrize("result", [None, "a payload", {"method": "GET"}])
    def test_a_payload_that_is_none_is_the_plugins_error(self, result: Any) -> None:
        class Nonsense(ExampleProvider):
            @hookimpl
            def build_payload(self, model: Model, request: ImageRequest) -> impasto.Payload:
                return result  # type: ignore[no-any-return]

        plugins = Plugins(objects={"example": Nonsense()})
        with pytest.raises(PluginError, match="plugin 'example', hook build_payload: returned .* instead of a payload"):
            plugins.build_payload(MODEL, REQUEST)

    @pytest.mark.parametrize("result", [None, "events", Progress("drawing"), {}, 3])
    def test_outcomes_that_are_no_list_are_the_plugins_error(self, result: Any) -> None:
        plugins = Plugins(objects={"example": parsing(lambda: result)})
        with pytest.raises(PluginError, match="hook parse_event: returned .* instead of a list of outcomes"):
            plugins.parse_event(MODEL, EVENT)

    def test_a_generator_instead_of_a_list_is_the_plugins_error(self) -> None:
        class Yields(ExampleProvider):
            @hookimpl
            def parse_event(self, model: Model, event: ServerEvent) -> Iterator[impasto.Outcome]:  # type: ignore[override]
                yield Progress("drawing")

        with pytest.raises(PluginError, match="returned generator"):
            Plugins(objects={"example": Yields()}).parse_event(MODEL, EVENT)

    def test_nonsense_among_the_outcomes_is_the_plugins_error(self) -> None:
        plugins = Plugins(objects={"example": parsing(lambda: [Progress("drawing"), "done"])})
        with pytest.raises(PluginError, match="returned str 'done' among its outcomes"):
            plugins.parse_event(MODEL, EVENT)

    @pytest.mark.parametrize(
        "error", [KeyError("image"), TypeError("x"), AttributeError("x"), IndexError("x"), ValueError("x")]
    )
    def test_an_answer_that_the_plugin_stumbles_over_is_a_protocol_error_that_quotes_it(self, error: Exception) -> None:
        with pytest.raises(ProtocolError, match="the answer was not understood") as raised:
            Plugins(objects={"example": parsing(raising(error))}).parse_event(MODEL, EVENT)
        assert type(error).__name__ in str(raised.value)
        assert str(raised.value).endswith(": hello")

    @pytest.mark.parametrize("error", [ZeroDivisionError("x"), RuntimeError("x"), SystemExit(1), MemoryError()])
    def test_any_other_exception_is_the_plugins_error(self, error: BaseException) -> None:
        with pytest.raises(PluginError, match=f"plugin 'example', hook parse_event: {type(error).__name__}") as raised:
            Plugins(objects={"example": parsing(raising(error))}).parse_event(MODEL, EVENT)
        assert raised.value.__cause__ is error

    def test_a_response_error_comes_out_as_it_is(self) -> None:
        error = impasto.ContentRejected("no foxes")
        with pytest.raises(impasto.ContentRejected) as raised:
            Plugins(objects={"example": parsing(raising(error))}).parse_event(MODEL, EVENT)
        assert raised.value is error

    def test_a_hook_that_takes_too_long_has_failed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [0.0]
        monkeypatch.setattr("impasto.hooks.monotonic", lambda: now[0])

        def ponder() -> list[impasto.Outcome]:
            now[0] += 10
            return [Progress("drawing")]

        plugins = Plugins(objects={"example": parsing(ponder), "other": other_provider()})
        with pytest.raises(PluginError, match=r"plugin 'example', hook parse_event: took 10\.0 s"):
            plugins.parse_event(MODEL, EVENT)
        other = next(model for model in plugins.models if model.provider.id == "other")
        assert isinstance(plugins.build_payload(other, REQUEST), impasto.HttpRequest)


def parsing(what: Callable[[], Any]) -> ExampleProvider:
    class Parses(ExampleProvider):
        @hookimpl
        def parse_event(self, model: Model, event: ServerEvent) -> list[impasto.Outcome]:
            return what()  # type: ignore[no-any-return]

    return Parses()


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


class TestFindModel:
    class Finder(ExampleProvider):
        @hookimpl
        def find_model(self, name: str) -> Model | None:
            return replace(MODEL, id=name) if name.startswith("fox/") else None

    def test_a_model_that_is_not_listed_is_found_by_its_owner(self) -> None:
        plugins = Plugins(objects={"example": self.Finder(), "other": other_provider()})
        found = plugins.find_model("example", "fox/red")
        assert found is not None
        assert found.name == "example/fox/red"
        assert plugins.find_model("example", "cat") is None
        assert plugins.find_model("other", "fox/red") is None
        assert plugins.find_model("nobody", "fox/red") is None

    def test_nonsense_instead_of_a_model_is_the_plugins_error(self) -> None:
        class Nonsense(ExampleProvider):
            @hookimpl
            def find_model(self, name: str) -> Model | None:
                return name  # type: ignore[return-value]

        with pytest.raises(PluginError, match="hook find_model: returned str"):
            Plugins(objects={"example": Nonsense()}).find_model("example", "fox")

    def test_a_model_of_somebody_elses_provider_is_the_plugins_error(self) -> None:
        class Thief(ExampleProvider):
            @hookimpl
            def find_model(self, name: str) -> Model | None:
                return replace(other_provider().model, id=name)

        plugins = Plugins(objects={"example": Thief(), "other": other_provider()})
        with pytest.raises(PluginError, match="provider 'other' belongs to plugin 'other'"):
            plugins.find_model("example", "fox")


class TestWrappers:
    class Doubler:
        @hookimpl(wrapper=True)
        def parse_event(self, model: Model, event: ServerEvent) -> Any:
            outcomes = yield
            return [*outcomes, *outcomes]

    def test_a_plugin_may_wrap_the_hooks_of_every_owner(self) -> None:
        plugins = Plugins(objects={"example": parsing(lambda: [Progress("drawing")]), "doubler": self.Doubler()})
        assert plugins.parse_event(MODEL, EVENT) == [Progress("drawing"), Progress("drawing")]

    def test_a_wrapper_that_fails_is_blamed_itself(self) -> None:
        import sys
        from types import ModuleType

        module = ModuleType("impasto_saboteur")
        source = (
            "import impasto\n"
            "@impasto.hookimpl(wrapper=True)\n"
            "def parse_event(model, event):\n"
            "    outcomes = yield\n"
            "    raise RuntimeError('sabotage')\n"
        )
        exec(source, module.__dict__)
        sys.modules["impasto_saboteur"] = module
        try:
            plugins = Plugins(objects={"example": parsing(list), "saboteur": module})
            with pytest.raises(PluginError, match="plugin 'saboteur', hook parse_event: RuntimeError: sabotage"):
                plugins.parse_event(MODEL, EVENT)
        finally:
            del sys.modules["impasto_saboteur"]


class TestPrepareRequest:
    def test_a_plugin_may_refuse_a_request(self) -> None:
        class Censor:
            @hookimpl
            def prepare_request(self, model: Model, request: ImageRequest) -> ImageRequest | None:
                raise InvalidRequest("not today")

        with pytest.raises(InvalidRequest, match="not today"):
            Plugins(objects={"censor": Censor()}).prepare_request(MODEL, REQUEST)

    def test_nonsense_instead_of_a_request_is_the_plugins_error(self) -> None:
        class Nonsense:
            @hookimpl
            def prepare_request(self, model: Model, request: ImageRequest) -> ImageRequest | None:
                return "a cat"  # type: ignore[return-value]

        with pytest.raises(PluginError, match="plugin 'nonsense', hook prepare_request: returned str 'a cat'"):
            Plugins(objects={"nonsense": Nonsense()}).prepare_request(MODEL, REQUEST)


@pytest.mark.parametrize("id_", ["", "Upper", "with space", "-dash", "a/b", "x" * 65])
def test_a_providers_id_is_a_plain_word(id_: str) -> None:
    with pytest.raises(ValueError, match="a provider's id is"):
        impasto.Provider(id=id_)


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "x.example", "http://", "https://u:p@x.example", "https://x.example?a=1"]
)
def test_a_providers_url_is_a_base(url: str) -> None:
    with pytest.raises(ValueError, match="the url must be"):
        impasto.Provider(id="x", url=url)


@pytest.mark.parametrize(
    "fields", [{"id": "a b"}, {"aliases": ("",)}, {"accepts": {"steps": None}}, {"defaults": {"w": 1}}]
)
def test_a_model_declares_legal_names(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="model"):
        replace(MODEL, **fields)
