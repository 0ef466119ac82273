"""The Gradio call protocol, read from transcripts of real servers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from impasto import (
    ContentRejected,
    HttpRequest,
    Image,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    Provider,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
)
from impasto_gradio import call
from spaces.recording import read
from spaces.replay import replay
from spaces.servers import GRADIO_4, GRADIO_6

MODEL = Model(Provider("example", url="http://gradio.test"), "example")
REQUEST = ImageRequest("a fox")
ROOTS = {GRADIO_4: "", GRADIO_6: "/gradio_api"}
both = pytest.mark.parametrize("version", [GRADIO_4, GRADIO_6])


def played(version: str, scene: str) -> list[Outcome]:
    """Play a transcript to a plugin that submits what was submitted then."""
    exchanges = read(version, scene)
    data = json.loads(exchanges[0].sent or "{}").get("data", [])
    plugin = SimpleNamespace(
        build_payload=lambda model, request: call.submit(exchanges[0].url, data, seed_at=1),
        parse_event=lambda model, event: call.parse(event),
    )
    return replay(plugin, MODEL, REQUEST, exchanges)


def stream_event(name: str, data: str, url: str = "/call/infer/1") -> ServerEvent:
    return ServerEvent(name, data, HttpRequest("GET", url), REQUEST, 200, {"content-type": "text/event-stream"})


def answer(status: int, body: bytes, media_type: str = "application/json") -> ServerEvent:
    payload = call.submit("/call/infer", ["a fox"])
    return ServerEvent("response", body, payload, REQUEST, status, {"content-type": media_type})


@both
def test_a_job_is_queued_and_then_done(version: str) -> None:
    address = ROOTS[version] + "/file=/tmp/gradio/hash-1/image.webp"
    assert played(version, "drawn") == [
        Progress("queued"),
        ImageResponse(images=(Image(url=address),), seed=7),
    ]


@both
def test_what_a_generator_yields_is_shown_as_previews(version: str) -> None:
    queued, *previews, response = played(version, "previewed")
    assert queued == Progress("queued")
    files = [f"{ROOTS[version]}/file=/tmp/gradio/hash-{number}/image.webp" for number in (1, 2, 3)]
    assert previews == [ImagePreview(Image(url=each)) for each in files]
    assert response == ImageResponse(images=(Image(url=files[-1]),), seed=7)


@both
def test_a_heartbeat_is_progress(version: str) -> None:
    assert Progress("waiting") in played(version, "held")


@both
def test_every_picture_of_a_gallery_is_found(version: str) -> None:
    response = played(version, "gallery")[-1]
    assert isinstance(response, ImageResponse)
    assert [image.url for image in response.images] == [
        f"{ROOTS[version]}/file=/tmp/gradio/hash-{number}/image.webp" for number in (1, 2)
    ]


@both
def test_the_words_beside_a_picture_are_its_text(version: str) -> None:
    response = played(version, "captioned")[-1]
    assert isinstance(response, ImageResponse)
    assert response.text == "A picture of a fox."
    assert response.seed is None


@both
def test_a_data_url_among_the_outputs_is_a_picture(version: str) -> None:
    response = played(version, "link")[-1]
    assert isinstance(response, ImageResponse)
    assert response.image_url == "data:image/png;base64,iVBORw0KGgo="
    assert response.text == ""


def test_an_app_fails_in_its_own_words() -> None:
    with pytest.raises(ResponseError, match=r"The painter is out of ochre\.") as caught:
        played(GRADIO_6, "failed")
    assert type(caught.value) is ResponseError


def test_a_value_out_of_range_is_told_in_the_servers_words() -> None:
    with pytest.raises(ResponseError, match=r"Value 64 is less than minimum value 256\."):
        played(GRADIO_6, "too-small")


@pytest.mark.parametrize(
    ("version", "scene"),
    [(GRADIO_4, "failed"), (GRADIO_4, "crashed"), (GRADIO_4, "quota"), (GRADIO_6, "crashed-hidden")],
)
def test_where_the_app_hides_its_errors_the_message_says_so(version: str, scene: str) -> None:
    with pytest.raises(ResponseError, match="does not say why: it hides its errors"):
        played(version, scene)


def test_zerogpus_quota_says_when_to_come_back() -> None:
    with pytest.raises(QuotaExceeded, match=r"\(112s left vs\. 120s requested\)\. Create a free") as caught:
        played(GRADIO_6, "quota")
    assert caught.value.retry_after == 6 * 60 + 53


@both
def test_a_full_queue_is_a_provider_that_is_unavailable(version: str) -> None:
    with pytest.raises(ProviderUnavailable, match=r"Queue is full\. Max size is 1") as caught:
        played(version, "queue-full")
    assert caught.value.status == 503


@both
def test_an_endpoint_that_does_not_exist_is_named(version: str) -> None:
    with pytest.raises(ResponseError, match=r"no endpoint for POST .*/call/paint: Internal Server Error"):
        played(version, "unknown-endpoint")


@pytest.mark.parametrize("data", ['"404: Session not found."', '"404: Not Found"'])
def test_a_job_that_the_app_has_lost_is_told_as_such(data: str) -> None:
    with pytest.raises(ProviderUnavailable, match="the app has lost the job"):
        call.parse(stream_event("error", data))


def test_the_title_of_an_error_is_told_where_it_says_something() -> None:
    data = '{"error": "The requested GPU duration (400s) is larger than the maximum allowed", "title": "ZeroGPU"}'
    with pytest.raises(ResponseError, match=r"ZeroGPU: The requested GPU duration \(400s\)"):
        call.parse(stream_event("error", data))


def test_an_error_that_is_no_json_is_told_as_it_is() -> None:
    with pytest.raises(ResponseError, match="boom"):
        call.parse(stream_event("error", "boom"))


def test_an_app_that_returns_words_instead_of_a_picture_fails_in_these_words() -> None:
    with pytest.raises(ContentRejected, match="NSFW content was detected"):
        call.parse(stream_event("complete", '[null, "NSFW content was detected."]'))


def test_an_app_that_returns_nothing_at_all_is_not_understood() -> None:
    with pytest.raises(ProtocolError, match=r"without a picture; it returned: \[null, 3\]"):
        call.parse(stream_event("complete", "[null, 3]"))


def test_a_preview_without_a_picture_is_progress() -> None:
    assert call.parse(stream_event("generating", '[null, "step 3 of 20"]')) == [Progress("drawing")]


def test_an_event_of_a_kind_that_is_not_known_means_nothing() -> None:
    assert call.parse(stream_event("estimation", "{}")) == []


def test_a_submit_may_be_sent_twice_and_a_stream_is_no_submit() -> None:
    submit = call.submit("/call/infer", ["a fox"])
    assert submit.repeatable
    assert submit.json == {"data": ["a fox"]}


@pytest.mark.parametrize("body", [b"{}", b'{"event_id": null}', b'{"event_id": "../../x"}', b"[]", b'"abc"'])
def test_an_answer_without_a_usable_event_id_is_not_understood(body: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"not an answer of Gradio's"):
        call.parse(answer(200, body))


@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_web_page_instead_of_an_answer_means_that_the_space_is_not_running(status: int) -> None:
    page = b"<!doctype html><title>Space</title><body><h1>This Space is sleeping</h1><script>x()</script>"
    with pytest.raises(ProviderUnavailable, match="This Space is sleeping") as caught:
        call.parse(answer(status, page, "text/html; charset=utf-8"))
    assert "<" not in str(caught.value)


def test_a_wrong_wire_is_told_as_such() -> None:
    with pytest.raises(ProtocolError, match=r"there is no POST /call/infer here.*Not Found"):
        call.parse(answer(404, b'{"detail": "Not Found"}'))


def test_what_a_validator_says_is_told() -> None:
    with pytest.raises(ResponseError, match="prompt is too long"):
        call.parse(answer(422, b'{"detail": "prompt is too long"}'))


def test_a_stream_that_is_answered_with_something_else_is_not_understood() -> None:
    headers = {"content-type": "application/json"}
    event = ServerEvent("response", b"{}", HttpRequest("GET", "/call/infer/1"), REQUEST, 200, headers)
    with pytest.raises(ProtocolError):
        call.parse(event)
