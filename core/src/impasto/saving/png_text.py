"""What a PNG tells of how it was made: text chunks, beside pixels that are not touched.

Chunks are those of the PNG specification (https://www.w3.org/TR/png-3/#11textinfo). ``parameters`` holds what
the Stable Diffusion web UIs write and read back (``create_infotext`` and ``parse_generation_parameters``).
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_HEADER_END = 33
"""Bytes of the signature and the IHDR chunk, which always comes first."""
_SIZE_AT = 16
"""Where the IHDR chunk tells width and height."""
_TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_LONGEST_EXTRA = 200
"""Characters of a provider's own text parameter beyond which it is data rather than a setting."""
_EXTRA_NAME = re.compile(r"\w[\w \-/]+")


@dataclass(frozen=True, slots=True)
class Description:
    """How a picture was made.

    Attributes:
        prompt: the prompt that was sent.
        model: the model's id.
        provider: the provider's id.
        seed: the seed really used; None where that is not known.
        width: pixels; None where that is not known.
        height: pixels; None where that is not known.
        parameters: the request's other fields, by their names in `ImageRequest`.
    """

    prompt: str = ""
    model: str = ""
    provider: str = ""
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


def described(png: bytes, description: Description) -> bytes:
    """Return a PNG with text fields that tell how it was made, put in behind its header.

    A field that the PNG has already stays as it is and gets no second of its name: the service that drew the
    picture knows more of it than we do, and some look their own fields up again.

    Args:
        png: a valid PNG.
        description: what to tell; the size is read from the PNG. Null characters, which the format cannot hold, are
            left out.
    """
    known = set(_keywords(png))
    width, height = struct.unpack_from(">II", png, _SIZE_AT)
    fields = {
        "parameters": infotext(replace(description, width=width, height=height)),
        "prompt": description.prompt,
        "model": description.model,
        "provider": description.provider,
        "seed": "" if description.seed is None else str(description.seed),
        "Software": "impasto",
    }
    chunks = [_text_chunk(name, text) for name, text in fields.items() if text and name not in known]
    return b"".join((png[:_HEADER_END], *chunks, png[_HEADER_END:]))


def infotext(description: Description) -> str:
    """Return the description as the Stable Diffusion web UIs write it.

    That is the prompt, a line ``Negative prompt: …`` where there is one, and a last line of settings such as
    ``Steps: 20, CFG scale: 7, Seed: 123, Size: 512x512, Model: oil``. A value with a comma, a colon, a quote
    or a line feed is written as a JSON string. What the web UIs have no name for keeps its own. They take a last
    line with fewer than three settings for a part of the prompt.
    """
    rest = dict(description.parameters)
    settings = {
        "Steps": rest.get("num_inference_steps"),
        "CFG scale": rest.get("guidance_scale"),
        "Seed": description.seed,
        "Size": f"{description.width}x{description.height}" if description.width and description.height else None,
        "Model": description.model,
        "Denoising strength": rest.get("strength"),
        "Provider": description.provider,
    }
    extra = rest.get("extra")
    for name, value in extra.items() if isinstance(extra, Mapping) else ():
        if name not in settings and _EXTRA_NAME.fullmatch(name) and _is_setting(value):
            settings[name] = value
    negative = rest.get("negative_prompt")
    lines = [
        description.prompt,
        f"Negative prompt: {negative}" if negative else "",
        ", ".join(f"{name}: {_quoted(value)}" for name, value in settings.items() if value not in (None, "")),
    ]
    return "\n".join(line for line in lines if line)


def _is_setting(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _LONGEST_EXTRA)


def _quoted(value: object) -> str:
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if any(mark in text for mark in ',:\n"'):
        return json.dumps(text, ensure_ascii=False)
    return text


def _text_chunk(keyword: str, text: str) -> bytes:
    text = text.replace("\0", "")
    name = keyword.encode("latin-1")
    try:
        return _chunk(b"tEXt", name + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        # Behind the keyword: not compressed, method 0, no language, no translated keyword.
        return _chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode(errors="replace"))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _keywords(png: bytes) -> Iterator[str]:
    at = _HEADER_END
    while at + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind in _TEXT_CHUNKS:
            yield png[at + 8 : at + 8 + length].partition(b"\0")[0].decode("latin-1")
        at += 12 + length
