"""One run of the command line: its streams, its errors and its status."""

from __future__ import annotations

import contextlib
import io
import os
import sys

import click

from impasto.cli.app import cli
from impasto.cli.printing import complain
from impasto.cli.terminal import size_of
from impasto.errors import AllProvidersFailed, ImpastoError, InvalidRequest, SettingsError, UnknownModel

_GRACE = 0.2
"""Seconds in which a thread may end by itself."""

_QUIET = frozenset({"--version", "models", "plugins"})
"""What logs nothing, and is to be there at once: to import `logging` takes longer than to list the models."""

DONE, FAILED, NOT_POSSIBLE, INTERRUPTED = 0, 1, 2, 130


def run() -> int:
    """Run the command that the process's arguments name, and return its status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name need not be text; it is printed as the bytes that it is.
        sys.stdout.reconfigure(errors="surrogateescape")
    if not _QUIET.intersection(sys.argv[1:2]):
        _tell_warnings()
    try:
        status = cli.main(prog_name="impasto", standalone_mode=False) or DONE
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        with contextlib.suppress(OSError):
            _report(error)
        status = _status_of(error)
    except SystemExit as ending:
        # From click, where whoever read stdout is gone; or from a plugin's command.
        if isinstance(ending.code, str):
            complain(ending.code)
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    _let_go_of_streams()
    if status != DONE and _is_work_left():
        # A worker thread in a long native call cannot be stopped, and the interpreter would wait for it.
        os._exit(status)
    return int(status)


def _tell_warnings() -> None:
    """Say what is logged as a warning, as the command line says everything."""
    import logging

    class Complaints(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complain(record.getMessage())

    logging.getLogger("impasto").addHandler(Complaints(logging.WARNING))


def _report(error: BaseException) -> None:
    """Say what went wrong, in one or two lines."""
    match error:
        case click.Abort() | KeyboardInterrupt() | BrokenPipeError():
            pass
        case click.exceptions.NoArgsIsHelpError():
            error.show()
        case click.UsageError():
            complain(error.format_message(), _way_out(error))
        case click.ClickException():
            complain(error.format_message())
        case UnknownModel():
            from impasto.plugins import default_plugins

            plugins = default_plugins().all
            broken = [plugin.name for plugin in plugins if plugin.error is not None]
            blocked = [plugin.name for plugin in plugins if plugin.is_blocked]
            complain(
                str(error),
                f"Some plugins are broken ({', '.join(broken)}): impasto plugins." if broken else "",
                f"Some are blocked by the settings ({', '.join(blocked)}): impasto plugins." if blocked else "",
            )
        case AllProvidersFailed():
            from impasto.cli.attempts import failures_table

            width = size_of(sys.stderr)[0] if sys.stderr is not None and sys.stderr.isatty() else None
            tried = f"{len(error.attempts)} attempt{'s' if len(error.attempts) > 1 else ''}"
            complain(f"no picture after {tried}.", *failures_table(error, width).splitlines(), *_notes(error))
        case ImpastoError():
            complain(str(error), *_notes(error))
        case _:
            import traceback
            from pathlib import Path

            place = traceback.extract_tb(error.__traceback__)[-1]
            file = "/".join(Path(place.filename).parts[-2:])
            complain(f"this should not have happened: {type(error).__name__}: {error} ({file}, line {place.lineno}).")


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", ()))


def _way_out(error: click.UsageError) -> str:
    """Return what to do about a wrong command line."""
    words = error.ctx.command_path.split() if error.ctx else ["impasto"]
    if len(words) == 1 or words[1] == "paint":
        return "All options: impasto --help."
    return f"See {' '.join(words)} --help. To paint a prompt that begins so: {words[0]} paint {' '.join(words[1:])} …"


def _status_of(error: BaseException) -> int:
    match error:
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case click.ClickException():
            return error.exit_code
        case InvalidRequest() | UnknownModel() | SettingsError():
            return NOT_POSSIBLE
        case _:
            return FAILED


def _let_go_of_streams() -> None:
    """Flush the streams; one that takes nothing any more is put aside, or the interpreter complains at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _is_work_left() -> bool:
    """Tell whether a thread that the interpreter would wait for runs on, though it has been told to stop."""
    import threading

    waited_for = [each for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    for thread in waited_for:
        thread.join(_GRACE)
    return any(thread.is_alive() for thread in waited_for)
