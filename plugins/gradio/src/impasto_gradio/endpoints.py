"""What an app offers, as its own ``/info`` tells it: endpoints, and what each takes and returns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto import ProtocolError

_SLIDER = "imageslider"
PICTURES = frozenset({"image", "gallery", _SLIDER, "annotatedimage", "imageeditor"})
"""Gradio's components that show pictures, in lower case."""

EDITORS = frozenset({"imageeditor", "sketchpad", "paint"})
"""Those whose value is a picture with layers drawn over it."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "randomize_seed": ("randomize_seed", "randomise_seed", "random_seed", "use_random_seed", "randomize"),
    "seed": ("seed", "random_seed", "manual_seed", "generator_seed", "initial_seed", "noise_seed"),
    "negative_prompt": ("negative_prompt", "neg_prompt", "negative", "n_prompt", "prompt_negative", "uc"),
    "prompt": (
        "prompt", "positive_prompt", "text_prompt", "prompt_text", "user_prompt", "prompts", "text",
        "input_text", "description", "caption", "query", "instruction",
    ),
    "width": ("width", "image_width", "img_width", "output_width", "w"),
    "height": ("height", "image_height", "img_height", "output_height", "h"),
    "aspect_ratio": ("aspect_ratio", "ratio", "image_ratio", "aspect"),
    "guidance_scale": ("guidance_scale", "guidance", "cfg_scale", "cfg", "true_cfg_scale"),
    "num_inference_steps": (
        "num_inference_steps", "inference_steps", "number_of_inference_steps", "num_steps", "number_of_steps",
        "steps", "sampling_steps", "sample_steps", "ddim_steps", "n_steps",
    ),
    "n": (
        "num_images", "num_images_per_prompt", "number_of_images", "num_outputs", "n_images", "num_samples",
        "n_samples", "batch_size", "n", "images",
    ),
    "strength": (
        "strength", "denoising_strength", "denoise", "denoise_strength", "image_strength", "edit_strength",
        "img2img_strength",
    ),
    "mask": ("mask", "mask_image", "image_mask", "inpaint_mask", "mask_img"),
    "images": (
        "image", "input_image", "init_image", "source_image", "reference_image", "input_img", "init_img", "images",
        "input_images", "reference_images", "picture", "photo", "img", "edit_image", "img_input",
    ),
}  # fmt: skip
"""Field of `ImageRequest` to the names that apps give it, most telling first. Earlier fields choose first."""

_KINDS = {
    "prompt": "string",
    "negative_prompt": "string",
    "randomize_seed": "boolean",
    "aspect_ratio": "string",
}
_OF_PICTURES = {
    "images": frozenset({"image", "gallery", "imageeditor", "sketchpad", "paint"}),
    "mask": frozenset({"image"}),
}
_BOUNDS = re.compile(r"between (-?[\d.]+(?:e[+-]?\d+)?) and (-?[\d.]+(?:e[+-]?\d+)?)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of an endpoint.

    Attributes:
        name: by which the app's function knows it.
        label: by which people know it.
        component: Gradio's component, in lower case.
        kind: JSON type: ``string``, ``number``, ``integer``, ``boolean``; ``""`` for anything else, such as a
            file.
        required: whether it has no default.
        default: its value when nobody says otherwise.
        choices: the values it may have; empty where they are not listed.
        bounds: the smallest and the largest number it may be.
    """

    name: str
    label: str
    component: str
    kind: str
    required: bool
    default: Any = None
    choices: tuple[Any, ...] = ()
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that an app can be asked to do.

    Attributes:
        name: such as ``/infer``.
        parameters: its inputs, in order.
        returns: its outputs, in order: label and component, in lower case.
        fields: which parameter stands for which field of `ImageRequest`.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: tuple[tuple[str, str], ...]
    fields: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def takes_several(self) -> bool:
        """Whether it takes more than one picture to start from."""
        return "images" in self.fields and self.fields["images"].component == "gallery"

    @property
    def takes_mask(self) -> bool:
        """Whether it takes a mask: by itself, or as a layer of an editor."""
        return "mask" in self.fields or ("images" in self.fields and self.fields["images"].component in EDITORS)

    @property
    def draws(self) -> bool:
        """Whether it takes a prompt and returns a picture."""
        return "prompt" in self.fields and any(component in PICTURES for _, component in self.returns)

    @property
    def seed_at(self) -> int | None:
        """Which of the outputs, from 0, is the seed; None where none is."""
        return next((index for index, (label, _) in enumerate(self.returns) if "seed" in label), None)

    @property
    def sliders(self) -> tuple[int, ...]:
        """Which of the outputs, from 0, show one picture before and another after."""
        return tuple(index for index, (_, component) in enumerate(self.returns) if component == _SLIDER)

    def describe(self) -> str:
        """Return the endpoint as one line for people: ``/infer(prompt, seed) → image``."""
        takes = ", ".join(each.name for each in self.parameters)
        return f"{self.name}({takes}) → {', '.join(component for _, component in self.returns) or 'nothing'}"


def endpoints_in(info: Any) -> tuple[Endpoint, ...]:
    """Return the endpoints that an app's parsed ``/info`` names, in its order.

    Raises:
        ProtocolError: it is no such thing.
    """
    if not isinstance(info, Mapping) or not isinstance(info.get("named_endpoints"), Mapping):
        raise ProtocolError("the app's /info does not say which endpoints it has")
    return tuple(_endpoint(name, told) for name, told in info["named_endpoints"].items())


def _endpoint(name: str, told: Mapping[str, Any]) -> Endpoint:
    parameters = tuple(_parameter(each) for each in told["parameters"])
    returns = tuple((str(each.get("label", "")).lower(), str(each["component"]).lower()) for each in told["returns"])
    return Endpoint(name, parameters, returns, dict(_fields(parameters)))


def _parameter(told: Mapping[str, Any]) -> Parameter:
    kind = told["type"]
    variants = [kind, *kind.get("anyOf", ())] if isinstance(kind, Mapping) else []
    kinds = [each.get("type") for each in variants]
    choices = next((tuple(each["enum"]) for each in variants if isinstance(each.get("enum"), list)), ())
    match = _BOUNDS.search(str(kind.get("description", ""))) if variants else None
    return Parameter(
        name=str(told["parameter_name"]),
        label=str(told.get("label", "")),
        component=str(told.get("component", "")).lower(),
        kind=next((each for each in kinds if each in {"string", "number", "integer", "boolean"}), ""),
        required=not told.get("parameter_has_default", False),
        default=told.get("parameter_default"),
        choices=choices,
        bounds=(float(match[1]), float(match[2])) if match else None,
    )


def _fields(parameters: tuple[Parameter, ...]) -> Iterator[tuple[str, Parameter]]:
    free = list(parameters)
    for name, synonyms in NAMES.items():
        fitting = [each for each in free if _suits(name, each)]
        found = _named(fitting, synonyms)
        if found is None and name == "prompt":
            boxes = [each for each in fitting if each.component == "textbox"]
            found = boxes[0] if len(boxes) == 1 else None
        if found is None and name == "images" and len(fitting) == 1:
            found = fitting[0]
        if found is not None:
            free.remove(found)
            yield name, found


def _named(parameters: list[Parameter], synonyms: tuple[str, ...]) -> Parameter | None:
    for synonym in synonyms:
        for each in parameters:
            if _slug(each.name) == synonym:
                return each
    for synonym in synonyms:
        for each in parameters:
            if _slug(each.label) == synonym:
                return each
    return None


def _suits(name: str, parameter: Parameter) -> bool:
    if name in _OF_PICTURES:
        return parameter.component in _OF_PICTURES[name]
    wanted = _KINDS.get(name)
    if wanted is None:
        return parameter.kind in {"number", "integer"} or (parameter.kind == "string" and name != "n")
    return parameter.kind == wanted


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
