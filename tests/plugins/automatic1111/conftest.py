"""Servers of ``/sdapi/v1``, and clients for them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import PIL.Image
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

import impasto
import impasto_automatic1111
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.automatic1111_api import WebUI
from services.serving import serving
from services.stable_diffusion_cpp import server

Run = Callable[[WebUI], str]
Painter = Callable[..., impasto.Client]


@pytest.fixture(scope="session")
def sd_server() -> Iterator[str]:
    """Run stable-diffusion.cpp's server with tiny weights; give its address."""
    with server.serving() as url:
        yield url


class Stage:
    """One server for the stand-ins of all tests, each below a path of its own, which also late requests find.

    Attributes:
        url: where it is served.
    """

    def __init__(self) -> None:
        self.url = ""
        self._apps: list[Starlette] = []

    def begin(self, webui: WebUI) -> str:
        """Serve a stand-in, and return its address."""
        self._apps.append(webui.app)
        return f"{self.url}/{len(self._apps) - 1}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number, _, path = scope["path"][1:].partition("/")
        inner = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode(), "root_path": "", "app_root_path": ""}
        await self._apps[int(number)](inner, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Serve whatever begins on a stage."""
    stage = Stage()
    with serving(Starlette(routes=[Mount("/", app=stage)])) as stage.url:
        yield stage


@pytest.fixture
def run(stage: Stage) -> Run:
    """Return what runs a stand-in, and gives its address."""
    return stage.begin


@pytest.fixture
def painter() -> Painter:
    """Return what makes a client for a server's address."""

    def client(url: str, **options: Any) -> impasto.Client:
        settings = Settings(providers={"automatic1111": {"url": url, "private_addresses": True}})
        plugins = Plugins(objects={"automatic1111": impasto_automatic1111})
        return impasto.Client(settings=settings, plugins=plugins, **options)

    return client


@pytest.fixture
def red() -> bytes:
    """A picture to start from: 64x64, all of it red."""
    return encoded(PIL.Image.new("RGB", (64, 64), (200, 30, 30)))


@pytest.fixture
def right_half() -> bytes:
    """A mask for it: what is right is white, to be drawn anew."""
    mask = PIL.Image.new("L", (64, 64), 0)
    mask.paste(255, (32, 0, 64, 64))
    return encoded(mask)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for the progress without a pause."""
    monkeypatch.setattr("impasto_automatic1111.progress.SECONDS", 0.0)


def encoded(picture: PIL.Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
