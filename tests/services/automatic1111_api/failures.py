"""How the programs tell of a failure, each in its own form, and the words in a prompt that bring one about.

What the web UI says was seen with its ``api_middleware`` on FastAPI 0.94 and pydantic 1.10, what Forge says on FastAPI
0.104 and pydantic 2.8: the versions that each pins. SD.Next: ``modules/api/middleware.py`` at 058a7f0, and a server.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import JSONResponse

_OLD_WORDS = {
    "int_type": ("value is not a valid integer", "type_error.integer"),
    "float_type": ("value is not a valid float", "type_error.float"),
    "string_type": ("str type expected", "type_error.str"),
    "bool_type": ("value could not be parsed to a boolean", "type_error.bool"),
    "extra_forbidden": ("extra fields not permitted", "value_error.extra"),
}
_RATE = "127.0.0.1:/sdapi/v1/txt2img: rate limit exceeded"
_MEMORY = "CUDA out of memory. Tried to allocate 2.00 GiB."
_CRASH = "mat1 and mat2 shapes cannot be multiplied (154x2048 and 768x320)"


class Refused(Exception):
    """The server answers with a failure that its code raises as ``HTTPException``."""

    def __init__(self, status: int, words: str, form: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {"detail": words}
        if form == "a1111":
            self.body = {"error": "HTTPException", "detail": words, "body": "", "errors": ""}
        elif form == "sdnext":
            self.body = {"error": "HTTPException", "code": status, "detail": words, "body": "", "errors": ""}
            self.body["errors"] = f"{status}: {words}"

    def answer(self) -> JSONResponse:
        """Return it as the server says it."""
        return JSONResponse(self.body, self.status, self.headers)


def crashed(kind: str, words: str, form: str) -> Refused:
    """Return what any other exception in the server becomes."""
    error = Refused(500, words, form)
    error.body = {"error": kind, "detail": "", "body": "", "message" if form == "forge" else "errors": words}
    return error


def unauthorized(given: bool, form: str) -> Refused:
    """Return what a request without the right user and password is answered with."""
    words = "Incorrect username or password" if given else "Not authenticated"
    headers = {"WWW-Authenticate": "Basic"} if form == "forge" else None
    return Refused(401, "Unauthorized" if form == "sdnext" else words, form, headers)


def unreadable(error: ValidationError, form: str) -> Refused:
    """Return what a body with a wrong field is answered with."""
    refused = Refused(422, "", form)
    refused.body = {"detail": [_fault(each, form) for each in error.errors(include_url=True)]}
    return refused


def no_json(form: str) -> Refused:
    """Return what a body is answered with that is no JSON object."""
    refused = Refused(422, "", form)
    old = {"loc": ["body", 1], "msg": "Expecting value: line 1 column 1 (char 0)", "type": "value_error.jsondecode"}
    new = {"type": "json_invalid", "loc": ["body", 1], "msg": "JSON decode error", "input": {}, "ctx": {"error": ""}}
    refused.body = {"detail": [old if form == "a1111" else new]}
    return refused


def _fault(detail: ErrorDetails, form: str) -> dict[str, Any]:
    place = ["body", *detail["loc"]]
    if form == "a1111":
        words, kind = _OLD_WORDS.get(detail["type"], (detail["msg"], "value_error"))
        return {"loc": place, "msg": words, "type": kind}
    return {"type": detail["type"], "loc": place, "msg": detail["msg"], "input": detail["input"], "url": detail["url"]}


def failure_in(prompt: str, form: str) -> Refused | None:
    """Return the failure that words in a prompt ask for."""
    asked = {
        "too large": crashed("OutOfMemoryError", _MEMORY, form),
        "crash": crashed("RuntimeError", _CRASH, form),
        "too often": Refused(429, _RATE, form),
    }
    return next((error for words, error in asked.items() if words in prompt), None)
