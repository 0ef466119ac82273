"""``impasto install`` and ``impasto uninstall`` with real installers, in environments of each kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.scaffold import Names, Wanted, shapes, write
from installation.environments import Environment, make_environment
from pinned import find_uv
from standins.server import ScriptedServer, reply

BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of a plugin, ``impasto-brush``."""
    folder = tmp_path_factory.mktemp("shop")
    write(Wanted(Names("brush"), shapes()["local"]), folder / "project")
    environment = make_environment(folder / "builder")
    environment.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(folder / "wheels"), str(folder / "project"))
    return folder / "wheels"


def from_shop(shop: Path) -> list[str]:
    return ["--", "--no-index", "--find-links", str(shop)]


def plugins(environment: Environment) -> list[str]:
    return [each["name"] for each in json.loads(environment.run("impasto", "plugins", "--json").stdout)]


def goes_through(environment: Environment, shop: Path, *told: str) -> None:
    """Assert that a plugin is installed, used and removed again, with a command that holds some words."""
    came = environment.run("impasto", "install", "brush", *from_shop(shop))
    assert all(each in came.stderr for each in told), came.stderr
    assert came.stderr.startswith("impasto: running ")
    assert "brush 0.1.0: brush/brush-1\n" in came.stdout
    assert environment.run("impasto", "-m", "brush", "a fox", "-o", "fox.png").stdout == "fox.png\n"
    environment.run("impasto", "uninstall", "brush")
    assert plugins(environment) == []


def test_with_uv_where_the_environment_has_no_pip(clean: Environment, shop: Path) -> None:
    goes_through(clean, shop, "uv pip install --python")


def test_with_pip(clean: Environment, shop: Path) -> None:
    clean.run("uv", "pip", "install", "--quiet", "pip")
    goes_through(clean, shop, "-m pip install")


class TestWithPip:
    @pytest.fixture
    def environment(self, clean: Environment) -> Environment:
        clean.run("uv", "pip", "install", "--quiet", "pip")
        return clean

    @pytest.mark.parametrize("name", ["impasto-brush", "impasto_brush", "Brush", "brush==0.1.0"])
    def test_names_are_taken_as_people_write_them(self, environment: Environment, shop: Path, name: str) -> None:
        environment.run("impasto", "install", name, *from_shop(shop))
        assert plugins(environment) == ["brush"]
        environment.run("impasto", "uninstall", "impasto_brush")
        assert plugins(environment) == []

    def test_a_wheel_at_a_path(self, environment: Environment, shop: Path) -> None:
        (wheel,) = shop.glob("*.whl")
        assert "brush/brush-1" in environment.run("impasto", "install", str(wheel), "--", "--no-index").stdout

    def test_the_installers_status_is_ours(self, environment: Environment, shop: Path) -> None:
        done = environment.attempt("impasto", "install", "no-such-brush", *from_shop(shop))
        assert done.returncode == 1
        assert "No matching distribution found for impasto-no-such-brush" in done.stderr

    def test_what_is_there_already_is_said(self, environment: Environment, shop: Path) -> None:
        environment.run("impasto", "install", "brush", *from_shop(shop))
        assert "No plugin came, or changed." in environment.run("impasto", "install", "brush", *from_shop(shop)).stdout


def test_what_there_is_to_install_is_asked_of_the_index_that_pip_is_configured_for(
    clean: Environment, server: ScriptedServer
) -> None:
    clean.run("uv", "pip", "install", "--quiet", "pip")
    server.script("/ours/", reply('{"projects": [{"name": "impasto-brush"}, {"name": "numpy"}]}'))
    folder = clean.home / ".config" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(f"[global]\nindex_url = {server.url}/ours\n")
    assert clean.run("impasto", "plugins", "--available").stdout.splitlines()[1].split() == ["impasto-brush", "-"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["install", "--help-me"], "No such option"),
        (["install", "-e"], "No such option"),
        (["install", "a", "lamp", "on", "the", "wall"], "To paint a prompt that begins so: impasto paint install"),
        (["install", "a lamp"], "is no plugin's name"),
        (["install", "sketch;touch x"], "is no plugin's name"),
        (["install", "./nowhere"], "no such file or folder"),
        (["uninstall", "sketch"], "No plugin 'sketch' is installed; installed are: none"),
        (["uninstall", "impasto"], "No plugin 'impasto' is installed"),
        (["uninstall", "pillow"], "No plugin 'pillow' is installed"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_run(
    core_alone: Environment, arguments: list[str], why: str
) -> None:
    done = core_alone.attempt("impasto", *arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert "running" not in done.stderr


def test_where_there_is_neither_pip_nor_uv_the_way_out_is_told(core_alone: Environment) -> None:
    done = subprocess.run(
        [core_alone.folder / BIN / "impasto", "install", "brush"],
        env={**core_alone.environ, "PATH": str(core_alone.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no pip in this environment" in done.stderr
    assert "-m ensurepip" in done.stderr


def test_a_python_that_belongs_to_the_system_is_left_alone(core_alone: Environment, tmp_path: Path) -> None:
    program = (
        "import sys, sysconfig, pathlib; sys.prefix = sys.base_prefix; "
        f"sysconfig.get_path = lambda name: {str(tmp_path)!r}; sys.argv = ['impasto', 'install', 'brush']; "
        "from impasto.cli import main; main()"
    )
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    done = core_alone.attempt("python", "-c", program)
    assert done.returncode == 2
    assert "pipx install impasto, uv tool install impasto" in done.stderr
    assert "running" not in done.stderr


class TestWithUvTool:
    @pytest.fixture
    def tool(self, wheels: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
        monkeypatch.setenv("UV_TOOL_DIR", str(tmp_path / "tools"))
        monkeypatch.setenv("UV_TOOL_BIN_DIR", str(tmp_path / "bin"))
        (tmp_path / "home").mkdir()
        environment = Environment(tmp_path / "tools" / "impasto", tmp_path / "home")
        installing = [find_uv(), "tool", "install", "--quiet", "--python", sys.executable, str(wheels["impasto"])]
        subprocess.run(installing, env=make_environment(tmp_path / "outside").environ, check=True)
        return environment

    def test_the_tool_is_made_anew_with_the_plugin(self, tool: Environment, shop: Path) -> None:
        came = tool.run("impasto", "install", "brush", "--", "--find-links", str(shop))
        assert "uv tool install" in came.stderr
        assert "brush 0.1.0: brush/brush-1\n" in came.stdout
        receipt = (tool.folder / "uv-receipt.toml").read_text()
        assert 'name = "impasto-brush"' in receipt

    def test_what_was_added_before_stays(self, tool: Environment, shop: Path, wheels: dict[str, Path]) -> None:
        tool.run("impasto", "install", "brush", "--", "--find-links", str(shop))
        tool.run("impasto", "install", str(wheels["impasto-gradio"]), "--", "--find-links", str(shop))
        assert plugins(tool) == ["brush", "gradio"]
        tool.run("impasto", "uninstall", "brush")
        assert plugins(tool) == ["gradio"]


class TestWithPipx:
    @pytest.fixture
    def injected(self, wheels: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
        outside = make_environment(tmp_path / "outside")
        outside.install("pipx")
        monkeypatch.setenv("PIPX_HOME", str(tmp_path / "pipx"))
        monkeypatch.setenv("PIPX_BIN_DIR", str(tmp_path / "bin"))
        monkeypatch.setenv("PIPX_DEFAULT_PYTHON", sys.executable)
        monkeypatch.setenv("PATH", os.pathsep.join([str(outside.folder / BIN), os.environ["PATH"]]))
        outside.run("pipx", "install", str(wheels["impasto"]))
        return Environment(tmp_path / "pipx" / "venvs" / "impasto", outside.home)

    def test_the_plugin_is_injected(self, injected: Environment, shop: Path) -> None:
        came = injected.run("impasto", "install", "brush", "--", f"--pip-args=--no-index --find-links {shop}")
        assert "pipx inject" in came.stderr
        assert "brush 0.1.0: brush/brush-1\n" in came.stdout
        assert "impasto-brush" in (injected.folder / "pipx_metadata.json").read_text()
        assert "pipx uninject" in injected.run("impasto", "uninstall", "brush").stderr
        assert plugins(injected) == []
