"""The command group: a first word that is no command is a prompt."""

from __future__ import annotations

import importlib.metadata

import click

from impasto.cli.keys import keys
from impasto.cli.listing import models, plugins
from impasto.cli.paint import paint
from impasto.plugins import default_plugins


class _PaintsByDefault(click.Group):
    """A group whose unnamed command is ``paint``."""

    _extended = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {"--help", "--version"} and self.get_command(ctx, args[0]) is None:
            args = ["paint", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._extended_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._extend()
        return super().list_commands(ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] PROMPT")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [record for param in (*paint.params, *self.get_params(ctx)) if (record := param.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(records)
        self.format_commands(ctx, formatter)

    def _extended_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if not name.isidentifier() and not name.replace("-", "_").isidentifier():
            return None
        self._extend()
        return super().get_command(ctx, name)

    def _extend(self) -> None:
        """Add the commands of plugins, once."""
        if not self._extended:
            self._extended = True
            for error in default_plugins().register_commands(self):
                click.echo(f"impasto: {error}", err=True)


@click.group(cls=_PaintsByDefault, no_args_is_help=True, context_settings={"max_content_width": 100})
@click.version_option(importlib.metadata.version("impasto"), message="impasto %(version)s")
def cli() -> None:
    """Turn a prompt into a picture, through any provider that is installed.

    PROMPT is what to draw; '-' reads it from standard input.
    """


cli.add_command(paint)
cli.add_command(models)
cli.add_command(plugins)
cli.add_command(keys)
