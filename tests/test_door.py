"""The door, over real sockets: what is slow, big or ambiguous gets no further."""

from __future__ import annotations

import http.client
import socket
import time
from asyncio import sleep
from collections.abc import Callable, Iterator

import pytest

from guardrail._asgi import ClientGone, Message, Receive, Scope, Send, header, read_body, respond
from guardrail.door import DoorCheck, door_protocol
from guardrail.errors import BodyError, UpstreamError
from tests.asgi import call
from tests.servers import serve

Connect = Callable[[], socket.socket]

DEADLINE = 0.3
SLACK = 0.4  # a busy machine is late
HOST = b"Host: chat.example\r\n"
SECOND = b"GET /second HTTP/1.1\r\nHost: chat.example\r\n\r\n"


class App:
    """Behind the door: keeps what reaches it, and answers in the ways that matter here."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """As new: one server serves all tests of this file."""
        self.seen: list[tuple[str, str, bytes]] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.counted: list[str] = []

    def count(self, what: str, why: str) -> None:
        """Stands for the metrics."""
        self.counted.append(why if what == "refused" else f"{what} {why}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        path, headers = scope["path"], scope["headers"]
        self.seen.append((scope["method"], path, b""))
        if path == "/early":
            await respond(send, 200, b"early")
            return
        if path == "/broken":
            raise UpstreamError("refused")
        if path == "/breaks-off":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            raise UpstreamError("reset")
        if path == "/talks-first":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        try:
            body = await read_body(receive, limit=1_000_000, seconds=DEADLINE)
        except ClientGone:
            return
        except BodyError as error:
            await respond(
                send, error.status, error.code.encode(), headers=[(b"connection", b"close")]
            )
            return
        self.seen[-1] = (scope["method"], path, body)
        self.headers.append(headers)
        if path == "/lingers":
            length = [(b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b"ok", "more_body": True})
            await sleep(0.1)
            await send({"type": "http.response.body", "body": b""})
            return
        await respond(send, 200, b"ok")


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[App, str]]:
    """One door for the whole file."""
    app = App()
    hosts = ("chat.example", "[::1]", "exact.example:8080")
    check = DoorCheck(app, hosts=hosts, count=app.count)
    protocol = door_protocol(DEADLINE, 64 * 1024, 100, count=app.count)
    with serve(check, http=protocol, lifespan="off", proxy_headers=False) as url:
        yield app, url


@pytest.fixture
def app(running: tuple[App, str]) -> App:
    """The app, done with the tests before and with nothing seen yet."""
    app, url = running
    client = http.client.HTTPConnection(url.removeprefix("http://"))
    client.request("GET", "/early", headers={"Host": "chat.example"})
    client.getresponse().read()
    client.close()
    app.renew()
    return app


@pytest.fixture
def connect(running: tuple[App, str], app: App) -> Iterator[Connect]:
    """Opens connections; closes them afterwards."""
    port = int(running[1].rpartition(":")[2])
    opened = []

    def open_one() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        return opened[-1]

    yield open_one
    for sock in opened:
        sock.close()


def hear(sock: socket.socket, silence: float = 5.0) -> bytes:
    """All that comes until the other side closes, or is silent."""
    sock.settimeout(silence)
    heard = b""
    try:
        while piece := sock.recv(65536):
            heard += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return heard


def trickle(sock: socket.socket, data: bytes, pause: float = 0.05) -> float:
    """Send byte by byte until the other side has had enough; the seconds that took."""
    began = time.monotonic()
    sock.settimeout(pause)
    for number in range(len(data)):
        try:
            sock.sendall(data[number : number + 1])
            if not sock.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            continue
        except OSError:
            break
        break
    return time.monotonic() - began


def statuses(heard: bytes) -> list[int]:
    """The statuses of all responses in a stream of bytes."""
    return [int(part[:3]) for part in heard.split(b"HTTP/1.1 ")[1:]]


# -- what is welcome ---------------------------------------------------------------------------


def test_a_keep_alive_client_is_served(running: tuple[App, str], app: App) -> None:
    """Three requests on one connection, with a pause longer than the deadline for a head."""
    client = http.client.HTTPConnection(running[1].removeprefix("http://"))
    socks = set()
    for number in range(3):
        client.request("POST", f"/{number}", b"x" * 200_000, {"Host": "chat.example"})
        assert client.getresponse().read() == b"ok"
        socks.add(client.sock)
        time.sleep(DEADLINE + 0.1 if number == 1 else 0)
    client.close()
    assert len(socks) == 1
    assert [len(body) for _, _, body in app.seen] == [200_000] * 3
    assert app.counted == []


def test_a_slow_but_legal_upload_is_served(app: App, connect: Connect) -> None:
    """The head in three pieces, the body in four."""
    sock = connect()
    for piece in (
        b"POST /slow HT",
        b"TP/1.1\r\nHost: chat.ex",
        b"ample\r\nContent-Length: 4\r\n\r\n",
    ):
        sock.sendall(piece)
        time.sleep(0.03)
    for _ in range(4):
        sock.sendall(b"x")
        time.sleep(0.03)
    assert statuses(hear(sock, 0.1)) == [200]
    assert app.seen == [("POST", "/slow", b"xxxx")]


def test_a_chunked_upload_larger_than_the_head_cap_is_served(app: App, connect: Connect) -> None:
    """The cap counts what is not body; bodies are the app's to bound."""
    sock = connect()
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    sock.sendall(head + chunk * 100 + b"0\r\n\r\n")
    assert statuses(hear(sock, 0.2)) == [200]
    assert len(app.seen[0][2]) == 409_600


def test_a_client_that_is_quicker_than_the_app_is_served(app: App, connect: Connect) -> None:
    """All of an answer may be out before its app has returned: the next request is no intruder."""
    sock = connect()
    sock.sendall(b"GET /lingers HTTP/1.1\r\n" + HOST + b"\r\n")
    heard = b""
    while not heard.endswith(b"ok"):
        heard += sock.recv(4096)
    sock.sendall(SECOND)
    assert statuses(hear(sock, 0.3)) == [200]
    assert app.counted == []


def test_upgrades_nobody_asked_us_for_are_ignored(app: App, connect: Connect) -> None:
    """Both curl and Java offer h2c on plain requests: answered as if they had not."""
    sock = connect()
    sock.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert statuses(hear(sock, 0.1)) == [200]
    sock.sendall(b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n")
    assert statuses(hear(sock, 0.1)) == [200]


# -- what takes too long -----------------------------------------------------------------------


def test_a_trickled_head_is_cut(app: App, connect: Connect) -> None:
    """A byte every 50 ms: at the deadline it is over."""
    sock = connect()
    seconds = trickle(sock, b"GET / HTTP/1.1\r\nX: " + b"a" * 100)
    assert DEADLINE - 0.05 <= seconds < DEADLINE + SLACK
    assert statuses(hear(sock)) == [408]
    assert app.seen == []
    assert app.counted == ["head_too_slow"]


def test_silence_is_cut_without_a_word(app: App, connect: Connect) -> None:
    """Whoever has asked nothing gets no answer."""
    began = time.monotonic()
    assert hear(connect()) == b""
    assert time.monotonic() - began < DEADLINE + SLACK
    assert app.counted == []


@pytest.mark.parametrize("rest", [b"GET / HTTP/1.1\r\nX: " + b"a" * 100, b"\r\n" * 100])
def test_later_heads_have_the_deadline_too(app: App, connect: Connect, rest: bytes) -> None:
    """Also blank lines, which never become a request."""
    sock = connect()
    sock.sendall(b"GET /first HTTP/1.1\r\n" + HOST + b"\r\n")
    assert statuses(hear(sock, 0.1)) == [200]
    assert trickle(sock, rest) < DEADLINE + SLACK
    assert statuses(hear(sock)) == [408]


def test_a_trickled_body_is_cut(app: App, connect: Connect) -> None:
    """The app reads bodies under a deadline; the door lets its answer through."""
    sock = connect()
    sock.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n")
    assert trickle(sock, b"x" * 100) < DEADLINE + SLACK
    assert hear(sock).endswith(b"body_too_slow")


def test_a_body_that_nobody_reads_is_cut(app: App, connect: Connect) -> None:
    """The app answered early; the rest of the body may not keep the connection."""
    sock = connect()
    sock.sendall(b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n")
    assert statuses(sock.recv(4096)) == [200]
    assert trickle(sock, b"x" * 100) < DEADLINE + SLACK
    assert hear(sock) == b""


# -- what is too big ---------------------------------------------------------------------------

BIG = {
    "one header": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "target": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "blank lines": b"\r\n" * 500_000,
    "many headers": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 10_000 + b"\r\n",
}


@pytest.mark.parametrize("raw", BIG.values(), ids=BIG.keys())
def test_big_heads_are_refused(app: App, connect: Connect, raw: bytes) -> None:
    """The answer arrives although the client was still sending."""
    sock = connect()
    sock.sendall(raw)
    heard = hear(sock)
    assert statuses(heard) == [431]
    assert b"connection: close" in heard
    assert app.seen == []
    assert len(app.counted) == 1


CHUNKED = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
BIG_BODIES = {
    "chunk extension": CHUNKED + b"1;" + b"a" * 1_000_000 + b"\r\nx\r\n0\r\n\r\n",
    "one trailer": CHUNKED + b"0\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "many trailers": CHUNKED + b"0\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
}


@pytest.mark.parametrize("raw", BIG_BODIES.values(), ids=BIG_BODIES.keys())
def test_big_frills_of_a_body_are_refused(app: App, connect: Connect, raw: bytes) -> None:
    """The app, which was reading, hears a hang-up."""
    sock = connect()
    sock.sendall(raw)
    assert statuses(hear(sock)) == [431]
    assert app.headers == []


# -- what is ambiguous -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("chat.example", "chat.example"),
        ("chat.example", "other.example"),
        ("other.example",),
        ("chat.example@evil",),
        ("chat.example/x",),
        ("chat.example, other.example",),
        ("chat.example:port",),
        ("",),
        ("exact.example:9",),
    ],
)
def test_hosts_refused(app: App, connect: Connect, hosts: tuple[str, ...]) -> None:
    """None, two, a strange one or one that is not served here."""
    sock = connect()
    lines = b"".join(b"Host: " + host.encode() + b"\r\n" for host in hosts)
    sock.sendall(b"GET / HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
    heard = hear(sock)
    assert statuses(heard) == [400]
    assert b'"code": "bad_host"' in heard
    assert app.seen == []
    assert app.counted == ["bad_host"]


@pytest.mark.parametrize(
    "host", ["chat.example", "CHAT.example:443", "[::1]:80", "exact.example:8080"]
)
def test_hosts_welcome(app: App, connect: Connect, host: str) -> None:
    """Case does not matter, nor does a port, unless the list names one."""
    sock = connect()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n")
    assert statuses(hear(sock)) == [200]


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/x",
        "https://chat.example/v1/chat/completions",
        "*",
        "//evil.example/x",
        "/a//b",
        "/a/../b",
        "/a/./b",
        "/..",
        "/%2e%2e/b",
        "/a/%2E./b",
        "/a%2f..%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a%00b",
        "/a%0d%0ab",
        "/a%7f",
        "/%252e%252e/b",
        "/a%252fb",
        "/%c0%ae%c0%ae/b",
        "/v1/chat/completions;x=1",
        "/v1/..;/b",
        "/a%3bb",
    ],
)
def test_targets_refused(app: App, connect: Connect, target: str) -> None:
    """What one server reads as this path and another as that."""
    sock = connect()
    sock.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert statuses(hear(sock)) == [400]
    assert app.seen == []
    assert len(app.counted) == 1


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/v1/models/gpt-4.1", "/v1/models/gpt-4.1"),
        ("/a%2eb/", "/a.b/"),
        ("/%E4%BD%A0?next=//x/../y", "/你"),
        ("/files/a..b/...", "/files/a..b/..."),
        ("/v1/projects/p:run@v1", "/v1/projects/p:run@v1"),
    ],
)
def test_targets_welcome(app: App, connect: Connect, target: str, path: str) -> None:
    """Odd looks alone are no offence; the query is the app's."""
    sock = connect()
    sock.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert statuses(hear(sock)) == [200]
    assert app.seen == [("GET", path, b"")]


def post(*lines: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """A POST with these header lines, and the hidden second request behind it."""
    head = b"POST /first HTTP/" + version + b"\r\n" + HOST + b"".join(x + b"\r\n" for x in lines)
    return head + b"\r\n" + body + SECOND


SMUGGLING = {
    "CL and TE": post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE and CL": post(b"Transfer-Encoding: chunked", b"Content-Length: 6", body=b"0\r\n\r\n"),
    "two CL": post(b"Content-Length: 0", b"Content-Length: 60"),
    "two equal CL": post(b"Content-Length: 0", b"Content-Length: 0"),
    "CL list": post(b"Content-Length: 0, 0"),
    "CL with sign": post(b"Content-Length: +0"),
    "CL in hex": post(b"Content-Length: 0x0"),
    "CL too short": post(b"Content-Length: 2", body=b"hello"),
    "two TE": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE identity": post(b"Transfer-Encoding: identity"),
    "TE unknown": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "TE list": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "TE behind a tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "TE in HTTP/1.0": post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"1.0"),
    "obs-fold": post(b"X: a\r\n b"),
    "folded TE": post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "bare LF": b"GET /first HTTP/1.1\nHost: chat.example\n\n" + SECOND,
    "bare LF in the head": post(b"X: a\nContent-Length: 60"),
    "bare CR": post(b"X: a\rContent-Length: 60"),
    "space before colon": post(b"Content-Length : 60"),
    "NUL in a value": post(b"X: a\x00b"),
    "NUL in a name": post(b"X\x00: a"),
    "chunk extension": post(b"Transfer-Encoding: chunked", body=b"1;a=b\r\nx\r\n0\r\n\r\n"),
    "chunk extension with LF": post(b"Transfer-Encoding: chunked", body=b"1;a\nx\r\n0\r\n\r\n"),
    "bare LF in chunks": post(b"Transfer-Encoding: chunked", body=b"1\nx\n0\n\n"),
    "trailer": post(b"Transfer-Encoding: chunked", body=b"0\r\nX-User: eve\r\n\r\n"),
    "pipelining": post(b"Content-Length: 0"),
    "CONNECT": b"CONNECT chat.example:80 HTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "upgrade": post(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: %d" % len(SECOND)),
}


@pytest.mark.parametrize("raw", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_nothing_is_smuggled(app: App, connect: Connect, raw: bytes) -> None:
    """Whatever lies behind a request never becomes another one, and the connection ends."""
    sock = connect()
    sock.sendall(raw)
    heard = hear(sock, 1.0)
    assert len(statuses(heard)) <= 1
    assert all(path == "/first" for _, path, _ in app.seen)
    assert len(app.seen) <= 1


@pytest.mark.parametrize(
    ("version", "more", "why"),
    [
        (b"2.0", b"", ["malformed"]),
        (b"0.9", b"", ["malformed"]),
        (b"1.2", b"", ["malformed"]),
        (b"1.0", b"Transfer-Encoding: chunked\r\n", ["bad_framing"]),
        (b"1.0", b"", []),
    ],
)
def test_only_versions_that_are_spoken_here(
    app: App, connect: Connect, *, version: bytes, more: bytes, why: list[str]
) -> None:
    """Old front proxies say 1.0 and are served; what that does not have, nobody reads in it."""
    sock = connect()
    sock.sendall(b"GET / HTTP/" + version + b"\r\n" + HOST + more + b"\r\n")
    sock.sendall(b"0\r\n\r\n" if more else b"")
    assert statuses(hear(sock, 1.0)) == [400 if why else 200]
    assert (app.counted, len(app.seen)) == (why, 0 if why else 1)


def test_upgrade_with_a_body_is_refused(app: App, connect: Connect) -> None:
    """The parser would read the body, when it comes later, as a request."""
    sock = connect()
    length = b"Content-Length: %d\r\n\r\n" % len(SECOND)
    sock.sendall(
        b"POST / HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + length
    )
    time.sleep(0.1)
    sock.sendall(SECOND)
    assert statuses(hear(sock)) == [400]
    assert app.seen == []
    assert app.counted == ["upgrade_with_body"]


def test_trailers_do_not_become_headers(app: App, connect: Connect) -> None:
    """Left to uvicorn, they would be appended while the request is being served."""
    sock = connect()
    sock.sendall(CHUNKED + b"1\r\nx\r\n0\r\nX-Guardrail-User: eve\r\nHost: evil\r\n\r\n")
    assert statuses(hear(sock, 0.1)) == [200]
    assert app.seen == [("POST", "/", b"x")]
    assert header(app.headers[0], b"x-guardrail-user") == b""
    assert header(app.headers[0], b"host") == b"chat.example"


def test_rubbish_never_breaks_into_an_answer(app: App, connect: Connect) -> None:
    """A body that goes wrong after the answer began: the connection closes, nothing is added."""
    sock = connect()
    head = b"POST /talks-first HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    sock.sendall(head)
    heard = sock.recv(4096)
    sock.sendall(b"no chunk\r\n")
    heard += hear(sock)
    assert statuses(heard) == [200]
    assert app.counted == ["malformed"]


# -- what the wrapper says ---------------------------------------------------------------------


def test_a_failing_upstream_is_told(app: App, connect: Connect) -> None:
    """Where no chat route answers in its own format, the door does."""
    sock = connect()
    sock.sendall(b"GET /broken HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    heard = hear(sock)
    assert statuses(heard) == [502]
    assert b'"code": "upstream_failed"' in heard
    assert b"refused" not in heard
    assert app.counted == ["pass_failed http"]


def test_an_upstream_that_breaks_off_is_not_hidden(app: App, connect: Connect) -> None:
    """The answer stays as short as it was: no end is made up for it."""
    sock = connect()
    sock.sendall(b"GET /breaks-off HTTP/1.1\r\n" + HOST + b"\r\n")
    heard = hear(sock)
    assert statuses(heard) == [200]
    assert heard.endswith(b"5\r\nbegun\r\n")


def test_websockets_are_handed_over(app: App, connect: Connect) -> None:
    """The protocol that speaks them answers, and is bound by no deadline of ours."""
    sock = connect()
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    sock.sendall(b"GET /a//b HTTP/1.1\r\n" + HOST + upgrade + key)
    heard = hear(sock, 1.0)
    assert statuses(heard) == [400]
    assert b'"code": "bad_path"' in heard
    assert app.counted == ["bad_path"]


KNOCK = HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"POST /ok HTTP/1.1\r\n" + KNOCK + KEY, "bad_handshake"),
        (
            b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + b"Cookie: " + b"a" * 9000 + b"\r\n",
            "bad_handshake",
        ),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + KNOCK + KEY, "bad_handshake"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK, "bad_handshake"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK.replace(b"13", b"12") + KEY, "bad_handshake"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + KEY, "bad_handshake"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + HOST, "bad_host"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + b"X: a\r\n" * 100, "too_many_headers"),
        (
            b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + b"X: " + b"a" * 70_000 + b"\r\n",
            "head_too_large",
        ),
        (b"GET http://a/ok HTTP/1.1\r\n" + KNOCK + KEY, "bad_target"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY + b"Content-Length: 2\r\n", "upgrade_with_body"),
        (b"GET /ok HTTP/1.1\r\n" + KNOCK + KEY, "websocket_refused"),
    ],
)
def test_handshakes_are_refused(app: App, connect: Connect, raw: bytes, why: str) -> None:
    """Each gets an answer and its count, and its connection ends: uvicorn would leave some open."""
    sock = connect()
    sock.sendall(raw + b"\r\n")
    heard = hear(sock)
    assert len(statuses(heard)) == 1
    assert statuses(heard)[0] in {400, 403, 405, 426, 431}
    assert app.counted == [why]
    assert app.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"2")],
        [(b"transfer-encoding", b"chunked")],
        [(b"host", b"other")],
    ],
)
async def test_no_server_is_relied_on(headers: list[tuple[bytes, bytes]]) -> None:
    """What httptools refuses by itself, the wrapper refuses, too (`call` sends one of each)."""
    app = App()
    refused = await call(DoorCheck(app, count=app.count), "/", b"ok", headers=headers).done()
    assert refused.status == 400
    assert refused.json["error"]["type"] == "invalid_request_error"
    assert refused.json["error"]["code"] == app.counted[0]
    assert app.seen == []


@pytest.mark.parametrize("path", ["/ok", "/a//b"])
async def test_websockets_pass_the_same_door(path: str) -> None:
    """Refused before they are accepted."""
    sent, passed = [], []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    check = DoorCheck(app, websockets=True)
    scope = {"type": "websocket", "path": path, "headers": [(b"host", b"a")]}
    await check(scope, receive, send)
    await check({"type": "lifespan"}, receive, send)
    assert passed == (["websocket", "lifespan"] if path == "/ok" else ["lifespan"])
    assert sent == ([] if path == "/ok" else ["websocket.close"])
