"""Whatever a server does, the user gets an error that says where it happened, in the server's own words."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib

import pytest

import impasto
from impasto import (
    AuthenticationError,
    ContentRejected,
    DeadlineExceeded,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from standins.pictures import picture
from standins.provider import ExampleProvider, client, said
from standins.server import Answer, ScriptedServer, event_stream, reply

pytestmark = pytest.mark.anyio

HTML = "<!DOCTYPE html><html><body><h1>Space is sleeping</h1><p>Wake it up.</p></body></html>"


async def failure(server: ScriptedServer, **options: object) -> ResponseError:
    """Return the error that asking for a fox ends in."""
    async with client(url=server.url, **options) as opened:
        with pytest.raises(ResponseError) as raised:
            await opened.generate("a fox", model="paint")
    return raised.value


@pytest.mark.parametrize(
    ("answer", "cls", "words"),
    [
        (reply(HTML, media_type="text/html"), ProtocolError, "expected JSON, got: Space is sleeping Wake it up."),
        (reply(HTML, status="503 Service Unavailable", media_type="text/html"), ProviderUnavailable, "503 Service Una"),
        (reply(HTML, status="404 Not Found", media_type="text/html"), ProviderUnavailable, "Space is sleeping"),
        (reply("Internal Server Error", status="500 Internal Server Error"), ProviderUnavailable, "500 Internal"),
        (reply('{"detail": "no"}', status="400 Bad Request"), ResponseError, "400 Bad Request: no"),
        (reply('{"error": {"message": "bad key"}}', status="401 Unauthorized"), AuthenticationError, "bad key"),
        (reply("", status="403 Forbidden"), AuthenticationError, "403 Forbidden"),
        (reply('{"error": "slow down"}', status="429 Too Many Requests"), QuotaExceeded, "slow down"),
        (reply("", status="204 No Content"), ProtocolError, "expected JSON, got: nothing"),
        (reply('{"kind": "do'), ProtocolError, 'expected JSON, got: {"kind": "do'),
        (reply(b'{"kind": "\xff\xfe"}'), ProtocolError, "UTF-8"),
        (reply("[" * 100_000), ProtocolError, "expected JSON"),
        (reply("[1, 2]"), ProtocolError, "the answer was not understood (TypeError"),
        (reply("{}"), ProtocolError, "the answer was not understood (KeyError: 'kind', in "),
        (reply(said(kind="done", urls=[])), ProtocolError, "the answer holds no picture"),
        (reply(said(kind="done", url=None)), ProtocolError, "without an address"),
        (reply(said(kind="progress", fraction=1)), ProtocolError, "the answer ended without a picture"),
        (reply(said(kind="refused", why="<b>no</b> foxes")), ContentRejected, "no foxes"),
        (reply("{}", length=1000, then="close"), ProviderUnavailable, "the connection broke"),
        (reply("{}", length=1000, then="reset"), ProviderUnavailable, "the connection broke"),
        (Answer(b"", "close"), ProviderUnavailable, "the connection broke"),
        (Answer(b"", "reset"), ProviderUnavailable, "the connection broke"),
        (Answer(b"SSH-2.0-OpenSSH_9.2\r\n", "close"), ProviderUnavailable, "the connection broke"),
        (
            Answer(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", "close"),
            ProviderUnavailable,
            "the connection broke",
        ),
        (
            Answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
            ProtocolError,
            "decoded",
        ),
        (reply("{}", headers={"Content-Encoding": "br"}), ProtocolError, "coding 'br', which was not asked for"),
        (event_stream(("progress", said(fraction=0))), ProtocolError, "the answer ended without a picture"),
        (event_stream(tail=b"event: done\ndata: {"), ProtocolError, "in the middle of an event"),
        (event_stream(("done", "{]")), ProtocolError, "expected JSON, got: {]"),
        (event_stream(tail=b"event: done\ndata: \xff\xfe\n\n"), ProtocolError, ""),
        (event_stream(("surprise", "{}")), ResponseError, "unknown kind surprise"),
        (reply("", status="302 Found", headers={"Location": "/draw"}), ProtocolError, "more than 5 redirects"),
        (
            reply("", status="302 Found", headers={"Location": "file:///etc/passwd"}),
            ProtocolError,
            "not an http(s) address",
        ),
        (reply("", status="302 Found", headers={"Location": "http://["}), ProtocolError, "address"),
    ],
)
async def test_a_broken_answer_is_a_response_error_that_says_where(
    server: ScriptedServer, answer: Answer, cls: type[ResponseError], words: str
) -> None:
    server.script("/draw", answer)
    error = await failure(server)
    assert type(error) is cls
    assert words in str(error)
    assert str(error).startswith("example, POST /draw: ")
    assert (error.provider, error.model) == ("example", "painter")


async def test_a_refused_connection(server: ScriptedServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        server.url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    error = await failure(server)
    assert isinstance(error, ProviderUnavailable)
    assert "no connection" in str(error)


async def test_a_name_that_does_not_resolve(server: ScriptedServer) -> None:
    server.url = "http://nowhere.invalid"
    assert isinstance(await failure(server), ProviderUnavailable)


async def test_a_certificate_that_does_not_verify(server: ScriptedServer) -> None:
    server.url = server.url.replace("http://", "https://")
    error = await failure(server)
    assert isinstance(error, ProviderUnavailable)
    assert "no connection" in str(error)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("not a url", "404 Not Found"),
        ("ftp://127.0.0.1/fox.png", "not an http(s) address"),
        ("http://", "not an http(s) address"),
        ("http://[::1/fox.png", "not an address"),
        ("http://127.0.0.1:99999/fox.png", "not an address"),
        ("data:image/png;base64,%%%", "base64 is broken"),
        ("data:,", "empty"),
        ("data:nonsense", "not a data: URL"),
        ("/missing.png", "404 Not Found"),
        ("/page.html", "not an image, but 85 bytes: Space is sleeping Wake it up."),
        ("/header.png", "not a readable PNG"),
        ("/half.png", "the picture ends short"),
        ("/half.jpg", "the picture ends short"),
        ("/half.webp", "the picture ends short"),
        ("/empty.png", "not an image, but 0 bytes"),
    ],
)
async def test_a_picture_that_cannot_be_had(server: ScriptedServer, url: str, words: str) -> None:
    server.script("/draw", reply(said(kind="done", url=url)))
    server.script("/page.html", reply(HTML, media_type="text/html"))
    server.script("/header.png", reply(picture()[:10] + picture()[-12:], media_type="image/png"))
    server.script("/half.png", reply(picture()[:60], media_type="image/png"))
    server.script("/half.jpg", reply(picture("JPEG")[:-30], media_type="image/jpeg"))
    server.script("/half.webp", reply(picture("WEBP")[:-4], media_type="image/webp"))
    server.script("/empty.png", reply(b"", media_type="image/png"))
    error = await failure(server)
    assert words in str(error)
    assert isinstance(error, ProtocolError | ProviderUnavailable)
    assert error.provider == "example"


async def test_a_download_that_ends_short_is_tried_again(server: ScriptedServer) -> None:
    whole = picture()
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(whole[:50], length=len(whole), then="close"), reply(whole[:60]), reply(whole))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint")
    assert response.data == whole
    assert server.paths() == ["POST /draw", "GET /fox.png", "GET /fox.png", "GET /fox.png"]


async def test_a_download_that_keeps_ending_short_is_given_up(server: ScriptedServer) -> None:
    whole = picture()
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(whole[:50], length=len(whole), then="close"))
    error = await failure(server)
    assert "the connection broke" in str(error)
    assert error.step == "GET /fox.png"
    assert server.paths().count("GET /fox.png") == 3


async def test_retry_after_is_read(server: ScriptedServer) -> None:
    server.script("/draw", reply("{}", status="429 Too Many Requests", headers={"Retry-After": "1700"}))
    assert (await failure(server)).retry_after == 1700


async def test_the_words_of_a_server_are_cut_to_a_sane_length(server: ScriptedServer) -> None:
    server.script("/draw", reply("oh no " * 100_000, status="500 Internal Server Error"))
    assert len(str(await failure(server))) < 400


class TestBounds:
    async def test_a_body_that_is_too_long(self, server: ScriptedServer) -> None:
        server.script("/draw", reply(b" " * 2000))
        error = await failure(server, settings_fields={"bounds": {"body_size": 1000}})
        assert "the answer is longer than 1000 bytes" in str(error)

    async def test_a_body_that_unpacks_to_too_much(self, server: ScriptedServer) -> None:
        bomb = gzip.compress(b" " * 10_000_000)
        server.script("/draw", reply(bomb, headers={"Content-Encoding": "gzip"}))
        error = await failure(server, settings_fields={"bounds": {"body_size": 1_000_000}})
        assert "the answer is longer than 1000000 bytes" in str(error)

    async def test_an_event_that_never_ends(self, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(tail=b"data: " + b"x" * 5000, then="hold"))
        error = await failure(server, settings_fields={"bounds": {"event_size": 1000}})
        assert isinstance(error, ProtocolError)
        assert "1000" in str(error)

    async def test_a_picture_that_is_too_long(self, server: ScriptedServer) -> None:
        server.script("/draw", reply(said(kind="done", url="/fox.png")))
        server.script("/fox.png", reply(picture("BMP")))
        error = await failure(server, settings_fields={"bounds": {"image_size": 100}})
        assert "longer than 100 bytes" in str(error)

    async def test_a_decompression_bomb_is_refused_from_its_header(self, server: ScriptedServer) -> None:
        header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
        chunk = b"IHDR" + header
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        bomb += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")) + b"\0\0\0\0IEND\xaeB`\x82"
        server.script("/draw", reply(said(kind="done", url="/fox.png")))
        server.script("/fox.png", reply(bomb, media_type="image/png"))
        assert "60000x60000 pixels, more than the 100000000 allowed" in str(await failure(server))

    async def test_a_conversation_that_never_ends(self, server: ScriptedServer) -> None:
        server.script("/draw", reply(said(kind="follow", url="/draw")))
        async with client(url=server.url, settings_fields={"bounds": {"follows": 3}}) as opened:
            with pytest.raises(impasto.PluginError, match="hook parse_event: no picture after 3 steps"):
                await opened.generate("a fox", model="paint")
        assert len(server.received) == 4

    async def test_a_server_that_never_stops_talking(self, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(*[("progress", said(fraction=0))] * 50))
        error = await failure(server, settings_fields={"bounds": {"events": 20}})
        assert "more than 20 events" in str(error)


class TestTimeouts:
    async def test_a_server_that_falls_silent(self, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(("progress", said(fraction=0)), then="hold"))
        error = await failure(server, idle_timeout=0.05)
        assert type(error) is ProviderUnavailable
        assert "nothing was heard for 0.05 s" in str(error)
        assert server.wait_until_left()

    async def test_the_deadline_of_the_whole_request(self, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(("progress", said(fraction=0)), then="hold"))
        error = await failure(server, deadline=0.2)
        assert type(error) is DeadlineExceeded
        assert "no picture within 0.2 s" in str(error)
        assert error.provider == "example"
        assert server.wait_until_left()

    async def test_a_plugin_may_allow_a_longer_silence(self, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(then="hold"))
        patient = ExampleProvider(submit=impasto.HttpRequest("GET", "/draw", idle=0.05))
        async with client(patient, url=server.url) as opened:
            with pytest.raises(ProviderUnavailable, match=r"nothing was heard for 0\.05 s"):
                await opened.generate("a fox", model="paint")

    @pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), "5", True])
    async def test_a_timeout_is_a_positive_number_of_seconds(self, server: ScriptedServer, seconds: float) -> None:
        async with client(url=server.url) as opened:
            for name in ("connect_timeout", "idle_timeout", "deadline"):
                with pytest.raises(impasto.InvalidRequest, match=f"{name} must be a positive number of seconds"):
                    opened.stream("a fox", model="paint", **{name: seconds})  # type: ignore[arg-type]


class TestConnections:
    async def test_after_a_servers_failure_the_next_request_has_a_connection_of_its_own(
        self, server: ScriptedServer
    ) -> None:
        server.script(
            "/draw", reply("Internal Server Error", status="500 Oops"), reply(said(kind="done", url="/fox.png"))
        )
        server.script("/fox.png", reply(picture()))
        async with client(url=server.url) as opened:
            with pytest.raises(ProviderUnavailable):
                await opened.generate("a fox", model="paint")
            assert (await opened.generate("a fox", model="paint")).data == picture()
        assert server.connections == 2

    async def test_connections_are_used_again(self, server: ScriptedServer) -> None:
        server.script("/draw", reply(said(kind="done", url="/fox.png")))
        server.script("/fox.png", reply(picture()))
        async with client(url=server.url) as opened:
            await opened.generate("a fox", model="paint")
            await opened.generate("a fox", model="paint")
        assert server.connections == 1

    async def test_what_is_not_idempotent_is_never_sent_twice(self, server: ScriptedServer) -> None:
        server.script("/draw", Answer(b"", "close"), reply(said(kind="done", url="/fox.png")))
        error = await failure(server)
        assert type(error) is ProviderUnavailable
        assert server.paths() == ["POST /draw"]

    async def test_what_is_idempotent_is_sent_once_more_where_no_answer_came(self, server: ScriptedServer) -> None:
        server.script("/draw", Answer(b"", "close"), reply(said(kind="done", url="/fox.png")))
        server.script("/fox.png", reply(picture()))
        free = ExampleProvider(submit=impasto.HttpRequest("POST", "/draw", json={}, idempotent=True))
        async with client(free, url=server.url) as opened:
            assert (await opened.generate("a fox", model="paint")).data == picture()
        assert server.paths() == ["POST /draw", "POST /draw", "GET /fox.png"]

    async def test_statuses_that_a_plugin_wants_to_read_itself_come_as_events(self, server: ScriptedServer) -> None:
        server.script("/draw", reply(said(kind="refused", why="no foxes"), status="422 Unprocessable Content"))
        reader = ExampleProvider(submit=impasto.HttpRequest("POST", "/draw", json={}, statuses=(422,)))
        async with client(reader, url=server.url) as opened:
            with pytest.raises(ContentRejected, match="no foxes"):
                await opened.generate("a fox", model="paint")
