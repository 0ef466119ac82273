"""The providers that answer with an address, at once or when asked again: fal, Replicate, WaveSpeed, Z.ai."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.inference_providers import bodies
from services.inference_providers.asking import body_of, refuse_by_prompt, require, task_of
from services.inference_providers.jobs import Job, Jobs
from services.inference_providers.mapping import MODELS, TEXT
from services.inference_providers.pictures import drawn
from services.inference_providers.refusals import FLAGGED, NSFW, of_provider
from services.serving import Asked

Route = tuple[str, str, Callable[[Request, Asked], Response]]
_CUDA = "CUDA out of memory."
_OVERRUN = "Service is currently unavailable due to high demand. Please try again later. (E003) (x1)"


class Queued:
    """What these providers say.

    Args:
        jobs: what was ordered.
        keep: keeps a picture, and tells its address.
    """

    def __init__(self, jobs: Jobs, keep: Callable[[Request, bytes], str]) -> None:
        self._jobs = jobs
        self._keep = keep

    def routes(self) -> Iterator[Route]:
        """Yield method, path, and what answers there."""
        job = "/fal-ai/{owner}/{app}/requests/{id}"
        yield "GET", f"{job}/status", self._fal_status
        yield "PUT", f"{job}/cancel", self._fal_cancel
        yield "GET", job, self._fal_result
        yield "POST", "/fal-ai/{model:path}", self._fal
        yield "POST", "/replicate/v1/models/{owner}/{name}/predictions", self._replicate
        yield "POST", "/replicate/v1/predictions", self._replicate
        yield "GET", "/replicate/v1/predictions/{id}", self._replicate_again
        yield "POST", "/replicate/v1/predictions/{id}/cancel", self._replicate_cancel
        yield "GET", "/wavespeed/api/v3/predictions/{id}/result", self._wavespeed_result
        yield "POST", "/wavespeed/api/v3/{model:path}", self._wavespeed
        yield "POST", "/zai-org/api/paas/v4/async/images/generations", self._zai
        yield "GET", "/zai-org/api/paas/v4/async-result/{id}", self._zai_result

    def _job(self, request: Request) -> Job:
        found = self._jobs.all.get(request.path_params["id"])
        require(found is not None, 404, "Not Found")
        assert found is not None
        return found

    def _drawn(self, request: Request, job: Job) -> str:
        return self._keep(request, drawn(*job.size, colour="black" if "black" in job.prompt else "orangered"))

    def _fal(self, request: Request, asked: Asked) -> Response:
        model = request.path_params["model"]
        task = task_of("fal-ai", model)
        body = body_of(asked, bodies.Fal if task == TEXT else bodies.FalEdit)
        size = (body.image_size.width, body.image_size.height) if body.image_size else (None, None)
        is_queued = dict(request.query_params) == {"_subdomain": "queue"}
        require(is_queued or not request.query_params, 400, "unknown query")
        if not is_queued:
            refuse_by_prompt(body.prompt, "fal-ai")
            return self._fal_picture(request, self._jobs.order(body.prompt, size, body.seed), sync_mode=body.sync_mode)
        job = self._jobs.order(body.prompt, size, body.seed)
        address = f"https://queue.fal.run/{'/'.join(model.split('/')[:2])}/requests/{job.id}"
        return JSONResponse(
            {
                "status": "IN_QUEUE",
                "request_id": job.id,
                "response_url": address,
                "status_url": f"{address}/status",
                "cancel_url": f"{address}/cancel",
                "queue_position": 2,
            }
        )

    def _fal_picture(self, request: Request, job: Job, *, sync_mode: bool | None = None) -> Response:
        if sync_mode:
            url = f"data:image/png;base64,{base64.b64encode(drawn(*job.size)).decode()}"
        else:
            url = self._drawn(request, job)
        return JSONResponse(
            {
                "images": [{"url": url, "width": job.size[0], "height": job.size[1], "content_type": "image/png"}],
                "timings": {"inference": 0.4},
                "seed": job.seed,
                "has_nsfw_concepts": ["black" in job.prompt],
                "prompt": job.prompt,
            }
        )

    def _fal_status(self, request: Request, asked: Asked) -> Response:
        require(asked.query == {"_subdomain": "queue"}, 404, "Not Found")
        job = self._job(request)
        if job.asked():
            return JSONResponse({"status": "COMPLETED", "request_id": job.id})
        if job.left:
            return JSONResponse({"status": "IN_QUEUE", "request_id": job.id, "queue_position": abs(job.left)}, 202)
        return JSONResponse({"status": "IN_PROGRESS", "request_id": job.id}, 202)

    def _fal_result(self, request: Request, asked: Asked) -> Response:
        require(asked.query == {"_subdomain": "queue"}, 404, "Not Found")
        job = self._job(request)
        return of_provider(job.prompt, "fal-ai") or self._fal_picture(request, job)

    def _fal_cancel(self, request: Request, asked: Asked) -> Response:
        require(asked.query == {"_subdomain": "queue"}, 404, "Not Found")
        self._job(request).is_cancelled = True
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    def _replicate(self, request: Request, asked: Asked) -> Response:
        model = "/".join(str(value) for value in request.path_params.values())
        version = asked.fields.get("version")
        names = [each["replicate"]["providerId"] for _, each in MODELS.values() if "replicate" in each]
        model = model or next((name for name in names if name.endswith(f":{version}")), "")
        body: bodies.Replicate | bodies.ReplicateEdit
        if task_of("replicate", model) == TEXT:
            body = body_of(asked, bodies.Replicate)
            size = (body.input.width, body.input.height)
        else:
            body = body_of(asked, bodies.ReplicateEdit)
            target = body.input.target_size
            size = (target.width, target.height) if target else (None, None)
        prompt = body.input.prompt or ""
        refuse_by_prompt(prompt, "replicate")
        job = self._jobs.order(prompt, size, body.input.seed)
        is_done = asked.headers.get("prefer") == "wait" and "slow" not in prompt and "hold" not in prompt
        return self._prediction(request, job, is_done=is_done, status=201)

    def _replicate_again(self, request: Request, asked: Asked) -> Response:
        job = self._job(request)
        return self._prediction(request, job, is_done=job.asked())

    def _replicate_cancel(self, request: Request, asked: Asked) -> Response:
        job = self._job(request)
        job.is_cancelled = True
        return self._prediction(request, job, is_done=False)

    def _prediction(self, request: Request, job: Job, *, is_done: bool, status: int = 200) -> Response:
        address = f"https://api.replicate.com/v1/predictions/{job.id}"
        failures = {"refused": NSFW, "fails": _CUDA, "overrun": _OVERRUN}
        failure = next((words for word, words in failures.items() if word in job.prompt), None)
        said: dict[str, Any] = {
            "id": job.id,
            "status": "processing",
            "output": None,
            "error": None,
            "logs": "",
            "urls": {"get": address, "cancel": f"{address}/cancel"},
            "metrics": {},
        }
        if job.is_cancelled:
            said["status"] = "canceled"
        elif is_done and failure:
            said |= {"status": "failed", "error": failure}
        elif is_done:
            url = self._drawn(request, job)
            said |= {"status": "succeeded", "output": url if "alone" in job.prompt else [url]}
            said["metrics"] = {"predict_time": 0.5}
        return JSONResponse(said, status)

    def _wavespeed(self, request: Request, asked: Asked) -> Response:
        body: bodies.WaveSpeed | bodies.WaveSpeedEdit
        if task_of("wavespeed", request.path_params["model"]) == TEXT:
            body = body_of(asked, bodies.WaveSpeed)
            size = (body.width, body.height)
        else:
            body = body_of(asked, bodies.WaveSpeedEdit)
            size = (body.target_size.width, body.target_size.height) if body.target_size else (None, None)
        refuse_by_prompt(body.prompt, "wavespeed")
        job = self._jobs.order(body.prompt, size, body.seed)
        return self._task(job, "created", [])

    def _wavespeed_result(self, request: Request, asked: Asked) -> Response:
        job = self._job(request)
        if not job.asked():
            return self._task(job, "processing", [])
        if "refused" in job.prompt or "fails" in job.prompt:
            return self._task(job, "failed", [], FLAGGED if "refused" in job.prompt else _CUDA)
        return self._task(job, "completed", [self._drawn(request, job)])

    def _task(self, job: Job, status: str, outputs: list[str], words: str = "") -> Response:
        data = {
            "id": job.id,
            "outputs": outputs,
            "urls": {"get": f"https://api.wavespeed.ai/api/v3/predictions/{job.id}/result"},
            "has_nsfw_contents": ["black" in job.prompt] * len(outputs),
            "status": status,
            "created_at": "2026-11-26T00:00:00Z",
            "error": words,
            "timings": {"inference": 900},
        }
        return JSONResponse({"code": 200, "message": "success", "data": data})

    def _zai(self, request: Request, asked: Asked) -> Response:
        body = body_of(asked, bodies.Zai)
        task_of("zai-org", body.model)
        require(asked.headers.get("x-source-channel") == "hugging_face", 400, "x-source-channel is required")
        refuse_by_prompt(body.prompt, "zai-org")
        width, height = (int(side) for side in body.size.split("x")) if body.size else (None, None)
        job = self._jobs.order(body.prompt, (width, height), body.seed)
        return JSONResponse({"id": job.id, "request_id": "q1", "model": body.model, "task_status": "PROCESSING"})

    def _zai_result(self, request: Request, asked: Asked) -> Response:
        job = self._job(request)
        said: dict[str, Any] = {"id": job.id, "request_id": "q1", "model": "glm-image", "task_status": "PROCESSING"}
        if job.asked():
            if "fails" in job.prompt:
                said["task_status"] = "FAIL"
            else:
                said |= {"task_status": "SUCCESS", "image_result": [{"url": self._drawn(request, job)}]}
        return JSONResponse(said)
