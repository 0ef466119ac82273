"""Draws with BFL's own SDK (PyPI ``blackforest``), in an environment of its own.

It is called with the address of the service and the key, and reads a list of requests from its input, each with
``model`` and ``inputs``. Its last line is a JSON list with what became of each: its ``result``, or its ``error``.
"""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from typing import Any

from blackforest import BFLClient  # type: ignore[import-not-found]
from blackforest.types.general.client_config import ClientConfig  # type: ignore[import-not-found]
from PIL import Image

WAITING = ClientConfig(sync=True, timeout=20, polling_interval=0.1, max_retries=3)


def drawn(client: Any, model: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what the SDK makes of one request."""
    try:
        result = client.generate(model, inputs, WAITING).result
    except Exception as error:  # noqa: BLE001
        return {"error": type(error).__name__, "words": str(error)}
    with urllib.request.urlopen(result["sample"], timeout=20) as answer:
        picture = Image.open(io.BytesIO(answer.read()))
    return {"result": result, "picture": [picture.format, *picture.size]}


if __name__ == "__main__":
    address, key = sys.argv[1:]
    client = BFLClient(api_key=key, base_url=address)
    answers = [drawn(client, each["model"], each["inputs"]) for each in json.load(sys.stdin)]
    print(json.dumps(answers))
