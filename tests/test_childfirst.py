"""A child learns that a guardian is told before the guardian is: from the app, the chat, or a human."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardrail.duties import Moment, due, states
from guardrail.letterbook import Letter
from guardrail.person import Person, shown
from guardrail.policy.model import Policy
from guardrail.staff.addresses import AddressBook
from guardrail.staff.childfirst import ChildFirst
from guardrail.staff.contacts import Contacts
from guardrail.staff.outbox import Outbox
from guardrail.store.base import Event
from guardrail.turn import AgeBand, Profile, State
from tests.conftest import POLICIES, POLICY, Clock
from tests.guardhome import Home, home_at

CASE = {"severity": "imminent", "label": "self_harm"}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A house whose outbox asks whether the child knows."""
    async with home_at(tmp_path, Clock()) as home:
        first = child_first(home)
        courier = Contacts(AddressBook(home.vault), str, mailer=home.mailbox)
        home.outbox = Outbox(home.store, [courier], clock=home.clock, wait=first.waits)
        await home.linked()
        home.clock.now += 100
        home.mailbox.letters.clear()
        yield home


def child_first(home: Home, *policies: Policy) -> ChildFirst:
    """What the outbox of `serve` asks; with the policies of the house unless others are given."""
    return ChildFirst(
        home.store,
        home.people,
        seconds=60,
        policies=lambda: policies or home.holder.all.values(),
        clock=home.clock,
        count=lambda what, why: home.counted.append((what, why)),
    )


async def alarm(home: Home) -> None:
    """An imminent case of Ann's in a house that tells guardians at once."""
    at, ann = home.clock.now, home.ann.key
    body = {"severity": "imminent", "label": "self_harm"}
    await home.store.append(Event("case.opened.c1", at, "case.opened", "c1", ann, "talk", body))
    assert await home.alerts("direct").follow() == 1


def sent(home: Home) -> list[str]:
    """The letters that guardians have got."""
    return [template for template, *_ in home.mailbox.letters]


async def test_a_letter_waits_for_the_chat(home: Home) -> None:
    """Nothing goes before the notice was shown; then it goes at once."""
    await alarm(home)
    await home.outbox.step()
    assert sent(home) == []
    home.clock.now += 5
    await home.put(shown={"guardian-told": home.clock.now})
    home.clock.now += 2
    await home.outbox.step()
    assert sent(home) == ["guardian_alert"]
    assert not await home.log("case.untold")


async def test_a_region_may_name_its_notice_otherwise(home: Home) -> None:
    """The words of the pack for where the child lives count like those for everywhere."""
    await alarm(home)
    now = home.clock.now
    await home.put(shown={"told-in-our-words": now})
    policy = POLICY(POLICIES / "default.yaml")
    notice = next(one for one in policy.notices if State.GUARDIAN_TOLD in one.on)
    ours = replace(policy, notices=(replace(notice, id="told-in-our-words"),))
    letter = Letter("x", now, "guardian_alert", "guardian", "c1", home.ann.key)
    assert await child_first(home).waits(letter)
    assert not await child_first(home, policy, ours).waits(letter)


async def test_a_notice_of_an_earlier_time_does_not_count(home: Home) -> None:
    """They were told of another letter then."""
    await home.put(shown={"guardian-told": home.clock.now - 1})
    await alarm(home)
    await home.outbox.step()
    assert sent(home) == []


async def test_help_is_not_kept_away_for_ever(home: Home) -> None:
    """After a minute the letter goes, the case says that it went first, and it is counted once."""
    await alarm(home)
    await home.outbox.step()
    home.clock.now += 61
    await home.outbox.step()
    assert sent(home) == ["guardian_alert"]
    (untold,) = await home.log("case.untold")
    assert (untold.subject, untold.user) == ("c1", home.ann.key)
    letter = Letter("x", home.clock.now - 61, "guardian_alert", "guardian", "c1", home.ann.key)
    assert not await child_first(home).waits(letter)
    assert home.counted.count(("guardian_alert", "child_untold")) == 1


async def test_the_app_may_tell_them(home: Home) -> None:
    """A webhook that took `child.told` is enough."""
    await alarm(home)
    body = {"endpoint": "hook-app", "n": 1}
    done = Event("letter.sent.x", home.clock.now, "letter.sent", "child_told.c1", body=body)
    await home.store.append(done)
    await home.outbox.step()
    assert sent(home) == ["guardian_alert"]


async def test_a_human_in_the_chat_tells_them(home: Home) -> None:
    """The line in the talk counts once it has arrived."""
    await alarm(home)
    (warned,) = await home.log("case.warned")
    before = Event("d1", home.clock.now, "case.delivered", "c1", body={"upto": warned.seq - 1})
    await home.store.append(before)
    await home.outbox.step()
    assert sent(home) == []
    after = replace(before, id="d2", body={"upto": warned.seq})
    await home.store.append(after)
    home.clock.now += 2
    await home.outbox.step()
    assert sent(home) == ["guardian_alert"]


async def test_only_alarms_wait(home: Home) -> None:
    """What a child asks for goes at once; and who is forgotten cannot be told."""
    letter = Letter("x", home.clock.now, "guardian_asked", "guardian", "c1", home.ann.key)
    first = child_first(home)
    assert not await first.waits(letter)
    assert await first.waits(replace(letter, template="contact_guardian"))
    assert not await first.waits(replace(letter, template="contact_guardian", user="nobody"))


def test_a_second_telling_is_told_again() -> None:
    """Also within the day that the notice would rest otherwise, and beside words of help."""
    policy = POLICY(POLICIES / "default.yaml")
    profile = Profile("p", AgeBand.MINOR)
    now = 1_000_000.0
    at = Moment(now, "2026-11-22", 600, now - 36_000)
    person = Person("ann", now - 900, now - 30, guardian_told=now - 60, sitting=now - 600)

    def owed(person: Person) -> list[str]:
        held = states(policy, profile, person, at)
        return [one.id for one in due(policy, profile, person, held=held, at=at) if one.with_help]

    assert State.GUARDIAN_TOLD in states(policy, profile, person, at)
    assert owed(person) == ["guardian-told"]
    assert owed(shown(person, {"guardian-told": now - 30})) == []
    again = replace(shown(person, {"guardian-told": now - 120}))
    assert owed(again) == ["guardian-told"]
    assert owed(replace(person, guardian_told=0.0)) == []
