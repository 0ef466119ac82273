"""The names of a new plugin, and the address of its service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from impasto.errors import InvalidRequest

LONGEST = 50
"""Characters of a plugin's name."""

_PREFIX = "impasto-"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/\[\]!&()*+,;=%@-]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Names:
    """The names that go with a plugin's name.

    Args:
        name: lower-case letters and digits, in words joined by ``-``; ``impasto-`` before it is left out.

    Raises:
        InvalidRequest: it cannot be the name of a plugin and its distribution; the message names one that can.
    """

    name: str

    def __post_init__(self) -> None:
        name = self.name.removeprefix(_PREFIX)
        if not _NAME.fullmatch(name) or len(name) > LONGEST or name == "impasto":
            raise InvalidRequest(
                f"A plugin cannot be named {self.name!r}: lower-case letters and digits, in words joined by '-', "
                f"the first of them a letter; {LONGEST} characters at most.{_instead(self.name)}",
                parameter="name",
            )
        object.__setattr__(self, "name", name)

    @property
    def distribution(self) -> str:
        """The name under which it is installed, such as ``impasto-little-brush``."""
        return f"{_PREFIX}{self.name}"

    @property
    def module(self) -> str:
        """The package that is imported, such as ``impasto_little_brush``."""
        return self.distribution.replace("-", "_")

    @property
    def label(self) -> str:
        """The name for people, such as ``Little Brush``."""
        return " ".join(word.capitalize() for word in self.name.split("-"))

    @property
    def variable(self) -> str:
        """The environment variable in which users keep their key, such as ``LITTLE_BRUSH_KEY``."""
        return f"{self.name.replace('-', '_').upper()}_KEY"


def checked_url(url: str, shape: str, usual: str, has_key: bool) -> str:  # noqa: FBT001
    """Return the address of a service, without a slash at its end.

    Args:
        url: what the user says.
        shape: the shape's name.
        usual: the address that the shape has if nothing is said; empty where it has none.
        has_key: whether requests carry a key.

    Raises:
        InvalidRequest: it is no base address, would carry keys in the clear, or the shape has none.
    """
    if not usual:
        raise InvalidRequest(f"The shape {shape} works on this machine, and has no --url.", parameter="url")
    address = url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        sound = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not _URL.fullmatch(address):
        raise InvalidRequest(
            "--url must be http:// or https:// with a host and a path at most, such as https://api.example.com/v1.",
            parameter="url",
        )
    if has_key and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidRequest("--url: keys would travel in the clear; use https://.", parameter="url")
    return address


def _instead(name: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-").removeprefix(_PREFIX)[:LONGEST].strip("-")
    return f" Try {near}." if _NAME.fullmatch(near) and near != "impasto" else ""
