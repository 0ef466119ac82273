"""One attempt on one route: the plugin says what to send and what an answer means, until there is a picture."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import anyio

from impasto.errors import ImpastoError, NotSent, PluginError, ProtocolError, ResponseError, described
from impasto.events import Image, ImagePreview, ImageResponse, Progress, ServerEvent
from impasto.images import ImageReader
from impasto.lanes import Lanes
from impasto.payloads import Follow, HttpRequest, LocalCall, Payload, WebSocket

if TYPE_CHECKING:
    from impasto.carriers import Deliver
    from impasto.carriers.http import HttpSession
    from impasto.carriers.local import LocalCarrier
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest
    from impasto.router import Route
    from impasto.settings import Bounds
    from impasto.signing import Destination

_ONLY_ASK = frozenset({"GET", "HEAD"})

Emit: TypeAlias = Callable[[Progress | ImagePreview], Awaitable[None]]
"""Hands an event to the user; returns when the user has taken it."""


@dataclass(slots=True)
class Trace:
    """How far a conversation has come.

    Attributes:
        begun: whether it is under way, rather than waiting for its turn.
        shown: whether there was progress or a picture, be it finished or not.
        may_be_charged: whether a request that is not idempotent may have reached the service.
        model: the model's full name.
        request: the request that the conversation is about.
        payload: the payload that comes next, or is being carried; None for the first one.
        on_cancel: what tells the service to drop the job; None where there is none to drop.
        session: the HTTP session, once it is open.
        parts: the conversations of which it consists, where several are held side by side.
    """

    begun: bool = False
    shown: bool = False
    may_be_charged: bool = False
    model: str | None = None
    request: ImageRequest | None = None
    payload: Payload | None = None
    on_cancel: HttpRequest | None = None
    session: HttpSession | None = None
    parts: list[Trace] = field(default_factory=list)

    @property
    def whole(self) -> tuple[Trace, ...]:
        """This conversation and its parts."""
        return (self, *self.parts)

    @property
    def place(self) -> HttpRequest | None:
        """What asks again for a job that the service has taken; None where it could only be submitted again."""
        payload = self.payload
        return payload if isinstance(payload, HttpRequest) and payload.repeatable else None


class Conversation:
    """Runs the exchanges that lead from a request to its picture.

    Args:
        route: the model, and the request as it takes it.
        plugins: calls the model's owner.
        to: where requests go.
        session: opens the HTTP session; called when the first request goes out.
        local: returns what carries local calls.
        bounds: what a server may at most say.
        emit: takes progress and previews.
        download: whether the pictures' bytes are fetched.
        trace: where to write down how far it has come; one that has a payload already is taken up there.
    """

    def __init__(
        self,
        route: Route,
        *,
        plugins: Plugins,
        to: Destination,
        session: Callable[[], HttpSession],
        local: Callable[[], LocalCarrier],
        bounds: Bounds,
        emit: Emit,
        download: bool = True,
        trace: Trace | None = None,
    ) -> None:
        self._model = route.model
        self._trace = trace or Trace()
        self._request = self._trace.request or route.request.with_id(os.urandom(16).hex())
        self._trace.request = self._request
        self._trace.model = route.model.name
        self._plugins = plugins
        self._to = to
        self._session = functools.partial(_session_of, self._trace, session)
        self._local = local
        self._bounds = bounds
        self._emit = emit
        self._download = download
        self._reader = ImageReader(to, self._session, bounds)
        self._events = 0

    async def run(self) -> ImageResponse:
        """Return the finished pictures.

        Raises:
            InvalidRequest: the plugin refuses the request.
            ResponseError: the provider failed.
            PluginError: the plugin failed.
        """
        self._trace.begun = True
        try:
            response = await self._converse()
            self._trace.on_cancel = None
            return await self._finish(response)
        except PluginError as error:
            raise _reworded(error, self._to.redact(str(error.args[0]))) from error.__cause__
        except ImpastoError:
            raise
        except (Exception, SystemExit) as error:
            raise self._misbehaved(error) from error

    async def _converse(self) -> ImageResponse:
        payload = self._trace.payload or self._plugins.build_payload(self._model, self._request)
        return await self._go_on(payload, self._bounds.follows)

    async def _go_on(self, payload: Payload, follows: int, lanes: Lanes | None = None) -> ImageResponse:
        """Carry one payload after the other, until there is a picture.

        Args:
            payload: the first of them.
            follows: how many more there may be.
            lanes: what runs beside.
        """
        while True:
            if isinstance(payload, HttpRequest) and payload.beside:
                # Not kept in the conversation, to which they refer.
                lanes = lanes or Lanes(self._exchange_beside, redact=self._to.redact, opening=self._to.timeouts.connect)
                if fresh := lanes.new(payload.beside):
                    return await lanes.beside(fresh, functools.partial(self._go_on, payload, follows, lanes))
            outcome = await self._exchange(payload)
            if isinstance(outcome, ImageResponse):
                return outcome
            if not follows:
                words = f"no picture after {self._bounds.follows} steps"
                raise PluginError(words, plugin=self._owner(), hook="parse_event")
            follows -= 1
            payload = self._trace.payload = outcome.payload
            if outcome.after:
                await anyio.sleep(outcome.after)

    async def _exchange(self, payload: Payload) -> Follow | ImageResponse:
        """Carry one payload, and return what ended the exchange."""
        ended_by: list[Follow | ImageResponse] = []

        async def take(event: ServerEvent) -> bool:
            return await self._take(event, ended_by, is_main=True)

        try:
            if isinstance(payload, LocalCall):
                await self._local().exchange(payload, self._request, take)
            else:
                await self._carry(payload, take)
            if not ended_by:
                raise ProtocolError("the answer ended without a picture")
        except ResponseError as error:
            raise self._located(error, self._to.described(payload)) from error.__cause__
        except ImpastoError:
            raise
        except (Exception, SystemExit) as error:
            raise self._misbehaved(error, payload.describe()) from error
        return ended_by[0]

    async def _exchange_beside(self, payload: HttpRequest | WebSocket, opened: Callable[[], None]) -> Follow | None:
        """Carry one payload of a lane, and return what it goes on with; None where it does not."""
        ended_by: list[Follow | ImageResponse] = []

        async def take(event: ServerEvent) -> bool:
            return await self._take(event, ended_by)

        if isinstance(payload, WebSocket):
            await self._session().messages(payload, self._request, take, opened)
        else:
            self._trace.may_be_charged = self._trace.may_be_charged or not payload.repeatable
            await self._session().exchange(payload, self._request, take)
        return next((each for each in ended_by if isinstance(each, Follow)), None)

    async def _carry(self, payload: HttpRequest | WebSocket, take: Deliver) -> None:
        trace = self._trace
        charged, on_cancel = trace.may_be_charged, trace.on_cancel
        try:
            if isinstance(payload, WebSocket):
                trace.may_be_charged = charged or bool(payload.send)
                await self._session().messages(payload, self._request, take, _nothing)
                return
            trace.may_be_charged = charged or not payload.repeatable
            trace.on_cancel = payload.on_cancel or on_cancel
            if payload.on_cancel is None or payload.method.upper() in _ONLY_ASK:
                await self._session().exchange(payload, self._request, take)
            else:
                await self._carry_job(payload, take, on_cancel)
        except ResponseError as error:
            refused = error.status is not None and 400 <= error.status < 500
            if (refused or isinstance(error, NotSent)) and not error.redirected:
                # The service has not taken it, so it changed nothing.
                trace.may_be_charged, trace.on_cancel = charged, on_cancel
            raise

    async def _carry_job(self, payload: HttpRequest, take: Deliver, before: HttpRequest | None) -> None:
        """Carry a request that is the job itself: once the plugin has read the answer, there is none to drop.

        Of a failure that it does not read, such as a gateway's, nobody knows whether the job goes on behind it.
        """
        is_answered = False

        async def note(event: ServerEvent) -> bool:
            nonlocal is_answered
            is_answered = event.name == "response"
            return await take(event)

        try:
            await self._session().exchange(payload, self._request, note)
        except Exception:
            if is_answered:
                self._trace.on_cancel = before
            raise

    def _note_job(self, follow: Follow) -> None:
        """Note what asks for a job that the service has taken, and what drops it, before anybody can leave."""
        payload = follow.payload
        if isinstance(payload, HttpRequest) and payload.method.upper() in _ONLY_ASK:
            self._trace.payload = payload
            self._trace.on_cancel = payload.on_cancel or self._trace.on_cancel

    def _note_end(self, event: ServerEvent) -> None:
        """Note that a job has failed, as the plugin reads: there is none to ask for again, nor to drop.

        An answer whose status is a failure tells nothing of the job.
        """
        if event.status is None or 200 <= event.status < 300:
            self._trace.payload = self._trace.on_cancel = None

    async def _take(
        self,
        event: ServerEvent,
        ended_by: list[Follow | ImageResponse],
        *,
        is_main: bool = False,
    ) -> bool:
        """Have one event parsed, pass on what it means, and tell whether the exchange may end.

        Args:
            event: what was said.
            ended_by: takes what ends the exchange.
            is_main: whether it tells of the job itself, rather than beside it.
        """
        self._events += 1
        if self._events > self._bounds.events:
            raise ProtocolError(f"more than {self._bounds.events} events")
        try:
            outcomes = self._plugins.parse_event(self._model, event)
        except ResponseError as error:
            if is_main and not isinstance(error, ProtocolError):
                self._note_end(event)
            raise
        last = next((each for each in outcomes if isinstance(each, Follow | ImageResponse)), None)
        if is_main and isinstance(last, Follow):
            self._note_job(self._checked(last))
        for outcome in outcomes:
            if isinstance(outcome, Follow):
                ended_by.append(self._checked(outcome))
                return True
            self._trace.shown = True
            if isinstance(outcome, ImageResponse):
                ended_by.append(outcome)
                return True
            if isinstance(outcome, ImagePreview):
                outcome = ImagePreview(self._reader.located(outcome.image), outcome.index, self._read_preview)
            await self._emit(outcome)
        return False

    async def _read_preview(self, image: Image) -> bytes:
        return (await self._reader.complete(image)).data or b""

    async def _finish(self, response: ImageResponse) -> ImageResponse:
        images: list[Image] = []
        for image in response.images:
            try:
                complete = await self._completed(image)
            except ResponseError as error:
                step = f"GET {(image.url or '').partition('?')[0]}" if image.is_remote else "the picture"
                raise self._located(error, step) from error.__cause__
            if not images and complete.seed is None:
                complete = replace(complete, seed=response.seed)
            images.append(complete)
        request = self._request
        parameters = {name: value for name, value in request.given().items() if name not in {"images", "mask"}}
        return replace(
            response,
            images=tuple(images),
            prompt=response.prompt or request.prompt,
            model=self._model.id,
            provider=self._model.provider.id,
            service=self._to.url,
            parameters=parameters,
            seed=images[0].seed if response.seed is None else response.seed,
        )

    async def _completed(self, image: Image) -> Image:
        if image.is_remote:
            if not self._download:
                return self._reader.located(image)
            await self._emit(Progress("downloading"))
        return await self._reader.complete(image)

    def _located(self, error: ResponseError, step: str) -> ResponseError:
        hint = self._to.hint_at_own_server(self._model.provider.id) if isinstance(error, NotSent) else ""
        error.args = (f"{self._to.redact(str(error.args[0]))}{hint}", *error.args[1:])
        return error.at(provider=self._model.provider.id, model=self._model.id, step=self._to.redact(step))

    def _checked(self, follow: Follow) -> Follow:
        if not isinstance(follow.payload, Payload):
            raise self._misbehaved(TypeError(f"Follow to {follow.payload!r}, which is no payload"), "parse_event")
        if not isinstance(follow.after, int | float) or not 0 <= follow.after < math.inf:
            raise self._misbehaved(ValueError(f"Follow after {follow.after!r} seconds"), "parse_event")
        return follow

    def _misbehaved(self, error: BaseException, hook: str | None = None) -> PluginError:
        return PluginError(described(error), plugin=self._owner(), hook=hook)

    def _owner(self) -> str:
        return self._plugins.owner_of(self._model.provider.id) or self._model.provider.id


def _nothing() -> None:
    """A WebSocket is open, for which nobody waits."""


def _session_of(trace: Trace, opened: Callable[[], HttpSession]) -> HttpSession:
    if trace.session is None:
        trace.session = opened()
    return trace.session


def _reworded(error: PluginError, words: str) -> PluginError:
    error.args = (words, *error.args[1:])
    return error
