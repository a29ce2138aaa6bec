"""What every Transport promises, and what `Upstream` makes of it, against real servers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import httpx
import httpx2
import pytest

from guardrail._asgi import Headers, Receive, Scope, Send
from guardrail.errors import BodyError, UpstreamError
from guardrail.proxy import AiohttpTransport, HttpxTransport, Transport, Upstream
from tests.asgi import Call, call
from tests.servers import serve, tcp

Make = Callable[[str], Transport]

AT_ONCE = 0.2  # seconds from the client's end to the upstream's
TEXT = b"hello " * 1000
PACKED = gzip.compress(TEXT)
MAKERS: dict[str, Make] = {
    "aiohttp": AiohttpTransport,
    "httpx": lambda base: HttpxTransport(base, httpx.AsyncClient(trust_env=False)),
    "httpx2": lambda base: HttpxTransport(base, httpx2.AsyncClient(trust_env=False)),
}


class Backend:
    """An upstream: it answers by path, and keeps what it was asked."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """As new: one server serves all tests of this file."""
        self.asked: list[dict[str, Any]] = []
        self.go_on = threading.Event()
        self.hung_up = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        asked = {**scope, "body": b""}
        self.asked.append(asked)
        await _Answering(self, asked, receive, send).run()


class _Answering:
    """One request at the upstream; a method for each path."""

    def __init__(
        self, backend: Backend, asked: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        self._backend, self._asked = backend, asked
        self._receive, self._send = receive, send

    async def run(self) -> None:
        if await self._read():
            await getattr(self, self._asked["path"].split("/")[1])()

    async def _read(self) -> bool:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._backend.hung_up.set()
                return False
            self._asked["body"] += message["body"]
            more = message["more_body"]
        return True

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._backend.hung_up.set()

    async def _start(self, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
        start = {"type": "http.response.start", "status": status, "headers": list(headers)}
        await self._send(start)

    async def _say(self, body: bytes, *, more: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def echo(self) -> None:
        await self._start(
            201,
            (b"content-type", b"text/plain"),
            (b"content-encoding", b"gzip"),
            (b"set-cookie", b"a=1; Path=/"),
            (b"set-cookie", b"b=2; Path=/"),
            (b"content-length", str(len(PACKED)).encode()),
        )
        await self._say(PACKED)

    async def redirect(self) -> None:
        await self._start(302, (b"location", b"/echo"))
        await self._say(b"elsewhere")

    async def unchanged(self) -> None:
        await self._start(304, (b"content-length", b"0"), (b"etag", b'"x"'))
        await self._say(b"")

    async def hops(self) -> None:
        await self._start(
            200,
            (b"connection", b"x-private, keep-alive"),
            (b"keep-alive", b"timeout=5"),
            (b"proxy-authenticate", b"Basic"),
            (b"x-private", b"1"),
            (b"x-public", b"2"),
        )
        await self._say(b"ok")

    async def chunks(self) -> None:
        await self._start()
        await self._say(b"one", more=True)
        await asyncio.to_thread(self._backend.go_on.wait, 5)
        await self._say(b"two")

    async def breaks(self) -> None:
        await self._start(200, (b"content-length", b"100"))
        await self._say(b"some", more=True)

    async def endless(self) -> None:
        await self._start()
        await self._say(b"begun", more=True)
        await self._until_left()

    async def silent(self) -> None:
        await self._until_left()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Backend, str]]:
    """One upstream for the whole file."""
    backend = Backend()
    with serve(backend, lifespan="off", proxy_headers=False) as url:
        yield backend, url


@pytest.fixture
def backend(running: tuple[Backend, str]) -> Backend:
    """The upstream, with nothing asked yet."""
    running[0].renew()
    return running[0]


@pytest.fixture(params=MAKERS)
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes transports of each kind in turn; closes them afterwards."""
    made = []

    def one(base: str) -> Transport:
        made.append(MAKERS[request.param](base))
        return made[-1]

    yield one
    for transport in made:
        await transport.close()


@pytest.fixture
def transport(make: Make, running: tuple[Backend, str], backend: Backend) -> Transport:
    """A transport to the upstream."""
    return make(running[1])


async def exchange(
    transport: Transport,
    target: str = "/echo",
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: AsyncIterator[bytes] | bytes = b"",
    method: str = "POST",
) -> tuple[int, Headers, bytes]:
    """One request, read to its end: status, headers, body."""
    async with transport.send(method, target, list(headers), body) as answer:
        return answer.status, answer.headers, b"".join([c async for c in answer.chunks])


def values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """All values of a header."""
    return [v for k, v in headers if k.lower() == name]


async def heard(event: threading.Event) -> float:
    """Seconds until something happened in the server's thread."""
    began = time.monotonic()
    assert await asyncio.to_thread(event.wait, 5)
    return time.monotonic() - began


# -- the port ----------------------------------------------------------------------------------


async def test_an_answer_comes_unchanged(transport: Transport) -> None:
    """Status, doubled headers, and a body that stays packed."""
    status, headers, body = await exchange(transport)
    assert status == 201
    assert values(headers, b"set-cookie") == [b"a=1; Path=/", b"b=2; Path=/"]
    assert values(headers, b"content-encoding") == [b"gzip"]
    assert values(headers, b"content-length") == [str(len(PACKED)).encode()]
    assert body == PACKED


async def test_a_request_goes_unchanged(transport: Transport, backend: Backend) -> None:
    """Its headers and no others, doubled ones in order, and its target as it stood on the wire."""
    headers = [(b"x-one", b"1"), (b"x-two", b"a"), (b"x-two", "é".encode()), (b"cookie", b"c=3")]
    target = "/echo/%7Ea%2Fb;c/%E4%BD%A0?x=%20+y&z=%2e%2e&q=a/../b"
    await exchange(transport, target, headers=headers, body=b"hi")
    asked = backend.asked[0]
    assert asked["raw_path"] == b"/echo/%7Ea%2Fb;c/%E4%BD%A0"
    assert asked["query_string"] == b"x=%20+y&z=%2e%2e&q=a/../b"
    assert asked["body"] == b"hi"
    framing = {b"host", b"content-length"}
    assert [pair for pair in asked["headers"] if pair[0] not in framing] == headers


async def test_cookies_are_not_kept(transport: Transport, backend: Backend) -> None:
    """What one person's answer sets is not sent with another's request."""
    await exchange(transport)
    await exchange(transport)
    assert values(backend.asked[1]["headers"], b"cookie") == []


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"300000")]])
async def test_bodies_may_be_streamed(
    transport: Transport, backend: Backend, headers: Sequence[tuple[bytes, bytes]]
) -> None:
    """With the length that the client gave, else in chunks; never both."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100_000

    await exchange(transport, "/echo", headers=headers, body=body())
    asked = backend.asked[0]
    assert asked["body"] == b"x" * 300_000
    assert values(asked["headers"], b"content-length") == [v for _, v in headers]
    assert values(asked["headers"], b"transfer-encoding") == ([] if headers else [b"chunked"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"])
async def test_any_method(transport: Transport, backend: Backend, method: str) -> None:
    """Methods pass; a HEAD's answer has no body."""
    _, _, body = await exchange(transport, method=method)
    assert backend.asked[0]["method"] == method
    assert body == (b"" if method == "HEAD" else PACKED)


async def test_a_base_may_have_a_path(
    make: Make, running: tuple[Backend, str], backend: Backend
) -> None:
    """The target is added to it."""
    await exchange(make(running[1] + "/echo/"), "/v1?x")
    assert backend.asked[0]["raw_path"] == b"/echo/v1"


async def test_redirects_are_not_followed(transport: Transport, backend: Backend) -> None:
    """They are the client's to follow."""
    status, headers, body = await exchange(transport, "/redirect")
    assert (status, values(headers, b"location"), body) == (302, [b"/echo"], b"elsewhere")
    assert len(backend.asked) == 1


async def test_a_chunk_comes_before_the_next_is_made(
    transport: Transport, backend: Backend
) -> None:
    """Nothing is held back."""
    async with transport.send("GET", "/chunks", [], b"") as answer:
        chunks = aiter(answer.chunks)
        assert await anext(chunks) == b"one"
        backend.go_on.set()
        assert await anext(chunks) == b"two"


async def test_nobody_there(make: Make) -> None:
    """A refused connection is an UpstreamError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        transport = make(f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(UpstreamError):
            await exchange(transport)


async def test_an_answer_that_breaks_off(transport: Transport) -> None:
    """Fewer bytes than promised: what came is given, then UpstreamError."""
    async with transport.send("GET", "/breaks", [], b"") as answer:
        chunks = aiter(answer.chunks)
        assert await anext(chunks) == b"some"
        with pytest.raises(UpstreamError):
            await anext(chunks)


RAW = {
    "reset in the body": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome",
    "reset in a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nso",
    "reset in the head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "reset at once": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nsome\r\n",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
async def test_a_server_that_goes_wrong(make: Make, raw: bytes) -> None:
    """Whatever it does, it is an UpstreamError, and nothing else."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await asyncio.sleep(0.05)
        linger = struct.pack("ii", 1, 0)  # closing sends a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with tcp(handler) as url, pytest.raises(UpstreamError):
        await exchange(make(url))


async def test_leaving_early_closes_the_connection(transport: Transport, backend: Backend) -> None:
    """The upstream hears of it at once; the next request is served as ever."""
    async with transport.send("GET", "/endless", [], b"") as answer:
        await anext(aiter(answer.chunks))
    assert await heard(backend.hung_up) < AT_ONCE
    assert (await exchange(transport))[0] == 201


async def test_cancelling_before_the_answer_closes_the_connection(
    transport: Transport, backend: Backend
) -> None:
    """Also while the upstream still thinks."""
    work = asyncio.ensure_future(exchange(transport, "/silent"))
    while not backend.asked:
        await asyncio.sleep(0.01)
    work.cancel()
    assert await heard(backend.hung_up) < AT_ONCE
    await asyncio.gather(work, return_exceptions=True)


async def test_the_callers_own_failures_stay_theirs(transport: Transport) -> None:
    """An OSError raised where the answer is used is not the upstream's failure."""
    with pytest.raises(OSError, match="mine"):
        async with transport.send("GET", "/echo", [], b""):
            raise OSError("mine")


async def test_a_body_that_fails(transport: Transport, backend: Backend) -> None:
    """A request whose body breaks off is an UpstreamError; the upstream hears a hang-up."""

    async def body() -> AsyncIterator[bytes]:
        yield b"some"
        raise OSError("the client hung up")

    with pytest.raises(UpstreamError):
        await exchange(transport, "/echo", body=body())
    assert await heard(backend.hung_up) < AT_ONCE


async def test_closing_twice(transport: Transport) -> None:
    """Closing again does nothing."""
    await exchange(transport)
    await transport.close()
    await transport.close()


class _Customised(httpx.AsyncClient):
    """Callers subclass; the library is still known."""


async def test_a_subclassed_client(running: tuple[Backend, str], backend: Backend) -> None:
    """Failures of a client of the caller's own class are known, too."""
    transport = HttpxTransport(running[1], _Customised(trust_env=False))
    with pytest.raises(UpstreamError):
        await exchange(transport, "/breaks")
    await transport.close()


# -- the app around it -------------------------------------------------------------------------


def sent_to(backend: Backend) -> dict[bytes, bytes]:
    """The headers that reached the upstream."""
    return dict(backend.asked[0]["headers"])


async def test_hop_by_hop_headers_stop_on_the_way_in(
    transport: Transport, backend: Backend
) -> None:
    """Those that the standard names, and those that `Connection` lists."""
    names = (b"keep-alive", b"proxy-authorization", b"te", b"trailer", b"expect", b"x-private")
    headers = [(name, b"1") for name in names]
    listed = (b"connection", b"close, X-Private")
    await call(Upstream(transport), "/echo", headers=[*headers, listed, (b"x-public", b"2")]).done()
    assert sent_to(backend).keys().isdisjoint(names)
    assert b"close" not in sent_to(backend).get(b"connection", b"")
    assert sent_to(backend)[b"x-public"] == b"2"
    assert sent_to(backend)[b"host"] != b"test"


async def test_hop_by_hop_headers_stop_on_the_way_out(transport: Transport) -> None:
    """The same in the other direction; doubled headers stay doubled."""
    done = await call(Upstream(transport), "/hops").done()
    assert {k for k, _ in done.headers} <= {b"date", b"server", b"x-public"}
    assert (b"x-public", b"2") in done.headers
    done = await call(Upstream(transport), "/echo").done()
    assert len(values(done.headers, b"set-cookie")) == 2
    assert done.body == PACKED


async def test_our_key_stands_in_for_the_clients(transport: Transport, backend: Backend) -> None:
    """Also when the client sends several, in whatever case."""
    app = Upstream(transport, headers=[(b"Authorization", b"Bearer ours")])
    theirs = [(b"authorization", b"Bearer theirs"), (b"Authorization", b"Bearer more")]
    await call(app, "/echo", headers=theirs).done()
    assert values(backend.asked[0]["headers"], b"authorization") == [b"Bearer ours"]


@pytest.mark.parametrize("path", ["/endless", "/silent"])
@pytest.mark.parametrize("chunks", [[b""], [b"in ", b"two"]], ids=["whole", "streamed"])
async def test_a_client_that_leaves_ends_the_upstream(
    transport: Transport, backend: Backend, path: str, chunks: list[bytes]
) -> None:
    """While the upstream thinks and while it talks, however the request came."""
    under_way = call(Upstream(transport), path, headers=[], chunks=chunks, body=b"".join(chunks))
    if path == "/endless":
        await under_way.until(b"begun")
    while not backend.asked:
        await asyncio.sleep(0.01)
    under_way.hang_up()
    assert await heard(backend.hung_up) < AT_ONCE
    await under_way.done()


async def test_a_client_that_leaves_during_its_upload(
    transport: Transport, backend: Backend
) -> None:
    """The upstream does not wait for the rest."""
    under_way = _uploading(Upstream(transport))
    while not backend.asked:
        await asyncio.sleep(0.01)
    under_way.hang_up()
    assert await heard(backend.hung_up) < AT_ONCE
    with pytest.raises(UpstreamError):
        await under_way.done()


@pytest.mark.parametrize("code", ["body_too_slow", "body_too_large"])
async def test_a_refused_upload_ends_the_upstream(
    transport: Transport, backend: Backend, code: str
) -> None:
    """However the transport takes a body that breaks off, its cause is told."""
    under_way = _uploading(Upstream(transport, body_bytes=100, body_seconds=0.2))
    if code == "body_too_large":
        while not backend.asked:
            await asyncio.sleep(0.01)
        more = {"type": "http.request", "body": b"x" * 100, "more_body": True}
        under_way._inbox.put_nowait(more)
    with pytest.raises(BodyError) as caught:
        await under_way.done()
    assert caught.value.code == code
    assert await heard(backend.hung_up) < AT_ONCE


async def test_leaving_an_upload_that_is_being_answered() -> None:
    """The upstream talks before it has read all, the client leaves: nothing goes on for nobody."""
    left = threading.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun")
        while await reader.read(100):
            pass
        left.set()

    with tcp(handler) as url:
        transport = AiohttpTransport(url)
        under_way = _uploading(Upstream(transport))
        await under_way.until(b"begun")
        under_way.hang_up()
        await under_way.done(2)
        assert await heard(left) < AT_ONCE
        await transport.close()


def _uploading(app: Upstream) -> Call:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/echo",
        "headers": [(b"content-length", b"100")],
    }
    under_way = Call(app, scope, [])
    under_way._inbox.put_nowait({"type": "http.request", "body": b"some", "more_body": True})
    return under_way


async def test_an_early_answer_to_an_upload() -> None:
    """The upstream refuses before it has read all: its answer passes (httpx sends all first)."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await reader.read(4)

    with tcp(handler) as url:
        transport = AiohttpTransport(url)
        under_way = await _uploading(Upstream(transport)).done()
        await transport.close()
    assert (under_way.status, under_way.body) == (413, b"big")


# -- and the server around that ----------------------------------------------------------------


@pytest.fixture(scope="module")
def proxy(running: tuple[Backend, str]) -> Iterator[tuple[str, int]]:
    """The address of a real proxy before the upstream."""
    app = Upstream(AiohttpTransport(running[1]))
    with serve(app, proxy_headers=False) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


@pytest.mark.parametrize("path", ["/endless", "/silent"])
async def test_a_closed_socket_ends_the_upstream(
    proxy: tuple[str, int], backend: Backend, path: str
) -> None:
    """The whole way: a client that closes its connection ends what it asked for."""
    reader, writer = await asyncio.open_connection(*proxy)
    writer.write(b"POST " + path.encode() + b" HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.05)  # head and body come apart
    writer.write(b"body")
    if path == "/endless":
        await reader.readuntil(b"begun")
    while not backend.asked:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    writer.close()
    assert await heard(backend.hung_up) < AT_ONCE


async def test_answers_without_a_body(proxy: tuple[str, int], backend: Backend) -> None:
    """HEAD and 304 keep the connection usable."""
    async with httpx.AsyncClient(base_url="http://{}:{}".format(*proxy), trust_env=False) as client:
        head = await client.head("/echo")
        assert (head.status_code, head.headers["content-length"]) == (201, str(len(PACKED)))
        unchanged = await client.get("/unchanged")
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, '"x"')
        assert (await client.get("/echo")).text == TEXT.decode()
