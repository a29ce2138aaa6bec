"""E-mail by SMTP: plain text, one recipient each, so that nobody sees who else is told."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr

import aiosmtplib

from guardrail._tables import Mail
from guardrail.errors import RequestError
from guardrail.letterbook import Letter
from guardrail.letters import Places, read_in, webhook_id
from guardrail.staff.couriers import DELIVERED, Outcome, Route
from guardrail.staff.egress import Egress, Refused

__all__ = ["Mailer", "Mails"]


class Mailer:
    """Sends one mail and says what became of it. A connection for each: mails are few."""

    def __init__(
        self, settings: Mail, egress: Egress, places: Places, *, seconds: float = 10.0
    ) -> None:
        self.places = places
        self._settings, self._egress, self._seconds = settings, egress, seconds

    async def send(
        self,
        letter: Letter,
        to: str,
        *,
        language: str = "",
        sealed: Mapping[str, str] | None = None,
    ) -> Outcome:
        """One try, in that language, or in those of the settings where it is not known."""
        try:
            message = self._message(letter, _plain(to), language, sealed)
        except RequestError:
            return Outcome("unfilled", final=True)
        except (ValueError, MessageError, IndexError):  # what `email` says of what is no address
            return Outcome("address", final=True)
        try:
            await self._hand_over(message, _plain(to))
        except Refused as refused:
            return Outcome(refused.why)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _outcome(error)
        return DELIVERED

    def _message(
        self, letter: Letter, to: str, language: str, sealed: Mapping[str, str] | None
    ) -> EmailMessage:
        languages = (language,) if language else self.places.languages
        words = read_in(letter, languages, self.places, sealed)
        name, sender = parseaddr(self._settings.sender)
        message = EmailMessage(policy=WIRE)
        message["From"] = Mailbox(name, addr_spec=sender)
        message["To"] = Mailbox(addr_spec=to)
        message["Subject"] = words.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(letter.at, UTC))
        # The same at every try: a mailbox that gets it twice can tell.
        message["Message-ID"] = f"<{webhook_id(f'{letter.id} {to}')}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
        message.set_content(words.body)
        message["Content-Language"] = ", ".join(languages)
        return message

    async def _hand_over(self, message: EmailMessage, to: str) -> None:
        settings = self._settings
        sender = parseaddr(settings.sender)[1]
        sock = await self._egress.connect(settings.host, settings.port)
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            sock=sock,
            use_tls=settings.tls == "tls",
            start_tls=False,
            local_hostname=sender.rpartition("@")[2],
            timeout=self._seconds,
            tls_context=self._egress.tls,
        )
        async with client:
            if settings.tls == "starttls":
                await _encrypt(client)
            if settings.username:
                await client.login(settings.username, settings.password)
            await client.send_message(message, sender=sender, recipients=[to])


def _plain(address: str) -> str:
    """An address with its domain in ASCII, as DNS has it.

    Raises:
        ValueError: it cannot be.
    """
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode()}"


async def _encrypt(client: aiosmtplib.SMTP) -> None:
    """Without encryption nothing is sent, neither password nor letter."""
    try:
        await client.starttls()
    except (aiosmtplib.SMTPException, OSError):
        raise Refused("tls") from None


class Mails:
    """The courier to the addresses in the settings. `hashed` makes names of addresses."""

    prefix = "m"

    def __init__(self, mailer: Mailer, settings: Mail, hashed: Callable[[str], str]) -> None:
        self._mailer = mailer
        self._lists: Mapping[str, Mapping[str, str]] = {
            audience: {f"{self.prefix}-{hashed(one)[:16]}": one for one in addresses}
            for audience, addresses in (
                ("moderators", settings.moderators),
                ("operator", settings.operator),
            )
        }

    async def routes(self, letter: Letter) -> tuple[Route, ...]:
        """See `Courier`."""
        return tuple(Route(name) for name in self._lists.get(letter.audience, ()))

    async def deliver(self, letter: Letter, endpoint: str) -> Outcome:
        """See `Courier`."""
        to = self._address(endpoint)
        return await self._mailer.send(letter, to) if to else Outcome("endpoint_gone", final=True)

    def shown(self, endpoint: str) -> str:
        """See `Courier`: the first letter and the domain."""
        name, _, domain = self._address(endpoint).rpartition("@")
        return f"{name[:1]}…@{domain}" if domain else ""

    async def close(self) -> None:
        """See `Courier`. Nothing is kept open."""

    def _address(self, endpoint: str) -> str:
        return next((one[endpoint] for one in self._lists.values() if endpoint in one), "")


def _outcome(error: Exception) -> Outcome:
    """A code for what the server said; its words may hold addresses."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        never = error.code >= 500  # noqa: PLR2004 - RFC 5321, 4.2.1: permanent
        return Outcome("mailbox", final=never)
    if isinstance(error.__cause__, ssl.SSLError):
        return Outcome("tls")
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (aiosmtplib.SMTPAuthenticationError, "login"),
        (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"),
        (aiosmtplib.SMTPConnectError, "connect"),
    )
    for kind, why in kinds:
        if isinstance(error, kind):
            return Outcome(why)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Outcome(f"smtp_{error.code}")
    return Outcome("broken")
