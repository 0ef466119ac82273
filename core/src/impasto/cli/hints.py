"""What a refusal calls by its name in Python, in the words of the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impasto.errors import AllProvidersFailed, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impasto.errors import ImpastoError

OPTIONS = {
    "width": "--size WxH",
    "height": "--size WxH",
    "images": "-i PATH",
    "num_inference_steps": "--steps N",
    "guidance_scale": "--guidance X",
    "extra": "-x NAME=VALUE",
}
"""Fields of a request to the options that hold them, where these go by another name."""

_GIVE = re.compile(rf"\bgive ({'|'.join(OPTIONS)})\b")
_EXTRA = re.compile(r"extra=\{'([\w.-]{1,60})': ")
_FIELD = re.compile(r"extra\['([\w.-]{1,60})'\]")


def hint_of(error: ImpastoError) -> str | None:
    """Return which options hold the fields that an error names; None where none of them goes by another name.

    Args:
        error: what a request ended with. Of several attempts, each counts.
    """
    attempts = error.attempts if isinstance(error, AllProvidersFailed) else (error,)
    named: dict[str, None] = {}
    for each in attempts:
        named |= dict.fromkeys(_named(each))
    return f"On the command line: {', '.join(named)}." if named else None


def _named(error: ImpastoError) -> Iterator[str]:
    """Yield an option for each field that an error names."""
    words = str(error)
    fields = [*_EXTRA.findall(words), *_FIELD.findall(words)]
    names = [error.parameter] if isinstance(error, InvalidRequest) and error.parameter else []
    for name in (*names, *_GIVE.findall(words)):
        if name in OPTIONS and not (name == "extra" and fields):
            yield f"{OPTIONS[name]} for {name}"
    for name in fields:
        yield f"-x {name}=VALUE"
