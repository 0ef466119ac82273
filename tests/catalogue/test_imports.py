"""What a start imports: no more than the work at hand needs. The bytecode of it all is what the time goes into."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest

from catalogue.shelf import Shelf
from standins.pictures import picture
from standins.provider import said
from standins.server import ScriptedServer, event_stream, reply

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


def test_a_picture_from_a_providers_own_origin_imports_no_httpx(shelf: Shelf, server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), ("done", said(url="/fox.png"))))
    server.script("/fox.png", reply(picture()))
    program = (
        "import asyncio\n"
        "from impasto import Client, Settings\nfrom impasto.plugins import Plugins\n"
        "import impasto\n"
        f"settings = Settings(providers={{'easel': {{'url': {server.url!r}}}}})\n"
        "class Easel:\n"
        "    model = impasto.Model(impasto.Provider('easel', url='http://unset.invalid'), 'easel')\n"
        "    @impasto.hookimpl\n"
        "    def list_models(self): return [self.model]\n"
        "    @impasto.hookimpl\n"
        "    def build_payload(self, model, request): return impasto.HttpRequest('POST', '/draw', json={})\n"
        "    @impasto.hookimpl\n"
        "    def parse_event(self, model, event):\n"
        "        if event.name != 'done': return []\n"
        "        return [impasto.ImageResponse((impasto.Image(url=event.json()['url']),))]\n"
        "async def main():\n"
        "    async with Client(settings=settings, plugins=Plugins(objects={'easel': Easel()})) as client:\n"
        "        assert (await client.generate('a fox', model='easel')).data\n"
        "asyncio.run(main())"
    )
    found = _of(shelf, program)
    assert "impasto.carriers.direct" in found
    assert not {"httpx", "httpcore", "h11", "trio"} & found


def test_the_help_of_a_command_imports_the_other_commands_not(stocked: Shelf) -> None:
    assert "impasto.cli.paint" not in modules(stocked, "keys", "--help")
    assert "impasto.cli.keys" not in modules(stocked, "paint", "--help")
