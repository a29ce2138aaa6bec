"""The gauges of how many people there are; a part of `metrics`. The thresholds stand beside them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from guardrail.scale import ACTIVE, REGISTERED

__all__ = ["UserGauges"]


class UserGauges:
    """People remembered, which is no count of registered users, and people of the last 30 days."""

    def __init__(self, registry: CollectorRegistry, prefix: str) -> None:
        self._users = Gauge(
            "users",
            "People remembered (known), and those of them who came within 30 days (active).",
            ("of",),
            namespace=prefix,
            registry=registry,
        )
        threshold = Gauge(
            "users_threshold",
            "How many people make a security assessment due (CN Measures Art. 22).",
            ("of",),
            namespace=prefix,
            registry=registry,
        )
        threshold.labels("known").set(REGISTERED)
        threshold.labels("active").set(ACTIVE)
        self.show(0, 0)

    def show(self, known: int, active: int) -> None:
        """Show what `Store.headcount` says."""
        self._users.labels("known").set(known)
        self._users.labels("active").set(active)
