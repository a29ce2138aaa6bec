"""Holds are a fold, and what is said of them is true."""

from __future__ import annotations

from itertools import count

import pytest

from guardrail.store.base import Event
from guardrail.takeover import HoldBook, fact, owed_words, waiting_words

SEQ = count(1)


def event(kind, at=100.0, case="c1", **body):
    """One event of a case, as the log gives it."""
    seq = next(SEQ)
    return Event(f"{kind}.{seq}", at, f"case.{kind}", case, "ann", "talk", body, seq)


def claimed(until=1_000.0):
    """Maya's claim."""
    return event("claimed", by="m1", until=until, n=1)


def joined(by="m1", display="Maya"):
    """Somebody speaks from now on."""
    return event("joined", by=by, display=display)


def book(*events):
    """A book of these events."""
    made = HoldBook()
    made.add(events)
    return made


def test_nobody_holds_what_was_only_claimed():
    """To claim a case is to read it; the bot goes on talking."""
    assert book(claimed()).of("talk") is None


def test_whoever_joins_holds():
    """From then on the conversation is theirs, for as long as their lease lives."""
    hold = book(claimed(until=500.0), joined()).of("talk")
    assert (hold.case, hold.by, hold.display) == ("c1", "m1", "Maya")
    assert hold.present(499.0)
    assert not hold.present(500.0)


def test_a_sign_of_life_keeps_the_hold():
    """The lease of the claim is the hold's."""
    made = book(claimed(until=500.0), joined(), event("kept", by="m1", until=900.0))
    assert made.of("talk").present(899.0)


def test_what_is_owed_is_what_was_not_delivered():
    """Joining, lines and leaving are owed until an answer carried them; the person's words never."""
    made = book(claimed(), joined())
    first = event("said", by="m1", text="t1")
    made.add([first, event("said", by="user", text="t2"), event("said", by="m1", text="t3")])
    assert [one.kind for one in made.of("talk").owed] == ["joined", "line", "line"]
    made.add([event("delivered", upto=first.seq, turn="x")])
    assert [one.text for one in made.of("talk").owed] == ["t3"]


def test_a_person_in_a_talk_is_told_that_a_guardian_is():
    """A line of its own, in both languages; once the talk is over a notice says it."""
    made = book(claimed(), joined(), event("delivered", upto=10_000), event("warned", by="system"))
    (one,) = made.of("talk").owed
    assert "looks after your account" in owed_words(one, {}, "en")
    assert "照看你账号" in owed_words(one, {}, "zh")
    made.add([event("left", by="m1"), event("warned", by="system")])
    assert [one.kind for one in made.of("talk").owed] == ["warned", "left"]


@pytest.mark.parametrize(("after", "told"), [(60.0, True), (3_700.0, False)])
def test_who_joins_shortly_after_says_it(after, told):
    """A guardian is told while nobody is in the chat; whoever joins then is the one to say so."""
    made = book(event("warned", at=100.0, by="system"), claimed())
    made.add([event("joined", at=100.0 + after, by="m1", display="Maya")])
    kinds = [one.kind for one in made.of("talk").owed]
    assert kinds == (["joined", "warned"] if told else ["joined"])
    made.add([event("delivered", upto=made.of("talk").owed[-1].seq)])
    assert made.of("talk").owed == ()


def test_who_has_left_still_owes_what_they_said():
    """The hold is over, but kept until the person has read the last line and the goodbye."""
    made = book(claimed(), joined(), event("said", by="m1", text="t1"), event("left", by="m1"))
    hold = made.of("talk")
    assert hold.over
    assert [one.kind for one in hold.owed] == ["joined", "line", "left"]
    assert made.all() == ()
    made.add([event("delivered", upto=hold.owed[-1].seq, turn="x")])
    assert made.of("talk") is None


def test_a_resolved_case_holds_nobody():
    """Closing a case without handing back is handing back."""
    made = book(claimed(), joined(), event("resolved", by="m1", reason="helped"))
    assert made.of("talk").over


def test_a_colleague_who_joins_later_owes_what_the_first_one_said():
    """Nothing is lost when a case goes to somebody else."""
    made = book(claimed(), joined(), event("said", by="m1", text="t1"))
    made.add([event("left", by="m1"), claimed(), joined("m2", "Ben")])
    hold = made.of("talk")
    assert (hold.by, hold.over) == ("m2", False)
    assert [one.kind for one in hold.owed] == ["joined", "line", "left", "joined"]
    said = [owed_words(one, {"t1": "hi"}, "en") for one in hold.owed]
    assert said[1] == "Maya (human): hi"
    assert all(text.startswith("Maya") for text in said[:3])
    assert said[3].startswith("Ben")


def test_a_colleague_who_has_claimed_is_about_to_join():
    """The hold of whoever lost the connection is not over yet, and they are not there."""
    made = book(claimed(until=500.0), joined(), event("claimed", by="m2", until=900.0, n=2))
    hold = made.of("talk")
    assert (hold.until, hold.kept, hold.present(600.0)) == (0.0, 900.0, False)


def test_events_are_counted_once():
    """Reading a page twice changes nothing."""
    events = [claimed(), joined(), event("said", by="m1", text="t1")]
    made = book(*events)
    made.add(events)
    assert len(made.of("talk").owed) == 2


@pytest.mark.parametrize(("language", "word"), [("en", "human"), ("zh", "真人")])
def test_every_line_says_that_a_human_speaks(language, word):
    """In both languages, with the name."""
    made = book(claimed(), joined(), event("said", by="m1", text="t1"))
    hold = made.of("talk")
    for one in hold.owed:
        text = owed_words(one, {"t1": "hi {name}"}, language)
        assert "Maya" in text
        assert word in text
    assert "hi {name}" in text  # words of people are no template


def test_words_that_are_gone_say_nothing():
    """A line whose words were erased is passed over."""
    hold = book(claimed(), joined(), event("said", by="m1", text="t1")).of("talk")
    assert owed_words(hold.owed[-1], {}, "en") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_waiting_promises_only_what_is_true(language):
    """Whoever has lost the connection is not promised."""
    hold = book(claimed(until=500.0), joined()).of("talk")
    there, gone = (waiting_words(hold, now, language) for now in (100.0, 600.0))
    assert there != gone
    assert "Maya" in there
    assert "Maya" not in gone
    assert fact(language) != fact("zh" if language == "en" else "en")
