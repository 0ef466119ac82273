"""The clients that are compared: each draws one picture with two requests, its own way."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a client has of a generation.

    Attributes:
        picture: the picture's address.
        previews: how many previews it showed on the way.
    """

    picture: str
    previews: int


Generate: TypeAlias = Callable[[str], Awaitable[Drawn]]
"""Runs one generation to its end; takes the prompt."""

Opened: TypeAlias = Callable[[str], AbstractAsyncContextManager[Generate]]
"""Opens a client for a stub's address, with whatever it shares between generations."""

MODULES = {
    "raw streams": "raw",
    "aiohttp": "with_aiohttp",
    "gpt4free": "gpt4free",
    "httpx": "with_httpx",
    "impasto": "of_impasto",
}
"""Each client's name to its module here."""

PARAMETERS = {"seed": 7, "randomize_seed": False, "width": 768, "height": 768, "num_inference_steps": 2}
"""What every client asks for beside the prompt, in the order of the endpoint's inputs."""


def inputs(prompt: str) -> dict[str, object]:
    """Return the body of the request that submits a job."""
    return {"data": [prompt, *PARAMETERS.values()]}


def opener(client: str) -> Opened:
    """Return what opens a client; imports it, and so what it is made of."""
    opened: Opened = importlib.import_module(f"benchmarks.clients.{MODULES[client]}").opened
    return opened
