"""What only Hugging Face knows of a request: who is to draw, who pays, and what else a provider is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto import InvalidRequest
from impasto_huggingface.choosing import AUTO, PROVIDERS


def check(extra: Mapping[str, Any]) -> None:
    """Refuse fields that cannot be sent.

    Args:
        extra: ``provider``, one of `PROVIDERS` or `AUTO`; ``bill_to``, an organization's name for ``X-HF-Bill-To``
            (docs/inference-providers/pricing.md); ``scheduler``, a parameter of the task; ``extra_body``, fields of the
            provider's own, as in `huggingface_hub.InferenceClient.text_to_image`.

    Raises:
        InvalidRequest: one has another type, or names a provider that nobody here knows how to talk to.
    """
    provider = extra.get("provider", AUTO)
    if provider != AUTO and (not isinstance(provider, str) or provider not in PROVIDERS):
        _refuse("provider", f"{AUTO} or one of {', '.join(PROVIDERS)}", provider)
    payer = extra.get("bill_to", "x")
    if not isinstance(payer, str) or not payer or not all(" " < sign <= "~" for sign in payer):
        _refuse("bill_to", "the name of an organization", payer)
    if not isinstance(extra.get("scheduler", ""), str):
        _refuse("scheduler", "text", extra["scheduler"])
    if not isinstance(extra.get("extra_body", {}), Mapping):
        _refuse("extra_body", "a mapping of names of fields to values", extra["extra_body"])


def _refuse(name: str, rule: str, value: object) -> None:
    raise InvalidRequest(f"extra: {name} must be {rule}, not {value!r}.", parameter="extra")
