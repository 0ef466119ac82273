"""What a shell sees of ``impasto``: its status, and what is on which stream."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from cli.installed import Installed
from standins.pictures import picture
from standins.provider import said
from standins.server import ScriptedServer, reply

CRASHING = """
from impasto import hookimpl

@hookimpl
def register_commands(cli):
    @cli.command()
    def crash():
        raise ZeroDivisionError("nothing by nothing")
"""


@pytest.fixture(autouse=True)
def _drawing_server(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png", seed=7)))
    server.script("/fox.png", reply(picture(), media_type="image/png"))


def assert_plain_error(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert result.stdout == ""
    assert result.stderr.startswith("impasto: ")
    assert len(result.stderr.splitlines()) <= 2
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert result.returncode == status


@pytest.mark.parametrize("as_module", [False, True], ids=["impasto", "python -m impasto"])
def test_only_the_path_is_printed_for_a_program(installed: Installed, *, as_module: bool) -> None:
    result = installed.run("a", "red", "fox", "-m", "paint", as_module=as_module)
    assert (result.returncode, result.stdout, result.stderr) == (0, "a-red-fox.png\n", "")
    assert (installed.folder / "a-red-fox.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_all_that_is_on_stdout(installed: Installed) -> None:
    result = installed.run("fox", "-m", "easel", "-x", "say=look", "--json", "--show")
    assert json.loads(result.stdout)["paths"] == ["fox.png"]
    assert result.stderr == "impasto: --show needs a terminal with colours; the picture is saved all the same.\n"


def test_a_prompt_may_come_from_standard_input(installed: Installed, server: ScriptedServer) -> None:
    result = installed.run("-", "-m", "paint", input="\ufeffлиса\nпод луной\n")
    assert (result.returncode, result.stdout) == (0, "лиса-под-луной.png\n")
    assert server.received[0].json()["prompt"] == "лиса\nпод луной"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fox", "-m", "pain"], ["no model 'pain'", "paint"]),
        (["fox", "-m", "paint", "--steps", "51"], ["num_inference_steps", "50"]),
        (["fox", "-m", "paint", "-n", "0"], ["n must be"]),
        (["fox", "--size", "big"], ["--size", "1024x768"]),
        (["fox", "--bogus"], ["--bogus", "impasto --help"]),
        ([" "], ["prompt is blank"]),
        (["--seed", "3"], ["PROMPT"]),
        (["models", "on", "a", "catwalk"], ["impasto paint models"]),
    ],
)
def test_what_is_not_possible_is_said_in_a_line_or_two(
    installed: Installed, server: ScriptedServer, arguments: list[str], words: list[str]
) -> None:
    assert_plain_error(installed.run(*arguments), 2, *words)
    assert server.received == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("fox.gifx", ["'.gifx' names no format", ".webp"]),
        ("drawings", ["has no suffix", "slash at its end"]),
        ("a-file/fox.png", ["is not a folder"]),
    ],
)
def test_where_nothing_can_be_written_nothing_is_drawn(
    installed: Installed, server: ScriptedServer, target: str, words: list[str]
) -> None:
    (installed.folder / "a-file").touch()
    assert_plain_error(installed.run("fox", "-m", "paint", "-o", target), 2, *words)
    assert server.received == []
    assert installed.files() == ["a-file"]


def test_a_failure_of_the_provider_is_told_in_its_own_words(installed: Installed, server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="refused", why="no foxes")))
    assert_plain_error(installed.run("fox", "-m", "paint"), 1, "example, POST /draw: no foxes")
    assert installed.files() == []


def test_wrong_settings_are_an_error_with_file_and_line(installed: Installed) -> None:
    installed.environ["IMPASTO_CONFIG"] = str(installed.site / "settings.toml")
    assert_plain_error(installed.run("fox"), 2, "settings.toml: there is no such file")
    (installed.site / "settings.toml").write_text("\ndefault_modle = 'paint'\n")
    assert_plain_error(installed.run("fox"), 2, "settings.toml, line 2", "default_model")


def test_an_exception_that_nobody_expected_is_a_line_too(installed: Installed) -> None:
    installed.install("crashing", CRASHING, value="{module}")
    assert_plain_error(installed.run("crash"), 1, "ZeroDivisionError: nothing by nothing", "crashing_plugin.py, line 8")


def test_standard_input_that_cannot_be_read_is_an_error(installed: Installed) -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *installed.command(), "-"],
        env={**os.environ, **installed.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_plain_error(closed, 2, "standard input is closed")
    with open(os.devnull, "wb") as unreadable:  # noqa: PTH123
        assert_plain_error(installed.run("-", stdin=unreadable), 2, "standard input cannot be read")


def test_a_reader_that_has_gone_away_is_no_reason_to_complain(installed: Installed) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = installed.run("fox", "-m", "paint", stdout=writing)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")
    assert installed.files() == ["fox.png"]


def test_a_full_disk_behind_stdout_is_told(installed: Installed) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        result = installed.run("fox", "-m", "paint", stdout=full)
    assert result.returncode == 1
    assert result.stderr == "impasto: standard output cannot be written: No space left on device.\n"


def test_a_warning_of_the_core_reads_like_one_of_ours(installed: Installed) -> None:
    keys = installed.site / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o644)
    (installed.site / "settings.toml").touch()
    installed.environ["IMPASTO_CONFIG"] = str(installed.site / "settings.toml")
    result = installed.run("fox", "-m", "paint")
    assert result.stdout == "fox.png\n"
    assert result.stderr.startswith(f"impasto: {keys} could be read by others")


def test_version_and_help(installed: Installed) -> None:
    assert installed.run("--version").stdout.startswith("impasto 0.")
    shown = installed.run("--help").stdout
    assert "impasto [OPTIONS] PROMPT" in shown
    assert "--negative-prompt" in shown
    assert "impasto paint models" in shown
