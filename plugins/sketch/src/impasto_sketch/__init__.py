"""The offline painter: a provider of its own, without network, key or account.

Not a neural model. It knows the names of some thousand things in fourteen languages, and words of place, time, weather
and colour; it composes a scene of them and paints it in brush strokes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import (
    Image,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    LocalCall,
    Model,
    Outcome,
    Payload,
    Progress,
    Provider,
    Range,
    ServerEvent,
    SizeRule,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SKETCH = Provider(id="sketch", label="Sketch (offline painter)", default_model="sketch")

_MODEL = Model(
    SKETCH,
    "sketch",
    aliases=("offline",),
    accepts={"negative_prompt": None, "seed": Range(0, 2**32 - 1)},
    defaults={"width": 768, "height": 768},
    size=SizeRule(minimum=64, maximum=2048),
    label="Sketch: paints what the words name, by rule, not by a neural network",
)


@hookimpl
def list_models() -> list[Model]:
    """Return the one model."""
    return [_MODEL]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Return the call that paints."""
    return LocalCall(
        paint,
        {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or "",
            "width": request.width or 768,
            "height": request.height or 768,
            "seed": request.seed or 0,
        },
    )


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what a stage of the painting means to the user."""
    from impasto_sketch.studio import Finished, Stage

    match event.data:
        case Stage(name=name, fraction=fraction, preview=preview):
            outcomes: list[Outcome] = [Progress(name, fraction)]
            return outcomes + ([ImagePreview(_image(preview))] if preview else [])
        case Finished(picture=picture, seed=seed, metadata=metadata):
            return [ImageResponse((_image(picture, seed),), seed=seed, metadata=metadata)]
        case other:
            raise TypeError(f"not a stage of a painting: {other!r}")


def paint(**arguments: Any) -> Iterator[object]:
    """Paint; the painter and its libraries are loaded when it is first asked for a picture."""
    from impasto_sketch import studio

    yield from studio.paint(**arguments)


def _image(data: bytes, seed: int | None = None) -> Image:
    return Image(data=data, media_type="image/png", seed=seed)
