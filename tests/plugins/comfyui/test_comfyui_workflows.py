"""Workflows of the user's own: what is put in place of their placeholders, and what is refused, in words that help."""

from __future__ import annotations

import json
from typing import Any

import PIL.Image
import pytest

import impasto_comfyui
from impasto import Follow, HttpRequest, ImageRequest, InvalidRequest, Model, ServerEvent
from impasto.fitting import fit
from impasto.sources import as_mask, image_of

PICTURE = image_of(PIL.Image.new("RGB", (128, 96)))
MASK = as_mask(image_of(PIL.Image.new("L", (128, 96), 255)))
ANY: Model = impasto_comfyui.list_models()[0]


def node(**inputs: Any) -> dict[str, Any]:
    return {"class_type": "Anything", "inputs": inputs}


def submitted(workflow: Any, model: Model | None = None, **fields: Any) -> HttpRequest:
    """Return what submits a workflow."""
    extra = {"workflow": workflow, **fields.pop("extra", {})}
    request = fit(model or ANY, ImageRequest("a red fox", **{"id": "1f" * 16, "extra": extra, **fields}))
    payload = impasto_comfyui.build_payload(model or ANY, request)
    names = iter("abcdef")
    while isinstance(payload, HttpRequest) and payload.url != "/prompt":
        said: Any = ["dreams.ckpt"]
        if payload.url == "/upload/image":
            said = {"name": f"{next(names)}.png", "subfolder": "", "type": "input"}
        event = ServerEvent("response", json.dumps(said).encode(), payload, request, 200)
        (follow,) = impasto_comfyui.parse_event(model or ANY, event)
        assert isinstance(follow, Follow)
        payload = follow.payload
    assert isinstance(payload, HttpRequest)
    return payload


def filled(workflow: Any, model: Model | None = None, **fields: Any) -> dict[str, Any]:
    """Return the graph that is submitted for a workflow."""
    graph: dict[str, Any] = submitted(workflow, model, **fields).json["prompt"]
    return graph


def test_placeholders_become_what_was_asked_with_its_type() -> None:
    told = node(
        text="%prompt%", not_this="%negative_prompt%", seed="%seed%", width="%width%", height="%height%",
        cfg="%guidance_scale%", steps="%num_inference_steps%", count="%n%", ckpt="%checkpoint%",
    )  # fmt: skip
    graph = filled(
        {"1": told}, width=640, height=480, guidance_scale=3.5, num_inference_steps=9, n=2, negative_prompt="rain",
        seed=7,
    )  # fmt: skip
    assert graph["1"]["inputs"] == {
        "text": "a red fox", "not_this": "rain", "seed": 7, "width": 640, "height": 480, "cfg": 3.5, "steps": 9,
        "count": 2, "ckpt": "dreams.ckpt",
    }  # fmt: skip


def test_within_other_words_they_become_text_and_everything_else_is_left_alone() -> None:
    told = node(text="ink, %prompt%, 100% %year%", prefix="%year%", seeds=["%seed%"], link=["2", 0], flag=True)
    graph = filled({"1": told, "2": node()})
    assert graph["1"]["inputs"] == {**told["inputs"], "text": "ink, a red fox, 100% %year%"}


def test_a_prompt_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    assert filled({"1": node(text="%prompt%")}) == {"1": node(text="a red fox")}
    request = ImageRequest("%seed%", extra={"workflow": {"1": node(text="%prompt%")}})
    payload = impasto_comfyui.build_payload(ANY, request)
    assert isinstance(payload, HttpRequest)
    assert payload.json["prompt"] == {"1": node(text="%seed%")}


def test_a_default_holds_where_nothing_is_asked() -> None:
    told = {"1": node(text="%prompt%", cfg="%guidance_scale:3.5%", sampler="%sampler_name:euler%")}
    assert filled(told)["1"]["inputs"] == {"text": "a red fox", "cfg": 3.5, "sampler": "euler"}
    asked = filled(told, guidance_scale=5, extra={"sampler_name": "lcm"})
    assert asked["1"]["inputs"] == {"text": "a red fox", "cfg": 5, "sampler": "lcm"}


ALL_HAVE_DEFAULTS = {
    "1": node(
        text="%prompt%", not_this="%negative_prompt:watermark%", width="%width:768%", height="%height:512%",
        count="%n:4%", seed="%seed:42%", name="%filename_prefix:ink%", ckpt="%checkpoint:dreams.ckpt%",
    )
}  # fmt: skip
DEFAULTS = {
    "text": "a red fox", "not_this": "watermark", "width": 768, "height": 512, "count": 4, "seed": 42, "name": "ink",
    "ckpt": "dreams.ckpt",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({}, {}),
        ({"width": 640}, {"width": 640}),
        ({"height": 640}, {"height": 640}),
        ({"aspect_ratio": "16:9"}, {"width": 1024, "height": 576}),
        ({"width": 640, "aspect_ratio": "2:1"}, {"width": 640, "height": 320}),
        ({"negative_prompt": "rain", "n": 2, "seed": 7}, {"not_this": "rain", "count": 2, "seed": 7}),
        ({"extra": {"filename_prefix": "fox"}}, {"name": "fox"}),
    ],
)
def test_a_default_holds_before_what_is_usual_and_only_for_what_is_not_asked(
    fields: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert filled(ALL_HAVE_DEFAULTS, **fields)["1"]["inputs"] == {**DEFAULTS, **changed}


def test_a_size_by_default_holds_also_where_a_picture_is_started_from_unless_its_shape_is_to_be_kept() -> None:
    told = {"1": node(text="%prompt%", width="%width:768%", height="%height:512%", image="%image%")}
    inputs = filled(told, images=(PICTURE,))["1"]["inputs"]
    assert (inputs["width"], inputs["height"]) == (768, 512)
    inputs = filled(told, images=(PICTURE,), width=256)["1"]["inputs"]
    assert (inputs["width"], inputs["height"]) == (256, 192)


def test_a_checkpoint_by_default_holds_also_where_another_place_takes_any() -> None:
    told = {"1": node(text="%prompt%", mine="%checkpoint:ink.ckpt%", any="%checkpoint%")}
    assert filled(told)["1"]["inputs"] == {"text": "a red fox", "mine": "ink.ckpt", "any": "dreams.ckpt"}


@pytest.mark.parametrize(
    ("seeds", "fields", "told"),
    [
        (["%seed:42%"], {}, 42),
        (["%seed:42%"], {"seed": 7}, 7),
        (["%seed:42%"], {"seed": 7, "randomize_seed": True}, 42),
        (["%seed:42%", "%seed:42%"], {}, 42),
        (["%seed:42%", "%seed:43%"], {}, None),
        (["%seed:none%"], {}, None),
        (["%seed%"], {"randomize_seed": False}, 0),
        ([42], {}, None),
    ],
)
def test_the_seed_that_is_told_is_the_one_that_is_drawn_with(
    seeds: list[Any], fields: dict[str, Any], told: int | None
) -> None:
    payload = submitted({"1": node(text="%prompt%", **{f"seed_{at}": seed for at, seed in enumerate(seeds)})}, **fields)
    assert payload.step["seed"] == told  # type: ignore[index]


def test_without_a_seed_each_request_gets_its_own_of_64_bits_and_the_same_request_the_same() -> None:
    told = {"1": node(text="%prompt%", seed="%seed%")}
    one, same, other = (filled(told, id=id_)["1"]["inputs"]["seed"] for id_ in ("1f" * 16, "1f" * 16, "2e" * 16))
    assert one == same != other
    assert 2**31 < max(one, other) < 2**64


def test_sizes_that_nobody_asked_for_are_those_of_the_picture_or_1024() -> None:
    told = {"1": node(text="%prompt%", width="%width%", height="%height%", image="%image:none.png%")}
    assert filled(told)["1"]["inputs"] | {"text": ""} == {
        "text": "",
        "width": 1024,
        "height": 1024,
        "image": "none.png",
    }
    assert filled(told, images=(PICTURE,))["1"]["inputs"]["height"] == 96
    assert filled(told, aspect_ratio="16:9")["1"]["inputs"]["height"] == 576


def test_pictures_are_uploaded_and_named() -> None:
    model = impasto_comfyui.find_model("workflow")
    told = {"1": node(text="%prompt%", one="%image%", two="%image_2%", mask="%mask%", how="%strength%")}
    graph = filled(told, model, images=(PICTURE, PICTURE), mask=MASK, strength=0.5)
    assert graph["1"]["inputs"] == {"text": "a red fox", "one": "a.png", "two": "b.png", "mask": "c.png", "how": 0.5}


def test_what_is_continued_is_the_first_picture() -> None:
    graph = filled({"1": node(text="%prompt%", image="%image_1%")}, session={"image": "x.png [output]"})
    assert graph["1"]["inputs"]["image"] == "x.png [output]"


def test_the_server_is_asked_for_checkpoints_only_where_the_workflow_wants_one() -> None:
    request = ImageRequest("a fox", extra={"workflow": {"1": node(text="%prompt%")}})
    payload = impasto_comfyui.build_payload(ANY, request)
    assert isinstance(payload, HttpRequest)
    assert payload.url == "/prompt"


@pytest.mark.parametrize(
    ("workflow", "words"),
    [
        ({}, "it must be a graph in API format"),
        (["1"], "it must be a graph in API format"),
        ("flow.json", r'it must be a graph.*-x workflow="\$\(cat FILE\)"'),
        ({"nodes": [], "links": []}, r"the editor's own format.*Export \(API\)"),
        ({"prompt": {"1": node()}, "client_id": "x"}, "give what stands under 'prompt'"),
        ({"1": node(text="%prompt%", bad=float("nan"))}, "it cannot be sent"),
        ({"1": node(text="%prompt%", bad={1, 2})}, "it cannot be sent"),
        ({"1": [1]}, r"node 1 must be a mapping with class_type and inputs, not \[1\]"),
        ({"1": {"inputs": {}}}, "node 1 has no class_type"),
        ({"1": {"class_type": "KSampler"}}, r"node 1 \(KSampler\) has no inputs"),
        ({"1": node(text="%prompt%", link=["7", 0])}, r"node 1 \(Anything\), link: it is linked to node 7"),
        ({"1": node(text="%promt%")}, r"nothing is known of %promt%; there are checkpoint, .*prompt"),
        ({"1": node(text="a fox")}, "it has no %prompt%, so the prompt would be ignored"),
    ],
)
def test_what_is_wrong_with_a_workflow_is_named(workflow: Any, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as raised:
        filled(workflow)
    assert raised.value.parameter == "extra"


@pytest.mark.parametrize(
    ("fields", "parameter", "wanted"),
    [
        ({"width": 640}, "width", "%width%"),
        ({"aspect_ratio": "1:2"}, "aspect_ratio", "%width%"),
        ({"guidance_scale": 3}, "guidance_scale", "%guidance_scale%"),
        ({"num_inference_steps": 3}, "num_inference_steps", "%num_inference_steps%"),
        ({"negative_prompt": "rain"}, "negative_prompt", "%negative_prompt%"),
        ({"n": 2}, "n", "%n%"),
        ({"seed": 7}, "seed", "%seed%"),
        ({"images": (PICTURE,)}, "images", "%image% or %image_1%"),
        ({"session": {"image": "x"}}, "session", "%image% or %image_1%"),
        ({"extra": {"scheduler": "beta"}}, r"extra\['scheduler'\]", "%scheduler%"),
        ({"extra": {"loras": "ink"}}, r"extra\['loras'\]", "%loras%"),
    ],
)
def test_what_a_workflow_would_ignore_is_refused_by_name(fields: dict[str, Any], parameter: str, wanted: str) -> None:
    with pytest.raises(
        InvalidRequest, match=f"{parameter} would be ignored, since the workflow has no {wanted}"
    ) as raised:
        filled({"1": node(text="%prompt%")}, **fields)
    assert (raised.value.parameter or "") == parameter.partition("\\")[0]


def test_a_placeholder_without_a_value_says_what_to_give() -> None:
    with pytest.raises(
        InvalidRequest, match=r"asks for %image_2% \(node 1, b\): give images, or write %image_2:VALUE%"
    ):
        filled({"1": node(text="%prompt%", a="%image%", b="%image_2%")}, images=(PICTURE,))


def test_a_named_checkpoint_is_not_ignored() -> None:
    model = impasto_comfyui.find_model("dreams.ckpt")
    with pytest.raises(InvalidRequest, match="comfyui/dreams.ckpt names a checkpoint, and the workflow has no"):
        filled({"1": node(text="%prompt%")}, model)
    assert filled({"1": node(text="%prompt%", ckpt="%checkpoint%")}, model)["1"]["inputs"]["ckpt"] == "dreams.ckpt"
