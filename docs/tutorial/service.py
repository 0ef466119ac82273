"""Gouache, a service made up for the tutorial: it paints hills under a sky, and tells of it while it does.

Run it with ``python service.py``, and stop it with Ctrl-C. It needs nothing but Python, and listens on this machine
alone. The key is ``indigo``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import struct
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "indigo"
SIZES = range(64, 1025)
STAGES = (16, 8, 4, 1)
"""A painting begins coarse: the side of what is one pixel, in pixels of the finished picture."""

COLOURS = {
    "red": (196, 62, 48),
    "orange": (232, 130, 50),
    "yellow": (240, 196, 84),
    "gold": (222, 168, 62),
    "green": (66, 132, 92),
    "teal": (42, 126, 132),
    "blue": (58, 98, 158),
    "indigo": (62, 58, 128),
    "violet": (124, 84, 150),
    "pink": (226, 140, 150),
    "white": (240, 236, 226),
    "grey": (128, 132, 138),
    "black": (36, 34, 44),
}
Colour = tuple[int, int, int]


def paint(prompt: str, seed: int, width: int, height: int, coarse: int = 1) -> bytes:
    """Return a PNG: the prompt's first colour is the sky's, the second the hills'; a sun or a moon, if it names one.

    Args:
        prompt: what to paint.
        seed: the same seed paints the same hills.
        width: of the finished picture, in pixels.
        height: of the finished picture, in pixels.
        coarse: how many of these pixels, to each side, are one pixel of what is returned.
    """
    words = prompt.lower().replace(",", " ").split()
    drawn = random.Random(f"{seed} {prompt}")  # noqa: S311
    named = [COLOURS[word] for word in words if word in COLOURS]
    sky, land = (*named, *drawn.sample(list(COLOURS.values())[:-3], 2))[:2]
    ridges = [_ridge(drawn, depth) for depth in range(5)]
    disc = (drawn.uniform(0.25, 0.75), drawn.uniform(0.2, 0.4), 0.09) if {"sun", "moon"} & set(words) else None
    glow = (250, 244, 226) if "moon" in words else (255, 226, 160)
    columns, rows = width // coarse, height // coarse
    lines = [[ridge(x / columns) for ridge in ridges] for x in range(columns)]
    pixels = []
    for y in range(rows):
        down = y / rows
        air = _mixed(sky, (255, 246, 228), 0.15 + 0.6 * down)
        row = bytearray()
        for x in range(columns):
            depth = sum(down > line for line in lines[x])
            colour = _mixed(air, land, 0.25 + 0.16 * depth) if depth else air
            if depth == 0 and disc is not None:
                away = math.hypot((x / columns - disc[0]) * width / height, down - disc[1]) / disc[2]
                colour = glow if away < 1 else _mixed(colour, glow, 0.5 / (away * away))
            row += bytes(colour if depth < 4 else _mixed(colour, (24, 20, 34), 0.16 * (depth - 3)))
        pixels.append(bytes(row))
    return _png(columns, pixels)


def _ridge(drawn: random.Random, depth: int) -> Any:
    waves = [(drawn.uniform(0.5, 1) / rate, rate * drawn.uniform(2, 4), drawn.uniform(0, 7)) for rate in (1, 2, 5, 11)]
    return lambda x: 0.5 + 0.1 * depth + 0.05 * sum(high * math.sin(rate * x + begin) for high, rate, begin in waves)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    kept = 1 - share
    return (
        int(one[0] * kept + other[0] * share),
        int(one[1] * kept + other[1] * share),
        int(one[2] * kept + other[2] * share),
    )


def _png(width: int, rows: list[bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class Gouache(BaseHTTPRequestHandler):
    """``POST /v1/images`` paints; ``GET /v1/images/…`` returns what is painted."""

    numbers = itertools.count(1)
    paintings: dict[str, bytes] = {}  # noqa: RUF012

    def do_POST(self) -> None:
        """Paint, and tell of it as server-sent events."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        width, height = asked.get("width", 512), asked.get("height", 512)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._answer(401, {"error": "this is not the key"})
        elif self.path != "/v1/images":
            self._answer(404, {"error": "paintings are made at /v1/images"})
        elif width not in SIZES or height not in SIZES:
            self._answer(400, {"error": f"sides are {SIZES[0]} to {SIZES[-1]} pixels"})
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self._paint(asked["prompt"], asked.get("seed", random.randrange(2**32)), width, height)  # noqa: S311

    def _paint(self, prompt: str, seed: int, width: int, height: int) -> None:
        if "sword" in prompt.lower():
            self._say("refused", {"reason": "Gouache paints no swords."})
            return
        number = next(self.numbers)
        for stage, coarse in enumerate(STAGES, 1):
            path = f"/v1/images/{number}-{stage}.png"
            self.paintings[path] = paint(prompt, seed, width, height, coarse)
            address = f"http://{self.headers['Host']}{path}"
            if coarse > 1:
                self._say("progress", {"done": stage / len(STAGES), "preview": address})
            else:
                self._say("finished", {"image": address, "seed": seed})

    def do_GET(self) -> None:
        """Return a painting."""
        painting = self.paintings.get(self.path)
        if painting is None:
            self._answer(404, {"error": "there is no such painting"})
        else:
            self._send(200, "image/png", painting)

    def _say(self, event: str, data: dict[str, Any]) -> None:
        self.wfile.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def _answer(self, status: int, data: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(data).encode())

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Gouache, the service of impasto's tutorial.")
    parser.add_argument("--port", type=int, default=8077, help="0 for any that is free")
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Gouache) as server:
        print(f"Gouache listens on http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Gouache has gone home.")  # noqa: T201


if __name__ == "__main__":
    main()
