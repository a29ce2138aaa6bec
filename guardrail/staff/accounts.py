"""Who works here: inviting, roles, tenants, ending. How they get in is `logins`.

Rules of this file:

1. Written down first, then done: every act is an event (kind "account.…", subject the member's id)
   before the account changes. No event holds a login, a name or an address.
2. Nobody is given a password. An invitation is a link that counts once and for a while; what lies
   here is its hash.
3. There is always an admin: the last one can neither be disabled nor lose the role, and nobody
   changes their own roles.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from guardrail.errors import RequestError
from guardrail.roles import STAFF, StaffRole
from guardrail.staff.proofs import digest, token
from guardrail.store.accounts import Account, AccountBook, Invited, Purpose, Standing
from guardrail.store.base import Event, Store

__all__ = ["INVITED_HOURS", "Accounts", "Diary", "Invitation", "clean_name", "new_id"]

INVITED_HOURS = 72.0
"""How long an invitation counts; one to the first admin as well."""

NAME = 64
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What whoever invites hands over, once: the code stands nowhere else. `until`: epoch seconds."""

    account: str
    code: str
    until: float


class Diary:
    """Writes `account.` events."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    async def write(self, what: str, member: str, *, id: str = "", **body: Any) -> None:  # noqa: A002 - as in Event
        """One event, durable on return; with an `id` of its own it is written once."""
        kind = f"account.{what}"
        key = id or secrets.token_hex(10)
        await self._store.append(Event(f"{kind}.{key}", self._clock(), kind, member, body=body))


class Accounts:
    """Everybody of the staff, and acts on them.

    `by` is always the id of the member who acts, or "cli". Every method may raise `StoreError`.
    """

    def __init__(
        self, book: AccountBook, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._book, self._clock = book, clock
        self._diary = Diary(store, clock)
        self._any = False

    async def any(self) -> bool:
        """Whether anybody works here yet. From then on nothing is open any more."""
        self._any = self._any or await self._book.any()
        return self._any

    async def all(self) -> tuple[Account, ...]:
        """Everybody, oldest first."""
        return await self._book.all()

    async def names(self) -> Mapping[str, str]:
        """The name that colleagues see, by member id."""
        return {one.id: one.name for one in await self._book.all()}

    async def get(self, member: str) -> Account:
        """One of them.

        Raises:
            RequestError: there is nobody with this id (404).
        """
        found = await self._book.get(member)
        if found is None:
            raise RequestError("nobody has this id", status=404, code="unknown_member")
        return found

    # -- acts ------------------------------------------------------------------------------------

    async def invite(
        self,
        by: str,
        roles: Collection[StaffRole],
        *,
        name: str = "",
        tenant: str = "",
        language: str = "en",
    ) -> Invitation:
        """A new account, to be made whole by whoever has the code.

        Raises:
            RequestError: no roles, or one that is not for the staff (422).
        """
        account = Account(
            id=new_id(),
            name=clean_name(name),
            roles=_roles(roles),
            tenant=tenant,
            language=language,
            made_at=self._clock(),
        )
        told = sorted(account.roles)
        await self._diary.write("invited", account.id, by=by, roles=told, tenant=tenant)
        await self._book.add(account)
        return await self._invitation(account.id, Purpose.JOIN)

    async def renew(self, by: str, member: str) -> Invitation:
        """A new link for somebody: to join, or, if they have joined, to begin anew.

        After the loss of a phone or a password: every login ends, and the old password and codes
        do not count any more.

        Raises:
            RequestError: nobody has this id (404), is disabled, or signs in elsewhere (409).
        """
        one = await self.get(member)
        if one.standing is Standing.DISABLED:
            raise _not_possible("the account is disabled")
        if one.outside is not None:
            raise _not_possible("this member signs in with the identity provider")
        if one.standing is Standing.INVITED:
            await self._diary.write("invited", member, by=by, again=True)
            return await self._invitation(member, Purpose.JOIN)
        await self._diary.write("reset", member, by=by)
        await self._book.prove(member, "")
        return await self._invitation(member, Purpose.RESET)

    async def assign(
        self, by: str, member: str, roles: Collection[StaffRole], tenant: str = ""
    ) -> Account:
        """What somebody is here for, from their next request on.

        Raises:
            RequestError: unknown member (404), roles that cannot be (422), one's own roles, or the
                last admin (409).
        """
        one, wanted = await self.get(member), _roles(roles)
        if by == member:
            raise _not_possible("nobody changes their own roles", "yourself")
        if not _rules(wanted, tenant):
            await self._keep_an_admin(one)
        await self._diary.write(
            "roles",
            member,
            by=by,
            before=sorted(one.roles),
            after=sorted(wanted),
            tenant_before=one.tenant,
            tenant=tenant,
        )
        await self._book.assign(member, wanted, tenant)
        return await self.get(member)

    async def disable(self, by: str, member: str) -> Account:
        """End somebody's access now; their logins and invitations end with it.

        Raises:
            RequestError: unknown member (404), oneself or the last admin (409).
        """
        one = await self.get(member)
        if by == member:
            raise _not_possible("nobody disables themselves", "yourself")
        await self._keep_an_admin(one)
        await self._diary.write("disabled", member, by=by)
        await self._book.stand(member, Standing.DISABLED)
        return await self.get(member)

    async def enable(self, by: str, member: str) -> Account:
        """Give access back, and end a lock.

        Raises:
            RequestError: unknown member (404).
        """
        one = await self.get(member)
        joined = one.outside is not None or one.login is not None
        await self._diary.write("enabled", member, by=by)
        await self._book.stand(member, Standing.ACTIVE if joined else Standing.INVITED)
        return await self.get(member)

    async def close(self) -> None:
        """Let go of the file, for logins as well. May be called twice."""
        await self._book.close()

    # -- parts -----------------------------------------------------------------------------------

    async def _invitation(self, member: str, purpose: Purpose) -> Invitation:
        code, until = token(), self._clock() + INVITED_HOURS * 3600.0
        await self._book.invite(digest(code), Invited(member, purpose, until, ""))
        return Invitation(member, code, until)

    async def _keep_an_admin(self, leaving: Account) -> None:
        """Refuse if nobody could make accounts without them."""
        if not _admin(leaving):
            return
        others = (one for one in await self._book.all() if one.id != leaving.id)
        if not any(_admin(one) for one in others):
            raise _not_possible("this is the last admin", "last_admin")


def new_id() -> str:
    """A member id: it stays in the log for ever, so it says nothing."""
    return f"m{secrets.token_hex(8)}"


def clean_name(name: str) -> str:
    """A name as colleagues see it: one line, not endless.

    Raises:
        RequestError: it cannot be shown (422).
    """
    plain = " ".join(name.split())
    if len(plain) > NAME or not plain.isprintable():
        raise RequestError("this name cannot be used", status=422, code="name")
    return plain


def _roles(roles: Collection[StaffRole]) -> frozenset[StaffRole]:
    found = frozenset(roles)
    if not found or not found <= set(STAFF):
        raise RequestError("choose at least one role of the staff", status=422, code="roles")
    return found


def _rules(roles: frozenset[StaffRole], tenant: str) -> bool:
    """Whether this makes an admin; one of a single tenant may not make accounts."""
    return StaffRole.ADMIN in roles and not tenant


def _admin(one: Account) -> bool:
    return one.standing is Standing.ACTIVE and _rules(one.roles, one.tenant)


def _not_possible(message: str, code: str = "not_possible") -> RequestError:
    return RequestError(message, status=409, code=code)
