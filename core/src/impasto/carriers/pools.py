"""The connections: in pools of bounded size, of which there are as many as are needed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

from impasto.carriers.guard import guard
from impasto.errors import InvalidRequest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

POOL_SIZE = 16
"""Exchanges at once in one pool.

httpcore looks through all connections of a pool, and asks each idle one whether it is still open, whenever a request
begins or ends: 200 exchanges at once cost three times as much in one pool as in pools of this size.
"""


@dataclass(slots=True)
class _Pool:
    client: httpx.AsyncClient
    exchanges: int = 0


class Pools:
    """Owns the connections."""

    def __init__(self) -> None:
        self._pools: dict[tuple[str | None, bool], list[_Pool]] = {}
        self._tls: ssl.SSLContext | None = None

    @contextlib.contextmanager
    def client(self, proxy: str | None, *, guarded: bool) -> Iterator[httpx.AsyncClient]:
        """Lend a client for one exchange: the first that has room, so that connections are used again.

        Args:
            proxy: the proxy's URL; None for what the environment says.
            guarded: whether it reaches public addresses only.

        Raises:
            InvalidRequest: the proxy's URL cannot be used.
        """
        pools = self._pools.setdefault((proxy, guarded), [])
        pool = next((each for each in pools if each.exchanges < POOL_SIZE), None)
        if pool is None:
            client = self._made(proxy)
            pool = _Pool(guard(client, proxy) if guarded else client)
            pools.append(pool)
        pool.exchanges += 1
        try:
            yield pool.client
        finally:
            pool.exchanges -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pools = self._pools.popitem()
            for pool in pools:
                await pool.client.aclose()

    def _made(self, proxy: str | None) -> httpx.AsyncClient:
        try:
            self._tls = self._tls or httpx.create_ssl_context()
            client = httpx.AsyncClient(
                proxy=proxy,
                verify=self._tls,
                follow_redirects=False,
                headers={"User-Agent": "impasto", "Accept-Encoding": "identity"},
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
            )
        except (ValueError, httpx.InvalidURL, ImportError) as error:
            source = "proxy" if proxy else "the environment's proxy (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"
            raise InvalidRequest(f"{source} cannot be used: {error}", parameter="proxy") from error
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client
