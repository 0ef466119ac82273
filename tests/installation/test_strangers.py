"""Plugins of strangers: a package of their own, found and used without any change to the core."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from installation.environments import Environment

PYPROJECT = """\
[project]
name = "strange-brush"
version = "3.1"
dependencies = ["impasto"]

[project.entry-points.impasto]
strange = "strange_brush"
"""
PLUGIN = '''\
"""Paints every picture in one colour."""

import io

from PIL import Image as Pillow

from impasto import Image, ImageResponse, LocalCall, Model, Provider, SizeRule, hookimpl

STRANGE = Provider(id="strange")


def paint(size):
    png = io.BytesIO()
    Pillow.new("RGB", size, "teal").save(png, "PNG")
    yield png.getvalue()


@hookimpl
def list_models():
    return [Model(STRANGE, "brush", defaults={"width": 32, "height": 24}, size=SizeRule(maximum=512))]


@hookimpl
def build_payload(model, request):
    return LocalCall(paint, {"size": (request.width, request.height)})


@hookimpl
def parse_event(model, event):
    return [ImageResponse((Image(data=event.data),))]
'''
COMMAND = '''\
"""Adds a command."""

import click
import impasto


@impasto.hookimpl
def register_commands(cli):
    @cli.command()
    def greet():
        """Say hello."""
        click.echo("hello")
'''


def install(environment: Environment, folder: Path, source: str, pyproject: str = PYPROJECT) -> None:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "strange_brush.py").write_text(source)
    environment.install(folder)


def plugins(environment: Environment) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads(environment.run("impasto", "plugins", "--json").stdout)}


def test_a_strangers_plugin_paints(clean: Environment, tmp_path: Path) -> None:
    install(clean, tmp_path / "strange-brush", PLUGIN)
    told = clean.run("impasto", "the sea", "-m", "brush", "-o", "sea.png").stdout
    assert told == "sea.png\n"
    with Image.open(clean.home / "sea.png") as picture:
        assert picture.size == (32, 24)


def test_it_is_listed_with_its_distribution_and_version(clean: Environment, tmp_path: Path) -> None:
    install(clean, tmp_path / "strange-brush", PLUGIN)
    strange = plugins(clean)["strange"]
    assert (strange["distribution"], strange["version"]) == ("strange-brush", "3.1")
    assert strange["models"] == ["strange/brush"]
    assert "strange/brush" in clean.run("impasto", "models").stdout


def test_one_that_fails_to_import_is_named_with_its_cause_and_the_others_work(
    clean: Environment, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    clean.install(wheels["impasto-sketch"])
    install(clean, tmp_path / "strange-brush", "import a_library_that_is_not_there")
    assert "a_library_that_is_not_there" in str(plugins(clean)["strange"]["error"])
    assert plugins(clean)["sketch"]["error"] is None
    assert clean.run("impasto", "a fox", "--size", "64x64").stdout == "a-fox.png\n"


def test_one_that_adds_a_command(clean: Environment, tmp_path: Path) -> None:
    install(clean, tmp_path / "strange-brush", COMMAND)
    assert clean.run("impasto", "greet").stdout == "hello\n"
