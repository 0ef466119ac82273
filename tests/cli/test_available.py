"""``impasto plugins --available``: the names of a package index, which is a server of the test's own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from cli.installed import Installed, Invoke
from impasto.cli import available as available_module
from impasto.cli.available import available, index_address
from standins.server import Answer, ScriptedServer, reply

NAMES = ["impasto-brush", "impasto_Easel", "impasto", "pasto", "impasto-brush", "not-impasto-either", "numpy"]
JSON = json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in NAMES]})
HTML = "<html>" + "\n".join(f'<a href="/simple/{name}/">{name}</a>' for name in NAMES) + "</html>"


@pytest.fixture
def index(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Have the index that pip and uv are told of answer so."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(variable, f"{server.url.replace('://', '://me:secret@')}/simple")

    def answers(answer: Answer) -> None:
        server.script("/simple/", answer)

    return answers


def listed(text: str, media_type: str) -> Answer:
    return reply(text, media_type=media_type)


@pytest.mark.parametrize(
    "answer", [listed(JSON, "application/vnd.pypi.simple.v1+json"), listed(HTML, "text/html; charset=utf-8")]
)
def test_the_names_that_begin_with_impasto_are_listed(
    index: Callable[[Answer], None], invoke: Invoke, answer: Answer
) -> None:
    index(answer)
    printed = invoke("plugins", "--available").stdout.splitlines()
    assert [line.split() for line in printed[:3]] == [
        ["PLUGIN", "INSTALLED"],
        ["impasto-brush", "-"],
        ["impasto-easel", "-"],
    ]
    assert json.loads(invoke("plugins", "--available", "--json").stdout)[0] == {
        "name": "impasto-brush",
        "installed": None,
    }


def test_what_is_installed_is_told(index: Callable[[Answer], None], installed: Installed) -> None:
    index(listed(json.dumps({"projects": [{"name": "impasto-easel"}]}), "application/json"))
    assert "impasto-easel  1.2" in installed.run("plugins", "--available").stdout


def test_an_index_is_asked_once_a_day(
    index: Callable[[Answer], None], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(listed(JSON, "application/json"))
    assert available() == available() == ["impasto-brush", "impasto-easel"]
    assert len(server.paths()) == 1
    monkeypatch.setattr(available_module, "_DAY", 0.0)
    available()
    assert len(server.paths()) == 2


def test_another_index_has_another_list(
    index: Callable[[Answer], None], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(listed(JSON, "application/json"))
    available()
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(variable, f"{server.url}/other/")
    server.script("/other/", listed('{"projects": [{"name": "impasto-oil"}]}', "application/json"))
    assert available() == ["impasto-oil"]


def test_a_name_is_found_wherever_the_list_is_cut_into_pieces(
    index: Callable[[Answer], None],
) -> None:
    many = [f"impasto-{number}-y{'x' * (number % 90)}" for number in range(3000)]
    index(listed(json.dumps({"projects": [{"_last-serial": 1, "name": name} for name in many]}), "application/json"))
    assert available() == sorted(many)


class TestWhatGoesWrong:
    """One plain line, status 1, and no password."""

    def told(self, installed: Installed) -> str:
        done = installed.run("plugins", "--available")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert "secret" not in done.stderr
        return done.stderr

    def test_an_index_that_is_not_there(self, installed: Installed) -> None:
        for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            installed.environ[variable] = "http://me:secret@127.0.0.1:9/names"
        assert self.told(installed) == (
            "impasto: the package index http://127.0.0.1:9/names/ cannot be reached (ConnectError), so what there is "
            "to install is not known.\n"
        )

    def test_a_refusal(self, index: Callable[[Answer], None], installed: Installed) -> None:
        index(reply("no", status="403 Forbidden"))
        assert "answers with status 403" in self.told(installed)

    def test_something_else_than_a_list(self, index: Callable[[Answer], None], installed: Installed) -> None:
        index(reply(b"GIF89a", media_type="image/gif"))
        assert "answers with no list of names" in self.told(installed)

    def test_a_list_that_breaks_off(self, index: Callable[[Answer], None], installed: Installed) -> None:
        index(reply(JSON, length=10_000, then="close"))
        assert "cannot be reached (RemoteProtocolError)" in self.told(installed)

    def test_an_address_that_is_none(self, installed: Installed) -> None:
        for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            installed.environ[variable] = "file:///srv/wheels"
        assert "set PIP_INDEX_URL, or for uv UV_DEFAULT_INDEX" in self.told(installed)

    def test_a_list_without_end(self, index: Callable[[Answer], None], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(available_module, "LARGEST", 100)
        index(listed(JSON, "application/json"))
        with pytest.raises(click.ClickException, match="more than 100 bytes"):
            available()


def test_a_damaged_list_is_fetched_again(index: Callable[[Answer], None]) -> None:
    index(listed(JSON, "application/json"))
    available()
    (file,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("available")
    file.write_text('{"index": 5')
    assert available() == ["impasto-brush", "impasto-easel"]


class TestWhichIndex:
    @pytest.fixture(autouse=True)
    def _nothing_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            monkeypatch.delenv(variable, raising=False)

    def test_is_what_the_installer_has_if_nothing_is_said(self) -> None:
        assert index_address().startswith("https://")

    def test_is_what_uvs_own_file_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = Path(os.environ["XDG_CONFIG_HOME"]) / "uv" / "uv.toml"
        file.parent.mkdir(parents=True)
        file.write_text('[[index]]\nname = "ours"\nurl = "https://packages.example.com/names"\ndefault = true\n')
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        assert index_address() == "https://packages.example.com/names/"
