"""The plugin's hooks, asked as the core asks them, with the Hub's answer made up."""

from __future__ import annotations

import json
from typing import Any

import impasto_huggingface as plugin
from impasto import Follow, HttpRequest, Image, ImageRequest, Model, Outcome, Progress, ServerEvent
from impasto.fitting import fit
from services.inference_providers.mapping import MODELS, TEXT
from standins.pictures import picture

SCHNELL = "black-forest-labs/FLUX.1-schnell"
KONTEXT = "black-forest-labs/FLUX.1-Kontext-dev"
PICTURE = Image(data=picture(), media_type="image/png", width=64, height=64)


def model_of(name: str) -> Model:
    listed = {each.id: each for each in plugin.list_models()}
    found = listed.get(name) or plugin.find_model(name)
    assert found is not None
    return found


def request_of(model: Model, **fields: Any) -> ImageRequest:
    return fit(model, ImageRequest("a fox", **{"seed": 7, **fields}))


def asked(name: str = SCHNELL) -> HttpRequest:
    model = model_of(name)
    request = request_of(model, **({"images": (PICTURE,)} if model.requires else {}))
    payload = plugin.build_payload(model, request)
    assert isinstance(payload, HttpRequest)
    return payload


def answered(
    said: object, name: str = SCHNELL, status: int = 200, payload: HttpRequest | None = None, **fields: Any
) -> list[Outcome]:
    """Return what the plugin makes of an answer: to its question, or to another payload."""
    model = model_of(name)
    headers = {"content-type": "application/json", **fields.pop("headers", {})}
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    request = request_of(model, **fields)
    return plugin.parse_event(model, ServerEvent("response", body, payload or asked(name), request, status, headers))


def order(name: str, mapping: object = None, **fields: Any) -> HttpRequest:
    """Return what is sent once the Hub has told its mapping."""
    task, known = MODELS.get(name, (TEXT, {}))
    said = {"id": name, "pipeline_tag": task, "inferenceProviderMapping": known if mapping is None else mapping}
    progress, follow = answered(said, name, **fields)
    assert isinstance(progress, Progress)
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload
