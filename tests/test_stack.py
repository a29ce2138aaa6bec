"""Several packs as one policy: the strictest counts, pins, days on which a law begins, origins."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy, read_pack
from guardrail.policy.model import (
    Consent,
    CrisisTerms,
    Curfew,
    Dependence,
    Hold,
    Limits,
    Mode,
    Policy,
    Posture,
    Repair,
    Stage,
    Start,
    Threshold,
)
from guardrail.policy.stack import DETECTED
from guardrail.turn import AgeBand, Detector, Label, Side

TODAY = date(2026, 11, 20)

GROUND = """\
guardrail: 1
name: ground
title: The ground
mode: enforce
languages: [en, zh]
default_region: { en: US, zh: CN }
thresholds:
  any: { any: { any: { soft: 0.5, hard: 0.8 } } }
failure:
  any: { any: { minor: closed, any: floor } }
hold: { chars: 300, seconds: 2, tail: 40 }
limits:
  minor: { daily_minutes: 120, session_minutes: 60 }
  any: { turns_per_minute: 30 }
rules:
  - id: crisis
    when: { side: user, label: self_harm, at: soft }
    then: support
    text: help
    resources: true
  - id: harm
    stage: harm
    when: { side: user, label: violence, at: hard }
    then: block
    text: rest
  - id: enough
    stage: limit
    when: { limit: daily_minutes }
    then: end
    text: rest
  - id: watch
    stage: note
    when: { label: gambling, at: soft }
    then: annotate
notices:
  - id: begin
    text: rest
    start: day
  - id: again
    text: rest
    every_minutes: 180
texts:
  help: { en: Help is near., zh: 有人帮你。 }
  rest: { en: Enough., zh: 够了。 }
  unavailable: { en: Not now., zh: 稍后。 }
"""

OVER = """\
guardrail: 1
name: over
title: A law
extends: ground
"""

RESOURCES = """\
guardrail: 1
resources:
  - region: US
    kind: crisis
    languages: [en]
    ages: any
    name: { en: "A line" }
    contact: { en: "call 988" }
    numbers: ["988"]
    source: https://example.org/help
    verified_on: 2026-11-01
    certainty: high
"""


def write(folder: Path, **packs: str) -> Path:
    """The ground, the overlay `over` and others by name; the path of `over`."""
    (folder / "resources.yaml").write_text(RESOURCES, "utf-8")
    for name, text in {"ground": GROUND, **packs}.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder / "over.yaml"


def over(folder: Path, more: str, ground: str = "", day: date = TODAY) -> Policy:
    """The policy of an overlay with these lines, on a ground with those besides its own."""
    return load_policy(write(folder, over=OVER + more, ground=GROUND + ground), day=day)


def complaints(folder: Path, **packs: str) -> list[str]:
    """What is wrong with a pack, as `file:line: message`."""
    with pytest.raises(PolicyError) as caught:
        read_pack(write(folder, **packs))
    return [str(m).replace(f"{folder}/", "") for m in caught.value.mistakes]


CELL = (Label.SEXUAL, Side.BOT, AgeBand.MINOR)

# -- the strictest counts ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{ soft: 0.2, hard: 0.9 }", Threshold(0.2, 0.8)),
        ("{ soft: 0.6, hard: 0.7 }", Threshold(0.5, 0.7)),
        ("{ soft: 0.6, hard: 0.9 }", Threshold(0.5, 0.8)),
    ],
)
def test_thresholds(tmp_path: Path, line: str, expected: Threshold):
    """Of soft and hard each the lower; other cells keep the ground's."""
    policy = over(tmp_path, f"thresholds: {{ sexual: {{ bot: {{ minor: {line} }} }} }}\n")
    assert policy.thresholds[CELL] == expected
    assert policy.thresholds[Label.SEXUAL, Side.USER, AgeBand.MINOR] == Threshold(0.5, 0.8)


def test_postures(tmp_path: Path):
    """The more closed one."""
    policy = over(tmp_path, "failure: { any: { any: { minor: open, adult: closed } } }\n")
    assert policy.postures[CELL] is Posture.CLOSED
    assert policy.postures[Label.SEXUAL, Side.BOT, AgeBand.ADULT] is Posture.CLOSED
    assert policy.postures[Label.SEXUAL, Side.BOT, AgeBand.UNKNOWN] is Posture.FLOOR


def test_limits(tmp_path: Path):
    """Cap by cap the lower; caps for those under an age stand beside the bands."""
    policy = over(
        tmp_path,
        "limits: { minor: { daily_minutes: 200, session_minutes: 40, turns_per_minute: 10 },"
        " under-14: { daily_minutes: 60 } }\n",
        "",
    )
    assert policy.limits[AgeBand.MINOR] == Limits(10, 40, 120)
    assert policy.limits[AgeBand.ADULT] == Limits(30)
    assert policy.young == {14: Limits(daily_minutes=60)}


def test_hold(tmp_path: Path):
    """Less is held back and looked at sooner; a longer tail stays."""
    assert over(tmp_path, "hold: { chars: 200, seconds: 3, tail: 64 }\n").hold == Hold(200, 2.0, 64)
    assert over(tmp_path, "hold: { chars: 400 }\n").hold == Hold(300, 2.0, 40)


def test_what_a_pack_does_not_say_is_no_wish(tmp_path: Path):
    """A default of the later pack does not compete with what the earlier one says."""
    ground = "crisis: { hold_hours: 12, point_minutes: 30, omission: 0.3 }\n"
    assert over(tmp_path, "crisis: { repair: replace }\n", ground).crisis == CrisisTerms(
        12.0, 30.0, 0.3, Repair.REPLACE
    )
    dependence = over(tmp_path, "dependence: { elevated: 0.4 }\n", "dependence: { high: 0.95 }\n")
    assert dependence.dependence == Dependence(0.4, 0.95)


def test_crisis_terms(tmp_path: Path):
    """Held longer, pointed to help more often, with the firmer repair."""
    policy = over(
        tmp_path,
        "crisis: { hold_hours: 12, point_minutes: 5, omission: 0.4, repair: regenerate }\n",
        "crisis: { hold_hours: 48, point_minutes: 20, omission: 0.6, repair: append }\n",
    )
    assert policy.crisis == CrisisTerms(48.0, 5.0, 0.6, Repair.REGENERATE)


def test_terms_of_several_packs_add_up(tmp_path: Path):
    """Curfews, suppression and exit words of both hold."""
    policy = over(
        tmp_path,
        "curfew: { under: 14, from: '21:00', to: '07:00' }\n"
        "suppress: { minor: [push] }\n"
        "exit: { words: { en: [halt, STOP], zh: [停] } }\n",
        "curfew: { under: 18, from: '22:00', to: '06:00' }\n"
        "suppress: { minor: memory, unknown: memory }\n"
        "exit: { text: rest, words: { en: [stop] } }\n",
    )
    assert [(c.under, str(c.begins), str(c.ends)) for c in policy.curfews] == [
        (18, "22:00", "06:00"),
        (14, "21:00", "07:00"),
    ]
    assert policy.suppress == {
        AgeBand.MINOR: frozenset({"push", "memory"}),
        AgeBand.UNKNOWN: frozenset({"memory"}),
    }
    assert policy.exit.words == {"en": ("stop", "halt"), "zh": ("停",)}
    assert policy.exit.text == "rest"


@pytest.mark.parametrize(
    ("ground", "later", "expected"),
    [
        ("", "unknown_age: minor\n", AgeBand.MINOR),
        ("unknown_age: minor\n", "unknown_age: adult\n", AgeBand.MINOR),
        ("unknown_age: adult\n", "unknown_age: unknown\n", AgeBand.UNKNOWN),
        ("unknown_age: adult\n", "", AgeBand.ADULT),
        ("", "", AgeBand.UNKNOWN),
    ],
)
def test_unknown_age(tmp_path: Path, ground: str, later: str, expected: AgeBand):
    """The more careful guess."""
    assert over(tmp_path, later, ground).unknown_age is expected


def test_dependence(tmp_path: Path):
    """The earlier warning, for all ages that either follows."""
    policy = over(
        tmp_path,
        "dependence: { elevated: 0.3, high: 0.9, age: adult }\n",
        "dependence: { elevated: 0.5, high: 0.7, age: minor }\n",
    )
    ages = frozenset({AgeBand.MINOR, AgeBand.ADULT})
    assert policy.dependence == Dependence(0.3, 0.7, ages)
    assert over(tmp_path, "dependence: off\n", "dependence: { high: 0.9 }\n").dependence is not None


def test_plain_values_are_the_later_packs(tmp_path: Path):
    """Mode and zone have no stricter one; texts and regions are replaced word by word."""
    policy = over(
        tmp_path,
        "mode: shadow\nshadow_until: 2027-01-31\nzone: Asia/Shanghai\n"
        "default_region: { en: US, zh: HK }\ntexts: { rest: { zh: 歇歇。 } }\n",
    )
    assert (policy.mode, policy.zone) == (Mode.SHADOW, "Asia/Shanghai")
    assert policy.default_regions == {"en": "US", "zh": "HK"}
    assert policy.texts["rest"] == {"en": "Enough.", "zh": "歇歇。"}


def test_what_nobody_speaks_of_is_the_grounds(tmp_path: Path):
    """An overlay of nothing changes nothing but name, title and revision."""
    plain = load_policy(write(tmp_path, over=OVER).with_name("ground.yaml"), day=TODAY)
    policy = over(tmp_path, "")
    for field in ("rules", "thresholds", "postures", "limits", "hold", "notices", "texts", "mode"):
        assert getattr(policy, field) == getattr(plain, field), field
    assert (policy.name, policy.title, policy.extends) == ("over", "A law", ("ground", "over"))
    assert policy.revision != plain.revision


def test_detectors_have_thresholds(tmp_path: Path):
    """Also where no pack speaks of them."""
    ground = GROUND.replace("  any: { any: { any: { soft", "  self_harm: { any: { any: { soft")
    rest = [label for label in Label if label is not Label.SELF_HARM]
    lines = "".join(f"  {r}: {{ any: {{ any: {{ soft: 0.5, hard: 0.8 }} }} }}\n" for r in rest)
    ground = ground.replace("failure:", f"{lines}failure:", 1)
    policy = load_policy(write(tmp_path, over=OVER, ground=ground), day=TODAY)
    assert policy.thresholds[Detector.LEAVING, Side.USER, AgeBand.ADULT] == DETECTED


# -- pins ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", ["limits", "limits.minor", "limits.minor.daily_minutes"])
def test_a_pinned_value_counts_though_it_is_looser(tmp_path: Path, pin: str):
    """A later pack has the last word where it says so, as widely as it says so."""
    policy = over(tmp_path, f"limits: {{ minor: {{ daily_minutes: 200 }} }}\npin: {pin}\n")
    assert policy.limits[AgeBand.MINOR].daily_minutes == 200


@pytest.mark.parametrize(
    "pin",
    [
        "thresholds.sexual.bot.minor",
        "thresholds.sexual",
        "thresholds",
        "thresholds.sexual.bot.minor.soft",
    ],
)
def test_pinned_thresholds(tmp_path: Path, pin: str):
    """By any part of the path."""
    line = "thresholds: { sexual: { bot: { minor: { soft: 0.7, hard: 0.8 } } } }\n"
    assert over(tmp_path, f"{line}pin: [{pin}]\n").thresholds[CELL] == Threshold(0.7, 0.8)


def test_other_pins(tmp_path: Path):
    """Terms that are one value, one of their fields, and caps under an age."""
    ground = (
        "crisis: { hold_hours: 48, point_minutes: 5 }\n"
        "curfew: { under: 18, from: '22:00', to: '06:00' }\n"
        "limits: { under-16: { daily_minutes: 60 } }\n"
    )
    ground = (
        GROUND.replace("limits:\n", "limits:\n  under-16: { daily_minutes: 60 }\n")
        + (ground.rpartition("limits:")[0])
    )
    later = (
        "crisis: { hold_hours: 12, point_minutes: 30 }\n"
        "curfew: { under: 14, from: '23:00', to: '05:00' }\n"
        "limits: { under-16: { daily_minutes: 90 } }\n"
        "pin: [crisis.hold_hours, curfew, limits.under-16]\n"
    )
    policy = load_policy(write(tmp_path, over=OVER + later, ground=ground), day=TODAY)
    assert (policy.crisis.hold_hours, policy.crisis.point_minutes) == (12.0, 5.0)
    assert [curfew.under for curfew in policy.curfews] == [14]
    assert policy.young == {16: Limits(daily_minutes=90)}


def test_a_pin_is_for_its_own_pack(tmp_path: Path):
    """What an earlier pack pinned, a later one may still make stricter, and not looser."""
    first = (
        OVER.replace("over", "first") + "limits: { minor: { daily_minutes: 200 } }\npin: limits\n"
    )
    for minutes, expected in ((100, 100), (300, 200)):
        last = OVER.replace("ground", "first") + (
            f"limits: {{ minor: {{ daily_minutes: {minutes} }} }}\n"
        )
        policy = load_policy(write(tmp_path, first=first, over=last), day=TODAY)
        assert policy.limits[AgeBand.MINOR].daily_minutes == expected


def test_origins(tmp_path: Path):
    """Each value says who speaks of it; a pin names one pack alone."""
    policy = over(
        tmp_path,
        "limits: { minor: { daily_minutes: 200, session_minutes: 30 } }\nzone: Asia/Tokyo\n"
        "pin: limits.minor.daily_minutes\n",
    )
    assert policy.origins["limits.minor.daily_minutes"] == "over"
    assert policy.origins["limits.minor.session_minutes"] == "ground, over"
    assert policy.origins["limits.any.turns_per_minute"] == "ground"
    assert policy.origins["zone"] == "over"


# -- days ----------------------------------------------------------------------------------


def test_a_law_begins_on_its_day(tmp_path: Path):
    """Before it the policy is without it, from it on with it; the name is the same."""
    law = "effective: 2027-07-01\nlimits: { minor: { daily_minutes: 45 } }\n"
    stack, _ = read_pack(write(tmp_path, over=OVER + law))
    before, after = stack.on(date(2027, 6, 30)), stack.on(date(2027, 7, 1))
    assert before.limits[AgeBand.MINOR].daily_minutes == 120
    assert after.limits[AgeBand.MINOR].daily_minutes == 45
    assert before.name == after.name == "over"
    assert before.revision != after.revision
    assert (before.extends, after.extends) == (("ground",), ("ground", "over"))


def test_the_next_change(tmp_path: Path):
    """The days on which something will begin, one after the other."""
    first = OVER.replace("over", "first") + "effective: 2027-01-01\n"
    stack, _ = read_pack(
        write(
            tmp_path,
            first=first,
            over=OVER.replace("ground", "first") + "effective: 2027-07-01\n",
        )
    )
    assert stack.next_change(date(2026, 11, 20)) == date(2027, 1, 1)
    assert stack.next_change(date(2027, 1, 1)) == date(2027, 7, 1)
    assert stack.next_change(date(2027, 7, 1)) is None
    assert stack.next_change(date.min) == date(2027, 1, 1)


def test_the_ground_is_always_in_force(tmp_path: Path):
    """A day on its first pack leaves no turn without a policy."""
    ground = GROUND.replace("mode: enforce", "mode: enforce\neffective: 2030-01-01")
    path = write(tmp_path, over=OVER, ground=ground)
    assert load_policy(path, day=TODAY).rules
    assert load_policy(path.with_name("ground.yaml"), day=TODAY).rules


# -- rules and notices ---------------------------------------------------------------------

RULES = """\
rules:
  - id: law-harm
    stage: harm
    when: { side: user, label: sexual, at: hard }
    then: block
    text: rest
  - id: law-harm-two
    when: { side: user, label: gambling, at: hard }
    then: block
    text: rest
  - id: enough
    stage: limit
    when: { limit: daily_minutes, age: minor }
    then: end
    text: help
  - id: law-note
    stage: note
    when: { label: minor, at: soft }
    then: annotate
"""


def test_rules_stand_by_stage_and_the_later_packs_first(tmp_path: Path):
    """Within a stage the law is asked before the ground; a stage never jumps another."""
    rules = over(tmp_path, RULES).rules
    assert [(rule.stage, rule.id) for rule in rules] == [
        (Stage.CRISIS, "crisis"),
        (Stage.HARM, "law-harm"),
        (Stage.HARM, "law-harm-two"),
        (Stage.HARM, "harm"),
        (Stage.LIMIT, "enough"),
        (Stage.NOTE, "law-note"),
        (Stage.NOTE, "watch"),
    ]


def test_a_rule_of_the_same_id_takes_the_place(tmp_path: Path):
    """It is the later pack's, in the place of the earlier one, and once; the wider condition counts."""
    rules = {rule.id: rule for rule in over(tmp_path, RULES).rules}
    assert (rules["enough"].pack, rules["enough"].text) == ("over", "help")
    assert rules["enough"].when.ages == frozenset()
    pinned = {rule.id: rule for rule in over(tmp_path, RULES + "pin: rules.enough\n").rules}
    assert pinned["enough"].when.ages == frozenset({AgeBand.MINOR})
    assert rules["harm"].pack == "ground"
    swapped = "rules:\n  - { id: crisis, when: { side: user, label: self_harm, at: hard }, then: support, text: help, resources: true }\n"  # fmt: skip
    assert [rule.id for rule in over(tmp_path, swapped).rules] == [
        "crisis",
        "harm",
        "enough",
        "watch",
    ]


def test_three_packs(tmp_path: Path):
    """The last of all is asked first; the middle one before the ground."""

    def pack(name: str, ground: str) -> str:
        rule = f"  - {{ id: {name}-harm, stage: harm, when: {{ label: sexual, at: hard }}, then: annotate }}\n"
        return OVER.replace("over", name).replace("ground", ground) + f"rules:\n{rule}"

    path = write(tmp_path, first=pack("first", "ground"), over=pack("over", "first"))
    harm = [rule.id for rule in load_policy(path, day=TODAY).rules if rule.stage is Stage.HARM]
    assert harm == ["over-harm", "first-harm", "harm"]


def test_a_pack_that_two_others_extend_counts_once(tmp_path: Path):
    """Extending two packs that stand on the same ground is no circle."""
    path = write(
        tmp_path,
        left=OVER.replace("over", "left") + "limits: { minor: { daily_minutes: 90 } }\n",
        right=OVER.replace("over", "right") + "limits: { minor: { session_minutes: 30 } }\n",
        over=OVER.replace("ground", "[left, right]"),
    )
    policy = load_policy(path, day=TODAY)
    assert policy.extends == ("ground", "left", "right", "over")
    assert policy.limits[AgeBand.MINOR] == Limits(None, 30, 90)
    assert len(policy.rules) == 4


def test_notices_are_merged_by_id(tmp_path: Path):
    """One of the same id is replaced in its place; new ones follow."""
    policy = over(
        tmp_path,
        "notices:\n"
        "  - { id: new, text: help, absence_days: 7 }\n"
        "  - { id: begin, text: rest, start: sitting, in_band: true }\n",
    )
    assert [(n.id, n.pack) for n in policy.notices] == [
        ("begin", "over"),
        ("again", "ground"),
        ("new", "over"),
    ]
    assert policy.notices[0].start is Start.SITTING


def test_articles_add_up(tmp_path: Path):
    """A value that serves two laws cites both."""
    policy = over(
        tmp_path,
        "articles: { limits.minor: Law B, zone: Law C }\n",
        "articles: { limits.minor: Law A }\n",
    )
    assert policy.articles == {"limits.minor": "Law A; Law B", "zone": "Law C"}


def test_consents_and_curfews_of_one_pack(tmp_path: Path):
    """A pack asks for one of each."""
    policy = over(
        tmp_path,
        "consent: { under: 14, version: '3' }\ncurfew: { under: 16, from: '22:00', to: '06:00' }\n",
    )
    assert policy.consents == (Consent(14, "companion", "3"),)
    assert isinstance(policy.curfews[0], Curfew)


# -- what is refused -----------------------------------------------------------------------


def test_a_circle_is_refused(tmp_path: Path):
    """With the file and line that close it."""
    other = OVER.replace("over", "other").replace("ground", "over")
    assert complaints(tmp_path, over=OVER.replace("ground", "other"), other=other) == [
        "other.yaml:4: 'over' extends this pack itself"
    ]
    assert complaints(tmp_path, over=OVER.replace("ground", "over")) == [
        "over.yaml:4: 'over' extends this pack itself"
    ]


def test_a_missing_pack_is_refused(tmp_path: Path):
    """With a hint at the one that was meant."""
    assert complaints(tmp_path, over=OVER.replace("ground", "gruond")) == [
        "over.yaml:4: there is no pack 'gruond' beside this one (did you mean 'ground'?)"
    ]
    found = complaints(tmp_path, over=OVER.replace("ground", "\n  - ground\n  - nowhere"))
    assert len(found) == 1
    assert found[0].startswith("over.yaml:6: there is no pack 'nowhere' beside this one")


@pytest.mark.parametrize("name", ["../ground", "/etc/passwd", "Ground", "5", "''"])
def test_a_name_is_no_path(tmp_path: Path, name: str):
    """Packs that are extended stand beside the one that extends them."""
    assert complaints(tmp_path, over=OVER.replace("ground", name))[0].startswith("over.yaml:4: ")


def test_mistakes_of_all_files_come_at_once(tmp_path: Path):
    """Each with its own file."""
    ground = GROUND.replace("mode: enforce", "mode: off")
    found = complaints(tmp_path, over=OVER + "zone: Mars/Olympus\n", ground=ground)
    assert {line.partition(":")[0] for line in found} == {"ground.yaml", "over.yaml"}


def test_an_overlay_may_not_lack_words(tmp_path: Path):
    """A rule of it that says what nobody wrote is refused, in its own file."""
    found = complaints(tmp_path, over=OVER + RULES.replace("text: help", "text: nothing"))
    assert found == ["over.yaml:19: there is no text 'nothing' (one of: help, rest, unavailable)"]


def test_checks_point_into_the_pack_that_is_wrong(tmp_path: Path):
    """Also if it is not the one that was asked about, and for a day to come."""
    law = "effective: 2040-01-01\n" + RULES.replace(
        "limit: daily_minutes, age: minor", "limit: session_minutes, age: adult"
    )
    found = check_policy(write(tmp_path, over=OVER + law), TODAY)
    assert any(m.file.endswith("over.yaml") and "can never match" in m.message for m in found), (
        found
    )
