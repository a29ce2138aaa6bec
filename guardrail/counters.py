"""The last hour in ten-second steps, for the sparklines of the admin page.

Prometheus keeps the history that matters. This is what a person sees who opens the admin page of
one process and wants to know whether it is alive: a fixed ring of small numbers, no locks (one
event loop), no growth.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOUR", "STEP", "Counters", "Tally"]

STEP = 10
"""Seconds in one step."""

HOUR = 360
"""Steps that are kept."""


@dataclass(slots=True)
class Tally:
    """What happened within one step that began at `at` (epoch seconds)."""

    at: int
    turns: int = 0
    interventions: int = 0
    degraded: int = 0
    escalations: int = 0


class Counters:
    """A ring of tallies. What comes back around takes the place of what is an hour older."""

    def __init__(self) -> None:
        self._ring = [Tally(at=-1) for _ in range(HOUR)]

    def at(self, when: float) -> Tally:
        """The tally to count into at this time."""
        step = int(when) // STEP
        tally = self._ring[step % HOUR]
        if tally.at != step * STEP:
            tally = self._ring[step % HOUR] = Tally(at=step * STEP)
        return tally

    def recent(self, minutes: int, now: float) -> tuple[Tally, ...]:
        """The last minutes, oldest first, quiet steps included."""
        steps = min(max(minutes, 1) * 60 // STEP, HOUR)
        last = int(now) // STEP
        return tuple(self._peek(step) for step in range(last - steps + 1, last + 1))

    def _peek(self, step: int) -> Tally:
        tally = self._ring[step % HOUR]
        return tally if tally.at == step * STEP else Tally(at=step * STEP)
