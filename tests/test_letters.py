"""Letters: what may stand in them, which ones a case brings about, and where each stands."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from guardrail._letter_words import BODIES, OPTIONAL, SEVERITIES, SUBJECTS
from guardrail.errors import RequestError
from guardrail.letterbook import KEPT, Letter, LetterBook, Post, pending
from guardrail.letters import (
    TEMPLATES,
    Audience,
    Places,
    cancelled,
    of_case,
    payload,
    queued,
    read_in,
    webhook_id,
    words,
)
from guardrail.store.base import Event
from guardrail.turn import Severity

ROOT = Path(__file__).parent.parent
FULL = Places("https://c.example", "https://p.example", "Mira", "+1 555 0100")
SAMPLES = {"hours": 72}
SEALED = {"link": "https://p.example/i/secret"}


def letter(template: str = "case_opened", **more: Any) -> Letter:
    """A letter of a template, with whatever it needs."""
    kind = TEMPLATES[template]
    fields = {key: SAMPLES[key] for key in kind.fields}
    audience = min(kind.audiences)
    made = Letter("x", 1_790_000_000.0, template, audience, "case-1", "user-1", fields=fields)
    return replace(made, **more)


def case_event(kind: str = "case.opened", severity: str = "urgent", **more: Any) -> Event:
    """What a review appends."""
    body = {"severity": severity, "label": "self_harm"}
    made = Event(f"{kind}.c1", 1_790_000_000.0, kind, "c1", "user-1", "talk-1", body=body)
    return replace(made, **more)


def letters(*events: Event | None) -> list[Event]:
    """Their letters as the store would keep them: an id that is there already adds nothing."""
    found = [of_case(event) for event in events if event is not None]
    return list({one.id: one for one in reversed(found) if one is not None}.values())[::-1]


def read(*events: Event) -> LetterBook:
    """A book of these events, in this order."""
    book = LetterBook()
    book.add(replace(event, seq=n) for n, event in enumerate(events, 1))
    return book


def step(kind: str, subject: str = "x", at: float = 0.0, **body: Any) -> Event:
    """One event of the log of letters."""
    return Event(f"{kind}.{subject}.{at}", at, f"letter.{kind}", subject, body=body)


TEST = queued("test", "operator", id="x", subject="s", at=0.0)
ROUTED = step("routed", round=0, endpoints={"w-1": ""})
TAKEN = step("taken", endpoint="w-1", n=1, by="a", until=15.0)


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_letter_can_be_read_in_both_languages(template: str, language: str) -> None:
    """No placeholder is left, with everything set and with nothing set that is optional."""
    for places in (FULL, Places()):
        said = words(letter(template), language, places, SEALED)
        assert said.subject
        assert "\n" not in said.subject
        assert said.body.strip()
        assert not re.search(r"[{}]", said.subject + said.body)
        assert ("：" in said.body or "。" in said.body) == (language == "zh")


def test_every_template_has_words_and_no_other() -> None:
    """Both languages, one set of placeholders."""
    assert TEMPLATES.keys() == SUBJECTS.keys() == BODIES.keys()
    for table in (SUBJECTS, BODIES):
        for said in table.values():
            found = {one: set(re.findall(r"\{(\w+)\}", text)) for one, text in said.items()}
            assert found.keys() == {"en", "zh"}
            assert found["en"] == found["zh"]
    assert SEVERITIES.keys() == set(Severity)


def test_no_letter_names_anybody_or_says_what_it_is_about() -> None:
    """Content-minimal: no label, no user, no conversation in words for anybody."""
    for template in TEMPLATES:
        for language in ("en", "zh"):
            said = words(letter(template, user="user-hash"), language, FULL, SEALED)
            text = f"{said.subject}\n{said.body}".lower()
            for word in (
                "user-hash",
                "self_harm",
                "suicid",
                "self-harm",
                "自伤",
                "自杀",
                "gambl",
                "life",
                "die",
                "死",
                "活",
            ):
                assert word not in text, (template, word)


def test_help_lines_are_those_of_the_resource_file() -> None:
    """A number that nobody has verified is worse than none."""
    known = YAML(typ="safe").load((ROOT / "policies/resources.yaml").read_text("utf-8"))
    numbers = {str(n) for one in known["resources"] for n in one["numbers"]}
    contacts = " ".join(str(one["contact"]) for one in known["resources"])
    for said in BODIES.values():
        for text in said.values():
            assert set(re.findall(r"\d{3,}", text)) <= numbers
            assert all(site in contacts for site in re.findall(r"\w+\.com", text))


def test_what_an_operator_did_not_set_falls_away() -> None:
    """A paragraph without its address or number is not there at all."""
    said = words(letter("contact_guardian"), "en", FULL).body
    assert "+1 555 0100" in said
    assert "https://p.example" in said
    assert "Mira" in said
    bare = words(letter("contact_guardian"), "en", Places()).body
    assert "To reach us" not in bare
    assert "guardian page" not in bare
    assert "our companion chat" in bare
    assert {"where", "callback"} == OPTIONAL


def test_a_case_letter_leads_to_its_case() -> None:
    """One tap from the mail to the case."""
    said = words(letter("case_opened", severity=Severity.IMMINENT), "en", FULL)
    assert said.subject == "New case: imminent"
    assert "https://c.example/cases/case-1" in said.body


def test_what_is_sealed_is_needed() -> None:
    """An invitation without its link is refused, not sent."""
    with pytest.raises(RequestError, match="nothing fills link"):
        words(letter("guardian_invitation"), "en", FULL)


def test_what_is_filled_in_is_not_read_again() -> None:
    """A field that looks like a placeholder stays what it is."""
    made = letter("guardian_invitation", fields={"hours": "{callback}{link}"})
    assert "for {callback}{link} hours" in words(made, "en", FULL, SEALED).body


def test_two_languages_follow_one_another() -> None:
    """For a reader whose language nobody knows."""
    said = read_in(letter("test"), ("en", "zh"), FULL)
    assert said.subject == "A test from guardrail / guardrail 测试消息"
    assert said.body.index("This is a test") < said.body.index("这是一条测试消息")


def test_a_webhook_carries_type_time_and_data() -> None:
    """By Standard Webhooks; the id of the vault's text stays here."""
    made = letter("contact_guardian", fields={"of": "p1", "address": "secret-id"})
    found = payload(made, FULL, ["+49 30 1"])
    assert found["type"] == "contact.guardian"
    assert found["timestamp"] == "2026-09-21T14:13:20.000+00:00"
    assert found["data"]["fields"] == {"of": "p1"}
    assert found["data"]["to"] == ["+49 30 1"]
    assert found["data"]["words"].keys() == {"en", "zh"}
    assert re.fullmatch(r"msg_[0-9a-f]{32}", webhook_id("a.b.c"))


# -- queueing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "audience", "fields", "why"),
    [
        ("nonsense", "moderators", {}, "no letter"),
        ("case_opened", "guardian", {}, "does not go"),
        ("contact_guardian", "operator", {}, "does not go"),
        ("guardian_invitation", "guardian", {}, "lacks hours"),
        ("test", "operator", {"said": "hello"}, "no field said"),
        ("test", "operator", {"of": "a\nb"}, "one line"),
        ("test", "operator", {"of": "x" * 201}, "one line"),
        ("test", "operator", {"of": ""}, "one line"),
    ],
)
def test_a_letter_that_cannot_be_written_is_refused(
    template: str, audience: str, fields: dict[str, str | float], why: str
) -> None:
    """When it is queued, not days later."""
    with pytest.raises(RequestError, match=why):
        queued(template, audience, id="x", subject="s", at=0.0, fields=fields)


def test_a_letter_is_told_by_its_id() -> None:
    """What the outbox reads is what was queued."""
    event = queued(
        "contact_guardian",
        Audience.GUARDIAN,
        id="contact.p1",
        subject="c1",
        at=5.0,
        user="u",
        severity=Severity.URGENT,
        fields={"of": "p1"},
    )
    assert (event.id, event.kind, event.subject, event.user) == (
        "letter.contact.p1", "letter.queued", "c1", "u",
    )  # fmt: skip
    (found,) = pending([replace(event, seq=1)])
    assert (found.id, found.template, found.severity) == (
        "contact.p1",
        "contact_guardian",
        "urgent",
    )
    assert found.fields == {"of": "p1"}
    assert (found.state, found.tries, found.due) == (Post.QUEUED, 0, 5.0)


# -- letters of cases ------------------------------------------------------------------------------


def test_a_case_is_told_once_for_each_severity() -> None:
    """The signal that comes with the opening, and the next one of the same severity, add nothing."""
    opened, same = case_event(), case_event("case.signal")
    graver = case_event("case.signal", "imminent")
    found = letters(opened, same, case_event("case.signal"), graver, graver)
    assert [one.id for one in found] == ["letter.case.c1.urgent", "letter.case.c1.imminent"]
    assert [one.body["template"] for one in found] == ["case_opened", "case_raised"]
    assert {one.conversation for one in found} == {"talk-1"}
    assert "self_harm" not in str(found)


def test_a_graver_opening_of_a_known_case_tells_that_it_was_raised() -> None:
    """A review appends opening and signal each time; whichever letter is first, the words are right."""
    first, second = letters(case_event(), case_event("case.opened", "imminent"))
    book = read(first, second)
    assert [one.template for one in book.open()] == ["case_raised", "case_opened"]


def test_a_signal_that_is_less_grave_is_not_told() -> None:
    """It is in the case; nobody is woken for it."""
    grave, mild = letters(
        case_event("case.opened", "imminent"), case_event("case.signal", "notice")
    )
    book = read(grave, mild)
    assert [one.severity for one in book.open()] == ["imminent"]
    found = book.get("case.c1.notice")
    assert found is not None
    assert (found.state, found.why) == (Post.CANCELLED, "not_graver")


def test_a_breach_is_told() -> None:
    """Each deadline once."""
    breached = case_event("case.breached", body={"deadline": 99.5, "severity": "urgent", "by": "x"})
    (found,) = letters(breached, breached)
    assert (found.id, found.body["template"]) == ("letter.case.c1.breached.99.5", "case_breached")
    assert found.body["severity"] == "urgent"


def test_other_events_of_a_case_bring_no_letter() -> None:
    """Claiming and noting is nobody else's news."""
    assert letters(case_event("case.claimed"), case_event("case.note")) == []


# -- the book --------------------------------------------------------------------------------------


def state(*events: Event) -> tuple[Post, int, float, str]:
    """Where the letter x stands after these events."""
    found = read(TEST, *events).get("x")
    assert found is not None
    return found.state, found.tries, found.due, found.why


def test_a_delivery_goes_its_way() -> None:
    """Queued, taken, failed, taken, sent."""
    failed = step("failed", at=1.0, endpoint="w-1", n=1, why="http_500", next=20.0)
    again = step("taken", at=2.0, endpoint="w-1", n=2, by="b", until=40.0)
    sent = step("sent", at=3.0, endpoint="w-1", n=2)
    assert state() == (Post.QUEUED, 0, 0.0, "")
    assert state(ROUTED) == (Post.QUEUED, 0, 0.0, "")
    assert state(ROUTED, TAKEN) == (Post.TAKEN, 1, 15.0, "")
    assert state(ROUTED, TAKEN, failed) == (Post.FAILED, 1, 20.0, "http_500")
    assert state(ROUTED, TAKEN, failed, again) == (Post.TAKEN, 2, 40.0, "http_500")
    assert state(ROUTED, TAKEN, failed, again, sent)[0] is Post.SENT


def test_news_of_an_old_take_is_no_news() -> None:
    """Whoever lost their lease cannot put off what another one has taken, or has delivered."""
    second = step("taken", at=2.0, endpoint="w-1", n=2, by="b", until=40.0)
    late = step("failed", at=3.0, endpoint="w-1", n=1, why="timeout", next=99.0)
    dead = step("dead", at=4.0, endpoint="w-1", n=2, why="timeout")
    assert state(ROUTED, TAKEN, second, late) == (Post.TAKEN, 2, 40.0, "lost")
    sent = step("sent", at=3.5, endpoint="w-1", n=1)
    assert state(ROUTED, TAKEN, second, sent, dead)[0] is Post.SENT
    assert state(ROUTED, TAKEN, second, dead, sent)[0] is Post.SENT


def test_a_letter_that_goes_nowhere_is_dead() -> None:
    """And says why."""
    nowhere = step("routed", round=0, endpoints={})
    assert state(nowhere) == (Post.DEAD, 0, 0.0, "no_channel")


def test_a_dead_letter_goes_again_to_who_is_there_now() -> None:
    """Tries begin anew, numbers of takes do not; an endpoint that has it gets nothing twice."""
    both = step("routed", round=0, endpoints={"w-1": "", "w-2": ""})
    sent = step("sent", at=1.0, endpoint="w-1", n=1)
    taken = step("taken", at=1.0, endpoint="w-2", n=1, by="a", until=9.0)
    dead = step("dead", at=2.0, endpoint="w-2", n=1, why="http_400")
    again = step("again", at=3.0, round=1, by="staff")
    events = (both, TAKEN, sent, taken, dead)
    assert state(*events) == (Post.DEAD, 1, 0.0, "http_400")
    assert state(*events, again)[0] is Post.QUEUED
    anew = step("routed", at=4.0, round=1, endpoints={"w-1": "", "w-2": "", "w-3": ""})
    found = read(TEST, *events, again, anew).get("x")
    assert found is not None
    assert {d.endpoint: (d.state, d.tries, d.takes) for d in found.live} == {
        "w-1": (Post.SENT, 1, 1), "w-2": (Post.QUEUED, 0, 1), "w-3": (Post.QUEUED, 0, 0),
    }  # fmt: skip
    elsewhere = step("routed", at=4.0, round=1, endpoints={})
    assert state(*events, again, elsewhere)[0] is Post.SENT, "one endpoint has it, none is left"


def test_a_letter_can_be_stopped() -> None:
    """From then on it is not open, whatever its deliveries say."""
    stop = replace(cancelled("x", by="m1", why="home_danger", at=1.0), seq=0)
    assert state(ROUTED, TAKEN, stop) == (Post.CANCELLED, 1, 15.0, "home_danger")
    assert read(TEST, ROUTED, stop).open() == ()


def test_a_blank_in_the_place_of_a_letter_is_none() -> None:
    """A refused proposal takes the id of its letter; the book knows nothing of it."""
    blank = replace(TEST, kind="letter.never")
    assert read(blank, ROUTED, TAKEN).all() == ()


def test_endpoints_are_switched_off_and_on() -> None:
    """By those who said 410, and by staff."""
    off, on = step("disabled", "w-1", switched=1), step("enabled", "w-1", 1.0, switched=2)
    assert read(off).disabled() == ("w-1",)
    assert read(off, on).disabled() == ()


def test_what_is_long_over_is_forgotten() -> None:
    """Open letters stay; so does what was told lately."""
    sent = step("sent", endpoint="w-1", n=1)
    waits = queued("test", "operator", id="y", subject="s", at=1.0)
    late = queued("test", "operator", id="z", subject="s", at=2 * KEPT)
    notice = step("notice", "contact", letter="x", rank=1, number=7)
    book = read(TEST, ROUTED, TAKEN, sent, notice, waits, late)
    assert {one.id for one in book.all()} == {"y", "z"}
    assert book.notices("contact", 0.0) == ()


def test_a_book_that_reads_on_counts_nothing_twice() -> None:
    """The same page again changes nothing."""
    events = [replace(e, seq=n) for n, e in enumerate((TEST, ROUTED, TAKEN), 1)]
    book = LetterBook()
    book.add(events)
    book.add(events)
    found = book.get("x")
    assert found is not None
    assert found.tries == 1
    assert book.seq == 3
