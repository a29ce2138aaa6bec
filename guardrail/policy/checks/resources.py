"""Numbers change. A wrong one is worse than none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from guardrail.errors import Mistake
from guardrail.policy.model import EVERYWHERE, Kind, Policy
from guardrail.policy.source import Source

__all__ = ["REVIEW_AFTER", "check"]

REVIEW_AFTER = timedelta(days=400)
"""A yearly look, with a month's grace."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Entries are fresh, and each region says whom to call in an emergency."""
    return [*_stale(policy, source), *_emergencies(policy, source), *_fallback(policy, source)]


def _stale(policy: Policy, source: Source) -> Iterator[Mistake]:
    # One complaint for an entry, however many regions share it.
    for entry in {entry.number: entry for entry in reversed(policy.resources)}.values():
        path = ("resources", entry.number, "verified_on")
        verified = date.fromisoformat(entry.verified_on)
        what = f"{entry.region} {entry.kind}, {entry.name['en']}"
        if verified > source.today:
            message = f"{what}: verified on {verified}, which is yet to come"
            yield source.resources.mistake(path, message, "the day somebody looked")
        elif source.today - verified > REVIEW_AFTER:
            message = f"{what}: last verified on {verified}, more than 400 days ago"
            yield source.resources.mistake(path, message, f"look again at {entry.source}")


def _emergencies(policy: Policy, source: Source) -> Iterator[Mistake]:
    """At the first entry of each region that has none."""
    covered = {e.region for e in policy.resources if e.kind == Kind.EMERGENCY} | {EVERYWHERE}
    for entry in policy.resources:
        if entry.region in covered:
            continue
        covered.add(entry.region)
        yield source.resources.mistake(
            ("resources", entry.number, "region"),
            f"region {entry.region} has no emergency number",
            "add an entry of kind emergency",
        )


def _fallback(policy: Policy, source: Source) -> Iterator[Mistake]:
    regions = {entry.region for entry in policy.resources if entry.kind is Kind.CRISIS}
    for region in sorted(set(policy.default_regions.values()) - regions):
        yield source.pack.mistake(
            ("default_region",),
            f"there is no crisis line for the default region {region}",
            "one of: " + ", ".join(sorted(regions)),
        )
    if not any(e.kind == Kind.DIRECTORY and e.region == EVERYWHERE for e in policy.resources):
        yield source.resources.mistake(
            ("resources",),
            "there is no directory for regions that we do not cover",
            "add an entry of kind directory with region '*'",
        )
