"""Telling somebody outside: proposed by one member, approved by another.

The letter that tells them is appended in the same transaction as the approval. A proposal is decided
once: an approval and a refusal choose the same ids, for their event and for the letter (a refusal
puts a blank where the letter would be). So whichever comes first is all there is.

Where home is where the danger comes from no guardian is told (CA B&P 21812(d)(1): unless there is a
serious risk of harm to the child).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from guardrail.cases import Asked, Case, Clocks, Contact, Status, Verdict, Whom
from guardrail.errors import RequestError
from guardrail.letters import Audience, cancelled, queued
from guardrail.roles import Member, Right, may
from guardrail.staff.caselog import refused
from guardrail.staff.casenotes import CaseNotes
from guardrail.store.base import Event, Store
from guardrail.vault import Vault

__all__ = ["Bar", "CaseContacts", "no_bar"]

BLANK = "letter.never"
"""The kind of what stands where the letter of a refused proposal would be."""

_BARRED = {
    "home_danger": "home is where the danger comes from: no guardian is told",
    "alerts_off": "the settings say that guardians are told nothing (guardians.alerts)",
}

Bar = Callable[[str], Awaitable[str]]
"""Why no guardian of a person may be told anything, as a code of `_BARRED`; empty if they may be."""


async def no_bar(_user: str) -> str:
    """Nothing is known against it."""
    return ""


class CaseContacts(CaseNotes):
    """Proposals to tell a guardian or an emergency contact, and what becomes of them.

    That a letter arrived is said by whoever delivers it (`case.contact_sent`). `bars` says what
    others know against telling a guardian (`GuardAlerts.why_not`); the outbox asks it again.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        clock: Callable[[], float],
        terms: Clocks,
        keeps: Callable[[Case], float],
        bars: Bar = no_bar,
    ) -> None:
        super().__init__(store, vault, clock=clock, terms=terms, keeps=keeps)
        self._bars = bars

    async def barred(self, case: Case) -> str:
        """Why no guardian may be told of this case, as a code; empty if one may be.

        `home_danger`: a member or the app says that home is where the danger comes from.
        `alerts_off`: the settings say that guardians are told nothing.
        """
        if case.home_danger:
            return "home_danger"
        return await self._bars(case.user) if case.user is not None else ""

    async def propose_contact(
        self, member: Member, case: str, whom: Whom, reason: Asked
    ) -> tuple[Case, str]:
        """Propose to tell somebody outside; the case and the id of the proposal.

        Proposing the same person again while it waits gives the proposal that is there.

        Raises:
            RequestError: the case is resolved, nobody knows who the person is, or a guardian may
                not be told (409).
        """
        found = await self._find(member, case, Right.WORK)
        if found.status is Status.RESOLVED:
            raise refused("this case is resolved", "case_resolved")
        if found.user is None:
            raise refused("nobody knows who this person is", "no_person")
        await self._open_to(found, whom)
        there = next((one.id for one in found.proposed if one.whom is whom), None)
        if there is not None:
            return found, there
        body = {"by": member.id, "whom": whom, "reason": reason}
        event = self._event(found, "contact_proposed", body)
        await self._add(event)
        return await self._again(found.id), event.id

    async def approve_contact(self, member: Member, case: str, proposal: str) -> Case:
        """Agree as the second member; the letter is queued in the same moment.

        Raises:
            RequestError: it is one's own proposal, it is decided, or a guardian may not be told
                (409); there is none (404).
        """
        found = await self._find(member, case, Right.APPROVE)
        one = _proposal(found, proposal)
        _undecided(one)
        if one.by == member.id:
            raise refused("a second member has to agree", "same_member")
        await self._open_to(found, one.whom)
        event = self._decision(found, one, "contact_approved", member)
        await self._add(event, *_letters(found, one, event.at))
        return await self._decided(found, one, member, Verdict.APPROVED)

    async def refuse_contact(self, member: Member, case: str, proposal: str) -> Case:
        """Decide against a proposal. Whoever made it may take it back.

        Raises:
            RequestError: it is decided (409); there is none (404); one may neither approve nor has
                proposed it (403).
        """
        found = await self._find(member, case, Right.WORK)
        one = _proposal(found, proposal)
        _undecided(one)
        if one.by != member.id and not may(member, Right.APPROVE):
            raise refused("this needs another role", "forbidden", 403)
        await self._add(*self._refusal(found, one, member))
        return await self._decided(found, one, member, Verdict.REFUSED)

    async def home_danger(self, member: Member, case: str, *, danger: bool = True) -> Case:
        """Say that home is where the danger comes from, for all cases of this person; or no longer.

        Guardians that were proposed are refused, letters to them that wait are stopped. What has
        been sent cannot be called back: the case says "sent".

        Raises:
            RequestError: taking it back needs the right to approve (403).
        """
        found = await self._find(member, case, Right.WORK)
        if not danger and not may(member, Right.APPROVE):
            raise refused("this needs another role", "forbidden", 403)
        event = self._event(found, "home_danger", {"by": member.id, "danger": danger})
        await self._add(event)
        found = await self._again(found.id)
        if danger:
            await self._withdraw(found, member)
        return await self._again(found.id)

    async def home_unsafe(self, user: str) -> bool:
        """Whether a member has said so of this person: then no guardian is told anything."""
        await self.catch_up()
        return self._book.home_danger(user)

    # -- inside ------------------------------------------------------------------------------

    async def _open_to(self, case: Case, whom: Whom) -> None:
        """Raise what speaks against telling them of this case."""
        why = await self.barred(case) if whom is Whom.GUARDIAN else ""
        if why:
            raise refused(_BARRED[why], why)

    async def _withdraw(self, case: Case, member: Member) -> None:
        """Refuse what is proposed to a guardian, then stop what was approved, also meanwhile."""
        for one in self._to_guardians(case, Verdict.PROPOSED):
            await self._add(*self._refusal(*one, member))
        await self.catch_up()
        for found, contact in self._to_guardians(case, Verdict.APPROVED):
            now, body = self._clock(), {"by": member.id, "of": contact.id}
            stopped = [
                cancelled(_bare(letter), by=member.id, why="home_danger", at=now)
                for letter in _letters(found, contact, now)
            ]
            event = self._event(found, "contact_withdrawn", body)
            await self._add(replace(event, id=f"{event.kind}.{contact.id}"), *stopped)

    def _to_guardians(self, case: Case, verdict: Verdict) -> list[tuple[Case, Contact]]:
        """Contacts of the person's guardians, in all their cases."""
        now = self._clock()
        cases = self._book.of(case.user, now) if case.user else ()
        return [
            (found, one)
            for found in cases
            for one in found.contacts
            if one.whom is Whom.GUARDIAN and one.verdict is verdict
        ]

    def _refusal(self, case: Case, one: Contact, member: Member) -> tuple[Event, ...]:
        """The refusal, and blanks in the place of the letters."""
        event = self._decision(case, one, "contact_refused", member)
        blanks = (replace(made, kind=BLANK) for made in _letters(case, one, event.at))
        return (event, *blanks)

    def _decision(self, case: Case, one: Contact, kind: str, member: Member) -> Event:
        event = self._event(case, kind, {"by": member.id, "of": one.id})
        return replace(event, id=f"case.contact_decided.{one.id}")

    async def _decided(self, case: Case, one: Contact, member: Member, verdict: Verdict) -> Case:
        """The case after a decision, if it was this member's."""
        found = await self._again(case.id)
        came = _proposal(found, one.id)
        if came.verdict is not verdict or came.decided_by != member.id:
            raise _too_late(came)
        return found


def _letters(case: Case, one: Contact, at: float) -> tuple[Event, ...]:
    """Who is told: a guardian only after the child (CA B&P 21812(d)(1))."""
    told = [("contact_emergency", Audience.EMERGENCY, _letter_id(one))]
    if one.whom is Whom.GUARDIAN:
        told = [
            ("child_told", Audience.CHILD, f"{_letter_id(one)}.child"),
            ("contact_guardian", Audience.GUARDIAN, _letter_id(one)),
        ]
    return tuple(
        queued(
            template,
            audience,
            id=name,
            subject=case.id,
            at=at,
            user=case.user,
            severity=case.severity,
            fields={"of": one.id},
        )
        for template, audience, name in told
    )


def _letter_id(one: Contact) -> str:
    return f"contact.{one.id}"


def _bare(letter: Event) -> str:
    return letter.id.removeprefix("letter.")


def _proposal(case: Case, proposal: str) -> Contact:
    found = next((one for one in case.contacts if one.id == proposal), None)
    if found is None:
        raise refused("there is no such proposal", "unknown_contact", 404)
    return found


def _undecided(one: Contact) -> None:
    if one.verdict is not Verdict.PROPOSED:
        raise _too_late(one)


def _too_late(one: Contact) -> RequestError:
    return refused(f"this proposal was {one.verdict} before", "contact_decided")
