"""From a text to the concepts it names, one by one: the language it is in, phrases, words without spaces, emoji."""

from __future__ import annotations

import re

import emoji

from impasto_sketch.lexicon import is_drawable, names, vocabulary
from impasto_sketch.script import LATIN, UNSPACED, script_of, words_of

TIMES = ("day", "dawn", "sunset", "dusk", "night")
SKY = ("sun", "moon", "fullmoon", "crescent", "stars", "clouds", "rainbow", "aurora")
WEATHER = ("rain", "snow", "fog", "storm")
SEASONS = ("spring", "summer", "autumn", "winter")
PLACES = (
    *("sea", "beach", "lake", "mountains", "hills", "forest", "meadow", "desert", "city"),
    *("space", "moonscape", "indoor", "underwater", "sky"),
)
COLOURS = (
    *("red", "orange", "yellow", "gold", "green", "turquoise", "blue", "purple", "pink"),
    *("white", "black", "brown", "grey"),
)
RELATIONS = ("over", "under", "on", "behind", "before", "in", "beside", "along", "with", "and")

LONGEST = 4_000
"""Characters of a prompt that are read; what a person sees in a picture was said before that."""

_FEATURE = {"☀": "sun", "🌞": "sun", "🌕": "fullmoon", "🌝": "fullmoon", "🌙": "crescent", "🌛": "crescent",
            "⭐": "stars", "🌟": "stars", "✨": "stars", "☁": "clouds", "🌈": "rainbow", "🌧": "rain", "❄": "snow",
            "⛈": "storm", "⚡": "storm", "🌫": "fog", "🌊": "sea", "🏖": "beach", "🏔": "mountains",
            "⛰": "mountains", "🏜": "desert", "🏙": "city", "🌃": "night", "🌅": "sunset", "🌄": "dawn",
            "🌇": "sunset", "🌌": "space"}  # fmt: skip
_PLURAL_ENDINGS = {"en": ("s", "es"), "fr": ("s", "x"), "es": ("s", "es"), "pt": ("s", "es")}
_MARK = "ꙮ"
"""A letter that no living text uses, in place of an emoji."""

_DIGITS = re.compile(r"\d{1,9}")


def concepts(text: str) -> list[tuple[str, str]]:
    """Return the concepts of a text in their order, each with the language in which it was said."""
    text, symbols = _without_emoji(text[:LONGEST])
    words = words_of(text)
    latin = _latin_language(words)
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word.startswith(_MARK):
            found.append((symbols[int(word[1:])], "en"))
            position += 1
        elif (language := script_of(word)) in UNSPACED:
            found += [(concept, language) for concept in _scan(word, language)]
            position += 1
        elif _DIGITS.fullmatch(word):
            found.append((str(max(1, min(int(word), 12))), latin))
            position += 1
        else:
            concept, length, said_in = _longest(words[position:], latin if language == "en" else language)
            if length == 1 and _is_plural(word, concept, said_in):
                found.append(("plural", said_in))
            found.append((concept, said_in))
            position += length
    return found


def _without_emoji(text: str) -> tuple[str, list[str]]:
    """Return the text with a mark in place of each emoji, and the emoji in their order."""
    symbols: list[str] = []
    text = text.replace(_MARK, " ")

    def mark(symbol: str, _: object) -> str:
        plain = symbol.replace("\ufe0f", "")
        plain = plain if plain in _FEATURE else plain[:1]
        meaning = _FEATURE.get(plain, plain if is_drawable(plain) else "")
        if not meaning:
            return " "
        symbols.append(meaning)
        return f" {_MARK}{len(symbols) - 1} "

    return emoji.replace_emoji(text, replace=mark), symbols


def _latin_language(words: list[str]) -> str:
    latin = [word for word in words[:200] if script_of(word) == "en"]
    if not latin:
        return "en"
    scores = {language: sum(vocabulary(language).find((word,)) is not None for word in latin) for language in LATIN}
    return max(LATIN, key=lambda language: scores[language])


def _is_plural(word: str, concept: str, language: str) -> bool:
    if not concept or (concept.isascii() and concept not in {"lighthouse", "windmill"}):
        return False
    singulars = [word[: -len(ending)] for ending in _PLURAL_ENDINGS.get(language, ()) if word.endswith(ending)]
    if language == "en" and word.endswith("ies"):
        singulars.append(word[:-3] + "y")
    own = vocabulary(language).exact
    if (word,) not in own and word in names(language).singles:
        return False
    return any((singular,) in own or singular in names(language).singles for singular in singulars)


def _longest(words: list[str], language: str) -> tuple[str, int, str]:
    """Return the concept with which the words begin, how many words say it, and the language that knows it."""
    tongues = ("fa", "ar") if language == "ar" else (language,) if language == "en" else (language, "en")
    if language == "ar" and not any(letter in words[0] for letter in "پچژگکی"):
        tongues = ("ar", "fa")
    for tongue in tongues:
        own = vocabulary(tongue)
        for length in range(min(4, len(words)), 1, -1):
            phrase = tuple(words[:length])
            concept = own.find(phrase) or (None if own.find(phrase[:1]) in COLOURS else names(tongue).find(phrase))
            if concept:
                return _FEATURE.get(concept, concept), length, tongue
        for word in _forms(words[0], tongue):
            if concept := own.find((word,)) or (names(tongue).find((word,)) if len(word) > 2 else None):
                return _FEATURE.get(concept, concept), 1, tongue
    return "", 1, language


def _forms(word: str, language: str) -> list[str]:
    forms = [word]
    if language == "ar":
        forms += [word[len(prefix) :] for prefix in ("وال", "بال", "ال", "و", "لل") if word.startswith(prefix)]
    return forms


def _scan(text: str, language: str) -> list[str]:
    """Return the concepts in a run of letters without spaces, the longest word first at each place."""
    tongues = ("ja", "zh") if language == "ja" else (language, "ja") if language == "zh" else (language,)
    found: list[str] = []
    position = 0
    while position < len(text):
        for length in range(min(8, len(text) - position), 0, -1):
            piece = text[position : position + length]
            concept = next((known for tongue in tongues if (known := _known(piece, tongue, position))), None)
            if concept:
                found.append(_FEATURE.get(concept, concept))
                position += length
                break
        else:
            position += 1
    return found


def _known(piece: str, language: str, position: int) -> str | None:
    if concept := vocabulary(language).find((piece,)):
        return concept if language != "ko" or len(piece) > 1 or position == 0 else None
    return names(language).find((piece,)) if len(piece) > 1 else None
