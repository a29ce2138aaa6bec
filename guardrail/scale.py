"""From how many people on a security assessment is due (CN Measures Art. 22)."""

from __future__ import annotations

__all__ = ["ACTIVE", "REGISTERED", "WARNING"]

REGISTERED = 1_000_000
ACTIVE = 100_000
"""People within a month."""

WARNING = 0.8
"""The share of a threshold from which there is a warning: time enough to prepare an assessment."""
