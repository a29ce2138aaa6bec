"""Who may be reached from here: webhooks and mail go through this door and no other.

A sender that can be pointed anywhere is a way into the network behind it (server-side request
forgery), and names change their addresses between a check and the connection (DNS rebinding). So:

1. Only hosts on the list, whatever they resolve to.
2. Every address that a name has is looked at; one that is not public refuses the name. What is then
   connected to is one of *these* addresses. Nothing is resolved a second time.
3. An address is judged by what it means: `::ffff:127.0.0.1` is the loopback, `2130706433` and
   `0177.1` are no names. Metadata services stay shut even where private addresses are allowed.
4. Redirects are an answer, never followed. No proxy is taken from the environment.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from guardrail._tables import NotifyTable
from guardrail.errors import GuardrailError

__all__ = ["Egress", "Refused", "Reply", "Rules", "system_resolver", "usable"]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → addresses. Raises OSError if there are none."""

LONGEST_URL = 2_048
LONGEST_NAME = 253

_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local: metadata of AWS, Azure, Google, Oracle …
            "100.100.100.200/32",  # metadata of Alibaba
            "168.63.129.16/32",  # Azure's host, though a public address
            "192.0.0.0/24",  # protocol assignments; metadata of Oracle
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "::/96",  # none, and IPv4 written in an old way (the loopback is looked at before)
            "64:ff9b:1::/48",  # local translation
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fd00:ec2::254/128",  # metadata of AWS
            "fd20:ce::254/128",  # metadata of Google
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)
_TRANSLATED = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_PRIVATE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ),
    )
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")


class Refused(GuardrailError):
    """Somebody was not reached. `why` is a code; the message holds neither address nor text.

    url, scheme, host: what was asked for is not allowed · address: it leads where nobody may go ·
    dns, connect, tls, timeout, broken: it could not be done.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"not reached: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may be reached. `hosts` are names in small letters, or addresses."""

    hosts: frozenset[str]
    private: bool = False
    http: bool = False

    @classmethod
    def of(cls, table: NotifyTable) -> Rules:
        """The rules that the settings ask for: without a list, the hosts that they name.

        Raises:
            Refused: a host or URL in them is none.
        """
        named = [URL(hook.url).raw_host or "" for hook in table.webhooks]
        named += [table.mail.host] if table.mail is not None else []
        hosts = frozenset(host_name(host) for host in table.allow_hosts or named)
        return cls(hosts, table.allow_private, table.allow_http)


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer; nobody reads its body. `retry_after` is the header as it came."""

    status: int
    retry_after: str = ""


def usable(address: str, *, private: bool = False) -> bool:
    """Whether an address may be connected to; `private` allows private and loopback ones."""
    try:
        found = _meant(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if any(found in net for net in _PRIVATE if net.version == found.version):
        return private and not _never(found)
    return found.is_global and not _never(found)


def host_name(host: str) -> str:
    """A host as it is compared: small letters, no last dot; an address in its usual form.

    Raises:
        Refused: it is neither a name nor an address, or a number that some read as an address.
    """
    plain = host.strip("[]").lower().removesuffix(".")
    try:
        return str(ip_address(plain))
    except ValueError:
        labels = plain.split(".")
        wrong = len(plain) > LONGEST_NAME or not all(map(_LABEL.fullmatch, labels))
        if wrong or _NUMBER.fullmatch(labels[-1]):
            raise Refused("host") from None
        return plain


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the system says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Egress:
    """The door. Opens nothing until it is first used.

    Args:
        rules: who may be reached.
        resolve: who knows addresses; for tests.
        tls: certificates to trust other than the system's.
        seconds: deadline of one request.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        resolve: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        seconds: float = 10.0,
    ) -> None:
        self.rules, self.tls = rules, tls
        self._resolve, self._seconds = resolve, seconds
        self._session: aiohttp.ClientSession | None = None

    def url(self, text: str) -> URL:
        """A URL that may be asked.

        Raises:
            Refused: it is none, or nobody may go there.
        """
        plain = text.isascii() and text.isprintable() and not set(text) & set(" \\")
        if not plain or len(text) > LONGEST_URL:
            raise Refused("url")
        try:
            url = URL(text)
        except ValueError:
            raise Refused("url") from None
        if url.scheme not in ("https", "http") or (url.scheme == "http" and not self.rules.http):
            raise Refused("scheme")
        if url.raw_host is None or url.raw_user is not None or url.raw_password is not None:
            raise Refused("url")
        self._listed(url.raw_host)
        return url

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host on the list, all of them looked at.

        Raises:
            Refused: one of them is where nobody may go, or there is none.
        """
        name = self._listed(host)
        try:
            found = [str(ip_address(name))]
        except ValueError:
            try:
                found = list(await self._resolve(name, port))
            except (OSError, UnicodeError):
                raise Refused("dns") from None
        if not found:
            raise Refused("dns")
        if not all(usable(one, private=self.rules.private) for one in found):
            raise Refused("address")
        return found

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connection to a host on the list, at an address that was looked at.

        Raises:
            Refused: it may not be reached, or could not.
        """
        for address in await self.addresses(host, port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(sock, (address, port))
            except OSError:
                sock.close()
            except asyncio.CancelledError:
                sock.close()
                raise
            else:
                return sock
        raise Refused("connect")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one request and read the head of its answer, whatever it is.

        Raises:
            Refused: it may not be sent, or there was no answer in time.
        """
        target = self.url(url)
        try:
            async with self._open().post(
                target, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return Reply(answer.status, answer.headers.get("retry-after", ""))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Refused(_why(error)) from None

    async def close(self) -> None:
        """Let go. May be called twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _listed(self, host: str) -> str:
        name = host_name(host)
        if name not in self.rules.hosts:
            raise Refused("host")
        return name

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Looking(self),
                    use_dns_cache=False,
                    force_close=True,
                    ssl=self.tls or True,
                    socket_factory=self._socket,
                ),
                timeout=aiohttp.ClientTimeout(total=self._seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": "guardrail"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last look, right before a connection: also at what never went to a resolver."""
        if not usable(str(info[4][0]), private=self.rules.private):
            raise Refused("address")
        return socket.socket(info[0], info[1], info[2])


class _Looking(AbstractResolver):
    """What aiohttp asks for addresses: they are looked at before it sees them."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - every one is looked at
    ) -> list[ResolveResult]:
        """See `Egress.addresses`."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._egress.addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing is kept."""


_Address = IPv4Address | IPv6Address


def _meant(address: _Address) -> _Address:
    """The address that this one leads to, where it only wraps another."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _never(address: _Address) -> bool:
    loopback = isinstance(address, IPv6Address) and address.is_loopback
    nets: Iterator[bool] = (address in net for net in _NEVER if net.version == address.version)
    return not loopback and any(nets)


def _why(error: Exception) -> str:
    """A code for what aiohttp says; its words hold addresses."""
    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (TimeoutError, "timeout"),
        ((aiohttp.ClientSSLError, ssl.SSLError), "tls"),
        (aiohttp.ClientConnectorDNSError, "dns"),
        (aiohttp.ClientConnectorError, "connect"),
        (aiohttp.InvalidURL, "url"),
    )
    return next((why for kind, why in kinds if isinstance(error, kind)), "broken")
