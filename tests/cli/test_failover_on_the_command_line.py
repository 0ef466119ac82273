"""Several routes to one picture, as the command line tells of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

import impasto
from cli.installed import Installed, Invoke
from cli.terminals import running
from impasto.cli.attempts import failures_table
from impasto.plugins import Plugins
from standins.pictures import picture
from standins.provider import MODEL, ExampleProvider, said
from standins.server import ScriptedServer, event_stream, reply

BROKEN = reply('{"error": "out of paint"}', status="500 Oops")

STUDIO = """
import dataclasses

import impasto
from standins.provider import MODEL, ExampleProvider

provider = impasto.Provider(id="{name}", url="http://unset.invalid")
plugin = ExampleProvider(dataclasses.replace(MODEL, provider=provider, aliases=("any",)))
"""


def studio(name: str, auth: impasto.Auth | None = None) -> ExampleProvider:
    provider = impasto.Provider(id=name, url="http://unset.invalid", auth=auth)
    return ExampleProvider(dataclasses.replace(MODEL, provider=provider, aliases=("any",)))


@pytest.fixture
def studios(server: ScriptedServer, plugged: Callable[..., Plugins], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two providers of one alias; the second draws."""
    plugged(studio("alpha"), studio("beta"))
    monkeypatch.setenv("IMPASTO_PROVIDER_ALPHA_URL", f"{server.url}/alpha")
    monkeypatch.setenv("IMPASTO_PROVIDER_BETA_URL", f"{server.url}/beta")
    monkeypatch.setenv("IMPASTO_MODEL", "any")
    server.script("/beta/draw", reply(said(kind="done", url="/fox.png", seed=7)))
    server.script("/beta/fox.png", reply(picture(), media_type="image/png"))


@pytest.fixture
def installed_studios(installed: Installed, server: ScriptedServer) -> Installed:
    for name in ("alpha", "beta"):
        installed.install(name, STUDIO.format(name=name))
        installed.environ[f"IMPASTO_PROVIDER_{name.upper()}_URL"] = f"{server.url}/{name}"
    return installed


@pytest.mark.usefixtures("studios")
def test_a_route_that_failed_is_told_beside_the_path(invoke: Invoke, server: ScriptedServer) -> None:
    server.script("/alpha/draw", BROKEN)
    result = invoke("fox")
    assert result.stdout == "fox.png\n"
    assert result.stderr == (
        "impasto: alpha/painter did not draw: POST /draw: 500 Oops: out of paint (it may have been charged)\n"
    )


@pytest.mark.usefixtures("studios")
def test_json_holds_the_attempts_that_failed(invoke: Invoke, server: ScriptedServer) -> None:
    server.script("/alpha/draw", BROKEN)
    described = json.loads(invoke("fox", "--json").stdout)
    assert described["provider"] == "beta"
    assert described["failed"] == [
        {
            "route": "alpha/painter",
            "error": "alpha, POST /draw: 500 Oops: out of paint",
            "may_be_charged": True,
        }
    ]


@pytest.mark.usefixtures("studios")
@pytest.mark.parametrize("mode", ["unsent", "never"])
def test_the_next_route_is_not_asked_where_that_is_not_wanted(
    invoke: Invoke, server: ScriptedServer, mode: str
) -> None:
    server.script("/alpha/draw", BROKEN)
    with pytest.raises(impasto.ImpastoError, match="out of paint"):
        invoke("fox", "--failover", mode)
    assert server.paths() == ["POST /alpha/draw"]


@pytest.mark.usefixtures("studios")
def test_a_silent_route_gets_another_one_beside_it(invoke: Invoke, server: ScriptedServer) -> None:
    server.script("/alpha/draw", event_stream(then="hold"))
    described = json.loads(invoke("fox", "--hedge-after", "0.05", "--json").stdout)
    assert (described["provider"], described["failed"]) == ("beta", [])
    assert server.wait_until_left()


@pytest.mark.usefixtures("studios")
def test_what_no_model_takes_is_left_out_where_that_is_wanted(invoke: Invoke) -> None:
    with pytest.raises(impasto.InvalidRequest, match="guidance_scale"):
        invoke("fox", "-m", "beta/painter", "--guidance", "4")
    result = invoke("fox", "-m", "beta/painter", "--guidance", "4", "--drop-unsupported")
    assert result.stdout == "fox.png\n"
    assert "guidance_scale was left out" in result.stderr


def test_a_table_says_what_happened_at_each_route(installed_studios: Installed, server: ScriptedServer) -> None:
    server.script("/alpha/draw", BROKEN)
    server.script("/beta/draw", reply("<h1>Closed</h1>"))
    result = installed_studios.run("fox", "-m", "any")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "impasto: no picture after 2 attempts.",
        "ROUTE          WHAT HAPPENED",
        "alpha/painter  POST /draw: 500 Oops: out of paint",
        "beta/painter   POST /draw: expected JSON, got: Closed",
    ]


def test_a_plugin_that_failed_has_its_row() -> None:
    error = impasto.AllProvidersFailed(
        "", attempts=(impasto.PluginError("RuntimeError: no\neasel", plugin="alpha", hook="build_payload"),)
    )
    assert failures_table(error).splitlines()[1:] == ["plugin alpha  build_payload: RuntimeError: no easel"]


def test_unsent_says_why_there_are_no_more_rows(installed_studios: Installed, server: ScriptedServer) -> None:
    server.script("/alpha/draw", BROKEN)
    result = installed_studios.run("fox", "-m", "any", "--failover", "unsent")
    assert result.stderr.splitlines() == [
        "impasto: no picture after 1 attempt.",
        "ROUTE          WHAT HAPPENED",
        "alpha/painter  POST /draw: 500 Oops: out of paint",
        "With --failover unsent, no route is asked once the request may have been charged.",
    ]
    assert server.paths() == ["POST /alpha/draw"]


def test_tries_of_one_route_that_end_alike_share_a_row(installed_studios: Installed, server: ScriptedServer) -> None:
    server.script("/alpha/draw", reply(said(kind="follow", url="/job")))
    server.script("/alpha/job", BROKEN)
    server.script("/beta/draw", BROKEN)
    result = installed_studios.run("fox", "-m", "any")
    assert result.stderr.splitlines()[0] == "impasto: no picture after 4 attempts."
    assert result.stderr.splitlines()[2:] == [
        "alpha/painter  GET /job: 500 Oops: out of paint (3 times)",
        "beta/painter   POST /draw: 500 Oops: out of paint",
    ]


def test_routes_that_could_not_be_asked_are_named_with_the_failure(
    installed_studios: Installed, server: ScriptedServer
) -> None:
    keyed = STUDIO.replace('unset.invalid"', 'unset.invalid", auth=impasto.Bearer(env="GAMMA_KEY")')
    installed_studios.install("gamma", keyed.format(name="gamma"))
    server.script("/alpha/draw", BROKEN)
    server.script("/beta/draw", BROKEN)
    result = installed_studios.run("fox", "-m", "any")
    assert result.stderr.splitlines()[-1] == (
        "Not asked: gamma needs a key: set GAMMA_KEY, or run 'impasto keys set gamma'."
    )


def test_the_live_line_names_the_second_attempt(installed_studios: Installed, server: ScriptedServer) -> None:
    server.script("/alpha/draw", BROKEN)
    server.script("/beta/draw", event_stream(("progress", said(fraction=0.5)), then="hold"))
    with running(installed_studios, "fox", "-m", "any") as terminal:
        terminal.wait_for("attempt 2, beta/painter")
        terminal.wait_for("50%")
        terminal.type("\x03")
        assert terminal.status() == 130
    assert "attempt 1" not in terminal.written
    assert terminal.screen() == []
