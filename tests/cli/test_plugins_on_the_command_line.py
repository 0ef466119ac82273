"""Plugins that are installed, broken ones too, as the command line shows them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable

import click
import click.testing
import pytest

import impasto
from cli.installed import Installed, Invoke
from impasto.cli.app import PaintsByDefault, cli
from impasto.cli.listing import model_rows
from impasto.health import FAILURES, InProcessHealth
from impasto.plugins import Plugins
from standins.provider import MODEL, ExampleProvider


def group() -> PaintsByDefault:
    """Return a command line of its own, to which plugins may add."""
    return PaintsByDefault("impasto", commands=dict(cli.commands))


class Commanding:
    """Adds one command, under a name."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.asked = 0

    @impasto.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

        @cli.command(self.name, help=f"What {self.name} does.")
        def command() -> int:
            click.echo(f"{self.name} was run")
            return 5


def test_a_plugin_that_fails_to_import_is_named_with_its_cause(installed: Installed) -> None:
    installed.install("cracked", "import no_such_module\n", value="{module}")
    result = installed.run("plugins")
    assert result.returncode == 0
    assert "cracked                  1.2      -       broken, see below" in result.stdout
    assert "plugin 'cracked': ModuleNotFoundError: No module named 'no_such_module'" in result.stdout
    assert "easel                    1.2      1       build_payload, list_models, parse_event" in result.stdout

    described = {each["name"]: each for each in json.loads(installed.run("plugins", "--json").stdout)}
    assert "no_such_module" in described["cracked"]["error"]
    assert described["easel"] == {
        "name": "easel",
        "distribution": "impasto-easel",
        "version": "1.2",
        "hooks": ["build_payload", "list_models", "parse_event"],
        "models": ["easel/easel"],
        "error": None,
        "blocked": False,
        "misfit": None,
    }

    listed = installed.run("models")
    assert "easel/easel" in listed.stdout
    assert listed.stderr == "impasto: broken, and not listed: cracked. Why: impasto plugins.\n"
    assert installed.run("fox", "-m", "easel").stdout == "fox.png\n"
    assert "Some plugins are broken (cracked)" in installed.run("fox", "-m", "cracked").stderr


def test_commands_of_plugins_are_in_the_help_and_run(plugged: Callable[..., Plugins]) -> None:
    plugged(ExampleProvider(), Commanding("frame"))
    runner = click.testing.CliRunner()
    assert re.search(r"^  frame +What frame does\.$", runner.invoke(group(), ["--help"]).stdout, re.MULTILINE)
    result = runner.invoke(group(), ["frame"])
    assert (result.stdout, result.exit_code) == ("frame was run\n", 0)


def test_a_plugin_that_fails_to_add_its_commands_costs_only_itself(plugged: Callable[..., Plugins]) -> None:
    plugged(Commanding("bad", RuntimeError("out of wood")), Commanding("frame"))
    result = click.testing.CliRunner().invoke(group(), ["frame"])
    assert result.stdout == "frame was run\n"
    said = "impasto: plugin 'plugin0', hook register_commands: RuntimeError: out of wood, in cli/test_plugins_on_"
    assert result.stderr.startswith(said)


def test_a_plugin_cannot_take_the_place_of_a_command(plugged: Callable[..., Plugins]) -> None:
    plugged(Commanding("models"))
    result = click.testing.CliRunner().invoke(group(), ["--help"])
    assert "List the models of every installed plugin." in result.stdout
    said = "impasto: plugin 'plugin0', hook register_commands: ValueError: there is a command 'models' already"
    assert result.stderr.startswith(said)


def test_a_built_in_command_asks_no_plugin_for_commands(plugged: Callable[..., Plugins]) -> None:
    plugin = Commanding("frame")
    plugged(ExampleProvider(), plugin)
    result = click.testing.CliRunner().invoke(group(), ["models"])
    assert "example/painter" in result.stdout
    assert plugin.asked == 0


def test_models_are_listed_with_aliases_size_and_what_they_take(
    plugged: Callable[..., Plugins], invoke: Invoke
) -> None:
    plugged(ExampleProvider())
    assert invoke("models").stdout.splitlines() == [
        "MODEL            ALIASES  SIZE     TAKES",
        "example/painter  paint    32-2048  extra, negative_prompt, num_inference_steps, seed",
    ]
    (model,) = json.loads(invoke("models", "--json").stdout)
    assert model["accepts"]["num_inference_steps"] == {"minimum": 1, "maximum": 50}
    assert model["size"] == {"minimum": 32, "maximum": 2048, "multiple": 8, "area": None}


def test_what_a_model_needs_is_marked(plugged: Callable[..., Plugins], invoke: Invoke) -> None:
    accepts = {"images": None, "mask": None, "seed": None}
    plugged(ExampleProvider(dataclasses.replace(MODEL, accepts=accepts, requires=("images", "mask"))))
    assert invoke("models").stdout.splitlines()[1].endswith("  images (required), mask (required), seed")
    (model,) = json.loads(invoke("models", "--json").stdout)
    assert model["requires"] == ["images", "mask"]


def test_of_many_sizes_the_smallest_and_the_largest_are_listed(plugged: Callable[..., Plugins], invoke: Invoke) -> None:
    sizes = ((1024, 1024), (2496, 1664), (512, 768), (1664, 2496), (768, 512))
    plugged(
        ExampleProvider(dataclasses.replace(MODEL, size=sizes, defaults={})),
        ExampleProvider(dataclasses.replace(MODEL, provider=impasto.Provider("few"), size=sizes[:2], defaults={})),
    )
    listed = invoke("models").stdout
    assert "5 sizes, 512x768 to 2496x1664  " in listed
    assert "1024x1024, 2496x1664  " in listed
    described = {each["name"]: each["size"] for each in json.loads(invoke("models", "--json").stdout)}
    assert described["example/painter"] == [list(size) for size in sizes]


class TestOrder:
    """The order in which an alias's routes are tried, and what it follows from."""

    def studio(self, name: str, priority: int = 0) -> ExampleProvider:
        provider = impasto.Provider(id=name, url="http://unset.invalid")
        return ExampleProvider(dataclasses.replace(MODEL, provider=provider, priority=priority))

    def test_of_an_alias_with_several_routes_is_listed(self, plugged: Callable[..., Plugins], invoke: Invoke) -> None:
        plugged(self.studio("beta"), self.studio("alpha"))
        assert invoke("models").stdout.splitlines()[3:] == [
            "",
            "ALIAS    ORDERED BY  ROUTES, FIRST CHOICE FIRST",
            "paint    name        alpha/painter, beta/painter",
            "painter  name        alpha/painter, beta/painter",
        ]

    def test_follows_the_plugins_priority(self, plugged: Callable[..., Plugins], invoke: Invoke) -> None:
        plugged(self.studio("beta", 5), self.studio("alpha"))
        assert "paint    priority    beta/painter, alpha/painter" in invoke("models").stdout
        place = {each["name"]: each["place"] for each in json.loads(invoke("models", "--json").stdout)}
        assert place == {"alpha/painter": {"paint": 2, "painter": 2}, "beta/painter": {"paint": 1, "painter": 1}}

    def test_is_told_of_one_provider_as_of_all(self, plugged: Callable[..., Plugins], invoke: Invoke) -> None:
        plugged(self.studio("beta", 5), self.studio("alpha"))
        for arguments in ([], ["beta"], ["paint"]):
            assert "paint    priority    beta/painter, alpha/painter" in invoke("models", *arguments).stdout

    def test_is_the_users_before_all(
        self, plugged: Callable[..., Plugins], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plugged(self.studio("beta", 5), self.studio("alpha"))
        monkeypatch.setenv("IMPASTO_ALIASES", "paint=alpha/painter|beta/painter,gone=nowhere")
        printed = invoke("models").stdout
        assert "paint    your settings  alpha/painter, beta/painter" in printed
        assert "gone     your settings  nowhere" in printed


def test_routes_that_rest_say_so() -> None:
    health = InProcessHealth(now=lambda: 0)
    assert model_rows([MODEL], health)[0] == ("MODEL", "ALIASES", "SIZE", "TAKES")
    for _ in range(FAILURES):
        health.failed(MODEL.name)
    other = dataclasses.replace(MODEL, id="other")
    rows = model_rows([MODEL, other], health)
    assert [row[:3] for row in rows] == [
        ("MODEL", "ALIASES", "RESTS"),
        ("example/painter", "paint", "30 s"),
        ("example/other", "paint", "-"),
    ]


def test_without_plugins_it_is_said_what_to_install(plugged: Callable[..., Plugins], invoke: Invoke) -> None:
    plugged()
    assert "pip install impasto-sketch" in invoke("models").stdout
    assert "pip install impasto-sketch" in invoke("plugins").stdout
    assert json.loads(invoke("models", "--json").stdout) == []
    with pytest.raises(impasto.UnknownModel, match="pip install impasto-sketch"):
        invoke("fox")
