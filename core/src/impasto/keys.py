"""Keys: the file in which ``impasto keys set`` stores them, and which key a request is signed with."""

from __future__ import annotations

import json
import logging
import os
import stat
from typing import TYPE_CHECKING

from impasto.atomic import replace_file
from impasto.errors import SettingsError
from impasto.settings import rules
from impasto.settings.file import default_environ, read_text, settings_path
from impasto.settings.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from impasto.models import Provider
    from impasto.settings import Settings

_log = logging.getLogger("impasto")


def keys_path(environ: Mapping[str, str] | None = None) -> Path:
    """Return where keys are stored: ``keys.json`` beside the settings file.

    Args:
        environ: the environment; None for the process's own.
    """
    return settings_path(default_environ(environ)).with_name("keys.json")


def find_key(
    provider: Provider,
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    call_key: str | Secret | None = None,
    *,
    model: str | None = None,
) -> Secret | None:
    """Return the key to sign a provider's requests with: the first that there is, in this order.

    1. the one given with the call;
    2. the one in the settings: ``IMPASTO_PROVIDER_<ID>_KEY``, or else the file;
    3. the provider's own variable, such as ``EXAMPLE_KEY``;
    4. the stored one.

    What is blank is not there. None where there is no key, or where the provider takes none.

    Args:
        provider: the service.
        settings: the settings.
        environ: the environment; None for the process's own.
        call_key: the key given with the call.
        model: the model's id, for a section of its own in the settings.

    Raises:
        SettingsError: a key cannot be sent in a header, or the stored keys cannot be read; no message repeats a key.
    """
    if provider.auth is None:
        return None
    environ = default_environ(environ)
    if isinstance(call_key, Secret):
        call_key = call_key.reveal()
    if call_key and call_key.strip():
        return rules.key(call_key, ("api_key",))
    if key := settings.provider(provider.id, model).key:
        return key
    variable = provider.auth.env
    if variable and environ.get(variable, "").strip():
        return rules.key(environ[variable], (variable,))
    return stored_keys(environ).get(provider.id)


def stored_keys(environ: Mapping[str, str] | None = None) -> dict[str, Secret]:
    """Return the stored keys, by provider id.

    A file that others may read is made private, and a warning is logged: its keys may be known.

    Args:
        environ: the environment; None for the process's own.

    Raises:
        SettingsError: the file cannot be read, cannot be made private, or does not hold keys.
    """
    path = keys_path(environ)
    try:
        _make_private(path)
        content = json.loads(read_text(path))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        # Not chained: the parser's error holds the whole text.
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SettingsError(f"{path}{line}: is not JSON.") from None
    try:
        if not isinstance(content, dict):
            raise SettingsError(f"{path}: must be a JSON object of keys by provider.")
        return {name: rules.key(key, (name,)) for name, key in content.items()}
    except rules.Fault as fault:
        raise SettingsError(f"{path}: {fault}") from None


def set_key(provider: str, key: str | Secret, environ: Mapping[str, str] | None = None) -> Path:
    """Store a provider's key, in place of one that is stored already.

    The file is readable by its owner alone from its first byte on, and replaced in one step.

    Args:
        provider: the provider's id.
        key: printable ASCII; spaces and line ends around it are dropped.
        environ: the environment; None for the process's own.

    Returns:
        The file.

    Raises:
        SettingsError: the id or the key breaks its rule, or the file cannot be written.
    """
    name = rules.section_name(provider, ("provider",))
    return _write({**stored_keys(environ), name: rules.key(key, (name,))}, environ)


def remove_key(provider: str, environ: Mapping[str, str] | None = None) -> bool:
    """Forget a provider's stored key.

    Args:
        provider: the provider's id.
        environ: the environment; None for the process's own.

    Returns:
        Whether there was one.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    keys = stored_keys(environ)
    if keys.pop(provider, None) is None:
        return False
    _write(keys, environ)
    return True


def _write(keys: Mapping[str, Secret], environ: Mapping[str, str] | None) -> Path:
    path = keys_path(environ)
    content = json.dumps({name: keys[name].reveal() for name in sorted(keys)}, indent=2) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, content.encode(), mode=0o600)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror or error}.") from error
    return path


def _make_private(path: Path) -> None:
    if os.name != "posix":
        return
    try:
        mode = path.stat().st_mode
        if not mode & (stat.S_IRWXG | stat.S_IRWXO):
            return
        path.chmod(0o600)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SettingsError(
            f"{path}: others may be able to read it, and that cannot be changed: {error.strerror or error}."
        ) from error
    _log.warning("%s could be read by others, and is private now; if they are not trusted, make new keys.", path)
