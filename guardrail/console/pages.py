"""Pages: templates, words in two languages, and what becomes of a request that is refused.

Templates stand in `templates/`, words in `words/*.json` (`{"en": {key: text}, "zh": {…}}`, one file for
each part of the console). Everything that is not ours is escaped by Jinja; there is no inline script
and no inline style, and the content security policy of `admin.gate` would run none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from guardrail._asgi import ASGIApp, ClientGone, Message, read_body
from guardrail.console.seats import SAFE, seat_of
from guardrail.errors import RequestError, StoreError
from guardrail.roles import Right, may

__all__ = ["LANGUAGES", "LANGUAGE_COOKIE", "NavItem", "Pages", "page_route", "static_files"]

HERE = Path(__file__).parent

LANGUAGES = ("en", "zh")

LANGUAGE_COOKIE = "guardrail_language"

BODY, SECONDS = 64 * 1024, 15.0  # what a form may have, and how long it may take


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link in the head of every page, for whoever has the right; `key` names its words."""

    path: str
    key: str
    right: Right | None = None
    signed_in: bool = False


NAV = (
    NavItem("/", "nav.overview", Right.OVERVIEW),
    NavItem("/console", "nav.queue", Right.QUEUE, signed_in=True),
    NavItem("/console/people", "nav.people", Right.PEOPLE, signed_in=True),
    NavItem("/console/figures", "nav.figures", Right.FIGURES, signed_in=True),
    NavItem("/console/letters", "nav.letters", Right.LETTERS, signed_in=True),
    NavItem("/console/privacy", "nav.privacy", Right.PRIVACY, signed_in=True),
    NavItem("/console/trail", "nav.trail", Right.TRAIL, signed_in=True),
    NavItem("/account/team", "nav.team", Right.ACCOUNTS, signed_in=True),
)


class Pages:
    """Renders templates in the language of whoever asks.

    Args:
        nav: the links in the head, in order.
        door: where to sign in.
    """

    def __init__(self, nav: tuple[NavItem, ...] = NAV, door: str = "/account/login") -> None:
        self._nav, self.door = nav, door
        self.words = _words()
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._jinja.filters["clock"] = _clock
        self._jinja.filters["moment"] = _moment

    def language(self, request: Request) -> str:
        """What was chosen here, else what the member speaks, else what the browser asks for."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return str(chosen)
        seat = seat_of(request)
        if seat is not None and seat.signed_in and seat.member.language in LANGUAGES:
            return seat.member.language
        asked = request.headers.get("accept-language", "").lower()
        return "zh" if asked.startswith("zh") else "en"

    def text(self, language: str, key: str, **values: Any) -> str:
        """The words for a key, with {names} filled in; not escaped."""
        return self.words[language][key].format(**values)

    def render(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page. Templates know, besides `values`: t, lang, seat, csrf, nav, path and may."""
        language, seat = self.language(request), seat_of(request)

        def t(key: str, **inner: Any) -> str:
            return self.text(language, key, **inner)

        def named(kind: str, value: str) -> str:
            """Words for one value of many, such as a label; a rule's own name stands for itself."""
            return self.words[language].get(f"{kind}.{value}", str(value))

        def allowed(right: str) -> bool:
            return seat is not None and may(seat.member, Right(right))

        body = self._jinja.get_template(template).render(
            t=t,
            lang=language,
            seat=seat,
            csrf=seat.csrf if seat is not None else "",
            nav=[item for item in self._nav if _shown(item, request)],
            path=request.url.path,
            may=allowed,
            named=named,
            **values,
        )
        return HTMLResponse(body, status)

    def refuse(self, request: Request, status: int, code: str, message: str = "") -> Response:
        """What a refused request gets: a page with clear words, the door, or JSON for programs."""
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"error": message or code, "code": code}, status)
        if status == 401 and request.method in SAFE:  # noqa: PLR2004
            return RedirectResponse(self.door, 303)
        key = f"refused.{code}"
        if key not in self.words["en"]:
            key = f"refused.{status}" if f"refused.{status}" in self.words["en"] else "refused.400"
        return self.render(request, "refused.html", status, key=key)


def page_route(pages: Pages) -> type[APIRoute]:
    """A route class for pages: a cap for forms, and no refusal without words."""

    class PageRoute(APIRoute):
        """Such a route."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            serve = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    if request.method not in SAFE:
                        request = await _read(request)
                    return await serve(request)
                except RequestError as error:
                    return pages.refuse(request, error.status, error.code, str(error))
                except RequestValidationError:
                    return pages.refuse(request, 422, "form")
                except HTTPException as error:
                    return pages.refuse(request, error.status_code, "", str(error.detail))
                except StoreError:
                    return pages.refuse(request, 503, "store")
                except ClientGone:
                    return Response(status_code=400)

            return handler

    return PageRoute


def static_files() -> ASGIApp:
    """The console's own styles and scripts; mount it at `/static/console`."""
    return StaticFiles(directory=HERE / "static")


async def _read(request: Request) -> Request:
    """The request with its body already here."""
    body = await read_body(request.receive, limit=BODY, seconds=SECONDS)
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await request.receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, again)


def _clock(at: float) -> str:
    """A moment as it stands until the browser writes it in its own zone."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _shown(item: NavItem, request: Request) -> bool:
    seat = seat_of(request)
    if seat is None or (item.signed_in and not seat.signed_in):
        return False
    return item.right is None or may(seat.member, item.right)


def _moment(at: float) -> str:
    """A time as it stands on a page: in UTC, like the log."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _words() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for file in sorted((HERE / "words").glob("*.json")):
        told = json.loads(file.read_text("utf-8"))
        for language in LANGUAGES:
            found[language].update(told[language])
    return found
