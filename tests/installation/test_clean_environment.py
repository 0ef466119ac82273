"""What a user meets who installs impasto, and then its plugins one after the other."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from installation.environments import PROJECTS, Environment


def models(environment: Environment) -> list[str]:
    listed = json.loads(environment.run("impasto", "models", "--json").stdout)
    return [model["name"] for model in listed]


class TestTheCoreAlone:
    def test_it_can_be_imported(self, core_alone: Environment) -> None:
        code = "import impasto; print(len([getattr(impasto, name) for name in impasto.__all__]) > 30)"
        assert core_alone.run("python", "-c", code).stdout == "True\n"

    def test_it_lists_no_models_and_says_what_to_install(self, core_alone: Environment) -> None:
        assert models(core_alone) == []
        assert "pip install impasto-sketch" in core_alone.run("impasto", "models").stdout

    @pytest.mark.parametrize("arguments", [["a fox"], ["a fox", "-m", "flux"], ["a fox", "-m", "sketch"]])
    def test_asked_for_a_picture_it_says_what_to_install(self, core_alone: Environment, arguments: list[str]) -> None:
        done = core_alone.attempt("impasto", *arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "pip install impasto-sketch" in done.stderr
        assert len(done.stderr.splitlines()) <= 2

    def test_in_a_program_the_same_is_an_error(self, core_alone: Environment) -> None:
        code = (
            "import impasto\n"
            "try:\n"
            "    impasto.generate('a fox')\n"
            "except impasto.UnknownModel as error:\n"
            "    print(error)\n"
        )
        assert "pip install impasto-sketch" in core_alone.run("python", "-c", code).stdout


def test_the_sketch_plugin_makes_it_paint(clean: Environment, wheels: dict[str, Path]) -> None:
    clean.install(wheels["impasto-sketch"])
    assert models(clean) == ["sketch/sketch"]
    told = clean.run("impasto", "a red fox", "--size", "96x64").stdout
    with Image.open(clean.home / told.strip()) as picture:
        picture.load()
        assert picture.size == (96, 64)


def test_each_seed_provider_adds_its_model(clean: Environment, wheels: dict[str, Path]) -> None:
    gradio = wheels["impasto-gradio"]
    clean.install(gradio, wheels["impasto-voodoohop-flux1-schnell"])
    assert models(clean) == ["gradio/app", "voodoohop-flux1-schnell/voodoohop-flux-1-schnell"]
    clean.install(gradio, wheels["impasto-stabilityai-sd35-large"])
    assert "stabilityai-sd35-large/stabilityai-stable-diffusion-3-5-large" in models(clean)
    assert len(models(clean)) == 3


def needed_by(name: str) -> set[str]:
    """Return a distribution and those of the workspace that it depends on."""
    about = tomllib.loads((PROJECTS[name] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.split(r"[^a-z0-9-]", each)[0] for each in about["dependencies"]} & set(PROJECTS)
    return {name}.union(*(needed_by(each) for each in required))


@pytest.mark.parametrize("name", sorted(set(PROJECTS) - {"impasto"}))
def test_each_plugin_installs_alone_and_is_listed(clean: Environment, wheels: dict[str, Path], name: str) -> None:
    clean.install(*(wheels[each] for each in needed_by(name)))
    listed = json.loads(clean.run("impasto", "plugins", "--json").stdout)
    assert [each["error"] for each in listed] == [None] * len(listed)
    provider = name.removeprefix("impasto-")
    assert provider in {model.partition("/")[0] for model in models(clean)}


def test_python_dash_m_is_the_command(core_alone: Environment) -> None:
    said = core_alone.run("python", "-m", "impasto", "--version").stdout
    assert said == core_alone.run("impasto", "--version").stdout
