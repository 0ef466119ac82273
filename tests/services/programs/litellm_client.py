"""Asks Stability AI's API for pictures with clients that are not impasto: litellm, and requests as the vendor shows it.

``python litellm_client.py ADDRESS CALLS``: CALLS is a JSON list of objects, each with ``function`` (litellm's
``image_generation`` or ``image_edit``; ``post`` of requests) and its arguments. Files are given in base64. Prints a
JSON list of what came of each: a picture in base64, and what else is told of it; or an error.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # Or it asks the internet for prices.

import litellm  # type: ignore[import-not-found]
import requests  # type: ignore[import-untyped]

litellm.suppress_debug_info = True  # Or it prints advice.

KEY = "test-key"
FILES = ("image", "mask")


def with_litellm(address: str, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    files = {name: io.BytesIO(base64.b64decode(arguments.pop(name))) for name in FILES if name in arguments}
    asked = {"api_base": address, "api_key": KEY, "max_retries": 0, **arguments, **files}
    try:
        answer = getattr(litellm, function)(**asked)
    except Exception as error:  # noqa: BLE001
        return {"error": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}
    return {"picture": answer.data[0].b64_json, "cost": answer._hidden_params.get("response_cost")}


def with_requests(address: str, path: str, data: dict[str, str]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {KEY}", "accept": "image/*"}
    answer = requests.post(address + path, headers=headers, files={"none": ""}, data=data, timeout=30)
    if answer.status_code != 200:
        return {"status": answer.status_code, "said": answer.json()}
    told = {name: answer.headers[name] for name in ("content-type", "seed", "finish-reason")}
    return {"picture": base64.b64encode(answer.content).decode(), **told}


def main() -> None:
    address, calls = sys.argv[1], json.loads(sys.argv[2])
    results = []
    for call in calls:
        function = call.pop("function")
        done = with_requests(address, **call) if function == "post" else with_litellm(address, function, call)
        results.append(done)
    print(json.dumps(results))


main()
