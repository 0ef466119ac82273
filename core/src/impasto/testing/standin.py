"""A server on loopback that answers as a transcript has it, for trying a plugin without its service."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from impasto.testing.detour import Detour, origin_in
from impasto.testing.loopback import serving
from impasto.testing.matching import json_differences, line_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from impasto.testing.loopback import Asked, Reply
    from impasto.testing.transcript import Exchange, Transcript


class ReplayServer:
    """Answers requests as a transcript has it. Use `replaying`.

    A request must be one of the transcript's: same method and path, a body of the same form. Its values may differ,
    such as prompt and seed; that is told to `tell`. A request that comes again has the next answer to it; when the
    transcript's first request comes again, all begins anew.

    Args:
        transcript: what was recorded.
        base: the provider's url, which absolute addresses in the transcript may have.
        tell: takes a line about each request.
    """

    def __init__(self, transcript: Transcript, base: str, tell: Callable[[str], None] | None = None) -> None:
        self._exchanges = transcript.exchanges
        self._base = base or "http://unset.invalid"
        self._tell = tell or (lambda line: None)
        self._lock = threading.Lock()
        self._answered: dict[str, int] = {}
        self._detour = Detour(self._base, "http://127.0.0.1")
        self._origins = frozenset(origin_in(self._detour.address_of(each.url)) for each in self._exchanges)

    @property
    def url(self) -> str:
        """What to put in place of the provider's url."""
        return self._detour.url

    @contextlib.contextmanager
    def running(self, port: int = 0) -> Iterator[ReplayServer]:
        """Serve until the block ends.

        Args:
            port: 0 for a free one.

        Raises:
            OSError: the port is taken.
        """
        with serving(self._serve, port) as here:
            self._detour = Detour(self._base, here)
            yield self

    def _serve(self, asked: Asked, reply: Reply) -> None:
        status, headers, body = self.answer(asked.method, asked.target, asked.body)
        reply.begin(status, headers)
        reply.write(body)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, header fields and body of the answer to a request."""
        url = self._detour.written(self._detour.real(target))
        with self._lock:
            exchange, words = self._found(method, url, body)
        if exchange is None:
            self._tell(f"{method} {url}: {words}")
            return 400, {"content-type": "application/json"}, json.dumps({"detail": f"Not recorded: {words}"}).encode()
        self._tell(f"{method} {url}: {exchange.status}{f' ({words})' if words else ''}")
        return exchange.status, self._turned_headers(exchange), self._turned_body(exchange)

    def _found(self, method: str, url: str, body: bytes) -> tuple[Exchange | None, str]:
        path = urlsplit(url).path.strip("/")
        alike = [
            each for each in self._exchanges
            if each.method == method and urlsplit(each.url).path.strip("/") == path
        ]  # fmt: skip
        # What a plugin asks of another host of its service comes here as all of it does, since the provider is moved.
        same = [each for each in alike if urlsplit(each.url).netloc == urlsplit(url).netloc] or alike
        if not same:
            asked = ", ".join(dict.fromkeys(f"{each.method} {each.url}" for each in self._exchanges))
            return None, f"the transcript has no {method} {url}, but {asked}."
        line = f"{method} {path} {urlsplit(url).netloc}"
        exact = [each for each in same if not line_differences(method, url, each)] or same
        if same[0] is self._exchanges[0] and self._answered.get(line, 0) >= len(exact):
            self._answered.clear()
        number = self._answered[line] = self._answered.get(line, 0) + 1
        exchange = exact[(number - 1) % len(exact)]
        if wrong := _difference_of_form(body, exchange):
            return None, wrong
        return exchange, "; ".join(_differences_of_values(url, body, exchange)[:3])

    def _turned_headers(self, exchange: Exchange) -> dict[str, str]:
        return {name: self._detour.turned(value, self._origins) for name, value in exchange.headers.items()}

    def _turned_body(self, exchange: Exchange) -> bytes:
        try:
            return self._detour.turned(exchange.body.decode(), self._origins).encode()
        except UnicodeDecodeError:
            return exchange.body


@contextlib.contextmanager
def replaying(transcript: Transcript, base: str, tell: Callable[[str], None] | None = None) -> Iterator[ReplayServer]:
    """Serve a transcript on a free port of loopback until the block ends; its address is the server's ``url``.

    Args:
        transcript: what was recorded.
        base: the provider's url.
        tell: takes a line about each request.
    """
    with ReplayServer(transcript, base, tell).running() as server:
        yield server


def _difference_of_form(body: bytes, exchange: Exchange) -> str:
    """Return how a body is of another form than the recorded one: other fields, or values of another type."""
    try:
        mine, theirs = _shape(json.loads(body)), _shape(json.loads(exchange.sent))
    except (ValueError, RecursionError):
        if bool(body) == bool(exchange.sent):
            return ""
        return f"the body has {len(body)} bytes, where the transcript has {len(exchange.sent)}."
    return "; ".join([*json_differences(mine, theirs, "body")][:5])


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def _differences_of_values(url: str, body: bytes, exchange: Exchange) -> list[str]:
    mine, theirs = dict(parse_qsl(urlsplit(url).query)), dict(parse_qsl(urlsplit(exchange.url).query))
    found = list(json_differences(mine, theirs, "query"))
    with contextlib.suppress(ValueError, RecursionError):  # what is not JSON was compared by its length already
        found += json_differences(json.loads(body), json.loads(exchange.sent), "body")
    return found
