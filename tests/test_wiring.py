"""Settings become running parts; a bad policy never replaces a good one; a case survives kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from guardrail.config import Settings, load_settings
from guardrail.errors import ConfigError
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.load import read_pack
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import Identity
from guardrail.wiring import assemble, build, open_cases, secret_file
from tests.asgi import call
from tests.faces.backend import Backend, chunk

POLICIES = Path(__file__).parent.parent / "policies"
EXAMPLES = POLICIES.parent / "docs" / "examples" / "policies"
DONE = b"data: [DONE]\n\n"
HELLO = {"messages": [{"role": "user", "content": "hello"}], "user": "ann"}


def settings(folder: Path, **more: object) -> Settings:
    """Settings that need no model, in a folder of their own."""
    low = {"data": str(folder / "data"), "classifier": {"kind": "lexicon"}}
    return load_settings(None, {}, {**low, **more})


def small(folder: Path, name: str) -> Path:
    """A small pack of this name, in a folder with its resources."""
    folder.mkdir(exist_ok=True)
    shutil.copy(EXAMPLES / "resources.yaml", folder)
    text = (EXAMPLES / "minimal.yaml").read_text("utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("name: minimal", f"name: {name}"), "utf-8")
    return path


async def test_a_bad_pack_never_replaces_a_good_one(tmp_path):
    """Broken YAML, a failed check, a failed test: the last good one stays; a good one is taken."""
    pack = small(tmp_path / "p", "minimal")
    shutil.copy(EXAMPLES / "minimal_test.yaml", pack.parent)
    house = assemble(settings(tmp_path, policy=str(pack)))
    good, before = pack.read_text("utf-8"), house.policies.current.tag
    spoilt = [
        "guardrail: [",
        good.replace("    severity: urgent\n", "", 1),
        good.replace("label: self_harm, at: soft", "label: self_harm, at: hard", 1),
    ]
    for text in spoilt:
        assert text != good
        pack.write_text(text, "utf-8")
        assert await house.reload(), "a bad pack was taken"
        assert house.policies.current.tag == before
        assert b"policy_last_reload_successful 0.0" in house.metrics.render("")[0]
    pack.write_text(good + "hold: { seconds: 1.0 }\n", "utf-8")
    assert await house.reload() == []
    assert house.policies.current.tag != before
    assert house.policies.current.hold.seconds == 1.0
    await house.guard.engine.close()


async def test_a_turn_keeps_the_policy_that_it_began_with(tmp_path):
    """A reload in the middle of a turn changes nothing for it."""
    pack = small(tmp_path / "p", "minimal")
    house = assemble(settings(tmp_path, policy=str(pack)))
    wire = house.guard.routes[0].wire
    asked = wire.read_turn(json.dumps(HELLO).encode())
    review = await house.guard.engine.open(asked, Identity(), app=b"", route=house.guard.routes[0])
    before = review.policy.tag
    pack.write_text(pack.read_text("utf-8") + "hold: { seconds: 1.0 }\n", "utf-8")
    assert await house.reload() == []
    assert house.policies.current.tag != before
    assert (await review.inbound()).policy == before
    await house.guard.engine.close()


async def test_a_stream_keeps_the_policy_that_it_began_with(tmp_path):
    """Half of the answer is out when the pack changes: what is left is judged by the old one."""
    pack = small(tmp_path / "p", "minimal")
    house = assemble(settings(tmp_path, policy=str(pack)))
    backend, later = Backend(), asyncio.Event()
    app = GuardrailMiddleware(backend, guard=house.guard)
    talk = "It was a long and quiet day at the lake, and we sat there for hours. "
    grim = "You should kill yourself. "
    backend.parts = [*[chunk(talk)] * 4, later, chunk(grim), chunk("", finish="stop"), DONE]
    got = call(app, "/v1/chat/completions", {**HELLO, "stream": True})
    await got.until(b"for hours")
    before = house.policies.current.tag
    text = pack.read_text("utf-8")
    pack.write_text(text.replace("I stopped there;", "Stopped by the new pack;"), "utf-8")
    assert await house.reload() == []
    later.set()
    await got.done()
    assert grim.encode() not in got.body
    assert b"I stopped there;" in got.body
    (record,) = await house.store.read(Query(kind="record"))
    assert {one["policy"] for one in record.body["decisions"]} == {before}
    again = await call(app, "/v1/chat/completions", {**HELLO, "stream": True}).done()
    assert b"Stopped by the new pack;" in again.body
    await house.guard.engine.close()


async def test_packs_for_regions_and_on_trial_are_reloaded(tmp_path):
    """All or none: a broken trial is told, and nothing is swapped; a good one counts at once."""
    live, region, trial = (small(tmp_path / "p", name) for name in ("live", "region", "trial"))
    made = {"policies": {"US-CA": str(region)}, "shadows": {str(trial): "2999-01-01"}}
    house = assemble(settings(tmp_path, policy=str(live), **made))
    now, good = house.guard.engine.clock(), trial.read_text("utf-8")
    before, (shadow,) = house.policies.at(now, "US-CA"), house.policies.shadows(now)
    region.write_text(good.replace("name: trial", "name: region").replace("0.8", "0.7"), "utf-8")
    trial.write_text(good.replace("severity: urgent", "severity: lots"), "utf-8")
    assert "'lots' is not a severity" in str((await house.reload())[0])
    assert (house.policies.at(now, "US-CA"), house.policies.shadows(now)) == (before, (shadow,))
    trial.write_text(good.replace("severity: urgent", "severity: notice"), "utf-8")
    assert await house.reload() == []
    assert house.policies.at(now, "US-CA").tag != before.tag
    assert house.policies.shadows(now)[0].tag != shadow.tag
    await house.guard.engine.close()


async def test_a_trial_is_asked_and_never_heard(tmp_path):
    """What it would have done is in the record and counted; the person gets the live words."""
    live, trial = (small(tmp_path / "p", name) for name in ("live", "trial"))
    text = trial.read_text("utf-8")
    trial.write_text(text.replace("[support, escalate]", "[block, escalate]"), "utf-8")
    house = assemble(settings(tmp_path, policy=str(live), shadows={str(trial): "2999-01-01"}))
    app = GuardrailMiddleware(Backend(), guard=house.guard)
    crisis = {"messages": [{"role": "user", "content": "I want to kill myself"}]}
    for body in (crisis, HELLO):
        got = await call(app, "/v1/chat/completions", body).done()
        assert got.header("x-guardrail-policy").startswith("live@")
    second, first = await house.store.read(Query(kind="record"))
    (would,) = first.body["shadows"]
    assert (would["policy"].partition("@")[0], would["actions"]) == ("trial", ["block", "escalate"])
    assert first.body["decisions"][0]["actions"] == ["support", "escalate"]
    assert second.body["shadows"] == []
    assert (
        b'shadow_differences_total{live="support",policy="trial",shadow="block",side="user"} 1.0'
        in (house.metrics.render("")[0])
    )
    await house.guard.engine.close()


async def test_a_law_to_come_is_tried_as_it_will_be(tmp_path):
    """A trial that waited for the law's first day would say that nothing changes."""
    read = {name: read_pack(POLICIES / f"{name}.yaml")[0] for name in ("default", "us-wa")}
    day, until = date(2026, 11, 22), date(2026, 12, 31)
    holder = PolicyHolder(read["default"], shadows=[(read["us-wa"], until)], today=day)
    (trial,) = holder.shadows(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp())
    assert "us-wa" in trial.extends
    assert holder.shadows(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) == ()


async def test_a_law_begins_by_the_servers_clock():
    """SB 1119 while everything runs: no restart, no reload; a talk under way keeps what it has."""
    eve = datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC).timestamp()
    holder = PolicyHolder(read_pack(POLICIES / "us-ca.yaml")[0], today=date(2027, 6, 30))
    under_way = holder.at(eve)
    assert holder.at(eve + 1).extends == ("default", "us-ca-sb1119", "us-ca")
    assert under_way.extends == ("default", "us-ca")


async def test_a_route_says_where_people_are(tmp_path):
    """Its region chooses the policy, unless somebody who is believed knows better."""
    live, here, there = (small(tmp_path / "p", name) for name in ("live", "here", "there"))
    made = settings(
        tmp_path,
        policy=str(live),
        policies={"US-NY": str(here), "US-CA": str(there)},
        routes=[{"path": "/v1/chat/completions", "region": "US-NY"}],
        identity={"trusted_peers": ["127.0.0.1/32"]},
    )
    house = assemble(made)
    app = GuardrailMiddleware(Backend(), guard=house.guard)
    for said, policy in (("", "here"), ("US-CA", "there"), ("GB", "live")):
        headers = [(b"x-guardrail-region", said.encode())] if said else []
        got = await call(app, "/v1/chat/completions", HELLO, headers=headers).done()
        assert got.header("x-guardrail-policy").startswith(f"{policy}@")
        (event,) = await house.store.read(Query(kind="record", limit=1))
        assert event.body["profile"]["region"] == (said or "US-NY")
    await house.guard.engine.close()


async def test_a_route_may_judge_during_the_call(tmp_path):
    """Where its entry says so, and not by itself."""
    entries = [{"path": "/a", "judge": "during_call"}, {"path": "/b"}]
    house = assemble(settings(tmp_path, policy=str(small(tmp_path / "p", "p")), routes=entries))
    assert [route.early for route in house.guard.routes] == [True, False]
    await house.guard.engine.close()


async def test_the_tail_covers_the_longest_phrase(tmp_path):
    """A phrase of the lexicon must not leave in two halves, whatever the pack says."""
    house = assemble(settings(tmp_path))
    floor = house.guard.engine.assessor.floor
    assert house.policies.current.hold.tail >= getattr(floor, "longest")  # noqa: B009 - not in the port
    await house.guard.engine.close()


async def test_ids_are_stored_as_keyed_hashes(tmp_path):
    """The user's name is in no file, and the key is readable by its owner alone."""
    house = assemble(settings(tmp_path))
    app = GuardrailMiddleware(Backend(), guard=house.guard)
    await call(app, "/v1/chat/completions", HELLO).done()
    await house.guard.engine.close()
    files = list((tmp_path / "data").iterdir())
    assert not [f for f in files if b"ann" in f.read_bytes().replace(b"channel", b"")]
    key = tmp_path / "data" / "pseudonym.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert [f for f in key.parent.iterdir() if "tmp" in f.name] == []


async def test_the_same_key_gives_the_same_pseudonym_after_a_restart(tmp_path):
    """Who was known stays known."""
    users = set()
    for _ in range(2):
        house = assemble(settings(tmp_path))
        app = GuardrailMiddleware(Backend(), guard=house.guard)
        await call(app, "/v1/chat/completions", HELLO).done()
        events = await house.store.read(Query(kind="record"))
        users |= {event.user for event in events}
        await house.guard.engine.close()
    assert len(users) == 1


def test_a_damaged_key_is_refused(tmp_path):
    """A short key would make pseudonyms guessable."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pseudonym.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="16 bytes"):
        assemble(settings(tmp_path))


async def test_two_processes_that_start_at_once_share_a_key(tmp_path):
    """Whoever comes second takes the key that is there; nobody reads half of one."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(secret_file, [tmp_path / "new" / "pseudonym.key"] * 8))
    assert [len(key) for key in keys] == [32]


async def test_cases_are_read_page_by_page(tmp_path, monkeypatch):
    """None is left out, and what was read is not read again."""
    monkeypatch.setattr("guardrail.staff.caselog.PAGE", 2)
    store = SqliteStore(tmp_path / "guardrail.db")
    cases = open_cases(store)
    assert await cases() == ()
    facts = {"severity": "urgent", "label": "self_harm", "level": None, "region": None}
    facts |= {"language": "en", "age_band": "unknown", "policy": "p@1", "decision": "d"}
    for number in range(5):
        event = Event(f"e{number}", number, "case.opened", f"c{number}", body=facts)
        await store.append(event)
    assert [case.id for case in await cases()] == ["c0", "c1", "c2", "c3", "c4"]
    assert len(await cases()) == 5
    await store.close()


async def test_build_takes_a_settings_file(tmp_path):
    """What an embedding app calls."""
    path = tmp_path / "guardrail.yaml"
    path.write_text(f"data: {tmp_path}/d\nclassifier: {{kind: lexicon}}\ndisclose: false\n")
    guard = build(path)
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, "/v1/chat/completions", HELLO).done()
    assert got.body == backend.whole()
    assert got.header("x-guardrail-id") == ""
    await guard.engine.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"x-guardrail-user", b"ann")], 401),
        ([(b"X_Guardrail_User", b"ann")], 400),
        ([(b"x-guardrail-age-band", b"adult")], 401),
        ([(b"x-guardrail-user", b"a"), (b"x-guardrail-user", b"b")], 400),
    ],
)
async def test_forged_identities_are_refused_in_the_clients_format(tmp_path, headers, status):
    """Nobody is on the list of trusted peers, so nobody may say who the user is."""
    guard = build(settings(tmp_path))
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, "/v1/chat/completions", HELLO, headers=headers).done()
    assert got.status == status
    assert got.json["error"]["code"]
    assert backend.asked == []
    await guard.engine.close()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_a_case_survives_kill_9(tmp_path):
    """The process is killed the moment the crisis was answered; the case is in the store."""
    port, admin = free_port(), free_port()
    (tmp_path / "guardrail.yaml").write_text("classifier: {kind: lexicon}\n")
    command = [sys.executable, "-m", "guardrail", "serve", "--port", str(port)]
    command += ["--admin-port", str(admin), "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        body = {"messages": [{"role": "user", "content": "I want to kill myself"}]}
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        answer = b""
        for _ in range(200):
            try:
                answer = httpx.post(url, json=body, timeout=5).content
                break
            except httpx.ConnectError:
                time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert b"988" in answer
    store = SqliteStore(tmp_path / "data" / "guardrail.db")
    kinds = {event.kind for event in await store.read(Query(kind="case."))}
    await store.close()
    assert kinds == {"case.opened", "case.signal"}
