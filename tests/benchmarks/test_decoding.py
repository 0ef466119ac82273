"""The decoders that are compared find the same events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.decoding import DECODERS, cut, streams

SMALL = b"".join(streams()["small events (100 bytes), a chunk each"][:50])


@pytest.mark.parametrize("what", streams())
def test_every_stream_holds_the_same_for_all(what: str) -> None:
    chunks = streams()[what]
    found = {name: decode(chunks) for name, decode in DECODERS.items()}
    assert set(found.values()) == {found["impasto"]}
    assert found["impasto"] > 1_000_000


@given(size=st.integers(1, 400))
def test_however_it_is_cut(size: int) -> None:
    assert len({decode(cut(SMALL, size)) for decode in DECODERS.values()}) == 1
