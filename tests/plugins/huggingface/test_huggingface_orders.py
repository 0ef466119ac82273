"""What each provider is sent through the router, and what its answer means."""

from __future__ import annotations

from typing import Any

import pytest

from impasto import Follow, HttpRequest, ImageResponse, Outcome, ProtocolError, ProviderUnavailable, ResponseError
from services.inference_providers.hooks import KONTEXT, PICTURE, SCHNELL, answered, order
from services.inference_providers.mapping import SD3, served

FULL: dict[str, Any] = {
    "negative_prompt": "text",
    "width": 64,
    "height": 48,
    "guidance_scale": 3.5,
    "num_inference_steps": 4,
}
HINTS = {"negative_prompt": "text", "guidance_scale": 3.5, "seed": 7}
URL = PICTURE.data_url()


class TestAnOrder:
    @pytest.mark.parametrize(
        ("name", "provider", "url", "body"),
        [
            (
                SD3,
                "hf-inference",
                f"/hf-inference/models/{SD3}",
                {"inputs": "a fox", "parameters": {**HINTS, "width": 64, "height": 48, "num_inference_steps": 4}},
            ),
            (
                SCHNELL,
                "nscale",
                "/nscale/v1/images/generations",
                {"prompt": "a fox", "model": SCHNELL, "response_format": "b64_json", "size": "64x48", **HINTS},
            ),
            (
                SCHNELL,
                "together",
                "/together/v1/images/generations",
                {
                    "prompt": "a fox",
                    "model": SCHNELL,
                    "response_format": "base64",
                    "steps": 4,
                    "width": 64,
                    "height": 48,
                    **HINTS,
                },
            ),
            (
                SCHNELL,
                "fal-ai",
                "/fal-ai/fal-ai/flux/schnell",
                {"prompt": "a fox", "image_size": {"width": 64, "height": 48}, "num_inference_steps": 4, **HINTS},
            ),
            (
                SCHNELL,
                "replicate",
                "/replicate/v1/models/black-forest-labs/flux-schnell/predictions",
                {"input": {"prompt": "a fox", "width": 64, "height": 48, "num_inference_steps": 4, **HINTS}},
            ),
            (
                "someone/versioned",
                "replicate",
                "/replicate/v1/predictions",
                {
                    "input": {"prompt": "a fox", "width": 64, "height": 48, "num_inference_steps": 4, **HINTS},
                    "version": "0123abcd",
                },
            ),
            (
                SCHNELL,
                "wavespeed",
                "/wavespeed/api/v3/wavespeed-ai/flux-schnell",
                {"prompt": "a fox", "width": 64, "height": 48, "num_inference_steps": 4, **HINTS},
            ),
            (
                "zai-org/GLM-Image",
                "zai-org",
                "/zai-org/api/paas/v4/async/images/generations",
                {"model": "glm-image", "prompt": "a fox", "size": "64x48", "num_inference_steps": 4, **HINTS},
            ),
        ],
    )  # fmt: skip
    def test_is_in_the_providers_words(self, name: str, provider: str, url: str, body: dict[str, Any]) -> None:
        payload = order(name, extra={"provider": provider}, **FULL)
        assert (payload.method, payload.url, payload.json) == ("POST", url, body)

    @pytest.mark.parametrize(
        ("provider", "fields"),
        [
            ("fal-ai", {"image_url": URL, "image_urls": [URL], "image_size": {"width": 64, "height": 48}}),
            ("together", {"image_url": URL, "width": 64, "height": 48}),
            ("wavespeed", {"image": URL, "target_size": {"width": 64, "height": 48}}),
        ],
    )
    def test_to_edit_holds_the_picture_and_the_size_that_was_asked(self, provider: str, fields: dict[str, Any]) -> None:
        payload = order(KONTEXT, images=(PICTURE,), width=64, height=48, extra={"provider": provider})
        assert fields.items() <= payload.json.items()

    def test_to_edit_goes_to_fals_queue(self) -> None:
        assert order(KONTEXT, images=(PICTURE,)).params == {"_subdomain": "queue"}
        assert order(SCHNELL, extra={"provider": "fal-ai"}).params == {}

    def test_holds_a_size_only_where_one_was_asked(self) -> None:
        assert set(order(SCHNELL).json) == {"prompt", "model", "response_format", "seed"}

    @pytest.mark.parametrize(
        ("fields", "size"),
        [
            ({"aspect_ratio": "16:9"}, "1024x576"),
            ({"aspect_ratio": "16:9", "width": 640}, "640x360"),
            ({"aspect_ratio": "16:9", "height": 360}, "640x360"),
            ({"width": 640}, "640x1024"),
            ({"height": 640}, "1024x640"),
        ],
    )
    def test_holds_both_sides_or_none(self, fields: dict[str, Any], size: str) -> None:
        assert order(SCHNELL, **fields).json["size"] == size

    @pytest.mark.parametrize(
        ("provider", "fields"),
        [
            (
                "fal-ai",
                {
                    "loras": [
                        {
                            "path": "https://huggingface.co/someone/painting-lora/resolve/main/painting.safetensors",
                            "scale": 1,
                        }
                    ],
                    "model_name": "stabilityai/stable-diffusion-xl-base-1.0",
                },
            ),
            ("wavespeed", {"loras": [{"path": "someone/painting-lora", "scale": 1}]}),
        ],
    )
    def test_names_the_weights_of_a_lora(self, provider: str, fields: dict[str, Any]) -> None:
        payload = order("someone/painting-lora", extra={"provider": provider})
        assert fields.items() <= payload.json.items()

    def test_holds_what_only_the_provider_knows(self) -> None:
        body = {"acceleration": "high", "seed": 8}
        payload = order(SCHNELL, extra={"provider": "fal-ai", "scheduler": "euler", "extra_body": body})
        assert payload.json == {"prompt": "a fox", "scheduler": "euler", "acceleration": "high", "seed": 8}

    def test_is_never_sent_twice(self) -> None:
        assert not order(SCHNELL).repeatable


class TestAnAnswer:
    def given(self, provider: str, said: object, *, status: int = 200) -> list[Outcome]:
        payload = order(SCHNELL, extra={"provider": provider})
        return answered(said, payload=payload, status=status, headers={"x-request-id": "Root=1"})

    def test_tells_the_seed_that_was_used_else_the_one_that_was_sent(self) -> None:
        url = "https://v3.fal.media/fox.png"
        (told,) = self.given("fal-ai", {"images": [{"url": url}], "seed": 8})
        (silent,) = self.given("fal-ai", {"images": [{"url": url}]})
        assert isinstance(told, ImageResponse)
        assert isinstance(silent, ImageResponse)
        assert (told.seed, silent.seed) == (8, 7)

    def test_tells_the_seed_of_the_extra_body_which_is_the_one_that_was_sent(self) -> None:
        payload = order(SCHNELL, extra={"provider": "together", "extra_body": {"seed": 5}})
        (response,) = answered({"data": [{"url": "https://x.example/1.png"}]}, payload=payload)
        assert isinstance(response, ImageResponse)
        assert payload.json["seed"] == response.seed == 5

    def test_of_replicate_is_not_the_end_while_it_goes_on_whatever_it_holds(self) -> None:
        said = {"id": "p1", "status": "processing", "output": ["https://replicate.delivery/1.webp"]}
        _, follow = self.given("replicate", said)
        assert isinstance(follow, Follow)

    @pytest.mark.parametrize(
        ("provider", "said"),
        [
            ("replicate", {"id": "p1", "status": "starting"}),
            ("wavespeed", {"data": {"urls": {"get": "https://api.wavespeed.ai/api/v3/predictions/1/result"}}}),
            ("zai-org", {"id": "1", "task_status": "PROCESSING"}),
            ("fal-ai", {"status": "IN_QUEUE", "response_url": "https://queue.fal.run/fal-ai/flux/requests/1"}),
        ],
    )
    def test_of_a_job_is_asked_for_and_dropped_with_the_headers_of_the_order(
        self, provider: str, said: dict[str, Any]
    ) -> None:
        mapping = {provider: served("glm-image")}
        sent = order(SCHNELL, mapping, extra={"provider": provider, "bill_to": "acme"})
        _, follow = answered(said, payload=sent)
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        assert follow.payload.headers == sent.headers
        assert follow.payload.headers["X-HF-Bill-To"] == "acme"
        drop = follow.payload.on_cancel
        assert drop is None or drop.headers == sent.headers

    def test_names_the_provider_its_model_and_the_request(self) -> None:
        (response,) = self.given("together", {"data": [{"url": "https://x.example/1.png"}]})
        assert isinstance(response, ImageResponse)
        assert response.metadata == {"provider": "together", "provider_model": SCHNELL, "request_id": "Root=1"}

    @pytest.mark.parametrize(
        ("provider", "said"),
        [
            ("nscale", {"data": []}),
            ("nscale", {"data": [{"b64_json": "?"}]}),
            ("nscale", {"data": [{"b64_json": ""}]}),
            ("fal-ai", {"images": []}),
            ("fal-ai", {"images": [{"url": 1}]}),
            ("replicate", {"status": "succeeded", "output": 1}),
            ("replicate", {"id": "../1", "status": "starting", "output": None}),
            ("wavespeed", {"data": {"urls": {"get": "https://api.wavespeed.ai/elsewhere"}}}),
        ],
    )
    def test_that_makes_no_sense_is_an_error(self, provider: str, said: dict[str, Any]) -> None:
        with pytest.raises((ProtocolError, TypeError, ValueError)):
            self.given(provider, said)

    @pytest.mark.parametrize("said", [{"status": "COMPLETED"}, {"status": "LOST"}])
    def test_of_fals_queue_that_is_no_picture_ends_the_job(self, said: dict[str, Any]) -> None:
        job = HttpRequest("GET", "/fal-ai/fal-ai/flux/requests/1", step={"at": "fal-ai"})
        with pytest.raises(ResponseError, match="the job is"):
            answered(said, payload=job)

    def test_of_the_router_that_nobody_serves_the_model_any_more_says_what_to_do(self) -> None:
        with pytest.raises(ProviderUnavailable, match="extra=.*chooses another"):
            self.given("nscale", {"error": "Model not supported by provider nscale"}, status=400)
