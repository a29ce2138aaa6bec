"""All pages of the console, for `admin.app.AdminParts.routers`."""

from __future__ import annotations

from fastapi import APIRouter

from guardrail.console.acts import act_routes
from guardrail.console.bench import Bench
from guardrail.console.casepage import case_routes
from guardrail.console.figures import figure_routes
from guardrail.console.letterpage import letter_pages
from guardrail.console.lost import lost_routes
from guardrail.console.peoplepage import people_pages
from guardrail.console.privacypage import privacy_pages
from guardrail.console.queue import queue_routes
from guardrail.console.stream import stream_routes
from guardrail.console.tickets import ticket_pages
from guardrail.console.trailpage import trail_pages

__all__ = ["console_routes"]

PAGES = (
    queue_routes,
    stream_routes,
    case_routes,
    act_routes,
    figure_routes,
    people_pages,
    ticket_pages,
    letter_pages,
    trail_pages,
    privacy_pages,
    lost_routes,  # the last one
)


def console_routes(bench: Bench) -> tuple[APIRouter, ...]:
    """The queue, cases, and what else the staff looks at."""
    return tuple(make(bench) for make in PAGES)
