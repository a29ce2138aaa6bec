"""What a pack asks for is kept: each value that needs a rule has one, and each rule can hold."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from guardrail.policy.check import check_policy
from tests.conftest import POLICIES
from tests.test_policy_checks import PACK, changed, complaints, rule

KEPT_BY = {
    "curfew": 'curfew: { under: 16, from: "22:00", to: "06:00" }',
    "no_consent": "consent: { under: 14 }",
    "exit": "exit: { words: { en: [stop] } }",
}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("curfew", "no rule keeps the curfew under 16"),
        ("no_consent", "no rule waits for consent under 14"),
        ("exit", "no rule ends the talk at these words (adult, unknown, minor)"),
    ],
)
@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("", False),
        ("stage: limit, when: { side: user, state: STATE }, then: end, text: rest", True),
        ("when: { state: STATE, unless: concern }, then: block, text: rest", True),
        ("when: { side: user, state: STATE }, then: annotate", False),
        ("when: { side: user, state: STATE }, then: support, keep_reply: true, text: rest", False),
        ("when: { side: user, state: [STATE, active] }, then: end, text: rest", False),
        ("when: { side: user, state: STATE, under: 12 }, then: end, text: rest", False),
        ("when: { side: user, state: STATE, age: adult }, then: end, text: rest", False),
        (
            "when: { side: user, state: STATE, label: sexual, at: hard }, then: end, text: rest",
            False,
        ),
    ],
)
def test_what_is_asked_for_is_kept(  # noqa: PLR0917 - two tables
    tmp_path: Path, state: str, told: str, rule: str, kept: bool
):
    """A curfew, a consent and words that end the talk need a rule that stops the bot."""
    pack = changed(PACK, "limits:\n", f"{KEPT_BY[state]}\nlimits:\n")
    if rule:
        line = f"  - {{ id: new, {rule.replace('STATE', state)} }}\n"
        pack = changed(pack, "rules:\n", "rules:\n" + line)
    found = complaints(tmp_path, pack)
    if kept:
        assert found == []
    else:
        (one,) = found
        assert one.startswith(f"small.yaml:12: {told.partition(' (')[0]}")
        assert f"when: {{ side: user, state: {state} }} and then: end" in one
        assert rule or told in one


def test_the_farewell_is_said(tmp_path: Path):
    """`exit.text` names what the rule that ends the talk says, and exit has words at all."""
    rule_ = (
        "  - { id: bye, stage: harm, when: { side: user, state: exit }, then: end, text: rest }\n"
    )
    pack = changed(PACK, "rules:\n", "rules:\n" + rule_)

    def with_(terms: str) -> list[str]:
        return complaints(tmp_path, changed(pack, "limits:\n", f"exit: {terms}\nlimits:\n"))

    assert with_("{ words: { en: [stop] }, text: rest }") == []
    assert with_("{ words: { en: [stop] }, text: rst }") == [
        "small.yaml:12: there is no text 'rst' (did you mean 'rest'?)"
    ]
    assert with_("{ words: { en: [stop] }, text: help }") == [
        "small.yaml:12: the rule that ends the talk says 'rest', not 'help' (text: rest)"
    ]
    assert with_("{ text: rest }") == [
        "small.yaml:12: exit names no words, so nobody can say one (words: { en: [stop] })"
    ]


def test_a_crisis_is_raised_before_it_is_held(tmp_path: Path):
    """Its terms, `again` and the words of a notice for it need a rule that leads there."""
    terms = "crisis: { hold_hours: 12, repair: replace, point_minutes: 5 }\nlimits:\n"
    pack = changed(PACK, "limits:\n", terms)
    assert complaints(tmp_path, pack) == [
        (
            "small.yaml:12: no rule raises a crisis, so none is ever held "
            "(danger: concern, active or imminent, in the rules about self-harm)"
        )
    ]
    raised = changed(pack, "    severity: urgent\n", "    severity: urgent\n    danger: active\n")
    hint = "(a rule with stage: crisis, when: { side: bot, state: omission } and then: support)"
    assert complaints(tmp_path, raised) == [
        f"small.yaml:12: no rule asks whether help was named {hint}",
        f"small.yaml:12: no rule acts on a reply that leaves help out {hint}",
    ]
    looks = "  - { id: lacks, when: { side: bot, state: omission }, then: block, text: rest }\n"
    assert complaints(tmp_path, changed(raised, "rules:\n", "rules:\n" + looks)) == []
    again = changed(PACK, "    text: help\n", "    text: help\n    again: [rest]\n")
    notice = "notices: [{ id: asked, on: asked_human, text: rest, crisis_text: help }]\nlimits:\n"
    assert complaints(tmp_path, changed(again, "limits:\n", notice)) == [
        (
            "small.yaml:12: crisis_text is never said: no rule raises a crisis beside notice 'asked' "
            "(danger: concern, active or imminent, in the rules about self-harm)"
        ),
        (
            "small.yaml:20: again is never said: rule 'crisis' raises no crisis "
            "(danger: concern, active or imminent, or remove again)"
        ),
    ]


@pytest.mark.parametrize(
    "more",
    ["", "notices: [{ id: told, on: elevated, text: rest }]\n"],
)
def test_dependence_is_acted_on(tmp_path: Path, more: str):
    """An index that no rule and no notice asks for."""
    found = complaints(
        tmp_path, changed(PACK, "limits:\n", f"dependence: {{ high: 0.7 }}\n{more}limits:\n")
    )
    told = "small.yaml:12: dependence is measured, but no rule and no notice acts on it"
    assert [one.partition(" (")[0] for one in found] == ([] if more else [told])


def test_under_is_about_children(tmp_path: Path):
    """Nobody of 18 or more is under an age, whatever number is written."""
    found = complaints(tmp_path, rule("older", "{ side: user, under: 21 }"))
    assert found == [
        (
            "small.yaml:30: rule 'older' says under 21, but reaches nobody of 18 or more "
            "(under: 18 is the highest that is kept)"
        )
    ]
    (one,) = complaints(tmp_path, rule("grown", "{ side: user, under: 16, age: adult }"))
    assert "rule 'grown' can never match: nobody of its ages is under 16 (age: minor)" in one
    notice = "notices: [{ id: young, start: day, under: 25, text: rest }]\nlimits:\n"
    terms = 'consent: { under: 21 }\ncurfew: { under: 19, from: "22:00", to: "06:00" }\n'
    told = "\n".join(complaints(tmp_path, changed(PACK, "limits:\n", terms + notice)))
    for who, under in (("consent", 21), ("curfew", 19), ("notice 'young'", 25)):
        assert f"{who} says under {under}, but reaches nobody of 18 or more" in told


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("{ side: bot, limit: daily_minutes }", "a cap is gone over by a person's turn, not by"),
        ("{ side: user, state: [concern, omission] }", "omission holds of a reply, not of what"),
    ],
)
def test_sides(tmp_path: Path, when: str, told: str):
    """A rule asks the side that can show it."""
    found = complaints(tmp_path, rule("waits", when))
    assert found[-1].startswith(f"small.yaml:30: rule 'waits' can never match: {told}")


EXAMPLES = POLICIES.parent / "docs" / "examples" / "policies"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("stop: { everything: true }", []),
        (
            'curfew: { under: 18, from: "00:00", to: "23:59" }',
            ["no rule keeps the curfew under 18"],
        ),
        ("consent: { under: 14 }", ["no rule waits for consent under 14"]),
        (
            "exit: { words: { en: [stop] }, text: nope }",
            ["no rule ends the talk at these words", "there is no text 'nope'"],
        ),
    ],
)
def test_the_small_pack_of_the_docs(tmp_path: Path, line: str, told: list[str]):
    """It can be taken out of service as it is; duties need rules of their own, and the check says so."""
    shutil.copy(EXAMPLES / "resources.yaml", tmp_path)
    path = tmp_path / "minimal.yaml"
    text = (EXAMPLES / "minimal.yaml").read_text("utf-8")
    path.write_text(f"{text}{line}\n", "utf-8")
    found = check_policy(path, date(2026, 11, 23))
    assert [mistake.message.partition(" (")[0] for mistake in found] == told
    assert {mistake.line for mistake in found} <= {text.count("\n") + 1}
