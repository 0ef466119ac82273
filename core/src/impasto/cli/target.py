"""Where the pictures go."""

from __future__ import annotations

import contextlib
import itertools
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import InvalidRequest, UnsavableImage
from impasto.saving import check_target
from impasto.saving.formats import FORMATS, MEDIA_TYPES

if TYPE_CHECKING:
    from impasto.events import ImageResponse

_SUFFIX = {MEDIA_TYPES[picture_format]: suffix for suffix, picture_format in FORMATS.items()}
_LONGEST_NAME = 80


class Target:
    """Where the pictures of one prompt go: known, and known to be writable, before anything is drawn.

    Args:
        output: what the user said: a file, a folder (one that exists, or with a slash at its end), or None for the
            working folder.
        prompt: names the files where the user does not.
        count: how many pictures are asked for.

    Raises:
        InvalidRequest: nothing can be written there, or the suffix names no format.
    """

    def __init__(self, output: str | None, prompt: str, count: int = 1) -> None:
        path = Path(output or ".")
        self._is_folder = not output or output.endswith(("/", os.sep)) or path.is_dir()
        self._folder = path if self._is_folder else path.parent
        self._stem = _slug(prompt) if self._is_folder else path.stem
        self._suffix = path.suffix
        try:
            for index in range(1 if self._is_folder else max(1, count)):
                check_target(self._folder / "picture.png" if self._is_folder else self._named(index, count))
        except UnsavableImage as error:
            raise InvalidRequest(f"{error}{self._hint()}", parameter="output") from error

    def save(self, response: ImageResponse) -> list[Path]:
        """Write every picture, and return the files.

        A file that the user named is replaced; several pictures get numbers. A name of our own choosing never meets a
        file that is there, be it one that another process writes at this moment.

        Raises:
            UnsavableImage: a picture cannot be written; the message has its address, where it has one.
        """
        return [self._save_one(response, index) for index in range(len(response.images))]

    def _save_one(self, response: ImageResponse, index: int) -> Path:
        try:
            if not self._is_folder:
                return response.save(self._named(index, len(response.images)), index=index)
            return self._save_under_a_free_name(response, index)
        except UnsavableImage as error:
            image = response.images[index]
            if not image.is_remote and (image.url is None or image.url[:5].lower() == "data:"):
                raise
            raise UnsavableImage(f"{error} The provider has the picture at {image.url}") from error

    def _named(self, index: int, count: int) -> Path:
        number = f"-{index + 1}" if count > 1 else ""
        return self._folder / f"{self._stem}{number}{self._suffix}"

    def _save_under_a_free_name(self, response: ImageResponse, index: int) -> Path:
        """Write the picture whole under a hidden name, and then give it one that no file has."""
        suffix = _SUFFIX.get(response.images[index].media_type or "", ".png")
        hidden = self._folder / f".impasto-{os.urandom(8).hex()}{suffix}"
        try:
            response.save(hidden, index=index)
            for number in itertools.count(1):
                path = self._folder / f"{self._stem}{f'-{number}' if number > 1 else ''}{suffix}"
                if os.path.lexists(path):
                    continue
                try:
                    _rename(hidden, path)
                except FileExistsError:
                    continue
                return path
        except UnsavableImage as error:
            raise UnsavableImage(str(error).replace(hidden.name, f"{self._stem}{suffix}")) from error
        except OSError as error:
            raise UnsavableImage(f"{self._folder}: {error.strerror or error}.") from error
        finally:
            with contextlib.suppress(OSError):
                hidden.unlink(missing_ok=True)
        raise AssertionError

    def _hint(self) -> str:
        return "" if self._is_folder or self._suffix else " A folder is named with a slash at its end."


def _rename(path: Path, new: Path) -> None:
    """Give a file another name, in one step where the file system knows hard links.

    Raises:
        FileExistsError: there is a file of that name, be it one that another process makes at this moment.
    """
    try:
        new.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            path.replace(new)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


def _slug(prompt: str) -> str:
    """Return the letters and digits of a prompt, in any script, with dashes between its words."""
    text = unicodedata.normalize("NFC", prompt[: 10 * _LONGEST_NAME]).lower()
    words = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text).split()
    return "-".join(words).encode()[:_LONGEST_NAME].decode(errors="ignore").strip("-") or "picture"
