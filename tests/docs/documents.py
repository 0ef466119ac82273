"""The documents of the repository, and the blocks of code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sybil import Document
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from repository import ROOT

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "core/*.md", "plugins/*/*.md", "docs/**/*.md")
    for path in ROOT.glob(pattern)
)  # fmt: skip

_BLOCK = RawFencedCodeBlockLexer(
    re.compile(
        r'(?P<language>[\w-]+)(?: title="(?P<title>[^"\n]+?)(?P<continues>, continued)?")?[ \t]*$\n', re.MULTILINE
    )
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: the first word behind the fence.
        source: what is in it.
        title: the file whose content it is, if it says so: ``title="pyproject.toml"``.
        continues: whether it goes on with that file: ``title="plugin.py, continued"``.
        path: the document.
        line: where in the document the source begins, from 1.
    """

    language: str
    source: str
    title: str | None
    path: Path
    line: int
    continues: bool = False

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}, line {self.line}"


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks of a document, in order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            region.lexemes["language"],
            str(region.lexemes["source"]),
            region.lexemes["title"],
            path,
            line=text.count("\n", 0, region.start) + 2,
            continues=region.lexemes["continues"] is not None,
        )
        for region in sorted(_BLOCK(Document(text, str(path))), key=lambda region: region.start)
    ]
