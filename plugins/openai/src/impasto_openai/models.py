"""The models: those of OpenAI's documentation, and whatever a server in its place serves."""

from __future__ import annotations

import re
from dataclasses import replace

from impasto import Bearer, Choices, Model, Provider, Range
from impasto_openai import sizes

PROVIDER = Provider(
    id="openai",
    label="OpenAI",
    url="https://api.openai.com/v1",
    auth=Bearer(env="OPENAI_API_KEY", help_url="https://platform.openai.com/api-keys"),
    default_model="gpt-image-2.6-sunburst",
)

PAINTER = "gpt-image-2.6-sunburst"
"""What draws for `CONVERSATIONAL`: the image tool's own default, as the SDK ``openai`` 3.57.0 has it."""

CONVERSATIONAL = "gpt-6-luna"
"""The text model that draws in a conversation, by the image tool of the Responses API."""

LOW_FIDELITY = "gpt-image-1-mini"
"""What knows ``input_fidelity`` only as ``low``; of the others, GPT Image 1.5 alone has that field."""

RETIRED = {
    "dall-e-2": "2026-05-12",
    "dall-e-3": "2026-05-12",
    "gpt-image-1": "2026-10-23",
}
"""Models that OpenAI has shut down, and when (SDK ``openai`` 3.57.0). Servers in its place may still use the names."""

_LAST_DAY = "OpenAI shuts it down on 2026-12-01; use gpt-image-2.6-sunburst or gpt-image-2.6-flare"

_FIELDS = (
    "background", "moderation", "output_compression", "output_format", "partial_images", "quality",
    "safety_identifier", "size",
)  # fmt: skip
_NEWEST_FIELDS = (*_FIELDS, "complexity", "frame_count", "frame_duration_ms")
_FAITHFUL_FIELDS = (*_FIELDS, "input_fidelity")
_TALKING_FIELDS = (*(each for each in _NEWEST_FIELDS if each != "safety_identifier"), "action", "safety_identifier")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}")
_SNAPSHOT = re.compile(r"(?P<model>.+)-\d{4}-\d{2}-\d{2}")


def _painter(
    name: str, label: str, aliases: tuple[str, ...] = (), *, fields: tuple[str, ...] = _FIELDS, deprecated: str = ""
) -> Model:
    return Model(
        PROVIDER,
        name,
        aliases=aliases,
        accepts={
            "n": Range(1, 10),
            "images": Range(1, 16),
            "mask": None,
            "extra": Choices(*fields),
        },
        defaults={"width": 1024, "height": 1024},
        size=sizes.FIXED if deprecated else sizes.RULE,
        label=label,
        deprecated=deprecated,
    )


MODELS = (
    _painter(
        "gpt-image-2.6-sunburst",
        "GPT Image 2.6 Sunburst",
        ("gpt-image", "gpt-image-2.6", "sunburst"),
        fields=_NEWEST_FIELDS,
    ),
    _painter("gpt-image-2.6-flare", "GPT Image 2.6 Flare", ("gpt-image-fast", "flare"), fields=_NEWEST_FIELDS),
    _painter("gpt-image-2.5-sunburst", "GPT Image 2.5 Sunburst", ("gpt-image-2.5",)),
    _painter("gpt-image-2.5-flare", "GPT Image 2.5 Flare"),
    _painter("gpt-image-2", "GPT Image 2"),
    _painter("gpt-image-1.5", "GPT Image 1.5", fields=_FAITHFUL_FIELDS, deprecated=_LAST_DAY),
    _painter("gpt-image-1-mini", "GPT Image 1 mini", fields=_FAITHFUL_FIELDS, deprecated=_LAST_DAY),
    _painter("chatgpt-image-latest", "ChatGPT's images", deprecated=_LAST_DAY),
    Model(
        PROVIDER,
        CONVERSATIONAL,
        accepts={
            "aspect_ratio": None,
            "width": Range(1, sizes.LONGEST_SIDE),
            "height": Range(1, sizes.LONGEST_SIDE),
            "images": Range(1, 16),
            "mask": None,
            "session": None,
            "extra": Choices(*_TALKING_FIELDS),
        },
        label="GPT-6 Luna, drawing in a conversation",
    ),
)
"""What OpenAI's documentation lists, on 2026-11-26, without what it has shut down."""

_BY_NAME = {model.id: model for model in MODELS}


def find(name: str) -> Model | None:
    """Return the model that a server calls by a name; None where no server can.

    A dated snapshot takes what its model takes. Of any other name nothing is known: it may be that of a model of
    LocalAI or vLLM, so it takes whatever there is a field for, and is sent only what the user says.

    Args:
        name: what the user wrote behind ``openai/``.
    """
    if not _NAME.fullmatch(name):
        return None
    known = _BY_NAME.get(_undated(name))
    if known is not None:
        return known if known.id == name else replace(known, id=name, aliases=())
    return Model(
        PROVIDER,
        name,
        accepts={
            "negative_prompt": None,
            "width": None,
            "height": None,
            "aspect_ratio": None,
            "guidance_scale": None,
            "num_inference_steps": None,
            "seed": None,
            "randomize_seed": None,
            "n": Range(1, 10),
            "images": Range(1, 16),
            "mask": None,
            "extra": None,
        },
    )


def is_known(model: Model) -> bool:
    """Tell whether a model is one of OpenAI's, rather than one of a server in its place."""
    return _undated(model.id) in _BY_NAME


def is_conversational(name: str) -> bool:
    """Tell whether a name is that of the model that draws in a conversation, or of a dated snapshot of it."""
    return _undated(name) == CONVERSATIONAL


def has_low_fidelity(name: str) -> bool:
    """Tell whether a name is that of `LOW_FIDELITY`, or of a dated snapshot of it."""
    return _undated(name) == LOW_FIDELITY


def _undated(name: str) -> str:
    snapshot = _SNAPSHOT.fullmatch(name)
    return snapshot["model"] if snapshot else name
