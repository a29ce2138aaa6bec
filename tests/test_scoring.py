"""The offline scorer: one row in, one honest result out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guardrail.assess import Assessor
from guardrail.classify.base import Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.config import Settings
from guardrail.errors import ClassifierError, ConfigError
from guardrail.scoring import OPERATING_POINT, PATIENCE_MS, Scorer
from guardrail.turn import Label, Level, Message, Role, Signal


class Judge:
    """A classifier that says what a test wants and remembers what it was asked."""

    name, version = "judge", "1"

    def __init__(self, *signals: Signal, fails: str = "", **bars: float) -> None:
        self.signals, self.fails, self.operating_point = signals, fails, bars
        self.points: dict[str, dict[str, float]] = {}
        self.heard: list[Utterance] = []
        self.closed = False

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """The same signals for each utterance, or the failure."""
        self.heard += batch
        if self.fails:
            raise ClassifierError(self.fails)
        return tuple(self.signals for _ in batch)

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


def scorer(judge: Judge | None = None) -> Scorer:
    """A scorer with the real lexicon beneath the judge."""
    return Scorer(Assessor(judge, LexiconClassifier.load()))


async def row(scorer_: Scorer, **fields: Any) -> dict[str, Any]:
    """Score one row."""
    return await scorer_.line(1, json.dumps(fields, ensure_ascii=False))


async def test_every_label_has_a_score() -> None:
    """A label that nobody gave counts as nought; nothing is flagged, no level."""
    assert await row(scorer(Judge()), text="hello") == {
        "scores": {str(label): 0.0 for label in Label},
        "level": None,
        "flags": [],
    }


async def test_the_classifiers_operating_point_flags() -> None:
    """Each label at its own bar, compared before rounding; the others at one half."""
    judge = Judge(
        Signal(Label.VIOLENCE, 0.3, "judge"),
        Signal(Label.GAMBLING, OPERATING_POINT - 1e-7, "judge"),
        Signal(Label.MINOR, OPERATING_POINT, "judge"),
        violence=0.3,
    )
    got = await row(scorer(judge), text="hello")
    assert got["flags"] == ["violence", "minor"]
    assert got["scores"]["gambling"] == 0.5


async def test_the_gravest_level_is_given() -> None:
    """By its name."""
    judge = Judge(
        Signal(Label.SELF_HARM, 0.9, "a", level=Level.PASSIVE),
        Signal(Label.SELF_HARM, 0.6, "b", level=Level.PLAN),
    )
    assert (await row(scorer(judge), text="hello"))["level"] == "plan"


async def test_the_lexicon_is_beneath_the_model() -> None:
    """What the model overlooks, an explicit phrase still shows; in Chinese, too."""
    for text in ("I want to kill myself", "我想自杀"):
        got = await row(scorer(Judge()), text=text)
        assert got["flags"] == ["self_harm"]
        assert got["level"] == "active"


async def test_the_role_decides_who_is_judged() -> None:
    """The lexicon has other phrases for the bot; the side follows the role."""
    text = "you should kill yourself"
    assert (await row(scorer(), text=text, role="assistant"))["flags"] == ["self_harm"]
    judge = Judge()
    for role in ("user", "assistant", "system", "unknown", None):
        await row(scorer(judge), text="x", role=role)
    assert [u.role for u in judge.heard] == ["user", "assistant", "system", "user", "user"]


async def test_the_context_reaches_the_classifier() -> None:
    """Oldest first, roles and all."""
    judge = Judge()
    said = [{"role": "user", "text": "hi"}, {"role": "assistant", "text": "hello"}, {"text": "so"}]
    await row(scorer(judge), text="well", context=said)
    assert judge.heard[0].context == (
        Message(Role.USER, "hi"),
        Message(Role.ASSISTANT, "hello"),
        Message(Role.USER, "so"),
    )


async def test_a_language_that_nobody_learnt_is_named() -> None:
    """Not judged is not the same as harmless."""
    assert (await row(scorer(Judge()), text="こんばんは、元気？"))["unjudged"] == ["language"]
    assert "unjudged" not in await row(scorer(Judge()), text="晚上好")


async def test_a_failure_is_named() -> None:
    """The lexicon's scores stand beside it, hints included."""
    got = await row(scorer(Judge(fails="timeout")), text="kms")
    assert got["failed"] == "timeout"
    assert got["flags"] == ["self_harm"]
    assert got["scores"].keys() == {"self_harm"}, "0.0 would say that the others were looked at"
    assert (await row(scorer(Judge(fails="timeout")), text="hello"))["scores"] == {}


async def test_the_id_comes_back() -> None:
    """Whatever it is; also with an error."""
    for id_ in ("a", 7, None, {"b": [1]}):
        assert (await row(scorer(), text="x", id=id_))["id"] == id_
    got = await row(scorer(), id="a")
    assert got == {
        "id": "a",
        "line": 1,
        "error": 'each line must be an object with a string "text"',
    }


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        '"text"',
        "{}",
        '{"text": 1}',
        '{"text": "x", "role": "nobody"}',
        '{"text": "x", "role": []}',
        '{"text": "x", "context": "y"}',
        '{"text": "x", "context": ["y"]}',
        '{"text": "x", "context": [{"role": "user"}]}',
        '{"text": "x", "context": [{"role": "nobody", "text": "y"}]}',
        "[" * 100_000,
        b'{"text": "\xff"}',
    ],
)
async def test_a_bad_row_gets_an_error_and_no_score(line: str | bytes) -> None:
    """With its line, and the next one works."""
    judged = scorer(Judge())
    got = await judged.line(3, line)
    assert got["line"] == 3
    assert got["error"]
    assert "scores" not in got
    assert "scores" in await row(judged, text="x")


async def test_odd_texts_are_scored() -> None:
    """Nothing, half a surrogate pair, a very long line."""
    for text in ("", "\ud800", "a" * 100_000):
        assert "scores" in await scorer(Judge()).line(1, json.dumps({"text": text}))


async def test_load_waits_longer_than_a_chat() -> None:
    """The model of the settings, without the deadline of a live turn."""
    settings = Settings.model_validate({"classifier": {"kind": "lexicon", "deadline_ms": 1}})
    loaded = Scorer.load(settings)
    assert loaded._assessor._deadline == PATIENCE_MS / 1000
    assert settings.classifier.deadline_ms == 1
    await loaded.close()


async def test_close_closes_the_classifiers() -> None:
    """Threads and sockets are let go."""
    judge = Judge()
    await scorer(judge).close()
    assert judge.closed


async def test_a_flag_can_say_what_it_rests_on() -> None:
    """The part of the text, where it stands, and how much the score falls without it."""
    explaining = Scorer(Assessor(None, LexiconClassifier.load()), explain=True)
    text = "we had soup. i want to kill myself. the cat is fine"
    found = await row(explaining, text=text)
    because = found["because"]["self_harm"]
    assert text[because["start"] : because["end"]] == because["text"]
    assert because["text"].strip() == "i want to kill myself."
    assert because["drop"] == found["scores"]["self_harm"]
    assert "because" not in await row(explaining, text="soup")


async def test_a_named_point_flags_at_its_own_bars() -> None:
    """And a point that the classifier does not have is a mistake, not the usual one."""
    judge = Judge(Signal("violence", 0.4, "judge"))
    judge.points = {"strict": {"violence": 0.3}}
    floor = LexiconClassifier.load()
    strict = Scorer(Assessor(judge, floor), point="strict")
    assert (await row(strict, text="x"))["flags"] == ["violence"]
    assert (await row(scorer(judge), text="x"))["flags"] == []
    with pytest.raises(ConfigError, match="it has strict"):
        Scorer(Assessor(judge, floor), point="lenient")
    with pytest.raises(ConfigError, match="none with a name"):
        Scorer(Assessor(None, floor), point="strict")
