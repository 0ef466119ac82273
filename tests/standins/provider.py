"""A provider plugin with a protocol of its own, small enough to be read in a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import impasto
from impasto import Follow, HttpRequest, Image, ImagePreview, ImageResponse, LocalCall, Progress, hookimpl
from impasto.plugins import Plugins
from impasto.settings import Settings

PROVIDER = impasto.Provider(
    id="example", label="Example", url="http://unset.invalid", auth=impasto.Bearer(env="EXAMPLE_KEY", optional=True)
)
MODEL = impasto.Model(
    provider=PROVIDER,
    id="painter",
    aliases=("paint",),
    accepts={
        "seed": impasto.Range(0, 2**31 - 1),
        "num_inference_steps": impasto.Range(1, 50),
        "negative_prompt": None,
        "extra": impasto.Choices("style"),
    },
    defaults={"width": 64, "height": 64, "num_inference_steps": 4},
    size=impasto.SizeRule(minimum=32, maximum=2048, multiple=8),
)


class ExampleProvider:
    """Submits to ``/draw``; an answer is an event's type and a JSON object, whether in a stream or in a body."""

    def __init__(self, model: impasto.Model = MODEL, submit: HttpRequest | None = None) -> None:
        self.model = model
        self.submit = submit

    @hookimpl
    def list_models(self) -> list[impasto.Model]:
        return [self.model]

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        if self.submit is not None:
            return self.submit
        return HttpRequest(
            "POST",
            "/draw",
            json={"prompt": request.prompt, **{k: v for k, v in request.given().items() if k != "extra"}},
        )

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        if event.name == "ping":
            return []
        said = event.json()
        kind = said["kind"] if event.name == "response" else event.name
        match kind:
            case "progress":
                return [Progress("drawing", said["fraction"])]
            case "preview":
                return [ImagePreview(Image(url=said["url"]))]
            case "follow":
                return [Follow(HttpRequest("GET", said["url"], step="followed"), after=said.get("after", 0))]
            case "done":
                urls = said["urls"] if "urls" in said else [said["url"]]
                return [ImageResponse(images=tuple(Image(url=url) for url in urls), seed=said.get("seed"))]
            case "refused":
                raise impasto.ContentRejected(said["why"])
            case _:
                raise impasto.ResponseError(f"unknown kind {kind}")


EXAMPLE = ExampleProvider()


class LocalProvider:
    """Runs a generator function on this machine; what it yields are outcomes already."""

    provider = impasto.Provider(id="local")

    def __init__(self, function: Callable[..., Iterator[object]], **accepts: impasto.models.Accepted) -> None:
        self.function = function
        self.model = impasto.Model(provider=self.provider, id="brush", accepts=accepts)

    @hookimpl
    def list_models(self) -> list[impasto.Model]:
        return [self.model]

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        return LocalCall(self.function, {"seed": request.seed})

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[Any]:
        return [event.data]


def client(*plugins: object, url: str | None = None, **options: Any) -> impasto.Client:
    """Return a client that knows these plugins alone; ``url`` is where the example provider is."""
    providers = {"example": {"url": url}} if url else {}
    settings = options.pop("settings", None) or Settings(providers=providers, **options.pop("settings_fields", {}))
    objects = {f"plugin{number}": plugin for number, plugin in enumerate(plugins or (ExampleProvider(),))}
    return impasto.Client(settings=settings, plugins=Plugins(objects=objects), **options)


def said(**fields: Any) -> str:
    """Return JSON, as the example provider says it."""
    return json.dumps(fields)
