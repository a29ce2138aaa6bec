"""What every Classifier promises, asked of each of them."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from guardrail.classify.base import STATIC, Classifier, Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.onnx import OnnxClassifier
from guardrail.errors import ClassifierError, ConfigError
from guardrail.turn import Message, Role

MODEL = Path(__file__).resolve().parents[2] / "models" / "companion-v1"
SHIPPED = pytest.mark.skipif(
    not (MODEL / "model.onnx").exists(), reason="models/companion-v1/model.onnx is not here"
)
TEXTS = (
    "hi",
    "i want to kill myself",
    "",
    "😭" * 20,
    "我不想活了",
    "\u200b\u202e",
    "再押一把",
    "word " * 900,
    "\ud83d",  # half of a surrogate pair: JSON can carry it
)
BATCH = tuple(Utterance(text, role) for text in TEXTS for role in (Role.USER, Role.ASSISTANT))


@pytest.fixture(params=["lexicon", pytest.param("onnx", marks=SHIPPED)])
async def classifier(request: pytest.FixtureRequest) -> AsyncIterator[Classifier]:
    """Each classifier of the package in turn."""
    made: Classifier
    made = LexiconClassifier.load() if request.param == "lexicon" else OnnxClassifier.load(MODEL)
    yield made
    await made.close()


async def test_one_answer_each_in_order(classifier: Classifier) -> None:
    """A batch gives one tuple per utterance, the same as one by one."""
    together = await classifier.classify(BATCH)
    assert len(together) == len(BATCH)
    for said, answer in zip(BATCH, together, strict=True):
        assert (await classifier.classify((said,))) == (answer,)
    assert await classifier.classify(()) == ()


async def test_signals_are_well_formed(classifier: Classifier) -> None:
    """Scores are numbers in 0..1; every signal names a source and the version."""
    for answer in await classifier.classify(BATCH):
        for signal in answer:
            assert 0 <= signal.score <= 1
            assert not math.isnan(signal.score)
            assert signal.source == STATIC or signal.source.startswith(classifier.name)
            assert signal.version == classifier.version
    assert classifier.version


async def test_finds_the_obvious(classifier: Classifier) -> None:
    """Both languages, the plainest words."""
    for text in ("i want to kill myself", "我想自杀"):
        (found,) = await classifier.classify((Utterance(text, Role.USER),))
        assert max(s.score for s in found if s.label == "self_harm") > 0.5


async def test_many_tasks_at_once(classifier: Classifier) -> None:
    """Shared by many tasks, it gives each the answer it would have had alone."""
    alone = await classifier.classify(BATCH[:4])
    many = await asyncio.gather(*(classifier.classify(BATCH[:4]) for _ in range(8)))
    assert all(answer == alone for answer in many)


async def test_the_loop_stays_free(classifier: Classifier) -> None:
    """While it works on a long text, other tasks get their turn."""
    long = (Utterance("今天天气不错 " * 500, Role.USER, (Message(Role.ASSISTANT, "hi"),)),)
    gaps, last = [], time.perf_counter()
    work = asyncio.ensure_future(classifier.classify(long))
    while not work.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    assert max(gaps) < 0.25  # on the event loop the shipped model would take twice as long


async def test_cancelling_is_safe(classifier: Classifier) -> None:
    """After a cancelled call the next one is answered as ever."""
    work = asyncio.ensure_future(classifier.classify(BATCH))
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert len(await classifier.classify(BATCH[:1])) == 1


async def test_closing_twice(classifier: Classifier) -> None:
    """Closing again does nothing."""
    await classifier.close()
    await classifier.close()


@SHIPPED
async def test_a_closed_model_says_so() -> None:
    """After `close` the answer is a ClassifierError, not a hang."""
    model = OnnxClassifier.load(MODEL)
    await model.close()
    with pytest.raises(ClassifierError) as caught:
        await model.classify(BATCH[:1])
    assert caught.value.kind == "closed"


@SHIPPED
async def test_harm_late_in_a_long_text_counts() -> None:
    """A long text is read to its end: the highest window counts."""
    model = OnnxClassifier.load(MODEL)
    plain = "we talked about the garden and the weather, it was a nice day. " * 12
    texts = (plain, plain + "i am going to kill myself tonight. " + plain)
    calm, crisis = await model.classify(tuple(Utterance(t, Role.USER) for t in texts))
    scores = [
        max((s.score for s in a if s.label == "self_harm"), default=0) for a in (calm, crisis)
    ]
    assert scores[1] > scores[0] + 0.2
    await model.close()


class _Broken:
    """An ONNX session that answers with what it is given, or fails."""

    def __init__(self, answer: object, outputs: int) -> None:
        self.answer, self.outputs = answer, outputs

    def run(self, _names: object, _feed: object) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return [np.full((1, self.outputs), self.answer)]


def manifest_outputs() -> list[str]:
    """What the shipped model gives."""
    found: list[str] = json.loads((MODEL / "manifest.json").read_text("utf-8"))["outputs"]
    return found


@SHIPPED
@pytest.mark.parametrize(("answer", "kind"), [(math.nan, "nan"), (RuntimeError("x"), "error")])
async def test_nonsense_is_a_classifier_error(answer: object, kind: str) -> None:
    """NaN and a failing runtime become ClassifierError with a word for the counters."""
    model = OnnxClassifier.load(MODEL)
    model._session = _Broken(answer, len(manifest_outputs()))
    with pytest.raises(ClassifierError) as caught:
        await model.classify(BATCH[:1])
    assert caught.value.kind == kind
    await model.close()


@SHIPPED
@pytest.mark.parametrize("name", ["model.onnx", "first.onnx", "tokenizer.json"])
def test_another_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is not the one the manifest names does not load; the mistake says which."""
    copy = _copy(tmp_path)
    with (copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ConfigError, match=name) as caught:
        OnnxClassifier.load(copy)
    assert len(caught.value.mistakes) == 1


@SHIPPED
def test_all_missing_files_are_named(tmp_path: Path) -> None:
    """Every missing file is told at once."""
    shutil.copy(MODEL / "manifest.json", tmp_path)
    with pytest.raises(ConfigError) as caught:
        OnnxClassifier.load(tmp_path)
    assert len(caught.value.mistakes) == 3


@SHIPPED
def test_files_that_match_but_do_not_load(tmp_path: Path) -> None:
    """A manifest that vouches for rubbish still ends in a ConfigError."""
    copy = _copy(tmp_path)
    (copy / "model.onnx").write_bytes(b"not a model")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["model.onnx"]["sha256"] = (
        "01d38d2d6dd2ad1a4a2c8a4ab27e2a0a3ee1e1b0f4a1e7a9b2f1f7b9f0a4b6c8"
    )
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError):
        OnnxClassifier.load(copy)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"version": 1}'])
def test_a_bad_manifest_is_refused(tmp_path: Path, text: str | None) -> None:
    """Missing, broken or incomplete: a ConfigError that names the manifest."""
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ConfigError, match=r"manifest\.json"):
        OnnxClassifier.load(tmp_path)


def _copy(into: Path) -> Path:
    for name in ("model.onnx", "first.onnx", "tokenizer.json", "manifest.json"):
        shutil.copy(MODEL / name, into)
    return into
