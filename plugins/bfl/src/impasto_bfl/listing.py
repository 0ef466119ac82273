"""Which models the service has: it lists none, but its description of itself has a path for each.

Facts: https://api.bfl.ai/openapi.json (2026-04-29); it needs no key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto_bfl.models import MODELS, find

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = "/v1/"
_LISTED = {model.id for model in MODELS}


def names_in(description: dict[str, Any]) -> Iterator[str]:
    """Yield the models that draw from a prompt, and those of `MODELS` that need more.

    Args:
        description: an OpenAPI document.
    """
    schemas = description.get("components", {}).get("schemas", {})
    for path, methods in description["paths"].items():
        name = path.removeprefix(_ROOT)
        if name == path or "post" not in methods or find(name) is None:
            continue
        if name in _LISTED or _is_drawn_from_a_prompt(methods["post"], schemas):
            yield name


def _is_drawn_from_a_prompt(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return "prompt" in schema.get("properties", {}) and set(schema.get("required", ())) <= {"prompt"}
