"""Acts on people: what they change, that they are written down first, and what a turn makes of them."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import RequestError, StoreError
from guardrail.identity import HeaderRules, IdentityRules, Pseudonyms
from guardrail.middleware import GuardrailMiddleware
from guardrail.people import Act, People, Verdict
from guardrail.person import Age, Consent, Crisis, Person, raised
from guardrail.policy.load import read_pack
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import AgeBand, Danger, Evidence, Identity
from tests.asgi import call
from tests.conftest import POLICIES, Clock
from tests.faces.backend import Backend

PATH = "/v1/chat/completions"
SECRET = b"0123456789abcdef"
APP = b"Bearer app-key"
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))
OPERATOR = Act("operator", "guardian-request")
VERIFIED = Evidence.VERIFIED


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Two real files."""
    store = SqliteStore(tmp_path / "people.db")
    yield store
    await store.close()


@pytest.fixture
def people(store: SqliteStore, clock: Clock) -> People:
    """The service on it."""
    return People(store, Pseudonyms(SECRET), clock)


async def log(store: SqliteStore) -> list[Event]:
    """All acts, oldest first."""
    return list(await store.read(Query(kind="person.", ascending=True)))


async def put(store: SqliteStore, person: Person) -> None:
    """Remember somebody as a turn would."""
    await store.update(person.key, person.key, lambda *_: (None, person))


# -- whom it is about ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app", "proof"), [(None, "jwt"), (None, "header"), (APP, "app_key"), (b"", "app_key")]
)
def test_a_user_is_who_the_turns_say(people: People, app: bytes | None, proof: str) -> None:
    """The same key as that of the turns, for each way to prove a name."""
    spoken = Identity(user="ann 安", proof=proof)
    assert people.user("ann 安", app).key == Pseudonyms(SECRET).user(
        b"any" if app is None else app, spoken
    )


def test_apps_do_not_share_names(people: People) -> None:
    """Ann of one app is not Ann of another, nor the proven one."""
    apps = (None, b"", APP, b"Bearer other")
    assert len({people.user("ann", app).key for app in apps}) == len(apps)


async def test_nobody_is_made_known_by_a_hash(people: People, store: SqliteStore) -> None:
    """A wrong hash is a mistake, and leaves nothing behind."""
    with pytest.raises(RequestError) as caught:
        await people.pause(people.keyed("0" * 32), OPERATOR)
    assert (caught.value.status, caught.value.code) == (404, "unknown_person")
    assert await log(store) == []
    assert await store.people() == ()


# -- acts ------------------------------------------------------------------------------------------


async def test_consent_comes_before_the_first_turn(
    people: People, store: SqliteStore, clock: Clock
) -> None:
    """It makes a person known, who is kept; the event says who, what, how and when."""
    ann = people.user("ann", APP)
    person = await people.consent(ann, OPERATOR, scope="companion", version="3", proof=VERIFIED)
    assert person.consent == Consent("companion", "3", clock.now)
    assert person.kept
    (event,) = await log(store)
    assert (event.kind, event.user, event.at) == ("person.consent", ann.key, clock.now)
    assert event.body == {
        "by": "operator",
        "reason": "guardian-request",
        "scope": "companion",
        "version": "3",
        "proof": "verified",
    }
    assert await people.get(people.keyed(ann.key)) == person


async def test_consent_is_taken_back(people: People, store: SqliteStore) -> None:
    """Once; there is nothing to take back the second time."""
    ann = people.user("ann", APP)
    await people.consent(ann, OPERATOR, scope="companion", version="3", proof=VERIFIED)
    assert (await people.revoke(ann, OPERATOR)).consent is None
    with pytest.raises(RequestError, match="no consent"):
        await people.revoke(ann, OPERATOR)
    assert [event.kind for event in await log(store)] == [
        "person.consent",
        "person.consent_revoked",
    ]


async def test_two_consents_at_once(tmp_path: Path, people: People, store: SqliteStore) -> None:
    """From two processes at the same time: both are on record, one of them counts, nothing is torn."""
    other = SqliteStore(tmp_path / "people.db")
    second = People(other, Pseudonyms(SECRET), Clock())
    ann = people.user("ann", APP)
    versions = [str(number) for number in range(20)]
    await asyncio.gather(
        *(
            (people, second)[n % 2].consent(ann, OPERATOR, scope="s", version=v, proof=VERIFIED)
            for n, v in enumerate(versions)
        )
    )
    assert sorted(e.body["version"] for e in await log(store)) == sorted(versions)
    consent = (await people.get(ann)).consent
    assert consent is not None
    assert consent.version in versions
    await other.close()


async def test_a_turn_meanwhile_loses_nothing(people: People, store: SqliteStore) -> None:
    """An act and a turn of the same person change different things of them."""
    ann = people.user("ann", APP)
    await people.pause(ann, OPERATOR)

    def turn(_: Any, person: Person | None) -> tuple[None, Person]:
        assert person is not None
        return None, replace(person, last_seen=person.last_seen + 1)

    acts = (
        people.consent(ann, OPERATOR, scope="s", version=str(n), proof=VERIFIED) for n in range(9)
    )
    start = (await people.get(ann)).last_seen
    await asyncio.gather(*acts, *(store.update("", ann.key, turn) for _ in range(9)))
    person = await people.get(ann)
    assert (person.last_seen, person.paused) == (start + 9, True)
    assert person.consent == Consent("s", "8", person.since)


async def test_an_age_counts_by_its_proof(people: People) -> None:
    """Weaker evidence is refused, not silently ignored; the same again is fine."""
    ann = people.user("ann", None)
    child = {"band": AgeBand.MINOR, "evidence": VERIFIED, "years": (13, 15)}
    assert (await people.age(ann, OPERATOR, **child)).age.years == (13, 15)  # type: ignore[arg-type]
    with pytest.raises(RequestError) as caught:
        await people.age(ann, OPERATOR, band=AgeBand.ADULT, evidence=Evidence.GUARDIAN)
    assert caught.value.status == 409
    assert (await people.age(ann, OPERATOR, **child)).age.band is AgeBand.MINOR  # type: ignore[arg-type]


async def test_an_appeal_goes_over_everything(
    people: People, store: SqliteStore, clock: Clock
) -> None:
    """Opened once with a due date, granted once; what was decided stays."""
    await put(
        store,
        Person(people.user("ann", None).key, 0, 0, 0, Age(AgeBand.MINOR, VERIFIED, (13, 15), 1)),
    )
    ann = people.user("ann", None)
    appeal = await people.appeal(ann, Act("app"))
    assert appeal.due == clock.now + 15 * 86_400
    assert await people.appeal(ann, Act("app")) == appeal
    assert await people.appeals() == (appeal,)
    adult = Age(AgeBand.ADULT, VERIFIED, None, clock.now)
    assert (await people.decide(appeal.ticket, OPERATOR, adult)).verdict is Verdict.GRANTED
    assert (await people.get(ann)).age == adult
    with pytest.raises(RequestError, match="granted before"):
        await people.decide(appeal.ticket, OPERATOR, None)
    with pytest.raises(RequestError, match="no such appeal"):
        await people.decide("a-nothing", OPERATOR, None)
    assert await people.appeals() == ()
    assert (await people.appeals(everything=True))[0].decided_at == clock.now


async def test_a_refused_appeal_changes_nothing(people: People) -> None:
    """And another one may be opened."""
    ann = people.user("ann", None)
    before = await people.age(ann, OPERATOR, band=AgeBand.MINOR, evidence=VERIFIED)
    appeal = await people.appeal(ann, Act("app"))
    assert (await people.decide(appeal.ticket, OPERATOR, None)).verdict is Verdict.REFUSED
    assert await people.get(ann) == before
    assert (await people.appeal(ann, Act("app"))).ticket != appeal.ticket


async def test_a_curfew_is_lifted_and_set_again(people: People, clock: Clock) -> None:
    """Until a moment; 0 ends it."""
    ann = people.user("ann", APP)
    until = clock.now + 3600
    assert (await people.curfew(ann, OPERATOR, until=until)).curfew_lifted == until
    assert (await people.curfew(ann, OPERATOR, until=0)).curfew_lifted == 0


async def test_pause_and_resume(people: People) -> None:
    """Who is not paused cannot be resumed."""
    ann = people.user("ann", APP)
    assert (await people.pause(ann, OPERATOR)).paused
    assert not (await people.resume(ann, OPERATOR)).paused
    with pytest.raises(RequestError, match="not paused"):
        await people.resume(ann, OPERATOR)


async def test_there_is_a_crisis_to_release(people: People) -> None:
    """Or else a mistake: the operator had somebody else in mind."""
    ann = people.user("ann", APP)
    await people.pause(ann, OPERATOR)
    with pytest.raises(RequestError, match="no crisis"):
        await people.release(ann, OPERATOR)


# -- what survives ---------------------------------------------------------------------------------


class Torn(SqliteStore):
    """A store that loses people, as if the power were cut between the two files."""

    broken = False

    async def update(self, conversation: str, person: str, change: Any) -> Any:
        if self.broken:
            raise StoreError("no people today")
        return await super().update(conversation, person, change)


async def test_an_act_is_written_down_before_it_is_done(tmp_path: Path, clock: Clock) -> None:
    """If the person cannot be changed, the caller hears so, and the next start does it."""
    store = Torn(tmp_path / "torn.db")
    people = People(store, Pseudonyms(SECRET), clock)
    ann = people.user("ann", APP)
    await people.pause(ann, OPERATOR)
    await people.resume(ann, OPERATOR)
    append = store.append

    async def then_broken(*events: Event) -> Any:
        store.broken = True
        return await append(*events)

    store.append = then_broken  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        await people.pause(ann, OPERATOR)
    store.broken = False
    assert not (await people.get(ann)).paused
    assert await people.mend() == 3
    assert (await people.get(ann)).paused
    await store.close()


async def test_mending_undoes_nothing_that_came_later(
    people: People, store: SqliteStore, clock: Clock
) -> None:
    """A crisis that began after a release stays, and so does an age that was learnt since."""
    ann = people.user("ann", None)
    await people.age(ann, OPERATOR, band=AgeBand.MINOR, evidence=VERIFIED)
    await people.consent(ann, OPERATOR, scope="s", version="1", proof=VERIFIED)
    crisis = raised(await people.get(ann), Danger.ACTIVE, clock.now, 3600)
    await put(store, crisis)
    clock.now += 10
    await people.release(ann, OPERATOR)
    await people.revoke(ann, OPERATOR)
    clock.now += 10
    newer = raised(await people.get(ann), Danger.IMMINENT, clock.now, 3600)
    adult = Age(AgeBand.ADULT, VERIFIED, None, clock.now)
    await put(store, replace(newer, age=adult))
    before = await people.get(ann)
    assert await people.mend() == 4
    assert await people.get(ann) == before
    assert before.crisis.danger is Danger.IMMINENT


async def test_what_was_lost_is_done_again(people: People, store: SqliteStore) -> None:
    """The whole person is gone: consent and age come back, a release makes nobody up."""
    ann, bob = people.user("ann", None), people.user("bob", None)
    await people.consent(ann, OPERATOR, scope="s", version="1", proof=VERIFIED)
    now = (await people.get(ann)).since
    await put(store, Person(bob.key, now, now, now, crisis=Crisis(Danger.ACTIVE, now, now + 9, 1)))
    await people.release(bob, OPERATOR)
    before = await people.get(ann)
    fresh = SqliteStore(":memory:")
    await fresh.append(*await log(store))
    again = People(fresh, Pseudonyms(SECRET), lambda: now)
    assert await again.mend() == 2
    assert await again.get(ann) == before
    with pytest.raises(RequestError):
        await again.get(bob)
    await fresh.close()


# -- through the real face -------------------------------------------------------------------------


def service(app: GuardrailMiddleware) -> People:
    """The acts on the people of a guard."""
    engine = app.guard.engine
    return People(engine.store, engine.pseudonyms, engine.clock)


async def say(app: GuardrailMiddleware, text: str, **headers: str) -> Any:
    """One message of user ann, in a conversation of its own."""
    body = {"model": "bot", "user": "ann", "messages": [{"role": "user", "content": text}]}
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return await call(app, PATH, body, headers=[(b"authorization", APP), *pairs]).done()


async def test_a_released_crisis_is_over_for_the_next_turn(make_guard: Any) -> None:
    """Before, every reply that points nowhere is completed; afterwards it arrives as it is."""
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard())
    people, clock = service(app), app.guard.engine.clock
    ann = people.user("ann", APP)
    assert b"988" in (await say(app, "I want to kill myself")).body
    assert (await people.get(ann)).crisis.danger is Danger.ACTIVE
    clock.now += 3600  # type: ignore[attr-defined]
    assert b"988" in (await say(app, "what is the weather like")).body
    await people.release(ann, OPERATOR)
    clock.now += 3600  # type: ignore[attr-defined]
    after = await say(app, "tell me about lighthouses")
    assert after.body == backend.whole()
    assert (await people.get(ann)).crisis == Crisis()


async def test_consent_lets_a_child_in(make_guard: Any, tmp_path: Path) -> None:
    """Under a pack that asks for it: not before, from the first turn on, and not after it is revoked."""
    folder = tmp_path / "packs"
    shutil.copytree(POLICIES, folder)
    pack = folder / "kids.yaml"
    pack.write_text(
        "guardrail: 1\nname: kids\ntitle: Under 14\nextends: [default]\n"
        "consent: { under: 14, scope: companion, version: '3' }\n"
    )
    backend = Backend()
    guard = make_guard(stack=read_pack(pack)[0], identity=PEERS)
    app = GuardrailMiddleware(backend, guard=guard)
    people, child = service(app), {"x_guardrail_user": "kim", "x_guardrail_age_band": "under-13"}
    kim = people.user("kim", None)
    assert (await say(app, "hi", **child)).body != backend.whole()
    assert backend.asked == []
    await people.consent(kim, OPERATOR, scope="companion", version="2", proof=VERIFIED)
    await say(app, "hello", **child)
    assert backend.asked == []  # other words were agreed to
    await people.consent(kim, OPERATOR, scope="companion", version="3", proof=VERIFIED)
    assert (await say(app, "hello there", **child)).body == backend.whole()
    lee = people.user("lee", None)
    await people.consent(lee, OPERATOR, scope="companion", version="3", proof=VERIFIED)
    new = {**child, "x_guardrail_user": "lee"}
    assert (await say(app, "the very first turn", **new)).body == backend.whole()
    await people.revoke(kim, OPERATOR)
    count = len(backend.asked)
    await say(app, "and now", **child)
    assert len(backend.asked) == count


async def test_what_comes_before_the_first_turn_is_no_use(make_guard: Any) -> None:
    """The minutes between consent and first turn are not taken from a child's hour."""
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    people, clock = service(app), app.guard.engine.clock
    ann = people.user("ann", APP)
    await people.consent(ann, OPERATOR, scope="s", version="1", proof=VERIFIED)
    clock.now += 300  # type: ignore[attr-defined]
    await say(app, "hi")
    person = await people.get(ann)
    assert sum(day.seconds for day in person.days) == 0
    assert person.sitting == person.last_seen == clock()


async def test_a_pause_stops_the_next_turn(make_guard: Any) -> None:
    """With words that name help; a resume lets it go on."""
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard())
    people = service(app)
    ann = people.user("ann", APP)
    await people.pause(ann, OPERATOR)
    assert b"988" in (await say(app, "hi")).body
    assert backend.asked == []
    await people.resume(ann, OPERATOR)
    assert (await say(app, "hi again")).body == backend.whole()
