"""The site is built without a warning, holds everything that is public, leads nowhere that is not there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import click
import pytest

import impasto
from impasto import hookspecs
from impasto.cli.app import cli
from impasto.options import Options
from repository import ROOT

READMES = [str(path.relative_to(ROOT)) for path in ROOT.glob("plugins/*/README.md")]
READ = ["mkdocs.yml", "CHANGELOG.md", "docs", "core/src", *READMES]
"""What the site is made from."""

LOADED = {
    ("img", "src"), ("script", "src"), ("source", "src"), ("video", "src"), ("iframe", "src"), ("object", "data"),
}  # fmt: skip
"""Where HTML names something that a browser fetches by itself; beside `link`, where that depends on its `rel`."""


class Page(HTMLParser):
    """What a page leads to, what it loads, and what can be led to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            if (tag, name) in LOADED or (tag == "link" and name == "href" and dict(attrs).get("rel") != "canonical"):
                self.loaded.append(value)
            if name in {"href", "src", "data"} and value:
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as CI does, warnings being errors, from a copy: a build keeps a cache beside its settings."""
    copy = tmp_path_factory.mktemp("site")
    for name in READ:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    done = build(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "site"


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_document_has_a_page(pages: dict[Path, Page], site: Path) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site).parent for path in pages if path.name == "index.html"}
    assert {Path() if path.name == "index" else path for path in documents} == built


def test_every_document_is_in_the_navigation_once() -> None:
    listed = re.findall(r"^ +- .+: ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    documents = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(listed) == sorted(documents)


def test_every_plugin_has_its_readme_on_a_page(pages: dict[Path, Page], site: Path) -> None:
    built = {path.parent.name for path in pages if path.parent.parent == site / "providers"}
    assert {Path(readme).parent.name for readme in READMES} == built


def test_no_page_needs_the_network(pages: dict[Path, Page], site: Path) -> None:
    foreign = {link for page in pages.values() for link in page.loaded if urlsplit(link).netloc}
    assert foreign == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"@import[^;]*//[^;]*|url\([\"']?(?:https?:)?//[^)]*\)", styles) == []


def test_links_lead_to_pages_and_places_that_are_there(pages: dict[Path, Page], site: Path) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            there = target.is_file() and (not parts.fragment or target.suffix != ".html")
            if not there and unquote(parts.fragment) not in getattr(pages.get(target), "anchors", ()):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert sorted(set(broken)) == []


@pytest.mark.parametrize("name", impasto.__all__)
def test_every_public_name_is_explained(pages: dict[Path, Page], name: str) -> None:
    assert [path for path, page in pages.items() if f"impasto.{name}" in page.anchors]


def test_every_hook_is_explained(pages: dict[Path, Page], site: Path) -> None:
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "impasto_spec")]
    page = pages[site / "reference" / "hooks" / "index.html"]
    assert [name for name in hooks if f"impasto.hookspecs.{name}" not in page.anchors] == []


def test_every_option_of_a_call_is_explained(pages: dict[Path, Page], site: Path) -> None:
    page = pages[site / "reference" / "calls" / "index.html"]
    assert [name for name in Options.__annotations__ if not re.search(rf">\s*{name}\s*<", page.text)] == []


def test_names_in_docstrings_are_links(pages: dict[Path, Page], site: Path) -> None:
    page = pages[site / "reference" / "hooks" / "index.html"]
    link = r'<a [^>]*href="\.\./events/#impasto\.ImageResponse"[^>]*><code>ImageResponse</code></a>'
    assert re.search(link, page.text)


class TestCommands:
    """The page of commands, which is written by a script beside it."""

    def script(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "reference" / "commands.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def test_the_page_is_what_the_commands_say(self) -> None:
        # A process of its own: a command keeps the names of its help option from whoever was the first to run it.
        script = str(ROOT / "docs" / "reference" / "commands.py")
        source = f"import runpy; print(runpy.run_path({script!r})['page'](), end='')"
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, encoding="utf-8", check=True)
        page = self.script().PAGE.read_text(encoding="utf-8")
        assert page == done.stdout, "run: uv run python docs/reference/commands.py"

    def test_every_command_and_option_is_on_it(self, pages: dict[Path, Page], site: Path) -> None:
        page = pages[site / "reference" / "commands" / "index.html"]
        root = click.Context(cli, info_name="impasto")
        for name in cli.list_commands(root):
            command = cli.get_command(root, name)
            assert command is not None
            assert f"impasto-{name}" in page.anchors
            for option in (each for each in command.params if isinstance(each, click.Option)):
                assert option.opts[-1] in page.text


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of one page, which can be built."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "docs" / "theme", folder / "docs" / "theme")
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace("core/src", str(ROOT / "core" / "src"))
    settings = re.sub(r"^nav:\n(?: .*\n)+", "", settings, flags=re.MULTILINE)
    (folder / "mkdocs.yml").write_text(settings, encoding="utf-8")
    (folder / "docs" / "index.md").write_text("# Here\n\n::: impasto.Range\n", encoding="utf-8")
    assert build(folder).returncode == 0
    return folder


class TestTheBuildCanFail:
    """What a build with warnings as errors does not let through."""

    @pytest.mark.parametrize(
        "wrong",
        [
            "[gone](gone.md)",
            "[no such place](index.md#gone)",
            "[x][impasto.Gone]",
            "::: impasto.Gone",
            '--8<-- "gone.md"',
        ],
    )
    def test_something_wrong_on_a_page(self, small: Path, wrong: str) -> None:
        (small / "docs" / "index.md").write_text(f"# Here\n\n{wrong}\n", encoding="utf-8")
        assert build(small).returncode != 0
