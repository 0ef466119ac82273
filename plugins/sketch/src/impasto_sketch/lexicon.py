"""What words mean: this plugin's own vocabulary first, then the names that emoji have in fourteen languages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import emoji

from impasto_sketch.script import fold, stems, words_of

_PICTURELESS = (
    (0x0023, 0x00AE),
    (0x203C, 0x23FF),
    (0x24C2, 0x25FE),
    (0x2611, 0x2611),
    (0x261D, 0x2653),
    (0x2660, 0x267F),
    (0x2692, 0x269C),
    (0x26A7, 0x26AB),
    (0x26CE, 0x26D4),
    (0x2702, 0x2705),
    (0x270A, 0x271D),
    (0x2733, 0x2734),
    (0x2747, 0x2763),
    (0x2795, 0x303D),
    (0x3297, 0x3299),
    (0x1F170, 0x1F2FF),
    (0x1F300, 0x1F321),
    (0x1F324, 0x1F32C),
    (0x1F3A6, 0x1F3A6),
    (0x1F3DE, 0x1F3DE),
    (0x1F3FB, 0x1F3FF),
    (0x1F440, 0x1F450),
    (0x1F4A0, 0x1F4AF),
    (0x1F4F4, 0x1F4F6),
    (0x1F500, 0x1F53D),
    (0x1F549, 0x1F549),
    (0x1F54B, 0x1F567),
    (0x1F590, 0x1F596),
    (0x1F600, 0x1F64F),
    (0x1F6AB, 0x1F6B1),
    (0x1F6B3, 0x1F6B3),
    (0x1F6B7, 0x1F6C5),
    (0x1F6D0, 0x1F6D1),
    (0x1F7E0, 0x1F7F0),
    (0x1F90C, 0x1F915),
    (0x1F917, 0x1F92F),
    (0x1F970, 0x1F97A),
    (0x1FAE0, 0x1FAE8),
    (0x1FAF0, 0x1FAF8),
)
_FACES = frozenset(
    [
        "face",
        "head",
        "tete",
        "rosto",
        "cara",
        "muso",
        "morda",
        "gesicht",
        "морда",
        "лицо",
        "wajah",
        "yuzu",
        "وجه",
        "صورت",
    ]
)
_HEAD_FIRST = frozenset({"fr", "es", "it", "pt", "id", "ar", "fa"})


class Vocabulary:
    """One language's words, each with the concept it stands for.

    A concept is one of those in `concepts.py`, a number, or an emoji. In the files under ``vocabulary/``, a ``*`` at
    a word's end stands for any ending, and ``_`` joins the words of a phrase.
    """

    def __init__(self, language: str) -> None:
        self.exact: dict[tuple[str, ...], str] = {}
        self.beginnings: dict[str, str] = {}
        text = (files(__package__) / "vocabulary" / f"{language}.txt").read_text(encoding="utf-8")
        for line in text.splitlines():
            concept, _, words = line.partition(" = ")
            for word in words.split():
                if word.endswith("*"):
                    self.beginnings.setdefault(fold(word[:-1]), concept)
                else:
                    self.exact.setdefault(tuple(words_of(word.replace("_", " "))), concept)

    def find(self, words: tuple[str, ...]) -> str | None:
        """Return the concept of a word or phrase, or None."""
        if concept := self.exact.get(words):
            return concept
        if len(words) != 1:
            return None
        word = words[0]
        return next((found for end in range(len(word), 2, -1) if (found := self.beginnings.get(word[:end]))), None)


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of a language, read once."""
    return Vocabulary(language)


class Names:
    """The names that emoji have in one language.

    Attributes:
        singles: the names of one word, as they are written.
    """

    def __init__(self, language: str) -> None:
        if language != "en":
            emoji.config.load_language(language)
        self.language = language
        self.singles: set[str] = set()
        self._whole: dict[tuple[str, ...], str] = {}
        self._parts: dict[str, str] = {}
        for symbol, data in emoji.EMOJI_DATA.items():
            if data["status"] == emoji.STATUS["fully_qualified"] and is_drawable(symbol):
                for name in (data.get(language, ""), *(data.get("alias", ()) if language == "en" else ())):
                    self._learn(symbol, [fold(word) for word in name.strip(":").split("_") if word])

    def _learn(self, symbol: str, words: list[str]) -> None:
        words = [word for word in words if word not in _FACES] or words
        if not words:
            return
        symbol = symbol.removesuffix("\ufe0f")
        if len(words) == 1:
            self.singles.add(words[0])
            for stem in stems(words[0], self.language):
                self._whole.setdefault((stem,), symbol)
        elif len(words) <= 4:
            self._whole.setdefault(tuple(max(stems(word, self.language)[-1:]) for word in words), symbol)
            head = words[0] if self.language in _HEAD_FIRST else words[-1]
            if len(words) <= 2 and len(head) >= 4:
                self._parts.setdefault(head, symbol)

    def find(self, words: tuple[str, ...]) -> str | None:
        """Return the emoji of that name, whatever the endings of its words; or None."""
        if len(words) > 1:
            return self._whole.get(tuple(stems(word, self.language)[-1] for word in words))
        for stem in stems(words[0], self.language):
            if symbol := self._whole.get((stem,)):
                return symbol
        return next((part for stem in stems(words[0], self.language) if (part := self._parts.get(stem))), None)


@cache
def names(language: str) -> Names:
    """Return the emoji names of a language, read once."""
    return Names(language)


def is_drawable(symbol: str) -> bool:
    """Tell whether an emoji shows a thing: not a sign, a flag, a hand, a mood or a whole view."""
    symbol = symbol.removesuffix("\ufe0f")
    return len(symbol) == 1 and not any(first <= ord(symbol) <= last for first, last in _PICTURELESS)
