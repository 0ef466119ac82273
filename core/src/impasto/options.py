"""What can be said beside the prompt, in every call that draws."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING, Any, TypedDict

from impasto.errors import InvalidRequest
from impasto.request import ImageRequest, prompt_from_messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from impasto.events import ImageResponse
    from impasto.failover import FailoverMode
    from impasto.sources import ImageSource


class Options(TypedDict, total=False):
    """The parameters of a picture, as in `ImageRequest`, and the terms of the call.

    Attributes:
        messages: a conversation in chat form, instead of a prompt: the text of its last user turn is the prompt.
        negative_prompt: what to keep out of the picture.
        width: pixels.
        height: pixels.
        aspect_ratio: such as ``16:9``, instead of width and height.
        guidance_scale: how closely to follow the prompt.
        num_inference_steps: denoising steps.
        seed: the same seed, request and model give the same picture, where the model allows it.
        randomize_seed: whether the server draws a seed of its own.
        n: how many pictures.
        images: pictures to start from, one or several: each a file's path, an address (``https:``, ``data:``), bytes,
            a picture of Pillow's, or an earlier response.
        mask: which part of the first of ``images`` to draw anew, given as these are: what is white or transparent is,
            what is black is kept. It has that picture's size.
        strength: how far to go from ``images``, 0 to 1.
        continue_from: an earlier response, whose first picture is edited. A provider that remembers it is told by its
            own id which one it is; others are sent it again, before ``images``.
        extra: fields that only this provider knows.
        api_key: the key for this call; where several providers serve the name, a mapping from provider id to key.
        proxy: the proxy's URL for this call.
        connect_timeout: seconds for opening a connection.
        idle_timeout: seconds that may pass without a byte.
        deadline: seconds for the whole request.
        download: False leaves the picture where it is; the response then has its address alone.
        drop_unsupported: whether to leave out what a model does not take, with a warning, rather than the model.
        failover: ``always`` tries the next route when one fails; ``unsent`` only while no service can have charged for
            the request; ``never`` not at all.
        hedge_after: seconds without progress or a preview after which the next route is started beside the first; the
            first complete picture wins, and both may be charged. None for never.
    """

    messages: Sequence[Mapping[str, Any]] | None
    negative_prompt: str | None
    width: int | None
    height: int | None
    aspect_ratio: str | None
    guidance_scale: float | None
    num_inference_steps: int | None
    seed: int | None
    randomize_seed: bool | None
    n: int
    images: ImageSource | Iterable[ImageSource]
    mask: ImageSource | None
    strength: float | None
    continue_from: ImageResponse | None
    extra: Mapping[str, Any]
    api_key: str | Mapping[str, str] | None
    proxy: str | None
    connect_timeout: float | None
    idle_timeout: float | None
    deadline: float | None
    download: bool
    drop_unsupported: bool
    failover: FailoverMode
    hedge_after: float | None


_FIELDS = frozenset(each.name for each in dataclasses.fields(ImageRequest)) - {"prompt", "id", "session"}
TERMS = frozenset(Options.__annotations__) - _FIELDS - {"messages", "continue_from"}
"""The options that are about the call, not about the picture."""


def request_of(prompt: str | None, options: Mapping[str, Any]) -> ImageRequest:
    """Return the request that a call makes.

    Args:
        prompt: what to draw; None where ``messages`` says it.
        options: `Options`, by name.

    Raises:
        InvalidRequest: prompt and messages are both given or both absent, an option is not known, or one of them
            breaks a rule.
    """
    for name in options:
        if name not in Options.__annotations__:
            raise InvalidRequest(f"There is no parameter {name!r}.{_nearest(name)}", parameter=name)
    messages = options.get("messages")
    if prompt is None and messages is None:
        raise InvalidRequest("There is neither a prompt nor messages: say what to draw.", parameter="prompt")
    if prompt is not None and messages is not None:
        raise InvalidRequest("Both prompt and messages are given: leave one of them out.", parameter="messages")
    if all(options.get(name) is not None for name in ("width", "height", "aspect_ratio")):
        raise InvalidRequest(
            "width, height and aspect_ratio are given: leave out aspect_ratio, or one of the sides.",
            parameter="aspect_ratio",
        )
    text = prompt_from_messages(messages) if messages is not None else prompt
    fields = {name: value for name, value in options.items() if name in _FIELDS}
    if any(options.get(name) is not None for name in _OF_PICTURES):
        fields |= _pictures(options)
    fields["images"] = fields.get("images") or ()
    return ImageRequest(text or "", **fields)


_OF_PICTURES = ("images", "mask", "strength", "continue_from")


def _pictures(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are about pictures to start from."""
    from impasto.events import ImageResponse
    from impasto.sources import as_mask, image_of, images_of

    previous = options.get("continue_from")
    if previous is not None and not isinstance(previous, ImageResponse):
        raise InvalidRequest(
            f"continue_from must be an ImageResponse, not {type(previous).__name__}; a picture goes into images.",
            parameter="continue_from",
        )
    images = images_of(options.get("images"))
    mask = None if options.get("mask") is None else image_of(options["mask"], "mask")
    for name in ("mask", "strength"):
        if options.get(name) is not None and not images and previous is None:
            raise InvalidRequest(f"{name} is about a picture to start from: give images.", parameter=name)
    return {"images": images, "mask": as_mask(mask) if mask is not None and mask.data is not None else mask}


def _nearest(name: str) -> str:
    synonyms = {
        "steps": "num_inference_steps",
        "guidance": "guidance_scale",
        "cfg_scale": "guidance_scale",
        "size": "width and height",
        "negative": "negative_prompt",
        "timeout": "deadline",
        "key": "api_key",
        "image": "images",
        "init_image": "images",
        "mask_image": "mask",
        "previous_response_id": "continue_from",
    }
    near = synonyms.get(name) or next(iter(difflib.get_close_matches(name, Options.__annotations__, n=1)), None)
    return f" Did you mean {near}?" if near else " Fields that only one provider knows go into extra={…}."
