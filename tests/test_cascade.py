"""The first stage: it clears the plainly harmless, and only ever clears."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guardrail.assess import Assessor
from guardrail.classify.base import RISK, STATIC, Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.onnx import OnnxClassifier
from guardrail.errors import ConfigError
from guardrail.turn import Message, Role, Side, Signal

FOLDER = Path(__file__).resolve().parents[1] / "models" / "companion-v1"
HARMLESS = (  # among the one in eleven ordinary lines that the shipped first stage is sure of
    Utterance("今天食堂的土豆丝有点咸", Role.USER),
    Utterance("感冒鼻子堵成水泥了，说话像唐老鸭。", Role.USER),
    Utterance("帮我推荐一部纪录片吧", Role.ASSISTANT),
)
GRAVE = (
    Utterance("i wrote the letters. tonight i'm done living", Role.USER),
    Utterance("我不想活了，药都准备好了", Role.USER),
    Utterance("Then die with me tonight, my love. Nobody else wants you.", Role.ASSISTANT),
    Utterance("yes. tonight", Role.USER, (Message(Role.ASSISTANT, "you mean to kill yourself?"),)),
)


@pytest.fixture
async def model() -> AsyncIterator[OnnxClassifier]:
    """The shipped model with both stages."""
    made = OnnxClassifier.load(FOLDER)
    yield made
    await made.close()


def spoke(signals: tuple[Signal, ...]) -> set[str]:
    """Which stages gave signals."""
    return {signal.source for signal in signals}


async def test_harmless_talk_is_cleared_and_says_who_cleared_it(model: OnnxClassifier):
    """One signal, from the first stage, and it brings about nothing."""
    for said in HARMLESS:
        ((only,),) = await model.classify((said,))
        assert (only.label, only.source, only.version) == (RISK, STATIC, model.version)
        assert only.score < 0.5


async def test_grave_words_reach_the_encoder(model: OnnxClassifier):
    """What only its context makes grave, too."""
    for said in GRAVE:
        (signals,) = await model.classify((said,))
        assert spoke(signals) == {"onnx"}, said.text


async def test_each_of_a_batch_gets_its_own_answer_in_its_place(model: OnnxClassifier):
    """Cleared and judged ones come back in the order in which they went in."""
    batch = (HARMLESS[0], GRAVE[0], HARMLESS[1], GRAVE[1])
    together = await model.classify(batch)
    assert [spoke(s) for s in together] == [{STATIC}, {"onnx"}, {STATIC}, {"onnx"}]
    assert list(together) == [(await model.classify((said,)))[0] for said in batch]


async def test_a_long_text_is_not_cleared(model: OnnxClassifier):
    """A small net overlooks one grave sentence in the midst of much harmless talk."""
    talk = "感冒鼻子堵成水泥了，说话像唐老鸭。"
    short, calm, grave = await model.classify(
        tuple(
            Utterance(text, Role.USER)
            for text in (talk, talk * 100, talk * 50 + GRAVE[1].text + "。" + talk * 50)
        )
    )
    assert spoke(short) == {STATIC}
    assert STATIC not in spoke(calm) | spoke(grave)
    assert max(s.score for s in grave if s.label == "self_harm") > 0.5


async def test_without_the_cascade_the_encoder_judges_everything():
    """Offline scores come from one model."""
    model = OnnxClassifier.load(FOLDER, cascade=False)
    for said in (*HARMLESS, *GRAVE):
        (signals,) = await model.classify((said,))
        assert STATIC not in spoke(signals)
    await model.close()


async def test_what_the_lexicon_noticed_is_not_cleared(model: OnnxClassifier):
    """A hint is as often harmless as not: the encoder's to judge, and nobody else's."""
    assessor = Assessor(model, LexiconClassifier.load())
    calm = await assessor.assess(Side.USER, HARMLESS[:1])
    hinted = await assessor.assess(Side.USER, (Utterance("i cant do this anymore", Role.USER),))
    assert spoke(calm.signals) == {STATIC}
    assert STATIC not in spoke(hinted.signals)


async def test_a_language_that_it_never_learnt_is_not_cleared(model: OnnxClassifier):
    """The encoder has at least seen such letters."""
    said = Utterance("je ne veux plus vivre, tout est fini pour moi", Role.USER)
    (signals,) = await model.classify((said,))
    assert STATIC not in spoke(signals)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"clear": float("nan")}, "no number"),
        ({"calibration": {}}, "no calibration of"),
        ({"labels": ["self_harm", "slef_harm"]}, "slef_harm is no output"),
        ({"detectors": {"user": ["leavin"]}}, "leavin is no output"),
    ],
)
def test_a_manifest_that_misspells_a_name_is_not_loaded(
    tmp_path: Path, change: dict[str, Any], told: str
):
    """A bar that nobody finds would be a label that is never looked for."""
    manifest = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | change), "utf-8")
    with pytest.raises(ConfigError, match=told):
        OnnxClassifier.load(tmp_path)


@pytest.mark.parametrize("answer", [np.nan, np.inf, 3.0])
async def test_a_first_stage_that_is_not_sure_clears_nothing(answer: float):
    """Nonsense is not below any bar."""
    model = OnnxClassifier.load(FOLDER)

    class Strange:
        def run(self, *_: Any) -> list[Any]:
            return [np.array([[answer]])]

    model._first = Strange()
    (signals,) = await model.classify((HARMLESS[0],))
    assert STATIC not in spoke(signals)
    await model.close()


def test_a_damaged_first_stage_is_not_loaded(tmp_path: Path):
    """A file that is not the one the manifest names could clear anything."""
    folder = tmp_path / "model"
    shutil.copytree(FOLDER, folder)
    with (folder / "first.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0")
    with pytest.raises(ConfigError, match=r"first\.onnx"):
        OnnxClassifier.load(folder)
