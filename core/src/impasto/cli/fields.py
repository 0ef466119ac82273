"""NAME=VALUE on the command line."""

from __future__ import annotations

import json
from typing import Any

import click


def fields(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Read NAME=VALUE, where a value that is JSON is read as JSON.

    Raises:
        click.BadParameter: it has another form.
    """
    read: dict[str, Any] = {}
    for each in values:
        name, equals, text = each.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{each!r} is not NAME=VALUE.")
        try:
            read[name] = json.loads(text)
        except (ValueError, RecursionError):
            read[name] = text
    return read
