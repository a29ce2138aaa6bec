"""What is remembered of a conversation: sittings, ages, and which messages are new."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.session import (
    BURST,
    IDLE_GAP,
    MEMORY,
    Session,
    Usage,
    advance,
    fresh_messages,
    remember,
    stricter,
    use,
)
from guardrail.turn import AgeBand, Message, Role

NOW = 1_700_000_000.0
BANDS = st.sampled_from(AgeBand)


def mark(message: Message) -> str:
    """A stand-in for the keyed hash."""
    return f"{message.role}:{message.text}"


def talk(*lines: str) -> tuple[Message, ...]:
    """Messages from lines such as "user: hi"."""
    split = (line.partition(": ") for line in lines)
    return tuple(Message(Role(role), text) for role, _, text in split)


def test_the_first_turn_begins_everything():
    """A new session starts, sits and is seen now, and this turn counts."""
    session = advance(None, "c", NOW)
    assert session == Session("c", NOW, NOW, NOW, turns=1, sitting_turns=1, recent=(NOW,))


def test_a_sitting_goes_on_until_a_long_silence():
    """A gap up to the limit belongs to the sitting; a longer one begins another."""
    first = advance(None, "c", NOW)
    second = advance(first, "c", NOW + IDLE_GAP)
    third = advance(second, "c", NOW + 2 * IDLE_GAP + 1)
    assert (second.sitting_started, second.sitting_turns) == (NOW, 2)
    assert (third.sitting_started, third.sitting_turns, third.turns) == (third.last_seen, 1, 3)
    assert third.started == NOW


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


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_locks_nobody_out(step: float):
    """After a step of the clock the running minute begins anew, and times never run backwards."""
    session = None
    for n in range(30):
        session = advance(session, "c", NOW + n)
    moved = advance(session, "c", NOW + step)
    assert moved.recent == (NOW + step,)
    assert moved.last_seen >= moved.sitting_started


@given(BANDS, BANDS, BANDS)
def test_strictness_does_not_depend_on_order(a: AgeBand, b: AgeBand, c: AgeBand):
    """Evidence may come in any order and twice; a minor stays a minor."""
    assert stricter(a, b) is stricter(b, a)
    assert stricter(stricter(a, b), c) is stricter(a, stricter(b, c))
    assert stricter(a, a) is a
    assert stricter(AgeBand.MINOR, a) is AgeBand.MINOR
    assert stricter(a, None) is a


@pytest.mark.parametrize(
    ("known", "evidence", "then"),
    [
        (AgeBand.UNKNOWN, None, AgeBand.UNKNOWN),
        (AgeBand.UNKNOWN, AgeBand.ADULT, AgeBand.ADULT),
        (AgeBand.ADULT, AgeBand.UNKNOWN, AgeBand.ADULT),
        (AgeBand.ADULT, AgeBand.MINOR, AgeBand.MINOR),
        (AgeBand.MINOR, AgeBand.ADULT, AgeBand.MINOR),
    ],
)
def test_age_is_sticky(known: AgeBand, evidence: AgeBand | None, then: AgeBand):
    """An age band moves towards minor and never back."""
    session = Session("c", NOW, NOW, NOW, age_band=known)
    assert advance(session, "c", NOW + 1, evidence).age_band is then


def test_use_adds_up_without_the_silences():
    """Gaps within a sitting are use; longer ones and steps back of the clock are not."""
    later = NOW + 60 + IDLE_GAP + 1
    usage = Usage()
    for at in (NOW, NOW + 60, later, later - 30, later + 20):
        usage = use(usage, at)
    assert usage == Usage(seconds=80.0, turns=5, last_seen=later + 20)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30))
def test_use_never_exceeds_the_time_that_passed(offsets: list[float]):
    """Whatever the clock does, nobody is charged more than the time between first and last."""
    usage = Usage()
    for offset in offsets:
        usage = use(usage, NOW + offset)
    assert 0.0 <= usage.seconds <= max(offsets) - min(offsets) + 1e-3
    assert usage.turns == len(offsets)


def test_two_devices_are_charged_once():
    """Turns that alternate between two conversations share one ledger and one clock."""
    usage = Usage()
    for at in range(0, 600, 10):
        usage = use(usage, NOW + at)
        usage = use(usage, NOW + at)
    assert usage.seconds == 590.0


def test_memory_is_bounded_and_forgets_the_longest_unseen():
    """What was seen again counts as new; what was not goes first."""
    session = remember(Session("c", NOW, NOW, NOW), [f"m{n}" for n in range(MEMORY)])
    session = remember(session, ["m0", "new"])
    assert len(session.known) == MEMORY
    assert "m1" not in session.known
    assert session.known[-2:] == ("m0", "new")


def test_a_message_is_judged_once():
    """Clients resend everything; only the last line is new, request after request."""
    history = talk("user: one", "assistant: a", "user: two", "assistant: b", "user: three")
    session = Session("c", NOW, NOW, NOW)
    judged: list[str] = []
    for end in (1, 3, 5):
        part = history[:end]
        fresh = fresh_messages(part, session.known, mark)
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
    assert fresh_messages(talk(*lines), known, mark) == fresh


@given(st.lists(st.sampled_from(["user: a", "user: b", "assistant: x"]), max_size=8))
def test_nothing_the_user_says_escapes(lines: list[str]):
    """With an empty memory every user message is judged."""
    messages = talk(*lines)
    fresh = fresh_messages(messages, (), mark)
    assert fresh == tuple(i for i, m in enumerate(messages) if m.role is Role.USER)
    assert all(a < b for a, b in itertools.pairwise(fresh))


def test_what_a_full_memory_forgot_is_not_judged_again():
    """Beyond the memory's size the oldest lines are old, not new: they do not trigger for ever."""

    def mark(message: Message) -> str:
        return message.text

    long = [
        Message(role, f"line {n}")
        for n in range(MEMORY + 50)
        for role in (Role.USER, Role.ASSISTANT)
    ]
    session = remember(advance(None, "c", 1.0), [mark(m) for m in long if m.role is Role.USER])
    now = [*long, Message(Role.USER, "new")]
    assert fresh_messages(now, session.known, mark) == (len(now) - 1,)
