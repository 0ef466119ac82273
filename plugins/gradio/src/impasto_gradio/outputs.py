"""Pictures and words in what an app returns, wherever it puts them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from impasto import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST = 8
_SUFFIX = re.compile(r"\.(png|jpe?g|webp|gif|avif|bmp|tiff?)$", re.IGNORECASE)
_ANY_SUFFIX = re.compile(r"\.\w{1,5}$")
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)
_REMOTE = re.compile(r"https?://", re.IGNORECASE)


def images_in(outputs: object, root: str) -> list[Image]:
    """Return every picture in an app's outputs, each once, in the order in which they stand there.

    Found are Gradio's files (``{"path", "url", …}``), alone, in lists, in galleries (``{"image": {…},
    "caption"}``) and in other objects, and strings that are plainly a picture's address: a ``data:image/``
    URL, or an http(s) URL whose path ends like a picture's.

    Args:
        outputs: the list of a ``complete`` or ``generating`` event.
        root: what stands before ``/file=`` on this server: ``""`` or ``"/gradio_api"``.
    """
    found: list[str] = []
    _collect(outputs, root, _DEEPEST, found)
    return [Image(url) for url in dict.fromkeys(found)]


def without_before(outputs: object, sliders: Sequence[int]) -> object:
    """Return an app's outputs, of whose sliders only the new picture is left.

    An ImageSlider's value is a pair of pictures, before and after; the former is what the user gave, or a draft.

    Args:
        outputs: the list of a ``complete`` or ``generating`` event.
        sliders: which of them, from 0, are ImageSliders.
    """
    if not isinstance(outputs, list):
        return outputs
    return [
        next((each for each in reversed(output) if each), None)
        if index in sliders and isinstance(output, list)
        else output
        for index, output in enumerate(outputs)
    ]


def words_in(outputs: object) -> str:
    """Return the strings among an app's outputs that are not pictures, one a line."""
    if not isinstance(outputs, list):
        return ""
    texts = (each.strip() for each in outputs if isinstance(each, str) and not _is_picture_address(each))
    return "\n".join(text for text in texts if text)


def seed_in(outputs: object, index: int | None) -> int | None:
    """Return the whole number at an index of an app's outputs, or None where there is none."""
    if index is None or not isinstance(outputs, list) or index >= len(outputs):
        return None
    seed = outputs[index]
    if isinstance(seed, str) and seed.strip().isdecimal() and len(seed) < 25:
        return int(seed)
    if isinstance(seed, bool) or not isinstance(seed, int | float) or seed != seed // 1 or seed < 0:
        return None
    return int(seed)


def _collect(output: object, root: str, depth: int, found: list[str]) -> None:
    if depth == 0:
        return
    if isinstance(output, str):
        if _is_picture_address(output):
            found.append(output)
    elif isinstance(output, dict):
        _collect_from_object(output, root, depth, found)
    elif isinstance(output, list):
        for each in output:
            _collect(each, root, depth - 1, found)


def _collect_from_object(output: dict[str, object], root: str, depth: int, found: list[str]) -> None:
    if "path" in output or "url" in output:
        if (address := _address_of_file(output, root)) is not None:
            found.append(address)
        return
    main = next((output[name] for name in ("image", "composite") if isinstance(output.get(name), dict)), None)
    for value in output.values() if main is None else (main,):
        _collect(value, root, depth - 1, found)


def _address_of_file(file: dict[str, object], root: str) -> str | None:
    """Return where to fetch a file, or None where it is no picture.

    The address is made from ``path`` where there is one: ``url`` is made by the server from the host it
    believes to have, and Gradio 4 makes it wrong for every endpoint whose name has not five letters. ``url``
    alone counts for a file that lies elsewhere.
    """
    url, path, name = file.get("url"), file.get("path"), file.get("orig_name")
    if not isinstance(name, str) or not name:
        name = next((each for each in (path, url) if isinstance(each, str) and each), "")
    mime_type = file.get("mime_type")
    if isinstance(mime_type, str) and mime_type:
        if not mime_type.lower().startswith("image/"):
            return None
    elif not name.startswith("data:image/"):
        last = urlsplit(name).path.rpartition("/")[2]
        if not _SUFFIX.search(last) and _ANY_SUFFIX.search(last):
            return None
    elsewhere = isinstance(url, str) and url and "/file=" not in url
    if isinstance(path, str) and path and not elsewhere:
        return path if _REMOTE.match(path) else f"{root}/file={path if _PLAIN.fullmatch(path) else quote(path)}"
    return url if isinstance(url, str) and url else None


def _is_picture_address(text: str) -> bool:
    if text[:11].lower() == "data:image/":
        return True
    if not _REMOTE.match(text) or len(text.split()) != 1:
        return False
    return bool(_SUFFIX.search(urlsplit(text).path))
