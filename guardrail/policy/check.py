"""All static checks over one pack. `guardrail check` prints what they find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from guardrail.errors import Mistake, PolicyError
from guardrail.policy.checks import (
    cases,
    cites,
    contacts,
    crisis,
    hold,
    law,
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
    stop,
    thresholds,
    unused,
    words,
)
from guardrail.policy.load import read_pack
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


def check_policy(path: Path, today: date, resource_file: Path | None = None) -> list[Mistake]:
    """Everything wrong with a pack, in the order of its lines; empty if all is well.

    A pack that does not load gives the loader's mistakes alone: the checks need a whole policy.

    Args:
        path: the pack.
        today: the day to measure dates against; a parameter, so that a check can be repeated.
        resource_file: the help resources, if it is not `resources.yaml` beside the pack.
    """
    try:
        stack, source = read_pack(path, resource_file)
    except PolicyError as error:
        return list(error.mistakes)
    source = replace(source, today=today)
    # Rules of a law to come are checked like those of today's.
    whole = stack.on(date.max)
    found = dict.fromkeys(mistake for check in CHECKS for mistake in check(whole, source))
    return sorted(found, key=lambda mistake: (mistake.file, mistake.line))
