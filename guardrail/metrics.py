"""What Prometheus may know: a sink that turns each record into counters and histograms.

Rules of this file:

* No label holds a user, a conversation, a turn or any text. Every label has a closed vocabulary,
  or a short one that fills up first come, first served; whatever else arrives is "other".
* A word that a client can choose (the kind of a content part) has a closed vocabulary.
* Nothing here raises because of what a record holds: a sink must not fail for want of a word.
* One registry per `Metrics`; two guards in one process do not add up.

The time of one record is a few microseconds: children are looked up once and kept.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from guardrail._case_queue import Tally as CaseTally
from guardrail._families import Family, Vocabulary
from guardrail._letter_gauges import LetterGauges
from guardrail._user_gauges import UserGauges
from guardrail.counters import Counters, Tally
from guardrail.policy.model import Policy
from guardrail.turn import (
    Action,
    Assessment,
    Danger,
    Decision,
    Detector,
    Grade,
    Label,
    Outcome,
    Record,
    Severity,
    Side,
)

__all__ = ["Metrics"]

PREFIX = "guardrail"


FAILED_OPEN, FLOOR_ONLY = "failed_open", "floor_only"
"""Why text passed that the model did not judge: unlooked at, or seen by the lexicon alone."""

QUICK = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Around our own promise of a few milliseconds; the last one shows a classifier at its deadline."""

HELD = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""How long a reader waits for text that is already there: noticed from about a quarter second."""

LONG = tuple(0.01 * 2**n for n in range(14))
"""10 ms to 81.92 s, doubling: the buckets Envoy AI Gateway uses for request durations."""

ROOM = 32
"""Words that an open vocabulary takes before it says "other"."""

PARTS = (
    "annotation", "audio", "document", "error", "file", "frame", "image", "language",
    "old_messages", "part", "prediction", "reply", "stream", "template", "tool_result", "video",
)  # fmt: skip
"""Parts of a turn that nobody looked at, as docs/wires.md lists them."""

WITHHELD = frozenset({"reply", "stream"})
"""Whole replies that could not be read: where we stepped in, they did not pass."""

ELSEWHERE = frozenset({"held", "total", "upstream"})
"""Timings that have a histogram of their own."""

EVENTS = {
    "fault": ("faults", "Requests on which the guard itself failed; the help words were sent."),
    "audit_failed": ("audit_failures", "Checkpoints of the log that could not be made or written."),
    "vault_failed": ("vault_failures", "Words of cases that could not be kept or read."),
    "takeover_failed": ("takeover_failures", "Steps of a take-over that did not work."),
    "not_hidden": ("unhidden_requests", "Requests whose format cannot keep words from the bot."),
    "asked_in_vain": ("calls_in_vain", "Turns that the backend had before they were stopped."),
    "letter_dead": ("letters_given_up", "Notifications that nobody could be told, each time."),
    "letter_failed": ("letter_failures", "Tries to deliver a notification that failed."),
    "letter_skipped": ("letters_skipped", "Notifications left out, such as a second in a day."),
    "outbox_failed": ("outbox_failures", "Failures of the outbox itself; it goes on."),
    "guardian_alert": ("guardian_alerts", "Alerts to guardians: sent, held, nobody, child_untold."),
    "guardian_mail": ("guardian_mails", "Links for guardians to sign in: queued, too many."),
    "guardian_login": ("guardian_logins", "Links that guardians used: ok, over, failed."),
    "staff_login": ("staff_logins", "Tries of staff to get in, by how they ended."),
    "journal_failed": ("journal_failures", "Interventions that were not written down in time."),
    "pass_through": ("pass_through", "Requests outside the guarded routes, passed unchanged."),
    "pass_failed": ("pass_through_failures", "Requests passed that the backend did not answer."),
    "refused": ("refused", "Requests refused before a turn began."),
    "sink_failed": ("sink_failures", "Records that a sink did not take."),
    "websocket": ("websockets", "WebSocket connections, passed unseen."),
}
"""What can be counted outside a turn: the engine's word → metric name and help."""


class Metrics:
    """A sink with a registry of its own.

    `routes` and `wires` are the configured names. `in_flight` is a gauge of turns under way:
    `with metrics.in_flight.track_inprogress(): …`, or `inc()` and `dec()`.
    """

    def __init__(
        self,
        *,
        routes: Iterable[str] = (),
        wires: Iterable[str] = (),
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._counters, self._clock = Counters(), clock
        self._define_turn(Vocabulary(routes), Vocabulary(wires))
        self._define_judgement()
        self._define_duties()
        self._define_times()
        self._define_events()
        self._define_state(version)

    def __call__(self, record: Record) -> None:
        """Count one turn."""
        self._count_turn(record)
        for decision in record.decisions:
            self._count_decision(decision, record.profile.language)
        for assessment in record.assessments:
            self._count_assessment(assessment, record.decisions)
        self._count_duties(record)
        self._time(record)
        self._tally(record)

    def count(self, what: str, why: str = "") -> None:
        """Count something outside a turn; `what` is a key of `EVENTS`.

        An unknown word counts as a fault: it is one.
        """
        self._events.get(what, self._events["fault"])(why or what).inc()

    def policy(self, policy: Policy, *, at: float) -> None:
        """Say which policy is in force since when; the one before it disappears."""
        self._policy_info.clear()
        self._policy_info.labels(policy.name, policy.revision, str(policy.mode)).set(1)
        self._policy_loaded.set(at)

    def reload(self, ok: bool, at: float) -> None:
        """Say how the last attempt to load a policy went."""
        self._reload_ok.set(1 if ok else 0)
        if ok:
            self._reload_at.set(at)

    def cases(self, tallies: Mapping[Severity, CaseTally]) -> None:
        """Say how many cases are open, who has them, and how long the others wait."""
        for severity in Severity:
            found = tallies.get(severity, CaseTally())
            self._cases.labels(str(severity)).set(found.open)
            self._claimed.labels(str(severity)).set(found.claimed)
            self._overdue_cases.labels(str(severity)).set(found.overdue)
            self._waiting.labels(str(severity)).set(found.oldest)

    def complaints(self, tallies: Mapping[str, tuple[int, int]]) -> None:
        """Say how many tickets of each register are open, and how many of these overdue."""
        for register, (waiting, late) in tallies.items():
            self._complaints.labels(register).set(waiting)
            self._overdue.labels(register).set(late)

    def render(self, accept: str) -> tuple[bytes, str]:
        """The exposition in the format that the `Accept` header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def recent(self, minutes: int) -> tuple[Tally, ...]:
        """The last minutes in steps of ten seconds, oldest first."""
        return self._counters.recent(minutes, self._clock())

    def totals(self) -> dict[str, dict[str, float]]:
        """What a person should see at a glance, counted since the start."""
        return {
            "actions": self._actions.sums(),
            "bypass": self._bypass.sums(),
            "failures": self._failures.sums(),
            "events": {what: sum(found.sums().values()) for what, found in self._events.items()},
        }

    # -- what there is ---------------------------------------------------------------------

    def _counter(self, name: str, text: str, **labels: Vocabulary) -> Family[Counter]:
        metric = Counter(name, text, tuple(labels), namespace=PREFIX, registry=self.registry)
        return Family(metric, *labels.values())

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], **labels: Vocabulary
    ) -> Family[Histogram]:
        metric = Histogram(
            name, text, tuple(labels), namespace=PREFIX, registry=self.registry, buckets=buckets
        )
        return Family(metric, *labels.values())

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=PREFIX, registry=self.registry)

    def _define_turn(self, routes: Vocabulary, wires: Vocabulary) -> None:
        self._requests = self._counter(
            "requests", "Turns by how they ended, as seen from the client's side.",
            route=routes, wire=wires, stream=Vocabulary((True, False)),
            outcome=Vocabulary(Outcome),
        )  # fmt: skip
        self._turns = self._counter(
            "turns", "Turns by the language of our words.", language=Vocabulary(("en", "zh"))
        )
        self._windows = self._counter("windows", "Pieces of streams that were judged.")
        self._characters = self._counter(
            "characters", "Characters of streamed replies.",
            fate=Vocabulary(("held", "released", "withheld")),
        )  # fmt: skip
        self.in_flight = self._gauge("turns_in_flight", "Turns under way.")

    def _define_judgement(self) -> None:
        side, label = Vocabulary(Side), Vocabulary((*Label, *Detector))
        self._detections = self._counter(
            "detections", "Decisions that a label brought about, by how far over its threshold.",
            label=label, grade=Vocabulary(Grade), side=side,
        )  # fmt: skip
        self._actions = self._counter(
            "actions", "Decisions by their strongest action; enforced is false in shadow mode.",
            action=Vocabulary(Action), side=side, policy=Vocabulary(room=ROOM),
            enforced=Vocabulary((True, False)),
        )  # fmt: skip
        self._bypass = self._counter(
            "bypass", "Text or parts that passed without the model's judgement.",
            reason=Vocabulary((*PARTS, FAILED_OPEN, FLOOR_ONLY)),
        )  # fmt: skip
        for reason in (FAILED_OPEN, FLOOR_ONLY):  # an alert must see the first one, too
            self._bypass(reason)
        self._degraded = self._counter(
            "degraded_decisions", "Decisions that had to live with a failure.",
            kind=Vocabulary(room=ROOM),
        )  # fmt: skip
        self._failed = self._counter(
            "classifier_failures", "Times the classifier could not answer.",
            kind=Vocabulary(room=ROOM),
        )  # fmt: skip
        self._failures = self._counter(
            "turn_failures", "Failures that a turn had to live with.", kind=Vocabulary(room=ROOM)
        )
        self._notices = self._counter(
            "crisis_notices", "Times a person was referred to places that help.",
            label=label, language=Vocabulary(("en", "zh")),
        )  # fmt: skip

    def _define_duties(self) -> None:
        self._dangers = self._counter(
            "crisis_states", "Decisions that raised a person's crisis state.",
            danger=Vocabulary(Danger),
        )  # fmt: skip
        self._told = self._counter(
            "notices", "Notices of the clock that were shown.", notice=Vocabulary(room=ROOM)
        )
        self._shadows = self._counter(
            "shadow_differences", "Decisions that a shadow policy would have taken differently.",
            policy=Vocabulary(room=ROOM), side=Vocabulary(Side),
            live=Vocabulary(Action), shadow=Vocabulary(Action),
        )  # fmt: skip

    def _define_times(self) -> None:
        self._overhead = self._histogram(
            "overhead_seconds", "What we add, by stage; total is without the upstream's time.",
            QUICK, stage=Vocabulary(("inbound", "outbound", "total"), room=8),
        )  # fmt: skip
        self._judging = self._histogram(
            "classifier_seconds", "Time spent judging one side of a turn.",
            QUICK, side=Vocabulary(Side),
        )  # fmt: skip
        self._hold = self._histogram(
            "stream_hold_seconds", "The longest that text of a stream waited to be judged.", HELD
        )
        self._upstream = self._histogram(
            "upstream_seconds", "Time spent waiting for the bot's backend.", LONG
        )
        self._whole = self._histogram(
            "turn_seconds", "Whole turns, upstream included.", LONG,
            stream=Vocabulary((True, False)),
        )  # fmt: skip

    def _define_events(self) -> None:
        self._events = {
            what: self._counter(name, text, why=Vocabulary(room=ROOM))
            for what, (name, text) in EVENTS.items()
        }

    def _define_state(self, version: str) -> None:
        build = self._gauge("build_info", "What runs here.", "version", "python")
        build.labels(version, platform.python_version()).set(1)
        self._policy_info = self._gauge(
            "policy_info", "The policy in force.", "policy", "revision", "mode"
        )
        self._policy_loaded = self._gauge(
            "policy_loaded_timestamp_seconds", "When the policy in force was loaded."
        )
        self._reload_ok = self._gauge(
            "policy_last_reload_successful", "Whether the last policy load went well."
        )
        self._reload_at = self._gauge(
            "policy_last_reload_success_timestamp_seconds", "When a policy was last loaded well."
        )
        self.assessment_due = self._gauge(
            "assessment_due", "Whether something else runs than what the risk assessment is about."
        )
        self._cases = self._gauge("cases_open", "Cases that are not resolved.", "severity")
        self._claimed = self._gauge("cases_claimed", "Open cases that a human has.", "severity")
        self._overdue_cases = self._gauge(
            "cases_overdue", "Open cases that nobody claimed in time.", "severity"
        )
        self._waiting = self._gauge(
            "cases_unclaimed_seconds", "How long the oldest one that nobody has waits.", "severity"
        )
        self.cases({})
        self._complaints = self._gauge("complaints_open", "Tickets to be answered.", "register")
        self._overdue = self._gauge(
            "complaints_overdue", "Open tickets past a due date of theirs.", "register"
        )
        self.complaints({"complaint": (0, 0), "incident": (0, 0)})
        self.letters = LetterGauges(self.registry, PREFIX)
        self.users = UserGauges(self.registry, PREFIX)

    def _count_duties(self, record: Record) -> None:
        for decision in record.decisions:
            if decision.danger is not Danger.NONE and decision.enforced:
                self._dangers(decision.danger).inc()
        for notice in record.notices:
            self._told(notice).inc()
        live = {decision.side: decision for decision in record.decisions}
        for would in record.shadows:
            was = live[would.side].action if would.side in live else Action.ALLOW
            policy = would.policy.partition("@")[0]
            self._shadows(policy, would.side, was, would.action).inc()

    # -- one record ------------------------------------------------------------------------

    def _count_turn(self, record: Record) -> None:
        self._requests(record.route, record.wire, record.stream, record.outcome).inc()
        self._turns(record.profile.language).inc()
        stopped = record.outcome is Outcome.INTERVENED
        for part in record.unjudged:
            if not (stopped and part in WITHHELD):
                self._bypass(part).inc()
        for failure in record.failures:
            self._failures(failure).inc()
        counts = record.counts
        if counts:
            self._windows().inc(counts.get("windows", 0))
            for fate in ("held", "released", "withheld"):
                self._characters(fate).inc(counts.get(f"{fate}_chars", 0))

    def _count_decision(self, decision: Decision, language: str) -> None:
        name = decision.policy.partition("@")[0]
        self._actions(decision.action, decision.side, name, decision.enforced).inc()
        if decision.label is not None and decision.grade is not Grade.NONE:
            self._detections(decision.label, decision.grade, decision.side).inc()
        if decision.degraded is not None:
            self._degraded(decision.degraded).inc()
        if decision.resources and decision.enforced:
            self._notices(decision.label, language).inc()

    def _count_assessment(self, found: Assessment, decisions: tuple[Decision, ...]) -> None:
        self._judging(found.side).observe(found.seconds)
        if found.failed is None:
            return
        self._failed(found.failed).inc()
        if not any(d.side == found.side and d.intervenes for d in decisions):
            self._bypass(FLOOR_ONLY if found.floor_ran else FAILED_OPEN).inc()

    def _time(self, record: Record) -> None:
        timings = record.timings
        for stage, seconds in timings.items():
            if stage not in ELSEWHERE:
                self._overhead(stage).observe(seconds)
        total, upstream = timings.get("total"), timings.get("upstream")
        if total is not None:
            self._whole(record.stream).observe(total)
        if upstream is not None:
            self._upstream().observe(upstream)
        if total is not None and upstream is not None:
            self._overhead("total").observe(max(0.0, total - upstream))
        if record.stream and "held" in timings:
            self._hold().observe(timings["held"])

    def _tally(self, record: Record) -> None:
        tally = self._counters.at(self._clock())
        tally.turns += 1
        decisions = record.decisions
        tally.interventions += any(d.intervenes or d.adds_words for d in decisions)
        tally.degraded += bool(record.failures) or any(d.degraded for d in decisions)
        tally.escalations += any(d.severity is not None and d.enforced for d in decisions)
