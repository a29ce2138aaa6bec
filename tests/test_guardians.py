"""Guardians and wards: how they come together, what is set and asked, alerts, and the end."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import RequestError
from guardrail.household import Household, Quiet
from guardrail.identity import HeaderRules, IdentityRules, Pseudonyms
from guardrail.letterbook import Letter
from guardrail.middleware import GuardrailMiddleware
from guardrail.people import Act, People
from guardrail.person import Consent, Person
from guardrail.policy.model import Condition, Rule, Stage
from guardrail.policy.model import Consent as Asked
from guardrail.policy.stack import Stack
from guardrail.staff.addresses import AddressBook, subject_of
from guardrail.staff.guardcards import Card
from guardrail.staff.guardconsents import GuardConsents
from guardrail.staff.guardterms import Place
from guardrail.store.base import Event, Query
from guardrail.turn import Action, AgeBand, Evidence, Side, State
from guardrail.wards import Channel, LinkStatus, Wish
from tests.asgi import call
from tests.conftest import POLICIES, POLICY, Clock
from tests.faces.backend import Backend
from tests.guardhome import DAD, MUM, Home, home_at

CN = Place("CN", "Asia/Shanghai", "zh")
DAY = 86_400.0
QUERY = Query(limit=1_000)


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house."""
    async with home_at(tmp_path, clock) as home:
        yield home


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What cannot be done, by its code."""
    with pytest.raises(RequestError) as caught:
        yield
    assert caught.value.code == code


# -- coming together -------------------------------------------------------------------------------


async def test_both_sides_agree(home: Home):
    """The guardian first, then the ward; from then on the child is a minor, overseen, consented."""
    link = await home.invited()
    assert link.status is LinkStatus.TAKEN
    with refused("not_agreed"):
        await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    link = await home.accepted(link)
    assert link.status is LinkStatus.ACCEPTED
    with pytest.raises(RequestError):  # nobody is known before both have agreed
        await home.person()
    link = await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    person = await home.person()
    assert link.status is LinkStatus.ACTIVE
    assert (person.age.band, person.age.evidence) == (AgeBand.MINOR, Evidence.GUARDIAN)
    assert person.age.years == (14, 15)
    assert person.house == Household(zone="Europe/Berlin")
    assert person.consent == Consent("oversight", "1", home.clock.now)
    assert person.kept


async def test_the_log_names_nobody(home: Home):
    """Addresses and names lie in the vault; events hold ids, codes, numbers, times."""
    link = await home.linked()
    await home.second(link)
    await home.guardians.ask(home.ann, Wish.MORE, 30)
    await home.guardians.block(link.guardian, link.id, "Luna")
    await home.guardians.leave(link.guardian, link.id)
    told = json.dumps([dict(e.body) | {"s": e.subject} for e in await home.store.read(QUERY)])
    for word in ("example.com", "mum", "Mum", "Mia", "dad", "Luna", "http"):
        assert word not in told


async def test_an_invitation_is_taken_once(home: Home):
    """Of twenty who open it at the same time one has it; the others read that it was used."""
    invited = await home.guardians.invite(home.ann, by="app")
    names = [f"g{number}@example.com" for number in range(20)]
    found = await asyncio.gather(
        *(home.guardians.take(invited.link.id, home.guardian(name)) for name in names),
        return_exceptions=True,
    )
    won = [one for one in found if not isinstance(one, BaseException)]
    assert len(won) == 1
    assert all(one.code == "link_over" for one in found if isinstance(one, RequestError))
    assert len(await home.log("guardian.taken")) == 1


async def test_an_invitation_that_went_to_a_mailbox_is_that_guardian_s(home: Home):
    """Nobody else can take it, whatever link they hold."""
    invited = await home.guardians.invite(home.ann, by="app", address=MUM)
    assert invited.mailed
    with refused("link_over"):
        await home.guardians.take(invited.link.id, home.guardian(DAD))
    await home.guardians.take(invited.link.id, home.guardian(MUM))


async def test_an_invitation_is_over_after_three_days(home: Home):
    """It can no longer be taken, nor be agreed to; one that was agreed to waits for the child."""
    invited = await home.guardians.invite(home.ann, by="app")
    taken, agreed = await home.invited(), await home.accepted(await home.invited())
    home.clock.now += 72 * 3600
    with refused("link_over"):
        await home.guardians.take(invited.link.id, home.guardian())
    with refused("decided"):
        await home.accepted(taken)
    assert [one.id for one, _ in await home.guardians.of(home.ann)] == [agreed.id]
    await home.guardians.ward_accepts(home.ann, by="app", link=agreed.id)


async def test_the_ward_agrees_by_a_code(home: Home):
    """Six digits from the guardian's page; those of another child are none."""
    link = await home.accepted(await home.invited())
    code = home.guardians.code(link)
    with refused("unknown_link"):
        await home.guardians.ward_accepts(home.people.user("ben", None), by="app", code=code)
    with refused("unknown_link"):
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        await home.guardians.ward_accepts(home.ann, by="app", code=wrong)
    with refused("unknown_link"):
        await home.guardians.ward_accepts(home.ann, by="app")
    found = await home.guardians.ward_accepts(home.ann, by="app", code=code)
    assert found.status is LinkStatus.ACTIVE


async def test_no_child_links_a_friend_as_second_guardian(home: Home):
    """The app's invitation is refused while somebody looks after them; one left lying is over."""
    lying = await home.accepted(await home.invited("friend@example.com"))
    link = await home.linked()
    with refused("has_guardian"):
        await home.guardians.invite(home.ann, by="app")
    with refused("unknown_link"):
        await home.guardians.ward_accepts(home.ann, by="app", link=lying.id)
    assert await home.guardians.cards.address(lying.guardian) == ""
    assert len((await home.guardians.log.book()).active(home.ann.key)) == 1
    second = await home.second(link)
    assert second.proof == Evidence.GUARDIAN
    with refused("most"):
        await home.guardians.invite_second(link.guardian, link.id, address="x@example.com")
    consents = await home.log("person.consent")
    assert len(consents) == 1  # the second agreed to the same


async def test_nobody_is_the_guardian_of_an_adult(home: Home):
    """Known by stronger evidence than a guardian's word: the link does not come to be."""
    link = await home.accepted(await home.invited())
    act = Act("operator")
    await home.people.age(home.ann, act, band=AgeBand.ADULT, evidence=Evidence.VERIFIED)
    with refused("adult"):
        await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    assert (await home.person()).house is None


async def test_consent_is_to_what_was_read(home: Home):
    """Where a law asks for it, in its scope and version; a version that changed meanwhile is refused."""
    link = await home.invited(place=CN)
    agreed = await home.guardians.agreement(link)
    assert (agreed.scope, agreed.version, agreed.law) == ("companion", "3", True)
    with refused("changed"):
        await home.guardians.accept(
            link.guardian, link.id, years=(12, 12), names=Card("Mum"), read="companion@2"
        )
    link = await home.accepted(link, years=(0, 12))
    await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    assert (await home.person()).consent == Consent("companion", "3", home.clock.now)
    (event,) = await home.log("person.consent")
    assert (event.body["by"], event.body["proof"]) == (f"guardian:{home.guardian()}", "guardian")
    await home.guardians.withdraw(link.guardian, link.id)
    assert (await home.person()).consent is None
    ward = await home.guardians.ward(link.guardian, link.id)
    assert (ward.agreed, ward.day.closed) == (False, "consent")
    await home.guardians.agree(link.guardian, link.id, read=ward.agreement.name)
    assert (await home.guardians.ward(link.guardian, link.id)).agreed


async def test_guardians_are_asked_again_when_a_policy_wants_another_consent(home: Home):
    """Each once for each version, whoever looks; a yes of either is enough."""
    first = await home.accepted(await home.invited(place=CN), years=(0, 12))
    await home.guardians.ward_accepts(home.ann, by="app", link=first.id)
    invited = await home.guardians.invite_second(first.guardian, first.id, address=DAD)
    second = await home.guardians.take(invited.link.id, home.guardian(DAD))
    second = await home.accepted(second, years=(0, 12))
    await home.guardians.ward_accepts(home.ann, by="app", link=second.id)
    consents = GuardConsents(home.guardians)
    assert await consents.follow() == 0
    new = replace(home.holder.all["CN"], consents=(Asked(14, "companion", "4"),))
    home.holder.swap(Stack((home.holder.current,)), {"CN": Stack((new,))})
    assert await consents.follow() == 2
    assert [await consents.follow(), await GuardConsents(home.guardians).follow()] == [0, 2]
    await home.settled()
    asked = [one for one in home.mailbox.letters if one[0] == "guardian_consent"]
    assert [(to, language) for _, to, language, _ in asked] == [(MUM, "zh"), (DAD, "zh")]
    assert (await home.guardians.ward(first.guardian, first.id)).day.closed == "consent"
    await home.guardians.agree(second.guardian, second.id, read="companion@4")
    assert (await home.guardians.ward(first.guardian, first.id)).day.closed == ""
    home.clock.now += 3_601
    assert await consents.follow() == 0


async def test_who_is_not_asked_again(home: Home):
    """Who took consent back knows; who wants no letters gets none; an erased child has no guardian."""
    link = await home.accepted(await home.invited(place=CN), years=(0, 12))
    await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    new = replace(home.holder.all["CN"], consents=(Asked(14, "companion", "4"),))
    home.holder.swap(Stack((home.holder.current,)), {"CN": Stack((new,))})
    await home.guardians.channel(link.guardian, link.id, Channel.NONE)
    assert await GuardConsents(home.guardians).follow() == 0
    await home.guardians.channel(link.guardian, link.id, Channel.MAIL)
    await home.guardians.withdraw(link.guardian, link.id)
    assert await GuardConsents(home.guardians).follow() == 0
    await home.guardians.forget(home.ann.key)
    assert await GuardConsents(home.guardians).follow() == 0


async def test_the_proof_of_a_guardian_is_recorded(home: Home):
    """As the app says it, in the link and with the consent."""
    invited = await home.guardians.invite(home.ann, by="app", proof=Evidence.VERIFIED)
    link = await home.accepted(await home.guardians.take(invited.link.id, home.guardian()))
    await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    (event,) = await home.log("person.consent")
    assert (link.proof, event.body["proof"]) == ("verified", "verified")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("mum", "address"),
        ("mum@", "address"),
        ("a b@c.de", "address"),
        ("a@b\r\nBcc: x@y", "address"),
    ],
)
async def test_what_is_no_address(home: Home, address: str, code: str):
    """It is refused before anything is written down."""
    with refused(code):
        await home.guardians.invite(home.ann, by="app", address=address)
    assert await home.log("guardian.") == []


# -- what is set, as turns see it --------------------------------------------------------------------


PATH = "/v1/chat/completions"
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))
BLOCKED = Rule(
    "character",
    Condition(side=Side.USER, states=frozenset({State.CHARACTER})),
    (Action.END,),
    text="paused",
    stage=Stage.LIMIT,
)


class Chat:
    """An app's chat with Ann, a ward, and the people API behind it."""

    def __init__(self, make_guard: Any, **household: Any) -> None:
        policy = POLICY(POLICIES / "default.yaml")
        policy = replace(policy, rules=(BLOCKED, *policy.rules))
        self.backend = Backend()
        self.app = GuardrailMiddleware(
            self.backend, guard=make_guard(policy=policy, identity=PEERS)
        )
        engine = self.app.guard.engine
        self.clock: Clock = engine.clock  # type: ignore[assignment]
        self.clock.now = 1_795_446_000.0  # a Monday, 15:00 UTC
        self.store = engine.store
        self.people = People(engine.store, engine.pseudonyms, engine.clock)
        self.ann = self.people.user("ann", None)
        self.household = {"zone": "UTC", **household}
        self.said = 0

    async def begin(self) -> Chat:
        """Oversight begins."""
        act = Act("guardian:g")
        await self.people.house(self.ann, act, self.household, begins=True)
        return self

    async def set(self, **changes: Any) -> None:
        """A guardian changes something."""
        await self.people.house(self.ann, Act("guardian:g"), changes)

    async def say(self, *, model: str = "luna-1", **headers: str) -> bool:
        """Say something new; whether the bot was asked."""
        before, self.said = len(self.backend.asked), self.said + 1
        more = {"x-guardrail-user": "ann", **{k.replace("_", "-"): v for k, v in headers.items()}}
        body = {"model": model, "messages": [{"role": "user", "content": f"line {self.said}"}]}
        sent = [(k.encode(), v.encode()) for k, v in more.items()]
        await call(self.app, PATH, body, headers=sent).done()
        return len(self.backend.asked) > before


async def test_a_guardian_s_pause_counts_from_the_next_turn_on(make_guard: Any):
    """And an operator's pause is not ended by a guardian."""
    chat = await Chat(make_guard).begin()
    assert await chat.say()
    await chat.set(paused=True)
    assert not await chat.say()
    await chat.people.pause(chat.ann, Act("operator"))
    await chat.set(paused=False)
    assert not await chat.say()
    await chat.people.resume(chat.ann, Act("operator"))
    assert await chat.say()


async def test_quiet_hours_go_over_what_a_device_says(make_guard: Any):
    """Another zone in the header does not bring the day back: the guardian's counts."""
    night = Quiet((0,), 15 * 60, 16 * 60)
    chat = await Chat(make_guard, quiet=(night,)).begin()
    assert not await chat.say()
    assert not await chat.say(x_guardrail_time_zone="Asia/Shanghai")
    await chat.set(zone="Asia/Shanghai")
    assert await chat.say()
    await chat.set(zone="UTC")
    await chat.people.curfew(chat.ann, Act("guardian:g"), until=chat.clock.now + 60)
    assert await chat.say()
    chat.clock.now += 60
    assert not await chat.say()


async def test_minutes_are_counted_over_devices_and_not_by_their_clocks(make_guard: Any):
    """Two devices in two zones together get the guardian's minutes and one turn."""
    chat = await Chat(make_guard, daily_minutes=5).begin()
    answered = 0
    for number in range(9):
        zone = ("Asia/Shanghai", "America/New_York")[number % 2]
        answered += await chat.say(x_guardrail_time_zone=zone)
        chat.clock.now += 60
    assert answered == 6


async def test_a_blocked_character_is_stopped_by_header_and_by_model(make_guard: Any):
    """However it is spelled; others go on, and all are on the guardian's list."""
    chat = await Chat(make_guard).begin()
    assert await chat.say(x_guardrail_character="Luna%20%E6%98%9F")
    keys = Pseudonyms(b"0123456789abcdef")
    await chat.set(blocked=(keys.character("luna 星"), keys.character("wolf-2")))
    assert not await chat.say(x_guardrail_character="LUNA%20%E6%98%9F")
    assert not await chat.say(model="Wolf-2")
    assert await chat.say(model="wolf-2", x_guardrail_character="Sol")  # the header says who it is
    person = await chat.people.get(chat.ann)
    assert set(person.characters.values()) == {"LUNA 星", "Wolf-2", "Sol"}
    assert not any(b"x-guardrail-character" in dict(sent) for sent in chat.backend.seen_headers)


async def test_a_character_from_a_stranger_is_refused(make_guard: Any):
    """The header counts from trusted peers only, as all identity."""
    chat = await Chat(make_guard).begin()
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    headers = [(b"x-guardrail-character", b"luna")]
    answer = await call(chat.app, PATH, body, headers=headers, client=("192.0.2.1", 5)).done()
    assert answer.status == 401


async def test_switches_reach_the_backend(make_guard: Any):
    """As one header with what the pack keeps off."""
    chat = await Chat(make_guard, off=("memory",)).begin()
    await chat.say()
    assert dict(chat.backend.seen_headers[-1])[b"x-guardrail-suppress"] == b"memory"
    await chat.set(off=())
    await chat.say()
    assert b"x-guardrail-suppress" not in dict(chat.backend.seen_headers[-1])


async def test_an_adult_is_not_overseen(make_guard: Any):
    """From the turn on in which a token proves it."""
    chat = await Chat(make_guard, paused=True).begin()
    assert not await chat.say()
    assert await chat.say(x_guardrail_age_band="adult")
    assert await chat.say()


async def test_a_crisis_goes_before_every_limit(make_guard: Any):
    """A paused child in a crisis is named help, by the crisis rule and not by the pause."""
    chat = await Chat(make_guard, paused=True).begin()
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "i want to kill myself tonight"}],
    }
    answer = await call(chat.app, PATH, body, headers=[(b"x-guardrail-user", b"ann")]).done()
    assert b"988" in answer.body
    records = await chat.store.read(QUERY)
    decided = [d for r in records if r.kind == "record" for d in r.body["decisions"]]
    assert [d["rule"] for d in decided if d["rule"] == "paused"] == []
    assert any(d["label"] == "self_harm" for d in decided)


# -- what is set, in the portal's service ------------------------------------------------------------


async def test_who_may_set(home: Home):
    """Only a guardian with a link that holds; another child's does not exist for them."""
    link = await home.linked()
    for guardian in (home.guardian(DAD), home.guardian("x@example.com")):
        with refused("unknown_link"):
            await home.guardians.set(guardian, link.id, {"paused": True})
        with refused("unknown_link"):
            await home.guardians.ward(guardian, link.id)
    with refused("unknown"):
        await home.guardians.set(link.guardian, link.id, {"bonus": None})
    with refused("zone"):
        await home.guardians.set(link.guardian, link.id, {"zone": "Mars/Base"})
    await home.guardians.set(link.guardian, link.id, {"paused": True})
    assert (await home.guardians.ward(link.guardian, link.id)).day.closed == "paused"


async def test_two_guardians_change_different_things_at_once(home: Home):
    """Neither undoes the other."""
    first = await home.linked()
    second = await home.second(first)
    await asyncio.gather(
        home.guardians.set(first.guardian, first.id, {"daily_minutes": 45}),
        home.guardians.set(second.guardian, second.id, {"paused": True}),
        home.guardians.block(first.guardian, first.id, "Luna"),
        home.guardians.block(second.guardian, second.id, "Wolf"),
    )
    house = (await home.person()).house
    assert house is not None
    assert (house.daily_minutes, house.paused, len(house.blocked)) == (45, True, 2)


async def test_characters_by_name(home: Home):
    """One the child has met, one nobody knows; blocked and allowed again; names are not in the log."""
    link = await home.linked()
    await home.guardians.block(link.guardian, link.id, " Luna 星 ")
    await home.guardians.block(link.guardian, link.id, "LUNA 星")
    await home.guardians.block(link.guardian, link.id, "  ")
    person = await home.person()
    assert person.house is not None
    assert [person.characters[key] for key in person.house.blocked] == ["Luna 星"]
    await home.guardians.unblock(link.guardian, link.id, person.house.blocked[0])
    assert (await home.person()).house.blocked == ()  # type: ignore[union-attr]


async def test_a_power_cut_takes_nothing_back(home: Home):
    """People are set back to before the link; the next start brings all of it again, once."""
    link = await home.linked()
    await home.guardians.set(link.guardian, link.id, {"daily_minutes": 45, "spend_cap": 900})
    await home.people.spend(home.ann, Act("app"), amount=300, reference="a")
    before = await home.person()
    key = home.ann.key
    fresh = Person(key, home.clock.now, home.clock.now, home.clock.now)
    await home.store.update("", key, lambda *_: (None, fresh))
    await home.people.mend()
    await home.people.mend()
    after = await home.person()
    assert (after.house, after.spending, after.consent) == (
        before.house,
        before.spending,
        before.consent,
    )
    await home.guardians.leave(link.guardian, link.id)
    await home.people.mend()
    assert (await home.person()).house is None


# -- spending ----------------------------------------------------------------------------------------


async def test_a_cap_on_spending(home: Home):
    """Nothing until a guardian says so; then up to the cap; the same purchase once; a new month anew."""
    link = await home.linked()
    act = Act("app")
    with refused("over_cap"):
        await home.people.spend(home.ann, act, amount=1, reference="a")
    await home.guardians.set(link.guardian, link.id, {"spend_cap": 1_000})
    for _ in range(2):
        person = await home.people.spend(home.ann, act, amount=700, reference="b")
        assert person.spending.amount == 700  # type: ignore[union-attr]
    with refused("over_cap"):
        await home.people.spend(home.ann, act, amount=301, reference="c")
    await home.people.spend(home.ann, act, amount=301, reference="c", made=True)
    day = (await home.guardians.ward(link.guardian, link.id)).day
    assert (day.spent, day.house.spend_cap) == (1_001, 1_000)
    await home.people.spend(home.ann, act, amount=-701, reference="b-back")
    assert (await home.guardians.ward(link.guardian, link.id)).day.spent == 300
    home.clock.now += 31 * DAY
    assert (await home.guardians.ward(link.guardian, link.id)).day.spent == 0
    assert len(await home.log("person.spent")) == 3


async def test_whom_nobody_oversees_has_no_cap(home: Home):
    """And no ledger either."""
    await home.people.curfew(home.ann, Act("operator"), until=0.0)  # makes them known
    person = await home.people.spend(home.ann, Act("app"), amount=10**6, reference="a")
    assert person.spending is None


# -- asking and answering ----------------------------------------------------------------------------


async def test_a_request_is_granted_once(home: Home):
    """Two guardians at the same time: one answer, and the minutes are given once."""
    first = await home.linked()
    second = await home.second(first)
    await home.guardians.set(first.guardian, first.id, {"daily_minutes": 45})
    ask = await home.guardians.ask(home.ann, Wish.MORE, 30)
    answers = await asyncio.gather(
        *(
            home.guardians.answer(one.guardian, one.id, ask.id, 30)
            for one in (first, second, first, second)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, RequestError) for one in answers) == 3
    day, asks = await home.guardians.day(home.ann)
    assert (day.bonus, day.caps.daily_minutes) == (30, 75)
    assert [one.granted for one in asks] == [30]


async def test_bonus_minutes_are_the_day_s(home: Home):
    """Given twice they add up; tomorrow there are none; the pack's cap stays."""
    link = await home.linked()
    await home.guardians.set(link.guardian, link.id, {"daily_minutes": 45})
    for _ in range(2):
        await home.guardians.give(link.guardian, link.id, 60)
    day = (await home.guardians.ward(link.guardian, link.id)).day
    assert (day.bonus, day.caps.daily_minutes, day.service.daily_minutes) == (120, 120, 120)
    home.clock.now += DAY
    assert (await home.guardians.ward(link.guardian, link.id)).day.caps.daily_minutes == 45
    with refused("minutes"):
        await home.guardians.give(link.guardian, link.id, 181)


async def test_an_exception_from_quiet_hours(home: Home):
    """Granted for so many minutes from the answer on; refused, nothing changes."""
    link = await home.linked()
    no = await home.guardians.ask(home.ann, Wish.LATE, 20)
    await home.guardians.answer(link.guardian, link.id, no.id, 0)
    assert (await home.person()).curfew_lifted == 0
    yes = await home.guardians.ask(home.ann, Wish.LATE, 20)
    home.clock.now += 600
    await home.guardians.answer(link.guardian, link.id, yes.id, 15)
    assert (await home.person()).curfew_lifted == home.clock.now + 900
    await home.guardians.lift(link.guardian, link.id, 0)
    assert (await home.person()).curfew_lifted == 0


async def test_requests_end_and_do_not_nag(home: Home):
    """Over with the day; ten a day; one letter while one waits, to those who get mail."""
    with refused("no_guardian"):
        await home.guardians.ask(home.ann, Wish.MORE, 30)
    link = await home.linked()
    first = await home.guardians.ask(home.ann, Wish.MORE, 30)
    for _ in range(9):
        await home.guardians.ask(home.ann, Wish.MORE, 30)
    with refused("enough"):
        await home.guardians.ask(home.ann, Wish.MORE, 30)
    (letter,) = await home.log("letter.queued")
    assert (letter.body["template"], letter.user) == ("guardian_asked", home.ann.key)
    home.clock.now += DAY
    with refused("decided"):
        await home.guardians.answer(link.guardian, link.id, first.id, 30)
    with refused("unknown_request"):
        await home.guardians.answer(link.guardian, link.id, "r-0", 30)
    assert (await home.guardians.ward(link.guardian, link.id)).asks == ()


# -- the end -------------------------------------------------------------------------------------------


async def addresses(home: Home) -> list[str]:
    """Where a letter about Ann would go."""
    letter = Letter("x", home.clock.now, "guardian_alert", "guardian", "case", home.ann.key)
    return sorted(one.mail for one in (await AddressBook(home.vault).of(letter)).values())


async def test_a_guardian_who_leaves_is_forgotten(home: Home):
    """The last one takes all that was set along; of two, the other stays, and so does what was set."""
    first = await home.linked()
    second = await home.second(first)
    await home.guardians.set(first.guardian, first.id, {"daily_minutes": 45})
    assert await addresses(home) == [DAD, MUM]
    home.clock.now += 1
    await home.guardians.leave(first.guardian, first.id)
    assert await addresses(home) == [DAD]
    assert await home.guardians.cards.address(first.guardian) == ""
    assert (await home.person()).house is not None
    await home.guardians.lift(second.guardian, second.id, 60)
    await home.guardians.leave(second.guardian, second.id)
    person = await home.person()
    assert (person.house, person.curfew_lifted, await addresses(home)) == (None, 0.0, [])
    assert person.consent is not None  # taken back by itself, not by leaving
    assert await home.vault.open(subject_of(home.ann.key)) == ()
    assert await home.guardians.links(first.guardian) == ()
    with refused("unknown_link"):
        await home.guardians.set(first.guardian, first.id, {"paused": True})


async def test_the_app_ends_a_link_and_the_guardian_is_told(home: Home):
    """Once; another child's link does not exist for it."""
    link = await home.linked()
    with refused("unknown_link"):
        await home.guardians.end(home.people.user("ben", None), link.id, by="app")
    home.mailbox.why = "connect"
    await home.guardians.end(home.ann, link.id, by="app")
    await home.settled()
    home.mailbox.why = ""
    home.clock.now += 60
    await home.settled()
    assert home.mailbox.letters[-1][:2] == ("guardian_ended", MUM)
    assert (await home.person()).house is None
    with refused("decided"):
        await home.guardians.end(home.ann, link.id, by="app")


async def test_either_side_can_say_no(home: Home):
    """Before both have agreed; then nothing was linked, and names are gone."""
    link = await home.accepted(await home.invited())
    with refused("unknown_link"):
        await home.guardians.refuse(link.id, by="app", ward="0" * 32)
    await home.guardians.refuse(link.id, by="app", ward=home.ann.key)
    assert await home.vault.open(f"link:{link.id}") == ()
    with refused("unknown_link"):
        await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    other = await home.invited()
    await home.guardians.refuse(other.id, by=other.guardian, guardian=other.guardian)
    with refused("decided"):
        await home.accepted(other)


async def test_a_person_who_is_erased_leaves_no_guardian_behind(home: Home):
    """Links end, addresses and names go; the log still says who did what, by ids."""
    link = await home.linked()
    await home.guardians.forget(home.ann.key)
    assert await addresses(home) == []
    assert await home.guardians.cards.address(link.guardian) == ""
    assert (await home.guardians.log.link(link.id)).status is LinkStatus.ENDED


# -- alerts --------------------------------------------------------------------------------------------


def case(home: Home, kind: str = "opened", **body: Any) -> Event:
    """An event of a case of Ann's."""
    name = f"case.{kind}"
    told = {"severity": "imminent", **body}
    at = home.clock.now
    return Event(f"{name}.c1.{len(body)}", at, name, "c1", home.ann.key, "talk", told)


async def test_by_default_a_human_decides(home: Home):
    """An imminent case tells nobody by itself; an approved contact is said in the child's chat."""
    await home.linked()
    alerts = home.alerts()
    await home.store.append(case(home))
    assert await alerts.follow() == 0
    assert await home.log("letter.queued") == []
    proposed = case(home, "contact_proposed", by="m1", whom="guardian", reason="imminent")
    other = case(home, "contact_proposed", by="m1", whom="emergency", reason="i", n=0)
    await home.store.append(proposed, other)
    await home.store.append(case(home, "contact_approved", by="m2", of=other.id))
    await alerts.follow()
    assert (await home.person()).guardian_told == 0
    await home.store.append(case(home, "contact_approved", by="m2", of=proposed.id, n=0))
    await alerts.follow()
    assert (await home.person()).guardian_told == home.clock.now
    await home.alerts().follow()  # another start: said once
    assert len(await home.log("person.guardian_told")) == 1


async def test_direct_alerts_tell_the_child_first(home: Home):
    """One letter to each guardian who wants mail, once for a case, after the child's."""
    first = await home.linked()
    second = await home.second(first)
    await home.guardians.channel(second.guardian, second.id, Channel.NONE)
    alerts = home.alerts("direct")
    home.clock.now += 60
    await home.store.append(case(home), case(home, "signal", n=1))
    assert await alerts.follow() == 1
    assert await alerts.follow() == 0
    await home.alerts("direct").follow()
    (told,) = await home.log("person.guardian_told")
    letters = await home.log("letter.queued")
    assert [one.body["template"] for one in letters] == ["child_told", "guardian_alert"]
    assert told.seq < letters[0].seq < letters[1].seq
    (alerted,) = await home.log("guardian.alerted")
    assert (alerted.subject, alerted.body["case"]) == (first.id, "c1")
    assert (await home.guardians.log.link(first.id)).alerted == (home.clock.now,)


@pytest.mark.parametrize("said_by", ["app", "member"])
async def test_where_home_is_the_danger_nobody_there_is_told(home: Home, said_by: str):
    """Neither at once nor later: the outbox asks again before it delivers. The page shows nothing."""
    link = await home.linked()

    async def member_says(user: str) -> bool:
        return said_by == "member" and user == home.ann.key

    alerts = home.alerts("direct", unsafe=member_says)
    if said_by == "app":
        await home.guardians.say_unsafe(home.ann, by="app", reason="teen")
    await home.store.append(case(home))
    assert await alerts.follow() == 0
    assert await home.log("letter.queued") == []
    assert (await home.person()).guardian_told == 0
    assert ("guardian_alert", "held") in home.counted
    letter = Letter("x", 0.0, "contact_guardian", "guardian", "c1", home.ann.key)
    assert await alerts.veto(letter) == "home_danger"
    assert await alerts.veto(replace(letter, template="guardian_asked")) == ""
    assert (await home.guardians.ward(link.guardian, link.id)).link == link
    if said_by == "app":
        await home.guardians.say_unsafe(home.ann, by="operator", unsafe=False)
        assert await alerts.follow() == 0  # what is past is past
        assert await alerts.veto(letter) == ""


async def test_alerts_can_be_off(home: Home):
    """Then no letter to a guardian goes, whoever asks for it."""
    await home.linked()
    alerts = home.alerts("off")
    await home.store.append(case(home))
    assert await alerts.follow() == 0
    letter = Letter("x", 0.0, "guardian_alert", "guardian", "c1", home.ann.key)
    assert await alerts.veto(letter) == "alerts_off"


async def test_a_case_of_nobody_s_ward(home: Home):
    """Nothing happens, and nothing fails."""
    alerts = home.alerts("direct")
    await home.store.append(case(home), replace(case(home, "signal"), user=None))
    assert await alerts.follow() == 0


async def test_mail_can_be_switched_off_and_on(home: Home):
    """The address leaves the ward's contacts and comes back; signing in goes on."""
    link = await home.linked()
    await home.guardians.channel(link.guardian, link.id, Channel.NONE)
    assert await addresses(home) == []
    assert await home.guardians.cards.address(link.guardian) == MUM
    await home.guardians.channel(link.guardian, link.id, Channel.MAIL)
    assert await addresses(home) == [MUM]
