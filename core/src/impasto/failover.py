"""A request carried through its routes: the next one when one fails, or beside one that shows nothing."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio

from impasto.conversation import Trace
from impasto.errors import AllProvidersFailed, DeadlineExceeded, ImpastoError
from impasto.events import Attempt, ImagePreview, ImageResponse, Progress
from impasto.painting import wait
from impasto.policy import UNHEALTHY, Verdict, pause_before_retry, verdict_of

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream

    from impasto.deadlines import Clock
    from impasto.health import HealthStore
    from impasto.painting import Job, Painter

FailoverMode: TypeAlias = Literal["always", "unsent", "never"]
"""When the next route may be tried: always; only while no service can have charged for the request; never."""

Emit: TypeAlias = Callable[[Attempt | Progress | ImagePreview], Awaitable[None]]

_log = logging.getLogger("impasto")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and how hard it is to be tried.

    Attributes:
        jobs: the same request, for each route that can do it, first choice first.
        deadline: seconds for all of them together.
        skipped: the routes that cannot do what is asked, and why.
        failover: when the next route may be tried.
        hedge_after: seconds without progress or a preview after which the next route is started beside; None for never.
    """

    jobs: tuple[Job, ...]
    deadline: float
    skipped: tuple[str, ...] = ()
    failover: FailoverMode = "always"
    hedge_after: float | None = None


@dataclass(slots=True, eq=False)
class _Run:
    """One route's attempts, as far as they have come; `admitted` tells whether its health spoke for them."""

    job: Job
    admitted: bool
    trace: Trace = field(default_factory=Trace)

    @property
    def shown(self) -> bool:
        return any(trace.shown for trace in self.trace.whole)

    @property
    def may_be_charged(self) -> bool:
        return any(trace.may_be_charged for trace in self.trace.whole)


@dataclass(slots=True)
class _End:
    """How a route ended; without an error, there is a picture."""

    run: _Run
    error: ImpastoError | None = None


class Failover:
    """Runs a plan.

    Args:
        plan: what is to be done.
        painter: carries out one job.
        health: remembers how routes fare.
        clock: stands still while the consumer takes its time.
        emit: takes the events.
    """

    def __init__(self, plan: Plan, *, painter: Painter, health: HealthStore, clock: Clock, emit: Emit) -> None:
        self._plan = plan
        self._painter = painter
        self._health = health
        self._clock = clock
        self._emit = emit
        self._waiting = list(plan.jobs)
        self._running: list[_Run] = []
        self._errors: list[ImpastoError] = []
        self._number = 0
        self._charged = False
        self._untold: list[ImpastoError] = []
        self._untold_charge = False
        self._response: ImageResponse | None = None
        self._final: ImpastoError | None = None

    @property
    def trace(self) -> Trace | None:
        """How far the attempt has come that is running; None between routes, or where there are several."""
        return self._running[0].trace if len(self._running) == 1 else None

    async def run(self) -> ImageResponse:
        """Return the finished pictures, from the first route that draws them.

        Raises:
            AllProvidersFailed: none of several routes did; it holds the error of every attempt.
            ImpastoError: the only route failed; or the failure is one that no other route can mend.
        """
        try:
            with self._clock.limit(self._plan.deadline) as scope:
                if self._plan.hedge_after is None or len(self._plan.jobs) == 1:
                    await self._in_turn(scope)
                else:
                    await self._race(scope)
            if self._response is not None:
                return self._response
            if scope.cancelled_caught:
                raise self._failed(self._late())
            raise self._final or self._failed(self._errors[-1])
        finally:
            self._running.clear()

    async def _in_turn(self, scope: anyio.CancelScope) -> None:
        """Try one route after the other."""
        while True:
            run = self._begin()
            self._ended(await self._try_route(run, scope))
            if self._response is not None or not self._may_go_on():
                return

    async def _race(self, scope: anyio.CancelScope) -> None:
        """Try one route after the other, and the next one beside one that shows nothing."""
        ends, ended = anyio.create_memory_object_stream[_End](math.inf)

        async def try_route(run: _Run) -> None:
            ends.send_nowait(await self._try_route(run, scope))

        with ends, ended:
            async with anyio.create_task_group() as trying:
                trying.start_soon(try_route, self._begin())
                while self._running and self._response is None:
                    end = await self._next_end(ended)
                    if end is not None:
                        self._ended(end)
                    if end is None or (self._response is None and not self._running and self._may_go_on()):
                        trying.start_soon(try_route, self._begin())
                trying.cancel_scope.cancel()

    def _begin(self) -> _Run:
        run = _Run(*self._take())
        self._running.append(run)
        return run

    def _ended(self, end: _End) -> None:
        self._running.remove(end.run)
        if end.error is not None and verdict_of(end.error) is Verdict.FINAL:
            self._final = self._final or end.error

    async def _next_end(self, ended: MemoryObjectReceiveStream[_End]) -> _End | None:
        """Wait for a route to end; return None when the next one is to be started beside it."""
        while self._plan.hedge_after is not None and self._waiting:
            with anyio.move_on_after(self._plan.hedge_after):
                return await ended.receive()
            if self._may_go_on() and not any(run.shown for run in self._running):
                return None
        return await ended.receive()

    def _may_go_on(self) -> bool:
        """Tell whether a further route may be tried now."""
        if not self._waiting or self._final is not None or self._plan.failover == "never":
            return False
        charged = self._charged or any(run.may_be_charged for run in self._running)
        return self._plan.failover == "always" or not charged

    async def _try_route(self, run: _Run, scope: anyio.CancelScope) -> _End:
        """Try one route until it draws, or nothing speaks for another attempt."""
        share = self._share(run.job, scope)
        try:
            if share == math.inf:
                return await self._attempts(run, (scope,))
            with self._clock.limit(share) as own:
                return await self._attempts(run, (own, scope))
            error = _located(DeadlineExceeded(f"no picture within {share:.3g} s, its share of the deadline"), run)
            self._note(run, error)
            self._note_charge(run)
            return _End(run, error)
        finally:
            if run.admitted:
                self._health.left(run.job.route.model.name)
            await self._painter.abandon(run.job, run.trace)

    def _share(self, job: Job, scope: anyio.CancelScope) -> float:
        """Return the seconds that a route has: an equal part of what is left, and the last route all of it."""
        left = self._clock.left(scope)
        others = 0 if self._plan.failover == "never" else len(self._waiting)
        share = left / (1 + others) if others else math.inf
        own = job.to.timeouts.deadline
        return min(share, own) if own < left else share

    async def _attempts(self, run: _Run, scopes: tuple[anyio.CancelScope, ...]) -> _End:
        tries, start = 0, run.job.resumed
        while True:
            tries += 1
            run.trace = Trace() if start is None else replace(start, begun=False, shown=False)
            try:
                response = await self._attempt(run)
            except ImpastoError as failure:
                error = failure
            else:
                # At once, so that no deadline comes between.
                self._response = self._response or response
                self._health.succeeded(run.job.route.model.name)
                return _End(run)
            start = run.trace if run.may_be_charged and run.trace.place is not None else None
            self._note(run, error)
            left = min(self._clock.left(scope) for scope in scopes)
            pause = self._pause(run, error, tries, left, going_on=start is not None)
            if pause is None or start is None:
                self._note_charge(run)
            if pause is None:
                return _End(run, error)
            if start is None:
                await self._painter.abandon(run.job, run.trace)
            await wait(pause, error, self._emit)

    async def _attempt(self, run: _Run) -> ImageResponse:
        """Make one attempt; whatever becomes of it, the log has one line for it."""
        attempt = self._announced(run)
        await self._emit(attempt)
        outcome, started = "given up", time.monotonic()
        try:
            response = await self._painter.paint(run.job, self._emit, run.trace)
            outcome = "drawn"
            return response
        except ImpastoError as error:
            outcome = str(error)
            raise
        finally:
            seconds = time.monotonic() - started
            _log.info("attempt %d, %s: %s, after %.2f s", attempt.number, attempt.route, outcome, seconds)

    def _announced(self, run: _Run) -> Attempt:
        self._number += 1
        attempt = Attempt(
            route=run.job.route.model.name,
            number=self._number,
            error=self._untold[-1] if self._untold else None,
            may_be_charged=self._untold_charge,
            hedge=any(other is not run for other in self._running),
            skipped=self._plan.skipped if self._number == 1 else (),
        )
        self._untold, self._untold_charge = [], False
        return attempt

    def _note(self, run: _Run, error: ImpastoError) -> None:
        self._errors.append(error)
        self._untold.append(error)
        if isinstance(error, UNHEALTHY) and any(trace.begun for trace in run.trace.whole):
            self._health.failed(run.job.route.model.name)

    def _note_charge(self, run: _Run) -> None:
        """Note that a job is given up for which the service may charge all the same."""
        self._charged = self._charged or run.may_be_charged
        self._untold_charge = self._untold_charge or run.may_be_charged

    def _pause(self, run: _Run, error: ImpastoError, tries: int, left: float, *, going_on: bool) -> float | None:
        """Return the seconds before the same route is tried again; None where it is not."""
        alone = not self._may_go_on()
        if not going_on:
            if run.may_be_charged:
                return None
            if not alone and self._health.resting(run.job.route.model.name):
                return None
        return pause_before_retry(error, tries, left=left, alone=alone, under_way=going_on)

    def _late(self) -> DeadlineExceeded:
        error = DeadlineExceeded(f"no picture within {self._plan.deadline:g} s")
        for run in self._running:
            _located(error, run)
            self._note(run, error)
        return error

    def _failed(self, error: ImpastoError) -> ImpastoError:
        """Return what to raise: the error itself where one route was all there was, else all of them."""
        if len(self._plan.jobs) == 1 or self._plan.failover == "never":
            return error
        attempts = tuple(dict.fromkeys((*self._errors, error)))
        count = "1 attempt" if self._number == 1 else f"{self._number} attempts"
        message = f"No picture after {count}: {'; '.join(str(each).rstrip('.') for each in attempts)}."
        if self._waiting and self._plan.failover == "unsent" and self._charged:
            names = ", ".join(job.route.model.name for job in self._waiting)
            message += f" Not asked, because the request may be charged already: {names}."
        if self._plan.skipped:
            message += f" Not asked: {' '.join(self._plan.skipped)}"
        return AllProvidersFailed(message, attempts=attempts)

    def _take(self) -> tuple[Job, bool]:
        """Return the next route's job: the first that does not rest, or else the one that rests the shortest."""
        fit = next((job for job in self._waiting if self._health.begin(job.route.model.name)), None)
        job = fit or min(self._waiting, key=lambda each: self._health.resting(each.route.model.name))
        self._waiting.remove(job)
        return job, fit is not None


def _located(error: DeadlineExceeded, run: _Run) -> DeadlineExceeded:
    model = run.job.route.model
    return error.at(provider=model.provider.id, model=model.id, step="")
