"""The stand-in for OpenAI, and the base url of its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.openai_images.service import OpenAIService
from services.serving import serving


@pytest.fixture
def service() -> OpenAIService:
    return OpenAIService()


@pytest.fixture
def url(service: OpenAIService) -> Iterator[str]:
    with serving(service.app) as address:
        yield f"{address}/v1"
