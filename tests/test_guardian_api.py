"""The people API about guardians: what an app does for its user, and what it cannot do."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.guardians import guardian_routes
from guardrail.identity import HeaderRules, IdentityRules, JwtRules, identify
from guardrail.letterbook import Letter
from guardrail.metrics import Metrics
from guardrail.staff.guardcards import Card
from guardrail.staff.guardterms import Printed, Terms
from guardrail.wards import Wish
from tests.conftest import Clock
from tests.guardhome import MUM, PORTAL, Home, home_at

ANN: dict[str, Any] = {"person": {"user": "ann", "proven": True}, "by": "app"}
BEN: dict[str, Any] = {"person": {"user": "ben", "proven": True}, "by": "app"}


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house."""
    async with home_at(tmp_path, clock) as home:
        yield home


@pytest.fixture
async def admin(home: Home) -> httpx.AsyncClient:
    """The app, with the admin token."""

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
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_admin(parts)),
        base_url="http://localhost:9090/api/people/",
        headers={"authorization": "Bearer admin-token"},
    )


async def ask(admin: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> Any:
    """The JSON of an answer that has this status."""
    answer = await admin.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_link_from_the_app_s_side(home: Home, admin: httpx.AsyncClient) -> None:
    """Invite, see who agreed, agree, see that oversight is on, end it."""
    place = {"region": "DE", "zone": "Europe/Berlin", "language": "en"}
    invited = await ask(admin, "guardian/invite", 201, **ANN, **place, proof="platform")
    assert invited["url"].startswith(f"{PORTAL}/invitation/")
    assert (invited["mailed"], invited["until"]) == (False, home.clock.now + 72 * 3600)
    link = await home.guardians.take(invited["link"], home.guardian())
    found = await ask(admin, "guardian/list", person=ANN["person"])
    assert (found["oversight"], found["links"][0]["status"]) == (False, "taken")
    early = await ask(admin, "guardian/accept", 409, **ANN, link=link.id)
    assert early["code"] == "not_agreed"
    await home.accepted(link)
    seen = (await ask(admin, "guardian/list", person=ANN["person"]))["links"][0]
    assert (seen["name"], seen["status"], seen["proof"]) == ("Mum", "accepted", "platform")
    other = await ask(admin, "guardian/accept", 404, **BEN, link=link.id)
    assert other["code"] == "unknown_link"
    found = await ask(admin, "guardian/accept", **ANN, code=home.guardians.code(link))
    assert (found["oversight"], found["guardian_never_sees"]) == (True, ["messages"])
    again = await ask(admin, "guardian/invite", 409, **ANN)
    assert again["code"] == "has_guardian"
    await ask(admin, "guardian/end", 404, **BEN, link=link.id)
    assert not (await ask(admin, "guardian/end", **ANN, link=link.id))["oversight"]


async def test_the_child_says_no(home: Home, admin: httpx.AsyncClient) -> None:
    """Before it began, and nothing is left."""
    link = await home.accepted(await home.invited())
    found = await ask(admin, "guardian/refuse", **ANN, link=link.id)
    assert found["links"] == []


async def test_what_counts_for_a_child_now(home: Home, admin: httpx.AsyncClient) -> None:
    """Minutes, hours, requests, spending: all that an app has to show."""
    await ask(admin, "limits", 404, person=ANN["person"])
    link = await home.linked()
    guardian = link.guardian
    await home.guardians.set(
        guardian, link.id, {"daily_minutes": 45, "spend_cap": 1_000, "off": ("push",)}
    )
    await home.guardians.block(guardian, link.id, "Luna")
    asked = await ask(admin, "time/ask", 201, **ANN, minutes=30)
    await home.guardians.answer(guardian, link.id, asked["request"], 15)
    spent = await ask(admin, "spend", **ANN, amount=400, reference="order-1")
    assert spent == {"month": "2026-09", "spent": 400, "cap": 1_000, "left": 600}
    over = await ask(admin, "spend", 409, **ANN, amount=601, reference="order-2")
    assert over["code"] == "over_cap"
    found = await ask(admin, "limits", person=ANN["person"])
    assert found["minutes"] == {"used": 0, "left": 60, "daily": 60, "session": 60, "bonus": 15}
    assert (found["oversight"], found["closed"], found["off"]) == (True, None, ["push"])
    assert (found["blocked"], found["zone"]) == (["Luna"], "Europe/Berlin")
    assert [one["granted"] for one in found["requests"]] == [15]
    await home.guardians.set(guardian, link.id, {"paused": True})
    assert (await ask(admin, "limits", person=ANN["person"]))["closed"] == "paused"


async def test_an_app_cannot_approve(home: Home, admin: httpx.AsyncClient) -> None:
    """Whatever an app hands to a child: nothing here grants, gives, lifts or sets for a guardian."""
    link = await home.linked()
    one = await home.guardians.ask(home.ann, Wish.MORE, 30)
    for path in ("answer", "grant", "give", "lift", "set", f"requests/{one.id}", "guardian/agree"):
        answer = await admin.post(path, json={**ANN, "link": link.id, "minutes": 30})
        assert answer.status_code in (404, 405)
    assert (await home.guardians.ward(link.guardian, link.id)).day.bonus == 0


async def test_home_is_not_safe(home: Home, admin: httpx.AsyncClient) -> None:
    """The app says so for its user; a human takes it back."""
    alerts = home.alerts()
    await ask(admin, "guardian/unsafe", **ANN, reason="teen-says")
    assert not await alerts.may_tell(home.ann.key)
    await ask(admin, "guardian/safe", **ANN, reason="looked-at")
    assert await alerts.may_tell(home.ann.key)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("guardian/invite", {"region": "Germany"}),
        ("guardian/invite", {"zone": "Mars/Base"}),
        ("guardian/invite", {"address": "nobody"}),
        ("guardian/invite", {"language": "de"}),
        ("guardian/invite", {"proof": "trust-me"}),
        ("guardian/accept", {"code": "12345"}),
        ("guardian/accept", {"link": "../x"}),
        ("time/ask", {"minutes": 0}),
        ("time/ask", {"minutes": 30, "wish": "always"}),
        ("spend", {"amount": 1.5, "reference": "a"}),
        ("spend", {"amount": 10**9, "reference": "a"}),
    ],
)
async def test_what_cannot_be_asked(
    admin: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    """422, and nothing of what was sent comes back."""
    answer = await admin.post(path, json={**ANN, **body})
    assert answer.status_code == 422
    assert "nobody" not in answer.text


async def test_without_the_token_there_is_nothing(home: Home, admin: httpx.AsyncClient) -> None:
    """A chat's key and a guardian's session are none."""
    async with home.open() as browser:
        await home.linked()
        await home.sign_in(browser)
        secret = browser.cookies["guardrail_portal"]
    for headers in ({"authorization": "Bearer app-key"}, {"authorization": f"Bearer {secret}"}):
        answer = await admin.post("guardian/list", json={"person": ANN["person"]}, headers=headers)
        assert answer.status_code == 401


async def test_links_can_be_printed_for_trying_out(home: Home) -> None:
    """Those to sign in, and nothing else; an invitation is then handed over by the app."""
    printed: list[str] = []
    home.guardians.mailer = None
    home.mailbox.send = Printed(printed.append).send  # type: ignore[method-assign]
    invited = await home.guardians.invite(home.ann, by="app", address=MUM)
    assert (invited.mailed, printed) == (False, [])
    await home.visits.ask(MUM, language="en", link=invited.link.id)
    await home.settled()
    assert len(printed) == 1
    assert f"{PORTAL}/enter/" in printed[0]
    other = Letter("x", 0.0, "guardian_ended", "guardian", "s")
    assert (await home.mailbox.send(other, MUM)).why == "no_mail"


def test_terms_follow_the_settings() -> None:
    """Links lead to the public address, or to the portal's own."""
    from guardrail._tables import GuardiansTable

    assert Terms.of(GuardiansTable()).public_url == "http://127.0.0.1:9091"
    table = GuardiansTable(public_url="https://p.example/", invitation_hours=1, alerts="direct")
    terms = Terms.of(table)
    assert (terms.public_url, terms.invitation, terms.alerts) == (
        "https://p.example",
        3600,
        "direct",
    )


def test_a_token_may_say_whom_a_turn_is_with() -> None:
    """As a claim, in any letters; a header is percent-encoded."""
    key = OctKey.import_key("k" * 32)
    rules = IdentityRules(jwt=JwtRules(KeySet([key]), ("HS256",), "app", "guardrail"))
    claims = {"iss": "app", "aud": "guardrail", "exp": 2_000_000_000, "sub": "ann"}
    token = jwt.encode({"alg": "HS256"}, claims | {"character": "Luna 星"}, key)
    found = identify(rules, [(b"x-guardrail-token", token.encode())], None)
    assert found.character == "Luna 星"
    peers = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))
    for value, name in (
        (b"Luna%20%E6%98%9F", "Luna 星"),
        (b"luna-1", "luna-1"),
        (b"%FF", "\ufffd"),
    ):
        headers = [(b"x-guardrail-character", value)]
        assert identify(peers, headers, "127.0.0.1").character == name


async def test_names_are_cleaned(home: Home) -> None:
    """One line of at most forty characters, whatever a form sends."""
    link = await home.invited()
    names = Card("Mum\r\n\x00 <b>" + "x" * 99, "\u202eMia")
    link = await home.guardians.accept(
        link.guardian, link.id, years=(13, 13), names=names, read="oversight@1"
    )
    found = await home.guardians.cards.names(link)
    assert found.guardian.startswith("Mum <b>x")
    assert (len(found.guardian), found.ward) == (40, "Mia")
    await home.guardians.ward_accepts(home.ann, by="app", link=link.id)
