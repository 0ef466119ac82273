"""``impasto plugin``: for those who write one."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from pathlib import Path

import click

from impasto.cli.installers import find_uv
from impasto.cli.printing import print_line
from impasto.scaffold import LICENSES, Names, Wanted, checked_url, shapes, write

_SHAPES = tuple(shapes())
_FIRST_SHAPE, _FIRST_LICENSE = _SHAPES[0], LICENSES[0]


@click.group()
def plugin() -> None:
    """Write a plugin of your own."""


@plugin.command(epilog="Shapes: " + "; ".join(f"{each.name}, {each.what}" for each in shapes().values()) + ".")
@click.argument("name")
@click.option("--shape", type=click.Choice(_SHAPES), help=f"How its service is talked to; {_FIRST_SHAPE} if not said.")
@click.option("--license", "license_", type=click.Choice(LICENSES), help=f"{_FIRST_LICENSE} if nothing is said.")
@click.option("--url", metavar="URL", help="The address of the service; one that is made up if nothing is said.")
@click.option("--directory", metavar="PATH", help="Where to write it; impasto-NAME if nothing is said.")
def new(name: str, shape: str | None, license_: str | None, url: str | None, directory: str | None) -> None:
    """Write the plugin NAME: a package that installs, offers a model, and passes its tests.

    On a terminal, what is not said is asked for.
    """
    names = Names(name)
    is_asking = sys.stdin is not None and sys.stdin.isatty()
    if shape is None:
        shape = _ask_shape() if is_asking else _FIRST_SHAPE
    chosen = shapes()[shape]
    if url is None and is_asking and chosen.url:
        usual = chosen.url.replace("$name", names.name)
        url = click.prompt("Address of the service", default=usual, err=True, value_proc=lambda said: str(said).strip())
    if url is not None:
        url = checked_url(url, chosen.name, chosen.url, chosen.has_key)
    if license_ is None:
        license_ = _FIRST_LICENSE
        if is_asking:
            license_ = click.prompt("Licence", type=click.Choice(LICENSES), default=_FIRST_LICENSE, err=True)
    folder = Path(directory or names.distribution)
    wanted = Wanted(names, chosen, license_, url)
    for path in write(wanted, folder):
        print_line(os.path.relpath(path))
    print_line("\nNext:")
    print_line(f"  cd {shlex.quote(str(folder))}")
    # Where there is no pip, the shell may find one that installs elsewhere.
    uv = "" if importlib.util.find_spec("pip") or not find_uv() else "uv "
    print_line(f"  {uv}pip install -e '.[test]'")
    print_line("  pytest")


def _ask_shape() -> str:
    for each in shapes().values():
        click.echo(f"  {each.name:8} {each.what}", err=True)
    answer: str = click.prompt("Shape", type=click.Choice(_SHAPES), default=_FIRST_SHAPE, err=True)
    return answer
