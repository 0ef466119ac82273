"""Pictures in the terminal, byte for byte as its protocols have them."""

from __future__ import annotations

import base64
import io
import os
import random
import re
import threading
from collections.abc import Mapping

import pytest
from PIL import Image

from cli.terminals import open_terminal
from impasto.cli.show import protocol_of, show_in_terminal
from standins.pictures import picture


def shown(data: bytes, environ: Mapping[str, str], *, columns: int = 41, lines: int = 24) -> str:
    """Return what a terminal is sent."""
    with pytest.MonkeyPatch.context() as patch, open_terminal(columns, lines) as (stream, master):
        for name in ("TERM", "TERM_PROGRAM", "COLORTERM", "TMUX", "KITTY_WINDOW_ID"):
            patch.delenv(name, raising=False)
        for name, value in environ.items():
            patch.setenv(name, value)
        received = bytearray()

        def read() -> None:
            while not received.endswith(b"<end>"):
                received.extend(os.read(master, 65536))

        reader = threading.Thread(target=read)
        reader.start()
        result = show_in_terminal(data, stream)
        stream.write("<end>")
        stream.flush()
        reader.join()
        assert result is (received != b"<end>")
        return received.removesuffix(b"<end>").decode()


def noise(width: int, height: int) -> bytes:
    """Return a picture that does not compress."""
    encoded = io.BytesIO()
    pixels = random.Random(1).randbytes(3 * width * height)
    Image.frombytes("RGB", (width, height), pixels).save(encoded, "PNG")
    return encoded.getvalue()


def stripes(*colours: str) -> bytes:
    """Return a picture of rows one pixel high, as wide as the terminal is asked to show it."""
    encoded = io.BytesIO()
    image = Image.new("RGB", (40, len(colours)))
    for row, colour in enumerate(colours):
        image.paste(Image.new("RGB", (40, 1), colour), (0, row))
    image.save(encoded, "PNG")
    return encoded.getvalue()


@pytest.mark.parametrize(
    ("environ", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm-direct"}, "blocks"),
        ({"TERM": "xterm-256color"}, "blocks256"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux", "TERM_PROGRAM": "iTerm.app"}, "blocks256"),
        ({"TERM": "screen.xterm-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "24bit"}, "blocks"),
        ({"TERM": "xterm"}, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
    ],
)
def test_the_environment_tells_what_a_terminal_takes(environ: dict[str, str], protocol: str | None) -> None:
    assert protocol_of(environ) == protocol


def test_kitty_gets_a_png_in_chunks() -> None:
    text = shown(noise(80, 40), {"TERM": "xterm-kitty"})
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert "".join(f"\x1b_G{control};{data}\x1b\\" for control, data in parts) + "\n" == text
    controls = [control for control, _ in parts]
    assert len(controls) > 2
    # The first chunk alone has keys beside m; m is 0 in the last and 1 before.
    assert controls == ["a=T,f=100,c=40,r=10,m=1", *["m=1"] * (len(controls) - 2), "m=0"]
    assert all(len(data) == 4096 for _, data in parts[:-1])
    with Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in parts)))) as image:
        assert (image.format, image.size) == ("PNG", (80, 40))


def test_kitty_gets_a_small_picture_in_one_chunk() -> None:
    text = shown(picture(), {"TERM": "xterm-kitty"})
    assert re.fullmatch(r"\x1b_Ga=T,f=100,c=40,r=20,m=0;[A-Za-z0-9+/=]+\x1b\\\n", text)


def test_iterm_gets_a_file_with_its_size() -> None:
    text = shown(picture("WEBP", (80, 40)), {"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"})
    match = re.fullmatch(
        r"\x1b\]1337;File=inline=1;size=(\d+);width=40;height=10;preserveAspectRatio=1:([A-Za-z0-9+/=]+)\x07\n", text
    )
    assert match is not None
    data = base64.b64decode(match[2])
    assert len(data) == int(match[1])
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", (80, 40))


def test_half_blocks_have_the_upper_pixel_before_and_the_lower_behind() -> None:
    data = stripes("#ff8000", "#001020", "white", "black")
    text = shown(data, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    upper = 40 * "\x1b[38;2;255;128;0;48;2;0;16;32m▀"
    lower = 40 * "\x1b[38;2;255;255;255;48;2;0;0;0m▀"
    assert text == f"{upper}\x1b[0m\n{lower}\x1b[0m\n"


@pytest.mark.parametrize(("colour", "number"), [("#ff0000", 196), ("#5f87af", 67), ("#767676", 243), ("black", 16)])
def test_half_blocks_in_256_colours_take_the_nearest(colour: str, number: int) -> None:
    text = shown(picture(colour=colour), {"TERM": "xterm-256color"})
    assert set(re.findall(r"\x1b\[([\d;]*)m", text)) == {f"38;5;{number};48;5;{number}", "0"}


def test_colours_between_are_mixed_from_those_that_every_terminal_has_alike() -> None:
    text = shown(noise(30, 30), {"TERM": "xterm-256color"})
    numbers = {int(number) for number in re.findall(r"[34]8;5;(\d+)", text)}
    assert len(numbers) > 50
    assert numbers <= set(range(16, 256))


@pytest.mark.parametrize(("size", "cells"), [((100, 100), (40, 20)), ((400, 100), (40, 5)), ((10, 400), (1, 20))])
def test_a_picture_keeps_its_shape_and_fits(size: tuple[int, int], cells: tuple[int, int]) -> None:
    rows = shown(picture(size=size), {"TERM": "xterm-256color"}).removesuffix("\n").split("\n")
    assert (rows[0].count("▀"), len(rows)) == cells


def test_transparency_is_shown_on_white() -> None:
    encoded = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(encoded, "PNG")
    text = shown(encoded.getvalue(), {"TERM": "xterm", "COLORTERM": "truecolor"})
    assert "38;2;255;255;255;48;2;255;255;255" in text


def test_a_terminal_without_colours_is_sent_nothing() -> None:
    assert shown(picture(), {"TERM": "vt100"}) == ""


def test_a_file_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    stream = io.StringIO()
    assert show_in_terminal(picture(), stream) is False
    assert stream.getvalue() == ""
