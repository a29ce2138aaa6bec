"""What a person may ask for, what the law holds on to, and that their words are nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import shutil
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from guardrail._tables import VaultTable
from guardrail.cli import app as command_line
from guardrail.config import Settings, load_settings
from guardrail.errors import ClassifierError, RequestError, StoreError, VaultError
from guardrail.household import Household
from guardrail.identity import HeaderRules, IdentityRules, Pseudonyms
from guardrail.middleware import GuardrailMiddleware
from guardrail.people import Act, People, Who
from guardrail.person import IDLE_GAP, Age, Consent, Crisis, Day, Person
from guardrail.report.document import Kind
from guardrail.report.figures import Period
from guardrail.report.formats import as_csv, as_json
from guardrail.report.html import as_html
from guardrail.report.run import Wanted
from guardrail.report.run import make as make_report
from guardrail.responder import Guard
from guardrail.staff.privacy import STAYS, Privacy
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import VAULT, SqliteVault, open_vault
from guardrail.turn import AgeBand, Danger, Evidence
from guardrail.vault import Speaker, Text
from tests.asgi import call
from tests.conftest import Clock
from tests.faces.backend import Backend, chunk

PATH = "/v1/chat/completions"
CRISIS = "i want to kill myself tonight"
DAY = 86_400.0
SECRET = b"0123456789abcdef" * 2
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))


class Home:
    """A data folder, as a server and an operator's commands share it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        folder.mkdir(exist_ok=True)
        (folder / "pseudonym.key").write_bytes(SECRET)
        self.open()

    def open(self) -> None:
        """Begin, or begin again after a restart."""
        self.store = SqliteStore(self.folder / "guardrail.db")
        self.vault: SqliteVault = open_vault(self.folder, VaultTable(), self.clock)
        self.privacy = Privacy(self.store, self.vault, self.clock)
        self.people = People(self.store, Pseudonyms(SECRET), self.clock)

    async def close(self) -> None:
        """Let go of all files."""
        await self.vault.close()
        await self.store.close()

    async def put(self, person: Person) -> None:
        """Remember somebody as a turn would."""
        await self.store.update("", person.key, lambda *_: (None, person))

    async def person(self, key: str) -> Person | None:
        """Somebody as they are remembered."""
        found = [one for one in await self.store.people() if one.key == key]
        return found[0] if found else None

    def text(self, id_: str, owner: str, **fields: Any) -> Text:
        """A text of a case, for 30 days."""
        now = self.clock.now
        plain = Text(id_, "case", owner, Speaker.USER, f"words of {id_}", now, now + 30 * DAY)
        return replace(plain, **fields)

    async def kinds(self, key: str) -> list[str]:
        """What the log says of somebody, oldest first."""
        found = await self.store.read(Query(user=key, ascending=True))
        return [event.kind for event in found]


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house with nobody in it."""
    home = Home(tmp_path / "data", clock)
    yield home
    await home.close()


def adult(clock: Clock, key: str = "ann", **fields: Any) -> Person:
    """Somebody of age who was here just now."""
    now = clock.now
    return replace(Person(key, now - DAY, now, now, days=(Day("2026-09-21", 600.0),)), **fields)


def child(clock: Clock, key: str = "kid") -> Person:
    """A child under oversight, in a crisis, with half an hour of today's minutes."""
    now = clock.now
    return Person(
        key,
        since=now - DAY,
        last_seen=now,
        sitting=now - 60,
        age=Age(AgeBand.MINOR, Evidence.GUARDIAN, (13, 13), now - DAY),
        crisis=Crisis(Danger.ACTIVE, now - 60, now + DAY, 2),
        days=(Day("2026-09-20", 50.0), Day("2026-09-21", 1800.0, 60.0, 20, 5)),
        shown={"ai-start": now},
        consent=Consent("companion", "1", now - DAY),
        house=Household(zone="Asia/Shanghai"),
        characters={"c" * 32: "Kai"},
    )


# -- the whole way, through a real turn ------------------------------------------------------------


def headers(**more: str) -> list[tuple[bytes, bytes]]:
    """Identity, as a trusted peer tells it."""
    told = {"user": "ann", "conversation": "talk", **more}
    return [(f"x-guardrail-{k}".replace("_", "-").encode(), v.encode()) for k, v in told.items()]


def said(*texts: str, **rest: Any) -> dict[str, Any]:
    """A chat request: user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"model": "m", "messages": messages, **rest}


async def test_a_crisis_is_copied_deleted_and_forgotten(
    make_guard: Callable[..., Any], clock: Clock
) -> None:
    """From the turn that opens a case to somebody new under an old name."""
    app = GuardrailMiddleware(Backend(), guard=make_guard(identity=PEERS))
    engine = app.guard.engine
    privacy = Privacy(engine.store, engine.vault, clock)
    await call(app, PATH, said("hi", "hello you", CRISIS), headers=headers()).done()
    key = People(engine.store, engine.pseudonyms, clock).user("ann", None).key

    copy = json.loads(json.dumps(await privacy.copy(key)))
    words = [(one["speaker"], one["text"], one["ai_generated"]) for one in copy["texts"]]
    assert words == [
        ("user", "hi", False),
        ("bot", "hello you", True),
        ("user", CRISIS, False),
    ]
    assert copy["person"]["crisis"]["danger"] == "imminent"
    assert [one["turns"] for one in copy["conversations"]] == [1]
    assert {"record", "case.opened", "intervention"} <= {one["kind"] for one in copy["events"]}
    assert copy["training"] == {"allowed": False}

    done = await privacy.delete(key, "m-1", "user-request")
    assert (done.texts, done.rows, done.protects) == (3, 2, ())
    assert {"case", "intervention", "person", "record"} <= set(done.stays)
    assert set(done.stays) <= set(STAYS)
    assert await engine.store.people() == ()
    assert (await privacy.copy(key))["texts"] == []

    clock.now += 60
    await call(app, PATH, said("hello again"), headers=headers()).done()
    (person,) = await engine.store.people()
    assert (person.crisis.danger, person.since) == (Danger.NONE, clock.now)
    await call(app, PATH, said("hello again", "hi", CRISIS), headers=headers()).done()
    assert (await privacy.standing(key)).texts == 3


async def test_somebody_without_a_name_has_the_same_rights(
    make_guard: Callable[..., Any], clock: Clock
) -> None:
    """Whom only a conversation tells apart is known by its key."""
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    engine = app.guard.engine
    privacy = Privacy(engine.store, engine.vault, clock)
    await call(app, PATH, said("hi", "hello you", CRISIS)).done()
    (person,) = await engine.store.people()
    copy = await privacy.copy(person.key)
    assert [one["text"] for one in copy["texts"]][-1] == CRISIS
    assert len(copy["conversations"]) == 1
    done = await privacy.delete(person.key, "user")
    assert (done.texts, done.rows) == (3, 2)


# -- copy ------------------------------------------------------------------------------------------


async def test_a_copy_tells_nothing_of_others(home: Home, clock: Clock) -> None:
    """Not who of the staff acted, internal notes, a guardian's address or what guardians did."""
    await home.put(child(clock))
    await home.vault.seal(
        home.text("said", "kid", text="my own words"),
        home.text("note", "kid", speaker=Speaker.NOTE, text="seems calmer"),
        home.text("inner", "kid", speaker=Speaker.NOTE, text="internal-words"),
        home.text("mail", "kid", speaker=Speaker.ADDRESS, text="mum@example.com"),
    )

    def event(kind: str, **body: Any) -> Event:
        return Event(f"{kind}.{len(body)}", 1.0, kind, "case", "kid", "talk", body)

    await home.store.append(
        event("case.note", by="m-7", text="note"),
        event("case.note", by="m-7", text="inner", internal=True),
        event("case.said", by="user", text="said"),
        event("guardian.accepted", guardian="g-9"),
        event("person.consent", by="g-9", scope="x"),
    )
    copy = await home.privacy.copy("kid")
    texts = {one["withheld"] or one["text"]: one["text"] for one in copy["texts"]}
    assert texts == {
        "my own words": "my own words",
        "seems calmer": "seems calmer",
        "internal note": None,
        "address": None,
    }
    whole = json.dumps(copy)
    for secret in ("internal-words", "mum@example.com", "m-7", "g-9", "Asia/Shanghai"):
        assert secret not in whole
    assert [one["facts"]["by"] for one in copy["events"] if one["kind"] == "case.said"] == ["user"]
    assert copy["consents"][0]["facts"]["by"] == "staff"
    assert list(copy["notices"]) == ["ai-start"]


async def test_a_copy_is_written_down_and_whole(home: Home, clock: Clock) -> None:
    """Who took it stands in the log; pages of events follow each other; without key, no copy."""
    await home.put(adult(clock))
    await home.store.append(
        *(Event(f"r{n}", clock.now, "record", f"t{n}", "ann", "talk") for n in range(2_100))
    )
    copy = await home.privacy.copy("ann", "m-2")
    assert len(copy["events"]) == 2_100
    (noted,) = await home.store.read(Query(kind="person.copied"))
    assert noted.body == {"by": "m-2"}
    await home.vault.seal(home.text("1", "ann"))
    (home.folder / "vault.key").unlink()
    await home.close()
    home.open()
    with pytest.raises(VaultError):
        await home.privacy.copy("ann")


async def test_what_is_over_but_held_is_in_the_copy(home: Home, clock: Clock) -> None:
    """As long as it lies here it is theirs to see (CA B&P 21812.5: exportable)."""
    await home.vault.seal(home.text("1", "ann", until=clock.now + 1))
    await home.privacy.hold("ann", clock.now + 3 * DAY, "m-1", "sb1119")
    clock.now += DAY
    copy = await home.privacy.copy("ann")
    assert [one["text"] for one in copy["texts"]] == ["words of 1"]
    assert copy["legal_hold_until"].startswith("2026-")


async def test_nobody_is_a_mistake(home: Home) -> None:
    """A key that nobody has is told as such, and leaves nothing in the log."""
    for ask in (home.privacy.copy("x"), home.privacy.delete("x", "m-1")):
        with pytest.raises(RequestError) as caught:
            await ask
        assert (caught.value.status, caught.value.code) == (404, "unknown_person")
    assert await home.store.read(Query(kind="person.")) == ()
    assert not (await home.privacy.standing("x")).known


# -- delete ----------------------------------------------------------------------------------------


async def test_a_child_stays_one(home: Home, clock: Clock) -> None:
    """Asking us to delete opens no door: age, consent, limits and minutes stay; all else goes."""
    known = child(clock)
    await home.put(known)
    done = await home.privacy.delete("kid", "user")
    assert done.protects == ("age", "consent", "house")
    person = await home.person("kid")
    assert person is not None
    assert (person.age, person.consent, person.house) == (known.age, known.consent, known.house)
    assert person.days == (Day("2026-09-21", 1800.0, 0.0, 20, 0),)
    assert (person.crisis, person.shown, person.characters) == (Crisis(), {}, {})
    assert person.last_seen < clock.now - IDLE_GAP  # the deletion itself is no use
    assert await home.privacy.mend() == 1
    assert await home.person("kid") == person


async def test_of_a_closed_account_nothing_stays(home: Home, clock: Clock) -> None:
    """Where there is no account, there is nobody to protect, and no byte of a row is left."""
    for n in range(40):
        named = {"c" * 32: f"Kanarie-{n}"}
        await home.put(replace(child(clock, f"kid{n}"), characters=named))
        await home.put(replace(child(clock, f"kid{n}"), characters=named | {"d" * 32: "x" * n * 9}))
    for n in range(0, 40, 2):
        done = await home.privacy.delete(f"kid{n}", "operator", "closed", closed=True)
        assert (done.rows, done.protects) == (1, ())
        assert await home.person(f"kid{n}") is None
    left = b"".join(path.read_bytes() for path in home.folder.glob("guardrail-sessions*"))
    for n in range(40):
        assert (f'"Kanarie-{n}"'.encode() in left) is (n % 2 == 1)


async def test_a_clock_that_was_set_back_saves_nothing(home: Home, clock: Clock) -> None:
    """What was written an hour ahead of now is deleted all the same."""
    clock.now += 3600
    await home.put(adult(clock, since=clock.now))
    await home.vault.seal(home.text("1", "ann"))
    clock.now -= 3600
    assert (await home.privacy.delete("ann", "user")).rows == 1
    assert await home.vault.count("ann") == 0


async def test_contacts_go_with_the_account(home: Home, clock: Clock) -> None:
    """As long as a child has an account, oversight goes on; then nobody is to be written to."""
    await home.put(child(clock))
    mail = home.text("m", "g.1", subject="contact:kid", speaker=Speaker.ADDRESS)
    await home.vault.seal(mail)
    await home.privacy.delete("kid", "user")
    assert await home.vault.open("contact:kid") == (mail,)
    clock.now += 60
    await home.privacy.delete("kid", "operator", closed=True)
    assert await home.vault.open("contact:kid") == ()


async def test_a_pause_is_not_deleted_away(home: Home, clock: Clock) -> None:
    """Whose access was stopped stays stopped."""
    await home.put(adult(clock, paused=True))
    assert (await home.privacy.delete("ann", "user")).protects == ("paused",)


async def test_a_deletion_that_broke_off_is_finished(home: Home, clock: Clock) -> None:
    """If the store fails after the words are gone, asking again does the rest."""
    await home.put(adult(clock))
    await home.vault.seal(home.text("1", "ann"))
    await home.store.close()
    with pytest.raises(StoreError):
        await home.privacy.delete("ann", "user")
    await home.vault.close()
    home.open()
    assert (await home.privacy.delete("ann", "user")).rows == 1
    assert await home.vault.count("ann") == 0


# -- holds -----------------------------------------------------------------------------------------


async def test_a_hold_forbids_to_delete_and_says_so(home: Home, clock: Clock) -> None:
    """For three years; the refusal is written down, and nothing is gone."""
    await home.put(adult(clock))
    await home.vault.seal(home.text("1", "ann"))
    until = clock.now + 3 * 365 * DAY
    assert await home.privacy.hold("ann", until, "m-1", "sb1119-21812.5") == until
    with pytest.raises(RequestError, match=r"until 2029-.*sb1119-21812\.5") as caught:
        await home.privacy.delete("ann", "user")
    assert (caught.value.status, caught.value.code) == (409, "legal_hold")
    assert await home.kinds("ann") == ["person.held", "person.erase_refused"]
    assert await home.person("ann") is not None
    standing = await home.privacy.standing("ann")
    assert (standing.texts, standing.held_until, standing.held_for) == (1, until, "sb1119-21812.5")
    assert standing.refused == clock.now
    assert await home.privacy.possible() == ()
    clock.now = until
    assert await home.privacy.possible() == ("ann",)
    await home.privacy.delete("ann", "user")
    assert await home.privacy.possible() == ()
    assert (await home.privacy.standing("ann")).refused == 0


async def test_a_hold_can_be_lifted_and_ends_ahead(home: Home, clock: Clock) -> None:
    """Lifting is written down, too; an end in the past is a mistake."""
    await home.put(adult(clock))
    await home.privacy.hold("ann", clock.now + DAY, "m-1", "court")
    assert await home.privacy.hold("ann", 0, "m-1", "settled") == 0
    assert await home.kinds("ann") == ["person.held", "person.hold_lifted"]
    assert (await home.privacy.standing("ann")).held_for == ""
    for until in (clock.now, -1.0, float("nan"), float("inf")):
        with pytest.raises(RequestError) as caught:
            await home.privacy.hold("ann", until, "m-1", "court")
        assert caught.value.status == 422
    await home.privacy.delete("ann", "user")


async def test_nobody_is_held_by_a_slip(home: Home, clock: Clock) -> None:
    """A wrong key is told, and not taken for a hold that then holds nothing."""
    for until in (clock.now + DAY, 0.0):
        with pytest.raises(RequestError) as caught:
            await home.privacy.hold("zz", until, "m-1", "court")
        assert (caught.value.status, caught.value.code) == (404, "unknown_person")
    assert await home.kinds("zz") == []


async def test_sweeping_deletes_what_is_over(home: Home, clock: Clock) -> None:
    """And nothing that is held."""
    await home.vault.seal(home.text("1", "ann"), home.text("2", "bob"))
    await home.privacy.hold("bob", clock.now + 90 * DAY, "m-1", "court")
    clock.now += 31 * DAY
    assert await home.privacy.sweep() == 1
    assert await home.vault.count("bob") == 1


# -- what comes back -------------------------------------------------------------------------------


async def test_a_power_cut_brings_nobody_back(home: Home, clock: Clock) -> None:
    """People do not wait for the disk: one who is there again after the start goes again."""
    await home.put(adult(clock))
    await home.people.consent(
        Who("ann", new=False),
        Act("parent"),
        scope="companion",
        version="1",
        proof=Evidence.GUARDIAN,
    )
    before = await home.person("ann")
    await home.privacy.delete("ann", "user", closed=True)
    assert before is not None
    await home.put(before)  # as the file was before the power cut
    await home.people.mend()
    assert await home.privacy.mend() == 1
    assert await home.person("ann") is None


async def test_acts_of_before_do_not_count_for_who_came_back(home: Home, clock: Clock) -> None:
    """A consent that was deleted is not given again by a restart; a later one stays."""
    ann = Who("ann", new=False)
    await home.put(adult(clock))
    await home.people.consent(ann, Act("p"), scope="a", version="1", proof=Evidence.GUARDIAN)
    await home.privacy.delete("ann", "user", closed=True)
    clock.now += 60
    await home.put(Person("ann", clock.now, clock.now, clock.now))
    await home.people.pause(ann, Act("p"))
    await home.people.mend()
    await home.privacy.mend()
    person = await home.person("ann")
    assert person is not None
    assert (person.consent, person.paused) == (None, True)


async def test_a_backup_brings_nothing_back(home: Home, clock: Clock) -> None:
    """After a restore everything that the log says was deleted is deleted once more."""
    await home.put(adult(clock))
    await home.vault.seal(home.text("1", "ann"), home.text("2", "bob"))
    await home.close()
    backup = home.folder.parent / "backup.db"
    shutil.copy(home.folder / VAULT, backup)
    home.open()
    await home.privacy.delete("ann", "user")
    await home.close()
    shutil.copy(backup, home.folder / VAULT)
    home.open()
    clock.now += 10 * DAY
    assert await home.vault.count("ann") == 1
    await home.vault.seal(home.text("3", "bob"))
    assert await home.privacy.mend() == 0  # of the last day
    assert await home.privacy.mend(all_of_them=True) == 1
    assert (await home.vault.count("ann"), await home.vault.count("bob")) == (0, 2)


# -- training --------------------------------------------------------------------------------------


async def test_nobody_learns_from_words_unasked(home: Home) -> None:
    """No is the answer until somebody has said yes, and again when they take it back."""
    assert not await home.privacy.may_train("ann")
    await home.privacy.train("ann", "user", "terms-3", agreed=True)
    assert await home.privacy.may_train("ann")
    assert not await home.privacy.may_train("bob")
    await home.privacy.train("ann", "user", "terms-3", agreed=False)
    assert not await home.privacy.may_train("ann")
    await home.vault.seal(home.text("1", "ann"))
    assert [one.train for one in await home.vault.of("ann")] == [False]
    assert not any("train" in name for name in dir(home.vault))


# -- canaries --------------------------------------------------------------------------------------

WORDS = ("kanarie-wort-1", "金丝雀的话", "kanarie@example.com", "+49 151 4711 0815")
NAMES = ("kanarie-user", "kanarie-talk", "kanarie-app-key", "kanarie-model")


def _timeout(text: str) -> ClassifierError:
    return ClassifierError("timeout", text)


class Chatty:
    """A classifier that fails and tells in its error what it was given."""

    def __init__(self, error: Callable[[str], Exception]) -> None:
        self.error = error

    async def classify(self, batch: Any) -> Any:
        raise self.error(" ".join(one.text for one in batch))

    async def close(self) -> None:
        """Nothing to let go."""


@pytest.fixture
def heard(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged or printed."""
    caplog.set_level(logging.DEBUG)
    return lambda: "".join(capfd.readouterr()) + caplog.text


async def test_words_and_names_stay_where_they_belong(
    make_guard: Callable[..., Any],
    tmp_path: Path,
    clock: Clock,
    heard: Callable[[], str],
) -> None:
    """Canaries in words, ids and keys: not in logs, metrics, reports or any byte on the disk."""
    for primary in (None, Chatty(ValueError), Chatty(_timeout)):
        guard = make_guard(identity=PEERS, primary=primary)
        await _chat(guard)
        engine = guard.engine
        (person,) = await engine.store.people()
        privacy = Privacy(engine.store, engine.vault, clock)
        copy = await privacy.copy(person.key)
        _nowhere(json.dumps([one["facts"] for one in copy["events"]]))
        _nowhere(engine.sinks["metrics"].render("")[0].decode())
        if primary is None:
            assert WORDS[0] in str(copy["texts"])  # they were there
            await _no_report_tells(engine.store, clock)
            await privacy.delete(person.key, "user")
    _nowhere(heard())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 15
    for path in files:
        _nowhere(path.read_bytes().decode("utf-8", "replace"))


async def _chat(guard: Guard) -> None:
    """Everything that a turn may be: whole, streamed, harmful, a crisis, broken, and our own fault."""
    told, backend = " ".join(WORDS), Backend()
    app = GuardrailMiddleware(backend, guard=guard)
    names = headers(user=NAMES[0], conversation=NAMES[1])
    names += [(b"authorization", f"Bearer {NAMES[2]}".encode())]

    async def say(body: Any) -> None:
        with contextlib.suppress(RuntimeError):
            await call(app, PATH, body, headers=names).done()

    backend.reply = f"you should kill yourself {told}"
    await say(said(f"hi {told}", f"hello {told}", f"{CRISIS} {told}", model=NAMES[3]))
    await say(said(f"我不想活了 {told}", model=NAMES[3], user=NAMES[0]))
    await say(said(f"tell me {told}", model=NAMES[3], tools=[{"name": told}]))
    await say({"messages": [{"role": told, "content": told}], told: told})
    await say(f"{{ broken {told}".encode())
    backend.parts = [chunk(f"hello {told} "), chunk("bye"), b"data: [DONE]\n\n"]
    await say(said(f"so {told}", stream=True))
    backend.raises = RuntimeError(told)
    await say(said(f"and {told}"))


def _nowhere(text: str) -> None:
    for canary in (*WORDS, *NAMES, CRISIS):
        assert canary not in text, canary
        assert json.dumps(canary)[1:-1] not in text, canary


async def _no_report_tells(store: SqliteStore, clock: Clock) -> None:
    settings: Settings = load_settings(None, {}, {"classifier": {"kind": "lexicon"}})
    for kind in (Kind.SB243, Kind.CN_ART23):  # the others read a part of what these read
        wanted = Wanted(kind, Period.of(2026, "UTC"), "en", public=False, now=clock.now, version="")
        document = await make_report(wanted, settings, store)
        for form in (as_json, as_csv, as_html):
            _nowhere(form(document))


# -- the command line ------------------------------------------------------------------------------


def guardrail(*words: str, stdin: str = "", **environment: str) -> Result:
    """Run the command line in this process."""
    runner = CliRunner(env={"COLUMNS": "200", **environment})
    return runner.invoke(command_line, ["privacy", *words], input=stdin)


@pytest.fixture
def office(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ann's data, as a server of the app "Bearer k" left them; her key."""
    monkeypatch.chdir(tmp_path)

    async def lived() -> str:
        home = Home(tmp_path / "data", clock)
        key = home.people.user("ann", b"Bearer k").key
        await home.put(adult(clock, key))
        await home.vault.seal(home.text("1", key, until=9e9))
        await home.store.ping()
        await home.close()
        return key

    return asyncio.run(lived())


def test_a_copy_by_the_command(office: str, tmp_path: Path) -> None:
    """By the app's own user id; to a file that only we may read, and never over another."""
    named = ("--user", "ann")
    got = guardrail("export", *named, GUARDRAIL_APP="Bearer k")
    assert got.exit_code == 0, got.output
    assert json.loads(got.stdout)["texts"][0]["text"] == "words of 1"
    out = tmp_path / "copy.json"
    assert guardrail("export", "--key", office, "--out", str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text("utf-8"))["key"] == office
    assert guardrail("export", "--key", office, "--out", str(out)).exit_code == 1


def test_a_deletion_by_the_command(office: str) -> None:
    """It asks first, says what stays, and a hold stops it with status 1."""
    asked = guardrail("delete", "--key", office, stdin="n\n")
    assert asked.exit_code == 1
    assert guardrail("hold", "--key", office, "--until", "2040-01-31").stdout == (
        "held until 2040-02-01T00:00+00:00\n"
    )
    refused = guardrail("delete", "--key", office, "--yes")
    assert refused.exit_code == 1
    assert "until 2040-02-01" in refused.stderr
    assert "held until: 2040" in guardrail("status", "--key", office).stdout
    assert guardrail("hold", "--key", office, "--lift").stdout == "not held\n"
    done = guardrail("delete", "--key", office, "--yes", "--by", "m-1", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["texts"] == 1
    again = guardrail("delete", "--key", office, "--yes")
    assert "stays in the log: 5 × person: consents" in again.stdout


def test_keys_rotate_by_the_command(office: str, tmp_path: Path) -> None:
    """And what the vault holds can be looked at without a person."""
    before = (tmp_path / "data" / "vault.key").read_bytes()
    got = guardrail("rotate-key")
    assert got.stdout.startswith("1 data keys are wrapped by master key ")
    assert (tmp_path / "data" / "vault.key").read_bytes() != before
    facts = json.loads(guardrail("status", "--json").stdout)
    assert facts["texts"] == facts["owners"] == 1
    assert (facts["behind"], facts["refused_but_possible_now"]) == (0, [])
    assert guardrail("rotate-key", "--no-new-key").stdout.startswith("0 data keys")
    assert guardrail("mend").stdout.startswith("0 deletions")


async def test_commands_work_beside_a_server(
    home: Home, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is open goes on: it meets the new key, and finds nobody who was deleted."""
    monkeypatch.chdir(tmp_path)
    await home.put(adult(clock))
    await home.vault.seal(home.text("1", "ann"), home.text("2", "bob"))
    await home.store.ping()
    assert (await asyncio.to_thread(guardrail, "rotate-key")).exit_code == 0
    assert len(await home.vault.open("case")) == 2
    gone = await asyncio.to_thread(guardrail, "delete", "--key", "ann", "--yes")
    assert gone.exit_code == 0, gone.output
    assert [one.owner for one in await home.vault.open("case")] == ["bob"]
    assert await home.person("ann") is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("export",), 2),
        (("export", "--user", "ann"), 2),
        (("export", "--user", "ann", "--key", "x"), 2),
        (("export", "--user", "ann", "--app", "", "--proven"), 2),
        (("export", "--user", "bob", "--proven"), 1),
        (("delete", "--key", "x", "--yes"), 1),
        (("hold", "--key", "x"), 2),
        (("hold", "--key", "x", "--days", "3"), 1),
        (("hold", "--user", "bob", "--proven", "--days", "3"), 1),
        (("hold", "--key", "x", "--days", "3", "--lift"), 2),
        (("hold", "--key", "x", "--until", "soon"), 2),
        (("hold", "--key", "x", "--until", "2001-01-01"), 1),
    ],
)
def test_what_cannot_be_is_said(office: str, words: tuple[str, ...], status: int) -> None:
    """With the status that every command has, and no stack trace."""
    got = guardrail(*words)
    assert got.exit_code == status, got.output
    assert got.stderr
    assert "Traceback" not in got.output


def test_a_folder_without_data_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is made in it."""
    monkeypatch.chdir(tmp_path)
    for words in (("status",), ("export", "--user", "ann", "--proven")):
        got = guardrail(*words)
        assert got.exit_code == 1
        assert "is `data` the server's?" in got.stderr
    assert list(tmp_path.iterdir()) == []
