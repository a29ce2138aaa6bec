"""Every way in × every role × tenant: nobody gets what their roles do not give, nor is refused what they do.

The list of ways in is taken from the app itself, so that a route that is added later is tested by
being there. One that declares no right fails here unless it is named in `OPEN`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from guardrail._asgi import ASGIApp, Message
from guardrail.admin.app import AdminParts, admin_app
from guardrail.admin.contacts import contact_routes
from guardrail.admin.gate import DOORS, Gate, Keeper
from guardrail.admin.guardians import guardian_routes
from guardrail.console.account import account_routes
from guardrail.console.doors import Lobby, door_routes
from guardrail.console.pages import static_files
from guardrail.console.routers import console_routes
from guardrail.console.seats import Endpoint, endpoints
from guardrail.demo.companion import Companion
from guardrail.metrics import Metrics
from guardrail.roles import (
    IN_PERSON,
    MAY,
    STAFF,
    TOKEN,
    VISITOR,
    WHOLE_HOUSE,
    Member,
    Right,
    StaffRole,
    may,
    rights,
    sees,
)
from guardrail.staff.emergency import EmergencyContacts
from guardrail.staff.guardians import Guardians
from guardrail.store.base import Query
from guardrail.turn import AgeBand
from tests.conftest import Clock
from tests.console import Desktop
from tests.staffed import Staff

DOCS = Path(__file__).parent.parent / "docs"

OPEN = {
    *(("GET", path) for path in ("/livez", "/readyz", "/metrics")),  # probes
    *((method, "/login") for method in ("GET", "POST")),
    *((method, "/account/login") for method in ("GET", "POST")),
    ("GET", "/account/oidc"),
    ("GET", "/account/oidc/back"),
    ("GET", "/account/join"),
    ("POST", "/account/join/open"),
    ("POST", "/account/join/finish"),
    ("POST", "/account/language"),
    ("*", "/static"),
    ("*", "/static/console"),
}
"""All that needs nobody: probes, ways to sign in, static files."""

APP, OTHER = "app", "other"


@dataclass(frozen=True)
class Actor:
    """Somebody who asks. `member` is `None` for nobody."""

    name: str
    member: Member | None
    headers: dict[str, str]
    human: bool = True

    def allowed(self, one: Endpoint) -> bool:
        """Whether the table of roles says so."""
        if self.member is None or one.rights is None:
            return False
        if one.signed_in and not self.human:
            return False
        return all(may(self.member, right) for right in one.rights)


@dataclass
class Whole:
    """The whole admin app, and cases of an adult and a child in each of two apps."""

    app: FastAPI
    gated: ASGIApp
    staff: Staff
    cases: dict[tuple[str, str], str]

    def __post_init__(self) -> None:
        self.ways = endpoints(self.app)


def whole_app(desk: Desktop, token: str | None) -> tuple[FastAPI, ASGIApp]:
    """Everything that the admin server can offer."""
    bench, companion, staff = desk.bench(), Companion(pace=0.0), desk.staff
    tenants = (APP, OTHER)
    guardians = Guardians(
        desk.store,
        desk.vault,
        desk.people,
        desk.keys,
        secret=b"0123456789abcdef0123456789abcdef",
        policy=lambda _: desk.policy,
        clock=desk.clock,
    )
    lobby = Lobby(
        staff.accounts,
        staff.logins,
        bench.pages,
        staff.table,
        token=token is not None,
        tenants=tenants,
    )

    async def ready() -> dict[str, str | None]:
        return {}

    async def reload() -> list[Any]:
        return []

    parts = AdminParts(
        store=desk.store,
        metrics=Metrics(),
        readiness=ready,
        policy=lambda: desk.policy,
        reload=reload,
        cases=desk.work.waiting,
        token=token,
        demo=companion,
        said=companion,
        office=bench.office,
        accounts=staff.accounts,
        logins=staff.logins,
        routers=(
            door_routes(lobby),
            account_routes(lobby),
            *console_routes(bench),
            guardian_routes(guardians),
            contact_routes(EmergencyContacts(desk.store, desk.vault, desk.people)),
        ),
        mounts={"/static/console": static_files()},
    )
    keeper = Keeper(token, staff.accounts, staff.logins)
    app = admin_app(parts, keeper)
    return app, Gate(app, keeper)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """With an admin token. Made once: it takes longer than asking it a thousand times."""
    desk = Desktop(tmp_path_factory.mktemp("whole"), Clock())
    app, gated = whole_app(desk, TOKEN_TEXT)

    async def begin() -> dict[tuple[str, str], str]:
        return {
            (tenant, age): await desk.crisis(f"{tenant} {age}", age=age, tenant=tenant)
            for tenant in (APP, OTHER)
            for age in (AgeBand.ADULT, AgeBand.MINOR)
        }

    yield Whole(app, gated, desk.staff, asyncio.run(begin()))
    asyncio.run(desk.close())


TOKEN_TEXT = "a token for scripts"


async def actors(staff: Staff) -> list[Actor]:
    """Nobody, the token, a guardian's role, each role for all apps and for one."""
    bearer = {"authorization": f"Bearer {TOKEN_TEXT}"}
    found = [Actor("nobody", None, {}), Actor("token", TOKEN, bearer, human=False)]
    for role in StaffRole:
        for tenant in ("", APP):
            token, signed = await staff.enter(role, tenant=tenant)
            headers = {"cookie": f"guardrail_seat={token}", "x-csrf-token": signed.csrf}
            member = Member(signed.member.id, "", frozenset({role}), tenant)
            found.append(Actor(f"{role} of {tenant or 'all'}", member, headers))
    return found


def asked(one: Endpoint, case: str) -> tuple[str, str]:
    """A method and a path that this endpoint would serve."""
    method = "GET" if one.method == "*" else one.method
    path = one.path + ("/x" if one.method == "*" else "")
    path = path.replace("{case}", case)
    return method, re.sub(r"\{[a-z_]+\}", "x", path)


async def ask(app: ASGIApp, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of the answer to an empty JSON body; an endless stream is left when it begins."""
    body = b"{}" if method == "POST" else b""
    told = {"host": "localhost:9090", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in told.items()],
        "server": ("localhost", 9090),
        "client": ("127.0.0.1", 1),
    }
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
    begun: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.set_result(message)

    task = asyncio.ensure_future(app(scope, inbox.get, send))
    either: list[asyncio.Future[Any]] = [task, begun]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not begun.done():
        await task  # it broke before it answered
    answer = begun.result()
    if (b"content-type", b"text/event-stream") in {(k, v[:17]) for k, v in answer["headers"]}:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return int(answer["status"])


def guarded(whole: Whole) -> Iterator[Endpoint]:
    """Every way in that is not open; those that end a login last."""
    ways = [one for one in whole.ways if (one.method, one.path) not in OPEN]
    yield from sorted(ways, key=lambda one: "logout" in one.path)


def test_every_way_in_declares_its_rights_or_is_named(whole: Whole) -> None:
    """No route says nothing; what is open without a login is the short list, and only that."""
    silent = {(one.method, one.path) for one in whole.ways if one.rights is None}
    assert silent <= OPEN, f"say which rights these need: {sorted(silent - OPEN)}"
    there = {(one.method, one.path) for one in whole.ways}
    assert {path for _, path in OPEN if path.startswith("/account")} == DOORS - {"/login"}
    assert {way for way in OPEN if "oidc" not in way[1]} <= there
    document = whole.app.openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            open_ = (method.upper(), path) in OPEN
            assert ("x-rights" in operation) is not open_, (method, path)


async def test_every_way_in_for_every_role(whole: Whole) -> None:
    """0 unexpected 2xx, and nobody is refused what they may."""
    everybody = await actors(whole.staff)
    case = whole.cases[APP, "adult"]
    wrong, told = [], 0
    for one in guarded(whole):
        method, path = asked(one, case)
        for actor in everybody:
            status = await ask(whole.gated, method, path, actor.headers)
            told += 1
            if (status in (401, 403)) is actor.allowed(one):
                wrong.append((actor.name, method, path, status))
    assert not wrong, wrong
    assert told > 700


async def test_what_changes_something_needs_more_than_a_cookie(whole: Whole) -> None:
    """Every unsafe way in, without the CSRF token and with another site's origin: refused."""
    token, signed = await whole.staff.enter(*STAFF)
    cookie = {"cookie": f"guardrail_seat={token}"}
    evil = cookie | {"x-csrf-token": signed.csrf, "origin": "http://evil.example"}
    for one in guarded(whole):
        method, path = asked(one, whole.cases[APP, "adult"])
        for headers in (cookie, evil) if method not in ("GET", "HEAD") else ():
            assert await ask(whole.gated, method, path, headers) == 403, (method, path)


@pytest.mark.parametrize(
    ("role", "tenant", "seen"),
    [
        (StaffRole.LEAD, "", {(APP, "adult"), (APP, "minor"), (OTHER, "adult"), (OTHER, "minor")}),
        (StaffRole.LEAD, APP, {(APP, "adult"), (APP, "minor")}),
        (StaffRole.CHILD_SAFETY, OTHER, {(OTHER, "adult"), (OTHER, "minor")}),
        (StaffRole.MODERATOR, "", {(APP, "adult"), (OTHER, "adult")}),
        (StaffRole.MODERATOR, APP, {(APP, "adult")}),
    ],
)
async def test_cases_of_another_app_and_of_minors(
    whole: Whole, role: StaffRole, tenant: str, seen: set[tuple[str, str]]
) -> None:
    """In the list, and on every route that names a case."""
    headers = await whole.staff.seat(role, tenant=tenant)
    transport = httpx.ASGITransport(whole.gated)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9090") as web:
        rows = (await web.get("/api/cases", headers=headers)).json()
        assert {row["id"] for row in rows} == {whole.cases[one] for one in seen}
    for one in (one for one in whole.ways if "{case}" in one.path):
        for case in (case for about, case in whole.cases.items() if about not in seen):
            method, path = asked(one, case)
            assert await ask(whole.gated, method, path, headers) in (403, 404, 422), (method, path)


async def test_a_visitor_on_loopback(tmp_path: Path, clock: Clock) -> None:
    """Without token and accounts: what needs a human stays shut, the rest is as open as before."""
    desk = Desktop(tmp_path, clock)
    app, gated = whole_app(desk, None)
    visitor = Actor("visitor", VISITOR, {}, human=False)
    for one in endpoints(app):
        method, path = asked(one, "x")
        if (one.method, one.path) not in OPEN:
            refused = await ask(gated, method, path, {}) in (401, 403)
            assert refused is not visitor.allowed(one), (method, path)
    await desk.close()


async def test_whoever_is_signed_in_acts_in_their_own_name(whole: Whole) -> None:
    """A script says who acts; a member cannot be somebody else in the log."""
    lead = await whole.staff.seat(StaffRole.LEAD)
    script = {"authorization": f"Bearer {TOKEN_TEXT}"}
    transport = httpx.ASGITransport(whole.gated)
    body = {"person": {"user": "ann", "proven": True}, "by": "operator"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9090") as web:
        for act, headers in (("pause", lead), ("resume", script)):
            answer = await web.post(f"/api/people/{act}", json=body, headers=headers)
            assert answer.status_code == 200
    found = await whole.staff.store.read(Query(kind="person.", limit=2))
    resumed, paused = (event.body["by"] for event in found)
    assert resumed == "operator"
    assert re.fullmatch(r"m[0-9a-f]{16}", paused)


# -- the table -------------------------------------------------------------------------------------


def test_what_narrows_a_role() -> None:
    """A machine never acts in person; one app's member reaches over no other."""
    for machine in (TOKEN, VISITOR):
        assert not rights(machine) & IN_PERSON
    for role in STAFF:
        assert not rights(Member("m", "", frozenset({role}), APP)) & WHOLE_HOUSE
        assert rights(Member("m", "", frozenset({role}))) == MAY[role]
    assert rights(TOKEN) >= {Right.PEOPLE, Right.POLICY, Right.TRAIL, Right.PRIVACY}
    assert Right.WARD not in {right for role in STAFF for right in MAY[role]}
    assert set(MAY) == set(StaffRole)


@pytest.mark.parametrize(
    ("roles", "tenant", "about", "age", "right", "seen"),
    [
        ({StaffRole.MODERATOR}, "", APP, "adult", Right.TEXT, True),
        ({StaffRole.MODERATOR}, "", APP, "unknown", Right.TEXT, True),
        ({StaffRole.MODERATOR}, "", APP, "minor", Right.TEXT, False),
        ({StaffRole.CHILD_SAFETY}, "", APP, "minor", Right.TEXT, True),
        ({StaffRole.CHILD_SAFETY}, OTHER, APP, "minor", Right.TEXT, False),
        ({StaffRole.MODERATOR}, APP, APP, "adult", Right.WORK, True),
        ({StaffRole.MODERATOR}, APP, "", "adult", Right.WORK, False),
        ({StaffRole.ADMIN}, "", APP, "adult", Right.TEXT, False),
        ({StaffRole.AUDITOR}, "", APP, "adult", Right.QUEUE, False),
    ],
)
def test_who_sees_which_case(
    *, roles: set[StaffRole], tenant: str, about: str, age: str, right: Right, seen: bool
) -> None:
    """Tenant, age and role together."""
    assert sees(Member("m", "", frozenset(roles), tenant), about, age, right) is seen


def table() -> str:
    """Roles × rights, as docs/accounts.md shows them."""
    lines = ["| right | " + " | ".join(STAFF) + " | token |"]
    lines.append("|---" * (len(STAFF) + 2) + "|")
    for right in Right:
        if right is Right.WARD:
            continue
        marks = ["✓" if right in MAY[role] else "" for role in STAFF]
        lines.append(f"| {right} | {' | '.join(marks)} | {'✓' if may(TOKEN, right) else ''} |")
    return "\n".join(lines)


def test_the_docs_show_the_table() -> None:
    """docs/accounts.md has it as it is; paste what this test prints."""
    assert table() in (DOCS / "accounts.md").read_text("utf-8"), table()
