"""Whatever byte of a recorded generation the first provider fails at, the picture arrives."""

from __future__ import annotations

import anyio
import pytest

import impasto
from faults.bench import PROVIDERS, SECOND_PICTURE, client, drawn, nothing_left_behind
from faults.conftest import Tally
from faults.faults import Fault
from faults.server import PICTURE, WIRES, Apart, healthy, needed
from impasto import images, policy

pytestmark = pytest.mark.anyio

AT_ONCE = 100
BRIEF = 0.15
"""Seconds of silence after which a stalled answer is given up."""

LONG = 30.0
"""Seconds of silence that an answer which ends is allowed."""


@pytest.fixture(autouse=True)
def _one_try_without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the first provider tried once: that it fails again is known."""
    monkeypatch.setattr(policy, "TRIES", 1)
    monkeypatch.setattr(images, "_PAUSES", (0, 0))


def every_offset(base: str, kind: str, stride: int = 1) -> list[Fault]:
    return [
        Fault(kind, answer, offset)
        for answer in ("submit", "events", "picture")
        for offset in range(0, len(healthy(base, answer)) + 1, stride)
    ]


async def walk(url: str, base: str, faults: list[Fault], idle: float) -> dict[Fault, impasto.ImageResponse]:
    """Have a picture drawn for every fault, many at once."""
    responses: dict[Fault, impasto.ImageResponse] = {}
    left = iter(faults)

    async def work(walking: impasto.Client) -> None:
        for fault in left:
            responses[fault], attempts = await drawn(walking, fault.prompt, idle_timeout=idle)
            assert [each.number for each in attempts] == list(range(1, len(attempts) + 1))
            assert len(attempts) == (2 if responses[fault].provider == "understudy" else 1)

    async with nothing_left_behind(client(url, base)) as walking, anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work, walking)
    return responses


@pytest.mark.parametrize("kind", ["close", "reset", "stall"])
@pytest.mark.parametrize("base", WIRES)
async def test_the_picture_arrives_wherever_the_first_provider_fails(
    faulty: Apart, base: str, kind: str, tally: Tally
) -> None:
    faults = every_offset(base, kind)
    responses = await walk(faulty.url, base, faults, BRIEF if kind == "stall" else LONG)
    assert len(responses) == len(faults)
    for fault, response in responses.items():
        first, missing = response.provider == PROVIDERS[base], fault.offset < needed(base, fault.answer)
        assert response.data == (PICTURE if first else SECOND_PICTURE)
        assert not (first and missing), fault
        assert first or missing or kind != "close", fault
    assert faulty.faults >= len(faults)
    tally.count(faulty.faults, len(faults))


@pytest.mark.parametrize("kind", ["drip", "garbage", "repeat", "reorder"])
@pytest.mark.parametrize("base", WIRES)
async def test_the_picture_arrives_whatever_else_becomes_of_the_bytes(
    faulty: Apart, base: str, kind: str, tally: Tally
) -> None:
    faults = every_offset(base, kind, stride=7)
    responses = await walk(faulty.url, base, faults, LONG if kind == "drip" else BRIEF)
    assert len(responses) == len(faults)
    for fault, response in responses.items():
        assert kind != "drip" or response.data == PICTURE, fault
    tally.count(faulty.faults, len(faults))
