"""The public protocol page: generated, in two languages, for machines and people, in front of the app."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest

from guardrail._protocol_words import ACTIONS, AGES, KINDS, LIMITS, NAMES, SENTENCES, STATES
from guardrail.complaints import Terms
from guardrail.config import Settings
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.load import read_pack
from guardrail.policy.model import (
    EVERYWHERE,
    Clock,
    Consent,
    Curfew,
    Kind,
    Limits,
    Mode,
    Policy,
    Privacy,
)
from guardrail.policy.stack import Stack
from guardrail.protocol import LANGUAGES, Facts, as_html, protocol
from guardrail.serving import serving
from guardrail.turn import Action, AgeBand, Detector, Label, State
from guardrail.wellknown import PATH, ProtocolPage, WellKnown
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend

FACTS = Facts("2026-11-22", "safety@example.com", Terms(), ("CN",))
DEFAULT = POLICY(POLICIES / "default.yaml")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def page(policy: Policy = DEFAULT, **rest: Any) -> ProtocolPage:
    """The page of a policy."""
    return ProtocolPage(PolicyHolder(Stack((policy,))), **rest)


def asked(of: ProtocolPage, accept: str = "", language: str = "", query: bytes = b"") -> Any:
    """Body and headers for a client that likes this."""
    headers = [(b"accept", accept.encode()), (b"accept-language", language.encode())]
    body, found = of.render(headers, query)
    return body.decode(), {k.decode(): v.decode() for k, v in found}


# -- the words ---------------------------------------------------------------------------------


def test_every_word_of_the_vocabulary_is_there() -> None:
    """A label, action or state that is new needs its words, too."""
    assert set(NAMES) == {*Label, *Detector}
    assert set(ACTIONS) == set(Action)
    assert set(STATES) == set(State)
    assert set(AGES) == set(AgeBand)
    assert set(KINDS) == set(Kind)
    assert set(LIMITS) == set(Limits.__dataclass_fields__)


@pytest.mark.parametrize("table", [NAMES, ACTIONS, STATES, AGES, KINDS, LIMITS, SENTENCES])
def test_both_languages_say_the_same(table: Any) -> None:
    """Each entry in each language, with the same blanks, and Chinese in the Chinese."""
    for key, words in table.items():
        assert set(words) == set(LANGUAGES), key
        blanks = [set(re.findall(r"{(\w+)}", text)) for text in words.values()]
        assert blanks[0] == blanks[1], key
        assert key == "colon" or re.search(r"[\u4e00-\u9fff]", words["zh"]), key
        assert not re.search(r"[\u4e00-\u9fff]", words["en"]), key


# -- what is in it -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pack", sorted(POLICIES.glob("*.yaml")), ids=lambda p: p.stem)
def test_each_shipped_pack_has_a_page(pack: Path, language: str) -> None:
    """Every help line with its source and date, every crisis rule with our words, on both pages."""
    if pack.stem.endswith("_test") or pack.stem == "resources":
        return
    policy = read_pack(pack)[0].on(date(2027, 8, 1))
    found = protocol(policy, FACTS, language)
    html = as_html(found)
    lines = found["resources"]
    assert len(lines) == len(policy.resources)
    for line, entry in zip(lines, policy.resources, strict=True):
        assert line["region"] == entry.region
        name = entry.name.get(language, entry.name["en"])
        assert (line["name"], line["source"], line["verified_on"]) == (
            name,
            entry.source,
            entry.verified_on,
        )
        for text in (name, entry.verified_on):
            assert escape(text) in html
        if entry.region != EVERYWHERE:
            assert f"<b>{entry.region}</b>" in html
    crisis = {rule["id"] for rule in found["crisis"]["rules"]}
    if "default" in policy.extends:
        assert crisis == {rule.id for rule in policy.rules if rule.stage == "crisis"}
    assert crisis >= {r.id for r in policy.rules if "self_harm" in r.when.labels}
    speaks = {rule.id for rule in policy.rules if rule.text is not None}
    for rule in found["crisis"]["rules"]:
        assert rule["article"], rule["id"]
        assert bool(rule["words"]) is (rule["id"] in speaks), rule["id"]
    assert found["policy"]["revision"] == policy.revision
    assert policy.revision in html
    assert "2026-11-22" in html


def test_thresholds_are_in_words() -> None:
    """Of the person's side and the companion's, and earlier for a child where it is so."""
    rows = {row["id"]: row["thresholds"] for row in protocol(DEFAULT, FACTS)["detected"]["list"]}
    assert rows["self_harm"] == [
        "what the person says, adults, people of unknown age: a hint from 40, clear from 80",
        "what the person says, minors: a hint from 35, clear from 70",
        "what the companion answers, all ages: a hint from 50, clear from 80",
    ]
    assert "protective" not in rows  # no rule asks for it by name


def test_what_is_said_of_minors() -> None:
    """Caps, nights and consent as the policy has them, and the rules that are for children."""
    policy = replace(
        DEFAULT,
        young={14: Limits(daily_minutes=40)},
        curfews=(Curfew(18, Clock(22 * 60), Clock(6 * 60)),),
        consents=(Consent(14, "companion", "3"),),
        unknown_age=AgeBand.MINOR,
    )
    minors = protocol(policy, FACTS)["minors"]
    said = " ".join(minors["about"])
    for part in ("60 minutes at a time", "40 minutes a day", "22:00 to 06:00", "version 3"):
        assert part in said
    assert "unknown age is treated like: minors" in said
    ids = {rule["id"] for rule in minors["rules"]}
    assert {"romance-minor", "sexual-minor"} <= ids
    assert not ids & {"crisis", "gambling"}
    assert "22:00 至 06:00" in " ".join(protocol(policy, FACTS, "zh")["minors"]["about"])


def test_it_promises_only_what_the_rules_do() -> None:
    """A pack that completes no reply does not say that replies are looked at for it."""
    rules = tuple(rule for rule in DEFAULT.rules if State.OMISSION not in rule.when.states)
    with_, without = protocol(DEFAULT, FACTS), protocol(replace(DEFAULT, rules=rules), FACTS)
    assert len(with_["crisis"]["about"]) == len(without["crisis"]["about"]) + 1
    assert "what is said of people of unknown age counts" in " ".join(with_["minors"]["about"])


def test_a_trial_says_that_it_is_one() -> None:
    """Nobody is told that they are protected by rules which do nothing yet."""
    shadow = replace(DEFAULT, mode=Mode.SHADOW)
    assert "tried out" in " ".join(protocol(shadow, FACTS)["about"])
    assert "试运行" in as_html(protocol(shadow, FACTS, "zh"))


def test_the_way_to_complain() -> None:
    """With the hours and days that are set, and the contact."""
    facts = replace(FACTS, terms=Terms(48 * 3600.0, 7 * 86_400.0))
    found = protocol(DEFAULT, facts)["complaints"]
    assert "within 48 hours" in found["about"]
    assert "within 7 days" in found["about"]
    assert (found["contact"], found["answer_days"]) == ("safety@example.com", 7)
    assert "safety@example.com" in as_html(protocol(DEFAULT, facts, "zh"))


def test_what_a_pack_says_cannot_become_markup() -> None:
    """The page shows words of packs and settings; it runs none."""
    rules = tuple(replace(rule, article="<script>1</script>") for rule in DEFAULT.rules)
    found = protocol(replace(DEFAULT, rules=rules), replace(FACTS, contact="<img src=x>"))
    html = as_html(found)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


# -- how it is asked for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "language", "kind", "spoken"),
    [
        ("", "", "application/json", "en"),
        ("*/*", "*", "application/json", "en"),
        (BROWSER, "en-GB,en;q=0.9", "text/html", "en"),
        (BROWSER, "zh-CN,zh;q=0.9,en;q=0.8", "text/html", "zh-Hans"),
        ("application/json, text/html;q=0.5", "de, zh;q=0.2", "application/json", "zh-Hans"),
        ("text/html;q=0", "fr", "application/json", "en"),
        ("text/html;q=x, nonsense", ";;,", "application/json", "en"),
        ("text/*", "en;q=0.1, zh;q=0.2", "text/html", "zh-Hans"),
    ],
)
def test_the_client_chooses(accept: str, language: str, kind: str, spoken: str) -> None:
    """JSON in English unless it prefers something else; nonsense is no preference."""
    body, headers = asked(page(), accept, language)
    assert headers["content-type"] == f"{kind}; charset=utf-8"
    assert headers["content-language"] == spoken
    assert headers["vary"] == "accept, accept-language"
    if kind == "application/json":
        assert json.loads(body)["language"] == spoken[:2]
    else:
        assert f'<html lang="{spoken}">' in body


@pytest.mark.parametrize(
    ("query", "spoken"),
    [(b"language=zh", "zh-Hans"), (b"language=en", "en"), (b"language=x", "en")],
)
def test_a_link_may_choose_the_language(query: bytes, spoken: str) -> None:
    """It goes over what the browser likes; a language that we do not have does not."""
    wish = "en" if query != b"language=en" else "zh"
    assert asked(page(), language=wish, query=query)[1]["content-language"] == spoken


def test_chinese_pages_cite_chinese_laws_by_their_names() -> None:
    """And name everything that the pack says it keeps, not only what stands in the rule."""
    found = protocol(POLICY(POLICIES / "cn.yaml"), Facts("2026-11-22"), "zh")
    text = json.dumps(found, ensure_ascii=False)
    assert "《暂行办法》第14条" in text
    assert not re.search(r"CN (Art|minors|Labelling)", text)
    state = protocol(POLICY(POLICIES / "us-or.yaml", day=date(2027, 1, 1)), Facts("2027-01-01"))
    plan = next(row for row in state["crisis"]["rules"] if row["id"] == "crisis-plan")
    assert "OR SB 1546" in plan["article"]


def test_a_region_has_its_own_page() -> None:
    """Where there is a policy for it; everybody else's otherwise."""
    cn = replace(DEFAULT, name="cn", revision="c")
    holder = PolicyHolder(Stack((DEFAULT,)), {"CN": Stack((cn,))})
    of = ProtocolPage(holder)
    names = {q: json.loads(asked(of, query=q)[0])["policy"]["name"] for q in
             (b"", b"region=CN", b"region=CN-11", b"region=US", b"region=%ff&x=1")}  # fmt: skip
    assert set(names.values()) == {"cn", "default"}
    assert [q for q, name in names.items() if name == "cn"] == [b"region=CN", b"region=CN-11"]


def test_a_new_policy_makes_a_new_page() -> None:
    """What is kept of pages made before never outlives the policy."""
    holder = PolicyHolder(Stack((DEFAULT,)))
    of = ProtocolPage(holder)
    asked(of)
    holder.swap(Stack((replace(DEFAULT, revision="new"),)))
    assert json.loads(asked(of)[0])["policy"]["revision"] == "new"


def test_a_page_costs_little() -> None:
    """Anybody may ask, as often as they like."""
    of = page()
    asked(of, BROWSER)
    began = time.perf_counter()
    for number in range(200):
        asked(of, BROWSER, query=b"region=X%d" % number)
    assert time.perf_counter() - began < 1.0
    assert len(of._made) == 1


# -- where it stands -----------------------------------------------------------------------------


async def test_it_stands_before_the_app(make_guard: Any) -> None:
    """Read only; the backend is not asked, neither for the page nor with what is sent to it."""
    backend = Backend()
    guarded = GuardrailMiddleware(backend, guard=make_guard())
    app = WellKnown(guarded, page())
    got = await call(app, PATH, method="GET").done()
    assert (got.status, got.json["policy"]["name"]) == (200, "default")
    for method in ("POST", "PUT", "DELETE"):
        assert (await call(app, PATH, b"{}", method=method).done()).status == 405
    assert (await call(app, PATH, method="HEAD").done()).status == 200
    assert backend.asked == []
    await call(app, PATH + "/more", method="GET").done()
    await call(app, "/.well-known/security.txt", method="GET").done()
    assert len(backend.asked) == 2


async def test_embedded_the_path_is_the_apps_own(make_guard: Any) -> None:
    """The middleware alone takes nothing."""
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard())
    await call(app, PATH, method="GET").done()
    assert backend.asked[0]["path"] == PATH


@pytest.mark.parametrize("on", [True, False])
async def test_the_proxy_serves_it(tmp_path: Path, on: bool) -> None:
    """On the proxy's own address unless it is switched off, and on the admin server always."""
    settings = Settings.model_validate(
        {
            "listen": {"port": 0},
            "admin": {"port": 0},
            "classifier": {"kind": "lexicon"},
            "data": tmp_path / "data",
            "protocol": on,
            "complaints": {"contact": "safety@example.com"},
        }
    )
    async with serving(settings) as (_, addresses), httpx.AsyncClient() as client:
        proxied = await client.get(addresses.proxy + PATH, headers={"accept": BROWSER})
        own = await client.get(addresses.admin + PATH)
    assert own.json()["complaints"]["contact"] == "safety@example.com"
    assert ("Companion safety protocol" in proxied.text) is on
    if on:
        assert proxied.headers["content-type"] == "text/html; charset=utf-8"
        assert "x-guardrail-id" not in proxied.headers


def test_reasons_in_the_language_of_the_page() -> None:
    """As the pack gives them; plain words stand on the English page alone."""
    for language, word in (("en", "Leaving is honoured"), ("zh", "立即结束")):
        rows = protocol(DEFAULT, FACTS, language)["crisis"]["rules"]
        assert all(row["why"] for row in rows)
        page = as_html(protocol(DEFAULT, FACTS, language))
        assert escape(rows[0]["why"]) in page
        rule = next(rule for rule in DEFAULT.rules if rule.id == "exit")
        assert word in rule.why(language)
    plain = replace(DEFAULT, rules=tuple(replace(r, reasons={}) for r in DEFAULT.rules))
    assert protocol(plain, FACTS, "en")["crisis"]["rules"][0]["why"]
    assert protocol(plain, FACTS, "zh")["crisis"]["rules"][0]["why"] == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_kept_of_words(language: str) -> None:
    """How long, how much, for whom a law holds it, and whether anybody learns from it."""

    def told(privacy: Privacy) -> list[str]:
        page = protocol(replace(DEFAULT, privacy=privacy), FACTS, language)
        assert all(escape(line) in as_html(page) for line in page["privacy"])
        return list(page["privacy"])

    month = told(Privacy())
    assert "30" in month[0]
    assert "12" in month[0]
    held = told(Privacy(0, 12, {AgeBand.MINOR: 1096}, train=True))
    assert len(held) == 3
    assert "1096" in held[1]
    assert month[-1] != held[-1]
    assert month[0] != held[0]
