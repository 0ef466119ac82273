"""What a start imports: no more than the work at hand needs. The bytecode of it all is what the time goes into."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest

from catalogue.shelf import Shelf

HEAVY = {
    "PIL",
    "anyio",
    "asyncio",
    "concurrent.futures",
    "email",
    "html.parser",
    "http",
    "httpcore",
    "httpx",
    "importlib.metadata",
    "importlib.resources",
    "logging",
    "pluggy",
    "socket",
    "sqlite3",
    "ssl",
    "tomllib",
    "trio",
    "typing_extensions",
    "unittest",
    "xml",
    "zipfile",
}
"""What costs a start more than a millisecond, or stands for what does."""

REPORT = "import sys; sys.stderr.flush(); print(*sys.modules, file=open('modules', 'w'))"


def modules(shelf: Shelf, *arguments: str) -> set[str]:
    """Return the modules that are imported when ``impasto`` ends, beside those of an empty program."""
    return _of(shelf, f"import sys; sys.argv = {['impasto', *arguments]!r}; from impasto.cli import main; main()")


def _of(shelf: Shelf, program: str) -> set[str]:
    watched = f"import atexit\natexit.register(lambda: exec({REPORT!r}))\n"
    found = []
    for each in (f"{watched}{program}", watched):
        shelf.python("-c", each)
        found.append(set((shelf.work / "modules").read_text(encoding="utf-8").split()))
    return found[0] - found[1]


def heavy(found: Iterable[str]) -> set[str]:
    return {name for name in found for each in HEAVY if name == each or name.startswith(f"{each}.")}


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    """A shelf with a plugin, known from the file."""
    shelf.install("brush")
    shelf.models()
    assert shelf.models().imported == []
    return shelf


@pytest.mark.parametrize(
    ("arguments", "most"),
    [(["models"], 145), (["models", "--json"], 145), (["--version"], 92), (["plugins"], 145)],
)
def test_the_command_imports_nothing_heavy_and_no_plugin(stocked: Shelf, arguments: list[str], most: int) -> None:
    found = modules(stocked, *arguments)
    assert heavy(found) == set()
    assert not [name for name in found if name == "brush" or name.startswith("impasto_")]
    assert len(found) <= most, sorted(found)


def test_the_package_imports_nothing_but_itself(shelf: Shelf) -> None:
    found = _of(shelf, "import impasto")
    assert heavy(found) == set()
    assert {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names} == {"impasto"}
    assert len(found) <= 36, sorted(found)


def test_a_program_imports_no_http_before_it_draws(stocked: Shelf) -> None:
    found = _of(stocked, "import impasto; impasto.Client().stream('a fox', model='brush')")
    assert not {"httpx", "httpcore", "ssl", "brush", "PIL"} & found


def test_the_help_of_a_command_imports_the_other_commands_not(stocked: Shelf) -> None:
    assert "impasto.cli.paint" not in modules(stocked, "keys", "--help")
    assert "impasto.cli.keys" not in modules(stocked, "paint", "--help")
