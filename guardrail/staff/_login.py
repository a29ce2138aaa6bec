"""What signing in takes and gives, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from guardrail.errors import RequestError
from guardrail.roles import Member, StaffRole
from guardrail.store.accounts import Purpose

__all__ = [
    "Claims",
    "Enrolment",
    "Entered",
    "Joining",
    "Signed",
    "Tried",
    "gone",
    "unfitting",
    "wrong_try",
]


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody who is signed in: `session` names this login, `csrf` belongs to its forms."""

    member: Member
    session: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A new login. `token` goes into the cookie and nowhere else."""

    member: Member
    token: str
    codes: tuple[str, ...] = ()  # recovery codes, shown once


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the page of an invitation shows. `login` is "" where it can still be chosen."""

    purpose: Purpose
    name: str
    login: str
    secret: str
    link: str  # for the picture that an authenticator app reads


@dataclass(frozen=True, slots=True)
class Joining:
    """What whoever was invited types."""

    login: str
    name: str
    password: str
    code: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody shows to get in."""

    login: str
    password: str
    code: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Who an identity provider says they are. `key` is issuer and subject."""

    key: str
    name: str
    roles: frozenset[StaffRole]


def wrong_try() -> RequestError:
    """The one answer to every try that fails."""
    return RequestError("login, password or code is wrong", status=401, code="wrong")


def gone() -> RequestError:
    """The one answer to every code that is not, or no longer, an invitation."""
    return RequestError("this link was used or is too old", status=404, code="invitation")


def unfitting(message: str, code: str) -> RequestError:
    """Something that was typed will not do; `code` says what."""
    return RequestError(message, status=422, code=code)
