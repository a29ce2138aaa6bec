"""The packs we ship: each loads, passes its checks and trials, and names no number it should not."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from guardrail.actions import LAST_WORDS, words
from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy
from guardrail.policy.model import Policy, Posture, Resource
from guardrail.policy.trial import run_trials
from guardrail.turn import Action, AgeBand, Decision, Label, Profile, Side

POLICIES = Path(__file__).parents[2] / "policies"
PACKS = sorted(
    path
    for path in POLICIES.glob("*.yaml")
    if path.stem != "resources" and not path.stem.endswith("_test")
)
RESOURCES = load_policy(POLICIES / "default.yaml").resources
MUST_COVER = ("US", "CN", "HK", "TW", "GB", "CA", "AU", "NZ", "IE", "SG")

pack = pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
entry = pytest.mark.parametrize(
    "entry", RESOURCES, ids=lambda r: f"{r.region}-{r.kind}-{''.join(r.numbers)}"
)


def digits(text: str) -> set[str]:
    """Numbers as one would dial them: digits, perhaps joined by spaces or hyphens.

    Without those that are spelt: an address on the web, a number in letters.
    """
    text = text.replace("988lifeline.org", "").replace("1-800-MY-RESET", "")
    return {re.sub(r"[ -]", "", found) for found in re.findall(r"\d[\d -]*\d", text)}


def test_packs_are_found():
    """The packs that the documentation names are there."""
    wanted = {
        "default",
        "adult-minimal",
        "cn",
        "us-ca",
        "us-ny",
        "us-wa",
        "us-or",
        "eu",
        "uk",
        "au",
    }
    assert wanted <= {path.stem for path in PACKS}


@pack
def test_clean(path: Path):
    """Each pack passes its own checks, as of the day its resources were last looked at."""
    day = max(date.fromisoformat(r.verified_on) for r in RESOURCES)
    assert check_policy(path, day) == []


@pack
def test_trials(path: Path):
    """Every case passes, and every rule is reached by one."""
    trials = run_trials(path)
    failed = [(r.line, r.name, r.problems) for r in trials.results if not r.passed]
    assert failed == []
    assert trials.missed == ()
    assert trials.coverage == 1.0


@pack
def test_titles_are_in_both_languages(path: Path):
    """The name under which a pack stands on the protocol page and in reports."""
    titles = load_policy(path).titles
    assert set(titles) == {"en", "zh"}
    assert re.search(r"[\u4e00-\u9fff]", titles["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", titles["en"])


@pack
def test_rules_explain_themselves(path: Path):
    """Each rule says why it is there."""
    for rule in load_policy(path).rules:
        assert rule.reason, rule.id


@pack
def test_minors_never_pass_unjudged(path: Path):
    """When the model fails, nothing passes for minors, on either side."""
    policy = load_policy(path)
    for label, side in product(Label, Side):
        assert policy.postures[label, side, AgeBand.MINOR] is Posture.CLOSED


@pack
def test_texts_hold_no_numbers(path: Path):
    """Numbers live in resources.yaml alone, where they have a source and a date."""
    for key, said in load_policy(path).texts.items():
        for text in said.values():
            assert not digits(text), key


@pack
def test_words_fit_a_bubble(path: Path):
    """Short enough for a phone, in every language, and without markup."""
    for said in load_policy(path).texts.values():
        for text in said.values():
            assert len(text) <= 400
            assert not re.search(r"[*_#<>`]|\[.*\]\(", text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("age", AgeBand)
@pytest.mark.parametrize("label", [Label.SELF_HARM, Label.GAMBLING])
def test_every_spoken_number_is_listed(language: str, age: AgeBand, label: Label):
    """Whatever the region, no number is said that the region's entries do not hold."""
    policy = load_policy(POLICIES / "default.yaml")
    for region in {r.region for r in RESOURCES} | {"DE", "ZZ"}:
        said = _help(policy, Profile(None, age, region, language), label)
        listed = {n for r in RESOURCES if r.region == region for n in _forms(r)}
        assert digits(said) <= listed, region


def _help(policy: Policy, profile: Profile, label: Label) -> str:
    """A crisis text with its resources."""
    actions = (Action.SUPPORT,)
    speaks = Decision(
        "i", Side.USER, "r", actions, policy.tag, label=label, text="crisis", resources=True
    )
    return words(policy, speaks, profile)


def _forms(entry: Resource) -> set[str]:
    """An entry's numbers as `digits` finds them; its hours are said as digits, too."""
    hours = {"24"} if entry.hours == "24/7" else digits(entry.hours.replace(":", " : "))
    return _dialled(entry) | hours


def _dialled(entry: Resource) -> set[str]:
    return {re.sub(r"[ -]", "", number) for number in entry.numbers}


@entry
def test_entry_speaks_its_numbers(entry: Resource):
    """The contact that a person reads holds exactly the numbers of the entry."""
    listed = _dialled(entry)
    for language, contact in entry.contact.items():
        assert digits(contact) == listed, language


@entry
def test_entry_names(entry: Resource):
    """Each entry is named in English and in Chinese, wherever it is: its reader may speak either."""
    assert {"en", "zh"} <= set(entry.name)
    assert {"en", "zh"} <= set(entry.contact) <= set(entry.name)
    assert re.search(r"[\u4e00-\u9fff]", entry.name["zh"])


UNCERTAIN = [  # the rows that our table of lines for each region calls "verify", and no more
    ("US", "877-968-8491"), ("GB", "85258"), ("HK", "1834 633"), ("TW", "1995"), ("TW", "1980"), ("KR", "1336"), ("SG", "1767"),
    ("SG", "1800-6-668-668"), ("IE", "1800 247 247"), ("IE", "1800 66 66 66"), ("NZ", "0800 376 633"),
    ("NZ", "0800 654 655"), ("FR", "0800 235 236"), ("FR", "119"), ("DE", "0800 111 0 111"), ("DE", "116 111"),
    ("NL", "113"), ("BR", "100"), ("MX", "800 911 2000"),
]  # fmt: skip


def test_uncertain_lines_are_shipped_and_told_to_nobody():
    """They wait in the file, each with the reason; no person reads one."""
    listed = YAML(typ="safe", pure=True).load(POLICIES / "resources.yaml")["resources"]
    off = [entry for entry in listed if "disabled" in entry]
    assert [(entry["region"], entry["numbers"][0]) for entry in off] == UNCERTAIN
    on = [entry["region"] for entry in listed if "disabled" not in entry]
    assert sum(len(one) if isinstance(one, list) else 1 for one in on) == len(RESOURCES)
    told = {(r.region, number) for r in RESOURCES for number in r.numbers}
    assert not told & set(UNCERTAIN)


@entry
def test_entry_number_is_not_a_lookalike(entry: Resource):
    """Numbers in the name are the entry's own: a line called 1925 is dialled 1925."""
    for language, name in entry.name.items():
        assert digits(name) <= _dialled(entry) | {"24"}, language


@pytest.mark.parametrize("region", MUST_COVER)
def test_regions_speak_both_languages(region: str):
    """Where we promise help, names and contacts are there in English and Chinese."""
    found = [r for r in RESOURCES if r.region == region]
    assert {"crisis", "emergency"} <= {r.kind for r in found}
    for item in found:
        assert {"en", "zh"} <= set(item.name), item.name["en"]
        assert {"en", "zh"} <= set(item.contact), item.name["en"]


def test_last_words_agree():
    """The static words name the same lines as the resources do."""
    listed = {n for r in RESOURCES if r.region in ("US", "CN") for n in r.numbers}
    for text in LAST_WORDS.values():
        assert digits(text) <= listed
