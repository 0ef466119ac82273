"""Pictures to files: whole or not at all, and telling how they were made."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from impasto.atomic import replace_file
from impasto.errors import UnsavableImage
from impasto.saving.formats import FORMATS, check_picture, converted, format_of
from impasto.saving.png_text import Description, described

__all__ = ["Description", "check_target", "save"]


def check_target(path: str | os.PathLike[str]) -> Path:
    """Tell whether a picture could be saved under a name, before it is made; nothing is written.

    Folders that do not exist are no hindrance, if they could be made.

    Args:
        path: the file; its suffix names the format.

    Returns:
        The path.

    Raises:
        UnsavableImage: the suffix is not known, or there is a folder or something else that cannot be replaced
            in the file's place, or nothing can be written in its folder.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        said = f"the suffix {path.suffix!r} names no format" if path.suffix else "the name has no suffix"
        raise UnsavableImage(f"{path}: {said} that can be written; known are {', '.join(sorted(FORMATS))}.")
    try:
        _check_place(path)
    except (OSError, ValueError) as error:
        if isinstance(error, UnsavableImage):
            raise
        raise UnsavableImage(f"{path}: {_reason(error)}.") from error
    return path


def save(data: bytes, path: str | os.PathLike[str], description: Description) -> Path:
    """Write a picture to a file, whole or not at all.

    The bytes are kept where they are of the format that the suffix names, and converted otherwise. A PNG gets
    text fields that tell how it was made, beside those that it has. Missing folders are made. A file that is
    there is replaced in one step and keeps its permissions.

    Args:
        data: the encoded picture.
        path: the file; its suffix, in either case, is one of png, jpg, jpeg, webp, gif, avif, bmp, tif, tiff.
        description: how the picture was made.

    Returns:
        The path.

    Raises:
        UnsavableImage: the suffix is not known, the bytes are not a picture, or the file cannot be written.
            What was there before is still there.
    """
    path = check_target(path)
    target = FORMATS[path.suffix.lower()]
    if format_of(data) == target:
        check_picture(data)
    else:
        data = converted(data, target)
    if target == "PNG":
        data = described(data, description)
    made: list[Path] = []
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(exist_ok=True)
            made.append(folder)
        replace_file(path, data)
    except BaseException as error:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise UnsavableImage(f"{path}: {_reason(error)}.") from error
        raise
    return path


def _check_place(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        pass
    else:
        if stat.S_ISDIR(mode):
            raise UnsavableImage(f"{path}: there is a folder of that name.")
        if not stat.S_ISREG(mode):
            raise UnsavableImage(f"{path}: what is there is not a file.")
        if not os.access(path, os.W_OK):
            raise UnsavableImage(f"{path}: the file that is there is write-protected.")
    folder = Path(os.path.realpath(path)).parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UnsavableImage(f"{path}: {folder} is not a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnsavableImage(f"{path}: nothing may be written in the folder {folder}.")


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
