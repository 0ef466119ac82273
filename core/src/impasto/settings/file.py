"""The settings file: where it is, what it says, and in which line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_FILE = 1024 * 1024
"""Bytes of a settings file."""


def settings_path(environ: Mapping[str, str]) -> Path:
    """Return where the settings file is: where ``IMPASTO_CONFIG`` says, or in the platform's own folder.

    The platform's folder is platformdirs' ``user_config_path("impasto")``, such as ``~/.config/impasto`` on Linux.
    """
    if named := environ.get("IMPASTO_CONFIG", "").strip():
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("impasto") / "settings.toml"


def read_text(path: Path) -> str:
    """Return the text of a settings file.

    Raises:
        FileNotFoundError: there is none.
        SettingsError: it cannot be read, is too large or not UTF-8; the message names file and line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if len(content) > LARGEST_FILE:
        raise SettingsError(f"{path}: is longer than the {LARGEST_FILE} bytes that settings may have.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}: is not UTF-8.") from None


def parse(text: str, path: Path) -> dict[str, Any]:
    """Return what a settings file says.

    Raises:
        SettingsError: it is not TOML; the message names file and line.
    """
    if not text:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Not chained: the parser's error may hold the whole text, keys included.
        raise SettingsError(f"{path}: is not TOML: {error}.") from None


def line_of(text: str, place: tuple[str, ...]) -> int:
    """Return the line in which a setting begins, from 1.

    tomllib tells no lines. But the setting is in the first so many lines of the file, and not in fewer: the last
    beginning of the file that is TOML and does not hold it ends just before it.

    Args:
        text: valid TOML.
        place: the tables around the setting and its key, outermost first.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    without, having = 0, len(lines)
    while having - without > 1:
        middle = (without + having) // 2
        candidates = (*range(middle, without, -1), *range(middle + 1, having))
        found = next((end for end in candidates if _table(lines[:end]) is not None), None)
        if found is None:
            break
        if _holds(_table(lines[:found]), place):
            having = found
        else:
            without = found
    return without + 1


def _table(lines: list[str]) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads("\n".join(lines))
    except ValueError:
        return None


def _holds(value: object, place: tuple[str, ...]) -> bool:
    for key in place:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def default_environ(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the environment that is given, or the process's own."""
    return os.environ if environ is None else environ
