"""Scenes with the real servers, kept as transcripts, for tests that need no server.

``uv run python -m spaces.recording``, in the folder ``tests``, records them anew; ``test_transcripts.py``
tells when the servers have come to say something else. Ports, event ids, temporary folders and content
hashes, which differ from one run to the next, are replaced, and heartbeats are left out, or, in a held job,
counted as one. Of pictures in ``data:`` URLs only the magic number is kept.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from impasto.testing.transcript import SUFFIX, Exchange, Transcript
from spaces.servers import GRADIO_4, GRADIO_6, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TRANSCRIPTS = Path(__file__).parent.parent / "plugins" / "gradio" / "transcripts"

QUOTA = (
    "You have exceeded your GPU quota (112s left vs. 120s requested). "
    '<a style="white-space: nowrap" href="https://huggingface.co/join">Create a free account</a> '
    "to get more usage quota or retry in 0:06:53"
)
"""What ZeroGPU says."""

_HEARTBEAT = "event: heartbeat\ndata: null\n\n"
_UNSTABLE = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://gradio.test"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "0123456789abcdef0123456789abcdef"),
    (re.compile(r"base64,[A-Za-z0-9+/=]+"), "base64,iVBORw0KGgo="),
)
_FOLDER = re.compile(r"/(?:[\w.-]+/)+impasto-spaces-\w+/([0-9a-f]{64})")


class Recorder:
    """A client that writes down what passes between it and one app."""

    def __init__(self, server: Server, app: str) -> None:
        self.server = server
        self.app = app
        self.exchanges: list[Exchange] = []
        self._hashes: list[str] = []
        self._client = httpx.Client(base_url=server.apps[app], trust_env=False, timeout=90)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make one exchange, write it down and return what was answered, parsed where it is JSON."""
        text = ""
        stream = self._client.stream(method, self.server.root + path, json=body)
        with stream as response, contextlib.suppress(httpx.RemoteProtocolError):
            for piece in response.iter_text():
                text += piece
        self._write(method, path, body, response, text)
        return json.loads(text) if response.headers["content-type"].startswith("application/json") else text

    def submit(self, endpoint: str, data: Sequence[object]) -> str:
        """Submit a job and return the path at which to read it."""
        path = f"/call/{endpoint}"
        return f"{path}/{self.ask('POST', path, {'data': data})['event_id']}"

    def call(self, endpoint: str, data: Sequence[object]) -> None:
        """Submit a job and read it to its end."""
        self.ask("GET", self.submit(endpoint, data))

    def held(self, endpoint: str, data: Sequence[object], gate: str) -> None:
        """Submit a job that stands at a gate; open the gate at its first heartbeat."""
        path = self.submit(endpoint, data)
        with self._client.stream("GET", self.server.root + path) as response:
            text = ""
            for piece in response.iter_text():
                text += piece
                if _HEARTBEAT in text:
                    self.server.release(gate)
        self._write("GET", path, None, response, text)

    def _write(self, method: str, path: str, body: Any, response: httpx.Response, text: str) -> None:
        text = text.replace(_HEARTBEAT, _HEARTBEAT if "hold: " in str(self.exchanges) else "")
        while 2 * _HEARTBEAT in text:
            text = text.replace(2 * _HEARTBEAT, _HEARTBEAT)
        for pattern, stable in _UNSTABLE:
            path, text = pattern.sub(stable, path), pattern.sub(stable, text)
        text = _FOLDER.sub(self._stable_folder, text)
        media_type = response.headers["content-type"].partition(";")[0]
        if path == "/info":
            text = json.dumps(_without_snippets(json.loads(text)), ensure_ascii=False)
        self.exchanges.append(
            Exchange(
                method,
                self.server.root + path,
                {} if body is None else {"content-type": "application/json"},
                b"" if body is None else json.dumps(body, ensure_ascii=False).encode(),
                response.status_code,
                {"content-type": media_type},
                text.encode(),
            )
        )

    def _stable_folder(self, match: re.Match[str]) -> str:
        if match[1] not in self._hashes:
            self._hashes.append(match[1])
        return f"/tmp/gradio/hash-{self._hashes.index(match[1]) + 1}"


def _without_snippets(answer: Any) -> Any:
    """Leave out of ``/info`` the lengthy examples in four languages that nobody reads here."""
    for endpoint in answer.get("named_endpoints", {}).values():
        endpoint.pop("code_snippets", None)
    return answer


def _drawn(recorder: Recorder) -> None:
    recorder.call("infer", ["a fox", 7, False, 256, 256, 2])


def _told(prompt: str) -> Callable[[Recorder], None]:
    return lambda recorder: recorder.call("infer", [prompt, 7, False, 256, 256, 2])


def _too_small(recorder: Recorder) -> None:
    recorder.call("infer", ["a fox", 7, False, 64, 256, 2])


def _held(recorder: Recorder) -> None:
    recorder.held("infer", ["hold: recording", 7, False, 256, 256, 2], "recording")


def _unknown_endpoint(recorder: Recorder) -> None:
    recorder.ask("POST", "/call/paint", {"data": []})


def _unknown_job(recorder: Recorder) -> None:
    recorder.ask("GET", "/call/infer/" + "0" * 32)


def _full(recorder: Recorder) -> None:
    gate = "hold: full queue"
    with contextlib.closing(Recorder(recorder.server, recorder.app)) as others:
        first = others.submit("infer", [gate, 7, False, 256, 256, 2])
        recorder.server.wait_for(gate)
        second = others.submit("infer", ["a fox", 7, False, 256, 256, 2])
        recorder.ask("POST", "/call/infer", {"data": ["a fox", 7, False, 256, 256, 2]})
        recorder.server.release("full queue")
        others.ask("GET", first)
        others.ask("GET", second)


def _info(recorder: Recorder) -> None:
    recorder.ask("GET", "/info")


def _previewed(recorder: Recorder) -> None:
    recorder.call("infer", ["a fox", "text", 7, False, 512, 512, 4.5, 8])


SCENES: dict[str, tuple[str, Callable[[Recorder], None]]] = {
    "drawn": ("flux", _drawn),
    "previewed": ("sd35", _previewed),
    "failed": ("flux", _told("fail: The painter is out of ochre.")),
    "crashed": ("flux", _told("crash: division by zero")),
    "crashed-hidden": ("hidden", _told("crash: division by zero")),
    "quota": ("flux", _told(f"fail: {QUOTA}")),
    "too-small": ("flux", _too_small),
    "held": ("flux", _held),
    "unknown-endpoint": ("flux", _unknown_endpoint),
    "unknown-job": ("flux", _unknown_job),
    "queue-full": ("tiny", _full),
    "gallery": ("studio", lambda recorder: recorder.call("gallery", ["a fox", 2])),
    "captioned": ("studio", lambda recorder: recorder.call("captioned", ["a fox"])),
    "link": ("studio", lambda recorder: recorder.call("link", ["a fox"])),
    "info-flux": ("flux", _info),
    "info-sd35": ("sd35", _info),
    "info-studio": ("studio", _info),
    "info-darkroom": ("darkroom", _info),
    "info-retouch": ("retouch", _info),
    "info-words": ("words", _info),
}
"""Name of the transcript to the app that it is recorded from, and what is said to it."""


def record(server: Server, scene: str) -> list[Exchange]:
    """Play a scene and return what was said."""
    app, play = SCENES[scene]
    with contextlib.closing(Recorder(server, app)) as recorder:
        play(recorder)
        return recorder.exchanges


def read(version: str, scene: str) -> list[Exchange]:
    """Return what was said in a recorded scene."""
    return list(Transcript.read(TRANSCRIPTS / version / f"{scene}{SUFFIX}").exchanges)


def main() -> None:
    """Record every scene with every version."""
    for version in (GRADIO_4, GRADIO_6):
        folder = TRANSCRIPTS / version
        folder.mkdir(parents=True, exist_ok=True)
        with serving(version) as server:
            for scene in SCENES:
                transcript = Transcript(tuple(record(server, scene)))
                (folder / f"{scene}{SUFFIX}").write_bytes(transcript.text().encode())


if __name__ == "__main__":
    main()
