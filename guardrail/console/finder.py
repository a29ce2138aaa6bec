"""Naming a person: by the app's own user id, or by the key that stands in cases and answers.

The id comes in the body of a form, never in an address that ends up in somebody's log or history;
what stands in addresses is the key, a keyed hash.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Form

from guardrail.errors import RequestError
from guardrail.people import People, Who

__all__ = ["REASONS", "App", "Key", "Named", "Reason", "keyed", "named"]

KEY = re.compile(r"[0-9a-f]{32}")

REASONS = ("request", "guardian", "safety", "mistake", "law", "other")
"""Why somebody acts on a person, as codes for the log."""

Named = Annotated[str, Form(max_length=256)]
App = Annotated[str, Form(max_length=4096)]
Key = Annotated[str, Form(max_length=64)]
Reason = Annotated[str, Form(max_length=16)]


def named(people: People, user: str, way: str, app: str) -> Who:
    """The person that a form names; `way` is "proven", "app" or "key".

    Raises:
        RequestError: it names nobody (422).
    """
    if way == "key":
        return keyed(people, user.strip())
    if not user or way not in ("proven", "app") or not app.isascii() or not app.isprintable():
        raise RequestError("name a person", status=422, code="form")
    return people.user(user, app.encode("ascii") if way == "app" else None)


def keyed(people: People, key: str) -> Who:
    """The person of a key.

    Raises:
        RequestError: it is none (404).
    """
    if KEY.fullmatch(key) is None:
        raise RequestError("nobody is known by this key", status=404, code="unknown_person")
    return people.keyed(key)
