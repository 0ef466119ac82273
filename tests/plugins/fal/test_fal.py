"""fal: what is offered, and what is submitted."""

from __future__ import annotations

from typing import Any

import pytest

import impasto_fal as plugin
from impasto import ApiKeyHeader, Choices, HttpRequest, Image, ImageRequest, InvalidRequest, Model, Range
from impasto.fitting import fit
from impasto.sources import as_mask, image_of
from services.fal_api.schemas import ENDPOINTS
from standins.pictures import picture

MODELS = {model.id: model for model in plugin.list_models()}
FOX = image_of(picture("PNG", (640, 512)))
FOUR_PICTURES = ("fal-ai/flux-2/edit", "fal-ai/flux-2/klein/4b/edit", "fal-ai/flux-2/klein/9b/edit")
MASK = as_mask(image_of(picture("PNG", (640, 512), "white")))


def submitted(endpoint: str, prompt: str = "a fox", **fields: Any) -> dict[str, Any]:
    """Return the body that is submitted, without the seed that is drawn where none is given."""
    model = plugin.find_model(endpoint)
    assert model is not None
    payload = plugin.build_payload(model, fit(model, ImageRequest(prompt, **fields)))
    assert isinstance(payload, HttpRequest)
    assert (payload.method, payload.url, payload.repeatable) == ("POST", f"/{endpoint}", False)
    body: dict[str, Any] = dict(payload.json)
    if "seed" not in fields:
        body.pop("seed", None)
    return body


def named(alias: str) -> list[str]:
    return sorted(model.id for model in MODELS.values() if alias in model.aliases)


class TestWhatIsOffered:
    def test_fal_and_its_key(self) -> None:
        assert plugin.PROVIDER.url == "https://queue.fal.run"
        assert plugin.PROVIDER.default_model == "fal-ai/flux/schnell"
        auth = plugin.PROVIDER.auth
        assert isinstance(auth, ApiKeyHeader)
        assert (auth.env, auth.optional, auth.help_url) == ("FAL_KEY", False, "https://fal.ai/dashboard/keys")
        assert auth.headers("id:secret") == {"Authorization": "Key id:secret"}

    @pytest.mark.parametrize(
        ("alias", "endpoints"),
        [
            ("flux", ["fal-ai/flux/schnell"]),
            ("flux-schnell", ["fal-ai/flux/schnell"]),
            ("flux-dev", ["fal-ai/flux/dev", "fal-ai/flux/dev/image-to-image"]),
            ("flux-pro", ["fal-ai/flux-pro/v1.1"]),
            ("flux-kontext", [f"fal-ai/flux-pro/kontext{path}" for path in ("", "/multi", "/text-to-image")]),
            ("flux-2", ["fal-ai/flux-2-pro", "fal-ai/flux-2-pro/edit"]),
            ("flux-2-pro", ["fal-ai/flux-2-pro", "fal-ai/flux-2-pro/edit"]),
            ("sd-3.5", ["fal-ai/stable-diffusion-v35-large"]),
            ("sd-3.5-large", ["fal-ai/stable-diffusion-v35-large"]),
            ("sdxl", ["fal-ai/fast-sdxl", "fal-ai/fast-sdxl/image-to-image", "fal-ai/fast-sdxl/inpainting"]),
            ("gpt-image-2", ["openai/gpt-image-2", "openai/gpt-image-2/edit"]),
        ],
    )
    def test_the_names_that_people_use(self, alias: str, endpoints: list[str]) -> None:
        assert named(alias) == endpoints

    def test_what_another_provider_makes_is_asked_of_it_first(self) -> None:
        assert {model.priority for model in MODELS.values() if model.id.startswith("openai/")} == {-1}

    @pytest.mark.parametrize(
        "endpoint", ["fal-ai/flux-pro", "fal-ai/flux-realism", "fal-ai/stable-diffusion-v35-large/turbo"]
    )
    def test_what_is_gone_from_fals_list_is_not_listed(self, endpoint: str) -> None:
        assert endpoint not in MODELS

    @pytest.mark.parametrize(
        ("endpoint", "steps", "guidance", "most"),
        [
            ("fal-ai/flux/schnell", (1, 12, 4), (1, 20, 3.5), 4),
            ("fal-ai/flux/dev", (1, 50, 28), (1, 20, 3.5), 4),
            ("fal-ai/flux/dev/image-to-image", (10, 50, 40), (1, 20, 3.5), 4),
            ("fal-ai/flux-2", (4, 50, 28), (0, 20, 2.5), 4),
            ("fal-ai/flux-2-flex", (2, 50, 28), (1.5, 10, 3.5), None),
            ("fal-ai/fast-sdxl", (1, 50, 25), (0, 20, 7.5), 8),
        ],
    )
    def test_the_ranges_and_defaults_are_fals(
        self, endpoint: str, steps: tuple[int, int, int], guidance: tuple[float, float, float], most: int | None
    ) -> None:
        model = MODELS[endpoint]
        assert model.accepts["num_inference_steps"] == Range(*steps[:2])
        assert model.accepts["guidance_scale"] == Range(*guidance[:2])
        assert model.accepts.get("n") == (Range(1, most) if most else None)
        assert (model.defaults["num_inference_steps"], model.defaults["guidance_scale"]) == (steps[2], guidance[2])

    def test_what_changes_a_picture_needs_one_and_what_inpaints_a_mask(self) -> None:
        assert MODELS["fal-ai/flux/dev"].requires == ()
        assert MODELS["fal-ai/flux-2/edit"].requires == ("images",)
        assert MODELS["fal-ai/flux-pro/v1/fill"].requires == ("images", "mask")
        with pytest.raises(InvalidRequest, match="images"):
            submitted("fal-ai/flux-pro/kontext")

    @pytest.mark.parametrize(
        ("endpoint", "most"), [*((each, 4) for each in FOUR_PICTURES), ("openai/gpt-image-2/edit", 16)]
    )
    def test_no_more_pictures_are_taken_than_the_endpoint_allows(self, endpoint: str, most: int) -> None:
        assert MODELS[endpoint].accepts["images"] == Range(1, most)

    @pytest.mark.parametrize("endpoint", MODELS)
    def test_what_can_be_said_beside_is_what_the_endpoint_documents(self, endpoint: str) -> None:
        rule = MODELS[endpoint].accepts["extra"]
        assert isinstance(rule, Choices)
        assert set(rule.values) <= set(ENDPOINTS[endpoint].model_fields)


class TestAnyApplication:
    @pytest.mark.parametrize(
        "name", ["fal-ai/aura-flow", "fal-ai/bagel/edit", "bria/fibo/generate", "some-one/own-app"]
    )
    def test_is_a_model_by_its_id(self, name: str) -> None:
        model = plugin.find_model(name)
        assert isinstance(model, Model)
        assert model.name == f"fal/{name}"

    def test_one_that_is_listed_is_the_one_in_the_list(self) -> None:
        assert plugin.find_model("fal-ai/flux/dev") is MODELS["fal-ai/flux/dev"]

    @pytest.mark.parametrize(
        "name",
        ["", "aura-flow", "fal-ai/", "/fal-ai", "fal-ai//x", "fal-ai/../x", "fal-ai/flux/requests/1", "fal-ai/ü",
         "a/b?c", "fal-ai/" + "x" * 200],
    )  # fmt: skip
    def test_what_cannot_be_one_is_none(self, name: str) -> None:
        assert plugin.find_model(name) is None

    def test_is_sent_what_is_asked_and_nothing_more(self) -> None:
        assert submitted("fal-ai/aura-flow") == {"prompt": "a fox"}
        asked: dict[str, Any] = {"negative_prompt": "rain", "guidance_scale": 2.0, "num_inference_steps": 20, "seed": 7}
        assert submitted("fal-ai/aura-flow", **asked, aspect_ratio="16:9") == {
            "prompt": "a fox", **asked, "aspect_ratio": "16:9",
        }  # fmt: skip
        size: dict[str, Any] = {"width": 640, "height": 512}
        assert submitted("fal-ai/aura-flow", **size) == {"prompt": "a fox", "image_size": size}

    def test_takes_any_field_by_its_own_name_which_comes_before_ours(self) -> None:
        body = submitted("fal-ai/bagel/edit", images=(FOX,), extra={"image_urls": [], "use_thought": True})
        assert body == {"prompt": "a fox", "image_urls": [], "use_thought": True}

    def test_one_side_of_a_picture_is_refused_because_fal_would_make_the_other_512(self) -> None:
        with pytest.raises(InvalidRequest, match="give height too") as caught:
            submitted("fal-ai/aura-flow", width=640)
        assert caught.value.parameter == "height"


class TestWhatIsSubmitted:
    @pytest.mark.parametrize("endpoint", MODELS)
    def test_every_listed_endpoint_takes_a_plain_request(self, endpoint: str) -> None:
        given: dict[str, Any] = {name: {"images": (FOX,), "mask": MASK}[name] for name in MODELS[endpoint].requires}
        ENDPOINTS[endpoint].model_validate(submitted(endpoint, **given))

    @pytest.mark.parametrize("size", [(64, 48), (512, 512), (1000, 300), (4032, 3024)])
    @pytest.mark.parametrize("endpoint", [each for each in MODELS if "images" in MODELS[each].requires])
    def test_every_endpoint_that_edits_takes_a_picture_of_any_size(self, endpoint: str, size: tuple[int, int]) -> None:
        image = Image(data=b"x", media_type="image/png", width=size[0], height=size[1])
        given: dict[str, Any] = {name: image if name == "mask" else (image,) for name in MODELS[endpoint].requires}
        ENDPOINTS[endpoint].model_validate(submitted(endpoint, **given))

    def test_a_prompt_alone(self) -> None:
        assert submitted("fal-ai/flux/schnell") == {
            "prompt": "a fox",
            "num_inference_steps": 4,
            "guidance_scale": 3.5,
            "image_size": {"width": 1024, "height": 768},
        }

    def test_everything_that_is_asked(self) -> None:
        asked: dict[str, Any] = {"negative_prompt": "rain", "guidance_scale": 2.0, "num_inference_steps": 20, "seed": 7}
        extra = {"output_format": "png", "loras": [{"path": "https://example.com/l.safetensors", "scale": 1}]}
        assert submitted("fal-ai/stable-diffusion-v35-large", width=640, height=512, n=3, extra=extra, **asked) == {
            "prompt": "a fox", **asked, "num_images": 3, "image_size": {"width": 640, "height": 512}, **extra,
        }  # fmt: skip

    def test_a_size_is_rounded_as_the_model_would_round_it(self) -> None:
        assert submitted("fal-ai/flux/dev", width=1000, height=700)["image_size"] == {"width": 992, "height": 688}
        assert submitted("fal-ai/fast-sdxl", width=1000, height=700)["image_size"] == {"width": 1000, "height": 696}

    @pytest.mark.parametrize(
        ("endpoint", "field"),
        [("fal-ai/flux-pro/kontext", "aspect_ratio"), ("fal-ai/flux-kontext/dev", "resolution_mode")],
    )
    def test_an_aspect_ratio_where_there_is_no_size(self, endpoint: str, field: str) -> None:
        body = submitted(endpoint, images=(FOX,), aspect_ratio="16:9")
        assert body[field] == "16:9"
        assert "image_size" not in body

    @pytest.mark.parametrize(
        ("endpoint", "field"),
        [
            ("fal-ai/flux/dev/image-to-image", "image_url"),
            ("fal-ai/flux-pro/kontext", "image_url"),
            ("fal-ai/flux-pro/v1.1-ultra", "image_url"),
            ("fal-ai/qwen-image-edit", "image_url"),
            ("fal-ai/flux-pro/kontext/multi", "image_urls"),
            ("fal-ai/flux-2/edit", "image_urls"),
            ("fal-ai/nano-banana-2/edit", "image_urls"),
        ],
    )
    def test_a_picture_goes_in_as_a_data_uri(self, endpoint: str, field: str) -> None:
        value = submitted(endpoint, images=(FOX,))[field]
        assert value == ([FOX.data_url()] if field == "image_urls" else FOX.data_url())
        assert FOX.data_url().startswith("data:image/png;base64,")

    def test_several_pictures(self) -> None:
        assert submitted("fal-ai/flux-2/edit", images=(FOX, FOX))["image_urls"] == [FOX.data_url()] * 2

    def test_a_picture_that_is_edited_keeps_its_size_as_far_as_the_model_can(self) -> None:
        small: Image = image_of(picture("PNG", (320, 256)))
        assert submitted("fal-ai/flux-2/edit", images=(FOX,))["image_size"] == {"width": 640, "height": 512}
        assert submitted("fal-ai/flux-2/edit", images=(small,))["image_size"] == {"width": 640, "height": 512}

    @pytest.mark.parametrize(
        ("endpoint", "field"),
        [
            ("fal-ai/flux-pro/v1/fill", "mask_url"),
            ("fal-ai/fast-sdxl/inpainting", "mask_url"),
            ("fal-ai/z-image/turbo/inpaint", "mask_image_url"),
        ],
    )
    def test_a_mask_white_where_to_draw_anew(self, endpoint: str, field: str) -> None:
        body = submitted(endpoint, images=(FOX,), mask=MASK)
        assert (body["image_url"], body[field]) == (FOX.data_url(), MASK.data_url())

    def test_how_far_to_go_from_the_picture(self) -> None:
        assert submitted("fal-ai/flux/dev/image-to-image", images=(FOX,))["strength"] == 0.95
        assert submitted("fal-ai/flux/dev/image-to-image", images=(FOX,), strength=0.3)["strength"] == 0.3

    @pytest.mark.parametrize(
        ("endpoint", "extra"),
        [
            ("fal-ai/flux-kontext/dev", {"resolution_mode": "auto"}),
            ("fal-ai/flux-2-pro/edit", {"image_size": "auto"}),
            ("fal-ai/z-image/turbo/image-to-image", {"image_size": "auto"}),
            ("openai/gpt-image-2/edit", {"image_size": "auto"}),
            ("fal-ai/nano-banana-pro/edit", {"aspect_ratio": "auto"}),
            ("fal-ai/nano-banana-2/edit", {"pdf_url": "https://example.com/brief.pdf", "aspect_ratio": "auto"}),
        ],
    )
    def test_what_impasto_has_no_word_for_goes_by_fals_own_names(self, endpoint: str, extra: dict[str, Any]) -> None:
        body = submitted(endpoint, images=(FOX,), extra=extra)
        ENDPOINTS[endpoint].model_validate(body)
        assert {name: body[name] for name in extra} == extra

    @pytest.mark.parametrize(
        ("endpoint", "fields"),
        [
            ("fal-ai/flux/schnell", {"num_inference_steps": 13}),
            ("fal-ai/flux/schnell", {"negative_prompt": "rain"}),
            ("fal-ai/flux/dev", {"extra": {"loras": []}}),
            ("fal-ai/flux-2", {"width": 256}),
            ("fal-ai/flux-pro/kontext/text-to-image", {"width": 512}),
            ("fal-ai/nano-banana", {"aspect_ratio": "9:21"}),
            ("fal-ai/flux-2/klein/9b/edit", {"images": (FOX,) * 5}),
            ("openai/gpt-image-2/edit", {"images": (FOX,) * 17}),
            ("openai/gpt-image-2", {"width": 4096}),
        ],
    )
    def test_what_an_endpoint_does_not_take_is_refused_before_it_is_paid_for(
        self, endpoint: str, fields: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidRequest) as caught:
            submitted(endpoint, **fields)
        assert caught.value.parameter == next(iter(fields))


class TestTheSizesOfGptImage2:
    @pytest.mark.parametrize(
        ("asked", "drawn"),
        [
            ({}, (1024, 768)),
            ({"width": 2048, "height": 2048}, (2048, 2048)),
            ({"width": 512, "height": 512}, (816, 816)),
            ({"aspect_ratio": "16:9"}, (1088, 608)),
            ({"width": 3840, "height": 512}, (2432, 816)),
            ({"width": 3840, "height": 3840}, (2880, 2880)),
        ],
    )
    def test_the_nearest_one_that_it_draws_is_asked_for(self, asked: dict[str, Any], drawn: tuple[int, int]) -> None:
        body = submitted("openai/gpt-image-2", **asked)
        assert body["image_size"] == {"width": drawn[0], "height": drawn[1]}
        ENDPOINTS["openai/gpt-image-2"].model_validate(body)

    def test_an_edit_has_the_size_that_the_model_chooses_unless_it_is_asked_for_one(self) -> None:
        assert submitted("openai/gpt-image-2/edit", images=(FOX,)) == {
            "prompt": "a fox", "image_urls": [FOX.data_url()],
        }  # fmt: skip

    @pytest.mark.parametrize(
        "asked",
        [
            {"width": 1024, "height": 1024},
            {"width": 1024},
            {"height": 1024},
            {"aspect_ratio": "1:1"},
            {"width": 1024, "aspect_ratio": "1:1"},
            {"height": 1024, "aspect_ratio": "1:1"},
        ],
    )
    def test_an_edit_is_asked_for_a_size_that_is_said(self, asked: dict[str, Any]) -> None:
        body = submitted("openai/gpt-image-2/edit", images=(FOX,), **asked)
        assert body["image_size"] == {"width": 1024, "height": 1024}

    def test_an_edit_takes_a_mask(self) -> None:
        assert submitted("openai/gpt-image-2/edit", images=(FOX,), mask=MASK)["mask_url"] == MASK.data_url()
