"""`guardrail policy explain, diff, replay`: what a compliance lead reads, prints and files."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guardrail._articles import cited
from guardrail.cli import app
from guardrail.config import load_settings
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.explain import differences, explain
from guardrail.policy.load import packs_in
from guardrail.policy.replay import replay
from guardrail.store.base import Query
from guardrail.turn import AgeBand, Profile
from guardrail.wiring import assemble
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend

PACKS = packs_in(POLICIES)
MINOR = Profile(None, AgeBand.MINOR)


def guardrail(*words: str) -> Result:
    """Run the command line in this process."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["policy", *words])


def cells(got: Result) -> list[list[str]]:
    """The rows of a table."""
    rows = (line for line in got.stdout.splitlines() if line.startswith("│"))
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_value_has_its_pack(path: Path) -> None:
    """For every age; and each law's pack is named for what it says."""
    policy = POLICY(path)
    named = {line.path: line for age in AgeBand for line in explain(policy, Profile(None, age))}
    known = {pack.stem for pack in PACKS} | {"built in"}
    for line in named.values():
        assert line.packs, line.path
        assert set(line.packs.split(", ")) <= known, line.path
    for article in policy.articles:
        place = article.replace(".any", ".minor")
        shown = [line for name, line in named.items() if _same(place, name)]
        assert all(line.article for line in shown), article


def _same(written: str, shown: str) -> bool:
    """Whether a line shows the value of this path; caps are shown without their row."""
    parts = written.split(".")
    return shown == written or (parts[0] == "limits" and shown == f"limits.{parts[-1]}")


def test_nothing_is_cut_off() -> None:
    """In a file or a pipe each line is whole, however narrow the window was; no article is told."""
    rows = cells(guardrail("explain", "--profile", "US-CA/15", "--on", "2027-07-01"))
    shown = {row[0]: row for row in rows}
    assert shown["limits.daily_minutes"][1:] == [
        "120",
        "default, us-ca-sb1119",
        "CA B&P 21812(d)(3)",
    ]
    assert shown["crisis.repair"][3] == "– (ours)"
    assert "thresholds.self_harm.user.minor" in shown
    assert not any("…" in cell for row in rows for cell in row)


def test_a_law_to_come_is_not_mistaken_for_todays() -> None:
    """Its own day is named, and what is shown for today is called so."""
    day = datetime.now(UTC).date().isoformat()
    for words in (["explain", "us-ca-sb1119"], ["diff", "default", "us-ca-sb1119"]):
        got = guardrail(*words)
        if day < "2027-07-01":
            assert "us-ca-sb1119 does not count before 2027-07-01" in got.stderr
        assert "does not count" not in guardrail(*words, "--on", "2027-07-01").stderr
    assert "is not a day" in guardrail("explain", "cn", "--on", "July").stderr


def test_what_a_law_changes() -> None:
    """The value before, the value after, each article once; the same pack differs in nothing."""
    rows = {row[0]: row for row in cells(guardrail("diff", "default", "us-ny"))}
    before, after, articles = rows["notices.ai-start"][1:]
    assert (before[-11:], after[-11:]) == ("as an event", "in the chat")
    found = articles.split("; ")
    assert "NY GBL 1702" in found
    assert len(found) == len(set(found))
    assert "nothing differs" in guardrail("diff", "cn", "cn", "--years", "13").stdout
    old, new = POLICY(POLICIES / "default.yaml"), POLICY(POLICIES / "cn.yaml")
    paths = {path for path, _, _ in differences(old, new, MINOR)}
    assert {"curfew", "consent", "notices.usage-time", "label.explicit"} <= paths


async def test_recorded_turns_under_another_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flips by side, category, age and rule, from scores alone; the words were never kept."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {}, {"data": "data", "classifier": {"kind": "lexicon"}})
    house = assemble(settings)
    guard = GuardrailMiddleware(Backend(), guard=house.guard)
    for text in ("I want to kill myself", "hello there"):
        body = {"messages": [{"role": "user", "content": text}]}
        await call(guard, "/v1/chat/completions", body).done()
    events = await house.store.read(Query(kind="record"))
    bodies = [event.body for event in events]
    await house.guard.engine.close()
    same = replay(bodies, POLICY(POLICIES / "default.yaml"))
    assert (same.decisions, same.changed, same.unread) == (same.same, 0, 0)
    other = replay([*bodies, {}], POLICY(POLICIES / "cn.yaml"))
    assert other.unread == 1
    (flip,) = other.flips
    assert (flip.side, flip.label, flip.age) == ("user", "self_harm", "unknown")
    assert flip.old_rule == flip.new_rule == "crisis-active"
    assert set(flip.new_action.split(", ")) - set(flip.old_action.split(", ")) == {"contact"}
    assert "kill" not in json.dumps(bodies)


async def test_a_replay_for_one_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state's law is asked about the people of that state."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guardrail.yaml").write_text("classifier: {kind: lexicon}\n", "utf-8")
    peers = {"trusted_peers": ["127.0.0.1/32"]}
    house = assemble(load_settings(Path("guardrail.yaml"), {}, {"identity": peers}))
    guard = GuardrailMiddleware(Backend(), guard=house.guard)
    for region in ("US-WA", "US-CA", "CN"):
        body = {"messages": [{"role": "user", "content": "I want to kill myself"}]}
        headers = [(b"x-guardrail-region", region.encode())]
        await call(guard, "/v1/chat/completions", body, headers=headers).done()
    await house.guard.engine.close()
    for region, decisions in (("US-WA", 1), ("US", 2), ("CN", 1), ("us-ca", 1), ("", 3)):
        words = ["policy", "replay", "cn", "--json", "--region", region]
        got = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert json.loads(got.stdout)["decisions"] == decisions, region


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["replay", "cn", "--region", "foo"], "'foo' is no region: write it as US or US-CA"),
        (["replay", "cn", "--region", "C"], "'C' is no region"),
        (["explain", "--profile", "US-CA/999"], "nobody is 999 years old"),
        (["explain", "--profile", "XX/13"], "there is no policy 'xx'"),
        (["diff", "default", "cnn"], "there is no policy 'cnn' (did you mean 'cn'?)"),
    ],
)
def test_what_is_mistyped_is_told(words: list[str], why: str) -> None:
    """A command line that cannot mean anything is refused, not answered with nothing."""
    got = guardrail(*words)
    assert got.exit_code == 2
    assert why in " ".join(got.stderr.replace("│", " ").split())


def test_a_folder_is_no_pack() -> None:
    """And no file is named that was never there."""
    got = guardrail("test", str(Path(__file__).parent))
    assert got.exit_code == 1
    assert "there is no policy" in got.stderr
    assert ".yaml:1" not in got.stderr


def test_a_replay_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing recorded is nothing that would differ."""
    monkeypatch.chdir(tmp_path)
    got = guardrail("replay", "cn", "--json")
    assert json.loads(got.stdout)["decisions"] == 0


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("CN Art 8(2); CA B&P 22602(b)", "《暂行办法》第8条第(2)项；加州 B&P 22602(b)"),
        (
            "CN minors-mode guideline (below 16)",
            "《移动互联网未成年人模式建设指南》（未满 16 岁）",
        ),
        ("EU AI Act Art 50(1), draft guidelines", "欧盟《人工智能法》第50条第(1)款，指南草案"),
        ("GB 45438-2025 5.6", "GB 45438-2025 5.6"),
        ("", ""),
    ],
)
def test_articles_in_chinese(english: str, chinese: str) -> None:
    """As they are called there; in English as they are written."""
    assert (cited(english, "zh"), cited(english, "en")) == (chinese, english)
