"""Framers: whole, cut everywhere, byte by byte; nothing lost, nothing broken, nothing late."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from guardrail.errors import ReplyError
from guardrail.wire.base import Frame, Framer
from guardrail.wire.sse import NdjsonFramer, SseFramer

SMALL = (
    "\ufeff: hello\r\n\r\n"
    'data: {"text":"你好，世界"}\n\n'
    "data:no space\r\rdata:  two spaces\r\n\r\n"
    "event: ping\rdata: a\r\ndata: b\ndata\r\n\r\n"
    "id: 7\nretry: 10\ndata: 👩‍👩‍👧‍👦 é\r\r\n"
    "data: \n\n\n\r\n"
    "datax: none\n: only a comment\n\n"
    "event: nothing\n\n"
    "data:x\r\n\ndata: [DONE]\n\n"
).encode()
MIDDLE = SMALL + SMALL.removeprefix("\ufeff".encode()) + b"data: unfinished\r\ndata: more"
LARGE = SMALL + b"".join(
    f'event: e{i}{end}data: {{"n":{i},"t":"第{i}句👩‍👩‍👧‍👦。"}}{end}id:{i}{end}{end}'.encode()
    for i in range(18)
    for end in ("\n", "\r\n", "\r")
)
LINES = '{"a":"你好"}\n\r\n  {"b":"👩‍👩‍👧‍👦"}\r\n\n{"c":1}\n{"unfinished'.encode()

Parts = Iterable[bytes]
Events = list[tuple[str | None, bytes]]


def feed(framer: Framer, parts: Parts) -> list[Frame]:
    """All frames of a stream that comes in these parts."""
    frames = [frame for part in parts for frame in framer.push(part)]
    return frames + framer.flush()


def events(frames: Iterable[Frame]) -> Events:
    """What a client is told."""
    return [(f.event, f.data) for f in frames if f.data is not None]


def cut(body: bytes, *places: int) -> list[bytes]:
    """`body` in parts that begin at these places."""
    return [body[a:b] for a, b in pairwise((0, *places, len(body)))]


def check(make: Callable[[], Framer], body: bytes, parts: Parts, expected: Events) -> None:
    """The same bytes, the same events."""
    frames = feed(make(), parts)
    assert b"".join(f.raw for f in frames) == body
    assert events(frames) == expected


def test_reads_by_the_standard():
    """Every field, line end and oddity is read as the WHATWG standard has it."""
    assert events(feed(SseFramer(), [SMALL])) == [
        (None, '{"text":"你好，世界"}'.encode()),
        (None, b"no space"),
        (None, b" two spaces"),
        ("ping", b"a\nb\n"),
        (None, "👩‍👩‍👧‍👦 é".encode()),
        (None, b""),
        (None, b"x"),
        (None, b"[DONE]"),
    ]


@pytest.mark.parametrize("body", [SMALL, MIDDLE, pytest.param(LARGE, marks=pytest.mark.slow)])
def test_every_single_cut(body: bytes):
    """Cut in two anywhere, a stream gives the same bytes and the same events."""
    expected = events(feed(SseFramer(), [body]))
    for place in range(len(body) + 1):
        check(SseFramer, body, cut(body, place), expected)


@pytest.mark.parametrize("body", [SMALL, pytest.param(MIDDLE, marks=pytest.mark.slow)])
def test_every_pair_of_cuts(body: bytes):
    """Cut in three anywhere, a stream gives the same bytes and the same events."""
    expected = events(feed(SseFramer(), [body]))
    for first in range(len(body) + 1):
        for second in range(first, len(body) + 1):
            check(SseFramer, body, cut(body, first, second), expected)


@pytest.mark.slow
def test_pairs_of_cuts_in_a_large_stream():
    """The same for 4 KB and more, with the first cut in steps of 64 bytes."""
    assert len(LARGE) >= 4096
    expected = events(feed(SseFramer(), [LARGE]))
    for first in range(0, len(LARGE), 64):
        for second in range(first, len(LARGE), 31):
            check(SseFramer, LARGE, cut(LARGE, first, second), expected)


@pytest.mark.parametrize("body", [SMALL, MIDDLE, LARGE], ids=["small", "middle", "large"])
def test_byte_by_byte(body: bytes):
    """Dripped in single bytes, a stream gives the same bytes and the same events."""
    check(SseFramer, body, cut(body, *range(1, len(body))), events(feed(SseFramer(), [body])))


@given(st.lists(st.integers(0, len(LARGE))).map(sorted))
def test_any_cuts(places: list[int]):
    """Any number of cuts, empty parts included."""
    check(SseFramer, LARGE, cut(LARGE, *places), events(feed(SseFramer(), [LARGE])))


STREAMS = st.lists(
    st.sampled_from(
        ["data", "event", "id", ":", " ", "a", "é", "\r", "\n", "\r\n", "\n\n", "\ufeff"]
    )
).map(lambda words: "".join(words).encode())


@given(STREAMS, st.data())
def test_any_stream(body: bytes, data: st.DataObject):
    """Whatever the bytes, cutting changes nothing."""
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    check(SseFramer, body, cut(body, *places), events(feed(SseFramer(), [body])))


@given(STREAMS)
def test_as_the_openai_client_reads(body: bytes):
    """The official client finds the same events (it has no use for a BOM or an unfinished event)."""
    body = body.replace("\ufeff".encode(), b"") + b"\n\n"
    theirs = [(e.event, e.data.encode()) for e in SSEDecoder().iter_bytes(iter([body])) if e.data]
    assert [e for e in events(feed(SseFramer(), [body])) if e[1]] == theirs


@given(STREAMS)
def test_as_httpx_reads(body: bytes):
    """So does httpx2, which names the event `message` if the stream does not."""
    body = body.replace("\ufeff".encode(), b"") + b"\n\n"
    response = httpx2.Response(
        200,
        headers={"content-type": "text/event-stream; charset=utf-8"},
        content=body,
        request=httpx2.Request("GET", "http://test"),
    )
    theirs = [(e.event, e.data.encode()) for e in httpx2.EventSource(response) if e.data]
    ours = events(feed(SseFramer(), [body]))
    assert [(name or "message", data) for name, data in ours if data] == theirs


def test_frames_come_as_soon_as_they_are_whole():
    """No line end makes an event wait for the next byte, not even a lone CR."""
    for end in (b"\n\n", b"\r\r", b"\n\r", b"\r\n\r"):
        framer = SseFramer()
        assert framer.push(b"data: a" + end[:-1]) == []
        assert events(framer.push(end[-1:])) == [(None, b"a")]


def test_late_line_feed():
    """The LF of a CRLF that was cut is a frame of its own, given at once, and ends no event."""
    framer = SseFramer()
    assert [f.data for f in framer.push(b"data: a\r\n\r")] == [b"a"]
    assert framer.push(b"\n") == [Frame(b"\n")]
    assert framer.push(b"data: b\r") == []
    assert framer.push(b"\ndata: c\r\n") == []
    assert events(framer.push(b"\r\n")) == [(None, b"b\nc")]


def test_unfinished_event_is_given_at_the_end():
    """What many clients would read although the standard forgets it is given, to be judged."""
    framer = SseFramer()
    assert framer.push(b"event: x\ndata: last words") == []
    assert framer.flush() == [Frame(b"event: x\ndata: last words", b"last words", "x")]
    assert framer.flush() == []


def test_invalid_utf8_passes_through():
    """Bytes are not ours to mend: they travel as they came, in the event's data, too."""
    body = b"event: \xff\ndata: \xe4\xbd\n\n"
    assert feed(SseFramer(), [body]) == [Frame(body, b"\xe4\xbd", "\ufffd")]


@pytest.mark.parametrize("make", [SseFramer, NdjsonFramer])
def test_cap(make: Callable[..., Framer]):
    """A frame over the cap is refused, in one piece or dripped; one at the cap is not."""
    ending = b"\n\n" if make is SseFramer else b"\n"
    exact = b"data: " + b"x" * (100 - 6 - len(ending)) + ending
    assert len(make(max_frame=100).push(exact)) == 1
    with pytest.raises(ReplyError, match="longer than 100 bytes"):
        make(max_frame=100).push(b"x" + exact)
    framer = make(max_frame=100)
    for _ in range(100):
        framer.push(b"x")
    with pytest.raises(ReplyError):
        framer.push(b"x")


def test_many_empty_events():
    """Empty events are given and forgotten; nothing piles up."""
    framer = SseFramer()
    assert sum(len(framer.push(b"\n" * 1000)) for _ in range(100)) == 100_000
    assert framer.flush() == []


def test_ndjson_by_lines():
    """A line is a frame; white space around it is not part of its data."""
    assert events(feed(NdjsonFramer(), [b"\xef\xbb\xbf" + LINES])) == [
        (None, '{"a":"你好"}'.encode()),
        (None, '{"b":"👩‍👩‍👧‍👦"}'.encode()),
        (None, b'{"c":1}'),
        (None, b'{"unfinished'),
    ]


def test_ndjson_every_pair_of_cuts():
    """Lines are found whatever the cuts, and byte by byte."""
    expected = events(feed(NdjsonFramer(), [LINES]))
    for first in range(len(LINES) + 1):
        for second in range(first, len(LINES) + 1):
            check(NdjsonFramer, LINES, cut(LINES, first, second), expected)
    check(NdjsonFramer, LINES, cut(LINES, *range(1, len(LINES))), expected)
