"""`guardrail eval`: figures worked out by hand, and a report that shows them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner, Result

from guardrail.assess import Assessor
from guardrail.classify.base import Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.cli import app
from guardrail.evaluate.figures import FEW, area, figures, interval, reliability
from guardrail.evaluate.judge import Judged, judge
from guardrail.evaluate.rows import ASKED_OF, read_rows
from guardrail.scoring import Scorer
from guardrail.turn import Label, Level, Side, Signal

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "companion-v1" / "model.onnx"
LEXICON = "classifier: {kind: lexicon}\n"


class Told:
    """A classifier that is told its scores: the text `self_harm=0.7 leaving=0.2` gives these two."""

    name, version = "told", "1"

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """What each text says; `self_harm=0.7/plan` comes with a level."""
        return tuple(tuple(map(_signal, said.text.split())) for said in batch)

    async def close(self) -> None:
        """Nothing to let go of."""


def _signal(word: str) -> Signal:
    name, _, rest = word.partition("=")
    score, _, level = rest.partition("/")
    return Signal(name, float(score), "told", level=Level(level) if level else None)


def write(rows: Iterable[Any], name: str = "rows.jsonl") -> str:
    """A file of rows, each as it stands if it is bytes."""
    lines = [
        row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()
        for row in rows
    ]
    Path(name).write_bytes(b"\n".join(lines))
    return name


async def told(*rows: Any) -> Judged:
    """Rows judged as their texts say."""
    scorer = Scorer(Assessor(Told(), LexiconClassifier.load()))
    return await judge(scorer, read_rows([Path(write(rows))]).rows)


def row(text: str, *, role: str = "user", **rest: Any) -> dict[str, Any]:
    """A row in which everything but what is named stays unknown."""
    return {"text": text, "role": role, "lang": "en", **rest}


def guardrail(*words: str, **environment: str) -> Result:
    """Run the command line in this process."""
    return CliRunner(env={"COLUMNS": "200", **environment}).invoke(app, list(words))


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, with settings that name the lexicon."""
    monkeypatch.chdir(tmp_path)
    Path("guardrail.yaml").write_text(LEXICON)
    return tmp_path


# -- rows --------------------------------------------------------------------------------------


def test_what_is_not_said_is_masked() -> None:
    """A label that is null or absent, and all detectors of a row that has no such field."""
    (one, two) = read_rows(
        [
            Path(
                write(
                    [
                        row("a", labels={"self_harm": 1, "violence": 0, "sexual": None}),
                        row("b", role="assistant", detectors=["purchase"]),
                    ]
                )
            )
        ]
    ).rows
    assert one.truth == {"self_harm": 1, "violence": 0}
    assert two.truth == {name: int(name == "purchase") for name in ASKED_OF[Side.BOT]}


def test_detectors_are_asked_of_whom_the_guide_names() -> None:
    """The table in the labelling guide."""
    guide = (ROOT / "seeds" / "GUIDE.md").read_text("utf-8")
    table = re.findall(r"\| `(\w+)` \| (user|bot|both) \|", guide)
    for side in Side:
        assert {name for name, who in table if who in (side, "both")} == ASKED_OF[side]


def test_every_seed_can_be_read() -> None:
    """The format is that of the seeds."""
    found = read_rows(sorted((ROOT / "seeds" / "test").glob("*.jsonl")))
    assert len(found.rows) > 1500
    assert (found.unreadable, found.foreign) == ([], {})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{nope", "Expecting property name"),
        (b'{"text": "\xff"}', "decode"),
        (b"[" * 100_000, "recursion"),
        ({"labels": {}}, 'each line must be an object with a string "text"'),
        (row("x", labels=["self_harm"]), '"labels" must be an object'),
        (row("x", labels={"self_harm": 2}), '"labels": self_harm must be 0, 1 or null'),
        (row("x", labels={"self_harm": "1"}), '"labels": self_harm must be 0, 1 or null'),
        (row("x", level="grave"), '"level" must be one of passive, active, plan, or null'),
        (row("x", tags="idiom"), '"tags" must be a list of strings'),
        (row("x", detectors=[1]), '"detectors" must be a list of strings'),
        ({**row("x"), "lang": 1}, '"lang" must be a string'),
    ],
)
def test_a_row_that_cannot_be_read_is_listed(line: Any, why: str) -> None:
    """With its place and the reason; the next one is read."""
    found = read_rows([Path(write([row("a"), line, row("b")]))])
    assert [r.place for r in found.rows] == ["rows.jsonl:1", "rows.jsonl:3"]
    (bad,) = found.unreadable
    assert bad.place == "rows.jsonl:2"
    assert why in bad.why


def test_foreign_labels_are_counted() -> None:
    """A slip in a name must not look like a label without rows."""
    found = read_rows([Path(write([row("a", labels={"selfharm": 1, "minor": 0})]))])
    assert found.foreign == {"selfharm": 1}


def test_a_row_without_a_language_is_looked_at() -> None:
    """And put with its like."""
    texts = ("good evening to all of you", "晚上好呀", "12345")
    found = read_rows([Path(write([{"text": text} for text in texts]))])
    assert [r.lang for r in found.rows] == ["en", "zh", "other"]


# -- figures -----------------------------------------------------------------------------------


def test_the_area_by_hand() -> None:
    """Clean .5 and .1: the harmful .9 is over both, .5 over one and level with one, .2 over one."""
    assert area(np.array([0.9, 0.5, 0.2]), np.array([0.5, 0.1])) == (2 + 1.5 + 1) / 6


def test_the_area_is_the_usual_one() -> None:
    """The same as scikit-learn's, ties and all."""
    draw = np.random.default_rng(1)
    for _ in range(20):
        harmful, clean = draw.integers(0, 9, 30) / 9, draw.integers(0, 7, 50) / 9
        truth = [1] * 30 + [0] * 50
        assert area(harmful, clean) == pytest.approx(
            roc_auc_score(truth, np.concatenate([harmful, clean]))
        )


def test_the_interval_holds_the_true_area() -> None:
    """As often as it says, and with more rows it is narrower."""
    true = 0.7602  # of two normals one standard deviation apart: Φ(1/√2)

    def found(seed: int, rows: int) -> list[float]:
        draw = np.random.default_rng(seed)
        got = interval(area, draw.normal(1, 1, rows), draw.normal(0, 1, rows), resamples=200)
        assert got is not None
        return got

    held = [low < true < high for low, high in (found(seed, 200) for seed in range(40))]
    assert sum(held) >= 35
    (few, many) = (high - low for low, high in (found(1, 50), found(1, 1250)))
    assert many == pytest.approx(few / 5, rel=0.3)


def test_the_interval_is_the_same_at_every_run() -> None:
    """And left out for no resamples."""
    fixed = np.arange(9.0), np.arange(-3.0, 6.0)
    assert interval(area, *fixed, resamples=50) == interval(area, *fixed, resamples=50)
    assert interval(area, *fixed, resamples=0) is None


async def test_the_figures_of_a_label_by_hand() -> None:
    """Harmful .9 .5 .2, clean .6 .1, two masked rows that count nowhere."""
    harmful = [row(f"violence={s}", labels={"violence": 1}) for s in (0.9, 0.5, 0.2)]
    clean = [row(f"violence={s}", labels={"violence": 0}) for s in (0.6, 0.1)]
    masked = [row("violence=1", labels={"violence": None}), row("violence=1")]
    found = figures(await told(*harmful, *clean, *masked), 20)
    assert found["rows"] == 7
    assert found["parts"]["all"]["violence"] == {
        "positives": 3,
        "negatives": 2,
        "recall": round(2 / 3, 4),  # at one half, which counts as over
        "false_alarms": 0.5,
        "auc": round((2 + 1 + 1) / 6, 4),
        "recall_at_2_percent": round(1 / 3, 4),  # over .6: of two clean rows none may be flagged
    }
    assert found["parts"]["all"]["minor"] == {"positives": 0, "negatives": 0}


async def test_an_interval_needs_a_few_rows() -> None:
    """From eight on each side."""
    for many, there in ((FEW, True), (FEW - 1, False)):
        rows = [row(f"minor=0.{n}", labels={"minor": n % 2}) for n in range(1, 2 * many + 1)]
        figure = figures(await told(*rows), 20)["parts"]["all"]["minor"]
        assert ("auc_interval" in figure) is there


async def test_the_parts() -> None:
    """By speaker, by language, by both; parts without rows are not there."""
    judged = await told(
        row("minor=0.9", labels={"minor": 1}),
        {**row("minor=0.1", labels={"minor": 1}), "lang": "zh"},
        row("minor=0.1", role="assistant", labels={"minor": 0}),
    )
    found = figures(judged, 0)["parts"]
    assert list(found) == ["all", "user", "bot", "en", "zh", "user zh", "user en", "bot en"]
    assert found["user"]["minor"] == {"positives": 2, "negatives": 0, "recall": 0.5}
    assert found["user zh"]["minor"]["recall"] == 0.0
    assert found["bot en"]["minor"] == {"positives": 0, "negatives": 1, "false_alarms": 0.0}


async def test_a_detector_that_is_never_noticed_was_not_asked() -> None:
    """Where it is noticed once, the other rows of that speaker count as nought."""
    judged = await told(
        row("evading=0.8", detectors=["evading"]),
        row("minor=0.1", detectors=["evading"]),
        row("minor=0.1", detectors=[]),
        row("minor=0.1", role="assistant", detectors=["evading"]),
    )
    found = figures(judged, 0)["parts"]["all"]
    assert found["evading"]["positives"] == 2
    assert (found["evading"]["recall"], found["evading"]["auc"]) == (0.5, 0.75)
    assert found["leaving"] == {"positives": 0, "negatives": 0}


async def test_tags_by_hand() -> None:
    """Found: a label that the row has is flagged. Flagged: one that a clean row lacks."""
    judged = await told(
        row("violence=0.9", labels={"violence": 1}, tags=["slang"]),
        row("sexual=0.9", labels={"violence": 1, "sexual": 0}, tags=["slang"]),
        row("sexual=0.9", labels={"violence": 0, "sexual": 0}, tags=["slang", "idiom"]),
        row("sexual=0.9", labels={"violence": 0, "sexual": None}, tags=["idiom"]),
        row("sexual=0.9", tags=["idiom"]),
    )
    assert figures(judged, 0)["tags"] == {
        "idiom": {"rows": 3, "harmful": 0, "found": 0, "clean": 2, "flagged": 1},
        "slang": {"rows": 3, "harmful": 2, "found": 1, "clean": 1, "flagged": 1},
    }


async def test_levels_by_hand() -> None:
    """What a person wrote against what was given; the bot's words have no level."""
    harm, fine = {"self_harm": 1}, {"self_harm": 0}
    judged = await told(
        row("self_harm=0.9/plan", labels=harm, level="plan"),
        row("self_harm=0.9/passive", labels=harm, level="plan"),
        row("self_harm=0.9", labels=harm, level="active"),
        row("self_harm=0.4/plan", labels=harm, level="passive"),
        row("self_harm=0.9/active", labels=fine),
        row("self_harm=0.1", labels=fine),
        row("self_harm=0.9/plan", labels=harm),
        row("self_harm=0.9/plan", role="assistant", labels=harm, level="plan"),
    )
    nothing = {"none": 0, "passive": 0, "active": 0, "plan": 0, "ungraded": 0}
    assert figures(judged, 0)["levels"] == {
        "none": {**nothing, "active": 1, "none": 1},
        "passive": {**nothing, "none": 1},
        "active": {**nothing, "ungraded": 1},
        "plan": {**nothing, "plan": 1, "passive": 1},
    }


async def test_calibration_by_hand() -> None:
    """Two bins: of ten rows at .15 one is harmful, of ten at .85 eight."""
    rows = [row("minor=0.15", labels={"minor": int(n < 1)}) for n in range(10)]
    rows += [row("minor=0.85", labels={"minor": int(n < 8)}) for n in range(10)]
    brier = (9 * 0.15**2 + 0.85**2 + 8 * 0.15**2 + 2 * 0.85**2) / 20
    judged = await told(*rows)
    assert reliability(judged, "minor") == {
        "user en": {
            "rows": [10, 10],
            "predicted": [0.15, 0.85],
            "observed": [0.1, 0.8],
            "brier": round(brier, 4),
        }
    }
    assert reliability(judged, "violence") == {}


# -- the command -------------------------------------------------------------------------------

HARM = ("I want to kill myself", "I hope I don't wake up", "the weather turned a corner")
CLEAN = ("kms lol forgot my charger", "the quince jam set")
SEEDS = [
    *(row(text, labels={"self_harm": 1}, level="active", tags=["direct"]) for text in HARM),
    *(row(text, labels={"self_harm": 0}, tags=["<b>|idiom"]) for text in CLEAN),
]


def test_the_lexicon_by_hand() -> None:
    """Its scores are .93, .9 and 0 for harm, .62 and 0 else: 4.5 of 6 pairs stand right."""
    got = guardrail("eval", write(SEEDS), "--json")
    assert (got.exit_code, got.stderr) == (0, "")
    result = json.loads(got.stdout)
    assert result == json.loads(Path("evaluation/figures.json").read_text("utf-8"))
    assert result["rows"] == 5
    one = result["classifiers"]["guardrail"]
    assert (one["kind"], one["rows"]) == ("lexicon", 5)
    assert one["operating_points"]["self_harm"] == 0.5
    figure = one["parts"]["user en"]["self_harm"]
    assert (figure["positives"], figure["negatives"], figure["auc"]) == (3, 2, 0.75)
    assert (figure["recall"], figure["false_alarms"]) == (round(2 / 3, 4), 0.5)
    assert set(one["latency_ms"]) == {"p50", "p90", "p99", "max"}


def test_the_report() -> None:
    """Two classifiers side by side, in files that need nothing from outside."""
    rows = [
        row(f"{HARM[0] if n % 3 else CLEAN[0]} {n}", labels={"self_harm": n % 2}, tags=["$x$"])
        for n in range(30)
    ]
    Path("other.yaml").write_text(LEXICON)
    got = guardrail("eval", write(rows + SEEDS), "--against", "other.yaml", "--out", "here")
    assert got.exit_code == 0, got.stderr
    assert "report: here/report.html" in got.stdout
    assert re.search(r"self_harm +guardrail +18 / 17 +0\.\d{3} \(", got.stdout)
    assert re.search(r"self_harm +other +18 / 17 ", got.stdout)
    page = Path("here/report.html").read_text("utf-8")
    assert re.findall(r'(?:src|href)="(?!data:)|url\(|@import|<script', page) == []
    assert "&lt;b&gt;|idiom" in page
    text = Path("here/report.md").read_text("utf-8")
    assert "| &lt;b&gt;\\|idiom | 2 | 0 | 0 | 2 | 1 |" in text
    pictures = re.findall(r"\]\((plots/[^)]+)\)", text)
    assert page.count("data:image/svg+xml;base64,") == len(pictures)
    assert {Path(path).stem for path in pictures} == {
        *("curve-self_harm", "calibration-self_harm", "latency"),
        *(f"{kind}-{n}" for kind in ("tags", "levels") for n in (1, 2)),
    }
    for path in pictures:
        assert "</svg>" in (Path("here") / path).read_text("utf-8")


def test_the_same_rows_give_the_same_files() -> None:
    """But for the times."""
    write(SEEDS * 8)
    for folder in ("one", "two"):
        assert guardrail("eval", "rows.jsonl", "--out", folder).exit_code == 0
    for name in ("curve-self_harm", "calibration-self_harm", "levels-1", "tags-1"):
        one, two = ((Path(d) / "plots" / f"{name}.svg").read_bytes() for d in ("one", "two"))
        assert one == two, name


def test_texts_are_only_shown_when_asked_for() -> None:
    """In no file and not on the screen; then those that were misjudged, and no others."""
    missed, found = HARM[2], HARM[0]
    plain = guardrail("eval", write(SEEDS), "--out", "plain")
    shown = guardrail("eval", "rows.jsonl", "--out", "shown", "--show-misses")
    for got in (plain, shown):
        assert missed not in got.stdout + got.stderr
    files = ("report.html", "report.md", "figures.json")
    for name in files:
        assert missed not in (Path("plain") / name).read_text("utf-8")
    for name in files[:2]:
        text = (Path("shown") / name).read_text("utf-8")
        assert missed in text
        assert CLEAN[0] in text
        assert found not in text
    assert missed not in Path("shown/figures.json").read_text("utf-8")


def test_rows_without_scores_are_listed_and_in_no_figure() -> None:
    """Those that cannot be read, and those that one classifier gave no answer on."""
    with socket.socket() as taken:  # bound, but nobody listens: refused at once
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/moderations"
        Path("far.yaml").write_text(
            f"classifier: {{kind: remote, model: '{url}', labels: {{hate: violence}}}}\n"
        )
        bad = [b"{nope", {**SEEDS[0], "role": "nobody"}]
        got = guardrail("eval", write([*SEEDS, *bad]), "--against", "far.yaml", "--json")
    assert got.exit_code == 1
    assert "rows.jsonl:6: not scored: Expecting property name" in got.stderr
    assert "rows.jsonl:7: not scored: unknown role 'nobody'" in got.stderr
    result = json.loads(got.stdout)
    assert [row["place"] for row in result["unreadable"]] == ["rows.jsonl:6"]
    near, far = result["classifiers"]["guardrail"], result["classifiers"]["far"]
    assert (near["rows"], len(near["unscored"])) == (5, 1)
    assert near["parts"]["all"]["self_harm"]["auc"] == 0.75
    assert (far["rows"], far["parts"], far["latency_ms"]) == (0, {}, {})
    assert [row["why"] for row in far["unscored"]] == ["connection"] * 5 + ["unknown role 'nobody'"]
    assert "| far | rows.jsonl:1 | connection |" in Path("evaluation/report.md").read_text("utf-8")


def test_foreign_labels_stand_in_the_report() -> None:
    """By name, with their number."""
    assert guardrail("eval", write([row("x", labels={"toxic": 1})])).exit_code == 0
    assert "left out: toxic (1)." in Path("evaluation/report.md").read_text("utf-8")


def test_a_file_of_nothing() -> None:
    """Gives a report of nothing."""
    assert guardrail("eval", write([])).exit_code == 0
    assert "0 rows of rows.jsonl." in Path("evaluation/report.md").read_text("utf-8")


def test_the_environment_does_not_make_all_classifiers_the_same() -> None:
    """It goes before guardrail.yaml, but not before a file that is named to differ."""
    Path("other.yaml").write_text("classifier: {model: nowhere}\n")
    got = guardrail(
        "eval", write(SEEDS), "--against", "other.yaml", GUARDRAIL__CLASSIFIER__KIND="lexicon"
    )
    assert got.exit_code == 1
    assert "nowhere" in got.stderr


def test_two_files_of_one_name_are_two_classifiers(desk: Path) -> None:
    """Numbered."""
    (desk / "b").mkdir()
    (desk / "b" / "guardrail.yaml").write_text(LEXICON)
    got = guardrail("eval", write(SEEDS), "--against", "b/guardrail.yaml", "--json")
    assert list(json.loads(got.stdout)["classifiers"]) == ["guardrail", "guardrail-2"]


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is scored."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    got = guardrail("eval", write(SEEDS))
    assert got.exit_code == 1
    assert "pip install 'companion-guardrail[eval]'" in got.stderr
    assert not Path("evaluation").exists()


def test_a_folder_that_cannot_be_written() -> None:
    """Said in words."""
    Path("taken").write_text("")
    got = guardrail("eval", write(SEEDS), "--out", "taken")
    assert got.exit_code == 1
    assert "taken" in got.stderr


@pytest.mark.parametrize("words", [["eval"], ["eval", "none.jsonl"], ["eval", "--interval", "-1"]])
def test_a_wrong_command_line_is_status_2(words: list[str]) -> None:
    """Not 1."""
    assert guardrail(*words).exit_code == 2


def test_the_server_does_not_need_the_extra() -> None:
    """Nor does the command line before an evaluation is asked for."""
    code = (
        "import sys, guardrail.cli, guardrail.serving, guardrail.evaluate.run; "
        "print({'matplotlib', 'sklearn', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.skipif(not MODEL.exists(), reason="models/companion-v1/model.onnx is not here")
def test_the_shipped_model_against_the_lexicon() -> None:
    """It finds what is said between the lines; the first stage does not answer for it."""
    texts = {
        "i keep hoping the bus just doesn't stop for me": 1,
        "我不想活了，太累了": 1,
        "i want to sleep, i'm going to bed early tonight": 0,
        "周末去爬山吧，带上热水": 0,
    }
    rows = [{"text": text, "role": "user", "labels": {"self_harm": y}} for text, y in texts.items()]
    Path("model.yaml").write_text("classifier: {kind: onnx}\n")
    got = guardrail("eval", write(rows), "--against", "model.yaml", "--json")
    assert got.exit_code == 0
    found = {name: one["parts"] for name, one in json.loads(got.stdout)["classifiers"].items()}
    assert list(found["model"]) == ["all", "user", "en", "zh", "user zh", "user en"]
    assert found["model"]["all"]["self_harm"]["auc"] == 1.0
    assert found["guardrail"]["all"]["self_harm"]["recall"] <= 0.5
    assert set(found["model"]["all"]) >= set(Label)
