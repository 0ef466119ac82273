"""What a refusal calls by its name in Python is said as an option too."""

from __future__ import annotations

import dataclasses

import click
import pytest

import impasto
from cli.installed import Installed
from impasto import AllProvidersFailed, ImageRequest, ImpastoError, InvalidRequest, ResponseError
from impasto.cli.hints import OPTIONS, hint_of
from impasto.cli.paint import paint
from standins.provider import said
from standins.server import ScriptedServer, reply


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (InvalidRequest("no", parameter="num_inference_steps"), "--steps N for num_inference_steps."),
        (InvalidRequest("no", parameter="guidance_scale"), "--guidance X for guidance_scale."),
        (InvalidRequest("no", parameter="height"), "--size WxH for height."),
        (InvalidRequest("strength says how far: give images.", parameter="strength"), "-i PATH for images."),
        (InvalidRequest("there is no 'styl' in extra", parameter="extra"), "-x NAME=VALUE for extra."),
        (InvalidRequest("it needs extra={'workflow': …}.", parameter="extra"), "-x workflow=VALUE."),
        (InvalidRequest("extra['seed'] is no number.", parameter="extra"), "-x seed=VALUE."),
        (ResponseError("is required. Give it as extra={'search_prompt': …}"), "-x search_prompt=VALUE."),
        (
            AllProvidersFailed("no", attempts=(ResponseError("give images"), InvalidRequest("no", parameter="width"))),
            "-i PATH for images, --size WxH for width.",
        ),
    ],
)
def test_the_option_is_named_that_holds_the_field(error: ImpastoError, hint: str) -> None:
    assert hint_of(error) == f"On the command line: {hint}"


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest("no", parameter="seed"),
        InvalidRequest("no", parameter="negative_prompt"),
        InvalidRequest("no"),
        ResponseError("the server has no images"),
    ],
)
def test_what_goes_by_the_same_name_needs_no_hint(error: ImpastoError) -> None:
    assert hint_of(error) is None


def test_the_fields_and_their_options_are_there() -> None:
    options = [name for each in paint.params if isinstance(each, click.Option) for name in each.opts]
    assert {words.split()[0] for words in OPTIONS.values()} <= set(options)
    assert set(OPTIONS) <= {each.name for each in dataclasses.fields(ImageRequest)}


@pytest.mark.parametrize(
    ("arguments", "refusal", "hint"),
    [
        (["--strength", "0.5"], "give images.", "-i PATH for images."),
        (["--steps", "51"], "num_inference_steps must be", "--steps N for num_inference_steps."),
        (["--guidance", "3"], "does not take guidance_scale", "--guidance X for guidance_scale."),
    ],
)
def test_it_stands_below_the_refusal(
    installed: Installed, server: ScriptedServer, arguments: list[str], refusal: str, hint: str
) -> None:
    result = installed.run("fox", "-m", "paint", *arguments)
    first, second = result.stderr.splitlines()
    assert refusal in first
    assert second == f"On the command line: {hint}"
    assert result.returncode == 2
    assert server.received == []


def test_it_stands_below_what_a_service_refuses(installed: Installed, server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="refused", why="search_prompt: give it as extra={'search_prompt': …}")))
    result = installed.run("fox", "-m", "paint")
    assert result.stderr.splitlines()[1] == "On the command line: -x search_prompt=VALUE."


def test_in_python_there_is_none() -> None:
    with pytest.raises(impasto.InvalidRequest) as caught:
        impasto.generate("fox", model="sketch", num_inference_steps=3)
    assert not hasattr(caught.value, "__notes__")
