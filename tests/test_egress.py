"""Who may be reached: names, addresses and URLs, over real sockets where it matters."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from guardrail._tables import Mail, NotifyTable, Webhook
from guardrail.staff.egress import Egress, Refused, Rules, host_name, system_resolver, usable
from tests.post import certificate
from tests.servers import tcp

SECRET = "whsec_" + "A" * 40
HOST = "hooks.example"


class Names:
    """A name server that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Server:
    """A server that answers with fixed bytes and notes what it was asked."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.asked: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        writer.write(self.answer)
        await writer.drain()


@pytest.fixture
def server() -> Server:
    """What runs at `at`."""
    return Server()


@pytest.fixture
def port(server: Server) -> Iterator[int]:
    """The port of a local server."""
    with tcp(server) as url:
        yield int(url.rpartition(":")[2])


@pytest.fixture
async def door() -> AsyncIterator[Callable[..., Egress]]:
    """Makes doors, and closes them."""
    made: list[Egress] = []

    def make(names: Names | None = None, *, hosts: str = HOST, **more: Any) -> Egress:
        tls, seconds = more.pop("tls", None), more.pop("seconds", 5.0)
        rules = Rules(frozenset(hosts.split()), **more)
        egress = Egress(rules, resolve=names or Names(["127.0.0.1"]), tls=tls, seconds=seconds)
        made.append(egress)
        return egress

    yield make
    for egress in made:
        await egress.close()


async def why(egress: Egress, url: str) -> str:
    """The code with which a request is refused."""
    with pytest.raises(Refused) as caught:
        await egress.post(url, b"{}", {})
    assert "127" not in str(caught.value)
    return caught.value.why


# -- addresses -------------------------------------------------------------------------------------

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822")  # fmt: skip
PRIVATE = ("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1")  # fmt: skip
NEVER = (
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0",
    "0.0.0.0", "::", "::7f00:1", "255.255.255.255", "224.0.0.1", "ff02::1", "240.0.0.1", "fec0::1",  # noqa: S104
    "2002:7f00:1::", "2001:0:7f00:1::", "64:ff9b:1::1", "192.0.2.1", "2001:db8::1", "198.18.0.1",
    "no address", "", "127.1", "2130706433",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    """Also where an address wraps one."""
    assert usable(address)
    assert usable(address, private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_only_where_they_are_allowed(address: str) -> None:
    """Loopback, private networks, carriers' networks; also in IPv6 clothes."""
    assert not usable(address)
    assert usable(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    """Metadata services, link-local, tunnels, documentation, and what is no address."""
    assert not usable(address)
    assert not usable(address, private=True)


# -- names and URLs --------------------------------------------------------------------------------


def test_names_are_compared_in_one_spelling() -> None:
    """Capitals, a last dot, brackets, and the long form of an address."""
    assert host_name("Hooks.Example.") == HOST
    assert host_name("[::FFFF:7F00:1]") == "::ffff:7f00:1"
    assert host_name("a_b-c.xn--fiqs8s") == "a_b-c.xn--fiqs8s"


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "a.0x10", "a..b", "-a.com", "a-.b",
     "a b", "", ".", "a%40b", "é.com", "a" * 64, ".".join(["a" * 60] * 5), "/var/run/x.sock"],
)  # fmt: skip
def test_what_some_read_as_an_address_is_no_name(host: str) -> None:
    """Decimal, octal, hexadecimal and short forms; and what was never a name."""
    with pytest.raises(Refused, match="host"):
        host_name(host)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://other.example/", "host"),
        ("https://hooks.example.evil.example/", "host"),
        ("https://hooks.example@evil.example/", "url"),
        ("https://evil.example@hooks.example/", "url"),
        ("https://:pass@hooks.example/", "url"),
        ("https://hooks.example\\@evil.example/", "url"),
        ("https://hooks.example%40evil.example/", "host"),
        ("https://evil.example#@hooks.example", "host"),
        ("https://evil.example?@hooks.example", "host"),
        ("https://hooks.example/\r\nx: y", "url"),
        ("https://hooks.example /", "url"),
        ("https://hooks.example:99999/", "url"),
        ("https://h\u00f6\u00f6ks.example/", "url"),
        ("https://１２７.0.0.1/", "url"),
        ("https://2130706433/", "host"),
        ("https:///x", "url"),
        ("http://hooks.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://hooks.example/", "scheme"),
        ("http+unix://%2Fvar%2Frun%2Fx.sock/", "scheme"),
        ("unix:/var/run/x.sock", "scheme"),
        ("//hooks.example/", "scheme"),
        ("hooks.example", "scheme"),
        ("", "scheme"),
        ("https://hooks.example/" + "a" * 2_048, "url"),
    ],
)
async def test_what_is_not_on_the_list_is_not_even_looked_up(
    door: Callable[..., Egress], url: str, code: str
) -> None:
    """Tricks with user names, encodings and schemes."""
    names = Names(["127.0.0.1"])
    assert await why(door(names), url) == code
    assert names.asked == 0


def test_rules_name_the_hosts_of_the_settings() -> None:
    """Without a list of their own: the receivers and the mail server."""
    hooks = (Webhook(url="https://Hooks.Example/x", secrets=(SECRET,)),)
    table = NotifyTable(webhooks=hooks, mail=Mail(host="smtp.example", sender="a@b.example"))
    assert Rules.of(table) == Rules(frozenset({HOST, "smtp.example"}))
    only = table.model_copy(update={"allow_hosts": ("10.0.0.1",), "allow_private": True})
    assert Rules.of(only) == Rules(frozenset({"10.0.0.1"}), private=True)


# -- connections -----------------------------------------------------------------------------------


async def test_an_allowed_host_is_reached(
    door: Callable[..., Egress], server: Server, port: int
) -> None:
    """With its own name in the request, and nothing of ours but what was given."""
    egress = door(private=True, http=True)
    reply = await egress.post(f"http://{HOST}:{port}/a?b=1", b"{}", {"webhook-id": "m"})
    assert reply.status == 204
    head = server.asked[0].decode().lower()
    assert head.startswith("post /a?b=1 http/1.1")
    assert f"host: {HOST}:{port}" in head
    assert "webhook-id: m" in head
    assert "cookie" not in head


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []],
)
async def test_one_bad_address_refuses_a_name(
    door: Callable[..., Egress], server: Server, port: int, found: list[str]
) -> None:
    """Whatever else the name resolves to."""
    code = await why(door(Names(found), http=True), f"http://{HOST}:{port}/")
    assert code == ("address" if found else "dns")
    assert server.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_an_address_in_a_url_is_looked_at_too(
    door: Callable[..., Egress], server: Server, port: int, host: str
) -> None:
    """Even one that the list holds."""
    egress = door(hosts=f"{host_name(host)} {HOST}", http=True)
    assert await why(egress, f"http://{host}:{port}/") == "address"
    assert server.asked == []


async def test_a_name_that_changes_its_address_gains_nothing(
    door: Callable[..., Egress], server: Server, port: int
) -> None:
    """DNS rebinding: one look-up for a request, and the connection goes to what was looked at."""
    names = Names(["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"])
    egress = door(names, private=True, http=True)
    url = f"http://{HOST}:{port}/"
    assert (await egress.post(url, b"{}", {})).status == 204
    assert names.asked == 1
    assert await why(egress, url) == "address"
    assert await why(egress, url) == "address"
    assert len(server.asked) == 1


async def test_a_redirect_is_an_answer(door: Callable[..., Egress]) -> None:
    """To a private address or anywhere: nobody goes there."""
    inner = Server()
    with tcp(inner) as target:
        outer = Server(f"HTTP/1.1 307 Go\r\nlocation: {target}/secret\r\n\r\n".encode())
        with tcp(outer) as url:
            egress = door(private=True, http=True)
            reply = await egress.post(f"http://{HOST}:{URL(url).port}/", b"{}", {})
    assert reply.status == 307
    assert inner.asked == []


async def test_proxies_of_the_environment_are_not_used(
    door: Callable[..., Egress], server: Server, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes through somebody else's proxy was not looked at."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    egress = door(private=True, http=True)
    assert (await egress.post(f"http://{HOST}:{port}/", b"{}", {})).status == 204


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-x\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000]
)
async def test_what_is_no_answer_is_said(
    door: Callable[..., Egress], server: Server, port: int, answer: bytes
) -> None:
    """Another protocol, nothing at all, a head without end."""
    server.answer = answer
    assert await why(door(private=True, http=True), f"http://{HOST}:{port}/") == "broken"


async def test_a_body_is_not_read(door: Callable[..., Egress], server: Server, port: int) -> None:
    """However long it is said to be."""
    server.answer = b"HTTP/1.1 200 OK\r\nretry-after: 7\r\ncontent-length: 999999999999\r\n\r\nx"
    reply = await door(private=True, http=True).post(f"http://{HOST}:{port}/", b"{}", {})
    assert (reply.status, reply.retry_after) == (200, "7")


async def test_silence_ends(door: Callable[..., Egress]) -> None:
    """A receiver that takes the request and says nothing."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    with tcp(silent) as url:
        egress = door(private=True, http=True, seconds=0.05)
        assert await why(egress, f"http://{HOST}:{URL(url).port}/") == "timeout"


async def test_nobody_at_home_is_said(door: Callable[..., Egress]) -> None:
    """A closed port, and a name that does not exist."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = free.getsockname()[1]
    egress = door(private=True, http=True)
    assert await why(egress, f"http://{HOST}:{gone}/") == "connect"
    with pytest.raises(Refused, match="connect"):
        await egress.connect(HOST, gone)

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    egress._resolve = unknown
    assert await why(egress, f"http://{HOST}:{gone}/") == "dns"


async def test_the_system_knows_the_loopback() -> None:
    """The resolver that is used when nothing else is given."""
    assert "127.0.0.1" in await system_resolver("127.0.0.1", 80)


async def test_a_socket_for_mail_goes_the_same_way(
    door: Callable[..., Egress], server: Server, port: int
) -> None:
    """SMTP gets a connection that was looked at."""
    sock = await door(private=True).connect(HOST, port)
    assert sock.getpeername() == ("127.0.0.1", port)
    sock.close()
    for egress, code in ((door(), "address"), (door(hosts="other"), "host")):
        with pytest.raises(Refused, match=code):
            await egress.connect(HOST, port)


# -- certificates ----------------------------------------------------------------------------------


# On a busy machine a refused handshake leaves its transport to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_the_certificate_is_that_of_the_name(
    door: Callable[..., Egress], server: Server, tmp_path: Path
) -> None:
    """Connected to an address, but the name is what has to be proven (SNI, too)."""
    path = certificate(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    trust = ssl.create_default_context(cafile=str(path))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server(reader, writer)
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with running:
        port = running.sockets[0].getsockname()[1]
        egress = door(private=True, tls=trust, hosts=f"{HOST} other.example")
        assert (await egress.post(f"https://{HOST}:{port}/", b"{}", {})).status == 204
        assert await why(egress, f"https://other.example:{port}/") == "tls"
        assert await why(door(private=True), f"https://{HOST}:{port}/") == "tls"
    assert asked == [HOST, "other.example", HOST]
    assert len(server.asked) == 1
