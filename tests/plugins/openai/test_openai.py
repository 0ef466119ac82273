"""OpenAI: the models it offers, and what is sent for a request."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image as Pictures

import impasto_openai as plugin
from impasto import Bearer, HttpRequest, ImageRequest, InvalidRequest, Model
from impasto.fitting import fit
from impasto.sources import as_mask, image_of
from impasto_openai import sizes

SUNBURST = "gpt-image-2.6-sunburst"


def model(name: str) -> Model:
    found = plugin.find_model(name)
    assert found is not None
    return found


def payload(name: str, **fields: Any) -> HttpRequest:
    chosen = model(name)
    built = plugin.build_payload(chosen, fit(chosen, ImageRequest("a fox", **fields)))
    assert isinstance(built, HttpRequest)
    return built


def said(name: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = payload(name, **fields).json
    return body


def picture(mode: str = "RGB", kind: str = "PNG", size: tuple[int, int] = (1024, 1024)) -> Any:
    encoded = io.BytesIO()
    Pictures.new(mode, size).save(encoded, kind)
    return image_of(encoded.getvalue())


def half_white() -> Any:
    """Return a mask whose left half is to be drawn anew."""
    mask = Pictures.new("L", (1024, 1024), 0)
    mask.paste(255, (0, 0, 512, 1024))
    return as_mask(image_of(mask))


class TestTheModels:
    def test_are_at_openai_with_its_key(self) -> None:
        assert plugin.PROVIDER.url == "https://api.openai.com/v1"
        auth = plugin.PROVIDER.auth
        assert isinstance(auth, Bearer)
        assert (auth.env, auth.optional) == ("OPENAI_API_KEY", False)
        assert auth.help_url == "https://platform.openai.com/api-keys"

    def test_have_the_names_that_people_use(self) -> None:
        names = {alias: each.id for each in plugin.list_models() for alias in each.aliases}
        assert names == {
            "gpt-image": SUNBURST,
            "gpt-image-2.6": SUNBURST,
            "sunburst": SUNBURST,
            "gpt-image-fast": "gpt-image-2.6-flare",
            "flare": "gpt-image-2.6-flare",
            "gpt-image-2.5": "gpt-image-2.5-sunburst",
        }
        assert plugin.PROVIDER.default_model == SUNBURST

    def test_say_of_those_that_end_when_and_what_to_use_instead(self) -> None:
        ends = {each.id: each.deprecated for each in plugin.list_models() if each.deprecated}
        assert set(ends) == {"gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"}
        assert all("2026-12-01" in words and SUNBURST in words for words in ends.values())

    def test_leave_out_those_that_are_shut_down(self) -> None:
        assert not {"dall-e-2", "dall-e-3", "gpt-image-1"} & {each.id for each in plugin.list_models()}

    def test_a_dated_snapshot_takes_what_its_model_takes(self) -> None:
        snapshot = model("gpt-image-2.5-flare-2026-09-08")
        (listed,) = (each for each in plugin.list_models() if each.id == "gpt-image-2.5-flare")
        assert (snapshot.accepts, snapshot.size, snapshot.aliases) == (listed.accepts, listed.size, ())

    @pytest.mark.parametrize("name", ["", " ", "a b", "-x", "../x", "x" * 201, "ä"])
    def test_a_name_that_no_server_has_is_none(self, name: str) -> None:
        assert plugin.find_model(name) is None


class TestAGeneration:
    def test_says_the_model_the_prompt_and_the_size(self) -> None:
        asked = payload(SUNBURST)
        assert (asked.method, asked.url, asked.files) == ("POST", "/images/generations", None)
        assert asked.json == {"model": SUNBURST, "prompt": "a fox", "size": "1024x1024"}

    def test_may_be_silent_for_minutes_and_is_not_sent_twice(self) -> None:
        asked = payload(SUNBURST)
        assert asked.idle == 300
        assert not asked.repeatable

    def test_says_everything_else_that_is_asked(self) -> None:
        extra = {"quality": "max", "output_format": "webp", "output_compression": 80, "complexity": "low"}
        body = said(SUNBURST, n=4, width=2048, height=1152, extra=extra)
        assert body == {"model": SUNBURST, "prompt": "a fox", "n": 4, "size": "2048x1152", **extra}

    def test_with_previews_is_streamed(self) -> None:
        body = said(SUNBURST, extra={"partial_images": 2})
        assert (body["stream"], body["partial_images"]) == (True, 2)
        assert "stream" not in said(SUNBURST)

    def test_leaves_the_size_to_the_model_where_this_is_asked(self) -> None:
        assert said(SUNBURST, extra={"size": "auto"})["size"] == "auto"

    @pytest.mark.parametrize(
        ("fields", "parameter"),
        [
            ({"n": 2, "extra": {"partial_images": 1}}, "extra"),
            ({"extra": {"output_format": "svg"}}, "extra"),
            ({"mask": half_white()}, "mask"),
            ({"seed": 7}, "seed"),
            ({"negative_prompt": "text"}, "negative_prompt"),
            ({"extra": {"style": "vivid"}}, "extra"),
            ({"extra": {"input_fidelity": "high"}, "images": (picture(),)}, "extra"),
            ({"extra": {"output_format": "gif", "partial_images": 0}}, "extra"),
            ({"extra": {"output_format": "gif", "output_compression": 50}}, "extra"),
            ({"extra": {"output_format": "gif"}, "images": (picture(),), "mask": half_white()}, "mask"),
            ({"images": (picture(size=(8, 8)),) * 17}, "images"),
        ],
    )
    def test_is_refused_where_openai_cannot_do_it(self, fields: dict[str, Any], parameter: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            payload(SUNBURST, **fields)
        assert caught.value.parameter == parameter

    @pytest.mark.parametrize(
        ("name", "fidelity", "images"),
        [
            ("gpt-image-1.5", "high", ()),
            ("gpt-image-1-mini", "high", (picture(),)),
            ("chatgpt-image-latest", "low", (picture(),)),
        ],
    )
    def test_is_true_to_its_pictures_only_where_the_model_can_be(self, name: str, fidelity: str, images: Any) -> None:
        with pytest.raises(InvalidRequest) as caught:
            payload(name, extra={"input_fidelity": fidelity}, images=images)
        assert caught.value.parameter == "extra"

    def test_is_refused_where_the_prompt_is_too_long(self) -> None:
        chosen = model(SUNBURST)
        with pytest.raises(InvalidRequest, match="32001 characters; OpenAI takes 32000"):
            plugin.build_payload(chosen, ImageRequest("x" * 32_001))


class TestASize:
    @pytest.mark.parametrize(
        ("asked", "drawn"),
        [
            ((1024, 1024), "1024x1024"),
            ((3840, 2160), "3840x2160"),
            ((1536, 864), "1536x864"),
            ((512, 512), "816x816"),
            ((1024, 576), "1088x608"),
            ((3840, 3840), "2880x2880"),
            ((3840, 640), "2720x912"),
            ((256, 3840), "576x1728"),
        ],
    )
    def test_that_openai_does_not_draw_becomes_the_nearest(self, asked: tuple[int, int], drawn: str) -> None:
        assert said(SUNBURST, width=asked[0], height=asked[1])["size"] == drawn

    def test_is_one_that_is_drawn_whatever_is_asked(self) -> None:
        sides = [1, 16, 255, 479, 480, 816, 1023, 1024, 2161, 2880, 3839, 3840, 65_535]
        for width in sides:
            for height in sides:
                assert sizes.is_drawn(*sizes.nearest(width, height)), (width, height)

    @pytest.mark.parametrize("name", ["gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"])
    def test_of_an_older_model_is_one_of_three(self, name: str) -> None:
        assert said(name, aspect_ratio="3:2")["size"] == "1536x1024"
        with pytest.raises(InvalidRequest, match="1024x1024, 1536x1024, 1024x1536"):
            payload(name, width=2048, height=1152)


class TestAnEdit:
    def test_is_a_form_with_the_picture_as_it_is(self) -> None:
        jpeg = picture(kind="JPEG", size=(1536, 1024))
        asked = payload(SUNBURST, images=(jpeg,), extra={"quality": "low", "partial_images": 1})
        assert (asked.url, asked.json) == ("/images/edits", None)
        assert asked.files == {"image": ("image-1.jpg", jpeg.data, "image/jpeg")}
        assert asked.data == {
            "model": SUNBURST,
            "prompt": "a fox",
            "size": "1536x1024",
            "quality": "low",
            "stream": "true",
            "partial_images": "1",
        }

    def test_sends_several_pictures_under_one_name(self) -> None:
        files = payload(SUNBURST, images=(picture(), picture(kind="WEBP"))).files
        assert files is not None
        assert list(files) == ["image[]"]
        assert [file[0] for file in files["image[]"]] == ["image-1.png", "image-2.webp"]

    def test_makes_transparent_what_is_white_in_the_mask(self) -> None:
        files = payload(SUNBURST, images=(picture(),), mask=half_white()).files
        assert files is not None
        name, data, media_type = files["mask"]
        assert (name, media_type) == ("mask.png", "image/png")
        assert isinstance(data, bytes)
        alpha = Pictures.open(io.BytesIO(data)).getchannel("A")
        assert (alpha.getpixel((0, 0)), alpha.getpixel((1023, 0))) == (0, 255)

    def test_says_how_faithful_an_older_model_is_to_be(self) -> None:
        form = payload("gpt-image-1.5", images=(picture(),), extra={"input_fidelity": "high"}).data
        assert form is not None
        assert form["input_fidelity"] == "high"


class TestAConversation:
    def test_begins_with_a_prompt_and_the_image_tool(self) -> None:
        asked = payload("gpt-6-luna", extra={"quality": "low", "safety_identifier": "f0"})
        assert (asked.method, asked.url) == ("POST", "/responses")
        assert asked.json == {
            "model": "gpt-6-luna",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "a fox"}]}],
            "tools": [{"type": "image_generation", "model": SUNBURST, "quality": "low"}],
            "tool_choice": {"type": "image_generation"},
            "stream": True,
            "safety_identifier": "f0",
        }

    @pytest.mark.parametrize("name", ["gpt-6-luna", "gpt-6-luna-2026-09-22"])
    def test_goes_on_from_an_earlier_response(self, name: str) -> None:
        asked = payload(name, session={"response": "resp_1"})
        assert asked.url == "/responses"
        assert (asked.json["model"], asked.json["previous_response_id"]) == (name, "resp_1")

    def test_draws_a_gif_without_previews(self) -> None:
        gif = {"output_format": "gif", "partial_images": 0}
        assert said("gpt-6-luna", extra=gif)["tools"] == [{"type": "image_generation", "model": SUNBURST, **gif}]
        with pytest.raises(InvalidRequest, match="no GIF with partial_images"):
            payload("gpt-6-luna", extra={**gif, "partial_images": 1})

    @pytest.mark.parametrize("session", [{}, {"response": None}, {"response": ""}, {"task": "x"}])
    def test_does_not_go_on_from_what_is_no_response(self, session: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest) as caught:
            payload("gpt-6-luna", session=session)
        assert caught.value.parameter == "session"

    @pytest.mark.parametrize(
        ("fields", "size"),
        [
            ({}, None),
            ({"width": 1024}, "1024x1024"),
            ({"aspect_ratio": "16:9"}, "1088x608"),
            ({"aspect_ratio": "2:1", "height": 800}, "1600x800"),
            ({"aspect_ratio": "2:1", "width": 1600}, "1600x800"),
        ],
    )
    def test_has_a_size_only_where_one_is_asked(self, fields: dict[str, Any], size: str | None) -> None:
        (tool,) = said("gpt-6-luna", **fields)["tools"]
        assert tool.get("size") == size

    def test_shows_pictures_and_a_mask(self) -> None:
        shown = picture()
        body = said("gpt-6-luna", images=(shown,), mask=half_white())
        part = body["input"][0]["content"][1]
        assert part == {"type": "input_image", "image_url": shown.data_url(), "detail": "auto"}
        head, _, encoded = body["tools"][0]["input_image_mask"]["image_url"].partition(",")
        assert head == "data:image/png;base64"
        alpha = Pictures.open(io.BytesIO(base64.b64decode(encoded))).getchannel("A")
        assert (alpha.getpixel((0, 0)), alpha.getpixel((1023, 0))) == (0, 255)


class TestAModelOfAnotherServer:
    def test_is_sent_only_what_is_asked(self) -> None:
        assert said("stablediffusion") == {"model": "stablediffusion", "prompt": "a fox"}

    def test_is_sent_the_fields_that_such_servers_have(self) -> None:
        body = said(
            "Qwen/Qwen-Image",
            negative_prompt="text",
            guidance_scale=4.5,
            num_inference_steps=20,
            seed=7,
            width=640,
            height=480,
            extra={"response_format": "b64_json", "true_cfg_scale": 2},
        )
        assert body == {
            "model": "Qwen/Qwen-Image",
            "prompt": "a fox",
            "negative_prompt": "text",
            "guidance_scale": 4.5,
            "num_inference_steps": 20,
            "seed": 7,
            "size": "640x480",
            "response_format": "b64_json",
            "true_cfg_scale": 2,
        }

    def test_is_sent_fields_of_any_form_with_a_picture(self) -> None:
        extra = {"svg": {"reasoning": {"effort": "low"}}, "loras": ["a", "b"], "tiled": True, "none": None}
        form = payload("flux", images=(picture(),), extra=extra).data
        assert form == {
            "model": "flux",
            "prompt": "a fox",
            "svg[reasoning][effort]": "low",
            "loras[]": ["a", "b"],
            "tiled": "true",
        }
