"""The fields of a model's input as Cog describes them in JSON Schema, and what Replicate finds wrong with an input."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PIL import Image

Field = dict[str, Any]
"""JSON Schema of one field, before choices are moved to a schema of their own, as Cog has them."""


def text(default: str | None = None) -> Field:
    return _field({"type": "string"}, default)


def choice(*values: str, default: str | None = None) -> Field:
    return _field({"type": "string", "enum": list(values)}, values[0] if default is None else default)


def whole(minimum: int | None = None, maximum: int | None = None, default: int | None = None) -> Field:
    return _field({"type": "integer"} | _bounds(minimum, maximum), default)


def number(minimum: float | None = None, maximum: float | None = None, default: float | None = None) -> Field:
    return _field({"type": "number"} | _bounds(minimum, maximum), default)


def flag(default: bool) -> Field:
    return _field({"type": "boolean"}, default)


def file(said: str = "") -> Field:
    return {"type": "string", "format": "uri", "description": said}


def files(most: int) -> Field:
    return {"type": "array", "items": {"type": "string", "format": "uri"}, "default": [], "maxItems": most}


def _field(kind: Field, default: object) -> Field:
    return kind if default is None else {**kind, "default": default}


def _bounds(minimum: float | None, maximum: float | None) -> Field:
    return {name: value for name, value in (("minimum", minimum), ("maximum", maximum)) if value is not None}


def openapi_of(fields: Mapping[str, Field], required: tuple[str, ...], output: Field) -> dict[str, Any]:
    """Return a version's ``openapi_schema``: choices stand in schemas of their own, which fields refer to."""
    schemas: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for order, (name, field) in enumerate(fields.items()):
        if "enum" in field:
            schemas[name] = {"title": name, "type": "string", "enum": field["enum"], "description": "An enumeration."}
            properties[name] = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "x-order": order}
            properties[name] |= {"default": field["default"]} if "default" in field else {}
        else:
            properties[name] = {"title": name, "x-order": order, **field}
    schemas["Input"] = {"title": "Input", "type": "object", "properties": properties, "required": list(required)}
    schemas["Output"] = {"title": "Output", **output}
    return {"openapi": "3.0.2", "info": {"title": "Cog", "version": "0.1.0"}, "components": {"schemas": schemas}}


def problems(
    fields: Mapping[str, Field], required: tuple[str, ...], given: Mapping[str, Any], is_file: Callable[[str], bool]
) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with an input: the kind of mistake, its place, and words.

    Replicate itself lets unknown fields pass. Here they are mistakes: a misspelt one would be lost in silence.
    """
    for name in required:
        if name not in given:
            yield "required", "input", f"{name} is required"
    for name, value in given.items():
        if name not in fields:
            yield "additional_property_not_allowed", "input", f"Additional property {name} is not allowed"
        else:
            yield from _wrong(fields[name], f"input.{name}", value, is_file)


def _wrong(field: Field, place: str, value: Any, is_file: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    kinds: dict[str, Any] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    }  # fmt: skip
    kind = field["type"]
    if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield "invalid_type", place, f"Invalid type. Expected: {kind}, given: {type(value).__name__}"
        return
    if "enum" in field and value not in field["enum"]:
        said = ", ".join(f'"{each}"' for each in field["enum"])
        yield "enum", place, f"{place} must be one of the following: {said}"
    if "minimum" in field and value < field["minimum"]:
        yield "number_gte", place, f"Must be greater than or equal to {field['minimum']}"
    if "maximum" in field and value > field["maximum"]:
        yield "number_lte", place, f"Must be less than or equal to {field['maximum']}"
    if kind == "array":
        if len(value) > field["maxItems"]:
            yield "array_max_items", place, f"Array must have at most {field['maxItems']} items"
        for index, each in enumerate(value):
            yield from _wrong(field["items"], f"{place}.{index}", each, is_file)
    if field.get("format") == "uri" and not (picture_in(value) or is_file(value)):
        yield "format", place, "Does not match format 'uri'"


def picture_in(url: str) -> Image.Image | None:
    """Return the picture that a ``data:`` URL holds, of the type that it says; None where it holds none."""
    head, _, body = url.partition(",")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(body, validate=True)))
        picture.load()
    except (binascii.Error, OSError):
        return None
    return picture if head == f"data:{picture.get_format_mimetype()};base64" else None
