"""How a line is read for whose suicide it speaks of: one way for every language. Pure.

A language brings its patterns (`_about_english`, `_about_chinese`); the order in which they are asked
is here alone, so that what is mended for one is mended for all. `about` says what it promises.
"""

from __future__ import annotations

import re
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

    def read(self, line: str) -> tuple[State, str] | None:
        """Whose it is, and what else the line says; `None` if it does not say."""
        if not self.telling.search(line):
            return None
        signs = self._signs(line)
        # No gap here: what stands on both sides of a sign may be the speaker's own, said in one go.
        if self.own(signs.sub(" ", line) if signs is not None else line):
            return None
        if self.fiction.search(line):
            found, rest = State.FICTION, self.fiction.sub(self.gap, line)
        else:
            rest, count = self.about.subn(self.gap, line)
            if signs is not None:
                rest, count = signs.sub(self.gap, rest), count + 1
            if not count:
                return None
            lost = self.lost.search(line) and not self.nearly.search(line)
            found = State.BEREAVED if lost else State.ABOUT_OTHER
        return None if self.left.search(rest) else (found, self._unexplained(rest))

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
        return self.gap.join(clause for clause in clauses if not self.plain.fullmatch(clause))
