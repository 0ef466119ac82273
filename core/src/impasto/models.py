"""What a plugin offers: a provider, and the models it serves."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from impasto.request import ImageRequest

if TYPE_CHECKING:
    from impasto.auth import Auth
    from impasto.sizes import SizeRule

_PROVIDER_ID = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}")
_FIELDS = frozenset(each.name for each in dataclasses.fields(ImageRequest)) - {"prompt", "id"}


@dataclass(frozen=True, slots=True)
class Range:
    """A parameter's values: numbers between two bounds, both included. For ``images``: how many."""

    minimum: float
    maximum: float

    def admits(self, value: Any) -> bool:
        """Tell whether the value, or how many there are of it, is within the bounds."""
        number: float = len(value) if isinstance(value, tuple) else value
        return bool(self.minimum <= number <= self.maximum)

    def describe(self) -> str:
        """Return the rule in words."""
        if self.minimum == self.maximum:
            return f"{self.minimum:g}"
        return (
            f"from {self.minimum:g} to {self.maximum:g}"
            if self.maximum < 1e6
            else f"from {self.minimum} to {self.maximum}"
        )


@dataclass(frozen=True, slots=True)
class Choices:
    """A parameter's values: one of a few. For ``extra``: the names of the fields it may hold."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        object.__setattr__(self, "values", values)

    def admits(self, value: Any) -> bool:
        """Tell whether the value is one of the few."""
        if isinstance(value, Mapping):
            return all(name in self.values for name in value)
        return value in self.values

    def describe(self) -> str:
        """Return the rule in words."""
        return "one of " + ", ".join(str(value) for value in self.values)


Accepted: TypeAlias = Range | Choices | None
"""What a model takes for one parameter; None for any value that an `ImageRequest` can hold."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A service: where requests go and how they are signed.

    Args:
        id: lower case, the name by which users and settings know it.
        label: its name for people.
        url: the base of its address; payload urls are appended to it. Empty for a provider without a network.
        auth: how requests are signed; None where no key exists.
        origins: other origins (``https://host``) that belong to the provider and may see its key.
        working: False for a service known to be down: listed, but skipped by alias.
        default_model: the model meant by the provider's id alone.
        max_concurrency: how many requests at once it bears; None where no limit is known.
    """

    id: str
    label: str = ""
    url: str = ""
    auth: Auth | None = None
    origins: tuple[str, ...] = ()
    working: bool = True
    default_model: str | None = None
    max_concurrency: int | None = None

    def __post_init__(self) -> None:
        if not _PROVIDER_ID.fullmatch(self.id):
            raise ValueError(f"a provider's id is lower-case letters, digits, '.', '_' and '-', not {self.id!r}")
        check_url(self.url, f"provider {self.id!r}")


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a provider serves, and what can be asked of it.

    Args:
        provider: the service.
        id: the model's name there.
        aliases: other names; several providers may offer the same alias.
        accepts: the `ImageRequest` fields that it takes beside the prompt, each with a `Range`, `Choices` or None.
            ``width`` and ``height`` are declared by ``size`` alone.
        defaults: values for fields that the user leaves out.
        size: the rule for its sizes, or a list of them; None where the server alone decides.
        url: the model's own address, where it is not at the provider's url.
        label: its name for people.
        priority: among the models of one alias, the higher comes first, unless the user orders them.
        requires: fields without which it draws nothing, such as ``images`` for a model that only edits.
        deprecated: what the service says of its end, in words, such as ``retires 2027-01-15``; empty for nothing. A
            model that is to go has no aliases.
    """

    provider: Provider
    id: str
    aliases: tuple[str, ...] = ()
    accepts: Mapping[str, Accepted] = field(default_factory=dict, hash=False)
    defaults: Mapping[str, Any] = field(default_factory=dict, hash=False)
    size: SizeRule | tuple[tuple[int, int], ...] | None = None
    url: str | None = None
    label: str = ""
    priority: int = 0
    requires: tuple[str, ...] = ()
    deprecated: str = ""

    def __post_init__(self) -> None:
        for name in (self.id, *self.aliases):
            if not is_name(name):
                raise ValueError(f"a model's name is letters, digits and . _ : @ / -, not {name!r}")
        for name in (*self.accepts, *self.defaults, *self.requires):
            if name not in _FIELDS:
                raise ValueError(f"model {self.id!r}: {name!r} is not a field of ImageRequest")
        check_url(self.url or "", f"model {self.id!r}")

    @property
    def name(self) -> str:
        """The full name, ``provider/model``."""
        return f"{self.provider.id}/{self.id}"


def is_name(text: str) -> bool:
    """Tell whether a model can have this name."""
    return bool(_NAME.fullmatch(text))


def check_url(url: str, owner: str) -> None:
    """Raise `ValueError`, naming the owner, unless a base url is empty, or http(s) with a host and at most a path."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{owner}: the url must be http:// or https:// with a host and a path at most, not {url!r}")
