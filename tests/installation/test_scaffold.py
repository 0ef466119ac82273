"""A new plugin of each shape, in a clean environment: written, installed, listed, tested, and painting."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from docs.documents import DOCUMENTS, blocks_of
from impasto.scaffold import shapes
from installation.environments import Environment, make_environment
from repository import ROOT
from standins.pictures import picture
from standins.server import ScriptedServer, event_stream, reply

SERVED = "/v1"


def serve_json(server: ScriptedServer) -> None:
    server.script(f"{SERVED}/images", reply('{"url": "/files/fox.png", "seed": 7}'))


def serve_poll(server: ScriptedServer) -> None:
    server.script(f"{SERVED}/jobs", reply('{"id": "j1", "status": "queued"}'))
    server.script(f"{SERVED}/jobs/j1", reply('{"id": "j1", "status": "done", "url": "/files/fox.png", "seed": 7}'))


def serve_stream(server: ScriptedServer) -> None:
    server.script(f"{SERVED}/jobs", reply('{"id": "j1"}'))
    done = '{"url": "/files/fox.png", "seed": 7}'
    server.script(f"{SERVED}/jobs/j1/events", event_stream(("progress", '{"progress": 0.5}'), ("done", done)))


def serve_gradio(server: ScriptedServer) -> None:
    server.script(f"{SERVED}/gradio_api/call/infer", reply('{"event_id": "e1"}'))
    server.script(
        f"{SERVED}/gradio_api/call/infer/e1",
        event_stream(("complete", '[{"path": "/fox.png", "url": null, "meta": {"_type": "gradio.FileData"}}, 7]')),
    )
    server.script(f"{SERVED}/gradio_api/file=/fox.png", reply(picture(), media_type="image/png"))


def serve_nothing(server: ScriptedServer) -> None:
    """The work is done on this machine."""


SERVICES: dict[str, Callable[[ScriptedServer], None]] = {
    "json": serve_json,
    "poll": serve_poll,
    "stream": serve_stream,
    "gradio": serve_gradio,
    "local": serve_nothing,
}


@pytest.fixture(scope="module")
def workbench(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment of an author: impasto with what tests need, and what a shape's plugin builds on."""
    environment = make_environment(tmp_path_factory.mktemp("workbench"))
    environment.install(f"{wheels['impasto']}[testing]", wheels["impasto-gradio"])
    return environment


def test_every_shape_is_tried() -> None:
    assert list(SERVICES) == list(shapes())


@pytest.mark.parametrize("shape", SERVICES)
def test_a_new_plugin_installs_passes_its_tests_and_paints(
    workbench: Environment, server: ScriptedServer, tmp_path: Path, shape: str
) -> None:
    name = f"new-{shape}"
    folder = tmp_path / f"impasto-{name}"
    workbench.run("impasto", "plugin", "new", name, "--shape", shape, cwd=tmp_path)
    workbench.install(folder)
    assert f"{name}/{name}-1" in workbench.run("impasto", "models").stdout

    tested = workbench.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder).stdout
    assert "failed" not in tested
    assert "passed" in tested

    SERVICES[shape](server)
    server.script(f"{SERVED}/files/fox.png", reply(picture(), media_type="image/png"))
    done = subprocess.run(
        ["impasto", "-m", name, "a red fox", "-o", "fox.png", "--seed", "7"],
        env={
            **workbench.environ,
            f"IMPASTO_PROVIDER_NEW_{shape.upper()}_URL": f"{server.url}{SERVED}",
            f"NEW_{shape.upper()}_KEY": "a-key-of-the-test",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.stdout, done.stderr) == ("fox.png\n", "")
    with Image.open(tmp_path / "fox.png") as drawn:
        assert drawn.format == "PNG"


def test_one_that_is_filled_in_with_the_tutorials_service_passes_its_tests_and_paints(
    workbench: Environment, easel: dict[str, str], tmp_path: Path
) -> None:
    workbench.run("impasto", "plugin", "new", "easel", "--shape", "poll", cwd=tmp_path)
    folder = tmp_path / "impasto-easel"
    (page,) = [path for path in DOCUMENTS if path.name == "plugins.md"]
    (block,) = [each for each in blocks_of(page) if each.title == "impasto-easel/impasto_easel.py"]
    (folder / "src" / "impasto_easel" / "__init__.py").write_text(block.source)
    shutil.copytree(ROOT / "tests/testing/little/transcripts", folder / "tests" / "transcripts", dirs_exist_ok=True)

    workbench.install(folder)
    workbench.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert "easel/easel-2" in workbench.run("impasto", "models").stdout
    command = ["impasto", "-m", "easel", "a red fox", "-o", "fox.png"]
    environ = {**workbench.environ, **easel, "EASEL_KEY": "a-key-of-the-test"}
    assert subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, check=True).stdout == b"fox.png\n"


def test_its_wheel_holds_its_package_and_its_licence(clean: Environment, tmp_path: Path) -> None:
    clean.run("impasto", "plugin", "new", "brush", "--shape", "local", cwd=tmp_path)
    clean.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"), "impasto-brush", cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("impasto_brush-0.1.0-*.whl")
    listed = clean.run("python", "-m", "zipfile", "-l", str(wheel)).stdout
    assert "impasto_brush/py.typed" in listed
    assert "licenses/LICENSE" in listed
    assert "test_conformance" not in listed
