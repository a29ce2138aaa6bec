"""Holds a streamed reply back until it was judged. No I/O, no clock, no wire, no classifier.

Rules of this file: time comes in as an argument; bytes go out exactly as they came in, in the order
they came in; every decision about *when a byte may leave* is made here and nowhere else.

Theory of operation. A stream is a row of frames. Each frame carries raw bytes and pieces of text,
each piece belonging to one *strand* (a choice and a channel of it). A strand is a line of text with
three marks that only move forward::

    0 ........ judged - tail ........ judged ........ asked ........ total
      may leave                held back      being judged    waiting for a window

`push` appends text, and cuts *windows* from the waiting part: at sentence ends, or when `chars` are
waiting; `due` cuts when text has waited for `seconds`. The caller judges every window and `clear`s
it, or drops the stream. A frame leaves when all of its text lies left of the first mark and every
frame before it has left. The tail is given up where no more text is to be expected: the choice
`finished`, the stream ended, or the strand *rests* (its own choice said more than `tail` characters
in other channels since: without this, reasoning would block the answer behind it until the end).

What this guarantees, whatever the cutting of the stream into frames:

1. No byte leaves before all text of its frame was part of a cleared window.
2. A phrase that the judge finds in `before + fresh` never leaves whole.
3. If the phrase is at most `tail + 1` characters long and was not interrupted (by more than `tail`
   characters of another channel, or by a finish that was none), not even its first byte leaves: its
   first character could leave only once `tail` more characters are judged, and then all of it is.
   It suffices to look at `before[-tail:] + fresh`.
4. Caps judge; they never release. Waiting longer is always safe.

Cost: each character is joined once; a window copies at most `KEEP` characters of the past, and
windows are not cut shorter than a quarter of the tail (that much is held back anyhow).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardrail._strand import KEEP, Strand, Window
from guardrail.errors import ReplyError
from guardrail.turn import Channel

__all__ = ["KEEP", "Dropped", "Held", "Screen", "Window"]

MAX_HELD = 8 * 1024 * 1024  # bytes; a whole reply of 20,000 tokens in 400-byte frames
_MAX_STRANDS = 512  # OpenAI allows 128 choices; a reply with more strands than this is an attack


@dataclass(frozen=True, slots=True)
class Held:
    """A frame that may leave. There is one for each `push`, in the same order."""

    raw: bytes
    finished: tuple[int, ...] = ()
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """How much was discarded unsent."""

    frames: int
    chars: int
    bytes: int


@dataclass(slots=True)
class _Choice:
    """What the strands of one choice have in common."""

    spoken: int = 0
    finished: bool = False
    trusted: bool = True  # until text follows a finish: from then on, only the end is an end


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A frame in the queue, with the mark that each of its strands must reach."""

    held: Held
    needs: tuple[tuple[Strand, int], ...]
    pieces: tuple[tuple[int, Channel, str], ...]
    came: float

    @property
    def chars(self) -> int:
        return sum(len(text) for _, _, text in self.pieces)


class Screen:
    """One per streamed reply. See the top of this file.

    `chars` and `seconds` cap how much and how long text waits for the end of its sentence; `tail`
    characters of judged text stay back. `max_bytes` bounds what is held at any time.
    """

    def __init__(self, *, chars: int, seconds: float, tail: int, max_bytes: int = MAX_HELD) -> None:
        self._chars = max(1, chars)
        self._seconds = seconds
        self._tail = max(0, tail)
        self._max_bytes = max_bytes
        self._strands: dict[tuple[int, Channel], Strand] = {}
        self._choices: dict[int, _Choice] = {}
        self._queue: deque[_Waiting] = deque()
        self._released: dict[int, list[str]] = {}
        self._ended = False
        self._now = 0.0
        self._held_bytes = 0
        self._held_chars = 0
        self._windows = 0
        self._longest = 0.0

    # --- what comes in

    def push(
        self,
        raw: bytes,
        pieces: Sequence[tuple[int, Channel, str]],
        *,
        finished: Sequence[int] = (),
        now: float,
        mark: bool = False,
    ) -> tuple[Window, ...]:
        """Take a frame; give the windows that it completes. Those of one strand are in order.

        `finished` are the choices that say no more text after this frame. `mark` is the caller's
        own; it comes back on `Held`.

        Raises:
            ReplyError: more than `max_bytes` are held.
        """
        self._now = now
        pieces = tuple(piece for piece in pieces if piece[2])
        touched = {self._grow(piece, now): None for piece in pieces}  # a dict keeps the order
        frame = _Waiting(
            held=Held(raw, tuple(finished), mark),
            needs=tuple((strand, strand.total) for strand in touched),
            pieces=pieces,
            came=now,
        )
        self._enqueue(frame)
        windows = self._finish_choices(finished)
        windows += [window for strand in touched for window in strand.ready(now)]
        windows += self._rested({piece[0] for piece in pieces})
        return self._given(windows)

    def finish(self, now: float) -> tuple[Window, ...]:
        """Note the end of the stream; give the last windows. No tail stays back after them."""
        self._now = now
        self._ended = True
        return self._given(self._flush(self._strands.values(), final=True))

    def due(self, now: float) -> tuple[Window, ...]:
        """Give windows for all text that has waited as long as it may."""
        self._now = now
        late = [s for s in self._strands.values() if s.waiting and self._left(s, now) <= 0]
        return self._given([window for strand in late for window in strand.late(now)])

    def wait(self, now: float) -> float | None:
        """Seconds until `due` has something to give, or `None` if no text waits."""
        left = [self._left(s, now) for s in self._strands.values() if s.waiting]
        return max(0.0, min(left)) if left else None

    # --- what goes out

    def clear(self, window: Window) -> None:
        """Note that a window was judged and may be seen.

        Raises:
            ValueError: it was not given out by this screen, or was cleared before.
        """
        strand = self._strands.get((window.choice, window.channel))
        if strand is None:
            raise ValueError("this window belongs to no text that is held")
        strand.advance(window.end)

    def release(self, now: float | None = None) -> list[Held]:
        """Give the frames that may leave, in order. `now` only serves `max_held_seconds`."""
        self._now = self._now if now is None else now
        out: list[Held] = []
        while self._queue and self._may_leave(self._queue[0]):
            frame = self._queue.popleft()
            self._count(frame, -1)
            self._longest = max(self._longest, self._now - frame.came)
            for choice, channel, text in frame.pieces:
                if channel is Channel.TEXT:
                    self._released.setdefault(choice, []).append(text)
            out.append(frame.held)
        return out

    def drop(self) -> Dropped:
        """Discard everything that is held: our words go out instead. Nothing may follow."""
        dropped = Dropped(len(self._queue), self._held_chars, self._held_bytes)
        self._queue.clear()
        self._strands.clear()
        self._held_bytes = self._held_chars = 0
        return dropped

    # --- what there is to know

    @property
    def held_chars(self) -> int:
        """Characters of text in the frames that have not left."""
        return self._held_chars

    @property
    def held_bytes(self) -> int:
        """Bytes of the frames that have not left."""
        return self._held_bytes

    @property
    def windows(self) -> int:
        """How many windows were given out."""
        return self._windows

    @property
    def max_held_seconds(self) -> float:
        """The longest time that a frame which left had been held."""
        return self._longest

    def released_text(self, choice: int = 0) -> str:
        """What the client really saw of a choice (its TEXT channel)."""
        return "".join(self._released.get(choice, ()))

    # --- how it works

    def _grow(self, piece: tuple[int, Channel, str], now: float) -> Strand:
        number, channel, text = piece
        choice = self._choices.setdefault(number, _Choice())
        if choice.finished:
            choice.finished = choice.trusted = False
        strand = self._strands.get((number, channel)) or self._begin(number, channel)
        choice.spoken += len(text)
        strand.spoke = choice.spoken
        strand.grow(text, now)
        return strand

    def _begin(self, number: int, channel: Channel) -> Strand:
        if len(self._strands) == _MAX_STRANDS:
            raise ReplyError(f"the reply has more than {_MAX_STRANDS} strands of text")
        strand = Strand(number, channel, chars=self._chars, tail=self._tail)
        self._strands[number, channel] = strand
        return strand

    def _enqueue(self, frame: _Waiting) -> None:
        self._queue.append(frame)
        self._count(frame, +1)
        if self._held_bytes > self._max_bytes:
            raise ReplyError(f"more than {self._max_bytes} bytes of the reply are held back")

    def _count(self, frame: _Waiting, sign: int) -> None:
        self._held_bytes += sign * len(frame.held.raw)
        self._held_chars += sign * frame.chars

    def _left(self, strand: Strand, now: float) -> float:
        return strand.since + self._seconds - now

    def _may_leave(self, frame: _Waiting) -> bool:
        return all(need <= self._watermark(strand) for strand, need in frame.needs)

    def _watermark(self, strand: Strand) -> int:
        """How much of a strand may be seen."""
        over = self._ended or self._choices[strand.choice].finished or self._rests(strand)
        return strand.judged if over else strand.judged - self._tail

    def _rests(self, strand: Strand) -> bool:
        return self._choices[strand.choice].spoken - strand.spoke > self._tail

    def _rested(self, numbers: set[int]) -> list[Window]:
        """Windows for strands whose choice went on to say other things."""
        siblings = [s for s in self._strands.values() if s.choice in numbers and self._rests(s)]
        return self._flush(siblings, final=False)

    def _finish_choices(self, numbers: Iterable[int]) -> list[Window]:
        over = {n for n in numbers if self._choices.setdefault(n, _Choice()).trusted}
        for number in over:
            self._choices[number].finished = True
        return self._flush([s for s in self._strands.values() if s.choice in over], final=True)

    def _flush(self, strands: Iterable[Strand], *, final: bool) -> list[Window]:
        return [window for strand in strands for window in strand.flush(self._now, final=final)]

    def _given(self, windows: list[Window]) -> tuple[Window, ...]:
        self._windows += len(windows)
        return tuple(windows)
