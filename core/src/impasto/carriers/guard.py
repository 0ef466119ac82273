"""Requests that leave a provider's own origins reach public addresses only, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from impasto.errors import ProtocolError

if TYPE_CHECKING:
    import httpx

_ELSEWHERE = ("darwin", "win32")
"""Systems that keep proxies elsewhere than in the environment."""


def guard(client: httpx.AsyncClient, proxy: str | None) -> httpx.AsyncClient:
    """Let a client connect to public addresses only. The check is made on the address that is connected to.

    A proxy resolves names itself, so that behind one only addresses written as numbers are checked, by `check_literal`.
    """
    if is_proxied(proxy):
        return client
    from httpx_secure import httpx_ssrf_protection

    return httpx_ssrf_protection(client)


def check_literal(url: str) -> None:
    """Refuse a URL whose host is this machine's name, or an address that is not public.

    Raises:
        ProtocolError: it is.
    """
    host = urlsplit(url).hostname or ""
    name = host.rstrip(".")
    try:
        public = ipaddress.ip_address(_as_number(name)).is_global
    except ValueError:
        public = name != "localhost" and not name.endswith(".localhost")
    if not public:
        raise not_public(host)


def _as_number(host: str) -> str:
    """Return an address in the form that is usual, of whatever form the system's resolver understands."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host


def not_public(host: object) -> ProtocolError:
    """Return the error that an address is which requests must not reach."""
    return ProtocolError(
        f"the address {host} is not public; private_addresses = true in the provider's settings allows it"
    )


def is_proxied(proxy: str | None) -> bool:
    """Tell whether requests go through a proxy: the given one, or one that the environment names."""
    if proxy is not None:
        return True
    if sys.platform not in _ELSEWHERE and not any(name.lower().endswith("_proxy") for name in os.environ):
        return False
    from urllib.request import getproxies

    return not {"http", "https", "all"}.isdisjoint(getproxies())
