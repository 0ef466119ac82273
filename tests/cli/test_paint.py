"""``impasto PROMPT``: what is asked for, and what is told of the result."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

import impasto
from cli.installed import Invoke
from impasto import Cost, Image, ImageResponse
from impasto.plugins import Plugins
from standins.pictures import picture
from standins.provider import ExampleProvider, LocalProvider, said
from standins.server import ScriptedServer, reply


@pytest.fixture
def painting(server: ScriptedServer, plugged: Callable[..., Plugins], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the example provider draw."""
    plugged(ExampleProvider())
    monkeypatch.setenv("IMPASTO_PROVIDER_EXAMPLE_URL", server.url)
    monkeypatch.setenv("IMPASTO_MODEL", "paint")
    server.script("/draw", reply(said(kind="done", url="/fox.png", seed=7)))
    server.script("/fox.png", reply(picture(size=(64, 32)), media_type="image/png"))


@pytest.mark.usefixtures("painting")
def test_every_option_reaches_the_request(invoke: Invoke, server: ScriptedServer) -> None:
    invoke(
        *("a", "red", "fox", "--size", "512x256", "--seed", "7", "--negative-prompt", "text", "--steps", "9"),
        *("-x", "style=oil", "-m", "example/painter"),
    )
    assert server.received[0].json() == {
        "prompt": "a red fox",
        "width": 512,
        "height": 256,
        "seed": 7,
        "negative_prompt": "text",
        "num_inference_steps": 9,
    }


@pytest.mark.usefixtures("painting")
def test_an_aspect_ratio_stands_in_for_a_size(invoke: Invoke, server: ScriptedServer) -> None:
    invoke("fox", "--aspect-ratio", "16:9")
    assert (server.received[0].json()["width"], server.received[0].json()["height"]) == (1024, 576)


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("arguments", "prompt"),
    [
        (["paint", "models"], "models"),
        (["--seed", "1", "models", "on", "a", "catwalk"], "models on a catwalk"),
        (["--", "-5", "degrees"], "-5 degrees"),
        (["paints", "and", "plugins"], "paints and plugins"),
    ],
)
def test_any_words_can_be_a_prompt(invoke: Invoke, server: ScriptedServer, arguments: list[str], prompt: str) -> None:
    assert invoke(*arguments).exit_code == 0
    assert server.received[0].json()["prompt"] == prompt


@pytest.mark.usefixtures("painting")
def test_json_tells_everything(invoke: Invoke, server: ScriptedServer) -> None:
    result = invoke("a fox", "--size", "64x64", "--seed", "7", "--json", "-o", "here/")
    described = json.loads(result.stdout)
    assert described.pop("elapsed") > 0
    assert described == {
        "paths": ["here/a-fox.png"],
        "provider": "example",
        "model": "painter",
        "prompt": "a fox",
        "seed": 7,
        "width": 64,
        "height": 32,
        "parameters": {"width": 64, "height": 64, "num_inference_steps": 4, "seed": 7},
        "images": [
            {
                "path": "here/a-fox.png",
                "url": f"{server.url}/fox.png",
                "media_type": "image/png",
                "width": 64,
                "height": 32,
                "seed": 7,
            }
        ],
        "text": "",
        "warnings": ["asked for 64x64 pixels, got 64x32"],
        "usage": None,
        "cost": None,
        "metadata": {},
        "failed": [],
    }
    assert Path("here/a-fox.png").is_file()


@pytest.mark.usefixtures("painting")
def test_a_warning_is_said_beside_the_path(invoke: Invoke) -> None:
    result = invoke("fox", "--size", "64x64")
    assert (result.stdout, result.stderr) == ("fox.png\n", "impasto: asked for 64x64 pixels, got 64x32\n")


@pytest.mark.usefixtures("painting")
def test_the_suffix_names_the_format(invoke: Invoke) -> None:
    assert invoke("fox", "-o", "fox.webp").stdout == "fox.webp\n"
    with Pillow.open("fox.webp") as saved:
        assert (saved.format, saved.size) == ("WEBP", (64, 32))


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(("target", "media_type"), [("fox.png", "image/png"), ("fox.JPG", "image/jpeg")])
def test_json_tells_the_media_type_of_the_file_that_was_written(
    invoke: Invoke, server: ScriptedServer, target: str, media_type: str
) -> None:
    server.script("/fox.png", reply(picture("WEBP"), media_type="image/webp"))
    described = json.loads(invoke("fox", "-o", target, "--json").stdout)
    assert described["images"][0]["media_type"] == media_type


@pytest.mark.usefixtures("painting")
def test_several_pictures_get_a_file_each(invoke: Invoke, server: ScriptedServer) -> None:
    assert invoke("fox", "-n", "3").stdout.splitlines() == ["fox.png", "fox-2.png", "fox-3.png"]
    assert invoke("fox", "-n", "2", "-o", "f.jpg").stdout.splitlines() == ["f-1.jpg", "f-2.jpg"]
    assert server.paths().count("POST /draw") == 5


@pytest.mark.usefixtures("painting")
def test_a_folder_that_may_not_be_written_is_told_before_anything_is_sent(
    invoke: Invoke, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for target in ("there/", "fox.png", "."):
        with pytest.raises(impasto.InvalidRequest, match="nothing may be written in the folder"):
            invoke("fox", "-o", target)
    assert server.received == []


def test_json_holds_whatever_a_provider_tells(plugged: Callable[..., Plugins], invoke: Invoke) -> None:
    def paint(seed: int) -> Iterator[object]:
        yield ImageResponse(
            (Image(data=picture()),),
            cost=Cost(0.04, "EUR"),
            usage={"steps": 4, "loss": float("nan")},
            metadata={"model": Path("m.bin"), "tags": ("a", "b"), "raw": b"\0"},
        )

    plugged(LocalProvider(paint))
    described = json.loads(invoke("fox", "-m", "brush", "--json").stdout, parse_constant=pytest.fail)
    assert described["cost"] == {"amount": 0.04, "currency": "EUR", "source": "reported", "as_of": None}
    assert described["usage"] == {"steps": 4, "loss": None}
    assert described["metadata"] == {"model": "m.bin", "tags": ["a", "b"], "raw": None}
    assert described["images"][0]["url"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfe", "not text in UTF-8"), (b"", "blank"), (b"x" * (1024 * 1024 + 1), "longer than 1048576 bytes")],
)
def test_what_is_on_standard_input_must_be_a_prompt(
    plugged: Callable[..., Plugins], invoke: Invoke, content: bytes, message: str
) -> None:
    plugged(ExampleProvider())
    with pytest.raises(impasto.InvalidRequest, match=message):
        invoke("-", "-m", "paint", input=io.BytesIO(content))


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("[1, 2]", [1, 2]), ("oil", "oil"), ("a=b", "a=b"), ("", "")])
def test_extra_fields_are_read_as_json_where_they_are(
    plugged: Callable[..., Plugins], invoke: Invoke, text: str, value: Any
) -> None:
    class Noting(LocalProvider):
        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            assert request.extra == {"style": value}
            return super().build_payload(model, request)

    def paint(seed: int) -> Iterator[object]:
        yield ImageResponse((Image(data=picture()),))

    plugged(Noting(paint, extra=None))
    assert invoke("fox", "-m", "brush", "-x", f"style={text}").stdout == "fox.png\n"
