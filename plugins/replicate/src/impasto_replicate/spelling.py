"""How a model's input spells what a request asks: every model of Replicate has names of its own for the same things."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import ImageRequest

PLAIN = ("negative_prompt", "aspect_ratio", "width", "height", "guidance_scale", "num_inference_steps", "seed")
"""Fields whose value is sent as it is."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The names of a model's input.

    Attributes:
        names: fields of `ImageRequest` to fields of the input; what is not named is not sent.
        takes_list: whether the pictures are sent as a list, rather than the first one alone.
        with_size: what is sent along with width and height, so that they count.
        size_in: the one field of the input that takes width and height as ``WIDTHxHEIGHT``, if there is one.
        is_mask_inverted: whether the model draws anew what is black in a mask, rather than what is white.
    """

    names: Mapping[str, str]
    takes_list: bool = False
    with_size: Mapping[str, str] = field(default_factory=dict)
    size_in: str | None = None
    is_mask_inverted: bool = False

    def plain_input(self, request: ImageRequest) -> dict[str, Any]:
        """Return the input for a request, without its pictures; of two that are the same field, ``extra`` counts."""
        said: dict[str, Any] = {"prompt": request.prompt}
        for name in PLAIN:
            value = getattr(request, name)
            if value is not None and name in self.names:
                said[self.names[name]] = value
        if request.width is not None and request.height is not None:
            if self.size_in is not None:
                said[self.size_in] = f"{request.width}x{request.height}"
            said.update(self.with_size)
        if request.randomize_seed and "seed" in self.names:
            said.pop(self.names["seed"], None)
        if request.n > 1 and "n" in self.names:
            said[self.names["n"]] = request.n
        if request.images and request.strength is not None and "strength" in self.names:
            said[self.names["strength"]] = request.strength
        return said | dict(request.extra)
