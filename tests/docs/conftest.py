"""What the documents' code meets: the plugins installed from their wheels, real Gradio servers, a made-up service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from installation.environments import Environment, built_wheels, make_environment
from repository import ROOT
from spaces.servers import Server
from standins.pictures import picture
from standins.server import ScriptedServer, reply


@pytest.fixture
def everything(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with impasto and every plugin of the repository."""
    environment = make_environment(tmp_path_factory.mktemp("everything"))
    environment.install(*built_wheels(tmp_path_factory.getbasetemp() / "wheels").values())
    return environment


@pytest.fixture
def spaces(gradio4: Server, gradio6: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables that lead the Spaces which the documents name to the servers of the tests."""
    settings = tmp_path_factory.mktemp("settings") / "settings.toml"
    apps = {
        "black-forest-labs/FLUX.1-schnell": "flux",
        "black-forest-labs/FLUX.1-Kontext-Dev": "retouch",
        "diffusers/stable-diffusion-xl-inpainting": "retouch",
    }
    sections = [f'[providers."gradio/{space}"]\nurl = "{gradio6.apps[app]}"' for space, app in apps.items()]
    settings.write_text("\n".join(sections))
    return {
        "IMPASTO_CONFIG": str(settings),
        "IMPASTO_PROVIDER_VOODOOHOP_FLUX1_SCHNELL_URL": gradio4.apps["flux"],
        "IMPASTO_PROVIDER_STABILITYAI_SD35_LARGE_URL": gradio6.apps["sd35"],
        "IMPASTO_PROVIDER_GRADIO_URL": gradio6.apps["flux"],
    }


@pytest.fixture
def easel(server: ScriptedServer) -> dict[str, str]:
    """Run the service for which docs/plugins.md writes a provider; return the variable that leads there."""
    server.script("/v1/paintings", reply('{"id": "p1", "status": "waiting"}'))
    server.script("/v1/paintings/p1", reply('{"status": "finished", "picture": "/files/p1.png", "seed": 7}'))
    server.script("/v1/files/p1.png", reply(picture(), media_type="image/png"))
    return {"IMPASTO_PROVIDER_EASEL_URL": f"{server.url}/v1"}


@pytest.fixture
def gouache() -> Iterator[dict[str, str]]:
    """Run the service of docs/tutorial.md, on a port that is free; return the variable that leads there."""
    command = [sys.executable, "-u", str(ROOT / "docs" / "tutorial" / "service.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        try:
            yield {"IMPASTO_PROVIDER_GOUACHE_URL": f"{address}/v1"}
        finally:
            process.kill()
