"""Letters and words: which script a text is in, one spelling for many, and the endings that words take."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LATIN = ("en", "de", "fr", "es", "it", "pt", "tr", "id")
"""Languages written in Latin letters; where a text fits several equally well, the first is meant."""

UNSPACED = frozenset({"zh", "ja", "ko"})
"""Languages whose words are found by looking for them, not by splitting at spaces."""

_ENDINGS = {
    "en": "s es",
    "de": "e n en er es s ern",
    "fr": "s x e es",
    "es": "s es o a os as",
    "it": "o a i e",
    "pt": "s es o a os as",
    "tr": "i in e de den ler lar da",
    "id": "",
    "ru": "а я у ю ы и е о ь ой ей ою ею ом ем ам ям ах ях ами ями ов ев",
    "ar": "ة ات ين",
    "fa": "ها ان ی",
}
_RANGES = (
    (0x0400, 0x052F, "ru"),
    (0x0600, 0x06FF, "ar"),
    (0x0750, 0x077F, "ar"),
    (0x3040, 0x30FF, "ja"),
    (0x31F0, 0x31FF, "ja"),
    (0x3400, 0x4DBF, "zh"),
    (0x4E00, 0x9FFF, "zh"),
    (0x1100, 0x11FF, "ko"),
    (0xAC00, 0xD7AF, "ko"),
)
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "ı": "i", "ي": "ی", "ك": "ک", "\u200c": " "})
_WORD = re.compile(r"[\w'-]+")


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """Return one spelling for the many of a word: lower case, without accents (kana keep theirs)."""
    word = unicodedata.normalize("NFKC", word).casefold().translate(_APOSTROPHES)
    if word.isascii() or any(0x3000 <= ord(letter) <= 0x30FF or 0xAC00 <= ord(letter) <= 0xD7AF for letter in word):
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if unicodedata.category(letter) != "Mn")


@lru_cache(maxsize=4096)
def stems(word: str, language: str) -> tuple[str, ...]:
    """Return the word, and what is left of it without each ending of the language: at least three letters."""
    endings = [ending for ending in _ENDINGS.get(language, "").split() if word.endswith(ending)]
    return (word, *(word[: -len(ending)] for ending in endings if len(word) - len(ending) >= 3))


def script_of(word: str) -> str:
    """Return the language that the word's letters speak for; ``en`` for all that are Latin, or no letters at all."""
    found = {_language_of(letter) for letter in word}
    for language in ("ja", "zh", "ko", "ru", "ar"):
        if language in found:
            return language
    return "en"


def words_of(text: str) -> list[str]:
    """Return the text's words in order, folded; a French or Italian article is parted from its noun."""
    words: list[str] = []
    for match in _WORD.finditer(fold(text)):
        word = match[0].strip("'-_")
        article, apostrophe, noun = word.partition("'")
        words += [article + "'", noun] if apostrophe and len(article) <= 2 and len(noun) > 2 else [word]
    return [word for word in words if word]


def _language_of(letter: str) -> str:
    point = ord(letter)
    if point < 0x0400:
        return "en"
    return next((language for first, last, language in _RANGES if first <= point <= last), "en")
