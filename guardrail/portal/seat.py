"""Who asks, and what they send: the dependencies of the portal's routes.

A cookie holds the secret of a session, of which the log knows a digest. Every form carries a token
that follows from the session, and a session is all that ever counts: no header, no token in an
address.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request

from guardrail._asgi import read_body
from guardrail.errors import RequestError
from guardrail.staff.guardvisits import GuardVisits

__all__ = ["Form", "Posted", "Seat", "Sent", "SignIn", "SignedIn", "cookie_name"]

FORM, SECONDS, FIELDS = 16 * 1024, 10.0, 200  # bytes, time and number of fields of one form


class SignIn(Exception):
    """Nobody is signed in: the page to sign in comes next."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A guardian who is signed in. `form` is what their forms carry, `secret` what the cookie holds."""

    guardian: str
    secret: str
    form: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds, field by field; a field may come more than once."""

    fields: Mapping[str, list[str]]

    def get(self, name: str) -> str:
        """One field in one line, without space around it; empty if it is not there."""
        return self.fields.get(name, [""])[0].strip()[:512]

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.fields.get(name, [])

    def number(self, name: str) -> int | None:
        """A whole number; `None` for an empty field.

        Raises:
            RequestError: it is none (422).
        """
        text = self.get(name)
        if not text:
            return None
        if not text.isascii() or not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - no cap is longer
            raise RequestError("this is no number", status=422, code="number")
        return int(text)


def cookie_name(*, secure: bool) -> str:
    """The session's cookie; over https one that no other host can have set."""
    return "__Host-guardrail-portal" if secure else "guardrail_portal"


def visits_of(request: Request) -> GuardVisits:
    """What knows sessions."""
    found = request.app.state.visits
    assert isinstance(found, GuardVisits)  # noqa: S101 - `app` has put it there
    return found


async def signed_in(request: Request) -> Seat:
    """The guardian who asks.

    Raises:
        SignIn: nobody does.
    """
    visits = visits_of(request)
    secret = request.cookies.get(cookie_name(secure=request.app.state.secure), "")
    visit = await visits.visit(secret)
    if visit is None:
        raise SignIn
    return Seat(visit.guardian, secret, visits.form(secret))


async def sent(request: Request) -> Form:
    """The form that was sent, from whomever.

    Raises:
        RequestError: it is none, too large or too slow (4xx).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RequestError("this is no form", status=415, code="form")
    body = await read_body(request.receive, limit=FORM, seconds=SECONDS)
    try:
        text = body.decode("utf-8")
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict"))
    except ValueError:
        raise RequestError("this form cannot be read", status=422, code="form") from None


SignedIn = Annotated[Seat, Depends(signed_in)]
"""The guardian who asks."""

Sent = Annotated[Form, Depends(sent)]
"""A form from whomever."""


async def posted(seat: SignedIn, form: Sent) -> Form:
    """A form of the guardian who asks.

    Raises:
        RequestError: it carries no token of this session (403).
    """
    if not hmac.compare_digest(form.get("form").encode(), seat.form.encode()):
        raise RequestError("load the page again", status=403, code="old_form")
    return form


Posted = Annotated[Form, Depends(posted)]
"""A form of the guardian who asks."""
