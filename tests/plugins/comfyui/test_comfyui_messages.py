"""What ComfyUI's WebSocket, queue and history say, and what a user is told of it."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from typing import Any

import PIL.Image
import pytest

import impasto_comfyui
from impasto import (
    AuthenticationError,
    ContentRejected,
    Follow,
    HttpRequest,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    WebSocket,
)
from impasto.settings import Bounds
from impasto_comfyui.polling import pause_after

ANY: Model = impasto_comfyui.list_models()[0]
JOB = "1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f"
FOX = ImageRequest("a red fox", seed=7, width=64, height=64, id="1f" * 16)
SUBMITTED = {"prompt_id": JOB, "number": 3, "node_errors": {}}
RUNNING = {"queue_running": [[3, JOB, {}, {}, ["9"]]], "queue_pending": []}
EMPTY: dict[str, list[Any]] = {"queue_running": [], "queue_pending": []}


def told(payload: HttpRequest | WebSocket, body: Any, status: int = 200) -> list[Outcome]:
    data = body if isinstance(body, bytes | str) else json.dumps(body).encode()
    return impasto_comfyui.parse_event(ANY, ServerEvent("response", data, payload, FOX, status))


def after(payload: HttpRequest, body: Any) -> HttpRequest:
    """Return what comes next after an answer."""
    (follow,) = (each for each in told(payload, body) if isinstance(each, Follow))
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload


@pytest.fixture
def submit() -> HttpRequest:
    first = impasto_comfyui.build_payload(ANY, FOX)
    assert isinstance(first, HttpRequest)
    return after(first, ["dreams.ckpt"])


@pytest.fixture
def queue(submit: HttpRequest) -> HttpRequest:
    return after(submit, SUBMITTED)


@pytest.fixture
def history(queue: HttpRequest) -> HttpRequest:
    return after(queue, RUNNING)


@pytest.fixture
def socket(history: HttpRequest) -> WebSocket:
    (lane,) = after(history, {}).beside
    assert isinstance(lane, WebSocket)
    return lane


def message(kind: str, **data: Any) -> str:
    return json.dumps({"type": kind, "data": {"prompt_id": JOB, **data}})


def with_metadata(**said: str) -> bytes:
    """Return a preview as newer servers send it."""
    metadata = json.dumps({"image_type": "image/jpeg", **said}).encode()
    return struct.pack(">II", 4, len(metadata)) + metadata + b"JPEG"


def done(outputs: Any, **status: Any) -> dict[str, Any]:
    told_status = {"status_str": "success", "completed": True, "messages": [], **status}
    return {JOB: {"prompt": [], "outputs": outputs, "status": told_status, "meta": {}}}


def failed(kind: str, **data: Any) -> dict[str, Any]:
    node = {"node_id": "3", "node_type": "KSampler", **data}
    return done({}, status_str="error", completed=False, messages=[["execution_start", {}], [kind, node]])


class TestTheWebSocket:
    def test_is_told_whose_job_it_is_and_that_previews_shall_say_it_too(self, socket: WebSocket) -> None:
        assert (socket.url, socket.params) == ("/ws", {"clientId": JOB})
        assert [json.loads(message) for message in socket.send] == [
            {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
        ]

    def test_is_opened_as_soon_as_the_job_is_known_to_run_and_would_be_interrupted(self, queue: HttpRequest) -> None:
        waits = after(queue, {"queue_running": [], "queue_pending": [[3, JOB, {}]]})
        again = after(waits, {})
        runs = after(again, RUNNING)
        assert [each.beside for each in (queue, waits, again, runs)] == [()] * 4
        assert runs.on_cancel is not None
        assert runs.on_cancel.url == "/interrupt"
        progress, follow = told(runs, {})
        assert progress == Progress("running")
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        assert (len(follow.payload.beside), follow.after) == (1, 0)

    def test_tells_of_the_job_by_whatever_id_the_server_gave_it(self, submit: HttpRequest) -> None:
        queue = after(submit, {**SUBMITTED, "prompt_id": "another"})
        history = after(queue, {"queue_running": [[3, "another", {}, {}, ["9"]]], "queue_pending": []})
        (socket,) = after(history, {}).beside
        assert isinstance(socket, WebSocket)
        assert socket.params == {"clientId": JOB}
        said = {"type": "progress", "data": {"value": 1, "max": 2, "node": "3", "prompt_id": "another"}}
        assert told(socket, json.dumps(said)) == [Progress("drawing", 0.5, "step 1 of 2")]

    def test_says_at_first_which_node_is_at_work_in_the_job_that_runs_already(self, socket: WebSocket) -> None:
        assert told(socket, json.dumps({"type": "executing", "data": {"node": "4"}})) == [Progress("loading the model")]

    def test_says_which_node_is_at_work_in_words_for_people(self, socket: WebSocket) -> None:
        done_node = {"value": 1.0, "max": 1.0, "state": "finished", "display_node_id": "4"}
        node = {"value": 0.0, "max": 1.0, "state": "running", "display_node_id": "6"}
        assert told(socket, message("execution_start", timestamp=1)) == [Progress("preparing")]
        assert told(socket, message("progress_state", nodes={"4": done_node, "6": node})) == [
            Progress("reading the prompt")
        ]
        assert told(
            socket, message("progress_state", nodes={"4": done_node, "6": {**node, "activity": "loading"}})
        ) == [Progress("reading the prompt", detail="loading")]
        assert told(socket, message("progress_state", nodes={"4": done_node})) == []

    def test_says_how_many_steps_are_done_once(self, socket: WebSocket) -> None:
        step = {"value": 5, "max": 20, "state": "running", "display_node_id": "3"}
        assert told(socket, message("progress_state", nodes={"3": step})) == []
        assert told(socket, message("progress", value=5, max=20, node="3")) == [
            Progress("drawing", 0.25, "step 5 of 20")
        ]
        assert told(socket, message("progress", value=0, max=0, node="77")) == [
            Progress("drawing", None, "step 0 of 0")
        ]

    @pytest.mark.parametrize(
        "frame", [struct.pack(">II", 1, 1) + b"JPEG", with_metadata(prompt_id=JOB)], ids=["alone", "with metadata"]
    )
    def test_brings_previews(self, socket: WebSocket, frame: bytes) -> None:
        (preview,) = told(socket, frame)
        assert isinstance(preview, ImagePreview)
        assert (preview.image.data, preview.image.media_type) == (b"JPEG", "image/jpeg")

    @pytest.mark.parametrize(
        "said",
        [
            json.dumps({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 1}}, "sid": "x"}}),
            json.dumps({"type": "crystools.monitor", "data": [1, 2]}),
            json.dumps({"type": "progress", "data": {"value": 1, "max": 2, "node": "3", "prompt_id": "another"}}),
            message("executing", node=None),
            struct.pack(">II", 3, 1) + b"3words",
            struct.pack(">II", 1, 9) + b"what?",
            struct.pack(">II", 1, 1),
            with_metadata(prompt_id="another"),
        ],
    )
    def test_says_much_that_is_of_no_interest(self, socket: WebSocket, said: str | bytes) -> None:
        assert told(socket, said) == []

    @pytest.mark.parametrize(
        "said", [b"\0\0", struct.pack(">II", 4, 9) + b"{", message("progress", value="1", max=2), "no JSON"]
    )
    def test_may_be_broken(self, socket: WebSocket, said: str | bytes) -> None:
        with pytest.raises(ProtocolError):
            told(socket, said)


class TestTheQueue:
    def test_is_looked_into_at_once_and_then_the_history(self, queue: HttpRequest) -> None:
        assert (queue.method, queue.url) == ("GET", "/queue")
        assert after(queue, RUNNING).url == f"/history/{JOB}"

    def test_is_looked_into_again_after_ever_longer_pauses(self, queue: HttpRequest) -> None:
        pauses = []
        for _ in range(12):
            history = after(queue, RUNNING)
            *_, follow = told(history, {})
            assert isinstance(follow, Follow)
            assert isinstance(follow.payload, HttpRequest)
            queue = follow.payload
            pauses.append(follow.after)
        assert pauses == sorted(pauses)
        assert (pauses[0], pauses[1], pauses[-1]) == (0, 0.13, 1.0)

    def test_can_be_looked_into_for_a_night_within_the_steps_that_a_conversation_may_have(self) -> None:
        pauses = [pause_after(polls) for polls in range(Bounds().follows // 2)]
        assert pauses == sorted(pauses)
        assert (pause_after(300), pauses[-1]) == (1.0, 10.0)
        assert sum(pauses) > 9 * 3600

    def test_says_how_many_are_ahead_when_that_is_news(self, queue: HttpRequest) -> None:
        waiting = [[9, "later", {}], [3, JOB, {}], [2, "sooner", {}]]
        history = after(queue, {"queue_running": [[1, "now", {}]], "queue_pending": waiting})
        progress, _ = told(history, {})
        assert progress == Progress("queued", detail="2 ahead")
        same = after(after(history, {}), {"queue_running": [[2, "sooner", {}]], "queue_pending": [[3, JOB, {}]]})
        assert told(same, {})[0] == Progress("queued", detail="1 ahead")
        again = after(after(same, {}), {"queue_running": [[2, "sooner", {}]], "queue_pending": [[3, JOB, {}]]})
        assert len(told(again, {})) == 1

    def test_decides_how_the_job_is_dropped(self, queue: HttpRequest) -> None:
        waits = after(queue, {"queue_running": [], "queue_pending": [[3, JOB, {}]]}).on_cancel
        runs = after(queue, RUNNING).on_cancel
        assert waits == HttpRequest("POST", "/queue", json={"delete": [JOB]}, idempotent=True)
        assert runs == HttpRequest("POST", "/interrupt", json={"prompt_id": JOB}, idempotent=True)

    def test_and_history_without_the_job_mean_that_it_is_lost(self, queue: HttpRequest) -> None:
        with pytest.raises(ProviderUnavailable, match="lost the job"):
            told(after(queue, EMPTY), {})


class TestTheHistory:
    def test_has_the_pictures(self, history: HttpRequest) -> None:
        images = [
            {"filename": "a b_00001_.png", "subfolder": "x/y", "type": "output", "metadata": {"kind": "image"}},
            {"filename": "c.png", "subfolder": "", "type": "output"},
        ]
        begun, ended = ["execution_start", {"timestamp": 1000}], ["execution_success", {"timestamp": 3500}]
        (response,) = told(history, done({"9": {"images": images}}, messages=[begun, ended]))
        assert isinstance(response, ImageResponse)
        assert [image.url for image in response.images] == [
            "/view?filename=a+b_00001_.png&subfolder=x%2Fy&type=output",
            "/view?filename=c.png&subfolder=&type=output",
        ]
        assert response.session == {"image": "x/y/a b_00001_.png [output]", "width": 64, "height": 64}
        assert (response.seed, response.usage) == (7, {"execution_seconds": 2.5})
        assert response.metadata["files"] == ["x/y/a b_00001_.png [output]", "c.png [output]"]

    def test_pictures_that_were_saved_come_before_those_that_were_only_shown(self, history: HttpRequest) -> None:
        shown = {"images": [{"filename": "s.png", "subfolder": "", "type": "temp"}]}
        saved = {"images": [{"filename": "k.png", "subfolder": "", "type": "output"}]}
        (response,) = told(history, done({"1": shown, "2": saved, "3": {"text": ["words"]}}))
        assert isinstance(response, ImageResponse)
        assert response.metadata["files"] == ["k.png [output]"]
        (response,) = told(history, done({"1": shown}))
        assert isinstance(response, ImageResponse)
        assert response.metadata["files"] == ["s.png [temp]"]
        assert response.session is None

    @pytest.mark.parametrize("said", [["9", "12:5", "4.0.1", "7"], ["7", "4.0.1", "12:5", "9"]])
    def test_pictures_come_in_the_order_of_the_graph_whatever_that_of_the_outputs(
        self, queue: HttpRequest, said: list[str]
    ) -> None:
        assert isinstance(queue.step, dict)
        stages = dict.fromkeys(["7", "4", "9"], "saving")
        history = after(replace(queue, step={**queue.step, "stages": stages}), RUNNING)
        outputs = {name: {"images": [{"filename": f"{name}.png", "subfolder": "", "type": "output"}]} for name in said}
        (response,) = told(history, done(outputs))
        assert isinstance(response, ImageResponse)
        assert response.metadata["files"] == [f"{name}.png [output]" for name in ("7", "4.0.1", "9", "12:5")]

    def test_films_are_no_pictures(self, history: HttpRequest) -> None:
        film = {"images": [{"filename": "clip_00001_.mp4", "subfolder": "video", "type": "output"}], "animated": [True]}
        shown = {"images": [{"filename": "s.png", "subfolder": "", "type": "temp"}]}
        (response,) = told(history, done({"1": film, "2": shown}))
        assert isinstance(response, ImageResponse)
        assert response.metadata["files"] == ["s.png [temp]"]
        with pytest.raises(ResponseError, match=r"without a picture \(there is clip_00001_\.mp4\)"):
            told(history, done({"1": film}))

    def test_may_have_no_picture(self, history: HttpRequest) -> None:
        with pytest.raises(ResponseError, match="it needs a node that saves one"):
            told(history, done({"1": {"text": ["words"]}}))

    @pytest.mark.parametrize(
        ("kind", "message", "error"),
        [
            ("RuntimeError", "shapes cannot be multiplied\n", ResponseError),
            ("torch.OutOfMemoryError", "no more", ResponseError),
            ("RuntimeError", "…\nThis error means you ran out of memory on your GPU.", ResponseError),
            ("Exception", "Unauthorized: Please login first to use this node.", AuthenticationError),
            ("Exception", "Payment Required: Please add credits to your account to use this node.", QuotaExceeded),
            ("Exception", "Rate Limit Exceeded: Please try again later.", QuotaExceeded),
            ("Exception", "BFL API failed: Content Moderated", ContentRejected),
        ],
    )
    def test_says_why_a_node_raised(
        self, history: HttpRequest, kind: str, message: str, error: type[ResponseError]
    ) -> None:
        with pytest.raises(error, match=r"^KSampler \(node 3\): ") as raised:
            told(history, failed("execution_error", exception_type=kind, exception_message=message))
        assert type(raised.value) is error

    def test_says_what_helps_against_too_little_memory(self, history: HttpRequest) -> None:
        with pytest.raises(ResponseError, match=r"on device 0\. Ask for a smaller picture, or for fewer at once"):
            told(history, failed("execution_error", exception_type="X", exception_message="Allocation on device 0.\n"))

    def test_says_that_somebody_interrupted(self, history: HttpRequest) -> None:
        with pytest.raises(ResponseError, match="interrupted"):
            told(history, failed("execution_interrupted"))

    def test_of_another_job_is_not_understood(self, history: HttpRequest) -> None:
        with pytest.raises(ProtocolError, match="the history of another job"):
            told(history, {"another": {}})


class TestARefusal:
    def test_is_told_node_by_node(self, submit: HttpRequest) -> None:
        error = {"type": "value_not_in_list", "message": "Value not in list", "details": "lora_name: 'x' not in []"}
        node = {"errors": [error], "dependent_outputs": ["9"], "class_type": "LoraLoader"}
        words = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
        with pytest.raises(ResponseError, match=r"LoraLoader \(node 20\): Value not in list: lora_name") as raised:
            told(submit, {"error": {**words, "details": ""}, "node_errors": {"20": node}}, 400)
        assert raised.value.status == 400

    def test_names_a_node_that_the_server_does_not_have(self, submit: HttpRequest) -> None:
        words = "Node 'Face Detailer' not found. The custom node may not be installed."
        error = {"type": "missing_node_type", "message": words, "details": "Node ID '#7'", "extra_info": {}}
        with pytest.raises(ResponseError, match="Face Detailer.*may not be installed.*Node ID '#7'"):
            told(submit, {"error": error, "node_errors": {}}, 400)

    @pytest.mark.parametrize("body", [b"<h1>Bad Request</h1>", b"{}", b'{"error": 1}', b"[]"])
    def test_in_another_form_is_told_as_it_is(self, submit: HttpRequest, body: bytes) -> None:
        with pytest.raises(ResponseError, match="400 Bad Request"):
            told(submit, body, 400)

    def test_of_a_part_is_a_warning(self, submit: HttpRequest) -> None:
        error = {"type": "required_input_missing", "message": "Required input is missing", "details": "images"}
        node = {"errors": [error], "dependent_outputs": ["10"], "class_type": "SaveImage"}
        history = after(after(submit, {**SUBMITTED, "node_errors": {"10": node}}), RUNNING)
        (response,) = told(history, done({"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}))
        assert isinstance(response, ImageResponse)
        assert "SaveImage (node 10): Required input is missing: images" in response.warnings[0]


def test_a_preview_is_a_picture_that_can_be_opened(socket: WebSocket) -> None:
    content = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(content, "JPEG")
    (preview,) = told(socket, struct.pack(">II", 1, 1) + content.getvalue())
    assert isinstance(preview, ImagePreview)
    assert preview.image_url.startswith("data:image/jpeg;base64,")
