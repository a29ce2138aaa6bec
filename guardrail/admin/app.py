"""The admin server, put together: probes, metrics, JSON for the pages, the pages themselves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from guardrail._asgi import ASGIApp, Message
from guardrail.admin.demo import Forward, demo_routes
from guardrail.admin.gate import COOKIE, Gate, Keeper
from guardrail.admin.views import case_row, decision_rows, policy_facts, steps, turn_facts
from guardrail.cases import open_cases
from guardrail.demo.companion import Companion
from guardrail.errors import Mistake, StoreError
from guardrail.metrics import Metrics
from guardrail.policy.model import Policy
from guardrail.store.base import Query as EventQuery
from guardrail.store.base import Store

__all__ = ["AdminParts", "create_admin"]

STATIC = files(__package__) / "static"

WEEK = 7 * 86_400
"""How long the browser stays signed in."""

CASE_EVENTS = 10_000
"""Case events folded for the list of open cases; the same figure as the metrics use."""
