"""All static checks over one pack. `guardrail check` prints what they find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from guardrail.errors import Mistake, PolicyError
from guardrail.policy.checks import (
    again,
    cases,
    cites,
    consent,
    contacts,
    crisis,
    curfew,
    dependence,
    held,
    hold,
    law,
    leaving,
    limits,
    minors,
    numbers,
    pins,
    privacy,
    protocol,
    reach,
    reasons,
    reminders,
    resources,
    same,
    shadow,
    sides,
    stop,
    thresholds,
    unused,
    words,
    young,
)
from guardrail.policy.load import gaps, read_partly
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["CHECKS", "check_policy"]

Check = Callable[[Policy, Source], list[Mistake]]

CHECKS: tuple[Check, ...] = (
    words.check,
    reach.check,
    reasons.check,
    same.check,
    crisis.check,
    cases.check,
    contacts.check,
    minors.check,
    thresholds.check,
    limits.check,
    curfew.check,
    consent.check,
    leaving.check,
    held.check,
    again.check,
    dependence.check,
    young.check,
    sides.check,
    unused.check,
    numbers.check,
    hold.check,
    reminders.check,
    pins.check,
    law.check,
    cites.check,
    privacy.check,
    protocol.check,
    shadow.check,
    stop.check,
    resources.check,
)


WHOLE: tuple[Check, ...] = (minors.check, pins.check, cites.check)
"""Checks that look up thresholds, so they wait until these have no gap."""

SINGLE: tuple[Check, ...] = (
    words.check,
    reasons.check,
    crisis.check,
    cases.check,
    contacts.check,
    sides.check,
    hold.check,
    numbers.check,
    resources.check,
)
"""Checks that look at one rule, text or entry at a time: what is wrong elsewhere does not mislead them."""


def check_policy(path: Path, today: date, resource_file: Path | None = None) -> list[Mistake]:
    """Everything wrong with a pack, in the order of its lines; empty if all is well.

    Where something cannot be read, the rest is looked at as far as it can be judged alone.

    Args:
        path: the pack.
        today: the day to measure dates against; a parameter, so that a check can be repeated.
        resource_file: the help resources, if it is not `resources.yaml` beside the pack.
    """
    try:
        stack, source, unread = read_partly(path, resource_file)
    except PolicyError as error:
        return list(error.mistakes)
    source = replace(source, today=today)
    # Rules of a law to come are checked like those of today's.
    whole = stack.on(date.max)
    if unread:
        found = [*unread, *_sound(whole, source, unread)]
    else:
        lacking = bool(thresholds.check(whole, source))
        checks = [check for check in CHECKS if not (lacking and check in WHOLE)]
        found = [*gaps(stack, source), *(m for check in checks for m in check(whole, source))]
    return sorted(dict.fromkeys(found), key=lambda mistake: (mistake.file, mistake.line))


def _sound(policy: Policy, source: Source, unread: list[Mistake]) -> list[Mistake]:
    """What single checks find in the blocks of each file that could be read."""
    starts = {file.name: file.blocks() for file in (*source.packs, source.resources)}

    def block(mistake: Mistake) -> tuple[str, int]:
        lines = starts[mistake.file]
        return mistake.file, bisect_right(lines, mistake.line)

    broken = {block(mistake) for mistake in unread}
    skipped: set[Check] = set() if policy.texts else {words.check}
    if any(mistake.file == source.resources.name for mistake in unread):
        skipped |= {numbers.check, resources.check}
    found = (m for check in SINGLE if check not in skipped for m in check(policy, source))
    return [mistake for mistake in found if block(mistake) not in broken]
