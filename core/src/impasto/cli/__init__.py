"""The command line, a thin face over `impasto.Client`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run ``impasto`` with the process's arguments, and exit with its status.

    0: done. 1: it failed. 2: what was asked is not possible. 130: interrupted. Errors are a line or two on stderr.
    """
    import click

    from impasto.cli.app import cli
    from impasto.errors import ImpastoError, InvalidRequest, UnknownModel

    try:
        status = cli.main(prog_name="impasto", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        status = 130
    except KeyboardInterrupt:
        status = 130
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except ImpastoError as error:
        click.echo(f"impasto: {error}", err=True)
        status = 2 if isinstance(error, InvalidRequest | UnknownModel) else 1
    sys.exit(status if isinstance(status, int) else 0)
