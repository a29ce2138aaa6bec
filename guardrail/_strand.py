"""One line of streamed text, and the windows that are cut from it. Used by `screen` alone. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from guardrail._sentences import EDGE, sentence_ends, word_end
from guardrail.turn import Channel

__all__ = ["KEEP", "Strand", "Window"]

KEEP = 4000  # characters of the past in `Window.before`: some 1,000 tokens, more than a model reads


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of one strand to be judged.

    `fresh` is the new text, `before` what came before it (at most the last `KEEP` characters).
    `sentence` is the end of both, back to the start of the sentence that `fresh` begins in, so that
    one bad sentence is not diluted by a long harmless answer. Judge both `whole` and `sentence`.
    `final`: the stream said that no more text follows. `end` is how much of the strand is judged
    once this window is cleared.
    """

    choice: int
    channel: Channel
    before: str
    fresh: str
    sentence: str
    final: bool
    end: int

    @property
    def whole(self) -> str:
        """All text of the strand so far (its last `KEEP` characters and the fresh ones)."""
        return self.before + self.fresh


class Strand:
    """The text of one channel of one choice; see `screen` for its three marks.

    Windows are at most `chars` long, and reach back over `tail` characters at least.
    """

    def __init__(self, choice: int, channel: Channel, *, chars: int, tail: int) -> None:
        self.choice = choice
        self.channel = channel
        self.total = 0
        self.asked = 0
        self.judged = 0
        self.since = 0.0  # when the oldest waiting character came
        self.spoke = 0  # how much the whole choice had said when this strand last grew
        self._chars = chars
        # A window shorter than this would be held back by the tail anyhow, so it is not worth one.
        self._shortest = max(1, min(chars, tail // 4))
        self._reach = max(chars, tail)
        self._keep = max(KEEP, tail)
        self._past = ""  # the end of the text that was given out in windows
        self._parts: list[str] = []  # the text that waits for a window
        self._edge = ""  # the last few characters of all text: a sentence end may span pieces
        self._start = 0  # where the sentence begins that `asked` stands in
        self._ends: deque[int] = deque()  # sentence ends right of `asked`
        self._open: deque[int] = deque()  # ends of the windows being judged
        self._cleared: set[int] = set()  # of those, the ones cleared out of order

    @property
    def waiting(self) -> int:
        """How many characters wait for a window."""
        return self.total - self.asked

    def grow(self, text: str, now: float) -> None:
        """Take more text."""
        if not self.waiting:
            self.since = now
        seen, known = self._edge + text, len(self._edge)
        self._ends.extend(self.total - known + end for end in sentence_ends(seen, known))
        self._parts.append(text)
        self.total += len(text)
        self._edge = seen[-EDGE:]

    def ready(self, now: float) -> list[Window]:
        """Give the windows that end for certain: at a sentence end, or at the character cap."""
        return self._cut(self._ready_ends(), now)

    def late(self, now: float) -> list[Window]:
        """Give what has waited too long.

        A last word that may be unfinished gets one more turn; when it stands alone, it is taken.
        """
        return self._cut([self._word_end(self.asked, self.total)], now)

    def flush(self, now: float, *, final: bool) -> list[Window]:
        """Give all that waits, however little."""
        if not self.waiting:
            return []
        return self._cut([*self._ready_ends(), self.total], now, final=final)

    def advance(self, end: int) -> None:
        """Note that the window that ends at `end` was cleared; earlier ones may still be open.

        Raises:
            ValueError: there is no such window.
        """
        if end not in self._open or end in self._cleared:
            raise ValueError("this window was not given out, or was cleared before")
        self._cleared.add(end)
        while self._open and self._open[0] in self._cleared:
            self.judged = self._open.popleft()
            self._cleared.remove(self.judged)

    def _ready_ends(self) -> list[int]:
        found: list[int] = []
        ends, asked = deque(self._ends), self.asked
        while True:
            limit = asked + self._chars
            last = asked  # the last sentence end within the cap: short sentences share a window
            while ends and ends[0] <= limit:
                last = ends.popleft()
            if last - asked >= self._shortest:
                asked = last
            elif self.total >= limit:
                asked = self._word_end(asked, limit)
            else:
                return found
            found.append(asked)

    def _word_end(self, start: int, limit: int) -> int:
        return self.asked + word_end(self._text(), start - self.asked, limit - self.asked)

    def _text(self) -> str:
        """The waiting text. Its parts are joined for good, so each character is joined once."""
        if len(self._parts) != 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0]

    def _cut(self, ends: Sequence[int], now: float, *, final: bool = False) -> list[Window]:
        """Cut windows that end at `ends` (ascending) from the waiting text."""
        if not ends:
            return []
        text, base = self._text(), self.asked
        windows = []
        for end in dict.fromkeys(ends):  # the last two may be one
            fresh = text[self.asked - base : end - base]
            windows.append(self._window(fresh, final=final and end == self.total))
        self._parts = [text[self.asked - base :]]
        self.since = now
        return windows

    def _window(self, fresh: str, *, final: bool) -> Window:
        end = self.asked + len(fresh)
        back = min(self.asked - self._start, self._reach)
        sentence = self._past[len(self._past) - back :] + fresh
        window = Window(self.choice, self.channel, self._past, fresh, sentence, final, end)
        self._past = (self._past + fresh)[-self._keep :]
        self.asked = end
        self._open.append(end)
        while self._ends and self._ends[0] <= end:
            self._start = self._ends.popleft()
        return window
