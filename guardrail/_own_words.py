"""Asks once more about a line that speaks of somebody else: does the rest of it speak of the person?

"My friend wants to die. The razor is in my lap": the whole is about a friend by its first sentence,
and the second is a crisis. So what patterns do not understand of such a line (`Whose.rest`) is judged
alone, in the same talk. It costs a second look at few turns, and at none that name nobody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from guardrail.assess import both
from guardrail.care import Care
from guardrail.classify.base import Utterance
from guardrail.passages import talk
from guardrail.turn import Assessment, Role, Side, Turn

__all__ = ["own_words"]

Judge = Callable[[Side, tuple[Utterance, ...], tuple[str, ...]], Awaitable[Assessment]]


async def own_words(
    care: Care, turn: Turn, found: Assessment, judge: Judge, *, able: bool
) -> Assessment:
    """What was found in the person's words, and in what they say besides somebody else's danger.

    `able` is false if no model is there: a list of words cannot say that nothing is meant.
    """
    rest = care.whose(found, (turn.messages[i].text for i in turn.fresh))
    if not rest:
        return found
    before = talk(turn.messages[: turn.fresh[0]])
    batch = tuple(Utterance(text, Role.USER, before) for text in rest)
    own = await judge(Side.USER, batch, ()) if able else None
    return both(found, own) if care.own(own) and own is not None else found
