"""A new plugin, complete: a package that installs, offers a model, and passes its own tests.

The files are templates beside this module, filled in by `string.Template`. That is all that five shapes need: each
differs from the others in one module and its transcripts. A templating library would be a dependency of everybody who
paints, for something that is used once in a plugin's life.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import string
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InvalidRequest
from impasto.hookspecs import HOOK_API
from impasto.scaffold.naming import Names, checked_url

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LICENSES", "Names", "Shape", "Wanted", "checked_url", "shapes", "write"]

LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause", "none")
"""The licences to choose from, by their SPDX identifiers; ``none`` for no file."""

_HERE = Path(__file__).parent
_ENDING = ".template"

_OF_EVERY_PLUGIN = {
    ".github/workflows/test.yml": "common/test.yml",
    ".gitignore": "common/gitignore",
    "README.md": "common/README.md",
    "pyproject.toml": "common/pyproject.toml",
    "tests/test_conformance.py": "common/test_conformance.py",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A way in which services are talked to.

    Attributes:
        name: by which it is asked for.
        what: the same in words.
        url: where such a service may be, with ``$name`` for the plugin's name; empty for work on this machine.
        has_key: whether such a service wants one.
        dependencies: what its plugin requires.
    """

    name: str
    what: str
    url: str
    has_key: bool
    dependencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written.

    Attributes:
        names: the plugin's names.
        shape: how its service is talked to.
        license: one of `LICENSES`.
        url: the service's address; None for one made up.

    Raises:
        InvalidRequest: the address is none, or does not go with the shape.
    """

    names: Names
    shape: Shape
    license: str = "MIT"
    url: str | None = None

    def __post_init__(self) -> None:
        if self.url is not None:
            object.__setattr__(self, "url", checked_url(self.url, self.shape.name, self.shape.url, self.shape.has_key))


@functools.cache
def shapes() -> Mapping[str, Shape]:
    """Return the shapes by name, in the order in which they are offered."""
    known = tomllib.loads((_HERE / "shapes.toml").read_text(encoding="utf-8"))
    return {
        name: Shape(name, said["what"], said["url"], said["key"], tuple(said["dependencies"]))
        for name, said in known.items()
    }


def write(wanted: Wanted, folder: Path) -> list[Path]:
    """Write the package, whole or not at all, and return its files.

    Args:
        wanted: what is to be written.
        folder: where: a folder that is empty, or does not exist; those above it are made.

    Raises:
        InvalidRequest: there is something in the folder, or it cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidRequest(
                f"{folder} is there already, and is not empty; name another place with --directory.",
                parameter="directory",
            )
        files = _files(wanted)
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = folder.parent / f".impasto-{os.urandom(8).hex()}.tmp"
        try:
            for name, text in files.items():
                path = beside / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir()
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise InvalidRequest(
            f"{folder} cannot be written: {error.strerror or error}.", parameter="directory"
        ) from error
    return [folder / name for name in files]


def _files(wanted: Wanted) -> dict[str, str]:
    """Return the text of every file, by its place in the package."""
    words = _words(wanted)
    places = dict(_OF_EVERY_PLUGIN)
    places[f"src/{wanted.names.module}/__init__.py"] = f"{wanted.shape.name}/plugin.py"
    if wanted.license != "none":
        places["LICENSE"] = f"licenses/{wanted.license}"
    for path in sorted((_HERE / wanted.shape.name).glob(f"*.http{_ENDING}")):
        name = path.name.removesuffix(_ENDING)
        places[f"tests/transcripts/{name}"] = f"{wanted.shape.name}/{name}"
    files = {place: _filled_in(template, words) for place, template in sorted(places.items())}
    return {**files, f"src/{wanted.names.module}/py.typed": ""}


def _filled_in(template: str, words: Mapping[str, Any]) -> str:
    text = (_HERE / f"{template}{_ENDING}").read_text(encoding="utf-8")
    return string.Template(text).substitute(words)


def _words(wanted: Wanted) -> dict[str, str]:
    names, shape = wanted.names, wanted.shape
    is_licensed = wanted.license != "none"
    url = wanted.url or string.Template(shape.url).substitute(name=names.name)
    key = f"Its users keep their key in `{names.variable}`.\n\n" if shape.has_key else ""
    return {
        "name": names.name,
        "label": names.label,
        "module": names.module,
        "distribution": names.distribution,
        "variable": names.variable,
        "url": url,
        "about": key,
        "dependencies": ", ".join(f'"{each}"' for each in shape.dependencies),
        "hooks": ".".join(map(str, HOOK_API)),
        "license_field": f'license = "{wanted.license}"\n' if is_licensed else "",
        "license_words": f"\nLicence: {wanted.license}.\n" if is_licensed else "",
        "year": str(time.localtime().tm_year),
    }
