"""The Gradio servers as pytest fixtures, started by the first test that asks, stopped with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spaces.servers import GRADIO_4, GRADIO_6, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def gradio4() -> Iterator[Server]:
    """Serve the apps on Gradio 4.44.1, whose calls go to ``/call``."""
    with serving(GRADIO_4) as server:
        yield server


@pytest.fixture(scope="session")
def gradio6() -> Iterator[Server]:
    """Serve the apps on Gradio 6.31.0, whose calls go to ``/gradio_api/call``."""
    with serving(GRADIO_6) as server:
        yield server


@pytest.fixture(params=[GRADIO_4, GRADIO_6])
def gradio(request: pytest.FixtureRequest) -> Server:
    """Run a test on both versions of Gradio."""
    server: Server = request.getfixturevalue("gradio4" if request.param == GRADIO_4 else "gradio6")
    return server
