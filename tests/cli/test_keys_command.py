"""``impasto keys``: stored, listed and removed, and never shown."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import impasto
from cli.installed import Installed, Invoke
from cli.terminals import running
from impasto.keys import keys_path
from impasto.plugins import Plugins
from standins.provider import ExampleProvider, LocalProvider


def nothing(seed: int) -> Iterator[object]:
    yield from ()


@pytest.fixture(autouse=True)
def _plugins(plugged: Callable[..., Plugins]) -> None:
    plugged(ExampleProvider(), LocalProvider(nothing))


def test_a_key_is_read_from_standard_input_and_not_repeated(invoke: Invoke) -> None:
    result = invoke("keys", "set", "example", input="secret-key\n")
    assert result.stdout == ""
    assert result.stderr == f"impasto: the key for example is stored in {keys_path()}, readable by you alone.\n"
    assert json.loads(keys_path().read_text()) == {"example": "secret-key"}


def test_stored_keys_are_listed_by_provider_alone(invoke: Invoke) -> None:
    assert invoke("keys", "list").stderr == "impasto: no key is stored.\n"
    invoke("keys", "set", "example", input="secret-key\n")
    assert invoke("keys", "list").output == "example\n"


def test_a_key_can_be_removed_once(invoke: Invoke) -> None:
    invoke("keys", "set", "example", input="secret-key\n")
    assert "is removed" in invoke("keys", "remove", "example").stderr
    with pytest.raises(impasto.InvalidRequest, match="no stored key for 'example'"):
        invoke("keys", "remove", "example")


def test_a_provider_that_is_not_known_or_takes_no_key_is_refused(invoke: Invoke) -> None:
    with pytest.raises(impasto.InvalidRequest, match=r"no provider 'exmaple'.*take a key: example\."):
        invoke("keys", "set", "exmaple", input="secret-key\n")
    with pytest.raises(impasto.InvalidRequest, match="local takes no key"):
        invoke("keys", "set", "local", input="secret-key\n")
    assert not keys_path().exists()


def test_a_key_on_the_command_line_is_refused_and_not_repeated(invoke: Invoke) -> None:
    with pytest.raises(impasto.InvalidRequest, match="not given on the command line") as caught:
        invoke("keys", "set", "example", "secret-key")
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("typed", [b"", b"\n", b"secret\xff\n", b"secret\x07key\n"])
def test_what_is_no_key_is_refused_and_not_repeated(invoke: Invoke, typed: bytes) -> None:
    with pytest.raises(impasto.ImpastoError) as caught:
        invoke("keys", "set", "example", input=typed)
    assert "secret" not in str(caught.value)
    assert not keys_path().exists()


def test_a_key_that_is_typed_is_not_seen(installed: Installed) -> None:
    with running(installed, "keys", "set", "example") as terminal:
        terminal.wait_for("Key for example: ")
        terminal.type("secret-key\r")
        assert terminal.status() == 0
    assert "secret" not in terminal.written
    stored = Path(os.environ["XDG_CONFIG_HOME"]) / "impasto" / "keys.json"
    assert json.loads(stored.read_text()) == {"example": "secret-key"}
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600


def test_ctrl_c_instead_of_a_key_stores_nothing(installed: Installed) -> None:
    with running(installed, "keys", "set", "example") as terminal:
        terminal.wait_for("Key for example: ")
        terminal.type("\x03")
        assert terminal.status() == 130
    assert "Traceback" not in terminal.written
    assert not keys_path().exists()
