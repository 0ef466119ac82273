"""Plays a recorded transcript to a plugin: its hooks alone, no core, no server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from impasto import Follow, HttpRequest, ImageRequest, Model, Outcome, Payload, ServerEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spaces.recording import Exchange


class Hooks(Protocol):
    """The two hooks by which a provider converses."""

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Begin the conversation."""
        ...

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Read what was said."""
        ...


def replay(hooks: Any, model: Model, request: ImageRequest, exchanges: Sequence[Exchange]) -> list[Outcome]:
    """Return what a plugin makes of a conversation, without the steps in between.

    Raises:
        AssertionError: it sends something else than was sent when the transcript was recorded.
    """
    plugin: Hooks = hooks
    payload: Payload | None = plugin.build_payload(model, request)
    outcomes: list[Outcome] = []
    for exchange in exchanges:
        assert isinstance(payload, HttpRequest)
        assert (payload.method, payload.url) == (exchange["method"], exchange["url"])
        assert payload.json == exchange.get("json")
        said, payload = payload, None
        assert 200 <= exchange["status"] < 300 or exchange["status"] in said.statuses
        for event in events_of(exchange, said, request):
            for outcome in plugin.parse_event(model, event):
                if isinstance(outcome, Follow):
                    payload = outcome.payload
                else:
                    outcomes.append(outcome)
    assert payload is None
    return outcomes


def events_of(exchange: Exchange, payload: HttpRequest, request: ImageRequest) -> Iterator[ServerEvent]:
    """Yield the events that an exchange consists of, as the core would hand them out."""
    headers = {"content-type": exchange["type"]}
    status, body = exchange["status"], exchange["body"]
    if exchange["type"] != "text/event-stream":
        data = json.dumps(body) if exchange["type"] == "application/json" else "\n".join(body)
        yield ServerEvent("response", data.encode(), payload, request, status, headers)
        return
    for block in "\n".join(body).split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            yield ServerEvent(fields["event"], fields["data"], payload, request, status, headers)
