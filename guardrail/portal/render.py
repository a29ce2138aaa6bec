"""Pages out of templates: one environment, made with the app."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from guardrail.portal.views import clock, money, when
from guardrail.portal.words import LANGUAGES, language_of, read_words, say

__all__ = ["COOKIE", "Pages"]

TEMPLATES = Path(__file__).with_name("templates")

COOKIE = "guardrail_portal_language"

OVER = (404, 405, 410)
"""What is not there, or not any more: coming back to it helps nobody."""


class Pages:
    """Fills templates. Everything that is filled in is escaped; a missing value is a mistake."""

    def __init__(self, *, service: str = "", currency: str = "USD") -> None:
        self._words, self._service, self.currency = read_words(), service, currency
        self._jinja = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {"clock": clock}

    def language(self, request: Request) -> str:
        """The language of this request's page."""
        chosen = request.query_params.get("lang") or request.cookies.get(COOKIE, "")
        return language_of(chosen, request.headers.get("accept-language", ""))

    def show(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """One page."""
        language = self.language(request)
        other = LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]
        words = self._words[language]
        done = request.query_params.get("done", "")
        page = self._jinja.get_template(f"{template}.html").render(
            t=say(words),
            language=language,
            other=other,
            path=_here(request),
            service=self._service or words["service"],
            done=f"done.{done}" if f"done.{done}" in words else "",
            template=template,
            currency=self.currency,
            money=lambda amount: money(amount, self.currency),
            when=lambda at, zone: when(at, zone, language),
            **values,
        )
        answer = HTMLResponse(page, status)
        if request.query_params.get("lang") in LANGUAGES:
            secure = bool(request.app.state.secure)
            answer.set_cookie(
                COOKIE, language, max_age=365 * 86_400, httponly=True, samesite="lax", secure=secure
            )
        return answer

    def trouble(self, request: Request, status: int, code: str) -> HTMLResponse:
        """A page that says what went wrong and what to do, in words for people."""
        known: Mapping[str, str] = self._words["en"]
        kind = next(k for k in (f"wrong.{code}", f"wrong.{status}", "wrong.any") if k in known)
        return self.show(request, "trouble", status, kind=kind, back=_back(request, status))


def _here(request: Request) -> str:
    """The path of this page, for links to itself; `//host` would lead to another server."""
    return "/" + request.url.path.lstrip("/\\") if request.method == "GET" else "/"


def _back(request: Request, status: int) -> str:
    """The page whose form can be mended there; empty where there is none, or it is over."""
    page = urlsplit(request.headers.get("referer", ""))
    ours = request.method == "POST" and page.netloc == request.headers.get("host", "")
    return f"/{page.path.lstrip('/')}" if ours and status not in OVER else ""
