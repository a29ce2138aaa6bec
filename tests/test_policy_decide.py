"""`decide`: which rule answers, what the decision carries, and what stands when the model fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from guardrail.policy.decide import RESERVED_RULES, decide
from guardrail.policy.model import Condition, Facts, Mode, Policy, Posture, Rule, Threshold
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Decision,
    Grade,
    Label,
    Level,
    Profile,
    Severity,
    Side,
    Signal,
)

CELLS = list(product(Label, Side, AgeBand))


def when(*labels: Label, **fields: object) -> Condition:
    """A condition on labels, soft if nothing else is said."""
    return replace(Condition(labels=frozenset(labels), grade=Grade.SOFT), **fields)  # type: ignore[arg-type]


def policy(*rules: Rule, posture: Posture = Posture.FLOOR, mode: Mode = Mode.ENFORCE) -> Policy:
    """A policy of these rules, with the same thresholds and posture everywhere."""
    return Policy(
        name="p",
        revision="r",
        title="t",
        mode=mode,
        rules=rules,
        thresholds={cell: Threshold(0.5, 0.8) for cell in CELLS},
        postures=dict.fromkeys(CELLS, posture),
        texts={},
        resources=(),
    )


def facts(
    *signals: Signal,
    side: Side = Side.USER,
    age: AgeBand = AgeBand.ADULT,
    limits: tuple[str, ...] = (),
    failed: str | None = None,
    floor_ran: bool = True,
) -> Facts:
    """What a decision depends on."""
    assessment = Assessment(side, signals, failed=failed, floor_ran=floor_ran)
    return Facts("id-1", side, Profile(None, age), assessment, limits)


def signal(label: str, score: float, level: Level | None = None) -> Signal:
    """One score."""
    return Signal(label, score, source="test", level=level)


BLOCK_VIOLENCE = Rule("violent", when(Label.VIOLENCE), (Action.BLOCK,), text="no")
CRISIS = Rule(
    "crisis",
    when(Label.SELF_HARM),
    (Action.SUPPORT, Action.ESCALATE),
    text="help",
    resources=True,
    keep_reply=True,
    severity=Severity.URGENT,
    reason="why",
    article="which",
)


class TestRules:
    def test_first_match_wins(self):
        """The order of the rules decides, not the height of the scores."""
        both = facts(signal("violence", 0.6), signal("self_harm", 0.99))
        assert decide(policy(BLOCK_VIOLENCE, CRISIS), both).rule == "violent"
        assert decide(policy(CRISIS, BLOCK_VIOLENCE), both).rule == "crisis"

    def test_nothing_matches(self):
        """No rule, no intervention: the decision says so under the name `default`."""
        decision = decide(policy(CRISIS), facts(signal("violence", 0.99)))
        assert (decision.rule, decision.actions) == ("default", (Action.ALLOW,))
        assert (decision.label, decision.grade, decision.score) == (None, Grade.NONE, 0.0)

    def test_carries_everything_of_its_rule(self):
        """Whoever reads a decision needs no other file to understand it."""
        assert decide(policy(CRISIS), facts(signal("self_harm", 0.9))) == Decision(
            id="id-1",
            side=Side.USER,
            rule="crisis",
            actions=(Action.SUPPORT, Action.ESCALATE),
            policy="p@r",
            enforced=True,
            label=Label.SELF_HARM,
            grade=Grade.HARD,
            score=0.9,
            text="help",
            resources=True,
            keep_reply=True,
            severity=Severity.URGENT,
            reason="why",
            article="which",
            degraded=None,
        )

    @pytest.mark.parametrize(("score", "grade"), [(0.5, Grade.SOFT), (0.8, Grade.HARD)])
    def test_thresholds_are_inclusive(self, score: float, grade: Grade):
        """A score on the threshold counts."""
        assert decide(policy(CRISIS), facts(signal("self_harm", score))).grade is grade
        assert Threshold(0.5, 0.8).grade(score) is grade

    def test_below_soft_is_nothing(self):
        """A score under the soft threshold never matches."""
        assert decide(policy(CRISIS), facts(signal("self_harm", 0.499))).rule == "default"
        assert Threshold(0.5, 0.8).grade(0.499) is Grade.NONE

    def test_hard_rule_needs_a_hard_score(self):
        """`at: hard` does not match a soft score."""
        rule = replace(CRISIS, when=when(Label.SELF_HARM, grade=Grade.HARD))
        assert decide(policy(rule), facts(signal("self_harm", 0.7))).rule == "default"

    def test_gravest_label_is_named(self):
        """Of several labels that match, the hard one counts, then the higher score."""
        rule = Rule("any", when(Label.VIOLENCE, Label.SEXUAL, Label.GAMBLING), (Action.ANNOTATE,))
        found = facts(signal("sexual", 0.81), signal("violence", 0.9), signal("self_harm", 1.0))
        decision = decide(policy(rule), found)
        assert (decision.label, decision.score) == (Label.VIOLENCE, 0.9)

    def test_highest_source_counts(self):
        """Two sources, one label: the higher score stands, in either order."""
        for pair in ((0.6, 0.9), (0.9, 0.6)):
            decision = decide(policy(CRISIS), facts(*(signal("self_harm", s) for s in pair)))
            assert decision.score == 0.9

    def test_unknown_labels_are_ignored(self):
        """Another classifier's own labels mean nothing to a policy."""
        assert decide(policy(CRISIS), facts(signal("spam", 1.0))).rule == "default"

    def test_label_without_threshold_is_ignored(self):
        """What has no threshold cannot be graded, so it never matches."""
        bare = replace(policy(CRISIS), thresholds={})
        found = facts(signal("self_harm", 1.0, Level.PLAN))
        assert decide(bare, found).rule == "default"

    @pytest.mark.parametrize(
        ("condition", "matches"),
        [
            (Condition(side=Side.USER), True),
            (Condition(side=Side.BOT), False),
            (Condition(ages=frozenset({AgeBand.ADULT})), True),
            (Condition(ages=frozenset({AgeBand.MINOR, AgeBand.UNKNOWN})), False),
            (Condition(limit="daily_minutes"), True),
            (Condition(limit="session_minutes"), False),
            (Condition(), True),
        ],
    )
    def test_other_conditions(self, condition: Condition, matches: bool):
        """Side, age band and limits restrict; what is left out does not."""
        rule = Rule("r", condition, (Action.ANNOTATE,))
        decision = decide(policy(rule), facts(limits=("daily_minutes",)))
        assert (decision.rule == "r") is matches

    def test_shadow_mode_is_not_enforced(self):
        """In shadow mode every decision is taken and none takes effect."""
        shadow = policy(BLOCK_VIOLENCE, mode=Mode.SHADOW)
        for found in (facts(signal("violence", 0.9)), facts()):
            decision = decide(shadow, found)
            assert not decision.enforced
            assert not decision.intervenes


class TestLevels:
    PLAN = replace(CRISIS, when=when(Label.SELF_HARM, level=Level.ACTIVE))

    @pytest.mark.parametrize(
        ("level", "matches"),
        [(None, False), (Level.PASSIVE, False), (Level.ACTIVE, True), (Level.PLAN, True)],
    )
    def test_at_least(self, level: Level | None, matches: bool):
        """A level matches itself and everything graver."""
        decision = decide(policy(self.PLAN), facts(signal("self_harm", 0.6, level)))
        assert (decision.rule == "crisis") is matches

    def test_from_a_source_that_counts(self):
        """A source below the threshold cannot raise another's faint finding to a plan."""
        found = facts(signal("self_harm", 0.6), signal("self_harm", 0.1, Level.PLAN))
        assert decide(policy(self.PLAN), found).rule == "default"

    def test_gravest_source(self):
        """Of two sources that count, the graver level stands."""
        found = facts(signal("self_harm", 0.9, Level.PASSIVE), signal("self_harm", 0.6, Level.PLAN))
        assert decide(policy(self.PLAN), found).rule == "crisis"


class TestFailure:
    @pytest.mark.parametrize(
        ("posture", "floor_ran", "rule", "action"),
        [
            (Posture.OPEN, True, "failure-open", Action.ALLOW),
            (Posture.OPEN, False, "failure-open", Action.ALLOW),
            (Posture.FLOOR, True, "failure-floor", Action.ALLOW),
            (Posture.FLOOR, False, "failure-closed", Action.BLOCK),
            (Posture.CLOSED, True, "failure-closed", Action.BLOCK),
        ],
    )
    def test_postures(self, posture: Posture, floor_ran: bool, rule: str, action: Action):
        """Each posture, with and without the lexicon's answer."""
        decision = decide(policy(posture=posture), facts(failed="timeout", floor_ran=floor_ran))
        assert (decision.rule, decision.action, decision.degraded) == (rule, action, "timeout")
        assert decision.rule in RESERVED_RULES

    def test_closed_names_help(self):
        """Whoever is turned away without being understood is told where help is."""
        decision = decide(policy(posture=Posture.CLOSED), facts(failed="nan"))
        assert (decision.text, decision.resources) == ("unavailable", True)
        assert decision.intervenes

    @pytest.mark.parametrize("side", Side)
    def test_strictest_label_decides(self, side: Side):
        """One closed label closes all: the unjudged text might have been that one."""
        pack = policy(posture=Posture.OPEN)
        cell = (Label.GAMBLING, side, AgeBand.MINOR)
        pack = replace(pack, postures={**pack.postures, cell: Posture.CLOSED})
        for age, rule in ((AgeBand.MINOR, "failure-closed"), (AgeBand.ADULT, "failure-open")):
            assert decide(pack, facts(side=side, age=age, failed="error")).rule == rule

    def test_unstated_posture_is_closed(self):
        """A policy made by hand that forgets a posture errs on the safe side."""
        assert decide(replace(policy(), postures={}), facts(failed="x")).rule == "failure-closed"

    def test_floor_rule_that_stops_stands(self):
        """What the lexicon found and a rule stops is a better answer than 'unavailable'."""
        pack = policy(BLOCK_VIOLENCE, posture=Posture.CLOSED)
        decision = decide(pack, facts(signal("violence", 0.9), failed="timeout"))
        assert (decision.rule, decision.degraded) == ("violent", "timeout")

    def test_floor_rule_that_passes_stands_if_not_closed(self):
        """Support beside the reply goes on where the posture lets the reply pass."""
        decision = decide(policy(CRISIS), facts(signal("self_harm", 0.9), failed="timeout"))
        assert (decision.rule, decision.keep_reply) == ("crisis", True)
        assert decision.degraded == "timeout"

    def test_closed_keeps_the_case_and_the_help_words(self):
        """Closing takes the reply away, not the case nor the words about the crisis."""
        pack = policy(CRISIS, posture=Posture.CLOSED)
        decision = decide(pack, facts(signal("self_harm", 0.9), failed="timeout"))
        assert decision.rule == "failure-closed"
        assert decision.actions == (Action.ESCALATE, Action.BLOCK)
        assert (decision.text, decision.severity) == ("help", Severity.URGENT)
        assert decision.intervenes

    def test_closed_replaces_words_that_name_no_help(self):
        """Words that lead nowhere would only puzzle whoever gets no reply with them."""
        note = replace(CRISIS, resources=False)
        decision = decide(
            policy(note, posture=Posture.CLOSED), facts(signal("self_harm", 0.9), failed="x")
        )
        assert decision.text == "unavailable"
