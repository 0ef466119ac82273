"""Asks a server of ``/sdapi/v1`` by sd-backend-client, in an environment of its own.

It is called with the server's address, and reads a JSON list of calls from its input: each has ``does`` (txt2img,
img2img, wait, models), and may have ``fields`` of the client's request, ``image`` and ``mask`` in base64, and ``auth``,
which is ``user:password``. It prints a list of what came of them.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

from PIL import Image
from sd_backend_client.api.a1111_webservice import A1111Webservice  # type: ignore[import-not-found]
from sd_backend_client.api.webui.diffusion_request_body import (  # type: ignore[import-not-found]
    DiffusionRequestBody,
)
from sd_backend_client.errors import SDBackendError  # type: ignore[import-not-found]


def made(url: str, call: dict[str, Any]) -> dict[str, Any]:
    """Return what the client makes of the answer, or of the failure."""
    auth = call.get("auth")
    provider = (lambda: tuple(auth.split(":", 1))) if auth else None
    service = A1111Webservice(url, credentials_provider=provider)
    body = DiffusionRequestBody(**call.get("fields", {}))
    try:
        match call["does"]:
            case "txt2img":
                return described(service.txt2img(body))
            case "img2img":
                return described(service.img2img(picture(call["image"]), picture(call.get("mask")), body))
            case "wait":
                result = service.submit_txt2img(body).wait()
                return {"sizes": [image.size for image in result.images]}
            case "models":
                return {"models": [each.model_dump() for each in service.get_models()]}
            case other:
                raise SystemExit(f"nothing is known of {other}")
    except SDBackendError as error:
        told = {"status": getattr(error, "status_code", None), "body": getattr(error, "body", None)}
        return {"error": type(error).__name__, "words": str(error), **told}


def described(response: dict[str, Any]) -> dict[str, Any]:
    """Return the pictures' sizes, the first one's colour, and what was told of them."""
    images = response["images"]
    told = {"seeds": response["info"].all_seeds, "model": response["info"].sd_model_name}
    return {"sizes": [image.size for image in images], "colour": images[0].convert("RGB").getpixel((1, 1)), **told}


def picture(text: str | None) -> Image.Image | None:
    """Return the picture that is meant."""
    return None if text is None else Image.open(io.BytesIO(base64.b64decode(text)))


if __name__ == "__main__":
    print(json.dumps([made(sys.argv[1], call) for call in json.load(sys.stdin)]))
