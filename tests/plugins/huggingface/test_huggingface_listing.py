"""Which models Hugging Face says that it serves."""

from __future__ import annotations

import json

import impasto_huggingface as plugin
from impasto import Follow, HttpRequest, ImageRequest, ServerEvent
from services.inference_providers.mapping import drawing, served


class TestTheList:
    def page(self, said: object, payload: HttpRequest | None = None, **headers: str) -> list[str | Follow]:
        payload = payload or plugin.request_models(plugin.PROVIDER)
        request = ImageRequest("models")
        return plugin.parse_models(
            plugin.PROVIDER, ServerEvent("response", json.dumps(said).encode(), payload, request, 200, headers)
        )

    def follow(self, found: list[str | Follow]) -> HttpRequest:
        last = found[-1]
        assert isinstance(last, Follow)
        assert isinstance(last.payload, HttpRequest)
        return last.payload

    def test_holds_what_is_live_at_a_provider_that_can_be_talked_to(self) -> None:
        _, mapping = drawing(nscale="fox")
        said = [
            {"id": "a/live", "inferenceProviderMapping": mapping},
            {"id": "a/other", "inferenceProviderMapping": {"brushworks": served("fox")}},
            {"id": "a/unwell", "inferenceProviderMapping": [{"provider": "nscale", **served("fox", status="error")}]},
        ]
        assert self.page(said)[:-1] == ["a/live"]

    def test_is_read_page_by_page_for_both_tasks(self) -> None:
        link = '<https://huggingface.co/api/models?cursor=abc%3D>; rel="next"'
        payload = plugin.request_models(plugin.PROVIDER)
        assert "pipeline_tag=text-to-image" in payload.url
        payload = self.follow(self.page([], payload, link=link))
        assert payload.url == "https://huggingface.co/api/models?cursor=abc%3D"
        payload = self.follow(self.page([], payload))
        assert "pipeline_tag=image-to-image" in payload.url
        assert self.page([], payload) == []

    def test_ends_though_the_hub_has_more(self) -> None:
        link = '<https://huggingface.co/api/models?cursor=abc>; rel="next"'
        payload = plugin.request_models(plugin.PROVIDER)
        for _ in range(9):
            payload = self.follow(self.page([], payload, link=link))
        assert self.page([], payload, link=link) == []
