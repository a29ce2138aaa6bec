"""A human who talks to the person through the same chat: what holds, what is owed, what is said. Pure.

Theory of operation. A take-over is a few events of a case: `case.joined`, `case.said` (by a member
of the staff, or by "user"), `case.left`; `case.delivered` says up to which event the person has been
told. A *hold* is their fold, so every process that reads the log knows who talks to whom, and what
the person still has to get is simply what lies behind the last delivery.

Rules of this file:

1. While somebody has joined and not left, the bot is silent in this conversation.
2. What the person is told is true: who speaks is named as a human, and waiting is promised nothing.
3. Nothing is lost: a line stays owed until an answer that carried it was sent.
4. No words of anybody: a line is an id in the vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from guardrail.store.base import Event

__all__ = [
    "Hold",
    "HoldBook",
    "Owed",
    "fact",
    "label",
    "lost_words",
    "owed_words",
    "waiting_words",
    "wordless",
]

LATE = 3600.0
"""Seconds after which a person who joins does not say any more that a guardian was told."""

PERSON = "user"
"""What `by` says of the person, in `case.said`."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "joined": {
        "en": "{name}, a person from our team, has joined. You are talking with a human now, not with the AI.",
        "zh": "{name}来了，是我们团队里的真人。现在和你聊天的是人，不是 AI。",
    },
    "left": {
        "en": "{name} has left the chat. From here on you are talking with the AI again.",
        "zh": "{name}已经离开。接下来和你聊天的又是 AI 了。",
    },
    "warned": {
        "en": "We are worried about you, so the adult who looks after your account is told that you may need "
        "support. They do not see what you wrote.",
        "zh": "我们有点担心你，所以会告诉照看你账号的大人，你可能需要支持。对方看不到你写的内容。",
    },
    "line": {"en": "{name} (human): {text}", "zh": "{name}（真人）：{text}"},
    "waiting": {
        "en": "Your message has reached {name}, a person from our team. They have not answered yet; their "
        "answer will come here in this chat.",
        "zh": "你的消息已经送到{name}那里，{name}是我们团队里的真人。对方还没来得及回，回复会出现在这个聊天里。",
    },
    "alone": {
        "en": "The person who was with you has lost the connection. Your message is kept, and our team can "
        "see it. I can't promise when somebody answers.",
        "zh": "刚才陪你的同事掉线了。你的消息已经保存，我们的团队能看到。什么时候有人回复，我没法保证。",
    },
    "lost": {
        "en": "Your message could not be passed on to {name}. Please send it once more.",
        "zh": "这条消息没能送到{name}那里，请再发一次。",
    },
    "wordless": {
        "en": "[They sent something that is not text. It cannot be shown here.]",
        "zh": "[对方发来了文字以外的内容，这里无法显示。]",
    },
    "fact": {
        "en": "For a part of this chat a human colleague was talking with this person in your place. What "
        "they said stays between the two of them and is not shown to you. Go on kindly. Do not ask "
        "what was said, and do not pretend that it was you.",
        "zh": "这段对话里有一部分是真人同事代替你和对方聊的。内容只属于他们两人，不会给你看。请温和地继续，"
        "不要追问聊了什么，也不要装作那是你说的。",
    },
}


@dataclass(frozen=True, slots=True)
class Owed:
    """Something the person has still to be told. `kind` is joined, line, warned or left.

    `text` is a vault id, `name` is whose it is: by the time it is told, a colleague may have stepped in.
    """

    kind: str
    seq: int
    at: float
    text: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """One take-over of one conversation. Times are epoch seconds."""

    case: str
    conversation: str
    user: str | None
    by: str  # member id
    display: str  # the name that the person is told
    since: float
    until: float  # the lease of whoever speaks; 0 if they do not have the case any more
    kept: float = 0.0  # until when somebody has had the case, whoever it was
    owed: tuple[Owed, ...] = ()
    over: bool = False  # they have left; something may be owed yet

    @property
    def owner(self) -> str:
        """Whose key seals the words of this hold."""
        return self.user or self.conversation

    def present(self, now: float) -> bool:
        """Whether somebody is there: their lease lives."""
        return not self.over and now < self.until

    def last(self) -> float:
        """When the newest thing owed was said; 0 if nothing is owed."""
        return max((one.at for one in self.owed), default=0.0)


class HoldBook:
    """All holds of a log. Whoever reads on adds only what came since; `seq` is the last event read."""

    def __init__(self) -> None:
        self.seq = 0
        self._leases: dict[str, tuple[str, float]] = {}  # case → who has claimed it, until when
        self._holds: dict[str, Hold] = {}  # case → its hold
        self._of: dict[str, str] = {}  # conversation → case
        self._warned: dict[str, Owed] = {}  # case → what nobody was there to say

    def add(self, events: Iterable[Event]) -> None:
        """Add `case.` events, in the order of the log."""
        for event in events:
            if event.seq > self.seq:
                self.seq = event.seq
                self._add(event)

    def of(self, conversation: str) -> Hold | None:
        """The hold on a conversation, also one that is over while something is owed."""
        return self._holds.get(self._of.get(conversation, ""))

    def case(self, case: str) -> Hold | None:
        """The hold of a case."""
        return self._holds.get(case)

    def all(self) -> tuple[Hold, ...]:
        """Every hold that is not over."""
        return tuple(hold for hold in self._holds.values() if not hold.over)

    def _add(self, event: Event) -> None:
        case = event.subject
        body = event.body
        if event.kind in ("case.claimed", "case.kept", "case.transferred"):
            self._leases[case] = (body.get("to") or body["by"], float(body["until"]))
        elif event.kind in ("case.released", "case.resolved"):
            self._leases.pop(case, None)
        hold = self._late(_moved(self._holds.get(case), event), event)
        if hold is not None:
            who, until = self._leases.get(case, ("", 0.0))
            kept = max(hold.kept, until)  # a colleague who has claimed it is about to join
            hold = replace(hold, until=until if who == hold.by else 0.0, kept=kept)
        if hold is None or (hold.over and not hold.owed):
            self._drop(case)
        else:
            self._holds[case] = hold
            self._of[hold.conversation] = case

    def _late(self, hold: Hold | None, event: Event) -> Hold | None:
        """The hold, with what was to be said shortly before it began: that a guardian is told."""
        if event.kind == "case.warned" and (hold is None or hold.over):
            self._warned[event.subject] = Owed("warned", event.seq, event.at)
        elif event.kind == "case.joined" and hold is not None:
            late = self._warned.pop(event.subject, None)
            if late is not None and event.at - late.at < LATE:
                return replace(hold, owed=(*hold.owed, replace(late, seq=event.seq)))
        return hold

    def _drop(self, case: str) -> None:
        gone = self._holds.pop(case, None)
        if gone is not None and self._of.get(gone.conversation) == case:
            del self._of[gone.conversation]


def _moved(hold: Hold | None, event: Event) -> Hold | None:
    if event.kind == "case.joined":
        return _begun(hold, event)
    if hold is None:
        return None
    if event.kind == "case.delivered":
        rest = tuple(one for one in hold.owed if one.seq > event.body["upto"])
        return replace(hold, owed=rest)
    more = _owes(hold, event)
    if more is None:
        return hold
    return replace(hold, over=hold.over or more.kind == "left", owed=(*hold.owed, more))


def _owes(hold: Hold, event: Event) -> Owed | None:
    """What the person has to be told of an event in this hold."""
    match event.kind:
        case "case.said" if event.body["by"] != PERSON:
            return Owed("line", event.seq, event.at, event.body["text"], hold.display)
        case "case.warned" if not hold.over:
            return Owed("warned", event.seq, event.at)
        case "case.left" | "case.resolved" if not hold.over:
            return Owed("left", event.seq, event.at, name=hold.display)
    return None


def _begun(hold: Hold | None, event: Event) -> Hold:
    owed = hold.owed if hold is not None else ()  # what a colleague said before is owed still
    return Hold(
        case=event.subject,
        conversation=event.conversation or "",
        user=event.user,
        by=event.body["by"],
        display=event.body["display"],
        since=event.at,
        until=0.0,
        kept=event.at,
        owed=(*owed, Owed("joined", event.seq, event.at, name=event.body["display"])),
    )


# -- what is said ----------------------------------------------------------------------------------


def owed_words(owed: Owed, texts: Mapping[str, str], language: str) -> str:
    """What the person reads of one thing that is owed; empty for a line whose words are gone."""
    if owed.kind != "line":
        return _word(owed.kind, language, owed.name)
    text = texts.get(owed.text)
    return "" if text is None else label(owed.name, text, language)


def label(name: str, text: str, language: str) -> str:
    """A line of a human, and that it is one (EU AI Act Art 50; CA B&P 22602(a), the other way round)."""
    return _word("line", language, name).replace("{text}", text)


def waiting_words(hold: Hold, now: float, language: str) -> str:
    """What an answer says that has waited long enough. It promises only what is true."""
    return _word("waiting" if hold.present(now) else "alone", language, hold.display)


def lost_words(hold: Hold, language: str) -> str:
    """That a message of the person could not be kept, and so nobody will see it."""
    return _word("lost", language, hold.display)


def wordless(language: str) -> str:
    """What a moderator reads of a message without any text, such as an image alone."""
    return _word("wordless", language, "")


def fact(language: str) -> str:
    """What the bot is told after a hand-back: that it happened, not what was said."""
    return _word("fact", language, "")


def _word(key: str, language: str, name: str) -> str:
    said = _WORDS[key]
    return said.get(language, said["en"]).replace("{name}", name)
