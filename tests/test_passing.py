"""Requests that nobody screens, over real sockets: their bodies have a bound and a deadline, too."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from guardrail._asgi import Message, Receive, Scope, Send, respond
from guardrail._calls import Calls
from guardrail.door import DoorCheck, door_protocol
from guardrail.errors import UpstreamError
from guardrail.proxy import AiohttpTransport, Upstream
from tests.asgi import call
from tests.servers import serve
from tests.test_door import hear, statuses

Connect = Callable[[], socket.socket]

CAP = 200_000
SILENCE = 0.3
SLACK = 0.5  # a busy machine is late
HEAD = b"POST /files HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Backend:
    """The upstream: counts what reaches it."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """As new: one server serves all tests of this file."""
        self.asked = 0
        self.size = 0
        self.hung_up = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        self.asked += 1
        early = scope["path"] == "/talks-first"
        if early:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.hung_up.set()
                return
            self.size += len(message["body"])
            more = message["more_body"]
        if not early:
            await respond(send, 200, str(self.size).encode())


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Backend, list[tuple[str, str]], int]]:
    """One proxy for the whole file: its upstream, what it counts, its port."""
    backend = Backend()
    counted: list[tuple[str, str]] = []

    def count(what: str, why: str) -> None:
        counted.append((what, why))

    with serve(backend, lifespan="off") as url:
        upstream = Upstream(AiohttpTransport(url), body_bytes=CAP, body_seconds=SILENCE)
        check = DoorCheck(upstream, count=count)
        with serve(check, http=door_protocol(5, 64 * 1024, 100), proxy_headers=False) as proxy:
            yield backend, counted, int(proxy.rpartition(":")[2])


@pytest.fixture
def backend(running: tuple[Backend, list[tuple[str, str]], int]) -> Backend:
    """The upstream, with nothing asked yet."""
    running[0].renew()
    return running[0]


@pytest.fixture
def counted(running: tuple[Backend, list[tuple[str, str]], int]) -> list[tuple[str, str]]:
    """What the proxy counts, from now on."""
    running[1].clear()
    return running[1]


@pytest.fixture
def connect(
    running: tuple[Backend, list[tuple[str, str]], int],
    backend: Backend,
    counted: list[tuple[str, str]],
) -> Iterator[Connect]:
    """Opens connections, and makes sure in the end that the proxy still serves."""
    opened = []

    def open_one() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", running[2]), timeout=5))
        return opened[-1]

    yield open_one
    backend.renew()
    sock = open_one()
    sock.sendall(HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
    assert hear(sock).endswith(b"\r\n\r\n2")
    for sock in opened:
        sock.close()


def refused(heard: bytes, status: int, code: str) -> None:
    """One whole answer: JSON, its length right, the connection closed behind it."""
    head, _, body = heard.partition(b"\r\n\r\n")
    assert statuses(heard) == [status]
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    assert b'"code": "%s"' % code.encode() in body


def chunk(size: int) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n" % size + b"x" * size + b"\r\n"


def test_a_long_upload_passes(backend: Backend, connect: Connect) -> None:
    """It takes longer than any silence may last, and has the last byte that it may have."""
    sock = connect()
    sock.sendall(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(4):
        sock.sendall(chunk(CAP // 4))
        time.sleep(SILENCE * 0.4)
    sock.sendall(b"0\r\n\r\n")
    assert hear(sock).endswith(b"\r\n\r\n%d" % CAP)


def test_a_silent_upload_is_refused(
    backend: Backend, connect: Connect, counted: list[tuple[str, str]]
) -> None:
    """The client hears why, the upstream hears a hang-up."""
    sock = connect()
    sock.sendall(HEAD + b"Content-Length: 1000\r\n\r\nsome")
    began = time.monotonic()
    head = sock.recv(65536)
    assert SILENCE * 0.9 <= time.monotonic() - began < SILENCE + SLACK
    refused(head + hear(sock), 408, "body_too_slow")
    assert backend.hung_up.wait(1)
    assert counted == [("refused", "body_too_slow")]


def test_an_upload_that_never_begins_is_refused(
    backend: Backend, connect: Connect, counted: list[tuple[str, str]]
) -> None:
    """The upstream is not even asked."""
    sock = connect()
    sock.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    refused(hear(sock), 408, "body_too_slow")
    assert counted == [("refused", "body_too_slow")]
    assert backend.asked == 0


@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"])
def test_a_length_over_the_cap_is_refused_at_once(
    backend: Backend, connect: Connect, counted: list[tuple[str, str]], more: bytes
) -> None:
    """Before any of it is read, and before the upstream is asked."""
    sock = connect()
    began = time.monotonic()
    sock.sendall(HEAD + more + b"Content-Length: %d\r\n\r\n" % (CAP + 1))
    head = sock.recv(65536)
    assert time.monotonic() - began < SILENCE
    refused(head + hear(sock), 413, "body_too_large")
    assert counted == [("refused", "body_too_large")]
    assert backend.asked == 0


def test_chunks_over_the_cap_are_refused(
    backend: Backend, connect: Connect, counted: list[tuple[str, str]]
) -> None:
    """The answer arrives although the client was still sending; the upstream hears a hang-up."""
    sock = connect()
    sock.sendall(CHUNKED + chunk(100_000) * 30)
    refused(hear(sock), 413, "body_too_large")
    assert backend.hung_up.wait(1)
    assert counted == [("refused", "body_too_large")]


def test_a_single_piece_over_the_cap_is_refused(
    running: tuple[Backend, list[tuple[str, str]], int], counted: list[tuple[str, str]]
) -> None:
    """Also where all of it has come before anybody looked."""
    backend = running[0]
    backend.renew()
    with serve(backend, lifespan="off") as url:
        small = DoorCheck(Upstream(AiohttpTransport(url), body_bytes=10))
        with serve(small) as proxy:
            sock = socket.create_connection(("127.0.0.1", int(proxy.rpartition(":")[2])))
            sock.sendall(CHUNKED + chunk(11) + b"0\r\n\r\n")
            refused(hear(sock), 413, "body_too_large")
            sock.close()
    assert backend.asked == 0


def test_an_answer_that_has_begun_is_cut_short(
    backend: Backend, connect: Connect, counted: list[tuple[str, str]]
) -> None:
    """No second answer within the first, and no end is made up for it."""
    sock = connect()
    sock.sendall(CHUNKED.replace(b"/files", b"/talks-first") + chunk(10))
    heard = hear(sock)
    assert statuses(heard) == [200]
    assert heard.endswith(b"5\r\nbegun\r\n")
    assert backend.hung_up.wait(1)
    assert counted == [("refused", "body_too_slow")]


@pytest.mark.parametrize("head", [b"777 Odd", b"101 Switch", b"200 OK\r\nx-a: a\x01b"])
async def test_a_head_that_cannot_be_passed_on_is_told(head: bytes) -> None:
    """As a counted 502: the server would send nothing at all, and a traceback to the log."""
    counted: list[tuple[str, str]] = []

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + head + b"\r\ncontent-length: 2\r\n\r\nhi")
        writer.close()

    server = await asyncio.start_server(odd, "127.0.0.1", 0)
    transport = AiohttpTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    check = DoorCheck(Upstream(transport), count=lambda *what: counted.append(what))
    got = call(check, "/files", method="GET")
    await got.until(b"upstream_failed")
    got.hang_up()
    await got.done()
    assert (got.status, got.json["error"]["code"]) == (502, "upstream_failed")
    assert counted == [("pass_failed", "http")]
    await transport.close()
    server.close()


async def test_an_upstream_that_stops_reading_is_given_up() -> None:
    """What it was to get waits no longer than a silent client may make us wait."""
    stopped = asyncio.Event()

    async def reads_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    async def endless() -> Message:
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def unheard(_: Message) -> None:
        pytest.fail("nobody answered")

    # A small buffer, or this test sends megabytes before anything stalls.
    server = await asyncio.start_server(reads_nothing, "127.0.0.1", 0, limit=1024)
    port = server.sockets[0].getsockname()[1]
    transport = AiohttpTransport(f"http://127.0.0.1:{port}")
    app = Upstream(transport, body_seconds=SILENCE)
    scope = {
        "type": "http", "method": "POST", "path": "/files", "raw_path": b"/files",
        "query_string": b"", "headers": [(b"transfer-encoding", b"chunked")],
    }  # fmt: skip
    async with asyncio.timeout(10):
        with pytest.raises(UpstreamError, match="stopped reading"):
            await app(scope, endless, unheard)
    stopped.set()
    await transport.close()
    server.close()


async def test_all_calls_end_together() -> None:
    """Whatever they wait for, the client's body or the upstream's answer; and none begins after."""
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    transport = AiohttpTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    calls = Calls()
    app = Upstream(transport, calls=calls)
    waiting = [call(app, "/files", chunks=chunks) for chunks in ([], [b"whole"])]
    await asked.wait()
    assert (calls.end(), calls.end()) == (2, 0)
    for one in [*waiting, call(app, "/files")]:
        with pytest.raises(UpstreamError, match="stopping"):
            await one.done()
    await transport.close()
    server.close()
