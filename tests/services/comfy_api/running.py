"""The queue: one job after the other, told of over WebSockets, and in the history when they are done."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from services.comfy_api import drawing
from services.comfy_api.checking import links_of
from services.comfy_api.files import Files
from services.comfy_api.jobs import BORN, RAISED, Forgotten, Interrupted, Job, Raised, frame_of, order_of

_STEP = 250
"""Milliseconds between two stages of a job, by the stand-in's own clock."""


class Queue:
    """Runs one job after the other.

    Args:
        files: the server's folders.
        waits: how often a job is asked for in vain before it ends; 0 for one that ends unasked.
        previews: how previews are made where a job does not say it; ``none`` for not at all.
    """

    def __init__(self, files: Files, waits: int, previews: str = "none") -> None:
        self._files = files
        self._previews = previews
        self._waits = waits
        self._worker: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_released = False
        self._clock = BORN
        self._node = ""
        self.pending: list[Job] = []
        self.running: Job | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.flags: dict[str, dict[str, Any]] = {}

    @property
    def remaining(self) -> int:
        """How many jobs are not done."""
        return len(self.pending) + (self.running is not None)

    async def put(self, job: Job) -> None:
        """Take a job."""
        self._loop = asyncio.get_running_loop()
        self.pending.append(job)
        self.pending.sort(key=lambda each: each.number)
        await self._tell_status()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def interrupt(self, id: str | None) -> bool:  # noqa: A002
        """Interrupt the job that runs, if it is this one, or whichever it is; tell whether it was."""
        job = self.running
        if job is None or (id is not None and job.id != id):
            return False
        job.is_interrupted = True
        await job.hear()
        return True

    def delete(self, id: str) -> bool:  # noqa: A002
        """Drop a job that waits; tell whether there was one."""
        before = len(self.pending)
        self.pending = [job for job in self.pending if job.id != id]
        return len(self.pending) < before

    async def ask(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Return what the history has of a job; one that was waited for long enough ends before."""
        job = self.running
        if job is not None and job.id == id:
            job.asked += 1
            if job.asked > self._waits and not self._is_held(job):
                await job.hear()
                await self._until_done(job)
        return {id: self.history[id]} if id in self.history else {}

    def release(self, *, only_running: bool = False) -> None:
        """Let slow jobs go on: all, or only the one that runs. For other threads."""
        assert self._loop is not None, "nothing was submitted"

        async def go_on() -> None:
            self._is_released = self._is_released or not only_running
            if self.running is not None:
                self.running.is_released = True
                await self.running.hear()

        asyncio.run_coroutine_threadsafe(go_on(), self._loop).result()

    async def _work(self) -> None:
        while self.pending:
            job = self.running = self.pending.pop(0)
            await self._tell_status()
            try:
                end = await self._run(job)
            except Forgotten:
                self.running = None
                await job.hear()
                continue
            failed = end[0] != "execution_success"
            status = {"status_str": "error" if failed else "success", "completed": not failed}
            await self._tell(job, *end)
            self.history[job.id] = {
                "prompt": job.entry(),
                "outputs": job.outputs,
                "status": {**status, "messages": job.messages},
                "meta": {
                    name: {"node_id": name, "display_node": name, "parent_node": None, "real_node_id": name}
                    for name in job.outputs
                },
            }
            self.running = None
            await job.hear()
            await self._tell_status()
            await self._send(job, "executing", {"node": None, "prompt_id": job.id})

    async def _run(self, job: Job) -> tuple[str, dict[str, Any]]:
        """Run a job's nodes, and return how it ended."""
        await self._tell(job, "execution_start", {})
        await self._tell(job, "execution_cached", {"nodes": []})
        values: dict[str, tuple[Any, ...]] = {}
        for name in order_of(job):
            node = job.graph[name]
            try:
                values[name] = await self._run_node(job, name, values)
            except Interrupted:
                where = {"node_id": name, "node_type": node["class_type"], "executed": list(values)}
                return "execution_interrupted", where
            except Raised as error:
                kind, message = error.args
                return "execution_error", {
                    "node_id": name,
                    "node_type": node["class_type"],
                    "executed": list(values),
                    "exception_message": message,
                    "exception_type": kind,
                    "traceback": ['  File "execution.py", line 515, in execute\n'],
                    "current_inputs": {},
                    "current_outputs": list(values),
                }
        return "execution_success", {}

    async def _run_node(self, job: Job, name: str, values: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
        node = job.graph[name]
        kind = node["class_type"]
        await self._progress(job, name, 0.0, 1.0)
        self._node = name
        await self._send(job, "executing", {"node": name, "display_node": name, "prompt_id": job.id})
        if not values and "slow" in job.words:
            await self._until(job, lambda: self._is_watched(job) or self._is_released or job.is_released)
        links = {each: values[other][slot] for each, (other, slot) in links_of(node).items()}
        outputs = drawing.run(kind, {**node["inputs"], **links}, self._files.read)
        if kind == "KSampler":
            await self._sample(job, name, node["inputs"]["steps"], outputs[0].drawn[0])
        if kind in {"SaveImage", "PreviewImage", "SaveImageWebsocket"}:
            await self._until(job, lambda: job.asked > self._waits or not self._waits)
            await self._save(job, name, links["images"])
        await self._progress(job, name, 1.0, 1.0, "finished")
        return outputs

    async def _sample(self, job: Job, name: str, steps: int, drawn: drawing.Picture) -> None:
        for words, (kind, message) in RAISED.items():
            if words in job.words:
                raise Raised(kind, message)
        if "forgotten" in job.words:
            raise Forgotten
        method = job.extra_data.get("preview_method", "default")
        wants = (self._previews if method == "default" else method) != "none"
        small = drawn.copy()
        small.thumbnail((64, 64))
        content = drawing.jpeg(small) if wants else b""
        client = job.extra_data.get("client_id", "")
        has_metadata = self.flags.get(client, {}).get("supports_preview_metadata", False)
        for step in range(1, steps + 1):
            await self._progress(job, name, step, steps)
            if wants and has_metadata:
                await self._send_bytes(job, frame_of(job, name, content, "image/jpeg"))
            await self._send(job, "progress", {"value": step, "max": steps, "prompt_id": job.id, "node": name})
            if wants and not has_metadata:
                await self._send_bytes(job, struct.pack(">II", 1, 1) + content)
            if step == 1 and "slow" in job.words:
                await self._until(job, lambda: self._is_released or job.is_released)
            if job.is_interrupted or "interrupted" in job.words:
                raise Interrupted

    async def _save(self, job: Job, name: str, pictures: list[drawing.Picture]) -> None:
        node = job.graph[name]
        if node["class_type"] == "SaveImageWebsocket":
            for picture in pictures:
                await self._send_bytes(job, frame_of(job, name, drawing.png(picture), "image/png"))
            return
        is_temporary = node["class_type"] == "PreviewImage"
        folder, prefix = ("temp", "ComfyUI_temp") if is_temporary else ("output", node["inputs"]["filename_prefix"])
        graph = json.dumps(job.graph)
        saved = [self._files.save(folder, prefix, each, graph) for each in pictures]
        job.outputs[name] = {"images": saved}
        output = {"node": name, "display_node": name, "output": job.outputs[name], "prompt_id": job.id}
        await self._send(job, "executed", output)

    async def greet(self, client: str) -> None:
        """Tell a client that begins to watch the job of its own that runs, which node is at work."""
        job = self.running
        if job is not None and job.extra_data.get("client_id") == client:
            await self._deliver(client, json.dumps({"type": "executing", "data": {"node": self._node}}))

    async def understand(self, client: str, flags: dict[str, Any]) -> None:
        """Take what a client says that it understands."""
        self.flags[client] = flags
        if self.running is not None:
            await self.running.hear()

    def _is_watched(self, job: Job) -> bool:
        return job.extra_data.get("client_id") in self.flags

    def _is_held(self, job: Job) -> bool:
        return "slow" in job.words and not (self._is_released or job.is_released or job.is_interrupted)

    async def _until_done(self, job: Job) -> None:
        async with job.news:
            await job.news.wait_for(lambda: self.running is not job)

    async def _until(self, job: Job, condition: Any) -> None:
        async with job.news:
            await job.news.wait_for(lambda: condition() or job.is_interrupted)
        if job.is_interrupted:
            raise Interrupted

    async def _progress(self, job: Job, name: str, value: float, most: float, state: str = "running") -> None:
        ids = {"node_id": name, "prompt_id": job.id, "display_node_id": name}
        job.states[name] = {"value": value, "max": most, "state": state, **ids}
        job.states[name] |= {"parent_node_id": None, "real_node_id": name}
        await self._send(job, "progress_state", {"prompt_id": job.id, "nodes": job.states})

    async def _tell(self, job: Job, kind: str, data: dict[str, Any]) -> None:
        """Tell of a stage that the history will have too."""
        self._clock += _STEP
        said = {"prompt_id": job.id, **data, "timestamp": self._clock}
        job.messages.append([kind, said])
        await self._send(job, kind, said)

    async def _send(self, job: Job, kind: str, data: dict[str, Any]) -> None:
        await self._deliver(job.extra_data.get("client_id", ""), json.dumps({"type": kind, "data": data}))

    async def _send_bytes(self, job: Job, frame: bytes) -> None:
        await self._deliver(job.extra_data.get("client_id", ""), frame)

    async def _tell_status(self) -> None:
        status = {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": self.remaining}}}}
        for client in list(self.sockets):
            await self._deliver(client, json.dumps(status))

    async def _deliver(self, client: str, message: str | bytes) -> None:
        socket = self.sockets.get(client)
        if socket is None:
            return
        try:
            await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))
        except (WebSocketDisconnect, RuntimeError):
            self.sockets.pop(client, None)
