"""Stability AI: what the plugin offers, what it sends, and what it makes of the service's answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_stability as plugin
from impasto import (
    AuthenticationError,
    Bearer,
    Choices,
    ContentRejected,
    Cost,
    Follow,
    HttpRequest,
    Image,
    ImageRequest,
    ImageResponse,
    InvalidRequest,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
)
from impasto.fitting import fit
from impasto.sources import as_mask, image_of
from impasto_stability import forms, prices
from impasto_stability.models import ENDPOINTS
from standins.pictures import picture

MODELS = {model.id: model for model in plugin.list_models()}
CORE = MODELS["stable-image-core"]
CREATIVE = MODELS["upscale-creative"]
FOX = ImageRequest("a fox", seed=7)
PICTURE = picture()
STABLE_DIFFUSION = ("sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash")


def payload_of(model: str, **asked: Any) -> HttpRequest:
    payload = plugin.build_payload(MODELS[model], fit(MODELS[model], ImageRequest("a fox", **{"seed": 7, **asked})))
    assert isinstance(payload, HttpRequest)
    return payload


def answer(
    data: bytes | dict[str, Any],
    status: int = 200,
    model: Model = CORE,
    payload: HttpRequest | None = None,
    **headers: str,
) -> list[Outcome]:
    if isinstance(data, dict):
        data, headers = json.dumps(data).encode(), {"content-type": "application/json", **headers}
    payload = payload or HttpRequest("POST", "/v2beta/stable-image/generate/core")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return plugin.parse_event(model, ServerEvent("response", data, payload, FOX, status=status, headers=fields))


def failure(status: int, name: str, *words: str) -> ResponseError:
    with pytest.raises(ResponseError) as caught:
        answer({"id": "1f" * 16, "name": name, "errors": list(words)}, status)
    return caught.value


class TestWhatIsOffered:
    def test_the_service_and_where_its_key_is(self) -> None:
        assert plugin.PROVIDER.url == "https://api.stability.ai"
        assert plugin.PROVIDER.auth == Bearer(
            env="STABILITY_API_KEY", help_url="https://platform.stability.ai/account/keys"
        )
        assert plugin.PROVIDER.default_model in MODELS

    def test_stable_diffusion_goes_by_the_names_that_providers_share(self) -> None:
        assert MODELS["sd3.5-large"].aliases == ("sd-3.5", "sd-3.5-large")
        assert MODELS["sd3.5-flash"].aliases == ("sd-3.5-flash",)

    def test_the_engines_of_v1_are_not_offered(self) -> None:
        assert all(endpoint.path.partition("/")[0] in {"generate", "edit", "control", "upscale"}
                   for endpoint in ENDPOINTS.values())  # fmt: skip
        assert not [name for name in MODELS if "xl" in name or "v1" in name]

    def test_each_model_has_an_endpoint_and_a_price(self) -> None:
        assert set(MODELS) == set(ENDPOINTS) == set(prices.CREDITS)

    @pytest.mark.parametrize("model", ["stable-image-core", "stable-image-ultra", *STABLE_DIFFUSION, "style-guide"])
    def test_nine_aspect_ratios_are_taken(self, model: str) -> None:
        assert MODELS[model].accepts["aspect_ratio"] == Choices(
            "1:1", "16:9", "9:16", "3:2", "2:3", "5:4", "4:5", "21:9", "9:21"
        )

    def test_a_ratio_that_the_service_does_not_draw_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="one of 1:1, 16:9"):
            payload_of("stable-image-core", aspect_ratio="4:3")

    def test_seed_0_is_refused_as_it_stands_for_any_seed(self) -> None:
        with pytest.raises(InvalidRequest, match="from 1 to 4294967294"):
            payload_of("stable-image-core", seed=0)


class TestWhatIsSent:
    def test_a_prompt_is_a_form_without_files(self) -> None:
        payload = payload_of("stable-image-core")
        assert (payload.method, payload.url) == ("POST", "/v2beta/stable-image/generate/core")
        assert (payload.data, payload.files) == ({"prompt": "a fox", "seed": 7}, {})
        assert payload.headers == {"Accept": "image/*"}

    def test_everything_that_is_asked(self) -> None:
        extra = {"style_preset": "line-art", "output_format": "webp"}
        payload = payload_of("stable-image-core", negative_prompt="snow", aspect_ratio="21:9", extra=extra)
        assert payload.data == {
            "prompt": "a fox", "negative_prompt": "snow", "aspect_ratio": "21:9", "seed": 7, **extra,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("model", "scale"),
        [("sd3.5-large", 4), ("sd3.5-large-turbo", 1), ("sd3.5-medium", 4), ("sd3.5-flash", 1)],
    )
    def test_stable_diffusion_is_one_endpoint_that_is_told_the_model(self, model: str, scale: float) -> None:
        payload = payload_of(model)
        assert payload.url == "/v2beta/stable-image/generate/sd3"
        assert payload.data == {"prompt": "a fox", "model": model, "seed": 7, "cfg_scale": scale}
        assert payload_of(model, guidance_scale=7.5).data == {**payload.data, "cfg_scale": 7.5}

    @pytest.mark.parametrize("model", STABLE_DIFFUSION)
    def test_a_picture_to_start_from_is_another_mode_of_it(self, model: str) -> None:
        payload = payload_of(model, images=(image_of(PICTURE),), strength=0.25)
        assert payload.data is not None
        assert (payload.data["mode"], payload.data["strength"]) == ("image-to-image", 0.25)
        assert payload.files == {"image": ("image.png", PICTURE, "image/png")}

    @pytest.mark.parametrize(
        ("model", "strength"), [("stable-image-ultra", 0.6), ("sd3.5-large", 0.6), ("sd3.5-flash", 0.95)]
    )
    def test_a_strength_is_sent_even_if_none_is_asked_as_the_service_has_no_default(
        self, model: str, strength: float
    ) -> None:
        data = payload_of(model, images=(image_of(PICTURE),)).data
        assert data is not None
        assert data["strength"] == strength
        assert "strength" not in (payload_of(model).data or {})

    def test_a_picture_that_starts_from_another_has_no_ratio_of_its_own(self) -> None:
        with pytest.raises(InvalidRequest, match="leave out aspect_ratio") as caught:
            payload_of("sd3.5-large", images=(image_of(PICTURE),), aspect_ratio="16:9")
        assert caught.value.parameter == "aspect_ratio"

    def test_a_mask_is_sent_as_it_is(self) -> None:
        mask = as_mask(image_of(picture(colour="white")))
        payload = payload_of("inpaint", images=(image_of(PICTURE),), mask=mask)
        assert payload.files == {
            "image": ("image.png", PICTURE, "image/png"),
            "mask": ("mask.png", mask.data, "image/png"),
        }

    def test_the_picture_whose_style_is_taken_comes_second(self) -> None:
        style = picture("JPEG")
        payload = payload_of("style-transfer", images=(image_of(PICTURE), image_of(style)))
        assert payload.files == {
            "init_image": ("init_image.png", PICTURE, "image/png"),
            "style_image": ("style_image.jpg", style, "image/jpeg"),
        }

    @pytest.mark.parametrize("name", ["sd3.5-large", "stable-image-ultra"])
    def test_a_strength_without_a_picture_is_not_paid_for(self, name: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            payload_of(name, strength=0.5)
        assert caught.value.parameter == "strength"

    def test_style_is_not_transferred_without_a_second_picture(self) -> None:
        with pytest.raises(InvalidRequest, match="images must be .*2"):
            payload_of("style-transfer", images=(image_of(PICTURE),))

    def test_true_and_false_are_words(self) -> None:
        payload = payload_of(
            "replace-background-and-relight",
            images=(image_of(PICTURE),),
            extra={"keep_original_background": True, "light_source_direction": "left"},
        )
        assert payload.data == {
            "background_prompt": "a fox", "seed": 7,
            "keep_original_background": "true", "light_source_direction": "left",
        }  # fmt: skip

    def test_a_value_that_no_form_holds_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match=r"extra\['style_preset'\] must be text or a number"):
            payload_of("stable-image-core", extra={"style_preset": ["anime", "origami"]})

    def test_pictures_beyond_what_the_service_takes_are_refused_before_they_are_sent(self) -> None:
        large = Image(data=b"\0" * (forms.LARGEST + 1), media_type="image/png", width=64, height=64)
        with pytest.raises(InvalidRequest, match="10 MiB") as caught:
            payload_of("control-sketch", images=(large,))
        assert caught.value.parameter == "images"

    @pytest.mark.parametrize("model", MODELS)
    def test_nothing_that_is_paid_for_is_sent_twice(self, model: str) -> None:
        rule = MODELS[model].accepts.get("images")
        images = (image_of(PICTURE),) * (2 if model == "style-transfer" else 1)
        assert not payload_of(model, **({"images": images} if rule else {})).repeatable


class TestWhatIsAnswered:
    def test_a_picture_comes_with_its_seed_in_the_header(self) -> None:
        (response,) = answer(
            PICTURE, content_type="image/png", seed="343940597", finish_reason="SUCCESS", x_request_id="r-1"
        )
        assert isinstance(response, ImageResponse)
        assert (response.data, response.seed, response.image.seed) == (PICTURE, 343940597, 343940597)
        assert response.cost == Cost(0.03, "USD", "computed", "2026-11-26")
        assert (response.usage, response.metadata) == ({"credits": 3}, {"request_id": "r-1"})

    def test_a_picture_without_a_seed_has_the_one_that_was_sent(self) -> None:
        (response,) = answer(PICTURE, content_type="image/webp")
        assert isinstance(response, ImageResponse)
        assert response.seed == 7

    def test_a_blurred_picture_is_refused_content(self) -> None:
        with pytest.raises(ContentRejected, match="CONTENT_FILTERED"):
            answer(PICTURE, content_type="image/png", seed="7", finish_reason="CONTENT_FILTERED")

    def test_a_job_is_asked_for_after_the_pause_that_the_service_wants(self) -> None:
        progress, follow = answer({"id": "ab" * 32}, model=CREATIVE)
        assert progress == Progress("queued")
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        assert (follow.payload.method, follow.payload.url) == ("GET", f"/v2beta/results/{'ab' * 32}")
        assert (follow.after, follow.payload.repeatable) == (10, True)

    def test_a_job_that_is_in_progress_is_asked_for_again(self) -> None:
        ask = HttpRequest("GET", "/v2beta/results/ab")
        said = {"id": "ab", "status": "in-progress"}
        assert answer(said, 202, CREATIVE, ask) == [Progress("drawing", detail="in-progress"), Follow(ask, after=10)]

    @pytest.mark.parametrize("job", ["../../v1/user/balance", "a b", "", 7, None])
    def test_what_can_be_no_jobs_id_is_not_asked_for(self, job: Any) -> None:
        with pytest.raises(ProtocolError, match="neither a picture nor a job"):
            answer({"id": job}, model=CREATIVE)

    def test_a_result_is_not_another_job(self) -> None:
        with pytest.raises(ProtocolError, match="neither a picture nor a job"):
            answer({"id": "ab"}, 200, CREATIVE, HttpRequest("GET", "/v2beta/results/ab"))


class TestWhatFails:
    @pytest.mark.parametrize(
        ("status", "name", "cls"),
        [
            (400, "bad_request", ResponseError),
            (401, "unauthorized", AuthenticationError),
            (402, "payment_required", QuotaExceeded),
            (403, "content_moderation", ContentRejected),
            (403, "permission_denied", AuthenticationError),
            (404, "not_found", ResponseError),
            (404, "generation_not_found", ResponseError),
            (413, "payload_too_large", ResponseError),
            (422, "invalid_language", ResponseError),
            (422, "public_figure", ContentRejected),
            (429, "rate_limit_exceeded", QuotaExceeded),
            (500, "internal_error", ProviderUnavailable),
        ],
    )
    def test_each_error_has_its_class_and_the_services_words(
        self, status: int, name: str, cls: type[ResponseError]
    ) -> None:
        error = failure(status, name, "The brush is wet.", "The paper too.")
        assert type(error) is cls
        assert (str(error), error.status) == ("The brush is wet.; The paper too.", status)

    @pytest.mark.parametrize(
        ("words", "seconds"),
        [("You have been timed out for 60 seconds.", 60), ("timed out for 5 seconds", 5), ("Slow down.", 60)],
    )
    def test_too_many_requests_are_told_when_to_come_back(self, words: str, seconds: float) -> None:
        assert failure(429, "rate_limit_exceeded", words).retry_after == seconds

    def test_a_field_that_only_extra_holds_is_named_as_such(self) -> None:
        said = {"id": "1", "name": "bad_request", "errors": ["search_prompt: is required"]}
        with pytest.raises(
            ResponseError, match=r"search_prompt: is required\. Give it as extra=\{'search_prompt': …\}"
        ):
            answer(said, 400, MODELS["search-and-replace"])

    def test_a_page_in_place_of_the_service_is_not_its_word_that_a_job_is_gone(self) -> None:
        with pytest.raises(ProviderUnavailable, match="no such place"):
            answer(b"<h1>no such place</h1>", 404, content_type="text/html")

    def test_an_error_that_is_not_of_the_services_form_is_read_as_any_other(self) -> None:
        with pytest.raises(ProviderUnavailable, match="tired"):
            answer(b"<h1>The server is tired.</h1>", 500, content_type="text/html")
