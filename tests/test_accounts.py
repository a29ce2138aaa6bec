"""Accounts of the staff: joining, two factors, locks, logins, what the log says of it all."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, get_args

import pyotp
import pytest
from typer.testing import CliRunner, Result

from guardrail._tables import StaffWord
from guardrail.accounts_commands import account_app
from guardrail.config import load_settings
from guardrail.errors import ConfigError, RequestError
from guardrail.roles import STAFF, StaffRole
from guardrail.staff.logins import Claims, Joining, Tried
from guardrail.staff.proofs import Passwords, Sealer, digest, fold, recovery_codes, unfit
from guardrail.store.accounts import Standing
from guardrail.store.base import Query
from guardrail.store.sqlite import SqliteStore
from tests.conftest import Clock
from tests.staffed import CHEAP, PASSWORD, Joined, Staff

ADMIN, LEAD, MODERATOR = StaffRole.ADMIN, StaffRole.LEAD, StaffRole.MODERATOR


@pytest.fixture
async def staff(tmp_path: Path, clock: Clock) -> AsyncIterator[Staff]:
    """Nobody works here yet."""
    store = SqliteStore(tmp_path / "guardrail.db")
    staff = Staff(tmp_path, store, clock)
    yield staff
    await staff.close()
    await store.close()


async def log_of(staff: Staff, member: str | None = None) -> list[str]:
    """The kinds of the account events, oldest first, without their family."""
    found = await staff.store.read(Query(kind="account.", subject=member, ascending=True))
    return [event.kind.removeprefix("account.") for event in found]


async def refusal(work: Any) -> tuple[int, str]:
    """Status and code of the refusal that this ends in."""
    with pytest.raises(RequestError) as caught:
        await work
    return caught.value.status, caught.value.code


async def ann(staff: Staff) -> Joined:
    """An admin, in a minute in which none of her codes was used yet."""
    joined = await staff.join("ann", ADMIN)
    staff.clock.now += 60
    return joined


# -- joining ---------------------------------------------------------------------------------------


async def test_from_an_invitation_to_the_second_login(staff: Staff) -> None:
    """Invited, joined, signed in at once and again; every step is in the log, no name is."""
    assert not await staff.accounts.any()
    joined = await ann(staff)
    assert await staff.accounts.any()
    assert len(joined.codes) == 10
    entered = await staff.logins.sign_in(joined.tried(login=" ANN "))
    assert entered.member == joined.member
    told = await staff.store.read(Query(kind="account.", ascending=True))
    kinds = [event.kind for event in told]
    assert kinds == [f"account.{k}" for k in ("invited", "joined", "signed_in", "signed_in")]
    assert {event.subject for event in told} == {joined.member.id}
    assert told[0].body["by"] == "cli"
    assert "ann" not in repr([event.body for event in told]).lower()


async def test_an_invitation_counts_once_and_for_a_while(staff: Staff) -> None:
    """Used, renewed or three days old: it never was one."""
    invitation = await staff.accounts.invite("cli", [ADMIN], name="Ann")
    later = await staff.accounts.renew("cli", invitation.account)
    assert await refusal(staff.logins.opened(invitation.code)) == (404, "invitation")
    assert (await staff.logins.opened(later.code)).name == "Ann"
    staff.clock.now = later.until
    assert await refusal(staff.logins.opened(later.code)) == (404, "invitation")
    await staff.join("ann", ADMIN)
    other = await staff.accounts.invite("cli", [LEAD])
    offered = await staff.logins.opened(other.code)
    assert await staff.logins.opened(other.code) == offered, "a page loaded twice shows one key"
    code = pyotp.TOTP(offered.secret).at(int(staff.clock()))
    told = Joining("bob", "Bob", PASSWORD, code)
    both = await asyncio.gather(
        *(staff.logins.enrol(other.code, told) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["Entered", "RequestError"]


WILL_NOT_DO: tuple[tuple[dict[str, str], str], ...] = (
    ({"login": "a"}, "login"),
    ({"login": "an n"}, "login"),
    ({"name": ""}, "login"),
    ({"name": "x" * 65}, "name"),
    ({"name": "A\u202enn"}, "name"),
    ({"password": "short"}, "too_short"),
    ({"password": "x1" * 200}, "too_long"),
    ({"password": "password1234"}, "common"),
    ({"code": "000000"}, "code"),
    ({"login": "taken"}, "taken"),
)


async def test_what_will_not_do_is_said_and_can_be_mended(staff: Staff) -> None:
    """The invitation stays good until everything is right."""
    await staff.join("taken", ADMIN)
    invitation = await staff.accounts.invite("cli", [LEAD])
    secret = (await staff.logins.opened(invitation.code)).secret
    right = {"login": "bob", "name": "Bob", "password": PASSWORD}
    right["code"] = pyotp.TOTP(secret).at(int(staff.clock()))
    for told, code in WILL_NOT_DO:
        _, why = await refusal(staff.logins.enrol(invitation.code, Joining(**right | told)))
        assert why == code, told
    await staff.logins.enrol(invitation.code, Joining(**right))


async def test_enrolling_needs_the_second_factor_to_have_been_shown(staff: Staff) -> None:
    """Whoever skips the page with the key has no code that counts."""
    invitation = await staff.accounts.invite("cli", [LEAD])
    told = Joining("bob", "Bob", PASSWORD, pyotp.TOTP(pyotp.random_base32()).now())
    assert (await refusal(staff.logins.enrol(invitation.code, told)))[1] == "code"


# -- two factors -----------------------------------------------------------------------------------


async def test_a_code_counts_once(staff: Staff) -> None:
    """Nor does an earlier one after it, nor the one that the enrolment used."""
    joined = await staff.join("ann", ADMIN)
    at_once = joined.tried()
    assert await refusal(staff.logins.sign_in(at_once)) == (401, "wrong")
    staff.clock.now += 60
    now, before = joined.tried(), joined.tried(code=joined.code(-1))
    await staff.logins.sign_in(now)
    assert await refusal(staff.logins.sign_in(now)) == (401, "wrong")
    assert await refusal(staff.logins.sign_in(before)) == (401, "wrong")
    await staff.logins.sign_in(joined.tried(code=joined.code(1)))


async def test_one_code_lets_one_in_however_many_try(staff: Staff) -> None:
    """A code that was watched being typed is worth nothing, not even in the same moment."""
    joined = await ann(staff)
    tries = [staff.logins.sign_in(joined.tried()) for _ in range(4)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, RequestError) for one in found) == 3


async def test_recovery_codes(staff: Staff) -> None:
    """Each counts once, however it is typed; new ones end the old; only hashes are kept."""
    joined = await ann(staff)
    typed = joined.codes[0].replace("-", " ").upper()
    await staff.logins.sign_in(joined.tried(code=typed))
    assert await refusal(staff.logins.sign_in(joined.tried(code=joined.codes[0]))) == (401, "wrong")
    assert await staff.logins.recovery_left(joined.member.id) == 9
    signed = await staff.logins.session(joined.token)
    assert signed is not None
    fresh = await staff.logins.renew_recovery(signed, joined.tried(login=""))
    assert await refusal(staff.logins.sign_in(joined.tried(code=joined.codes[1]))) == (401, "wrong")
    await staff.logins.sign_in(joined.tried(code=fresh[0]))
    assert "recovered" in await log_of(staff, joined.member.id)


async def test_nothing_that_lets_anybody_in_lies_in_the_file(staff: Staff, tmp_path: Path) -> None:
    """Neither password, TOTP key, recovery code, login token nor invitation."""
    joined = await ann(staff)
    invitation = await staff.accounts.invite("cli", [LEAD])
    secret = (await staff.logins.opened(invitation.code)).secret
    await staff.close()
    with sqlite3.connect(tmp_path / "guardrail-accounts.db") as db:
        lies = "\n".join(db.iterdump())
    db.close()
    shown = [PASSWORD, joined.secret, joined.token, invitation.code, secret, *joined.codes]
    assert not [one for one in shown if one in lies]
    assert "$argon2id$" in lies
    assert (tmp_path / "guardrail-accounts.db").stat().st_mode & 0o777 == 0o600


# -- locks -----------------------------------------------------------------------------------------


async def test_wrong_tries_lock_and_every_answer_is_the_same(staff: Staff) -> None:
    """Unknown name, wrong password, wrong code, locked: one answer; the log tells them apart."""
    joined = await ann(staff)
    tries = [
        Tried("nobody", PASSWORD, "123456"),
        Tried("\udcff", "\udcff", "\udcff"),
        joined.tried(password="wrong password"),
        joined.tried(code="000000"),
        joined.tried(code=""),
        Tried("ann", "", ""),
        joined.tried(login="ann", password="\udcff" * 12),
    ]
    said = set()
    for one in tries:
        with pytest.raises(RequestError) as caught:
            await staff.logins.sign_in(one)
        said.add((str(caught.value), caught.value.status, caught.value.code))
    assert await refusal(staff.logins.sign_in(joined.tried())) == (401, "wrong"), "it is locked"
    assert len(said) == 1
    found = await log_of(staff)
    assert found.count("locked") == 1
    assert found.count("failed") == 7, "of them one for the unknown name"
    told = [why for what, why in staff.counted if what == "staff_login"]
    assert told == ["ok", *["failed"] * 7, "locked"], "for the alert, every one of them"
    staff.clock.now += 15 * 60
    await staff.logins.sign_in(joined.tried())


async def test_locks_grow_until_somebody_gets_in(staff: Staff) -> None:
    """15 minutes, 30, 60; a login forgives; so does an admin."""
    joined = await ann(staff)
    wrong = joined.tried(password="wrong password")

    async def locked_for() -> float:
        for _ in range(5):
            assert await refusal(staff.logins.sign_in(wrong)) == (401, "wrong")
        until = (await staff.accounts.get(joined.member.id)).locked_until
        return float(until - staff.clock.now)

    for minutes in (15, 30, 60):
        assert await locked_for() == minutes * 60
        staff.clock.now += minutes * 60
    await staff.logins.sign_in(joined.tried())
    assert await locked_for() == 15 * 60
    await staff.accounts.enable("cli", joined.member.id)
    await staff.logins.sign_in(joined.tried(code=joined.code(1)))


async def test_a_hundred_tries_at_once_get_no_more_than_five(staff: Staff) -> None:
    """Counted before they are judged: no race wins more guesses."""
    joined = await ann(staff)
    limit, seconds = staff.table.attempts, 900.0
    many = [
        staff.book.attempt(joined.member.id, staff.clock.now, limit, seconds) for _ in range(100)
    ]
    found = await asyncio.gather(*many)
    assert sum(one.allowed for one in found) == 5
    assert sum(one.locks for one in found) == 1


async def test_a_flood_of_unknown_names_fills_no_log(staff: Staff) -> None:
    """One line a minute; a locked account's as well."""
    for number in range(20):
        await refusal(staff.logins.sign_in(Tried(f"nobody{number}", "x", "y")))
    assert await log_of(staff) == ["failed"]
    staff.clock.now += 60
    await refusal(staff.logins.sign_in(Tried("nobody", "x", "y")))
    assert await log_of(staff, "unknown") == ["failed", "failed"]


async def test_too_many_at_once_are_sent_away() -> None:
    """Stretching costs a core and memory: a flood does not take them all."""
    passwords = Passwords(CHEAP)
    found = await asyncio.gather(
        *(passwords.same("x", None) for _ in range(40)), return_exceptions=True
    )
    busy = [one for one in found if isinstance(one, RequestError)]
    assert {(one.status, one.code) for one in busy} == {(503, "busy")}
    assert len(busy) == 24
    nobody, somebody = passwords._nobody, await passwords.hash("x")
    assert nobody.split("$")[:4] == somebody.split("$")[:4], "of nobody costs as much"
    assert len(nobody) == len(somebody)
    assert await passwords.same("x", None) is False


async def test_a_wrong_try_takes_its_time(staff: Staff) -> None:
    """Whatever was wrong, the answer comes when `patience` is over."""
    staff.logins._patience = 0.05
    begun = asyncio.get_running_loop().time()
    await refusal(staff.logins.sign_in(Tried("nobody", "x", "y")))
    assert asyncio.get_running_loop().time() - begun >= 0.05


# -- logins ----------------------------------------------------------------------------------------


async def test_idle_and_absolute_timeouts(staff: Staff) -> None:
    """Half an hour of silence ends a login; twelve hours do, silent or not."""
    token, _ = await staff.enter(LEAD)
    for _ in range(24):
        staff.clock.now += 29 * 60
        assert await staff.logins.session(token) is not None
    staff.clock.now += 29 * 60
    assert await staff.logins.session(token) is None
    token, _ = await staff.enter(LEAD)
    staff.clock.now += 31 * 60
    assert await staff.logins.session(token) is None


async def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(staff: Staff) -> None:
    """Polling is no sign of life."""
    token, signed = await staff.enter(LEAD)
    for _ in range(3):
        staff.clock.now += 10 * 60
        assert await staff.logins.session(token, alive=False) is not None
    staff.clock.now += 60
    assert await staff.logins.still(signed.session) is None
    assert await staff.logins.session(token, alive=False) is None


async def test_a_login_gets_a_new_token_and_ends_the_one_before(staff: Staff) -> None:
    """What somebody planted in the browser before is worth nothing after."""
    joined = await ann(staff)
    entered = await staff.logins.sign_in(joined.tried(), joined.token)
    assert entered.token != joined.token
    assert await staff.logins.session(joined.token) is None
    first, second = await staff.logins.session(entered.token), await staff.enter(LEAD)
    assert first is not None
    assert first.csrf != second[1].csrf


async def test_signing_out_here_and_everywhere(staff: Staff) -> None:
    """One login, or all of them."""
    joined = await ann(staff)
    tokens = [joined.token]
    for _ in range(2):
        tokens.append((await staff.logins.sign_in(joined.tried())).token)
        staff.clock.now += 60
    signed = await staff.logins.session(tokens[0])
    assert signed is not None
    assert len(await staff.logins.visits(joined.member.id)) == 3
    await staff.logins.sign_out(signed)
    assert [await staff.logins.session(one) is None for one in tokens] == [True, False, False]
    await staff.logins.sign_out(signed, everywhere=True)
    assert await staff.logins.visits(joined.member.id) == ()


async def test_a_new_password_ends_every_other_login(staff: Staff) -> None:
    """And it needs the old one, and a code."""
    joined = await ann(staff)
    signed = await staff.logins.session(joined.token)
    assert signed is not None
    new = "seven green chairs"
    wrong = joined.tried(password="not the old one")
    assert await refusal(staff.logins.change_password(signed, wrong, new)) == (401, "wrong")
    soft = staff.logins.change_password(signed, joined.tried(), "password1234")
    assert (await refusal(soft))[1] == "common"
    entered = await staff.logins.change_password(signed, joined.tried(), new)
    assert await staff.logins.session(joined.token) is None
    assert await staff.logins.session(entered.token) is not None
    staff.clock.now += 60
    assert await refusal(staff.logins.sign_in(joined.tried())) == (401, "wrong")
    await staff.logins.sign_in(joined.tried(password=new))


async def test_roles_count_from_the_next_request_on(staff: Staff) -> None:
    """Without a new login; and whoever is disabled is out at once."""
    await ann(staff)
    token, signed = await staff.enter(MODERATOR)
    await staff.accounts.assign("cli", signed.member.id, [LEAD], "app")
    now = await staff.logins.session(token)
    assert now is not None
    assert (now.member.roles, now.member.tenant) == (frozenset({LEAD}), "app")
    await staff.accounts.disable("cli", signed.member.id)
    assert await staff.logins.session(token) is None
    await staff.accounts.enable("cli", signed.member.id)
    assert await staff.logins.session(token) is None, "old logins do not come back"


async def test_local_accounts_can_be_turned_off(tmp_path: Path, clock: Clock) -> None:
    """Then a password opens nothing."""
    store = SqliteStore(tmp_path / "g.db")
    oidc = {"issuer": "https://id.example", "client_id": "x", "roles": {"crisis": "moderator"}}
    staff = Staff(tmp_path, store, clock, local=False, oidc=oidc)
    joined = await ann(staff)
    assert await refusal(staff.logins.sign_in(joined.tried())) == (401, "wrong")
    await staff.close()
    await store.close()


# -- acts on accounts ------------------------------------------------------------------------------


async def test_there_is_always_an_admin(staff: Staff) -> None:
    """The last one stays, and nobody changes their own roles."""
    joined, accounts = await ann(staff), staff.accounts
    me = joined.member.id
    assert await refusal(accounts.assign(me, me, [ADMIN, LEAD])) == (409, "yourself")
    assert await refusal(accounts.disable(me, me)) == (409, "yourself")
    assert await refusal(accounts.assign("cli", me, [LEAD])) == (409, "last_admin")
    assert await refusal(accounts.assign("cli", me, [ADMIN], "app")) == (409, "last_admin")
    assert await refusal(accounts.disable("cli", me)) == (409, "last_admin")
    second = await staff.join("bob", ADMIN)
    await accounts.assign(second.member.id, me, [ADMIN, LEAD])
    await accounts.disable(second.member.id, me)
    assert (await accounts.get(me)).standing is Standing.DISABLED


async def test_a_reset_ends_the_old_proofs_at_once(staff: Staff) -> None:
    """A lost phone: password, codes and logins end; the link makes new ones under the same id."""
    joined = await ann(staff)
    invitation = await staff.accounts.renew("cli", joined.member.id)
    assert await staff.logins.session(joined.token) is None
    assert await refusal(staff.logins.sign_in(joined.tried())) == (401, "wrong")
    offered = await staff.logins.opened(invitation.code)
    assert (offered.purpose, offered.login) == ("reset", "ann")
    assert offered.secret != joined.secret
    code = pyotp.TOTP(offered.secret).at(int(staff.clock()))
    told = Joining("somebody else", "Ann", "seven green chairs", code)
    entered = await staff.logins.enrol(invitation.code, told)
    assert entered.member.id == joined.member.id
    assert (await staff.accounts.get(joined.member.id)).login == "ann"
    assert not set(entered.codes) & set(joined.codes)


async def test_what_cannot_be_done_is_said(staff: Staff) -> None:
    """Unknown members, no roles, a guardian's role, links for those who need none."""
    accounts = staff.accounts
    assert await refusal(accounts.get("m0")) == (404, "unknown_member")
    assert await refusal(accounts.invite("cli", [])) == (422, "roles")
    assert await refusal(accounts.invite("cli", [StaffRole.GUARDIAN])) == (422, "roles")
    _, outsider = await staff.enter(LEAD)
    assert await refusal(accounts.renew("cli", outsider.member.id)) == (409, "not_possible")
    await accounts.disable("cli", outsider.member.id)
    assert await refusal(accounts.renew("cli", outsider.member.id)) == (409, "not_possible")
    assert set(get_args(StaffWord)) == set(STAFF)


async def test_the_log_tells_who_changed_which_role(staff: Staff) -> None:
    """Before, after, by whom."""
    joined = await ann(staff)
    _, other = await staff.enter(MODERATOR)
    await staff.accounts.assign(joined.member.id, other.member.id, [LEAD], "app")
    (event,) = await staff.store.read(Query(kind="account.roles"))
    assert event.subject == other.member.id
    assert event.body == {
        "by": joined.member.id,
        "before": ["moderator"],
        "after": ["lead"],
        "tenant_before": "",
        "tenant": "app",
    }


async def test_somebody_from_outside(staff: Staff) -> None:
    """Known by issuer and subject; roles follow the groups; no group, no entry."""
    first = await staff.logins.sign_in_as(Claims("i s", "Cy", frozenset({MODERATOR})))
    again = await staff.logins.sign_in_as(Claims("i s", "Cy", frozenset({LEAD})))
    assert again.member.id == first.member.id
    assert again.member.roles == {LEAD}
    none = staff.logins.sign_in_as(Claims("i s", "Cy", frozenset()))
    assert await refusal(none) == (403, "no_role")
    both = [Claims("i other", "Di", frozenset({LEAD}))] * 2
    found = await asyncio.gather(*(staff.logins.sign_in_as(one) for one in both))
    assert found[0].member.id == found[1].member.id
    await staff.accounts.disable("cli", first.member.id)
    ended = staff.logins.sign_in_as(Claims("i s", "Cy", frozenset({LEAD})))
    assert await refusal(ended) == (403, "disabled")
    assert "roles" in await log_of(staff, first.member.id)


# -- proofs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "too_short"),
        ("correct horse battery staple", "common"),
        ("P4ssw0rd-1234", "common"),
        ("abababababab", "common"),
        ("efghijklmnopq", "common"),
        ("annexed-annexed-ann", None),
        ("ann@house.example", "about_you"),
        ("下雨天适合在家看书喝茶吃饼", None),
        ("two owls, no pencil", None),
    ],
)
def test_passwords_are_judged_by_length_and_commonness(password: str, why: str | None) -> None:
    """NIST SP 800-63B: no rules about kinds of characters."""
    assert unfit(password, "ann@house.example", "Ann") == why


async def test_a_password_is_the_same_from_every_keyboard() -> None:
    """Composed or not (RFC 8265)."""
    passwords = Passwords(CHEAP)
    hashed = await passwords.hash("caf\u00e9 in the morning")
    assert await passwords.same("cafe\u0301 in the morning", hashed)
    assert fold(" \uff21nn ") == "ann"


def test_what_is_sealed_opens_for_one_use_alone() -> None:
    """Another use, another key, half of it: nothing."""
    sealer = Sealer(b"0123456789abcdef")
    sealed = sealer.seal("totp", {"key": "K"})
    assert sealer.open("totp", sealed) == {"key": "K"}
    assert sealer.open("oidc", sealed) is None
    assert Sealer(b"another 16 bytes").open("totp", sealed) is None
    for wrong in ("", "a.b.c.d.e", sealed[:-2], sealed + "x"):
        assert sealer.open("totp", wrong) is None


def test_recovery_codes_are_ten_and_never_the_same() -> None:
    """80 bits each."""
    codes = recovery_codes()
    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {19}
    assert digest("a") != digest("b")


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`guardrail account …` on a data folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guardrail.yaml").write_text(
        "data: here\nroutes: [{path: /v1/chat/completions, tenant: app}]\n"
    )
    monkeypatch.setenv("COLUMNS", "400")

    def command(*args: str) -> Result:
        return CliRunner().invoke(account_app, args)

    return command


def test_the_first_admin_comes_from_the_command_line(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    """A link on standard output and nothing else; it works, once; the list shows who came."""
    made = run("invite", "--role", "admin", "--role", "lead", "--name", "Ann", "--tenant", "")
    assert made.exit_code == 0, made.output
    link, code = made.stdout.strip().split("#")
    assert link == "http://127.0.0.1:9090/account/join"

    async def join() -> None:
        store = SqliteStore(tmp_path / "here" / "guardrail.db")
        staff = Staff(tmp_path / "here", store, time.time)
        secret = (await staff.logins.opened(code)).secret
        told = Joining("ann", "Ann", PASSWORD, pyotp.TOTP(secret).now())
        await staff.logins.enrol(code, told)
        await staff.close()
        await store.close()

    asyncio.run(join())
    (one,) = json.loads(run("list", "--json").stdout)
    assert (one["name"], one["roles"], one["state"]) == ("Ann", ["admin", "lead"], "active")
    assert one["seen"] is not None
    assert "Ann" in run("list").stdout
    last = run("disable", one["id"])
    assert (last.exit_code, last.stderr.strip()) == (1, "this is the last admin")
    assert "#" in run("reset", one["id"]).stdout
    assert run("enable", one["id"]).stdout.strip() == f"{one['id']}: active"


def test_the_command_line_says_what_is_wrong(run: Callable[..., Result]) -> None:
    """Unknown member, unknown app, unknown role; the table of roles."""
    assert run("enable", "m0").exit_code == 1
    assert run("invite", "--role", "lead", "--tenant", "nope").exit_code == 2
    assert run("invite", "--role", "guardian").exit_code == 1
    assert run("invite", "--role", "emperor").exit_code == 2
    made = run("invite", "--role", "moderator", "--tenant", "app")
    assert made.exit_code == 0
    member = json.loads(run("list", "--json").stdout)[0]["id"]
    told = run("assign", member, "--role", "lead").stdout
    assert told.strip() == f"{member}: lead"
    assert "child_" in run("roles").stdout  # cut where the terminal is narrow
    assert json.loads(run("roles", "--json").stdout)["auditor"] == ["figures", "overview", "trail"]


@pytest.mark.parametrize(
    ("accounts", "why"),
    [
        ("public_url: 'http://desk.example'", "must be https"),
        ("public_url: 'https://desk.example/path'", "pattern"),
        ("local: false", "nobody can sign in"),
        ("oidc: {issuer: 'https://i.example', client_id: a}", "gives no group a role"),
        ("oidc: {issuer: 'ftp://i.example', client_id: a}", "pattern"),
        ("oidc: {issuer: 'https://i', client_id: a, roles: {b: emperor}}", "'admin'"),
    ],
)
def test_settings_that_let_nobody_in_or_everybody(tmp_path: Path, accounts: str, why: str) -> None:
    """Said at the start, with the place."""
    path = tmp_path / "guardrail.yaml"
    path.write_text(f"accounts:\n  {accounts}\n")
    with pytest.raises(ConfigError, match=re.escape(why)):
        load_settings(path, {})
