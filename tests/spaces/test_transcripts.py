"""The transcripts that other tests replay are what the servers say today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spaces.recording import SCENES, read, record

if TYPE_CHECKING:
    from spaces.servers import Server


@pytest.mark.parametrize("scene", SCENES)
def test_the_server_still_says_what_was_recorded(gradio: Server, scene: str) -> None:
    assert record(gradio, scene) == read(gradio.version, scene)
