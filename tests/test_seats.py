"""The console's doors and accounts pages: cookies, CSRF, links, who is shown what."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from functools import cache
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from guardrail._tables import Oidc
from guardrail.admin.app import AdminParts, create_admin
from guardrail.console.account import account_routes
from guardrail.console.doors import Lobby, door_routes
from guardrail.console.pages import HERE, Pages, static_files
from guardrail.metrics import Metrics
from guardrail.policy.model import Mode, Policy
from guardrail.roles import StaffRole
from guardrail.staff.oidc import Provider
from guardrail.store.sqlite import SqliteStore
from guardrail.wiring import open_cases
from tests.conftest import Clock
from tests.oidc_provider import CLIENT, SECRET, LittleProvider
from tests.servers import serve
from tests.staffed import PASSWORD, Joined, Staff

ADMIN, LEAD, MODERATOR, ANALYST = (
    StaffRole.ADMIN,
    StaffRole.LEAD,
    StaffRole.MODERATOR,
    StaffRole.ANALYST,
)
HTML = {"accept": "text/html"}
COOKIE = "guardrail_seat"


PAGES = cache(Pages)
NUMBERS = count()


class Site:
    """The admin server with its doors."""

    def __init__(self, folder: Path, clock: Clock, **table: Any) -> None:
        self.store, self.clock = SqliteStore(folder / "guardrail.db"), clock
        self.staff = Staff(folder, self.store, clock, **table)
        self._apps: dict[str | None, Any] = {}

    def app(self, *, token: str | None = None) -> Any:
        """The whole app."""
        staff, table = self.staff, self.staff.table
        provider = Provider(table.oidc, self.clock) if table.oidc is not None else None
        lobby = Lobby(
            staff.accounts,
            staff.logins,
            PAGES(),
            table,
            provider,
            token=token is not None,
            tenants=("app", "other"),
        )
        policy = Policy("default", "abc123", "Default", Mode.ENFORCE, (), {}, {}, {}, ())

        async def ready() -> dict[str, str | None]:
            return {}

        async def reload() -> list[Any]:
            return []

        parts = AdminParts(
            store=self.store,
            metrics=Metrics(),
            readiness=ready,
            policy=lambda: policy,
            reload=reload,
            cases=open_cases(self.store),
            token=token,
            accounts=staff.accounts,
            logins=staff.logins,
            public_url=table.public_url,
            routers=(door_routes(lobby), account_routes(lobby)),
            mounts={"/static/console": static_files()},
        )
        return create_admin(parts)

    async def close(self) -> None:
        """Let go of the files."""
        await self.staff.close()
        await self.store.close()

    def browser(
        self, *, token: str | None = None, base: str = "http://localhost:9090"
    ) -> httpx.AsyncClient:
        """A browser that wants pages."""
        if token not in self._apps:
            self._apps[token] = self.app(token=token)
        transport = httpx.ASGITransport(self._apps[token])
        return httpx.AsyncClient(transport=transport, base_url=base, headers=HTML)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of this file: making a FastAPI app takes longer than most of them."""
    site = Site(tmp_path_factory.mktemp("site"), Clock())
    yield site
    asyncio.run(site.close())


@pytest.fixture
def site(whole: Site) -> Site:
    """People work here; who else does, other tests say. No code of a minute ago counts."""
    whole.clock.now += 90
    return whole


@pytest.fixture
async def fresh(tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    """Nobody works here yet."""
    site = Site(tmp_path, clock)
    yield site
    await site.close()


def name() -> str:
    """A login that nobody has."""
    return f"ann{next(NUMBERS)}"


async def log_in(browser: httpx.AsyncClient, joined: Joined, **more: str) -> httpx.Response:
    """Fill the login form in."""
    told = {"login": joined.login, "password": PASSWORD, "code": joined.code()} | more
    return await browser.post("/account/login", data=told)


def csrf_in(page: httpx.Response) -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


# -- joining and signing in ------------------------------------------------------------------------


async def test_from_the_link_to_a_page(site: Site) -> None:
    """The first admin: link, password, picture, code, recovery codes, their own page."""
    invitation = await site.staff.accounts.invite("cli", [ADMIN], name="Ann <b>")
    async with site.browser() as browser:
        assert (await browser.get("/account/join")).status_code == 200
        page = await browser.post("/account/join/open", data={"invitation": invitation.code})
        assert page.status_code == 200
        assert 'value="Ann &lt;b&gt;"' in page.text
        assert '<svg viewBox="' in page.text
        secret = re.search(r'class="secret">([A-Z2-7]{32})<', page.text)
        assert secret is not None
        told = {"invitation": invitation.code, "login": name(), "name": "Ann"}
        told["password"] = "short"
        wrong = await browser.post("/account/join/finish", data=told)
        assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
        told |= {"password": PASSWORD, "code": pyotp.TOTP(secret[1]).at(int(site.clock()))}
        done = await browser.post("/account/join/finish", data=told)
        assert done.status_code == 200
        assert len(re.findall(r"<li><code>", done.text)) == 10
        cookie = done.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        own = await browser.get("/account")
        assert own.status_code == 200
        assert "Ann" in own.text
        again = await browser.post("/account/join/open", data={"invitation": invitation.code})
        assert again.status_code == 404


async def test_signing_in_and_out(site: Site) -> None:
    """A wrong code gets the form again, a right one a cookie; signing out takes it away."""
    joined = await site.staff.join(name(), ADMIN)
    site.clock.now += 60
    async with site.browser() as browser:
        assert (await browser.get("/")).headers["location"] == "/account/login"
        sent = await browser.get("/account/team")
        assert sent.headers["location"] == "/account/login?next=/account/team"
        wrong = await log_in(browser, joined, code="000000")
        assert (wrong.status_code, 'role="alert"' in wrong.text) == (401, True)
        assert not browser.cookies
        answer = await log_in(browser, joined, place="/account/team?a=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/team?a=1")
        assert (await browser.get("/api/summary")).status_code == 200
        away = await browser.get("/account/login")
        assert away.headers["location"] == "/"
        page = await browser.get("/account")
        out = await browser.post("/account/logout", data={"csrf": csrf_in(page)})
        assert out.headers["location"] == "/account/login"
        assert not browser.cookies
        assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize(
    "place",
    [
        "/account/login",
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "",
        "/a\nb",
        "account",
    ],
)
async def test_signing_in_leads_nowhere_else(site: Site, place: str) -> None:
    """A link to the login cannot send anybody to another site."""
    joined = await site.staff.join(name(), ADMIN)
    site.clock.now += 60
    async with site.browser() as browser:
        answer = await log_in(browser, joined, place=place)
        assert answer.headers["location"] == "/"
        spoken = await browser.post("/account/language", data={"language": "zh", "back": place})
        assert spoken.headers["location"] in ("/account", "/account/login")


async def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path, clock: Clock) -> None:
    """`__Host-`: secure, whole path, no domain; the public host is known."""
    site = Site(tmp_path, clock, public_url="https://desk.example.org")
    joined = await site.staff.join(name(), ADMIN)
    clock.now += 60
    async with site.browser(base="http://desk.example.org") as browser:
        answer = await log_in(browser, joined)
    cookie = answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    assert cookie.startswith("__Host-guardrail=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    await site.close()


async def test_a_link_from_a_mail_finds_a_login(site: Site) -> None:
    """A strict cookie does not come along from another site: the browser is asked to come again."""
    await site.staff.join(name(), ADMIN)
    async with site.browser() as browser:
        from_mail = {"sec-fetch-site": "cross-site"}
        page = await browser.get("/account/team?a=1&b=%22", headers=from_mail)
        assert page.status_code == 200
        place = re.search(r'content="0;url=([^"]*)"', page.text)
        assert place is not None
        assert unescape(place[1]) == "/account/team?a=1&b=%22"
        again = await browser.get("/account/team", headers={"sec-fetch-site": "same-origin"})
        assert again.status_code == 303
        evil = browser.base_url.copy_with(raw_path=b"//evil.example/x")
        other = await browser.get(evil, headers=from_mail)
        assert 'content="0;url=/evil.example/x"' in other.text


# -- who is who ------------------------------------------------------------------------------------


async def test_open_until_somebody_works_here(fresh: Site) -> None:
    """On loopback without token and accounts the overview is open; the console never is."""
    async with fresh.browser() as browser:
        assert (await browser.get("/api/summary")).status_code == 200
        assert (await browser.get("/api/cases")).status_code == 200
        assert (await browser.get("/account")).headers["location"] == "/account/login"
        seat = (await browser.get("/api/seat")).json()
        assert (seat["signed_in"], "text" in seat["rights"]) == (False, False)
        await fresh.staff.accounts.invite("cli", [ADMIN])
        assert (await browser.get("/api/summary")).status_code == 303
        program = await browser.get("/api/summary", headers={"accept": "*/*"})
        assert program.status_code == 401
        for path in ("/livez", "/account/login", "/account/join", "/static/base.css"):
            assert (await browser.get(path)).status_code == 200
        css = await browser.get("/static/console/console.css")
        assert css.headers["content-type"].startswith("text/css")
        assert (await browser.get("/login")).headers["location"] == "/account/login"


async def test_the_token_is_a_machine(site: Site) -> None:
    """Scripts go on as before; the console wants a human, and its form a CSRF token."""
    await site.staff.join(name(), ADMIN)
    async with site.browser(token="a long token") as browser:
        bearer = {"authorization": "Bearer a long token", "accept": "*/*"}
        assert (await browser.get("/api/cases", headers=bearer)).status_code == 200
        assert (await browser.post("/api/policy/reload", headers=bearer)).status_code == 200
        assert (await browser.get("/account/team", headers=bearer)).status_code == 401
        assert (await browser.post("/login", data={"token": "a long token"})).status_code == 303
        assert (await browser.get("/account")).headers["location"] == "/account/login"
        assert (await browser.post("/api/policy/reload")).status_code == 403
        shown = {"x-csrf-token": (await browser.get("/api/seat")).json()["csrf"]}
        assert (await browser.post("/api/policy/reload", headers=shown)).status_code == 200
        assert "/login" in (await browser.get("/account/login")).text


async def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(site: Site) -> None:
    """Polling and streams of events are no sign of life."""
    lead = await site.staff.seat(LEAD)
    polls = ({"x-guardrail-background": "1"}, {"accept": "text/event-stream"})
    async with site.browser() as browser:
        for minutes, more in ((20, polls[0]), (9, polls[1])):
            site.clock.now += minutes * 60
            assert (await browser.get("/api/summary", headers=lead | more)).status_code == 200
        site.clock.now += 2 * 60
        assert (await browser.get("/api/summary", headers=lead | polls[0])).status_code == 303


async def test_roles_decide(site: Site) -> None:
    """An analyst reads figures and reloads nothing; each gets a clear answer."""
    await site.staff.join(name(), ADMIN)
    analyst = await site.staff.seat(ANALYST)
    async with site.browser() as browser:
        assert (await browser.get("/api/summary", headers=analyst)).status_code == 200
        assert (await browser.get("/api/cases", headers=analyst)).status_code == 403
        refused = await browser.post("/api/policy/reload", headers=analyst)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        page = await browser.get("/account/team", headers=analyst)
        assert page.status_code == 403
        assert "Your roles do not allow this." in page.text


# -- CSRF ------------------------------------------------------------------------------------------


async def test_what_changes_something_needs_the_token_of_the_session(site: Site) -> None:
    """In the header or in the form; another's, an old one or none is refused."""
    await site.staff.join(name(), ADMIN)
    mine, other = await site.staff.seat(ADMIN), await site.staff.seat(ADMIN)
    cookie = {"cookie": mine["cookie"]}
    async with site.browser() as browser:
        for shown in ({}, {"x-csrf-token": ""}, {"x-csrf-token": other["x-csrf-token"]}):
            assert (
                await browser.post("/api/policy/reload", headers=cookie | shown)
            ).status_code == 403
            for form in ({}, {"csrf": other["x-csrf-token"]}):
                told = {"name": "New", "language": "zh"} | form
                answer = await browser.post("/account/name", data=told, headers=cookie)
                assert answer.status_code == 403
        assert (await browser.post("/api/policy/reload", headers=mine)).status_code == 200
        token = {"csrf": mine["x-csrf-token"], "name": "New", "language": "zh"}
        assert (await browser.post("/account/name", data=token, headers=cookie)).status_code == 303
        page = await browser.get("/account", headers=cookie)
        assert 'lang="zh-Hans"' in page.text
        evil = mine | {"origin": "http://evil.example"}
        assert (await browser.post("/api/policy/reload", headers=evil)).status_code == 403


async def test_a_form_that_is_too_large_or_not_one(site: Site) -> None:
    """A clear page, no stack trace."""
    await site.staff.join(name(), ADMIN)
    mine = await site.staff.seat(ADMIN)
    async with site.browser() as browser:
        large = await browser.post("/account/team", content=b"x" * 70_000, headers=mine)
        assert large.status_code == 413
        odd = await browser.post("/account/team", data={"roles": ["emperor"]}, headers=mine)
        assert odd.status_code == 422
        broken = {"content-type": "multipart/form-data; boundary=x"}
        torn = await browser.post("/account/team", content=b"--x\r\nno", headers=mine | broken)
        assert torn.status_code in (400, 422)
        nobody = await browser.get("/account/team/m0", headers=mine)
        assert (nobody.status_code, "Nobody has this id." in nobody.text) == (404, True)
        assert (await browser.post("/account/language", content=b"\xff\xfe")).status_code == 303
        assert (await browser.post("/account/login", content=b"login=%ff%00&code=%ff")).status_code


# -- the team --------------------------------------------------------------------------------------


async def test_an_admin_runs_the_team(site: Site) -> None:
    """Invite, assign, disable, enable, a new link; names are shown as text."""
    joined = await site.staff.join(name(), ADMIN)
    admin = await site.staff.seat(ADMIN)
    before = {one.id for one in await site.staff.accounts.all()}
    async with site.browser() as browser:
        told = {
            "name": "<script>alert(1)</script>",
            "roles": ["moderator", "lead"],
            "tenant": "app",
        }
        made = await browser.post("/account/team", data=told, headers=admin)
        link = re.search(r"http://localhost:9090/account/join#([\w-]{43})", made.text)
        assert link is not None
        team = await browser.get("/account/team", headers=admin)
        assert "<script>alert" not in team.text
        assert "&lt;script&gt;alert(1)" in team.text
        (bob,) = (one for one in await site.staff.accounts.all() if one.id not in before)
        path = f"/account/team/{bob.id}"
        assert (await browser.get(path, headers=admin)).status_code == 200
        roles = {"roles": ["analyst"], "tenant": ""}
        assert (await browser.post(f"{path}/roles", data=roles, headers=admin)).status_code == 303
        assert (await site.staff.accounts.get(bob.id)).roles == {ANALYST}
        again = await browser.post(f"{path}/link", headers=admin)
        assert link[1] not in again.text
        for act in ("disable", "enable"):
            assert (await browser.post(f"{path}/{act}", headers=admin)).status_code == 303
        odd = await browser.post(f"{path}/roles", data=roles | {"tenant": "no"}, headers=admin)
        assert (odd.status_code, "no such app" in odd.text) == (422, True)
        me = await browser.post(f"/account/team/{joined.member.id}/disable", headers=admin)
        assert me.status_code == 303, "there is another admin"


async def test_ones_own_password_and_codes(site: Site) -> None:
    """A new password keeps this browser in and throws every other out."""
    joined = await site.staff.join(name(), ADMIN)
    site.clock.now += 60
    async with site.browser() as browser:
        await log_in(browser, joined)
        before = dict(browser.cookies)
        told = {"csrf": csrf_in(await browser.get("/account")), "old": PASSWORD}
        site.clock.now += 60
        told |= {"new": "seven green chairs", "code": "000000"}
        wrong = await browser.post("/account/password", data=told)
        assert wrong.status_code == 422
        told["code"] = joined.code()
        assert (await browser.post("/account/password", data=told)).status_code == 303
        assert dict(browser.cookies) != before
        page = await browser.get("/account")
        site.clock.now += 60
        more = {"csrf": csrf_in(page), "password": "seven green chairs", "code": joined.code()}
        codes = await browser.post("/account/recovery", data=more)
        assert len(re.findall(r"<li><code>", codes.text)) == 10


# -- an identity provider --------------------------------------------------------------------------


async def test_with_an_identity_provider(tmp_path: Path, clock: Clock) -> None:
    """Away, back, in: by a lax cookie that opens nothing; without it nobody gets in."""
    little = LittleProvider(clock)
    with serve(little, lifespan="off") as little.issuer:
        table = Oidc(
            issuer=little.issuer,
            client_id=CLIENT,
            client_secret=SECRET,
            name="House",
            roles={"crisis-team": "moderator"},
        )
        site = Site(tmp_path, clock, oidc=table)
        async with site.browser() as browser, httpx.AsyncClient() as web:
            assert "Sign in with House" in (await browser.get("/account/login")).text
            leaves = await browser.get("/account/oidc?next=/demo")
            flow = leaves.headers["set-cookie"]
            assert {"HttpOnly", "SameSite=lax", "Max-Age=600"} <= set(flow.split("; "))
            back = (await web.get(leaves.headers["location"])).headers["location"]
            in_ = await browser.get(back)
            assert in_.status_code == 200
            assert 'content="0;url=/demo"' in in_.text
            assert (await browser.get("/api/summary")).status_code == 200
            assert "guardrail_oidc" not in browser.cookies
            browser.cookies.clear()
            stolen = (await web.get(leaves.headers["location"])).headers["location"]
            refused = await browser.get(stolen)
            assert (refused.status_code, COOKIE in browser.cookies) == (401, False)
            little.groups = []
            leaves = await browser.get("/account/oidc")
            back = (await web.get(leaves.headers["location"])).headers["location"]
            nothing = await browser.get(back)
            assert (nothing.status_code, "none of your groups" in nothing.text) == (403, True)
        await site.close()


# -- pages and words -------------------------------------------------------------------------------


def test_every_word_is_there_in_both_languages() -> None:
    """The same keys and places to fill in; every key that a template asks for is there."""
    words = Pages().words
    assert set(words["en"]) == set(words["zh"])
    for key, text in words["en"].items():
        assert text
        assert words["zh"][key]
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words["zh"][key]))
    asked = set()
    for file in (HERE / "templates").rglob("*.html"):
        text = file.read_text("utf-8")
        asked |= set(re.findall(r"\bt\('([\w.]+)'\s*[,)]", text))
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|\|\s*safe", text), file
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file
    assert asked <= set(words["en"]), asked - set(words["en"])
    roles = {f"{kind}.{role}" for role in StaffRole for kind in ("role", "about")}
    assert {one for one in roles if "guardian" not in one} <= set(words["en"])
    for file in (HERE / "words").glob("*.json"):
        assert set(json.loads(file.read_text("utf-8"))) == {"en", "zh"}


@pytest.mark.parametrize("path", ["/account", "/account/team", "/account/login", "/account/join"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_in_both_languages(site: Site, path: str, language: str) -> None:
    """Chosen by cookie; with the security headers of the admin server."""
    admin = await site.staff.seat(ADMIN)
    if path in ("/account/login", "/account/join"):
        admin = {"cookie": ""}
    cookie = {"cookie": f"{admin['cookie']}; guardrail_language={language}"}
    async with site.browser() as browser:
        page = await browser.get(path, headers=cookie)
    assert page.status_code == 200
    assert f'<html lang="{ {"en": "en", "zh": "zh-Hans"}[language] }">' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
