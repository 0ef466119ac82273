"""``impasto install`` and ``impasto uninstall``: plugins come and go with whatever installs into this environment."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys

import click

from impasto.cli.installers import installer
from impasto.cli.printing import complain, print_line
from impasto.errors import InvalidRequest
from impasto.plugins import default_plugins

_PREFIX = "impasto-"
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)(?P<rest>(\[[A-Za-z0-9,._-]+\])?([<>=!~]=?[A-Za-z0-9.,<>=!~*+-]+)?)"
)


@click.command(epilog="What stands behind -- goes to the installer: impasto install sketch -- --upgrade")
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]")
def install(name: str, arguments: tuple[str, ...]) -> None:
    """Install the plugin NAME, or one at a path.

    NAME stands for the distribution impasto-NAME. It is installed with pip, uv or pipx, whichever this environment
    belongs to, and the command is shown.
    """
    _check(arguments)
    requirement = _requirement(name)
    before = _described()
    _run(installer().install(requirement, arguments))
    _tell(before, _described())


@click.command(epilog="What stands behind -- goes to the installer.")
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]")
def uninstall(name: str, arguments: tuple[str, ...]) -> None:
    """Remove the plugin NAME.

    That is, the distribution that brings it; NAME may be that one's too.
    """
    _check(arguments)
    _run(installer().uninstall(_installed(name), arguments))


def _check(arguments: tuple[str, ...]) -> None:
    if arguments and not arguments[0].startswith("-"):
        raise click.UsageError(f"One plugin at a time; {arguments[0]!r} is one too many.", click.get_current_context())


def _requirement(name: str) -> str:
    """Return what the installer is to install.

    Raises:
        InvalidRequest: it is neither a distribution's name nor the path of something.
    """
    if os.sep in name or "/" in name or name in {".", ".."} or name.endswith(".whl"):
        if not os.path.exists(name):  # noqa: PTH110
            raise InvalidRequest(f"{name}: there is no such file or folder.")
        return os.path.abspath(name)  # noqa: PTH100
    match = _REQUIREMENT.fullmatch(name)
    if match is None:
        raise InvalidRequest(f"{name!r} is no plugin's name; one is like sketch, impasto-sketch or sketch==0.1.")
    plain = _normal(match["name"])
    return f"{plain if plain.startswith(_PREFIX) else _PREFIX + plain}{match['rest']}"


def _installed(name: str) -> str:
    """Return the distribution that is meant by a name: one that brings plugins.

    Raises:
        InvalidRequest: there is none.
    """
    plugins = default_plugins().all
    for known in ({each.name: each for each in plugins}, {_normal(each.distribution): each for each in plugins}):
        for wanted in (name, _normal(name), _PREFIX + _normal(name)):
            if wanted in known and known[wanted].distribution:
                return _normal(known[wanted].distribution)
    names = ", ".join(each.name for each in plugins)
    raise InvalidRequest(f"No plugin {name!r} is installed; installed are: {names or 'none'}.")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(command: list[str]) -> None:
    """Show a command and run it; where it fails, its status is the process's."""
    complain(f"running {shlex.join(command)}")
    sys.stdout.flush()
    try:
        status = subprocess.run(command, check=False).returncode  # noqa: S603
    except OSError as error:
        raise click.ClickException(f"{command[0]} cannot be run: {error.strerror or error}.") from error
    if status != 0:
        click.get_current_context().exit(status)


def _described() -> dict[str, dict[str, object]]:
    """Return the plugins that are installed now, by name; this process may know of others, or of older ones."""
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "plugins", "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise click.ClickException(f"the plugins cannot be listed: {done.stderr.strip().removeprefix('impasto: ')}")
    return {str(each["name"]): each for each in json.loads(done.stdout)}


def _tell(before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]) -> None:
    """Say which plugins and models came."""
    for name in sorted(name for name in after if after[name] != before.get(name)):
        plugin = after[name]
        models = plugin["models"] if isinstance(plugin["models"], list) else []
        if plugin["error"]:
            complain(str(plugin["error"]))
        elif plugin["blocked"]:
            print_line(f"{name} {plugin['version']}: installed, and blocked by the settings")
        else:
            print_line(f"{name} {plugin['version']}: {', '.join(map(str, models)) or 'no models'}")
    if after == before:
        print_line("No plugin came, or changed.")
