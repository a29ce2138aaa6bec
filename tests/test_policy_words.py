"""What a pack says of words: what is kept, how it is marked, reasons in two languages, finer conditions."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guardrail.actions import connect, marking, words
from guardrail.errors import PolicyError
from guardrail.policy.check import check_policy
from guardrail.policy.decide import besides, decide, repeated
from guardrail.policy.explain import explain
from guardrail.policy.load import load_policy
from guardrail.policy.model import Facts, Marking, Policy, Privacy
from guardrail.policy_commands import policy_app
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Danger,
    Decision,
    Profile,
    Side,
    Signal,
    State,
)
from tests.conftest import POLICIES, POLICY
from tests.test_stack import GROUND, OVER, over, write

DAY = date(2026, 11, 22)
ADULT, CHILD = Profile("u", AgeBand.ADULT, "US"), Profile("u", AgeBand.MINOR, "US")


def refused(folder: Path, more: str) -> list[str]:
    """What is said against an overlay with these lines."""
    with pytest.raises(PolicyError) as caught:
        over(folder, more)
    return [m.message for m in caught.value.mistakes]


def complaints(folder: Path, more: str, ground: str = GROUND) -> list[str]:
    """What the checks find in an overlay with these lines that they do not find without them."""
    plain = {m.message for m in check_policy(write(folder, over=OVER, ground=ground), DAY)}
    found = check_policy(write(folder, over=OVER + more, ground=ground), DAY)
    return [f"{m.line}: {m.message}" for m in found if m.message not in plain]


# -- privacy ---------------------------------------------------------------------------------


def test_what_is_kept_by_default(tmp_path: Path) -> None:
    """A month of the words of cases; nothing is held, nobody learns from it."""
    assert over(tmp_path, "").privacy == Privacy(30, 12, {}, train=False)


def test_a_hold_is_for_all_or_by_age(tmp_path: Path) -> None:
    """A number is everybody's; a table names the ages."""
    everybody = over(tmp_path, "privacy: { hold_days: 90 }\n").privacy
    assert [everybody.hold_days(age) for age in AgeBand] == [90, 90, 90]
    child = over(tmp_path, "privacy: { hold_days: { minor: 1096 } }\n").privacy
    assert [child.hold_days(age) for age in AgeBand] == [0, 0, 1096]


@pytest.mark.parametrize(
    ("age", "self_harm", "days"),
    [(AgeBand.MINOR, True, 1096), (AgeBand.MINOR, False, 5), (AgeBand.ADULT, True, 5)],
)
def test_a_hold_goes_over_the_wish_to_keep_less(age: AgeBand, self_harm: bool, days: int) -> None:
    """But only for what the law holds: a child's case about self-harm."""
    terms = Privacy(case_text_days=5, hold={AgeBand.MINOR: 1096})
    assert terms.text_days(age, self_harm=self_harm) == days


def test_the_more_private_of_two_and_the_longer_hold(tmp_path: Path) -> None:
    """Fewer words, for a shorter time, learnt from only if both say so; a hold nobody gives away."""
    ground = "privacy: { case_text_days: 60, turns: 6, hold_days: { minor: 40 }, train: true }\n"
    later = "privacy: { case_text_days: 7, turns: 20, hold_days: { minor: 10, adult: 5 } }\n"
    found = over(tmp_path, later, ground).privacy
    assert (found.case_text_days, found.turns, found.train) == (7, 6, True)
    assert found.hold == {AgeBand.MINOR: 40, AgeBand.ADULT: 5}
    assert not over(tmp_path, "privacy: { train: false }\n", ground).privacy.train


def test_silence_and_pins(tmp_path: Path) -> None:
    """What a pack does not speak of stays; what it pins is as it says."""
    ground = "privacy: { case_text_days: 10, hold_days: 40 }\n"
    kept = over(tmp_path, "privacy: { turns: 4 }\n", ground).privacy
    assert (kept.case_text_days, kept.turns, kept.hold_days(AgeBand.ADULT)) == (10, 4, 40)
    line = "privacy: { case_text_days: 90, hold_days: 0 }\npin: [privacy.case_text_days, privacy.hold_days]\n"
    pinned = over(tmp_path, line, ground).privacy
    assert (pinned.case_text_days, pinned.hold_days(AgeBand.ADULT)) == (90, 0)


def test_a_looser_pin_is_told(tmp_path: Path) -> None:
    """With the law that it gives away."""
    ground = f"{GROUND}privacy: {{ hold_days: 40 }}\narticles: {{ privacy.hold_days: A 7 }}\n"
    (told,) = complaints(tmp_path, "privacy: { hold_days: 0 }\npin: privacy.hold_days\n", ground)
    assert "privacy.hold_days is pinned to 0, which is looser than 40" in told
    assert "(A 7)" in told


def test_a_hold_needs_cases(tmp_path: Path) -> None:
    """The ground opens none about self-harm, so a hold would hold nothing."""
    (told,) = complaints(tmp_path, "privacy: { hold_days: 40 }\n")
    assert told == "5: hold_days can never count: no rule about self-harm opens a case"


def test_learning_needs_words(tmp_path: Path) -> None:
    """From nothing nobody learns."""
    (told,) = complaints(tmp_path, "privacy: { case_text_days: 0, train: true }\n")
    assert told == "5: train is true, but case_text_days is 0: there are no words to learn from"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("privacy: { case_text_days: -1 }", "case_text_days must lie between 0 and 36500"),
        ("privacy: { turns: 0 }", "turns must lie between 1 and 200"),
        ("privacy: { hold_days: { child: 3 } }", "'child' is not an age band"),
        ("privacy: { train: maybe }", "train must be true or false"),
        ("privacy: { keep: 3 }", "privacy has no 'keep'"),
        ("label: { implicit: { 'a b': x } }", "'a b' cannot be a metadata key"),
        ("label: { explicit: nowhere }", "there is no text 'nowhere'"),
        ("crisis: { keep_out: 3 }", "keep_out must be true or false"),
    ],
)
def test_mistakes(tmp_path: Path, line: str, message: str) -> None:
    """What cannot be read is told."""
    assert message in refused(tmp_path, line + "\n")


def test_california_holds_a_childs_words() -> None:
    """Three years at least, with a leap day in them, from the day of the law."""
    path = POLICIES / "us-ca.yaml"
    before, after = (load_policy(path, day=day) for day in (date(2027, 6, 30), date(2027, 7, 1)))
    assert before.privacy.hold_days(AgeBand.MINOR) == 0
    assert after.privacy.hold_days(AgeBand.MINOR) >= 3 * 365 + 1
    lines = {line.path: line for line in explain(after, CHILD)}
    assert lines["privacy.hold_days"].article == "CA B&P 21812.5"


# -- the label, help at one tap ---------------------------------------------------------------


def test_labels_of_two_packs_are_one(tmp_path: Path) -> None:
    """The operator's codes join what the law's pack writes."""
    ground = 'label: { explicit: rest, implicit: { Label: "1", ProduceID: "{id}" } }\n'
    policy = over(tmp_path, "label: { implicit: { ContentProducer: ours } }\n", ground)
    assert policy.label == Marking(
        "rest", {"Label": "1", "ProduceID": "{id}", "ContentProducer": "ours"}
    )
    assert marking(policy, ADULT, "t1") == {
        "explicit": "Enough.",
        "implicit": {"Label": "1", "ProduceID": "t1", "ContentProducer": "ours"},
    }


def test_no_label_no_marking() -> None:
    """Outside of China nothing is added."""
    assert marking(POLICY(POLICIES / "default.yaml"), ADULT, "t1") == {}
    chinese = POLICY(POLICIES / "cn.yaml")
    found = marking(chinese, Profile("u", language="zh"), "t9")
    assert found["explicit"] == "AI生成"
    assert found["implicit"]["ProduceID"] == "t9"


@pytest.mark.parametrize(
    ("region", "age", "first"),
    [
        (
            "US",
            AgeBand.ADULT,
            {"tel": "tel:988", "sms": "sms:988", "url": "https://988lifeline.org"},
        ),
        ("GB", AgeBand.MINOR, {"tel": "tel:08001111"}),
        ("AU", AgeBand.ADULT, {"tel": "tel:131114", "sms": "sms:0477131114"}),
        ("US-CA", AgeBand.MINOR, {"tel": "tel:988"}),
    ],
)
def test_one_tap(region: str, age: AgeBand, first: dict[str, str]) -> None:
    """The most fitting line first, as addresses that a telephone understands."""
    found = connect(POLICY(POLICIES / "default.yaml"), Profile("u", age, region))
    assert first.items() <= found[0].items()
    assert [one["kind"] for one in found][-1] == "emergency"


def test_one_tap_is_never_a_wrong_number() -> None:
    """A line for texts alone is not dialled; without a known region the directory comes, too."""
    policy = POLICY(POLICIES / "default.yaml")
    texts = next(one for one in connect(policy, ADULT) if "741741" in one["contact"])
    assert (texts["sms"], "tel" in texts) == ("sms:741741", False)
    for region in (None, "DE"):
        found = connect(policy, Profile("u", AgeBand.ADULT, region))
        assert found[-1]["url"] == "https://findahelpline.com"
    for entry in policy.resources:
        assert {entry.tel, entry.sms} - {""} <= set(entry.numbers)


def test_the_bereaved_are_sent_to_their_own_line(tmp_path: Path) -> None:
    """Where a country has one; else to the crisis line."""
    line = (
        "  - region: US\n    kind: bereavement\n    languages: [en]\n    ages: any\n"
        '    name: { en: "Those who stay" }\n    contact: { en: "call 555" }\n'
        '    numbers: ["555"]\n    source: https://example.org\n'
        "    verified_on: 2026-11-01\n    certainty: high\n"
    )
    path = write(tmp_path, over=OVER)
    said = Decision(
        "d", Side.USER, "crisis", (Action.SUPPORT,), "p@r", text="help", resources=True, states=(State.BEREAVED,)
    )  # fmt: skip
    assert "988" in words(load_policy(path, day=DAY), said, ADULT)
    resources = path.with_name("resources.yaml")
    resources.write_text(resources.read_text("utf-8") + line, "utf-8")
    assert "555" in words(load_policy(path, day=DAY), said, ADULT)


# -- reasons ----------------------------------------------------------------------------------

RULE = "rules:\n  - id: own\n    stage: note\n    when: {{ label: sexual, at: soft }}\n    then: annotate\n    reason: {}\n"


def test_reasons(tmp_path: Path) -> None:
    """Plain words are one for all; by language each has its own."""
    plain = next(r for r in over(tmp_path, RULE.format("Because.")).rules if r.id == "own")
    assert (plain.why("en"), plain.why("zh")) == ("Because.", "Because.")
    policy = over(tmp_path, RULE.format("{ en: Because., zh: 因为。 }"))
    both = next(r for r in policy.rules if r.id == "own")
    assert (both.reason, both.why("en"), both.why("zh")) == ("Because.", "Because.", "因为。")
    facts = Facts("f", Side.USER, ADULT, scored(sexual=0.6))
    assert decide(policy, facts).reason == "Because."
    told = {line.path: line.reason for line in explain(policy, ADULT, "zh")}
    assert told["rules.own"] == "因为。"


def test_a_reason_by_language_has_all_of_them(tmp_path: Path) -> None:
    """Half a translation is none."""
    assert "a reason needs 'zh'" in refused(tmp_path, RULE.format("{ en: Because. }"))


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*_test.yaml")), ids=lambda path: path.stem)
def test_shipped_reasons_are_in_both_languages(path: Path) -> None:
    """Of every rule and notice of every pack, today's and those to come."""
    policy = POLICY(path.with_name(path.name.replace("_test", "")), day=date.max)
    said = {item.id: item.reasons for item in policy.rules}
    said |= {item.id: item.reasons for item in policy.notices}
    for name, reasons in said.items():
        assert set(reasons) == {"en", "zh"}, name


# -- finer conditions ---------------------------------------------------------------------------

BOTH = (
    "rules:\n  - id: both\n    stage: care\n"
    "    when: { side: user, all_of: [purchase, dependence], at: soft, unless: [leaving, exit] }\n"
    "    then: block\n    text: rest\n"
)


def scored(side: Side = Side.USER, /, **found: float) -> Assessment:
    """An assessment with these scores."""
    return Assessment(side, tuple(Signal(name, score, "test") for name, score in found.items()))


@pytest.mark.parametrize(
    ("found", "states", "rule"),
    [
        ({"purchase": 0.6, "dependence": 0.6}, (), "both"),
        ({"purchase": 0.9}, (), "default"),
        ({"purchase": 0.6, "dependence": 0.4}, (), "default"),
        ({"purchase": 0.6, "dependence": 0.6}, (State.LEAVING,), "default"),
        ({"purchase": 0.6, "dependence": 0.6}, (State.ELDER,), "both"),
    ],
)
def test_all_of_and_unless(
    tmp_path: Path, found: dict[str, float], states: tuple[State, ...], rule: str
) -> None:
    """Each of the labels, and none of the states."""
    policy = over(tmp_path, BOTH)
    facts = Facts("f", Side.USER, ADULT, scored(**found), states=frozenset(states))
    assert decide(policy, facts).rule == rule
    told = {line.path: line.value for line in explain(policy, ADULT)}
    assert "dependence and purchase at soft, unless exit, unless leaving" in told["rules.both"]


def test_all_of_needs_a_grade(tmp_path: Path) -> None:
    """As a label does."""
    assert "a label needs 'at'" in refused(tmp_path, BOTH.replace(", at: soft", ""))


# -- words beside the reply open no door ----------------------------------------------------------


def first(policy: Policy, facts: Facts) -> tuple[str, str | None]:
    """The rule that decides, and the one that stops the bot's words although it did."""
    decision = decide(policy, facts)
    found = besides(policy, facts, decision)
    return decision.rule, found.rule if found else None


@pytest.mark.parametrize(
    ("found", "states", "limits", "rules"),
    [
        ({"self_harm": 0.5}, {State.ABOUT_OTHER}, (), ("about-other-minor", None)),
        ({"self_harm": 0.5, "sexual": 0.6}, {State.ABOUT_OTHER}, (), ("about-other-minor", "sexual-minor")),
        ({"self_harm": 0.5}, {State.FICTION}, ("daily_minutes",), ("fiction-minor", "daily-limit")),
        ({"self_harm": 0.5}, {State.BEREAVED, State.HELPED, State.PAUSED}, (), ("bereaved-noted", "paused")),
        ({"self_harm": 0.5}, {State.ABOUT_OTHER, State.CURFEW}, (), ("about-other-minor", "curfew")),
        ({}, {State.EATING, State.CURFEW}, (), ("eating", "curfew")),
        ({"sexual": 0.6}, {State.EATING}, (), ("eating", "sexual-minor")),
        ({"self_harm": 0.5, "sexual": 0.6}, set(), (), ("concern", "sexual-minor")),
        ({"self_harm": 0.5}, {State.CURFEW}, (), ("concern", None)),
        ({"self_harm": 0.9}, {State.CURFEW}, (), ("crisis", None)),
        ({"violence": 0.6}, set(), (), ("watch", None)),
    ],
)  # fmt: skip
def test_besides(
    found: dict[str, float], states: set[State], limits: tuple[str, ...], rules: tuple[str, str]
) -> None:
    """A word about somebody else goes round no limit; a crisis is never sent away by one."""
    facts = Facts("f", Side.USER, CHILD, scored(**found), limits, frozenset(states))
    assert first(POLICY(POLICIES / "default.yaml"), facts) == rules


def test_the_words_of_the_second_time() -> None:
    """The last text is for all that follow."""
    said = Decision("d", Side.USER, "r", (), "p", text="a", again=("b", "c"), danger=Danger.ACTIVE)
    assert [repeated(said, before).text for before in range(5)] == ["a", "b", "c", "c", "c"]


@pytest.mark.parametrize(
    ("profile", "code"),
    [("us-ca/13", 0), ("CN/minor", 0), ("uk", 0), ("cn/minor/40", 2), ("cn/x", 2), ("nowhere", 2)],
)
def test_a_profile_is_explained_or_refused(profile, code):
    """One word says who is meant; two ages that cannot both be are a mistake, with the reason."""
    got = CliRunner().invoke(policy_app, ["explain", "--profile", profile, "--json"])
    assert got.exit_code == code
    assert bool(code) or json.loads(got.stdout)["lines"]
