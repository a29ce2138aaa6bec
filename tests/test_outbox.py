"""The outbox: real log, real web server, real mail server, a clock turned by hand."""

from __future__ import annotations

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Signer

from guardrail._tables import Mail, NotifyTable, VaultTable, Webhook
from guardrail.config import load_settings
from guardrail.errors import ConfigError, RequestError, StoreError
from guardrail.identity import Pseudonyms
from guardrail.letterbook import Letter, Post
from guardrail.letters import TEMPLATES, cancelled, of_case, queued
from guardrail.staff.addresses import Address, AddressBook, read_address, subject_of
from guardrail.staff.carrier import QUICK, SLOW, delay
from guardrail.staff.couriers import Outcome, Route
from guardrail.staff.outbox import Outbox
from guardrail.staff.postoffice import Parts, post_office
from guardrail.store.base import Event, Query, Store
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import SqliteVault, open_vault
from guardrail.turn import Severity
from guardrail.vault import Speaker, Text
from tests.conftest import Clock
from tests.post import SECRETS, MailServer, Receiver, certificate, loopback, mail_server, receiver

DAY = 86_400.0
CHILD = "0123456789abcdef0123456789abcdef"
PARENT = "mum@family.example"
ALL = ("moderators", "operator", "guardian", "emergency", "child")


class World:
    """One log, one vault, and outboxes on them."""

    def __init__(self, folder: Path, clock: Clock, log: Path | str = ":memory:") -> None:
        self.folder, self.clock = folder, clock
        self.store = SqliteStore(log)
        self.vault: SqliteVault = open_vault(folder, VaultTable(), clock)
        self.counted: list[tuple[str, str]] = []
        self.made: list[Outbox] = []
        self.stores = [self.store]

    def outbox(
        self,
        *hooks: Receiver,
        mail: MailServer | None = None,
        store: Store | None = None,
        **more: Any,
    ) -> Outbox:
        """An outbox as the settings make it; `more` are settings, or `veto`."""
        audiences = more.pop("audiences", ("moderators", "operator"))
        veto = {"veto": more.pop("veto")} if "veto" in more else {}
        tls = more.pop("tls", None)
        extra = more.pop("mail_more", {})
        post = None
        if mail is not None:
            plain = {"host": "smtp.example", "port": mail.port, "tls": "none"}
            post = Mail(**{**plain, "sender": "Care <care@us.example>", **extra})
        table = NotifyTable(
            webhooks=tuple(
                Webhook(url=one.url, secrets=SECRETS, audiences=audiences) for one in hooks
            ),
            mail=post,
            service="Mira",
            allow_private=True,
            allow_http=True,
            **more,
        )
        parts = Parts(
            store or self.store,
            self.vault,
            Pseudonyms(b"0123456789abcdef"),
            lambda what, why: self.counted.append((what, why)),
            self.clock,
            **veto,
        )
        places = {"console": "https://c.example", "portal": "https://p.example"}
        made = post_office(table, parts, resolve=loopback, tls=tls, **places).outbox
        self.made.append(made)
        return made

    async def queue(self, name: str = "x", template: str = "case_opened", **more: Any) -> str:
        """Queue a letter."""
        audience = more.pop("audience", "moderators")
        given = {"subject": f"case-{name}", "at": self.clock(), "severity": "urgent", **more}
        await self.store.append(queued(template, audience, id=name, **given))
        return name

    async def tell(self, name: str, severity: str = "urgent", **more: Any) -> str:
        """Queue a letter to a guardian."""
        return await self.queue(
            name, "contact_guardian", audience="guardian", user=CHILD, severity=severity, **more
        )

    async def contact(self, name: str = "a1", **address: Any) -> str:
        """Seal where a guardian is reached."""
        found = Address(**{"whom": "guardian", **(address or {"mail": PARENT})})
        text = found.text(name, CHILD, at=self.clock(), until=self.clock() + 90 * DAY)
        await self.vault.seal(text)
        return name

    async def get(self, outbox: Outbox, name: str = "x") -> Letter:
        """One letter."""
        return next(one for one in await outbox.letters(everything=True) if one.id == name)

    async def log(self, kind: str) -> list[Event]:
        """Events of a kind, oldest first."""
        return list(await self.store.read(Query(kind, ascending=True)))

    async def another(self) -> SqliteStore:
        """The same file, as another process has it."""
        store = SqliteStore(self.folder / "guardrail.db")
        self.stores.append(store)
        return store

    async def close(self) -> None:
        """Let go of everything."""
        for outbox in self.made:
            await outbox.close()
        for store in self.stores:
            await store.close()
        await self.vault.close()


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """A fresh one."""
    made = World(tmp_path, clock)
    yield made
    await made.close()


@pytest.fixture
async def filed(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """One whose log is a file, as several processes have it."""
    made = World(tmp_path, clock, tmp_path / "guardrail.db")
    yield made
    await made.close()


@pytest.fixture
async def servers() -> AsyncIterator[AsyncExitStack]:
    """Servers that are closed at the end."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def hook(servers: AsyncExitStack) -> Receiver:
    """A receiver of webhooks that is well."""
    return await servers.enter_async_context(receiver())


@pytest.fixture
async def smtp(servers: AsyncExitStack) -> MailServer:
    """A mail server that takes everything."""
    return await servers.enter_async_context(mail_server())


# -- the way of a letter ---------------------------------------------------------------------------


async def test_a_case_is_told_by_webhook_and_mail(
    world: World, hook: Receiver, smtp: MailServer
) -> None:
    """Case and letter in one append; then one request, and one mail for each address."""
    staff = {"moderators": ("a@us.example", "b@us.example"), "operator": ("ops@us.example",)}
    outbox = world.outbox(hook, mail=smtp, mail_more=staff)
    body = {"severity": "imminent", "label": "self_harm"}
    opened = Event("case.opened.c1", world.clock(), "case.opened", "c1", CHILD, "t", body=body)
    letter = of_case(opened)
    assert letter is not None
    await world.store.append(opened, letter)
    assert await outbox.step() == 3
    assert await outbox.step() == 0
    (got,) = hook.got
    assert got.data["type"] == "case.opened"
    assert got.data["data"]["severity"] == "imminent"
    assert got.headers["content-type"] == "application/json"
    assert sorted(to for to, _ in smtp.got) == [["a@us.example"], ["b@us.example"]]
    mail = smtp.got[0][1]
    assert mail["subject"] == "New case: imminent / 新个案：危急"
    assert "https://c.example/cases/c1" in mail.get_content()
    assert "打开个案" in mail.get_content()
    assert mail["from"] == "Care <care@us.example>"
    assert mail["auto-submitted"] == "auto-generated"
    for text in (got.body.decode(), mail.as_string()):
        assert "self_harm" not in text
    assert (await world.get(outbox, "case.c1.imminent")).state is Post.SENT
    assert await outbox.letters() == ()


async def test_each_key_signs(world: World, hook: Receiver) -> None:
    """While keys rotate, a receiver with the old key and one with the new key both verify."""
    world.clock.now = datetime.now(UTC).timestamp()
    await world.queue()
    await world.outbox(hook).step()
    (got,) = hook.got
    for secret in SECRETS:
        Signer(secret).verify(got.body, got.headers)
    with pytest.raises(Exception, match="No matching signature"):
        Signer("whsec_" + "C" * 40).verify(got.body, got.headers)


async def test_a_repeat_has_the_same_id_and_body(world: World, servers: AsyncExitStack) -> None:
    """Only the time of the try, and so the signature, is another."""
    hook = await servers.enter_async_context(receiver(500, -1, 204))
    outbox = world.outbox(hook)
    await world.queue()
    assert await outbox.step() == 1
    found = await world.get(outbox)
    assert (found.state, found.tries, found.why) == (Post.FAILED, 1, "http_500")
    assert 4.5 <= found.due - world.clock() <= 5.5
    assert await outbox.step() == 0, "not before its time"
    world.clock.now += 6
    await outbox.step()
    found = await world.get(outbox)
    assert (found.why, round((found.due - world.clock()) / 300)) == ("broken", 1)
    world.clock.now += 400
    await outbox.step()
    assert (await world.get(outbox)).state is Post.SENT
    assert len({(one.id, one.body) for one in hook.got}) == 1
    assert len({one.headers["webhook-timestamp"] for one in hook.got}) == 3
    assert len({one.headers["webhook-signature"] for one in hook.got}) == 3
    assert world.counted == [("letter_failed", "http_500"), ("letter_failed", "broken")]


@pytest.mark.parametrize(
    ("status", "why"), [(404, "http_404"), (302, "redirect"), (429, "http_429"), (0, "timeout")]
)
async def test_what_is_no_success_is_tried_again(
    world: World, servers: AsyncExitStack, status: int, why: str
) -> None:
    """Only 2xx counts; a redirect is not followed."""
    hook = await servers.enter_async_context(receiver(status, more="location: /other\r\n"))
    outbox = world.outbox(hook, timeout_seconds=0.1)
    await world.queue()
    await outbox.step()
    found = await world.get(outbox)
    assert (found.state, found.why, len(hook.got)) == (Post.FAILED, why, 1)


async def test_a_receiver_may_ask_for_time(world: World, servers: AsyncExitStack) -> None:
    """`Retry-After`, in seconds or as a date; never longer than a day, or a quarter of an hour."""
    hook = await servers.enter_async_context(receiver(503, more="retry-after: 120\r\n"))
    outbox = world.outbox(hook)
    await world.queue()
    await world.queue("y", severity="imminent")
    await outbox.step()
    for name in "xy":
        assert (await world.get(outbox, name)).due == world.clock() + 120
    hook.more = "retry-after: Fri, 31 Dec 2100 23:59:59 GMT\r\n"
    world.clock.now += 121
    await outbox.step()
    assert (await world.get(outbox)).due == world.clock() + DAY
    assert (await world.get(outbox, "y")).due == world.clock() + 900
    hook.more = "retry-after: soon\r\n"
    world.clock.now += DAY
    await outbox.step()
    assert (await world.get(outbox)).due < world.clock() + 2_000


def test_tries_spread_over_days() -> None:
    """As Standard Webhooks recommends; what is imminent is hours, not days."""
    slow = [delay(n, quick=False, chance=0.5) for n in range(1, 12)]
    assert slow[:9] == list(SLOW)
    assert 5 * DAY < sum(slow) < 6 * DAY
    quick = [delay(n, quick=True, chance=0.5) for n in range(1, 12)]
    assert quick[:10] == list(QUICK)
    assert sum(quick[:5]) < 150
    assert sum(quick) < DAY / 2
    assert delay(1, quick=True, chance=0.0) == 4.5
    assert delay(99, quick=False, chance=1.0) == DAY * 1.1


async def test_gone_ends_a_receiver_until_somebody_enables_it(
    world: World, servers: AsyncExitStack
) -> None:
    """410: this letter is given up, the next one is not even tried, and both are seen."""
    hook = await servers.enter_async_context(receiver(410, 204))
    outbox = world.outbox(hook)
    await world.queue()
    await outbox.step()
    found = await world.get(outbox)
    assert (found.state, found.why) == (Post.DEAD, "gone")
    await world.queue("y")
    await outbox.step()
    assert (await world.get(outbox, "y")).why == "no_channel"
    (off,) = await outbox.disabled()
    assert off.shown == "hooks.example"
    assert (await outbox.tallies()).disabled == 1
    await outbox.enable(off.name, "m1")
    with pytest.raises(RequestError, match="not disabled"):
        await outbox.enable(off.name, "m1")
    for letter in await outbox.dead():
        await outbox.again(letter.id, "m1")
    await outbox.step()
    assert len(hook.got) == 3
    assert (await outbox.tallies()).dead == {}


async def test_a_receiver_that_is_gone_stays_gone(world: World, servers: AsyncExitStack) -> None:
    """Also for a process that starts long after."""
    hook = await servers.enter_async_context(receiver(410, 204))
    await world.queue()
    await world.outbox(hook).step()
    world.clock.now += 40 * DAY
    outbox = world.outbox(hook)
    await world.queue("y")
    await outbox.step()
    assert (await world.get(outbox, "y")).why == "no_channel"
    (off,) = await outbox.disabled()
    await outbox.enable(off.name, "m1")
    await world.outbox(hook).again("y", "m1")
    world.clock.now += 40 * DAY
    await world.queue("z")
    await world.outbox(hook).step()
    assert len(hook.got) == 2


async def test_a_letter_in_flight_stops_at_a_receiver_that_is_gone(
    world: World, servers: AsyncExitStack
) -> None:
    """What waits for another try is given up, too."""
    hook = await servers.enter_async_context(receiver(500, 410))
    outbox = world.outbox(hook)
    await world.queue()
    await outbox.step()
    await world.queue("y")
    await outbox.step()
    world.clock.now += 10
    await outbox.step()
    assert [(one.id, one.why) for one in await outbox.dead()] == [("x", "gone"), ("y", "gone")]
    assert len(hook.got) == 2


async def test_a_letter_is_given_up_in_the_end_and_can_be_sent_again(
    world: World, servers: AsyncExitStack
) -> None:
    """After its tries it is dead, listed, counted; again means all its tries."""
    hook = await servers.enter_async_context(receiver(500))
    outbox = world.outbox(hook, attempts=3)
    await world.queue()
    await world.queue("z", severity="imminent")
    for _ in range(5):
        await outbox.step()
        world.clock.now += 2 * DAY
    assert len(hook.got) == 6
    assert [one.id for one in await outbox.dead()] == ["z", "x"]
    found = await world.get(outbox)
    assert (found.tries, found.why, found.open) == (3, "http_500", False)
    assert world.counted.count(("letter_dead", "http_500")) == 2
    assert (await outbox.tallies()).dead == {("moderators", "given_up"): 2}
    with pytest.raises(RequestError, match="no such letter"):
        await outbox.again("nothing", "m1")
    hook.statuses = [500, 204]
    await outbox.again("x", "m1")
    await outbox.step()
    with pytest.raises(RequestError, match="not given up"):
        await outbox.again("x", "m1")
    world.clock.now += 10
    await outbox.step()
    found = await world.get(outbox)
    assert (found.state, found.tries, len(hook.got)) == (Post.SENT, 2, 8)
    assert len({one.id for one in hook.got}) == 2
    assert [event.body["by"] for event in await world.log("letter.again")] == ["m1"]


async def test_nobody_to_tell_is_never_silent(world: World) -> None:
    """Without any channel a letter is dead at once, and counted."""
    outbox = world.outbox()
    await world.queue()
    await world.tell("y")
    assert await outbox.step() == 0
    assert {(one.audience, one.why) for one in await outbox.dead()} == {
        ("moderators", "no_channel"),
        ("guardian", "no_channel"),
    }
    assert world.counted == [("letter_dead", "no_channel")] * 2
    assert (await outbox.tallies()).dead == {
        ("moderators", "no_channel"): 1,
        ("guardian", "no_channel"): 1,
    }


async def test_tallies_say_how_long_the_oldest_waits(world: World, servers: AsyncExitStack) -> None:
    """By severity, since it was queued."""
    hook = await servers.enter_async_context(receiver(500))
    outbox = world.outbox(hook)
    await world.queue("a")
    world.clock.now += 30
    await world.queue("b")
    await world.queue("c", severity="imminent")
    await outbox.step()
    world.clock.now += 4
    found = await outbox.tallies()
    assert (found.pending, found.disabled, found.dead) == (3, 0, {})
    assert found.oldest == {Severity.URGENT: 34, Severity.IMMINENT: 4}
    well = await servers.enter_async_context(receiver())
    both = world.outbox(hook, well)
    await world.queue("d", severity="notice")
    await both.step()
    assert Severity.NOTICE not in (await both.tallies()).oldest, "somebody has it"


async def test_staff_can_stop_a_letter_and_test_a_channel(
    world: World, servers: AsyncExitStack
) -> None:
    """A stopped letter is not tried again; one that arrived cannot be stopped."""
    hook = await servers.enter_async_context(receiver(500, 204))
    outbox = world.outbox(hook)
    await world.queue()
    await outbox.step()
    await outbox.cancel("x", "m1", "mistake")
    world.clock.now += DAY
    assert await outbox.step() == 0
    name = await outbox.test("operator", "m1")
    await outbox.step()
    assert hook.got[-1].data["type"] == "test"
    with pytest.raises(RequestError, match="has arrived"):
        await outbox.cancel(name, "m1", "mistake")
    with pytest.raises(RequestError, match="does not go"):
        await outbox.test("everybody", "m1")
    assert await outbox.letters(subject="case-x", everything=True) == (await world.get(outbox),)


async def test_a_letter_of_a_later_release_is_left_to_it(world: World, hook: Receiver) -> None:
    """While both run, the newer one delivers it; the older one does not stumble."""
    event = queued("test", "operator", id="x", subject="s", at=world.clock())
    await world.store.append(replace(event, body={**event.body, "template": "of_2030"}))
    outbox = world.outbox(hook)
    assert await outbox.step() == 0
    assert [one.state for one in await outbox.letters()] == [Post.QUEUED]


async def test_a_receiver_that_left_the_settings_is_said(
    world: World, servers: AsyncExitStack
) -> None:
    """Its letters are given up, and go to those who are there when sent again."""
    old = await servers.enter_async_context(receiver(500))
    new = await servers.enter_async_context(receiver())
    await world.queue()
    await world.outbox(old).step()
    outbox = world.outbox(new)
    world.clock.now += 10
    await outbox.step()
    assert [one.why for one in await outbox.dead()] == ["endpoint_gone"]
    await outbox.again("x", "m1")
    await outbox.step()
    assert len(new.got) == 1


# -- several processes -----------------------------------------------------------------------------


async def test_whoever_takes_it_has_it_until_the_lease_runs_out(
    world: World, hook: Receiver
) -> None:
    """Another process took it and died: nobody touches it before, somebody repeats it after."""
    outbox = world.outbox(hook, timeout_seconds=10)
    await world.queue()
    (endpoint,) = await _routed(outbox)
    taken = {"endpoint": endpoint, "n": 1, "by": "other", "until": world.clock() + 15}
    name = f"letter.taken.x.{endpoint}.1"
    await world.store.append(Event(name, world.clock(), "letter.taken", "x", body=taken))
    assert await outbox.step() == 0
    assert (await world.get(outbox)).state is Post.TAKEN
    world.clock.now += 15
    assert await outbox.step() == 1
    assert len(hook.got) == 1
    assert [e.body["n"] for e in await world.log("letter.taken")] == [1, 2]


async def test_one_that_is_lost_each_time_is_given_up(world: World, hook: Receiver) -> None:
    """A process that dies of a letter must not die of it for ever."""
    outbox = world.outbox(hook, attempts=2)
    await world.queue()
    (endpoint,) = await _routed(outbox)
    for n in (1, 2):
        body = {"endpoint": endpoint, "n": n, "by": "other", "until": world.clock()}
        name = f"letter.taken.x.{endpoint}.{n}"
        await world.store.append(Event(name, world.clock(), "letter.taken", "x", body=body))
    await outbox.step()
    assert [one.why for one in await outbox.dead()] == ["lost"]
    assert hook.got == []


async def _routed(outbox: Outbox) -> tuple[str, ...]:
    """Only write down where letters go."""
    await outbox._log.read_on()
    for letter in outbox._log.book.open():
        await outbox._carrier.carry(letter, "")
    await outbox._log.read_on()
    return tuple(d.endpoint for letter in outbox._log.book.open() for d in letter.live)


async def test_of_several_processes_one_delivers(filed: World, hook: Receiver) -> None:
    """Four outboxes on one log, at once: every letter arrives once."""
    outboxes = [filed.outbox(hook, store=await filed.another()) for _ in range(4)]
    for n in range(12):
        await filed.queue(f"l{n}")
    await asyncio.gather(*(outbox.step() for outbox in outboxes))
    assert len(hook.got) == 12
    assert len({one.id for one in hook.got}) == 12
    assert len(await filed.log("letter.sent")) == 12


# -- people outside --------------------------------------------------------------------------------


async def test_a_guardian_is_told_where_the_vault_says(
    filed: World, hook: Receiver, smtp: MailServer
) -> None:
    """In their language; the app that can reach them, too. The log never has the address."""
    await filed.contact(mail=PARENT, language="zh")
    outbox = filed.outbox(hook, mail=smtp, audiences=("guardian",))
    await filed.tell("x", "imminent")
    assert await outbox.step() == 2
    ((to, mail),) = smtp.got
    assert to == [PARENT]
    assert mail["subject"] == "请现在就去看看您的孩子"
    assert mail["content-language"] == "zh"
    (got,) = hook.got
    assert got.data["data"]["user"] == CHILD
    assert "to" not in got.data["data"]
    await filed.store.close()
    raw = b"".join(p.read_bytes() for p in filed.folder.glob("guardrail*.db*"))
    assert PARENT.encode() not in raw
    assert b"family.example" not in raw


async def test_a_phone_is_passed_to_the_app(world: World, hook: Receiver, smtp: MailServer) -> None:
    """We send no SMS: the operator's webhook for guardians gets the number."""
    await world.contact(phone="+49 30 1234")
    await world.contact("a2", whom="emergency", mail="friend@x.example")
    outbox = world.outbox(hook, mail=smtp, audiences=("guardian",))
    await world.tell("x")
    await outbox.step()
    assert [one.data["data"]["to"] for one in hook.got] == [["+49 30 1234"]]
    assert smtp.got == []


async def test_a_contact_may_have_a_webhook_of_their_own(
    world: World, servers: AsyncExitStack, hook: Receiver
) -> None:
    """With secrets of its own, and only on a host that is allowed."""
    other = await servers.enter_async_context(receiver())
    secret = "whsec_" + "D" * 40
    await world.contact(webhook=other.url, secrets=(secret,))
    await world.contact("a2", webhook="https://evil.example/", secrets=(secret,))
    outbox = world.outbox(hook)
    await world.tell("x")
    await outbox.step()
    (got,) = other.got
    stamp = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    assert Signer(secret).sign(got.id, stamp, got.body.decode()) == got.headers["webhook-signature"]
    assert (await world.get(outbox)).why == "host"


async def test_what_is_sealed_with_an_address_fills_its_letter(
    world: World, smtp: MailServer, hook: Receiver
) -> None:
    """An invitation's link is in the mail, and not in the log."""
    sealed = {"link": "https://p.example/i/once"}
    await world.contact("a1", mail=PARENT, sealed=sealed)
    await world.contact("a2", mail="dad@family.example", sealed={"link": "https://p.example/i/2"})
    outbox = world.outbox(hook, mail=smtp, audiences=("guardian",))
    more = {"user": CHILD, "fields": {"hours": 72, "address": "a1"}, "audience": "guardian"}
    await world.queue("x", "guardian_invitation", **more)
    assert await outbox.step() == 1
    ((to, mail),) = smtp.got
    assert to == [PARENT]
    assert "https://p.example/i/once" in mail.get_content()
    assert hook.got == [], "whoever listens for guardians is not invited"
    assert "once" not in str(await world.log("letter."))
    await world.contact("a3", phone="+1 2", sealed=sealed)
    more["fields"] = {"hours": 72, "address": "a3"}
    await world.queue("y", "guardian_invitation", **more)
    await outbox.step()
    assert "i/once" in hook.got[0].data["data"]["words"]["en"]["body"]


async def test_an_invitation_without_its_link_is_given_up(world: World, smtp: MailServer) -> None:
    """Nobody gets half a letter."""
    await world.contact()
    outbox = world.outbox(mail=smtp)
    more = {"user": CHILD, "fields": {"hours": 72}, "audience": "guardian"}
    await world.queue("x", "guardian_invitation", **more)
    await outbox.step()
    assert [one.why for one in await outbox.dead()] == ["unfilled"]
    assert smtp.got == []


async def test_an_address_that_was_erased_is_said(world: World, smtp: MailServer) -> None:
    """Between two tries a contact was taken off: the letter is given up, not kept."""
    smtp.refuses["data"] = "451 later"
    book, now = AddressBook(world.vault), world.clock()
    address = Address("guardian", mail=PARENT)
    name = await book.keep(CHILD, address, at=now, until=now + DAY)
    assert await book.all(CHILD) == {name: address}
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    await outbox.step()
    assert (await world.get(outbox)).why == "smtp_451"
    await book.drop(CHILD, "another")
    assert name in await book.all(CHILD)
    await book.drop(CHILD, name)
    world.clock.now += 10
    await outbox.step()
    assert [one.why for one in await outbox.dead()] == ["address_gone"]


async def test_all_contacts_of_a_person_can_be_forgotten(world: World) -> None:
    """Whoever sealed them, and under whatever owner; what is none is not kept at all."""
    await world.contact("a1")
    book, now = AddressBook(world.vault), world.clock()
    await book.keep(CHILD, Address("emergency", phone="+1 2"), at=now, until=now + DAY)
    with pytest.raises(RequestError, match="this is no address"):
        await book.keep(CHILD, Address("emergency", mail="nobody"), at=now, until=now + DAY)
    assert len(await book.all(CHILD)) == 2
    await book.forget(CHILD)
    assert await book.all(CHILD) == {}


@pytest.mark.parametrize("to", ["a..b@c.example", "ö@b.example", "a@[::", "=?utf-8?q?x?=@b.c"])
async def test_an_address_that_mail_does_not_know_is_said(
    world: World, smtp: MailServer, to: str
) -> None:
    """It looks like one, and is none: nothing that is tried will change that."""
    await world.contact(mail=to)
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    await outbox.step()
    assert [one.why for one in await outbox.dead()] == ["address"]


async def test_a_domain_of_another_script_is_written_in_ascii(
    world: World, smtp: MailServer
) -> None:
    """As DNS has it."""
    await world.contact(mail="mum@例子.example")
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    await outbox.step()
    assert smtp.got[0][0] == ["mum@xn--fsqu00a.example"]


async def test_an_address_that_cannot_be_read_is_said(world: World, smtp: MailServer) -> None:
    """One of two guardians: the other one is told all the same."""
    await world.contact()
    now = world.clock()
    text = Text("a2", subject_of(CHILD), CHILD, Speaker.ADDRESS, "{}", now, now + DAY)
    await world.vault.seal(text)
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    await outbox.step()
    assert len(smtp.got) == 1
    assert (await world.get(outbox)).state is Post.DEAD


async def test_a_vault_that_fails_costs_nothing_but_time(world: World, smtp: MailServer) -> None:
    """Neither a letter nor one of its contacts is lost while the master key is away."""
    await world.contact()
    await world.vault.close()
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    with pytest.raises(StoreError):
        await outbox.step()
    assert (await world.get(outbox)).state is Post.QUEUED
    world.vault = open_vault(world.folder, VaultTable(), world.clock)
    outbox = world.outbox(mail=smtp)
    await _routed(outbox)
    await world.vault.close()
    await outbox.step()
    assert (await world.get(outbox)).why == "vault"
    world.vault = open_vault(world.folder, VaultTable(), world.clock)
    world.clock.now += 10
    await world.outbox(mail=smtp).step()
    assert len(smtp.got) == 1


async def test_a_guardian_is_told_once_a_day_unless_it_gets_graver(
    world: World, smtp: MailServer
) -> None:
    """Counted by a keyed hash of the contact, over 24 hours."""
    await world.contact()
    outbox = world.outbox(mail=smtp)
    for name, severity in (("a", "notice"), ("b", "notice"), ("c", "urgent"), ("d", "notice")):
        await world.tell(name, severity)
        world.clock.now += 60
        await outbox.step()
    states = [(await world.get(outbox, name)).state for name in "abcd"]
    assert states == [Post.SENT, Post.CANCELLED, Post.SENT, Post.CANCELLED]
    assert (await world.get(outbox, "b")).why == "daily"
    assert world.counted == [("letter_skipped", "daily")] * 2
    world.clock.now += DAY - 300
    await world.tell("e", "notice")
    await outbox.step()
    assert (await world.get(outbox, "e")).state is Post.CANCELLED
    world.clock.now += 300
    await world.tell("f", "notice")
    await outbox.step()
    assert (await world.get(outbox, "f")).state is Post.SENT
    assert len(smtp.got) == 3


async def test_each_child_counts_alone(world: World, smtp: MailServer) -> None:
    """A guardian of two is told of each."""
    await world.contact()
    other = "f" * 32
    address = Address("guardian", mail=PARENT)
    await world.vault.seal(address.text("b1", other, at=world.clock(), until=world.clock() + DAY))
    outbox = world.outbox(mail=smtp)
    await world.tell("x")
    await world.queue("y", "contact_guardian", audience="guardian", user=other)
    await outbox.step()
    assert [to for to, _ in smtp.got] == [[PARENT], [PARENT]]


async def test_what_did_not_arrive_does_not_count(world: World, smtp: MailServer) -> None:
    """The second letter waits for the first; when that is given up, it goes itself."""
    await world.contact()
    smtp.refuses["data"] = "451 later"
    outbox = world.outbox(mail=smtp, attempts=2)
    await world.tell("a")
    await outbox.step()
    await world.tell("b")
    assert await outbox.step() == 1, "looked at, and held"
    assert (await world.get(outbox, "b")).tries == 0
    world.clock.now += 10
    await outbox.step()
    assert (await world.get(outbox, "a")).state is Post.DEAD
    smtp.refuses.clear()
    world.clock.now += 2
    await outbox.step()
    assert (await world.get(outbox, "b")).state is Post.SENT


async def test_of_two_letters_at_once_a_contact_gets_one(filed: World, smtp: MailServer) -> None:
    """Two processes, two letters, one contact: the log decides."""
    await filed.contact()
    for name in ("a", "b"):
        await filed.tell(name)
    outboxes = [filed.outbox(mail=smtp, store=await filed.another()) for _ in range(2)]
    for _ in range(3):
        await asyncio.gather(*(outbox.step() for outbox in outboxes))
        filed.clock.now += 2
    assert len(smtp.got) == 1
    found = [(await filed.get(outboxes[0], name)).state for name in ("a", "b")]
    assert sorted(found) == ["cancelled", "sent"]


async def test_the_number_of_a_notice_of_long_ago_is_passed_over(
    world: World, smtp: MailServer
) -> None:
    """A fresh process does not know it any more; the log does."""
    await world.contact()
    await world.tell("a")
    await world.outbox(mail=smtp).step()
    world.clock.now += 40 * DAY
    await world.tell("b")
    await world.outbox(mail=smtp).step()
    assert len(smtp.got) == 2
    assert [e.body["number"] for e in await world.log("letter.notice")] == [1, 2]


async def test_a_case_says_that_its_contact_was_told(world: World, smtp: MailServer) -> None:
    """In one transaction with the letter's own end."""
    await world.contact()
    body = {"severity": "urgent", "label": "loss"}
    opened = Event("case.opened.c1", 1.0, "case.opened", "c1", CHILD, "talk", body=body)
    await world.store.append(opened)
    await world.tell("contact.p1", subject="c1", fields={"of": "p1"})
    await world.outbox(mail=smtp).step()
    (sent,) = await world.log("case.contact_sent")
    assert (sent.id, sent.subject) == ("case.contact_sent.p1", "c1")
    assert (sent.user, sent.conversation, sent.body) == (CHILD, "talk", {"of": "p1"})


async def test_what_must_not_go_any_more_is_stopped(world: World, smtp: MailServer) -> None:
    """Asked before each try: home became the danger, a guardian was unlinked."""
    await world.contact()
    answers = ["", "home_danger"]

    async def veto(letter: Letter) -> str:
        assert letter.audience == "guardian"
        return answers.pop(0)

    smtp.refuses["data"] = "451 later"
    outbox = world.outbox(mail=smtp, veto=veto)
    await world.tell("x")
    await outbox.step()
    world.clock.now += 10
    await outbox.step()
    found = await world.get(outbox)
    assert (found.state, found.why) == (Post.CANCELLED, "home_danger")
    await world.tell("y")
    await world.store.append(cancelled("y", by="m1", why="home_danger", at=world.clock()))
    assert await outbox.step() == 0


# -- mail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ({"a@us.example": "550 no such user"}, {}, Post.DEAD, "mailbox"),
        ({"a@us.example": "450 full"}, {}, Post.FAILED, "mailbox"),
        ({"data": "554 spam"}, {}, Post.FAILED, "smtp_554"),
        ({}, {"tls": "starttls"}, Post.FAILED, "tls"),
        ({}, {"username": "u", "password": "wrong"}, Post.FAILED, "login"),
        ({}, {"username": "u", "password": "right"}, Post.SENT, ""),
        ({}, {"host": "elsewhere.example"}, Post.SENT, ""),
    ],
)
async def test_what_a_mail_server_says(
    world: World, smtp: MailServer, case: tuple[dict[str, str], dict[str, str], Post, str]
) -> None:
    """A mailbox that does not exist is given up; everything else is tried again."""
    refuses, more, state, why = case
    smtp.refuses.update(refuses)
    outbox = world.outbox(mail=smtp, mail_more={"moderators": ("a@us.example",), **more})
    await world.queue()
    await outbox.step()
    found = await world.get(outbox)
    assert (found.state, found.why) == (state, why)


@pytest.mark.parametrize("kind", ["tls", "starttls"])
async def test_mail_is_encrypted_for_the_server_of_that_name(
    world: World, servers: AsyncExitStack, kind: str
) -> None:
    """A server that is somebody else gets neither letter nor password."""
    path = certificate(world.folder, "smtp.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    how = {"ssl": context} if kind == "tls" else {"tls_context": context, "require_starttls": True}
    smtp = await servers.enter_async_context(mail_server(**how))
    trust = ssl.create_default_context(cafile=str(path))
    login = {"tls": kind, "username": "u", "password": "right"}
    more = {"moderators": ("a@us.example",), **login}
    for host, tls, state in (
        ("other.example", trust, "tls"),
        ("smtp.example", None, "tls"),
        ("smtp.example", trust, ""),
    ):
        outbox = world.outbox(mail=smtp, mail_more={**more, "host": host}, tls=tls)
        name = await world.queue(f"{host}{state}")
        await outbox.step()
        assert (await world.get(outbox, name)).why == state
    assert (len(smtp.got), smtp.logins) == (1, ["u"])


async def test_a_mail_can_be_told_from_its_repeat(world: World, smtp: MailServer) -> None:
    """By its Message-ID, which differs for each recipient."""
    to = {"moderators": ("a@us.example", "b@us.example")}
    outbox = world.outbox(mail=smtp, mail_more=to)
    await world.queue()
    await outbox.step()
    letter = await world.get(outbox)
    for delivery in letter.live:
        await outbox._carrier._couriers["m"].deliver(letter, delivery.endpoint)
    ids = [mail["message-id"] for _, mail in smtp.got]
    assert len(ids) == 4
    assert len(set(ids)) == 2
    assert outbox._carrier.shown(letter.live[0].endpoint) == "a…@us.example"


# -- the loop --------------------------------------------------------------------------------------


async def until(done: Callable[[], bool]) -> None:
    """Wait for it, for three seconds at most."""
    async with asyncio.timeout(3):
        while not done():
            await asyncio.sleep(0.002)


async def test_the_loop_delivers_what_comes(filed: World, hook: Receiver) -> None:
    """At once when woken, and it survives a store that fails."""
    outbox = filed.outbox(hook)
    outbox._poll = 60.0  # it must not be what we wait for
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0)
    await filed.queue()
    outbox.wake()
    await until(lambda: len(hook.got) == 1)
    broken = filed.outbox(hook, store=await filed.another())
    await filed.stores[-1].close()
    failing = asyncio.create_task(broken.run())
    await until(lambda: ("outbox_failed", "store") in filed.counted)
    for task in (running, failing):
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_gravest_has_room_while_a_receiver_hangs(
    world: World, servers: AsyncExitStack
) -> None:
    """Forty letters wait for an answer; an imminent one goes past them."""
    hook = await servers.enter_async_context(receiver(0))
    outbox = world.outbox(hook, timeout_seconds=30)
    for n in range(40):
        await world.queue(f"l{n}")
    running = asyncio.create_task(outbox.run())
    await until(lambda: len(hook.got) == 16)
    await world.queue("now", severity="imminent")
    outbox.wake()
    await until(lambda: len(hook.got) == 17)
    assert hook.got[-1].data["data"]["severity"] == "imminent"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class Stumbling:
    """A courier with a mistake in it."""

    prefix = "w"

    async def routes(self, letter: Letter) -> tuple[Route, ...]:
        """One endpoint."""
        return (Route("w-1"),)

    async def deliver(self, letter: Letter, endpoint: str) -> Outcome:
        """Not what it promises."""
        raise LookupError

    def shown(self, endpoint: str) -> str:
        """Nothing."""
        return ""

    async def close(self) -> None:
        """Nothing."""


async def test_a_mistake_of_ours_is_counted_and_tried_again(world: World) -> None:
    """The loop goes on; the letter is taken, and its lease runs out."""
    counted = [("outbox_failed", "LookupError")]
    outbox = Outbox(
        world.store,
        [Stumbling()],
        clock=world.clock,
        count=lambda what, why: world.counted.append((what, why)),
    )
    await world.queue()
    running = asyncio.create_task(outbox.run())
    await until(lambda: world.counted == counted)
    assert (await world.get(outbox)).state is Post.TAKEN
    world.clock.now += 16
    outbox.wake()
    await until(lambda: world.counted == counted * 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# -- settings and addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        "nonsense", "[]", "{}", '{"whom": "guardian"}', '{"whom": "friend", "mail": "a@b.c"}',
        '{"whom": "guardian", "mail": "a@b.c", "phone": "1"}', '{"whom": "guardian", "fax": "1"}',
        '{"whom": "guardian", "mail": "a@b.c\\nbcc: x@y.z"}', '{"whom": "guardian", "mail": "a"}',
        '{"whom": "guardian", "webhook": "https://a.b/"}', '{"whom": "guardian", "mail": 7}',
        '{"whom": "guardian", "mail": "a@b.c", "language": "fr"}',
        '{"whom": "guardian", "mail": "a@b.c", "sealed": {"link": "a\\u0000b"}}',
        '{"whom": "guardian", "mail": "a@b.c", "sealed": []}',
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(told: str) -> None:
    """And the error holds nothing of it."""
    with pytest.raises(RequestError, match="this is no address") as caught:
        read_address(told)
    assert "a@b.c" not in str(caught.value)


def test_an_address_reads_as_it_was_sealed() -> None:
    """Every part of it."""
    for one in (
        Address("guardian", mail="ö@b.example", language="zh", sealed={"link": "x"}),
        Address("emergency", webhook="https://a.b/", secrets=("whsec_x",)),
    ):
        text = one.text("a1", CHILD, at=1.0, until=2.0)
        assert (text.subject, text.owner, text.speaker) == (f"contact:{CHILD}", CHILD, "address")
        assert read_address(text.text) == one
        assert "whsec" not in repr(one)


@pytest.mark.parametrize("host", ["127.1", "a b", "0x7f000001"])
def test_a_host_that_is_none_is_a_mistake_in_the_settings(world: World, host: str) -> None:
    """Found at the start, not with the first letter."""
    with pytest.raises(ConfigError, match="no name of a host"):
        world.outbox(allow_hosts=(host,))


@pytest.mark.parametrize(
    "secret",
    ["", "A" * 40, "whsec_", "whsec_" + "A" * 30, "whsec_" + "A" * 90, "whsec_" + "é" * 40],
)
def test_a_secret_that_cannot_sign_is_a_mistake(secret: str) -> None:
    """24 to 64 bytes in base64; what was given is not in the error."""
    with pytest.raises(ValidationError, match="openssl rand") as caught:
        Webhook(url="https://a.example/", secrets=(secret,))
    assert all(len(secret) < 10 or secret not in error["msg"] for error in caught.value.errors())


def test_the_page_shows_settings_that_work(tmp_path: Path) -> None:
    """The block in docs/notifications.md, with secrets in the environment."""
    page = (Path(__file__).parent.parent / "docs/notifications.md").read_text("utf-8")
    block = page.split("<!-- settings -->\n```yaml\n")[1].split("```")[0]
    path = tmp_path / "guardrail.yaml"
    path.write_text(block, "utf-8")
    names = {"WEBHOOK_SECRET": SECRETS[0], "APP_WEBHOOK_SECRET": SECRETS[1], "SMTP_PASSWORD": "x"}
    found = load_settings(path, names).notify
    assert found.webhooks[1].audiences == ("guardian", "emergency", "child")
    assert found.mail is not None
    assert found.mail.moderators == ("on-call@example.com",)


def test_every_reason_stands_on_the_page() -> None:
    """A word in the console that no page explains helps nobody."""
    page = (Path(__file__).parent.parent / "docs/notifications.md").read_text("utf-8")
    for template in TEMPLATES.values():
        assert f"`{template.type}`" in page
    for why in ("no_channel", "gone", "endpoint_gone", "timeout", "connect", "dns", "tls", "broken",
                "url", "scheme", "host", "address", "redirect", "mailbox", "login", "vault",
                "address_gone", "unfilled", "lost", "daily", "not_graver"):  # fmt: skip
        assert f"`{why}`" in page


def test_secrets_are_read_with_and_without_padding() -> None:
    """As `openssl rand -base64 32` writes them, and as some consoles show them."""
    for secret in ("whsec_" + "A" * 43 + "=", "whsec_" + "A" * 43, "whsec_" + "A" * 32):
        assert Webhook(url="https://a.example/", secrets=(secret,)).secrets == (secret,)


async def test_the_log_holds_no_address_of_the_settings(
    filed: World, hook: Receiver, smtp: MailServer
) -> None:
    """Neither a receiver's URL nor a colleague's mail address."""
    outbox = filed.outbox(hook, mail=smtp, mail_more={"moderators": ("a@us.example",)})
    await filed.queue()
    await outbox.step()
    await filed.store.close()
    with sqlite3.connect(filed.folder / "guardrail.db") as db:
        text = str(db.execute("SELECT * FROM event").fetchall())
    db.close()
    assert "us.example" not in text
    assert "hooks.example" not in text
