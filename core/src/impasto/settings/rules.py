"""What each setting may be, wherever it stands: the file, the environment or the program."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from impasto.errors import SettingsError
from impasto.settings.secret import Secret

Place: TypeAlias = tuple[str, ...]
"""Where a setting stands: the tables around it and its key, outermost first."""

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header field: a token (RFC 9110, section 5.6.2)."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}")
_SECTION = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?(/[A-Za-z0-9._:@/-]{1,200})?")
_PRINTABLE = re.compile(r"[ -~]+")
_HEADER_VALUE = re.compile(r"[ -~\t]*")
_KINDS = {bool: "true or false", str: "text", int: "a whole number", float: "a number", list: "a list"}


class Fault(SettingsError):
    """A setting breaks its rule.

    Attributes:
        place: where it stands.
        reason: the rule, in words; never a value that might be a key.
    """

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{dotted(place)}: {reason}")
        self.place = place
        self.reason = reason


def dotted(place: Place) -> str:
    """Return a place as TOML writes it: ``providers."a/b".url``."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in place)


def kind_of(value: object) -> str:
    """Return what kind of value this is, in words."""
    kinds = (words for kind, words in _KINDS.items() if isinstance(value, kind))
    return next(kinds, "a table" if isinstance(value, Mapping) else f"a {type(value).__name__}")


def table(value: object, place: Place, known: Iterable[str] | None = None) -> Mapping[str, object]:
    """Return the value if it is a table, of which every key is known (None for any text)."""
    if not isinstance(value, Mapping):
        raise Fault(place, f"must be a table, not {kind_of(value)}")
    names = sorted(known) if known is not None else None
    for key in value:
        if not isinstance(key, str):
            raise Fault((*place, str(key)), "a key must be text")
        if names is not None and key not in names:
            import difflib

            near = difflib.get_close_matches(key, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            raise Fault((*place, key), f"there is no such setting; {hint}")
    return value


def text(value: object, place: Place) -> str:
    """Return the value if it is text that is not blank."""
    if not isinstance(value, str):
        raise Fault(place, f"must be text, not {kind_of(value)}")
    if not value.strip():
        raise Fault(place, "is blank")
    return value


def model_name(value: object, place: Place) -> str:
    """Return the value if it can be the name of a model or an alias."""
    name = text(value, place).strip()
    if not _NAME.fullmatch(name):
        raise Fault(place, "a name is letters, digits and . _ : @ / -")
    return name


def model_names(value: object, place: Place) -> tuple[str, ...]:
    """Return the names in a list of them; text is a list of one."""
    if isinstance(value, str):
        return (model_name(value, place),)
    if not isinstance(value, list | tuple):
        raise Fault(place, f"must be a name or a list of names, not {kind_of(value)}")
    if not value:
        raise Fault(place, "the list is empty")
    return tuple(model_name(each, place) for each in value)


def plugin_names(value: object, place: Place) -> tuple[str, ...]:
    """Return the names of plugins in a list of them."""
    if not isinstance(value, list | tuple):
        raise Fault(place, f"must be a list of the names of plugins, not {kind_of(value)}")
    return tuple(dict.fromkeys(text(each, place).strip() for each in value))


def section_name(value: str, place: Place) -> str:
    """Return the value if it can be a provider's id, or ``provider/model``."""
    if not _SECTION.fullmatch(value):
        raise Fault(place, "a provider's id is lower-case letters, digits and . _ -; behind it may stand /model")
    return value


def seconds(value: object, place: Place) -> float:
    """Return the value if it is a positive, finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault(place, f"must be a number of seconds, not {kind_of(value)}")
    if not 0 < value <= sys.float_info.max:
        raise Fault(place, f"must be a positive number of seconds, not {value}")
    return float(value)


def whole(value: object, place: Place, lowest: int = 1) -> int:
    """Return the value if it is a whole number, `lowest` or more."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(place, f"must be a whole number, not {kind_of(value)}")
    if value < lowest:
        raise Fault(place, f"must be {lowest} or more, not {value}")
    return value


def truth(value: object, place: Place) -> bool:
    """Return the value if it is true or false."""
    if not isinstance(value, bool):
        raise Fault(place, f"must be true or false, not {kind_of(value)}")
    return value


def url(value: object, place: Place) -> str:
    """Return the value if it is an http(s) address with a path at most, without a slash at its end."""
    rule = "must be http:// or https:// with a host and a path at most: no user, password, query or fragment"
    address = _address(value, place, {"http", "https"}, rule)
    if "@" in urlsplit(address).netloc:
        raise Fault(place, rule)
    return address


def origin(value: object, place: Place) -> str:
    """Return the value if it is an origin: scheme, host and perhaps a port."""
    address = url(value, place)
    if urlsplit(address).path:
        raise Fault(place, "must be an origin, such as https://files.example.com, without a path")
    return address


def proxy(value: object, place: Place) -> str:
    """Return the value if it is the address of a proxy; it may hold a user and a password."""
    rule = "must be the address of a proxy, such as http://localhost:3128; also https, socks5 and socks5h"
    return _address(value, place, {"http", "https", "socks5", "socks5h"}, rule)


def headers(value: object, place: Place) -> dict[str, str]:
    """Return a table of headers, if every name and value is one that HTTP allows."""
    found = {}
    for name, content in table(value, place).items():
        if not HEADER_NAME.fullmatch(name):
            raise Fault((*place, name), "is not the name of a header")
        if not isinstance(content, str):
            raise Fault((*place, name), f"must be text, not {kind_of(content)}")
        if not _HEADER_VALUE.fullmatch(content):
            raise Fault((*place, name), "holds a line break, or another character that no header can carry")
        found[name] = content.strip()
    return found


def key(value: object, place: Place) -> Secret:
    """Return a key, without the spaces and line ends around it; its rule is that of a header's value."""
    content = value.reveal() if isinstance(value, Secret) else text(value, place)
    content = content.strip()
    if not content:
        raise Fault(place, "is blank")
    if not _PRINTABLE.fullmatch(content):
        raise Fault(place, "the key holds a line break, or another character that no header can carry")
    return Secret(content)


def _address(value: object, place: Place, schemes: set[str], rule: str) -> str:
    # The value is never repeated: a password may stand in it.
    address = text(value, place).strip()
    try:
        parts = urlsplit(address)
        sound = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not re.fullmatch(r"[^\s\x00-\x20\x7f\\?#]+", address):
        raise Fault(place, rule)
    return address.rstrip("/")
