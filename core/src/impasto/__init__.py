"""Impasto turns a prompt into a picture through any provider, each a plugin of its own.

Names are imported when they are first used, so that ``import impasto`` costs next to nothing.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING

__version__ = "0.1.0"

IMPORTED_AT = time.time()
"""Seconds since the epoch. What is written later may not be what this process has imported."""

if TYPE_CHECKING:
    from impasto.auth import ApiKeyHeader, ApiKeyQuery, Auth, BasicAuth, Bearer
    from impasto.blocking import BlockingStream, generate, stream
    from impasto.carriers.failures import error_of_status
    from impasto.client import Client
    from impasto.errors import (
        AllProvidersFailed,
        AuthenticationError,
        ContentRejected,
        DeadlineExceeded,
        ImpastoError,
        InvalidRequest,
        PluginError,
        ProtocolError,
        ProviderUnavailable,
        QuotaExceeded,
        ResponseError,
        SettingsError,
        UnknownModel,
        UnsavableImage,
    )
    from impasto.events import Attempt, Cost, Image, ImagePreview, ImageResponse, Progress, ServerEvent
    from impasto.hookspecs import hookimpl
    from impasto.models import Choices, Model, Provider, Range
    from impasto.payloads import File, Follow, HttpRequest, LocalCall, Outcome, Payload, WebSocket
    from impasto.plaintext import plain_text
    from impasto.request import ImageRequest
    from impasto.settings import Bounds, Settings, Timeouts
    from impasto.sizes import SizeRule, size_of
    from impasto.sources import ImageSource
    from impasto.streaming import Stream

_HOMES = {
    "auth": ("ApiKeyHeader", "ApiKeyQuery", "Auth", "BasicAuth", "Bearer"),
    "blocking": ("BlockingStream", "generate", "stream"),
    "carriers.failures": ("error_of_status",),
    "client": ("Client",),
    "errors": (
        "AllProvidersFailed",
        "AuthenticationError",
        "ContentRejected",
        "DeadlineExceeded",
        "ImpastoError",
        "InvalidRequest",
        "PluginError",
        "ProtocolError",
        "ProviderUnavailable",
        "QuotaExceeded",
        "ResponseError",
        "SettingsError",
        "UnknownModel",
        "UnsavableImage",
    ),
    "events": ("Attempt", "Cost", "Image", "ImagePreview", "ImageResponse", "Progress", "ServerEvent"),
    "hookspecs": ("hookimpl",),
    "models": ("Choices", "Model", "Provider", "Range"),
    "payloads": ("File", "Follow", "HttpRequest", "LocalCall", "Outcome", "Payload", "WebSocket"),
    "plaintext": ("plain_text",),
    "request": ("ImageRequest",),
    "settings": ("Bounds", "Settings", "Timeouts"),
    "sizes": ("SizeRule", "size_of"),
    "sources": ("ImageSource",),
    "streaming": ("Stream",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AllProvidersFailed",
    "ApiKeyHeader",
    "ApiKeyQuery",
    "Attempt",
    "Auth",
    "AuthenticationError",
    "BasicAuth",
    "Bearer",
    "BlockingStream",
    "Bounds",
    "Choices",
    "Client",
    "ContentRejected",
    "Cost",
    "DeadlineExceeded",
    "File",
    "Follow",
    "HttpRequest",
    "Image",
    "ImagePreview",
    "ImageRequest",
    "ImageResponse",
    "ImageSource",
    "ImpastoError",
    "InvalidRequest",
    "LocalCall",
    "Model",
    "Outcome",
    "Payload",
    "PluginError",
    "Progress",
    "ProtocolError",
    "Provider",
    "ProviderUnavailable",
    "QuotaExceeded",
    "Range",
    "ResponseError",
    "ServerEvent",
    "Settings",
    "SettingsError",
    "SizeRule",
    "Stream",
    "Timeouts",
    "UnknownModel",
    "UnsavableImage",
    "WebSocket",
    "error_of_status",
    "generate",
    "hookimpl",
    "plain_text",
    "size_of",
    "stream",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"impasto.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
