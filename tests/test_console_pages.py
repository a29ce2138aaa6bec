"""The console's other pages: figures, people, tickets, notifications, the trail, privacy."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest
import pytest_asyncio

from guardrail.complaints import Matter
from guardrail.console.wellness import revealed
from guardrail.letters import queued
from guardrail.people import Act
from guardrail.person import Age, Person
from guardrail.roles import STAFF, Right, StaffRole, rights
from guardrail.turn import AgeBand, Danger, Severity
from tests.conftest import Clock
from tests.console import Desktop, Room

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN, LEAD, AUDITOR, ANALYST = (
    StaffRole.ADMIN,
    StaffRole.LEAD,
    StaffRole.AUDITOR,
    StaffRole.ANALYST,
)
NUMBERS = count(1)
CANARY = "she said the bridge"


@pytest.fixture(scope="module")
def turned() -> Clock:
    """The server's clock, for all of them."""
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desktop(
    tmp_path_factory: pytest.TempPathFactory, turned: Clock
) -> AsyncIterator[tuple[Desktop, Any]]:
    """A desktop and its app: making them takes longer than most tests."""
    desk = Desktop(tmp_path_factory.mktemp("desk"), turned)
    yield desk, desk.app()
    await desk.close()


@pytest_asyncio.fixture(loop_scope="module")
async def room(desktop: tuple[Desktop, Any], turned: Clock) -> AsyncIterator[Room]:
    """Nobody works here yet, as far as this test knows."""
    room = Room(*desktop, turned, next(NUMBERS))
    yield room
    for browser in room.open:
        await browser.aclose()


async def browser_of(room: Room, *roles: StaffRole, **more: Any) -> httpx.AsyncClient:
    """A browser of somebody with these roles."""
    return room.browser(await room.member("Ada", *roles, **more))


# -- who may -----------------------------------------------------------------------------------------

NEEDS = {
    "/console": Right.QUEUE,
    "/console/figures": Right.FIGURES,
    "/console/people": Right.PEOPLE,
    "/console/tickets": Right.PEOPLE,
    "/console/letters": Right.LETTERS,
    "/console/trail": Right.TRAIL,
    "/console/privacy": Right.PRIVACY,
}


async def test_each_page_has_its_right_and_its_link(room: Room) -> None:
    """Whoever may see a page is shown the way to it, whoever may not gets a clear no."""
    for role in STAFF:
        member = await room.member(role, role)
        browser = room.browser(member)
        home = (await browser.get("/account")).text
        for path, right in NEEDS.items():
            allowed = right in rights(member.member)
            page = await browser.get(path)
            assert page.status_code == (200 if allowed else 403), (role, path)
            assert "Traceback" not in page.text
            if path != "/console/tickets":  # a link on the page of people
                assert (f'<a href="{path}"' in home) is allowed, (role, path)
            if not allowed:
                assert "Your roles do not allow this." in page.text


# -- figures ---------------------------------------------------------------------------------------


async def test_small_cells_are_shown_to_nobody_who_does_not_work_with_cases(room: Room) -> None:
    """A lead sees how many cases there were, an analyst does not; neither sees a few people."""
    room.clock.now += 61
    for number in range(3):
        await room.crisis(f"p{number}", severity=Severity.NOTICE, label="gambling")
    lead = (await (await browser_of(room, LEAD)).get("/console/figures")).text
    analyst = (await (await browser_of(room, ANALYST)).get("/console/figures?days=7")).text
    assert re.search(r'<th scope="row">2026-[^<]+</th>(<td>\d+</td>)+', lead)
    assert "withheld" not in lead.split('id="waits-title"')[0]
    assert "withheld" in analyst.split('id="waits-title"')[0]
    assert "counts of cases under 10" in analyst
    assert "Fewer than 10 people" in lead
    room.clock.now += 61
    await crowded(room)
    shown = (await (await browser_of(room, ANALYST)).get("/console/figures?days=7")).text
    ages = shown.split('id="ages-title"')[1].split("</section>")[0]
    assert ">40<" in ages
    assert ">few<" in ages, "three children among them are not named"


def _remembered(person: Person, _: object, __: object) -> tuple[None, Person]:
    return None, person


async def crowded(room: Room) -> None:
    """Forty adults, three children, and twelve of whom nothing is known."""
    bands = [AgeBand.ADULT] * 40 + [AgeBand.MINOR] * 3 + [AgeBand.UNKNOWN] * 12
    for number, band in enumerate(bands):
        key = f"{number:032x}"
        person = Person(key, 1.0, room.clock.now, 1.0, age=Age(band))
        await room.desk.store.update("", key, partial(_remembered, person))


# -- notifications ---------------------------------------------------------------------------------


async def test_a_letter_that_reached_nobody_is_seen_and_sent_again(room: Room) -> None:
    """Without any channel all are dead; again queues them anew, and cancelling takes them off."""
    case = await room.crisis("ann", [CANARY], severity=Severity.IMMINENT)
    await room.desk.outbox.step()
    browser = await browser_of(room, LEAD)
    page = await browser.get("/console/letters")
    dead = re.findall(r'name="letter" value="([^"]+)"', page.text)
    assert f"/console/cases/{case}" in page.text
    assert "no address is known" in page.text
    assert "reached nobody" in page.text
    assert CANARY not in page.text
    name = next(one for one in dead if case in one)
    sent = await browser.post(
        "/console/letters/again", data={"letter": name}, follow_redirects=True
    )
    assert "1 New case" in re.sub(r"<[^>]+>|\s+", " ", sent.text) or "waits" in sent.text
    twice = await browser.post("/console/letters/again", data={"letter": name})
    assert (twice.status_code, "any more" in twice.text) == (409, True)
    await room.desk.outbox.step()
    gone = await browser.post(
        "/console/letters/cancel", data={"letter": name}, follow_redirects=True
    )
    assert f'value="{name}"' not in gone.text
    missing = await browser.post("/console/letters/again", data={"letter": "nope"})
    assert (missing.status_code, "no such notification" in missing.text) == (404, True)
    assert (await browser.post("/console/letters/test", data={"audience": "x"})).status_code == 422
    await browser.post("/console/letters/test", data={"audience": "operator"})
    assert any(one.template == "test" for one in await room.desk.outbox.letters())


async def test_without_an_outbox_the_page_says_so(room: Room) -> None:
    """Nobody is notified, and nobody has to guess."""
    ada = await room.member("Ada", LEAD)
    async with room.desk.browser(ada, room.desk.app(room.desk.bench(outbox=None))) as browser:
        assert "Nobody is notified" in (await browser.get("/console/letters")).text
        again = await browser.post("/console/letters/again", data={"letter": "x"})
        assert again.status_code == 409


# -- the trail -------------------------------------------------------------------------------------


async def test_an_auditor_sees_that_and_by_whom_but_not_about_whom(room: Room) -> None:
    """Kinds, times, members; no key, no conversation, nobody's reading."""
    ada = await room.member("Ada", AUDITOR)
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    await room.join(maya, case)
    await room.desk.store.append(revealed(maya.member.id, case, "t", room.clock.now))
    browser = room.browser(ada)
    page = (await browser.get("/console/trail")).text
    assert "case.claimed" in page
    assert "Maya" in page
    assert "exposure" not in page
    key = room.desk.key(room.user("ann"))
    assert key not in page
    assert "talk of" not in page
    cases = (await browser.get("/console/trail?kind=case")).text
    assert "case.joined" in cases
    assert "account.joined" not in cases
    odd = (await browser.get("/console/trail?kind=exposure")).text
    assert "exposure.revealed" not in odd


async def test_the_proof_is_made_and_its_failure_is_loud(room: Room) -> None:
    """What was signed holds; a changed log is said to be one."""
    browser = await browser_of(room, AUDITOR)
    await room.desk.trail.checkpoint()
    held = await browser.post("/console/trail/verify", follow_redirects=True)
    assert "The log is what was signed" in held.text
    assert str(room.desk.signer.verifier) in held.text
    (note, *_) = sorted(room.desk.notes.rglob("*.note"))
    whole = note.read_text()
    note.write_text(whole.replace("\n", "\n9", 1))
    room.clock.now += 1
    wrong = await browser.post("/console/trail/verify", follow_redirects=True)
    assert "The log is not what was signed" in wrong.text
    note.write_text(whole)


# -- people ----------------------------------------------------------------------------------------


async def test_somebody_is_found_by_the_apps_own_name_for_them(room: Room) -> None:
    """The name is sent in a form, never in an address; three ways to say who it is."""
    await room.crisis("ann")
    browser, user = await browser_of(room, LEAD), room.user("ann")
    there = await browser.post("/console/people", data={"user": user, "way": "proven"})
    key = room.desk.key(user)
    assert there.headers["location"] == f"/console/people/{key}"
    by_key = await browser.post("/console/people", data={"user": key, "way": "key"})
    assert by_key.status_code == 303
    other = {"user": user, "way": "app", "app": "Bearer x"}
    page = await browser.post("/console/people", data=other)
    assert (page.status_code, "Nobody is known by this name." in page.text) == (404, True)
    wrong = await browser.post("/console/people", data={"user": user, "way": "guess"})
    assert wrong.status_code == 422
    assert (await browser.get("/console/people/nope")).status_code == 404


async def test_pause_release_and_what_is_written_down(room: Room) -> None:
    """Each with a reason from a list, in the name of whoever acts; twice is refused in words."""
    await room.crisis("ann")
    browser, key = await browser_of(room, LEAD), room.desk.key(room.user("ann"))
    path = f"/console/people/{key}"
    page = (await browser.get(path)).text
    assert "Crisis" in page
    assert "Self-harm" in page, "their cases"
    assert (await browser.post(f"{path}/pause", data={"reason": "because"})).status_code == 422
    for act in ("pause", "resume", "release"):
        done = await browser.post(f"{path}/{act}", data={"reason": "safety"})
        assert done.status_code == 303, act
    (event,) = await room.events("person.paused", key)
    assert event.body["reason"] == "safety"
    again = await browser.post(f"{path}/release", data={"reason": "safety"})
    assert (again.status_code, "cannot be done" in again.text) == (409, True)


async def test_an_appeal_against_an_age(room: Room) -> None:
    """Opened, listed with its day, granted over all that was known."""
    await room.crisis("ann", age=AgeBand.MINOR)
    browser, key = await browser_of(room, LEAD), room.desk.key(room.user("ann"))
    await browser.post(f"/console/people/{key}/appeal", data={"reason": "request"})
    page = (await browser.get("/console/tickets")).text
    (ticket,) = {one.ticket for one in await room.desk.people.appeals() if one.key == key}
    assert ticket in page
    assert "waits for a decision" in (await browser.get(f"/console/people/{key}")).text
    path = f"/console/appeals/{ticket}"
    refused = await browser.post(f"{path}/grant", data={"band": "adult", "reason": "request"})
    assert refused.status_code == 422, "without a proof"
    told = {"band": "adult", "proof": "verified", "reason": "request"}
    assert (await browser.post(f"{path}/grant", data=told)).status_code == 303
    person = await room.desk.people.get(room.desk.people.keyed(key))
    assert person.age.band is AgeBand.ADULT
    late = await browser.post(f"{path}/refuse", data={"reason": "other"})
    assert (late.status_code, "decided or closed before" in late.text) == (409, True)


async def test_complaints_and_incidents_have_their_days(room: Room) -> None:
    """Overdue ones say so; acknowledged, answered, closed; each once."""
    browser = await browser_of(room, LEAD)
    one = await room.desk.desk.open(Matter.COMPLAINT, "content", by="app")
    other = await room.desk.desk.open(Matter.INCIDENT, "self_harm", by="app")
    room.clock.now += 2 * 86_400.0
    browser = await browser_of(room, LEAD, tenant="")
    page = (await browser.get("/console/tickets")).text
    assert page.count("overdue") >= 2
    base = f"/console/tickets/complaint/{one.ticket}"
    await browser.post(f"{base}/acknowledge")
    wrong = await browser.post(f"{base}/answer", data={"outcome": "shrugged"})
    assert wrong.status_code == 422
    assert (await browser.post(f"{base}/answer", data={"outcome": "changed"})).status_code == 303
    assert (await browser.post(f"{base}/close", data={"outcome": "changed"})).status_code == 409
    closed = await browser.post(
        f"/console/tickets/incident/{other.ticket}/close", data={"outcome": "duplicate"}
    )
    assert closed.status_code == 303
    assert (await browser.post(f"/console/tickets/gossip/{one.ticket}/close")).status_code == 422
    left = (await browser.get("/console/tickets")).text
    assert one.ticket not in left
    assert other.ticket not in left


# -- privacy ---------------------------------------------------------------------------------------


async def test_a_copy_is_a_file_and_is_written_down(room: Room) -> None:
    """With the words in it, for the person; no one else's name."""
    await room.crisis("ann", [CANARY])
    ada = await room.member("Ada", ADMIN)
    browser, key = room.browser(ada), room.desk.key(room.user("ann"))
    path = f"/console/privacy/{key}"
    assert CANARY not in (await browser.get(path)).text
    copy = await browser.post(f"{path}/copy")
    assert copy.headers["content-disposition"].startswith("attachment")
    assert copy.headers["cache-control"] == "no-store"
    assert CANARY in json.dumps(copy.json())
    (event,) = await room.events("person.copied", key)
    assert event.body["by"] == ada.member.id


async def test_deleting_asks_twice_and_says_what_stays(room: Room) -> None:
    """The beginning of the key has to be typed; afterwards the words are gone for good."""
    case = await room.crisis("ann", [CANARY])
    browser, key = await browser_of(room, ADMIN), room.desk.key(room.user("ann"))
    path = f"/console/privacy/{key}"
    told = {"reason": "request", "typed": "00000000"}
    wrong = await browser.post(f"{path}/delete", data=told)
    assert (wrong.status_code, "Nothing was deleted." in wrong.text) == (422, True)
    assert await room.desk.vault.open(case)
    done = await browser.post(f"{path}/delete", data={**told, "typed": key[:8]})
    assert "1 texts and" in done.text
    assert "Cases: " in done.text
    assert not await room.desk.vault.open(case)
    maya = await room.member("Maya")
    assert "No words are kept" in (await room.browser(maya).get(f"/console/cases/{case}")).text


async def test_a_legal_hold_goes_over_a_deletion(room: Room) -> None:
    """It is said until when, what was asked is written down, and lifting it needs a reason, too."""
    case = await room.crisis("ann", [CANARY])
    browser, key = await browser_of(room, ADMIN), room.desk.key(room.user("ann"))
    path = f"/console/privacy/{key}"
    await browser.post(f"{path}/hold", data={"days": "365", "reason": "law"})
    page = (await browser.get(path)).text
    assert "forbids it until 2027-" in page
    told = {"reason": "request", "typed": key[:8]}
    held = await browser.post(f"{path}/delete", data=told)
    assert (held.status_code, "A legal hold forbids" in held.text) == (409, True)
    assert await room.desk.vault.open(case)
    assert (
        await browser.post(f"{path}/hold", data={"days": "9", "reason": "law"})
    ).status_code == 422
    assert (await browser.post(f"{path}/hold", data={"days": "0"})).status_code == 422
    await browser.post(f"{path}/hold", data={"days": "0", "reason": "law"})
    assert key in (await browser.get("/console/privacy")).text, "whoever asked may be deleted now"
    gone = await browser.post(f"{path}/delete", data=told)
    assert gone.status_code == 200


async def test_nobody_is_nobody(room: Room) -> None:
    """A key that nothing is held of has no page and gets no hold."""
    browser, key = await browser_of(room, ADMIN), secrets.token_hex(16)
    assert (await browser.get(f"/console/privacy/{key}")).status_code == 404
    hold = await browser.post(f"/console/privacy/{key}/hold", data={"days": "90", "reason": "law"})
    assert hold.status_code == 404
    found = await browser.post("/console/privacy", data={"user": "nobody", "way": "proven"})
    assert (found.status_code, "Nobody is known" in found.text) == (404, True)


async def test_words_of_people_are_only_words_here_too(room: Room) -> None:
    """Labels, rules, reasons and addresses of letters come from outside as well."""
    bad = "<img src=x onerror=window.__xss=1>"
    await room.crisis("eve", label=bad, rule=bad, danger=Danger.NONE)
    await room.desk.people.pause(room.desk.people.user(room.user("eve"), None), Act("x", bad))
    told = queued("test", "operator", id=f"t{bad}", subject=bad, at=room.clock.now)
    await room.desk.store.append(told)
    await room.desk.outbox.step()
    ada = await room.member(bad[:64], ADMIN, LEAD, AUDITOR)
    browser = room.browser(ada)
    room.clock.now += 61
    ada = await room.member(bad[:64], ADMIN, LEAD, AUDITOR)
    for path in (*NEEDS, f"/console/people/{room.desk.key(room.user('eve'))}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<img src=x" not in page.text, path
