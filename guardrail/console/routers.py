"""All pages of the console, for `admin.app.AdminParts.routers`."""

from __future__ import annotations

from fastapi import APIRouter

from guardrail.console.acts import act_routes
from guardrail.console.bench import Bench
from guardrail.console.casepage import case_routes
from guardrail.console.queue import queue_routes
from guardrail.console.stream import stream_routes

__all__ = ["console_routes"]


def console_routes(bench: Bench) -> tuple[APIRouter, ...]:
    """The queue, cases, and what else the staff looks at."""
    return (
        queue_routes(bench),
        stream_routes(bench),
        case_routes(bench),
        act_routes(bench),
    )
