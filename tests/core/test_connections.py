"""Connections: used again where that is safe, closed where it is not, and as slow as whoever reads."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import anyio
import pytest

import impasto
from impasto import HttpRequest, ImageResponse, Progress, ProviderUnavailable
from standins.pictures import picture
from standins.provider import ExampleProvider, client, said
from standins.server import PATIENCE, Answer, ScriptedServer, _read_request, reply

pytestmark = pytest.mark.anyio

DONE = said(kind="done", url="/fox.png")


def in_chunks(*pieces: bytes, end: bytes = b"0\r\n\r\n", headers: bytes = b"") -> bytes:
    """Return an event stream in chunked coding (RFC 9112, section 7.1)."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def an_event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


STREAMED = (an_event("progress", said(fraction=0.5)), an_event("done", said(url="/fox.png")))


@contextlib.contextmanager
def serving(serve: Callable[[socket.socket, int], None], address: str = "127.0.0.1") -> Iterator[str]:
    """Run a server that handles each connection, and its number, with a function; return the server's address."""
    open_connections = []
    with socket.create_server((address, 0)) as listener:

        def handle(connection: socket.socket, number: int) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(PATIENCE)
                serve(connection, number)

        def accept() -> None:
            threads: list[threading.Thread] = []
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    open_connections.append(connection)
                    threads.append(threading.Thread(target=handle, args=(connection, len(threads))))
                    threads[-1].start()
            for thread in threads:
                thread.join(PATIENCE)

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://{address}:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in open_connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE)


async def test_pictures_one_after_the_other_come_over_one_connection(server: ScriptedServer) -> None:
    server.script("/draw", reply(DONE))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        for _ in range(5):
            await opened.generate("a fox", model="paint")
    assert server.connections == 1


async def test_a_stream_that_was_read_to_its_picture_leaves_its_connection_to_the_next(server: ScriptedServer) -> None:
    server.script("/draw", Answer(in_chunks(*STREAMED)))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        for _ in range(5):
            await opened.generate("a fox", model="paint", download=False)
    assert server.connections == 1


async def test_a_connection_on_which_the_server_failed_is_not_used_again(server: ScriptedServer) -> None:
    server.script("/draw", reply("{}", status="500 Internal Server Error"), reply(DONE))
    async with client(url=server.url) as opened:
        with pytest.raises(ProviderUnavailable):
            await opened.generate("a fox", model="paint")
        await opened.generate("a fox", model="paint", download=False)
    assert server.connections == 2


async def test_a_connection_that_the_server_wants_closed_is_not_used_again(server: ScriptedServer) -> None:
    server.script("/draw", reply(DONE, headers={"Connection": "close"}))
    async with client(url=server.url) as opened:
        for _ in range(2):
            await opened.generate("a fox", model="paint", download=False)
    assert server.connections == 2


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # httpx, which serves trio, takes them for the next answer.
async def test_bytes_that_nobody_asked_for_are_not_taken_for_the_next_answer(server: ScriptedServer) -> None:
    sly = reply(said(kind="done", url="/sly.png")).data
    server.script("/draw", Answer(reply(DONE).data + sly, "hold"))
    async with client(url=server.url) as opened:
        for _ in range(3):
            response = await opened.generate("a fox", model="paint", download=False)
            assert response.image_url == f"{server.url}/fox.png"


async def test_interim_answers_are_passed_over(server: ScriptedServer) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    server.script("/draw", Answer(interim + reply(DONE).data))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint", download=False)
    assert response.image_url == f"{server.url}/fox.png"


async def test_trailer_fields_are_passed_over(server: ScriptedServer) -> None:
    server.script("/draw", Answer(in_chunks(*STREAMED, end=b"0\r\nServer-Timing: draw;dur=5\r\n\r\n")))
    async with client(url=server.url) as opened:
        for _ in range(2):
            await opened.generate("a fox", model="paint", download=False)
    assert server.connections == 1


@pytest.mark.parametrize("end", ["head", "trailer"])
async def test_a_head_or_trailer_that_never_ends_is_refused(server: ScriptedServer, end: str) -> None:
    endless = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(500))
    wait = an_event("progress", said(fraction=0))
    head = Answer(b"HTTP/1.1 200 OK\r\n" + endless, "hold")
    trailer = Answer(in_chunks(wait, end=b"0\r\n" + endless), "hold")
    server.script("/draw", head if end == "head" else trailer)
    async with client(url=server.url) as opened:
        with pytest.raises(ProviderUnavailable, match="the connection broke"):
            await opened.generate("a fox", model="paint", idle_timeout=PATIENCE)


async def test_a_change_of_protocol_is_refused(server: ScriptedServer) -> None:
    server.script(
        "/draw", Answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: telnet\r\nConnection: upgrade\r\n\r\n")
    )
    async with client(url=server.url) as opened:
        with pytest.raises(impasto.ResponseError):
            await opened.generate("a fox", model="paint", idle_timeout=1)


@pytest.mark.parametrize(
    ("name", "value"), [("X-Style", "oil\r\nX-Sly: 1"), ("X Style", "oil"), ("X-Style", "\u2603"), ("X-Style", "\0")]
)
async def test_a_header_that_cannot_be_sent_is_not_sent(server: ScriptedServer, name: str, value: str) -> None:
    plugin = ExampleProvider(submit=HttpRequest("POST", "/draw", json={}, headers={name: value}))
    server.script("/draw", reply(DONE))
    async with client(plugin, url=server.url) as opened:
        with pytest.raises(impasto.ProtocolError, match="X.Style|cannot be sent"):
            await opened.generate("a fox", model="paint")
    assert server.received == []


async def test_a_slow_reader_slows_its_own_stream_and_no_other() -> None:
    stuck = threading.Event()
    sent = 0
    flood = b"".join(an_event("progress", said(fraction=0.5)) for _ in range(2_000))

    def serve(connection: socket.socket, number: int) -> None:
        nonlocal sent
        request = _read_request(connection.makefile("rb"))
        assert request is not None
        if request.json()["prompt"] == "a quick fox":
            connection.sendall(reply(said(kind="done", url="/fox.png")).data)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        connection.settimeout(0.5)
        try:
            for _ in range(2_000):
                connection.sendall(flood)
                sent += len(flood)
        except TimeoutError:
            stuck.set()

    with serving(serve) as url:
        async with client(url=url) as opened, opened.stream("a slow fox", model="paint") as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    break
            assert await anyio.to_thread.run_sync(stuck.wait, PATIENCE), "the server could send without end"
            assert sent < 2_000 * len(flood) / 4
            assert isinstance(await opened.generate("a quick fox", model="paint", download=False), ImageResponse)


async def test_an_upload_that_takes_its_time_is_not_silence() -> None:
    body = b"x" * 60_000_000

    def serve(connection: socket.socket, number: int) -> None:
        pause = threading.Event()
        left = len(body)
        while b"\r\n\r\n" not in connection.recv(65_536, socket.MSG_PEEK):
            pass
        while left > 0:
            left -= len(connection.recv(1_500_000, socket.MSG_WAITALL if left > 1_500_000 else 0))
            pause.wait(0.1)
        connection.sendall(reply(DONE).data)

    plugin = ExampleProvider(submit=HttpRequest("POST", "/draw", content=body))
    with serving(serve) as url:
        async with client(plugin, url=url) as opened:
            await opened.generate("a fox", model="paint", download=False, idle_timeout=3)


class TestAddresses:
    @pytest.fixture
    def resolves_to(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def resolve(*addresses: str) -> None:
            def getaddrinfo(host: object, port: object, *args: object, **options: object) -> list[object]:
                kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
                found = addresses if host in ("painter.test", b"painter.test") else (host,)
                return [(*kind, (address, port)) for address in found]

            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        return resolve

    @pytest.fixture
    def deaf(self) -> Iterator[str]:
        """An address that lets connections wait for ever."""
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.create_server(("127.0.0.77", 0), backlog=0))
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            yield str(listener.getsockname()[1])

    async def test_the_next_address_is_tried_where_the_first_refuses(
        self, server: ScriptedServer, resolves_to: Callable[..., None]
    ) -> None:
        resolves_to("127.0.0.9", "127.0.0.8", "127.0.0.1")
        server.script("/draw", reply(DONE))
        async with client(url=server.url.replace("127.0.0.1", "painter.test")) as opened:
            response = await opened.generate("a fox", model="paint", download=False)
        assert isinstance(response, ImageResponse)

    async def test_an_address_that_does_not_answer_holds_nobody_up(
        self, deaf: str, resolves_to: Callable[..., None]
    ) -> None:
        resolves_to("127.0.0.77", "127.0.0.1")
        with socket.create_server(("127.0.0.1", int(deaf))) as listener:

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    _read_request(connection.makefile("rb"))
                    connection.sendall(reply(DONE).data)

            serving_one = threading.Thread(target=serve)
            serving_one.start()
            async with client(url=f"http://painter.test:{deaf}") as opened:
                await opened.generate("a fox", model="paint", download=False, connect_timeout=PATIENCE)
            serving_one.join(PATIENCE)

    async def test_all_addresses_refusing_is_one_error(self, resolves_to: Callable[..., None]) -> None:
        resolves_to("127.0.0.9", "127.0.0.8")
        async with client(url="http://painter.test:9") as opened:
            with pytest.raises(ProviderUnavailable, match="no connection"):
                await opened.generate("a fox", model="paint")

    async def test_connecting_ends_in_time(self, deaf: str) -> None:
        async with client(url=f"http://127.0.0.77:{deaf}") as opened:
            with pytest.raises(ProviderUnavailable, match="no connection within 0.2 s"):
                await opened.generate("a fox", model="paint", connect_timeout=0.2)
