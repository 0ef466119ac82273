"""Requests that leave a provider's own origins reach public addresses only, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from httpx_secure import httpx_ssrf_protection

from impasto.carriers.failures import ALLOW_PRIVATE
from impasto.errors import ProtocolError

if TYPE_CHECKING:
    import httpx


def guard(client: httpx.AsyncClient, proxy: str | None) -> httpx.AsyncClient:
    """Let a client connect to public addresses only. The check is made on the address that is connected to.

    A proxy resolves names itself, so that behind one only addresses written as numbers are checked, by `check_literal`.
    """
    return client if is_proxied(proxy) else httpx_ssrf_protection(client)


def check_literal(url: str) -> None:
    """Refuse a URL whose host is this machine's name, or an address that is not public.

    Raises:
        ProtocolError: it is.
    """
    host = urlsplit(url).hostname or ""
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        public = host != "localhost" and not host.endswith(".localhost")
    if not public:
        raise ProtocolError(f"the address {host} is not public; {ALLOW_PRIVATE}")


def is_proxied(proxy: str | None) -> bool:
    """Tell whether requests go through a proxy: the given one, or one that the environment names."""
    return proxy is not None or not {"http", "https", "all"}.isdisjoint(urllib.request.getproxies())
