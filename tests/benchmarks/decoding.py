"""How fast an event stream's bytes become events: ``python -m benchmarks.decoding ROUNDS`` measures it in one process.

The same chunks go to httpx-sse's decoders, driven as its own ``EventSource`` drives them, to impasto's, and to a floor
that splits bytes where events end and knows none of the rules.
"""

from __future__ import annotations

import codecs
import functools
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time

from benchmarks.environments import Environment
from benchmarks.results import Measurement, Results, rounds

PART = "sse"
IMPASTO, HTTPX_SSE, FLOOR = "impasto", "httpx-sse", "splitting bytes"
SMALL = "small events (100 bytes), chunks of 16 KB"
ODD = "small events (100 bytes), chunks of 1,021 bytes"
SINGLE = "small events (100 bytes), a chunk each"
HUGE = "huge events (5 MB), chunks of 64 KB"

_TESTS = Path(__file__).resolve().parents[1]
_EVENT_LIMIT = 32 * 2**20


def cut(stream: bytes, size: int) -> list[bytes]:
    """Return a stream in chunks."""
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def streams() -> dict[str, list[bytes]]:
    """Return what is decoded: chunks, by what they are."""
    data = json.dumps({"step": 12, "of": 40, "preview": "x" * 44})
    small = f"event: generating\ndata: {data}\n\n".encode()
    huge = f"event: complete\ndata: {'A' * 5_000_000}\n\n".encode()
    return {
        SMALL: cut(small * 20_000, 16_384),
        ODD: cut(small * 20_000, 1_021),
        SINGLE: [small] * 20_000,
        HUGE: cut(huge * 4, 65_536),
    }


def by_impasto(chunks: Iterable[bytes]) -> int:
    """Decode; return the characters of all data."""
    from impasto.sse import Decoder

    decoder = Decoder(_EVENT_LIMIT)
    return sum(len(event.data) for chunk in chunks for event in decoder.feed(chunk))


def by_httpx_sse(chunks: Iterable[bytes]) -> int:
    """Decode as httpx-sse does, without httpx's part in it; return the characters of all data."""
    from httpx_sse._decoders import SSEDecoder, SSELineDecoder

    text, lines, decoder, characters = codecs.getincrementaldecoder("utf-8")(), SSELineDecoder(), SSEDecoder(), 0
    for chunk in chunks:
        for line in lines.decode(text.decode(chunk)):
            event = decoder.decode(line.rstrip("\n"))
            if event is not None:
                characters += len(event.data)
    return characters


def by_splitting(chunks: Iterable[bytes]) -> int:
    """Split where lines end, and trust that they come by threes; return the characters of all data."""
    characters, rest = 0, []
    for chunk in chunks:
        rest.append(chunk)
        if b"\n" not in chunk:
            continue
        lines = b"".join(rest).split(b"\n")
        whole = (len(lines) - 1) // 3 * 3
        for at in range(0, whole, 3):
            lines[at][7:].decode()
            characters += len(lines[at + 1][6:].decode())
        rest = [b"\n".join(lines[whole:])]
    return characters


DECODERS: dict[str, Callable[[Iterable[bytes]], int]] = {
    IMPASTO: by_impasto,
    HTTPX_SSE: by_httpx_sse,
    FLOOR: by_splitting,
}


def throughput(decode: Callable[[Iterable[bytes]], int], chunks: list[bytes]) -> float:
    """Return how many megabytes are decoded in a second of CPU."""
    begun = process_time()
    decode(chunks)
    return sum(map(len, chunks)) / (process_time() - begun) / 1e6


def measure(peers: Environment, count: int) -> Results:
    """Measure everything in so many rounds, in a process of its own."""
    done = subprocess.run(
        [peers.python, "-m", "benchmarks.decoding", str(count)],
        cwd=_TESTS,
        env=peers.environ(PYTHONPATH=str(_TESTS)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    results = Results()
    for what, who, values in json.loads(done.stdout):
        results.measurements.append(Measurement(PART, what, who, "MB/s", values, more_is_better=True))
    for what in (SMALL, ODD, SINGLE):
        results.compare(PART, what, IMPASTO, (what, HTTPX_SSE), 1.5, at_least=True)
    results.compare(PART, HUGE, IMPASTO, (HUGE, FLOOR), 0.8, at_least=True)
    return results


def main(count: int) -> None:
    """Measure here, and print the values of each."""
    measured = []
    for what, chunks in streams().items():
        (characters,) = {decode(chunks) for decode in DECODERS.values()}
        assert characters
        decoders = {who: functools.partial(throughput, decode, chunks) for who, decode in DECODERS.items()}
        measured += [(what, who, values) for who, values in rounds(decoders, count).items()]
    print(json.dumps(measured))


if __name__ == "__main__":
    main(int(sys.argv[1]))
