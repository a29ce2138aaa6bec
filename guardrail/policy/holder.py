"""The policies in force, by region and by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from guardrail.policy.model import Policy
from guardrail.policy.stack import Stack

__all__ = ["PolicyHolder"]


class PolicyHolder:
    """The policies in force: one for everybody, and others for some regions.

    Replacing them is atomic; a turn keeps the one it began with. Packs that come into force on a
    later day do so by the clock that is given to `at`, without anybody's doing.
    """

    def __init__(
        self,
        stack: Stack,
        regions: Mapping[str, Stack] | None = None,
        *,
        finish: Callable[[Policy], Policy] = lambda policy: policy,
        shadows: Iterable[tuple[Stack, date]] = (),
        today: date | None = None,
    ) -> None:
        """Take the stack for everybody, those by region ("CN", "US-CA"), and a last touch.

        `shadows` are stacks on trial, each with the last day of its trial. A law that is yet to come
        is tried as it will be on its first day: today it would be no trial at all.
        """
        self._stacks = {"": stack, **(regions or {})}
        self._finish, self._on_trial = finish, tuple(shadows)
        self._turn_to(today or datetime.now(UTC).date())

    @property
    def current(self) -> Policy:
        """The policy for everybody whose region has none of its own."""
        return self._policies[""]

    def shadows(self, now: float) -> tuple[Policy, ...]:
        """The policies on trial whose time is not over."""
        return tuple(policy for policy, until in self._trials if now < until)

    @property
    def all(self) -> Mapping[str, Policy]:
        """Every policy in force, by region; "" for everybody else."""
        return self._policies

    def at(self, now: float, region: str | None = None) -> Policy:
        """The policy of this moment for this region, or for its country, or for everybody."""
        if now >= self._until:
            self._turn_to(datetime.fromtimestamp(now, UTC).date())
        if region is None:
            return self.current
        country = region.partition("-")[0]
        return self._policies.get(region) or self._policies.get(country) or self.current

    def swap(
        self,
        stack: Stack,
        regions: Mapping[str, Stack] | None = None,
        shadows: Iterable[tuple[Stack, date]] = (),
    ) -> None:
        """Put others in their place; what is under way keeps what it has."""
        self._stacks, self._on_trial = {"": stack, **(regions or {})}, tuple(shadows)
        self._turn_to(self._today)

    def _turn_to(self, today: date) -> None:
        self._today = today
        self._policies = {r: self._finish(s.on(today)) for r, s in self._stacks.items()}
        self._trials = [
            (stack.on(max(today, stack.begins)), _midnight(until + timedelta(days=1)))
            for stack, until in self._on_trial
        ]
        changes = [day for s in self._stacks.values() if (day := s.next_change(today)) is not None]
        self._until = float("inf")
        if changes:
            self._until = _midnight(min(changes))


def _midnight(day: date) -> float:
    return datetime.combine(day, datetime.min.time(), UTC).timestamp()
