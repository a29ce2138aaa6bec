"""The portal: getting in, what each page does, and who stays outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import OctKey

from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.guardians import guardian_routes
from guardrail.errors import RequestError, StoreError
from guardrail.household import WEEKDAYS, Quiet
from guardrail.metrics import Metrics
from guardrail.person import Day
from guardrail.portal.app import PortalParts, create_portal, portal_app
from guardrail.portal.seat import Form
from guardrail.portal.views import in_cents
from guardrail.portal.words import language_of, read_words
from guardrail.staff.guardterms import Place
from guardrail.store.sqlite import SqliteStore
from guardrail.visits import Tickets
from guardrail.wards import Channel, Wish
from tests.conftest import Clock
from tests.guardhome import BERLIN, DAD, MUM, PORTAL, PORTAL_KEY, Home, home_at

CN = Place("CN", "Asia/Shanghai", "zh")
OPEN = {"/livez", "/sign-in", "/enter/{token}", "/invitation/{token}"}
"""Ways in that need nobody to be signed in."""


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house."""
    async with home_at(tmp_path, clock) as home:
        yield home


def ways(home: Home) -> list[tuple[str, str]]:
    """Every method and path that needs somebody to be signed in."""
    app = portal_app(PortalParts(home.guardians, home.visits))
    return sorted(
        (method, path)
        for method, path in _walked(app.routes)
        if path not in OPEN and not path.startswith("/static")
    )


def _walked(routes: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found += _walked(inner.routes)
        elif isinstance(route, APIRoute):
            found += [(method, route.path) for method in route.methods or ()]
    return found


# -- getting in ------------------------------------------------------------------------------------


async def test_from_invitation_to_the_child_s_page(home: Home) -> None:
    """Address, mail, answer, code, the child's yes: then the page is there, in one browser."""
    invited = await home.guardians.invite(home.ann, by="app", place=BERLIN)
    async with home.open() as browser:
        where = invited.url.removeprefix(PORTAL)
        assert (await browser.get(where)).status_code == 200
        assert "Look in your mailbox" in (await browser.post(where, data={"address": MUM})).text
        await home.settled()
        enter = home.mailbox.last("guardian_enter")
        assert "m…@example.com" in (await browser.get(enter)).text
        answer = await browser.post(enter)
        assert answer.headers["location"] == f"/answer/{invited.link.id}"
        page = await browser.get(answer.headers["location"])
        form = {"form": _token(page), "read": "oversight@1", "name": "Mum", "child": "Mia"}
        refused = await browser.post(f"/answer/{invited.link.id}/agree", data=form)
        assert (refused.status_code, "tick that you agree" in refused.text) == (422, True)
        form |= {"agree": "1", "age": "14-15"}
        await browser.post(f"/answer/{invited.link.id}/agree", data=form)
        code = home.guardians.code(await home.guardians.log.link(invited.link.id))
        waiting = await browser.get("/", follow_redirects=True)
        assert f"{code[:3]} {code[3:]}" in waiting.text
        await home.guardians.ward_accepts(home.ann, by="app", code=code)
        page = await browser.get("/", follow_redirects=True)
        assert page.url.path == f"/children/{invited.link.id}"
        assert "Mia" in page.text
    assert (await home.person()).age.years == (14, 15)


async def test_an_invitation_by_mail_needs_no_second_one(home: Home) -> None:
    """It signs in once, its owner; the address that the app was given signs nobody in."""
    invited = await home.guardians.invite(home.ann, by="app", address=MUM)
    async with home.open() as browser, home.open() as other:
        mailed, handed = home.mailbox.last("guardian_invitation"), invited.url.removeprefix(PORTAL)
        assert mailed != handed
        asks = await other.post(handed, data={"address": MUM})
        assert (asks.status_code, "guardrail_portal" in other.cookies) == (200, False)
        assert (await browser.post(mailed, data={"go": "on"})).status_code == 303
        assert "guardrail_portal" in browser.cookies
        assert (await other.post(mailed, data={"go": "on"})).status_code == 410


async def test_an_invitation_does_not_open_other_children_s_pages(home: Home) -> None:
    """Whoever is a guardian already gets a short-lived link instead."""
    await home.linked()
    await home.guardians.invite(home.people.user("ben", None), by="app", address=MUM)
    async with home.open() as browser:
        page = await browser.post(home.mailbox.last("guardian_invitation"), data={"go": "on"})
        assert (page.status_code, "guardrail_portal" in browser.cookies) == (200, False)
        await home.settled()
        answer = await browser.post(home.mailbox.last("guardian_enter"))
        assert answer.status_code == 303
        assert len(await home.guardians.links(home.guardian())) == 2


async def test_a_link_signs_in_once(home: Home) -> None:
    """Of ten at once one gets in; looking at it uses nothing up; it lives for a quarter of an hour."""
    await home.linked()
    await home.visits.ask(MUM, language="en")
    await home.settled()
    token = home.mailbox.last("guardian_enter").rpartition("/")[2]
    for _ in range(3):
        await home.visits.who(token)
    found = await asyncio.gather(
        *(home.visits.enter(token) for _ in range(10)), return_exceptions=True
    )
    assert sum(not isinstance(one, BaseException) for one in found) == 1
    assert {one.code for one in found if isinstance(one, RequestError)} == {"link_over"}
    with pytest.raises(RequestError):
        await home.visits.enter("forged")
    told = [why for what, why in home.counted if what == "guardian_login"]
    assert sorted(told) == ["failed", "ok", *["over"] * 9]
    await home.visits.ask(MUM, language="en")
    await home.settled()
    home.clock.now += 900
    with pytest.raises(RequestError, match="over"):
        await home.visits.enter(home.mailbox.last("guardian_enter").rpartition("/")[2])


async def test_nobody_learns_who_is_a_guardian(home: Home) -> None:
    """The same page for every address; letters only to guardians, and not too many."""
    await home.linked()
    async with home.open() as browser:
        pages = {
            (await browser.post("/sign-in", data={"address": address})).text
            for address in (MUM, "stranger@example.com", *[MUM] * 5)
        }
    await home.settled()
    sent = [one for one in home.mailbox.letters if one[0] == "guardian_enter"]
    assert len(pages) == 1
    assert [to for _, to, *_ in sent] == [MUM] * 3
    assert ("guardian_mail", "too_many") in home.counted
    home.clock.now += 901
    await home.visits.ask("Mum@EXAMPLE.com", language="zh")
    await home.settled()
    assert home.mailbox.letters[-1][1:3] == ("Mum@example.com", "zh")


async def test_whoever_mistyped_something_comes_back_to_the_form(home: Home) -> None:
    """By a link to the page that the form was on, and to no other site; what is over is left alone."""
    invited = await home.guardians.invite(home.ann, by="app")
    where = invited.url.removeprefix(PORTAL)
    async with home.open() as browser:
        from_us, from_others = {"referer": PORTAL + where}, {"referer": "http://evil.example/x"}
        wrong = await browser.post(where, data={"address": "mum"}, headers=from_us)
        assert f'href="{where}" class="button' in wrong.text
        assert "evil" not in (await browser.post(where, headers=from_others)).text
        sent = await browser.post(where, data={"address": MUM}, headers=from_us)
        assert f'<a href="{where}">Use another address</a>' in sent.text
        gone = await browser.post("/enter/x", headers=from_us)
        assert (gone.status_code, where in gone.text) == (404, False)


async def test_one_invitation_writes_to_few_addresses(home: Home) -> None:
    """It is no way to send mail to the whole world."""
    invited = await home.guardians.invite(home.ann, by="app")
    for number in range(20):
        await home.visits.ask(f"a{number}@example.com", language="en", link=invited.link.id)
        await home.settled()
    assert len(home.mailbox.letters) == 6


async def test_a_mail_server_that_is_down_delays_a_link(home: Home) -> None:
    """The page says the same as ever; the link goes out once it is back, and no later than it works."""
    await home.linked()
    for minutes, arrives in ((10, True), (16, False)):
        home.mailbox.why, before = "connect", len(home.mailbox.letters)
        await home.visits.ask(MUM, language="en")
        await home.settled()
        assert home.counted[-1] == ("letter_failed", "connect")
        home.mailbox.why = ""
        home.clock.now += minutes * 60
        await home.settled()
        assert len(home.mailbox.letters) - before == arrives
    assert home.counted.count(("guardian_mail", "queued")) == 2
    assert home.counted[-1] == ("letter_skipped", "link_over")


async def test_a_link_that_no_mailbox_takes_is_nobodys_to_send_again(home: Home) -> None:
    """Whoever holds an invitation can name any address: that must wake nobody at night."""
    invited = await home.guardians.invite(home.ann, by="app")
    home.mailbox.why, home.mailbox.final = "mailbox", True
    await home.visits.ask("nobody@example.com", language="en", link=invited.link.id)
    await home.settled()
    assert home.counted[-1] == ("letter_skipped", "mailbox")
    assert await home.outbox.dead() == ()


async def test_a_consent_that_is_wanted_stands_at_the_top(home: Home) -> None:
    """A closed chat says on the first page what opens it again; where nothing is wanted, nothing does."""
    link = await home.accepted(await home.invited(place=CN), years=(0, 12))
    await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
    async with home.open() as browser:
        await home.sign_in(browser)
        where = f"/children/{link.id}"
        assert "Read and decide" not in (await browser.get(where)).text
        await home.guardians.withdraw(link.guardian, link.id)
        page = (await browser.get(where)).text
    assert f'href="{where}/consent">Read and decide' in page


async def test_an_everyday_letter_to_a_guardian_pages_nobody(home: Home) -> None:
    """One that was given up is listed, apart from those that tell of a danger."""
    link = await home.linked()
    home.mailbox.why, home.mailbox.final = "mailbox", True
    await home.guardians.end(home.ann, link.id, by="app")
    await home.settled()
    assert (await home.outbox.tallies()).dead == {("portal", "given_up"): 1}


async def test_the_log_holds_neither_link_nor_address(home: Home) -> None:
    """They lie in the vault, under the guardian's own id, and go with it."""
    link = await home.linked()
    home.mailbox.why = "connect"
    await home.visits.ask(MUM, language="en")
    await home.settled()
    told = repr([await home.log(kind) for kind in ("letter.", "visit.", "guardian.")])
    assert "letter.failed" in told
    assert MUM not in told
    assert "/enter/" not in told
    await home.guardians.leave(link.guardian, link.id)
    home.mailbox.why = ""
    home.clock.now += 60
    await home.settled()
    assert home.counted[-1] == ("letter_skipped", "address_gone")


async def test_sessions_end(home: Home) -> None:
    """By the button, after half an hour of silence, and after half a day whatever happens."""
    await home.linked()
    async with home.open() as browser:
        form = await home.sign_in(browser)
        assert (await browser.get("/")).headers["location"].startswith("/children/")
        await browser.post("/sign-out", data={"form": form})
        assert (await browser.get("/")).headers["location"] == "/sign-in"
        await home.sign_in(browser)
        for _ in range(2 * 12 + 1):
            home.clock.now += 1_799
            last = await browser.get("/")
        assert last.headers["location"] == "/sign-in"
        await home.sign_in(browser)
        home.clock.now += 1_800
        assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_a_session_is_known_to_other_processes_and_after_a_restart(home: Home) -> None:
    """It lies in the log, as a digest."""
    from guardrail.staff.guardvisits import GuardVisits

    await home.linked()
    async with home.open() as browser:
        await home.sign_in(browser)
        secret = browser.cookies["guardrail_portal"]
    again = GuardVisits(home.guardians, home.store)
    visit = await again.visit(secret)
    assert visit is not None
    assert visit.guardian == home.guardian()
    assert not any(secret in str(event) for event in await home.log("visit."))


# -- who stays outside -----------------------------------------------------------------------------


async def test_no_token_of_another_realm_opens_a_page(home: Home) -> None:
    """A child's token, the app's key, the admin token, a member's cookie: each at every page."""
    link = await home.linked()
    chat = jwt.encode(
        {"alg": "HS256"}, {"sub": "ann", "guardian": home.guardian()}, OctKey.import_key("k" * 32)
    )
    realms: list[dict[str, str]] = [
        {"x-guardrail-token": f"Bearer {chat}"},
        {"authorization": f"Bearer {chat}"},
        {"authorization": "Bearer app-key"},
        {"authorization": "Bearer admin-token"},
        {"x-guardrail-user": "ann"},
        {"cookie": "guardrail_seat=member; __Host-guardrail=member; guardrail_admin=token"},
        {"cookie": f"guardrail_portal={chat}"},
        {"cookie": f"guardrail_portal={Tickets(PORTAL_KEY).issue('enter', link.id, 2e9)}"},
        {"cookie": "guardrail_portal="},
        {},
    ]
    paths = ways(home)
    assert len(paths) >= 25
    async with home.open() as browser:
        for method, path in paths:
            where = path.replace("{link}", link.id).replace("{ask}", "r-0")
            for headers in realms:
                answer = await browser.request(method, where, headers=headers, data=FORM[method])
                assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    assert (await home.person()).house == replace((await home.person()).house, paused=False)  # type: ignore[type-var]


FORM: dict[str, Any] = {"GET": None, "POST": {"form": "x", "minutes": "30", "sure": "1"}}


async def test_a_guardian_s_session_opens_nothing_of_the_staff(home: Home, tmp_path: Path) -> None:
    """Neither as a cookie under any name nor as a bearer; nor at the people API."""
    await home.linked()
    async with home.open() as browser:
        await home.sign_in(browser)
        secret = browser.cookies["guardrail_portal"]

    async def nothing(*_: Any) -> Any:
        return {}

    parts = AdminParts(
        store=home.store,
        metrics=Metrics(),
        readiness=nothing,
        policy=lambda: home.holder.at(home.clock.now, None),
        reload=nothing,
        cases=nothing,
        token="admin-token",
        routers=(guardian_routes(home.guardians),),
    )
    admin = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_admin(parts)), base_url="http://localhost:9090"
    )
    names = ("guardrail_portal", "guardrail_seat", "__Host-guardrail", "guardrail_admin")
    headers = [{"cookie": f"{name}={secret}"} for name in names]
    headers.append({"authorization": f"Bearer {secret}"})
    async with admin:
        right = await admin.get(
            "/api/openapi.json", headers={"authorization": "Bearer admin-token"}
        )
        document = right.json()
        open_to_all = ("/livez", "/readyz", "/metrics", "/login")
        for path, methods in document["paths"].items():
            for method in methods:
                for one in headers:
                    where = re.sub(r"\{\w+\}", "x", path)
                    answer = await admin.request(method, where, headers=one, json={})
                    known = path in open_to_all or answer.status_code in (303, 401, 403)
                    assert known, (method, path, answer.status_code)
        assert "/api/people/guardian/accept" in document["paths"]
        assert not any("approve" in path and "people" in path for path in document["paths"])


async def test_a_guardian_sees_their_own_children_alone(home: Home) -> None:
    """Somebody else's child is not there, at any page; neither is one of the past."""
    link = await home.linked()
    invited = await home.guardians.invite(home.people.user("ben", None), by="app", address=DAD)
    await home.accepted(await home.guardians.take(invited.link.id, home.guardian(DAD)))
    async with home.open() as browser:
        form = await home.sign_in(browser, DAD)
        for method, path in ways(home):
            if "{link}" in path:
                where = path.replace("{link}", link.id).replace("{ask}", "r-0")
                data = FORM[method] and {
                    **FORM[method], "form": form, "age": "13", "agree": "1", "name": "x",
                    "address": "x@example.com",
                }  # fmt: skip
                answer = await browser.request(method, where, data=data)
                assert answer.status_code == 404, (method, path, answer.text)
    house = (await home.person()).house
    assert house is not None
    assert not house.paused


async def test_forms_of_other_sites_do_nothing(home: Home) -> None:
    """Another origin, none at all, a missing or foreign token: refused, in words."""
    link = await home.linked()
    where = f"/children/{link.id}/pause"
    async with home.open() as browser:
        form = await home.sign_in(browser)
        tries: list[tuple[dict[str, str], dict[str, str]]] = [
            ({"origin": "https://evil.example"}, {"form": form}),
            ({"origin": "null"}, {"form": form}),
            ({"origin": ""}, {"form": form}),
            ({"sec-fetch-site": "cross-site"}, {"form": form}),
            ({"sec-fetch-site": "same-site"}, {"form": form}),
            ({}, {"a": "b"}),
            ({}, {"form": form[:-1]}),
            ({}, {"form": home.visits.form("another session")}),
        ]
        for headers, data in tries:
            assert (await browser.post(where, headers=headers, data=data)).status_code == 403
        kind = {"content-type": "application/json"}
        answer = await browser.post(where, headers=kind, content=b"{}")
        assert answer.status_code == 415
        assert not (await home.person()).house.paused  # type: ignore[union-attr]
        assert (await browser.post(where, data={"form": form})).status_code == 303
        assert (await home.person()).house.paused  # type: ignore[union-attr]


async def test_unknown_hosts_and_sockets(home: Home) -> None:
    """A page on the web that points its own name here gets nothing."""
    async with home.open(public_url="https://parents.example", hosts=("other.example",)) as browser:
        for host, status in (
            ("evil.example", 421),
            ("parents.example", 200),
            ("other.example:9091", 200),
            ("[::1]:9091", 200),
            ("[broken", 421),
        ):
            answer = await browser.get("/sign-in", headers={"host": host})
            assert answer.status_code == status
        assert (await browser.get("/livez", headers={"host": "10.0.0.7"})).text == "ok\n"
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    portal = create_portal(PortalParts(home.guardians, home.visits))
    await portal({"type": "websocket", "path": "/"}, send, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_every_answer_is_guarded(home: Home) -> None:
    """No script, no frame, no referrer, nothing kept; over https a cookie no other host can set."""
    await home.linked()
    async with home.open(public_url="https://localhost:9091") as browser:
        await home.visits.ask(MUM, language="en")
        await home.settled()
        answers = [
            await browser.get(path) for path in ("/sign-in", "/nowhere", "/static/portal.css")
        ]
        entered = await browser.post(home.mailbox.last("guardian_enter"))
        for answer in (*answers, entered):
            policy = answer.headers["content-security-policy"]
            assert "script-src" not in policy
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["strict-transport-security"]
        assert [a.headers["cache-control"] for a in answers] == ["no-store", "no-store", "no-cache"]
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-guardrail-portal=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_links_that_are_none(home: Home) -> None:
    """A clear page, and no stack trace."""
    surrogate = "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")
    tokens = ("x", "a.b", "é.é", "%00.%00", "A" * 5_000, "YQ.YQ", "invite", surrogate)
    async with home.open() as browser:
        for token in tokens:
            for path in ("enter", "invitation"):
                for method in ("GET", "POST"):
                    answer = await browser.request(method, f"/{path}/{token}", data=FORM[method])
                    assert answer.status_code in (404, 410)
                    assert "<h1>" in answer.text


def test_tokens_are_for_one_purpose_and_one_realm() -> None:
    """Neither another key nor another purpose, nor one bit more or less."""
    tickets, now = Tickets(PORTAL_KEY), 1_000.0
    token = tickets.issue("invite", "g-1", 2_000)
    assert tickets.read(token, now, "invite", "mailed") == ("invite", "g-1")
    for wrong in (token[:-1], token + "A", token.replace(".", "..", 1), token[1:]):
        with pytest.raises(RequestError):
            tickets.read(wrong, now, "invite")
    for reader, at, purpose in (
        (Tickets(b"q" * 32), now, "invite"),
        (tickets, now, "enter"),
        (tickets, 2_000.0, "invite"),
    ):
        with pytest.raises(RequestError):
            reader.read(token, at, purpose)
    with pytest.raises(ValueError, match="32 bytes"):
        Tickets(b"short")


# -- what the pages do -----------------------------------------------------------------------------


@pytest.fixture
async def family(home: Home) -> AsyncIterator[tuple[Home, httpx.AsyncClient, str, str]]:
    """A house, a browser of Mum's, the path of her child's page, what forms carry."""
    link = await home.linked()
    async with home.open() as browser:
        form = await home.sign_in(browser)
        yield home, browser, f"/children/{link.id}", form


Family = tuple[Home, httpx.AsyncClient, str, str]


async def test_times_as_a_phone_sends_them(family: Family) -> None:
    """Each weekday its own hours, school on some days, minutes; empty fields are no limit."""
    home, browser, where, form = family
    hours = {f"{day}_from": "21:00" for day in WEEKDAYS[:5]} | {
        f"{day}_to": "07:00" for day in WEEKDAYS[:5]
    }
    sent: dict[str, Any] = {
        **hours, "sat_from": "23:30", "sat_to": "09:00", "sun_from": "", "sun_to": "",
        "school_day": ["mon", "fri"], "school_from": "08:00", "school_to": "13:00",
        "zone": "Asia/Shanghai", "daily": "45", "session": "", "form": form,
    }  # fmt: skip
    answer = await browser.post(f"{where}/times", data=sent)
    assert answer.headers["location"] == f"{where}/times?done=saved"
    house = (await home.person()).house
    assert house is not None
    assert house.quiet == (
        Quiet((0, 1, 2, 3, 4), 1260, 420),
        Quiet((5,), 1410, 540),
        Quiet((0, 4), 480, 780, "school"),
    )
    assert (house.zone, house.daily_minutes, house.session_minutes) == ("Asia/Shanghai", 45, None)
    page = (await browser.get(f"{where}/times")).text
    assert page.count('value="21:00"') == 5
    assert 'value="23:30"' in page
    assert "<option selected>Asia/Shanghai" in page
    await browser.post(
        f"{where}/times", data={**sent, "same": "1", "school_from": "", "school_to": ""}
    )
    assert (await home.person()).house.quiet == (Quiet(tuple(range(7)), 1260, 420),)  # type: ignore[union-attr]


async def test_times_that_cannot_be(family: Family) -> None:
    """Each gets words that say what to mend, and changes nothing."""
    home, browser, where, form = family
    before = await home.person()
    tries: tuple[tuple[dict[str, str], str], ...] = (
        ({"mon_from": "25:00", "mon_to": "07:00"}, "two different times"),
        ({"mon_from": "21:00"}, "two different times"),
        ({"mon_from": "21:00", "mon_to": "21:00"}, "two different times"),
        ({"school_from": "08:00", "school_to": "13:00"}, "choose the days"),
        ({"daily": "many"}, "whole minutes"),
        ({"daily": "0"}, "1 to 1440"),
        ({"session": "9999"}, "1 to 1440"),
        ({"daily": "٣٠"}, "whole minutes"),
        ({"zone": "Mars/Base"}, "time zone"),
    )
    for fields, words in tries:
        answer = await browser.post(f"{where}/times", data={**fields, "form": form})
        assert (answer.status_code, words in answer.text) == (422, True), fields
    assert await home.person() == before


async def test_buttons_of_the_first_page(family: Family) -> None:
    """Pause and open, more minutes, an exception, a request: each is one tap, and says so."""
    home, browser, where, form = family
    await home.guardians.set(home.guardian(), where.rpartition("/")[2], {"daily_minutes": 45})
    ask = await home.guardians.ask(home.ann, Wish.MORE, 30)
    page = (await browser.get(where)).text
    assert "Asks for 30 more minutes today" in page
    for path, data, done in (
        ("pause", {}, "paused"),
        ("resume", {}, "resumed"),
        ("give", {"minutes": "15"}, "given"),
        ("lift", {"minutes": "30"}, "lifted"),
        ("lift", {"minutes": "0"}, "quiet"),
        (f"requests/{ask.id}", {"minutes": "15"}, "granted"),
    ):
        answer = await browser.post(f"{where}/{path}", data={**data, "form": form})
        assert answer.headers["location"] == f"{where}?done={done}", path
        shown = (await browser.get(answer.headers["location"])).text
        assert f'role="status">{read_words()["en"][f"done.{done}"]}' in shown
    day, _ = await home.guardians.day(home.ann)
    assert (day.bonus, day.closed) == (30, "")
    again = await browser.post(f"{where}/requests/{ask.id}", data={"minutes": "15", "form": form})
    assert (again.status_code, "answered already" in again.text) == (409, True)
    assert (await browser.post(f"{where}/give", data={"form": form})).status_code == 422


async def test_characters_spending_switches_alerts(family: Family) -> None:
    """Each page saves what it shows."""
    home, browser, where, form = family
    link = where.rpartition("/")[2]
    await browser.post(f"{where}/characters", data={"name": "<b>Luna</b>", "form": form})
    page = (await browser.get(f"{where}/characters")).text
    assert "&lt;b&gt;Luna&lt;/b&gt;" in page
    assert "<b>Luna" not in page
    key = (await home.person()).house.blocked[0]  # type: ignore[union-attr]
    await browser.post(f"{where}/characters", data={"unblock": key, "form": form})
    await browser.post(f"{where}/more", data={"spend": "9,50", "on": "push", "form": form})
    house = (await home.person()).house
    assert house is not None
    assert (house.blocked, house.spend_cap, house.off) == ((), 950, ("memory",))
    assert 'value="9.50"' in (await browser.get(f"{where}/more")).text
    bad = await browser.post(f"{where}/more", data={"spend": "a lot", "form": form})
    assert bad.status_code == 422
    await browser.post(f"{where}/alerts", data={"channel": "none", "form": form})
    assert (await home.guardians.log.link(link)).channel is Channel.NONE
    assert "Trained people look first" in (await browser.get(f"{where}/alerts")).text


async def test_consent_invitation_and_leaving(family: Family) -> None:
    """What cannot be undone by a tap needs a tick; whoever left finds an empty page."""
    home, browser, where, form = family
    again = {"form": form, "read": "oversight@1"}
    assert (
        await browser.post(f"{where}/consent", data={"form": form, "withdraw": "1"})
    ).status_code == 422
    await browser.post(f"{where}/consent", data={"form": form, "withdraw": "1", "sure": "1"})
    assert (await home.person()).consent is None
    assert "not agreed to yet" in (await browser.get(f"{where}/consent")).text
    await browser.post(f"{where}/consent", data=again)
    assert (await home.person()).consent is not None
    sent = await browser.post(f"{where}/invite", data={"form": form, "address": DAD})
    assert sent.headers["location"].endswith("guardians?done=invited")
    assert home.mailbox.letters[-1][:2] == ("guardian_invitation", DAD)
    assert "Somebody is invited" in (await browser.get(f"{where}/guardians")).text
    assert (await browser.post(f"{where}/leave", data={"form": form})).status_code == 422
    left = await browser.post(f"{where}/leave", data={"form": form, "sure": "1"})
    assert left.headers["location"] == "/?done=left"
    assert "You look after nobody" in (await browser.get(left.headers["location"])).text
    assert (await browser.get(where)).status_code == 404


async def test_without_a_mail_server_the_link_is_handed_over(family: Family) -> None:
    """It is shown once, on the page that follows, and asks the other one for an address."""
    home, browser, where, form = family
    home.mailbox.why = "connect"
    page = await browser.post(f"{where}/invite", data={"form": form, "address": DAD})
    assert page.status_code == 200
    assert f"{PORTAL}/invitation/" in page.text


async def test_pages_show_figures_and_never_words(family: Family) -> None:
    """Minutes, nights, days; of a case and of what was said nothing, in either language."""
    home, browser, where, _ = family
    days = (Day("2026-09-20", 1_800, 600, 7), Day("2026-09-21", 3_000, 0, 9))
    await home.put(days=days, last_seen=home.clock.now)
    for language, word in (
        ("en", "Nights with use after midnight: 1"),
        ("zh", "零点以后使用的夜晚：1 个"),
    ):
        page = (await browser.get(f"{where}?lang={language}")).text
        assert word in page
        assert "Monday: 50 min" in page or "星期一: 50 分钟" in page
        for path in ("times", "characters", "more", "alerts", "consent", "guardians", "about"):
            shown = await browser.get(f"{where}/{path}")
            assert shown.status_code == 200
            assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in shown.text
            assert "<script" not in shown.text
            assert "style=" not in shown.text
            assert home.ann.key not in shown.text


async def test_a_child_who_grew_up(family: Family) -> None:
    """The page says that nothing of it counts any more."""
    home, browser, where, _ = family
    from guardrail.people import Act
    from guardrail.turn import AgeBand, Evidence

    await home.people.age(home.ann, Act("op"), band=AgeBand.ADULT, evidence=Evidence.VERIFIED)
    assert "Now an adult" in (await browser.get(where)).text


async def test_when_the_store_fails(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that says so, and 503."""
    _, browser, where, _ = family

    async def fails(*_: Any) -> Any:
        raise StoreError("the disk is full of secrets")

    monkeypatch.setattr(SqliteStore, "read", fails)
    answer = await browser.get(where)
    assert (answer.status_code, "try again in a minute" in answer.text) == (503, True)
    assert "secrets" not in answer.text


async def test_the_page_of_a_strange_address_leads_nowhere_else(home: Home) -> None:
    """The link to the other language stays on this server, whatever the address."""
    async with home.open() as browser:
        for path in ("//evil.example/x", "/%2f%2fevil.example", "/%5cevil.example"):
            page = (await browser.get(PORTAL + path)).text
            (link,) = re.findall(r'href="([^"]*)\?lang=', page)
            assert link.startswith("/")
            assert not link.startswith(("//", "/\\"))


async def test_bad_requests_get_pages(family: Family) -> None:
    """Too much, not UTF-8, a strange method, a strange path."""
    _, browser, where, _ = family
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for content, status in (
        (b"a=" + b"x" * 20_000, 413),
        (b"a=%ff%fe&b=\xff", 422),
        (b"&".join([b"a=1"] * 300), 422),
    ):
        answer = await browser.post(f"{where}/times", headers=kind, content=content)
        assert (answer.status_code, "<h1>" in answer.text) == (status, True)
    for method, path, status in (
        ("DELETE", where, 405),
        ("GET", "/%00", 404),
        ("GET", f"{where}/x", 404),
    ):
        answer = await browser.request(method, path)
        assert (answer.status_code, "<h1>" in answer.text) == (status, True)


# -- words -----------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    """The same keys, and in each the same placeholders."""
    words = read_words()
    assert words["en"].keys() == words["zh"].keys()
    for key, english in words["en"].items():
        chinese = words["zh"][key]
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), key
        assert english.strip() == english
        assert english


def test_every_word_of_the_templates_is_there() -> None:
    """And none is there that nothing says."""
    root = Path(__file__).parent.parent / "guardrail" / "portal"
    text = "\n".join(p.read_text("utf-8") for p in sorted((root / "templates").glob("*.html")))
    used = set(re.findall(r"t\('([\w.-]+)'", text)) | set(
        re.findall(r"'([a-z_]+\.[\w.-]+)' (?:if|else)", text)
    )
    used |= set(re.findall(r"else '([a-z_]+\.[\w.-]+)'", text))
    prefixes = set(re.findall(r"t\('([\w.-]+\.)' ~", text)) | {"done.", "wrong."}
    known = read_words()["en"].keys()
    assert {one for one in used if not one.endswith(".")} <= known
    idle = {key for key in known - used if not key.startswith(tuple(prefixes))}
    assert {key for key in idle if not key.endswith(".title") and key != "service"} == set()


@pytest.mark.parametrize(
    ("chosen", "accepted", "found"),
    [
        ("zh", "en", "zh"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "en-GB,zh;q=0.9", "en"),
        ("", "de,zh;q=0.5,en;q=0.4", "zh"),
        ("", "en;q=0,zh;q=0.1", "zh"),
        ("xx", "", "en"),
        ("", "zh;q=much", "en"),
    ],
)
def test_which_language(chosen: str, accepted: str, found: str) -> None:
    """What was chosen, else what the browser asks for, else English."""
    assert language_of(chosen, accepted) == found


@pytest.mark.parametrize(
    ("text", "currency", "cents"),
    [
        ("10", "USD", 1_000), ("9.50", "USD", 950), ("9,5", "USD", 950), ("0", "USD", 0),
        ("500", "JPY", 500), ("5.5", "JPY", None), ("1.234", "USD", None), ("-1", "USD", None),
        (".5", "USD", None), ("1e3", "USD", None), ("99999999", "USD", None), ("", "USD", None),
    ],
)  # fmt: skip
def test_amounts(text: str, currency: str, cents: int | None) -> None:
    """As people write them; anything else is none."""
    assert in_cents(text, currency) == cents


def test_a_field_that_comes_twice() -> None:
    """The first counts, and long ones are cut."""
    form = Form({"a": [" x ", "y"], "long": ["z" * 9_999]})
    assert (form.get("a"), form.all("a"), form.get("b")) == ("x", [" x ", "y"], "")
    assert len(form.get("long")) == 512


def _token(page: httpx.Response) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]
