"""`guardrail tune`: thresholds that keep a budget, or a plain refusal."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from guardrail.evaluate.judge import Judged
from guardrail.evaluate.tune import Proposal, Refusal, _threshold, budgets, fragment, propose
from guardrail.policy.load import load_policy
from guardrail.turn import AgeBand, Label, Side
from tests.test_evaluate import LEXICON, ROOT, guardrail, row, told, write

PACK = ROOT / "docs" / "examples" / "policies"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, with settings that name the lexicon."""
    monkeypatch.chdir(tmp_path)
    Path("guardrail.yaml").write_text(LEXICON)
    return tmp_path


def labelled(clean: Any, harmful: Any, label: str = "violence", role: str = "user") -> list[Any]:
    """Rows that get these scores."""
    return [
        row(f"{label}={score:.4f}", role=role, labels={label: y})
        for y, scores in enumerate((clean, harmful))
        for score in scores
    ]


def proposed(judged: Judged, budget: float, resamples: int = 0) -> list[Proposal | Refusal]:
    """The answers for one budget."""
    return list(propose(judged, budgets(budget), resamples))


SCORES = [n / 1000 for n in range(200)]  # clean rows score 0 to .199


async def test_the_arithmetic_by_hand() -> None:
    """Of 200 clean rows 2 % are four, a quarter of that is one."""
    judged = await told(*labelled(SCORES, [0.1955, 0.196, 0.198, 0.1985, 0.9]))
    (found,) = proposed(judged, 0.02)
    assert isinstance(found, Proposal)
    assert (found.label, found.side, found.clean, found.harmful) == ("violence", "user", 200, 5)
    assert (found.soft.threshold, found.soft.alarms) == (0.196, 4)  # .196 to .199
    assert (found.hard.threshold, found.hard.alarms) == (0.199, 1)  # .199
    assert (found.soft.recall, found.hard.recall) == (0.8, 0.2)
    assert found.soft.recall_interval is None  # five harmful rows


async def test_equal_scores_do_not_break_the_budget() -> None:
    """Where the next row shares its score with others, all of them stay below."""
    judged = await told(*labelled([0.0] * 150 + [0.7] * 50, [0.7, 0.8]))
    (found,) = proposed(judged, 0.02)
    assert isinstance(found, Proposal)
    assert (found.soft.threshold, found.soft.alarms) == (0.701, 0)


@given(
    st.lists(st.floats(0, 0.99), min_size=1, max_size=60),
    st.floats(0.001, 0.9),
)
def test_the_budget_holds_for_the_scores_as_they_are(scores: list[float], budget: float) -> None:
    """Also before they were rounded to four digits; and a lower threshold would break it."""
    clean = np.array(scores)
    at = _threshold(clean.round(4), budget)
    allowed = len(scores) * budget
    assert (clean >= at).sum() <= allowed + 1e-6
    assert math.isclose(at, round(at, 3))
    assert (clean.round(4) >= at - 0.001).sum() > allowed - 1e-6 or at == 0.01


async def test_too_few_clean_rows_are_refused() -> None:
    """Fewer than three for one alarm of the budget: none of 149 being wrong would say too little."""
    few = await told(*labelled(SCORES[:149], [0.9] * 20))
    (no,) = proposed(few, 0.02)
    assert no == Refusal(
        Label.VIOLENCE, Side.USER, "149 clean rows, and a budget of 0.02 needs 150"
    )
    (yes,) = proposed(await told(*labelled(SCORES[:150], [0.9] * 20)), 0.02)
    assert isinstance(yes, Proposal)
    (yes,) = proposed(few, 0.04)
    assert isinstance(yes, Proposal)


async def test_clean_rows_at_the_top_are_refused() -> None:
    """No threshold of at most 1 keeps them out."""
    (no,) = proposed(await told(*labelled(SCORES[:140] + [1.0] * 60, [1.0])), 0.02)
    assert isinstance(no, Refusal)
    assert "no threshold keeps them within the budget" in no.why


async def test_without_harmful_rows_there_is_no_recall() -> None:
    """The thresholds rest on the clean ones and are there all the same."""
    (found,) = proposed(await told(*labelled(SCORES, [])), 0.02, 50)
    assert isinstance(found, Proposal)
    assert (found.soft.threshold, found.soft.recall) == (0.196, None)
    assert "finds" not in fragment([found])


async def test_each_side_for_itself_and_masked_rows_nowhere() -> None:
    """A side that says nothing of a label has no answer."""
    rows = labelled(SCORES, [0.5]) + labelled([0.3] * 200, [0.5], role="assistant")
    rows += [row("violence=1", labels={"violence": None})] * 50
    user, bot = proposed(await told(*rows), 0.02)
    assert (user.side, bot.side) == ("user", "bot")
    assert isinstance(user, Proposal)
    assert isinstance(bot, Proposal)
    assert (user.clean, user.soft.threshold, bot.soft.threshold) == (200, 0.196, 0.301)


async def test_the_intervals_tell_how_sure_it_is() -> None:
    """They hold the proposal, and take in that the threshold might have come out otherwise."""
    draw = np.random.default_rng(3)
    clean, harmful = draw.beta(1, 9, 400), draw.beta(3, 4, 60)
    (found,) = proposed(await told(*labelled(clean, harmful)), 0.05, 100)
    assert isinstance(found, Proposal)
    for cut in (found.soft, found.hard):
        assert cut.recall is not None
        assert cut.recall_interval is not None
        assert cut.threshold_interval is not None
        assert cut.recall_interval[0] < cut.recall < cut.recall_interval[1]
        assert cut.threshold_interval[0] <= cut.threshold <= cut.threshold_interval[1]
        assert cut.threshold_interval[0] < cut.threshold_interval[1]


def test_budgets() -> None:
    """One for all, and others for some."""
    found = budgets(0.02, ["self_harm=0.04", "minor=0.1"])
    assert found.pop(Label.SELF_HARM) == 0.04
    assert found.pop(Label.MINOR) == 0.1
    assert set(found.values()) == {0.02}


@pytest.mark.parametrize(
    "words",
    [
        ["--budget", "0"],
        ["--budget", "1"],
        ["--budget", "nan"],
        ["--label", "selfharm=0.1"],
        ["--label", "self_harm"],
        ["--label", "self_harm=lots"],
        ["--label", "self_harm=2"],
    ],
)
def test_a_wrong_budget_is_status_2(words: list[str]) -> None:
    """With what it should have been."""
    got = guardrail("tune", write([]), *words)
    assert got.exit_code == 2
    assert "budget" in got.stderr or "LABEL=BUDGET" in got.stderr


def chat(clean: int, harmful: int, role: str = "user") -> list[Any]:
    """Rows as the lexicon finds them: harm at .93, one clean row in fifty a hint at .62."""
    plain = [f"the quince jam set, jar {n}" for n in range(clean)]
    plain[::50] = ["kms lol forgot my charger"] * len(plain[::50])
    return [
        *(row(text, role=role, labels={"self_harm": 0}) for text in plain),
        *(row("I want to kill myself", role=role, labels={"self_harm": 1}) for _ in range(harmful)),
    ]


def test_the_fragment_takes_its_place_in_a_pack(desk: Path) -> None:
    """Pasted as it is printed, it loads and holds the numbers proposed."""
    got = guardrail("tune", write(chat(400, 10)), "--interval", "50")
    assert got.exit_code == 0, got.stderr
    assert got.stdout.startswith("# 410 rows, classifier lexicon-")
    assert "    # 400 clean rows, 10 harmful\n" in got.stdout
    assert "    # soft: 8 false alarms (2.0%), finds 100% (100% to 100%)\n" in got.stdout
    assert "    # hard: 0 false alarms (0.0%), finds 100% (100% to 100%)\n" in got.stdout
    yaml = YAML(typ="safe")
    pasted = yaml.load(got.stdout)
    assert pasted == {"thresholds": {"self_harm": {"user": {"any": {"soft": 0.01, "hard": 0.621}}}}}
    pack = yaml.load(PACK / "minimal.yaml")
    pack["thresholds"] |= pasted["thresholds"]
    (desk / "minimal.yaml").write_text(json.dumps(pack), "utf-8")
    policy = load_policy(desk / "minimal.yaml", PACK / "resources.yaml")
    held = policy.thresholds[Label.SELF_HARM, Side.USER, AgeBand.MINOR]
    assert (held.soft, held.hard) == (0.01, 0.621)


def test_a_refusal_is_status_1_and_the_rest_is_printed() -> None:
    """What is refused is told apart from the YAML."""
    got = guardrail("tune", write(chat(400, 10) + chat(20, 3, "assistant")), "--interval", "0")
    assert got.exit_code == 1
    assert got.stderr == (
        "no proposal for self_harm, bot: 20 clean rows, and a budget of 0.02 needs 150\n"
    )
    assert "user: { any:" in got.stdout
    assert "bot" not in got.stdout
    wider = guardrail("tune", "rows.jsonl", "--interval", "0", "--label", "self_harm=0.15")
    assert wider.exit_code == 0
    assert "bot: { any:" in wider.stdout


def test_for_machines() -> None:
    """All of it, refusals too."""
    got = guardrail("tune", write(chat(400, 10) + chat(20, 3, "assistant")), "--json")
    found = json.loads(got.stdout)
    assert found["rows"] == 433
    (one,) = found["proposals"]
    assert (one["label"], one["side"], one["budget"], one["clean"]) == (
        *("self_harm", "user", 0.02, 400),
    )
    assert one["hard"] == {
        "threshold": 0.621,
        "alarms": 0,
        "recall": 1.0,
        "recall_interval": [1.0, 1.0],
        "threshold_interval": [0.621, 0.621],
    }
    assert [no["side"] for no in found["refused"]] == ["bot"]


def test_rows_without_scores_are_named() -> None:
    """They are in no number, and the status says so."""
    got = guardrail("tune", write([*chat(400, 10), b"{nope"]), "--interval", "0")
    assert got.exit_code == 1
    assert "rows.jsonl:411: not scored: " in got.stderr
    assert "# 400 clean rows" in got.stdout


def test_rows_that_say_nothing() -> None:
    """Nothing is proposed, and that is said."""
    got = guardrail("tune", write([row("hello")]))
    assert (got.exit_code, got.stdout) == (1, "")
    assert "no row that was scored says anything of a label" in got.stderr


def test_the_extra_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds need no plots."""
    for name in ("matplotlib", "sklearn"):
        monkeypatch.setitem(sys.modules, name, None)
    assert guardrail("tune", write(chat(400, 10)), "--interval", "0").exit_code == 0
