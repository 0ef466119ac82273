"""Where pictures go: names, and what becomes of files that are there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import impasto
from impasto import Image, ImageResponse, UnsavableImage
from impasto.cli.target import Target
from standins.pictures import picture

pytestmark = pytest.mark.usefixtures("in_tmp_path")


def response(*images: Image) -> ImageResponse:
    return ImageResponse(images or (Image(data=picture(), media_type="image/png"),), prompt="fox")


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A red fox, under a full moon!", "a-red-fox-under-a-full-moon.png"),
        ("рыжая лиса", "рыжая-лиса.png"),
        ("हिन्दी", "हिन्दी.png"),
        ("月の下の狐", "月の下の狐.png"),
        ("../../etc/passwd", "etc-passwd.png"),
        ("🦊 …", "picture.png"),
        ("fox " * 100, "-".join(["fox"] * 20) + ".png"),
    ],
)
def test_the_prompt_names_the_file(prompt: str, name: str) -> None:
    assert Target(None, prompt).save(response()) == [Path(name)]


def test_the_providers_format_gives_the_suffix() -> None:
    webp = Image(data=picture("WEBP"), media_type="image/webp")
    assert Target("out/", "fox").save(response(webp)) == [Path("out/fox.webp")]
    assert Path("out/fox.webp").read_bytes() == picture("WEBP")


def test_a_name_of_our_own_choosing_never_meets_a_file() -> None:
    Path("fox.png").write_text("mine")
    Path("fox-2.png").symlink_to("nowhere")
    assert Target(None, "fox").save(response()) == [Path("fox-3.png")]
    assert Path("fox.png").read_text() == "mine"


def test_the_name_appears_with_the_whole_picture_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def replace(source: Path, target: Path) -> Path:
        written.extend(path.name for path in Path().iterdir() if not path.name.startswith("."))
        return really(source, target)

    really = Path.replace
    monkeypatch.setattr(Path, "replace", replace)
    assert Target(None, "fox").save(response()) == [Path("fox.png")]
    assert written == []
    assert [path.name for path in Path().iterdir()] == ["fox.png"]


def test_a_file_system_without_hard_links_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    Path("fox.png").write_text("mine")
    assert Target(None, "fox").save(response()) == [Path("fox-2.png")]
    assert Path("fox-2.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in Path().iterdir()) == ["fox-2.png", "fox.png"]


def test_a_file_that_the_user_named_is_replaced() -> None:
    Path("fox.png").write_text("old")
    assert Target("fox.png", "fox").save(response()) == [Path("fox.png")]
    assert Path("fox.png").read_bytes().startswith(b"\x89PNG")


def test_those_who_write_at_the_same_moment_do_not_overwrite_each_other() -> None:
    count = 12
    barrier = threading.Barrier(count)
    saved: list[Path] = []

    def save() -> None:
        target = Target(None, "fox")
        barrier.wait()
        saved.extend(target.save(response()))

    threads = [threading.Thread(target=save) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(saved)) == count
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in saved)


def test_a_picture_that_cannot_be_written_leaves_no_empty_file() -> None:
    broken = Image(data=b"\x89PNG\r\n\x1a\nbroken", media_type="image/png")
    with pytest.raises(UnsavableImage, match="not a picture"):
        Target(None, "fox").save(response(broken))
    assert list(Path().iterdir()) == []


def test_a_picture_that_cannot_be_written_can_still_be_fetched() -> None:
    broken = Image(url="https://example.invalid/fox.png", data=b"\x89PNG\r\n\x1a\nbroken", media_type="image/png")
    with pytest.raises(UnsavableImage, match="The provider has the picture at https://example.invalid/fox.png"):
        Target(None, "fox").save(response(broken))


def test_every_file_of_several_is_tried_before() -> None:
    Path("fox-3.png").mkdir()
    with pytest.raises(impasto.InvalidRequest, match="fox-3.png: there is a folder of that name"):
        Target("fox.png", "fox", 3)
    Target("fox.png", "fox", 2)
