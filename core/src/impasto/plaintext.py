"""What a server said, as words a person can read: markup and control characters out, length bounded."""

from __future__ import annotations

import re

MAX_LENGTH = 300
"""Characters of a server's words that an error repeats."""

_MARKUP = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_INVISIBLE = frozenset({"script", "style", "template", "noscript", "svg"})


def plain_text(text: str, limit: int = MAX_LENGTH) -> str:
    """Return `text` on one line, without markup or control characters, cut to `limit` characters.

    Args:
        text: words from outside: an error message, an HTML page, anything.
        limit: the longest result, in characters; a cut is shown by an ellipsis.
    """
    text = text[: 100 * limit]
    if _MARKUP.search(text):
        text = _words_of(text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _words_of(markup: str) -> str:
    """Return the text of a document, leaving out what a browser does not show."""
    from html.parser import HTMLParser

    words: list[str] = []
    hidden = 0

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            nonlocal hidden
            hidden += tag in _INVISIBLE

        def handle_endtag(self, tag: str) -> None:
            nonlocal hidden
            if tag in _INVISIBLE and hidden:
                hidden -= 1

        def handle_data(self, data: str) -> None:
            if not hidden:
                words.append(data)

    reader = Reader(convert_charrefs=True)
    reader.feed(markup)
    reader.close()
    return " ".join(words)
