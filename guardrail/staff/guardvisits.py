"""How a guardian gets into the portal and out of it: links by mail, and sessions.

Why no password: a guardian comes seldom, from a phone, and would forget it; who reset it would have
to be asked by mail all the same. So the mail is the key. A link works once and for a quarter of an
hour; opening it shows a page, and only the button on it signs in, since mail servers open links, too.

Rules of this file:

1. The answer to "send me a link" is the same for every address, and comes as soon. The letter is
   queued in the transaction that remembers the link, so a mail server that is down delays it only.
2. The log knows digests of sessions and ids of links. Neither lets anybody in.
3. Links are signed with the portal's own key: a token of the chat, of the app or of the staff is no
   link, and a session here is none anywhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from guardrail.errors import RequestError, StoreError
from guardrail.staff.addresses import Address
from guardrail.staff.guardcards import clean_address
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardlog import PAGE
from guardrail.store.base import Event, Query, Store
from guardrail.visits import Visit, VisitBook
from guardrail.wards import Link

__all__ = ["Entered", "GuardVisits"]

MOST_LINKS = 3
"""Links to sign in that one address gets in a quarter of an hour."""

MOST_TRIES = 6
"""Addresses that one invitation is tried with in a quarter of an hour."""

LIVELY = 300.0
"""Seconds between two notes that a session is alive."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in: the secret for their cookie, and the invitation that they came with."""

    secret: str
    guardian: str
    link: str = ""


class GuardVisits:
    """Every method may raise `StoreError`. `count(what, why)` takes what is not told to anybody."""

    def __init__(
        self,
        guardians: Guardians,
        store: Store,
        *,
        count: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        self._guardians, self._store, self._count = guardians, store, count
        self._terms, self._tickets = guardians.terms, guardians.tickets
        self._visits = VisitBook()
        self._counting = asyncio.Lock()  # of ten links asked for at once, three are sent
        self._sending: set[asyncio.Task[None]] = set()  # the loop itself would forget them

    # -- getting in --------------------------------------------------------------------------------

    async def ask(self, address: str, *, language: str, link: str = "") -> None:
        """Send a link to sign in with, if there is reason to; nobody learns whether there was.

        `link`: the invitation that this address would take.

        Raises:
            RequestError: this is no mail address (422).
        """
        address = clean_address(address)
        self._later(self._send_link(address, language, link))

    async def _send_link(self, address: str, language: str, link: str) -> None:
        guardian = self._guardians.known_as(address)
        if not link and not await self._is_known(guardian):
            return
        ticket, until = secrets.token_hex(16), self._guardians.now() + self._terms.enter
        url = f"{self._terms.public_url}/enter/{self._tickets.issue('enter', ticket, until)}"
        told = {"guardian": guardian, "link": link, "until": until}
        async with self._counting:
            if await self._is_too_much(guardian, link):
                self._count("guardian_mail", "too_many")
                return
            await self._guardians.cards.remember(guardian, address, until=until)
            sent = self._event("sent", ticket, told, once=ticket)
            to = Address("guardian", mail=address, language=language, sealed={"link": url})
            letter = await self._guardians.cards.letter("guardian_enter", to, guardian, until=until)
            await self._store.append(sent, letter)
        self._count("guardian_mail", "queued")

    async def _is_too_much(self, guardian: str, link: str) -> bool:
        book, now = await self._book(), self._guardians.now()
        tried = book.sent(link, now) if link else 0
        return book.sent(guardian, now) >= MOST_LINKS or tried >= MOST_TRIES

    async def who(self, token: str) -> str:
        """Whose link this is, as much of the address as the owner knows it by.

        Raises:
            RequestError: it is not ours (404), was used, or is over (410).
        """
        _, guardian, _ = await self._sent(token)
        return masked(await self._guardians.cards.address(guardian))

    async def enter(self, token: str) -> Entered:
        """Use a link: the session begins, and an invitation that it came with is taken.

        Raises:
            RequestError: it is not ours (404), was used, or is over (410).
        """
        try:
            ticket, guardian, link = await self._sent(token)
            if link:
                await self._guardians.take(link, guardian)
            return await self._open(guardian, ticket, link)
        except RequestError as error:
            self._count("guardian_login", "over" if error.code == "link_over" else "failed")
            raise

    async def invitation(self, token: str) -> tuple[Link, bool]:
        """The link that an invitation is for, and whether it came to the guardian's mailbox.

        Raises:
            RequestError: it is not ours (404), was taken, or is over (410).
        """
        purpose, name = self._tickets.read(token, self._guardians.now(), "invite", "mailed")
        link = await self._guardians.log.link(name)
        if link.guardian or not link.waiting(self._guardians.now()):
            raise _over()
        return link, purpose == "mailed"

    async def enter_invited(self, token: str, *, language: str) -> Entered | None:
        """Sign in by an invitation that came to one's own mailbox; it works once.

        Whoever is a guardian already gets a link by mail instead (`None`): an invitation lives for
        days, and would open the pages of other children, too.

        Raises:
            RequestError: it did not come by mail (409), is not ours (404), was taken (410).
        """
        link, mailed = await self.invitation(token)
        if not mailed:
            raise RequestError("say where you get mail", status=409, code="address_wanted")
        if await self._is_known(link.to):
            address = await self._guardians.cards.address(link.to)
            await self.ask(address, language=language, link=link.id)
            return None
        await self._guardians.take(link.id, link.to)
        return await self._open(link.to, link.id, link.id)

    async def _open(self, guardian: str, ticket: str, link: str) -> Entered:
        secret, now = secrets.token_urlsafe(32), self._guardians.now()
        session = _digest(secret)
        until = now + self._terms.absolute
        body = {"guardian": guardian, "ticket": ticket, "until": until}
        event = await self._add("opened", session, body, once=ticket)
        if event.subject != session:
            raise _over()
        self._count("guardian_login", "ok")
        cards = self._guardians.cards
        if address := await cards.address(guardian):
            await cards.remember(guardian, address)
        return Entered(secret, guardian, link)

    # -- being in, and out -------------------------------------------------------------------------

    async def visit(self, secret: str) -> Visit | None:
        """The session of a cookie, if it holds; being asked keeps it alive."""
        found = (await self._book()).get(_digest(secret)) if secret else None
        now = self._guardians.now()
        if found is None or not found.open(now, self._terms.idle):
            return None
        if now - found.seen > LIVELY:
            await self._add("stayed", found.session, {})
        return found

    async def leave(self, secret: str) -> None:
        """End the session of a cookie."""
        if (found := (await self._book()).get(_digest(secret))) is not None:
            await self._add("closed", found.session, {})

    def form(self, secret: str) -> str:
        """What the forms of a session carry."""
        return self._tickets.form(_digest(secret))

    async def settled(self) -> None:
        """Wait for letters that are on their way."""
        await asyncio.gather(*self._sending)

    # -- inside ------------------------------------------------------------------------------------

    async def _is_known(self, guardian: str) -> bool:
        return bool(await self._guardians.links(guardian))

    async def _sent(self, token: str) -> tuple[str, str, str]:
        """Ticket, guardian and invitation of a link that is still good."""
        _, ticket = self._tickets.read(token, self._guardians.now(), "enter")
        book = await self._book()
        sent = book.ticket(ticket)
        if sent is None or book.used(ticket):
            raise _over()
        return ticket, sent.guardian, sent.link

    async def _book(self) -> VisitBook:
        more = True
        while more:
            query = Query("visit.", after_seq=self._visits.seq, limit=PAGE, ascending=True)
            page = await self._store.read(query)
            self._visits.add(page)
            more = len(page) == PAGE
        return self._visits

    async def _add(self, kind: str, subject: str, body: dict[str, Any], *, once: str = "") -> Event:
        (found,) = await self._store.append(self._event(kind, subject, body, once=once))
        return found

    def _event(self, kind: str, subject: str, body: dict[str, Any], *, once: str = "") -> Event:
        kind = f"visit.{kind}"
        name = f"{kind}.{once or secrets.token_hex(8)}"
        return Event(name, self._guardians.now(), kind, subject, body=body)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        async def fenced() -> None:
            try:
                await work
            except StoreError:
                self._count("guardian_mail", "store")

        task = asyncio.ensure_future(fenced())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def masked(address: str) -> str:
    """Enough of an address for its owner: the first letter and the domain."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if domain else ""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _over() -> RequestError:
    return RequestError("this link was used, or is over", status=410, code="link_over")
