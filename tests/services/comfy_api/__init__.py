"""A ComfyUI server as its source has it in autumn 2026, on loopback: queue, history, WebSocket, uploads, models.

What becomes of a job is chosen by words in its graph: see ``jobs``. Two words mean the server: ``down`` is the page of
a proxy in front whose ComfyUI does not run, ``crash`` an exception in the server itself.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.comfy_api import bodies
from services.comfy_api.checking import Refused, check
from services.comfy_api.files import Files
from services.comfy_api.jobs import Job
from services.comfy_api.nodes import CHECKPOINTS, LORAS, NODES, VAES
from services.comfy_api.running import Queue
from services.serving import Journal, Upload

VERSION = "0.46.0"
CHECKPOINT = "v1-5-pruned-emaonly-fp16.safetensors"
LOGIN = "artist:test-key"

_CRASHED = "500 Internal Server Error\n\nServer got itself in trouble"
_FLAGS = {"supports_preview_metadata": True, "max_upload_size": 104857600, "supports_model_type_tags": True}
_NO_UUID = (
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one"
)
_VIEWED = {"filename", "type", "subfolder"}
_FOLDERS = {"input", "output", "temp"}


class ComfyUI:
    """The stand-in.

    Args:
        checkpoints: names of files in ``models/checkpoints``.
        waits: how often the history is asked for a job in vain before it ends; 0 for jobs that end unasked.
        websocket: whether there is a WebSocket; a proxy in front may not know any.
        login: the ``user:password`` that a proxy in front demands; empty for none.
        jobs_api: whether there is ``/api/jobs``, which older servers do not have.
        previews: how previews are made where a job does not say it: ``--preview-method`` of the server.

    Attributes:
        app: the application.
        journal: what it was asked.
        url: where it is served; empty until somebody says.
        queue: its jobs.
        files: its folders.
        opened: set when a WebSocket has said what it understands.
    """

    def __init__(
        self,
        *,
        checkpoints: tuple[str, ...] = (CHECKPOINT,),
        waits: int = 1,
        websocket: bool = True,
        login: str = "",
        jobs_api: bool = True,
        previews: str = "none",
    ) -> None:
        self.journal = Journal()
        self.url = ""
        self.opened = threading.Event()
        self.files = Files({CHECKPOINTS: list(checkpoints), LORAS: ["ink.safetensors"], VAES: ["clear.safetensors"]})
        self.queue = Queue(self.files, waits, previews)
        self._login = login
        self._number = 0
        routes: list[Route | WebSocketRoute] = [
            Route("/prompt", self._asked(self._submit), methods=["POST"]),
            Route("/prompt", self._asked(self._remaining), methods=["GET"]),
            Route("/queue", self._asked(self._queued), methods=["GET"]),
            Route("/queue", self._asked(self._delete), methods=["POST"]),
            Route("/interrupt", self._asked(self._interrupt), methods=["POST"]),
            Route("/history/{id}", self._asked(self._history), methods=["GET"]),
            Route("/view", self._asked(self._view), methods=["GET"]),
            Route("/upload/image", self._asked(self._upload), methods=["POST"]),
            Route("/models", self._asked(self._folders), methods=["GET"]),
            Route("/models/{folder}", self._asked(self._models), methods=["GET"]),
            Route("/object_info", self._asked(self._nodes), methods=["GET"]),
            Route("/object_info/{name}", self._asked(self._nodes), methods=["GET"]),
            Route("/system_stats", self._asked(self._stats), methods=["GET"]),
            *([WebSocketRoute("/ws", self._socket)] if websocket else []),
        ]
        jobs = [Route("/jobs/{id}/cancel", self._asked(self._cancel), methods=["POST"])] if jobs_api else []
        self.app = Starlette(routes=[*routes, Mount("/api", routes=[*routes, *jobs])])

    def release(self, *, only_running: bool = False) -> None:
        """Let slow jobs go on: all, or only the one that runs."""
        self.queue.release(only_running=only_running)

    def _asked(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Write each request down before it is answered, and let nobody in who does not belong here."""

        async def ask(request: Request) -> Response:
            await request.body()  # Whatever type it is said to be of, it is JSON.
            await self.journal.write(request)
            return self._turned_away(request.headers) or await answer(request)

        return ask

    def _turned_away(self, headers: Any) -> Response | None:
        expected = f"Basic {base64.b64encode(self._login.encode()).decode()}"
        if self._login and headers.get("authorization") != expected:
            page = "<html><head><title>401 Authorization Required</title></head><body>nginx</body></html>"
            return HTMLResponse(page, 401, {"www-authenticate": 'Basic realm="ComfyUI"'})
        origin = headers.get("origin")
        return Response(status_code=403) if origin and origin.partition("://")[2] != headers["host"] else None

    async def _submit(self, request: Request) -> Response:
        try:
            said = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse(_CRASHED, 500)
        if not isinstance(said, dict) or "prompt" not in said:
            return JSONResponse(Refused("no_prompt", "No prompt provided", "No prompt provided").body, 400)
        words = json.dumps(said["prompt"])
        if "down" in words:
            return HTMLResponse("<html><title>502 Bad Gateway</title><h1>Bad Gateway</h1></html>", 502)
        if "crash" in words:
            return PlainTextResponse(_CRASHED, 500)
        try:
            job = self._job(said)
        except Refused as refused:
            return JSONResponse(refused.body, 400)
        await self.queue.put(job)
        said = {"prompt_id": job.id, "number": job.number, "node_errors": job.checked.node_errors}
        return JSONResponse(said)

    def _job(self, said: dict[str, Any]) -> Job:
        try:
            asked = bodies.Prompt.model_validate(said)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Refused("undocumented", first["msg"], place) from error
        id = asked.prompt_id or str(uuid.uuid4())  # noqa: A001
        if not _is_uuid(id):
            details = (
                "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server"
            )
            raise Refused("invalid_prompt_id", "prompt_id must be a valid UUID", f"{details} generate one")
        checked = check(said["prompt"], self.files.names(), self.files.exists)
        extra = {**(said.get("extra_data") or {}), **({"client_id": asked.client_id} if asked.client_id else {})}
        number = self._number if asked.number is None else asked.number
        self._number += 1
        return Job(id, -number if asked.front else number, said["prompt"], extra, checked)

    async def _remaining(self, request: Request) -> Response:
        return JSONResponse({"exec_info": {"queue_remaining": self.queue.remaining}})

    async def _queued(self, request: Request) -> Response:
        running = [] if self.queue.running is None else [self.queue.running.entry()]
        return JSONResponse({"queue_running": running, "queue_pending": [job.entry() for job in self.queue.pending]})

    async def _delete(self, request: Request) -> Response:
        asked = bodies.Delete.model_validate(await request.json())
        for id in asked.delete or ([job.id for job in self.queue.pending] if asked.clear else []):  # noqa: A001
            self.queue.delete(id)
        return Response()

    async def _interrupt(self, request: Request) -> Response:
        body = await request.body()
        asked = bodies.Interrupt.model_validate(json.loads(body) if body else {})
        await self.queue.interrupt(asked.prompt_id)
        return Response()

    async def _cancel(self, request: Request) -> Response:
        id = request.path_params["id"]  # noqa: A001
        return JSONResponse({"cancelled": self.queue.delete(id) or await self.queue.interrupt(id)})

    async def _history(self, request: Request) -> Response:
        return JSONResponse(await self.queue.ask(request.path_params["id"]))

    async def _view(self, request: Request) -> Response:
        asked = dict(request.query_params)
        name, folder, subfolder = asked.get("filename"), asked.get("type", "output"), asked.get("subfolder", "")
        if name is None:
            return Response(status_code=404)
        if (
            ".." in name
            or name.startswith("/")
            or folder not in _FOLDERS
            or set(asked) - {"filename", "type", "subfolder"}
        ):
            return Response(status_code=400)
        if ".." in subfolder:
            return Response(status_code=403)
        picture = self.files.pictures.get((folder, subfolder, name))
        if picture is None:
            return Response(status_code=404)
        return Response(picture, media_type="image/png", headers={"content-disposition": f'filename="{name}"'})

    async def _upload(self, request: Request) -> Response:
        form = self.journal.asked[-1].fields
        picture, folder, subfolder = form.get("image"), form.get("type", "input"), form.get("subfolder", "")
        if set(form) - {"image", "type", "subfolder", "overwrite"} or folder not in _FOLDERS:
            return PlainTextResponse(_CRASHED, 500)
        if not isinstance(picture, Upload) or not picture.name or ".." in f"{subfolder}/{picture.name}":
            return Response(status_code=400)
        overwrite = form.get("overwrite") in {"true", "1"}
        name = self.files.upload(folder, subfolder, picture.name, picture.data, overwrite=overwrite)
        return JSONResponse({"name": name, "subfolder": subfolder, "type": folder})

    async def _folders(self, request: Request) -> Response:
        return JSONResponse(list(self.files.models))

    async def _models(self, request: Request) -> Response:
        names = self.files.models.get(request.path_params["folder"])
        return Response(status_code=404) if names is None else JSONResponse(names)

    async def _nodes(self, request: Request) -> Response:
        wanted = request.path_params.get("name")
        files = self.files.names()
        return JSONResponse(
            {name: node.declared(name, files) for name, node in NODES.items() if wanted in {None, name}}
        )

    async def _stats(self, request: Request) -> Response:
        system = {"os": "linux", "comfyui_version": VERSION, "embedded_python": False, "argv": ["main.py"]}
        device = {"name": "cpu", "type": "cpu", "index": None, "vram_total": 2**34, "vram_free": 2**33}
        return JSONResponse({"system": system, "devices": [device]})

    async def _socket(self, socket: WebSocket) -> None:
        if self._turned_away(socket.headers) is not None:
            await socket.close(4401)
            return
        await socket.accept()
        client = socket.query_params.get("clientId") or uuid.uuid4().hex
        self.queue.sockets[client] = socket
        status = {"status": {"exec_info": {"queue_remaining": self.queue.remaining}}, "sid": client}
        await socket.send_json({"type": "status", "data": status})
        await self.queue.greet(client)
        try:
            first = bodies.Flags.model_validate_json(await socket.receive_text())
            await self.queue.understand(client, first.data)
            self.opened.set()
            await socket.send_json({"type": "feature_flags", "data": _FLAGS})
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            if self.queue.sockets.get(client) is socket:
                del self.queue.sockets[client]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
