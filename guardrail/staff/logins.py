"""How somebody of the staff gets in, stays in and goes: invitations, passwords and codes, logins.

Theory of operation. A login is a random token in a cookie and its hash in the file of accounts;
roles are looked up with it, so that a change counts from the next request on. Rules:

1. Every answer to a wrong try is the same and takes the same time, whether the name is unknown, the
   password wrong, the code used or the account locked.
2. A try is counted before it is judged: a hundred at once get no more than the limit.
3. Two factors, always. A one-time code counts once, even for whoever saw it being typed.
4. A login gets a new token each time, whatever the browser sent; a new password ends all others.
5. Written down first: who gets in is in the log, or does not get in.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import replace

from guardrail._tables import AccountsTable
from guardrail.errors import RequestError
from guardrail.roles import STAFF, Member
from guardrail.staff._login import (
    Claims,
    Enrolment,
    Entered,
    Joining,
    Signed,
    Tried,
    gone,
    unfitting,
    wrong_try,
)
from guardrail.staff.accounts import Diary, clean_name, new_id
from guardrail.staff.proofs import (
    Cost,
    Passwords,
    Sealer,
    digest,
    fold,
    new_totp,
    recovery_codes,
    token,
    totp_link,
    totp_step,
    unfit,
)
from guardrail.store.accounts import Account, AccountBook, Invited, Proofs, Standing, Visit
from guardrail.store.base import Store

__all__ = ["Claims", "Enrolment", "Entered", "Joining", "Logins", "Signed", "Tried"]

LOGIN = re.compile(r"[\w.@+-]{2,64}\Z")

LIVELY = 60.0
"""Seconds between two notes that a login is alive; one less write for most requests."""

HOUSE = "guardrail"
"""The name that an authenticator app shows."""


class Logins:
    """Getting in and staying in. Every method may raise `StoreError`.

    Args:
        book: the file of accounts.
        store: the log.
        table: how long, how often.
        key: the house's own secret, at least 16 bytes; TOTP keys are sealed under it.
        clock: epoch seconds.
        cost: what argon2id spends.
        patience: seconds that the answer to a wrong try takes at least.
        count: told of every try ("staff_login"): ok, failed, locked, or refused (no role, disabled).
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        book: AccountBook,
        store: Store,
        table: AccountsTable,
        *,
        key: bytes,
        clock: Callable[[], float] = time.time,
        cost: Cost = Cost(),  # noqa: B008 - frozen
        patience: float = 0.5,
        count: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        self._book, self._table, self._clock, self._patience = book, table, clock, patience
        self._count = count
        self._diary, self._passwords, self.sealer = (
            Diary(store, clock),
            Passwords(cost),
            Sealer(key),
        )

    # -- joining ---------------------------------------------------------------------------------

    async def opened(self, code: str) -> Enrolment:
        """What an invitation is for. It stays good until `enrol`.

        Raises:
            RequestError: it is used, too old, or never was one (404).
        """
        one, account = await self._invited(code)
        sealed = one.totp or await self._book.offer(
            digest(code), self.sealer.seal("totp", {"key": new_totp()})
        )
        secret = self._opened(sealed)
        login = account.login or ""
        link = totp_link(secret, login or account.name or account.id, HOUSE)
        return Enrolment(one.purpose, account.name, login, secret, link)

    async def enrol(self, code: str, told: Joining, old: str = "") -> Entered:
        """Make an account whole and begin its first login.

        Raises:
            RequestError: the invitation is gone (404), the login is taken (409), or something that
                was typed will not do (422; `code` says what).
        """
        one, account = await self._invited(code)
        login = account.login or fold(told.login)
        name = clean_name(told.name) or account.name
        if not LOGIN.match(login) or not name:
            raise unfitting("choose a login and a name", "login")
        wrong = unfit(told.password, login, name)
        if wrong is not None:
            raise unfitting("choose another password", wrong)
        step = totp_step(self._opened(one.totp), told.code, self._clock()) if one.totp else None
        if step is None:
            raise unfitting("the code is not right", "code")
        taken = await self._book.named(login)
        if taken is not None and taken.id != account.id:
            raise RequestError("this login is taken", status=409, code="taken")
        proofs = Proofs(await self._passwords.hash(told.password), one.totp)
        codes = recovery_codes()
        await self._diary.write("joined", account.id, how=one.purpose)
        whole = replace(account, name=name, login=login, language=told.language)
        hashes = [digest(_bare(each)) for each in codes]
        if not await self._book.join(digest(code), whole, proofs, step=step, codes=hashes):
            raise gone()
        entered = await self._enter(replace(whole, standing=Standing.ACTIVE), "local", old)
        return replace(entered, codes=codes)

    # -- getting in ------------------------------------------------------------------------------

    async def sign_in(self, tried: Tried, old: str = "") -> Entered:
        """A new login for whoever shows password and code; `old` is the token of the one before.

        Raises:
            RequestError: anything is wrong, or the account is locked (401, and always the same);
                too many at once (503).
        """
        if not self._table.local:
            raise wrong_try()
        login = fold(tried.login)
        found = await self._book.named(login) if LOGIN.match(login) else None
        account = await self._confirmed(found, tried)
        return await self._enter(account, "local", old)

    async def sign_in_as(self, claims: Claims, old: str = "") -> Entered:
        """A new login for whoever an identity provider vouches for; their roles are what it says.

        Raises:
            RequestError: no group of theirs has a role here, or the account is disabled (403).
        """
        account = await self._book.outside(claims.key)
        if not claims.roles or not claims.roles <= set(STAFF):
            await self._unknown("role", account)
            self._count("staff_login", "refused")
            raise RequestError("none of your groups has a role here", status=403, code="no_role")
        if account is None:
            account = await self._outsider(claims)
        if account.standing is not Standing.ACTIVE:
            await self._diary.write("failed", account.id, why="disabled")
            self._count("staff_login", "refused")
            raise RequestError("this account is disabled", status=403, code="disabled")
        if account.roles != claims.roles:
            before, after = sorted(account.roles), sorted(claims.roles)
            await self._diary.write("roles", account.id, by="oidc", before=before, after=after)
            await self._book.assign(account.id, claims.roles, account.tenant)
            account = replace(account, roles=claims.roles)
        return await self._enter(account, "oidc", old)

    # -- staying and going -----------------------------------------------------------------------

    async def session(self, shown: str, *, alive: bool = True) -> Signed | None:
        """Who holds this token, if the login still counts.

        Without `alive` it is no sign of life: a page that asks by itself keeps nobody signed in.
        """
        found = await self._current(digest(shown)) if shown else None
        if found is None:
            return None
        visit, account = found
        now = self._clock()
        if alive and now - visit.seen > min(LIVELY, self._idle / 2):
            await self._book.seen(visit.id, now)
        csrf = hmac.new(shown.encode(), b"csrf", "sha256").hexdigest()
        return Signed(account.member, visit.id, csrf)

    async def still(self, session: str) -> Member | None:
        """Whose login this is, as they are now; `None` once it is over. For what stays open long."""
        found = await self._current(session)
        return found[1].member if found is not None else None

    async def sign_out(self, signed: Signed, *, everywhere: bool = False) -> None:
        """End this login, or every login of its member."""
        await self._diary.write("signed_out", signed.member.id, everywhere=everywhere)
        if everywhere:
            await self._book.leave_all(signed.member.id)
        else:
            await self._book.leave(signed.session)

    async def visits(self, member: str) -> tuple[Visit, ...]:
        """Where somebody is signed in, oldest first."""
        return await self._book.visits(member)

    async def recovery_left(self, member: str) -> int:
        """How many recovery codes are left."""
        return await self._book.recovery_left(member)

    # -- one's own account -----------------------------------------------------------------------

    async def change_password(self, signed: Signed, tried: Tried, new: str) -> Entered:
        """A new password, a new login; every other login ends. `tried.login` is not looked at.

        Raises:
            RequestError: password or code is wrong (401), the new one will not do (422).
        """
        account = await self._book.get(signed.member.id)
        wrong = unfit(new, *((account.login or "", account.name) if account else ()))
        if wrong is not None:
            raise unfitting("choose another password", wrong)
        account = await self._confirmed(account, tried)
        hashed = await self._passwords.hash(new)
        await self._diary.write("password", account.id, by=account.id)
        await self._book.prove(account.id, hashed)
        return await self._enter(account, "local", "")

    async def renew_recovery(self, signed: Signed, tried: Tried) -> tuple[str, ...]:
        """New recovery codes; those before are void.

        Raises:
            RequestError: password or code is wrong (401).
        """
        account = await self._confirmed(await self._book.get(signed.member.id), tried)
        codes = recovery_codes()
        await self._diary.write("recovery", account.id, by=account.id)
        await self._book.set_recovery(account.id, [digest(_bare(each)) for each in codes])
        return codes

    async def rename(self, signed: Signed, *, name: str, language: str) -> None:
        """What colleagues see, and which language the pages speak.

        Raises:
            RequestError: the name cannot be used (422).
        """
        plain = clean_name(name)
        if not plain:
            raise unfitting("choose a name", "name")
        await self._book.rename(signed.member.id, name=plain, language=language)

    # -- parts -----------------------------------------------------------------------------------

    @property
    def _idle(self) -> float:
        return self._table.idle_minutes * 60.0

    @property
    def _longest(self) -> float:
        return self._table.absolute_hours * 3600.0

    async def _current(self, session: str) -> tuple[Visit, Account] | None:
        found = await self._book.visit(session)
        if found is None:
            return None
        visit, now = found[0], self._clock()
        if now - visit.seen > self._idle or now - visit.since > self._longest:
            await self._book.leave(visit.id)
            return None
        return found

    async def _invited(self, code: str) -> tuple[Invited, Account]:
        one = await self._book.invitation(digest(code), self._clock())
        account = await self._book.get(one.account) if one is not None else None
        if one is None or account is None:
            raise gone()
        return one, account

    def _opened(self, sealed: str) -> str:
        found = self.sealer.open("totp", sealed)
        if found is None:  # sealed under another key: the data folder was put together from two
            raise RequestError("this second factor cannot be read here", status=409, code="sealed")
        return str(found["key"])

    async def _confirmed(self, account: Account | None, tried: Tried) -> Account:
        """The account, if password and code are right and it may be used. The only judge of both."""
        begun, loop = self._clock(), asyncio.get_running_loop()
        due = loop.time() + self._patience
        table = self._table
        member = account.id if account is not None else ""
        attempt = await self._book.attempt(member, begun, table.attempts, table.lock_minutes * 60.0)
        proofs = await self._book.proofs(member)
        known = await self._passwords.same(tried.password, proofs.password if proofs else None)
        step = totp_step(self._key(proofs), tried.code, self._clock())
        may_enter = attempt.allowed and account is not None and account.standing is Standing.ACTIVE
        if may_enter and known and account is not None and await self._spent(member, step, tried):
            return account
        locked = account is not None and not attempt.allowed
        self._count("staff_login", "locked" if locked else "failed")
        if attempt.locks:
            await self._diary.write("locked", member, until=attempt.until)
        await self._unknown("try" if attempt.allowed else "locked", account)
        await asyncio.sleep(max(0.0, due - loop.time()))
        raise wrong_try()

    def _key(self, proofs: Proofs | None) -> str:
        """Their TOTP key, or one that nobody has: then it takes as long."""
        found = self.sealer.open("totp", proofs.totp) if proofs is not None else None
        return str(found["key"]) if found is not None else new_totp()

    async def _spent(self, member: str, step: int | None, tried: Tried) -> bool:
        """Use the code up, as a one-time code or as a recovery code."""
        if step is not None:
            return await self._book.spend(member, step)
        if not await self._book.spend_recovery(member, digest(_bare(tried.code))):
            return False
        await self._diary.write("recovered", member)
        return True

    async def _unknown(self, why: str, account: Account | None) -> None:
        """A try that failed. Of names that nobody has, and of locked ones, one a minute is told."""
        minute = int(self._clock() // 60)
        member = account.id if account is not None else "unknown"
        often = account is None or why == "locked"
        await self._diary.write(
            "failed", member, id=f"{member}.{why}.{minute}" if often else "", why=why
        )

    async def _outsider(self, claims: Claims) -> Account:
        account = Account(
            id=new_id(),
            name=clean_name(claims.name[:64]) or "?",
            roles=claims.roles,
            outside=claims.key,
            standing=Standing.ACTIVE,
            made_at=self._clock(),
        )
        await self._diary.write("joined", account.id, how="oidc", roles=sorted(claims.roles))
        await self._book.add(account)
        found = await self._book.outside(claims.key)  # of two first logins at once, one made it
        return found if found is not None else account

    async def _enter(self, account: Account, how: str, old: str) -> Entered:
        shown, now = token(), self._clock()
        await self._diary.write("signed_in", account.id, how=how)
        await self._book.sweep(now, now - self._idle, now - self._longest)
        if old:
            await self._book.leave(digest(old))
        if not await self._book.enter(Visit(digest(shown), account.id, now, now, how)):
            raise wrong_try()
        self._count("staff_login", "ok")
        return Entered(account.member, shown)


def _bare(code: str) -> str:
    """A recovery code as it is compared: blanks, dashes and case do not count."""
    return "".join(one for one in code.casefold() if one.isalnum())
