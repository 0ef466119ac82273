"""The command group: a first word that is no command begins a prompt."""

from __future__ import annotations

import importlib

import click

import impasto
from impasto.cli.printing import complain
from impasto.errors import SettingsError

_OWN = {
    "doctor": "impasto.cli.doctor",
    "install": "impasto.cli.install",
    "keys": "impasto.cli.keys",
    "models": "impasto.cli.listing",
    "paint": "impasto.cli.paint",
    "plugin": "impasto.cli.plugin",
    "plugins": "impasto.cli.listing",
    "record": "impasto.cli.record",
    "replay": "impasto.cli.record",
    "uninstall": "impasto.cli.install",
}
"""The group's own commands, and the module that each is in: it is imported when the command is asked for."""


class PaintsByDefault(click.Group):
    """A group whose unnamed command is ``paint``, and which plugins may add commands to.

    Its own commands are imported one by one, as they are asked for; the help needs them all. Plugins are asked for
    commands only when a first word is none of the group's own, and for the help.
    """

    _asked = False
    _asking = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``paint`` before a prompt and before its options."""
        if args and not self._is_option(ctx, args[0]) and self.get_command(ctx, args[0]) is None:
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
        if self._asking and (taken in _OWN or taken in self.commands):
            raise ValueError(f"there is a command {taken!r} already")
        super().add_command(cmd, name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name: one of the group's own before a plugin's."""
        found = super().get_command(ctx, cmd_name) or self._own(cmd_name)
        if found is None and not cmd_name.startswith("-") and not any(map(str.isspace, cmd_name)):
            self._ask_plugins()
            found = super().get_command(ctx, cmd_name)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, those of plugins included."""
        try:
            self._ask_plugins()
        except SettingsError as error:
            # The help is there whatever stands in the settings.
            complain(str(error))
        return sorted({*_OWN, *self.commands})

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called: with a prompt, or with a command."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] PROMPT")
        formatter.write_usage(ctx.command_path, "COMMAND …", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of ``paint`` beside the group's own, and the commands."""
        paint = self._own("paint")
        params = [*(paint.params if paint else ()), *self.get_params(ctx)]
        options = [each for each in params if isinstance(each, click.Option)]
        with formatter.section("Options"):
            formatter.write_dl([record for each in options if (record := each.get_help_record(ctx))])
        self.format_commands(ctx, formatter)

    def _own(self, name: str) -> click.Command | None:
        if name not in _OWN:
            return None
        if name not in self.commands:
            command: click.Command = getattr(importlib.import_module(_OWN[name]), name)
            self.commands[name] = command
        return self.commands[name]

    def _is_option(self, ctx: click.Context, word: str) -> bool:
        return any(word in each.opts for each in self.get_params(ctx))

    def _ask_plugins(self) -> None:
        """Let the plugins add their commands, once."""
        if self._asked:
            return
        self._asked = self._asking = True
        from impasto.plugins import default_plugins

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
@click.version_option(impasto.__version__, message="impasto %(version)s")
def cli() -> None:
    """Turn a prompt into a picture, through any provider that is installed.

    PROMPT is what to draw; '-' reads it from standard input. The file's name is printed.
    """
