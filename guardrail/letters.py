"""What is told to people outside the chat: which letters there are, and what stands in them. Pure.

A letter is queued by an event that is appended in the same `store.append(...)` as the event it tells
of: both are on the disk, or neither. `staff.outbox` delivers it, later and as often as it takes.

Rules of this file:

1. A letter says that somebody should look, never what at. No words of a conversation, no label, no
   name. Its `fields` are codes and numbers.
2. What must not lie in the log (an invitation's link) is *sealed*: it lies with the address in the
   vault, and is filled in at delivery.
3. A placeholder with nothing to fill it is refused when the letter is queued, not when it is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from guardrail._case import Case
from guardrail._letter_words import BODIES, OPTIONAL, OUR_SERVICE, SEVERITIES, SUBJECTS
from guardrail.errors import RequestError
from guardrail.letterbook import Letter, pending, rank
from guardrail.rota import Rota
from guardrail.store.base import Event
from guardrail.turn import Severity

__all__ = [
    "TEMPLATES",
    "Audience",
    "Places",
    "Template",
    "Words",
    "besides",
    "cancelled",
    "of_case",
    "payload",
    "pending",
    "queued",
    "rank",
    "read_in",
    "webhook_id",
    "words",
]

LONGEST = 200
"""Characters of one field."""


class Audience(StrEnum):
    """To whom a letter goes."""

    MODERATORS = "moderators"
    OPERATOR = "operator"
    GUARDIAN = "guardian"
    EMERGENCY = "emergency"
    CHILD = "child"  # the person themselves, through the app


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of letter. `type` is what a webhook calls it.

    `fields` must be given when it is queued; `sealed` lie with the address. An `alarm` reaches
    somebody outside: at most one a day for each of them, unless severity rises. A `brief` one is
    worth something for minutes only: tried quickly, and nobody's to send again once it was given up.
    """

    type: str
    audiences: frozenset[str]
    fields: frozenset[str] = frozenset()
    sealed: frozenset[str] = frozenset()
    alarm: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """What letters say of the operator: addresses of pages, the service's name, how to call back.

    `languages` are those of letters to people whose language is not known, one after the other.
    """

    console: str = ""
    portal: str = ""
    service: str = ""
    callback: str = ""
    languages: tuple[str, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Words:
    """A letter as it is read."""

    subject: str
    body: str


_STAFF = frozenset({Audience.MODERATORS, Audience.OPERATOR})
_ANYBODY = frozenset(Audience)

TEMPLATES: Mapping[str, Template] = {
    "case_opened": Template("case.opened", _STAFF),
    "case_raised": Template("case.raised", _STAFF),
    "case_returned": Template("case.returned", _STAFF),
    "case_breached": Template("case.breached", _STAFF),
    "case_unclaimed_offhours": Template("case.unclaimed_offhours", frozenset({Audience.OPERATOR})),
    "contact_guardian": Template("contact.guardian", frozenset({Audience.GUARDIAN}), alarm=True),
    "contact_emergency": Template("contact.emergency", frozenset({Audience.EMERGENCY}), alarm=True),
    "guardian_invitation": Template(
        "guardian.invitation",
        frozenset({Audience.GUARDIAN}),
        frozenset({"hours"}),
        frozenset({"link"}),
    ),
    "guardian_alert": Template("guardian.alert", frozenset({Audience.GUARDIAN}), alarm=True),
    "guardian_asked": Template("guardian.asked", frozenset({Audience.GUARDIAN})),
    "guardian_consent": Template("guardian.consent", frozenset({Audience.GUARDIAN})),
    "guardian_enter": Template(
        "guardian.enter",
        frozenset({Audience.GUARDIAN}),
        sealed=frozenset({"link"}),
        brief=True,
    ),
    "guardian_ended": Template("guardian.ended", frozenset({Audience.GUARDIAN})),
    "child_told": Template("child.told", frozenset({Audience.CHILD}), alarm=True),
    "test": Template("test", _ANYBODY),
}

BESIDES = frozenset({"address", "deadline", "of"})
"""Fields that are no words: the id of one address in the vault, and what an event refers to."""


def queued(  # noqa: PLR0913 - what a letter is
    template: str,
    audience: str,
    *,
    id: str,  # noqa: A002 - it is the letter's
    subject: str,
    at: float,
    user: str | None = None,
    severity: str | None = None,
    fields: Mapping[str, str | float] | None = None,
) -> Event:
    """The event that queues a letter; to be appended together with what the letter tells of.

    `id` is made from what it tells of, so that telling again adds nothing. `user` is the key of the
    person whose guardian, emergency contact or app is told. `fields` are codes and numbers only.
    Of the fields that are no words, `address` is the id of one text in the vault (all of the
    person's contacts of this audience if it is not given), and `of` the proposal in a case.

    Raises:
        RequestError: there is no such template, or not for this audience, or a field is missing,
            unknown, longer than 200 characters or not one line (422).
    """
    given = dict(fields or {})
    _check(template, audience, given)
    body = {
        "template": template,
        "audience": str(audience),
        "severity": str(Severity(severity)) if severity else None,
        "fields": given,
    }
    return Event(f"letter.{id}", at, "letter.queued", subject, user, body=body)


def cancelled(letter: str, *, by: str, why: str, at: float) -> Event:
    """The event that stops a letter: what is not delivered by then stays undelivered."""
    name = "letter.cancelled"
    return Event(f"{name}.{letter}", at, name, letter, body={"by": by, "why": why})


def of_case(event: Event) -> Event | None:
    """The letter to moderators that goes with an event of a case, if one does.

    For `case.opened` and `case.signal` its id follows from case and severity: of a repeated signal
    nothing new is told. A graver one tells that the case was raised; one that is less grave than
    what was told before is never sent (`letterbook` sees to that). For `case.breached` there is one
    for each deadline.
    """
    if event.kind in ("case.opened", "case.signal"):
        template = "case_opened" if event.kind == "case.opened" else "case_raised"
        name, fields = f"case.{event.subject}.{event.body['severity']}", None
    elif event.kind == "case.breached":
        template, fields = "case_breached", {"deadline": event.body["deadline"]}
        name = f"case.{event.subject}.breached.{event.body['deadline']}"
    else:
        return None
    letter = queued(
        template,
        Audience.MODERATORS,
        id=name,
        subject=event.subject,
        at=event.at,
        user=event.user,
        severity=event.body.get("severity"),
        fields=fields,
    )
    return replace(letter, conversation=event.conversation)


def besides(case: Case, rota: Rota, at: float) -> tuple[Event, ...]:
    """Letters about a case that nobody has, which go with no event of it.

    That it came back: `of_case` would give the id of the letter that was sent when it was new. And
    to the operator, that it came in while nobody is meant to be there. Each is told once for each
    time that the case was opened: whoever asks again gets the same ids.
    """
    if not case.waits:
        return ()
    told = []
    if case.came_back:
        told.append(("case_returned", Audience.MODERATORS, f"returned.{case.came_back}"))
    came = datetime.fromtimestamp(case.waits_since, UTC)
    if not case.claimed_at and not rota.staffed(came):
        told.append(("case_unclaimed_offhours", Audience.OPERATOR, f"offhours.{case.round}"))
    return tuple(
        replace(
            queued(
                template,
                audience,
                id=f"case.{case.id}.{name}",
                subject=case.id,
                at=at,
                user=case.user,
                severity=case.severity,
            ),
            conversation=case.conversations[-1] or None,
        )
        for template, audience, name in told
    )


def words(
    letter: Letter, language: str, places: Places, sealed: Mapping[str, str] | None = None
) -> Words:
    """A letter as it is read, in "en" or "zh". `sealed` is what lies with the address.

    Raises:
        RequestError: a placeholder has nothing to fill it (422).
    """
    given = {**_given(letter, language, places), **(sealed or {})}
    paragraphs = BODIES[letter.template][language].split("\n\n")
    kept = [one for one in paragraphs if all(given.get(key) for key in OPTIONAL & _keys(one))]
    subject = _filled(SUBJECTS[letter.template][language], given)
    return Words(subject, "\n\n".join(_filled(one, given) for one in kept))


def read_in(
    letter: Letter,
    languages: Sequence[str],
    places: Places,
    sealed: Mapping[str, str] | None = None,
) -> Words:
    """A letter in several languages, one after the other: for a reader whose language is unknown.

    Raises:
        RequestError: a placeholder has nothing to fill it (422).
    """
    said = [words(letter, language, places, sealed) for language in languages]
    return Words(
        " / ".join(one.subject for one in said), "\n\n* * *\n\n".join(one.body for one in said)
    )


def payload(
    letter: Letter,
    places: Places,
    to: Sequence[str] = (),
    sealed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What a webhook carries (Standard Webhooks: type, timestamp, data). The same at every try.

    `to` are phone numbers that the receiver should pass it on to, where we know any.

    Raises:
        RequestError: a placeholder has nothing to fill it (422).
    """
    said = {one: words(letter, one, places, sealed) for one in ("en", "zh")}
    data: dict[str, Any] = {
        "audience": letter.audience,
        "subject": letter.subject,
        "user": letter.user,
        "severity": letter.severity,
        "fields": {key: letter.fields[key] for key in sorted(letter.fields) if key != "address"},
        "words": {one: {"subject": s.subject, "body": s.body} for one, s in said.items()},
    }
    if to:
        data["to"] = list(to)
    stamp = datetime.fromtimestamp(letter.at, UTC).isoformat(timespec="milliseconds")
    return {"type": TEMPLATES[letter.template].type, "timestamp": stamp, "data": data}


def webhook_id(letter: str) -> str:
    """The `webhook-id` of a letter: the same at every try. It holds no full stop, as signing asks."""
    return f"msg_{hashlib.sha256(letter.encode()).hexdigest()[:32]}"


def _check(template: str, audience: str, given: Mapping[str, Any]) -> None:
    kind = TEMPLATES.get(template)
    if kind is None:
        raise _wrong(f"there is no letter {template!r}")
    if audience not in kind.audiences:
        raise _wrong(f"{template} does not go to {audience!r}")
    if missing := kind.fields - given.keys():
        raise _wrong(f"{template} lacks {', '.join(sorted(missing))}")
    if unknown := given.keys() - kind.fields - BESIDES:
        raise _wrong(f"{template} has no field {', '.join(sorted(unknown))}")
    for key, value in given.items():
        text = str(value)
        if not text or len(text) > LONGEST or not text.isprintable():
            raise _wrong(f"{template}: {key} must be one line of at most {LONGEST} characters")


def _given(letter: Letter, language: str, places: Places) -> dict[str, str]:
    """What fills the placeholders of a letter, but for what is sealed."""
    staff = letter.audience in _STAFF
    where = places.console if staff else places.portal
    if staff and where and letter.template.startswith("case_"):
        where = f"{where.rstrip('/')}/cases/{letter.subject}"
    severity = SEVERITIES[letter.severity or Severity.NOTICE][language]
    return {
        **{key: str(value) for key, value in letter.fields.items()},
        "case": letter.subject,
        "severity": severity,
        "service": places.service or OUR_SERVICE[language],
        "callback": places.callback,
        "where": where,
    }


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _keys(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _filled(text: str, given: Mapping[str, str]) -> str:
    """A text with its placeholders filled in. What is filled in is not read for placeholders."""
    if missing := [key for key in _keys(text) if not given.get(key)]:
        raise _wrong(f"nothing fills {', '.join(sorted(missing))}")
    return _PLACEHOLDER.sub(lambda found: given[found[1]], text)


def _wrong(message: str) -> RequestError:
    return RequestError(message, status=422, code="letter")
