"""Serves the public protocol page: the address that anybody may ask, before any chat route."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

from guardrail._asgi import ASGIApp, Headers, Receive, Scope, Send, respond, turn_away
from guardrail.complaints import Terms
from guardrail.policy.holder import PolicyHolder
from guardrail.protocol import LANGUAGES, Facts, as_html, protocol

__all__ = ["PATH", "ProtocolPage", "WellKnown"]

PATH = "/.well-known/companion-safety"

KEPT = 64
"""Pages kept: a few regions in two languages and two formats. Making one takes milliseconds."""

_READABLE: Headers = [
    (b"cache-control", b"public, max-age=300"),
    (b"vary", b"accept, accept-language"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
]


class ProtocolPage:
    """The page of the policy in force, as the request's headers want it."""

    def __init__(
        self,
        policies: PolicyHolder,
        *,
        contact: str = "",
        terms: Terms = Terms(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policies, self._contact = policies, contact
        self._terms, self._clock = terms, clock
        self._made: dict[tuple[str, ...], bytes] = {}

    def render(self, headers: Headers, query: bytes = b"") -> tuple[bytes, Headers]:
        """Body and headers; `?region=US-CA` asks for the policy of a region, `?language=zh` for Chinese.

        A link from a website in one language leads to the page in that language, whatever browser
        follows it; without, the browser's wish counts.
        """
        now = self._clock()
        asked = parse_qs(query.decode("latin-1"))
        wanted = asked.get("region", [""])[0]
        policy = self._policies.at(now, wanted or None)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        language = asked.get("language", [""])[0]
        if language not in LANGUAGES:
            language = _best(headers, b"accept-language", LANGUAGES)
        kind = _best(headers, b"accept", ("application/json", "text/html"))
        regions = tuple(sorted(name for name in self._policies.all if name))
        made = (policy.tag, day, language, kind, *regions)
        body = self._made.get(made)
        if body is None:
            facts = Facts(day, self._contact, self._terms, regions)
            page = protocol(policy, facts, language)
            text = as_html(page) if kind == "text/html" else json.dumps(page, ensure_ascii=False)
            body = text.encode()
            if len(self._made) >= KEPT:
                self._made.clear()
            self._made[made] = body
        spoken = [(b"content-language", b"zh-Hans" if language == "zh" else b"en")]
        of = [(b"content-type", kind.encode() + b"; charset=utf-8")]
        return body, [*of, *spoken, *_READABLE]


class WellKnown:
    """An app with the protocol page in front of it; every other path is the app's own.

    The proxy has it by itself. Embedded, the path is your app's, unless you ask for the page::

        app = WellKnown(app, ProtocolPage(guard.engine.policies))
    """

    def __init__(self, app: ASGIApp, page: ProtocolPage) -> None:
        self.app, self._page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            body = b'{"error": "this page is only read"}'
            await turn_away(scope, receive, send, status=405, body=body)
        else:
            body, headers = self._page.render(scope["headers"], scope.get("query_string", b""))
            (_, kind), *more = headers
            await respond(send, 200, body, content_type=kind, headers=more)


def _best(headers: Headers, name: bytes, offered: tuple[str, ...]) -> str:
    """What the client likes best of what there is; the first if it does not care."""
    said = b",".join(value for key, value in headers if key.lower() == name).decode("latin-1")
    liked = [_liking(part) for part in said.split(",") if part.strip()]
    best, most = offered[0], 0.0
    for one in offered:
        exact = [q for word, q in liked if word == one or word.startswith(f"{one}-")]
        broad = [q for word, q in liked if word in ("*", "*/*", f"{one.partition('/')[0]}/*")]
        value = max(exact or broad, default=0.0)
        if value > most:
            best, most = one, value
    return best


def _liking(part: str) -> tuple[str, float]:
    """`text/html;q=0.9` → what, and how much."""
    word, *more = (piece.strip().lower() for piece in part.split(";"))
    weight = next((piece[2:] for piece in more if piece.startswith("q=")), "1")
    try:
        return word, float(weight)
    except ValueError:
        return word, 0.0
