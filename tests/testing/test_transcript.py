"""Transcripts: text that reads like HTTP, and holds a conversation exactly."""

from __future__ import annotations

import contextlib
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.testing import Exchange, Transcript, TranscriptError
from impasto.testing.pictures import plain_picture

LITTLE = Path(__file__).parent / "little" / "transcripts"

names = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
headers = st.dictionaries(names, values, max_size=3)
urls = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40).map("/".__add__)
bodies = st.binary(max_size=200) | st.text(max_size=100).map(str.encode) | st.sampled_from(
    [b"\n", b"\r\n", b"a\r\nb\r\n", b"data: x\n\n", b"> GET /\n< 200\n", b"[base64]", b"# no remark", b" ", b"a\r\nb\n"]
)  # fmt: skip
exchanges = st.builds(
    Exchange, st.sampled_from(["GET", "POST", "DELETE"]), urls, headers, bodies, st.integers(100, 599), headers, bodies
)
requests = st.dictionaries(names, st.none() | st.booleans() | st.integers() | st.text(max_size=20), max_size=3)


@given(st.builds(Transcript, st.lists(exchanges, max_size=3).map(tuple), st.just("easel/easel-2"), requests))
def test_what_is_written_is_read_again(transcript: Transcript) -> None:
    assert Transcript.parse(transcript.text()) == transcript


@pytest.mark.parametrize("path", sorted(LITTLE.glob("*.http")), ids=lambda path: path.stem)
def test_a_transcript_is_written_as_people_write_it(path: Path) -> None:
    assert Transcript.read(path).text() == path.read_text("utf-8")


def test_events_stand_as_they_came() -> None:
    body = b'event: complete\ndata: {"url": "/a.png"}\n\n'
    text = Transcript((Exchange("GET", "/jobs/1", headers={"content-type": "text/event-stream"}, body=body),)).text()
    assert '< content-type: text/event-stream\n<\n< event: complete\n< data: {"url": "/a.png"}\n<\n<\n' in text


def test_a_plain_picture_is_a_line() -> None:
    transcript = Transcript((Exchange("GET", "/a.png", body=plain_picture("PNG", 64, 48)),))
    assert transcript.text().endswith("< 200 OK\n< [picture PNG 64x48]\n")
    assert Transcript.parse(transcript.text()) == transcript


def test_a_checkout_with_other_line_ends_is_the_same_transcript() -> None:
    text = (LITTLE / "drawn.http").read_text("utf-8")
    assert Transcript.parse(text.replace("\n", "\r\n")) == Transcript.parse(text)


HEAD = "# impasto transcript 1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: a transcript begins with '# impasto transcript 1'"),
        (HEAD + "modle: x\n", "line 2: the head has the fields model, request, ends, not 'modle: x'"),
        (HEAD + "model: x\nmodel: y\n", "line 3: model is said twice"),
        (HEAD + "request: {\n", "line 2: the request is not JSON"),
        (HEAD + "request: []\n", "line 2: the request must be a JSON object"),
        (HEAD + "< 200 OK\n", "line 2: an answer without a request before it"),
        (HEAD + "> GET /\n", "line 2: 'GET /' has no answer"),
        (HEAD + "> GET /\n< OK\n", "line 2: an answer begins with its status, not 'OK'"),
        (HEAD + "> get /\n< 200\n", "line 2: 'get' is no HTTP method"),
        (HEAD + "> GET\n< 200\n", "line 2: '' is no url"),
        (HEAD + "> GET /\n< 200\n< what\n", "line 4: a header field is 'name: value'"),
        (HEAD + "> GET /\n< 200\n< [zip]\n", "line 4: a body is [crlf], [base64] or [picture FORMAT WxH]"),
        (HEAD + "> GET /\n< 200\n< [base64]\n< !\n", "line 4: broken base64"),
        (HEAD + "> GET /\n< 200\n< [picture TXT 1x1]\n", "line 4: no picture can be made of format TXT"),
        (HEAD + "> GET /\nfox\n< 200\n", "line 3: lines of an exchange begin with '>' or '<', not 'fox'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Transcript.parse(text)
    assert words in str(caught.value)


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda text: HEAD + "> GET /\n< 200\n< " + text))
def test_any_text_is_a_transcript_or_an_error(text: str) -> None:
    with contextlib.suppress(TranscriptError):
        Transcript.parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"nowhere\.http cannot be read"):
        Transcript.read(tmp_path / "nowhere.http")
