"""The models that are listed, and the names of those that are not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto_replicate import families, flux

if TYPE_CHECKING:
    from impasto_replicate.declaring import Listed

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,62})/([A-Za-z0-9][A-Za-z0-9_.-]{0,62})(?::([0-9a-f]{64}))?", re.ASCII)

LISTED: dict[str, Listed] = {
    each.declared.id: each
    for family in (
        flux.flux_1, flux.flux_2, flux.flux_editing, families.stable_diffusion, families.bytedance,
        families.ideogram_and_recraft, families.google, families.others,
    )
    for each in family()
}  # fmt: skip
"""All of them, by the names that users see."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A model by the name that users give it.

    Attributes:
        owner: whose it is.
        name: its name.
        version: the version, 64 hexadecimal digits; None for the latest one.
    """

    owner: str
    name: str
    version: str | None = None


def reference(name: str) -> Reference | None:
    """Return what ``owner/name`` or ``owner/name:version`` refers to; None where it is neither."""
    match = _NAME.fullmatch(name)
    return Reference(match[1], match[2], match[3]) if match else None
