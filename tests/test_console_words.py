"""The console's words in both languages, and its pure parts."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from guardrail._case_fold import _ACTS
from guardrail.cases import (
    Appeal,
    Asked,
    Let,
    Reopened,
    Resolution,
    Status,
    Verdict,
    Wanted,
    Whom,
)
from guardrail.complaints import CATEGORIES, Progress
from guardrail.console.advice import advice
from guardrail.console.finder import REASONS
from guardrail.console.folds import Crowd, Days, Flow, Waits, percentile
from guardrail.console.macros import MACROS, filled
from guardrail.console.pages import HERE, Pages
from guardrail.console.plots import bar, columns
from guardrail.console.tickets import OUTCOMES
from guardrail.console.trailpage import FAMILIES
from guardrail.console.view import pager, steps, wanted
from guardrail.letterbook import Post
from guardrail.letters import TEMPLATES, Audience
from guardrail.person import Age, Day, Person
from guardrail.policy.parts import Dependence
from guardrail.report.usage import AGES
from guardrail.staff import casework
from guardrail.store.base import Event
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Detector,
    Evidence,
    Label,
    Level,
    Profile,
    Severity,
    Side,
)
from guardrail.vault import Speaker
from tests.conftest import POLICIES, POLICY

# -- words -----------------------------------------------------------------------------------------

PAGES = Pages()

CASE_KINDS = (
    "opened", "signal", "claimed", "kept", "released", "transferred", "note", "second_opinion",
    "opinion_wanted", "joined", "said", "delivered", "left", "contact_proposed", "contact_approved",
    "contact_refused", "contact_withdrawn", "contact_sent", "home_danger", "home_safe", "resolved",
    "reopened", "appealed", "breached", "warned", "untold",
)  # fmt: skip

LETTER_WHYS = (
    "no_channel", "given_up", "gone", "endpoint_gone", "timeout", "connect", "dns", "tls", "broken", "url",
    "scheme", "host", "address", "redirect", "mailbox", "login", "vault", "address_gone", "unfilled", "lost",
)  # fmt: skip

FAMILIES_OF_WORDS = {
    "resolution": Resolution,
    "reopened": Reopened,
    "appeal": Appeal,
    "let": Let,
    "whom": Whom,
    "asked": Asked,
    "verdict": Verdict,
    "status": Status,
    "severity": Severity,
    "filter.severity": Severity,
    "age": AgeBand,
    "filter.age_band": AgeBand,
    "label": (*Label, *Detector),
    "level": Level,
    "danger": Danger,
    "side": Side,
    "action": Action,
    "speaker": (Speaker.USER, Speaker.BOT),
    "note": ("note", "second_opinion", "resolved"),
    "step": CASE_KINDS,
    "evidence": Evidence,
    "category": {one for found in CATEGORIES.values() for one in found},
    "progress": Progress,
    "post": Post,
    "audience": Audience,
    "template": TEMPLATES,
    "family": FAMILIES,
    "reason": REASONS,
    "outcome": OUTCOMES,
    "ages": AGES,
    "macro": MACROS,
    "advice": ("typo", "number", "personal", "secrecy", "blank"),
    "letter_why": LETTER_WHYS,
    "refused": ("home_danger", "alerts_off", "unnamed_chat"),
    "part": ("time", "night", "said", "daily", "rise"),
    "protect": ("age", "consent", "house", "paused"),
    "tongue": ("en", "zh"),
    "filter": ("mine", "unclaimed", "overdue", "breached", "opinion", "contact", "resolved"),
}


@pytest.mark.parametrize("family", FAMILIES_OF_WORDS)
def test_every_value_has_words_in_both_languages(family: str) -> None:
    """Whatever a page may have to name, it can name."""
    wanted_keys = {f"{family}.{one}" for one in FAMILIES_OF_WORDS[family]}
    for language in ("en", "zh"):
        assert wanted_keys <= PAGES.words[language].keys(), language


def test_the_kinds_of_case_events_are_all_that_are_folded() -> None:
    """A kind that is new in the fold of cases has to get its words here."""
    assert {kind.removeprefix("case.") for kind in _ACTS} <= set(CASE_KINDS)


def test_both_languages_say_the_same_things() -> None:
    """The same keys, the same places to fill in, and nothing empty."""
    en, zh = PAGES.words["en"], PAGES.words["zh"]
    assert en.keys() == zh.keys()
    for key, text in en.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", zh[key])), key
        assert text.strip()
        assert zh[key].strip(), key
    same = {key for key in en if en[key] == zh[key] and re.search("[a-z]{3}", en[key])}
    assert all(key.startswith(("keys.", "language.", "case.by")) for key in same), same


def test_no_word_is_in_two_files() -> None:
    """Else the last file would win over what the first one meant."""
    seen: dict[str, str] = {}
    for file in sorted((HERE / "words").glob("*.json")):
        for key in json.loads(file.read_text("utf-8"))["en"]:
            assert key not in seen, f"{key} in {seen[key]} and {file.name}"
            seen[key] = file.name


def test_every_key_of_a_template_exists() -> None:
    """`t('…')` of a key that is not there would be a page that fails."""
    used, families = set(), set()
    for file in (HERE / "templates").rglob("*.html"):
        text = file.read_text("utf-8")
        used |= set(re.findall(r"\bt\('([\w.]+)'\s*[,)]", text))
        families |= set(re.findall(r"\bt\('([\w.]+\.)'\s*~", text))
    assert used <= PAGES.words["en"].keys(), used - PAGES.words["en"].keys()
    known = {key.rpartition(".")[0] + "." for key in PAGES.words["en"]}
    assert families <= known, families - known


def test_refusals_have_words() -> None:
    """Every code that casework, the switchboard and the desk refuse with."""
    listed = re.findall(r"^(\w+)  +\S", casework.__doc__ or "", re.MULTILINE)
    codes = {one for one in listed if one not in ("code", "forbidden")}
    codes |= {"taken", "case_over", "empty", "not_joined", "lapsed", "words_gone"}
    assert len(codes) > 20
    assert {f"refused.{code}" for code in codes} <= PAGES.words["en"].keys()


def test_vendored_files_are_what_they_were() -> None:
    """Their hashes stand in the README beside them."""
    vendor = HERE / "static" / "vendor"
    told = dict(
        re.findall(r"\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|", (vendor / "README.md").read_text())
    )
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in vendor.glob("*.js")
    }
    assert found == told


# -- pure parts ------------------------------------------------------------------------------------


def test_a_filter_from_an_address_is_believed_only_as_far_as_it_makes_sense() -> None:
    """Nonsense is left out, not an error page."""
    asked = wanted({"severity": "imminent", "mine": "1", "status": "nonsense", "overdue": "yes"})
    assert asked == Wanted(severity=Severity.IMMINENT, mine=True)
    assert pager({"mine": "1"}, 1, 120, 50) == {"newer": "mine=1", "older": "mine=1&page=2"}
    assert pager({}, 0, 50, 50) == {"newer": None, "older": None}


def test_steps_say_who_and_why() -> None:
    """Names instead of ids; home noted as safe is a step of its own."""
    events = [
        Event("1", 1.0, "case.released", "c", body={"by": "m1", "why": "break"}),
        Event("2", 2.0, "case.home_danger", "c", body={"by": "m1", "danger": False}),
        Event("3", 3.0, "case.kept", "c", body={"by": "m1"}),
    ]
    first, second = steps(events, {"m1": "Maya"})
    assert (first["by"], first["why"], second["kind"]) == ("Maya", ("let", "break"), "home_safe")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("I'm here with you.", ()),
        ("Please call 988 now.", ()),
        ("Please call 116 123 now.", ("number",)),
        ("Please call 998 now.", ("typo",)),
        ("998 is there day and night", ("typo",)),
        ("text HOME to 741714", ("typo",)),
        ("I have read it 9 times since 1988.", ()),
        ("988 随时有人接", ()),
        ("998 随时有人接", ("typo",)),
        ("Add me on Telegram", ("personal",)),
        ("加我微信吧", ("personal",)),
        ("Write to me: maya@example.org", ("personal",)),
        ("My number is +1 415 555 0199", ("number", "personal")),
        ("I won't tell anyone.", ("secrecy",)),
        ("我不会告诉任何人。", ("secrecy",)),
        ("Hi, I'm {name}.", ("blank",)),
    ],
)
def test_advice(text: str, codes: tuple[str, ...]) -> None:
    """What is shown once before words go out."""
    profile = Profile("u", region="US", language="en")
    assert advice(POLICY(POLICIES / "default.yaml"), profile, text) == codes


@pytest.mark.parametrize(
    ("region", "right", "wrong"),
    [
        ("CN", "12356", ("12365", "12346", "1236", "123356", "1 2 3 6 5")),
        ("US", "988", ("998", "898", "9988", "978")),
        ("US", "741741", ("741714", "74174")),
        ("GB", "116 123", ("116 132", "1161234")),
        ("GB", "0800 1111", ("0800 111", "0800 1112")),
    ],
)
@pytest.mark.parametrize("words", ["{} is there for you now.", "你可以试试 {}，随时有人。"])
def test_a_slip_in_a_help_line_is_seen(
    region: str, right: str, wrong: tuple[str, ...], words: str
) -> None:
    """Changed, swapped, missing or doubled digits, whether the number is said to be called or not."""
    policy = POLICY(POLICIES / "default.yaml")
    profile = Profile("u", region=region, language="en")
    assert advice(policy, profile, words.format(right)) == ()
    for number in wrong:
        assert advice(policy, profile, words.format(number)) == ("typo",), number


def test_lines_to_begin_with_are_ready_but_for_what_nobody_can_know() -> None:
    """The member's name and the help lines stand in them; `{who}` has to be filled in."""
    policy = POLICY(POLICIES / "default.yaml")
    for key, words in MACROS.items():
        for language in words:
            line = filled(key, language, "Maya", "• 988")
            found = advice(policy, Profile("u", region="US", language=language), line)
            assert set(found) <= {"blank"} if key == "told" else not found, (key, language)


# -- figures ---------------------------------------------------------------------------------------


def test_percentiles_are_nearest_ranks() -> None:
    """Of one value both are that one; of none there is none."""
    assert percentile([], 0.5) is None
    assert (percentile([7.0], 0.5), percentile([7.0], 0.9)) == (7.0, 7.0)
    ten = [float(n) for n in range(1, 11)]
    assert (percentile(ten, 0.5), percentile(ten, 0.9)) == (5.0, 9.0)


def test_waits_begin_when_a_case_was_opened() -> None:
    """First claim and first word of a human; what began before is left out."""
    waits = Waits()
    for event in (
        Event("0", 5.0, "case.claimed", "old", body={"by": "m"}),
        Event("1", 10.0, "case.opened", "c", body={"severity": "urgent"}),
        Event("2", 40.0, "case.claimed", "c", body={"by": "m"}),
        Event("3", 45.0, "case.said", "c", body={"by": "user"}),
        Event("4", 50.0, "case.said", "c", body={"by": "m"}),
        Event("5", 99.0, "case.transferred", "c", body={"by": "m"}),
    ):
        waits.add(event)
    assert waits.claims(Severity.URGENT) == [30.0]
    assert waits.words(Severity.URGENT) == [40.0]
    assert waits.claims(Severity.IMMINENT) == []


def test_days_are_those_of_the_zone() -> None:
    """The last one is today, and it begins at midnight there."""
    now = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
    days = Days.until(now, 3, "Asia/Shanghai")
    assert days.list == ("2026-09-19", "2026-09-20", "2026-09-21")
    assert days.of(now + 2 * 3_600) == "2026-09-22"
    assert days.of(days.begin) == "2026-09-19"


def test_folds_count_what_they_say() -> None:
    """Signals by label, interventions by their strongest action, people by group."""
    days = Days.until(1_790_000_000.0, 7, "UTC")
    flow = Flow(days)
    flow.add(Event("1", 1_790_000_000.0, "case.signal", "c", body={"label": "self_harm"}))
    told = {"decision": {"actions": ["escalate", "support"]}}
    flow.add(Event("2", 1_790_000_000.0, "intervention", "t", body=told))
    flow.add(Event("3", 1_790_000_000.0, "case.note", "c", body={}))
    assert flow.signals == Counter({("2026-09-21", "self_harm"): 1})
    assert flow.actions == Counter({("2026-09-21", "support"): 1})
    crowd = Crowd(days, Dependence(ages=frozenset({AgeBand.ADULT})))
    used = tuple(Day(day, 3_600.0 * 4, 1_800.0, 9, 3) for day in days.list)
    adult = Person("a", 0.0, 0.0, 0.0, age=Age(AgeBand.ADULT, years=(30, 40)), days=used)
    teen = replace(
        adult, key="b", age=Age(AgeBand.MINOR, years=(14, 15)), days=(Day("2020-01-01"),)
    )
    crowd.add([adult, teen])
    assert crowd.ages == Counter({"adult": 1, "from14": 1})
    assert crowd.minutes == Counter({"more": 7})
    assert crowd.index == Counter({"more": 1})


def test_plots_have_no_style_and_no_words() -> None:
    """Numbers in attributes; a cell that is withheld has no height."""
    made = columns(["a", "b"], ["x", "y"], {("a", "x"): 3, ("a", "y"): None, ("b", "x"): 6})
    assert made.count("<rect") == 2
    assert "style" not in made + bar(3, 6)
    assert "text" not in made
    assert 'width="50.00"' in bar(3, 6)
    assert (columns(["a"], ["x"], {}), bar(None, 6), bar(0, 0)) == ("", "", "")
