"""Stability AI's REST API, v2beta, as its reference describes it: a picture for a form, an error for any other.

What the prompt says chooses what becomes of it:

====================  ================================================================================
``refused``           403, refused by the moderation of prompts
``filtered``          a blurred picture, and ``CONTENT_FILTERED``
``public figure``     422, somebody is recognized
``en français``       422, not in English
``out of credits``    402, whatever is on the account
``busy``              429, too many requests
``broken``            500
``bad gateway``       502, a page of whatever stands in front
``nonsense``          200, and nothing that the reference knows
``slow``              no answer for as long as the client waits
``expired``           a job of which there is no result
====================  ================================================================================
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from dataclasses import dataclass, field

import PIL.Image
import PIL.ImageFilter
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from services.serving import Asked, Journal, Upload
from services.stability_api import forms

KEY = "test-key"

DRAWN_SEED = 343940597
"""The seed that the service draws where none, or 0, is sent."""

TIMED_OUT = 60
"""Seconds."""

LARGEST_REQUEST = 10 * 1024 * 1024
LONGEST_SIDE = 256
"""Of the pictures here; larger ones are drawn smaller, in their proportions."""

_NO_CREDITS = (
    "You lack sufficient credits to make this request. Please purchase more credits at "
    "https://platform.stability.ai/account/credits and try again."
)
_PUBLIC_FIGURE = (
    "Our system detected the likeness of a public figure in your image. To comply with our guidelines, this request "
    "cannot be processed. Please upload a different image."
)
_TOO_MANY = (
    "You have exceeded the rate limit of 150 requests within a 10 second period, and have been timed out for "
    f"{TIMED_OUT} seconds."
)
_MODERATED = (
    "Your request was flagged by our content moderation system, as a result your request was denied and you were not "
    "charged."
)


@dataclass(frozen=True)
class Service:
    """An endpoint.

    Attributes:
        form: what it takes.
        credits: what a picture costs.
        later: whether it answers with a job's id.
    """

    form: type[forms.Form]
    credits: float
    later: bool = False


SERVICES = {
    "generate/core": Service(forms.Core, 3),
    "generate/ultra": Service(forms.Ultra, 8),
    "generate/sd3": Service(forms.StableDiffusion, 6.5),
    "edit/inpaint": Service(forms.Inpaint, 5),
    "edit/outpaint": Service(forms.Outpaint, 4),
    "edit/search-and-replace": Service(forms.SearchAndReplace, 5),
    "edit/search-and-recolor": Service(forms.SearchAndRecolor, 5),
    "edit/replace-background-and-relight": Service(forms.Relight, 8, later=True),
    "control/sketch": Service(forms.Structure, 5),
    "control/structure": Service(forms.Structure, 5),
    "control/style": Service(forms.StyleGuide, 5),
    "control/style-transfer": Service(forms.StyleTransfer, 8),
    "upscale/conservative": Service(forms.Conservative, 40),
    "upscale/creative": Service(forms.Creative, 60, later=True),
}

_CREDITS_OF_MODEL = {
    "sd3.5-large": 6.5, "sd3.5-large-turbo": 4, "sd3.5-medium": 3.5, "sd3.5-flash": 2.5,
    "sd3-large": 6.5, "sd3-large-turbo": 4, "sd3-medium": 3.5,
}  # fmt: skip


class Refusal(Exception):
    """An error as the service says it."""

    def __init__(self, status: int, name: str, *words: str) -> None:
        super().__init__(*words)
        self.status = status
        self.name = name
        self.words = words


@dataclass
class Job:
    """A picture that is still to be made; the service tells so many times that it is not ready."""

    form: forms.Form
    price: float
    waits: int


@dataclass
class StableImage:
    """The service.

    Attributes:
        credits: what is on the account.
        waits: how often a job is said to be in progress before it is done.
        journal: what it was asked.
        left: set when a client gave up on a ``slow`` answer.
    """

    credits: float = 1_000
    waits: int = 1
    journal: Journal = field(default_factory=Journal)
    left: threading.Event = field(default_factory=threading.Event)
    _jobs: dict[str, Job] = field(default_factory=dict)

    def forget(self) -> None:
        """Be as new."""
        self.credits, self.waits = StableImage.credits, StableImage.waits
        self.journal, self.left = Journal(), threading.Event()
        self._jobs.clear()

    def app(self) -> Starlette:
        """Return the application to serve."""
        return Starlette(
            routes=[
                Route("/v2beta/stable-image/{service:path}", self._draw, methods=["POST"]),
                Route("/v2beta/results/{id}", self._result, methods=["GET"]),
            ],
            exception_handlers={Refusal: _refused},
        )

    async def _draw(self, request: Request) -> Response:
        asked = await self.journal.write(request)
        _check_key(asked)
        service = SERVICES.get(request.path_params["service"])
        if service is None:
            raise Refusal(404, "not_found", "The requested resource does not exist.")
        if int(asked.headers.get("content-length", 0)) > LARGEST_REQUEST:
            raise Refusal(413, "payload_too_large", "body: payloads cannot be larger than 10MiB in size")
        form = _form(asked, service)
        price = _CREDITS_OF_MODEL.get(getattr(form, "model", ""), service.credits)
        if (page := self._answer_chosen_by_words(form.words(), price)) is not None:
            return page
        if "slow" in form.words():
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.left.set()
        if not service.later:
            return self._drawn(form, price, asked.headers.get("accept", "image/*"))
        job = hashlib.sha256(f"job {len(self.journal.asked)}".encode()).hexdigest()
        if "expired" not in form.words():
            self._jobs[job] = Job(form, price, self.waits)
        return JSONResponse({"id": job})

    def _answer_chosen_by_words(self, words: str, price: float) -> Response | None:
        if "refused" in words:
            raise Refusal(403, "content_moderation", _MODERATED)
        if "public figure" in words:
            raise Refusal(422, "public_figure", _PUBLIC_FIGURE)
        if "en français" in words:
            raise Refusal(422, "invalid_language", "English is the only supported language for this service.")
        if "busy" in words:
            raise Refusal(429, "rate_limit_exceeded", _TOO_MANY)
        if "broken" in words:
            raise Refusal(500, "internal_error", "An unexpected server error has occurred, please try again later.")
        if self.credits < price or "out of credits" in words:
            raise Refusal(402, "payment_required", _NO_CREDITS)
        if "bad gateway" in words:
            return HTMLResponse("<html><title>502 Bad Gateway</title><h1>Bad gateway</h1></html>", 502)
        if "nonsense" in words:
            return JSONResponse({"nonsense": True})
        return None

    async def _result(self, request: Request) -> Response:
        asked = await self.journal.write(request)
        _check_key(asked)
        accept = asked.headers.get("accept", "*/*")
        if accept not in {"*/*", "application/json"}:
            raise Refusal(400, "bad_request", "accept: must be one of */*, application/json")
        job = self._jobs.get(request.path_params["id"])
        if job is None:
            raise Refusal(404, "generation_not_found", "id: the generation either does not exist or has expired.")
        if job.waits:
            job.waits -= 1
            return JSONResponse({"id": request.path_params["id"], "status": "in-progress"}, 202)
        price, job.price = job.price, 0
        return self._drawn(job.form, price, accept)

    def _drawn(self, form: forms.Form, price: float, accept: str) -> Response:
        self.credits -= price
        seed = int(form.seed) or DRAWN_SEED
        filtered = "filtered" in form.words()
        reason = "CONTENT_FILTERED" if filtered else "SUCCESS"
        picture = _picture(form, seed, blurred=filtered)
        media_type = f"image/{form.output_format}"
        headers = {"x-request-id": hashlib.md5(picture).hexdigest()}
        if accept == "application/json":
            said = {"image": base64.b64encode(picture).decode(), "finish_reason": reason, "seed": seed}
            return JSONResponse(said, headers=headers, media_type=f"application/json; type={media_type}")
        headers |= {"finish-reason": reason, "seed": str(seed)}
        return Response(picture, media_type=media_type, headers=headers)


def _check_key(asked: Asked) -> None:
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        raise Refusal(401, "unauthorized", "authorization: invalid or missing header value")


def _form(asked: Asked, service: Service) -> forms.Form:
    """Return the form that was sent, or say what is wrong with it."""
    if not asked.headers.get("content-type", "").startswith("multipart/form-data; boundary="):
        raise Refusal(400, "bad_request", "content-type: must be multipart/form-data")
    if not service.later and asked.headers.get("accept", "image/*") not in {"image/*", "application/json"}:
        raise Refusal(400, "bad_request", "accept: must be one of image/*, application/json")
    fields = dict(asked.fields)
    if isinstance(filler := fields.get("none"), Upload) and not filler.data:
        del fields["none"]  # The vendor's own samples send it, to have a multipart form without a file.
    try:
        return service.form.model_validate(fields)
    except ValidationError as error:
        wrong = [_said_of(each["loc"], each["type"], each["msg"]) for each in error.errors()]
        raise Refusal(400, "bad_request", *wrong) from error


def _said_of(place: tuple[int | str, ...], kind: str, words: str) -> str:
    words = {"missing": "is required", "extra_forbidden": "is not a known field"}.get(kind, words)
    words = words.removeprefix("Value error, ")
    return f"{place[0]}: {words}" if place else words


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    said = {"errors": list(error.words), "id": "ed14db44362126aab3cbd25cca51ffe3", "name": error.name}
    return JSONResponse(said, error.status)


def _picture(form: forms.Form, seed: int, *, blurred: bool) -> bytes:
    """Return a picture of the form's size and format, in the colours of its seed."""
    width, height = form.size()
    scale = min(1, LONGEST_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    colour = tuple(hashlib.sha256(str(seed).encode()).digest()[:3])
    picture = PIL.Image.linear_gradient("L").resize(size).convert("RGB")
    picture = PIL.Image.blend(picture, PIL.Image.new("RGB", size, colour), 0.6)
    if blurred:
        picture = picture.filter(PIL.ImageFilter.GaussianBlur(24))
    encoded = io.BytesIO()
    picture.save(encoded, form.output_format)
    return encoded.getvalue()
