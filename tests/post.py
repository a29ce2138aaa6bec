"""What notifications are sent to in tests: a real web server and a real mail server, on this loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = [
    "HOST",
    "SECRETS",
    "Got",
    "MailServer",
    "Receiver",
    "loopback",
    "mail_server",
    "receiver",
]

HOST = "hooks.example"
SECRETS = ("whsec_" + "A" * 40, "whsec_" + "B" * 40)


async def loopback(host: str, port: int) -> Sequence[str]:
    """A name server that sends everybody home."""
    return ["127.0.0.1"]


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, form, plain)
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@dataclass(frozen=True, slots=True)
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What a receiver tells repeats by."""
        return self.headers["webhook-id"]

    @property
    def data(self) -> Any:
        """The payload."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers one status after the other, the last one for ever; 0 hangs, and -1 hangs up."""

    statuses: list[int] = field(default_factory=lambda: [204])
    more: str = ""  # further header lines
    pause: float = 0.0  # seconds before an answer
    got: list[Got] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}/hook"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            headers = {key.lower(): value for key, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            self.got.append(Got(headers, body))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            await asyncio.sleep(self.pause)
            if status > 0:
                writer.write(
                    f"HTTP/1.1 {status} X\r\n{self.more}content-length: 0\r\n\r\n".encode()
                )
                await writer.drain()
            elif status == 0:
                await reader.read()  # until the other side gives up
        writer.close()


@contextlib.asynccontextmanager
async def receiver(*statuses: int, more: str = "") -> AsyncIterator[Receiver]:
    """A receiver of webhooks."""
    made = Receiver(list(statuses) or [204], more)
    server = await asyncio.start_server(made, "127.0.0.1", 0)
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@dataclass
class MailServer:
    """A handler of aiosmtpd. `refuses` are answers to RCPT by address, or to DATA by "data"."""

    refuses: dict[str, str] = field(default_factory=dict)
    got: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802, PLR0917 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse somebody."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        if "data" in self.refuses:
            return self.refuses["data"]
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append((envelope.rcpt_tos, message))
        return "250 OK"

    def login(self, *args: Any) -> AuthResult:
        """Take the one password."""
        found = args[-1]
        assert isinstance(found, LoginPassword)
        self.logins.append(found.login.decode())
        return AuthResult(success=found.password == b"right", handled=False)


@contextlib.asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A mail server; `options` are those of aiosmtpd's SMTP; `ssl` for TLS from the start."""
    made, tls = MailServer(), options.pop("ssl", None)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            made,
            authenticator=made.login,
            auth_require_tls=False,
            hostname="mx.example",
            loop=loop,
            **options,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
