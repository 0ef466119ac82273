"""What a distribution's wheel holds."""

from __future__ import annotations

import configparser
import email
import zipfile
from pathlib import Path

import pytest

from installation.environments import PROJECTS

PLUGINS = sorted(set(PROJECTS) - {"impasto"})


def contents(wheel: Path) -> dict[str, str]:
    """Return the wheel's text files by name; others with an empty text."""
    with zipfile.ZipFile(wheel) as files:
        return {
            name: files.read(name).decode() if name.endswith((".py", ".txt", "METADATA", "py.typed")) else ""
            for name in files.namelist()
        }


def ending(files: dict[str, str], end: str) -> str:
    """Return the text of the one file whose name ends so."""
    (name,) = [name for name in files if name.endswith(end)]
    return files[name]


@pytest.mark.parametrize("name", PROJECTS)
class TestEachWheel:
    def test_it_says_what_it_is(self, wheels: dict[str, Path], name: str) -> None:
        said = email.message_from_string(ending(contents(wheels[name]), ".dist-info/METADATA"))
        assert said["Name"] == name
        assert said["License-Expression"] == "MIT"
        assert said["Requires-Python"] == ">=3.11"
        assert said["Summary"]
        assert str(said.get_payload()).startswith(f"# {name}\n\n")

    def test_it_is_typed(self, wheels: dict[str, Path], name: str) -> None:
        package = name.replace("-", "_")
        assert f"{package}/py.typed" in contents(wheels[name])

    def test_it_brings_one_package_and_nothing_beside_it(self, wheels: dict[str, Path], name: str) -> None:
        package = name.replace("-", "_")
        tops = {each.partition("/")[0] for each in contents(wheels[name])}
        assert {top for top in tops if not top.endswith(".dist-info")} == {package}


def test_the_core_brings_the_command(wheels: dict[str, Path]) -> None:
    assert "impasto = impasto.cli:main" in ending(contents(wheels["impasto"]), "entry_points.txt")


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_registers_its_package_under_its_own_name(wheels: dict[str, Path], name: str) -> None:
    entry_points = configparser.ConfigParser()
    entry_points.read_string(ending(contents(wheels[name]), "entry_points.txt"))
    assert dict(entry_points["impasto"]) == {name.removeprefix("impasto-"): name.replace("-", "_")}
