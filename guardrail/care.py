"""What a turn means for the person: age, crisis, goodbye, signs of dependence, notices owed.

`Care` belongs to one review, as mutable as it is. It turns what was judged into states that rules
ask for, and collects what has to be remembered: the review writes that down. No I/O here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from guardrail.about import about
from guardrail.attempting import attempt_in, attempted
from guardrail.demeaning import demeans
from guardrail.distress import in_distress
from guardrail.duties import Moment, due, in_crisis, states
from guardrail.eating import in_eating_trouble
from guardrail.goodbyes import asks_safety, ends, takes_leave
from guardrail.helplines import names_help, wrong_number
from guardrail.leaning import leanings
from guardrail.omissions import leaves_help_out
from guardrail.person import (
    Age,
    Person,
    aged,
    counted,
    doubted,
    noted,
    pointed,
    raised,
    shown,
    stated_years,
    treated,
)
from guardrail.policy.decide import repeated
from guardrail.policy.model import Name, Notice, Policy, Repair
from guardrail.preparing import plan_in
from guardrail.session import Session
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Danger,
    Decision,
    Detector,
    Evidence,
    Grade,
    Label,
    Level,
    Profile,
    Side,
    State,
)
from guardrail.unsafe import urges_unsafe

__all__ = ["Care", "Standing"]

_GRAVITY = {danger: rank for rank, danger in enumerate(Danger)}
_DOUBT = frozenset({State.AGE_DOUBT})
_OF_THE_REQUEST = frozenset(
    {State.INTIMATE, State.TITLED, State.EXIT, State.LEAVING, State.STOPPED}
)
"""What holds whoever it is that speaks: it stays when their age turns out to be another."""
_HOUR = 3600.0
_MINUTE = 60.0

_SUBJECTS = (Detector.ABOUT_OTHER, Detector.BEREAVED, Detector.FICTION)
"""Each has a state of its own name."""
_ANSWERED = frozenset({Detector.ABOUT_OTHER, Detector.BEREAVED})
"""Those whose words name help; a story goes on as it is."""

_RAISED = 0.1
"""Score of self-harm below which the model sees nothing of the kind; hints of the lexicon are above."""

Step = Callable[[Person], Person]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood when the turn began."""

    session: Session
    person: Person
    at: Moment
    limits: tuple[str, ...]
    states: frozenset[State]
    failures: tuple[str, ...]
    shadows: tuple[Policy, ...]  # policies on trial: asked too, never heard
    settled: bool  # whether the session is already stored under its lasting key


class Care:
    """One person in one turn. `profile` and `states` are as they stand by now."""

    def __init__(self, policy: Policy, profile: Profile, standing: Standing) -> None:
        self.profile, self.states = profile, standing.states
        self.person = standing.person  # as it will be remembered
        self._policy, self._at = policy, standing.at
        self._given = standing.states
        self._steps: list[Step] = []
        self._helped = False
        self._whose: frozenset[State] = (
            frozenset()
        )  # whose danger the words are about, if another's

    # -- what the person said ----------------------------------------------------------------

    def whose(self, assessment: Assessment, texts: Iterable[str]) -> tuple[str, ...]:
        """Take in whether the words are about somebody else, a loss or a story.

        What they say besides is given back, for `own`: it may be the person's own. In an open crisis
        all of it is. Each line has to say the same: one that says less may be the person's own.
        """
        if self._in_crisis or assessment.score(Label.SELF_HARM) < _RAISED:
            return ()
        found = [about(text) for text in texts]
        told = {one.state for one in found if one is not None}
        if len(told) != 1 or None in found:
            return ()
        self._whose = frozenset(told | {State.HELPED}) if self._pointed else frozenset(told)
        return tuple(one.rest for one in found if one is not None and one.rest)

    def own(self, assessment: Assessment | None) -> bool:
        """Whether what was said besides may be the person's own: `None` if nobody could judge it.

        Half of what is a hint elsewhere is one here: in doubt, the ladder.
        """
        bar = self._policy.thresholds.get((Label.SELF_HARM, Side.USER, self.profile.age_band))
        nothing = (
            assessment is not None
            and assessment.failed is None
            and bar is not None
            and assessment.score(Label.SELF_HARM) < bar.soft / 2
        )
        if not nothing:
            self._whose = frozenset()
        return not nothing

    def graded(self, assessment: Assessment, texts: Iterable[str]) -> Assessment:
        """With what words show behind a thought of an earlier turn: "they lie here", "took them all"."""
        if not self._in_crisis:
            return assessment
        said = tuple(texts)
        plans = tuple(signal for text in said for signal in plan_in(text, thought=True))
        done = tuple(signal for text in said for signal in attempt_in(text, thought=True))
        return replace(assessment, signals=(*assessment.signals, *plans[:1], *done[:1]))

    def heard(self, assessment: Assessment, texts: Iterable[str]) -> None:
        """Take in what was judged of the person's words, before it is decided on.

        `texts` are all that was judged, oldest first; age and exit are read off the last one.
        """
        texts = tuple(texts)[-1:]
        self._heed_age(assessment, texts)
        self.states |= self._whose or self._subject(assessment)
        if attempted(assessment.signals):
            self.states |= {State.ATTEMPT}
        if self._reaches(assessment, Detector.LEAVING, Side.USER) or any(map(takes_leave, texts)):
            self.states |= {State.LEAVING}
        if self._reaches(assessment, Detector.ASKS_HUMAN, Side.USER):
            self.states |= {State.ASKED_HUMAN}
        if any(map(in_distress, texts)):
            self.states |= {State.DISTRESS}
        if any(map(in_eating_trouble, texts)):
            self.states |= {State.EATING, State.HELPED} if self._pointed else {State.EATING}
        if any(self._ends(text) for text in texts):
            self.states |= {State.LEAVING, State.EXIT}
        terms = self._policy.dependence
        followed = terms is not None and self.profile.age_band in terms.ages
        if followed and self._reaches(assessment, Label.DEPENDENCE, Side.USER):
            day, kinds = self._at.day, frozenset[str]().union(*map(leanings, texts))
            self._remember(lambda person: counted(person, day, kinds))

    def decided(self, decision: Decision) -> Decision:
        """Take in a decision; the one returned says what is said the second or third time."""
        if not decision.enforced:
            return decision
        now = self._at.now
        before = self.person.crisis
        if decision.danger is not Danger.NONE:
            hold = self._policy.crisis.hold_hours * _HOUR
            danger = decision.danger
            self._remember(lambda person: raised(person, danger, now, hold))
            self.states |= in_crisis(self.person.crisis.at(now))
            known = _GRAVITY[before.at(now)] >= _GRAVITY[decision.danger]  # not graver than before
            if known:
                decision = repeated(decision, before.signs)
        lacking = State.OMISSION in decision.states and decision.keep_reply
        if lacking and self._policy.crisis.repair is Repair.REPLACE:
            decision = replace(decision, keep_reply=False)
        if State.AGE_DOUBT in decision.states and Action.ESCALATE in decision.actions:
            self._remember(noted)
        if decision.resources and (decision.intervenes or decision.adds_words):
            self._helped = True
            self._remember(lambda person: pointed(person, now))
        return decision

    # -- what the bot answers ----------------------------------------------------------------

    def in_reply(self, text: str) -> frozenset[State]:
        """The states for a piece of the bot's answer, or for all of it so far."""
        found = set(self.states)
        if asks_safety(text):  # "wait, are you safe?" is no guilt
            found.discard(State.LEAVING)
        if demeans(text):
            found.add(State.DEMEANING)
        if self.profile.age_band is AgeBand.MINOR and urges_unsafe(text):
            found.add(State.UNSAFE)
        if not self._in_crisis:
            return frozenset(found)
        if wrong_number(self._policy, self.profile, text):
            found.add(State.WRONG_NUMBER)
        if leaves_help_out(text):
            found.add(State.NO_HELP)
        return frozenset(found)

    def at_end(self, text: str, assessment: Assessment | None) -> frozenset[State] | None:
        """The states for the whole answer once it is known, or `None` if it lacks nothing.

        In an open crisis an answer has to point to real help, but for a while after help was named
        (CrisisTerms.point_minutes): the same words under every line would be noise.
        """
        if not self._in_crisis or self._helped:
            return None
        if self._pointed:
            return None
        score = assessment.score(Detector.PROTECTIVE) if assessment is not None else 0.0
        if score >= self._policy.crisis.omission or names_help(self._policy, self.profile, text):
            now = self._at.now
            self._remember(lambda person: pointed(person, now))
            return None
        return self.states | {State.OMISSION}

    # -- notices -----------------------------------------------------------------------------

    def due(self) -> tuple[Notice, ...]:
        """The notices that this answer owes; beside words of help only those that belong there."""
        found = due(self._policy, self.profile, self.person, held=self.states, at=self._at)
        if self._helped:
            found = tuple(one for one in found if one.with_help)
        if self._in_crisis:  # the same truth, in words for somebody who is not well
            found = tuple(replace(one, text=one.crisis_text or one.text) for one in found)
        return found

    def told(self, notices: Iterable[Notice]) -> None:
        """These notices were shown; others with the same words count as shown with them."""
        now = self._at.now
        ids = {notice.id for notice in notices}
        texts = {notice.text for notice in self._policy.notices if notice.id in ids}
        found = {n.id: now for n in self._policy.notices if n.text in texts}
        if found:
            self._remember(lambda person: shown(person, found))

    # -- what is remembered ------------------------------------------------------------------

    def take_steps(self) -> tuple[Step, ...]:
        """What has to be remembered since the last time somebody asked."""
        steps, self._steps = tuple(self._steps), []
        return steps

    def _remember(self, step: Step) -> None:
        self._steps.append(step)
        self.person = step(self.person)

    @property
    def _in_crisis(self) -> bool:
        return self.person.crisis.at(self._at.now) is not Danger.NONE

    @property
    def _pointed(self) -> bool:
        """Whether words that point to real help came so lately that the same ones would be noise."""
        at = self.person.crisis.pointed
        return bool(at) and 0.0 <= self._at.now - at < self._policy.crisis.point_minutes * _MINUTE

    def _subject(self, assessment: Assessment) -> frozenset[State]:
        """Whose it is as the model understands it, where it finds no danger of the person's own.

        Patterns know few wordings. Where the model finds self-harm, too, the ladder answers, unless
        that is a hint and another's danger, or a loss, is plain: those words name help as well.
        """
        found = max(_SUBJECTS, key=assessment.score)
        grade = self._grade(assessment, found, Side.USER)
        own = self._grade(assessment, Label.SELF_HARM, Side.USER)
        plain = grade is Grade.HARD and own is not Grade.HARD and found in _ANSWERED
        if found is Detector.BEREAVED and assessment.level() is Level.PLAN:
            plain = False  # who follows the dead; somebody else's plan has a rule of its own
        if self._in_crisis or grade is Grade.NONE or not (own is Grade.NONE or plain):
            return frozenset()
        return frozenset({State(found), State.HELPED} if self._pointed else {State(found)})

    def _heed_age(self, assessment: Assessment, texts: Iterable[str]) -> None:
        """Somebody who says that she is 14 is a minor from this turn on, until an appeal."""
        grade = self._grade(assessment, Label.MINOR, Side.USER)
        if grade is not Grade.HARD:
            return
        years = next((known for text in texts if (known := stated_years(text))), None)
        now = self._at.now
        found = Age(AgeBand.MINOR, Evidence.STATED, years, now)
        before = self.person.age
        if aged(self.person, found).age != before:
            self._remember(lambda person: aged(person, found))
        elif before.band is AgeBand.ADULT and years is not None:
            self._remember(lambda person: doubted(person, years, now))
        age = treated(self.person, self._policy.doubted_age)
        if age == before:
            self.states |= states(self._policy, self.profile, self.person, self._at) & _DOUBT
            return
        self.profile = replace(self.profile, age_band=age.band, years=age.years)
        calm = states(self._policy, self.profile, self.person, self._at)
        self.states = calm | (self._given & _OF_THE_REQUEST)

    def _ends(self, text: str) -> bool:
        return any(ends(text, words) for words in self._policy.exit.words.values())

    def _reaches(self, assessment: Assessment, name: Name, side: Side) -> bool:
        return self._grade(assessment, name, side) is not Grade.NONE

    def _grade(self, assessment: Assessment, name: Name, side: Side) -> Grade:
        threshold = self._policy.thresholds.get((name, side, self.profile.age_band))
        return Grade.NONE if threshold is None else threshold.grade(assessment.score(name))
