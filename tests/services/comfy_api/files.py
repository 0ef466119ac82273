"""The server's folders: what was uploaded, what was drawn, and models, of which there are only names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from services.comfy_api import drawing

_ANNOTATED = re.compile(r"(.*) \[(input|output|temp)\]")


@dataclass
class Files:
    """Pictures by folder, subfolder and name; models by folder.

    Attributes:
        models: names of files.
        pictures: bytes.
    """

    models: dict[str, list[str]]
    pictures: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    _counted: dict[tuple[str, str], int] = field(default_factory=dict)

    def names(self) -> dict[str, list[str]]:
        """Return what nodes offer to choose from."""
        return {**self.models, "input": [name for folder, _, name in self.pictures if folder == "input"]}

    def exists(self, name: str) -> bool:
        """Tell whether there is a picture of a name as ``LoadImage`` takes it."""
        return _place(name) in self.pictures

    def read(self, name: str) -> bytes:
        """Return the bytes of a picture of a name as ``LoadImage`` takes it."""
        return self.pictures[_place(name)]

    def upload(self, folder: str, subfolder: str, name: str, data: bytes, *, overwrite: bool) -> str:
        """Keep an upload, and return the name that it got."""
        stem, dot, suffix = name.rpartition(".")
        number, given = 0, name
        while not overwrite and self._is_other((folder, subfolder, given), data):
            number += 1
            given = f"{stem} ({number}){dot}{suffix}"
        self.pictures[folder, subfolder, given] = data
        return given

    def save(self, folder: str, prefix: str, picture: drawing.Picture, graph: str) -> dict[str, Any]:
        """Keep what was drawn, and return how the history names it."""
        subfolder, _, stem = prefix.rpartition("/")
        number = self._counted[folder, prefix] = self._counted.get((folder, prefix), 0) + 1
        name = f"{stem}_{number:05}_.png"
        self.pictures[folder, subfolder, name] = drawing.png(picture, graph)
        size = {"kind": "image", "width": picture.width, "height": picture.height}
        return {"filename": name, "subfolder": subfolder, "type": folder, "metadata": size}

    def _is_other(self, place: tuple[str, str, str], data: bytes) -> bool:
        there = self.pictures.get(place)
        return there is not None and hashlib.sha256(there).digest() != hashlib.sha256(data).digest()


def _place(name: str) -> tuple[str, str, str]:
    folder = "input"
    if match := _ANNOTATED.fullmatch(name):
        name, folder = match[1], match[2]
    subfolder, _, plain = name.rpartition("/")
    return folder, subfolder, plain
