"""Two packs that speak of one rule or notice: what either asks for holds, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy, packs_in, read_pack
from guardrail.policy.model import Condition, Notice, Policy, Rule, Stage, Start
from guardrail.policy.same import covers, one_notice, one_rule
from guardrail.policy.stack import stacked
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Detector,
    Grade,
    Label,
    Level,
    Severity,
    Side,
    State,
)
from tests.conftest import POLICIES
from tests.test_stack import GROUND, OVER, TODAY, write

MINOR = frozenset({AgeBand.MINOR})
SOFT = Condition(side=Side.BOT, labels=frozenset({Detector.PURCHASE}), grade=Grade.SOFT)
HARD = replace(SOFT, grade=Grade.HARD, ages=MINOR)
GENTLE = Rule(
    "r",
    HARD,
    (Action.SUPPORT,),
    text="word",
    keep_reply=True,
    severity=None,
    article="A 1; B 2",
    stage=Stage.CARE,
    danger=Danger.CONCERN,
)
FIRM = Rule(
    "r",
    SOFT,
    (Action.REPLACE, Action.ESCALATE),
    text="stop",
    resources=True,
    severity=Severity.NOTICE,
    article="B 2; C 3",
    stage=Stage.HARM,
    again=("stop-again",),
)


@pytest.mark.parametrize(("old", "new"), [(GENTLE, FIRM), (FIRM, GENTLE)])
def test_the_stricter_of_each(old: Rule, new: Rule) -> None:
    """The wider condition, the earlier stage, all actions, the words that leave less of the bot's."""
    both = one_rule(old, new)
    assert both is not None
    assert both.when == SOFT
    assert both.then == (Action.REPLACE, Action.ESCALATE)
    assert (both.text, both.again, both.keep_reply) == ("stop", ("stop-again",), False)
    assert (both.resources, both.severity, both.danger) == (True, Severity.NOTICE, Danger.CONCERN)
    assert both.stage is Stage.HARM
    assert sorted(both.article.split("; ")) == ["A 1", "B 2", "C 3"]


def test_of_two_as_strong_the_later_speaks() -> None:
    """Words that are as strong are the later pack's; a contact that only one asks for is kept."""
    mine = replace(FIRM, text="mine", then=(Action.REPLACE, Action.CONTACT, Action.ESCALATE))
    both = one_rule(replace(mine, severity=Severity.URGENT), FIRM)
    assert both is not None
    assert (both.text, both.severity) == ("stop", Severity.URGENT)
    assert set(both.then) == {Action.REPLACE, Action.CONTACT, Action.ESCALATE}


def test_noting_is_less_than_everything() -> None:
    """What one pack only notes and the other answers is answered; two that note, note."""
    quiet = Rule("r", SOFT, (Action.ANNOTATE,))
    loud = one_rule(quiet, FIRM)
    assert loud is not None
    assert loud.then == FIRM.then
    both = one_rule(replace(quiet, then=(Action.ALLOW,)), quiet)
    assert both is not None
    assert both.then == (Action.ANNOTATE,)


def test_different_things_are_not_made_one() -> None:
    """Neither condition covers the other: nobody can say what both would mean."""
    assert one_rule(replace(GENTLE, when=replace(SOFT, side=Side.USER)), FIRM) is None
    other = replace(SOFT, labels=frozenset({Detector.SECRECY}))
    assert one_rule(replace(FIRM, when=other), FIRM) is None


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (Condition(), HARD),
        (SOFT, HARD),
        (Condition(under=18), Condition(under=14)),
        (Condition(states=frozenset({State.ACTIVE})), Condition(states=frozenset({State.ACTIVE, State.EXIT}))),
        (Condition(), Condition(unless=frozenset({State.HELPED}))),
        (SOFT, replace(SOFT, labels=frozenset(), all_of=frozenset({Detector.PURCHASE, Detector.SECRECY}))),
        (
            Condition(labels=frozenset({Label.SELF_HARM}), grade=Grade.SOFT, level=Level.PASSIVE),
            Condition(labels=frozenset({Label.SELF_HARM}), grade=Grade.SOFT, level=Level.PLAN),
        ),
    ],
)  # fmt: skip
def test_covers(wide: Condition, narrow: Condition) -> None:
    """One condition holds wherever the other does, and not the other way round."""
    assert covers(wide, narrow)
    assert not covers(narrow, wide)
    assert covers(wide, wide)


def test_notices() -> None:
    """Due when either is, for whom either is, in the chat if either is."""
    day = Notice("n", "t", start=Start.DAY, ages=MINOR, in_band=False, cooldown_minutes=60)
    hour = Notice("n", "t", start=Start.SITTING, every_minutes=60, on=frozenset({State.HIGH}))
    for both in (one_notice(day, hour), one_notice(hour, day)):
        assert (both.start, both.every_minutes, both.on) == (
            Start.SITTING,
            60,
            frozenset({State.HIGH}),
        )
        assert (both.ages, both.in_band, both.cooldown_minutes) == (frozenset(), True, 0.0)
    young = one_notice(replace(day, under=14), replace(day, under=16))
    assert young.under == 16


# -- in a stack ------------------------------------------------------------------------------

LAW = """\
rules:
  - id: selling
    stage: {stage}
    when: {{ side: bot, label: purchase, at: {at} }}
    then: {then}
    text: {text}
"""


def two(folder: Path, first: str, second: str) -> Policy:
    """Two laws on one ground, in this order."""
    path = write(
        folder,
        first=OVER.replace("over", "first") + first,
        second=OVER.replace("over", "second") + second,
        over=OVER.replace("ground", "[first, second]"),
    )
    return load_policy(path, day=TODAY)


def test_the_order_of_two_laws_does_not_matter(tmp_path: Path) -> None:
    """The stricter one counts, whichever was named last."""
    mild = LAW.format(stage="care", at="hard", then="block", text="rest")
    firm = LAW.format(stage="harm", at="soft", then="end", text="help")
    for pair in ((mild, firm), (firm, mild)):
        policy = two(tmp_path, *pair)
        (rule,) = [rule for rule in policy.rules if rule.id == "selling"]
        assert (rule.stage, rule.when.grade, rule.then) == (
            Stage.HARM,
            Grade.SOFT,
            (Action.END,),
        )
        assert rule.text == "help"
        assert policy.clashes == ()


def test_two_that_mean_different_things_are_refused(tmp_path: Path) -> None:
    """The check says which pack has the other one, and what to do."""
    more = (
        "rules:\n  - id: harm\n    stage: harm\n    reason: { en: So., zh: 是。 }\n"
        "    when: { side: bot, label: sexual, at: soft }\n    then: block\n    text: rest\n"
    )
    path = write(tmp_path, over=OVER + more, ground=GROUND)
    found = [m for m in check_policy(path, date(2026, 11, 22)) if "'harm'" in m.message]
    assert [(m.line, m.message) for m in found] == [
        (6, "rule 'harm' stands in 'ground', too, and is about something else there")
    ]
    assert "pin: rules.harm" in found[0].hint


READ = cache(read_pack)
LAWS = [p for p in packs_in(POLICIES) if p.stem not in ("default", "adult-minimal")]


@pytest.mark.parametrize(("a", "b"), [*combinations(LAWS, 2)], ids=lambda path: path.stem)
def test_the_order_of_two_shipped_laws_does_not_matter(a: Path, b: Path) -> None:
    """Nothing of one is undone by the other, and no rule means two things."""
    first, second = (READ(path)[0].parts for path in (a, b))
    one, two = (
        stacked(list({part.name: part for part in parts}.values()))
        for parts in ((*first, *second), (*second, *first))
    )
    assert (one.clashes, two.clashes) == ((), ())
    assert _asked(one) == _asked(two)


def _asked(policy: Policy) -> dict[str, object]:
    """What counts of each rule and notice, whoever wrote it."""
    rules = {
        f"rule {r.id}": (r.when, frozenset(r.then), r.keep_reply, r.resources, r.severity, r.danger, r.stage)
        for r in policy.rules
    }  # fmt: skip
    notices = {
        f"notice {n.id}": (n.start, n.every_minutes, n.absence_days, n.on, n.ages, n.in_band)
        for n in policy.notices
    }
    return {**rules, **notices}
