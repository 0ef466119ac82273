"""Models that are not listed: what each takes is read off its own schema, which Replicate serves with the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from impasto import HttpRequest, ImageRequest, InvalidRequest, Model, ProviderUnavailable, ServerEvent
from impasto_replicate.declaring import PROVIDER
from impasto_replicate.spelling import PLAIN, Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto_replicate.models import Reference

FIELDS = {
    "negative_prompt": ("negative_prompt",),
    "width": ("width",),
    "height": ("height",),
    "aspect_ratio": ("aspect_ratio",),
    "guidance_scale": ("guidance_scale", "guidance", "cfg", "cfg_scale"),
    "num_inference_steps": ("num_inference_steps", "steps", "num_steps"),
    "seed": ("seed",),
    "images": (
        "input_images", "image_input", "images", "input_image", "image", "image_prompt", "init_image", "control_image",
        "redux_image", "image_reference", "reference_images",
    ),
    "mask": ("mask", "mask_image"),
    "strength": ("prompt_strength", "strength"),
}  # fmt: skip
"""Fields of a request, each with the names that models of Replicate have for it, the likeliest first."""

MODEL = "model"
"""What the step of asking for a schema is called."""

_PICTURES = frozenset({"images", "mask"})
_SIZE = re.compile(r"\d{2,5}x\d{2,5}")
_INVERTED = re.compile(
    r"\bblack (pixels|areas?|parts?|regions?) (are|is|will be) (in|re)?(painted|drawn|edited|placed)"
)


def declared(name: str) -> Model:
    """Return the declaration of a model that is not listed: it takes whatever its schema turns out to have."""
    accepts = {**dict.fromkeys(FIELDS), "randomize_seed": None, "extra": None}
    return Model(PROVIDER, name, accepts=accepts, label=f"{name} on Replicate")


def ask(wanted: Reference) -> HttpRequest:
    """Return the request for a model's schema."""
    path = f"/models/{quote(wanted.owner, safe='')}/{quote(wanted.name, safe='')}"
    return HttpRequest("GET", f"{path}/versions/{wanted.version}" if wanted.version else path, step={"at": MODEL})


@dataclass(frozen=True, slots=True)
class Schema:
    """The input of a model's version.

    Attributes:
        path: where a prediction of it is created.
        body: the fields of that beside the input.
        fields: its input, in JSON Schema, references resolved.
        required: fields that have to be given.
    """

    path: str
    body: Mapping[str, Any]
    fields: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]

    def spelling(self, request: ImageRequest) -> Spelling:
        """Return how the input spells the request, which is checked against it.

        Raises:
            InvalidRequest: the model does not take a prompt, a field that was given, or its value.
        """
        if "prompt" not in self.fields:
            raise InvalidRequest(f"the model takes no prompt; it takes {self._taken()}.", parameter="prompt")
        names = {
            name: found
            for name, candidates in FIELDS.items()
            if (found := next((each for each in candidates if each in self.fields), None)) is not None
        }
        size_in = self._size_in(request) if "width" not in names else None
        mask = str(self.fields[names["mask"]].get("description", "")) if "mask" in names else ""
        spelling = Spelling(
            names,
            takes_list="images" in names and self.fields[names["images"]].get("type") == "array",
            with_size={
                name: "custom" for name in ("aspect_ratio", "size") if "custom" in self._choices(name)
            },
            size_in=size_in,
            is_mask_inverted=_INVERTED.search(mask.lower()) is not None,
        )  # fmt: skip
        self._check(spelling, request)
        return spelling

    def _check(self, spelling: Spelling, request: ImageRequest) -> None:
        for name in request.given():
            if name in {"n", "extra", "randomize_seed"} or (name in {"width", "height"} and spelling.size_in):
                continue
            if name not in spelling.names:
                raise InvalidRequest(f"the model does not take {name}; it takes {self._taken()}.", parameter=name)
        if spelling.with_size and (request.width is None) != (request.height is None):
            raise InvalidRequest("the model takes width and height together.", parameter="width")
        if len(request.images) > 1 and not spelling.takes_list:
            raise InvalidRequest(f"the model takes one picture, not {len(request.images)}.", parameter="images")
        for name in request.extra:
            if name not in self.fields:
                raise InvalidRequest(f"the model has no field {name!r}; it takes {self._taken()}.", parameter="extra")
        said = spelling.plain_input(request)
        asked = dict.fromkeys(request.extra, "extra")
        asked |= {spelling.names[name]: name for name in PLAIN if name in spelling.names}
        asked |= {spelling.size_in: "width"} if spelling.size_in else {}
        for name, value in said.items():
            if wrong := _wrong(self.fields.get(name, {}), value):
                raise InvalidRequest(f"the model's {name} {wrong}, not {value!r}.", parameter=asked.get(name))
        given = {spelling.names[name] for name in _PICTURES if getattr(request, name) and name in spelling.names}
        for name in self.required:
            if name not in said and name not in given:
                raise InvalidRequest(f"the model needs {name}; it takes {self._taken()}.", parameter="extra")

    def _size_in(self, request: ImageRequest) -> str | None:
        """Return the field whose choices are sizes, where a size is asked and there is one."""
        if request.width is None or request.height is None:
            return None
        for name in ("size", "resolution"):
            if any(_SIZE.fullmatch(each) for each in self._choices(name)):
                return name
        return None

    def _choices(self, name: str) -> tuple[str, ...]:
        choices = self.fields.get(name, {}).get("enum", ())
        return tuple(each for each in choices if isinstance(each, str))

    def _taken(self) -> str:
        return ", ".join(self.fields)


def schema_of(event: ServerEvent, wanted: Reference) -> Schema:
    """Return the schema in an answer to `ask`.

    An official model is run by its name; any other by a version, the latest one if none was named.

    Raises:
        ProviderUnavailable: the model has no version that could be run.
    """
    told = event.json()
    version = told if wanted.version else told["latest_version"]
    if version is None:
        raise ProviderUnavailable("the model has no version that could be run")
    name = f"{quote(wanted.owner, safe='')}/{quote(wanted.name, safe='')}"
    schemas = version["openapi_schema"]["components"]["schemas"]
    said = schemas["Input"]
    fields = {field: dict(_resolved(each, schemas)) for field, each in said["properties"].items()}
    required = tuple(each for each in said.get("required", ()) if isinstance(each, str))
    if not wanted.version and told.get("is_official") is True:
        return Schema(f"/models/{name}/predictions", {}, fields, required)
    return Schema("/predictions", {"version": str(version["id"])}, fields, required)


def _resolved(field: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a field says, with what it refers to; choices stand in schemas of their own, as Cog writes them."""
    for part in (*field.get("allOf", ()), *field.get("anyOf", ()), field):
        name = part.get("$ref", "").rpartition("/")[2]
        described = {**schemas[name], **part} if name else part
        if described.get("type") != "null":
            yield from described.items()


def _wrong(field: Mapping[str, Any], value: object) -> str:
    """Return how a value breaks a field's rule; empty where it does not."""
    choices, least, most = field.get("enum"), field.get("minimum"), field.get("maximum")
    if isinstance(choices, list) and value not in choices:
        return f"must be one of {', '.join(map(str, choices))}"
    if isinstance(value, int | float):
        if isinstance(least, int | float) and value < least:
            return f"must be {least} or more"
        if isinstance(most, int | float) and value > most:
            return f"must be {most} or less"
    return ""
