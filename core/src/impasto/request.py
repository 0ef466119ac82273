"""What a user asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impasto.errors import InvalidRequest
from impasto.sizes import parse_aspect_ratio

if TYPE_CHECKING:
    from impasto.events import Image

LONGEST_SIDE = 65_535
"""Pixels; more than any common image format can hold (JPEG's limit)."""

MOST_PICTURES = 1_000
"""Pictures of one request."""

LARGEST_SEED = 2**64 - 1
"""Seeds are unsigned, of 64 bits at most."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A request for a picture, in the words of diffusers. Frozen, and valid from the moment it exists.

    None stands for "not given": the model's default holds, or the server chooses.

    Args:
        prompt: what to draw; not blank.
        negative_prompt: what to keep out of the picture.
        width: pixels, 1 to 65,535.
        height: pixels, 1 to 65,535.
        aspect_ratio: width to height, such as ``16:9``; instead of ``width`` and ``height``.
        guidance_scale: how closely to follow the prompt, 0 or more.
        num_inference_steps: denoising steps, 1 or more.
        seed: 0 to 2**64 - 1.
        randomize_seed: whether the server draws a seed of its own, whatever ``seed`` says.
        n: how many pictures, 1 to 1,000.
        images: pictures to start from, with their bytes.
        mask: which part of the first of ``images`` to draw anew: white is, black is kept.
        strength: how far to go from ``images``, 0 to 1.
        session: by what the provider knows the picture that is continued; it said so with that picture.
        extra: fields that only this provider knows.
        id: drawn by the core for each attempt.

    Raises:
        InvalidRequest: a field breaks its rule.
    """

    prompt: str
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: str | None = None
    guidance_scale: float | None = None
    num_inference_steps: int | None = None
    seed: int | None = None
    randomize_seed: bool | None = None
    n: int = 1
    images: tuple[Image, ...] = ()
    mask: Image | None = None
    strength: float | None = None
    session: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        _check_text("prompt", self.prompt)
        if not self.prompt.strip():
            raise InvalidRequest("prompt is blank: say what to draw.", parameter="prompt")
        if self.negative_prompt is not None:
            _check_text("negative_prompt", self.negative_prompt)
        _check_whole("width", self.width, 1, LONGEST_SIDE, "pixels")
        _check_whole("height", self.height, 1, LONGEST_SIDE, "pixels")
        _check_whole("num_inference_steps", self.num_inference_steps, 1, 10_000, "steps")
        _check_whole("seed", self.seed, 0, LARGEST_SEED)
        _check_whole("n", self.n, 1, MOST_PICTURES, "pictures")
        _check_number("guidance_scale", self.guidance_scale, 0, 1_000)
        _check_number("strength", self.strength, 0, 1)
        if self.randomize_seed is not None and not isinstance(self.randomize_seed, bool):
            raise InvalidRequest(
                f"randomize_seed must be True or False, not {self.randomize_seed!r}.",
                parameter="randomize_seed",
            )
        if self.aspect_ratio is not None:
            parse_aspect_ratio(self.aspect_ratio)
        self._check_pictures()
        if self.session is not None and not isinstance(self.session, Mapping):
            raise InvalidRequest(f"session must be a mapping, not {self.session!r}.", parameter="session")
        if not isinstance(self.extra, Mapping) or not all(isinstance(name, str) for name in self.extra):
            raise InvalidRequest(f"extra must map names of fields to values, not {self.extra!r}.", parameter="extra")

    def _check_pictures(self) -> None:
        if self.images == () and self.mask is None:
            return
        from impasto.events import Image

        if not isinstance(self.images, tuple) or not all(isinstance(image, Image) for image in self.images):
            raise InvalidRequest("images must be a tuple of impasto.Image.", parameter="images")
        if self.mask is not None and not isinstance(self.mask, Image):
            raise InvalidRequest("mask must be an impasto.Image.", parameter="mask")

    def with_id(self, id: str) -> ImageRequest:  # noqa: A002
        """Return the same request under another id. It is valid already, and not checked again."""
        twin = object.__new__(ImageRequest)
        for name in _NAMES:
            object.__setattr__(twin, name, getattr(self, name))
        object.__setattr__(twin, "id", id)
        return twin

    def given(self) -> dict[str, Any]:
        """Return the fields that differ from "not given", by name, without prompt and id."""
        return {
            name: value for name, unset in _NOT_GIVEN if (value := getattr(self, name)) is not unset and value != unset
        }


def _unset(each: dataclasses.Field[Any]) -> object:
    return each.default_factory() if each.default_factory is not dataclasses.MISSING else each.default


_NAMES = tuple(each.name for each in dataclasses.fields(ImageRequest))
_NOT_GIVEN = tuple(
    (each.name, _unset(each)) for each in dataclasses.fields(ImageRequest) if each.name not in {"prompt", "id"}
)


def prompt_from_messages(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the last user turn of a conversation in chat form.

    Args:
        messages: turns, each with a ``role`` and a ``content``: a string, or a list of parts of which those with a
            ``text`` count (parts as in OpenAI's chat completions API).

    Raises:
        InvalidRequest: there is no user turn, or it has no text.
    """
    if isinstance(messages, str | Mapping) or not isinstance(messages, Sequence):
        raise InvalidRequest("messages must be a list of turns, each {'role': …, 'content': …}.", parameter="messages")
    for turn in reversed(messages):
        if not isinstance(turn, Mapping):
            raise InvalidRequest(
                f"messages: a turn must be {{'role': …, 'content': …}}, not {turn!r}.", parameter="messages"
            )
        if turn.get("role") == "user":
            text = _text_of(turn.get("content"))
            if not text.strip():
                raise InvalidRequest(
                    "messages: the last turn of role 'user' has no text: say what to draw.",
                    parameter="messages",
                )
            return text
    raise InvalidRequest("messages: there is no turn of role 'user', so there is no prompt.", parameter="messages")


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = [part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | Mapping)]
    return "\n".join(part for part in parts if isinstance(part, str))


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must be text, not {type(value).__name__}.", parameter=name)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{name} holds half a surrogate pair, which cannot be sent.", parameter=name) from error


def _check_whole(name: str, value: object, lowest: int, highest: int, unit: str = "") -> None:
    if value is None and name != "n":
        return
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InvalidRequest(
            f"{name} must be a whole number{f' of {unit}' if unit else ''} from {lowest} to {highest}, not {value!r}.",
            parameter=name,
        )


def _check_number(name: str, value: object, lowest: float, highest: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise InvalidRequest(f"{name} must be a number from {lowest} to {highest}, not {value!r}.", parameter=name)
