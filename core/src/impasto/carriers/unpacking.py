"""Content codings (RFC 9110, section 8.4.1), unpacked in pieces of bounded size."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from impasto.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE = 65_536
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def unpacker(content_encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """Return a function that unpacks a body chunk by chunk, into pieces of 64 KiB at most.

    Args:
        content_encoding: the header of that name. None but ``identity`` is asked for; ``gzip`` and ``deflate`` are
            understood all the same.

    Raises:
        ProtocolError: another coding was used; from the function: the data is not in that coding.
    """
    coding = content_encoding.strip().lower()
    if coding in {"", "identity"}:
        return lambda chunk: iter((chunk,))
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise ProtocolError(f"the body is in the coding {coding!r}, which was not asked for")
    return _Inflater(coding).feed


class _Inflater:
    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk:
                yield self._inflater.decompress(chunk, _PIECE)
                chunk = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise ProtocolError(f"the body cannot be decoded as {self._coding}: {error}") from error
