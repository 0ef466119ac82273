"""The command group: a first word that is no command begins a prompt."""

from __future__ import annotations

import click

from impasto.cli.doctor import doctor
from impasto.cli.keys import keys
from impasto.cli.listing import models, plugins
from impasto.cli.paint import paint
from impasto.cli.printing import complain
from impasto.cli.record import record, replay
from impasto.plugins import default_plugins


class PaintsByDefault(click.Group):
    """A group whose unnamed command is ``paint``, and which plugins may add commands to.

    Plugins are asked for commands only when a first word is none of the group's own, and for the help.
    """

    _asked = False
    _asking = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``paint`` before a prompt and before its options."""
        if args and not self._is_own(ctx, args[0]) and self.get_command(ctx, args[0]) is None:
            args = ["paint", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; what it returns is no exit status."""
        super().invoke(ctx)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command.

        Raises:
            ValueError: a plugin adds a command under a name that is taken.
        """
        taken = name or cmd.name or ""
        if self._asking and taken in self.commands:
            raise ValueError(f"there is a command {taken!r} already")
        super().add_command(cmd, name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name: one of the group's own before a plugin's."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not cmd_name.startswith("-") and not any(map(str.isspace, cmd_name)):
            self._ask_plugins()
            found = super().get_command(ctx, cmd_name)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, those of plugins included."""
        self._ask_plugins()
        return super().list_commands(ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called: with a prompt, or with a command."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] PROMPT")
        formatter.write_usage(ctx.command_path, "COMMAND …", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of ``paint`` beside the group's own, and the commands."""
        own = self.get_params(ctx)
        options = [each for each in (*paint.params, *own) if isinstance(each, click.Option)]
        with formatter.section("Options"):
            formatter.write_dl([record for each in options if (record := each.get_help_record(ctx))])
        self.format_commands(ctx, formatter)

    def _is_own(self, ctx: click.Context, word: str) -> bool:
        return any(word in each.opts for each in self.get_params(ctx))

    def _ask_plugins(self) -> None:
        """Let the plugins add their commands, once."""
        if self._asked:
            return
        self._asked = self._asking = True
        try:
            for error in default_plugins().register_commands(self):
                complain(str(error))
        finally:
            self._asking = False


@click.group(
    cls=PaintsByDefault,
    no_args_is_help=True,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
    epilog="A prompt that begins with the name of a command: impasto paint models on a catwalk",
)
@click.version_option(package_name="impasto", message="impasto %(version)s")
def cli() -> None:
    """Turn a prompt into a picture, through any provider that is installed.

    PROMPT is what to draw; '-' reads it from standard input. The file's name is printed.
    """


cli.add_command(paint)
cli.add_command(models)
cli.add_command(plugins)
cli.add_command(doctor)
cli.add_command(keys)
cli.add_command(record)
cli.add_command(replay)
