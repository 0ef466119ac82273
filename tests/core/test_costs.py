"""What a picture cost, and what was counted: reported or computed, summed where several were drawn side by side."""

from __future__ import annotations

from typing import Any

import pytest

import impasto
from impasto import Cost, Image, ImageResponse, hookimpl
from standins.pictures import picture
from standins.provider import ExampleProvider, client
from standins.server import ScriptedServer, reply


class Priced(ExampleProvider):
    """Tells of each picture what the test wrote down for it."""

    def __init__(self, *costs: Cost | None, usage: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.costs = list(costs)
        self.usage = usage

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        return [ImageResponse((Image(data=picture()),), cost=self.costs.pop(), usage=self.usage)]


REPORTED = Cost(0.25)
COMPUTED = Cost(0.5, source="computed", as_of="2026-10-01")


async def drawn(server: ScriptedServer, plugin: Priced, n: int) -> ImageResponse:
    server.script("/draw", reply("{}"))
    async with client(plugin, url=server.url) as opened:
        return await opened.generate("a fox", model="paint", n=n)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("costs", "total"),
    [
        pytest.param([REPORTED, REPORTED], Cost(0.5), id="reported"),
        pytest.param([COMPUTED, COMPUTED], Cost(1.0, source="computed", as_of="2026-10-01"), id="computed"),
        pytest.param([REPORTED, COMPUTED], Cost(0.75, source="computed", as_of="2026-10-01"), id="both"),
        pytest.param([REPORTED, None], None, id="one unknown"),
        pytest.param([REPORTED, Cost(1, "EUR")], None, id="two currencies"),
    ],
)
async def test_costs_of_pictures_side_by_side_are_summed(
    server: ScriptedServer, costs: list[Cost | None], total: Cost | None
) -> None:
    assert (await drawn(server, Priced(*costs), len(costs))).cost == total


@pytest.mark.anyio
async def test_an_unknown_cost_is_none_and_never_nothing(server: ScriptedServer) -> None:
    assert (await drawn(server, Priced(None), 1)).cost is None


@pytest.mark.anyio
async def test_what_was_counted_is_summed_number_by_number(server: ScriptedServer) -> None:
    usage = {"total_tokens": 7, "details": {"image_tokens": 5}, "tier": "basic"}
    response = await drawn(server, Priced(None, None, None, usage=usage), 3)
    assert response.usage == {"total_tokens": 21, "details": {"image_tokens": 15}, "tier": "basic"}
