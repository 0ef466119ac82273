"""The tutorial's service does what the tutorial says of it."""

from __future__ import annotations

import io
import json
import re

import httpx
import pytest
from PIL import Image

from docs.documents import blocks_of
from repository import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
ANSWER, REFUSAL = [block.source for block in blocks_of(PAGE) if block.source.startswith("event:")]


@pytest.fixture
def service(gouache: dict[str, str]) -> httpx.Client:
    (address,) = gouache.values()
    return httpx.Client(base_url=address, headers={"Authorization": "Bearer indigo"}, trust_env=False, timeout=60)


def test_it_answers_as_the_page_shows(service: httpx.Client) -> None:
    (asked,) = re.findall(r"`(\{\"prompt\".*?\})`", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with service:
        answer = service.post("/images", json=json.loads(asked))
    said = answer.text.replace(f":{answer.url.port}/", ":8077/")
    assert said.strip() == ANSWER.strip()


def test_it_refuses_as_the_page_shows(service: httpx.Client) -> None:
    with service:
        assert service.post("/images", json={"prompt": "a sword"}).text.strip() == REFUSAL.strip()


@pytest.mark.parametrize(
    ("headers", "asked", "status"),
    [({"Authorization": "Bearer cyan"}, {"prompt": "a hill"}, 401), ({}, {"prompt": "a hill", "width": 8}, 400)],
)
def test_what_it_cannot_do_has_a_status(
    service: httpx.Client, headers: dict[str, str], asked: dict[str, object], status: int
) -> None:
    with service:
        answer = service.post("/images", headers=headers, json=asked)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_the_picture_of_the_page_is_the_one_that_it_paints(service: httpx.Client) -> None:
    page = PAGE.read_text(encoding="utf-8")
    ((prompt, file),) = re.findall(r"!\[(.*?)\]\((.*?)\)", page)
    assert f'impasto "{prompt}" -m hills --seed 7 ' in page
    with service:
        said = service.post("/images", json={"prompt": prompt, "seed": 7}).text
        address = json.loads(said.split("data: ")[-1])["image"]
        painted = io.BytesIO(service.get(address).content)
    with Image.open(ROOT / "docs" / file) as shown, Image.open(painted) as drawn:
        assert (shown.size, shown.tobytes()) == (drawn.size, drawn.tobytes())
