"""OpenAI: what is made of its answers, events and lists, and of those of servers in its place."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

import impasto_openai as plugin
from impasto import (
    ContentRejected,
    HttpRequest,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    ResponseError,
    ServerEvent,
)

SUNBURST = "gpt-image-2.6-sunburst"
LUNA = "gpt-6-luna"
PNG = "iVBORw0KGgo="
USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 200,
    "total_tokens": 250,
}


def event(name: str, data: Any, *, extra: dict[str, Any] | None = None, **headers: str) -> ServerEvent:
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    if name == "response" and isinstance(text, str):
        text = text.encode()
    request = ImageRequest("a fox", extra=extra or {})
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return ServerEvent(name, text, HttpRequest("POST", "/images/generations"), request, 200, named)


def meaning(name: str, data: Any, model: str = SUNBURST, **more: Any) -> list[Outcome]:
    found = plugin.find_model(model)
    assert found is not None
    return plugin.parse_event(found, event(name, data, **more))


def drawn(data: Any, model: str = SUNBURST, name: str = "response", **more: Any) -> ImageResponse:
    (response,) = meaning(name, data, model, **more)
    assert isinstance(response, ImageResponse)
    return response


class TestAnAnswer:
    def test_has_its_pictures_and_what_is_told_of_them(self) -> None:
        told = {"created": 1, "background": "opaque", "output_format": "png", "quality": "high", "size": "1024x1024"}
        answer = drawn({**told, "data": [{"b64_json": PNG}] * 2, "usage": USAGE}, x_request_id="req_1")
        assert [image.url for image in answer.images] == [f"data:image/png;base64,{PNG}"] * 2
        assert answer.usage == USAGE
        assert answer.metadata == {**told, "request_id": "req_1"}

    def test_costs_what_openai_publishes(self) -> None:
        cost = drawn({"data": [{"b64_json": PNG}], "usage": USAGE}).cost
        assert cost is not None
        assert cost.amount == pytest.approx((10 * 5 + 40 * 8 + 200 * 30) / 1e6)
        assert (cost.currency, cost.source, cost.as_of) == ("USD", "computed", "2026-11-26")

    @pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-flare-2026-09-08", "gpt-image-2.6-flare"])
    def test_costs_the_same_of_every_current_model(self, model: str) -> None:
        cost = drawn({"data": [{"b64_json": PNG}], "usage": USAGE}, model).cost
        assert cost is not None
        assert cost.amount == pytest.approx(0.00637)

    @pytest.mark.parametrize(
        ("model", "usage"),
        [
            ("gpt-image-1.5", USAGE),
            ("stablediffusion", USAGE),
            (SUNBURST, None),
            (SUNBURST, {"total_tokens": 250}),
            (SUNBURST, {**USAGE, "output_tokens": "many"}),
        ],
    )
    def test_has_no_cost_where_none_is_known(self, model: str, usage: Any) -> None:
        assert drawn({"data": [{"b64_json": PNG}], "usage": usage}, model).cost is None

    def test_has_the_cost_that_xai_reports(self) -> None:
        cost = drawn({"data": [{"b64_json": PNG}], "usage": {"cost_in_usd_ticks": 200_000_000}}, "grok-imagine").cost
        assert cost is not None
        assert (cost.amount, cost.source, cost.as_of) == (0.02, "reported", None)

    @pytest.mark.parametrize(
        ("entry", "url"),
        [
            ({"b64_json": "/9j/4AAQ"}, "data:image/jpeg;base64,/9j/4AAQ"),
            ({"b64_json": "UklGRgAA"}, "data:image/webp;base64,UklGRgAA"),
            ({"b64_json": "R0lGODlh"}, "data:image/gif;base64,R0lGODlh"),
            ({"b64_json": f"data:image/png;base64,{PNG}"}, f"data:image/png;base64,{PNG}"),
            ({"b64_json": None, "url": "https://cdn.example/1.png"}, "https://cdn.example/1.png"),
            (
                {"b64_json": "", "url": "localhost:8080/generated-images/1.png"},
                "//localhost:8080/generated-images/1.png",
            ),
        ],
    )
    def test_has_its_picture_in_whatever_form_it_comes(self, entry: dict[str, Any], url: str) -> None:
        assert drawn({"data": [entry]}, "stablediffusion").image.url == url

    def test_may_be_the_bytes_alone(self) -> None:
        assert drawn(b"\x89PNG...", "Qwen/Qwen-Image", content_type="image/png").image.data == b"\x89PNG..."

    def test_tells_the_seed_and_the_revised_prompt_where_the_server_does(self) -> None:
        answer = drawn({"data": [{"b64_json": PNG, "seed": 7, "revised_prompt": "a red fox"}]}, "flux")
        assert answer.image.seed == 7
        assert answer.metadata["revised_prompt"] == "a red fox"

    @pytest.mark.parametrize(
        ("entries", "words"),
        [
            ([], "without a picture"),
            ([{"url": None, "respect_moderation": False}], "without a picture"),
            ([{"url": "", "block_reason": "nudity"}], "nudity"),
        ],
    )
    def test_without_a_picture_is_a_refusal(self, entries: list[Any], words: str) -> None:
        with pytest.raises(ContentRejected, match=words):
            drawn({"data": entries}, "grok-imagine")

    def test_with_some_of_the_pictures_warns_of_the_others(self) -> None:
        answer = drawn({"data": [{"b64_json": PNG}, {"block_reason": "nudity"}]}, "grok-imagine")
        assert len(answer.images) == 1
        assert answer.warnings == ("1 of 2 pictures did not come: nudity",)

    @pytest.mark.parametrize("said", [{}, {"data": None}, {"data": {"b64_json": PNG}}, {"data": ["x"]}])
    def test_that_is_no_answer_is_a_protocol_error(self, said: dict[str, Any]) -> None:
        with pytest.raises(ProtocolError, match="no list of pictures"):
            drawn(said)


class TestAStream:
    def test_shows_previews_and_how_far_it_is(self) -> None:
        data = {"type": "image_generation.partial_image", "b64_json": PNG, "partial_image_index": 0}
        progress, preview = meaning("image_generation.partial_image", data, extra={"partial_images": 3})
        assert progress == Progress("drawing", 0.25)
        assert isinstance(preview, ImagePreview)
        assert preview.image_url == f"data:image/png;base64,{PNG}"

    @pytest.mark.parametrize("kind", ["image_generation", "image_edit"])
    def test_ends_with_the_picture(self, kind: str) -> None:
        data = {"type": f"{kind}.completed", "b64_json": PNG, "size": "1024x1024", "usage": USAGE}
        answer = drawn(data, name=f"{kind}.completed")
        assert answer.image_url == f"data:image/png;base64,{PNG}"
        assert answer.cost is not None
        assert answer.metadata == {"size": "1024x1024"}

    def test_is_read_by_the_data_where_events_have_no_type(self) -> None:
        answer = drawn({"type": "image_generation.completed", "url": "https://cdn.example/1.png"}, name="message")
        assert answer.image_url == "https://cdn.example/1.png"

    def test_of_chunks_that_are_answers_ends_with_the_first(self) -> None:
        chunk = {"object": "image.edit.chunk", "type": "image", "data": [{"b64_json": PNG}]}
        assert drawn(chunk, "Qwen/Qwen-Image", name="message").image_url == f"data:image/png;base64,{PNG}"

    @pytest.mark.parametrize("data", ["[DONE]", '{"type": "ping"}', "{}"])
    def test_may_say_what_means_nothing(self, data: str) -> None:
        assert meaning("message", data) == []


class TestATurnOfAConversation:
    COMPLETED: ClassVar[dict[str, Any]] = {
        "id": "resp_1",
        "status": "completed",
        "error": None,
        "output": [
            {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PNG, "size": "1024x1024"},
            {"type": "message", "content": [{"type": "output_text", "text": "Here it is."}]},
        ],
        "usage": {
            "input_tokens": 1000,
            "input_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 200},
            "output_tokens": 100,
        },
        "tool_usage": {"image_gen": {**USAGE, "cached_tokens": 0}},
    }
    WORDS = (400 * 0.10 + 400 * 0.01 + 200 * 0.125 + 100 * 0.50) / 1e6

    def test_ends_with_the_picture_and_the_words_beside_it(self) -> None:
        done = {"type": "response.completed", "response": self.COMPLETED}
        answer = drawn(done, LUNA, name="response.completed")
        assert answer.image_url == f"data:image/png;base64,{PNG}"
        assert answer.text == "Here it is."
        assert answer.session == {"response": "resp_1"}
        assert answer.usage is not None
        assert answer.usage["image_gen"] == {**USAGE, "cached_tokens": 0}

    def test_costs_the_picture_and_the_words(self) -> None:
        cost = drawn(self.COMPLETED, LUNA).cost
        assert cost is not None
        assert cost.amount == pytest.approx(0.00637 + self.WORDS)

    def test_costs_less_where_the_picture_is_from_the_cache(self) -> None:
        cached = {**USAGE, "cached_tokens_details": {"cached_text_tokens": 0, "cached_image_tokens": 40}}
        cost = drawn({**self.COMPLETED, "tool_usage": {"image_gen": cached}}, LUNA).cost
        assert cost is not None
        assert cost.amount == pytest.approx((10 * 5 + 40 * 2 + 200 * 30) / 1e6 + self.WORDS)

    def test_of_a_dated_snapshot_is_one_of_a_conversation_too(self) -> None:
        answer = drawn(self.COMPLETED, f"{LUNA}-2026-09-22")
        assert answer.session == {"response": "resp_1"}
        assert answer.cost is not None

    @pytest.mark.parametrize(
        ("tool_usage", "usage"),
        [
            (None, {}),
            ({"image_gen": USAGE}, {}),
            ({"image_gen": {**USAGE, "cached_tokens": 40}}, {}),
            ({"image_gen": {**USAGE, "output_tokens": 0, "cached_tokens": 0}}, {}),
            (None, {"input_tokens_details": {"cached_tokens": 400}}),
            (None, {"input_tokens": 300_000}),
            (
                None,
                {
                    "input_tokens_details": {
                        "cached_tokens": 0,
                        "cache_write_tokens": 200,
                        "cache_write_tokens_details": {"ttl_12h_tokens": 200, "ttl_30m_tokens": 0},
                    }
                },
            ),
        ],
    )
    def test_has_no_cost_where_not_all_of_it_is_known(self, tool_usage: Any, usage: dict[str, Any]) -> None:
        """A count that is left out is unknown, a picture without tokens was not counted (the SDK's ``ToolUsage``)."""
        changes = {"usage": {**self.COMPLETED["usage"], **usage}}
        if not usage:
            changes["tool_usage"] = tool_usage
        assert drawn({**self.COMPLETED, **changes}, LUNA).cost is None

    @pytest.mark.parametrize(
        ("name", "outcomes"),
        [
            ("response.created", [Progress("submitted")]),
            ("response.image_generation_call.generating", [Progress("drawing")]),
            ("response.output_text.delta", []),
        ],
    )
    def test_tells_its_stages(self, name: str, outcomes: list[Outcome]) -> None:
        assert meaning(name, {"type": name}, LUNA) == outcomes

    def test_shows_previews(self) -> None:
        name = "response.image_generation_call.partial_image"
        (preview,) = meaning(name, {"type": name, "partial_image_b64": PNG, "partial_image_index": 0}, LUNA)
        assert isinstance(preview, ImagePreview)
        assert preview.image_url == f"data:image/png;base64,{PNG}"

    @pytest.mark.parametrize(
        ("changes", "error", "words"),
        [
            (
                {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}]},
                ContentRejected,
                "I cannot",
            ),
            (
                {"output": [{"type": "message", "content": [{"type": "output_text", "text": "Which fox?"}]}]},
                ContentRejected,
                "words alone: Which fox",
            ),
            (
                {"output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
                ContentRejected,
                "content_filter",
            ),
            (
                {"output": [], "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
                ResponseError,
                "max_output_tokens",
            ),
            ({"output": [], "error": {"code": "server_error", "message": "sorry"}}, ResponseError, "sorry"),
            ({"output": []}, ProtocolError, "no picture"),
        ],
    )
    def test_without_a_picture_says_why(self, changes: dict[str, Any], error: type[ResponseError], words: str) -> None:
        with pytest.raises(error, match=words):
            drawn({**self.COMPLETED, **changes}, LUNA)


class TestTheListOfModels:
    def names(self, said: Any) -> list[Any]:
        return plugin.parse_models(plugin.PROVIDER, event("response", said))

    def test_is_asked_of_the_server(self) -> None:
        assert plugin.request_models(plugin.PROVIDER) == HttpRequest("GET", "/models")

    def test_at_openai_has_what_draws_and_is_not_shut_down(self) -> None:
        ids = [
            "gpt-5.4",
            "gpt-6-luna",
            "gpt-6-luna-2026-09-22",
            "gpt-image-2.6-flare",
            "dall-e-3",
            "gpt-image-1",
            "chatgpt-image-latest",
            "o3",
        ]
        listed = self.names({"object": "list", "data": [{"id": each} for each in ids]})
        assert listed == ["gpt-image-2.6-flare", "chatgpt-image-latest", "gpt-6-luna", "gpt-6-luna-2026-09-22"]

    def test_elsewhere_has_every_model_since_none_says_what_it_does(self) -> None:
        listed = self.names({"data": [{"id": "stablediffusion"}, {"id": "llama-3.2"}, {"id": "not a name"}, {}]})
        assert listed == ["stablediffusion", "llama-3.2"]

    def test_may_be_a_bare_list(self) -> None:
        assert self.names([{"id": "flux"}]) == ["flux"]

    def test_that_is_none_is_a_protocol_error(self) -> None:
        with pytest.raises(ProtocolError, match="no list of models"):
            self.names({"detail": "not here"})
