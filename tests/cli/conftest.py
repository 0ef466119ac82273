"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

import impasto
from cli.installed import EASEL, EXAMPLE, Installed, Invoke
from impasto.cli.app import cli
from impasto.plugins import Plugins
from standins.server import ScriptedServer


@pytest.fixture
def installed(tmp_path: Path, server: ScriptedServer) -> Installed:
    """The installed ``impasto``, with a provider that speaks to the scripted server, and one that works here."""
    (tmp_path / "site").mkdir()
    (tmp_path / "work").mkdir()
    found = Installed(tmp_path / "site", tmp_path / "work")
    found.install("example", EXAMPLE)
    found.install("easel", EASEL)
    found.environ["IMPASTO_PROVIDER_EXAMPLE_URL"] = server.url
    return found


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plugins]:
    """Have the command line of this process know these plugins alone."""

    def plug(*plugins: object) -> Plugins:
        found = Plugins(objects={f"plugin{number}": plugin for number, plugin in enumerate(plugins)})
        for module in (
            "impasto.cli.doctor",
            "impasto.cli.install",
            "impasto.cli.listing",
            "impasto.cli.keys",
            "impasto.cli.record",
            "impasto.client",
            "impasto.plugins",  # last: a module that is imported after it would keep this one's plugins
        ):
            monkeypatch.setattr(f"{module}.default_plugins", lambda *_: found)
        return found

    return plug


@pytest.fixture
def invoke(in_tmp_path: Path) -> Invoke:
    """Call the command line in this process; an error that it ends with is re-raised, but for a usage error."""

    def call(*arguments: str, **options: object) -> click.testing.Result:
        runner = click.testing.CliRunner()
        result = runner.invoke(cli, list(arguments), prog_name="impasto", **options)  # type: ignore[arg-type]
        if isinstance(result.exception, impasto.ImpastoError):
            raise result.exception
        return result

    return call
