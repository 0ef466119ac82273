"""A connection to an origin on asyncio, over whichever of its addresses answers first."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import anyio

from impasto.carriers.connection import Connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

Origin = tuple[str, str, int]
"""Scheme, host and port."""

HEAD_START = 0.25
"""Seconds that an address has before the next one is tried beside it (RFC 8305, section 5)."""


async def first_to_connect(
    origin: Origin, tls: Callable[[], ssl.SSLContext] | None, settled: Callable[[Connection], None]
) -> Connection:
    """Return a connection over the first of the origin's addresses that takes one.

    `asyncio`'s own race over addresses loses the winner's socket when it is cancelled in the moment of the victory.

    Args:
        origin: where to.
        tls: makes the TLS context; None for a connection in the clear.
        settled: what the connection calls when it is free, or closed.

    Raises:
        OSError: the name has no address, or none of them takes the connection; TLS failed.
    """
    addresses = await _addresses_of(origin)
    if len(addresses) == 1:
        return await _connect(addresses[0], origin, tls, settled)
    winner: Connection | None = None
    errors: list[OSError] = []
    try:
        async with anyio.create_task_group() as attempts:

            async def attempt(address: str, failed: anyio.Event) -> None:
                nonlocal winner
                try:
                    connection = await _connect(address, origin, tls, settled)
                except OSError as error:
                    errors.append(error)
                    failed.set()
                    return
                if winner is None:
                    winner = connection
                    attempts.cancel_scope.cancel()
                else:
                    connection.close()

            for address in addresses:
                failed = anyio.Event()
                attempts.start_soon(attempt, address, failed)
                with anyio.move_on_after(HEAD_START):
                    await failed.wait()
    except BaseException:
        if winner is not None:
            winner.close()
        raise
    if winner is None:
        raise errors[-1]
    return winner


async def _connect(
    address: str, origin: Origin, tls: Callable[[], ssl.SSLContext] | None, settled: Callable[[Connection], None]
) -> Connection:
    _, host, port = origin
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(settled),
        address,
        port,
        ssl=tls() if tls else None,
        server_hostname=host if tls else None,
    )
    return connection


async def _addresses_of(origin: Origin) -> list[str]:
    """Return the addresses of a host, those of both families by turns."""
    _, host, port = origin
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        pass
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first = [str(info[4][0]) for info in infos if info[0] == infos[0][0]]
    others = [str(info[4][0]) for info in infos if info[0] != infos[0][0]]
    by_turns: dict[str, None] = {}
    for place in range(max(len(first), len(others))):
        by_turns.update(dict.fromkeys((*first[place : place + 1], *others[place : place + 1])))
    return list(by_turns)
