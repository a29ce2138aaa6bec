"""What is known of one case, gathered for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrail.actions import resources_for
from guardrail.cases import Appeal, Asked, Case, Let, Reopened, Resolution, Status, Verdict, Whom
from guardrail.console.bench import Bench
from guardrail.console.view import UNSHOWN, row, steps, why
from guardrail.errors import RequestError
from guardrail.letterbook import Post
from guardrail.person import Person
from guardrail.policy.model import Kind, Policy, Resource
from guardrail.protocol import rule_words
from guardrail.roles import Member, Right
from guardrail.staff.addresses import AddressBook
from guardrail.staff.carrier import CONTACTS
from guardrail.staff.caselog import visible
from guardrail.store.base import Event, Query
from guardrail.turn import Danger, Profile
from guardrail.vault import Speaker, Text

__all__ = ["case_facts", "profile_of", "reads", "words_of"]

REASONS = 8
"""Decisions that are shown; a long crisis has hundreds."""

BEAT = 30.0
"""The longest that an open page says nothing for the claim, in seconds; with a short lease less."""

KINDS = {Kind.CRISIS, Kind.YOUTH, Kind.EMERGENCY}

CHOICES = {
    "resolution": tuple(Resolution),
    "reopened": tuple(Reopened),
    "appeal": tuple(Appeal),
    "let": tuple(Let),
    "whom": tuple(Whom),
    "asked": tuple(Asked),
}


def profile_of(case: Case) -> Profile:
    """The person as far as the case knows them, for words and help lines."""
    return Profile(case.user, case.age_band, case.region, case.language)


def reads(member: Member, case: Case) -> bool:
    """Whether a member reads the words of a case."""
    return visible(member, case, Right.TEXT)


async def words_of(bench: Bench, case: Case) -> list[Text]:
    """What was said around the case, oldest first; the words of a take-over stand elsewhere."""
    told = {Speaker.USER, Speaker.BOT}
    found = [text for one in case.ids for text in await bench.vault.open(one)]
    kept = [t for t in found if t.speaker in told and not t.id.startswith("said.")]
    return sorted(kept, key=lambda text: text.at)


async def case_facts(
    bench: Bench, case: Case, member: Member, *, names: Mapping[str, str], language: str
) -> dict[str, Any]:
    """Everything but the words and the chat."""
    now = bench.clock()
    policy, person = bench.policy(case.region), await _person(bench, case)
    earlier = await bench.casework.earlier(member, case.id)
    others = bench.presence.others(case.id, member.id, now)
    return {
        "case": row(case, names, member.id),
        "raw": case,
        "names": names,
        "member": member,
        "works": visible(member, case, Right.WORK),
        "mine": case.claimed_by == member.id,
        "open": case.status is not Status.RESOLVED,
        "joined": case.joined == member.id,
        "why": await _why(bench, case, policy, language),
        "barred": await bench.casework.barred(case),
        "registered": await _registered(bench, case),
        "undelivered": await _undelivered(bench, case),
        "steps": steps(await _history(bench, case), names),
        "earlier": [row(one, names, member.id) for one in earlier],
        "notes": await bench.casework.notes(member, case.id) if reads(member, case) else (),
        "colleagues": await _colleagues(bench, case, member, names),
        "resources": [
            _resource(one, language) for one in resources_for(policy, profile_of(case), KINDS)
        ],
        "crisis": _crisis(person, now),
        "person": person,
        "beat": max(1, round(min(BEAT, bench.casework.terms.lease / 3))),
        "others": [names.get(one, one) for one in others],
        "choices": CHOICES,
    }


async def _person(bench: Bench, case: Case) -> Person | None:
    if case.user is None:
        return None
    try:
        return await bench.office.people.get(bench.office.people.keyed(case.user))
    except RequestError:
        return None


def _crisis(person: Person | None, now: float) -> Mapping[str, Any] | None:
    if person is None or person.crisis.at(now) is Danger.NONE:
        return None
    crisis = person.crisis
    return {"danger": crisis.at(now), "until": crisis.until, "signs": crisis.signs}


async def _colleagues(
    bench: Bench, case: Case, member: Member, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Those to whom it can be handed over: they may work on it, and it is not they who have it."""
    return [
        (one.id, names.get(one.id, one.id))
        for one in await bench.team()
        if one.id not in (member.id, case.claimed_by) and visible(one, case, Right.WORK)
    ]


async def _why(bench: Bench, case: Case, policy: Policy, language: str) -> list[dict[str, Any]]:
    """The latest decisions, from the records of their turns."""
    latest = case.decisions[-REASONS:]
    records: list[Event] = []
    for turn in dict.fromkeys(one.partition("-")[0] for one in latest):
        records += await bench.store.read(Query(kind="record", subject=turn, limit=1))

    def words(rule: str) -> Mapping[str, Any]:
        return rule_words(policy, rule, language) or {}

    return list(reversed(why(records, latest, words)))


async def _registered(bench: Bench, case: Case) -> frozenset[str]:
    """Which kinds of contact we have an address of; an app that tells them itself may know others."""
    if case.user is None:
        return frozenset()
    found = await AddressBook(bench.vault).all(case.user)
    return frozenset(address.whom for address in found.values())


async def _undelivered(bench: Bench, case: Case) -> frozenset[str]:
    """Contacts whose letter was given up: somebody has to tell them in another way."""
    if bench.outbox is None or all(one.verdict is not Verdict.APPROVED for one in case.contacts):
        return frozenset()
    letters = [
        letter
        for one in case.ids
        for letter in await bench.outbox.letters(subject=one, everything=True)
    ]
    return frozenset(
        str(letter.fields.get("of", ""))
        for letter in letters
        if letter.state is Post.DEAD and letter.template in CONTACTS
    )


async def _history(bench: Bench, case: Case) -> list[Event]:
    """The events of a case but those that its history leaves out."""
    found: list[Event] = []
    for one in case.ids:
        seq = 0
        while page := await bench.store.read(
            Query(kind="case.", subject=one, after_seq=seq, limit=1_000, ascending=True)
        ):
            found += [event for event in page if event.kind not in UNSHOWN]
            seq = page[-1].seq
    return sorted(found, key=lambda event: event.seq)


def _resource(entry: Resource, language: str) -> dict[str, str]:
    def said(words: Mapping[str, str]) -> str:
        return words.get(language) or next(iter(words.values()), "")

    return {"name": said(entry.name), "contact": said(entry.contact), "hours": entry.hours}
