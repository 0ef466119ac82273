"""``impasto plugin new``: what it writes, what it asks, and what it refuses before it writes anything."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto
from cli.installed import Installed, Invoke
from cli.terminals import running
from impasto.hookspecs import HOOK_API
from impasto.scaffold import LICENSES, Names, Wanted, shapes, write

SHAPES = list(shapes())
NAMES = ["ox", "a-painter-of-the-northern-lights-with-a-long-name"]
"""As short and as long as names are: lines must not become too long, nor so short that they ought to be joined."""


def project(folder: Path, shape: str, name: str = "little-brush", license: str = "MIT") -> Path:  # noqa: A002
    write(Wanted(Names(name), shapes()[shape], license), folder)
    return folder


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """A package of each shape under each name."""
    folder = tmp_path_factory.mktemp("projects")
    return {
        (shape, name): project(folder / shape / name, shape, name) for shape, name in itertools.product(SHAPES, NAMES)
    }


def checked(*command: str, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr


class TestWhatIsWritten:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_is_clean_by_its_own_rules(self, projects: dict[tuple[str, str], Path], shape: str, name: str) -> None:
        checked("ruff", "check", "--no-cache", ".", cwd=projects[shape, name])
        checked("ruff", "format", "--check", "--no-cache", ".", cwd=projects[shape, name])

    def test_is_strictly_typed(self, projects: dict[tuple[str, str], Path], tmp_path: Path) -> None:
        sources = [str(folder / "src" / Names(name).module) for (_, name), folder in projects.items() if name == "ox"]
        for source in sources:
            checked("mypy", "--strict", "--cache-dir", str(tmp_path), source, cwd=tmp_path)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_is_a_plugin_that_lists_a_model(self, tmp_path: Path, shape: str) -> None:
        source = project(tmp_path / "new", shape) / "src" / "impasto_little_brush" / "__init__.py"
        namespace: dict[str, object] = {"__name__": "impasto_little_brush"}
        exec(compile(source.read_text(), str(source), "exec"), namespace)
        (model,) = namespace["list_models"]()  # type: ignore[operator]
        assert model.name == "little-brush/little-brush-1"
        assert model.provider.default_model == model.id

    @pytest.mark.parametrize("shape", SHAPES)
    def test_explains_itself_and_is_about_forty_lines_of_hooks(self, tmp_path: Path, shape: str) -> None:
        source = project(tmp_path / "new", shape) / "src" / "impasto_little_brush" / "__init__.py"
        module = ast.parse(source.read_text())
        functions = [each for each in module.body if isinstance(each, ast.FunctionDef)]
        assert [each.name for each in functions if ast.get_docstring(each) is None] == []
        assert sum((each.end_lineno or 0) - each.lineno + 1 for each in functions) <= 50

    def test_declares_its_entry_point_its_licence_and_the_hooks_that_it_is_made_for(self, tmp_path: Path) -> None:
        said = tomllib.loads((project(tmp_path / "new", "json") / "pyproject.toml").read_text())
        assert said["project"]["name"] == "impasto-little-brush"
        assert said["project"]["entry-points"]["impasto"] == {"little-brush": "impasto_little_brush"}
        assert said["project"]["license"] == "MIT"
        assert f"impasto-hooks-{HOOK_API[0]}.{HOOK_API[1]}" in said["project"]["keywords"]

    @pytest.mark.parametrize("license_", LICENSES)
    def test_has_the_licence_that_was_chosen(self, tmp_path: Path, license_: str) -> None:
        folder = project(tmp_path / "new", "local", license=license_)
        said = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        assert said.get("license", "none") == license_
        assert (folder / "LICENSE").exists() == (license_ != "none")
        assert (f"Licence: {license_}." in (folder / "README.md").read_text()) == (license_ != "none")

    def test_holds_a_recorded_conversation_for_each_shape_with_a_network(self, tmp_path: Path) -> None:
        recorded = {
            shape: sorted(path.name for path in (project(tmp_path / shape, shape) / "tests").rglob("*.http"))
            for shape in SHAPES
        }
        assert recorded == {shape: [] if shape == "local" else ["drawn.http", "refused.http"] for shape in SHAPES}

    def test_leaves_no_place_unfilled(self, projects: dict[tuple[str, str], Path]) -> None:
        for folder in projects.values():
            for path in folder.rglob("*"):
                text = path.read_text() if path.is_file() else ""
                assert "$" not in text.replace("$ pip", "").replace("$ impasto", "").replace("$ pytest", "").replace(
                    "${{ matrix.python }}", ""
                ), path


def test_it_prints_the_files_and_the_next_three_commands(invoke: Invoke) -> None:
    printed = invoke("plugin", "new", "little-brush", "--shape", "poll").stdout.splitlines()
    assert "impasto-little-brush/src/impasto_little_brush/__init__.py" in printed
    assert [line.replace("uv pip", "pip") for line in printed[-4:]] == [
        "Next:",
        "  cd impasto-little-brush",
        "  pip install -e '.[test]'",
        "  pytest",
    ]


def test_the_prefix_of_distributions_may_be_said_or_not(invoke: Invoke) -> None:
    assert "  cd impasto-brush" in invoke("plugin", "new", "impasto-brush").stdout.splitlines()


def test_the_services_address_is_put_where_it_belongs(invoke: Invoke, in_tmp_path: Path) -> None:
    invoke("plugin", "new", "brush", "--url", "https://api.example.com/v2/", "--directory", "here")
    source = (in_tmp_path / "here" / "src" / "impasto_brush" / "__init__.py").read_text()
    assert 'url="https://api.example.com/v2",' in source


def test_an_empty_folder_is_filled(invoke: Invoke, in_tmp_path: Path) -> None:
    (in_tmp_path / "impasto-brush").mkdir()
    invoke("plugin", "new", "brush")
    assert (in_tmp_path / "impasto-brush" / "pyproject.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["Brush"], "Try brush"),
        (["my_brush"], "Try my-brush"),
        (["2d"], "the first of them a letter"),
        (["impasto"], "cannot be named"),
        (["../brush"], "Try brush"),
        (["b" * 51], "50 characters"),
        (["brush", "--url", "api.example.com"], "--url must be"),
        (["brush", "--url", "https://me:secret@example.com"], "--url must be"),
        (["brush", "--url", 'https://example.com/"'], "--url must be"),
        (["brush", "--url", "http://api.example.com"], "in the clear"),
        (["brush", "--shape", "local", "--url", "https://example.com"], "works on this machine"),
        (["brush", "--directory", "full"], "is not empty"),
        (["brush", "--directory", "full/file"], "is there already"),
        (["brush", "--directory", "full/file/below"], "cannot be written"),
    ],
)
def test_what_is_not_possible_is_refused_and_nothing_is_written(
    invoke: Invoke, in_tmp_path: Path, arguments: list[str], why: str
) -> None:
    (in_tmp_path / "full").mkdir()
    (in_tmp_path / "full" / "file").touch()
    with pytest.raises(impasto.InvalidRequest) as raised:
        invoke("plugin", "new", *arguments)
    assert why in str(raised.value)
    assert "secret" not in str(raised.value)
    assert sorted(path.name for path in in_tmp_path.rglob("*")) == ["file", "full"]


def test_where_the_disk_is_full_nothing_is_left(installed: Installed) -> None:
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; exec "$@" plugin new brush --license Apache-2.0', "-", *installed.command()],
        cwd=installed.folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert "impasto-brush cannot be written" in done.stderr
    assert installed.files() == []


class TestOnATerminal:
    def test_what_is_not_said_is_asked(self, installed: Installed) -> None:
        with running(installed, "plugin", "new", "brush") as terminal:
            terminal.wait_for("Shape")
            terminal.type("stream\r")
            terminal.wait_for("Address of the service [https://brush.example/v1]: ")
            terminal.type("https://api.example.com\r")
            terminal.wait_for("Licence")
            terminal.type("\r")
            assert terminal.status() == 0
        source = (installed.folder / "impasto-brush" / "src" / "impasto_brush" / "__init__.py").read_text()
        assert 'url="https://api.example.com"' in source
        assert "server-sent events" in source
        assert (installed.folder / "impasto-brush" / "LICENSE").read_text().startswith("MIT License")

    def test_what_is_said_is_not_asked(self, installed: Installed) -> None:
        with running(installed, "plugin", "new", "brush", "--shape", "local", "--license", "none") as terminal:
            assert terminal.status() == 0

    def test_ctrl_c_writes_nothing(self, installed: Installed) -> None:
        with running(installed, "plugin", "new", "brush") as terminal:
            terminal.wait_for("Shape")
            terminal.type("\x03")
            assert terminal.status() == 130
        assert installed.files() == []


def names() -> Iterator[st.SearchStrategy[str]]:
    yield st.text(max_size=60)
    yield st.from_regex(r"\A[a-z0-9_.-]{1,55}\Z")


@given(st.one_of(*names()))
def test_any_name_that_is_taken_is_legal_everywhere(name: str) -> None:
    try:
        found = Names(name)
    except impasto.InvalidRequest:
        return
    assert found.module.isidentifier()
    assert found.variable.isidentifier()
    assert found.distribution == f"impasto-{found.name}"
    impasto.Provider(found.name)
    impasto.Model(impasto.Provider(found.name), f"{found.name}-1")
