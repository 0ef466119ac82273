"""How a provider wants its requests signed. A declaration: the core holds the keys and does the signing."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Bearer:
    """The key travels as ``Authorization: Bearer KEY`` (RFC 6750).

    Args:
        env: the environment variable in which users of the service keep its key.
        optional: whether the service also answers without a key.
        help_url: the page where keys are made.
    """

    env: str | None = None
    optional: bool = False
    help_url: str | None = None

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Bearer {key}"}

    def params(self, key: str) -> dict[str, str]:
        """Return the query fields that carry the key."""
        return {}


@dataclass(frozen=True, slots=True)
class ApiKeyHeader:
    """The key travels in a header of the service's own.

    Args:
        name: the header's name, such as ``x-key``.
        env: the environment variable in which users of the service keep its key.
        optional: whether the service also answers without a key.
        prefix: what stands before the key in the header's value, such as ``"Key "``.
        help_url: the page where keys are made.
    """

    name: str
    env: str | None = None
    optional: bool = False
    prefix: str = ""
    help_url: str | None = None

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {self.name: self.prefix + key}

    def params(self, key: str) -> dict[str, str]:
        """Return the query fields that carry the key."""
        return {}


@dataclass(frozen=True, slots=True)
class ApiKeyQuery:
    """The key travels as a query field.

    Args:
        name: the field's name, such as ``api_key``.
        env: the environment variable in which users of the service keep its key.
        optional: whether the service also answers without a key.
        help_url: the page where keys are made.
    """

    name: str
    env: str | None = None
    optional: bool = False
    help_url: str | None = None

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {}

    def params(self, key: str) -> dict[str, str]:
        """Return the query fields that carry the key."""
        return {self.name: key}


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """The key is ``user:password``, and travels as ``Authorization: Basic …`` (RFC 7617).

    Args:
        env: the environment variable in which users of the service keep it.
        optional: whether the service also answers without.
        help_url: the page that says how to set it.
    """

    env: str | None = None
    optional: bool = False
    help_url: str | None = None

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}

    def params(self, key: str) -> dict[str, str]:
        """Return the query fields that carry the key."""
        return {}


Auth: TypeAlias = Bearer | BasicAuth | ApiKeyHeader | ApiKeyQuery
"""The ways of signing that the core knows."""
