"""``impasto record`` and ``impasto replay``, as the author of a plugin meets them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.installed import Installed, Invoke
from impasto import InvalidRequest, UnknownModel
from impasto.testing import Transcript, TranscriptError
from standins.pictures import picture
from standins.provider import said
from standins.server import ScriptedServer, reply


@pytest.fixture
def drawn(installed: Installed, server: ScriptedServer) -> Path:
    """A recorded conversation with the example provider, which is gone since."""
    server.script("/draw", reply(said(kind="follow", url="/jobs/7")))
    server.script("/jobs/7", reply(said(kind="done", url="/fox.png", seed=7)))
    server.script("/fox.png", reply(picture(size=(32, 32)), media_type="image/png"))
    done = installed.run("record", "-m", "paint", "a", "fox", "-p", "seed=7", "-o", "transcripts/drawn.http")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "transcripts/drawn.http\n"
    assert "3 exchanges with example, ending in a picture. Read it before you share it" in done.stderr
    server.answers.clear()
    return installed.folder / "transcripts" / "drawn.http"


def test_a_conversation_is_recorded_and_painted_from_again(installed: Installed, drawn: Path) -> None:
    transcript = Transcript.read(drawn)
    assert transcript.model == "example/painter"
    assert transcript.request == {"prompt": "a fox", "seed": 7}
    command = [sys.executable, "-m", "impasto", "a fox", "-m", "paint", "--seed", "7", "-o", "again.png"]
    done = installed.run("replay", str(drawn), *command)
    assert (done.returncode, done.stdout) == (0, "again.png\n")
    assert "impasto: POST /draw: 200\nimpasto: GET /jobs/7: 200\nimpasto: GET /fox.png: 200\n" in done.stderr
    assert (installed.folder / "again.png").stat().st_size > 0


def test_the_status_of_the_command_is_passed_on(installed: Installed, drawn: Path) -> None:
    assert installed.run("replay", str(drawn), sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_the_command_may_stand_behind_two_dashes(installed: Installed, drawn: Path) -> None:
    command = [sys.executable, "-c", "import sys; raise SystemExit(sys.argv[1:] != ['--'])", "--"]
    done = installed.run("replay", str(drawn), "--", *command)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_request_of_another_form_is_told(installed: Installed, drawn: Path) -> None:
    command = [sys.executable, "-m", "impasto", "a fox", "-m", "paint", "--negative-prompt", "rain"]
    done = installed.run("replay", str(drawn), *command)
    assert done.returncode == 1
    assert "Not recorded: body.negative_prompt is 'str'; the transcript has no such field" in done.stderr


def test_a_failure_is_recorded_too(installed: Installed, server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="refused", why="no foxes")))
    done = installed.run("record", "-m", "paint", "a fox", "-o", "refused.http")
    assert done.returncode == 0
    assert "1 exchanges with example, ending in ContentRejected: example, POST /draw: no foxes" in done.stderr
    assert Transcript.read(installed.folder / "refused.http").ends == "ContentRejected"


def test_what_is_no_parameter_is_refused(installed: Installed, server: ScriptedServer) -> None:
    done = installed.run("record", "-m", "paint", "a fox", "-o", "x.http", "-p", "sede=7")
    assert done.returncode == 2
    assert "There is no parameter 'sede'. Did you mean seed?" in done.stderr
    assert server.received == []


def test_what_is_painted_on_this_machine_has_no_conversation(installed: Installed) -> None:
    done = installed.run("record", "-m", "easel", "a fox", "-o", "x.http")
    assert done.returncode == 1
    assert "easel/easel is painted on this machine: there is no conversation to record." in done.stderr


def test_a_transcript_that_cannot_be_used_is_told_with_its_reason(invoke: Invoke, in_tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="cannot be read"):
        invoke("replay", "nowhere.http")
    (in_tmp_path / "x.http").write_text("# impasto transcript 1\nmodel: nobody/nothing\n")
    with pytest.raises(UnknownModel):
        invoke("replay", "x.http")
    (in_tmp_path / "x.http").write_text("# impasto transcript 1\n")
    with pytest.raises(Exception, match="names no model"):
        invoke("replay", "x.http")


def test_a_command_that_does_not_exist_is_named(invoke: Invoke, in_tmp_path: Path) -> None:
    (in_tmp_path / "x.http").write_text("# impasto transcript 1\nmodel: gradio/app\n\n> GET /\n< 200 OK\n")
    with pytest.raises(InvalidRequest, match="no-such-command cannot be run"):
        invoke("replay", "x.http", "no-such-command")
