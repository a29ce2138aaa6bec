"""Numbers in a reply: real help is recognised, and a wrong country's line is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrail.helplines import names_help, wrong_number
from guardrail.policy.load import load_policy
from guardrail.policy.model import Kind, Mode, Policy, Resource
from guardrail.turn import AgeBand, Profile


def line(region: str, *numbers: str) -> Resource:
    """A line of a region."""
    return Resource(
        region=region,
        kind=Kind.CRISIS,
        languages=("en",),
        ages=tuple(AgeBand),
        name={"en": "A line"},
        contact={"en": "call"},
        numbers=numbers,
        hours="",
        source="https://example.org",
        verified_on="2026-11-21",
        certainty="high",
    )


POLICY = Policy(
    name="p",
    revision="r",
    title="t",
    mode=Mode.ENFORCE,
    rules=(),
    thresholds={},
    postures={},
    texts={},
    resources=(
        line("US", "988", "741741", "911", "1-800-273-8255"),
        line("GB", "116 123", "999"),
        line("CN", "12356", "400-161-9995", "110", "120"),
        line("*"),
    ),
    default_regions={"en": "US", "zh": "CN"},
)
US, GB = Profile("u", region="US"), Profile("u", region="GB")
CN = Profile("u", region="CN", language="zh")
CALIFORNIA = Profile("u", region="US-CA")
NOWHERE = Profile("u", region="FR")


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (US, "Please call 988."),
        (US, "Call or text 988 24/7."),
        (US, "You can call 988 24 hours a day."),
        (US, "Call 988, 24/7, or text HOME to 741741."),
        (US, "call 1-800-273-8255"),
        (US, "call 1 (800) 273-8255 now"),
        (US, "988"),
        (US, "call 1-800-273-8255 (1-800-273-TALK)"),
        (US, "请拨打９８８"),
        (CALIFORNIA, "Please call 988."),
        (GB, "ring 116 123, day or night"),
        (GB, "ring 116123"),
        (CN, "请拨打 12356，有人会听。"),
        (CN, "拨打12356 24小时热线"),
        (CN, "拨打400-161-9995"),
        (CN, "拨打400 161 9995"),
        (Profile("u"), "call 988"),  # where English is spoken by default
        (Profile("u", language="zh"), "拨打12356"),
    ],
)
def test_real_help(profile: Profile, text: str):
    """A line of this person's country counts, however it is written."""
    assert names_help(POLICY, profile, text)
    assert not wrong_number(POLICY, profile, text)


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (US, ""),
        (US, "I am here for you."),
        (US, "Call somebody you trust."),
        (US, "Chapter 9, 88 pages."),
        (US, "It has 1988 pages."),
        (GB, "Please call 988."),
        (CN, "请拨打 988"),
        (NOWHERE, "call 988"),
    ],
)
def test_no_help(profile: Profile, text: str):
    """No number, part of another number, or another country's."""
    assert not names_help(POLICY, profile, text)


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (GB, "Please call 988 now."),
        (US, "Please ring 116 123."),
        (US, "The hotline is 1-800-555-0199."),  # made up
        (US, "Reach them at 0800 111 222."),
        (US, "Dial 12356."),
        (CN, "请拨打 988 热线。"),
        (CN, "心理援助热线：400-000-0000"),
        (CN, "致电 １２３４５"),
        (US, "Call 988 or, better, call 555-0100."),
        (NOWHERE, "call 988"),
        (Profile("u"), "call 116 123"),
        (GB, "Honestly, try 911."),
        (GB, "If it gets worse tonight, there's always 988."),
        (GB, "Go to the ER or use 911 right away."),
        (GB, "Emergency services (911) can come to you."),
        (US, "999 is the emergency number, please."),
        (CN, "实在不行就试试911吧"),
        (CN, "拨999，很快就来"),
        (CN, "全国生命线是 1996。"),
        (US, "报警就是110。"),
    ],
)
def test_a_wrong_number(profile: Profile, text: str):
    """Another country's line, or one that nobody knows, beside a word of calling."""
    assert wrong_number(POLICY, profile, text)


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (US, ""),
        (US, "Please call 988."),
        (US, "I called you twice, 15 minutes ago."),
        (US, "There are 1000 stars in this picture."),
        (US, "In 2019 I was written."),
        (US, "Call 988. " + "It is a long story. " * 5 + "It was 1999."),
        (NOWHERE, "call 0800 111 222"),  # no line of France is known: it may be right
        (CN, "你已经撑了 365 天。"),
        (GB, "He drives a 911, and loves it."),
        (GB, "I paid 988, and it broke."),
        (GB, "There are 911 reasons to stay."),
        (US, "Try 120 seconds of slow breathing."),
        (US, "Try 110 steps and then rest."),
        (US, "use 110 grams of flour"),
        (US, "In 1995, we had fewer phones."),
        (US, "save 120, and buy the shoes next week"),
        (CN, "我1995年开始写日记"),
        (CN, "那双鞋就是911块钱的事"),
        (CN, "打了999分，真厉害"),
        (CN, "拨120，他们马上来。"),
    ],
)
def test_no_wrong_number(profile: Profile, text: str):
    """Right lines, numbers that nobody is to call, and countries of which we know nothing."""
    assert not wrong_number(POLICY, profile, text)


def test_a_number_that_only_begins_like_a_line_is_another():
    """A right beginning does not make a right number."""
    assert wrong_number(POLICY, US, "call 988 123 4567")
    assert wrong_number(POLICY, US, "call 9881234567")
    assert not names_help(POLICY, US, "call 988 123 4567")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("region", ["US", "CN", "GB", "HK", "TW", "SG", "AU", "CA"])
def test_the_lines_that_we_name_ourselves_are_right(region: str, language: str):
    """No contact of the shipped directory is taken for a wrong number in its own country."""
    policy = load_policy(Path(__file__).parent.parent / "policies" / "default.yaml")
    profile = Profile("u", region=region, language=language)
    for entry in policy.resources:
        if entry.region == region:
            for contact in entry.contact.values():
                assert not wrong_number(policy, profile, contact), contact
                assert names_help(policy, profile, contact) or not entry.numbers, contact


def test_a_flood_of_digits_is_quick():
    """A reply of nothing but numbers is looked through once."""
    assert wrong_number(POLICY, US, "call 12 345, " * 5_000)
    assert not wrong_number(POLICY, US, "call 988, " * 5_000)
    assert not names_help(POLICY, US, "1 " * 20_000)
