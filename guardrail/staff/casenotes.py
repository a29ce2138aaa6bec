"""What staff write about a case among themselves: notes and second opinions.

The words lie in the vault, the log holds their ids. Words first, then the event that names them:
whoever reads the log finds the words.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from guardrail.cases import Case, Clocks
from guardrail.roles import Member, Right
from guardrail.staff.caselog import CaseLog, refused
from guardrail.store.base import Store
from guardrail.vault import Speaker, Text, Vault

__all__ = ["CaseNotes", "Note"]

LONGEST = 4_000
"""Characters of one note."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `kind` is note, second_opinion or resolved; `text` is `None` where it is gone.

    Words go when the policy's time for them is over, or when the person's data is erased.
    """

    id: str
    at: float
    by: str  # member id
    kind: str
    text: str | None
    about: str = ""  # of a second opinion: whose judgement it looks at, a member id


class CaseNotes(CaseLog):
    """`keeps` says for how many seconds the words of a case are kept; 0 keeps none."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        clock: Callable[[], float],
        terms: Clocks,
        keeps: Callable[[Case], float],
    ) -> None:
        super().__init__(store, clock, terms)
        self._vault, self._keeps = vault, keeps

    async def note(self, member: Member, case: str, text: str, *, key: str = "") -> Case:
        """Write a note; both the words and the event are durable on return.

        `key` is what a form carries, so that sending it twice writes one note.

        Raises:
            RequestError: see `_sealed`; there is no such case (404).
        """
        found = await self._find(member, case, Right.WORK)
        return await self._written(found, "note", text, key=key, body={"by": member.id})

    async def second_opinion(self, member: Member, case: str, text: str, *, key: str = "") -> Case:
        """Say what one thinks of a colleague's case.

        Raises:
            RequestError: it is one's own (409), else as for a note.
        """
        found = await self._find(member, case, Right.WORK)
        if found.claimed_by == member.id:
            raise refused("a second opinion comes from somebody else", "own_case")
        about = found.claimed_by or found.resolved_by or ""
        return await self._written(
            found, "second_opinion", text, key=key, body={"by": member.id, "of": about}
        )

    async def ask_opinion(self, member: Member, case: str) -> Case:
        """Ask colleagues for a second opinion; asking again while nobody has given one adds nothing.

        Raises:
            RequestError: there is no such case (404).
        """
        found = await self._find(member, case, Right.WORK)
        if not found.wants_opinion:
            await self._add(self._event(found, "opinion_wanted", {"by": member.id}))
        return await self._again(found.id)

    async def notes(self, member: Member, case: str) -> tuple[Note, ...]:
        """Everything that staff wrote about a case, oldest first.

        Raises:
            RequestError: there is no such case for this member (404), or they may not read (403).
        """
        found = await self._find(member, case, Right.TEXT)
        words: dict[str, str] = {}
        for subject in found.ids:
            words |= {text.id: text.text for text in await self._vault.open(subject)}
        written = [e for e in await self._events(found) if e.kind in _KINDS and "text" in e.body]
        return tuple(
            Note(
                id=event.body["text"],
                at=event.at,
                by=event.body["by"],
                kind=event.kind.removeprefix("case."),
                text=words.get(event.body["text"]),
                about=event.body.get("of", ""),
            )
            for event in written
        )

    # -- inside ------------------------------------------------------------------------------

    async def _written(
        self, case: Case, kind: str, text: str, *, key: str, body: dict[str, Any]
    ) -> Case:
        name = await self._sealed(case, body["by"], text, key)
        event = self._event(case, kind, {**body, "text": name})
        await self._add(replace(event, id=f"{event.kind}.{name}"))
        return await self._again(case.id)

    async def _sealed(self, case: Case, by: str, text: str, key: str = "") -> str:
        """Put words into the vault; the id of them.

        Raises:
            RequestError: there are none, or too many (422), or the policy keeps none (409).
        """
        if not text.strip() or len(text) > LONGEST:
            message = f"a note has 1 to {LONGEST} characters"
            raise refused(message, "note_length", 422)
        kept = self._keeps(case)
        if kept <= 0.0:
            raise refused("the policy keeps no words of cases", "no_words_kept")
        now = self._clock()
        sealed = Text(
            id=f"note.{_name(case.id, by, key)}",
            subject=case.id,
            owner=case.owner,
            speaker=Speaker.NOTE,
            text=text,
            at=now,
            until=now + kept,
        )
        await self._vault.seal(sealed)
        return sealed.id


_KINDS = frozenset({"case.note", "case.second_opinion", "case.resolved"})


def _name(case: str, by: str, key: str) -> str:
    if not key:
        return secrets.token_hex(8)
    return hashlib.sha256(f"{case}\n{by}\n{key}".encode()).hexdigest()[:16]
