"""The gauges of notifications; a part of `metrics`."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from guardrail._families import Vocabulary
from guardrail.turn import Severity

__all__ = ["LetterGauges"]

AUDIENCES = ("moderators", "operator", "guardian", "emergency", "child", "portal")
WHYS = ("given_up", "no_channel")


class LetterGauges:
    """How many letters wait, since when, and how many were given up."""

    def __init__(self, registry: CollectorRegistry, prefix: str) -> None:
        self._audience, self._why = Vocabulary(AUDIENCES), Vocabulary(WHYS)
        self._pending = Gauge(
            "letters_pending", "Notifications on their way.", namespace=prefix, registry=registry
        )
        self._dead = Gauge(
            "letters_dead",
            "Notifications that were given up, until somebody sends them again or takes them off.",
            ("audience", "why"),
            namespace=prefix,
            registry=registry,
        )
        self._oldest = Gauge(
            "letters_oldest_seconds",
            "How long the oldest notification on its way has waited.",
            ("severity",),
            namespace=prefix,
            registry=registry,
        )
        self._disabled = Gauge(
            "letter_endpoints_disabled",
            "Receivers that answered 410 and get nothing any more.",
            namespace=prefix,
            registry=registry,
        )
        self.show(0, {}, {}, 0)

    def show(
        self,
        pending: int,
        dead: Mapping[tuple[str, str], int],
        oldest: Mapping[Severity, float],
        disabled: int,
    ) -> None:
        """Show what `Outbox.tallies` says."""
        self._pending.set(pending)
        self._disabled.set(disabled)
        for severity in Severity:
            self._oldest.labels(str(severity)).set(oldest.get(severity, 0.0))
        counts = {(audience, why): 0 for audience in AUDIENCES for why in WHYS}
        for (audience, why), number in dead.items():
            key = (self._audience(audience), self._why(why))
            counts[key] = counts.get(key, 0) + number
        for key, number in counts.items():
            self._dead.labels(*key).set(number)
