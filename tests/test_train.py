"""`guardrail train`: a tiny encoder with random weights, fine-tuned for real."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import guardrail
from guardrail.classify.base import Utterance
from guardrail.classify.onnx import OnnxClassifier
from guardrail.cli import app
from guardrail.config import load_settings
from guardrail.errors import ConfigError
from guardrail.train.calibration import ENOUGH, refitted
from guardrail.train.folder import allowed
from guardrail.train.rows import Own, counted, learnable, read_own, split
from guardrail.turn import Role

SHIPPED = Path(__file__).resolve().parents[1] / "models" / "companion-v1"
GROUPS = ("en user", "en assistant", "zh user", "zh assistant")
WORDS = ("the", "rain", "garden", "tea", "song", "cat", "walk", "cake", "zorp", "blick")
LABEL, SIGN = "violence", "zorp"  # what the tiny net is to learn: who says "zorp" means it
SEED = 20
RATE = "0.01"  # random weights have a longer way to go than trained ones


@pytest.fixture(scope="module")
def outputs() -> tuple[str, ...]:
    """What the shipped model is asked."""
    return tuple(json.loads((SHIPPED / "manifest.json").read_text("utf-8"))["outputs"])


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files lie in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(rows: Iterable[Any], name: str = "rows.jsonl") -> Path:
    """A file of rows, each as it stands if it is bytes."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    Path(name).write_bytes(b"\n".join(lines))
    return Path(name)


def row(text: str, value: int | None = 0, **rest: Any) -> dict[str, Any]:
    """A row that knows one label."""
    return {"text": text, "role": "user", "lang": "en", "labels": {LABEL: value}, **rest}


def talk(number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of a few words; half of them hold the sign, and those are harmful."""
    rng = random.Random(seed)  # noqa: S311
    rows = []
    for i in range(number):
        said = [f"{rng.choice(WORDS[:8])}" for _ in range(rng.randint(2, 5))]
        if i % 2:
            said.insert(rng.randrange(len(said)), SIGN)
        rows.append(row(" ".join(said), i % 2))
    return rows


def command(*words: str | Path) -> Result:
    """Run the command line in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", *map(str, words)])


# -- the folder --------------------------------------------------------------------------------


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("out", "why"),
    [
        (SHIPPED, "never written over"),
        (SHIPPED / "new", "never written over"),
        (SHIPPED.parent / "mine", "never written over"),
        (Path(guardrail.__file__).parent / "mine", "never written over"),
        (Path("link"), "never written over"),
        (Path("start"), "started from"),
        (Path("file"), "is a file"),
        (Path("full"), "is not empty|no run"),
    ],
)
def test_what_is_there_is_not_written_over(out: Path, why: str, *, resume: bool) -> None:
    """Neither the shipped weights, by whatever path, nor anything else; nor with --resume."""
    Path("link").symlink_to(SHIPPED)
    Path("start").mkdir()
    Path("file").touch()
    Path("full").mkdir()
    Path("full/letter.txt").touch()
    with pytest.raises(ConfigError, match=why):
        allowed(out, Path("start"), "checkpoint.pt", resume=resume)


def test_where_a_model_may_be_written() -> None:
    """In a new or an empty folder, and in one with a run that was broken off."""
    allowed(Path("new"), SHIPPED, "checkpoint.pt", resume=False)
    Path("run").mkdir()
    allowed(Path("run"), SHIPPED, "checkpoint.pt", resume=False)
    allowed(Path("run"), SHIPPED, "checkpoint.pt", resume=True)
    Path("run/checkpoint.pt").touch()
    allowed(Path("run"), SHIPPED, "checkpoint.pt", resume=True)
    with pytest.raises(ConfigError, match="--resume"):
        allowed(Path("run"), SHIPPED, "checkpoint.pt", resume=False)
    Path("run/manifest.json").touch()
    with pytest.raises(ConfigError, match="finished"):
        allowed(Path("run"), SHIPPED, "checkpoint.pt", resume=True)


# -- rows --------------------------------------------------------------------------------------


def learn(*rows: Any, outputs: tuple[str, ...] = (LABEL,)) -> list[Own]:
    """Rows that have gone through every check."""
    found = read_own([write(rows)], outputs)
    learnable(found)
    return found


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{", "Expecting property name"),
        (row("a", 2), "must be 0, 1 or null"),
        (row("a", note="x"), "unknown field 'note'"),
        ({"text": "a", "labels": {"selfharm": 1}}, "'selfharm' is no label"),
        ({"text": "a", "labels": {"minor": 1}}, "the model has no output 'minor'"),
        (row("a", context="before"), '"context" must be a list'),
        (row("a", role="nurse"), "unknown role 'nurse'"),
        (row("a", level="grave"), '"level" must be one of'),
    ],
)
def test_a_row_that_cannot_be_used_is_told_with_its_place(bad: Any, why: str) -> None:
    """All of them, not only the first; a training on the rest would teach something else."""
    with pytest.raises(ConfigError) as caught:
        learn(row("a", 1), bad, row("b", 0), bad)
    assert [m.place for m in caught.value.mistakes] == ["rows.jsonl:2", "rows.jsonl:4"]
    assert all(why in m.message for m in caught.value.mistakes)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "rows.jsonl: holds no rows"),
        ([row("a", None), row("b", None)], "rows.jsonl:1: no row has labels"),
        ([row("a"), row("b")], "rows.jsonl:1: no row says 1"),
        ([row("a", None), row("b", 1)], "rows.jsonl:2: every row that knows violence says 1"),
    ],
)
def test_rows_that_teach_nothing_are_refused(rows: list[Any], why: str) -> None:
    """There have to be both kinds."""
    with pytest.raises(ConfigError) as caught:
        learn(*rows)
    assert str(caught.value).startswith(why)


def test_what_is_not_known_stays_unknown(outputs: tuple[str, ...]) -> None:
    """A null label, detectors of a row without that field, a level where there is none."""
    rows = [
        row("a", None),
        {"text": "b", "labels": {"self_harm": 1, LABEL: 0}, "level": "active"},
        {"text": "c", "role": "assistant", "detectors": ["secrecy"]},
    ]
    bare, graded, detected = (dict(own.truth) for own in read_own([write(rows)], outputs))
    assert bare == {}
    assert graded == {"self_harm": 1, LABEL: 0, "at_least_active": 1, "at_least_plan": 0}
    assert sum(detected.values()) == detected["secrecy"] == 1
    assert "leaving" not in detected  # nobody asks that of a bot


def test_twins_stay_together() -> None:
    """Rows of one conversation are on one side, and more rows move none of them."""
    pairs = [
        row(f"{kind} {i}", int(kind == "bad"), context=[{"role": "assistant", "text": f"hi {i}"}])
        for i in range(200)
        for kind in ("bad", "good")
    ]
    train, held = split(learn(*pairs), 0.2)
    sides = [{own.said.context[0].text for own in part} for part in (train, held)]
    assert not sides[0] & sides[1]
    assert len(train) + len(held) == 400
    assert 40 < len(held) < 120
    again, _ = split(learn(*pairs, *talk(50)), 0.2)
    assert {own.said for own in train} <= {own.said for own in again}
    assert counted(held)[LABEL] == {"positives": len(held) // 2, "negatives": len(held) // 2}


# -- calibration -------------------------------------------------------------------------------


def test_the_bias_follows_clean_rows_where_there_are_enough() -> None:
    """So many score over 0.5 as the parent was set to; scale and few-rowed languages stay."""
    said = {
        "labels": [LABEL],
        "outputs": ["other", LABEL],
        "false_alarms": {LABEL: 0.04},
        "calibration": {
            g: {LABEL: {"scale": 0.5, "bias": 1.0 if "user" in g else -1.0}} for g in GROUPS
        },
    }
    rows = [row(f"line {i}", role=("user", "assistant")[i % 2]) for i in range(ENOUGH + 50)]
    rows += [{**row("你好，今天天气不错"), "lang": "zh"}] * (ENOUGH - 1) + [row("x", 1)]
    held = learn(*rows)
    logits = np.random.default_rng(1).normal(0, 3, (len(held), 2))
    lines, moved = refitted(said, held, logits)
    assert [(m["label"], m["lang"], m["clean"]) for m in moved] == [(LABEL, "en", ENOUGH + 50)]
    over = [
        logits[i, 1] * 0.5 + lines[f"en {own.said.role}"][LABEL]["bias"] > 0
        for i, own in enumerate(held[: ENOUGH + 50])
    ]
    assert np.mean(over) == pytest.approx(0.04)
    assert all(lines[g][LABEL]["scale"] == 0.5 for g in GROUPS)
    assert lines["zh user"] == said["calibration"]["zh user"]  # type: ignore[index]
    gap = lines["en user"][LABEL]["bias"] - lines["en assistant"][LABEL]["bias"]
    assert gap == pytest.approx(2.0, abs=1e-3)  # what was known of the speakers stays


# -- with the extra ----------------------------------------------------------------------------


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch the message holds the line to type, and nothing is written."""
    monkeypatch.setitem(sys.modules, "torch", None)
    done = command("--data", write(talk(4)), "--out", "new")
    assert done.exit_code == 1
    assert "pip install 'companion-guardrail[train]'" in done.stderr
    assert not Path("new").exists()


def make(folder: Path, outputs: tuple[str, ...], layers: int = 2) -> Path:
    """A model folder with a tiny net, exported as the shipped one is."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    from guardrail.train.export import quantised
    from guardrail.train.net import Companion, Config

    folder.mkdir()
    pieces = ("<s>", "<pad>", "</s>", "<unk>", "user", "bot", ":", *WORDS)
    table = Tokenizer(WordLevel({p: i for i, p in enumerate(pieces)}, unk_token="<unk>"))
    table.pre_tokenizer = Whitespace()
    table.save(str(folder / "tokenizer.json"))
    torch.manual_seed(SEED)
    config = Config(len(pieces), 16, layers, 2, 32, 64, 1e-12, len(outputs))
    quantised(Companion(config), folder, folder / "model.onnx")
    said = json.loads((SHIPPED / "manifest.json").read_text("utf-8"))
    lines = {output: {"scale": 1.0, "bias": 0.0} for output in outputs}
    names = ("model.onnx", "tokenizer.json")
    files = {n: {"sha256": hashlib.sha256((folder / n).read_bytes()).hexdigest()} for n in names}
    said |= {"name": "tiny", "version": "tiny-1", "max_tokens": 48, "files": files, "clear": None}
    said |= {"calibration": dict.fromkeys(GROUPS, lines)}
    (folder / "manifest.json").write_text(json.dumps(said), "utf-8")
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, outputs: tuple[str, ...]) -> Path:
    """A model folder that is never written to."""
    return make(tmp_path_factory.mktemp("models") / "tiny", outputs)


def start(folder: Path) -> Any:
    """The net of a folder, read back."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from guardrail.train.weights import rebuilt

    return rebuilt((folder / "model.onnx").read_bytes(), "model.onnx")


def said_by(net: Any, coded: Any) -> Any:
    """Logits of a torch net, text by text."""
    import torch

    with torch.no_grad():
        found = [net(torch.tensor([ids]), torch.tensor([mask])) for ids, mask in coded]
    return torch.cat(found).numpy()


def test_the_shipped_net_comes_back_whole(desk: Path) -> None:
    """It answers as the file does, but for its rounding at run time; written again, just the same."""
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("models/companion-v1/model.onnx is not here")
    begun = start(SHIPPED)
    from tokenizers import Tokenizer

    from guardrail.train.coding import coded
    from guardrail.train.export import answers, quantised, settled

    lines = (
        "i don't want to be alive",
        "lovely weather",
        "今晚我就去死",
        "我们去吃火锅吧",
        "bet all",
    )
    said = [Utterance(line, role) for line in lines for role in (Role.USER, Role.ASSISTANT)]
    pairs = coded(said, Tokenizer.from_file(str(SHIPPED / "tokenizer.json")), 64)
    served = answers(SHIPPED / "model.onnx", pairs)
    mine = said_by(begun.net, pairs)
    assert np.corrcoef(served.ravel(), mine.ravel())[0, 1] > 0.99
    assert np.abs(served - mine).mean() < 0.1 * served.std()
    quantised(settled(begun.net, begun.grid, SEED), desk, desk / "again.onnx")
    assert np.array_equal(answers(desk / "again.onnx", pairs), served)


@pytest.mark.parametrize("layers", [1, 3])
def test_sizes_are_read_from_the_graph(desk: Path, outputs: tuple[str, ...], layers: int) -> None:
    """The number of layers and heads, too; a float file gives the very weights."""
    folder = make(desk / "other", outputs, layers)
    begun = start(folder)
    sizes = begun.net.config
    assert (sizes.layers, sizes.heads, sizes.hidden, sizes.inner) == (layers, 2, 16, 32)
    assert (sizes.positions, sizes.outputs) == (64, len(outputs))
    assert len(begun.grid) == 4 * layers + 1

    from guardrail.train.export import write_float
    from guardrail.train.net import SmallTable
    from guardrail.train.weights import rebuilt

    words = begun.net.word.weight.detach()
    begun.net.word = SmallTable(words)
    assert write_float(begun.net, desk / "float.onnx") < 1e-4
    exact = rebuilt((desk / "float.onnx").read_bytes(), "float.onnx")
    assert not exact.grid
    assert np.allclose(exact.net.word.weight.detach(), words, atol=1e-6)
    for name, weight in begun.net.layers.named_parameters():
        assert np.array_equal(exact.net.layers.get_parameter(name).detach(), weight.detach()), name


@pytest.mark.parametrize("content", [b"not a graph", SHIPPED / "first.onnx"])
def test_another_graph_is_refused(content: bytes | Path) -> None:
    """With its path."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from guardrail.train.weights import rebuilt

    found = content if isinstance(content, bytes) else content.read_bytes()
    with pytest.raises(ConfigError, match=r"^there/model\.onnx: is not a net"):
        rebuilt(found, "there/model.onnx")


def test_small_moves_survive_the_rounding(tiny: Path) -> None:
    """A fifth of a step is a whole step for one weight in five; what did not move stays."""
    begun = start(tiny)
    import torch

    from guardrail.train.export import settled

    name = "layers.0.up.weight"
    weight, step = begun.net.get_parameter(name), begun.grid[name]
    before = weight.detach().clone()
    with torch.no_grad():
        weight += 0.2 * step * (before.abs() < 60 * step)
    steps = (settled(begun.net, begun.grid, SEED).get_parameter(name).detach() - before) / step
    assert set(steps.round(decimals=3).unique().tolist()) == {0.0, 1.0}
    assert 0.15 < steps.mean() < 0.25
    other = "layers.0.down.weight"
    kept = settled(begun.net, begun.grid, SEED).get_parameter(other)
    assert torch.allclose(kept, begun.net.get_parameter(other), atol=1e-6)


def examples(tiny: Path, rows: list[Any], outputs: tuple[str, ...]) -> Any:
    """Rows as the net gets them."""
    from tokenizers import Tokenizer

    from guardrail.train.folder import Parent
    from guardrail.train.run import _examples

    found = read_own([write(rows)], outputs)
    return _examples(
        found, Tokenizer.from_file(str(tiny / "tokenizer.json")), Parent.read(tiny)
    )  # fmt: skip


def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not(
    tiny: Path, desk: Path, outputs: tuple[str, ...]
) -> None:
    """The weights are the same to the last bit; a run with other options is refused."""
    begun = start(tiny).net
    import torch

    from guardrail.train.loop import CHECKPOINT, Plan, Step, train

    rows, plan = examples(tiny, talk(40), outputs), Plan("tiny-1", "x", 3, 0.001, 0.2, SEED)
    folders = [desk / "whole", desk / "broken"]
    for folder in folders:
        folder.mkdir()
    whole = train(begun, rows, rows, plan, folder=folders[0])

    def stop(now: Step) -> None:
        if now.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(begun, rows, rows, plan, folder=folders[1], tell=stop)
    told: list[int] = []
    again = train(begun, rows, rows, plan, folder=folders[1], tell=lambda s: told.append(s.epoch))
    assert set(told) == {3}
    for name, weight in whole.named_parameters():
        assert torch.equal(weight, again.get_parameter(name)), name
    assert [p.name for p in folders[1].iterdir()] == [CHECKPOINT]
    other = Plan("tiny-1", "x", 4, 0.002, 0.2, SEED)
    with pytest.raises(ConfigError, match="another epochs, rate"):
        train(begun, rows, rows, other, folder=folders[1])


def test_what_the_rows_leave_open_is_kept(tiny: Path, desk: Path, outputs: tuple[str, ...]) -> None:
    """The label that is taught moves far, the others hardly; word vectors do not move at all."""
    begun = start(tiny).net
    import torch

    from guardrail.train.loop import Plan, train

    rows, plan = examples(tiny, talk(80), outputs), Plan("tiny-1", "x", 10, 0.003, 0.2, SEED)
    net = train(begun, rows, rows, plan, folder=desk)
    moved = np.abs(said_by(net, rows.coded) - said_by(begun, rows.coded)).mean(axis=0)
    taught = outputs.index(LABEL)
    assert moved[taught] > 5 * np.delete(moved, taught).mean()
    assert torch.equal(net.word.weight, begun.word.weight)


async def served(folder: Path, *texts: str) -> tuple[str, list[float]]:
    """The version of a model folder, and its scores of the label."""
    made = OnnxClassifier.load(folder)
    found = await made.classify(tuple(Utterance(text, Role.USER) for text in texts))
    await made.close()
    return made.version, [{s.label: s.score for s in one}.get(LABEL, 0.0) for one in found]


def test_the_whole_way(tiny: Path) -> None:
    """From rows to a folder that serves and has learnt them, with a table of before and after."""
    start(tiny)
    shutil.copytree(tiny, "begin")
    rows, keep = write(talk(120)), write(talk(40, seed=9), "keep.jsonl")
    words = ("--data", rows, "--model", "begin", "--out", "new", "--keep", keep, "--rate", RATE)
    done = command(*words, "--epochs", "25")
    assert done.exit_code == 0, done.output
    assert "violence" in done.stdout
    assert "epoch 25" in done.stderr
    result = json.loads(Path("new/training.json").read_text("utf-8"))
    for part in ("hold_out", "keep"):
        figures = result[part][LABEL]
        assert figures["after"]["auc"] > max(0.95, figures["before"]["auc"])
        assert list(result[part]) == [LABEL]  # what no row knows is not in the table
    said = json.loads(Path("new/manifest.json").read_text("utf-8"))
    assert said["version"] == f"tiny-tuned-{said['files']['model.onnx']['sha256'][:8]}"
    assert (said["parent"], said["clear"]) == ("tiny-1", None)
    assert said["data"]["files"] == {"rows.jsonl": hashlib.sha256(rows.read_bytes()).hexdigest()}
    assert said["data"]["trained"] + said["data"]["held_out"] == said["data"]["rows"] == 120
    assert sorted(path.name for path in Path("new").iterdir()) == [
        "manifest.json",
        "model.onnx",
        "tokenizer.json",
        "training.json",
    ]
    assert "garden" not in Path("new/training.json").read_text("utf-8")
    assert load_settings(None, {}, {"classifier": {"model": "new"}}).classifier.model == "new"
    version, scores = asyncio.run(served(Path("new"), "the cat zorp walk", "the cat walk"))
    assert version == said["version"]
    assert scores[0] - scores[1] > 0.3
    again = command(*words)
    assert (again.exit_code, "is not empty" in again.stderr) == (1, True)


def test_it_can_be_read_by_a_program(tiny: Path) -> None:
    """With --json standard output holds the figures and nothing else; a warning is in them."""
    start(tiny)
    rows = write(talk(20))
    done = command("--data", rows, "--model", tiny, "--out", "new", "--epochs", "1", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result == json.loads(Path("new/training.json").read_text("utf-8"))
    assert result["warnings"][0].startswith("fewer than 20 harmful rows to learn from: violence")
    assert "warning: fewer than 20" in done.stderr


def test_a_tuned_model_can_be_tuned_again(tiny: Path) -> None:
    """Its parent is the tuned one; the names do not grow."""
    start(tiny)
    rows = write(talk(20))
    for model, out in ((tiny, "one"), (Path("one"), "two")):
        done = command("--data", rows, "--model", model, "--out", out, "--epochs", "1")
        assert done.exit_code == 0, done.output
    one, two = (json.loads(Path(f"{n}/manifest.json").read_text("utf-8")) for n in ("one", "two"))
    assert two["parent"] == one["version"]
    assert two["name"] == one["name"] == "tiny-tuned"


def test_all_rows_may_be_trained_on(tiny: Path) -> None:
    """Then there is no table; each epoch is told all the same."""
    start(tiny)
    words = ("--data", write(talk(20)), "--model", tiny, "--out", "new", "--epochs", "2")
    done = command(*words, "--hold-out", "0")
    assert done.exit_code == 0, done.output
    assert "20 rows to train on, 0 held out" in done.stderr
    assert [line.partition(",")[0] for line in done.stderr.splitlines()[-2:]] == [
        "epoch 1",
        "epoch 2",
    ]
    assert "AUC" not in done.stdout


def test_mistakes_are_listed_and_nothing_is_written(tiny: Path) -> None:
    """Status 1, each with file and line, the first twenty; the shipped folder is refused."""
    start(tiny)
    rows = write([row("a", 1), *[row("b", note=1)] * 30])
    done = command("--data", rows, "--out", "new")
    assert done.exit_code == 1
    assert "rows.jsonl:2: unknown field 'note'" in done.stderr
    assert "and 10 more" in done.stderr
    assert not Path("new").exists()
    before = (SHIPPED / "manifest.json").read_bytes()
    done = command("--data", write(talk(4)), "--out", SHIPPED)
    assert (done.exit_code, "never written over" in done.stderr) == (1, True)
    assert (SHIPPED / "manifest.json").read_bytes() == before
