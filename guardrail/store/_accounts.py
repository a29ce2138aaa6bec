"""What lies in the file of accounts: its values, its rows, its schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from guardrail.roles import Member, StaffRole
from guardrail.store.migrations import Migration

__all__ = [
    "ACCOUNT",
    "STEPS",
    "VISIT",
    "Account",
    "Attempt",
    "Invited",
    "Proofs",
    "Purpose",
    "Standing",
    "Visit",
    "account_of",
    "listed",
]


class Standing(StrEnum):
    """Whether an account can be used."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Purpose(StrEnum):
    """What an invitation is for."""

    JOIN = "join"
    RESET = "reset"  # new password and new second factor for an account that is there


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the staff. Times are epoch seconds; `login` is what they type, folded.

    `outside` is issuer and subject at an identity provider, for those who sign in there.
    """

    id: str
    name: str
    roles: frozenset[StaffRole]
    tenant: str = ""
    language: str = "en"
    login: str | None = None
    outside: str | None = None
    standing: Standing = Standing.INVITED
    made_at: float = 0.0
    seen_at: float | None = None
    locked_until: float = 0.0

    @property
    def member(self) -> Member:
        """The same as the rest of the house knows them."""
        return Member(self.id, self.name, self.roles, self.tenant, self.language)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a local account is checked against: an argon2 hash, and a sealed TOTP key."""

    password: str
    totp: str


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as it lies here: for which account, what for, until when."""

    account: str
    purpose: Purpose
    until: float
    totp: str  # sealed key that the page has shown, "" before


@dataclass(frozen=True, slots=True)
class Visit:
    """One login. `id` is the hash of what the browser holds."""

    id: str
    account: str
    since: float
    seen: float
    how: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: whether it may be made, and whether it was the one that locks."""

    allowed: bool
    locks: bool = False
    until: float = 0.0


VISIT = "visit.id, visit.account, visit.since, visit.seen, visit.how"

ACCOUNT = (
    "account.id, account.name, account.roles, account.tenant, account.language, account.login,"
    " account.outside, account.standing, account.made_at, account.seen_at, account.locked_until"
)


def listed(roles: Iterable[StaffRole]) -> str:
    """Roles as they lie in a row."""
    return orjson.dumps(sorted(roles)).decode()


def account_of(row: Any) -> Account:
    """An account from the columns `ACCOUNT`."""
    roles = frozenset(StaffRole(role) for role in orjson.loads(row[2]))
    return Account(
        row[0], row[1], roles, row[3], row[4], row[5], row[6], Standing(row[7]), *row[8:]
    )


def accounts(db: sqlite3.Connection) -> None:
    """The first schema."""
    db.execute(
        "CREATE TABLE account (id TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL,"
        " tenant TEXT NOT NULL, language TEXT NOT NULL, login TEXT UNIQUE, outside TEXT UNIQUE,"
        " standing TEXT NOT NULL, made_at REAL NOT NULL, seen_at REAL,"
        " password TEXT NOT NULL DEFAULT '', totp TEXT NOT NULL DEFAULT '',"
        " totp_step INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,"
        " locked_until REAL NOT NULL DEFAULT 0) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE recovery (account TEXT NOT NULL, code TEXT NOT NULL,"
        " PRIMARY KEY (account, code)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE invitation (token TEXT PRIMARY KEY, account TEXT NOT NULL,"
        " purpose TEXT NOT NULL, until REAL NOT NULL, totp TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE visit (id TEXT PRIMARY KEY, account TEXT NOT NULL, since REAL NOT NULL,"
        " seen REAL NOT NULL, how TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX visit_account ON visit (account)")


STEPS: tuple[Migration, ...] = (accounts,)
