"""Accounts of the staff, in a file of their own: who they are, what proves it, where they are signed in.

A file of its own because names stand in it: the log and the sessions of users hold none, and a copy
of theirs shall name nobody. Whatever could be shown to get in lies here hashed (sessions,
invitations, recovery codes), stretched (passwords) or sealed (TOTP keys).

Every method may raise `StoreError`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from guardrail.roles import StaffRole
from guardrail.store._accounts import (
    ACCOUNT,
    STEPS,
    VISIT,
    Account,
    Attempt,
    Invited,
    Proofs,
    Purpose,
    Standing,
    Visit,
    account_of,
    listed,
)
from guardrail.store._worker import Worker
from guardrail.store.migrations import migrate

__all__ = [
    "ACCOUNTS_FILE",
    "Account",
    "AccountBook",
    "Attempt",
    "Invited",
    "Proofs",
    "Purpose",
    "Standing",
    "Visit",
]

ACCOUNTS_FILE = "guardrail-accounts.db"
"""In the folder `data`."""

DOUBLINGS = 6
"""Times a lock doubles at most: from 15 minutes to 16 hours."""


class AccountBook:
    """The file `guardrail-accounts.db`. Opens nothing until it is first used."""

    def __init__(self, path: Path | str, *, busy_seconds: float = 5.0) -> None:
        self._worker = Worker(str(path), busy_seconds, lambda db: migrate(db, STEPS))

    async def close(self) -> None:
        """Let go of the file. May be called twice."""
        await self._worker.close()

    # -- accounts --------------------------------------------------------------------------------

    async def any(self) -> bool:
        """Whether there is an account at all."""
        row = await self._one("SELECT 1 FROM account LIMIT 1")
        return row is not None

    async def all(self) -> tuple[Account, ...]:
        """Everybody, oldest first."""
        rows = await self._rows(f"SELECT {ACCOUNT} FROM account ORDER BY made_at, id")  # noqa: S608
        return tuple(map(account_of, rows))

    async def get(self, account: str) -> Account | None:
        """One by id."""
        return await self._account("id = ?", account)

    async def named(self, login: str) -> Account | None:
        """One by what they type."""
        return await self._account("login = ?", login)

    async def outside(self, key: str) -> Account | None:
        """One by issuer and subject."""
        return await self._account("outside = ?", key)

    async def add(self, one: Account) -> bool:
        """A new account; false if its login or its outside name is taken."""
        values = (
            one.id, one.name, listed(one.roles), one.tenant, one.language, one.login, one.outside,
            one.standing, one.made_at,
        )  # fmt: skip
        return await self._done(
            "INSERT OR IGNORE INTO account (id, name, roles, tenant, language, login, outside,"
            " standing, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *values,
        )

    async def rename(self, account: str, *, name: str, language: str) -> None:
        """What colleagues see, and which language the pages speak."""
        await self._done(
            "UPDATE account SET name = ?, language = ? WHERE id = ?", name, language, account
        )

    async def assign(self, account: str, roles: Iterable[StaffRole], tenant: str) -> None:
        """What somebody is here for."""
        await self._done(
            "UPDATE account SET roles = ?, tenant = ? WHERE id = ?", listed(roles), tenant, account
        )

    async def stand(self, account: str, standing: Standing) -> None:
        """Enable or disable. A lock ends; with access, every login and invitation does."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE account SET standing = ?, locked_until = 0, failures = 0 WHERE id = ?",
                (standing, account),
            )
            if standing is Standing.DISABLED:
                db.execute("DELETE FROM visit WHERE account = ?", (account,))
                db.execute("DELETE FROM invitation WHERE account = ?", (account,))

        await self._worker.do(work)

    # -- what proves it --------------------------------------------------------------------------

    async def proofs(self, account: str) -> Proofs | None:
        """Password and second factor; `None` if they never made any."""
        row = await self._one("SELECT password, totp FROM account WHERE id = ?", account)
        return Proofs(row[0], row[1]) if row is not None and row[0] else None

    async def prove(self, account: str, password: str) -> None:
        """A new password; every login ends."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE account SET password = ? WHERE id = ?", (password, account))
            db.execute("DELETE FROM visit WHERE account = ?", (account,))

        await self._worker.do(work)

    async def attempt(self, account: str, now: float, limit: int, seconds: float) -> Attempt:
        """Count a try *before* it is judged, so that a hundred at once get no more than `limit`.

        The lock that follows doubles each time, until somebody gets in.
        """

        def work(db: sqlite3.Connection) -> Attempt:
            row = db.execute(
                "SELECT failures, locked_until FROM account WHERE id = ?", (account,)
            ).fetchone()
            if row is None or row[1] > now:
                return Attempt(allowed=False)
            tries = row[0] + 1
            locks = tries % limit == 0
            until = now + seconds * 2 ** min(tries // limit - 1, DOUBLINGS) if locks else 0.0
            db.execute(
                "UPDATE account SET failures = ?, locked_until = ? WHERE id = ?",
                (tries, until, account),
            )
            return Attempt(allowed=True, locks=locks, until=until)

        return await self._worker.do(work)

    async def spend(self, account: str, step: int) -> bool:
        """Use up a TOTP code and forgive the tries before; false if it, or a later one, was used."""
        return await self._done(
            "UPDATE account SET totp_step = ?, failures = 0, locked_until = 0"
            " WHERE id = ? AND totp_step < ?",
            step,
            account,
            step,
        )

    async def spend_recovery(self, account: str, code: str) -> bool:
        """The same for a recovery code, by its hash."""

        def work(db: sqlite3.Connection) -> bool:
            gone = db.execute(
                "DELETE FROM recovery WHERE account = ? AND code = ?", (account, code)
            ).rowcount
            if gone:
                db.execute(
                    "UPDATE account SET failures = 0, locked_until = 0 WHERE id = ?", (account,)
                )
            return bool(gone)

        return await self._worker.do(work)

    async def set_recovery(self, account: str, codes: Iterable[str]) -> None:
        """New recovery codes, as hashes; those before are void."""
        rows = [(account, code) for code in codes]

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM recovery WHERE account = ?", (account,))
            db.executemany("INSERT INTO recovery (account, code) VALUES (?, ?)", rows)

        await self._worker.do(work)

    async def recovery_left(self, account: str) -> int:
        """How many recovery codes are left."""
        row = await self._one("SELECT count(*) FROM recovery WHERE account = ?", account)
        return int(row[0]) if row else 0

    # -- invitations -----------------------------------------------------------------------------

    async def invite(self, token: str, one: Invited) -> None:
        """Put an invitation down by its hash; an account has one at a time."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM invitation WHERE account = ?", (one.account,))
            db.execute(
                "INSERT INTO invitation (token, account, purpose, until, totp)"
                " VALUES (?, ?, ?, ?, ?)",
                (token, one.account, one.purpose, one.until, one.totp),
            )

        await self._worker.do(work)

    async def invitation(self, token: str, now: float) -> Invited | None:
        """One that still counts."""
        row = await self._one(
            "SELECT account, purpose, until, totp FROM invitation WHERE token = ? AND until > ?",
            token,
            now,
        )
        return Invited(row[0], Purpose(row[1]), row[2], row[3]) if row is not None else None

    async def offer(self, token: str, totp: str) -> str:
        """Keep the TOTP key that is shown to whoever opened it; the first one stays."""

        def work(db: sqlite3.Connection) -> str:
            db.execute(
                "UPDATE invitation SET totp = ? WHERE token = ? AND totp = ''", (totp, token)
            )
            row = db.execute("SELECT totp FROM invitation WHERE token = ?", (token,)).fetchone()
            return str(row[0]) if row is not None else ""

        return await self._worker.do(work)

    async def join(
        self, token: str, one: Account, proofs: Proofs, *, step: int, codes: Iterable[str]
    ) -> bool:
        """Use an invitation up and make its account whole, in one transaction.

        False if the invitation is gone. The account's logins end.

        Raises:
            StoreError: the login is taken (look first).
        """
        rows = [(one.id, code) for code in codes]

        def work(db: sqlite3.Connection) -> bool:
            used = db.execute(
                "DELETE FROM invitation WHERE token = ? AND account = ?", (token, one.id)
            ).rowcount
            if not used:
                return False
            db.execute(
                "UPDATE account SET name = ?, language = ?, login = ?, standing = ?, password = ?,"
                " totp = ?, totp_step = ?, failures = 0, locked_until = 0 WHERE id = ?",
                (
                    one.name, one.language, one.login, Standing.ACTIVE, proofs.password,
                    proofs.totp, step, one.id,
                ),
            )  # fmt: skip
            db.execute("DELETE FROM visit WHERE account = ?", (one.id,))
            db.execute("DELETE FROM recovery WHERE account = ?", (one.id,))
            db.executemany("INSERT INTO recovery (account, code) VALUES (?, ?)", rows)
            return True

        return await self._worker.do(work)

    # -- logins ----------------------------------------------------------------------------------

    async def enter(self, visit: Visit) -> bool:
        """Begin a login; false if the account is not active any more."""

        def work(db: sqlite3.Connection) -> bool:
            made = db.execute(
                "INSERT INTO visit (id, account, since, seen, how)"
                " SELECT ?, id, ?, ?, ? FROM account WHERE id = ? AND standing = ?",
                (visit.id, visit.since, visit.seen, visit.how, visit.account, Standing.ACTIVE),
            ).rowcount
            db.execute("UPDATE account SET seen_at = ? WHERE id = ?", (visit.since, visit.account))
            return bool(made)

        return await self._worker.do(work)

    async def visit(self, visit: str) -> tuple[Visit, Account] | None:
        """A login and whose it is, if the account is active."""
        row = await self._one(
            f"SELECT {VISIT}, {ACCOUNT} FROM visit JOIN account ON account.id = visit.account"  # noqa: S608
            " WHERE visit.id = ? AND account.standing = ?",
            visit,
            Standing.ACTIVE,
        )
        return (Visit(*row[:5]), account_of(row[5:])) if row is not None else None

    async def visits(self, account: str) -> tuple[Visit, ...]:
        """Where somebody is signed in."""
        rows = await self._rows(
            f"SELECT {VISIT} FROM visit WHERE account = ? ORDER BY since",  # noqa: S608
            account,
        )
        return tuple(Visit(*row) for row in rows)

    async def seen(self, visit: str, now: float) -> None:
        """A login shows signs of life."""
        await self._done("UPDATE visit SET seen = ? WHERE id = ?", now, visit)

    async def leave(self, visit: str) -> None:
        """End one login."""
        await self._done("DELETE FROM visit WHERE id = ?", visit)

    async def leave_all(self, account: str) -> None:
        """End every login of somebody."""
        await self._done("DELETE FROM visit WHERE account = ?", account)

    async def sweep(self, now: float, idle_since: float, begun_before: float) -> None:
        """Forget logins and invitations that are over."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM visit WHERE seen <= ? OR since <= ?", (idle_since, begun_before)
            )
            db.execute("DELETE FROM invitation WHERE until <= ?", (now,))

        await self._worker.do(work)

    # -- SQL -------------------------------------------------------------------------------------

    async def _account(self, where: str, value: str) -> Account | None:
        row = await self._one(f"SELECT {ACCOUNT} FROM account WHERE {where}", value)  # noqa: S608
        return account_of(row) if row is not None else None

    async def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        def work(db: sqlite3.Connection) -> tuple[Any, ...] | None:
            found: tuple[Any, ...] | None = db.execute(sql, values).fetchone()
            return found

        return await self._worker.do(work, writes=False)

    async def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return await self._worker.do(lambda db: db.execute(sql, values).fetchall(), writes=False)

    async def _done(self, sql: str, *values: Any) -> bool:
        return await self._worker.do(lambda db: db.execute(sql, values).rowcount > 0)
