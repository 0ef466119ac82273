"""How bytes become server-sent events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import ProtocolError
from impasto.sse import Decoder, ServerSentEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGE = 1 << 20


def decode(*chunks: bytes, max_event_size: int = LARGE) -> list[ServerSentEvent]:
    decoder = Decoder(max_event_size)
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def outcome(chunks: Iterable[bytes], max_event_size: int = LARGE) -> tuple[list[ServerSentEvent], str, bool]:
    """Return what a reader sees: the events, the error after them, and whether an event was cut off."""
    decoder = Decoder(max_event_size)
    events: list[ServerSentEvent] = []
    try:
        for chunk in chunks:
            events.extend(decoder.feed(chunk))
    except ProtocolError as error:
        return events, str(error), False
    return events, "", decoder.pending


def one_by_one(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def reference(stream: bytes) -> list[ServerSentEvent]:
    """The specification's section 9.2.6, word by word, over the whole stream at once."""
    text = stream.decode().removeprefix("\ufeff")
    *lines, _unfinished = re.split("\r\n|\n|\r", text)
    events = []
    data, event_type, last_event_id, retry = "", "", "", None
    for line in lines:
        if line == "":
            if data != "":
                events.append(ServerSentEvent(event_type or "message", data[:-1], last_event_id, retry))
            data, event_type, retry = "", "", None
            continue
        if line.startswith(":"):
            continue
        field, colon, value = line.partition(":")
        if colon and value.startswith(" "):
            value = value[1:]
        if field == "event":
            event_type = value
        elif field == "data":
            data += value + "\n"
        elif field == "id" and "\0" not in value:
            last_event_id = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            retry = int(value)
    return events


PIECES = st.sampled_from(
    [
        "data",
        "event",
        "id",
        "retry",
        ":",
        ": ",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\r\n\r\n",
        "data: ",
        "event: ",
        "id: ",
        "data:",
        "Data: ",
        *("12", "\0", "\ufeff", "é", "語", "🎨", "x", "\u2028", "\x0b", "\x85"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)


@st.composite
def chunked(draw: st.DrawFn, streams: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    stream = draw(streams)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return stream, [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


class TestTheSpecificationsOwnExamples:
    def test_three_messages_the_third_of_two_lines(self) -> None:
        stream = (
            b"data: This is the first message.\n\n"
            b"data: This is the second message, it\ndata: has two lines.\n\n"
            b"data: This is the third message.\n\n"
        )
        assert [event.data for event in decode(stream)] == [
            "This is the first message.",
            "This is the second message, it\nhas two lines.",
            "This is the third message.",
        ]

    def test_types(self) -> None:
        stream = b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n"
        assert [(event.event, event.data) for event in decode(stream)] == [
            ("add", "73857293"),
            ("remove", "2153"),
            ("add", "113411"),
        ]

    def test_a_stock_ticker(self) -> None:
        assert decode(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [ServerSentEvent(data="YHOO\n+2\n10")]

    def test_four_blocks_of_which_the_last_is_incomplete(self) -> None:
        stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
        assert decode(stream) == [
            ServerSentEvent(data="first event", id="1"),
            ServerSentEvent(data="second event", id=""),
        ]
        assert decode(stream + b"\n\n")[2].data == " third event"

    def test_a_field_without_a_colon_is_a_field_with_an_empty_value(self) -> None:
        assert [event.data for event in decode(b"data\n\ndata\ndata\n\ndata:")] == ["", "\n"]

    def test_one_space_after_the_colon_is_optional(self) -> None:
        assert [event.data for event in decode(b"data:test\n\ndata: test\n\n")] == ["test", "test"]


class TestLines:
    @pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
    def test_may_end_in_three_ways(self, end: bytes) -> None:
        assert decode(b"data: a" + end + b"data: b" + end + end) == [ServerSentEvent(data="a\nb")]

    def test_the_two_halves_of_crlf_in_two_chunks_end_one_line(self) -> None:
        assert decode(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == [ServerSentEvent(data="a\nb")]

    def test_a_cr_ends_the_event_without_waiting_for_what_follows(self) -> None:
        assert decode(b"data: a\r\r") == [ServerSentEvent(data="a")]

    def test_other_line_breaks_of_unicode_are_part_of_the_data(self) -> None:
        assert decode("data: a\u2028b\x0bc\x85d\n\n".encode())[0].data == "a\u2028b\x0bc\x85d"


class TestFields:
    def test_one_leading_bom_is_dropped_wherever_it_is_cut(self) -> None:
        assert decode(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == [ServerSentEvent(data="a")]

    def test_a_second_bom_belongs_to_the_line(self) -> None:
        assert decode(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n") == []

    def test_an_event_without_data_is_not_dispatched_and_its_type_is_forgotten(self) -> None:
        assert decode(b"event: lost\n\ndata: a\n\n") == [ServerSentEvent(data="a")]

    def test_the_last_event_id_persists_and_one_with_nul_is_ignored(self) -> None:
        stream = b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid: 3\n\ndata: d\n\n"
        assert [event.id for event in decode(stream)] == ["1", "1", "1", "3"]

    @pytest.mark.parametrize(
        ("value", "retry"),
        [
            ("3000", 3000),
            ("007", 7),
            ("0", 0),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("٣", None),
            ("9" * 5000, None),
        ],
    )
    def test_retry_is_digits_only(self, value: str, retry: int | None) -> None:
        assert decode(f"retry: {value}\ndata: a\n\ndata: b\n\n".encode()) == [
            ServerSentEvent(data="a", retry=retry),
            ServerSentEvent(data="b"),
        ]

    def test_names_are_case_sensitive_and_unknown_ones_ignored(self) -> None:
        assert decode(b"Data: a\n data: b\nfoo: c\ndata : d\n\n") == []


class TestTheEnd:
    @pytest.mark.parametrize("rest", [b"data: half", b"data: whole line\n", b"event: x\n", b"d", b"id: 1\r\n"])
    def test_an_event_that_has_begun_is_pending_and_not_handed_out(self, rest: bytes) -> None:
        assert outcome([b"data: a\n\n", rest]) == ([ServerSentEvent(data="a")], "", True)

    @pytest.mark.parametrize("rest", [b"", b"\n", b": comment\n", b": half a comm", b"\r\n\r\n"])
    def test_between_events_nothing_is_pending(self, rest: bytes) -> None:
        assert outcome([b"data: a\n\n", rest]) == ([ServerSentEvent(data="a")], "", False)


class TestBytesThatAreNotUtf8:
    def test_are_an_error_that_repeats_the_words_after_the_events_before_it(self) -> None:
        events, error, _ = outcome([b"data: good\n\ndata: gr\xfc\xdfe\n\ndata: never\n\n"])
        assert [event.data for event in events] == ["good"]
        assert "not UTF-8" in error
        assert "gr��e" in error

    def test_do_no_harm_where_nobody_reads_them(self) -> None:
        assert decode(b": \xff\nfoo: \xff\ndata: a\n\n") == [ServerSentEvent(data="a")]


class TestTheBound:
    def test_an_event_of_exactly_that_size_passes(self) -> None:
        assert decode(b"data:abc\ndata\n\n", max_event_size=12) == [ServerSentEvent(data="abc\n")]

    @pytest.mark.parametrize(
        "stream",
        [b"data:abc\ndata:\n\n", b"dat" + b"a" * 10, b"data:abc\n:1234", b":" + b" " * 12, b"data: 1234567\n\n"],
    )
    def test_one_byte_more_does_not(self, stream: bytes) -> None:
        assert "12 bytes" in outcome([stream], max_event_size=12)[1]
        assert "12 bytes" in outcome(one_by_one(stream), max_event_size=12)[1]

    def test_an_endless_line_ends_at_the_bound_and_not_later(self) -> None:
        taken = 0

        def endless() -> Iterable[bytes]:
            nonlocal taken
            while True:
                taken += 1
                yield b"x"

        assert "1000 bytes" in outcome(endless(), max_event_size=1000)[1]
        assert taken == 1001

    def test_endless_lines_of_one_event_end_as_well(self) -> None:
        assert "1000 bytes" in outcome(iter(lambda: b"data\n", b""), max_event_size=1000)[1]

    def test_heartbeats_do_not_add_up(self) -> None:
        assert decode(*[b": beat\n"] * 1000, b"data: a\n\n", max_event_size=20) == [ServerSentEvent(data="a")]

    def test_events_before_the_large_one_are_handed_out(self) -> None:
        events, error, _ = outcome([b"data: a\n\ndata: " + b"b" * 50], max_event_size=20)
        assert events == [ServerSentEvent(data="a")]
        assert error


class TestAnyStream:
    @given(chunked(TEXTS.map(str.encode)))
    def test_reads_as_the_specification_says_however_it_is_cut(self, cut: tuple[bytes, list[bytes]]) -> None:
        stream, chunks = cut
        assert decode(*chunks) == reference(stream)
        assert decode(*one_by_one(stream)) == reference(stream)

    @given(chunked(st.binary(max_size=60) | TEXTS.map(str.encode)), st.integers(0, 30))
    def test_ends_the_same_way_however_it_is_cut(self, cut: tuple[bytes, list[bytes]], bound: int) -> None:
        stream, chunks = cut
        assert outcome(chunks, bound) == outcome([stream], bound) == outcome(one_by_one(stream), bound)

    @given(TEXTS.map(str.encode), st.binary(min_size=1, max_size=4))
    def test_after_a_blank_line_is_not_touched_by_what_came_before(self, stream: bytes, noise: bytes) -> None:
        later = b"data: later\nevent: e\nid: 7\n\n"
        events = outcome(
            [b"foo: " + noise.replace(b"\n", b"").replace(b"\r", b"") + b"\n" + stream + b"\n\n\n" + later]
        )[0]
        assert events[-1] == ServerSentEvent("e", "later", "7")


@pytest.mark.parametrize("field", [b"event: ", b"id: ", b"data: "])
def test_a_long_line_in_pieces_that_is_not_utf8_is_the_same_error(field: bytes) -> None:
    decoder = Decoder(1_000_000)
    assert list(decoder.feed(b"data: before\n\n" + field + b"\xff" + b"a" * 100_000)) != []
    with pytest.raises(ProtocolError, match="not UTF-8"):
        list(decoder.feed(b"b\n\n"))
