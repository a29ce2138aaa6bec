#!/usr/bin/env python3
"""Writes dashboards/guardrail.json. Run it after a change; a test compares the file with this.

A panel is one call below: a title, what it tells a person on duty, and its queries. Places on the
grid and ids follow from the order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Panel = dict[str, Any]

TARGET = Path(__file__).parent / "dashboards" / "guardrail.json"

HERE = 'job=~"$job", instance=~"$instance"'
"""What every query is narrowed to."""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}

WIDTH = 24


def main() -> None:
    """Write the file."""
    TARGET.write_text(render(), "utf-8")


def render() -> str:
    """The dashboard as it stands in the file."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


def dashboard() -> dict[str, Any]:
    """The whole dashboard."""
    return {
        "uid": "guardrail-overview",
        "title": "guardrail",
        "description": "Who is protected, who waits for a human, and how well guardrail serves.",
        "tags": ["guardrail"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables()},
        "annotations": {"list": [policy_changes()]},
        "links": [
            {
                "title": "Runbook",
                "type": "link",
                "url": "https://github.com/companion-guardrail/guardrail/blob/main/docs/runbook.md",
                "targetBlank": True,
            }
        ],
        "panels": placed(
            [*now(), *people(), *letters(), *staff(), *unseen(), *service(), *rules()]
        ),
    }


# -- rows ------------------------------------------------------------------------------------


def now() -> list[Panel]:
    """What somebody wants to know within five seconds."""
    return [
        row("Now"),
        stat(
            "Imminent cases",
            "People who named intent, means or a time and whose case no human has closed.",
            f'sum(guardrail_cases_open{{severity="imminent", {HERE}}})',
            bad_from=1,
        ),
        stat(
            "Unjudged text, last hour",
            "Times that text passed without the model's judgement. Anything but 0 wants a reason.",
            f"sum({fresh('guardrail_bypass_total', '1h', TEXT)}) or vector(0)",
            bad_from=1,
        ),
        stat(
            "Faults, last hour",
            "Requests on which guardrail itself failed; the person got the static help words.",
            f"sum({fresh('guardrail_faults_total', '1h')}) or vector(0)",
            bad_from=1,
        ),
        stat(
            "Turns under way",
            "Turns that somebody is waiting for at this moment.",
            f"sum(guardrail_turns_in_flight{{{HERE}}})",
        ),
        stat(
            "Classifier failures",
            "Share of judgements in five minutes for which the model gave no answer.",
            f"sum(rate(guardrail_classifier_failures_total{{{HERE}}}[5m]))"
            f" / (sum(rate(guardrail_classifier_seconds_count{{{HERE}}}[5m])) > 0) or vector(0)",
            unit="percentunit",
            bad_from=0.01,
        ),
        stat(
            "Policy reload",
            "1 if the last attempt to load the policy went well. 0: the one before stays in force.",
            f"min(guardrail_policy_last_reload_successful{{{HERE}}})",
            good_from=1,
        ),
    ]


def people() -> list[Panel]:
    """What happens to people."""
    return [
        row("People"),
        graph(
            "Turns",
            "Turns per second by the language in which guardrail would speak.",
            {"{{language}}": per_second("guardrail_turns_total", "language")},
            unit="reqps",
        ),
        graph(
            "Actions by action and side",
            "What the policy decided: user is what the person said, bot is what was answered. "
            "Allowed text is left out, or nothing else could be seen.",
            {
                "{{action}} · {{side}}": per_second(
                    "guardrail_actions_total", "action, side", 'action!="allow", enforced="True"'
                ),
                "{{action}} · {{side}} (shadow)": per_second(
                    "guardrail_actions_total", "action, side", 'action!="allow", enforced="False"'
                ),
            },
            unit="cps",
        ),
        graph(
            "Detections by label",
            "Decisions that a label brought about, by how far over its threshold. A label that "
            "suddenly leads may be a bad day for many people, or a bad model.",
            {"{{label}} · {{grade}}": per_second("guardrail_detections_total", "label, grade")},
            unit="cps",
        ),
        graph(
            "Crisis notices",
            "Times an hour that a person was referred to places that help, by reason and language.",
            {
                "{{label}} · {{language}}": (
                    f"sum by (label, language) "
                    f"(increase(guardrail_crisis_notices_total{{{HERE}}}[1h]))"
                )
            },
        ),
        graph(
            "Open cases by severity",
            "Cases that are not resolved. Imminent should never be a plateau.",
            {"{{severity}}": f"sum by (severity) (guardrail_cases_open{{{HERE}}})"},
            stacked=True,
        ),
        graph(
            "Who has the open cases",
            "Cases that a human has, and cases that nobody claimed in time. Overdue should be 0.",
            {
                "claimed · {{severity}}": f"sum by (severity) (guardrail_cases_claimed{{{HERE}}})",
                "overdue · {{severity}}": f"sum by (severity) (guardrail_cases_overdue{{{HERE}}})",
            },
        ),
        graph(
            "Longest wait for a human",
            "How long the oldest case waits that nobody has, by severity.",
            {"{{severity}}": f"max by (severity) (guardrail_cases_unclaimed_seconds{{{HERE}}})"},
            unit="s",
        ),
        graph(
            "Duties of the clock and of a crisis",
            "Notices shown, and decisions that raised somebody's crisis state, per hour.",
            {
                "notice {{notice}}": f"sum by (notice) ({fresh('guardrail_notices_total', '1h')})",
                "crisis {{danger}}": f"sum by (danger) ({fresh('guardrail_crisis_states_total', '1h')})",
            },
        ),
        graph(
            "Complaints, and policies on trial",
            "Complaints and incidents that are open or overdue; what a shadow policy would change.",
            {
                "open {{register}}": f"sum by (register) (guardrail_complaints_open{{{HERE}}})",
                "overdue {{register}}": f"sum by (register) (guardrail_complaints_overdue{{{HERE}}})",
                "shadow {{policy}}": f"sum by (policy) ({fresh('guardrail_shadow_differences_total', '1h')})",
            },
        ),
        graph(
            "Requests by outcome",
            "How turns ended, as the person saw it.",
            {"{{outcome}}": per_second("guardrail_requests_total", "outcome")},
            unit="reqps",
            stacked=True,
        ),
    ]


def letters() -> list[Panel]:
    """Whether those who should know are told."""
    return [
        row("Notifications"),
        graph(
            "Notifications on their way, and given up",
            "Given up: until somebody sends them again or takes them off the list in the console. "
            "Receivers off: they answered 410 and get nothing any more.",
            {
                "on their way": f"max(guardrail_letters_pending{{{HERE}}})",
                "given up · {{audience}} · {{why}}": (
                    f"max by (audience, why) (guardrail_letters_dead{{{HERE}}})"
                ),
                "receivers off": f"max(guardrail_letter_endpoints_disabled{{{HERE}}})",
            },
        ),
        graph(
            "Longest wait of a notification",
            "How long the oldest one waits that has reached nobody, by severity of its case.",
            {"{{severity}}": f"max by (severity) (guardrail_letters_oldest_seconds{{{HERE}}})"},
            unit="s",
        ),
        graph(
            "Notifications that failed",
            "Tries that failed and are repeated; those given up; those left out, such as a second "
            "one to a guardian within a day; and failures of the outbox itself.",
            {
                "try · {{why}}": f"sum by (why) ({fresh('guardrail_letter_failures_total', '5m')})",
                "given up · {{why}}": (
                    f"sum by (why) ({fresh('guardrail_letters_given_up_total', '5m')})"
                ),
                "left out · {{why}}": f"sum by (why) ({fresh('guardrail_letters_skipped_total', '5m')})",
                "outbox · {{why}}": f"sum by (why) ({fresh('guardrail_outbox_failures_total', '5m')})",
            },
        ),
    ]


def staff() -> list[Panel]:
    """Whether humans can help, and what they did can be proven."""
    return [
        row("People in the loop"),
        graph(
            "Take-overs and words of cases that failed",
            "Steps of a take-over that did not work, words of cases that could not be kept or read, "
            "and requests from which a talk with a human could not be taken out.",
            {
                "take-over · {{why}}": (
                    f"sum by (why) ({fresh('guardrail_takeover_failures_total', '5m')})"
                ),
                "vault · {{why}}": f"sum by (why) ({fresh('guardrail_vault_failures_total', '5m')})",
                "not hidden · {{why}}": (
                    f"sum by (why) ({fresh('guardrail_unhidden_requests_total', '5m')})"
                ),
            },
        ),
        graph(
            "Audit trail",
            "Checkpoints that could not be made or written, and policies that are not in the log. "
            "What came after the newest checkpoint is not proven.",
            {"{{why}}": f"sum by (why) ({fresh('guardrail_audit_failures_total', '5m')})"},
        ),
        graph(
            "Guardians, per hour",
            "Alerts that went to guardians without a human (guardians.alerts: direct), those held "
            "back or with nobody to tell, and links to sign in.",
            {
                "alert · {{why}}": f"sum by (why) ({fresh('guardrail_guardian_alerts_total', '1h')})",
                "link · {{why}}": f"sum by (why) ({fresh('guardrail_guardian_mails_total', '1h')})",
            },
        ),
        graph(
            "Signing in, per hour",
            "Staff: ok, failed, locked, a wrong admin token, refused or not answered for by the identity "
            "provider. Guardians: links that were used, that were over, that were none.",
            {
                "staff · {{why}}": f"sum by (why) ({fresh('guardrail_staff_logins_total', '1h')})",
                "guardian · {{why}}": f"sum by (why) ({fresh('guardrail_guardian_logins_total', '1h')})",
            },
        ),
    ]


def unseen() -> list[Panel]:
    """What nobody looked at, and why."""
    return [
        row("Unseen and unsure"),
        graph(
            "Bypass by reason",
            "Text or parts that passed without the model's judgement. failed_open: nothing looked "
            "at it. floor_only: the lexicon did. All else names parts of a kind that cannot be "
            "judged, such as images.",
            {"{{reason}}": f"sum by (reason) ({fresh('guardrail_bypass_total', '5m')})"},
        ),
        graph(
            "Degraded decisions and classifier failures",
            "Decisions that had to live with a failure, and the failures themselves, by kind.",
            {
                "decision · {{kind}}": per_second("guardrail_degraded_decisions_total", "kind"),
                "classifier · {{kind}}": per_second("guardrail_classifier_failures_total", "kind"),
            },
            unit="cps",
        ),
        graph(
            "Failures",
            "What broke inside guardrail: faults (a person got help words instead of a reply), "
            "journal (an intervention was not written down), sinks (a record was lost), turns "
            "(went on without something, such as the store).",
            {
                "fault · {{why}}": f"sum by (why) ({fresh('guardrail_faults_total', '5m')})",
                "journal · {{why}}": (
                    f"sum by (why) ({fresh('guardrail_journal_failures_total', '5m')})"
                ),
                "sink · {{why}}": f"sum by (why) ({fresh('guardrail_sink_failures_total', '5m')})",
                "turn · {{kind}}": (
                    f"sum by (kind) ({fresh('guardrail_turn_failures_total', '5m')})"
                ),
            },
        ),
        graph(
            "Pass-through",
            "Requests and WebSockets outside the guarded routes, passed unseen. If this rises while "
            "turns fall, people may be chatting on a path that guardrail does not know. Unanswered: the "
            "backend failed on it.",
            {
                "{{why}}": per_second("guardrail_pass_through_total", "why"),
                "websocket · {{why}}": per_second("guardrail_websockets_total", "why"),
                "unanswered · {{why}}": per_second("guardrail_pass_through_failures_total", "why"),
            },
            unit="reqps",
        ),
        graph(
            "Refused at the door",
            "Requests refused before a turn began, by reason.",
            {"{{why}}": per_second("guardrail_refused_total", "why")},
            unit="reqps",
        ),
        graph(
            "Characters of streams",
            "What became of streamed text: held back for judgement, released, withheld for good.",
            {"{{fate}}": per_second("guardrail_characters_total", "fate")},
            unit="cps",
        ),
    ]


def service() -> list[Panel]:
    """How much slower a chat is with us than without."""
    return [
        row("Service"),
        graph(
            "Overhead by stage",
            "What guardrail adds. inbound: judging what the person said, before the backend is "
            "asked. outbound: judging the answer, all pieces of a stream together.",
            quantiles("guardrail_overhead_seconds", "stage"),
            unit="s",
        ),
        graph(
            "Hold time of streams",
            "The longest that text of a stream waited to be judged. The policy caps it; a reader "
            "notices from about a quarter of a second.",
            quantiles("guardrail_stream_hold_seconds"),
            unit="s",
        ),
        graph(
            "Classifier time by side",
            "Time spent judging one side of a turn. It cannot be longer than the deadline.",
            quantiles("guardrail_classifier_seconds", "side"),
            unit="s",
        ),
        graph(
            "Whole turns and the backend",
            "How long people wait for a complete answer, and how much of it is the backend's.",
            {
                **quantiles("guardrail_turn_seconds", prefix="turn "),
                **quantiles("guardrail_upstream_seconds", prefix="backend "),
            },
            unit="s",
        ),
        graph(
            "Backend asked in vain",
            "Turns that the backend had before they were stopped: the price of routes that judge "
            "during the call.",
            {"{{why}}": per_second("guardrail_calls_in_vain_total", "why")},
            unit="reqps",
        ),
    ]


def rules() -> list[Panel]:
    """Which rules are in force."""
    return [
        row("Rules in force"),
        table(
            "Policy in force",
            "Name, revision and mode. In mode shadow nothing is enforced.",
            f"max by (instance, policy, revision, mode) (guardrail_policy_info{{{HERE}}})",
        ),
        table(
            "Version",
            "What runs where.",
            f"max by (instance, version, python) (guardrail_build_info{{{HERE}}})",
        ),
        graph(
            "Policy reloads",
            "Age of the policy in force, and of the last load that went well. Every drop is a load.",
            {
                "in force · {{instance}}": (
                    f"time() - guardrail_policy_loaded_timestamp_seconds{{{HERE}}}"
                ),
                "last good load · {{instance}}": (
                    f"time() - guardrail_policy_last_reload_success_timestamp_seconds{{{HERE}}}"
                ),
            },
            unit="s",
        ),
    ]


# -- queries ---------------------------------------------------------------------------------

TEXT = 'reason=~"failed_open|floor_only"'


def per_second(metric: str, by: str, where: str = "") -> str:
    """The rate of a counter, summed by labels."""
    return f"sum by ({by}) (rate({selected(metric, where)}[$__rate_interval]))"


def fresh(metric: str, window: str, where: str = "") -> str:
    """What came into a counter, its first event included (see rules/guardrail-alerts.yaml)."""
    series = selected(metric, where)
    return f"({series} unless {series} offset {window}) or increase({series}[{window}])"


def quantiles(metric: str, by: str = "", prefix: str = "") -> dict[str, str]:
    """Median and tail of a histogram, by a label if one is named."""
    labels = f"le, {by}" if by else "le"
    name = f"{prefix}{{{{{by}}}}} " if by else prefix
    return {
        f"{name}p{q * 100:g}": (
            f"histogram_quantile({q:g}, "
            f"sum by ({labels}) (rate({selected(metric + '_bucket')}[$__rate_interval])))"
        )
        for q in (0.5, 0.99)
    }


def selected(metric: str, where: str = "") -> str:
    """A selector narrowed to the chosen job and instance."""
    return f"{metric}{{{where}, {HERE}}}" if where else f"{metric}{{{HERE}}}"


def variables() -> list[dict[str, Any]]:
    """The choices at the top."""

    def label(name: str, query: str) -> dict[str, Any]:
        return {
            "name": name,
            "label": name,
            "type": "query",
            "datasource": SOURCE,
            "definition": query,
            "query": {"query": query, "refId": name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }

    return [
        {
            "name": "datasource",
            "label": "data source",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
            "multi": False,
            "includeAll": False,
        },
        label("job", "label_values(guardrail_build_info, job)"),
        label("instance", 'label_values(guardrail_build_info{job=~"$job"}, instance)'),
    ]


def policy_changes() -> dict[str, Any]:
    """A line in every graph where the policy changed."""
    return {
        "name": "Policy changes",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "purple",
        "expr": f"changes(guardrail_policy_loaded_timestamp_seconds{{{HERE}}}[1m]) > 0",
        "titleFormat": "policy loaded",
        "textFormat": "{{instance}}",
        "step": "60s",
    }


# -- panels ----------------------------------------------------------------------------------


def row(title: str) -> Panel:
    """A headline over the panels that follow."""
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "size": (WIDTH, 1)}


def stat(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "short",
    bad_from: float | None = None,
    good_from: float | None = None,
) -> Panel:
    """One figure, red or green if a threshold is named."""
    steps: list[dict[str, Any]] = [{"color": "blue", "value": None}]
    if bad_from is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": bad_from}]
    if good_from is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": good_from}]
    return {
        "type": "stat",
        "title": title,
        "description": description,
        "size": (4, 4),
        "datasource": SOURCE,
        "targets": [target("A", expr, instant=True)],
        "fieldConfig": {
            "defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
        },
    }


def graph(
    title: str,
    description: str,
    queries: dict[str, str],
    *,
    unit: str = "short",
    stacked: bool = False,
) -> Panel:
    """Lines over time; `queries` maps legends to expressions."""
    letters = "ABCDEFGH"
    return {
        "type": "timeseries",
        "title": title,
        "description": description,
        "size": (8, 8),
        "datasource": SOURCE,
        "targets": [
            target(letter, expr, legend=legend)
            for letter, (legend, expr) in zip(letters, queries.items(), strict=False)
        ],
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "min": 0,
                "custom": {
                    "lineWidth": 1,
                    "fillOpacity": 20 if stacked else 0,
                    "showPoints": "never",
                    "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def table(title: str, description: str, expr: str) -> Panel:
    """The labels of an info metric."""
    return {
        "type": "table",
        "title": title,
        "description": description,
        "size": (8, 8),
        "datasource": SOURCE,
        "targets": [{**target("A", expr, instant=True), "format": "table"}],
        "transformations": [
            {"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}
        ],
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": {"showHeader": True},
    }


def target(ref: str, expr: str, *, legend: str = "", instant: bool = False) -> dict[str, Any]:
    """One query of a panel."""
    return {
        "refId": ref,
        "datasource": SOURCE,
        "expr": expr,
        "legendFormat": legend,
        "instant": instant,
        "range": not instant,
    }


def placed(panels: list[Panel]) -> list[Panel]:
    """Give each panel an id and a place: left to right, then down."""
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        wide, high = panel.pop("size")
        if x + wide > WIDTH:
            x, y, height = 0, y + height, 0
        panel["id"] = number
        panel["gridPos"] = {"h": high, "w": wide, "x": x, "y": y}
        x, height = x + wide, max(height, high)
    return panels


if __name__ == "__main__":
    main()
