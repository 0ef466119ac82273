"""What a plugin takes from an answer as it comes is checked where it is taken: nonsense is the server's fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

import impasto
from impasto import Follow, HttpRequest, Image, ImageResponse, Progress, ProtocolError
from impasto.plugins import Plugins
from standins.provider import MODEL, ExampleProvider

FOX = Image(url="/fox.png")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda said: Image(url=said), "a picture's address cannot be 7.5"),
        (lambda said: Image(data=said), "a picture's bytes cannot be 7.5"),
        (lambda said: Image(url="/fox.png", seed=said), "a seed cannot be 7.5"),
        (lambda said: ImageResponse((FOX,), seed=said), "a seed cannot be 7.5"),
        (lambda said: ImageResponse((FOX,), text=said), "what the model says cannot be 7.5"),
        (lambda said: Progress(said), "a stage cannot be 7.5"),
        (lambda said: Progress("drawing", detail=said), "what is said of progress cannot be 7.5"),
        (lambda said: Progress("drawing", cast("Any", str(said))), "how much is done cannot be '7.5'"),
    ],
)
def test_a_value_of_another_type_is_not_understood(make: Callable[[Any], object], words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        make(7.5)


@pytest.mark.parametrize(
    ("follow", "words"),
    [
        (Follow(HttpRequest("GET", None)), r"the answer was not understood \(to go on at nothing\): said"),  # type: ignore[arg-type]
        (Follow(HttpRequest("GET", "/a"), after="soon"), r"\(to go on after str 'soon'\): said"),  # type: ignore[arg-type]
    ],
)
def test_a_step_that_an_answer_leads_to_is_checked_too(follow: Follow, words: str) -> None:
    class Following(ExampleProvider):
        @impasto.hookimpl
        def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
            return [follow]

    request = impasto.ImageRequest("a fox")
    event = impasto.ServerEvent("response", b"said", HttpRequest("GET", "/"), request, 200)
    with pytest.raises(ProtocolError, match=words):
        Plugins(objects={"following": Following()}).parse_event(MODEL, event)
