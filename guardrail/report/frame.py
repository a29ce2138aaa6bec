"""What all reports have in common: whose they are, of when, under which policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from guardrail.policy.model import Policy
from guardrail.report.document import Document, Listing, Section, Series, counted
from guardrail.report.figures import Scope
from guardrail.report.registers import Revisions
from guardrail.report.suppress import FEW, protected
from guardrail.report.words import Say

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """`now` is in epoch seconds; `manifest` the classifier's, empty if it has none of ours."""

    kind: str
    scope: Scope
    now: float
    policy: Policy
    say: Say
    version: str
    public: bool = False
    few: int = FEW
    retention_days: int = 180
    manifest: Mapping[str, Any] = field(default_factory=dict)
    classifier: str = ""

    def document(self, *sections: Section) -> Document:
        """The report; without small cells if it is for the public."""
        say, period = self.say, self.scope.period
        over = self.now >= period.end
        values = {"year": period.year, "zone": period.zone.key, "day": self.today}
        about = [
            (say("period"), say("period.is" if over else "period.open", **values)),
            (say("jurisdiction"), self.scope.region or say("everywhere")),
            (say("made"), self.today),
            (say("policy"), self.policy.tag),
            ("guardrail", self.version),
            (say("version"), say("public" if self.public else "internal")),
        ]
        first = Section("about", say("about"), notes=(say("identifiers"),))
        if self.public:
            first = Section("about", first.title, (*first.notes, say("few", last=self.few - 1)))
        title = say(f"title.{self.kind}")
        found = Document(
            self.kind, title, say.language, tuple(about), (first, *sections), self.public, self.few
        )
        return protected(found)

    @property
    def today(self) -> str:
        """The day on which it is made, in the zone of the report."""
        return datetime.fromtimestamp(self.now, self.scope.period.zone).date().isoformat()

    def reach(self, oldest: float) -> str:
        """How far back the records go; `oldest` is infinite if there are none."""
        if oldest == float("inf"):
            return self.say("records.none", days=self.retention_days)
        day = self.scope.period.day(oldest)
        return self.say("records.since", day=day, days=self.retention_days)

    def months(self, id_: str, title: str, counts: Mapping[str, int], **rest: Any) -> Series:
        """A series by month; those to come are left out, and those before `since` if it is given.

        Of a month whose records are gone nothing is known: a 0 would be a lie.
        """
        begin = self.scope.period.begin
        since = max(rest.pop("since", begin), begin)
        months = self.scope.period.months
        known = [m for m in months if m <= self.today[:7]] if since < float("inf") else []
        if known:
            first = self.scope.period.month(since)
            known = [month for month in known if month >= first]
        lines = counted(counts, [(month, month) for month in known])
        return Series(id_, self.say(title), lines, plot=True, **rest)

    def one(self, id_: str, title: str, labels: list[tuple[str, str]], **counts: int) -> Series:
        """A series of figures that are no parts of anything."""
        return Series(id_, self.say(title), counted(counts, labels))

    def parts(
        self, id_: str, title: str, counts: Mapping[str, int], labels: list[tuple[str, str]]
    ) -> Series:
        """A series of parts of a whole, with the whole."""
        lines = counted(counts, labels)
        return Series(
            id_,
            self.say(title),
            lines,
            parts=True,
            whole=sum(counts.values()),
            plot=True,
        )

    def revisions(self, found: Revisions) -> Listing:
        """Which revisions decided."""
        head = (self.say("col.revision"), self.say("col.first"), self.say("col.last"))
        return Listing("revisions", self.say("revisions"), head, found.rows)
