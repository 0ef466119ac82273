"""The application. Routes and answers: ``modules/api/api.py`` and ``modules/progress.py`` of the web UI and Forge."""

from __future__ import annotations

import base64
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.automatic1111_api import bodies, drawing, failures
from services.automatic1111_api.drawing import Checkpoint
from services.automatic1111_api.failures import Refused
from services.automatic1111_api.jobs import Job, Jobs
from services.serving import Asked as Entry
from services.serving import Journal, Strict

CHECKPOINTS = (
    Checkpoint("v1-5.safetensors", "6ce0161689"),
    Checkpoint("sdxl/turbo.safetensors", "e869ac7d69"),
    Checkpoint("My Merge.safetensors", "abc1234567"),
    Checkpoint("unhashed.safetensors"),
)
SAMPLERS = ("DPM++ 2M", "Euler a", "Euler", "Heun", "DDIM", "UniPC")
SCHEDULERS = ("Automatic", "Karras", "Exponential")
OWN_SEED = 1234567
"""What the server draws for -1."""


class QuestionForJob(Strict):
    """The body of ``POST /internal/progress``."""

    id_task: str
    id_live_preview: int = -1
    live_preview: bool = True


class WebUI:
    """A server of one of the programs.

    Attributes:
        journal: what it was asked.
        interrupted: the prompts of the jobs that were stopped.

    Args:
        form: which program: ``a1111``, ``forge`` or ``sdnext``.
        auth: ``user:password``, as for ``--api-auth``; empty for none.
        pages: whether the user interface runs, and with it ``/internal/progress``.
        ahead: whether somebody else's job is before each.
        stuck: whether the checkpoint does not change, whatever is asked.
        samples_format: of the pictures: png, jpg or webp.
    """

    def __init__(
        self,
        form: str = "a1111",
        *,
        auth: str = "",
        pages: bool = True,
        ahead: bool = False,
        stuck: bool = False,
        samples_format: str = "png",
    ) -> None:
        self.form = form
        self.journal = Journal()
        self.interrupted: list[str] = []
        self._auth = auth
        self._stuck = stuck
        self._format = samples_format
        self._jobs = Jobs(ahead=ahead)
        api = {
            "txt2img": ("POST", self._txt2img),
            "img2img": ("POST", self._img2img),
            "progress": ("GET", self._progress),
            "interrupt": ("POST", self._interrupt),
            "sd-models": ("GET", self._sd_models),
            "samplers": ("GET", self._samplers),
            "schedulers": ("GET", self._schedulers),
            "options": ("GET", self._options),
        }
        routes = [Route(f"/sdapi/v1/{name}", call, methods=[method]) for name, (method, call) in api.items()]
        if pages:
            routes.append(Route("/internal/progress", self._internal_progress, methods=["POST"]))
        self.app = Starlette(routes=routes, exception_handlers={Refused: _refuse, HTTPException: _no_route})

    @property
    def most_waiting(self) -> int:
        """How many jobs have waited at once for another to be done."""
        return self._jobs.most_waiting

    async def _txt2img(self, request: Request) -> Response:
        return await self._draw(await self._checked(request), image=False)

    async def _img2img(self, request: Request) -> Response:
        return await self._draw(await self._checked(request), image=True)

    async def _draw(self, entry: Entry, *, image: bool) -> Response:
        try:
            asked = bodies.read(self._json(entry), image=image, form=self.form)
            if failure := failures.failure_in(asked.prompt, self.form):
                raise failure
            if isinstance(asked, bodies.FromImage):
                self._check_pictures(asked)
            sampler = self._sampler(asked)
        except Refused:
            await self._jobs.refused(str(entry.fields.get("force_task_id")))
            raise
        if "unloaded" in asked.prompt and self.form == "sdnext":
            return JSONResponse({"images": [], "parameters": {}, "info": ""})
        async with self._jobs.begun(asked) as job:
            return self._answer(job, sampler)

    def _check_pictures(self, asked: bodies.FromImage) -> None:
        if not asked.init_images:
            if self.form == "sdnext":
                missing = Refused(400, "", self.form)
                missing.body = {"error": "Init image is none"}
                raise missing
            raise Refused(404, "Init image not found", self.form)
        if len(asked.init_images) > asked.batch_size:
            words = f"bad number of images passed: {len(asked.init_images)}; expecting {asked.batch_size} or less"
            raise failures.crashed("RuntimeError", words, self.form)
        for each in (*asked.init_images, *([asked.mask] if asked.mask else [])):
            bodies.picture_in(each, self.form)

    def _sampler(self, asked: bodies.Asked) -> str:
        """Return the sampler that is used: the usual one for a name that is none, without a word of it."""
        name = asked.sampler_name or asked.sampler_index
        known = next((each for each in SAMPLERS if name in {each, f"{each} Karras", f"{each} Exponential"}), None)
        if known is None and self.form == "sdnext":
            raise Refused(404, "Sampler not found", self.form)
        return known or SAMPLERS[0]

    def _checkpoint(self, asked: bodies.Asked) -> Checkpoint:
        """Return what is drawn with: what is loaded for a name that is none, without a word of it."""
        name = (asked.override_settings or {}).get("sd_model_checkpoint")
        found = next((each for each in CHECKPOINTS if name in each.names()), CHECKPOINTS[0])
        return CHECKPOINTS[0] if self._stuck else found

    def _answer(self, job: Job, sampler: str) -> Response:
        asked, checkpoint, form = job.asked, self._checkpoint(job.asked), self.form
        count = asked.batch_size * (1 if job.interrupted else asked.n_iter)
        seeds = [(OWN_SEED if asked.seed == -1 else asked.seed) + number for number in range(count)]
        pictures = [drawing.draw(asked, seed, checkpoint, form) for seed in seeds]
        if job.interrupted:
            self.interrupted.append(asked.prompt)
            pictures = [drawing.unfinished(each) for each in pictures]
        texts = [drawing.infotext_of(asked, seed, sampler, checkpoint, form) for seed in seeds]
        first = 0
        if asked.save_images and count > 1:
            first = 1
            pictures, texts = [pictures[0], *pictures], [texts[0], *texts]
        images = [drawing.encoded(each, text, self._format) for each, text in zip(pictures, texts, strict=True)]
        parameters = asked.model_dump() | {"init_images": None, "mask": None}
        info = drawing.info_of(asked, seeds, sampler, checkpoint, texts, first, form)
        headers = {} if form == "forge" else {"X-Process-Time": "1.25"}
        return JSONResponse({"images": images, "parameters": parameters, "info": info}, headers=headers)

    async def _progress(self, request: Request) -> Response:
        entry = await self._checked(request)
        job = self._jobs.running
        if job is not None:
            job.go_on()
        state: dict[str, Any] = {
            "skipped": False,
            "interrupted": False,
            "stopping_generation": False,
            "job": job.name if job else "",
            "job_count": job.asked.n_iter if job else 0,
            "job_timestamp": "20261126223737",
            "job_no": 0,
            "sampling_step": job.step if job else 0,
            "sampling_steps": job.asked.steps if job else 20,
        }
        said = {"progress": job.progress if job else 0.0, "eta_relative": 2.0 if job else 0.0, "state": state}
        shown = job is not None and entry.query.get("skip_current_image", "false") == "false"
        said |= {"current_image": self._preview(job) if job and shown else None, "textinfo": None}
        if self.form == "sdnext":
            del state["stopping_generation"]
            said["id"] = job.id if job else ""
        return JSONResponse(said)

    async def _internal_progress(self, request: Request) -> Response:
        entry = await self.journal.write(request)
        asked = QuestionForJob(**self._json(entry))
        said: dict[str, Any] = {
            "active": False, "queued": False, "completed": False, "progress": None, "eta": None,
            "live_preview": None, "id_live_preview": -1, "textinfo": "Waiting...",
        }  # fmt: skip
        if self.form == "sdnext":
            return JSONResponse(said)
        await self._jobs.heard_of(asked.id_task)
        job = self._jobs.running
        if job is not None and job.id == asked.id_task:
            job.go_on()
            said |= {"active": True, "progress": job.progress, "eta": 2.0, "textinfo": None}
            said |= {"id_live_preview": job.preview}
            if asked.live_preview and asked.id_live_preview != job.preview:
                said["live_preview"] = f"data:image/png;base64,{self._preview(job)}"
        elif place := self._jobs.place(asked.id_task):
            said |= {"queued": True, "textinfo": f"In queue: {place[0]}/{place[1]}"}
        elif self._jobs.is_finished(asked.id_task):
            said |= {"completed": True, "textinfo": None}
        return JSONResponse(said)

    def _preview(self, job: Job) -> str:
        picture = drawing.draw(job.asked, max(job.asked.seed, 0), self._checkpoint(job.asked), self.form)
        return drawing.encoded(drawing.unfinished(picture))

    async def _interrupt(self, request: Request) -> Response:
        await self._checked(request)
        if self._jobs.running is not None:
            self._jobs.running.interrupt()
        return Response(status_code=204) if self.form == "sdnext" else JSONResponse({})

    async def _sd_models(self, request: Request) -> Response:
        await self._checked(request)
        return JSONResponse([each.listed() for each in CHECKPOINTS])

    async def _samplers(self, request: Request) -> Response:
        await self._checked(request)
        return JSONResponse([{"name": each, "aliases": [], "options": {}} for each in SAMPLERS])

    async def _schedulers(self, request: Request) -> Response:
        await self._checked(request)
        named = [{"name": each.lower(), "label": each, "aliases": None, "default_rho": -1.0} for each in SCHEDULERS]
        return JSONResponse([{**each, "need_inner_model": False} for each in named])

    async def _options(self, request: Request) -> Response:
        await self._checked(request)
        return JSONResponse({"samples_format": self._format, "sd_model_checkpoint": CHECKPOINTS[0].title})

    async def _checked(self, request: Request) -> Entry:
        """Write a request down, and refuse it without the right user and password."""
        entry = await self.journal.write(request)
        given = entry.headers.get("authorization", "")
        if self._auth and given != f"Basic {base64.b64encode(self._auth.encode()).decode()}":
            await self._jobs.refused(str(entry.fields.get("force_task_id")))
            raise failures.unauthorized(bool(given), self.form)
        return entry

    def _json(self, entry: Entry) -> dict[str, Any]:
        if entry.headers.get("content-type", "").partition(";")[0] != "application/json" or not entry.fields:
            raise failures.no_json(self.form)
        return entry.fields


async def _refuse(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return refused.answer()


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: "Not Found", 405: "Method Not Allowed"}
    return JSONResponse({"detail": words[error.status_code]}, error.status_code)
