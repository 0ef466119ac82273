"""Replicate's stand-in, and a client that finds Replicate there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import impasto
import impasto_replicate
from impasto.plugins import Plugins
from impasto.settings import Settings
from impasto.testing.throughclient import AtOnce
from services.replicate_api import KEY, Replicate
from services.serving import serving


@pytest.fixture
def service() -> Replicate:
    """The stand-in; `address` serves it."""
    return Replicate()


@pytest.fixture
def address(service: Replicate) -> Iterator[str]:
    """Where the stand-in is: scheme, host and port."""
    with serving(service.app) as url:
        yield url


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> impasto.Client:
    """A client that knows Replicate alone, and makes no pauses between looks at a prediction."""
    monkeypatch.setenv("REPLICATE_API_TOKEN", KEY)
    settings = Settings(providers={"replicate": {"url": f"{address}/v1", "private_addresses": True}})
    return impasto.Client(
        settings=settings, plugins=Plugins(objects={"replicate": impasto_replicate, "at-once": AtOnce()})
    )
