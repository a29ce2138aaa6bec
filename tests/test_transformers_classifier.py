"""Foreign sequence classifiers: a tiny one with random weights, made on the spot."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from guardrail.classify.base import Utterance
from guardrail.classify.transformers import TransformersClassifier, _version
from guardrail.errors import ClassifierError, ConfigError, MissingExtra
from guardrail.turn import Message, Role

LABELS = {"suicide": "self_harm", "cutting": "self_harm", "hate": "violence"}
WORDS = ("hello", "garden", "kill", "myself", "weather", "nice", "我", "不", "想", "活", "了")
TEXTS = ("hello", "", "kill myself", "我不想活了", "\u200b\u202e", "nice garden " * 90, "\ud83d")
BATCH = tuple(Utterance(text, role) for text in TEXTS for role in (Role.USER, Role.ASSISTANT))


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch the message holds the line to type."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'companion-guardrail\[transformers\]'"):
        TransformersClassifier.load("anything", LABELS)


def make(folder: Path, *, kind: str = "multi_label_classification", head: bool = True) -> str:
    """A BERT of two layers and sixteen dimensions, saved as the hub's models are."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        id2label={0: "suicide", 1: "hate", 2: "cutting", 3: "fine"},
        label2id={"suicide": 0, "hate": 1, "cutting": 2, "fine": 3},
        problem_type=kind,
        initializer_range=1.0,  # scores that differ
    )
    maker = transformers.BertForSequenceClassification if head else transformers.BertModel
    maker(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model with independent labels."""
    return make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
async def classifier(folder: str) -> AsyncIterator[TransformersClassifier]:
    """It, loaded."""
    made = TransformersClassifier.load(folder, LABELS, device="cpu")
    yield made
    await made.close()


async def ask(classifier: TransformersClassifier, text: str) -> dict[str, float]:
    """The scores of one text by label."""
    (found,) = await classifier.classify((Utterance(text, Role.USER),))
    return {signal.label: signal.score for signal in found}


# -- the contract ------------------------------------------------------------------------------


async def test_one_answer_each_in_order(classifier: TransformersClassifier) -> None:
    """A batch gives one tuple per utterance, the same as one by one."""
    together = await classifier.classify(BATCH)
    assert len(together) == len(BATCH)
    for said, answer in zip(BATCH, together, strict=True):
        assert (await classifier.classify((said,))) == (answer,)
    assert await classifier.classify(()) == ()


async def test_signals_are_well_formed(classifier: TransformersClassifier) -> None:
    """Scores are in 0..1; every signal names source and version; nothing said, nothing found."""
    answers = await classifier.classify(BATCH)
    signals = [signal for answer in answers for signal in answer]
    assert signals
    assert all(0 <= signal.score <= 1 for signal in signals)
    assert {(signal.source, signal.version) for signal in signals} == {("transformers", "tiny")}
    assert {signal.label for signal in signals} <= {"self_harm", "violence"}
    assert all(answer == () for said, answer in zip(BATCH, answers, strict=True) if not said.text)


async def test_many_tasks_at_once(classifier: TransformersClassifier) -> None:
    """Shared by many tasks, it gives each the answer it would have had alone."""
    alone = await classifier.classify(BATCH[:4])
    many = await asyncio.gather(*(classifier.classify(BATCH[:4]) for _ in range(8)))
    assert all(answer == alone for answer in many)


async def test_the_loop_stays_free(classifier: TransformersClassifier) -> None:
    """While it works on a long text, other tasks get their turn."""
    long = (Utterance("nice garden " * 2000, Role.USER, (Message(Role.ASSISTANT, "hi"),)),)
    gaps, last = [], time.perf_counter()
    work = asyncio.ensure_future(classifier.classify(long))
    while not work.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    assert sorted(gaps)[len(gaps) // 2] < 0.01


async def test_cancelling_is_safe(classifier: TransformersClassifier) -> None:
    """After a cancelled call the next one is answered as ever."""
    work = asyncio.ensure_future(classifier.classify(BATCH))
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert len(await classifier.classify(BATCH[:1])) == 1


async def test_a_closed_model_says_so(classifier: TransformersClassifier) -> None:
    """After `close`, which may come twice, the answer is a ClassifierError and not a hang."""
    await classifier.close()
    await classifier.close()
    with pytest.raises(ClassifierError) as caught:
        await classifier.classify(BATCH[:1])
    assert caught.value.kind == "closed"


@pytest.mark.parametrize(("answer", "kind"), [(math.nan, "nan"), (RuntimeError("x"), "error")])
async def test_nonsense_is_a_classifier_error(
    classifier: TransformersClassifier, answer: object, kind: str
) -> None:
    """NaN and a failing runtime become ClassifierError with a word for the counters."""
    torch = pytest.importorskip("torch")

    class Broken:
        config = classifier._parts.model.config

        def __call__(self, **inputs: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            self.logits = torch.full((len(inputs["input_ids"]), 4), answer)
            return self

    classifier._parts = classifier._parts._replace(model=Broken())
    with pytest.raises(ClassifierError) as caught:
        await classifier.classify(BATCH[:1])
    assert caught.value.kind == kind


# -- its own words -----------------------------------------------------------------------------


async def test_scores_are_those_of_the_library(
    classifier: TransformersClassifier, folder: str
) -> None:
    """The map joins labels by their highest score; independent labels go through a sigmoid."""
    raw = by_hand(folder, "kill myself").sigmoid()
    scores = await ask(classifier, "kill myself")
    assert scores["self_harm"] == pytest.approx(float(max(raw[0], raw[2])), abs=1e-6)
    assert scores["violence"] == pytest.approx(float(raw[1]), abs=1e-6)


async def test_labels_that_exclude_each_other(tmp_path: Path) -> None:
    """A model that chooses one label goes through a softmax."""
    folder = make(tmp_path / "one", kind="single_label_classification")
    classifier = TransformersClassifier.load(folder, LABELS, device="cpu")
    raw = by_hand(folder, "kill myself").softmax(dim=-1)
    scores = await ask(classifier, "kill myself")
    assert scores.get("violence", 0.0) == pytest.approx(float(raw[1]), abs=0.01)
    assert sum(scores.values()) <= 1
    await classifier.close()


def by_hand(folder: str, text: str) -> Any:
    """Logits as one gets them with the library alone."""
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    return model(**tokens).logits[0].detach()


async def test_a_long_text_is_read_to_its_end(classifier: TransformersClassifier) -> None:
    """Windows as long as the model allows, a quarter shared; the highest score of all counts."""
    text = " ".join(WORDS * 12)
    tokens = classifier._parts.tokenizer
    cut = {"truncation": True, "max_length": 64, "stride": 16, "return_overflowing_tokens": True}
    windows = tokens(text, **cut)["input_ids"]
    assert len(windows) > 2
    alone = [await ask(classifier, tokens.decode(ids, skip_special_tokens=True)) for ids in windows]
    for label, score in (await ask(classifier, text)).items():
        assert score == pytest.approx(max(one.get(label, 0.0) for one in alone), abs=1e-5)


def test_labels_are_checked(folder: str) -> None:
    """Each label that the model or we do not know is told, with what there is."""
    with pytest.raises(ConfigError, match="cutting, fine") as caught:
        TransformersClassifier.load(folder, {"toxic": "violence", "hate": "hatred"}, device="cpu")
    assert len(caught.value.mistakes) == 2
    with pytest.raises(ConfigError, match="empty"):
        TransformersClassifier.load(folder, {}, device="cpu")


def test_a_model_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    """The library would add a random one, and only warn."""
    folder = make(tmp_path / "headless", head=False)
    with pytest.raises(ConfigError, match=r"no trained weights for classifier\.bias"):
        TransformersClassifier.load(folder, LABELS, device="cpu")


@pytest.mark.parametrize("rubbish", [None, "{}", "not JSON"])
def test_no_model_at_all(tmp_path: Path, rubbish: str | None) -> None:
    """A missing or broken folder is a ConfigError."""
    pytest.importorskip("torch")
    if rubbish is not None:
        (tmp_path / "config.json").write_text(rubbish)
    with pytest.raises(ConfigError, match="does not load"):
        TransformersClassifier.load(str(tmp_path), LABELS, device="cpu")


def test_a_model_from_the_hub_names_its_commit() -> None:
    """The record must say which weights judged."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig()
    config._commit_hash = "0123456789abcdef"
    assert _version("lab/tiny", config) == "tiny@0123456789ab"
