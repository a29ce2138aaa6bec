"""The work on cases: queue, claims, hand-overs, notes, contacts, ends. `cases` on a store and a vault.

Every method takes the member who acts. It may raise `StoreError`, and `RequestError` for what they
may not see (404), may not do (403), or cannot be done as the case stands (409):

========================  ======================================================================
code                      what it means
========================  ======================================================================
unknown_case              there is no such case, or not for this member (404)
forbidden                 another role is needed (403)
claimed                   a colleague has it
not_claimed               it has to be claimed first
claim_lost                the claim ran out, or somebody took it
leave_first               one is in the chat with the person; leave it first
cannot_hold               the colleague may not work on this case
case_resolved             it is closed; open it again first
not_resolved              it is not closed
own_decision              whoever resolved it does not decide on the appeal
own_case                  a second opinion comes from somebody else
no_words_kept             the policy keeps no words of cases
note_length               a note has 1 to 4,000 characters (422)
unknown_contact           there is no such proposal (404)
contact_decided           somebody has decided on it
same_member               a second member has to agree
home_danger               no guardian is told: home is where the danger comes from
alerts_off                no guardian is told: the settings say so
no_person                 nobody knows who the person is, so nobody can be told
========================  ======================================================================
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from guardrail.cases import (
    Appeal,
    Case,
    Clocks,
    Let,
    Queue,
    Reopened,
    Resolution,
    Status,
    Tally,
    Wanted,
    listed,
    tallied,
)
from guardrail.letters import besides
from guardrail.roles import Member, Right, may
from guardrail.rota import Rota
from guardrail.staff.casecontacts import Bar, CaseContacts, no_bar
from guardrail.staff.caselog import clocks, refused, visible
from guardrail.staff.casenotes import Note
from guardrail.store.base import Store
from guardrail.turn import Severity
from guardrail.vault import Vault

__all__ = ["Casework", "Note", "clocks"]

Step = tuple[str, dict[str, Any]]
"""The kind of an event and its body."""

MONTH = 30 * 86_400.0

FRESH = 2 / 3
"""Of a lease that has more than this left, a sign of life writes nothing down."""


class Casework(CaseContacts):
    """All that members do with cases.

    Args:
        store: the log.
        vault: where notes lie.
        clock: epoch seconds.
        terms: SLA clocks and lease; `clocks(settings.cases)`.
        keeps: for how many seconds the words of a case are kept.
        rota: when somebody is meant to be there.
        bars: what others know against telling a guardian; see `CaseContacts`.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        clock: Callable[[], float] = time.time,
        terms: Clocks = Clocks(),  # noqa: B008 - frozen
        keeps: Callable[[Case], float] = lambda _: MONTH,
        rota: Rota = Rota(),  # noqa: B008 - frozen
        bars: Bar = no_bar,
    ) -> None:
        super().__init__(store, vault, clock=clock, terms=terms, keeps=keeps, bars=bars)
        self._rota = rota
        self._queued: set[str] = set()  # letters of cases that wait; the log knows them, too

    # -- looking -----------------------------------------------------------------------------

    async def queue(
        self,
        member: Member,
        wanted: Wanted = Wanted(),  # noqa: B008 - frozen
        *,
        limit: int = 50,
        offset: int = 0,
    ) -> Queue:
        """A page of the cases that a member may see, the gravest first, then by deadline.

        Raises:
            RequestError: they may see no case at all (403).
        """
        if not may(member, Right.QUEUE):
            raise refused("this needs another role", "forbidden", 403)
        await self.catch_up()
        now = self._clock()
        everything = wanted.status is Status.RESOLVED
        cases = self._book.all(now) if everything else self._book.waiting(now)
        seen = (case for case in cases if visible(member, case))
        return listed(seen, wanted, member.id, limit=limit, offset=offset)

    async def get(self, member: Member, case: str) -> Case:
        """One case, also by an id that was joined into it.

        Raises:
            RequestError: there is none for this member (404).
        """
        return await self._find(member, case, Right.QUEUE)

    async def earlier(self, member: Member, case: str) -> tuple[Case, ...]:
        """The person's other cases that the member may see, the latest first.

        Raises:
            RequestError: there is no such case for this member (404).
        """
        found = await self._find(member, case, Right.QUEUE)
        others = await self.of(member, found.user) if found.user is not None else ()
        return tuple(one for one in others if one.id != found.id)

    async def of(self, member: Member, user: str) -> tuple[Case, ...]:
        """The cases of a person (their key) that a member may see, the latest first."""
        await self.catch_up()
        cases = self._book.of(user, self._clock())
        return tuple(one for one in cases if visible(member, one))

    async def tallies(self) -> dict[Severity, Tally]:
        """For the gauges: open, claimed, overdue and the longest wait, by severity."""
        return tallied(await self.waiting(), self._clock())

    # -- who has it --------------------------------------------------------------------------

    async def claim(self, member: Member, case: str) -> Case:
        """Take a case that nobody has. Of all who ask at once, one gets it.

        Whoever has it already keeps it. The claim lasts `terms.lease` seconds; `keep` makes it last.

        Raises:
            RequestError: a colleague has it, or it is resolved (409).
        """

        def make(found: Case, now: float) -> Step | None:
            _not_resolved(found)
            if found.claimed_by == member.id:
                return self._longer(found, member, now)
            if found.claimed_by is not None:
                raise refused("a colleague has this case", "claimed")
            return "claimed", {"by": member.id, "until": now + self.terms.lease}

        return _theirs(await self._hold(member, case, Right.WORK, make), member)

    async def keep(self, member: Member, case: str) -> Case:
        """A sign of life; the console sends one every third of the lease.

        Raises:
            RequestError: the claim ran out or somebody took it (409).
        """

        def alive(found: Case) -> Case:
            if found.claimed_by != member.id:
                raise refused("your claim is over", "claim_lost")
            return found

        def make(found: Case, now: float) -> Step | None:
            return self._longer(alive(found), member, now)

        return alive(await self._hold(member, case, Right.WORK, make))

    async def release(self, member: Member, case: str, why: Let = Let.DONE_FOR_NOW) -> Case:
        """Let go of a case; its clock goes on.

        Raises:
            RequestError: one does not have it, or is in the chat with the person (409).
        """

        def make(found: Case, _: float) -> Step:
            _theirs(found, member)
            if found.joined == member.id:
                raise refused("leave the chat first", "leave_first")
            return "released", {"by": member.id, "why": why}

        return await self._hold(member, case, Right.WORK, make)

    async def transfer(self, member: Member, case: str, to: Member) -> Case:
        """Hand a case to a colleague. Who leads may assign one that they do not have.

        Raises:
            RequestError: one does not have it, the colleague may not work on it, or it is resolved
                (409).
        """

        def make(found: Case, now: float) -> Step | None:
            _not_resolved(found)
            if not may(member, Right.LEAD):
                _theirs(found, member)
            if not visible(to, found, Right.WORK):
                raise refused("this colleague may not work on this case", "cannot_hold")
            if found.claimed_by == to.id:
                return None
            until = now + self.terms.lease
            return "transferred", {"by": member.id, "to": to.id, "until": until}

        return await self._hold(member, case, Right.WORK, make)

    async def take(self, member: Member, case: str) -> Case:
        """Take a case from a colleague, or claim it: for those who lead.

        Raises:
            RequestError: one does not lead (403), or the case is resolved (409).
        """
        if not may(member, Right.LEAD):
            raise refused("this needs another role", "forbidden", 403)
        return _theirs(await self.transfer(member, case, member), member)

    # -- how it ends -------------------------------------------------------------------------

    async def resolve(self, member: Member, case: str, reason: Resolution, note: str = "") -> Case:
        """Close a case that one has. The note, if there is one, is sealed before.

        Raises:
            RequestError: one does not have it; it was appealed, and this is whose decision the
                appeal is about (409), unless they lead; the note is too long (422).
        """

        def ready(found: Case) -> None:
            _not_resolved(found)
            _theirs(found, member)
            if found.appealed and found.resolved_by == member.id and not may(member, Right.LEAD):
                raise refused("somebody else decides on an appeal", "own_decision")

        found = await self._find(member, case, Right.WORK)
        ready(found)
        body: dict[str, Any] = {"by": member.id, "reason": Resolution(reason)}
        if note.strip():
            body["text"] = await self._sealed(found, member.id, note)

        def make(found: Case, _: float) -> Step:
            ready(found)
            return "resolved", body

        return await self._hold(member, case, Right.WORK, make)

    async def reopen(self, member: Member, case: str, reason: Reopened) -> Case:
        """Open a resolved case again; its clock starts anew.

        Raises:
            RequestError: it is not resolved (409).
        """
        return await self._back(member, case, "reopened", Reopened(reason))

    async def appeal(self, member: Member, case: str, reason: Appeal) -> Case:
        """Write down that somebody says a resolution was wrong; another member looks again.

        Raises:
            RequestError: it is not resolved (409).
        """
        return await self._back(member, case, "appealed", Appeal(reason))

    # -- clocks ------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Ring for cases that nobody claimed in time, and queue letters that no event brings.

        Once for each; says how many there were now. Any number of processes may do this at once:
        they all write the same events.
        """
        waiting = await self.waiting()
        rung = [await self._ring(case) for case in waiting]
        letters = [one for case in waiting for one in besides(case, self._rota, self._clock())]
        new = [one for one in letters if one.id not in self._queued]
        if new:
            await self._store.append(*new)
        self._queued = {one.id for one in letters}
        if any(rung):
            await self.catch_up()
        return sum(rung) + len(new)

    # -- inside ------------------------------------------------------------------------------

    async def _ring(self, case: Case) -> bool:
        if not case.overdue or case.alarmed is case.severity:
            return False
        body = {"deadline": case.deadline, "severity": case.severity, "round": case.round}
        event = self._event(case, "breached", body)
        name = f"{event.kind}.{case.id}.{case.round}.{case.severity}"
        await self._add(replace(event, id=name))
        return True

    def _longer(self, found: Case, member: Member, now: float) -> Step | None:
        if found.until - now > self.terms.lease * FRESH:
            return None
        return "kept", {"by": member.id, "until": now + self.terms.lease}

    async def _back(self, member: Member, case: str, kind: str, reason: Reopened | Appeal) -> Case:
        def make(found: Case, _: float) -> Step:
            if found.status is not Status.RESOLVED:
                raise refused("this case is not resolved", "not_resolved")
            return kind, {"by": member.id, "reason": reason}

        return await self._hold(member, case, Right.WORK, make)


def _not_resolved(case: Case) -> None:
    if case.status is Status.RESOLVED:
        raise refused("this case is resolved", "case_resolved")


def _theirs(case: Case, member: Member) -> Case:
    """The case, if this member has it."""
    if case.claimed_by == member.id:
        return case
    if case.claimed_by is None:
        raise refused("nobody has this case: claim it first", "not_claimed")
    raise refused("a colleague has this case", "claimed")
