"""What leaves: suppression, the eight heads in both languages, pages without script or identifier."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from guardrail.audit import AuditSink, intervention
from guardrail.config import Settings, load_settings
from guardrail.identity import Pseudonyms
from guardrail.person import Age, Person
from guardrail.report._assessment_words import ASSESSMENT
from guardrail.report.commands import app
from guardrail.report.document import Document, Gauge, Kind, Line, Section, Series
from guardrail.report.figures import Period
from guardrail.report.formats import as_csv, as_json
from guardrail.report.gauges import state
from guardrail.report.html import as_html
from guardrail.report.plots import bars
from guardrail.report.run import Wanted, make, report
from guardrail.report.suppress import protected, protected_series
from guardrail.report.words import LANGUAGES, WORDS, Say
from guardrail.scale import ACTIVE, REGISTERED
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Decision,
    Evidence,
    Outcome,
    Profile,
    Record,
    Side,
    Turn,
)

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
NOW = datetime(2026, 6, 20, tzinfo=UTC).timestamp()
KEYS = Pseudonyms(b"0123456789abcdef")
FEW = 10

cli = typer.Typer()
cli.add_typer(app)


@cli.callback()
def _root() -> None:
    """As in `guardrail.cli`: one command among others."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a guard whose data lie in a folder of the test's own."""
    return load_settings(None, {}, {"classifier": {"kind": "lexicon"}, "data": str(tmp_path)})


@pytest.fixture
async def full(settings: Settings) -> AsyncIterator[SqliteStore]:
    """A store on the disk with 12 crises in California and 3 in China, and who had them."""
    store = SqliteStore(settings.data / "guardrail.db")
    for number in range(15):
        await _crisis(store, number, "US-CA" if number < 12 else "CN")
    opened = {"category": "age", "due": NOW, "contact": KEYS.of("contact", "a@b"), "turn": "turn-1"}
    who = KEYS.of("user", "", "user1")
    await store.append(
        Event("c", JUNE, "complaint.opened", "c-ticket-1", who, body=opened),
        Event("p", JUNE, "person.consent", who, who, body={"by": "operator", "reason": "x"}),
    )
    yield store
    await store.close()


async def _crisis(store: SqliteStore, number: int, region: str) -> None:
    user, talk = KEYS.of("user", "", f"user{number}"), KEYS.of("conversation", f"talk{number}")
    band = AgeBand.MINOR if number % 4 == 0 else AgeBand.ADULT
    profile = Profile(user, band, region, "zh" if region == "CN" else "en", "jwt")
    turn = Turn(f"turn-{number:04}", JUNE + number, "openai", "/v1", talk, profile)
    decision = Decision(
        f"{turn.id}-0",
        Side.USER,
        "crisis-active",
        (Action.SUPPORT,),
        "default@1",
        label="self_harm",
        text="crisis",
        resources=True,
        danger=Danger.ACTIVE,
    )
    await store.append(intervention(turn, decision))
    made = Record(turn.id, turn.at, "openai", "/v1", talk, profile, Outcome.INTERVENED, status=200)
    await AuditSink(store)(replace(made, decisions=(decision,)))
    person = Person(user, turn.at, turn.at, turn.at, Age(band, Evidence.PLATFORM))
    await store.update("", user, lambda session, _: (session, person))


def wanted(kind: Kind, language: str = "en", **fields: Any) -> Wanted:
    """What somebody asks for."""
    return Wanted(kind, Period.of(2026, "UTC"), language, now=NOW, version="9.9", **fields)


def table(*values: int, **fields: Any) -> Series:
    """A series of parts whose whole everybody knows."""
    lines = tuple(Line(f"k{n}", f"K{n}", value) for n, value in enumerate(values))
    return Series("s", "S", lines, **{"parts": True, "whole": sum(values), "sure": True, **fields})


def shown(series: Series) -> list[int | None]:
    """The figures as they would be printed."""
    return [line.value for line in series.lines]


# -- suppression -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ((20, 30, 0), [20, 30, 0]),
        ((20, 30, 3), [None, 30, None]),  # 53 - 50 would be 3
        ((20, 30, 10), [20, 30, 10]),
        ((4, 5, 30), [None, None, None]),  # 39 - 30 would be a group of 9
        ((6, 5, 30, 40), [None, None, 30, 40]),
        ((5, 5, 0, 40), [None, None, 0, 40]),
        ((3, 0, 0), []),  # zeros would say where the three are
        ((3, 4, 0), []),
        ((0, 0), [0, 0]),
        ((), []),
    ],
)
def test_no_small_cell_can_be_computed(values, after):
    """A figure withheld takes others with it until the whole gives nothing away."""
    assert shown(protected_series(table(*values), FEW)) == after


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(2, 15))
def test_what_is_withheld_is_never_a_small_group(values, few):
    """Whatever the table: no small figure is shown, and no sum of those withheld is small."""
    found = protected_series(table(*values), few)
    left = shown(found)
    if found.withheld:
        assert left == []
        assert 0 < sum(values) < few or sum(v > 0 for v in values) == 1
        return
    assert all(v is None or v == 0 or v >= few for v in left)
    hidden = [value for value, seen in zip(values, left, strict=True) if seen is None]
    assert not hidden or (len(hidden) > 1 and sum(hidden) >= few)


def test_a_small_whole_goes_too_unless_a_law_wants_it():
    """The statutory figure is published however small; a total of ours is not."""
    assert protected_series(table(3, 4), FEW).whole == 7
    assert protected_series(table(3, 4, sure=False), FEW).whole is None


def test_figures_that_are_no_parts_go_alone():
    """What does not add up gives no other away; what a law wants stays."""
    series = table(3, 20, 4, parts=False, exact=frozenset({"k2"}))
    assert shown(protected_series(series, FEW)) == [None, 20, 4]


def test_only_the_public_version_is_suppressed():
    """Gauges and series of every section; the other version is left as it is."""
    gauge = Gauge("g", "G", 3, 100, "below", "below")
    section = Section("x", "X", gauges=(gauge,), series=(table(3, sure=False),))
    inside = Document("k", "T", "en", (), (section,))
    assert protected(inside) is inside
    (after,) = protected(replace(inside, public=True)).sections
    assert (after.gauges[0].value, after.series[0].whole, after.series[0].lines) == (None, None, ())


async def test_the_public_count_is_exact_and_its_parts_are_not(full, settings):
    """12 notifications, 3 of them of minors: neither the 3 nor the 9 is published."""
    found = await make(wanted(Kind.SB243, public=True), settings, full)
    plain = json.loads(as_json(found))
    series = {s["id"]: s for section in plain["sections"] for s in section["series"]}
    assert series["headline"]["lines"][0]["value"] == 12
    assert series["fates"]["total"] == 12
    assert {line["value"] for line in series["age"]["lines"]} == {0, None}
    assert (plain["public"], plain["few"]) == (True, 10)


async def test_a_small_count_is_not_placed(settings):
    """Three notifications: the number is told, not when, to whom or why."""
    store = SqliteStore(":memory:")
    for number in range(3):
        await _crisis(store, number, "US-CA")
    found = await make(wanted(Kind.SB243, public=True), settings, store)
    await store.close()
    series = {s.id: s for section in found.sections for s in section.series}
    assert shown(series["headline"]) == [3, None, None]
    for id_ in ("months", "age", "language", "causes", "rules", "fates"):
        assert series[id_].withheld, id_
    notes = " ".join(note for section in found.sections for note in section.notes)
    assert "how many is withheld" in notes
    assert "crisis-active" not in as_csv(found)


# -- the heads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("public", [False, True])
async def test_the_assessment_has_its_eight_heads(full, settings, language, public):
    """In both languages, in their order, and each says what it cannot answer."""
    found = await make(wanted(Kind.CN_ART23, language, public=public), settings, full)
    heads = [section for section in found.sections if section.id.startswith("head")]
    assert [head.title for head in heads] == [Say(language)(f"head.{n}") for n in range(1, 9)]
    for head in heads:
        assert head.gaps
        assert head.notes or head.series or head.listings
    page = as_html(found)
    for head in heads:
        assert f"<h2>{head.title}</h2>" in page


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_store_makes_a_report_and_no_file(settings, kind, language):
    """Zeros and plain words; a database that is not there is not made."""
    found = await report(wanted(kind, language), settings)
    assert not list(settings.data.iterdir())
    assert all(row["value"] in {"0", ""} or ".limit" in row["key"] for row in rows(as_csv(found)))
    for text in (as_html(found), as_json(found)):
        assert "Traceback" not in text


async def test_months_without_records_are_not_called_zero(full, settings):
    """The first record is of June: of May nothing is known, and July has not come."""
    found = await make(wanted(Kind.CN_ART23), settings, full)
    series = {s.id: s for section in found.sections for s in section.series}
    assert [(line.key, line.value) for line in series["mau"].lines] == [("2026-06", 3)]


async def test_training_data_are_told_where_there_is_a_manifest(full, settings, tmp_path):
    """The shipped model's; a lexicon or a foreign model has none, and that is said."""
    folder = tmp_path / "model"
    folder.mkdir()
    made = {"name": "ours", "languages": ["en", "zh"], "data": {"rows.jsonl": "ab" * 32}}
    (folder / "manifest.json").write_text(json.dumps(made), "utf-8")
    onnx = settings.classifier.model_copy(update={"kind": "onnx", "model": str(folder)})
    ours = settings.model_copy(update={"classifier": onnx})
    asked = wanted(Kind.CN_ART23)
    assert "rows.jsonl abababababab" in as_html(await make(asked, ours, full))
    page = as_html(await make(asked, settings, full))
    assert "comes with no manifest of ours" in page


def test_every_word_is_there_twice():
    """No line without its English or its Chinese, and both with the same places to fill."""
    for key, (english, chinese) in {**WORDS, **ASSESSMENT}.items():
        assert english, key
        assert re.search(r"[\u4e00-\u9fff]", chinese), key
        filled = [set(re.findall(r"{(\w+)}", text)) for text in (english, chinese)]
        assert filled[0] == filled[1], key


# -- gauges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (0, ACTIVE, "below"),
        (79_999, ACTIVE, "below"),
        (80_000, ACTIVE, "near"),
        (99_999, ACTIVE, "near"),
        (100_000, ACTIVE, "reached"),
        (800_000, REGISTERED, "near"),
        (1_000_000, REGISTERED, "reached"),
    ],
)
def test_the_warning_comes_at_eighty_percent(value, limit, expected):
    """Early enough to prepare an assessment."""
    assert state(value, limit) == expected


async def test_the_gauges_tell_china_from_the_rest(full, settings):
    """Active users of the whole service, and of mainland China."""
    found = await make(wanted(Kind.GAUGES), settings, full)
    gauges = {s.id: {g.id: g.value for g in s.gauges} for s in found.sections if s.gauges}
    assert gauges == {
        "gauges": {"known": 15, "seen": 15},
        "gauges.all": {"peak": 15, "recent": 15},
        "gauges.cn": {"peak": 3, "recent": 3},
    }


# -- how it is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
async def test_no_script_no_outside_no_identifier(full, settings, kind):
    """In no format: neither a keyed hash nor the id of a turn, a ticket or a conversation."""
    found = await make(wanted(kind), settings, full)
    page = as_html(found)
    assert not re.search(
        r"<script|javascript:|\son\w+=|https?://|src=|@import|url\(", page, re.IGNORECASE
    )
    known = [KEYS.of("contact", "a@b"), "turn-0", "turn-1", "c-ticket-1"]
    for number in range(15):
        known.append(KEYS.of("user", "", f"user{number}"))
        known.append(KEYS.of("conversation", f"talk{number}"))
    for text in (page, as_json(found), as_csv(found)):
        assert not [key for key in known if key in text]
        assert not re.search(r"\b[0-9a-f]{20,}\b", text)


async def test_the_page_can_be_printed(full, settings):
    """Rules for paper, and bars that are printed."""
    page = as_html(await make(wanted(Kind.SB243), settings, full))
    assert "@media print" in page
    assert "<svg" in page
    assert page.count("<section") == page.count("</section>")


def test_labels_are_text_in_page_and_picture():
    """Rule ids and reasons come from packs, which somebody else may have written."""
    evil = '<b onload="x">&'
    lines = (Line("a", evil, 1), Line("b", evil, 2))
    series = Series("s", evil, lines, plot=True, note=evil)
    section = Section("x", evil, notes=(evil,), series=(series,), gaps=(evil,))
    page = as_html(Document("k", evil, "en", ((evil, evil),), (section,)))
    assert "<b onload" not in page
    assert "&lt;b onload" in bars(series)


def test_a_bar_that_is_withheld_has_no_length():
    """Nor is anything drawn where there is nothing to compare."""
    lines = (Line("a", "A", 20), Line("b", "B", None), Line("c", "C", 40))
    drawn = bars(Series("s", "S", lines, plot=True))
    assert drawn.count("<rect") == 2
    assert not bars(Series("s", "S", lines[:1], plot=True))
    assert not bars(Series("s", "S", (Line("a", "A", 0), Line("b", "B", 0)), plot=True))


def rows(text: str) -> list[dict[str, str]]:
    """CSV as it is read by others."""
    return list(csv.DictReader(io.StringIO(text)))


async def test_json_and_csv_say_the_same(full, settings):
    """Each figure stands in both."""
    found = await make(wanted(Kind.SB243), settings, full)
    lines = rows(as_csv(found))
    figures = {(r["section"], r["series"], r["key"]): r["value"] for r in lines}
    assert figures["counts", "headline", "raw"] == "12"
    for section in json.loads(as_json(found))["sections"]:
        for series in section["series"]:
            for line in series["lines"]:
                place = (section["id"], series["id"], line["key"])
                assert figures[place] == str(line["value"])


# -- the command -----------------------------------------------------------------------------------


def typed(folder: Path, *words: str) -> Result:
    """The command line, with settings whose data lie in this folder."""
    config = folder / "guardrail.yaml"
    config.write_text(f"data: {folder}\nclassifier: {{kind: lexicon}}\n", "utf-8")
    return CliRunner().invoke(cli, ["report", *words, "--config", str(config)])


async def test_the_command_reads_a_store_that_is_in_use(full, settings):
    """While a server has the database open; JSON on standard output, and nothing else there."""
    got = await asyncio.to_thread(typed, settings.data, "sb243", "--year", "2026")
    assert got.exit_code == 0, got.output
    assert json.loads(got.stdout)["report"] == "sb243"


def test_the_command_writes_a_file(tmp_path):
    """And speaks Chinese to China unless told otherwise."""
    page = tmp_path / "page.html"
    words = ["--year", "2026", "--format", "html", "--out", str(page)]
    got = typed(tmp_path, "cn-art23", *words)
    assert (got.exit_code, str(page) in got.stdout) == (0, True)
    assert 'lang="zh-Hans"' in page.read_text("utf-8")
    assert typed(tmp_path, "cn-art23", *words, "--language", "en").exit_code == 0
    assert 'lang="en"' in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["sb243", "--zone", "Mars/Olympus"], 2),
        (["sb243", "--zone", "../etc/passwd"], 2),
        (["sb243", "--year", "12"], 2),
        (["nowhere"], 2),
        (["sb243", "--out", "/no/such/folder/x.json"], 1),
        (["or", "--year", "2026", "--zone", "America/Los_Angeles", "--public"], 0),
        (["wa"], 0),
    ],
)
def test_exit_status(tmp_path, words, status):
    """0, 1 and 2 as everywhere."""
    assert typed(tmp_path, *words).exit_code == status


def test_a_damaged_database_and_a_bad_policy_are_told(tmp_path):
    """In one line each, with status 1."""
    (tmp_path / "guardrail.db").write_bytes(b"no database at all " * 99)
    got = typed(tmp_path, "sb243", "--year", "2026")
    assert got.exit_code == 1
    assert "guardrail.db" in got.output
    config = tmp_path / "other.yaml"
    config.write_text("policy: nowhere\n", "utf-8")
    got = CliRunner().invoke(cli, ["report", "wa", "--config", str(config)])
    assert got.exit_code == 1
    assert "Traceback" not in got.output
