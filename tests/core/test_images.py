"""Pictures are known by their bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ProtocolError
from impasto.images import inspect, is_whole
from impasto.saving.formats import MEDIA_TYPES
from standins.pictures import picture


@pytest.mark.parametrize(("media_format", "media_type"), MEDIA_TYPES.items())
def test_each_format_is_known_by_its_magic_number_and_its_header(media_format: str, media_type: str) -> None:
    data = picture(media_format, (40, 30))
    assert inspect(data) == (media_type, 40, 30)
    assert is_whole(data)


@pytest.mark.parametrize("media_format", ["PNG", "JPEG", "WEBP"])
@given(share=st.floats(0.3, 0.99))
def test_a_picture_that_was_cut_is_not_whole(media_format: str, share: float) -> None:
    data = picture(media_format, (40, 30))
    assert not is_whole(data[: int(len(data) * share)])


@pytest.mark.parametrize("media_format", ["PNG", "JPEG"])
def test_bytes_behind_the_end_do_not_matter(media_format: str) -> None:
    assert is_whole(picture(media_format) + b"appended by a phone")


@given(st.binary(max_size=200), st.sampled_from([b"", *(picture(name)[:40] for name in MEDIA_TYPES)]))
def test_any_bytes_are_a_picture_or_a_protocol_error(data: bytes, beginning: bytes) -> None:
    try:
        _, width, height = inspect(beginning + data)
    except ProtocolError:
        return
    assert width > 0
    assert height > 0
