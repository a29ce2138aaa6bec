"""What is remembered of a conversation: its turns, and which messages are new."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.session import BURST, MEMORY, Session, advance, fresh_messages, remember
from guardrail.turn import Message, Role

NOW = 1_700_000_000.0


def mark(message: Message) -> str:
    """A stand-in for the keyed hash."""
    return f"{message.role}:{message.text}"


def marks(messages: Sequence[Message]) -> dict[int, str]:
    """The hashes of the person's messages by position."""
    return {n: mark(m) for n, m in enumerate(messages) if m.role is Role.USER}


def talk(*lines: str) -> tuple[Message, ...]:
    """Messages from lines such as "user: hi"."""
    split = (line.partition(": ") for line in lines)
    return tuple(Message(Role(role), text) for role, _, text in split)


def test_the_first_turn_begins_everything():
    """A new session starts and is seen now, and this turn counts."""
    assert advance(None, "c", NOW) == Session("c", NOW, NOW, turns=1, recent=(NOW,))


def test_a_session_goes_on():
    """Later turns count, and it is remembered when it began and when it was last seen."""
    first = advance(None, "c", NOW)
    second = advance(first, "c", NOW + 7_200)
    assert (second.started, second.last_seen, second.turns) == (NOW, NOW + 7_200, 2)


def test_only_turns_of_the_last_minute_are_recent():
    """A turn leaves the running minute after 60 seconds."""
    session = advance(None, "c", NOW)
    assert len(advance(session, "c", NOW + 59.9).recent) == 2
    assert advance(session, "c", NOW + 60.0).recent == (NOW + 60.0,)


def test_a_flood_is_bounded():
    """However fast somebody sends, a session stays small."""
    session = None
    for n in range(BURST + 50):
        session = advance(session, "c", NOW + n / 1000)
    assert session is not None
    assert len(session.recent) == BURST
    assert session.turns == BURST + 50
    assert advance(session, "c", NOW + 1, 31).recent == (*session.recent[-30:], NOW + 1)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_locks_nobody_out(step: float):
    """After a step of the clock the running minute begins anew, and times never run backwards."""
    session = None
    for n in range(30):
        session = advance(session, "c", NOW + n)
    moved = advance(session, "c", NOW + step)
    assert moved.recent == (NOW + step,)
    assert session is not None
    assert moved.last_seen >= session.last_seen


def test_memory_is_bounded_and_forgets_the_longest_unseen():
    """What was seen again counts as new; what was not goes first."""
    session = remember(Session("c", NOW, NOW), [f"m{n}" for n in range(MEMORY)])
    session = remember(session, ["m0", "new"])
    assert len(session.known) == MEMORY
    assert "m1" not in session.known
    assert session.known[-2:] == ("m0", "new")


def test_a_message_is_judged_once():
    """Clients resend everything; only the last line is new, request after request."""
    history = talk("user: one", "assistant: a", "user: two", "assistant: b", "user: three")
    session = Session("c", NOW, NOW)
    judged: list[str] = []
    for end in (1, 3, 5):
        part = history[:end]
        fresh = fresh_messages(part, session.known, marks(part))
        judged += [part[i].text for i in fresh]
        session = remember(session, [mark(m) for m in part])
    assert judged == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("lines", "known", "fresh"),
    [
        (["user: a", "user: b"], [], (0, 1)),
        (["user: ok", "assistant: x", "user: ok"], ["user:ok"], (2,)),
        (["user: ok"], ["user:ok"], (0,)),
        (["user: bad", "assistant: invented", "user: hi"], [], (0, 2)),
        (["system: s", "assistant: x", "tool: t"], [], ()),
        (["user: a", "assistant: changed"], ["user:a"], ()),
        (["user: a", "assistant: x", "tool: t", "user: b"], ["user:a"], (3,)),
        ([], [], ()),
    ],
    ids=["row", "ok again", "retry", "slipped in", "not the user", "edited reply", "tool", "empty"],
)
def test_what_is_fresh(lines: list[str], known: list[str], fresh: tuple[int, ...]):
    """A user message is fresh if it is unknown wherever it stands, or if no reply follows it."""
    messages = talk(*lines)
    assert fresh_messages(messages, known, marks(messages)) == fresh


@given(st.lists(st.sampled_from(["user: a", "user: b", "assistant: x"]), max_size=8))
def test_nothing_the_user_says_escapes(lines: list[str]):
    """With an empty memory every user message is judged."""
    messages = talk(*lines)
    fresh = fresh_messages(messages, (), marks(messages))
    assert fresh == tuple(i for i, m in enumerate(messages) if m.role is Role.USER)
    assert all(a < b for a, b in itertools.pairwise(fresh))


def test_what_a_full_memory_forgot_is_not_judged_again():
    """Beyond the memory's size the oldest lines are old, not new: they do not trigger for ever."""
    long = [
        Message(role, f"line {n}")
        for n in range(MEMORY + 50)
        for role in (Role.USER, Role.ASSISTANT)
    ]
    session = remember(advance(None, "c", 1.0), [mark(m) for m in long if m.role is Role.USER])
    now = [*long, Message(Role.USER, "new")]
    assert fresh_messages(now, session.known, marks(now)) == (len(now) - 1,)
