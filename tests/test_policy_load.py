"""The loader: what it reads, and that it refuses, with line and hint, what it does not understand."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.load import find_policy, load_policy
from guardrail.policy.model import Condition, Hold, Limits, Mode, Posture, Threshold
from guardrail.turn import Action, AgeBand, Detector, Grade, Label, Level, Severity, Side

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
rules:
  - id: crisis
    when: { side: user, label: self_harm, at: soft }
    then: [support]
    text: help
    resources: true
texts:
  help: { en: Help is near. }
  unavailable: { en: Not now. }
"""

RESOURCES = """\
guardrail: 1
resources:
  - region: US
    kind: crisis
    languages: [en, es]
    ages: any
    name: { en: "A line" }
    contact: { en: "call 988" }
    numbers: ["988"]
    hours: "24/7"
    source: https://example.org/help
    verified_on: 2026-11-21
    certainty: high
"""


def write(folder: Path, pack: str = PACK, resources: str = RESOURCES) -> Path:
    """The two files of a pack; the path of the pack."""
    path = folder / "small.yaml"
    path.write_text(pack, encoding="utf-8")
    (folder / "resources.yaml").write_text(resources, encoding="utf-8")
    return path


def complaints(path: Path) -> list[str]:
    """What the loader says, as `line: message (hint)`."""
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return [str(m).removeprefix(m.file + ":") for m in caught.value.mistakes]


class TestReading:
    def test_small_pack(self, tmp_path: Path):
        """The least that a pack can hold, with everything else at its default."""
        policy = load_policy(write(tmp_path))
        assert (policy.name, policy.title, policy.mode) == ("small", "A small pack", Mode.ENFORCE)
        assert policy.languages == ("en",)
        assert policy.hold == Hold()
        assert policy.limits == {}
        assert policy.texts["help"] == {"en": "Help is near."}
        assert policy.resources[0].numbers == ("988",)
        assert policy.resources[0].ages == tuple(AgeBand)

    def test_rule_whole(self, tmp_path: Path):
        """Every key of a rule arrives in its place."""
        rule = """\
  - id: whole
    when: { side: user, label: self_harm, at: hard, level: plan, age: [minor, unknown], limit: daily_minutes }
    then: [support, escalate]
    text: help
    resources: true
    keep_reply: true
    severity: imminent
    reason: Why.
    article: Which.
texts:
"""
        rules = load_policy(write(tmp_path, PACK.replace("texts:\n", rule))).rules
        assert rules[1].when == Condition(
            side=Side.USER,
            labels=frozenset({Label.SELF_HARM}),
            grade=Grade.HARD,
            level=Level.PLAN,
            ages=frozenset({AgeBand.MINOR, AgeBand.UNKNOWN}),
            limit="daily_minutes",
        )
        assert rules[1].then == (Action.SUPPORT, Action.ESCALATE)
        assert (rules[1].text, rules[1].resources, rules[1].keep_reply) == ("help", True, True)
        assert (rules[1].severity, rules[1].reason, rules[1].article) == (
            Severity.IMMINENT,
            "Why.",
            "Which.",
        )
        assert rules[1].line == 17

    def test_more_named_line_wins(self, tmp_path: Path):
        """`any` stands in only where no line names the label, side or age itself."""
        pack = PACK.replace(
            "failure:\n",
            "failure:\n  sexual: { any: { adult: open, any: floor }, bot: { minor: closed } }\n",
        )
        postures = load_policy(write(tmp_path, pack)).postures
        assert postures[Label.SEXUAL, Side.BOT, AgeBand.MINOR] is Posture.CLOSED
        assert postures[Label.SEXUAL, Side.BOT, AgeBand.ADULT] is Posture.OPEN
        assert postures[Label.SEXUAL, Side.USER, AgeBand.UNKNOWN] is Posture.FLOOR
        assert postures[Label.MINOR, Side.USER, AgeBand.ADULT] is Posture.CLOSED

    def test_thresholds_by_age(self, tmp_path: Path):
        """An age band may have thresholds of its own."""
        pack = PACK.replace(
            "thresholds:\n",
            "thresholds:\n  sexual: { bot: { minor: { soft: 0.2, hard: 0.4 } } }\n",
        )
        thresholds = load_policy(write(tmp_path, pack)).thresholds
        assert thresholds[Label.SEXUAL, Side.BOT, AgeBand.MINOR] == Threshold(0.2, 0.4)
        assert thresholds[Label.SEXUAL, Side.BOT, AgeBand.ADULT] == Threshold(0.5, 0.8)
        names = len(Label) + len(Detector)
        assert len(thresholds) == names * len(Side) * len(AgeBand)

    def test_hold_limits_and_shadow(self, tmp_path: Path):
        """The optional parts."""
        pack = PACK.replace("mode: enforce", "mode: shadow\nshadow_until: 2027-01-31") + (
            "hold: { chars: 300, seconds: 2, tail: 80 }\n"
            "limits: { minor: { session_minutes: 60 }, any: { turns_per_minute: 30 } }\n"
        )
        policy = load_policy(write(tmp_path, pack))
        assert policy.mode is Mode.SHADOW
        assert policy.hold == Hold(300, 2.0, 80)
        assert policy.limits[AgeBand.MINOR] == Limits(session_minutes=60)
        assert policy.limits[AgeBand.ADULT] == Limits(turns_per_minute=30)
        assert policy.burst == 31

    def test_resources_elsewhere(self, tmp_path: Path):
        """A pack may bring resources from another folder."""
        path = write(tmp_path)
        other = (tmp_path / "resources.yaml").rename(tmp_path / "ours.yaml")
        assert load_policy(path, other).resources[0].region == "US"

    def test_regions_may_share_a_number(self, tmp_path: Path):
        """One entry, written once, counts for each of them."""
        path = write(tmp_path, PACK, RESOURCES.replace("region: US", "region: [US, DE]"))
        one, other = load_policy(path).resources[:2]
        assert (one.region, other.region) == ("US", "DE")
        assert one.numbers == other.numbers


class TestRevision:
    def test_content_counts(self, tmp_path: Path):
        """A changed word anywhere, also in the resources, is another revision."""
        first = load_policy(write(tmp_path)).revision
        pack = load_policy(write(tmp_path, PACK.replace("soft: 0.5", "soft: 0.51"))).revision
        help_ = load_policy(write(tmp_path, PACK, RESOURCES.replace("high", "med"))).revision
        assert len({first, pack, help_}) == 3
        assert len(first) == 12

    def test_appearance_does_not(self, tmp_path: Path):
        """Comments, spacing and the order of keys change nothing."""
        first = load_policy(write(tmp_path)).revision
        title, mode = "title: A small pack\n", "mode: enforce\n"
        turned = "# hello\n" + PACK.replace(title + mode, mode + "\n" + title)
        assert load_policy(write(tmp_path, turned)).revision == first


class TestFiles:
    def test_missing_files(self, tmp_path: Path):
        """Both missing files are named at once."""
        found = complaints(tmp_path / "small.yaml")
        assert found == [" the file cannot be read: No such file or directory"] * 2

    @pytest.mark.parametrize("pack", ["", "just words", "- a\n- b\n"])
    def test_no_mapping(self, tmp_path: Path, pack: str):
        """An empty file, words or a list are no policy."""
        assert complaints(write(tmp_path, pack))


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ("side: user, label: violence, at: soft", "adult, unknown, minor"),
        ("side: bot, label: self_harm, at: soft", "adult, unknown, minor"),
        ("side: user, label: self_harm, at: soft, age: minor", "adult, unknown"),
        ("side: user, label: self_harm, at: soft, state: active", "adult, unknown, minor"),
        ("side: user, label: self_harm, at: soft, unless: helped", "adult, unknown, minor"),
    ],
)
def test_no_protocol_no_chat(tmp_path: Path, when: str, left: str) -> None:
    """A pack in which nobody answers a person in crisis, of whatever age, is not loaded at all."""
    pack = PACK.replace("side: user, label: self_harm, at: soft", when)
    (told,) = complaints(write(tmp_path, pack))
    assert told.startswith(f"11: no rule answers a person in crisis ({left})")


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("guardrail: 1", "guardrail: 2", "1: 2 is not a version we know (guardrail: 1)"),
            ("title: A small pack", "titel: x\ntitle: y", "3: a policy has no 'titel' (did you"),
            ("title: A small pack\n", "", "1: a policy needs 'title'"),
            ("title: A small pack", "title: 12", "3: the title must be text (put quotes around"),
            ("name: small", "name: big", "2: the name must be 'small', as the file is called"),
            ("mode: enforce", "mode: enforced", "4: 'enforced' is not a mode (did you mean 'enf"),
            ("mode: enforce", "mode: shadow", "4: shadow mode needs an end (add shadow_until"),
            (
                "mode: enforce",
                "mode: enforce\nshadow_until: 2027-01-01",
                "5: shadow_until has no meaning in enforce mode",
            ),
            (
                "mode: enforce",
                "mode: shadow\nshadow_until: 2027-02-31",
                "5: shadow_until must be a date",
            ),
            ("default_region: US", "default_region: usa", "6: 'usa' cannot be a region"),
            ("soft: 0.5", "soft: 0.9", "8: thresholds must satisfy 0 < soft <= hard"),
            ("soft: 0.5", "soft: 0", "8: thresholds must satisfy 0 < soft <= hard"),
            ("soft: 0.5", "soft: .nan", "8: '.nan' is not a number we can read"),
            ("soft: 0.5", "soft: 1.5", "8: soft must lie between 0 and 1"),
            ("soft: 0.5", "soft: true", "8: soft must be a number"),
            ("soft: 0.5, hard: 0.8", "soft: 0.5", "8: a threshold needs 'hard'"),
            (
                "  any: { any: { any: { soft",
                "  selfharm: { user: { any: { soft: 0.5, hard: 0.8 } } }\n  any: { any: { any: { soft",
                "8: thresholds: 'selfharm' is unknown (did you mean 'self_harm'?)",
            ),
            ("any: closed", "any: shut", "10: 'shut' is not a failure posture (one of: open,"),
            ("id: crisis", "id: Crisis", "12: 'Crisis' cannot be a rule id (small letters"),
            ("id: crisis", "id: default", "12: 'default' is the name of what we do when no"),
            ("side: user", "side: person", "13: 'person' is not a side (one of: user, bot)"),
            ("label: self_harm", "label: selfharm", "13: 'selfharm' is not a label (did you"),
            (", at: soft", "", "13: a label needs 'at' (at: soft, or at: hard)"),
            ("label: self_harm, ", "", "13: 'at' needs a label to speak of"),
            ("at: soft", "at: none", "13: every score reaches 'none'"),
            (
                "label: self_harm, at: soft",
                "label: violence, at: soft, level: plan",
                "13: levels grade self-harm only (add label: self_harm)",
            ),
            (
                "side: user, label: self_harm, at: soft",
                "side: bot, label: self_harm, at: soft, level: plan",
                "13: levels grade what a person says, never the bot (remove level)",
            ),
            (
                "side: user,",
                "limit: daily_minute,",
                "13: 'daily_minute' is not a limit (did you mean 'daily_m",
            ),
            ("[support]", "[]", "14: an action must be a list with at least one entry"),
            ("[support]", "[support, support]", "14: 'support' stands here twice"),
            ("[support]", "[support, block]", "14: only one of support and block can be said"),
            ("[support]", "[support, allow]", "14: 'allow' stands alone"),
            ("text: help", "text: hepl", "15: there is no text 'hepl' (did you mean 'help'?)"),
            ("    text: help\n", "", "14: rule 'crisis' speaks, but has no text"),
            ("resources: true", "resources: yes", "16: resources must be true or false"),
            (
                "[support]",
                "[replace]\n    keep_reply: true",
                "15: keep_reply belongs to support",
            ),
            ("{ en: Not now. }", "{ zh: 现在不行 }", "19: this policy does not speak 'zh'"),
            ("unavailable:", "unavaileble:", "17: there is no text 'unavailable' (it is said"),
            ("languages: [en]", "languages: [en, zh]", "18: text 'help' is missing in: zh"),
            ("languages: [en]", "languages: [en, fr]", "5: 'fr' is not a language (one of: en,"),
        ],
    )
    def test_named_with_line_and_hint(self, tmp_path: Path, old: str, new: str, complaint: str):
        """Each mistake is told where it stands, with what would mend it."""
        assert PACK.count(old) == 1
        found = complaints(write(tmp_path, PACK.replace(old, new)))
        assert any(c.startswith(complaint) for c in found), found

    def test_words_without_a_speaker(self, tmp_path: Path):
        """A text on a rule that only notes would never be shown."""
        found = complaints(write(tmp_path, PACK.replace("[support]", "[annotate]")))
        assert found == [
            "15: 'text' is never shown: no action speaks (add support, replace, block or end)",
            "16: 'resources' is never shown: no action speaks (add support, replace, block or end)",
        ]

    def test_same_rule_twice(self, tmp_path: Path):
        """Records name rules by id, so an id stands for one rule."""
        again = "  - { id: crisis, when: { side: bot }, then: annotate }\ntexts:\n"
        assert complaints(write(tmp_path, PACK.replace("texts:\n", again))) == [
            "17: rule 'crisis' exists (first on line 12)"
        ]

    def test_rule_without_anything(self, tmp_path: Path):
        """A rule needs a name, a condition and an action; two nameless ones are not "the same"."""
        empty = "  - { reason: a }\n  - { reason: b }\ntexts:\n"
        assert complaints(write(tmp_path, PACK.replace("texts:\n", empty))) == [
            f"{line}: a rule needs {key!r}" for line in (17, 18) for key in ("id", "when", "then")
        ]

    def test_gap_in_failure(self, tmp_path: Path):
        """What happens on failure is said for every label, side and age band."""
        pack = PACK.replace("  any: { any: { any: closed } }", "  any: { user: { any: closed } }")
        found = complaints(write(tmp_path, pack))
        (one,) = found
        assert one == (
            "9: failure does not say what happens for self_harm on the bot side and 6 more "
            "(adult, unknown, minor) (add the line, or one with any)"
        )

    def test_a_failure_that_cannot_be_read_leaves_no_gaps(self, tmp_path: Path):
        """One mistake is told once, not once for every label and side."""
        pack = PACK.replace("  any: { any: { any: closed } }", "  any: open")
        (found,) = complaints(write(tmp_path, pack))
        assert found.startswith("10: failure of any must be a list of `key: value` lines")

    def test_gap_in_thresholds(self, tmp_path: Path):
        """A label that cannot be graded would never be seen: such a pack is not loaded."""
        pack = PACK.replace("  any: { any: { any: { soft", "  any: { user: { any: { soft")
        found = complaints(write(tmp_path, pack))
        assert found[0].startswith("7: self_harm has no thresholds on the bot side")

    def test_bounds_of_numbers(self, tmp_path: Path):
        """Limits and hold have bounds; whole numbers are whole."""
        pack = PACK + (
            "hold: { chars: 240.5, seconds: 0 }\n"
            "limits: { minor: { daily_minutes: 1441, session_minutes: many }, old: {} }\n"
        )
        assert complaints(write(tmp_path, pack)) == [
            "20: seconds must lie between 0.05 and 30",
            "20: chars must be a whole number",
            "21: session_minutes must be a number",
            "21: daily_minutes must lie between 1 and 1440",
            "21: limits: 'old' is unknown (one of: adult, unknown, minor, any, under-16)",
        ]

    def test_everything_at_once(self, tmp_path: Path):
        """Mistakes in the pack and in the resources come in one go."""
        pack = PACK.replace("enforce", "off").replace("closed", "shut").replace("[en]", "[xx]")
        found = complaints(write(tmp_path, pack, RESOURCES.replace("kind: crisis", "kind: moral")))
        assert len(found) >= 4


class TestResources:
    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("region: US", "region: Us", "3: 'Us' cannot be a region"),
            ("kind: crisis", "kind: crises", "4: 'crises' is not a kind of help (did you mean"),
            ("[en, es]", "[english]", "5: 'english' cannot be a language"),
            ("ages: any", "ages: [child]", "6: 'child' is not an age band"),
            ('name: { en: "A line" }', 'name: { es: "x" }', "7: the name needs 'en'"),
            ('name: { en: "A line" }', 'name: { en: a, ESP: "x" }', "7: 'ESP' cannot be a lang"),
            ('["988"]', "[988]", "9: a number to dial must be text (put quotes around it)"),
            ('["988"]', '["nine"]', "9: 'nine' cannot be a number to dial"),
            ('"24/7"', "always", "10: 'always' cannot be opening hours"),
            ("https://example.org/help", "a friend", "11: 'a friend' cannot be a source"),
            ("2026-11-21", "yesterday", "12: verified_on must be a date (written 2026-11-21)"),
            ("certainty: high", "certainty: verify", "13: 'verify' is not a certainty"),
            ("    certainty: high\n", "", "3: a resource needs 'certainty'"),
        ],
    )
    def test_named_with_line(self, tmp_path: Path, old: str, new: str, complaint: str):
        """A resource entry is held to the same strictness."""
        found = complaints(write(tmp_path, PACK, RESOURCES.replace(old, new)))
        assert any(c.startswith(complaint) for c in found), found

    def test_no_entries(self, tmp_path: Path):
        """A crisis policy without any resource is refused."""
        found = complaints(write(tmp_path, PACK, "guardrail: 1\nresources: []\n"))
        assert found == ["2: resources must be a list with at least one entry"]

    def test_what_is_not_confirmed_is_told_to_nobody(self, tmp_path: Path):
        """It needs a reason instead of a source, and is read as strictly as the others."""
        bare = RESOURCES.split("    certainty: high\n", maxsplit=1)[0].partition("    hours")[0]
        off = bare.replace("guardrail: 1\nresources:\n", "") + "    disabled: hearsay\n"
        policy = load_policy(write(tmp_path, PACK, RESOURCES + off.replace("988", "555")))
        assert [n for entry in policy.resources for n in entry.numbers] == ["988"]
        wrong = off.replace('["988"]', '["nine"]').replace("hearsay", "")
        found = complaints(write(tmp_path, PACK, RESOURCES + wrong))
        assert any("'nine' cannot be a number" in one for one in found)
        assert any("disabled, the reason, must be text" in one for one in found)
        alone = "guardrail: 1\nresources:\n" + off
        assert complaints(write(tmp_path, PACK, alone)) == [
            "2: every resource is disabled (confirm one)"
        ]

    def test_no_list(self, tmp_path: Path):
        """The key itself may be missing."""
        assert complaints(write(tmp_path, PACK, "guardrail: 1\n")) == [
            "1: a resource file needs 'resources'"
        ]

    def test_directory_needs_no_number(self, tmp_path: Path):
        """A web directory has an address only."""
        text = RESOURCES.replace('["988"]', "[]").replace("region: US", "region: '*'")
        assert load_policy(write(tmp_path, PACK, text)).resources[0].numbers == ()


class TestFind:
    def test_first_directory_wins(self, tmp_path: Path):
        """An operator's own pack goes before the one we ship."""
        ours, theirs = tmp_path / "ours", tmp_path / "theirs"
        for folder in (ours, theirs):
            folder.mkdir()
            write(folder)
        assert find_policy("small", [theirs, ours]) == theirs / "small.yaml"

    def test_unknown_name(self, tmp_path: Path):
        """The hint names what was meant; tests and resources are not packs."""
        (write(tmp_path).with_name("small_test.yaml")).touch()
        with pytest.raises(PolicyError, match=r"no policy 'smal'.*did you mean 'small'"):
            find_policy("smal", [tmp_path])
        with pytest.raises(PolicyError, match=r"\(one of: small\)"):
            find_policy("zzz", [tmp_path])

    def test_names_are_not_paths(self, tmp_path: Path):
        """A name cannot lead out of the directories."""
        write(tmp_path)
        (tmp_path / "sub").mkdir()
        with pytest.raises(PolicyError):
            find_policy("../small", [tmp_path / "sub"])
