"""What becomes of a picture that is saved."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import struct
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

import impasto
from impasto.errors import ImpastoError, UnsavableImage
from impasto.saving import Description, check_target, save
from impasto.saving.formats import format_of

HOW = Description(
    prompt="a cat, asleep",
    model="sd-3.5",
    provider="example",
    seed=123,
    width=16,
    height=8,
    parameters={"num_inference_steps": 20, "guidance_scale": 7.0, "negative_prompt": "dogs, text"},
)
SUFFIXES = ["avif", "bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"]


def picture(format_: str = "PNG", mode: str = "RGB", colour: Any = (200, 30, 40), **options: Any) -> bytes:
    encoded = io.BytesIO()
    Image.new(mode, (16, 8), colour).save(encoded, format_, **options)
    return encoded.getvalue()


def animation(format_: str) -> bytes:
    frames = [Image.new("RGB", (16, 8), colour) for colour in ("red", "green", "blue")]
    encoded = io.BytesIO()
    frames[0].save(encoded, format_, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    return encoded.getvalue()


def text_of(path: Path) -> dict[str, str]:
    with Image.open(path) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        return {name: str(value) for name, value in image.text.items()}


def pixel(path: Path) -> Any:
    with Image.open(path) as image:
        return image.convert("RGB").getpixel((3, 3))


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        found.append((kind, png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


class TestTheBytes:
    @pytest.mark.parametrize(
        ("format_", "suffix"), [("JPEG", "jpg"), ("WEBP", "WebP"), ("GIF", "gif"), ("TIFF", "tif")]
    )
    def test_are_kept_where_they_are_of_the_suffixs_format(self, tmp_path: Path, format_: str, suffix: str) -> None:
        data = picture(format_)
        assert save(data, tmp_path / f"a.{suffix}", HOW).read_bytes() == data

    def test_of_a_png_are_kept_but_for_text_behind_the_header(self, tmp_path: Path) -> None:
        data = picture()
        saved = save(data, tmp_path / "a.png", HOW).read_bytes()
        assert saved.startswith(data[:33])
        assert saved.endswith(data[33:])
        assert [chunk for chunk in chunks(saved) if chunk[0] not in {b"tEXt", b"iTXt"}] == chunks(data)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
    def test_become_the_suffixs_format(self, tmp_path: Path, source: str, suffix: str) -> None:
        path = save(picture(source), tmp_path / f"a.{suffix.upper()}", HOW)
        with Image.open(path) as image:
            image.load()
            assert image.size == (16, 8)
            assert image.format == {"JPG": "JPEG", "TIF": "TIFF"}.get(suffix.upper(), suffix.upper())
        assert all(abs(had - wanted) < 12 for had, wanted in zip(pixel(path), (200, 30, 40), strict=True))

    def test_are_told_by_themselves_and_not_by_a_name(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"not a picture")
        path = save(picture("PNG"), tmp_path / "a.jpg", HOW)
        assert path.read_bytes().startswith(b"\xff\xd8\xff")

    @pytest.mark.parametrize("data", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff junk", picture()[:-30]])
    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_that_are_no_picture_are_refused_and_leave_nothing(self, tmp_path: Path, data: bytes, suffix: str) -> None:
        with pytest.raises(UnsavableImage):
            save(data, tmp_path / "new" / f"a.{suffix}", HOW)
        assert list(tmp_path.iterdir()) == []


class TestTheFormat:
    @pytest.mark.parametrize(
        ("data", "format_"),
        [
            (b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf", "AVIF"),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "AVIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heicavif", None),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"", None),
        ],
    )
    def test_is_read_from_the_first_bytes(self, data: bytes, format_: str | None) -> None:
        assert format_of(data) == format_


class TestConversion:
    @pytest.mark.parametrize("suffix", ["jpg", "bmp"])
    @pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))])
    def test_puts_white_behind_what_is_transparent(self, tmp_path: Path, suffix: str, mode: str, colour: Any) -> None:
        assert pixel(save(picture(mode=mode, colour=colour), tmp_path / f"a.{suffix}", HOW)) == (
            255,
            255,
            255,
        )

    def test_of_a_palette_with_a_transparent_entry_keeps_it_so(self, tmp_path: Path) -> None:
        data = picture("GIF", "P", 0, transparency=0)
        with Image.open(save(data, tmp_path / "a.webp", HOW)) as image:
            assert image.convert("RGBA").getpixel((3, 3))[3] == 0  # type: ignore[index]
        assert pixel(save(data, tmp_path / "a.jpg", HOW)) == (255, 255, 255)

    @pytest.mark.parametrize("suffix", ["jpg", "webp", "gif", "bmp", "avif"])
    def test_of_16_bits_scales_and_does_not_clip(self, tmp_path: Path, suffix: str) -> None:
        path = save(picture(mode="I;16", colour=0x8000), tmp_path / f"a.{suffix}", HOW)
        assert all(abs(value - 128) < 6 for value in pixel(path))

    @pytest.mark.parametrize("suffix", ["png", "webp", "gif", "bmp", "avif"])
    def test_of_cmyk_is_done_where_the_format_has_none(self, tmp_path: Path, suffix: str) -> None:
        with Image.open(save(picture("JPEG", "CMYK", (0, 255, 255, 0)), tmp_path / f"a.{suffix}", HOW)) as image:
            red, green, _ = image.convert("RGB").getpixel((3, 3))  # type: ignore[misc]
        assert red > 200 > 60 > green

    def test_turns_the_picture_as_its_exif_says(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        with Image.open(save(picture("JPEG", exif=exif), tmp_path / "a.png", HOW)) as image:
            assert image.size == (8, 16)

    def test_keeps_the_colour_profile(self, tmp_path: Path) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        with Image.open(save(picture(icc_profile=profile), tmp_path / "a.jpg", HOW)) as image:
            assert image.info["icc_profile"] == profile

    @pytest.mark.parametrize(("source", "lossless"), [("PNG", b"VP8L"), ("JPEG", b"VP8 ")])
    def test_to_webp_is_lossless_where_the_source_is(self, tmp_path: Path, source: str, lossless: bytes) -> None:
        assert save(picture(source), tmp_path / "a.webp", HOW).read_bytes()[12:16] == lossless

    @pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
    @pytest.mark.parametrize("source", ["GIF", "PNG", "WEBP"])
    def test_keeps_an_animation_moving(self, tmp_path: Path, source: str, suffix: str) -> None:
        with Image.open(save(animation(source), tmp_path / f"a.{suffix}", HOW)) as image:
            assert getattr(image, "n_frames", 1) == 3

    @pytest.mark.parametrize("suffix", ["jpg", "bmp", "tiff"])
    def test_takes_the_first_frame_where_nothing_can_move(self, tmp_path: Path, suffix: str) -> None:
        path = save(animation("GIF"), tmp_path / f"a.{suffix}", HOW)
        assert all(abs(had - wanted) < 6 for had, wanted in zip(pixel(path), (255, 0, 0), strict=True))

    def test_says_what_the_format_cannot_hold(self, tmp_path: Path) -> None:
        wide = io.BytesIO()
        Image.new("L", (20_000, 1)).save(wide, "PNG")
        with pytest.raises(UnsavableImage, match="cannot be converted to WEBP"):
            save(wide.getvalue(), tmp_path / "a.webp", HOW)


class TestThePngsText:
    def test_is_what_the_stable_diffusion_web_uis_write(self, tmp_path: Path) -> None:
        assert text_of(save(picture(), tmp_path / "a.png", HOW)) == {
            "parameters": "a cat, asleep\nNegative prompt: dogs, text\n"
            "Steps: 20, CFG scale: 7, Seed: 123, Size: 16x8, Model: sd-3.5, Provider: example",
            "prompt": "a cat, asleep",
            "model": "sd-3.5",
            "provider": "example",
            "seed": "123",
            "Software": "impasto",
        }

    def test_comes_along_when_a_picture_is_converted(self, tmp_path: Path) -> None:
        assert text_of(save(picture("WEBP"), tmp_path / "a.png", HOW))["seed"] == "123"

    def test_leaves_out_what_is_not_known(self, tmp_path: Path) -> None:
        path = save(picture(), tmp_path / "a.png", Description(prompt="a cat", model="m", provider="p"))
        assert text_of(path)["parameters"] == "a cat\nSize: 16x8, Model: m, Provider: p"
        assert "seed" not in text_of(path)

    def test_quotes_values_that_hold_a_comma_a_colon_or_a_line_feed(self, tmp_path: Path) -> None:
        how = Description(
            "a cat", 'flux:"dev", v1', "p", parameters={"extra": {"style": "a\nb", "raw": True, "x": [1]}}
        )
        parameters = text_of(save(picture(), tmp_path / "a.png", how))["parameters"]
        assert (
            parameters.splitlines()[-1]
            == r'Size: 16x8, Model: "flux:\"dev\", v1", Provider: p, style: "a\nb", raw: True'
        )

    @pytest.mark.parametrize("compressed", [False, True])
    def test_of_the_provider_stays_and_gets_no_second_of_its_name(self, tmp_path: Path, compressed: bool) -> None:
        own = PngImagePlugin.PngInfo()
        own.add_text("parameters", "theirs, with a sampler", zip=compressed)
        own.add_itxt("prompt", '{"3": "a graph"}')
        saved = save(picture(pnginfo=own), tmp_path / "a.png", HOW)
        keywords = [data.partition(b"\0")[0] for kind, data in chunks(saved.read_bytes()) if kind.endswith(b"Xt")]
        assert sorted(keywords) == sorted(set(keywords))
        assert text_of(saved)["parameters"] == "theirs, with a sampler"
        assert text_of(saved)["prompt"] == '{"3": "a graph"}'
        assert text_of(saved)["model"] == "sd-3.5"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(prompt=st.text(min_size=1))
    def test_holds_any_prompt_but_for_null_characters(self, tmp_path: Path, prompt: str) -> None:
        path = save(picture(), tmp_path / "a.png", Description(prompt=prompt, model="m"))
        assert text_of(path).get("prompt", "") == prompt.replace("\0", "")

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        model=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
        seed=st.integers(0, 2**64 - 1),
    )
    def test_settings_are_read_back_as_a_web_ui_reads_them(self, tmp_path: Path, model: str, seed: int) -> None:
        how = Description("a cat", model, "p", seed, 16, 8)
        last = text_of(save(picture(), tmp_path / "a.png", how))["parameters"].split("\n")[-1]
        found = dict(re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', last))
        assert found["Seed"] == str(seed)
        assert found["Size"] == "16x8"
        assert found["Provider"] == "p"


def test_a_picture_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    response = impasto.ImageResponse((impasto.Image(data=picture()),))
    with pytest.raises(ImpastoError, match="There is 1 picture, counted from 0, and none of index 5"):
        response.save(tmp_path / "fox.png", index=5)


class TestTheFile:
    def test_gets_its_folders(self, tmp_path: Path) -> None:
        assert save(picture(), tmp_path / "a" / "b" / "c.png", HOW) == tmp_path / "a" / "b" / "c.png"

    def test_may_be_named_by_a_string(self, tmp_path: Path) -> None:
        assert save(picture(), str(tmp_path / "a.png"), HOW).exists()

    def test_has_the_permissions_of_any_new_file(self, tmp_path: Path) -> None:
        (tmp_path / "ordinary").touch()
        path = save(picture(), tmp_path / "a.png", HOW)
        assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode

    def test_that_is_replaced_keeps_its_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").touch()
        (tmp_path / "a.png").chmod(0o640)
        assert stat.S_IMODE(save(picture(), tmp_path / "a.png", HOW).stat().st_mode) == 0o640

    def test_behind_a_link_is_replaced_and_the_link_stays(self, tmp_path: Path) -> None:
        (tmp_path / "real.png").write_bytes(b"old")
        (tmp_path / "link.png").symlink_to("real.png")
        save(picture(), tmp_path / "link.png", HOW)
        assert (tmp_path / "link.png").is_symlink()
        assert (tmp_path / "real.png").read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("step", ["fsync", "replace"])
    @pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
    def test_stays_as_it_was_when_writing_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
    ) -> None:
        (tmp_path / "a.png").write_bytes(b"old")

        def fail(*_args: object) -> None:
            assert len(list(tmp_path.iterdir())) == 2
            raise failure

        monkeypatch.setattr(os, step, fail)
        with pytest.raises((UnsavableImage, KeyboardInterrupt)) as caught:
            save(picture(), tmp_path / "a.png", HOW)
        assert caught.value is failure or caught.value.__cause__ is failure
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.png", b"old")]

    def test_that_cannot_be_written_takes_its_new_folders_along(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: object) -> None:
            raise OSError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(UnsavableImage, match="Permission denied"):
            save(picture(), tmp_path / "a" / "b" / "c.png", HOW)
        assert list(tmp_path.iterdir()) == []

    def test_saved_twice_at_once_is_one_of_the_two(self, tmp_path: Path) -> None:
        sources = [picture("JPEG", colour=colour) for colour in ("red", "green", "blue", "white")]
        threads = [threading.Thread(target=save, args=(data, tmp_path / "a.jpg", HOW)) for data in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
        assert (tmp_path / "a.jpg").read_bytes() in sources


class TestCheckingBeforehand:
    @pytest.mark.parametrize("name", ["a.png", "a.JPG", "new/folder/a.webp", "two.dots.tiff", "ü 語.avif"])
    def test_finds_nothing_wrong_and_makes_nothing(self, tmp_path: Path, name: str) -> None:
        assert check_target(tmp_path / name) == tmp_path / name
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("name", "said"), [("a.txt", "'.txt'"), ("a", "no suffix"), (".png", "no suffix"), ("", "no")]
    )
    def test_names_the_suffix_and_the_known_ones(self, name: str, said: str) -> None:
        with pytest.raises(UnsavableImage, match=re.escape(said)) as caught:
            check_target(name)
        assert all(f".{suffix}" in str(caught.value) for suffix in SUFFIXES)
        assert isinstance(caught.value, ImpastoError)

    def test_refuses_a_folder_of_that_name(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").mkdir()
        with pytest.raises(UnsavableImage, match=r"a\.png: there is a folder"):
            check_target(tmp_path / "a.png")

    @pytest.mark.parametrize("name", ["file/a.png", "file/deeper/a.png"])
    def test_refuses_a_folder_that_is_a_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(UnsavableImage, match="file is not a folder"):
            check_target(tmp_path / name)

    def test_refuses_what_is_not_a_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "a.png")
        with pytest.raises(UnsavableImage, match="not a file"):
            check_target(tmp_path / "a.png")

    @pytest.mark.parametrize("name", ["a.png", "new/a.png"])
    def test_refuses_a_folder_in_which_nothing_may_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
        with pytest.raises(UnsavableImage, match=re.escape(f"in the folder {tmp_path}")):
            check_target(tmp_path / name)

    def test_refuses_to_replace_a_write_protected_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a.png").touch()
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) == tmp_path)
        with pytest.raises(UnsavableImage, match="write-protected"):
            check_target(tmp_path / "a.png")

    @pytest.mark.parametrize("name", ["a\0.png", "a" * 300 + ".png"])
    def test_refuses_a_name_that_no_file_can_have(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UnsavableImage):
            check_target(tmp_path / name)
