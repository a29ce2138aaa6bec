"""Metrics: what a record becomes, and that no label can grow without bound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic

from guardrail._families import OTHER
from guardrail.cases import Tally
from guardrail.counters import HOUR, STEP, Counters
from guardrail.metrics import EVENTS, Metrics
from guardrail.policy.model import Mode, Policy
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Decision,
    Grade,
    Outcome,
    Profile,
    Record,
    Severity,
    Side,
    Signal,
)

NOW = 1_700_000_000.0

FULL = Record(
    id="0018bcfe56800a1b2c3d4e",
    at=NOW,
    wire="openai",
    route="/v1/chat/completions",
    conversation="c0nversationhash",
    profile=Profile(user="us3rhash", age_band=AgeBand.MINOR, region="CN", language="zh"),
    outcome=Outcome.INTERVENED,
    stream=True,
    status=200,
    fresh=1,
    assessments=(
        Assessment(Side.USER, (Signal("self_harm", 0.97, "companion-v1"),), seconds=0.004),
        Assessment(Side.BOT, failed="timeout", floor_ran=True, seconds=1.0),
    ),
    decisions=(
        Decision(
            id="d-0",
            side=Side.USER,
            rule="crisis",
            actions=(Action.SUPPORT, Action.ESCALATE),
            policy="default@abc123",
            label="self_harm",
            grade=Grade.HARD,
            score=0.97,
            text="crisis",
            resources=True,
            keep_reply=True,
            severity=Severity.IMMINENT,
        ),
        Decision(
            id="d-1",
            side=Side.BOT,
            rule="unjudged",
            actions=(Action.REPLACE,),
            policy="default@abc123",
            degraded="timeout",
        ),
    ),
    unjudged=("image",),
    failures=("classifier:timeout",),
    timings={"inbound": 0.004, "outbound": 0.02, "held": 0.3, "upstream": 2.0, "total": 2.03},
    counts={"windows": 7, "held_chars": 90, "released_chars": 60, "withheld_chars": 30},
)

PLAIN = Record(
    id="x", at=NOW, wire="openai", route="/v1/chat/completions", conversation="c",
    profile=Profile(user=None), outcome=Outcome.ANSWERED,
)  # fmt: skip


def policy(revision: str = "abc123") -> Policy:
    """A policy with nothing in it."""
    return Policy("default", revision, "Default", Mode.ENFORCE, (), {}, {}, {}, ())


def fresh() -> Metrics:
    """Metrics at a clock that stands still."""
    return Metrics(
        routes=["/v1/chat/completions"], wires=["openai"], version="0.1.0", clock=lambda: NOW
    )


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """What one series reads; `None` if it is not there."""
    return metrics.registry.get_sample_value(f"guardrail_{name}", labels)


def test_a_record_with_every_field_is_counted() -> None:
    """Each part of a record finds its metric."""
    m = fresh()
    m(FULL)
    route = {"route": "/v1/chat/completions", "wire": "openai"}
    assert value(m, "requests_total", **route, stream="True", outcome="intervened") == 1
    assert value(m, "turns_total", language="zh") == 1
    assert value(m, "detections_total", label="self_harm", grade="hard", side="user") == 1
    action = {"policy": "default", "enforced": "True"}
    assert value(m, "actions_total", action="support", side="user", **action) == 1
    assert value(m, "actions_total", action="replace", side="bot", **action) == 1
    assert value(m, "bypass_total", reason="image") == 1
    assert value(m, "bypass_total", reason="floor_only") == 0, "the reply was replaced"
    assert value(m, "degraded_decisions_total", kind="timeout") == 1
    assert value(m, "classifier_failures_total", kind="timeout") == 1
    assert value(m, "turn_failures_total", kind="classifier:timeout") == 1
    assert value(m, "crisis_notices_total", label="self_harm", language="zh") == 1
    assert value(m, "windows_total") == 7
    assert value(m, "characters_total", fate="withheld") == 30
    assert value(m, "stream_hold_seconds_sum") == pytest.approx(0.3)
    assert value(m, "upstream_seconds_count") == 1
    assert value(m, "turn_seconds_sum", stream="True") == pytest.approx(2.03)
    assert value(m, "overhead_seconds_sum", stage="total") == pytest.approx(0.03)
    assert value(m, "overhead_seconds_count", stage="inbound") == 1
    assert value(m, "overhead_seconds_count", stage="held") is None
    assert value(m, "classifier_seconds_count", side="bot") == 1


def test_text_that_passed_unjudged_is_a_bypass() -> None:
    """A failed assessment with no intervention on its side is counted as what it is."""
    m = fresh()
    blind = Assessment(Side.BOT, failed="error", floor_ran=False)
    m(replace(PLAIN, assessments=(blind,)))
    m(replace(PLAIN, assessments=(replace(blind, floor_ran=True),)))
    assert value(m, "bypass_total", reason="failed_open") == 1
    assert value(m, "bypass_total", reason="floor_only") == 1


def test_words_from_outside_fold_to_other() -> None:
    """A client that invents a part, a route or a language adds no series."""
    m = fresh()
    for n in range(50):
        strange = replace(
            PLAIN, route=f"/r{n}", wire=f"w{n}", unjudged=(f"part{n}",),
            profile=Profile(user=None, language=f"l{n}"), failures=(f"why{n}",),
            decisions=(Decision(f"{n}", Side.BOT, "r", (), f"p{n}@1", label=f"l{n}",
                                grade=Grade.SOFT, degraded=f"d{n}"),),
        )  # fmt: skip
        m(strange)
    assert value(m, "bypass_total", reason=OTHER) == 50
    assert value(m, "turns_total", language=OTHER) == 50
    assert value(m, "detections_total", label=OTHER, grade="soft", side="bot") == 50
    series = [s for f in m.registry.collect() for s in f.samples if not s.name.endswith("_created")]
    assert len(series) < 300


def test_no_label_names_a_person_or_a_turn() -> None:
    """Hashes stay out of the exposition, too."""
    m = fresh()
    m(FULL)
    text = m.render("")[0].decode()
    for secret in (FULL.id, FULL.conversation, "us3rhash", "d-0"):
        assert secret not in text


@pytest.mark.parametrize("what", EVENTS)
def test_events_outside_a_turn_are_counted(what: str) -> None:
    """Every word of `EVENTS` has its own counter, labelled with why."""
    m = fresh()
    m.count(what, "because")
    assert value(m, f"{EVENTS[what][0]}_total", why="because") == 1


def test_an_unknown_event_is_a_fault() -> None:
    """A typo must not be silent, nor raise on the hot path."""
    m = fresh()
    m.count("wibble")
    assert value(m, "faults_total", why="wibble") == 1


def test_only_the_policy_in_force_is_shown() -> None:
    """After a reload the old revision's series is gone."""
    m = fresh()
    m.policy(policy("one"), at=NOW)
    m.policy(policy("two"), at=NOW + 1)
    shown = {"policy": "default", "mode": "enforce"}
    assert value(m, "policy_info", revision="one", **shown) is None
    assert value(m, "policy_info", revision="two", **shown) == 1
    assert value(m, "policy_loaded_timestamp_seconds") == NOW + 1


def test_a_failed_reload_keeps_the_time_of_the_last_good_one() -> None:
    """An alert needs both: that it failed now, and how old the policy is."""
    m = fresh()
    m.reload(ok=True, at=NOW)
    m.reload(ok=False, at=NOW + 60)
    assert value(m, "policy_last_reload_successful") == 0
    assert value(m, "policy_last_reload_success_timestamp_seconds") == NOW


def test_open_cases_and_turns_in_flight() -> None:
    """Severities without a case read zero, not absent."""
    m = fresh()
    m.cases({Severity.URGENT: Tally(open=3, claimed=2, overdue=1, oldest=901.5)})
    m.in_flight.inc()
    assert value(m, "cases_open", severity="urgent") == 3
    assert value(m, "cases_claimed", severity="urgent") == 2
    assert value(m, "cases_overdue", severity="urgent") == 1
    assert value(m, "cases_unclaimed_seconds", severity="urgent") == 901.5
    assert value(m, "cases_open", severity="imminent") == 0
    assert value(m, "turns_in_flight") == 1


def test_both_exposition_formats_parse() -> None:
    """Prometheus negotiates OpenMetrics; a person with curl gets the classic text."""
    m = fresh()
    m(FULL)
    m.policy(policy(), at=NOW)
    body, kind = m.render("")
    assert kind.startswith("text/plain")
    names = {family.name for family in classic(body.decode())}
    assert names
    assert all(name.startswith("guardrail_") for name in names)
    body, kind = m.render("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    parsed = openmetrics.text_string_to_metric_families(body.decode())
    assert "guardrail_requests" in {family.name for family in parsed}


def test_totals_are_for_the_glance_of_a_person() -> None:
    """Sums by the first label; everything that calls for attention is in them."""
    m = fresh()
    m(FULL)
    m.count("journal_failed", "crisis")
    m.count("journal_failed", "unjudged")
    totals = m.totals()
    assert totals["actions"] == {"support": 1, "replace": 1}
    assert totals["bypass"]["image"] == 1
    assert totals["failures"] == {"classifier:timeout": 1}
    assert totals["events"]["journal_failed"] == 2


def test_two_metrics_do_not_add_up() -> None:
    """No global registry."""
    one, two = fresh(), fresh()
    one(PLAIN)
    assert value(two, "turns_total", language="en") is None


def test_recent_counts_by_ten_seconds() -> None:
    """The admin page's sparkline: quiet steps are there, busy ones add up."""
    m = fresh()
    m(FULL)
    m(PLAIN)
    steps = m.recent(5)
    assert len(steps) == 5 * 60 // STEP
    assert (steps[-1].turns, steps[-1].interventions) == (2, 1)
    assert (steps[-1].degraded, steps[-1].escalations) == (1, 1)
    assert sum(step.turns for step in steps[:-1]) == 0


def test_the_ring_forgets_after_an_hour() -> None:
    """A slot is reused, never added to, when its time comes round again."""
    ring = Counters()
    ring.at(NOW).turns = 5
    ring.at(NOW + HOUR * STEP).turns += 1
    assert sum(t.turns for t in ring.recent(60, NOW + HOUR * STEP)) == 1
    assert len(ring.recent(600, NOW)) == HOUR
