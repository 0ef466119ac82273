"""What a model's declaration is made of: the provider, and a model with the spelling of its input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto import Bearer, Choices, Model, Provider, Range, SizeRule
from impasto_replicate.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER = Provider(
    id="replicate",
    label="Replicate",
    url="https://api.replicate.com/v1",
    auth=Bearer(env="REPLICATE_API_TOKEN", help_url="https://replicate.com/account/api-tokens"),
    default_model="black-forest-labs/flux-schnell",
)
"""The address is that of the OpenAPI document's ``servers``."""

SEED = Range(0, 2**31 - 1)
"""Seeds. The schemas name no bounds but Ideogram's, which are these."""

SAVED = "output_format output_quality disable_safety_checker go_fast"
"""Fields of ``extra`` that the models with open weights share."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that is listed.

    Attributes:
        declared: the model as users see it.
        name: its ``owner/name`` on Replicate.
        spelling: how its input spells a request.
        version: the version that is run; None for an official model, which is run by its name.
    """

    declared: Model
    name: str
    spelling: Spelling
    version: str | None = None


def listed(
    name: str,
    label: str,
    *aliases: str,
    accepts: Mapping[str, Any],
    extra: str,
    id: str | None = None,  # noqa: A002
    requires: tuple[str, ...] = (),
    size: SizeRule | tuple[tuple[int, int], ...] | None = None,
    defaults: Mapping[str, Any] | None = None,
    version: str | None = None,
    deprecated: str = "",
    spelt: Mapping[str, str] | None = None,
    **spelling: Any,
) -> Listed:
    """Return a model; `spelt` has the names of the input that differ from the request's."""
    declared = Model(
        PROVIDER,
        id or name,
        aliases,
        accepts={**accepts, "extra": Choices(*extra.split())},
        defaults=defaults or {},
        size=size,
        label=label,
        requires=requires,
        deprecated=deprecated,
    )
    sides = ("width", "height") if size is not None else ()
    names = {each: each for each in (*accepts, *sides)} | dict(spelt or {})
    return Listed(declared, name, Spelling(names, **spelling), version)


def ratios(words: str) -> Choices:
    """Return the aspect ratios that a model draws, from a text with spaces between them."""
    return Choices(*words.split())
