"""One attempt on one route: the plugin says what to send and what an answer means, until there is a picture."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import anyio

from impasto.errors import ImpastoError, PluginError, ProtocolError, ResponseError
from impasto.events import Image, ImagePreview, ImageResponse, Progress, ServerEvent
from impasto.images import ImageReader
from impasto.payloads import Follow, HttpRequest, Payload

if TYPE_CHECKING:
    from impasto.carriers.http import HttpSession
    from impasto.carriers.local import LocalCarrier
    from impasto.plugins import Plugins
    from impasto.router import Route
    from impasto.settings import Bounds
    from impasto.signing import Destination

Emit: TypeAlias = Callable[[Progress | ImagePreview], Awaitable[None]]
"""Hands an event to the user; returns when the user has taken it."""

_log = logging.getLogger("impasto")

CANCEL_TIME = 2.0
"""Seconds that telling a provider to drop an abandoned job may take."""


class Conversation:
    """Runs the exchanges that lead from a request to its picture.

    Args:
        route: the model, and the request as it takes it.
        plugins: calls the model's owner.
        to: where requests go.
        session: opens the HTTP session; called when the first request goes out.
        local: carries local calls.
        bounds: what a server may at most say.
        emit: takes progress and previews.
        download: whether the pictures' bytes are fetched.
    """

    def __init__(
        self,
        route: Route,
        *,
        plugins: Plugins,
        to: Destination,
        session: Callable[[], HttpSession],
        local: LocalCarrier,
        bounds: Bounds,
        emit: Emit,
        download: bool = True,
    ) -> None:
        self._model = route.model
        self._request = replace(route.request, id=uuid.uuid4().hex)
        self._plugins = plugins
        self._to = to
        self._open_session = session
        self._opened: HttpSession | None = None
        self._local = local
        self._bounds = bounds
        self._emit = emit
        self._download = download
        self._reader = ImageReader(to, self._session, bounds)
        self._events = 0
        self._on_cancel: HttpRequest | None = None
        self._next: Follow | ImageResponse | None = None

    async def run(self) -> ImageResponse:
        """Return the finished pictures.

        Raises:
            InvalidRequest: the plugin refuses the request.
            ResponseError: the provider failed.
            PluginError: the plugin failed.
        """
        try:
            response = await self._converse()
        except BaseException:
            await self._cancel_job()
            raise
        return await self._finish(response)

    async def _converse(self) -> ImageResponse:
        payload = self._plugins.build_payload(self._model, self._request)
        for _ in range(self._bounds.follows + 1):
            outcome = await self._exchange(payload)
            if isinstance(outcome, ImageResponse):
                return outcome
            await anyio.sleep(outcome.after)
            payload = outcome.payload
        raise self._located(ProtocolError(f"no picture after {self._bounds.follows} steps"), payload.describe())

    async def _exchange(self, payload: Payload) -> Follow | ImageResponse:
        """Carry one payload, and return what ended the exchange."""
        self._next = None
        try:
            if isinstance(payload, HttpRequest):
                self._on_cancel = payload.on_cancel or self._on_cancel
                await self._session().exchange(payload, self._request, self._take)
            else:
                await self._local.exchange(payload, self._request, self._take)
            if self._next is None:
                raise ProtocolError("the answer ended without a picture")
        except ResponseError as error:
            raise self._located(error, payload.describe()) from error.__cause__
        except ImpastoError:
            raise
        except Exception as error:
            owner = self._plugins.owner_of(self._model.provider.id) or self._model.provider.id
            raise PluginError(f"{type(error).__name__}: {error}", plugin=owner, hook=payload.describe()) from error
        return self._next

    async def _take(self, event: ServerEvent) -> bool:
        """Have one event parsed, pass on what it means, and tell whether the exchange may end."""
        self._events += 1
        if self._events > self._bounds.events:
            raise ProtocolError(f"more than {self._bounds.events} events")
        for outcome in self._plugins.parse_event(self._model, event):
            if isinstance(outcome, Follow | ImageResponse):
                self._next = outcome
                return True
            if isinstance(outcome, ImagePreview):
                image = self._reader.located(outcome.image)
                outcome = replace(outcome, image=image, _reader=self._read_preview)
            await self._emit(outcome)
        return False

    async def _read_preview(self, image: Image) -> bytes:
        return (await self._reader.complete(image)).data or b""

    async def _finish(self, response: ImageResponse) -> ImageResponse:
        images = []
        for image in response.images:
            try:
                complete = await self._completed(image)
            except ResponseError as error:
                step = f"GET {(image.url or '').partition('?')[0]}" if image.is_remote else "the picture"
                raise self._located(error, step) from error.__cause__
            images.append(complete)
        request = self._request
        parameters = {name: value for name, value in request.given().items() if name not in {"images", "mask"}}
        response = replace(
            response,
            images=tuple(images),
            prompt=response.prompt or request.prompt,
            model=self._model.id,
            provider=self._model.provider.id,
            parameters=parameters,
        )
        return replace(response, seed=images[0].seed) if response.seed is None else response

    async def _completed(self, image: Image) -> Image:
        if image.is_remote:
            if not self._download:
                return self._reader.located(image)
            await self._emit(Progress("downloading"))
        return await self._reader.complete(image)

    async def _cancel_job(self) -> None:
        """Tell the provider to drop the job, where it said how; whether it does is its own affair by now."""
        if self._on_cancel is None:
            return
        with anyio.move_on_after(CANCEL_TIME, shield=True):
            try:
                await self._session().exchange(self._on_cancel, self._request, _ignore)
            except ImpastoError as error:
                _log.debug("cancelling the job at %s failed: %s", self._model.provider.id, error)

    def _located(self, error: ResponseError, step: str) -> ResponseError:
        error.args = (self._to.redact(str(error.args[0])), *error.args[1:])
        return error.at(provider=self._model.provider.id, model=self._model.id, step=self._to.redact(step))

    def _session(self) -> HttpSession:
        if self._opened is None:
            self._opened = self._open_session()
        return self._opened


async def _ignore(event: ServerEvent) -> bool:
    return True
