"""Which model a name stands for, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

import impasto
from impasto import ImageRequest, InvalidRequest, Model, ProviderUnavailable, Range, UnknownModel, hookimpl
from impasto.plugins import Plugins
from impasto.router import Router
from impasto.settings import Settings
from standins.provider import ExampleProvider


def provider(name: str, *aliases: str, model: str = "oil", **fields: object) -> ExampleProvider:
    owner = impasto.Provider(id=name, **fields)  # type: ignore[arg-type]
    accepts = {"seed": Range(0, 9)} if name != "plain" else {}
    return ExampleProvider(Model(provider=owner, id=model, aliases=aliases, accepts=accepts))


def router(*providers: ExampleProvider, **settings: object) -> Router:
    objects = {each.model.provider.id: each for each in providers}
    return Router(Plugins(objects=objects), Settings(**settings))  # type: ignore[arg-type]


ATELIER, BAROQUE = provider("atelier", "flux", "fast"), provider("baroque", "flux", model="tempera")


@pytest.mark.parametrize("name", ["fast", "oil", "atelier/oil"])
def test_a_model_is_named_by_alias_by_id_or_in_full(name: str) -> None:
    assert router(ATELIER, BAROQUE).models_of(name) == [ATELIER.model]


def test_an_alias_at_one_provider_is_a_name_too() -> None:
    assert router(ATELIER, BAROQUE).models_of("baroque/flux") == [BAROQUE.model]


def test_an_alias_of_several_providers_is_ordered_by_their_names() -> None:
    assert router(BAROQUE, ATELIER).models_of("flux") == [ATELIER.model, BAROQUE.model]


def test_the_user_sets_the_order_with_an_alias_of_his_own() -> None:
    own = router(ATELIER, BAROQUE, aliases={"flux": ["baroque/tempera", "flux"]})
    assert own.models_of("flux") == [BAROQUE.model, ATELIER.model]


def test_an_alias_of_ones_own_for_one_model() -> None:
    assert router(ATELIER, BAROQUE, aliases={"best": "tempera"}).models_of("best") == [BAROQUE.model]


def test_what_leads_nowhere_in_an_alias_of_ones_own_is_left_out_and_named() -> None:
    down = provider("closed", "shut", working=False)
    own = router(down, BAROQUE, aliases={"best": ["nowhere", "shut", "tempera"], "worst": ["nowhere", "shut"]})
    assert own.models_of("best") == [BAROQUE.model]
    (route,), skipped = own.routes("best", ImageRequest("a fox"))
    assert route.model == BAROQUE.model
    assert skipped[0].startswith("There is no model 'nowhere'")
    assert skipped[1].startswith("'shut' is served only by closed")
    for look in (own.models_of, lambda name: own.routes(name, ImageRequest("a fox"))):
        with pytest.raises(UnknownModel, match="nowhere"):
            look("worst")


def test_a_provider_alone_means_its_default_model() -> None:
    assert router(provider("atelier", default_model="oil")).models_of("atelier")[0].name == "atelier/oil"


def test_a_provider_that_is_down_is_skipped_by_alias_but_not_by_its_full_name() -> None:
    down = provider("atelier", "flux", working=False)
    assert router(down, BAROQUE).models_of("flux") == [BAROQUE.model]
    assert router(down, BAROQUE).models_of("atelier/oil") == [down.model]
    with pytest.raises(ProviderUnavailable, match="atelier, which is known to be down.*'atelier/oil'"):
        router(down).models_of("flux")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("flx", "flux"),
        ("Flux", "flux"),
        ("tempra", "tempera"),
        ("atelier/oli", "atelier/oil"),
        ("atelier/", "atelier/oil"),
        ("baroque/oil", "baroque/tempera"),
        ("stdio", "studio"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_and_the_command_that_lists_them(name: str, suggestion: str) -> None:
    with pytest.raises(UnknownModel, match="impasto models") as raised:
        router(ATELIER, BAROQUE, provider("studio", default_model="oil")).models_of(name)
    assert suggestion in raised.value.suggestions
    assert suggestion in str(raised.value)
    assert raised.value.name == name


@pytest.mark.parametrize("name", ["", "/", "//", "atelier//oil", "\0", "x" * 10_000, "../../etc/passwd"])
def test_any_other_nonsense_is_an_unknown_model(name: str) -> None:
    with pytest.raises(UnknownModel):
        router(ATELIER).models_of(name)


def test_without_any_plugin_the_error_says_what_to_install() -> None:
    with pytest.raises(UnknownModel, match="pip install impasto-sketch"):
        router().models_of("flux")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"providers": {"ateleir": {}}}, [r"settings: [providers.ateleir] is about no provider"]),
        ({"providers": {"ateleir/oil": {}}}, [r"settings: [providers.ateleir/oil] is about no provider"]),
        ({"environment": {"ATELIR": {}}}, ["settings: IMPASTO_PROVIDER_ATELIR_… is about no provider"]),
        ({"providers": {"atelier": {}, "atelier/oil": {}}, "environment": {"ATELIER": {}}}, []),
        ({"providers": {"comfyui": {}}}, []),
    ],
)
def test_a_section_that_is_almost_a_providers_is_pointed_out(settings: dict[str, object], words: list[str]) -> None:
    found = router(ATELIER, BAROQUE, **settings).misspelt()
    assert [each.partition(" that is installed; did you mean atelier?")[0] for each in found] == words


class TestDefault:
    def test_is_the_users(self) -> None:
        assert router(ATELIER, default_model="fast").default() == "fast"

    def test_else_the_offline_painter_where_it_is_installed(self) -> None:
        assert router(provider("sketch", model="sketch")).default() == "sketch"

    def test_else_an_error_says_how_to_choose(self) -> None:
        with pytest.raises(UnknownModel, match="default_model in the settings.*pip install impasto-sketch"):
            router(ATELIER).default()


class TestRoutes:
    def test_the_first_model_that_can_do_it_is_taken(self) -> None:
        plain = provider("plain", "flux", model="charcoal")
        (chosen,), skipped = router(plain, provider("query", "flux")).routes("flux", ImageRequest("a fox", seed=1))
        assert chosen.model.name == "query/oil"
        assert skipped == ["plain/charcoal does not take seed; beside a prompt it takes nothing."]

    def test_where_the_only_one_cannot_the_error_names_those_of_its_provider_that_can(self) -> None:
        class Two(ExampleProvider):
            @hookimpl
            def list_models(self) -> list[Model]:
                takes = {"images": Range(1, 4)}
                return [self.model, replace(self.model, id="retouch", aliases=(), accepts=takes)]

        request = ImageRequest("a fox", images=(impasto.Image(data=b"x"),))
        with pytest.raises(InvalidRequest, match=r"does not take images; .* Of atelier, these take images: retouch\."):
            router(Two(ATELIER.model), BAROQUE).routes("fast", request)

    def test_where_none_can_the_error_says_why_of_each(self) -> None:
        with pytest.raises(InvalidRequest, match="atelier/oil: seed must be from 0 to 9.*plain/oil does not take seed"):
            router(ATELIER, provider("plain", "flux")).routes("flux", ImageRequest("a fox", seed=10))

    def test_the_default_is_used_where_no_model_is_named(self) -> None:
        (chosen,), _ = router(ATELIER, default_model="fast").routes(None, ImageRequest("a fox"))
        assert chosen.model == ATELIER.model

    def test_a_found_model_can_be_asked_for_by_its_full_name(self) -> None:
        class Finder(ExampleProvider):
            @hookimpl
            def find_model(self, name: str) -> Model | None:
                return replace(self.model, id=name)

        (chosen,), _ = router(Finder(ATELIER.model)).routes("atelier/owner/space", ImageRequest("a fox"))
        assert chosen.model.name == "atelier/owner/space"
