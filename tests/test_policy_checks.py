"""The static checks: each is fed a pack that it must complain about, and one that is clean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guardrail.policy.check import CHECKS, check_policy

TODAY = date(2026, 11, 21)

PACK = """\
guardrail: 1
name: small
title: A small pack
mode: enforce
languages: [en]
default_region: US
thresholds:
  any: { any: { any: { soft: 0.5, hard: 0.8 } } }
failure:
  any: { any: { any: closed } }
hold: { chars: 240, seconds: 1.5, tail: 64 }
limits:
  minor: { daily_minutes: 120 }
rules:
  - id: crisis
    when: { side: user, label: self_harm, at: soft }
    then: [support, escalate]
    text: help
    resources: true
    severity: urgent
  - id: enough
    when: { limit: daily_minutes }
    then: end
    text: rest
  - id: stop
    when: { side: bot, label: [violence, sexual], at: soft }
    then: replace
    text: rest
texts:
  help: { en: Help is near. }
  rest: { en: Enough for now. }
  unavailable: { en: Not now. }
"""

REASONED = PACK.replace("then: end", "then: end\n    reason: Sleep.").replace(
    "[support, escalate]", "[support, escalate]\n    reason: { en: Danger., zh: 危险。 }"
)

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
  - region: US
    kind: emergency
    languages: [en]
    ages: any
    name: { en: "Emergency" }
    contact: { en: "call 911" }
    numbers: ["911"]
    source: https://example.org/help
    verified_on: 2026-11-01
    certainty: med
  - region: '*'
    kind: directory
    languages: [en]
    ages: any
    name: { en: "A directory" }
    contact: { en: "example.org" }
    numbers: []
    source: https://example.org/help
    verified_on: 2026-11-01
    certainty: med
"""


UNEXPLAINED = "does not say why it is there"


def complaints(folder: Path, pack: str = PACK, resources: str = RESOURCES) -> list[str]:
    """What the checks say, as `file:line: message (hint)`; not that these rules give no reasons."""
    (folder / "small.yaml").write_text(pack, encoding="utf-8")
    (folder / "resources.yaml").write_text(resources, encoding="utf-8")
    found = check_policy(folder / "small.yaml", TODAY)
    said = [str(mistake).removeprefix(f"{folder}/") for mistake in found]
    return [one for one in said if UNEXPLAINED not in one]


def changed(text: str, old: str, new: str) -> str:
    """One change at exactly one place."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def rule(id_: str, when: str, *more: str) -> str:
    """One more rule, put last."""
    lines = "".join(f"    {line}\n" for line in more or ("then: annotate",))
    return changed(PACK, "texts:\n", f"  - id: {id_}\n    when: {when}\n{lines}texts:\n")


def test_clean(tmp_path: Path):
    """A pack with nothing wrong gives no complaint."""
    assert complaints(tmp_path) == []


def test_reasons(tmp_path: Path):
    """Each rule says why it is there."""
    for text, unexplained in ((PACK, ["crisis", "enough", "stop"]), (REASONED, ["stop"])):
        (tmp_path / "small.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "resources.yaml").write_text(RESOURCES, encoding="utf-8")
        found = [str(mistake) for mistake in check_policy(tmp_path / "small.yaml", TODAY)]
        assert [one.split("'")[1] for one in found] == unexplained
        assert all(UNEXPLAINED in one for one in found)


def test_every_check_is_run():
    """One small file for each check, and none of them forgotten."""
    folder = Path(__file__).parent.parent / "guardrail" / "policy" / "checks"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {check.__module__.rpartition(".")[2] for check in CHECKS} == files


@pytest.mark.parametrize(
    "when",
    [
        "{ side: user, label: self_harm, at: soft }",
        "{ side: user, label: self_harm, at: hard }",
        "{ side: user, label: self_harm, at: soft, level: plan }",
        "{ side: user, label: self_harm, at: soft, age: minor }",
    ],
)
def test_reach(tmp_path: Path, when: str):
    """A rule whose condition an earlier one covers can never match."""
    assert complaints(tmp_path, rule("late", when)) == [
        (
            "small.yaml:29: rule 'late' can never match: 'crisis' on line 15 always comes first "
            "(move it before 'crisis', or narrow that rule)"
        )
    ]


@pytest.mark.parametrize(
    "when",
    [
        "{ side: bot, label: self_harm, at: soft }",
        "{ label: self_harm, at: soft }",
        "{ side: user, label: violence, at: soft }",
        "{ side: bot, label: [violence, gambling], at: soft }",
        "{ side: user }",
    ],
)
def test_reach_is_not_overdone(tmp_path: Path, when: str):
    """A rule that some turn can still reach is left alone."""
    assert complaints(tmp_path, rule("late", when)) == []


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ("level: passive", "level: plan", True),
        ("level: plan", "level: passive", False),
        ("age: [minor, unknown]", "age: minor", True),
        ("age: minor", "age: [minor, unknown]", False),
        ("age: minor", "level: plan", False),
        ("level: plan", "age: minor", False),
    ],
)
def test_reach_compares_levels_and_ages(tmp_path: Path, earlier: str, later: str, covered: bool):
    """A milder level and a larger set of ages cover; the reverse does not."""
    both = "".join(
        f"  - {{ id: {name}, when: {{ side: user, label: self_harm, at: soft, {part} }}, then: annotate }}\n"
        for name, part in (("one", earlier), ("two", later))
    )
    found = complaints(tmp_path, changed(PACK, "rules:\n", "rules:\n" + both))
    assert any("rule 'two' can never match" in one for one in found) is covered


def test_reach_without_labels(tmp_path: Path):
    """A rule that asks for no label covers those that do."""
    both = (
        "  - { id: one, when: { side: bot, age: minor }, then: annotate }\n"
        "  - { id: two, when: { side: bot, age: minor, label: gambling, at: hard }, then: annotate }\n"
    )
    (found,) = complaints(tmp_path, changed(PACK, "texts:\n", both + "texts:\n"))
    assert "rule 'two' can never match" in found


def test_crisis(tmp_path: Path):
    """Who answers self-harm names help."""
    pack = changed(PACK, "    resources: true\n", "")
    assert complaints(tmp_path, pack) == [
        "small.yaml:17: rule 'crisis' answers self-harm without naming help (add resources: true)"
    ]


def test_cases(tmp_path: Path):
    """A case has a severity, and a severity has a case."""
    assert complaints(tmp_path, changed(PACK, "    severity: urgent\n", "")) == [
        (
            "small.yaml:17: rule 'crisis' opens a case without a severity "
            "(severity: notice, or urgent, or imminent)"
        )
    ]
    assert complaints(tmp_path, changed(PACK, "[support, escalate]", "[support]")) == [
        (
            "small.yaml:20: rule 'crisis' has a severity, but opens no case "
            "(add escalate, or remove severity)"
        )
    ]


def test_minors_thresholds(tmp_path: Path):
    """What counts for adults counts for minors."""
    minor = "thresholds:\n  sexual: { bot: { minor: { soft: 0.6, hard: 0.8 } } }\n"
    assert complaints(tmp_path, changed(PACK, "thresholds:\n", minor)) == [
        (
            "small.yaml:8: sexual on the bot side counts later for minors than for adults "
            "(at most soft 0.5, hard 0.8)"
        )
    ]


@pytest.mark.parametrize(
    ("postures", "complaint"),
    [
        ("minor: open, any: open", "passes unseen for minors (closed, or floor"),
        ("minor: floor, any: closed", "failure is looser for minors (floor) than for adults (c"),
    ],
)
def test_minors_postures(tmp_path: Path, postures: str, complaint: str):
    """No failure is looser for minors, and none lets them through unseen."""
    line = f"failure:\n  sexual: {{ bot: {{ {postures} }} }}\n"
    (one,) = complaints(tmp_path, changed(PACK, "failure:\n", line))
    assert one.startswith("small.yaml:10: ")
    assert complaint in one


def test_minors_are_told_of_once_a_line(tmp_path: Path):
    """A line that stands for every label and side is one mistake, not fourteen."""
    found = complaints(tmp_path, changed(PACK, "any: closed", "any: open"))
    assert found == [
        (
            "small.yaml:10: when the model fails, self_harm on the user side and 13 more "
            "passes unseen for minors (closed, or floor if the lexicon is enough)"
        )
    ]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Call 116 123 now.", "116 123"),
        ("请拨打１２３５５", "12355"),
        ("Call 1-800-1234.", "1-800-1234"),
    ],
)
def test_numbers(tmp_path: Path, words: str, number: str):
    """A number that no resource vouches for, however it is written."""
    assert complaints(tmp_path, changed(PACK, "Help is near.", f'"{words}"')) == [
        (
            f"small.yaml:30: text 'help' names the number {number}, which is not in the resources "
            "(put numbers into resources.yaml; resources: true shows them)"
        )
    ]


@pytest.mark.parametrize("words", ["Call 9-8-8, 24/7.", "At 10 or 11, 12 people.", "Call 988."])
def test_numbers_that_may_stand(tmp_path: Path, words: str):
    """Those of the resources, and those that nobody dials."""
    assert complaints(tmp_path, changed(PACK, "Help is near.", f'"{words}"')) == []


def test_thresholds(tmp_path: Path):
    """A label that cannot be graded is told for each side; the loader already refuses it."""
    pack = changed(PACK, "any: { any: { any: { soft", "any: { user: { minor: { soft")
    found = complaints(tmp_path, pack)
    assert len(found) == 14
    assert found[0] == (
        "small.yaml:7: self_harm has no thresholds on the user side (adult, unknown) "
        "(add a line for user under self_harm, or one with any)"
    )


def test_limits(tmp_path: Path):
    """Caps and the rules about them match up, in both directions."""
    assert complaints(tmp_path, rule("fast", "{ limit: turns_per_minute }")) == [
        (
            "small.yaml:30: rule 'fast' can never match: no turns_per_minute is set "
            "(set it under limits)"
        )
    ]
    more = changed(PACK, "daily_minutes: 120", "daily_minutes: 120, session_minutes: 60")
    assert complaints(tmp_path, more) == [
        (
            "small.yaml:12: session_minutes is set for minor, but no rule acts on it "
            "(add a rule with limit: session_minutes)"
        )
    ]
    young = changed(PACK, "minor: { daily_minutes: 120 }", "under-14: { session_minutes: 30 }")
    told = "small.yaml:12: session_minutes is set for under-14, but no rule acts on it"
    found = complaints(tmp_path, young)
    assert [told in one for one in found] == [True, False], "nor is the other cap set any more"


@pytest.mark.parametrize(
    ("when", "acts"),
    [
        ("{ limit: session_minutes }", True),
        ("{ limit: session_minutes, under: 16 }", True),
        ("{ limit: session_minutes, under: 12 }", False),
        ("{ limit: session_minutes, age: adult }", False),
        ("{ limit: session_minutes, state: concern }", False),
    ],
)
def test_limits_of_the_young(tmp_path: Path, when: str, acts: bool):
    """A cap for those under an age needs a rule about all of them, whatever else is so."""
    caps = "minor: { daily_minutes: 120 }\n  under-16: { session_minutes: 30 }"
    told = "session_minutes is set for under-16, but no rule acts on it"
    pack = changed(rule("sits", when), "minor: { daily_minutes: 120 }", caps)
    assert any(told in one for one in complaints(tmp_path, pack)) is not acts


def test_unused(tmp_path: Path):
    """A text that no rule says."""
    pack = changed(PACK, "  unavailable:", "  extra: { en: Hello. }\n  unavailable:")
    assert complaints(tmp_path, pack) == [
        "small.yaml:32: nothing says text 'extra' (use it in a rule, or remove it)"
    ]


def test_words(tmp_path: Path):
    """A pack whose words are not there is not loaded; what else is wrong is told with it."""
    assert complaints(tmp_path, changed(PACK, "text: help", "text: hlep")) == [
        "small.yaml:18: there is no text 'hlep' (did you mean 'help'?)",
        "small.yaml:30: nothing says text 'help' (use it in a rule, or remove it)",
    ]


def test_all_that_can_be_told_is_told_together(tmp_path: Path):
    """What guards loading does not hide other mistakes, nor does what cannot be read."""
    pack = changed(PACK, "soft: 0.5, hard: 0.8 } } }", "soft: 0.5, hard: 0.8 } }, user: 3 }")
    pack = changed(pack.replace("    resources: true\n", ""), "mode: enforce", "mode: enforec")
    pack = changed(pack, "Help is near.", "Call 12345.")
    found = [one.partition(" (")[0] for one in complaints(tmp_path, pack)]
    assert found == [
        "small.yaml:4: 'enforec' is not a mode",
        "small.yaml:8: thresholds of any, user side must be a list of `key: value` lines",
        "small.yaml:17: rule 'crisis' answers self-harm without naming help",
        "small.yaml:29: text 'help' names the number 12345, which is not in the resources",
    ]
    unread = changed(pack, "then: end\n", "then: ended\n    severity: urgent\n")
    resources = changed(RESOURCES, "certainty: high", "certainty: sure")
    found = [one.partition(" (")[0] for one in complaints(tmp_path, unread, resources)]
    assert [one.partition(": ")[0] for one in found] == [
        *("resources.yaml:12", "small.yaml:4", "small.yaml:8", "small.yaml:17", "small.yaml:22"),
    ], "a rule that cannot be read is not judged, nor a number where the resources cannot be"


def test_gaps_that_come_with_other_mistakes(tmp_path: Path):
    """Thresholds that are not there stop the checks that need them, and no others."""
    pack = changed(PACK, "any: { any: { any: { soft", "any: { user: { any: { soft")
    pack = changed(changed(pack, "text: help", "text: hlep"), "    severity: urgent\n", "")
    found = {one.partition(" (")[0] for one in complaints(tmp_path, pack)}
    assert "small.yaml:7: self_harm has no thresholds on the bot side" in found
    assert "small.yaml:18: there is no text 'hlep'" in found
    assert "small.yaml:17: rule 'crisis' opens a case without a severity" in found


def test_stop(tmp_path: Path):
    """A switch needs a rule that answers, whoever asks, and before the bot does."""
    stopped = changed(PACK, "limits:\n", "stop: { apps: toy }\nlimits:\n")
    assert complaints(tmp_path, stopped) == [
        (
            "small.yaml:12: no rule answers for what is stopped (a rule with stage: limit, "
            "when: { side: user, state: stopped } and then: end)"
        )
    ]
    rule = (
        "rules:\n  - { id: off, stage: limit, when: { state: stopped }, then: end, text: rest }\n"
    )
    kept = rule.replace("stage: limit", "stage: crisis")
    assert complaints(tmp_path, changed(stopped, "rules:\n", rule)) == []
    spared = rule.replace("state: stopped", "state: stopped, unless: concern")
    assert len(complaints(tmp_path, changed(stopped, "rules:\n", spared))) == 1
    assert len(complaints(tmp_path, changed(stopped, "rules:\n", kept))) == 1
    assert complaints(tmp_path, changed(stopped, "{ apps: toy }", "{ everything: false }")) == [
        "small.yaml:12: this stops nothing (everything, apps, routes or characters)"
    ]


def test_hold(tmp_path: Path):
    """A tail that is too short, or too long for what is held."""
    assert complaints(tmp_path, changed(PACK, "tail: 64", "tail: 31")) == [
        "small.yaml:11: a tail of 31 lets a phrase slip through between two windows (at least 32)"
    ]
    assert complaints(tmp_path, changed(PACK, "chars: 240", "chars: 64")) == [
        (
            "small.yaml:11: hold.chars is 64: nothing would ever leave a tail of 64 "
            "(more than the tail)"
        )
    ]


@pytest.mark.parametrize(
    ("until", "complaint"),
    [
        ("2026-11-21", []),
        (
            "2026-11-20",
            [
                (
                    "small.yaml:5: shadow mode ended on 2026-11-20, and decisions still take no effect "
                    "(mode: enforce, or a later date)"
                )
            ],
        ),
    ],
)
def test_shadow(tmp_path: Path, until: str, complaint: list[str]):
    """Shadow mode holds through its last day."""
    pack = changed(PACK, "mode: enforce", f"mode: shadow\nshadow_until: {until}")
    assert complaints(tmp_path, pack) == complaint


def test_shadow_without_end(tmp_path: Path):
    """Without a date shadow mode does not even load."""
    (one,) = complaints(tmp_path, changed(PACK, "mode: enforce", "mode: shadow"))
    assert "shadow mode needs an end" in one


@pytest.mark.parametrize(
    ("day", "complaint"),
    [
        ("2025-10-17", None),  # 400 days
        ("2025-10-16", "last verified on 2025-10-16, more than 400 days ago (look again at https"),
        ("2026-11-22", "verified on 2026-11-22, which is yet to come (the day somebody looked)"),
    ],
)
def test_resources_age(tmp_path: Path, day: str, complaint: str | None):
    """Each entry has been looked at in the last year or so."""
    resources = RESOURCES.replace("verified_on: 2026-11-01", f"verified_on: {day}", 1)
    found = complaints(tmp_path, resources=resources)
    if complaint is None:
        assert found == []
    else:
        assert found[0].startswith(f"resources.yaml:11: US crisis, A line: {complaint}")


def test_resources_are_told_where_they_stand(tmp_path: Path):
    """Entries that wait and those of several regions do not move the lines; each is told once."""
    waits = RESOURCES.split("  - region: US\n", maxsplit=1)[0] + (
        "  - { region: FR, kind: crisis, languages: [fr], ages: any, name: { en: A }, "
        "contact: { en: B }, numbers: [], disabled: hearsay }\n"
    )
    old = RESOURCES.replace("region: US", "region: [US, CA]").replace("2026-11-01", "2020-01-01", 1)
    found = complaints(tmp_path, resources=old.replace("guardrail: 1\nresources:\n", waits))
    assert [one.partition(":")[2].partition(":")[0] for one in found] == ["12"], found


def test_resources_emergency(tmp_path: Path):
    """Each region says whom to call in an emergency; one complaint for each."""
    resources = RESOURCES.replace("kind: emergency", "kind: crisis")
    assert complaints(tmp_path, resources=resources) == [
        "resources.yaml:3: region US has no emergency number (add an entry of kind emergency)"
    ]


def test_resources_fallback(tmp_path: Path):
    """The default region has entries, and a directory stands behind all."""
    assert complaints(tmp_path, changed(PACK, "default_region: US", "default_region: GB")) == [
        "small.yaml:6: there is no crisis line for the default region GB (one of: US)"
    ]
    assert complaints(tmp_path, changed(PACK, "default_region: US", "default_region: { en: FR }"))
    resources = RESOURCES.replace("kind: directory", "kind: crisis")
    assert complaints(tmp_path, resources=resources) == [
        (
            "resources.yaml:2: there is no directory for regions that we do not cover "
            "(add an entry of kind directory with region '*')"
        )
    ]


CITED = """\
limits:
  minor: {{ session_minutes: {session}, daily_minutes: {daily} }}
  under-16: {{ daily_minutes: {young} }}
curfew: {{ under: {under}, from: "{begins}", to: "06:00" }}
consent: {{ under: {consent} }}
suppress: {{ minor: [{off}] }}
unknown_age: {unknown}
privacy: {{ hold_days: {{ minor: {hold} }} }}
articles:
  limits.minor.session_minutes: CA B&P 21812(d)(3)
  limits.minor.daily_minutes: CA B&P 21812(d)(3); CN minors-mode guideline
  limits.under-16.daily_minutes: CN minors-mode guideline
  curfew: CN minors-mode guideline
  consent: CN Art 14
  suppress.minor: CA B&P 21812(d)(3)
  unknown_age: CA B&P 21811(b)
  privacy.hold_days: CA B&P 21812.5
  notices.again: WA HB 2225
notices:
  - {{ id: again, text: rest, every_minutes: {again}, age: minor, article: NY GBL 1702 }}
  - {{ id: back, text: rest, absence_days: {away}, article: UT 13-72a-203 }}
"""
KEPT = {
    "session": 60, "daily": 120, "young": 60, "under": 18, "begins": "22:00", "consent": 14, "again": 60,
    "off": "memory, push", "unknown": "minor", "hold": 1096, "away": 7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, ""),
        ({"session": 61}, "13: limits.minor.session_minutes is looser than CA B&P 21812(d)(3), which it cites (at most 60)"),
        ({"daily": 121}, "13: limits.minor.daily_minutes is looser than CA B&P 21812(d)(3), which"),
        ({"young": 61}, "14: limits.under-16.daily_minutes is looser than CN minors-mode guideline"),
        ({"under": 16}, "15: curfew is looser than CN minors-mode guideline, which it cites (at least 22:00"),
        ({"begins": "23:00"}, "15: curfew is looser"),
        ({"begins": "00:30"}, "15: curfew is looser"),
        ({"consent": 13}, "16: consent is looser than CN Art 14, which it cites (at least 14)"),
        ({"off": "memory"}, "17: suppress.minor is looser than CA B&P 21812(d)(3), which it cites (at least memory, push)"),
        ({"unknown": "unknown"}, "18: unknown_age is looser than CA B&P 21811(b), which it cites (at least minor)"),
        ({"hold": 1000}, "19: privacy.hold_days is looser than CA B&P 21812.5, which it cites (at least 1095)"),
        ({"again": 61}, "31: notice 'again' comes later than WA HB 2225, which it cites (at most 60)"),
        ({"away": 8}, "32: notice 'back' comes later than UT 13-72a-203, which it cites (at most 7)"),
    ],
)  # fmt: skip
def test_law(tmp_path: Path, change: dict[str, object], complaint: str):
    """A value may be stricter than the article that it cites, never looser."""
    cap = "".join(
        f"  - {{ id: r{n}, stage: limit, when: {{ {when} }}, then: end, text: rest }}\n"
        for n, when in enumerate(("limit: session_minutes", "state: curfew", "state: no_consent"))
    )
    more = CITED.format(**{**KEPT, **change})
    pack = changed(PACK, "limits:\n  minor: { daily_minutes: 120 }\n", more)
    pack = changed(pack, "rules:\n", "rules:\n" + cap)
    found = complaints(tmp_path, pack)
    assert bool(found) is bool(complaint)
    assert not complaint or any(one.startswith(f"small.yaml:{complaint}") for one in found)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("limits.minor.dayly_minutes", "(did you mean 'limits.minor.daily_minutes'?)"),
        ("rules.crysis", "(did you mean 'rules.crisis'?)"),
        ("thresholds.violence.bot.child", "(did you mean 'thresholds.violence.bot."),
        ("curfew", "(this pack sets no curfew)"),
        ("notices.again", "(this pack sets no notices)"),
        ("curfw", "(did you mean 'curfew'?)"),
        ("my.minor.bedtime", "(nearest: "),
    ],
)
def test_cites(tmp_path: Path, path: str, hint: str):
    """An article has a value to stand at."""
    more = f"articles:\n  crisis.repair: X 1\n  thresholds.violence.any.minor: X 2\n  {path}: X 3\n"
    (found,) = complaints(tmp_path, changed(PACK, "rules:\n", more + "rules:\n"))
    wanted = f"small.yaml:17: articles: there is no value, rule or notice {path!r}"
    assert found.startswith(f"{wanted} {hint}".rstrip())
    pins = f"pin:\n  - limits.minor\n  - {path}\n"
    (found,) = complaints(tmp_path, changed(PACK, "rules:\n", pins + "rules:\n"))
    assert found.startswith(
        f"small.yaml:16: pin: there is no value, rule or notice {path!r} {hint}".rstrip()
    )


def test_in_order_of_lines(tmp_path: Path):
    """Mistakes come as one reads: from the top of the file down."""
    pack = changed(changed(PACK, "tail: 64", "tail: 8"), "    resources: true\n", "")
    lines = [int(c.split(":")[1]) for c in complaints(tmp_path, pack)]
    assert lines == sorted(lines)
    assert len(lines) == 2
