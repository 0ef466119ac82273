"""Which of the installed plugins are used: the settings' choice, on top of what is known of them all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalogue.shelf import Shelf
from impasto.settings import Selection, Settings

WRAPS_LISTS = """
import dataclasses
import impasto

@impasto.hookimpl(wrapper=True)
def list_models():
    lists = yield
    return [[dataclasses.replace(model, label="wrapped") for model in models] for models in lists]
"""


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    """A shelf with two painters, known from the file."""
    shelf.install("oil")
    shelf.install("chalk")
    shelf.models()
    assert shelf.models().imported == []
    return shelf


def described(shelf: Shelf, **environ: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(shelf.run_text("plugins", "--json", **environ))}


def test_only_those_that_are_named_are_there(stocked: Shelf) -> None:
    assert sorted(stocked.models(IMPASTO_PLUGINS="oil").said) == ["oil/oil"]
    assert sorted(stocked.models(IMPASTO_PLUGINS="oil, chalk").said) == ["chalk/chalk", "oil/oil"]


def test_one_that_is_blocked_is_not_there(stocked: Shelf) -> None:
    assert sorted(stocked.models(IMPASTO_PLUGINS_BLOCK="oil").said) == ["chalk/chalk"]
    assert sorted(stocked.models(IMPASTO_PLUGINS="oil,chalk", IMPASTO_PLUGINS_BLOCK="oil").said) == ["chalk/chalk"]


def test_a_program_may_say_it_too() -> None:
    said = Settings(plugins={"only": ["oil"], "block": ["chalk"]})
    assert said.plugins == Selection(only=("oil",), block=("chalk",))
    assert not said.plugins.admits("chalk")
    assert not said.plugins.admits("ochre")


def test_the_settings_file_blocks_one(stocked: Shelf) -> None:
    settings = stocked.write("settings.toml", '[plugins]\nblock = ["chalk"]\n', folder=stocked.work)
    assert sorted(stocked.models(IMPASTO_CONFIG=str(settings)).said) == ["oil/oil"]
    told = stocked.models(IMPASTO_CONFIG=str(settings), IMPASTO_PLUGINS_BLOCK="oil").said
    assert sorted(told) == ["chalk/chalk"]


@pytest.mark.parametrize("is_known", [True, False])
def test_one_that_is_blocked_is_never_imported(shelf: Shelf, *, is_known: bool) -> None:
    shelf.install("oil")
    shelf.install("chalk")
    if is_known:
        shelf.models()
    for _ in range(2):
        assert "oil" not in shelf.models(IMPASTO_PLUGINS_BLOCK="oil").imported
        assert shelf.paint("chalk", IMPASTO_PLUGINS_BLOCK="oil").imported in ([], ["chalk"])


def test_a_choice_does_not_cost_what_is_known_of_all(stocked: Shelf) -> None:
    file = stocked.file()
    assert file is not None
    before = file.read_bytes()
    assert stocked.models(IMPASTO_PLUGINS="oil").imported == []
    assert stocked.models(IMPASTO_PLUGINS_BLOCK="oil").imported == []
    assert stocked.models().imported == []
    assert file.read_bytes() == before


def test_what_was_blocked_when_the_others_were_asked_is_asked_when_it_is_used(shelf: Shelf) -> None:
    shelf.install("oil")
    shelf.install("chalk")
    assert shelf.models(IMPASTO_PLUGINS_BLOCK="oil").imported == ["chalk"]
    assert shelf.models(IMPASTO_PLUGINS_BLOCK="oil").imported == []
    assert sorted(shelf.models().imported) == ["chalk", "oil"]
    assert shelf.models().imported == []
    assert shelf.models(IMPASTO_PLUGINS_BLOCK="oil").imported == []


def test_what_a_blocked_one_would_change_is_not_changed(shelf: Shelf) -> None:
    shelf.install("oil")
    shelf.install("varnish", WRAPS_LISTS)
    assert shelf.models().said == {"oil/oil": "wrapped"}
    assert shelf.models(IMPASTO_PLUGINS_BLOCK="varnish").said == {"oil/oil": ""}
    assert shelf.paint("oil", IMPASTO_PLUGINS_BLOCK="varnish").said["provider"] == "oil"


def test_one_whose_provider_belongs_to_a_blocked_one_works(shelf: Shelf) -> None:
    shelf.install("oil")
    shelf.install("twin", shelf.source("oil"))
    assert "oil" in str(described(shelf)["twin"]["error"])
    assert described(shelf, IMPASTO_PLUGINS_BLOCK="oil")["twin"]["models"] == ["oil/oil"]


def test_the_list_of_plugins_shows_which_are_blocked_and_by_what(stocked: Shelf) -> None:
    blocked = described(stocked, IMPASTO_PLUGINS_BLOCK="oil")["oil"]
    assert (blocked["blocked"], blocked["models"], blocked["version"]) == (True, [], "1.0")
    assert "blocked, by plugins.block" in stocked.run_text("plugins", IMPASTO_PLUGINS_BLOCK="oil")
    assert "blocked, not being in plugins.only" in stocked.run_text("plugins", IMPASTO_PLUGINS="oil")


@pytest.mark.parametrize("command", [["plugins"], ["models"], ["a fox", "-m", "oil"]])
def test_a_name_that_no_plugin_has_is_told(stocked: Shelf, command: list[str]) -> None:
    told = stocked.complaints(*command, IMPASTO_PLUGINS="oil,ochre")
    assert told == ("impasto: IMPASTO_PLUGINS, or plugins.only in the settings, names what is not installed: ochre.\n")


def test_a_model_of_a_blocked_plugin_is_not_known_and_the_blocked_are_named(stocked: Shelf) -> None:
    told = stocked.run("a fox", "-m", "oil", status=2, IMPASTO_PLUGINS_BLOCK="oil").said
    assert "Some are blocked by the settings (oil): impasto plugins." in told


def test_the_help_is_there_whatever_stands_in_the_settings(stocked: Shelf) -> None:
    settings = stocked.write("settings.toml", "plugins = 5\n", folder=stocked.work)
    assert "Usage: impasto" in stocked.run_text("--help", IMPASTO_CONFIG=str(settings))
