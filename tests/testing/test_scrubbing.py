"""What is nobody's business is not in a transcript, and the conversation still hangs together."""

from __future__ import annotations

import base64

import pytest

from impasto.testing import Exchange, Transcript
from impasto.testing.pictures import plain_picture
from impasto.testing.scrubbing import scrub
from standins.pictures import picture


def scrubbed(body: str | bytes, *secrets: str, **fields: object) -> Exchange:
    raw = body.encode() if isinstance(body, str) else body
    exchange = Exchange("GET", "/jobs", body=raw, **fields)  # type: ignore[arg-type]
    return scrub(Transcript((exchange,)), secrets).exchanges[0]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("the key abcd-1234 is wrong", "the key a-key-was-here is wrong"),
        ("Incorrect API key provided: sk-proj-abcdefghij1234567890", "Incorrect API key provided: a-key-was-here"),
        ('{"authorization": "Bearer abc.def-123456"}', '{"authorization": "Bearer a-key-was-here"}'),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "a-key-was-here"),
        ("mail jane.doe+art@mail.example.org now", "mail someone@example.com now"),
        ('{"user": "jane", "prompt": "jane"}', '{"user": "someone", "prompt": "jane"}'),
        ('{"user_id": "u-77", "n": 7}', '{"user_id": "someone", "n": 7}'),
        ("from 203.0.113.77 port", "from 192.0.2.1 port"),
        ("at 2001:db8:85a3:8d3:1319:8a2e:370:7348.", "at 2001:db8:0:0:0:0:0:1."),
        ('"/ho' + 'me/jane/a.png"', '"/ho' + 'me/someone/a.png"'),
        (r"C:\\Users\\jane\\a.png", r"C:\\Users\\someone\\a.png"),
        ("version 1.2.3, 127.0.0.1, 512x512", "version 1.2.3, 127.0.0.1, 512x512"),
        ("stable-diffusion-3-5-large-turbo", "stable-diffusion-3-5-large-turbo"),
        ("antidisestablishmentarianism", "antidisestablishmentarianism"),
    ],
)
def test_words_that_lead_to_somebody_are_replaced(said: str, kept: str) -> None:
    assert scrubbed(said, "abcd-1234").body.decode() == kept


@pytest.mark.parametrize(
    "id_",
    [
        "54f47adc83d84526a32300c082638fe1",
        "9f1c2d34-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "a8Xk29dLmQ7wPzR4tY6u",
        "01HV5X6B7CQKZJ8M9N0PQRSTVW",
    ],
)
def test_an_id_is_the_same_placeholder_wherever_it_stands(id_: str) -> None:
    submitted = Exchange("POST", "/jobs", body=f'{{"id": "{id_}"}}'.encode())
    asked = Exchange("GET", f"/jobs/{id_}", headers={"location": f"/jobs/{id_}/result"})
    first, second = scrub(Transcript((submitted, asked))).exchanges
    assert id_ not in str((first, second))
    placeholder = first.body.decode().removeprefix('{"id": "').removesuffix('"}')
    assert len(placeholder) == len(id_)
    assert second.url == f"/jobs/{placeholder}"
    assert second.headers == {"location": f"/jobs/{placeholder}/result"}


def test_two_ids_are_two_placeholders() -> None:
    said = scrubbed("54f47adc83d84526a32300c082638fe1 64f47adc83d84526a32300c082638fe1").body.split()
    assert said[0] != said[1]


def test_what_was_scrubbed_once_stays_as_it_is() -> None:
    said = "54f47adc83d84526a32300c082638fe1 9f1c2d34-5e6f-4a7b-8c9d-0e1f2a3b4c5d jane@mail.example"
    once = scrub(Transcript((Exchange("GET", "/", body=said.encode()),)))
    assert scrub(once) == once


def test_headers_that_hold_keys_or_tell_of_machines_are_left_out() -> None:
    headers = {"set-cookie": "a=b", "x-api-key": "k", "server": "nginx/1.2", "content-type": "a/b", "x-seed": "7"}
    assert scrubbed("", headers=headers).headers == {"content-type": "a/b", "x-seed": "7"}


def test_a_picture_becomes_a_plain_one_of_its_size() -> None:
    assert scrubbed(picture(size=(48, 32))).body == plain_picture("PNG", 48, 32)


def test_a_picture_in_base64_becomes_a_small_one() -> None:
    encoded = base64.b64encode(picture(size=(300, 200)) + b"\0" * 600).decode()
    small = base64.b64encode(plain_picture("PNG", 8, 8)).decode()
    assert scrubbed(f'{{"b64_json": "{encoded}"}}').body.decode() == f'{{"b64_json": "{small}"}}'
