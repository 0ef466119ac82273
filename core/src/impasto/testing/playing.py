"""Plays a transcript to a plugin, hook by hook: no client, no server."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from impasto.carriers.failures import error_of_answer
from impasto.errors import ProtocolError, ResponseError
from impasto.events import ImageResponse, ServerEvent
from impasto.fitting import fit
from impasto.payloads import Follow, HttpRequest, LocalCall, WebSocket
from impasto.request import ImageRequest
from impasto.sse import Decoder
from impasto.testing.faults import Fault
from impasto.testing.matching import differences
from impasto.testing.pictures import starting_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from impasto.models import Model
    from impasto.payloads import Outcome, Payload
    from impasto.testing.transcript import Exchange, Transcript

REQUEST_ID = "1f" * 16
"""The id of requests that are played: values that hold it are not compared with what was recorded."""

_ENDED = HttpRequest("GET", "ended")
_SWITCHING = 101
_BINARY = b"[base64] "
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LARGEST_EVENT = 32 * 1024 * 1024


class Hooks(Protocol):
    """The two hooks by which a provider converses: a plugin's module has them, and so has `Plugins`."""

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Begin the conversation."""
        ...

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Read what was said."""
        ...


@dataclass(slots=True)
class Played:
    """What became of a conversation.

    Attributes:
        payloads: what the plugin asked for, one after the other.
        events: what was said.
        beside: what was said in lanes beside the conversation.
        outcomes: what the plugin made of it, without `Follow`.
        ending: the finished picture; or the error that the core would raise; None where the transcript ends before
            the conversation does.
        left: the exchanges that no payload led to: downloads of pictures.
    """

    payloads: list[Payload] = field(default_factory=list)
    events: list[ServerEvent] = field(default_factory=list)
    beside: list[ServerEvent] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    ending: ImageResponse | ResponseError | None = None
    left: tuple[Exchange, ...] = ()


def request_of(model: Model, transcript: Transcript) -> ImageRequest:
    """Return a transcript's request, as the model's plugin sees it.

    Raises:
        InvalidRequest: the model does not take it, or a picture to start from is not told as one.
        TypeError: the transcript names a field that no request has.
    """
    fields = starting_from(transcript.request)
    return replace(fit(model, ImageRequest(**{"prompt": "a red fox", **fields})), id=REQUEST_ID)


def play(
    hooks: Any,
    model: Model,
    request: ImageRequest,
    exchanges: Sequence[Exchange],
    *,
    strict: bool = True,
    local: Callable[[LocalCall], Iterator[object]] | None = None,
) -> Played:
    """Return what a plugin makes of a conversation.

    Args:
        hooks: `Hooks`: a plugin, or `Plugins`.
        model: one of the plugin's.
        request: as the plugin sees it.
        exchanges: what was recorded.
        strict: whether the plugin must ask for what was asked for then.
        local: runs a local call; None for the call itself, in this thread.

    Raises:
        Fault: it asks for something else, and `strict` is set.
        ImpastoError: from a hook; `ResponseError` is no exception here, but the conversation's ending.
    """
    plugin: Hooks = hooks
    played = Played()
    left = list(exchanges)
    payload: Payload | None = plugin.build_payload(model, request)
    lanes: list[HttpRequest | WebSocket] = []
    while payload is not None:
        played.payloads.append(payload)
        if not isinstance(payload, LocalCall):
            lanes += [lane for lane in getattr(payload, "beside", ()) if lane not in lanes]
            _play_lanes(plugin, model, request, lanes, left, played)
            if not left:
                return played
            exchange = left.pop(0)
            asked = _asked(payload)
            bases = (model.url or model.provider.url, *model.provider.origins)
            if strict and (found := differences(asked, exchange, request.id, bases)):
                raise Fault(f"payload {len(played.payloads)}: " + "; ".join(found[:5]))
            while exchange.status in _REDIRECTS and "location" in exchange.headers and left:
                exchange = left.pop(0)
            _play_lanes(plugin, model, request, lanes, left, played)
            events = events_of(exchange, payload, request)
        else:
            run = local or (lambda call: call.function(**call.kwargs))
            events = (ServerEvent("object", each, payload, request) for each in run(payload) if each is not None)
        try:
            payload = _read(plugin, model, events, played)
        except ResponseError as error:
            payload, played.ending = None, error
    played.left = tuple(left)
    return played


def _play_lanes(
    plugin: Hooks,
    model: Model,
    request: ImageRequest,
    lanes: list[HttpRequest | WebSocket],
    left: list[Exchange],
    played: Played,
) -> None:
    """Play those exchanges that come next and are a lane's; a lane goes on with what it follows, or ends."""
    while left and (lane := next((each for each in lanes if not differences(_asked(each), left[0], request.id)), None)):
        exchange = left.pop(0)
        follow: Payload | None = None
        try:
            for event in events_of(exchange, lane, request):
                played.beside.append(event)
                outcomes = plugin.parse_event(model, event)
                follow = next((each.payload for each in outcomes if isinstance(each, Follow)), None)
                if follow is not None:
                    break
        except ResponseError:
            follow = None
        lanes[lanes.index(lane)] = follow if isinstance(follow, HttpRequest | WebSocket) else _ENDED


def _asked(payload: HttpRequest | WebSocket) -> HttpRequest:
    """Return the request that begins an exchange."""
    if isinstance(payload, HttpRequest):
        return payload
    return HttpRequest("GET", payload.url, headers=payload.headers, params=payload.params)


def _read(plugin: Hooks, model: Model, events: Iterator[ServerEvent], played: Played) -> Payload | None:
    """Hand one exchange's events to the plugin; return the payload that it goes on with."""
    for event in events:
        played.events.append(event)
        for outcome in plugin.parse_event(model, event):
            if isinstance(outcome, Follow):
                return outcome.payload
            played.outcomes.append(outcome)
            if isinstance(outcome, ImageResponse):
                played.ending = outcome
                return None
    raise ProtocolError("the answer ended without a picture")


def _message(line: bytes) -> str | bytes:
    """Return a WebSocket's message as a transcript has it."""
    try:
        if line.startswith(_BINARY):
            return base64.b64decode(line.removeprefix(_BINARY), validate=True)
        return line.decode()
    except ValueError as error:  # binascii's and that of UTF-8 too
        raise ProtocolError(f"a broken message: {error}") from error


def events_of(
    exchange: Exchange, payload: HttpRequest | WebSocket, request: ImageRequest, body: bytes | None = None
) -> Iterator[ServerEvent]:
    """Yield the events that an answer consists of, as the core hands them out.

    Args:
        exchange: the answer.
        payload: what was asked.
        request: what the conversation is about.
        body: the answer's body, if another one than the exchange's.

    Raises:
        ResponseError: the status is a failure that the plugin does not read itself, or a stream is broken.
    """
    body = exchange.body if body is None else body
    if isinstance(payload, WebSocket):
        if exchange.status != _SWITCHING:
            raise error_of_answer(exchange.status, "", exchange.headers, body)
        for message in body.splitlines():
            yield ServerEvent("message", _message(message), payload, request)
        return
    succeeded = 200 <= exchange.status < 300
    if not succeeded and exchange.status not in payload.statuses:
        raise error_of_answer(exchange.status, "", exchange.headers, body)
    headers: Mapping[str, str] = dict(exchange.headers)
    if not succeeded or exchange.media_type != "text/event-stream":
        yield ServerEvent("response", body, payload, request, exchange.status, headers)
        return
    decoder = Decoder(_LARGEST_EVENT)
    for each in decoder.feed(body):
        yield ServerEvent(each.event, each.data, payload, request, exchange.status, headers)
    if decoder.pending:
        raise ProtocolError("the event stream ended in the middle of an event")
