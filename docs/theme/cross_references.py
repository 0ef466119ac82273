"""Makes Markdown of the docstrings: a name that they mention, such as `Image`, becomes a link to where it is explained.

The docstrings keep the rule that one backtick names a thing of impasto and two set code, and put two colons before a
block of code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

import impasto

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(r"(?<![`\w])`(?P<name>[A-Za-z]\w*)(?P<member>\.\w+)?`(?!`)")


class CrossReferences(griffe.Extension):
    """An extension of griffe, which reads the docstrings for mkdocstrings."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **kwargs: Any) -> None:
        """Rewrite every docstring of the package when it has been read."""
        for each in _all_of(pkg):
            if each.docstring is not None:
                each.docstring.value = linked(each.docstring.value)


def linked(text: str) -> str:
    """Return a docstring as Markdown, in which public names of impasto are links."""
    return _NAME.sub(_link, text.replace("::\n\n", ":\n\n"))


def _link(mention: re.Match[str]) -> str:
    name, member = mention["name"], mention["member"] or ""
    if name not in impasto.__all__ and name != "Options":
        return mention[0]
    home = "impasto.options.Options" if name == "Options" else f"impasto.{name}"
    return f"[`{name}{member}`][{home}{member}]"


def _all_of(parent: griffe.Module | griffe.Class) -> Iterable[griffe.Object]:
    yield parent
    for member in parent.members.values():
        if isinstance(member, griffe.Module | griffe.Class):
            yield from _all_of(member)
        elif isinstance(member, griffe.Object):
            yield member
