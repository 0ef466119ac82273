"""Who installs into this environment: pip, uv or pipx; and the command that each takes for it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import InvalidRequest

_TOOL = "uv-receipt.toml"
_PIPX = "pipx_metadata.json"


@dataclass(frozen=True, slots=True)
class Installer:
    """What installs into an environment.

    Attributes:
        name: ``pip``, ``uv``, ``uv tool`` or ``pipx``.
        program: the words that start it.
        target: the environment, as it wants to have it named: words, or none.
        kept: for ``uv tool``: the words for what the tool is made of already.
    """

    name: str
    program: tuple[str, ...]
    target: tuple[str, ...] = ()
    kept: tuple[tuple[str, ...], ...] = ()

    def install(self, requirement: str, extra: tuple[str, ...] = ()) -> list[str]:
        """Return the command that installs a distribution.

        Args:
            requirement: a name, with versions if wanted; or the path of a wheel or project.
            extra: further arguments of the installer.
        """
        match self.name:
            case "pipx":
                return [*self.program, "inject", *extra, *self.target, requirement]
            case "uv tool":
                return [
                    *self.program,
                    "tool",
                    "install",
                    *extra,
                    *self._others_than(requirement),
                    "--with",
                    requirement,
                ]
            case "uv":
                return [*self.program, "pip", "install", *self.target, *extra, requirement]
            case _:
                return [*self.program, "install", *extra, requirement]

    def uninstall(self, name: str, extra: tuple[str, ...] = ()) -> list[str]:
        """Return the command that removes a distribution.

        Args:
            name: the distribution's.
            extra: further arguments of the installer.
        """
        match self.name:
            case "pipx":
                return [*self.program, "uninject", *extra, *self.target, name]
            case "uv tool":
                return [*self.program, "tool", "install", *extra, *self._others_than(name)]
            case "uv":
                return [*self.program, "pip", "uninstall", *self.target, *extra, name]
            case _:
                return [*self.program, "uninstall", "--yes", *extra, name]

    def _others_than(self, requirement: str) -> list[str]:
        """Return the words for what the tool is made of, but for a distribution."""
        return [
            word
            for words in self.kept
            if words[0] != "--with" or _name_of(words[1]) != _name_of(requirement)
            for word in words
        ]


def installer() -> Installer:
    """Return what installs into the environment in which this runs.

    Raises:
        InvalidRequest: nothing may, or nothing is there that can; the message says what to do instead.
    """
    prefix = Path(sys.prefix)
    pipx, uv = shutil.which("pipx"), find_uv()
    has_pip = importlib.util.find_spec("pip") is not None
    if (prefix / _PIPX).is_file() and pipx:
        return Installer("pipx", (pipx,), (prefix.name,))
    if (prefix / _TOOL).is_file():
        if uv is None:
            raise InvalidRequest("This impasto was installed with uv tool, and there is no uv on the PATH.")
        return _tool(uv, prefix / _TOOL)
    if sys.prefix == sys.base_prefix and (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file():
        raise InvalidRequest(
            "This Python belongs to the system, which installs into it with its own package manager (PEP 668). Have "
            "impasto in an environment of its own: pipx install impasto, uv tool install impasto, or python -m venv."
        )
    if has_pip:
        return Installer("pip", (sys.executable, "-m", "pip"))
    if uv is not None:
        return Installer("uv", (uv,), ("--python", sys.executable))
    raise InvalidRequest(
        f"There is no pip in this environment, and no uv on the PATH. To have pip: {sys.executable} -m ensurepip."
    )


def find_uv() -> str | None:
    """Return the path of uv: the one on the PATH, or the one beside this Python; None where there is none."""
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    return shutil.which("uv") or (str(beside) if beside.is_file() else None)


def _tool(uv: str, receipt: Path) -> Installer:
    """Return what installs into a tool's environment, which is made anew of all that it is to hold."""
    try:
        said = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]
        tool, *others = [_words(each) for each in said["requirements"]]
        python = ("--python", str(said["python"])) if "python" in said else ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(
            f"{receipt} says in a way that is not known what the tool is made of ({error}). "
            "Install it anew: uv tool install impasto --with impasto-NAME."
        ) from error
    tool = ("--editable", tool[1]) if tool[0] == "--with-editable" else tool[1:]
    return Installer("uv tool", (uv,), (), (tool, *others, *([python] if python else [])))


def _words(said: dict[str, Any]) -> tuple[str, ...]:
    """Return a requirement of a uv receipt as words of the command line."""
    if unknown := set(said) - {"name", "extras", "specifier", "url", "path", "directory", "editable"}:
        raise ValueError(", ".join(sorted(unknown)))
    if "editable" in said:
        return "--with-editable", str(said["editable"])
    extras = f"[{','.join(said['extras'])}]" if said.get("extras") else ""
    place = next((str(said[key]) for key in ("url", "path", "directory") if key in said), "")
    return "--with", f"{said['name']}{extras}" + (f" @ {place}" if place else said.get("specifier", ""))


def _name_of(requirement: str) -> str:
    """Return the name that a requirement begins with; of a path, nothing that is a name."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match[0] if match else ""
