"""The lexicon: what it finds, what it must not find, and how fast."""

from __future__ import annotations

import time

import pytest

from guardrail.classify.base import HINT, Utterance
from guardrail.classify.lexicon import EXPLICIT_SOURCE, Entry, LexiconClassifier
from guardrail.errors import ConfigError
from guardrail.turn import Label, Level, Role

LEXICON = LexiconClassifier.load()


def explicit(text: str, role: Role = Role.USER) -> set[str]:
    """The labels that explicit words of a text lead to."""
    return {s.label for s in LEXICON.find(text, role) if s.source == EXPLICIT_SOURCE}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("i want to kill myself", Label.SELF_HARM),
        ("I WANT TO K I L L   M Y S E L F", Label.SELF_HARM),
        ("i want to kill-my-self", Label.SELF_HARM),
        ("i wan\u200bt to ki\u200dll myself", Label.SELF_HARM),
        ("ｉ　ｗａｎｔ　ｔｏ　ｋｉｌｌ　ｍｙｓｅｌｆ", Label.SELF_HARM),
        ("i dont want to live anymore", Label.SELF_HARM),
        ("i don’t want to live anymore", Label.SELF_HARM),
        ("我不想活了", Label.SELF_HARM),
        ("i wish i could just not wake up", Label.SELF_HARM),
        ("hope i don't wake up tomorrow", Label.SELF_HARM),
        ("真希望明天不用醒过来", Label.SELF_HARM),
        ("我 想 自 杀", Label.SELF_HARM),
        ("我想自·杀", Label.SELF_HARM),
        ("好想zs啊", Label.SELF_HARM),
        ("i'm gonna stab him", Label.VIOLENCE),
        ("send me nudes", Label.SEXUAL),
        ("再押一把就回本", Label.GAMBLING),
        ("i'm 13 years old", Label.MINOR),
        ("我今年十四岁", Label.MINOR),
        ("没有你我活不下去", Label.DEPENDENCE),
    ],
)
def test_finds_what_a_person_says(text: str, label: Label) -> None:
    """Explicit words are found however they are spelled out."""
    assert label in explicit(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("kys", Label.SELF_HARM),
        ("just k.y.s", Label.SELF_HARM),
        ("你去死吧", Label.SELF_HARM),
        ("only i understand you", Label.MANIPULATION),
        ("别告诉你爸妈哦", Label.MANIPULATION),
        ("They wouldn't get it, so don't tell them about me, okay?", Label.MANIPULATION),
        ("don't tell your parents about us", Label.MANIPULATION),
        ("这是我们俩的小秘密", Label.MANIPULATION),
        ("今晚还是躲在被窝里跟我聊吧", Label.MANIPULATION),
    ],
)
def test_finds_what_a_bot_says(text: str, label: Label) -> None:
    """The bot's side has words of its own."""
    assert label in explicit(text, Role.ASSISTANT)


@pytest.mark.parametrize(
    "text",
    [
        "killing me softly with his song",
        "我爸收藏紫砂壶",
        "blue skys ahead",
        "please don't kill yourself",
        "i'm not suicidal, just tired",
        "the suicide prevention lecture was long",
        "想死你了宝贝",
        "我不想自杀",
        "i was 13 years older than him",
        "i'm 14 years older than my sister",
        "大年初二回娘家",
        "i want to. Kill myself? no, kill the lights",
        "跳楼机太刺激了",
        "hope i don't wake up late again",
        "i wish i could just not wake up early",
        "i bought the pills for my dog",
        "i wrote goodbye notes to my coworkers",
        "you don't have to keep me a secret",
        "没有，没有想伤害自己",
        "辞职信都写好了",
        "在准备自杀干预的讲座",
        "这集男二割腕了，虐死",
        "躲在被窝里看书",
        "have a good night, talk tomorrow!",
        "今天食堂的面真好吃",
        "",
    ],
)
def test_leaves_look_alikes_alone(text: str) -> None:
    """Idioms, shops, siblings and support are no explicit finding on either side."""
    assert explicit(text) == set()
    assert explicit(text, Role.ASSISTANT) == set()


def test_sides_are_apart() -> None:
    """A person saying "kys" to a bot is not the bot saying it to a person."""
    assert explicit("kys", Role.USER) == set()
    assert Label.MINOR not in explicit("i'm 13 years old", Role.ASSISTANT)


def test_levels() -> None:
    """A self-harm finding of a person carries the level of its words."""
    for text, level in (
        ("i wish i was dead", Level.PASSIVE),
        ("i want to kill myself", Level.ACTIVE),
        ("遗书写好了", Level.PLAN),
        ("i bought the pills yesterday", Level.PLAN),
        ("i wrote goodbye letters", Level.PLAN),
        ("i'll jump off the bridge tonight", Level.PLAN),
        ("信都写好了想死", Level.PLAN),
        ("hope i don't wake up tomorrow", Level.PASSIVE),
    ):
        assert max(s.level or "" for s in LEXICON.find(text, Role.USER)) == level


def test_hints_are_marked() -> None:
    """Words that are as often harmless come from the source that the engine sets aside."""
    (signal,) = LEXICON.find("kms lol forgot my charger", Role.USER)
    assert signal.source == HINT


def test_longest_covers_a_spaced_out_phrase() -> None:
    """A stream that holds `longest` characters back never lets half a phrase go."""
    assert all(len(entry.phrase) <= LEXICON.longest for entry in LEXICON.entries)
    assert len(LEXICON.entries) >= 250


def test_version_follows_the_table() -> None:
    """Another phrase, another version."""
    entry = Entry("abc", "violence", frozenset(Role), EXPLICIT_SOURCE, 0.9)
    other = Entry("abd", "violence", frozenset(Role), EXPLICIT_SOURCE, 0.9)
    assert LexiconClassifier([entry]).version != LexiconClassifier([other]).version
    assert LexiconClassifier([entry]).version != LexiconClassifier([entry], ["abcd"]).version


@pytest.mark.parametrize(
    "text",
    [
        "entries: [",
        "no: entries",
        "entries: [{label: joy, side: user, tier: hint, score: 0.5, phrases: [x]}]",
        "entries: [{label: minor, side: user, tier: hint, score: 0.5, phrases: ['...']}]",
        "- 1",
    ],
)
def test_a_damaged_list_is_refused(text: str) -> None:
    """The loader names the file and refuses."""
    with pytest.raises(ConfigError, match=r"mine\.yaml:1"):
        LexiconClassifier.read(text, "mine.yaml")


@pytest.mark.parametrize("line", ["i was thinking of you all day, ", "今天下班路上我去了超市，"])
async def test_is_quick(line: str) -> None:
    """300 characters take well under 0.2 ms (the bound here leaves room for a busy machine)."""
    batch = (Utterance((line * 30)[:300], Role.USER),)
    best = min([await _timed(batch) for _ in range(50)])
    assert best < 0.0005


async def _timed(batch: tuple[Utterance, ...]) -> float:
    began = time.perf_counter()
    await LEXICON.classify(batch)
    return time.perf_counter() - began
