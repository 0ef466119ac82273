"""What a type checker makes of impasto in a program of its user's, where only wheels are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from installation.environments import Environment, make_environment

PROGRAM = """\
import impasto
import impasto_gradio.call
from impasto.testing import Conformance


class TestConformance(Conformance):
    plugin = "sketch"


async def draw() -> bytes:
    async with impasto.Client() as client:
        async with client.stream("a red fox", model="sketch", seed=7) as stream:
            async for event in stream:
                match event:
                    case impasto.Progress():
                        reveal_type(event.fraction)
                    case impasto.ImagePreview():
                        reveal_type(event.image_url)
                    case impasto.ImageResponse():
                        reveal_type(event.images)
        response = await client.generate("a red fox")
        reveal_type(response.seed)
        return response.data


@impasto.hookimpl
def build_payload(model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
    return impasto_gradio.call.submit("/call/infer", [request.prompt])
"""
REVEALED = ["float | None", "str", "tuple[impasto.events.Image, ...]", "int | None"]
WRONG = {
    'impasto.generate("a fox", widht=512)': "widht",
    'impasto.generate("a fox", width="512")': "width",
    'impasto.generate("a fox").imgae': "imgae",
    "impasto.Range(1)": "maximum",
}


@pytest.fixture(scope="module")
def checked(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with a type checker and the wheels."""
    environment = make_environment(tmp_path_factory.mktemp("types"))
    names = ["impasto", "impasto-gradio", "impasto-sketch"]
    environment.install(*(wheels[name] for name in names), "hypothesis", "pytest", "mypy>=2")
    return environment


def test_a_users_program_passes_strict_checking(checked: Environment) -> None:
    (checked.home / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = checked.run("mypy", "--strict", "program.py")
    revealed = [line.rpartition('is "')[2].rstrip('"') for line in done.stdout.splitlines() if "Revealed" in line]
    assert revealed == REVEALED


@pytest.mark.parametrize("line", WRONG)
def test_a_users_mistake_is_seen(checked: Environment, line: str) -> None:
    (checked.home / "mistake.py").write_text(f"import impasto\n\n{line}\n", encoding="utf-8")
    done = checked.attempt("mypy", "--strict", "mistake.py")
    assert done.returncode == 1
    assert WRONG[line] in done.stdout
