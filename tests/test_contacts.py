"""Emergency contacts: registered by the app, reached by an approved letter, gone with the person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from guardrail._tables import Mail, NotifyTable, VaultTable, Webhook
from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.contacts import contact_routes
from guardrail.cases import Asked, Whom
from guardrail.errors import RequestError, VaultError
from guardrail.identity import Pseudonyms
from guardrail.metrics import Metrics
from guardrail.people import Act
from guardrail.roles import StaffRole
from guardrail.staff.addresses import Address, AddressBook
from guardrail.staff.casework import Casework
from guardrail.staff.emergency import Agreed, EmergencyContacts
from guardrail.staff.postoffice import Parts, PostOffice, post_office
from guardrail.staff.privacy import Privacy
from guardrail.store.vault import open_vault
from tests.cases import ANN, BEN, crisis
from tests.conftest import Clock
from tests.guardhome import MUM, Home, home_at
from tests.post import SECRETS, MailServer, loopback, mail_server
from tests.staffed import Staff

FRIEND = "kim@friend.example"
WHO: dict[str, Any] = {"person": {"user": "ann", "proven": True}}
BY: dict[str, Any] = {**WHO, "by": "app", "agreed": "both"}


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house."""
    async with home_at(tmp_path, clock) as home:
        yield home


def post_of(home: Home, **table: Any) -> PostOffice:
    """A post office of these settings, on the house's files."""
    count = lambda what, why: home.counted.append((what, why))  # noqa: E731
    parts = Parts(home.store, home.vault, Pseudonyms(b"0123456789abcdef"), count, home.clock)
    settings = NotifyTable(allow_private=True, allow_http=True, **table)
    return post_office(settings, parts, resolve=loopback)


def mail_to(smtp: MailServer) -> Mail:
    """The settings of this mail server."""
    return Mail(host="smtp.example", port=smtp.port, tls="none", sender="Care <care@us.example>")


def contacts_of(home: Home, post: PostOffice | None = None) -> EmergencyContacts:
    """The service."""
    more = {"reaches": post.reaches} if post is not None else {}
    return EmergencyContacts(home.store, home.vault, home.people, clock=home.clock, **more)


def open_admin(home: Home, contacts: EmergencyContacts, **more: Any) -> httpx.AsyncClient:
    """The admin server with these routes alone."""

    async def nothing(*_: Any) -> Any:
        return {}

    parts = AdminParts(
        store=home.store,
        metrics=Metrics(),
        readiness=nothing,
        policy=lambda: home.holder.at(home.clock.now, None),
        reload=nothing,
        cases=nothing,
        routers=(contact_routes(contacts),),
        **more,
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_admin(parts)),
        base_url="http://localhost:9090/api/people/contact/",
    )


async def ask(admin: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> Any:
    """The JSON of an answer that has this status."""
    answer = await admin.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert FRIEND not in answer.text
    return answer.json()


async def test_a_contact_is_registered_changed_and_removed(home: Home) -> None:
    """Listed without the address; in the log by id, with who agreed and when."""
    async with open_admin(home, contacts_of(home)) as admin:
        first = await ask(admin, "keep", **BY, mail=FRIEND, language="en")
        again = await ask(admin, "keep", **BY, mail=FRIEND, language="en")
        assert again["contact"] == first["contact"]
        home.clock.now += 60
        second = await ask(
            admin, "keep", **BY | {"agreed": "person"}, phone="+49 30 1", instead=first["contact"]
        )
        (shown,) = (await ask(admin, "list", **WHO))["contacts"]
        assert shown == {
            "contact": second["contact"],
            "way": "phone",
            "language": None,
            "agreed": "person",
            "at": home.clock.now,
        }
        gone = {**WHO, "by": "app", "contact": second["contact"]}
        assert (await ask(admin, "remove", **gone))["contacts"] == []
        assert (await ask(admin, "remove", 404, **gone))["code"] == "unknown_contact"
    *_, changed = await home.log("person.contact_set")
    assert changed.body == {
        "by": "app",
        "reason": "",
        "contact": second["contact"],
        "way": "phone",
        "agreed": "person",
        "instead": first["contact"],
    }
    (removed,) = await home.log("person.contact_removed")
    assert (removed.user, removed.body["contact"]) == (home.ann.key, second["contact"])
    assert await AddressBook(home.vault).all(home.ann.key) == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mail": "nobody"}, 422),
        ({}, 422),
        ({"mail": FRIEND, "phone": "+1 555 0100"}, 422),
        ({"phone": "call Kim"}, 422),
        ({"webhook": "https://kim.example/in"}, 422),
        ({"webhook": "https://kim.example/in", "secrets": ["short"]}, 422),
        ({"mail": FRIEND, "agreed": "nobody"}, 422),
        ({"mail": FRIEND, "person": {"key": "0" * 32}}, 404),
    ],
)
async def test_what_is_no_contact(home: Home, body: dict[str, Any], status: int) -> None:
    """It is refused, and nothing of it is written down."""
    async with open_admin(home, contacts_of(home)) as admin:
        await ask(admin, "keep", status, **BY | body)
    assert await home.log("person.contact_set") == []


async def test_three_are_enough(home: Home) -> None:
    """A fourth takes the place of one of them."""
    contacts, act = contacts_of(home), Act("app")
    kept = [
        await contacts.keep(home.ann, act, Address("emergency", phone=f"+{n}"), Agreed.BOTH)
        for n in range(3)
    ]
    fourth = Address("emergency", phone="+9")
    with pytest.raises(RequestError, match="there are 3"):
        await contacts.keep(home.ann, act, fourth, Agreed.BOTH)
    await contacts.keep(home.ann, act, fourth, Agreed.BOTH, instead=kept[0].id)
    assert len(await contacts.all(home.ann)) == 3


async def test_what_could_not_be_reached_is_refused_now(home: Home) -> None:
    """No mail server, no webhook for that audience, a host that is not on the list."""
    hook = Webhook(url="http://hooks.example/in", secrets=SECRETS, audiences=("emergency",))
    own = Address("emergency", webhook="http://hooks.example/kim", secrets=SECRETS)
    other = Address("emergency", webhook="http://kim.example/in", secrets=SECRETS)
    ways = {"mail": FRIEND, "phone": "+49 30 1"}
    mail, phone = Address("emergency", mail=FRIEND), Address("emergency", phone="+49 30 1")
    without, with_hook = post_of(home), post_of(home, webhooks=(hook,))
    assert [with_hook.reaches(one) for one in (mail, phone, own, other)] == [
        False,
        True,
        True,
        False,
    ]
    async with open_admin(home, contacts_of(home, without)) as admin:
        for way, to in ways.items():
            refused = await ask(admin, "keep", 409, **BY, **{way: to})
            assert refused["code"] == "no_channel"
    assert await home.log("person.contact_set") == []


async def test_an_approved_letter_reaches_the_contact(home: Home, tmp_path: Path) -> None:
    """From the API, over two members of the staff, into a mailbox; no file of ours holds the address."""
    async with mail_server() as smtp:
        post = post_of(home, mail=mail_to(smtp), service="Mira")
        async with open_admin(home, contacts_of(home, post)) as admin:
            await ask(admin, "keep", **BY, mail=FRIEND, language="en")
        await home.store.append(*crisis(at=home.clock.now, profile={"user": home.ann.key}))
        case = (await home.log("case.opened"))[0].subject
        work = Casework(home.store, home.vault, clock=home.clock)
        _, proposal = await work.propose_contact(ANN, case, Whom.EMERGENCY, Asked.NO_ANSWER)
        await work.approve_contact(BEN, case, proposal)
        assert await post.outbox.step() == 1
        await post.outbox.close()
        ((to, mail),) = smtp.got
    assert to == [FRIEND]
    assert mail["subject"] == "Somebody who trusts you may need you now"
    (sent,) = await home.log("case.contact_sent")
    assert (sent.subject, sent.body) == (case, {"of": proposal})
    await home.store.ping()
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert FRIEND.encode() not in raw


async def test_only_who_may_act_on_people(home: Home, tmp_path: Path, clock: Clock) -> None:
    """Each of the three, for nobody, a moderator and a lead."""
    staff = Staff(tmp_path, home.store, clock)
    more = {"token": "t", "accounts": staff.accounts, "logins": staff.logins}
    bodies = {
        "keep": {**BY, "phone": "+1 555"},
        "list": WHO,
        "remove": {**WHO, "contact": "0" * 16},
    }
    async with open_admin(home, contacts_of(home), **more) as admin:
        moderator = await staff.seat(StaffRole.MODERATOR)
        lead = await staff.seat(StaffRole.LEAD)
        for path, body in bodies.items():
            for headers, refused in (({}, 401), (moderator, 403), (lead, None)):
                answer = await admin.post(path, json=body, headers=headers)
                assert answer.status_code == refused or refused is None
                assert (answer.status_code in (401, 403)) is (refused is not None)
    (event,) = await home.log("person.contact_set")
    assert event.body["by"].startswith("m")
    await staff.close()


# -- when somebody goes ----------------------------------------------------------------------------


def privacy_of(home: Home) -> Privacy:
    """As the server has it."""
    return Privacy(home.store, home.vault, home.clock, forget=home.guardians.forget)


async def test_contacts_go_with_who_has_no_guardian(home: Home) -> None:
    """Deleting an adult's data forgets whom to tell; what they register later stays."""
    contacts, act = contacts_of(home), Act("app")
    kim, lou = (Address("emergency", phone=f"+49 {n}") for n in (1, 2))
    await contacts.keep(home.ann, act, kim, Agreed.PERSON)
    await privacy_of(home).delete(home.ann.key, "user")
    assert await contacts.all(home.ann) == ()
    home.clock.now += 60
    await contacts.keep(home.ann, act, lou, Agreed.PERSON)
    assert await privacy_of(home).mend() == 1
    assert len(await contacts.all(home.ann)) == 1


async def test_guardians_go_with_a_closed_account(home: Home) -> None:
    """While the child has one, their guardian stays; then names, addresses and the link are gone."""
    link = await home.linked()
    key, privacy = home.ann.key, privacy_of(home)
    assert (await privacy.delete(key, "user")).protects == ("age", "consent", "house")
    book = AddressBook(home.vault)
    assert [one.mail for one in (await book.all(key)).values()] == [MUM]
    assert await home.guardians.links(link.guardian)
    home.clock.now += 60
    await privacy.delete(key, "operator", closed=True)
    assert await book.all(key) == {}
    assert await home.guardians.links(link.guardian) == ()
    assert (await home.guardians.cards.names(link)).ward == ""
    assert await home.guardians.cards.address(link.guardian) == ""
    home.clock.now += 60
    again = await home.linked()
    await privacy.mend()
    assert [one.id for one in await home.guardians.links(again.guardian)] == [again.id]


async def test_without_its_key_a_vault_stops_no_other_deletion(home: Home, tmp_path: Path) -> None:
    """What can be done is done, and what cannot is said; with the key again it is done."""
    act, key = Act("app"), tmp_path / "v" / "vault.key"
    contacts = contacts_of(home)
    await contacts.keep(home.ann, act, Address("emergency", phone="+1 2"), Agreed.BOTH)
    await home.people.pause(home.ann, act)
    await home.people.resume(home.ann, act)
    right = key.read_bytes()
    key.write_bytes(b"x" * 32)
    locked = open_vault(tmp_path / "v", VaultTable(), home.clock)
    privacy = Privacy(home.store, locked, home.clock)
    with pytest.raises(VaultError):
        await privacy.delete(home.ann.key, "user")
    assert await home.store.people() == ()
    with pytest.raises(VaultError):
        await privacy.mend()
    await locked.close()
    key.write_bytes(right)
    assert len(await contacts.all(home.ann)) == 1
    assert await privacy_of(home).mend() == 1
    assert await contacts.all(home.ann) == ()
