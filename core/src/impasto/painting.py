"""One job carried out on its route: one conversation, or several side by side where the service draws one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio

from impasto.carriers.local import LocalCarrier
from impasto.conversation import Conversation, Emit
from impasto.events import Cost, Image, ImagePreview, ImageResponse, Progress
from impasto.fitting import draw_seed

if TYPE_CHECKING:
    from impasto.carriers.http import HttpCarrier, HttpSession
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest
    from impasto.router import Route
    from impasto.settings import Bounds
    from impasto.signing import Destination

SIDE_BY_SIDE = 4
"""How many conversations of one job run at once, where the provider names no number of its own."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    Attributes:
        route: the model, and the request as it takes it.
        asked: the request as the user made it.
        to: where requests go, and on what terms.
        download: whether the pictures' bytes are fetched.
    """

    route: Route
    asked: ImageRequest
    to: Destination
    download: bool = True


class Painter:
    """Carries out jobs; owns the carriers.

    Args:
        plugins: calls the hooks.
        bounds: what a server may at most say.
    """

    def __init__(self, plugins: Plugins, bounds: Bounds) -> None:
        self._plugins = plugins
        self._bounds = bounds
        self._local = LocalCarrier()
        self._http: HttpCarrier | None = None

    async def paint(self, job: Job, emit: Emit) -> ImageResponse:
        """Return the finished pictures, handing progress and previews to `emit` meanwhile.

        Raises:
            ImpastoError: there is no picture, and why.
        """
        request = job.route.request
        if request.n > 1 and "n" not in job.route.model.accepts:
            response = await self._side_by_side(job, emit)
        else:
            response = await self._converse(job, job.route, emit)
        return replace(response, warnings=(*response.warnings, *_size_warnings(job.asked, response)))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.aclose()

    async def _converse(self, job: Job, route: Route, emit: Emit) -> ImageResponse:
        def session() -> HttpSession:
            return self._carrier().session(job.to)

        conversation = Conversation(
            route,
            plugins=self._plugins,
            to=job.to,
            session=session,
            local=self._local,
            bounds=self._bounds,
            emit=emit,
            download=job.download,
        )
        return await conversation.run()

    def _carrier(self) -> HttpCarrier:
        if self._http is None:
            from impasto.carriers.http import HttpCarrier

            self._http = HttpCarrier(self._bounds)
        return self._http

    async def _side_by_side(self, job: Job, emit: Emit) -> ImageResponse:
        """Ask for each picture alone, with seeds one apart, and gather them in order."""
        model, request = job.route.model, job.route.request
        limiter = anyio.CapacityLimiter(model.provider.max_concurrency or SIDE_BY_SIDE)
        responses: dict[int, ImageResponse] = {}

        async def draw(index: int) -> None:
            async def emit_indexed(event: Progress | ImagePreview) -> None:
                await emit(replace(event, index=index) if isinstance(event, ImagePreview) else event)

            seed = request.seed if not index or request.seed is None else _later_seed(job, request.seed, index)
            async with limiter:
                responses[index] = await self._converse(
                    job, replace(job.route, request=replace(request, n=1, seed=seed)), emit_indexed
                )

        async with anyio.create_task_group() as tasks:
            for index in range(request.n):
                tasks.start_soon(draw, index)
        return _gathered([responses[index] for index in range(request.n)])


def _later_seed(job: Job, seed: int, index: int) -> int:
    rule = job.route.model.accepts.get("seed")
    return seed + index if rule is None or rule.admits(seed + index) else draw_seed(job.route.model)


def _gathered(responses: list[ImageResponse]) -> ImageResponse:
    images: list[Image] = []
    for response in responses:
        images += response.images
    costs = [response.cost for response in responses if response.cost is not None]
    first = responses[0]
    summed = len(costs) == len(responses) and len({(cost.currency, cost.source) for cost in costs}) == 1
    return replace(
        first,
        images=tuple(images),
        text="\n".join(dict.fromkeys(response.text for response in responses if response.text)),
        warnings=tuple(dict.fromkeys(warning for response in responses for warning in response.warnings)),
        cost=Cost(sum(cost.amount for cost in costs), costs[0].currency, costs[0].source) if summed else None,
        usage=None,
        parameters={**first.parameters, "n": len(responses)},
    )


def _size_warnings(asked: ImageRequest, response: ImageResponse) -> list[str]:
    """Say where a picture is of another size than the user asked for in so many pixels."""
    warnings: dict[str, None] = {}
    for image in response.images:
        wanted = (asked.width or image.width, asked.height or image.height)
        if image.width is not None and wanted != (image.width, image.height):
            text = f"asked for {wanted[0]}x{wanted[1]} pixels, got {image.width}x{image.height}"
            warnings[text] = None
    return list(warnings)
