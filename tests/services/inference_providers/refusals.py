"""Failures, chosen by words in the prompt: the router's own, and the providers' in their own shapes."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from services.inference_providers.hub import error

CREDITS = (
    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference Providers. "
    "Alternatively, subscribe to PRO to get 20x more included credits."
)
PERMISSION = (
    "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user fox"
)
RETIRED = "The requested model is deprecated and no longer supported by provider {provider}"
NSFW = "NSFW content detected. Try running it again, or try a different prompt."
FLAGGED = "The content could not be processed because it contained material flagged by a content checker."
BALANCE = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."

_ROUTERS = {
    "out of credits": (402, CREDITS),
    "no permission": (403, PERMISSION),
    "retired": (410, RETIRED),
    "too often": (429, "Too Many Requests"),
    "broken": (500, "Internal Error, please report to us"),
    "busy": (503, "Service Temporarily Unavailable"),
}


def of_router(prompt: str, provider: str) -> Response | None:
    """Return the failure that a prompt asks the router for."""
    for words, (status, said) in _ROUTERS.items():
        if words in prompt:
            return error(status, said.format(provider=provider))
    return None


def of_provider(prompt: str, provider: str) -> Response | None:
    """Return the failure that a prompt asks a provider for, as this tells it in its first answer."""
    if "refused" in prompt:
        if provider == "fal-ai":
            return detail(422, FLAGGED, "content_policy_violation")
        if provider in {"hf-inference", "nscale", "together", "zai-org"}:
            return JSONResponse({"error": {"message": NSFW, "type": "invalid_request_error"}}, 400)
    if "invalid" in prompt:
        return detail(422, "Input should be less than or equal to 50", "less_than_equal")
    if "locked" in prompt and provider == "fal-ai":
        return JSONResponse({"detail": BALANCE}, 403)
    return None


def detail(status: int, words: str, kind: str, place: tuple[str, ...] = ("body", "prompt")) -> Response:
    """Return a failure as fal and Replicate tell of a body that they refuse."""
    return JSONResponse({"detail": [{"loc": list(place), "msg": words, "type": kind}]}, status)
