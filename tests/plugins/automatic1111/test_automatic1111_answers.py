"""What the plugin makes of what the servers say."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from typing import Any

import PIL.Image
import PIL.PngImagePlugin
import pytest

import impasto_automatic1111 as plugin
from impasto import (
    AuthenticationError,
    Follow,
    HttpRequest,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    Outcome,
    Progress,
    ProviderUnavailable,
    ResponseError,
    ServerEvent,
)
from impasto_automatic1111.checkpoints import LISTING, listed
from impasto_automatic1111.drawing import draw
from impasto_automatic1111.pictures import setting, text_in
from impasto_automatic1111.progress import ANY_JOB, own_job

(LOADED,) = plugin.list_models()
SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x64, Model hash: 6ce0161689, Model: v1-5"
IDLE = {"job": "", "job_count": 0, "sampling_step": 0, "sampling_steps": 20}
UNKNOWN = {
    "active": False,
    "queued": False,
    "completed": False,
    "progress": None,
    "eta": None,
    "live_preview": None,
    "id_live_preview": -1,
    "textinfo": "Waiting...",
}


def png(text: str = "", *, international: bool = False) -> bytes:
    told = PIL.PngImagePlugin.PngInfo()
    if text:
        (told.add_itxt if international else told.add_text)("parameters", text)
    content = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(content, "PNG", pnginfo=told)
    return content.getvalue()


def text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def heard(
    said: Any,
    payload: HttpRequest | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> list[Outcome]:
    request = ImageRequest("a fox", **fields)
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return plugin.parse_event(
        LOADED, ServerEvent("response", body, payload or draw(request), request, status, headers or {})
    )


def response(*pictures: bytes, info: Any = "", **fields: Any) -> ImageResponse:
    told = info if isinstance(info, str) else json.dumps(info)
    (made,) = heard({"images": [text(each) for each in pictures], "parameters": {}, "info": told}, **fields)
    assert isinstance(made, ImageResponse)
    return made


def failure(said: Any, status: int, payload: HttpRequest | None = None) -> ResponseError:
    with pytest.raises(ResponseError) as caught:
        heard(said, payload, status)
    return caught.value


def test_each_picture_has_the_seed_that_the_server_tells() -> None:
    made = response(png("one"), png("two"), info={"all_seeds": [42, 43]}, n=2)
    assert [image.seed for image in made.images] == [42, 43]
    assert made.seed == 42


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("Euler a", "euler_a"),
        ("k_dpmpp_2m", "DPM++ 2M"),
        ("DPM++ 2M Karras", "DPM++ 2M"),
        ("DPM++ 2M", "DPM++ 2M SGM Uniform"),
        ("DDIM", "ddim_trailing"),
    ],
)
def test_a_sampler_may_be_spelled_otherwise_and_have_its_scheduler_behind_it(asked: str, used: str) -> None:
    assert response(png(), info={"sampler_name": used}, extra={"sampler_name": asked}).warnings == ()


@pytest.mark.parametrize(
    ("asked", "used"), [("DPM++ 2Mx", "DPM++ 2M"), ("Euler a", "Euler"), ("DPM++ 2M", "DPM++ 2M SDE"), ("LCM", "NONE")]
)
def test_another_sampler_is_told_of_though_its_name_begins_alike(asked: str, used: str) -> None:
    (warning,) = response(png(), info={"sampler_name": used}, extra={"sampler_name": asked}).warnings
    assert f"not with {asked}" in warning


TURBO = {
    "title": "Diffusers/stabilityai/sdxl-turbo: one, two [71153311d3]",
    "model_name": "Diffusers/stabilityai/sdxl-turbo: one, two",
    "filename": "/models/Diffusers/models--stabilityai--sdxl-turbo/snapshots/71153311d3dbb46851df1931d3ca6e939de83304",
    "hash": "71153311d3",
    "sha256": "71153311d3dbb46851df1931d3ca6e939de83304",
}


@pytest.mark.parametrize(("told", "warnings"), [("sdxl-turbo one two", 0), ("v1-5", 1)])
def test_a_folder_of_sdnexts_is_told_by_the_last_part_of_its_name(told: str, warnings: int) -> None:
    request = ImageRequest("a fox")
    (checkpoint,) = listed(ServerEvent("response", json.dumps([TURBO]).encode(), LISTING, request, 200))
    info = {"all_seeds": [7], "infotexts": [f"a fox\nSteps: 20, Seed: 7, App: SD.Next, Model: {told}"]}
    said = {"images": [text(png())], "info": json.dumps(info)}
    (made,) = heard(said, draw(request, checkpoint))
    assert isinstance(made, ImageResponse)
    assert len(made.warnings) == warnings


def test_a_server_that_says_nothing_of_seeds_has_written_them_into_its_pictures() -> None:
    made = response(png(f"a fox\n{SETTINGS}"), png(f"a fox\n{SETTINGS.replace('42', '43')}"), n=2)
    assert [image.seed for image in made.images] == [42, 43]
    assert made.metadata == {"sd_model_name": "v1-5", "parameters": f"a fox\n{SETTINGS}"}


@pytest.mark.parametrize("info", ["", "nonsense", "null", "[]"])
def test_a_picture_is_taken_though_nothing_is_known_of_it(info: str) -> None:
    made = response(png(), info=info)
    assert (made.image.data, made.seed, made.metadata, made.warnings) == (png(), None, {}, ())


def test_a_grid_before_the_pictures_and_maps_behind_them_are_left_out() -> None:
    one, two = png("one"), png("two")
    info = {"all_seeds": [1, 2], "index_of_first_image": 1}
    made = response(png("grid"), one, two, png("map"), info=info, n=2)
    assert [image.data for image in made.images] == [one, two]


def test_a_picture_may_come_as_a_data_url() -> None:
    (made,) = heard({"images": [f"data:image/png;base64,{text(png())}"], "info": ""})
    assert isinstance(made, ImageResponse)
    assert made.data == png()


def test_fewer_pictures_than_asked_for_are_told_of() -> None:
    made = response(png(), info={"all_seeds": [1]}, n=3)
    assert made.warnings == ("3 pictures were asked for, and 1 came: somebody stopped the job.",)


def test_no_picture_is_an_error() -> None:
    assert "answered without a picture" in str(failure({"images": [], "info": ""}, 200))


def test_what_is_not_base64_is_an_error() -> None:
    with pytest.raises(ValueError, match="base64"):
        heard({"images": ["no picture!"], "info": ""})


@pytest.mark.parametrize(
    ("infotext", "seed"),
    [
        (f"a fox\n{SETTINGS}", "42"),
        (SETTINGS, "42"),
        (f"Seed: 1, Steps: 9, Seed: 2\nSteps: 3, Seed: 4\nNegative prompt: no\n{SETTINGS}", "42"),
        (f"a fox\n{SETTINGS}\nTemplate: Seed: 5", "42"),
        ("a fox, Seed: 5", ""),
        ("", ""),
    ],
)
def test_a_setting_is_read_from_its_line_and_not_from_the_prompt(infotext: str, seed: str) -> None:
    assert setting(infotext, "Seed") == seed


def test_a_setting_in_quotes_may_hold_commas() -> None:
    assert setting('fox\nSteps: 1, Model: "my, \\"best\\" one", Seed: 4', "Model") == 'my, "best" one'
    assert setting('fox\nSteps: 1, Model: "my, \\x", Seed: 4', "Seed") == "4"


@pytest.mark.parametrize("international", [False, True])
def test_text_is_read_from_a_png_in_either_form(international: bool) -> None:
    assert text_in(png("ein schöner Fuchs", international=international)) == "ein schöner Fuchs"


def test_a_picture_without_text_or_that_is_cut_short_says_nothing() -> None:
    assert text_in(png()) == text_in(b"\xff\xd8\xff\xe0") == text_in(png("a fox")[:36]) == ""


def test_the_place_in_the_queue_is_told() -> None:
    queued = UNKNOWN | {"queued": True, "textinfo": "In queue: 2/3"}
    assert heard(queued, own_job("a", preview=4)) == [
        Progress("queued", detail="In queue: 2/3"),
        Follow(own_job("a", preview=4), after=1),
    ]


def test_how_much_is_done_is_told_with_a_preview() -> None:
    shown = f"data:image/png;base64,{text(png())}"
    active = UNKNOWN | {"active": True, "progress": 0.35, "textinfo": None, "live_preview": shown, "id_live_preview": 4}
    progress, preview, follow = heard(active, own_job("a"))
    assert progress == Progress("drawing", 0.35)
    assert isinstance(preview, ImagePreview)
    assert preview.image.data == png()
    assert follow == Follow(own_job("a", preview=4), after=1)


def test_a_job_that_is_done_is_not_asked_for_again() -> None:
    assert heard(UNKNOWN | {"completed": True}, own_job("a")) == []


def test_a_job_that_stays_unknown_is_looked_for_in_what_is_drawn() -> None:
    first = own_job("a")
    (again,) = heard(UNKNOWN, first)
    assert again == Follow(own_job("a", unknown=1), after=1)
    assert isinstance(again, Follow)
    assert isinstance(again.payload, HttpRequest)
    assert heard(UNKNOWN, again.payload) == [Follow(ANY_JOB, after=1)]


@pytest.mark.parametrize("status", [401, 404, 405])
def test_a_server_without_pages_is_asked_what_it_draws(status: int) -> None:
    assert heard({"detail": "Not Found"}, own_job("a"), status) == [Follow(ANY_JOB)]


def test_of_any_job_steps_and_preview_are_told() -> None:
    state = IDLE | {"job": "scripts_txt2img", "job_count": 1, "sampling_step": 7}
    said = {"progress": 0.36, "eta_relative": 2.5, "state": state, "current_image": text(png()), "textinfo": None}
    progress, preview, follow = heard(said, ANY_JOB)
    assert progress == Progress("drawing", 0.36, "step 7 of 20")
    assert isinstance(preview, ImagePreview)
    assert follow == Follow(ANY_JOB, after=1)


def test_a_server_that_draws_nothing_has_no_progress() -> None:
    said = {"progress": 0.0, "eta_relative": 0.0, "state": IDLE, "current_image": None, "textinfo": None}
    assert heard(said, ANY_JOB) == [Follow(ANY_JOB, after=1)]


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"error": "HTTPException", "detail": "Script 'x' not found", "body": "", "errors": ""}, 422, "Script 'x' not"),
        ({"detail": "Init image not found"}, 404, "Init image not found"),
        ({"error": "Init image is none"}, 400, "Init image is none"),
        ({"error": "prompt required"}, 400, "prompt required"),
        (
            {"error": "server_error", "message": "[json.exception.type_error.302] type must be"},
            500,
            "302] type must be",
        ),
        ({"error": "HTTPException", "detail": "Invalid encoded image", "body": "", "errors": ""}, 500, "Invalid enc"),
        ({"detail": "Request to local resource not allowed"}, 500, "Request to local resource not allowed"),
        ({"error": "RuntimeError", "detail": "", "body": "", "errors": "model 'x' not found"}, 500, "model 'x' not"),
        ({"detail": [{"loc": ["body", "steps"], "msg": "value is not", "type": "t"}]}, 422, "steps: value is not"),
        ({"detail": ["no", 7]}, 422, "no; 7"),
        ({"detail": "Method Not Allowed"}, 405, "Method Not Allowed"),
    ],
)
def test_a_request_that_is_wrong_is_told_in_the_servers_words(said: Any, status: int, words: str) -> None:
    error = failure(said, status)
    assert type(error) is ResponseError
    assert words in str(error)
    assert error.status == status


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"error": "generate_image returned no results"}, 500, "generate_image returned no results"),
        ({"error": "RuntimeError", "detail": "", "body": "", "message": "mat1 and mat2"}, 500, "RuntimeError: mat1"),
        (b"<html><h1>Internal Server Error</h1></html>", 500, "Internal Server Error"),
        (b"", 404, "Start the web UI with --api"),
        ({"detail": "Not Found"}, 404, "Start the web UI with --api"),
    ],
)
def test_a_server_that_cannot_draw_is_unavailable(said: Any, status: int, words: str) -> None:
    error = failure(said, status)
    assert isinstance(error, ProviderUnavailable)
    assert words in str(error)


def test_a_picture_too_large_for_the_memory_is_not_asked_for_again() -> None:
    said = {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory."}
    error = failure(said, 500)
    assert not isinstance(error, ProviderUnavailable)
    assert "OutOfMemoryError: CUDA out of memory. Ask for a smaller picture" in str(error)


def test_a_server_that_wants_a_password_says_where_to_put_it() -> None:
    error = failure({"detail": "Not authenticated"}, 401)
    assert isinstance(error, AuthenticationError)
    assert "Not authenticated. Set AUTOMATIC1111_AUTH to 'user:password'" in str(error)


def test_checkpoints_that_cannot_be_listed_are_told_of() -> None:
    with pytest.raises(AuthenticationError):
        heard({"detail": "Not authenticated"}, plugin.request_models(plugin.PROVIDER), 401)
    event = ServerEvent("response", b"", plugin.request_models(plugin.PROVIDER), ImageRequest("x"), 404)
    with pytest.raises(ProviderUnavailable, match="there is no GET /sdapi/v1/sd-models"):
        plugin.parse_models(plugin.PROVIDER, event)
