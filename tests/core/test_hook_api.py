"""The promise of the hooks: what a plugin made for other hooks than these meets."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import click
import pluggy
import pytest

import impasto
from catalogue.shelf import Shelf
from impasto.hooks import Hooks
from impasto.hookspecs import HOOK_API, hookspec

MAJOR, MINOR = HOOK_API


def made_for(shelf: Shelf, major: int, minor: int, source: str | None = None) -> dict[str, Any]:
    """Install a plugin made for a version of the hooks, and return what is said of it."""
    shelf.install("oil", source)
    about = Path(shelf.site) / "oil-1.0.dist-info" / "METADATA"
    shelf.write(
        "oil-1.0.dist-info/METADATA", f"{about.read_text()}Keywords: painting,impasto-hooks-{major}.{minor},brush\n"
    )
    found: list[dict[str, Any]] = json.loads(shelf.run("plugins", "--json").said)
    return next(each for each in found if each["name"] == "oil")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_plugin_made_for_newer_hooks_is_flagged_and_used_all_the_same(shelf: Shelf) -> None:
    said = made_for(shelf, MAJOR, MINOR + 1)
    assert said["misfit"] == (
        f"is made for version {MAJOR}.{MINOR + 1} of the hooks, and this impasto has {MAJOR}.{MINOR}; upgrade impasto"
    )
    assert said["models"] == ["oil/oil"]
    assert f"oil {said['misfit']}." in str(shelf.run("plugins").said)
    assert shelf.paint("oil").said["provider"] == "oil"


def test_it_is_flagged_where_it_does_not_even_import(shelf: Shelf) -> None:
    said = made_for(shelf, MAJOR + 1, 0, "from impasto import SomethingOfTomorrow\n")
    assert "SomethingOfTomorrow" in said["error"]
    assert "upgrade impasto" in said["misfit"]


def test_one_made_for_hooks_that_changed_since_is_flagged(shelf: Shelf) -> None:
    assert "look for a newer oil" in made_for(shelf, MAJOR - 1, 7)["misfit"]


@pytest.mark.parametrize("minor", range(MINOR + 1))
def test_one_made_for_these_hooks_is_not_flagged(shelf: Shelf, minor: int) -> None:
    assert made_for(shelf, MAJOR, minor)["misfit"] is None


def test_a_plugin_need_not_take_the_arguments_that_it_was_not_made_for() -> None:
    class Tomorrows:
        @hookspec
        def register_commands(self, cli: click.Group, words: str) -> None: ...

    class Todays:
        def __init__(self) -> None:
            self.seen: object = None

        @impasto.hookimpl
        def register_commands(self, cli: click.Group) -> None:
            self.seen = cli

    hooks, plugin, group = Hooks(Tomorrows), Todays(), click.Group()
    hooks.register("todays", plugin)
    hooks.call("todays", "register_commands", cli=group, words="of tomorrow")
    assert plugin.seen is group


def test_a_hook_of_tomorrow_may_be_implemented_today() -> None:
    class Tomorrows:
        @impasto.hookimpl
        def register_commands(self) -> None: ...

        @impasto.hookimpl(optionalhook=True)
        def paint_with_both_hands(self) -> None: ...

    assert "register_commands" in Hooks().register("tomorrows", Tomorrows())


class TestDeprecation:
    """A hook or an argument that is to go warns whoever implements it, and works until then."""

    class Implementation:
        @impasto.hookimpl
        def prepare_request(self, model: object, request: object) -> None: ...

    def test_of_a_hook(self) -> None:
        class Old:
            @hookspec(warn_on_impl=DeprecationWarning("prepare_request goes with hooks 2.0; use mix_colours"))
            def prepare_request(self, model: object, request: object) -> None: ...

        with pytest.warns(DeprecationWarning, match="use mix_colours") as told:
            assert Hooks(Old).register("old", self.Implementation()) == ("prepare_request",)
        assert told[0].filename == __file__

    def test_of_an_argument(self) -> None:
        class Old:
            @hookspec(warn_on_impl_args={"model": DeprecationWarning("model goes with hooks 2.0; use request.model")})
            def prepare_request(self, model: object, request: object) -> None: ...

        with pytest.warns(DeprecationWarning, match=r"use request\.model"):
            Hooks(Old).register("old", self.Implementation())

    def test_not_of_those_that_take_nothing_of_it(self) -> None:
        class Old:
            @hookspec(warn_on_impl_args={"model": DeprecationWarning("model goes with hooks 2.0; use request.model")})
            def prepare_request(self, model: object, request: object) -> None: ...

        class Careful:
            @impasto.hookimpl
            def prepare_request(self, request: object) -> None: ...

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Hooks(Old).register("careful", Careful())


def test_an_argument_that_is_not_there_is_an_error_that_names_it() -> None:
    class Tomorrows:
        @impasto.hookimpl
        def register_commands(self, cli: click.Group, words: str) -> None: ...

    with pytest.raises(pluggy.PluginValidationError, match="words"):
        Hooks().register("tomorrows", Tomorrows())
