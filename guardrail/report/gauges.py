"""How far the service is from the thresholds of CN Measures Art. 22. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from guardrail.report.assessment import known
from guardrail.report.document import Document, Gauge, Section, Series
from guardrail.report.frame import Frame
from guardrail.report.usage import People, Turns
from guardrail.scale import ACTIVE, REGISTERED, WARNING

__all__ = ["gauges", "state"]

_MONTH = 30  # days


def state(value: int, limit: int) -> str:
    """Where a value stands: "below", "near" (the warning) or "reached"."""
    if value >= limit:
        return "reached"
    return "near" if value >= WARNING * limit else "below"


def gauges(frame: Frame, everywhere: Turns, china: Turns, people: People) -> Document:
    """The whole report. Both counts of turns are of the same year."""
    say = frame.say
    share = f"{WARNING:.0%}".removesuffix("%")
    notes = [
        say("gauges.rule", share=share),
        say("gauge.both", days=frame.retention_days),
        frame.reach(everywhere.oldest),
    ]
    if frame.retention_days < _MONTH:
        notes.append(say("gauge.short", days=frame.retention_days))
    first = Section(
        "gauges",
        say("gauges"),
        notes=tuple(notes),
        gauges=(
            _gauge(frame, "known", people.known, REGISTERED),
            _gauge(frame, "seen", people.recent, ACTIVE),
        ),
        series=(known(frame, people),),
        gaps=(say("gap.registered"), say("gap.nouser"), say("gap.personregion")),
    )
    return frame.document(first, _active(frame, "all", everywhere), _active(frame, "cn", china))


def _active(frame: Frame, which: str, turns: Turns) -> Section:
    say, months = frame.say, frame.scope.period.months
    users = {month: turns.users(month) for month in months}
    found = {"peak": max(users.values()), "recent": turns.recent}
    return Section(
        f"gauges.{which}",
        say(f"gauges.{which}"),
        gauges=tuple(_gauge(frame, key, value, ACTIVE) for key, value in found.items()),
        series=tuple(_months(frame, users, turns)),
    )


def _months(frame: Frame, users: dict[str, int], turns: Turns) -> Iterable[Series]:
    yield frame.months("mau", "mau", users, since=turns.oldest)
    unnamed = {month: len(turns.unnamed[month]) for month in users}
    yield frame.months("unnamed", "unnamed", unnamed, since=turns.oldest)


def _gauge(frame: Frame, key: str, value: int, limit: int) -> Gauge:
    found = state(value, limit)
    verdict = frame.say(f"state.{found}", share=f"{WARNING:.0%}".removesuffix("%"))
    return Gauge(key, frame.say(f"gauge.{key}"), value, limit, found, verdict)
