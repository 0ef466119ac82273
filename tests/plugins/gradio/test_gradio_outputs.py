"""Pictures are found wherever an app returns them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import Image
from impasto_gradio.outputs import images_in, seed_in, without_before, words_in


def file(path: str | None, **more: object) -> dict[str, object]:
    return {"path": path, "url": None, "orig_name": None, "mime_type": None, "meta": {}} | more


def urls(outputs: object, root: str = "/gradio_api") -> list[str]:
    return [image.address for image in images_in(outputs, root)]


FOX, OWL = file("/tmp/g/1/fox.webp"), file("/tmp/g/2/owl.png")
FOX_URL, OWL_URL = "/gradio_api/file=/tmp/g/1/fox.webp", "/gradio_api/file=/tmp/g/2/owl.png"


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([FOX, 7], [FOX_URL]),
        (["words", FOX, OWL], [FOX_URL, OWL_URL]),
        ([[{"image": FOX, "caption": "a fox"}, {"image": OWL, "caption": None}]], [FOX_URL, OWL_URL]),
        ([[FOX, OWL]], [FOX_URL, OWL_URL]),
        ([{"images": [FOX], "seed": 3}], [FOX_URL]),
        ([{"background": OWL, "layers": [OWL], "composite": FOX}], [FOX_URL]),
        ([{"image": FOX, "annotations": [{"image": OWL, "label": "mask"}]}], [FOX_URL]),
        ([FOX, FOX, [{"image": FOX}]], [FOX_URL]),
        ([{"__type__": "update", "value": FOX}], [FOX_URL]),
        ([None, True, 3.5, "", {}, []], []),
        (None, []),
    ],
)
def test_wherever_they_are(outputs: object, expected: list[str]) -> None:
    assert urls(outputs) == expected


def test_a_slider_shows_a_picture_before_and_after_of_which_only_the_latter_is_new() -> None:
    assert urls(without_before([[OWL, FOX], 7], [0])) == [FOX_URL]
    assert urls(without_before([[None, FOX], OWL], [0])) == [FOX_URL, OWL_URL]
    assert urls(without_before([FOX, [OWL, FOX]], [])) == [FOX_URL, OWL_URL]


@pytest.mark.parametrize("outputs", [None, [], [None], ["words"], [[]], [[None, None]], {"path": "x"}])
def test_a_slider_without_pictures_is_left_alone(outputs: object) -> None:
    assert urls(without_before(outputs, [0, 1])) == urls(outputs)


def test_the_address_is_made_from_the_path_because_the_servers_own_may_be_wrong() -> None:
    wrong = file("/tmp/g/1/fox.webp", url="http://inner.host/cal/file=/tmp/g/1/fox.webp")
    assert urls([wrong], root="") == ["/file=/tmp/g/1/fox.webp"]


def test_a_path_is_quoted() -> None:
    assert urls([file("/tmp/g/a fox?#1.webp")]) == ["/gradio_api/file=/tmp/g/a%20fox%3F%231.webp"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        file("https://cdn.test/fox.png", url="https://cdn.test/fox.png"),
        file("https://cdn.test/fox.png"),
        file(None, url="https://cdn.test/fox.png"),
        file("/tmp/g/fox.png", url="https://cdn.test/fox.png"),
        "https://cdn.test/fox.png",
    ],
)
def test_a_picture_that_lies_elsewhere_keeps_its_address(elsewhere: object) -> None:
    assert urls([elsewhere]) == ["https://cdn.test/fox.png"]


@pytest.mark.parametrize(
    "other",
    [
        file("/tmp/g/film.mp4"),
        file("/tmp/g/voice", mime_type="audio/wav"),
        {"video": file("/tmp/g/film.webm"), "subtitles": None},
        "https://example.com/about",
        "see https://example.com/fox.png",
        "fox.png",
    ],
)
def test_what_is_no_picture_is_left_alone(other: object) -> None:
    assert urls([other]) == []


@pytest.mark.parametrize("picture", [file("/tmp/g/x", mime_type="image/png"), file("/tmp/g/x"), file("/tmp/g/X.JPG")])
def test_a_file_counts_by_its_type_or_its_name(picture: object) -> None:
    assert len(urls([picture])) == 1


def test_data_urls_are_kept_whole() -> None:
    assert images_in(["data:image/png;base64,AAAA"], "") == [Image(url="data:image/png;base64,AAAA")]


def test_words_are_the_strings_that_are_no_pictures() -> None:
    assert words_in(["A fox. ", FOX, "", "https://cdn.test/fox.png", 3, "Done"]) == "A fox.\nDone"


@pytest.mark.parametrize(
    ("outputs", "seed"),
    [
        ([FOX, 7], 7),
        ([FOX, 7.0], 7),
        ([FOX, "7"], 7),
        ([FOX, True], None),
        ([FOX, -1], None),
        ([FOX, 7.5], None),
        ([FOX, "seven"], None),
        ([FOX, None], None),
        ([FOX, float("inf")], None),
        ([FOX, float("nan")], None),
        ([FOX], None),
    ],
)
def test_the_seed_is_a_whole_number_or_nothing(outputs: object, seed: int | None) -> None:
    assert seed_in(outputs, 1) == seed


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["path", "url", "image", "mime_type", "orig_name", "caption"]), inner)
    ),
    max_leaves=20,
)


@given(json)
def test_nothing_that_an_app_returns_breaks_the_search(outputs: object) -> None:
    assert all(image.url for image in images_in(outputs, ""))
    assert isinstance(words_in(outputs), str)
    assert seed_in(outputs, 0) is None or isinstance(seed_in(outputs, 0), int)
