"""Trials: cases beside a pack, what fails in them, and which rules they reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.trial import Trials, run_trials

PACK = """\
guardrail: 1
name: small
title: A small pack
mode: enforce
languages: [en, zh]
default_region: US
thresholds:
  any: { any: { any: { soft: 0.5, hard: 0.8 } } }
failure:
  any: { any: { any: floor } }
limits:
  any: { daily_minutes: 120 }
rules:
  - id: crisis
    when: { side: user, label: self_harm, at: soft, level: active }
    then: [support, escalate]
    text: help
    resources: true
    severity: urgent
  - id: enough
    when: { age: minor, limit: daily_minutes }
    then: end
    text: rest
texts:
  help: { en: Help is near., zh: 有人能帮你。 }
  rest: { en: Enough for now., zh: 歇会儿吧。 }
  unavailable: { en: Not now., zh: 现在不行。 }
"""

RESOURCES = """\
guardrail: 1
resources:
  - region: CN
    kind: crisis
    languages: [zh]
    ages: any
    name: { en: "A line", zh: "热线" }
    contact: { en: "call 12356", zh: "拨打 12356" }
    numbers: ["12356"]
    source: https://example.org/help
    verified_on: 2026-11-21
    certainty: high
"""

HEAD = "guardrail: 1\npolicy: small\ncases:\n"


def run(folder: Path, cases: str) -> Trials:
    """The trials of the small pack with these cases."""
    (folder / "small.yaml").write_text(PACK, encoding="utf-8")
    (folder / "resources.yaml").write_text(RESOURCES, encoding="utf-8")
    (folder / "small_test.yaml").write_text(cases, encoding="utf-8")
    return run_trials(folder / "small.yaml")


def case(given: str, expect: str, name: str = "a case") -> str:
    """A whole file with one case."""
    return f"{HEAD}  - name: {name}\n    given: {{ {given} }}\n    expect: {{ {expect} }}\n"


CRISIS = "side: user, scores: { self_harm: 0.9 }, level: plan, region: CN, language: zh"


def test_passes(tmp_path: Path):
    """Everything that a case can expect, expected rightly."""
    expect = (
        "rule: crisis, actions: [support, escalate], text: help, label: self_harm, grade: hard, "
        "severity: urgent, resources: true, keep_reply: false, intervenes: true, degraded: none, "
        "says: [有人能帮你, '12356']"
    )
    trials = run(tmp_path, case(CRISIS, expect))
    assert trials.passed
    assert trials.results[0].problems == ()
    assert trials.policy.startswith("small@")
    assert trials.file.endswith("small_test.yaml")


def test_coverage(tmp_path: Path):
    """Rules that no case reaches are named."""
    trials = run(tmp_path, case(CRISIS, "rule: crisis"))
    assert (trials.reached, trials.missed, trials.coverage) == (("crisis",), ("enough",), 0.5)


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("rule: enough", "rule: expected enough, got crisis"),
        ("rule: crisis, actions: support", "actions: expected support, got support, escalate"),
        ("rule: crisis, severity: none", "severity: expected none, got urgent"),
        ("rule: crisis, resources: false", "resources: expected false, got true"),
        ("rule: crisis, degraded: timeout", "degraded: expected timeout, got none"),
        ("rule: crisis, says: ['988']", "does not say '988'"),
    ],
)
def test_fails(tmp_path: Path, expect: str, problem: str):
    """A case that fails says what was expected and what came; it does not raise."""
    trials = run(tmp_path, case(CRISIS, expect))
    assert not trials.passed
    assert trials.results[0].problems == (problem,)
    assert (trials.results[0].line, trials.results[0].name) == (4, "a case")


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("side: user, age: minor, limits: daily_minutes", "rule: enough"),
        ("side: user, age: minor, limits: [session_minutes, daily_minutes]", "rule: enough"),
        ("side: user, age: adult, limits: daily_minutes", "rule: default"),
        ("side: bot, failed: timeout", "rule: failure-floor, degraded: timeout"),
        ("side: bot, failed: timeout, floor_ran: false", "rule: failure-closed, text: unavailable"),
        ("side: bot, scores: { self_harm: 0.9 }", "rule: default, text: none, label: none"),
        ("side: user, scores: { violence: 0.9 }, level: plan", "rule: default"),
    ],
)
def test_facts(tmp_path: Path, given: str, expect: str):
    """Each part of `given` reaches the decision."""
    trials = run(tmp_path, case(given, expect))
    assert trials.passed, trials.results[0].problems


@pytest.mark.parametrize(
    ("cases", "complaint"),
    [
        (case("side: user", "rule: x").replace("small", "other"), "2: these cases must be for p"),
        (case("side: user, score: 1", "rule: x"), "5: given has no 'score' (did you mean 'scores"),
        (case("side: user, scores: { self: 1 }", "rule: x"), "5: 'self' is not a label"),
        (case("side: user, scores: { minor: 2 }", "rule: x"), "5: the score of minor must lie bet"),
        (case("side: user, limits: hourly", "rule: x"), "5: 'hourly' is not a limit"),
        (case("side: user, region: usa", "rule: x"), "5: 'usa' cannot be a region"),
        (case("side: user, language: fr", "rule: x"), "5: 'fr' is not a language"),
        (case("scores: { minor: 1 }", "rule: x"), "5: given needs 'side'"),
        (case("side: user", "text: x"), "6: expect needs 'rule'"),
        (case("side: user", "rule: x, word: y"), "6: expect has no 'word'"),
        (HEAD, "3: cases must be a list with at least one entry"),
        (f"{HEAD}  - name: x\n", "4: a case needs 'given'"),
        ("guardrail: 1\n", "1: a test file needs 'policy'"),
    ],
)
def test_wrong_file(tmp_path: Path, cases: str, complaint: str):
    """A test file is read as strictly as a pack: a typo must not pass for a passed case."""
    with pytest.raises(PolicyError) as caught:
        run(tmp_path, cases)
    found = [str(m).removeprefix(m.file + ":") for m in caught.value.mistakes]
    assert any(c.startswith(complaint) for c in found), found


def test_no_test_file(tmp_path: Path):
    """A pack without tests cannot be tried."""
    run(tmp_path, case(CRISIS, "rule: crisis"))
    (tmp_path / "small_test.yaml").unlink()
    with pytest.raises(PolicyError, match="cannot be read"):
        run_trials(tmp_path / "small.yaml")


# -- a person, whatever they say -------------------------------------------------------------

GROWN = PACK.replace(
    "rules:\n",
    "crisis: { repair: append }\n"
    "unknown_age: minor\n"
    "suppress: { minor: [push, memory] }\n"
    "privacy: { case_text_days: 7, hold_days: { minor: 40 } }\n"
    'curfew: { under: 18, from: "22:00", to: "06:00" }\n'
    "notices:\n"
    "  - { id: begin, text: rest, start: day }\n"
    "  - { id: back, text: help, absence_days: 7 }\n"
    "  - { id: again, text: sit, every_minutes: 60, age: minor }\n"
    "rules:\n"
    "  - { id: night, when: { state: curfew }, then: end, text: rest }\n",
).replace("texts:\n", "texts:\n  sit: { en: Sit., zh: 坐。 }\n")
GROWN = GROWN.replace("    text: help\n", "    text: help\n    again: [rest, sit]\n")


def grown(folder: Path, given: str, expect: str) -> tuple[str, ...]:
    """What is wrong with one case of a pack that has more."""
    run(folder, case(CRISIS, "rule: crisis"))
    (folder / "small.yaml").write_text(GROWN, encoding="utf-8")
    (folder / "small_test.yaml").write_text(case(given, expect), encoding="utf-8")
    return run_trials(folder / "small.yaml").results[0].problems


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("side: user", "age: minor, suppress: [memory, push]"),
        ("side: user, age: adult", "age: adult, suppress: none"),
        ("side: user, age: adult", "notices: begin"),
        ("side: user, age: adult, shown: { begin: 30 }", "notices: none"),
        ("side: user, age: adult, shown: { begin: 721 }", "notices: begin"),
        ("side: user, age: adult, away_days: 7, shown: { begin: 5 }", "notices: back"),
        ("side: user, age: adult, away_days: 6.9, shown: { begin: 5 }", "notices: none"),
        ("side: user, age: minor, sitting_minutes: 60, shown: { begin: 5 }", "notices: again"),
        ("side: user, age: minor, sitting_minutes: 60", "notices: [begin, again]"),
        (CRISIS, "rule: crisis, notices: none"),
        ("side: user, age: minor, day_minutes: 121", "rule: enough"),
        ("side: user, age: minor, sitting_minutes: 121", "rule: enough, limits: { daily_minutes: 120, session_minutes: none }"),
        ('side: user, age: minor, clock: "05:59"', "rule: night"),
        ('side: user, age: minor, clock: "06:00"', "rule: default"),
        ('side: user, age: adult, clock: "23:00"', "rule: default"),
        ("side: user, age: minor", "privacy: { case_text_days: 7, turns: 12, hold_days: 40, train: false }"),
        ("side: user, age: adult", "privacy: { hold_days: 0 }"),
        (f"{CRISIS}, signs: 1", "rule: crisis, text: help"),
        (f"{CRISIS}, signs: 2", "rule: crisis, text: rest"),
        (f"{CRISIS}, signs: 3", "rule: crisis, text: sit"),
        (f"{CRISIS}, signs: 9", "rule: crisis, text: sit"),
    ],
)  # fmt: skip
def test_a_person(tmp_path: Path, given: str, expect: str):
    """Clock, ledger, age and what is kept can be tried like rules."""
    assert grown(tmp_path, given, expect) == ()


@pytest.mark.parametrize(
    ("given", "expect", "problem"),
    [
        ("side: user, age: adult", "notices: back", "notices: expected back, got begin"),
        ("side: user", "age: adult", "age: expected adult, got minor"),
        ("side: user", "suppress: push", "suppress: expected push, got memory, push"),
        ("side: user", "limits: { daily_minutes: 60 }", "limits.daily_minutes: expected 60, got 120"),
        ("side: user", "privacy: { hold_days: 1 }", "privacy.hold_days: expected 1, got 40"),
    ],
)  # fmt: skip
def test_a_person_who_is_not_as_expected(tmp_path: Path, given: str, expect: str, problem: str):
    """It is said like every other failure."""
    assert grown(tmp_path, given, expect) == (problem,)


def test_only_a_named_rule_is_reached(tmp_path: Path):
    """A case about a notice does not count as one of the rule that happened to decide."""
    run(tmp_path, case(CRISIS, "rule: crisis"))
    (tmp_path / "small.yaml").write_text(GROWN, encoding="utf-8")
    (tmp_path / "small_test.yaml").write_text(case(CRISIS, "notices: none"), encoding="utf-8")
    assert "crisis" in run_trials(tmp_path / "small.yaml").missed
