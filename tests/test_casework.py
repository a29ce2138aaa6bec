"""The work on cases: claims, hand-overs, notes, two signatures, ends, clocks. On real files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guardrail._tables import CasesTable, VaultTable
from guardrail.cases import (
    Appeal,
    Asked,
    Clocks,
    Let,
    Reopened,
    Resolution,
    Status,
    Verdict,
    Wanted,
    Whom,
)
from guardrail.errors import RequestError
from guardrail.letterbook import LetterBook
from guardrail.roles import StaffRole
from guardrail.rota import Rota
from guardrail.staff.casework import Casework, clocks
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import SqliteVault, open_vault
from guardrail.turn import AgeBand, Danger, Severity
from tests.cases import ADMIN, ANN, AUDITOR, BEN, LEA, MO, crisis, somebody
from tests.conftest import Clock

CANARY = "she said the bridge"
DAY = 86_400.0


@dataclass
class Team:
    """Two who look at one log: two processes, as far as the log is concerned."""

    store: SqliteStore
    vault: SqliteVault
    clock: Clock
    kept: float = 30 * DAY

    def __post_init__(self) -> None:
        self.here, self.there = self.open(), self.open()

    def open(self) -> Casework:
        """One more process."""
        return Casework(self.store, self.vault, clock=self.clock, keeps=lambda _: self.kept)

    async def crisis(self, number: int = 0, **fields) -> str:
        """Somebody is in crisis; the id of their case."""
        events = crisis(number, self.clock.now, **fields)
        await self.store.append(*events)
        return events[0].subject

    async def events(self, kind: str) -> list[Event]:
        """What the log holds of a kind, oldest first."""
        return list(await self.store.read(Query(kind=kind, ascending=True)))

    async def letters(self) -> list[tuple[str, str]]:
        """Letters that were queued, and how they stand: template and state."""
        book = LetterBook()
        book.add(await self.events("letter."))
        return [(one.template, one.state.value) for one in reversed(book.all())]


@pytest.fixture
async def team(tmp_path: Path, clock: Clock) -> AsyncIterator[Team]:
    """A log and a vault on the disk."""
    store = SqliteStore(tmp_path / "guardrail.db")
    vault = open_vault(tmp_path, VaultTable(), clock)
    yield Team(store, vault, clock)
    await vault.close()
    await store.close()


async def refused(act: Awaitable[object]) -> tuple[int, str]:
    """The status and the code with which an act is refused."""
    with pytest.raises(RequestError) as found:
        await act
    return found.value.status, found.value.code


# -- who has it ------------------------------------------------------------------------------------


async def test_one_claims_and_the_other_hears_so(team: Team):
    """The second process looks again and sees whose it is."""
    case = await team.crisis()
    mine = await team.here.claim(ANN, case)
    assert (mine.status, mine.claimed_by) == (Status.CLAIMED, "ann")
    assert await refused(team.there.claim(BEN, case)) == (409, "claimed")
    assert (await team.here.claim(ANN, case)).generation == 1  # asking again writes nothing
    assert (await team.there.get(BEN, case)).claimed_by == "ann"


async def test_a_dead_tab_keeps_nobody_waiting(team: Team):
    """When the lease is over a colleague claims it, and whoever had it is told."""
    case = await team.crisis()
    await team.here.claim(ANN, case)
    team.clock.now += 180
    assert (await team.there.get(BEN, case)).status is Status.OPEN
    assert (await team.there.claim(BEN, case)).claimed_by == "ben"
    assert await refused(team.here.keep(ANN, case)) == (409, "claim_lost")


async def test_signs_of_life(team: Team):
    """They are written down as rarely as they can be."""
    case = await team.crisis()
    await team.here.claim(ANN, case)
    for _ in range(20):
        team.clock.now += 30
        held = await team.here.keep(ANN, case)
    assert held.until > team.clock.now
    assert len(await team.events("case.kept")) == 10
    assert await refused(team.here.keep(BEN, case)) == (409, "claim_lost")


async def test_a_sign_of_life_that_comes_too_late(team: Team):
    """It does not bring the claim back; claiming does."""
    case = await team.crisis()
    await team.here.claim(ANN, case)
    team.clock.now += 200
    assert await refused(team.here.keep(ANN, case)) == (409, "claim_lost")
    assert (await team.here.claim(ANN, case)).claimed_by == "ann"


async def test_letting_go(team: Team):
    """Whoever has it may, with a reason that counts against nobody; not out of the chat."""
    case = await team.crisis()
    assert await refused(team.here.release(ANN, case)) == (409, "not_claimed")
    await team.here.claim(ANN, case)
    assert await refused(team.here.release(BEN, case)) == (409, "claimed")
    await team.store.append(event(case, "joined", team, by="ann", display="Ann"))
    assert await refused(team.here.release(ANN, case)) == (409, "leave_first")
    await team.store.append(event(case, "left", team, by="ann"))
    assert (await team.here.release(ANN, case, Let.NOT_THIS_ONE)).status is Status.OPEN
    (let,) = await team.events("case.released")
    assert let.body == {"by": "ann", "why": "not_this_one", "n": 2}


async def test_hand_overs(team: Team):
    """To a colleague who may work on it; those who lead take and assign."""
    case = await team.crisis()
    assert await refused(team.here.transfer(ANN, case, BEN)) == (409, "not_claimed")
    await team.here.claim(ANN, case)
    assert await refused(team.here.transfer(ANN, case, AUDITOR)) == (409, "cannot_hold")
    assert (await team.here.transfer(ANN, case, BEN)).claimed_by == "ben"
    assert await refused(team.here.transfer(ANN, case, ANN)) == (409, "claimed")
    assert await refused(team.here.take(ANN, case)) == (403, "forbidden")
    assert (await team.there.take(LEA, case)).claimed_by == "lea"
    assert (await team.there.take(LEA, case)).generation == 3
    assert (await team.there.transfer(LEA, case, MO)).claimed_by == "mo"
    other = await team.crisis(1, profile={"user": "v"})
    assert (await team.there.transfer(LEA, other, ANN)).claimed_by == "ann"


# -- who sees what ---------------------------------------------------------------------------------


async def test_what_somebody_may_not_see_does_not_exist(team: Team):
    """Cases of minors and of other tenants; staff without a role for cases."""
    child = await team.crisis(profile={"user": "kid", "age_band": AgeBand.MINOR})
    theirs = await team.crisis(1, profile={"user": "v"}, tenant="app2")
    tenant = somebody("tess", StaffRole.MODERATOR, tenant="app2")
    assert await refused(team.here.get(MO, child)) == (404, "unknown_case")
    assert await refused(team.here.claim(MO, child)) == (404, "unknown_case")
    assert await refused(team.here.get(ANN, "no such case")) == (404, "unknown_case")
    assert await refused(team.here.get(ADMIN, child)) == (403, "forbidden")
    assert await refused(team.here.queue(ADMIN)) == (403, "forbidden")
    seen = {who: (await team.here.queue(who)).cases for who in (MO, ANN, tenant)}
    assert [case.id for case in seen[MO]] == [theirs]
    assert {case.id for case in seen[ANN]} == {child, theirs}
    assert [case.id for case in seen[tenant]] == [theirs]
    assert await refused(team.here.get(tenant, child)) == (404, "unknown_case")
    assert await refused(team.here.claim(AUDITOR, theirs)) == (403, "forbidden")


async def test_nobody_is_left_alone_for_a_question_of_roles(team: Team):
    """Who turns out to be a minor in the middle of the talk stays with whoever has the case."""
    case = await team.crisis()
    await team.here.claim(MO, case)
    await team.crisis(1, profile={"age_band": AgeBand.MINOR})
    assert (await team.here.get(MO, case)).age_band is AgeBand.MINOR
    await team.here.note(MO, case, "a child")
    await team.here.transfer(MO, case, ANN)
    assert await refused(team.here.get(MO, case)) == (404, "unknown_case")


async def test_the_queue(team: Team):
    """Filters, counts, pages; resolved ones only if they are asked for."""
    first = await team.crisis()
    grave = await team.crisis(1, profile={"user": "v"}, severity=Severity.IMMINENT)
    done = await team.crisis(2, profile={"user": "w"})
    await team.here.claim(ANN, done)
    await team.here.resolve(ANN, done, Resolution.HELPED)
    await team.here.claim(ANN, first)
    page = await team.there.queue(ANN)
    assert [case.id for case in page.cases] == [grave, first]
    assert page.counts["mine"] == {"": 1}
    assert [c.id for c in (await team.there.queue(ANN, Wanted(mine=True))).cases] == [first]
    ended = await team.there.queue(ANN, Wanted(status=Status.RESOLVED))
    assert [case.id for case in ended.cases] == [done]
    tally = (await team.there.tallies())[Severity.URGENT]
    assert (tally.open, tally.claimed) == (1, 1)


async def test_what_was_before(team: Team):
    """A person's other cases, and all that happened in this one, under whichever id."""
    first = await team.crisis()
    violent = await team.crisis(1, label="violence", danger=Danger.NONE)
    team.clock.now += DAY
    again = await team.crisis(2)
    assert again != first
    assert [case.id for case in await team.here.earlier(ANN, first)] == [violent]
    assert await team.here.earlier(MO, violent) == (await team.here.get(MO, first),)
    found = await team.here.history(ANN, again)
    assert [e.kind for e in found] == ["case.opened", "case.signal"] * 2
    assert {e.subject for e in found} == {first, again}
    assert await team.there.ids(again) == (first, again)
    assert await team.there.ids("no such case") == ()
    nobody = await team.crisis(3, profile={"user": None}, conversation="d")
    assert await team.here.earlier(ANN, nobody) == ()


# -- what is written -------------------------------------------------------------------------------


async def test_notes(team: Team, tmp_path: Path):
    """Words lie in the vault, their ids in the log; both are there when `note` returns."""
    case = await team.crisis()
    assert (await team.here.note(ANN, case, CANARY, key="form1")).notes == 1
    assert (await team.there.note(ANN, case, "sent twice", key="form1")).notes == 1
    assert await refused(team.here.note(ANN, case, " ")) == (422, "note_length")
    assert await refused(team.here.note(ANN, case, "x" * 4001)) == (422, "note_length")
    assert await refused(team.here.note(AUDITOR, case, "x")) == (403, "forbidden")
    assert await refused(team.here.notes(AUDITOR, case)) == (403, "forbidden")
    (note,) = await team.there.notes(BEN, case)
    assert (note.by, note.kind, note.text, note.at) == ("ann", "note", CANARY, team.clock.now)
    log = b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    assert CANARY.encode() not in log


async def test_words_that_are_gone(team: Team):
    """The log still says that somebody wrote a note; what it said is nobody's any more."""
    case = await team.crisis()
    await team.here.note(ANN, case, CANARY)
    team.clock.now += 31 * DAY
    assert [one.text for one in await team.here.notes(ANN, case)] == [None]
    team.kept = 0.0
    assert await refused(team.here.note(ANN, case, "x")) == (409, "no_words_kept")


async def test_second_opinions(team: Team):
    """Asked for once, given by somebody else, about whoever has the case."""
    case = await team.crisis()
    await team.here.claim(ANN, case)
    for _ in range(2):
        assert (await team.here.ask_opinion(ANN, case)).wants_opinion
    assert len(await team.events("case.opinion_wanted")) == 1
    assert await refused(team.here.second_opinion(ANN, case, "well done")) == (409, "own_case")
    found = await team.there.second_opinion(BEN, case, "call her")
    assert (found.opinions, found.wants_opinion, found.notes) == (1, False, 0)
    (note,) = await team.here.notes(ANN, case)
    assert (note.kind, note.by, note.about, note.text) == (
        "second_opinion", "ben", "ann", "call her",
    )  # fmt: skip


# -- telling somebody outside ----------------------------------------------------------------------


async def test_two_members_agree_before_anybody_outside_is_told(team: Team):
    """The letter is queued with the approval; the child is told, too (CA B&P 21812(d)(1))."""
    case = await team.crisis()
    found, proposal = await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    again = await team.there.propose_contact(BEN, case, Whom.GUARDIAN, Asked.OTHER)
    assert again == (found, proposal)
    assert await refused(team.here.approve_contact(ANN, case, proposal)) == (409, "same_member")
    assert await refused(team.here.approve_contact(MO, case, proposal)) == (403, "forbidden")
    assert await refused(team.here.approve_contact(BEN, case, "?")) == (404, "unknown_contact")
    assert await team.letters() == []
    found = await team.there.approve_contact(BEN, case, proposal)
    (one,) = found.contacts
    assert (one.verdict, one.by, one.decided_by) == (Verdict.APPROVED, "ann", "ben")
    assert sorted(await team.letters()) == [
        ("child_told", "queued"),
        ("contact_guardian", "queued"),
    ]
    letter = (await team.events("letter.queued"))[-1]
    assert (letter.user, letter.subject, letter.body["fields"]) == ("u", case, {"of": proposal})
    for act in (team.here.approve_contact, team.here.refuse_contact):
        assert await refused(act(LEA, case, proposal)) == (409, "contact_decided")
    await team.store.append(event(case, "contact_sent", team, of=proposal))
    assert (await team.here.get(ANN, case)).contacts[0].verdict is Verdict.SENT


async def test_an_emergency_contact(team: Team):
    """Somebody else than a guardian: their own letter, and no other."""
    case = await team.crisis()
    _, proposal = await team.here.propose_contact(ANN, case, Whom.EMERGENCY, Asked.NO_ANSWER)
    await team.here.approve_contact(LEA, case, proposal)
    assert await team.letters() == [("contact_emergency", "queued")]


async def test_a_proposal_is_refused(team: Team):
    """By whoever made it, or by somebody who could approve; nobody is told, and it may come again."""
    case = await team.crisis()
    _, proposal = await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    assert await refused(team.here.refuse_contact(MO, case, proposal)) == (403, "forbidden")
    found = await team.here.refuse_contact(ANN, case, proposal)
    assert found.contacts[0].verdict is Verdict.REFUSED
    assert await refused(team.there.approve_contact(BEN, case, proposal)) == (
        409,
        "contact_decided",
    )
    assert await team.letters() == []
    _, second = await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    assert second != proposal


class Late(SqliteStore):
    """Another process acts between our looking and our writing."""

    before: Callable[[], Awaitable[object]] | None = None

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """Let the other one go first."""
        act, self.before = self.before, None
        if act is not None:
            await act()
        return await super().append(*events)


@dataclass
class TooLate(Team):
    """A team whose second process writes through `behind`."""

    behind: Late = field(init=False)


@pytest.fixture
async def late(tmp_path: Path, clock: Clock) -> AsyncIterator[TooLate]:
    """A team whose second process is always too late."""
    store, behind = SqliteStore(tmp_path / "guardrail.db"), Late(tmp_path / "guardrail.db")
    vault = open_vault(tmp_path, VaultTable(), clock)
    made = TooLate(store, vault, clock)
    made.behind, made.there = behind, Casework(behind, vault, clock=clock)
    yield made
    for one in (vault, store, behind):
        await one.close()


async def test_of_an_approval_and_a_refusal_the_first_counts_alone(late: TooLate):
    """Whoever is second leaves nothing behind: no letter for a refusal, no blank for an approval."""
    case = await late.crisis()
    _, one = await late.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    late.behind.before = lambda: late.here.refuse_contact(LEA, case, one)
    assert await refused(late.there.approve_contact(BEN, case, one)) == (409, "contact_decided")
    assert await late.letters() == []
    _, two = await late.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    late.behind.before = lambda: late.here.approve_contact(BEN, case, two)
    assert await refused(late.there.refuse_contact(LEA, case, two)) == (409, "contact_decided")
    assert len(await late.letters()) == 2


async def test_a_claim_that_comes_second(late: TooLate):
    """It finds the other's event under the id that it would have had, and looks again."""
    case = await late.crisis()
    late.behind.before = lambda: late.here.claim(ANN, case)
    assert await refused(late.there.claim(BEN, case)) == (409, "claimed")
    assert len(await late.events("case.claimed")) == 1


async def test_a_lead_takes_what_was_kept_in_the_same_moment(late: TooLate):
    """Both events count, one after the other; and the end of it is not lost."""
    case = await late.crisis()
    await late.here.claim(ANN, case)
    late.clock.now += 100
    late.behind.before = lambda: late.here.keep(ANN, case)
    assert (await late.there.take(LEA, case)).claimed_by == "lea"
    late.behind.before = lambda: late.here.take(somebody("lou", StaffRole.LEAD), case)
    ended = late.there.resolve(LEA, case, Resolution.HELPED)
    assert await refused(ended) == (409, "claimed")
    assert await late.events("case.resolved") == []


async def test_no_guardian_is_told_where_home_is_the_danger(team: Team):
    """Nothing new is proposed, what waits is refused, what was queued is stopped."""
    case = await team.crisis()
    other = await team.crisis(1, label="violence", danger=Danger.NONE)
    await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    _, queued = await team.here.propose_contact(ANN, other, Whom.GUARDIAN, Asked.DANGER)
    await team.here.approve_contact(BEN, other, queued)
    found = await team.there.home_danger(MO, case)
    assert (found.home_danger, found.contacts[0].verdict) == (True, Verdict.REFUSED)
    stopped = await team.here.get(ANN, other)
    assert (stopped.home_danger, stopped.contacts[0].verdict) == (True, Verdict.WITHDRAWN)
    assert {state for _, state in await team.letters()} == {"cancelled"}
    propose = team.here.propose_contact
    assert await refused(propose(ANN, case, Whom.GUARDIAN, Asked.DANGER)) == (409, "home_danger")
    await propose(ANN, case, Whom.EMERGENCY, Asked.DANGER)
    assert await team.here.home_unsafe("u")
    assert await refused(team.here.home_danger(MO, case, danger=False)) == (403, "forbidden")
    assert not (await team.here.home_danger(LEA, case, danger=False)).home_danger
    await propose(ANN, case, Whom.GUARDIAN, Asked.DANGER)


async def test_a_proposal_from_before_the_danger_was_known(team: Team):
    """One that slipped in beside the warning cannot be approved."""
    case = await team.crisis()
    _, proposal = await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    await team.store.append(event(case, "home_danger", team, by="mo", danger=True))
    approve = team.there.approve_contact(BEN, case, proposal)
    assert await refused(approve) == (409, "home_danger")


@pytest.mark.parametrize("why", ["home_danger", "alerts_off"])
async def test_what_others_know_against_telling_a_guardian(team: Team, why: str):
    """The app says that home is the danger, or the settings that guardians are told nothing."""

    async def bars(user: str) -> str:
        return why if user == "u" else ""

    work = Casework(team.store, team.vault, clock=team.clock, bars=bars)
    case = await team.crisis()
    _, early = await team.here.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    assert await work.barred(await work.get(ANN, case)) == why
    assert await refused(work.approve_contact(BEN, case, early)) == (409, why)
    await work.refuse_contact(BEN, case, early)
    again = work.propose_contact(ANN, case, Whom.GUARDIAN, Asked.DANGER)
    assert await refused(again) == (409, why)
    _, other = await work.propose_contact(ANN, case, Whom.EMERGENCY, Asked.DANGER)
    await work.approve_contact(BEN, case, other)
    assert await team.letters() == [("contact_emergency", "queued")]


async def test_nobody_is_told_of_somebody_unknown(team: Team):
    """Without a person there is no contact of theirs; and none for a case that is over."""
    nobody = await team.crisis(profile={"user": None})
    propose = team.here.propose_contact
    assert await refused(propose(ANN, nobody, Whom.GUARDIAN, Asked.DANGER)) == (409, "no_person")
    done = await team.crisis(1)
    await team.here.claim(ANN, done)
    await team.here.resolve(ANN, done, Resolution.OTHER)
    assert await refused(propose(ANN, done, Whom.GUARDIAN, Asked.DANGER)) == (409, "case_resolved")


# -- how it ends -----------------------------------------------------------------------------------


async def test_an_end_has_a_reason_and_a_claim(team: Team):
    """Whoever has it closes it; the note goes with it."""
    case = await team.crisis()
    assert await refused(team.here.resolve(ANN, case, Resolution.HELPED)) == (409, "not_claimed")
    await team.here.claim(ANN, case)
    assert await refused(team.here.resolve(BEN, case, Resolution.HELPED)) == (409, "claimed")
    done = await team.here.resolve(ANN, case, Resolution.REFERRED, CANARY)
    assert (done.status, done.resolution, done.notes) == (Status.RESOLVED, "referred", 1)
    assert [(n.kind, n.text) for n in await team.there.notes(BEN, case)] == [("resolved", CANARY)]
    for act in (team.here.claim, team.here.take):
        assert await refused(act(LEA, case)) == (409, "case_resolved")
    assert await refused(team.here.resolve(ANN, case, Resolution.OTHER)) == (409, "case_resolved")


async def test_a_case_comes_back(team: Team):
    """By a human; of an appeal somebody else decides, or whoever leads."""
    case = await team.crisis()
    back = team.here.reopen(ANN, case, Reopened.MISTAKE)
    assert await refused(back) == (409, "not_resolved")
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.FALSE_ALARM)
    assert (await team.here.reopen(BEN, case, Reopened.NEW_FACTS)).status is Status.OPEN
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.FALSE_ALARM)
    assert (await team.here.appeal(BEN, case, Appeal.USER)).appealed
    await team.here.claim(ANN, case)  # nobody waits for a question of roles
    end = team.here.resolve(ANN, case, Resolution.FALSE_ALARM)
    assert await refused(end) == (409, "own_decision")
    await team.here.transfer(ANN, case, BEN)
    done = await team.here.resolve(BEN, case, Resolution.HELPED)
    assert (done.appealed, done.resolved_by, done.resolution) == (True, "ben", "helped")


async def test_a_new_sign_brings_a_resolved_case_back(team: Team):
    """Also while the case was just being closed: the log's order counts."""
    case = await team.crisis()
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.HELPED)
    assert await team.crisis(1) == case
    assert (await team.there.get(ANN, case)).status is Status.OPEN


# -- clocks ----------------------------------------------------------------------------------------


async def test_a_breach_rings_once(team: Team):
    """However many processes look; with its letter, in one transaction."""
    case = await team.crisis(severity=Severity.IMMINENT)
    assert await team.here.sweep() == 0
    team.clock.now += 61
    assert (await team.here.sweep(), await team.there.sweep()) == (1, 0)
    (rung,) = await team.events("case.breached")
    assert rung.body == {"deadline": rung.at - 1, "severity": "imminent", "round": 1}
    assert await team.letters() == [("case_breached", "queued")]
    assert (await team.here.get(ANN, case)).alarmed is Severity.IMMINENT


async def test_two_processes_ring_with_one_voice(late: TooLate):
    """Both see the breach in the same moment."""
    await late.crisis()
    late.clock.now += 901
    late.behind.before = late.here.sweep
    await late.there.sweep()
    assert len(await late.events("case.breached")) == 1
    assert await late.letters() == [("case_breached", "queued")]


async def test_a_breach_rings_again_when_it_gets_worse(team: Team):
    """Once for a graver severity, once more when its human vanished, once more after it came back."""
    case = await team.crisis()
    team.clock.now += 901
    await team.here.sweep()
    await team.crisis(1, severity=Severity.IMMINENT)
    assert await team.here.sweep() == 1
    await team.here.claim(ANN, case)
    assert await team.here.sweep() == 0
    team.clock.now += 180 + 30
    assert await team.here.sweep() == 0
    team.clock.now += 31
    assert (await team.here.sweep(), await team.here.sweep()) == (1, 0)
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.HELPED)
    await team.here.reopen(ANN, case, Reopened.OTHER)
    team.clock.now += 61
    assert await team.here.sweep() == 1
    assert len(await team.events("case.breached")) == 4


async def test_a_case_that_comes_back_is_told_once_for_each_time(team: Team):
    """By the sweep: the letter of its severity was sent when it was new. A graver sign tells itself."""
    case = await team.crisis()
    for number in (1, 2):
        await team.here.claim(ANN, case)
        await team.here.resolve(ANN, case, Resolution.HELPED)
        await team.crisis(number)
        assert (await team.here.sweep(), await team.there.sweep(), await team.here.sweep()) == (
            1,
            1,
            0,
        )
        assert await team.letters() == [("case_returned", "queued")] * number
    assert await team.open().sweep() == 1  # after a restart: the same letter, and nothing new
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.HELPED)
    await team.crisis(3, severity=Severity.IMMINENT)
    await team.here.sweep()
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.HELPED)
    await team.here.reopen(ANN, case, Reopened.OTHER)
    await team.here.sweep()
    assert len(await team.letters()) == 2


async def test_a_case_at_night_is_told_to_the_operator(team: Team):
    """Besides the letter to moderators; nobody's shift counts once somebody came."""
    night = Rota.read("Mon-Sun 00:00-11:00 UTC")
    casework = Casework(team.store, team.vault, clock=team.clock, rota=night)
    case = await team.crisis()
    assert (await casework.sweep(), await casework.sweep(), await team.here.sweep()) == (1, 0, 0)
    (letter,) = await team.events("letter.")
    assert letter.id == f"letter.case.{case}.offhours.1"
    assert (letter.body["template"], letter.body["audience"], letter.body["severity"]) == (
        "case_unclaimed_offhours",
        "operator",
        "urgent",
    )
    await casework.claim(ANN, case)
    team.clock.now += 2_000
    await casework.sweep()  # the claim is over and the clock rings, but somebody was there
    assert await team.letters() == [
        ("case_unclaimed_offhours", "queued"),
        ("case_breached", "queued"),
    ]
    day = Rota.read("Mon-Sun 11:00-24:00 UTC")
    assert await Casework(team.store, team.vault, clock=team.clock, rota=day).sweep() == 0


def test_clocks_come_from_the_settings():
    """Every field of the table counts."""
    table = CasesTable(imminent_seconds=1, urgent_seconds=2, notice_seconds=3, lease_seconds=4)
    assert clocks(table) == Clocks(1, 2, 3, 4)
    assert clocks(CasesTable()) == Clocks()


async def test_no_event_holds_words(team: Team):
    """After everything that members can write."""
    case = await team.crisis()
    await team.here.note(ANN, case, CANARY)
    await team.here.second_opinion(BEN, case, CANARY)
    await team.here.claim(ANN, case)
    await team.here.resolve(ANN, case, Resolution.HELPED, CANARY)
    written = await team.store.read(Query(limit=100))
    assert CANARY not in "".join(str(one) for one in written)


def event(case: str, kind: str, team: Team, **body: object) -> Event:
    """What the switchboard appends."""
    at = team.clock.now
    name = f"case.{kind}"
    return Event(f"{name}.{at}.{body}", at, name, case, "u", "c", body)
