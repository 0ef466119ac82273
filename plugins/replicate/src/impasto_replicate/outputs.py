"""What a prediction's output holds: pictures at addresses, and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = ("https://", "http://", "data:")
_DEEPEST = 4
_LONGEST = 2_000


def pictures_in(output: object) -> list[str]:
    """Return the addresses in an output, in order.

    A model's output is one address, a list of them, or an object that has them among its fields.
    """
    return [text for text in _texts(output) if text.startswith(_ADDRESS)]


def words_in(output: object) -> str:
    """Return the words in an output that are no addresses."""
    words = " ".join(text for text in _texts(output) if not text.startswith(_ADDRESS))
    return plain_text(words, _LONGEST)


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, list | dict):
        for each in value if isinstance(value, list) else value.values():
            yield from _texts(each, depth + 1)
