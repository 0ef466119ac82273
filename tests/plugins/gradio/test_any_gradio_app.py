"""The provider ``gradio``: what it makes of what an app says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto_gradio
from impasto import (
    Follow,
    HttpRequest,
    Image,
    ImageRequest,
    ImageResponse,
    InvalidRequest,
    ProtocolError,
    ProviderUnavailable,
    ServerEvent,
)
from impasto.fitting import fit
from impasto.testing import Exchange
from impasto_gradio.endpoints import endpoints_in
from impasto_gradio.mapping import choose
from spaces.recording import read
from spaces.replay import replay
from spaces.servers import GRADIO_4, GRADIO_6
from standins.pictures import picture

(MODEL,) = impasto_gradio.list_models()
both = pytest.mark.parametrize("version", [GRADIO_4, GRADIO_6])

FOX = Image(data=picture("PNG", (64, 48)))
MASK = Image(data=picture("PNG", (64, 48)))


def submitted(app: str | dict[str, Any], version: str = GRADIO_6, **fields: Any) -> tuple[str, list[Any], Any]:
    """Return path, data and step of what is submitted to an app for a request."""
    info = app if isinstance(app, dict) else json.loads(read(version, f"info-{app}")[0].body)
    request = fit(MODEL, ImageRequest(**{"prompt": "a fox", "id": "0123", **fields}))
    payload = impasto_gradio.build_payload(MODEL, request)
    headers = {"content-type": "application/json"}
    if version == GRADIO_4:
        missing = ServerEvent("response", b'{"detail":"Not Found"}', payload, request, 404, headers)
        (follow,) = impasto_gradio.parse_event(MODEL, missing)
        assert isinstance(follow, Follow)
        payload = follow.payload
    event = ServerEvent("response", json.dumps(info).encode(), payload, request, 200, headers)
    *_, follow = impasto_gradio.parse_event(MODEL, event)
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload.url, follow.payload.json["data"], follow.payload.step


def endpoint(*parameters: dict[str, Any], name: str = "/go", returns: str = "Image") -> dict[str, Any]:
    """Make an ``/info`` with one endpoint."""
    told = [
        {"parameter_name": "prompt", "label": "Prompt", "component": "Textbox", "type": {"type": "string"}},
        *parameters,
    ]
    return {"named_endpoints": {name: {"parameters": told, "returns": [{"label": "x", "component": returns}]}}}


def slider(name: str, low: float, high: float, default: float | None) -> dict[str, Any]:
    description = f"numeric value between {low} and {high}"
    return parameter(name, {"type": "number", "description": description}, default)


def parameter(name: str, kind: dict[str, Any], default: object = None, **more: object) -> dict[str, Any]:
    told = {"parameter_name": name, "label": name, "component": "Slider", "type": kind}
    return told | {"parameter_has_default": default is not None, "parameter_default": default} | more


@both
def test_fields_are_put_where_the_app_takes_them_and_the_rest_keeps_its_defaults(version: str) -> None:
    path, data, _ = submitted("flux", version, width=512, seed=7)
    assert path == ("/call/infer" if version == GRADIO_4 else "/gradio_api/call/infer")
    assert data == ["a fox", 7, False, 512, 1024, 4]


@both
def test_without_a_seed_the_app_draws_one(version: str) -> None:
    _, data, step = submitted("flux", version)
    assert data[1:3] == [0, True]
    assert step == {"seed_at": 1, "seed": None}


def test_a_seed_can_be_given_and_randomizing_asked_for_all_the_same() -> None:
    _, data, step = submitted("flux", seed=7, randomize_seed=True)
    assert data[1:3] == [7, True]
    assert step["seed"] is None


def test_randomizing_can_be_turned_off_without_a_seed() -> None:
    assert submitted("flux", randomize_seed=False)[1][1:3] == [0, False]


def test_a_negative_prompt_that_is_required_is_empty_when_none_is_given() -> None:
    assert submitted("sd35")[1] == ["a fox", "", 0, True, 1024, 1024, 4.5, 40]
    assert submitted("sd35", negative_prompt="text")[1][1] == "text"


@both
def test_an_app_may_have_other_names_for_things(version: str) -> None:
    given: dict[str, Any] = {"negative_prompt": "dust", "guidance_scale": 3.5, "num_inference_steps": 5, "seed": 9}
    path, data, step = submitted("darkroom", version, width=96, height=80, extra={"paper": "matt"}, **given)
    assert path.endswith("/call/develop")
    assert data == ["a fox", "dust", 3.5, 5, 96, 80, 9, "matt"]
    assert step == {"seed_at": None, "seed": 9}


def test_an_app_that_cannot_randomize_gets_a_seed_in_its_range_and_every_request_its_own() -> None:
    steps = [submitted("darkroom", extra={"paper": "matt"}, id=f"request {number}") for number in range(20)]
    seeds = {step["seed"] for _, _, step in steps}
    assert seeds == {data[6] for _, data, _ in steps}
    assert len(seeds) > 10
    assert all(0 <= seed <= 999 for seed in seeds)


def test_a_parameter_without_default_has_to_be_given_by_name() -> None:
    with pytest.raises(InvalidRequest, match=r"needs 'Paper' \(radio\).*extra=\{'paper': …\}, one of glossy, matt"):
        submitted("darkroom")


def test_extra_sets_any_parameter_by_its_own_name() -> None:
    assert submitted("sd35", extra={"guidance_scale": 1.5, "negative_prompt": "x"})[1][1] == "x"


def test_the_seed_that_is_told_is_the_one_that_was_sent_however_it_was_given() -> None:
    assert submitted("darkroom", extra={"paper": "matt", "noise": 5})[2]["seed"] == 5
    assert submitted("flux", extra={"seed": 5, "randomize_seed": False})[2]["seed"] == 5
    assert submitted("flux", extra={"seed": 5})[2]["seed"] is None


def test_an_extra_that_the_app_does_not_know_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"/infer has no parameter 'sampler'\. It takes prompt, seed") as caught:
        submitted("flux", extra={"sampler": "euler"})
    assert caught.value.parameter == "extra"


@pytest.mark.parametrize(("field", "value"), [("negative_prompt", "text"), ("guidance_scale", 3.0)])
def test_a_field_that_the_app_has_no_parameter_for_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=rf"takes no {field}\. It takes prompt, seed, randomize_seed") as caught:
        submitted("flux", **{field: value})
    assert caught.value.parameter == field


def test_a_seed_that_the_app_has_no_parameter_for_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="takes no seed"):
        submitted(endpoint(), seed=4)


def test_a_value_out_of_the_apps_range_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidRequest, match="takes width from 256 to 2048, not 64") as caught:
        submitted("flux", width=64)
    assert caught.value.parameter == "width"


def test_an_aspect_ratio_becomes_width_and_height() -> None:
    assert submitted("flux", aspect_ratio="16:9")[1][3:5] == [1024, 576]
    assert submitted("flux", aspect_ratio="16:9", width=512)[1][3:5] == [512, 288]
    assert submitted("flux", aspect_ratio="1:2", height=512)[1][3:5] == [256, 512]


def test_a_size_that_an_aspect_ratio_stands_for_is_made_smaller_where_the_app_is() -> None:
    assert submitted("darkroom", aspect_ratio="16:9", extra={"paper": "matt"})[1][4:6] == [512, 288]


def test_an_app_that_takes_an_aspect_ratio_is_given_one_as_it_spells_it() -> None:
    kind = {"type": "string", "enum": ["1:1 (square)", "16:9 (wide)"]}
    app = endpoint(parameter("aspect_ratio", kind, "1:1 (square)"))
    assert submitted(app, aspect_ratio="16:9")[1] == ["a fox", "16:9 (wide)"]
    with pytest.raises(InvalidRequest, match=r"one of 1:1 \(square\), 16:9 \(wide\); not 9:16"):
        submitted(app, aspect_ratio="9:16")


def test_an_aspect_ratio_that_an_app_cannot_draw_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="neither an aspect_ratio nor width and height"):
        submitted(endpoint(), aspect_ratio="16:9")


def test_one_picture_is_asked_for_where_the_app_would_make_several() -> None:
    assert submitted("studio", extra={"api_name": "/gallery"})[1] == ["a fox", 1]


def test_a_number_may_be_taken_as_text() -> None:
    app = endpoint(
        parameter("seed", {"type": "string"}, ""), parameter("width", {"type": "string", "enum": ["512"]}, "512")
    )
    assert submitted(app, seed=7, width=512)[1] == ["a fox", "7", "512"]


def test_optional_types_are_understood() -> None:
    kind = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert submitted(endpoint(parameter("steps", kind, 3)), num_inference_steps=9)[1] == ["a fox", 9]


def test_a_lone_text_box_is_the_prompt_whatever_its_name() -> None:
    app = endpoint()
    app["named_endpoints"]["/go"]["parameters"][0] |= {"parameter_name": "param_0", "label": "Your idea"}
    assert submitted(app)[1] == ["a fox"]


@both
def test_the_endpoint_that_can_do_what_is_asked_is_chosen(version: str) -> None:
    path, data, _ = submitted("studio", version)
    assert path.endswith("/call/captioned")
    assert data == ["a fox"]


def without(app: str, *endpoints: str) -> dict[str, Any]:
    """Return what an app tells of itself, without some of its endpoints."""
    told: dict[str, Any] = json.loads(read(GRADIO_6, f"info-{app}")[0].body)
    return {"named_endpoints": {name: each for name, each in told["named_endpoints"].items() if name not in endpoints}}


@pytest.mark.parametrize(
    ("app", "given", "chosen"),
    [
        pytest.param(without("retouch"), {"images": (FOX,)}, "/edit", id="one picture"),
        pytest.param(without("retouch", "/edit"), {"images": (FOX,)}, "/layers", id="one picture, no mask"),
        pytest.param(without("retouch"), {"images": (FOX, FOX)}, "/collage", id="several pictures"),
        pytest.param(without("retouch"), {"images": (FOX,), "mask": MASK}, "/inpaint", id="a mask"),
        pytest.param(
            without("retouch", "/inpaint"), {"images": (FOX,), "mask": MASK}, "/layers", id="a mask, as a layer"
        ),
    ],
)
def test_the_endpoint_is_chosen_that_takes_the_pictures(app: Any, given: Any, chosen: str) -> None:
    info = endpoints_in(app)
    assert choose(info, fit(MODEL, ImageRequest("a fox", **given))).name == chosen


def test_an_endpoint_that_needs_a_picture_is_not_chosen_for_a_prompt_alone() -> None:
    assert not submitted("studio")[0].endswith("/describe")


@pytest.mark.parametrize("name", ["/gallery", "gallery"])
def test_the_user_may_choose_the_endpoint(name: str) -> None:
    assert submitted("studio", extra={"api_name": name})[0] == "/gradio_api/call/gallery"


def test_the_user_may_choose_an_endpoint_that_declares_no_picture() -> None:
    assert submitted("studio", extra={"api_name": "/link"})[0] == "/gradio_api/call/link"


def test_an_endpoint_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(InvalidRequest, match=r"no endpoint '/paint'.*it offers /describe\(prompt, picture\) → textbox"):
        submitted("studio", extra={"api_name": "/paint"})


@both
def test_an_app_that_draws_nothing_is_refused_with_what_it_offers(version: str) -> None:
    with pytest.raises(
        ProtocolError, match=r"takes a prompt and returns a picture; it offers /say\(prompt\) → textbox"
    ):
        submitted("words", version)


def test_the_name_of_an_endpoint_is_quoted() -> None:
    assert submitted(endpoint(name="/paint me?"))[0] == "/gradio_api/call/paint%20me%3F"


@both
def test_after_the_submit_the_call_is_read_as_any_other(version: str) -> None:
    drawn = read(version, "drawn")
    info = read(version, "info-flux")
    asked = Exchange("GET", "/gradio_api/info", status=404, headers={"content-type": "application/json"}, body=b"{}")
    exchanges = [*([asked] if version == GRADIO_4 else []), *info, *drawn]
    request = ImageRequest("a fox", seed=7, width=256, height=256, num_inference_steps=2)
    response = replay(impasto_gradio, MODEL, fit(MODEL, request), exchanges)[-1]
    assert isinstance(response, ImageResponse)
    assert response.seed == 7


@pytest.mark.parametrize(
    ("status", "media_type", "body", "words"),
    [
        (200, "text/html", b"<h1>Your Space is starting</h1>", "Your Space is starting"),
        (404, "text/html", b"<h1>404</h1>", "no Gradio app here"),
    ],
)
def test_where_there_is_no_app_that_is_said(status: int, media_type: str, body: bytes, words: str) -> None:
    request = ImageRequest("a fox")
    payload = HttpRequest("GET", "/info", statuses=(404,))
    event = ServerEvent("response", body, payload, request, status, {"content-type": media_type})
    with pytest.raises(ProviderUnavailable, match=words):
        impasto_gradio.parse_event(MODEL, event)


def test_an_info_that_names_no_endpoints_is_not_understood() -> None:
    with pytest.raises(ProtocolError, match="does not say which endpoints it has"):
        submitted({"hello": "world"})


def test_a_key_is_only_sent_if_the_user_set_one_for_gradio() -> None:
    auth = impasto_gradio.PROVIDER.auth
    assert auth is not None
    assert auth.env is None
    assert auth.optional


@given(
    st.integers(256, 2048),
    st.integers(256, 2048),
    st.none() | st.integers(0, 2**31 - 1),
    st.none() | st.booleans(),
)
def test_whatever_is_asked_within_the_ranges_the_data_fit_the_parameters(
    width: int, height: int, seed: int | None, randomize: bool | None
) -> None:
    _, data, _ = submitted("flux", width=width, height=height, seed=seed, randomize_seed=randomize)
    (told,) = endpoints_in(json.loads(read(GRADIO_6, "info-flux")[0].body))
    assert len(data) == len(told.parameters)
    for index, taken in enumerate(told.parameters):
        value = data[index]
        assert taken.bounds is None or taken.bounds[0] <= value <= taken.bounds[1]
        assert type(value) is {"string": str, "boolean": bool, "number": int}[taken.kind]
