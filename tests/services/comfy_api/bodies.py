"""What the server takes as JSON. ComfyUI itself ignores what it does not know."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from services.serving import Strict


class Meta(Strict):
    """What a node is called."""

    title: str


class Node(Strict):
    """A node of a graph."""

    class_type: str | None = None
    inputs: dict[str, Any]
    meta: Meta | None = Field(None, alias="_meta")


class Extra(Strict):
    """What comes with a graph."""

    preview_method: Literal["default", "none", "auto", "latent2rgb", "taesd"] | None = None
    extra_pnginfo: dict[str, Any] | None = None
    api_key_comfy_org: str | None = None


class Prompt(Strict):
    """The body of ``POST /prompt``."""

    prompt: dict[str, Node]
    client_id: str | None = None
    prompt_id: str | None = None
    number: float | None = None
    front: bool | None = None
    extra_data: Extra | None = None
    partial_execution_targets: list[str] | None = None


class Interrupt(Strict):
    """The body of ``POST /interrupt``."""

    prompt_id: str | None = None


class Delete(Strict):
    """The body of ``POST /queue``."""

    delete: list[str] | None = None
    clear: bool | None = None


class Flags(Strict):
    """The first message of a WebSocket."""

    type: Literal["feature_flags"]
    data: dict[str, bool]
