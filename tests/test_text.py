"""Normalising, layout, windows and language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.classify.text import CONTEXT_TURNS, language, layout, normalise, pack, windows
from guardrail.turn import Message, Role


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("ｋｍｓ　ｌｏｌ", "kms lol"),
        ("k\u200by\u200ds", "kys"),
        ("\u202eabc\u202c", "abc"),
        ("  a \t\n b  ", "a b"),
        ("Café", "Café"),
        ("自\ufeff杀", "自杀"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\x00b", "a b"),
        ("Case Stays", "Case Stays"),
        ("", ""),
    ],
)
def test_normalise(typed: str, canonical: str) -> None:
    """One spelling comes out, whatever way it was typed."""
    assert normalise(typed) == canonical


@given(st.text())
def test_normalise_twice_changes_nothing(text: str) -> None:
    """Normalising is idempotent for any text at all."""
    once = normalise(text)
    assert normalise(once) == once


def test_normalise_is_linear() -> None:
    """A long run of marks and spaces takes no more than its share of time."""
    nasty = "a" + "\u0301" * 50_000 + " " * 50_000 + "\u200b" * 50_000
    began = time.perf_counter()
    normalise(nasty)
    assert time.perf_counter() - began < 2


def test_layout_puts_the_text_first() -> None:
    """The judged text stands apart from its context, each behind a mark of who said it."""
    context = [Message(Role.USER, f"turn {i}") for i in range(6)]
    context.append(Message(Role.ASSISTANT, "are  you ok?"))
    text, before = layout(Role.USER, "  no ", context)
    assert text == "user: no"
    assert before == "user: turn 3 user: turn 4 user: turn 5 bot: are you ok?"
    assert before.count(": ") == CONTEXT_TURNS


def test_layout_keeps_the_end_of_a_long_context() -> None:
    """Of a long earlier turn the end is kept, which is what the text answers to."""
    _, before = layout(Role.ASSISTANT, "ok", [Message(Role.USER, "x" * 5000 + " goodbye")])
    assert before.endswith("goodbye")
    assert len(before) < 500


def test_pack_never_drops_text_for_context() -> None:
    """The context gets only the room the text leaves, and loses its beginning."""
    ids, mask = pack([10, 11, 12], [20, 21, 22, 23], 8)
    assert ids == [0, 10, 11, 12, 2, 22, 23, 2]
    assert mask == [1, 1, 1, 1, 1, 2, 2, 2]
    assert pack(list(range(10, 30)), [5], 8) == ([0, 10, 11, 12, 13, 14, 15, 2], [1] * 8)
    assert pack([], [], 8) == ([0, 2], [1, 1])


def test_windows_of_a_short_text() -> None:
    """What fits is its own only window."""
    assert windows("abc", 3) == ["abc"]
    assert windows([1, 2], 3) == [[1, 2]]


@given(st.integers(0, 300), st.integers(1, 60))
def test_windows_cover_everything(length: int, size: int) -> None:
    """Every stretch of a quarter of a window lies whole in some window, to the very end."""
    whole = list(range(length))
    cut = windows(whole, size)
    assert all(len(part) <= size for part in cut)
    quarter = max(1, size // 4)
    for start in range(max(0, length - quarter + 1)):
        piece = set(whole[start : start + quarter])
        assert any(piece <= set(part) for part in cut)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i'm fine", "en"),
        ("我没事", "zh"),
        ("我今天好emo啊", "zh"),
        ("ok 好", "zh"),
        ("我今晚就要自杀 https://example.com/a/very/long/path?with=parameters&and=more", "zh"),
        ("我不想活了 Donaudampfschifffahrtsgesellschaft", "zh"),
        ("i watched 流浪地球 last night with my sister", "en"),
        ("Я хочу умереть", None),
        ("死にたいです", None),
        ("죽고 싶어", None),
        ("😭😭😭", None),
        ("123 456", None),
        ("", None),
    ],
)
def test_language(text: str, expected: str | None) -> None:
    """Script decides; where neither script is there, nobody pretends to have judged."""
    assert language(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Je veux mourir ce soir, je n'en peux plus",
        "Quiero morir esta noche, no me importa nada ya",
        "Ich will nicht mehr leben, heute Nacht mache ich Schluss",
        "xiang si, bu xiang huo le, zhen de hao lei",
    ],
)
def test_other_languages_in_latin_letters_are_not_taken_for_english(text: str) -> None:
    """From six words on they are said to be unjudged; the model never learnt them."""
    assert language(text) is None


def test_english_of_a_chat_is_english() -> None:
    """Slang, typos and one-word answers included."""
    for text in ("ngl kinda mid", "u up", "idk man im just so tired of it all lol", "HELP"):
        assert language(text) == "en", text
