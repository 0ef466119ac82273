"""The models: those that Hugging Face's documentation names, and any other by its name on the Hub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impasto import Choices, Model, Provider, Range

if TYPE_CHECKING:
    from impasto.models import Accepted

DEFAULT = "black-forest-labs/FLUX.1-schnell"

_DRAWING = {
    "black-forest-labs/FLUX.1-schnell": ("flux", "flux-schnell"),
    "black-forest-labs/FLUX.1-dev": ("flux-dev",),
    "black-forest-labs/FLUX.1-Krea-dev": ("flux-krea",),
    "krea/Krea-2-Turbo": ("krea-2-turbo",),
    "Tongyi-MAI/Z-Image-Turbo": ("z-image-turbo",),
    "Qwen/Qwen-Image": ("qwen-image",),
    "Qwen/Qwen-Image-2512": ("qwen-image-2512",),
    "ideogram-ai/ideogram-4-fp8": (),
    "stabilityai/stable-diffusion-3-medium-diffusers": ("sd-3",),
}
"""Text to image: docs/inference-providers/tasks/text-to-image.md and the mappings in it, January to September 2026."""

_EDITING = {
    "black-forest-labs/FLUX.2-klein-9B": ("flux-2-klein",),
    "black-forest-labs/FLUX.2-dev": ("flux-2-dev",),
    "black-forest-labs/FLUX.1-Kontext-dev": ("flux-kontext-dev",),
    "Qwen/Qwen-Image-Edit": ("qwen-image-edit",),
}
"""Image to image: docs/inference-providers/tasks/image-to-image.md and the mappings in it, to September 2026."""

_FIELDS: dict[str, Accepted] = dict.fromkeys(
    (
        "negative_prompt",
        "width",
        "height",
        "aspect_ratio",
        "guidance_scale",
        "num_inference_steps",
        "seed",
    )
)
"""The parameters of both tasks, for which Hugging Face gives neither ranges nor defaults: they are the provider's."""

_DRAWING_FIELDS: dict[str, Accepted] = {**_FIELDS, "extra": Choices("provider", "bill_to", "scheduler", "extra_body")}
_EDITING_FIELDS: dict[str, Accepted] = {
    **_FIELDS,
    "images": Range(1, 1),
    "extra": Choices("provider", "bill_to", "extra_body"),
}
_ANY_FIELDS: dict[str, Accepted] = {**_DRAWING_FIELDS, "images": Range(1, 1)}

_PART = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_LONGEST_NAME = 96


def listed(provider: Provider) -> list[Model]:
    """Return the models that the documentation names."""
    drawing = [Model(provider, name, aliases, _DRAWING_FIELDS) for name, aliases in _DRAWING.items()]
    editing = [
        Model(provider, name, aliases, _EDITING_FIELDS, requires=("images",)) for name, aliases in _EDITING.items()
    ]
    return [*drawing, *editing]


def found(provider: Provider, name: str) -> Model | None:
    """Return the model of a name, or None where no model of the Hub can have it.

    Which task it is for, the Hub tells when it is asked to draw: text to image without a picture, image to image with
    one. The Hub's names are ``owner/name``, each of letters, digits, ``-``, ``_`` and ``.``, with neither ``--`` nor
    ``..``, neither ``-`` nor ``.`` at an end, 96 characters together at most
    (``huggingface_hub.utils.validate_repo_id``).

    Args:
        provider: the provider.
        name: words of the user.
    """
    if len(name) > _LONGEST_NAME or not name.isascii() or not name[:1].isalnum():
        return None
    parts = name.split("/")
    if len(parts) != 2 or not all(_PART.fullmatch(part) and "--" not in part and ".." not in part for part in parts):
        return None
    return Model(provider, name, accepts=_ANY_FIELDS)
