"""Every document does what it shows: its code runs, its commands print what is below them, its links lead somewhere."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import impasto
from docs import running
from docs.documents import DOCUMENTS, Block, blocks_of
from docs.services import plugin_of, service
from impasto import hookspecs
from impasto.options import Options
from installation.environments import Environment
from repository import ROOT

DRAWN_ELSEWHERE = re.compile(r"sd-3\.5|flux|stabilityai|voodoohop|gradio", re.IGNORECASE)
"""What a block names that draws with one of the Spaces."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def modules(in_tmp_path: Path) -> Iterator[None]:
    """Forget what a document's code imported from its own folder."""
    yield
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(in_tmp_path):
            del sys.modules[name]


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_what_a_document_shows_works(
    path: Path,
    in_tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    blocks = blocks_of(path)
    variables: dict[str, str] = {}
    if any(DRAWN_ELSEWHERE.search(block.source) for block in blocks if block.language in {"python", "console"}):
        variables |= request.getfixturevalue("spaces")
    for fixture, page in {"easel": "plugins.md", "gouache": "tutorial.md"}.items():
        if path == ROOT / "docs" / page:
            variables |= request.getfixturevalue(fixture)
    with ExitStack() as running_services:
        if plugin := plugin_of(path):
            folder = tmp_path_factory.mktemp("settings")
            variables |= running_services.enter_context(service(plugin, folder))
        run_blocks(blocks, variables, in_tmp_path, monkeypatch, request)


def run_blocks(
    blocks: list[Block],
    variables: dict[str, str],
    in_tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Run a document's blocks, one after the other, with these variables."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(in_tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks:
        if block.title is not None:
            running.write_file(block, in_tmp_path)
        elif block.language == "python":
            running.run_python(block, namespace)
        elif block.language == "toml":
            running.read_settings(block, in_tmp_path)
        elif block.language == "console":
            environment: Environment = request.getfixturevalue("everything")
            running.run_console(block, {**environment.environ, **variables}, in_tmp_path)
        else:
            assert block.language in running.NOT_RUN, f"{block}: nothing is known of {block.language!r} blocks"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        link = "".join(target)
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, heading = unquote(link).partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (heading and heading not in anchors(found)):
            broken.append(link)
    assert broken == []


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_tests_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for file, names in re.findall(r"`(tests/[\w/.-]+\.py)((?:::\w+)*)`", text):
        assert (ROOT / file).is_file(), file
        source = (ROOT / file).read_text(encoding="utf-8")
        for name in filter(None, names.split("::")):
            assert re.search(rf"^ *(async def|def|class) {name}\b", source, re.MULTILINE), f"{file}::{name}"


def test_the_page_on_plugins_tells_of_every_hook() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "impasto_spec")]
    assert len(hooks) == 8
    assert [name for name in hooks if f"`{name}(" not in page] == []


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            [name for name in impasto.__all__ if isinstance(getattr(impasto, name), type)
             and issubclass(getattr(impasto, name), impasto.ImpastoError)],
            id="error",
        ),
        pytest.param(sorted(Options.__annotations__), id="option"),
        pytest.param([each.name for each in dataclasses.fields(impasto.ImageResponse)], id="part of a response"),
    ],
)  # fmt: skip
def test_the_page_on_the_api_tells_of_every(names: list[str]) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_plugin_of_the_repository_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    plugins = [folder.name for folder in (ROOT / "plugins").iterdir() if (folder / "pyproject.toml").exists()]
    assert [name for name in plugins if f"(plugins/{name}/README.md)" not in readme] == []


def test_the_readmes_pictures_are_those_that_a_page_says_how_to_draw() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = "".join(block.source for block in blocks_of(ROOT / "docs" / "pictures.md"))
    shown = re.findall(r"!\[([^\]]+)\]\((docs/pictures/[\w-]+\.png)\)", readme)
    assert len(shown) == 6
    assert shown == re.findall(r'^\$ impasto .*"([^"\n]+)".* -o (docs/pictures/[\w-]+\.png)$', page, re.MULTILINE)


class TestRunningABlock:
    """The documents' tests can fail: each kind of block is tried with something wrong in it."""

    def block(self, language: str, source: str) -> Block:
        return Block(language, source, None, ROOT / "README.md", 7)

    def test_an_error_names_the_documents_line(self) -> None:
        with pytest.raises(ZeroDivisionError) as raised:
            running.run_python(self.block("python", "one = 1\none / 0\n"), {})
        assert raised.traceback[-1].lineno == 7

    def test_await_may_stand_at_the_top(self) -> None:
        namespace: dict[str, Any] = {}
        running.run_python(self.block("python", "import anyio\nawait anyio.sleep(0)\ndone = True\n"), namespace)
        assert namespace["done"]

    def test_wrong_settings_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(impasto.SettingsError, match="there is no such setting"):
            running.read_settings(self.block("toml", "modle = 'flux'\n"), tmp_path)

    @pytest.mark.parametrize(
        "source",
        ["$ echo fox\ncat\n", "$ false\n", "$ echo fox\nimpasto: no fox\n", "$ true\n$ printf 'a\\nb'\na…c\n", "fox\n"],
    )
    def test_a_command_that_does_or_prints_something_else(self, tmp_path: Path, source: str) -> None:
        with pytest.raises(AssertionError, match="README"):
            running.run_console(self.block("console", source), {"PATH": "/usr/bin:/bin"}, tmp_path)

    @pytest.mark.parametrize(
        "source",
        ["$ echo fox\nfox\n", "$ echo 'impasto: no'; false\nimpasto: no\n", "$ printf 'a\\nb\\nc'\na\n…c\n",
         "$ echo fox \\\n  and cat\nfox and cat\n", "$ echo fox\n"],
    )  # fmt: skip
    def test_a_command_that_does_what_is_shown(self, tmp_path: Path, source: str) -> None:
        running.run_console(self.block("console", source), {"PATH": "/usr/bin:/bin"}, tmp_path)
