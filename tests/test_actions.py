"""The words a person sees: right language, right region, right age, never an invented number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from guardrail.actions import LAST_WORDS, MOST_LINES, resources_for, words
from guardrail.policy.model import Kind, Mode, Policy, Resource
from guardrail.turn import Action, AgeBand, Decision, Label, Profile, Severity, Side, State

EN, ZH, ANYBODY = ("en",), ("zh",), tuple(AgeBand)


def resource(
    region: str,
    kind: str,
    number: str,
    languages: Sequence[str] = EN,
    *,
    ages: Sequence[AgeBand] = ANYBODY,
    hours: str = "",
) -> Resource:
    """One entry, named after its number."""
    return Resource(
        region=region,
        kind=Kind(kind),
        languages=tuple(languages),
        ages=tuple(ages),
        name={"en": f"Line {number}", "zh": f"热线{number}"},
        contact={"en": f"call {number}", "zh": f"拨打 {number}"},
        numbers=(number,),
        hours=hours,
        source="https://example.org",
        verified_on="2026-11-21",
        certainty="high",
    )


RESOURCES = (
    resource("US", "crisis", "100", hours="24/7"),
    resource("US", "gambling", "101"),
    resource("US", "emergency", "102"),
    resource("HK", "crisis", "200", ZH),
    resource("HK", "crisis", "201", EN),
    resource("HK", "youth", "202", ("zh", "en"), ages=(AgeBand.MINOR,), hours="08:00-22:00"),
    resource("HK", "emergency", "203", ("zh", "en")),
    resource("JP", "crisis", "300", ("ja",)),
    resource("JP", "youth", "301", ("ja",), ages=(AgeBand.MINOR,)),
    resource("NZ", "crisis", "401"),
    resource("NZ", "crisis", "402"),
    resource("NZ", "crisis", "403"),
    resource("NZ", "crisis", "404"),
    resource("*", "directory", "900", ("en", "zh")),
)

POLICY = Policy(
    name="p",
    revision="r",
    title="t",
    mode=Mode.ENFORCE,
    rules=(),
    thresholds={},
    postures={},
    texts={"help": {"en": "Stay.", "zh": "别走。"}, "english": {"en": "Only this."}},
    resources=RESOURCES,
    default_regions={"en": "US", "zh": "JP"},
)

NOWHERE = "In immediate danger, wherever you are: call your local emergency number"


def decision(
    text: str | None = "help", *, resources: bool = True, label: Label | None = Label.SELF_HARM
) -> Decision:
    """A decision that speaks."""
    actions = (Action.SUPPORT,)
    return Decision(
        "i", Side.USER, "r", actions, "p@r", label=label, text=text, resources=resources
    )


def profile(
    region: str | None = "US", language: str = "en", age: AgeBand = AgeBand.ADULT
) -> Profile:
    """Who reads the words."""
    return Profile(None, age, region, language)


class TestWords:
    def test_text_and_resources(self):
        """The text, an empty line, then one line for each place, the emergency number last."""
        assert words(POLICY, decision(), profile()) == (
            "Stay.\n\n• Line 100: call 100 (24 hours)\n• Line 102: call 102"
        )

    @pytest.mark.parametrize(
        ("state", "severity", "first"),
        [
            (State.ATTEMPT, Severity.IMMINENT, "102"),
            (State.ABOUT_OTHER, Severity.URGENT, "102"),
            (State.ABOUT_OTHER, None, "100"),
            (State.ACTIVE, Severity.URGENT, "100"),
        ],
    )
    def test_the_ambulance_first(self, state: State, severity: Severity | None, first: str):
        """Where minutes count: after an attempt, and for another who is in danger now."""
        found = replace(decision(), states=(state,), severity=severity)
        assert words(POLICY, found, profile()).splitlines()[2].startswith(f"• Line {first}:")

    def test_in_chinese(self):
        """Names, contacts, hours and punctuation are all Chinese."""
        who = profile("HK", "zh", AgeBand.MINOR)
        assert words(POLICY, decision(), who) == (
            "别走。\n\n• 热线202：拨打 202（08:00-22:00）\n• 热线200：拨打 200\n• 热线203：拨打 203"
        )

    def test_nothing_to_say(self):
        """A decision without a text has no words."""
        assert words(POLICY, decision(None), profile()) == ""

    def test_text_alone(self):
        """Resources come only where the rule asks for them."""
        assert words(POLICY, decision(resources=False), profile()) == "Stay."

    def test_other_language_than_none(self):
        """A language that a text lacks falls back to English."""
        assert words(POLICY, decision("english", resources=False), profile("US", "zh")) == (
            "Only this."
        )

    def test_lost_text(self):
        """A text that is not there becomes the last words, never silence."""
        assert words(POLICY, decision("gone"), profile("CN", "zh")) == LAST_WORDS["zh"]

    def test_region_we_do_not_know(self):
        """Another country's number is worse than none: directory and local emergency number."""
        assert words(POLICY, decision(), profile("DE")) == (
            f"Stay.\n\n• {NOWHERE}\n• Line 900: call 900"
        )

    def test_no_region_given(self):
        """The default region is a guess, so the ways out stand beside it."""
        said = words(POLICY, decision(), profile(None))
        assert [line for line in said.splitlines() if line.startswith("•")] == [
            "• Line 100: call 100 (24 hours)",
            "• Line 102: call 102",
            f"• {NOWHERE}",
            "• Line 900: call 900",
        ]

    def test_region_without_emergency_entry(self):
        """A region without an emergency entry gets the phrase, not a number from elsewhere."""
        assert NOWHERE in words(POLICY, decision(), profile("JP"))

    def test_not_too_many(self):
        """Somebody in distress should not have to choose among many."""
        said = words(POLICY, decision(), profile("NZ"))
        assert said.count("Line 40") == MOST_LINES

    def test_gambling(self):
        """Words about gambling name the gambling line."""
        said = words(POLICY, decision(label=Label.GAMBLING), profile())
        assert "101" in said
        assert "100" not in said

    def test_gambling_without_a_line(self):
        """Where there is no gambling line, the crisis line stands in."""
        assert "300" in words(POLICY, decision(label=Label.GAMBLING), profile("JP"))


class TestResourcesFor:
    def numbers(self, who: Profile, *kinds: str) -> list[str]:
        return [
            number
            for r in resources_for(POLICY, who, [Kind(k) for k in kinds])
            for number in r.numbers
        ]

    def test_language_first(self):
        """A line that speaks the person's language is preferred."""
        assert self.numbers(profile("HK", "zh"), "crisis") == ["200"]
        assert self.numbers(profile("HK", "en"), "crisis") == ["201"]

    def test_other_language_before_nothing(self):
        """A line in the region's other language is better than none."""
        assert self.numbers(profile("JP", "en"), "crisis") == ["300"]

    def test_minors_line_first(self):
        """A line for the young goes first for the young, and is hidden from others."""
        young = profile("JP", age=AgeBand.MINOR)
        assert self.numbers(young, "crisis", "youth") == ["301", "300"]
        assert self.numbers(profile("JP"), "crisis", "youth") == ["300"]

    def test_default_region(self):
        """Without a region the policy's default for the language counts."""
        assert self.numbers(profile(None), "crisis") == ["100"]
        assert self.numbers(profile(None, "zh"), "crisis") == ["300"]

    def test_a_state_is_in_its_country(self):
        """US-CA finds the lines of US."""
        assert self.numbers(profile("US-CA"), "crisis") == ["100"]

    def test_unknown_region(self):
        """A region that we do not cover has nothing."""
        assert self.numbers(profile("DE"), "crisis", "emergency") == []


class TestLastWords:
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_names_help(self, language: str):
        """The words for when everything is broken name both lines and the directory."""
        said = LAST_WORDS[language]
        assert re.findall(r"\d+", said) in (["988", "12356"], ["12356", "988"])
        assert "findahelpline.com" in said

    def test_emergency(self):
        """They send nobody to a number that may be wrong where they are."""
        assert "your local emergency number" in LAST_WORDS["en"]
        assert "当地的紧急电话" in LAST_WORDS["zh"]
