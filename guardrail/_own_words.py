"""Asks once more about a line that speaks of somebody else: does the rest of it speak of the person?

"My friend wants to die. The razor is in my lap": the whole is about a friend by its first sentence,
and the second is a crisis. So what patterns do not understand of such a line (`Whose.rest`) is judged
alone, in the same talk. It costs a second look at few turns, and at none that name nobody else.

Where the line says that somebody else is in danger now ("he has just taken all the pills"), that is a
finding of its own, whatever the model scored; where it says that it is long over, no finding is a plan.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from guardrail.about import about, says_nothing
from guardrail.assess import both
from guardrail.care import Care
from guardrail.classify.base import Utterance
from guardrail.passages import talk
from guardrail.turn import Assessment, Label, Level, Role, Side, Signal, State, Turn

__all__ = ["SOURCE", "own_words"]

SOURCE = "about"
_VERSION = "1"
_SCORE = 0.85
"""Hard in every pack: these words are plain."""

Judge = Callable[[Side, tuple[Utterance, ...], tuple[str, ...]], Awaitable[Assessment]]


async def own_words(
    care: Care, turn: Turn, found: Assessment, judge: Judge, *, able: bool
) -> Assessment:
    """What was found in the person's words, and in what they say besides somebody else's danger.

    `able` is false if no model is there: a list of words cannot say that nothing is meant.
    """
    fresh = [turn.messages[i].text for i in turn.fresh]
    texts = [text for text in fresh if not says_nothing(text)] or fresh
    known = found if State.CONCERN in care.states else _timed(found, texts)
    rest = care.whose(known, texts)
    if not rest:
        return known
    before = talk(turn.messages[: turn.fresh[0]])
    batch = tuple(Utterance(text, Role.USER, before) for text in rest)
    own = await judge(Side.USER, batch, ()) if able else None
    if not care.own(own):
        return known
    return found if own is None else both(found, own)


def _timed(found: Assessment, texts: list[str]) -> Assessment:
    """With the danger that another is in now, or without a plan where theirs is over.

    Each line has to be about another's, as `Care.whose` asks; else nothing changes.
    """
    told = [about(text) for text in texts]
    times = {one.now for one in told if one is not None and one.state is State.ABOUT_OTHER}
    if None in told or any(one.state is not State.ABOUT_OTHER for one in told if one is not None):
        return found
    if True in times:
        now = Signal(Label.SELF_HARM, _SCORE, SOURCE, _VERSION, Level.PLAN)
        return replace(found, signals=(*found.signals, now))
    if times == {False}:
        return replace(found, signals=tuple(map(_no_plan, found.signals)))
    return found


def _no_plan(signal: Signal) -> Signal:
    return replace(signal, level=Level.ACTIVE) if signal.level is Level.PLAN else signal
