"""A staff with accounts, for tests: real files, a clock that a test turns, cheap passwords.

::

    staff = Staff(tmp_path, store, clock)
    shown = await staff.seat(StaffRole.LEAD)            # signed in: headers of a browser
    ann = await staff.join("ann", StaffRole.ADMIN)      # with password and second factor
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp

from guardrail._tables import AccountsTable
from guardrail.admin.gate import session_cookie
from guardrail.roles import Member, StaffRole
from guardrail.staff.accounts import Accounts
from guardrail.staff.logins import Claims, Joining, Logins, Signed, Tried
from guardrail.staff.proofs import Cost
from guardrail.store.accounts import AccountBook
from guardrail.store.base import Store

__all__ = ["CHEAP", "PASSWORD", "Joined", "Staff"]

CHEAP = Cost(1, 64, 1)
PASSWORD = "a lamp under the bridge"


@dataclass
class Joined:
    """Somebody with a local account."""

    member: Member
    login: str
    secret: str
    token: str
    codes: tuple[str, ...]
    clock: Callable[[], float]

    def code(self, ahead: int = 0) -> str:
        """What their authenticator app shows."""
        return pyotp.TOTP(self.secret).at(int(self.clock()) + 30 * ahead)

    def tried(self, **more: str) -> Tried:
        """What they would type."""
        told = {"login": self.login, "password": PASSWORD, "code": self.code()} | more
        return Tried(**told)


class Staff:
    """Accounts and logins on a file."""

    def __init__(self, folder: Path, store: Store, clock: Any, **table: Any) -> None:
        self.book = AccountBook(folder / "guardrail-accounts.db")
        self.store, self.clock, self.table = store, clock, AccountsTable(**table)
        self.accounts = Accounts(self.book, store, clock)
        self.counted: list[tuple[str, str]] = []
        self.logins = Logins(
            self.book,
            store,
            self.table,
            key=b"0123456789abcdef",
            clock=clock,
            cost=CHEAP,
            patience=0.0,
            count=lambda what, why: self.counted.append((what, why)),
        )
        self._people = 0

    async def join(self, login: str, *roles: StaffRole, tenant: str = "") -> Joined:
        """Somebody who was invited and came."""
        invitation = await self.accounts.invite("cli", roles, tenant=tenant)
        offered = await self.logins.opened(invitation.code)
        code = pyotp.TOTP(offered.secret).at(int(self.clock()))
        entered = await self.logins.enrol(
            invitation.code, Joining(login, login.title(), PASSWORD, code)
        )
        return Joined(
            entered.member, login, offered.secret, entered.token, entered.codes, self.clock
        )

    async def enter(self, *roles: StaffRole, tenant: str = "") -> tuple[str, Signed]:
        """Somebody who is signed in, the quick way (an identity provider vouched for them)."""
        self._people += 1
        key = f"test {self._people}"
        claims = Claims(key, f"Member {self._people}", frozenset({StaffRole.MODERATOR}))
        entered = await self.logins.sign_in_as(claims)
        await self.book.assign(entered.member.id, roles, tenant)
        signed = await self.logins.session(entered.token)
        assert signed is not None
        return entered.token, signed

    async def seat(self, *roles: StaffRole, tenant: str = "") -> dict[str, str]:
        """The headers of a browser of somebody who is signed in, fit to change something."""
        token, signed = await self.enter(*roles, tenant=tenant)
        return {"cookie": f"{session_cookie(secure=False)}={token}", "x-csrf-token": signed.csrf}

    async def close(self) -> None:
        """Let go of the file."""
        await self.book.close()
