"""The screen: nothing leaves unjudged, nothing is lost or reordered, nothing waits for ever."""

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.errors import ReplyError
from guardrail.screen import KEEP, Dropped, Held, Screen, Window
from guardrail.turn import Channel

TEXT, REASONING = Channel.TEXT, Channel.REASONING
TAIL = 64
PHRASE = "you should hurt yourself tonight"
EN = "I hear you, e.g. Mr. Smith paid 3.5 dollars. “Are you sure?” he said. See https://a.b/c?d=1. "
ZH = "我在听。你还好吗？“没事的！”他说，今天天气不错……我们出去走走吧\n"
ENDLESS = "and so on and on " * 30

Judge = Callable[[Window], bool]


def screen(*, chars: int = 240, seconds: float = 1.5, tail: int = TAIL) -> Screen:
    """A screen with the shipped policy's holds."""
    return Screen(chars=chars, seconds=seconds, tail=tail)


def passes(_: Window) -> bool:
    """A judge that finds nothing."""
    return True


def notes(seen: list[Window]) -> Judge:
    """A judge that finds nothing and remembers what it was given."""

    def judge(window: Window) -> bool:
        seen.append(window)
        return True

    return judge


def finds(phrase: str, tail: int = TAIL) -> Judge:
    """A judge that reads no more than the guarantee asks for."""
    return lambda w: phrase not in (w.before[-tail:] if tail else "") + w.fresh


def pieces_of(text: str, size: int) -> list[str]:
    """`text` in pieces of `size` characters."""
    return [text[i : i + size] for i in range(0, len(text), size)]


def relay(held: Screen, texts: Iterable[str], judge: Judge, *, step: float = 0.01) -> bytes:
    """Drive a screen as the middleware does; what reached the client."""
    out = bytearray()
    now = 0.0

    def judged(windows: Sequence[Window]) -> bool:
        for window in windows:
            if not judge(window):
                return False
            held.clear(window)
        out.extend(b"".join(h.raw for h in held.release(now)))
        return True

    for text in texts:
        now += step
        windows = held.due(now) + held.push(text.encode(), [(0, TEXT, text)], now=now)
        if not judged(windows):
            return bytes(out)
    judged(held.finish(now))
    return bytes(out)


def fresh(windows: Iterable[Window]) -> list[str]:
    """The new text of each window."""
    return [w.fresh for w in windows]


@pytest.mark.parametrize(
    "text", [EN * 4, ZH * 8, ENDLESS, EN + ZH + ENDLESS], ids=["en", "zh", "-", "all"]
)
@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
def test_clean_text_arrives_unchanged(text: str, size: int):
    """Unflagged, every byte arrives once and in order, and all text was in exactly one window."""
    windows: list[Window] = []
    held = screen()
    got = relay(held, pieces_of(text, size), notes(windows))
    assert got.decode() == text == held.released_text() == "".join(fresh(windows))
    assert [w.end for w in windows] == [
        len("".join(fresh(windows[: i + 1]))) for i in range(len(windows))
    ]
    assert all(w.whole.endswith(w.sentence) and w.sentence.endswith(w.fresh) for w in windows)
    assert max(map(len, fresh(windows))) <= 240
    assert (held.held_chars, held.held_bytes, held.windows) == (0, 0, len(windows))


@given(st.text(st.sampled_from('ab 。.!\n"”1'), max_size=80), st.data())
def test_any_text_any_cut(text: str, data: st.DataObject):
    """The same for any text, any cutting, any settings and any pace."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    held = screen(
        chars=data.draw(st.integers(1, 20)),
        tail=data.draw(st.integers(0, 20)),
        seconds=data.draw(st.sampled_from([0.0, 0.05, 9.0])),
    )
    texts = [text[a:b] for a, b in pairwise((0, *places, len(text)))]
    assert relay(held, texts, passes).decode() == text


@pytest.mark.parametrize("carrier", [EN, ZH, ENDLESS], ids=["en", "zh", "endless"])
@pytest.mark.parametrize(("size", "seconds"), [(7, 1.5), (7, 0.03), (300, 1.5)])
def test_no_byte_of_a_planted_phrase_leaves(carrier: str, size: int, seconds: float):
    """Wherever the phrase stands, nothing from its first byte on reaches the client."""
    carrier = (carrier * 20)[:500]
    for offset in range(len(carrier) + 1):
        text = carrier[:offset] + PHRASE + carrier[offset:]
        got = relay(screen(seconds=seconds), pieces_of(text, size), finds(PHRASE))
        assert text.encode().startswith(got)
        assert len(got) <= len(carrier[:offset].encode())


@given(st.integers(0, 400), st.lists(st.integers(1, 40), min_size=1), st.integers(1, 70), st.data())
def test_no_byte_leaves_for_any_cut(offset: int, sizes: list[int], tail: int, data: st.DataObject):
    """The same for any cutting, any tail, and any phrase of at most one character more than it."""
    phrase = "x" * data.draw(st.integers(1, tail + 1))
    text = (EN + ZH + ENDLESS)[:offset] + phrase + EN
    places, total = [0], 0
    while total < len(text):
        total += sizes[len(places) % len(sizes)]
        places.append(min(total, len(text)))
    texts = [text[a:b] for a, b in pairwise(places)]
    held = screen(chars=data.draw(st.integers(1, 300)), seconds=0.1, tail=tail)
    got = relay(held, texts, finds(phrase, tail))
    assert len(got) <= len(text[:offset].encode())


def test_a_longer_phrase_never_leaves_whole():
    """A phrase that is longer than the tail is found once it is whole; its end stays back."""
    phrase = "so " * 60 + "there"
    text = EN + phrase + EN
    got = relay(screen(chars=40), pieces_of(text, 5), lambda w: phrase not in w.whole).decode()
    assert got.startswith(EN)
    assert phrase not in got


def test_no_window_cleared_nothing_leaves():
    """Without a verdict no byte of text leaves, however long it waits."""
    held = screen()
    for i, text in enumerate(pieces_of(EN * 10, 9)):
        held.push(text.encode(), [(0, TEXT, text)], now=i)
        held.due(i)
    held.finish(1000)
    assert held.release(1000) == []


def windows_of(text: str, **settings: int) -> list[str]:
    """The windows of a text that comes character by character."""
    held = screen(**{"tail": 0, **settings})
    given = [w for i, c in enumerate(text) for w in held.push(b"", [(0, TEXT, c)], now=i / 1000)]
    return fresh((*given, *held.finish(0)))


@pytest.mark.parametrize(
    "expected",
    [
        ["Hello there. ", "How are you? ", "Fine!"],
        ["I paid 3.5 dollars. ", "Ok."],
        ["See https://a.b/c?d=1.2 and e.g. Mr. J. Smith. ", "I do."],
        ["“Sure?” ", "he said (really!) ", "and left. "],
        ["**Bold.** ", "Wait... ", "what?! ", "Yes."],
        ["我很好。", "你呢？", "“是的！”", "他说……", "走吧；", "好"],
        ["one\n", "\n", "two\r\n", "three"],
        ["no end at all"],
    ],
    ids=lambda e: e[0].strip(),
)
def test_sentence_ends(expected: list[str]):
    """Windows end where sentences do, in English and Chinese, with their closing quotes."""
    assert windows_of("".join(expected)) == expected


def test_short_sentences_share_a_window():
    """What the tail would hold back anyhow is not judged on its own."""
    assert windows_of("Hi! Ok. So. What do you want? Yes.", tail=64) == [
        "Hi! Ok. So. What do you want? ",
        "Yes.",
    ]


def test_sentence_reaches_back_over_a_cap():
    """When a cap cuts a sentence, the next window's `sentence` is still all of it."""
    held = screen(chars=20, tail=0)
    windows = held.push(b"", [(0, TEXT, "First. one two three four five. Next")], now=0)
    assert [(w.fresh, w.sentence) for w in windows] == [
        ("First. ", "First. "),
        ("one two three four ", "one two three four "),
        ("five. ", "one two three four five. "),
    ]
    (last,) = held.finish(0)
    assert (last.sentence, last.whole) == ("Next", "First. one two three four five. Next")


def test_caps_do_not_cut_words():
    """A judge never sees "ass" because "assembly" was cut in two; a word without end is cut."""
    held = screen(chars=20, seconds=1, tail=0)
    assert fresh(held.push(b"", [(0, TEXT, "I went to the next assembly")], now=0)) == [
        "I went to the next "
    ]
    assert fresh(held.push(b"", [(0, TEXT, " of ass")], now=0)) == []
    assert fresh(held.due(1)) == ["assembly of "]
    assert held.due(1.5) == ()
    assert fresh(held.due(2)) == ["ass"]
    assert fresh(held.push(b"", [(0, TEXT, "x" * 45)], now=3)) == ["x" * 20, "x" * 20]


def test_time_cap():
    """`wait` tells when `due` has something; judging it does not yet release the tail."""
    held = screen(tail=4)
    assert held.wait(0) is None
    held.push(b"1", [(0, TEXT, "Hello wor")], now=10)
    held.push(b"2", [(0, TEXT, "ld and ")], now=11)
    assert held.wait(11) == 0.5
    assert held.due(11.4) == ()
    assert held.wait(99) == 0.0
    (window,) = held.due(11.5)
    assert (window.fresh, window.final, held.wait(11.5)) == ("Hello world and ", False, None)
    assert held.release(12) == []
    held.clear(window)
    assert [h.raw for h in held.release(12)] == [b"1"]
    assert held.max_held_seconds == 2
    assert (held.held_chars, held.held_bytes) == (7, 1)


def test_frames_without_text_keep_their_place():
    """Role frames go ahead when nothing is before them, and wait when something is."""
    held = screen(tail=0)
    assert held.push(b"role", [(0, TEXT, "")], now=0) == ()
    assert held.release(0) == [Held(b"role")]
    (window,) = held.push(b"text", [(0, TEXT, "Hello. ")], now=0)
    held.push(b": comment", [], now=0)
    held.push(b"[DONE]", [], now=0, mark=True)
    assert held.release(0) == []
    held.clear(window)
    assert held.release(0) == [Held(b"text"), Held(b": comment"), Held(b"[DONE]", mark=True)]


def test_choices_wait_for_each_other_in_order():
    """Frames of two choices keep their order; each choice has its own mark; a finished one no tail."""
    held = screen(tail=10)
    (first,) = held.push(b"a", [(0, TEXT, "Short words. ")], finished=[0], now=0)
    assert first.final
    (second,) = held.push(b"b", [(1, TEXT, "More of these words here. ")], now=0)
    held.clear(second)
    assert held.release(0) == []
    held.clear(first)
    assert held.release(0) == [Held(b"a", (0,))]
    (rest,) = held.push(b"c", [(1, TEXT, "End")], finished=[1], now=0)
    held.clear(rest)
    assert [h.raw for h in held.release(0)] == [b"b", b"c"]
    assert (held.released_text(0), held.released_text(1)) == (
        "Short words. ",
        "More of these words here. End",
    )
    assert held.released_text(2) == ""


def test_reasoning_lets_the_answer_go():
    """When the answer is under way, the tail of the reasoning before it is given up, once judged."""
    held = screen(tail=10)
    held.push(b"r", [(0, REASONING, "Hm, what now")], now=0)
    assert held.push(b"1", [(0, TEXT, "Well, I do")], now=0) == ()
    (thought,) = held.push(b"2", [(0, TEXT, " not know")], now=0)
    assert (thought.channel, thought.fresh, thought.final) == (REASONING, "Hm, what now", False)
    assert held.release(0) == []
    held.clear(thought)
    assert [h.raw for h in held.release(0)] == [b"r"]
    assert held.released_text() == ""


def test_a_finish_that_is_none():
    """Text behind a finish is judged and held like any other, and that choice is not believed again."""
    held = screen(tail=10)
    (first,) = held.push(b"1", [(0, TEXT, "Done now")], finished=[0], now=0)
    held.clear(first)
    assert [h.raw for h in held.release(0)] == [b"1"]
    (again,) = held.push(b"2", [(0, TEXT, "or not, my friend. ")], finished=[0], now=0)
    held.clear(again)
    assert held.release(0) == []
    assert held.finish(0) == ()
    assert [h.raw for h in held.release(0)] == [b"2"]


def test_windows_may_be_cleared_in_any_order():
    """The mark moves when all windows before it are cleared; each can be cleared once."""
    held = screen(tail=0)
    one, two = held.push(b"1", [(0, TEXT, "a" * 240 + "b" * 240)], now=0)
    held.clear(two)
    assert held.release(0) == []
    held.clear(one)
    assert [h.raw for h in held.release(0)] == [b"1"]
    for window in (one, two, Window(9, TEXT, "", "", "", final=False, end=1)):
        with pytest.raises(ValueError, match="this window"):
            held.clear(window)


def test_drop():
    """What is dropped is counted and never leaves."""
    held = screen()
    held.push(b"role", [], now=0)
    held.release(0)
    held.push("你好".encode(), [(0, TEXT, "你好")], now=0)
    held.push(b"!", [(0, TEXT, "!")], now=0)
    assert held.drop() == Dropped(frames=2, chars=3, bytes=7)
    assert (held.finish(0), held.release(0), held.wait(0), held.held_chars) == ((), [], None, 0)


def test_bounds():
    """A stream that piles up behind one held word, or opens choices without end, is refused."""
    held = Screen(chars=240, seconds=1, tail=64, max_bytes=1000)
    held.push(b"", [(0, TEXT, "Hi")], now=0)
    for _ in range(100):
        held.push(b": comment\n", [], now=0)
    with pytest.raises(ReplyError, match="1000 bytes"):
        held.push(b":", [], now=0)
    held = screen()
    with pytest.raises(ReplyError, match="strands"):
        held.push(b"", [(i, TEXT, "Hi") for i in range(513)], now=0)


def calls(text: str, **settings: int) -> tuple[int, int]:
    """How many calls it takes to screen a text by characters, and how often strings are joined."""
    count = joins = 0

    def note(frame: object, event: str, arg: object) -> None:
        nonlocal count, joins
        count += event in ("call", "c_call")
        if event == "c_call" and isinstance(getattr(arg, "__self__", None), str):
            joins += getattr(arg, "__name__", "") == "join"

    held, parts, before = screen(**settings), pieces_of(text, 1), sys.getprofile()
    sys.setprofile(note)
    try:
        relay(held, parts, passes, step=0)
    finally:
        sys.setprofile(before)
    return count, joins


@pytest.mark.parametrize(
    "chars", [240, pytest.param(10**9, marks=pytest.mark.slow)], ids=["windows", "one window"]
)
@pytest.mark.parametrize("text", [EN, "word ", "."], ids=["sentences", "words", "dots"])
def test_cost_is_linear(text: str, chars: int):
    """Twice the text costs twice the calls, and text is joined per window, not per delta."""
    once, _ = calls((text * 4000)[:4000], chars=chars)
    twice, joins = calls((text * 8000)[:8000], chars=chars)
    assert twice < 2.1 * once
    held = screen(chars=chars)
    relay(held, pieces_of((text * 8000)[:8000], 1), passes, step=0)
    assert joins <= held.windows + 2


@pytest.mark.parametrize("text", ["a\n", "。", "Hi! ", "word "])
def test_what_judges_are_given_is_linear(text: str):
    """Each window repeats at most `KEEP` characters, and no stream makes a window per character."""
    held = screen()
    seen: list[Window] = []
    relay(held, pieces_of((text * 20_000)[:20_000], 3), notes(seen))
    assert max(len(w.before) for w in seen) == KEEP
    assert max(len(w.sentence) for w in seen) <= 2 * 240
    assert len(seen) <= 20_000 / 16 + 1


def test_one_huge_piece():
    """A megabyte in one frame is cut into windows of the usual size, in one pass."""
    held = screen()
    windows = held.push(b"x", [(0, TEXT, EN * 10_000)], now=0)
    assert max(map(len, fresh(windows))) <= 240
    assert len("".join(fresh(windows))) > 900_000
