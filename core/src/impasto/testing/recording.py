"""Records a live conversation, verbatim, as it passes through a server on loopback that stands before the service.

The client that paints holds no key: the recorder signs what it passes on. So none can come into the transcript; what
a service repeats of it is taken out with everything else that is nobody's business.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import anyio
import httpx

from impasto.carriers.guard import check_literal, guard
from impasto.client import Client
from impasto.errors import ImpastoError, ResponseError
from impasto.events import Attempt, ImageResponse
from impasto.fitting import draw_seed
from impasto.keys import find_key
from impasto.settings import Settings
from impasto.signing import Destination, settings_of
from impasto.sources import images_of
from impasto.testing.detour import Detour, DetouredPlugins, origin_in
from impasto.testing.loopback import serving
from impasto.testing.pictures import named, starting_from
from impasto.testing.scrubbing import dropped, scrub
from impasto.testing.transcript import PICTURE, Exchange, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from impasto.models import Model
    from impasto.plugins import Plugins
    from impasto.testing.loopback import Asked, Reply

_PLACEHOLDER = "the-recorder-signs"
_OF_THE_CONNECTION = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "set-cookie", "transfer-encoding", "upgrade"}
)
_NOT_PASSED_ON = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding", "cookie"})
_TEXT = re.compile(r"text/|[^;]*(?:json|xml|javascript)")
_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)")


def record(
    prompt: str,
    model: Model,
    *,
    plugins: Plugins,
    settings: Settings,
    fields: Mapping[str, Any] | None = None,
    tell: Callable[[object], None] | None = None,
) -> tuple[Transcript, ImageResponse | ResponseError]:
    """Have a picture painted, and return the transcript of it, and what it ended in.

    A seed is drawn where the model takes one, cannot draw it itself, and none is given, so that the transcript says
    which.

    Pictures to start from are sent as plain ones of their size, and so stand in the transcript's head.

    Args:
        prompt: what to draw.
        model: by whom.
        plugins: calls the model's owner.
        settings: say where the provider is, which key it takes, how long to wait.
        fields: further fields of the request, by name.
        tell: takes the events of the stream.

    Raises:
        ImpastoError: nothing could be asked of the service: a request that the model does not take, a missing key, a
            model without a network.
    """
    asked = dict(fields or {})
    for name in ("images", "mask"):
        if asked.get(name) is not None:
            pictures = [named(each) for each in images_of(asked[name], name)]
            asked[name] = pictures if name == "images" else pictures[0]
    if "seed" in model.accepts and "randomize_seed" not in model.accepts and asked.get("seed") is None:
        asked["seed"] = draw_seed(model)
    to = _destination(model, settings)
    if not to.url:
        raise ImpastoError(f"{model.name} is painted on this machine: there is no conversation to record.")
    recorder = _Recorder(to, settings.bounds.body_size)
    with serving(recorder.answer) as here:
        recorder.detour = Detour(to.url, here)
        sections = {name: {"url": recorder.detour.url} for name in (model.provider.id, model.name)}
        own = Settings(providers=sections, timeouts=to.timeouts, bounds=settings.bounds)
        others = frozenset(origin_in(each) for each in model.provider.origins)
        led = cast("Plugins", DetouredPlugins(plugins, recorder.detour, others))
        ending = anyio.run(_paint, prompt, model, Client(settings=own, plugins=led), asked, recorder, tell)
    kept = [each.exchange(recorder.detour) for each in recorder.kept]
    ends = PICTURE if isinstance(ending, ImageResponse) else type(ending).__name__
    request = {"prompt": prompt, **{name: value for name, value in asked.items() if value is not None}}
    declared = model.url or model.provider.url
    if declared:
        kept = [_elsewhere(each, origin_in(to.url), origin_in(declared)) for each in kept]
    secrets = [*to.headers.values(), *([to.key.reveal()] if to.key else [])]
    return scrub(Transcript(tuple(kept), model.name, request, ends), secrets), ending


async def _paint(
    prompt: str,
    model: Model,
    client: Client,
    fields: dict[str, Any],
    recorder: _Recorder,
    tell: Callable[[object], None] | None,
) -> ImageResponse | ResponseError:
    """Return what one attempt ends in."""
    key = None if model.provider.auth is None else _PLACEHOLDER
    options: dict[str, Any] = {"api_key": key, "failover": "never", **starting_from(fields)}
    try:
        async with client, client.stream(prompt, model=model.name, **options) as stream:
            async for event in stream:
                if isinstance(event, Attempt) and isinstance(event.error, ResponseError):
                    recorder.keep()
                    return event.error
                if tell is not None:
                    tell(event)
                if isinstance(event, ImageResponse):
                    recorder.keep()
                    return event
    except ResponseError as error:
        recorder.keep()
        return error
    raise ImpastoError("The stream ended without a picture.")


def _destination(model: Model, settings: Settings) -> Destination:
    own = settings_of(model, settings)
    key = find_key(model.provider, settings, model=model.id)
    if key is None and model.provider.auth is not None and not model.provider.auth.optional:
        variable = f"set {model.provider.auth.env}, or " if model.provider.auth.env else ""
        raise ImpastoError(
            f"{model.provider.id} needs a key: {variable}run 'impasto keys set {model.provider.id}'. The transcript "
            "will not hold it."
        )
    return Destination.of(model, own, key=key, timeouts=own.timeouts, proxy=settings.proxy)


@dataclass(slots=True)
class _Passed:
    """An exchange while it passes."""

    asked: Asked
    url: str
    headers: dict[str, str]
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    def exchange(self, detour: Detour) -> Exchange:
        body, media_type = bytes(self.body), self.answered.get("content-type", "")
        if media_type.startswith("text/event-stream") and not body.endswith((b"\n\n", b"\r\n\r\n")):
            # The client had heard enough, and left in the middle of a later event.
            end = max(body.rfind(b"\n\n") + 2, body.rfind(b"\r\n\r\n") + 4)
            body = body[:end] if end > 3 else body
        sent_headers, sent = _with_fixed_boundary(self.headers, self.asked.body)
        url = detour.written(self.url)
        return Exchange(self.asked.method, url, _kept(sent_headers), sent, self.status, _kept(self.answered), body)


class _Recorder:
    """Passes requests on to a service, signed, and writes down what passes."""

    def __init__(self, to: Destination, largest_body: int) -> None:
        self._to = to
        self._largest = largest_body
        self._passed: list[_Passed] = []
        self._cookies = httpx.Cookies()
        self.detour = Detour(to.url, "http://unset.invalid")
        self.kept: list[_Passed] = []

    def keep(self) -> None:
        """Keep what has passed until now: what comes later belongs to another attempt, or tells a job to end."""
        self.kept = self.kept or [each for each in self._passed if each.status]

    def answer(self, asked: Asked, reply: Reply) -> None:
        """Pass a request on, and its answer back."""
        try:
            anyio.run(self._pass, asked, reply)
        except (httpx.HTTPError, ImpastoError) as error:
            if reply.begun:
                raise OSError("the service broke off") from error
            words = self._to.redact(f"{type(error).__name__}: {error}")
            reply.begin(502, {"content-type": "application/json"})
            reply.write(json.dumps({"detail": f"the recorder could not reach the service: {words}"}).encode())

    async def _pass(self, asked: Asked, reply: Reply) -> None:
        meant = self.detour.real(asked.target)
        url = self._to.resolve_request(meant)
        signing = self._to.auth
        unsigned = {} if signing is None else {name.lower() for name in signing.headers("")}
        address = httpx.URL(url)
        for name in () if signing is None else signing.params(""):
            address = address.copy_remove_param(name)
        headers = {
            name: value for name, value in asked.headers.items() if name not in _NOT_PASSED_ON and name not in unsigned
        }
        passed = _Passed(asked, str(address) if url == meant else meant, headers)
        self._passed.append(passed)
        secret_headers, secret_params = self._to.secrets_for(str(address))
        if secret_params:
            address = address.copy_merge_params(secret_params)
        timeout = httpx.Timeout(self._to.timeouts.idle, connect=self._to.timeouts.connect)
        client = httpx.AsyncClient(proxy=self._to.proxy, timeout=timeout, cookies=self._cookies)
        if not self._to.is_own(url) and not self._to.private_addresses:
            check_literal(url)
            client = guard(client, self._to.proxy)
        sent = {**headers, **secret_headers, "accept-encoding": "identity"}
        async with client, client.stream(asked.method, address, headers=sent, content=asked.body) as response:
            passed.status = response.status_code
            passed.answered = {
                name: value for name, value in response.headers.items() if name not in _OF_THE_CONNECTION
            }
            reply.begin(response.status_code, self._turned(passed.answered))
            await self._pass_body(response, passed, reply)
            self._cookies.update(client.cookies)

    async def _pass_body(self, response: httpx.Response, passed: _Passed, reply: Reply) -> None:
        media_type = passed.answered.get("content-type", "").lower()
        streamed = media_type.startswith("text/event-stream")
        waiting = b""
        async for chunk in response.aiter_bytes():
            passed.body += chunk
            if len(passed.body) > self._largest:
                raise ImpastoError(f"the answer is longer than {self._largest} bytes")
            if not _TEXT.match(media_type):
                reply.write(chunk)
                continue
            waiting += chunk
            if streamed and (end := waiting.rfind(b"\n") + 1):
                reply.write(self._turned_text(waiting[:end]))
                waiting = waiting[end:]
        reply.write(self._turned_text(waiting))

    def _turned(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: self.detour.turned(value) if name in {"location", "content-location", "link"} else value
            for name, value in headers.items()
        }

    def _turned_text(self, text: bytes) -> bytes:
        try:
            return self.detour.turned(text.decode()).encode()
        except UnicodeDecodeError:
            return text


def _elsewhere(exchange: Exchange, here: str, declared: str) -> Exchange:
    """Return an exchange as it would have been at the address that the plugin declares, if the user has moved it."""
    if here == declared:
        return exchange

    def moved(text: str) -> str:
        text = text.replace(here, declared)
        return text.replace(here.replace("/", "\\/"), declared.replace("/", "\\/"))

    body = exchange.body if b"\0" in exchange.body else moved(exchange.body.decode("latin-1")).encode("latin-1")
    headers = {name: moved(value) for name, value in exchange.headers.items()}
    return dataclasses.replace(exchange, url=moved(exchange.url), headers=headers, body=body)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in headers.items() if not dropped(name, value)}


def _with_fixed_boundary(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Return a form in several parts with a boundary that is the same every time."""
    found = _BOUNDARY.search(headers.get("content-type", ""))
    if found is None:
        return headers, body
    fixed = "impasto-boundary"
    kind = headers["content-type"].replace(found[1], fixed)
    return {**headers, "content-type": kind}, body.replace(found[1].encode(), fixed.encode())
