"""fal as a provider, and the declaration of one of its endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import ApiKeyHeader, Choices, Model, Provider, Range, SizeRule

if TYPE_CHECKING:
    from impasto.models import Accepted

PROVIDER = Provider(
    id="fal",
    label="fal",
    url="https://queue.fal.run",
    auth=ApiKeyHeader("Authorization", env="FAL_KEY", prefix="Key ", help_url="https://fal.ai/dashboard/keys"),
    origins=("https://api.fal.ai",),
    default_model="fal-ai/flux/schnell",
)

FLUX_SIZES = SizeRule(minimum=16, maximum=14142, multiple=16)
"""Sides up to 14142 pixels (fal's ``ImageSize``); the models round to multiples of 16, so it is done here, and told."""

_LANDSCAPE = (1024, 768)
"""What fal calls ``landscape_4_3``, its default nearly everywhere."""


def endpoint(
    id: str,  # noqa: A002
    label: str,
    *aliases: str,
    steps: tuple[int, int, int] | None = None,
    guidance: tuple[float, float, float | None] | None = None,
    n: int = 4,
    seed: bool = True,
    negative: bool = False,
    size: SizeRule | None = None,
    sides: Range | None = None,
    usual: tuple[int, int] = _LANDSCAPE,
    ratios: tuple[str, ...] = (),
    images: Range | int | None = 0,
    needed: bool = True,
    mask: bool = False,
    maskable: bool = False,
    strength: tuple[float, float, float] | None = None,
    extra: tuple[str, ...] = (),
    priority: int = 0,
) -> Model:
    """Return the declaration of one of fal's endpoints.

    Args:
        id: the endpoint's whole id, such as ``fal-ai/flux/dev``.
        label: its name for people.
        aliases: other names; an endpoint for text and the one for pictures beside it share theirs, so that whoever
            asks by that name gets the one that can do it.
        steps: least, most and default.
        guidance: least, most and default; None for a default that fal does not tell.
        n: how many pictures it draws at once, at most; 1 for one that cannot.
        seed: whether it takes one.
        negative: whether it takes a negative prompt.
        size: the rule for its sizes; None where the server decides.
        sides: bounds of width and height, where the server decides unless it is asked for a size.
        usual: width and height where nobody says anything.
        ratios: the aspect ratios that it takes in place of a size.
        images: how many pictures it takes: 0 for none, None for at least one with no bound that fal tells.
        needed: whether it draws nothing without them.
        mask: whether it needs a mask too.
        maskable: whether it takes one, if you like.
        strength: least, most and default.
        extra: what else it takes, by fal's own names.
        priority: negative for a model that its maker serves too.
    """
    accepts: dict[str, Accepted] = {"extra": Choices(*extra)}
    defaults: dict[str, Any] = {}
    if steps is not None:
        accepts["num_inference_steps"] = Range(*steps[:2])
        defaults["num_inference_steps"] = steps[2]
    if guidance is not None:
        accepts["guidance_scale"] = Range(*guidance[:2])
        defaults |= {} if guidance[2] is None else {"guidance_scale": guidance[2]}
    if strength is not None:
        accepts["strength"] = Range(*strength[:2])
        defaults["strength"] = strength[2]
    if ratios:
        accepts["aspect_ratio"] = Choices(*ratios)
    if images != 0:
        accepts["images"] = Range(images, images) if isinstance(images, int) else images
    if sides is not None:
        accepts |= {"width": sides, "height": sides, "aspect_ratio": None}
    accepts |= {"n": Range(1, n)} if n > 1 else {}
    taken = {"seed": seed, "negative_prompt": negative, "mask": mask or maskable}
    accepts |= {name: None for name, is_taken in taken.items() if is_taken}
    defaults |= {"width": usual[0], "height": usual[1]} if size is not None else {}
    requires = (*(("images",) if images != 0 and needed else ()), *(("mask",) if mask else ()))
    return Model(
        PROVIDER,
        id,
        aliases=aliases,
        accepts=accepts,
        defaults=defaults,
        size=size,
        requires=requires,
        label=label,
        priority=priority,
    )
