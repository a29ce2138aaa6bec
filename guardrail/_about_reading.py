"""How a line is read for whose suicide it speaks of: one way for every language. Pure.

A language brings its patterns (`_about_english`, `_about_chinese`); the order in which they are asked
is here alone, so that what is mended for one is mended for all. `about` says what it promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from guardrail.turn import State

__all__ = ["Patterns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What a language says it with; every pattern is searched in a folded line."""

    telling: re.Pattern[str]  # every other one needs it: most lines hold none
    first: re.Pattern[str]  # a sign of the speaker's own
    fiction: re.Pattern[str]
    about: re.Pattern[str]  # somebody else's, in words that name it
    sign: re.Pattern[str]  # somebody else's, as people notice it
    faint: re.Pattern[str]  # the same, where worry is said besides
    worried: re.Pattern[str]
    lost: re.Pattern[str]
    nearly: re.Pattern[str]  # it did not come to that
    left: re.Pattern[str]  # words of it that nobody owns yet
    clauses: re.Pattern[str]  # what parts one from the next
    plain: re.Pattern[str]  # a whole clause of worry or grief
    gap: str  # stands where something was taken out: the end of a clause
    danger: re.Pattern[str]  # somebody else's at this moment, its owner in it
    soon: re.Pattern[str]  # an hour or means, beside `about`
    past: re.Pattern[str]  # it is over: years ago, saved, with doctors
    present: re.Pattern[str]  # and yet it is not
    unreal: re.Pattern[str]  # a film, a game, a dream, a joke, daily life
    idle: re.Pattern[str]  # a whole clause of fear, or a call for help

    def read(self, line: str) -> tuple[State, str, bool | None] | None:
        """Whose it is, what else the line says, and if it is now; `None` if it does not say."""
        if not self.telling.search(line):
            return None
        danger = self._danger(line)
        signs = [one for one in (danger, self._signs(line)) if one is not None]
        # No gap here: what stands on both sides of a sign may be the speaker's own, said in one go.
        if self.own(_without(line, signs, " ")):
            return None
        if danger is None and self.fiction.search(line):
            rest = self.fiction.sub(self.gap, line)
            return (
                None if self.left.search(rest) else (State.FICTION, self._unexplained(rest), None)
            )
        rest = _without(line, (*signs, self.about), self.gap)
        if (not signs and not self.about.search(line)) or self.left.search(rest):
            return None
        now = self._now(line, danger)
        gone = danger is None or not now
        lost = gone and self.lost.search(line) and not self.nearly.search(line)
        return (State.BEREAVED if lost else State.ABOUT_OTHER), self._unexplained(rest), now

    def says_nothing(self, line: str) -> bool:
        """Whether a line is nothing but fear, a question or a call for help."""
        return not self._unexplained(line)

    def _danger(self, line: str) -> re.Pattern[str] | None:
        """The pattern of such a danger, if the line holds one that is real; it may be over."""
        return self.danger if self.danger.search(line) and not self.unreal.search(line) else None

    def _over(self, line: str) -> bool:
        return bool(self.past.search(line)) and not self.present.search(line)

    def _now(self, line: str, danger: re.Pattern[str] | None) -> bool | None:
        """Whether somebody's danger is now (true) or over (false), where the line says so."""
        if self._over(line):
            return False
        soon = self.soon.search(line) and not self.unreal.search(line)
        return True if danger is not None or soon else None

    def own(self, line: str) -> bool:
        """Whether a line has a sign of the speaker's own in it."""
        return self.first.search(line) is not None

    def _signs(self, line: str) -> re.Pattern[str] | None:
        """The pattern of signs that this line holds, if any."""
        if self.sign.search(line):
            return self.sign
        return self.faint if self.faint.search(line) and self.worried.search(line) else None

    def _unexplained(self, rest: str) -> str:
        """The clauses that may be the speaker's own."""
        clauses = (" ".join(clause.split()) for clause in self.clauses.split(rest))
        return self.gap.join(
            clause
            for clause in clauses
            if not self.plain.fullmatch(clause) and not self.idle.fullmatch(clause)
        )


def _without(line: str, patterns: Iterable[re.Pattern[str]], gap: str) -> str:
    """The line without all that these patterns know."""
    for pattern in patterns:
        line = pattern.sub(gap, line)
    return line
