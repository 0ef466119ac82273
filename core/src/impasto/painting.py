"""One job carried out on its route: one conversation, or several side by side where the service draws one at a time."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from impasto.conversation import Conversation, Emit, Trace
from impasto.errors import ImpastoError, ResponseError, first_cause
from impasto.events import Cost, Image, ImagePreview, ImageResponse, Progress, ServerEvent
from impasto.fitting import NEAR_ENOUGH, draw_seed, fit, most_at_once
from impasto.images import ImageReader
from impasto.policy import pause_before_retry
from impasto.sizes import parse_aspect_ratio
from impasto.sources import Drawn, fetched, has_addresses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from impasto.carriers.http import HttpCarrier, HttpSession
    from impasto.carriers.local import LocalCarrier
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest
    from impasto.router import Route
    from impasto.settings import Bounds
    from impasto.signing import Destination

_T = TypeVar("_T")

SIDE_BY_SIDE = 4
"""How many conversations of one job run at once."""

DECODED_AT_ONCE = 2
"""How many pictures to start from are decoded at once."""

NOTICED = 1.0
"""Seconds of waiting of which the user is told."""

CANCEL_TIME = 2.0
"""Seconds that telling a provider to drop an abandoned job may take."""

_log = logging.getLogger("impasto")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    Attributes:
        route: the model, and the request as it takes it.
        asked: the request as the user made it.
        to: where requests go, and on what terms.
        download: whether the pictures' bytes are fetched.
        resumed: the place in an earlier conversation from which to go on.
        fetched: the pictures to start from that were fetched already, by address; the jobs of one request share it.
    """

    route: Route
    asked: ImageRequest
    to: Destination
    download: bool = True
    resumed: Trace | None = None
    fetched: dict[str, Image] = field(default_factory=dict, repr=False, compare=False)


class Painter:
    """Carries out jobs; owns the carriers.

    Args:
        plugins: calls the hooks.
        bounds: what a server may at most say.
    """

    def __init__(self, plugins: Plugins, bounds: Bounds) -> None:
        self._plugins = plugins
        self._bounds = bounds
        self._local: LocalCarrier | None = None
        self._http: HttpCarrier | None = None
        self._decoding: anyio.CapacityLimiter | None = None
        self._places: dict[str, anyio.Semaphore] = {}

    async def paint(self, job: Job, emit: Emit, trace: Trace) -> ImageResponse:
        """Return the finished pictures, handing progress and previews to `emit` meanwhile.

        Raises:
            ImpastoError: there is no picture, and why.
        """
        job = await self._with_pictures(job)
        request, model = job.route.request, job.route.model
        if request.n > most_at_once(model) and trace.payload is None:
            response = await self._side_by_side(job, emit, trace)
        else:
            response = await self._converse(job, job.route, emit, trace)
        deprecated = [f"{model.name} is deprecated: {model.deprecated}"] if model.deprecated else []
        fewer = [f"asked for {request.n} pictures, got {count}"] if (count := len(response.images)) < request.n else []
        warnings = (*job.route.dropped, *deprecated, *fewer, *_size_warnings(job.asked, response))
        return replace(response, warnings=(*response.warnings, *warnings)) if warnings else response

    async def _with_pictures(self, job: Job) -> Job:
        """Return the job with the bytes of those pictures to start from that were given as addresses.

        Raises:
            InvalidRequest: one cannot be had, is no picture, or is not what the model takes.
        """
        route = job.route
        if not has_addresses(route.request):
            return job

        async def fetch(image: Image) -> Image:
            address = image.url or ""
            if address not in job.fetched:
                is_own = isinstance(image, Drawn) and image.provider == route.model.provider.id
                to = job.to if is_own else job.to.as_stranger()
                try:
                    job.fetched[address] = await ImageReader(to, lambda: self.session(to), self._bounds).complete(image)
                except ResponseError as error:
                    error.args = (job.to.redact(str(error.args[0])), *error.args[1:])
                    raise
            return job.fetched[address]

        request = await fetched(route.request, fetch, self._in_thread)
        return replace(job, route=replace(route, request=fit(route.model, request)))

    async def _in_thread(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Call a function that takes a while, in one of few threads that nothing else waits for."""
        import anyio.to_thread

        self._decoding = self._decoding or anyio.CapacityLimiter(DECODED_AT_ONCE)
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._decoding)

    async def abandon(self, job: Job, trace: Trace) -> None:
        """Tell the provider to drop what is left of a job, where it said how; whether it does is its own affair.

        Takes two seconds at most, and no cancellation meanwhile.
        """
        parts = [part for part in trace.whole if part.on_cancel is not None]
        if not parts:
            return
        with anyio.move_on_after(CANCEL_TIME, shield=True):
            async with anyio.create_task_group() as tasks:
                for part in parts:
                    tasks.start_soon(self._cancel, job, part)

    async def _cancel(self, job: Job, trace: Trace) -> None:
        on_cancel, trace.on_cancel = trace.on_cancel, None
        if on_cancel is None:
            return
        session = trace.session or self.session(job.to)
        try:
            await session.exchange(on_cancel, trace.request or job.route.request, _ignore)
        except Exception as error:  # noqa: BLE001
            words = job.to.redact(str(first_cause(error)))
            _log.debug("cancelling the job at %s failed: %s", job.route.model.provider.id, words)

    def session(self, to: Destination) -> HttpSession:
        """Return a session for exchanges that belong to no job."""
        return self._carrier().session(to)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.aclose()

    async def _converse(self, job: Job, route: Route, emit: Emit, trace: Trace) -> ImageResponse:
        conversation = Conversation(
            route,
            plugins=self._plugins,
            to=job.to,
            session=lambda: self.session(job.to),
            local=self._local_carrier,
            bounds=self._bounds,
            emit=emit,
            download=job.download,
            trace=trace,
        )
        if job.to.max_concurrency is None:
            return await conversation.run()
        async with self._place(job, job.to.max_concurrency, emit):
            return await conversation.run()

    @contextlib.asynccontextmanager
    async def _place(self, job: Job, count: int, emit: Emit) -> AsyncIterator[None]:
        """Hold one of the provider's places; say so where one must be waited for."""
        provider = job.route.model.provider.id
        places = self._places.setdefault(provider, anyio.Semaphore(count))
        if not places.value:
            await emit(Progress("waiting", detail=f"for one of {count} places at {provider}"))
        async with places:
            yield

    def _local_carrier(self) -> LocalCarrier:
        if self._local is None:
            from impasto.carriers.local import LocalCarrier

            self._local = LocalCarrier()
        return self._local

    def _carrier(self) -> HttpCarrier:
        if self._http is None:
            from impasto.carriers.http import HttpCarrier

            self._http = HttpCarrier(self._bounds)
        return self._http

    async def _side_by_side(self, job: Job, emit: Emit, trace: Trace) -> ImageResponse:
        """Ask for a part of the pictures at a time, with seeds that go on from one to the next, and gather them.

        A failure of one part ends the others, unless something is drawn and may be charged: then what is being drawn
        is waited for, and the pictures that there are are what comes of it.
        """
        request = job.route.request
        limiter = anyio.CapacityLimiter(min(SIDE_BY_SIDE, job.to.max_concurrency or SIDE_BY_SIDE))
        parts = _parts(request.n, most_at_once(job.route.model))
        responses: dict[int, ImageResponse] = {}
        failures: list[ImpastoError] = []
        traces = trace.parts = [Trace() for _ in parts]

        async def draw(index: int) -> None:
            first, count = parts[index]

            async def emit_indexed(event: Progress | ImagePreview) -> None:
                await emit(replace(event, index=first + event.index) if isinstance(event, ImagePreview) else event)

            seed = request.seed if not first or request.seed is None else _later_seed(job, request.seed, first)
            route = replace(job.route, request=replace(request, n=count, seed=seed))
            async with limiter:
                if failures:
                    return
                try:
                    responses[index] = await self._draw_part(job, route, emit_indexed, traces, index)
                except ImpastoError as error:
                    failures.append(error)
                    if not any(traces[drawn].may_be_charged for drawn in responses):
                        raise

        try:
            async with anyio.create_task_group() as tasks:
                for index in range(len(parts)):
                    tasks.start_soon(draw, index)
        except ExceptionGroup as group:
            raise first_cause(group) from None
        gathered = _gathered([responses[index] for index in sorted(responses)])
        missing = dict.fromkeys(f"not all pictures were drawn: {error}" for error in failures)
        return replace(gathered, warnings=(*gathered.warnings, *missing))

    async def _draw_part(self, job: Job, route: Route, emit: Emit, traces: list[Trace], index: int) -> ImageResponse:
        """Draw one part; where the service does not take it now, and others may be paid for, wait as it says."""
        tries = 0
        while True:
            tries += 1
            try:
                return await self._converse(job, route, emit, traces[index])
            except ImpastoError as error:
                is_alone = not any(each.may_be_charged for each in traces if each is not traces[index])
                if is_alone or traces[index].may_be_charged:
                    raise
                pause = pause_before_retry(error, tries, left=math.inf, alone=False)
                if pause is None:
                    raise
                traces[index] = Trace()
                await wait(pause, error, emit)


def _parts(count: int, most: int) -> list[tuple[int, int]]:
    """Return the number of the first picture and the count of each part."""
    return [(first, min(most, count - first)) for first in range(0, count, most)]


async def wait(seconds: float, error: ImpastoError, emit: Emit) -> None:
    """Wait before a failed request is made again, and say so where anybody would notice."""
    if seconds >= NOTICED:
        await emit(Progress("waiting", detail=f"{seconds:.0f} s, because of: {error}"))
    await anyio.sleep(seconds)


async def _ignore(event: ServerEvent) -> bool:
    return True


def _later_seed(job: Job, seed: int, index: int) -> int:
    rule = job.route.model.accepts.get("seed")
    return seed + index if rule is None or rule.admits(seed + index) else draw_seed(job.route.model)


def _gathered(responses: list[ImageResponse]) -> ImageResponse:
    images: list[Image] = []
    for response in responses:
        images += response.images
    costs = [response.cost for response in responses if response.cost is not None]
    usages = [response.usage for response in responses]
    first = responses[0]
    return replace(
        first,
        images=tuple(images),
        text="\n".join(dict.fromkeys(response.text for response in responses if response.text)),
        warnings=tuple(dict.fromkeys(warning for response in responses for warning in response.warnings)),
        cost=_sum_of_costs(costs) if len(costs) == len(responses) else None,
        usage=None if None in usages else _sum_of_usages([usage for usage in usages if usage is not None]),
        session=None,
        parameters={**first.parameters, "n": len(images)},
    )


def _sum_of_costs(costs: list[Cost]) -> Cost | None:
    """Return what several pictures cost together; None where that is in several currencies."""
    if len({cost.currency for cost in costs}) != 1:
        return None
    computed = [cost for cost in costs if cost.source != "reported"]
    as_of = min((cost.as_of for cost in computed if cost.as_of), default=None)
    amount = math.fsum(cost.amount for cost in costs)
    return Cost(amount, costs[0].currency, computed[0].source if computed else "reported", as_of)


def _sum_of_usages(usages: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return what was counted for several pictures together: numbers are added, whatever else differs is left out."""
    if not usages:
        return None
    total: dict[str, Any] = {}
    for name in dict.fromkeys(name for usage in usages for name in usage):
        values = [usage[name] for usage in usages if name in usage]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            total[name] = sum(values)
        elif all(isinstance(value, Mapping) for value in values):
            total[name] = _sum_of_usages(values)
        elif all(value == values[0] for value in values):
            total[name] = values[0]
    return total


def _size_warnings(asked: ImageRequest, response: ImageResponse) -> list[str]:
    """Say where a picture is of another size or shape than the user asked for."""
    warnings: dict[str, None] = {}
    for image in response.images:
        if asked.aspect_ratio is not None and image.width and image.height:
            across, down = parse_aspect_ratio(asked.aspect_ratio)
            if abs(math.log(image.width / image.height * down / across)) > NEAR_ENOUGH:
                warnings[f"asked for {asked.aspect_ratio}, got {image.width}x{image.height}"] = None
        wanted = (asked.width or image.width, asked.height or image.height)
        if image.width is not None and wanted != (image.width, image.height):
            text = f"asked for {wanted[0]}x{wanted[1]} pixels, got {image.width}x{image.height}"
            warnings[text] = None
    return list(warnings)
