"""WebSockets through the proxy: real clients, real servers, and the real proxy between them."""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from guardrail.door import DoorCheck, door_protocol
from guardrail.middleware import GuardrailMiddleware
from guardrail.proxy import AiohttpTransport, Upstream
from guardrail.sockets import Sockets
from tests.faces.test_failures import metric
from tests.here import serve_here

SOON = 1.0  # seconds in which a closed side must have closed the other
CAP = 200_000
PACKED = b"\x00\xff" * 10


class Backend:
    """The upstream: does what the path says, and keeps what it was asked and how it was left."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.left: list[tuple[int | None, str | None]] = []
        self.closed = asyncio.Event()
        self.go_on = asyncio.Event()
        self.taken = 0

    async def __call__(self, sock: ServerConnection) -> None:
        assert sock.request is not None
        with contextlib.suppress(ConnectionClosed):
            await getattr(self, sock.request.path.partition("?")[0].split("/")[1])(sock)
        await sock.wait_closed()
        self.left.append((sock.close_code, sock.close_reason))
        self.closed.set()

    async def knock(self, sock: ServerConnection, request: Request) -> Response | None:
        """The handshake."""
        self.asked.append(request)
        if request.path == "/secret":
            return sock.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?")
        if request.path == "/elsewhere":
            return Response(302, "Found", Headers({"Location": "/echo"}))
        if request.path == "/thinks":
            await self.go_on.wait()
        return None

    async def dress(self, _: ServerConnection, __: Request, response: Response) -> None:
        """Headers that are the client's business, and one that is not."""
        response.headers["Set-Cookie"] = "a=1"
        response.headers["Set-Cookie"] = "b=2"
        response.headers["Keep-Alive"] = "timeout=5"

    async def echo(self, sock: ServerConnection) -> None:
        async for message in sock:
            await sock.send(message)

    async def thinks(self, sock: ServerConnection) -> None:
        await sock.recv()

    async def leaves(self, sock: ServerConnection) -> None:
        await sock.close(4321, "好了")

    async def leaves_without_a_word(self, sock: ServerConnection) -> None:
        await sock.recv()
        sock.transport.abort()

    async def shouts(self, sock: ServerConnection) -> None:
        await sock.send("x" * (CAP + 1))
        await sock.recv()

    async def floods(self, sock: ServerConnection) -> None:
        while True:
            await sock.send(b"x" * 10_000)
            self.taken += 1

    async def dawdles(self, sock: ServerConnection) -> None:
        await self.go_on.wait()
        async for _ in sock:
            self.taken += 1


@pytest.fixture
async def backend() -> Backend:
    """The upstream, with nothing asked yet."""
    return Backend()


@pytest.fixture
async def upstream(backend: Backend) -> AsyncIterator[str]:
    """Its address."""
    async with serve(
        backend,
        "127.0.0.1",
        0,
        process_request=backend.knock,
        process_response=backend.dress,
        select_subprotocol=lambda _, offered: offered[0] if offered else None,
        close_timeout=1,
        max_size=None,
        max_queue=2,
        compression=None,
    ) as server:
        host, port = next(iter(server.sockets)).getsockname()
        yield f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def proxy(
    upstream: str, *, count: Callable[[str, str], None] | None = None, **more: Any
) -> AsyncIterator[str]:
    """A proxy before it that lets WebSockets pass; gives its address as the client says it."""
    ping = more.pop("ping", 20.0)
    app = Sockets(Upstream(AiohttpTransport(upstream)), upstream, message_bytes=CAP, **more)
    door = DoorCheck(app, websockets=True, count=count or (lambda _, __: None))
    settings = {
        "http": door_protocol(5, 64 * 1024, 100),
        "ws": "websockets-sansio",
        "ws_max_size": CAP,
        "ws_per_message_deflate": False,
        "ws_ping_interval": ping,
        "ws_ping_timeout": ping,
        "lifespan": "on",
        "proxy_headers": False,
        "server_header": False,
    }
    async with serve_here(door, **settings) as url:
        yield url.replace("http", "ws")


@pytest.fixture
async def front(upstream: str) -> AsyncIterator[str]:
    """Such a proxy."""
    async with proxy(upstream) as url:
        yield url


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen within a second."""
    await asyncio.wait_for(event.wait(), SOON)


def close_frame(sock: ClientConnection) -> tuple[int | None, str | None]:
    """How the client was closed."""
    return sock.close_code, sock.close_reason


# -- what passes -------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["", "hi", "你好 \x00", b"", PACKED, "x" * CAP, b"\xff" * CAP])
async def test_messages_pass_unchanged(front: str, message: str | bytes) -> None:
    """There and back, with their kind: text stays text."""
    async with connect(front + "/echo", max_size=None) as sock:
        await sock.send(message)
        assert await sock.recv() == message


async def test_messages_pass_in_order(front: str) -> None:
    """Also in pieces, and when nobody waits for an answer."""
    async with connect(front + "/echo") as sock:
        for number in range(300):
            await sock.send([f"{number}", "-", "x"])
        assert [await sock.recv() for _ in range(300)] == [f"{n}-x" for n in range(300)]


async def test_the_handshake_passes(front: str, backend: Backend) -> None:
    """Path and query as on the wire, subprotocols, headers; but nothing between neighbours."""
    target = "/echo/%7Ea/%E4%BD%A0?x=%20+y&z=%2e%2e"
    headers = {"Cookie": "c=3", "Origin": "http://b", "X-Two": "é", "TE": "trailers"}
    protocols: Any = ["chat.v1", "other"]
    async with connect(front + target, subprotocols=protocols, additional_headers=headers) as sock:
        assert sock.subprotocol == "chat.v1"
        assert sock.response is not None
        assert sock.response.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert "keep-alive" not in sock.response.headers
    asked = backend.asked[0]
    assert asked.path == target
    assert asked.headers["Cookie"] == "c=3"
    assert asked.headers["Origin"] == "http://b"
    assert asked.headers["X-Two"].encode("latin-1").decode() == "é"
    assert asked.headers["Sec-WebSocket-Protocol"].replace(" ", "") == "chat.v1,other"
    assert "TE" not in asked.headers
    assert "Sec-WebSocket-Extensions" not in asked.headers
    assert asked.headers["Host"] not in front


async def test_no_subprotocol_is_made_up(front: str) -> None:
    """Where the client offers none."""
    async with connect(front + "/echo") as sock:
        assert sock.subprotocol is None


async def test_our_key_stands_in_for_the_clients(upstream: str, backend: Backend) -> None:
    """As on every other request."""
    async with proxy(upstream, headers=[(b"Authorization", b"Bearer ours")]) as front:
        theirs = {"authorization": "Bearer theirs"}
        async with connect(front + "/echo", additional_headers=theirs):
            pass
    assert backend.asked[0].headers.get_all("authorization") == ["Bearer ours"]


async def test_other_requests_pass_beside(upstream: str, backend: Backend) -> None:
    """The app behind it answers what is no WebSocket."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with serve_here(Sockets(app, upstream), lifespan="off") as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 204")
        writer.close()


# -- how it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "tab"), (4000, "再见"), (3000, "")]
)
async def test_the_upstream_hears_how_the_client_closed(
    front: str, backend: Backend, code: int, reason: str
) -> None:
    """Code and reason."""
    async with connect(front + "/echo") as sock:
        await sock.close(code, reason)
        assert close_frame(sock) == (code, reason)
        await soon(backend.closed)
    assert backend.left == [(code, reason)]


async def test_the_client_hears_how_the_upstream_closed(front: str, backend: Backend) -> None:
    """Code and reason; and the upstream gets its own back."""
    async with connect(front + "/leaves") as sock:
        await asyncio.wait_for(sock.wait_closed(), SOON)
        assert close_frame(sock) == (4321, "好了")
    await soon(backend.closed)
    assert backend.left == [(4321, "好了")]


async def test_a_close_without_a_code(front: str, backend: Backend) -> None:
    """Browsers do it: it is an ordinary end."""
    async with connect(front + "/echo") as sock:
        sock.protocol.send_close()
        for data in sock.protocol.data_to_send():
            sock.transport.write(data)
        await soon(backend.closed)
    assert backend.left == [(1000, "")]


async def test_a_client_that_is_gone_without_a_word(front: str, backend: Backend) -> None:
    """Its connection breaks off: the upstream hears it."""
    async with connect(front + "/echo") as sock:
        sock.transport.abort()
        await soon(backend.closed)
    assert backend.left == [(1001, "the client is gone")]


async def test_an_upstream_that_is_gone_without_a_word(front: str) -> None:
    """The client hears that the backend is gone."""
    async with connect(front + "/leaves_without_a_word") as sock:
        await sock.send("go")
        await asyncio.wait_for(sock.wait_closed(), SOON)
        assert close_frame(sock) == (1014, "the backend is gone")


async def test_a_message_of_the_client_that_is_too_big(front: str, backend: Backend) -> None:
    """Both sides hear 1009."""
    async with connect(front + "/echo") as sock:
        await sock.send("x" * (CAP + 1))
        await asyncio.wait_for(sock.wait_closed(), SOON)
        assert sock.close_code == 1009
        await soon(backend.closed)
    assert backend.left[0][0] == 1009


async def test_a_message_of_the_upstream_that_is_too_big(front: str, backend: Backend) -> None:
    """The same the other way."""
    async with connect(front + "/shouts", max_size=None) as sock:
        await asyncio.wait_for(sock.wait_closed(), SOON * 2)
        assert sock.close_code == 1009
        await soon(backend.closed)
    assert backend.left[0][0] == 1009


async def test_closing_time(upstream: str, backend: Backend) -> None:
    """A proxy that stops says so on both sides."""
    async with contextlib.AsyncExitStack() as stack:
        async with proxy(upstream) as front:
            sock = await stack.enter_async_context(connect(front + "/echo"))
            await sock.send("hi")
            await sock.recv()
        await asyncio.wait_for(sock.wait_closed(), SOON)
        assert sock.close_code == 1012
        await soon(backend.closed)
    assert backend.left[0][0] == 1012


class _Mute(ClientConnection):
    """A client that answers no ping."""

    def data_received(self, data: bytes) -> None:
        if data[:1] != b"\x89":
            super().data_received(data)


async def test_a_client_that_answers_no_ping(upstream: str, backend: Backend) -> None:
    """It is gone, whatever its socket says: the upstream hears it."""
    async with (
        proxy(upstream, ping=0.2) as front,
        connect(front + "/echo", create_connection=_Mute, ping_interval=None) as sock,
    ):
        await soon(backend.closed)
        sock.transport.abort()
    assert backend.left == [(1001, "the client is gone")]


async def test_an_upstream_that_answers_no_ping() -> None:
    """The same the other way."""

    class Mute(ServerConnection):
        def data_received(self, data: bytes) -> None:
            if data[:1] != b"\x89":
                super().data_received(data)

    async def handler(sock: ServerConnection) -> None:
        await sock.wait_closed()

    async with serve(handler, "127.0.0.1", 0, create_connection=Mute, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with (
            proxy(f"http://127.0.0.1:{port}", heartbeat=0.2) as front,
            connect(front + "/") as sock,
        ):
            await asyncio.wait_for(sock.wait_closed(), SOON)
            assert sock.close_code == 1014


async def test_a_quiet_connection_stays(upstream: str) -> None:
    """Pings are answered on both sides, so nobody takes silence for death."""
    async with (
        proxy(upstream, ping=0.1, heartbeat=0.1) as front,
        connect(front + "/echo", ping_interval=0.1, ping_timeout=0.1) as sock,
    ):
        await asyncio.sleep(1)
        await sock.send("still here")
        assert await sock.recv() == "still here"


# -- who waits for whom ------------------------------------------------------------------------


async def test_a_slow_upstream_slows_the_client(front: str, backend: Backend) -> None:
    """What it does not take, we do not take either: the client's own send waits."""
    async with connect(front + "/dawdles", max_queue=2) as sock:
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 3000:
                await asyncio.wait_for(sock.send(b"x" * 50_000), 0.5)
                sent += 1
        assert sent < 1000  # the rest of 150 MB: kernels keep a few megabytes
        backend.go_on.set()
        while backend.taken < sent:
            await asyncio.sleep(0.01)


async def test_a_slow_client_slows_the_upstream(front: str, backend: Backend) -> None:
    """The same the other way; and a client that then leaves ends it."""
    async with connect(front + "/floods", max_queue=1) as sock:
        before = -1
        while before != backend.taken:
            before = backend.taken
            await asyncio.sleep(0.3)
        assert before < 5000
        sock.transport.abort()
        await soon(backend.closed)


async def test_a_client_that_never_reads_is_cut_off(upstream: str, backend: Backend) -> None:
    """Its socket stands and takes nothing: only patience ends it, and lets go of both sides."""
    sockets = Sockets(Upstream(AiohttpTransport(upstream)), upstream, heartbeat=0.4)
    ended = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sockets(scope, receive, send)
        if scope["type"] == "websocket":
            ended.set()

    async with (
        serve_here(app, lifespan="on") as url,
        connect(url.replace("http", "ws") + "/floods", max_queue=1, compression=None) as sock,
    ):
        await asyncio.wait_for(ended.wait(), SOON * 3)
        await soon(backend.closed)
        sock.transport.abort()


# -- what does not come about ------------------------------------------------------------------


async def test_the_upstreams_refusal_is_told(front: str) -> None:
    """Its status, so that a client knows to sign in again."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(front + "/secret").__aenter__()
    assert caught.value.response.status_code == 401


async def test_redirects_are_not_followed(front: str, backend: Backend) -> None:
    """They would take our key to somebody else."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(front + "/elsewhere").__aenter__()
    assert caught.value.response.status_code == 502
    assert [asked.path for asked in backend.asked] == ["/elsewhere"]


async def test_nobody_there() -> None:
    """An upstream that cannot be reached is told as on any other request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with proxy(f"http://127.0.0.1:{free.getsockname()[1]}") as front:
            with pytest.raises(InvalidStatus) as caught:
                await connect(front + "/echo").__aenter__()
    assert caught.value.response.status_code == 502
    assert b'"code": "upstream_failed"' in caught.value.response.body


async def test_a_client_that_leaves_before_it_is_let_in(
    front: str, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    """The upstream is not kept waiting, and nothing is said in the log."""
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await connect(front + "/thinks", open_timeout=0.2).__aenter__()
    backend.go_on.set()
    while not backend.closed.is_set() and time.monotonic() - began < SOON:
        await asyncio.sleep(0.01)
    assert [asked.path for asked in backend.asked] == ["/thinks"]
    assert [line for line in caplog.records if line.name == "uvicorn.error"] == []


async def test_a_client_that_talks_before_it_is_let_in(front: str, backend: Backend) -> None:
    """RFC 6455, 4.1 forbids it; it is turned away rather than half heard."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(front.rpartition(":")[2]))
    writer.write(
        b"GET /thinks HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    while not backend.asked:
        await asyncio.sleep(0.01)
    writer.write(b"\x81\x82\x00\x00\x00\x00hi")
    assert (await asyncio.wait_for(reader.read(), SOON)).startswith(b"HTTP/1.1 403")
    writer.close()
    backend.go_on.set()


async def test_the_door_stands_before_it(upstream: str, backend: Backend) -> None:
    """What it refuses is counted and not asked for."""
    counted = []
    async with proxy(upstream, count=lambda *what: counted.append(what)) as front:
        with pytest.raises(InvalidStatus) as caught:
            await connect(front + "/a//b").__aenter__()
    assert caught.value.response.status_code == 400
    assert counted == [("refused", "bad_path")]
    assert backend.asked == []


async def test_refusals_leave_the_log_alone(
    upstream: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It would say of an app whose refusal it has not seen through that it refused nothing."""
    async with proxy(upstream) as front:
        for path in ("/secret", "/a//b"):
            with pytest.raises(InvalidStatus):
                await connect(front + path).__aenter__()
    assert [line for line in caplog.records if line.name == "uvicorn.error"] == []


async def test_each_one_is_counted(upstream: str, make_guard: Callable[..., Any]) -> None:
    """What passes unscreened is at least seen, on a chat route, too."""
    app = GuardrailMiddleware(
        Sockets(Upstream(AiohttpTransport(upstream)), upstream), guard=make_guard()
    )
    async with serve_here(app, lifespan="on") as url:
        for _ in range(2):
            async with connect(url.replace("http", "ws") + "/echo") as sock:
                await sock.send("hi")
                await sock.recv()
    assert metric(app, "guardrail_websockets_total") == 2
