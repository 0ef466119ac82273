"""The stand-in for Hugging Face's Hub and router, and where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.inference_providers import InferenceProviders
from services.serving import serving


@pytest.fixture
def service() -> InferenceProviders:
    return InferenceProviders()


@pytest.fixture
def url(service: InferenceProviders) -> Iterator[str]:
    with serving(service.app) as url:
        yield url
