"""The facts about Gradio's wire that the plugins rest on, read off the real servers with nothing in between."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from spaces.servers import GRADIO_4, GRADIO_6, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = ["a fox", 7, False, 256, 256, 2]


@pytest.fixture
def wire(gradio: Server) -> Iterator[httpx.Client]:
    """Talk to the app with the signature of FLUX.1-schnell."""
    with httpx.Client(base_url=gradio.apps["flux"], trust_env=False, timeout=60) as client:
        yield client


def submit(wire: httpx.Client, server: Server, data: list[Any], **more: Any) -> str:
    """Submit a job and return the path of its stream."""
    path = f"{server.root}/call/infer"
    answer = wire.post(path, json={"data": data}, **more)
    assert answer.status_code == 200
    return f"{path}/{answer.json()['event_id']}"


def events(stream: str) -> list[tuple[str, Any]]:
    """Return name and parsed data of every event of a stream but the heartbeats."""
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", stream)
    return [(name, json.loads(data)) for name, data in found if name != "heartbeat"]


def result(wire: httpx.Client, path: str, **more: Any) -> Any:
    ((name, data),) = events(wire.get(path, **more).text)
    assert name == "complete"
    return data


def test_a_submit_is_answered_with_an_event_id_of_32_hexadecimal_digits(wire: httpx.Client, gradio: Server) -> None:
    answer = wire.post(f"{gradio.root}/call/infer", json={"data": DATA})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.json()["event_id"])
    assert list(answer.json()) == ["event_id"]


def test_each_version_serves_its_own_paths_and_404_elsewhere(wire: httpx.Client, gradio: Server) -> None:
    other = {GRADIO_4: "/gradio_api", GRADIO_6: ""}[gradio.version]
    assert wire.post(f"{other}/call/infer", json={"data": DATA}).status_code in {404, 405}
    assert wire.get(f"{other}/info").status_code == 404
    assert wire.get(f"{gradio.root}/info").status_code == 200


@pytest.mark.parametrize("data", [DATA[:2], ["a fox", 7, False, "wide", 256, 2], ["a fox", 7, False, None, None, 2]])
def test_bad_inputs_are_accepted_and_fail_in_the_stream(wire: httpx.Client, gradio: Server, data: list[Any]) -> None:
    ((name, _),) = events(wire.get(submit(wire, gradio, data)).text)
    assert name == "error"


def test_a_picture_is_a_file_with_path_and_url(wire: httpx.Client, gradio: Server) -> None:
    picture, seed = result(wire, submit(wire, gradio, DATA))
    assert seed == 7
    assert picture.keys() == {"path", "url", "size", "orig_name", "mime_type", "is_stream", "meta"}
    assert wire.get(picture["url"]).content[8:12] == b"WEBP"


def test_the_path_alone_leads_to_the_same_file(wire: httpx.Client, gradio: Server) -> None:
    picture, _ = result(wire, submit(wire, gradio, DATA))
    assert wire.get(f"{gradio.root}/file={picture['path']}").content == wire.get(picture["url"]).content


def test_the_url_follows_the_host_that_the_client_named(wire: httpx.Client, gradio: Server) -> None:
    headers = {"X-Forwarded-Host": "example.test"}
    picture, _ = result(wire, submit(wire, gradio, DATA, headers=headers), headers=headers)
    assert picture["url"].startswith("http://example.test/")


def test_gradio_4_makes_the_url_wrong_where_the_endpoints_name_has_not_five_letters(gradio4: Server) -> None:
    with httpx.Client(base_url=gradio4.apps["studio"], trust_env=False, timeout=60) as wire:
        event_id = wire.post("/call/captioned", json={"data": ["a fox"]}).json()["event_id"]
        _, picture = result(wire, f"/call/captioned/{event_id}")
        assert "/cal/file=" in picture["url"]
        assert wire.get(picture["url"]).status_code == 404
        assert wire.get(f"/file={picture['path']}").status_code == 200


def test_a_finished_stream_says_nothing_more_to_a_second_reader(wire: httpx.Client, gradio: Server) -> None:
    path = submit(wire, gradio, DATA)
    result(wire, path)
    said = ""
    with wire.stream("GET", path) as again:
        for piece in again.iter_text():
            said += piece
            if "heartbeat" in said or "error" in said:
                break
    assert "complete" not in said


def test_a_queued_job_is_dropped_when_its_reader_goes(wire: httpx.Client, gradio: Server) -> None:
    gate = uuid.uuid4().hex
    running = submit(wire, gradio, [f"hold: {gate}", *DATA[1:]])
    gradio.wait_for(f"hold: {gate}")
    with wire.stream("GET", submit(wire, gradio, [f"dropped {gate}", *DATA[1:]])) as queued:
        assert "heartbeat" in next(queued.iter_text())
    last = submit(wire, gradio, [f"last {gate}", *DATA[1:]])
    gradio.release(gate)
    result(wire, running)
    result(wire, last)
    begun = [prompt for prompt in gradio.prompts("flux") if gate in prompt]
    assert begun == [f"hold: {gate}", f"last {gate}"]


def test_only_gradio_6_checks_a_sliders_range(wire: httpx.Client, gradio: Server) -> None:
    ((name, _),) = events(wire.get(submit(wire, gradio, ["a fox", 7, False, 64, 64, 2])).text)
    assert name == {GRADIO_4: "complete", GRADIO_6: "error"}[gradio.version]
