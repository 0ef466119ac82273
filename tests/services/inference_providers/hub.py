"""The Hub's part: which provider serves a model, under which name; and who may ask."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.inference_providers.mapping import MODELS

PAGE = 4
"""How many models a page of the list holds at the most."""

_PROPERTIES = {"inferenceProviderMapping", "pipeline_tag"}
_LIST_FIELDS = {"inference_provider", "pipeline_tag", "expand", "expand[]", "limit", "sort", "cursor"}


def model(request: Request) -> Response:
    """Answer ``GET /api/models/{owner}/{name}``."""
    name = f"{request.path_params['owner']}/{request.path_params['name']}"
    wanted = set(_expanded(request))
    if set(request.query_params) - {"expand", "expand[]"} or wanted - _PROPERTIES:
        return error(400, "Invalid expand")
    if name not in MODELS:
        status = 404 if "authorization" in request.headers else 401
        return error(status, "Repository not found", {"X-Error-Code": "RepoNotFound"})
    return JSONResponse(_described(name, wanted))


def models(request: Request) -> Response:
    """Answer ``GET /api/models``: a page of the models that one of some providers serves for a task."""
    query = request.query_params
    wanted = set(_expanded(request))
    if set(query) - _LIST_FIELDS or wanted - _PROPERTIES or not query.get("limit", "1").isdecimal():
        return error(400, "Invalid query")
    providers = set(query.get("inference_provider", "all").split(","))
    start = int(query.get("cursor", "0"))
    found = [
        name
        for name, (task, mapping) in MODELS.items()
        if task == query.get("pipeline_tag", task) and mapping and (providers == {"all"} or providers & set(mapping))
    ]
    end = start + min(PAGE, int(query.get("limit", PAGE)))
    rest = "&".join(f"{key}={value}" for key, value in query.multi_items() if key != "cursor")
    more = {"Link": f'<{request.base_url}api/models?{rest}&cursor={end}>; rel="next"'} if end < len(found) else {}
    return JSONResponse([_described(name, wanted, listed=True) for name in found[start:end]], headers=more)


def error(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    """Return a failure as the Hub and the router tell it."""
    return JSONResponse({"error": words}, status, {"x-request-id": "Root=1-69fae15c-78ec", **(headers or {})})


def refusal_of_key(request: Request, key: str, *, optional: bool) -> Response | None:
    """Return the answer to a request without the right key; None where the key is right."""
    said = request.headers.get("authorization")
    if said == f"Bearer {key}" or (said is None and optional):
        return None
    words = "Invalid username or password." if said is None else "Invalid credentials in Authorization header"
    return error(401, words, {"X-Error-Message": words})


def _expanded(request: Request) -> list[str]:
    return [value for name, value in request.query_params.multi_items() if name in {"expand", "expand[]"}]


def _described(name: str, wanted: set[str], *, listed: bool = False) -> dict[str, Any]:
    task, mapping = MODELS[name]
    said: dict[str, Any] = {"_id": "6500000000000000000000aa", "id": name}
    if not wanted:
        return {**said, "pipeline_tag": task, "tags": [task]}
    if "pipeline_tag" in wanted:
        said["pipeline_tag"] = task
    if "inferenceProviderMapping" in wanted and mapping:
        entries = [{"provider": provider, **entry} for provider, entry in mapping.items()]
        said["inferenceProviderMapping"] = entries if listed else mapping
    return said
