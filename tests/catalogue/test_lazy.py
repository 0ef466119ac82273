"""Which plugins are imported, and when; and that those that have a say in the work of others still have it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import impasto
from catalogue.shelf import PAINTER, Shelf
from impasto import ImageRequest, PluginError
from impasto.catalogue import Catalogue, Plugin
from impasto.plugins import Plugins
from standins.provider import EXAMPLE, MODEL

REQUEST = ImageRequest("a fox")


def painter(name: str, before: str = "") -> str:
    """Return the source of a painter, with something done before."""
    return before + PAINTER.format(name=name, label="")


WRAPPER = """
import impasto

@impasto.hookimpl(wrapper=True)
def build_payload(model, request):
    payload = yield
    return impasto.LocalCall(payload.function, {**payload.kwargs, "prompt": "wrapped"})
"""
PREPARER = """
import dataclasses
import impasto

@impasto.hookimpl
def prepare_request(model, request):
    return dataclasses.replace(request, prompt=request.prompt + " in oil")
"""
COMMANDS = """
import click
import impasto

@impasto.hookimpl
def register_commands(cli):
    @cli.command()
    def frame():
        click.echo("framed")
"""


def test_of_two_hundred_plugins_a_generation_imports_its_own(shelf: Shelf) -> None:
    for number in range(200):
        shelf.install(f"painter{number}")
    assert len(shelf.models().imported) == 200
    assert shelf.models().imported == []
    assert shelf.paint("painter77-1").imported == ["painter77"]
    assert shelf.paint("any").imported == ["painter0"]
    program = "import impasto; impasto.generate('a fox', model='painter150/painter150')"
    assert shelf.python("-c", program).imported == ["painter150"]


def test_a_plugin_gets_the_model_that_it_made(shelf: Shelf) -> None:
    shelf.install("brush")
    shelf.models()
    known = shelf.paint("brush")
    assert known.said["metadata"] == {"prompt": "a fox", "own": True}


def test_wrappers_are_imported_before_the_hook_of_another_is_called(shelf: Shelf) -> None:
    shelf.install("brush")
    shelf.install("wrapper", WRAPPER)
    shelf.models()
    assert shelf.models().imported == []
    painted = shelf.paint("brush")
    assert painted.said["metadata"]["prompt"] == "wrapped"
    assert painted.imported == ["wrapper", "brush"]


def test_those_that_prepare_requests_see_them(shelf: Shelf) -> None:
    shelf.install("brush")
    shelf.install("preparer", PREPARER)
    shelf.models()
    assert shelf.models().imported == []
    assert shelf.paint("brush").said["metadata"]["prompt"] == "a fox in oil"


def test_commands_are_known_and_imported_when_they_are_asked_for(shelf: Shelf) -> None:
    shelf.install("brush")
    shelf.install("framer", COMMANDS)
    shelf.models()
    assert shelf.models().imported == []
    assert shelf.run("--version").imported == []
    framed = shelf.run("frame")
    assert (framed.said, framed.imported) == ("framed\n", ["framer"])
    assert "frame" in shelf.run("--help").said


def test_lists_that_a_plugin_wraps_are_known_as_it_made_them(shelf: Shelf) -> None:
    wrapper = """
import dataclasses
import impasto

@impasto.hookimpl(wrapper=True)
def list_models():
    lists = yield
    return [[dataclasses.replace(model, label="wrapped") for model in models] for models in lists]
"""
    # One comes before the wrapper in every order, the other after it.
    for name in ("amber", "wrapper", "zinc"):
        shelf.install(name, wrapper if name == "wrapper" else None)
    for _ in range(2):
        said = shelf.models().said
        assert (said["amber/amber"], said["zinc/zinc"]) == ("wrapped", "wrapped")
    assert shelf.paint("amber").said["model"] == "amber"


class TestOpaque:
    def test_models_that_cannot_be_written_down_are_asked_for(self, shelf: Shelf) -> None:
        odd = painter("odd").replace('label=""', 'label="", defaults={"extra": {"a": {1, 2}}}, accepts={"extra": None}')
        shelf.write("odd/__init__.py", odd)
        shelf.describe("odd")
        shelf.install("brush")
        shelf.models()
        known = shelf.models()
        assert (set(known.said), known.imported) == ({"odd/odd", "brush/brush"}, ["odd"])
        assert shelf.paint("odd-1").said["provider"] == "odd"
        assert shelf.run("--version").imported == []


class TestBroken:
    def break_by(self, variable: str) -> str:
        return f"import os\nif os.environ.get('{variable}'): raise RuntimeError('out of paint')\n"

    def test_one_that_is_known_to_be_is_not_imported_to_paint(self, shelf: Shelf) -> None:
        shelf.install("broken", "1 / 0")
        shelf.install("brush")
        shelf.models()
        assert shelf.paint("brush").imported == ["brush"]

    def test_one_that_is_known_to_be_is_tried_anew_where_plugins_are_listed(self, shelf: Shelf) -> None:
        shelf.write("brush/__init__.py", painter("brush", self.break_by("DRY")))
        shelf.describe("brush")
        assert shelf.models(DRY="1").said == {}
        assert "RuntimeError: out of paint" in shelf.run("plugins", DRY="1").said
        assert shelf.models().said == {"brush/brush": ""}
        assert shelf.models().imported == ["brush"]
        assert shelf.models().imported == []

    def test_one_that_is_known_to_be_is_tried_anew_for_a_name_that_is_not_known(self, shelf: Shelf) -> None:
        shelf.write("brush/__init__.py", painter("brush", self.break_by("DRY")))
        shelf.describe("brush")
        shelf.models(DRY="1")
        assert "Some plugins are broken (brush)" in shelf.run("a fox", "-m", "brush-1", status=2, DRY="1").said
        assert shelf.paint("brush-1").said["provider"] == "brush"

    def test_one_that_turns_out_to_be_is_named_and_the_next_route_paints(self, shelf: Shelf) -> None:
        shelf.write("brush/__init__.py", painter("brush", self.break_by("DRY")))
        shelf.describe("brush")
        shelf.install("pen")
        shelf.models()
        painted = shelf.paint("any", DRY="1").said
        assert painted["provider"] == "pen"
        assert "plugin 'brush': RuntimeError: out of paint" in painted["failed"][0]["error"]
        assert "Some plugins are broken (brush)" in shelf.run("a fox", "-m", "brush", status=2, DRY="1").said

    def test_one_that_prepares_requests_and_turns_out_to_be_costs_only_itself(self, shelf: Shelf) -> None:
        shelf.install("preparer", self.break_by("DRY") + PREPARER)
        shelf.install("brush")
        shelf.models()
        assert shelf.paint("brush", DRY="1").said["metadata"]["prompt"] == "a fox"
        assert "plugin 'preparer': RuntimeError: out of paint" in shelf.run("plugins", DRY="1").said

    def test_one_whose_models_depend_on_the_environment_is_named_and_then_asked_anew(self, shelf: Shelf) -> None:
        moody = painter("moody").replace('label=""', 'label=os.environ.get("MOOD", "")')
        shelf.write("moody/__init__.py", moody)
        shelf.describe("moody")
        shelf.models()
        failed = shelf.run("a fox", "-m", "moody", status=1, MOOD="blue")
        assert "plugin 'moody': has other models than when it was last asked" in failed.said
        assert shelf.paint("moody", MOOD="blue").said["provider"] == "moody"


class TestInOneProcess:
    """Plugins that are known, of modules at hand."""

    def known(self, **changes: Any) -> Plugins:
        plugin = Plugin(
            "example",
            hooks=("build_payload", "list_models", "parse_event"),
            models=(dataclasses.replace(MODEL),),
            value="standins.provider:EXAMPLE",
        )
        self.forgotten = 0

        def forget() -> None:
            self.forgotten += 1

        return Plugins(catalogue=Catalogue((dataclasses.replace(plugin, **changes),), forget=forget))

    def test_its_own_model_replaces_the_copy_but_not_a_variation(self) -> None:
        plugins = self.known()
        (copy,) = plugins.models
        assert copy is not MODEL
        plugins.build_payload(copy, REQUEST)
        assert plugins._own_model("example", copy) is EXAMPLE.model
        other = dataclasses.replace(copy, label="other")
        assert plugins._own_model("example", other) is other

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"models": ()}, "has other models than when it was last asked"),
            ({"hooks": ("build_payload",)}, "has other hooks than when it was last asked"),
            ({"value": "standins.provider:GONE"}, "AttributeError"),
            ({"value": "no_such_module"}, "ModuleNotFoundError"),
        ],
    )
    def test_one_that_is_not_what_it_was_known_as_is_named_each_time(self, changes: dict[str, Any], words: str) -> None:
        plugins = self.known(**changes)
        model = dataclasses.replace(MODEL, provider=impasto.Provider("example"))
        for _ in range(2):
            with pytest.raises(PluginError, match=words):
                plugins.build_payload(model, REQUEST)
        assert self.forgotten == 1
        (plugin,) = plugins.all
        assert words in str(plugin.error)


def test_the_command_and_a_program_share_what_is_known(shelf: Shelf) -> None:
    shelf.install("brush")
    shelf.write("brush", "#!/bin/sh\n", folder=shelf.work)
    program = "from impasto.plugins import default_plugins; print(default_plugins().models)"
    shelf.write("program.py", program, folder=shelf.lib / "programs")
    shelf.models()
    for _ in range(2):
        assert shelf.models().imported == []
        assert shelf.python("-c", program).imported == []
        assert shelf.python(str(shelf.lib / "programs" / "program.py")).imported == []
