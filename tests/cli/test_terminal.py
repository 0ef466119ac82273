"""``impasto`` in a terminal: the live line, and Ctrl-C."""

from __future__ import annotations

import os

import pytest

from cli.installed import Installed
from cli.terminals import running
from impasto.cli.terminal import cells
from standins.pictures import picture
from standins.provider import said
from standins.server import ScriptedServer, event_stream, reply


def test_the_live_line_shows_how_it_goes_and_leaves_nothing_behind(
    installed: Installed, server: ScriptedServer
) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), ("done", said(url="/fox.png", seed=7))))
    server.script("/fox.png", reply(picture()))
    with running(installed, "a red fox", "-m", "paint") as terminal:
        assert terminal.status() == 0
    assert "drawing  ██████████░░░░░░░░░░  50%  " in terminal.written
    path, facts = terminal.screen()
    assert path == "a-red-fox.png"
    assert facts.startswith("example/painter  64x64  seed 7  ")


def test_where_stdout_goes_elsewhere_the_line_is_on_the_terminal(installed: Installed) -> None:
    with (installed.site / "output").open("w+b") as output:
        with running(installed, "fox", "-m", "easel", stdout=output.fileno()) as terminal:
            assert terminal.status() == 0
        output.seek(0)
        assert output.read() == b"fox.png\n"
    assert "mixing" in terminal.written
    assert terminal.screen() == []


@pytest.mark.parametrize("columns", [16, 34])
def test_the_line_is_no_wider_than_the_terminal(installed: Installed, columns: int) -> None:
    with running(installed, "fox", "-m", "easel", "-o", "f.png", columns=columns) as terminal:
        assert terminal.status() == 0
    drawn = [part.partition("\x1b[K")[0] for part in terminal.written.split("\x1b[?7l")[1:]]
    assert any("mixing" in line for line in drawn)
    assert max(map(cells, drawn)) < columns


def test_a_dumb_terminal_gets_no_control_sequences(installed: Installed) -> None:
    with running(installed, "fox", "-m", "easel", TERM="dumb") as terminal:
        assert terminal.status() == 0
    assert "\x1b" not in terminal.written
    assert terminal.screen()[0] == "fox.png"


def test_words_of_a_model_cannot_take_over_the_terminal(installed: Installed) -> None:
    with running(installed, "fox", "-m", "easel", "-x", 'say="\\u001b]0;owned\\u0007two\\nlines"') as terminal:
        assert terminal.status() == 0
    assert "\x1b]0;" not in terminal.written
    assert terminal.screen()[-1] == "lines"


def test_ctrl_c_stops_cleanly(installed: Installed, server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), then="hold"))
    with running(installed, "fox", "-m", "paint") as terminal:
        terminal.wait_for("50%")
        terminal.type("\x03")
        assert terminal.status() == 130
    assert server.wait_until_left()
    assert terminal.screen() == []
    assert installed.files() == []


def test_ctrl_c_does_not_wait_for_a_thread_that_does_not_listen(installed: Installed) -> None:
    with running(installed, "fox", "-m", "easel", "-x", "never_ends=true") as terminal:
        terminal.wait_for("engrossed")
        terminal.type("\x03")
        assert terminal.status() == 130
    assert terminal.screen() == []
    assert installed.files() == []


def test_a_deadline_does_not_wait_for_it_either(installed: Installed) -> None:
    result = installed.run("fox", "-m", "easel", "-x", "never_ends=true", "--deadline", "0.2")
    assert (result.returncode, result.stderr) == (1, "impasto: easel: no picture within 0.2 s\n")


def test_a_prompt_can_be_typed(installed: Installed, server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    with running(installed, "-", "-m", "paint") as terminal:
        terminal.wait_for("Ctrl-D")
        terminal.type("a typed fox\r\x04")
        assert terminal.status() == 0
    assert server.received[0].json()["prompt"] == "a typed fox"
    assert os.listdir(installed.folder) == ["a-typed-fox.png"]  # noqa: PTH208
