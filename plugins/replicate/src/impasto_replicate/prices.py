"""What a picture costs, of the models whose price per picture was read off the pricing page."""

from __future__ import annotations

from impasto import Cost

AS_OF = "2026-10-07"
"""When https://replicate.com/pricing was read."""

PER_IMAGE = {
    "black-forest-labs/flux-schnell": 0.003,
    "black-forest-labs/flux-dev": 0.025,
    "black-forest-labs/flux-1.1-pro": 0.04,
    "ideogram-ai/ideogram-v3-quality": 0.09,
    "recraft-ai/recraft-v3": 0.04,
}
"""US dollars for each picture that a model's prediction holds."""


def cost_of(name: str, count: int) -> Cost | None:
    """Return what pictures cost; None where no price is known here, as for models that are charged by their time.

    Args:
        name: the model's name.
        count: how many pictures came.
    """
    price = PER_IMAGE.get(name)
    return None if price is None else Cost(round(price * count, 6), source="computed", as_of=AS_OF)
