"""The live line's text, and when there is none."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.terminals import open_terminal
from impasto import Attempt, Image, ImagePreview, Progress, ProviderUnavailable
from impasto.cli.live import LiveLine
from impasto.cli.terminal import cells, shortened, size_of


@given(
    stage=st.text(),
    fraction=st.none() | st.floats(),
    detail=st.text(),
    width=st.integers(1, 200),
    previews=st.integers(0, 3),
)
def test_the_line_fits_whatever_a_provider_says(
    stage: str, fraction: float | None, detail: str, width: int, previews: int
) -> None:
    line = LiveLine(io.StringIO())
    line.update(Progress(stage, fraction, detail))
    for _ in range(previews):
        line.update(ImagePreview(Image(url="/p.png")))
    text = line.text(width)
    assert cells(text) <= width
    assert text.isprintable()


def test_what_is_least_needed_goes_first() -> None:
    line = LiveLine(io.StringIO())
    line.update(Progress("drawing", 0.5, "step 2 of 4"))
    line.update(ImagePreview(Image(url="/p.png")))
    texts = [line.text(width).partition(" ")[2].rpartition("  ")[0] for width in (72, 60, 45, 25, 16, 12)]
    bar = "##########----------  50%"
    assert texts == [
        f"drawing  {bar}  step 2 of 4  1 preview",
        f"drawing  {bar}  step 2 of 4",
        f"drawing  {bar}",
        "drawing  50%",
        "drawing",
        "dr…",
    ]
    assert line.text(8).endswith(" s")


def test_a_new_attempt_is_named_and_drops_what_the_last_one_came_to() -> None:
    line = LiveLine(io.StringIO())
    line.update(Attempt("alpha/painter", 1))
    line.update(Progress("drawing", 0.5))
    line.update(ImagePreview(Image(url="/p.png")))
    line.update(Attempt("beta/painter", 2, ProviderUnavailable("gone")))
    assert line.text(80).partition(" ")[2].rpartition("  ")[0] == "starting  attempt 2, beta/painter"


def test_an_attempt_beside_another_drops_nothing() -> None:
    line = LiveLine(io.StringIO())
    line.update(Progress("drawing", 0.5))
    line.update(ImagePreview(Image(url="/p.png")))
    line.update(Attempt("beta/painter", 2, hedge=True))
    assert "1 preview  attempt 2, beta/painter" in line.text(100)


@pytest.mark.parametrize(
    ("text", "width"), [("fox", 3), ("狐狸", 4), ("e\u0301", 1), ("🦊", 2), ("❤\ufe0f", 2), ("ｆｏｘ", 6)]
)
def test_cells_are_counted_as_terminals_do(text: str, width: int) -> None:
    assert cells(text) == width


@given(st.text(), st.integers(0, 20))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    assert cells(shortened(text, width)) <= width


def test_nothing_is_drawn_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    with LiveLine(stream) as line:
        line.update(Progress("drawing"))
    assert stream.getvalue() == ""


def test_a_terminal_that_has_no_unicode_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "vt100")
    with open_terminal(encoding="ascii") as (stream, _):
        line = LiveLine(stream)
        line.update(Progress("drawing", 0.25))
        assert "#####---------------" in line.text(80)


def test_the_size_is_that_of_the_terminal_written_to() -> None:
    with open_terminal(columns=33, lines=7) as (stream, _):
        assert size_of(stream) == (33, 7)
