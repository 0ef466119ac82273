"""impasto, told that Hugging Face is at another address."""

from __future__ import annotations

import impasto
import impasto_huggingface
from impasto.plugins import Plugins
from impasto.settings import Settings
from impasto.testing.throughclient import AtOnce


def client(url: str) -> impasto.Client:
    """Return a client that knows this provider alone, at an address of loopback, and asks for jobs without pauses."""
    settings = Settings(providers={"huggingface": {"url": url, "private_addresses": True}})
    plugins = Plugins(objects={"huggingface": impasto_huggingface, "at-once": AtOnce()})
    return impasto.Client(settings=settings, plugins=plugins)
