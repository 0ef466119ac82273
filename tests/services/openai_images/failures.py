"""The errors of OpenAI's API, in its envelope, and the words in a prompt that bring them about.

The envelope and its four keys: openai/openai-openapi, ``openapi.yaml`` of 2026-08-21, schema ``ErrorResponse``. Texts
and codes: the guide on error codes, and bodies that people have reported.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import JSONResponse

SAFETY = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com "
    "and include the request ID req_1. safety_violations=[sexual]."
)
POLICY = (
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a "
    "different prompt."
)
UNVERIFIED = (
    "Your organization must be verified to use the model `gpt-image-2.6-sunburst`. Please go to: "
    "https://platform.openai.com/settings/organization/general and click on Verify Organization."
)
BAD_KEY = "Incorrect API key provided: {}. You can find your API key at https://platform.openai.com/account/api-keys."
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
NO_CREDIT = "You exceeded your current quota, please check your plan and billing details."


class Refused(Exception):
    """The service answers with an error."""

    def __init__(
        self,
        status: int,
        message: str | None,
        *,
        type: str = "invalid_request_error",  # noqa: A002
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error = {"message": message, "type": type, "param": param, "code": code, **details}

    def answer(self) -> JSONResponse:
        """Return it as the service says it."""
        return JSONResponse({"error": self.error}, self.status, {"x-request-id": "req_1", **self.headers})


def backend(status: int, message: str | None, **fields: Any) -> Refused:
    """Return an error of the image backend, as opposed to the validator in front of it."""
    return Refused(status, message, type="image_generation_user_error", **fields)


def moderated(stage: str = "output") -> Refused:
    """Return what a prompt or a picture that is blocked is answered with."""
    details = {"moderation_stage": stage, "categories": ["sexual"]}
    return backend(400, SAFETY, code="moderation_blocked", moderation_details=details)


def invalid(size: str, rule: str) -> Refused:
    """Return what a size that cannot be drawn is answered with."""
    return backend(400, f"Invalid size '{size}'. {rule}", param="size", code="invalid_value")


def unknown_model(model: str) -> Refused:
    """Return what a name that is none is answered with."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    if model in {"dall-e-2", "dall-e-3", "gpt-image-1"}:
        message = f"The model `{model}` has been deprecated. Learn more: https://platform.openai.com/docs/deprecations"
    return Refused(404, message, code="model_not_found")


def failure_in(prompt: str) -> Refused | None:
    """Return the error that words in a prompt ask for."""
    limits = {"x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "0"}
    asked = {
        "refused": moderated(),
        "flagged": Refused(400, POLICY, code="invalid_prompt"),
        "out of credits": Refused(429, NO_CREDIT, type="insufficient_quota", code="credit_balance_exhausted"),
        "billing limit": Refused(400, "Billing hard limit has been reached.", code="billing_hard_limit_reached"),
        "busy": Refused(
            429,
            "You've exceeded the rate limit, please slow down and try again after 51.84 seconds.",
            type="rate_limit_error",
            code="rate_limit_exceeded",
            headers=limits,
        ),
        "crowded": Refused(
            429, "Slow down.", type="rate_limit_error", code="slow_down", headers={"retry-after": "30", **limits}
        ),
        "overloaded": Refused(
            503,
            "The engine is currently overloaded, please try again later.",
            type="service_unavailable_error",
            code="server_is_overloaded",
        ),
        "broken": Refused(
            500, "The server had an error while processing your request.", type="server_error", code=None
        ),
        "unverified": Refused(403, UNVERIFIED),
        "wordless": backend(400, None),
    }
    return next((error for words, error in asked.items() if words in prompt), None)


def of_validation(error: ValidationError) -> Refused:
    """Return what a body that is not as documented is answered with."""
    return _of_detail(error.errors()[0])


def _of_detail(detail: ErrorDetails) -> Refused:
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return Refused(400, f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")
        case "missing":
            return Refused(
                400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
            )
        case "literal_error":
            message = f"Invalid value: '{given}'. Supported values are: {context['expected']}."
            return Refused(400, message, param=param, code="invalid_value")
        case "less_than_equal":
            message = f"Invalid '{param}': integer above maximum value. Expected a value <= {context['le']}, but got "
            return Refused(400, f"{message}{given} instead.", param=param, code="integer_above_max_value")
        case "greater_than_equal":
            message = f"Invalid '{param}': integer below minimum value. Expected a value >= {context['ge']}, but got "
            return Refused(400, f"{message}{given} instead.", param=param, code="integer_below_min_value")
        case "string_too_long":
            message = (
                f"Invalid '{param}': string too long. Expected a string with maximum length {context['max_length']}."
            )
            return Refused(400, message, param=param, code="string_above_max_length")
        case kind:
            message = f"Invalid type for '{param}': {detail['msg']}, but got {type(given).__name__} instead ({kind})."
            return Refused(400, message, param=param, code="invalid_type")
