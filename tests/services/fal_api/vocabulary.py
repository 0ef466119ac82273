"""The words that fal's endpoints have in common: types of fields, and what every endpoint for pictures takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.serving import Strict

Steps = Annotated[int, Field(ge=1, le=50)]
FewSteps = Annotated[int, Field(ge=4, le=8)]
Guidance = Annotated[float, Field(ge=1, le=20)]
AnyGuidance = Annotated[float, Field(ge=0, le=20)]
Count = Annotated[int, Field(ge=1, le=4)]
Part = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0.01, le=1)]
Tolerance = Literal["1", "2", "3", "4", "5", "6"]
LowTolerance = Literal["1", "2", "3", "4", "5"]
Lossy = Literal["jpeg", "png"]
AnyFormat = Literal["jpeg", "png", "webp"]
Speed = Literal["none", "regular", "high"]
Ratio = Literal["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]
Name = Literal["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]
Side = Annotated[int, Field(gt=0, le=14142)]
Urls = Annotated[list[str], Field(min_length=1)]
FourUrls = Annotated[list[str], Field(min_length=1, max_length=4)]

NAMED = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Width and height behind the names of ``image_size``."""


class Size(Strict):
    """An ``image_size`` in pixels."""

    width: Side = 512
    height: Side = 512


class Input(Strict):
    """What every endpoint for pictures takes."""

    prompt: str
    sync_mode: bool = False


class Seeded(Input):
    """… and nearly all of them."""

    seed: int | None = None


class Checked(Seeded):
    """… and all that have a safety checker which can be turned off."""

    num_images: Count = 1
    enable_safety_checker: bool = True
