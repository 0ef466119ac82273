"""What the command line prints: results on stdout, complaints on stderr."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import click

from impasto.cli.terminal import takes_controls


def print_line(text: str = "") -> None:
    """Print one line of result on stdout.

    Raises:
        click.ClickException: stdout cannot be written. Where its reader is gone, click ends the process itself.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"standard output cannot be written: {error.strerror or error}.") from error


def print_json(value: object) -> None:
    """Print a value on stdout as one JSON document; what JSON cannot hold is written as text, or as null."""
    import json

    plain = _plain(value)
    text = json.dumps(plain, ensure_ascii=False, indent=2)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(plain, indent=2)
    print_line(text)


def complain(*lines: str) -> None:
    """Print lines on stderr, the first with the program's name; empty ones are left out."""
    # Over a live line, which draws itself again below.
    clear = "\r\x1b[K" if takes_controls(sys.stderr) else ""
    text = "\n".join(readable(line) for line in lines if line)
    click.echo(f"{clear}impasto: {text}", err=True)


def dimmed(text: str, stream: TextIO) -> str:
    """Return text in a faint colour, where the terminal has colours and its user wants them."""
    return click.style(text, dim=True) if takes_controls(stream) and not os.environ.get("NO_COLOR") else text


def readable(text: str) -> str:
    """Return text from outside without control characters, which could take over a terminal; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text.replace("\r\n", "\n").expandtabs(4))


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(each) for each in value]
        case bytes():
            return None
        case _:
            return str(value)
