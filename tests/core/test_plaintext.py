"""What a server said, fit for one line of an error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from impasto import plain_text


def test_a_page_is_reduced_to_its_words() -> None:
    page = "<!DOCTYPE html><html><head><style>p{}</style><script>x()</script></head><body><p>Space is\n sleeping</p>"
    assert plain_text(page) == "Space is sleeping"


def test_a_link_leaves_its_words_and_entities_are_read() -> None:
    assert plain_text('quota &lt;0&gt;: <a href="https://x.example">log in</a>') == "quota <0>: log in"


def test_less_than_is_not_markup() -> None:
    assert plain_text("64 < 256 and 3 > 2, a<b") == "64 < 256 and 3 > 2, a<b"


def test_terminal_escapes_do_not_get_through() -> None:
    assert plain_text("\x1b[31mred\x1b]0;title\x07") == "[31mred ]0;title"


@given(st.text(), st.integers(1, 50))
def test_the_result_is_printable_and_bounded(text: str, limit: int) -> None:
    result = plain_text(text, limit)
    assert len(result) <= limit
    assert result.isprintable()
