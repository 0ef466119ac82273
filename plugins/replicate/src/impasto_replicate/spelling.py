"""How a model's input spells what a request asks: every model of Replicate has names of its own for the same things."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impasto import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto import ImageRequest

PLAIN = ("negative_prompt", "aspect_ratio", "width", "height", "guidance_scale", "num_inference_steps", "seed")
"""Fields whose value is sent as it is."""

_SIDES = frozenset({"width", "height"})


@dataclass(frozen=True, slots=True)
class Spelling:
    """The names of a model's input.

    Attributes:
        names: fields of `ImageRequest` to fields of the input; what is not named is not sent.
        takes_list: whether the pictures are sent as a list, rather than the first one alone.
        with_size: what is sent along with width and height, so that they count.
        ratios: those of a model whose ``extra`` may name a size or a ratio of its own in place of width and height, as
            in ``{"size": "4K"}``; such a size counts only where no other one is sent.
        fewest_pixels: how many the model draws at least.
        size_in: the one field of the input that takes width and height as ``WIDTHxHEIGHT``, if there is one.
        is_mask_inverted: whether the model draws anew what is black in a mask, rather than what is white.
    """

    names: Mapping[str, str]
    takes_list: bool = False
    with_size: Mapping[str, str] = field(default_factory=dict)
    ratios: tuple[str, ...] = ()
    fewest_pixels: int = 0
    size_in: str | None = None
    is_mask_inverted: bool = False

    def plain_input(self, request: ImageRequest) -> dict[str, Any]:
        """Return the input for a request, without its pictures; of two that are the same field, ``extra`` counts.

        Raises:
            InvalidRequest: the size that ``extra`` asks for has fewer pixels than the model draws.
        """
        said: dict[str, Any] = {"prompt": request.prompt}
        is_size_named = self._is_size_named(request)
        for name in PLAIN:
            value = getattr(request, name)
            if value is not None and name in self.names and not (is_size_named and name in _SIDES):
                said[self.names[name]] = value
        if is_size_named:
            said.update(self._shape(request))
        elif request.width is not None and request.height is not None:
            if self.size_in is not None:
                said[self.size_in] = f"{request.width}x{request.height}"
            said.update(self.with_size)
        if request.randomize_seed and "seed" in self.names:
            said.pop(self.names["seed"], None)
        if request.n > 1 and "n" in self.names:
            said[self.names["n"]] = request.n
        if request.images and request.strength is not None and "strength" in self.names:
            said[self.names["strength"]] = request.strength
        said |= request.extra
        self._check_pixels(said)
        return said

    def _is_size_named(self, request: ImageRequest) -> bool:
        return bool(self.ratios) and (
            "aspect_ratio" in request.extra or request.extra.get("size", "custom") != "custom"
        )

    def _shape(self, request: ImageRequest) -> Iterator[tuple[str, str]]:
        """Yield the ratio that goes with a size of the model's own; without one, the model goes by its picture."""
        if request.width and request.height and (request.aspect_ratio or not request.images):
            wanted = math.log(request.width / request.height)
            yield "aspect_ratio", min(self.ratios, key=lambda ratio: abs(_slope(ratio) - wanted))

    def _check_pixels(self, said: Mapping[str, Any]) -> None:
        width, height = said.get("width"), said.get("height")
        if not isinstance(width, int) or not isinstance(height, int) or not self.with_size.items() <= said.items():
            return
        if width * height < self.fewest_pixels:
            raise InvalidRequest(
                f"the model draws {self.fewest_pixels:,} pixels or more, such as 2560x1440, not {width}x{height}.",
                parameter="extra",
            )


def _slope(ratio: str) -> float:
    across, _, down = ratio.partition(":")
    return math.log(int(across) / int(down))
