"""The providers under test, and what must not be left behind."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.lowlevel

import impasto
import impasto_stabilityai_sd35_large
import impasto_voodoohop_flux1_schnell
from impasto import Image, ImageResponse, LocalCall, hookimpl
from impasto.health import InProcessHealth
from impasto.plugins import Plugins
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import ExampleProvider

SECOND_PICTURE = picture("PNG", (8, 8), "teal")
THREADS = 8
"""How many local calls run at once, and so how many threads one client keeps for them."""

PROVIDERS = {
    "/gradio4": "voodoohop-flux1-schnell",
    "/gradio6": "stabilityai-sd35-large",
    "": "example",
}
"""The base path of each wire to the provider that speaks it."""


class Understudy:
    """A provider that never fails: it paints on this machine, and has every alias."""

    model = impasto.Model(
        impasto.Provider(id="understudy"), "understudy", accepts={"extra": None}, size=impasto.SizeRule()
    )

    @hookimpl
    def list_models(self) -> list[impasto.Model]:
        return [self.model]

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        return LocalCall(_paint, {"all_at_once": request.prompt == "all at once"})

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[Any]:
        return [event.data]


_together = threading.Barrier(THREADS)


def _paint(all_at_once: bool) -> Iterator[object]:
    if all_at_once:
        _together.wait()
    yield ImageResponse((Image(data=SECOND_PICTURE),))


class NeverRests(InProcessHealth):
    """Lets every route be tried, whatever became of it before."""

    def begin(self, route: str) -> bool:
        return True


def client(url: str, base: str = "", *, alone: bool = False, bounds: dict[str, int] | None = None) -> impasto.Client:
    """Return a client whose model ``fox`` is drawn by the provider of a wire, and if that fails by the understudy.

    Args:
        url: where the faulty server is.
        base: the wire.
        alone: whether there is no understudy.
        bounds: settings of that name.
    """
    provider = PROVIDERS[base]
    settings = Settings(
        aliases={"fox": [provider] if alone else [provider, "understudy"]},
        providers={provider: {"url": url + base}},
        bounds=bounds,
    )
    plugins = {
        "voodoohop": impasto_voodoohop_flux1_schnell,
        "stabilityai": impasto_stabilityai_sd35_large,
        "example": ExampleProvider(EXAMPLE),
        "understudy": Understudy(),
    }
    return impasto.Client(settings=settings, plugins=Plugins(objects=plugins), health=NeverRests())


EXAMPLE = impasto.Model(impasto.Provider(id="example", url="http://unset.invalid", default_model="painter"), "painter")


async def drawn(client: impasto.Client, prompt: str, **options: Any) -> tuple[ImageResponse, list[impasto.Attempt]]:
    """Return the one picture of a request, and the attempts that were made.

    Raises:
        AssertionError: there is another number of pictures than one, or something follows it.
    """
    async with client.stream(prompt, model="fox", **options) as stream:
        events = [event async for event in stream]
    pictures = [event for event in events if isinstance(event, ImageResponse)]
    assert len(pictures) == 1
    assert pictures[0] is events[-1]
    return pictures[0], [event for event in events if isinstance(event, impasto.Attempt)]


_POOLED = re.compile(r"asyncio_\d+|Trio thread \d+")
"""The threads that asyncio keeps for resolving names, and those that trio keeps when their work is done."""


@dataclass(frozen=True)
class Held:
    """What this process holds: open descriptors, threads, and tasks of the event loop."""

    descriptors: int
    threads: int
    tasks: int

    @classmethod
    def now(cls) -> Self:
        busy = [each for each in threading.enumerate() if not _POOLED.fullmatch(each.name)]
        return cls(len(list(Path("/dev/fd").iterdir())), len(busy), len(anyio.get_running_tasks()))

    def holds_no_less_than(self, other: Held) -> bool:
        """Tell whether the other holds nothing more; idle threads may have ended in between."""
        return other.descriptors <= self.descriptors and other.threads <= self.threads and other.tasks <= self.tasks


@asynccontextmanager
async def nothing_left_behind(client: impasto.Client) -> AsyncIterator[impasto.Client]:
    """Open a client for the block, and compare what is held before and after.

    Raises:
        AssertionError: there are more descriptors, threads or tasks than before.
    """
    before = Held.now()
    async with client:
        async with anyio.create_task_group() as tasks:
            for _ in range(THREADS):
                tasks.start_soon(_warm_up, client)
        warm = Held.now()
        yield client
    before = Held(before.descriptors, max(before.threads, warm.threads), before.tasks)
    gc.collect()
    for _ in range(100):
        if before.holds_no_less_than(Held.now()):
            break
        await anyio.lowlevel.checkpoint()
    after = Held.now()
    assert before.holds_no_less_than(after), f"before: {before}; after: {after}"


async def _warm_up(client: impasto.Client) -> None:
    await client.generate("all at once", model="understudy")
