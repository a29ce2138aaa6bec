"""The console put together for tests: real files, a team that is signed in, cases of people in crisis.

::

    desk = Desktop(tmp_path, clock)
    lea = await desk.member("Lea", StaffRole.LEAD)
    case = await desk.crisis(user="ann", words=["I want to die."])
    async with desk.browser(lea) as browser: ...
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from guardrail._tables import VaultTable
from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.gate import session_cookie
from guardrail.admin.people import Office
from guardrail.audit import to_json, trail
from guardrail.complaints import Terms
from guardrail.console.account import account_routes
from guardrail.console.bench import Bench, Evidence
from guardrail.console.doors import Lobby, door_routes
from guardrail.console.pages import Pages, static_files
from guardrail.console.routers import console_routes
from guardrail.desk import Desk
from guardrail.identity import Pseudonyms
from guardrail.metrics import Metrics
from guardrail.people import People
from guardrail.person import Age, Crisis, Person
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.stack import Stack
from guardrail.roles import Member, StaffRole
from guardrail.staff.casework import Casework
from guardrail.staff.couriers import Courier
from guardrail.staff.logins import Claims
from guardrail.staff.notes import signer
from guardrail.staff.outbox import Outbox
from guardrail.staff.privacy import Privacy
from guardrail.staff.switchboard import Switchboard
from guardrail.staff.trail import Trail
from guardrail.staff.verify import verify
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import open_vault
from guardrail.takeover import Hold
from guardrail.turn import (
    AgeBand,
    Assessment,
    Danger,
    Level,
    Outcome,
    Profile,
    Record,
    Side,
    Signal,
    Turn,
)
from guardrail.vault import Speaker, Text
from guardrail.wellknown import ProtocolPage
from tests.cases import DECISION
from tests.conftest import POLICIES, POLICY
from tests.staffed import Staff

__all__ = ["HTML", "Desktop", "Room", "Seated"]

HTML = {"accept": "text/html"}
MONTH = 30 * 86_400.0


@dataclass
class Seated:
    """Somebody of the staff who is signed in."""

    member: Member
    token: str
    csrf: str
    session: str = ""

    @property
    def cookie(self) -> tuple[str, str]:
        """The cookie of their login."""
        return session_cookie(secure=False), self.token


class Desktop:
    """Everything that the console looks at, on files in one folder."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        *,
        couriers: Sequence[Courier] = (),
        store: Any = None,
    ) -> None:
        self.folder, self.clock = folder, clock
        self.store = store or SqliteStore(folder / "guardrail.db")
        self.vault = open_vault(folder, VaultTable(), clock)
        self.staff = Staff(folder, self.store, clock)
        self.work = Casework(self.store, self.vault, clock=clock)
        self.board = Switchboard(self.store, self.vault, clock)
        self.keys = Pseudonyms(b"0123456789abcdef")
        self.people = People(self.store, self.keys, clock)
        self.desk = Desk(self.store, self.keys, clock)
        self.privacy = Privacy(self.store, self.vault, clock)
        self.outbox = Outbox(self.store, couriers, clock=clock)
        self.policy = POLICY(POLICIES / "default.yaml")
        self.notes = folder / "checkpoints"
        self.signer = signer(folder / "audit.key")
        self.trail = Trail(self.store, self.notes, self.signer, clock=clock)
        self._turns = 0

    # -- the app -------------------------------------------------------------------------------

    def bench(self, **more: Any) -> Bench:
        """What the pages work with."""
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        holder = PolicyHolder(Stack((self.policy,)), today=today)
        page = ProtocolPage(holder, contact="", terms=Terms(), clock=self.clock)
        parts: dict[str, Any] = {
            "pages": Pages(),
            "casework": self.work,
            "board": self.board,
            "store": self.store,
            "vault": self.vault,
            "office": Office(self.people, self.desk, lambda: holder.all, page),
            "privacy": self.privacy,
            "policy": lambda _: self.policy,
            "accounts": self.staff.accounts,
            "clock": self.clock,
            "outbox": self.outbox,
            "evidence": Evidence(self.signer.verifier, self._verified),
            "still": self.staff.logins.still,
        }
        return Bench(**parts | more)

    def app(self, bench: Bench | None = None, **more: Any) -> Any:
        """The admin server with the console in it."""
        bench = bench or self.bench()
        lobby = Lobby(self.staff.accounts, self.staff.logins, bench.pages, self.staff.table)

        async def ready() -> dict[str, str | None]:
            return {}

        async def reload() -> list[Any]:
            return []

        parts = AdminParts(
            store=self.store,
            metrics=Metrics(),
            readiness=ready,
            policy=lambda: self.policy,
            reload=reload,
            cases=self.work.waiting,
            accounts=self.staff.accounts,
            logins=self.staff.logins,
            closed=True,
            office=bench.office,
            routers=(door_routes(lobby), account_routes(lobby), *console_routes(bench)),
            mounts={"/static/console": static_files()},
        )
        return create_admin(replace(parts, **more))

    def _verified(self) -> Any:
        return verify(self.folder / "guardrail.db", self.notes, [self.signer.verifier])

    # -- the team ------------------------------------------------------------------------------

    async def member(
        self,
        name: str,
        *roles: StaffRole,
        tenant: str = "",
        language: str = "en",
        key: str = "",
    ) -> Seated:
        """Somebody who is signed in; the same account for the same key (else the name)."""
        claims = Claims(key or f"key {name}", name, frozenset({StaffRole.MODERATOR}))
        entered = await self.staff.logins.sign_in_as(claims)
        await self.staff.book.assign(entered.member.id, roles, tenant)
        await self.staff.book.rename(entered.member.id, name=name, language=language)
        signed = await self.staff.logins.session(entered.token)
        assert signed is not None
        return Seated(signed.member, entered.token, signed.csrf, signed.session)

    def browser(
        self, seated: Seated | None = None, app: Any = None, **headers: str
    ) -> httpx.AsyncClient:
        """A browser of theirs that wants pages."""
        cookies = dict([seated.cookie]) if seated is not None else {}
        more = {"x-csrf-token": seated.csrf} if seated is not None else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app or self.app()),
            base_url="http://localhost:9090",
            headers=HTML | more | headers,
            cookies=cookies,
        )

    # -- people in crisis ----------------------------------------------------------------------

    def key(self, user: str) -> str:
        """Somebody's key in the store, as the people API finds it by a proven name."""
        return self.people.user(user, None).key

    async def crisis(
        self,
        user: str = "ann",
        words: Sequence[str] = ("I want to die.",),
        *,
        ago: float = 0.0,
        level: Level | None = None,
        age: AgeBand = AgeBand.UNKNOWN,
        language: str = "en",
        region: str | None = "US",
        tenant: str = "",
        named: bool = True,
        **fields: Any,
    ) -> str:
        """Somebody is in crisis; the id of their case. `words` alternate, the last ones are theirs."""
        self._turns += 1
        at, key, turn = self.clock() - ago, self.key(user), f"{self._turns:021x}"
        profile = Profile(key, age, region, language)
        said_in = f"talk of {user}"
        talk = Turn(turn, at, "openai", "/v1", said_in, profile, tenant=tenant, named=named)
        made = replace(DECISION, id=f"{turn}-0", reason="Somebody wants to die.", **fields)
        signal = Signal(made.label or "self_harm", made.score, "model", "1", level)
        seen = Assessment(Side.USER, (signal,))
        events = trail(made, talk, seen, since=at if made.danger is not Danger.NONE else 0.0)
        record = Record(
            turn, at, "openai", "/v1", talk.conversation, profile, Outcome.INTERVENED,
            assessments=(seen,), decisions=(made,),
        )  # fmt: skip
        told = Event(f"record.{turn}", at, "record", turn, key, talk.conversation, to_json(record))
        await self.store.append(*events, told)
        await self._remember(key, at, made.danger, Age(age))
        case = next(event.subject for event in events if event.kind == "case.opened")
        await self.vault.seal(*self._texts(case, key, words, at))
        return case

    async def _remember(self, key: str, at: float, danger: Danger, age: Age) -> None:
        def change(_: Any, __: Any) -> tuple[None, Person]:
            crisis = Crisis(danger, at, at + 72 * 3_600.0, 1) if danger else Crisis()
            return None, Person(key, at, at, at, age=age, crisis=crisis)

        await self.store.update("", key, change)

    def _texts(self, case: str, owner: str, words: Sequence[str], at: float) -> list[Text]:
        count, stem = len(words), secrets.token_hex(4)
        return [
            Text(
                f"{case}.{stem}.{n}",
                case,
                owner,
                Speaker.BOT if (count - n) % 2 == 0 else Speaker.USER,
                text,
                at - (count - n) / 1000,
                at + MONTH,
            )
            for n, text in enumerate(words)
        ]

    async def close(self) -> None:
        """Let go of all files."""
        await self.outbox.close()
        await self.staff.close()
        await self.vault.close()
        await self.store.close()


class Room:
    """One test's share of a desktop and its app: people and cases of its own, browsers of its team."""

    def __init__(self, desk: Desktop, app: Any, clock: Any, number: int) -> None:
        self.desk, self.app, self.clock, self.number = desk, app, clock, number
        self.open: list[httpx.AsyncClient] = []
        self.cases: list[str] = []

    async def member(self, name: str, *roles: StaffRole, **more: Any) -> Seated:
        """Somebody who is signed in."""
        key = f"{name} of {self.number}"
        return await self.desk.member(name, *(roles or (StaffRole.CHILD_SAFETY,)), key=key, **more)

    async def crisis(self, user: str, *more: Any, **fields: Any) -> str:
        """Somebody is in crisis; the id of their case."""
        case = await self.desk.crisis(self.user(user), *more, **fields)
        self.cases.append(case)
        return case

    def user(self, user: str) -> str:
        """Somebody whom no other test knows."""
        return f"{user}-{self.number}"

    def browser(self, seated: Seated) -> httpx.AsyncClient:
        """Theirs."""
        browser = self.desk.browser(seated, self.app)
        self.open.append(browser)
        return browser

    async def join(self, seated: Seated, case: str, user: str = "ann") -> Hold:
        """Claim a case and join its chat."""
        await self.desk.work.claim(seated.member, case)
        who = self.user(user)
        return await self.desk.board.join(case, f"talk of {who}", self.desk.key(who), seated.member)

    async def events(self, kind: str, subject: str | None = None) -> list[Event]:
        """What the log holds of a kind about these cases, or about a subject; oldest first."""
        found = await self.desk.store.read(Query(kind, subject, ascending=True, limit=1_000))
        return [one for one in found if subject or one.subject in self.cases]

    def listed(self, page: httpx.Response) -> list[str]:
        """This test's cases in the list, in its order."""
        return [one for one in re.findall(r'<a id="open-(\w+)"', page.text) if one in self.cases]
