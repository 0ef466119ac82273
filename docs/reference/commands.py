"""Writes `commands.md`: every command and option, as the commands themselves say.

Run it with ``uv run python docs/reference/commands.py`` when one has changed; a test compares.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.cli.app import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# Commands and options

What `--help` says, on one page; it is written from the commands themselves. [The command line](../cli.md) shows them at
work. What stands under `impasto paint` holds for `impasto PROMPT` too, which is short for it. Plugins may add commands
of their own, which `impasto --help` lists.
"""


def page() -> str:
    """Return the page."""
    root = click.Context(cli, info_name="impasto", **cli.context_settings)
    return HEAD + "".join(_section(context) for context in _contexts(root))


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    for child in _children(context):
        yield from _contexts(child)


def _children(context: click.Context) -> list[click.Context]:
    group = context.command
    if not isinstance(group, click.Group):
        return []
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [click.Context(command, info_name=name, parent=context) for name, command in found if command is not None]


def _section(context: click.Context) -> str:
    command = context.command
    usage = inspect.cleandoc(command.get_usage(context).replace("Usage: ", "       "))
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    records = [record for each in options if (record := each.get_help_record(context))]
    parts = [f"## {context.command_path}", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```"]
    if commands := [_row(_link(child), child.command.get_short_help_str(100)) for child in _children(context)]:
        parts.append("\n".join(["| command | does |", "|---|---|", *commands]))
    parts.append("\n".join(["| option | meaning |", "|---|---|", *(_row(f"`{name}`", says) for name, says in records)]))
    return "\n" + "\n\n".join(parts) + "\n"


def _link(context: click.Context) -> str:
    return f"[`{context.command_path}`](#{context.command_path.replace(' ', '-')})"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
