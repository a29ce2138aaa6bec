"""What the services for guardians share: settings, the port for letters, small nouns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from guardrail._tables import GuardiansTable, link_base
from guardrail.acts import Act
from guardrail.letterbook import Letter
from guardrail.staff.couriers import DELIVERED, Outcome
from guardrail.wards import Link

__all__ = [
    "HOUR",
    "OVERSIGHT",
    "Agreement",
    "Invited",
    "Place",
    "Printed",
    "Terms",
    "acted",
]

HOUR = 3600.0


class Printed:
    """A mailer for trying out: links to sign in go to the terminal, and nothing else goes anywhere."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    async def send(
        self,
        letter: Letter,
        to: str,  # noqa: ARG002 - the port's
        *,
        language: str = "",  # noqa: ARG002
        sealed: Mapping[str, str] | None = None,
    ) -> Outcome:
        """One try; what became of it."""
        if letter.template != "guardian_enter" or not sealed:
            return Outcome("no_mail", final=True)
        self._write(f"guardian: {sealed['link']}\n")
        return DELIVERED


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say. Times are seconds.

    `enter`: how long a link to sign in lives; `idle` and `absolute` end a session.
    """

    public_url: str = ""
    invitation: float = 72 * HOUR
    alerts: str = "confirmed"  # confirmed | direct | off
    enter: float = 900.0
    idle: float = 1800.0
    absolute: float = 12 * HOUR

    @classmethod
    def of(cls, table: GuardiansTable) -> Terms:
        """The terms that the settings ask for."""
        return cls(
            public_url=(table.public_url or link_base(table.host, table.port)).rstrip("/"),
            invitation=table.invitation_hours * HOUR,
            alerts=table.alerts,
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as whoever asked for it gets it: the only place where its link stands.

    `mailed`: whether it went to the address that was given.
    """

    link: Link
    url: str
    mailed: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a guardian is asked to agree to. `law`: a policy asks for it before the first turn."""

    scope: str
    version: str
    law: bool

    @property
    def name(self) -> str:
        """What a form carries, so that nobody agrees to what they have not read."""
        return f"{self.scope}@{self.version}"


OVERSIGHT = Agreement("oversight", "1", law=False)
"""What a guardian agrees to where no policy asks for consent: that they look after this account.
The version is that of the portal's words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ward is and what is spoken there, as far as the app says: region, IANA zone, en or zh."""

    region: str = ""
    zone: str = ""
    language: str = "en"


def acted(guardian: str, reason: str = "") -> Act:
    """An act of a guardian."""
    return Act(f"guardian:{guardian}", reason)
