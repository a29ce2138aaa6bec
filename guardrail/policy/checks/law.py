"""A value that cites a law keeps at least what that law asks for.

The numbers are those of the laws, not those of our packs, so this holds for packs that others write
and for ours. Laws that give no number are not in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from guardrail.errors import Mistake
from guardrail.policy.model import Clock, Notice, Policy
from guardrail.policy.source import Source
from guardrail.turn import AgeBand

__all__ = ["check"]


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a law asks of a value: the most or the least of a number, or the members of a set."""

    most: float | None = None
    least: float | None = None
    holds: frozenset[str] = frozenset()

    def problem(self, value: float | frozenset[str]) -> str:
        """What the value would have to be; empty if it is."""
        if isinstance(value, frozenset):
            return "" if self.holds <= value else f"at least {', '.join(sorted(self.holds))}"
        if self.most is not None and value > self.most:
            return f"at most {self.most:g}"
        if self.least is not None and value < self.least:
            return f"at least {self.least:g}"
        return ""


_MINORS = frozenset({AgeBand.MINOR})
_NIGHT = (Clock(22 * 60), Clock(6 * 60))
_THREE_YEARS = 3 * 365

_VALUES: Mapping[tuple[str, str], _Bound] = {
    ("CA B&P 21812(d)(3)", "session_minutes"): _Bound(most=60),
    ("CA B&P 21812(d)(3)", "daily_minutes"): _Bound(most=120),
    ("CA B&P 21812(d)(3)", "suppress"): _Bound(holds=frozenset({"memory", "push"})),
    ("WA HB 2225", "suppress"): _Bound(holds=frozenset({"push"})),
    ("CA B&P 21812.5", "hold_days"): _Bound(least=_THREE_YEARS),
    ("CA B&P 21811(b)", "unknown_age"): _Bound(holds=frozenset({"minor"})),
    ("CN minors-mode guideline", "daily_minutes"): _Bound(most=120),
    ("CN minors-mode guideline", "daily_minutes under 16"): _Bound(most=60),
    ("CN minors-mode guideline", "curfew"): _Bound(holds=frozenset({"22:00 to 06:00 under 18"})),
    ("CN Art 14", "consent"): _Bound(least=14),
    ("CN Art 17", "consent"): _Bound(least=14),
    ("IT Law 132/2025", "consent"): _Bound(least=14),
    ("NY S9008C", "consent"): _Bound(least=18),
}
"""By article and by what the value is."""

_REMINDERS: Mapping[str, tuple[float, float]] = {
    "NY GBL 1702": (180, 180),
    "CA B&P 22602(c)(2)": (180, 180),
    "WA HB 2225": (180, 60),
    "OR SB 1546": (180, 180),
    "CN Art 18": (120, 120),
    "CN minors-mode guideline": (30, 30),
}
"""Minutes after which a notice has to come again: one for everybody, one for minors alone."""

_ABSENCE = {"UT 13-72a-203": 7.0}
"""Days away after which it has to be said again."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """No value is looser than the article that it cites."""
    return [*_values(policy, source), *_notices(policy, source)]


def _values(policy: Policy, source: Source) -> Iterator[Mistake]:
    for path, cited in policy.articles.items():
        found = _found(policy, path)
        if found is None:
            continue
        what, value = found
        for article in _articles(cited):
            bound = _VALUES.get((article, what))
            if bound is not None and (wanted := bound.problem(value)):
                pack = policy.origins.get(path, "").rpartition(", ")[2]
                yield source.of(pack).mistake(
                    path.split("."), f"{path} is looser than {article}, which it cites", wanted
                )


def _articles(cited: str) -> tuple[str, ...]:
    """Each article, without the remark that may stand behind it: `CN Art 14 (our reading)`."""
    return tuple(article.partition(" (")[0] for article in cited.split("; "))


def _found(policy: Policy, path: str) -> tuple[str, float | frozenset[str]] | None:
    """What a path stands for, and its value in force; `None` if no law here has a number for it."""
    table, *rest = path.split(".")
    read = _READ.get(table)
    return read(policy, rest) if read is not None else None


def _limits(policy: Policy, rest: list[str]) -> tuple[str, float | frozenset[str]] | None:
    row, name = (*rest, "", "")[:2]
    young = row.removeprefix("under-")
    if young != row:
        caps = policy.young.get(int(young)) if young.isdecimal() else None
    else:
        caps = policy.limits.get(AgeBand(row) if row in set(AgeBand) else AgeBand.MINOR)
    value = getattr(caps, name, None)
    if value is None:
        return None
    return (f"{name} under 16" if young == "16" else name), float(value)


def _hold_days(policy: Policy, rest: list[str]) -> tuple[str, float | frozenset[str]] | None:
    if rest[:1] != ["hold_days"]:
        return None
    return "hold_days", float(policy.privacy.hold_days(AgeBand.MINOR))


def _curfew(policy: Policy, _: list[str]) -> tuple[str, float | frozenset[str]]:
    whole = any(
        curfew.under >= 18  # noqa: PLR2004 - of age
        and _NIGHT[1].minutes <= curfew.ends.minutes < curfew.begins.minutes <= _NIGHT[0].minutes
        for curfew in policy.curfews
    )
    return "curfew", frozenset({"22:00 to 06:00 under 18"} if whole else ())


def _consent(policy: Policy, _: list[str]) -> tuple[str, float | frozenset[str]]:
    return "consent", float(max((consent.under for consent in policy.consents), default=0))


def _suppress(policy: Policy, _: list[str]) -> tuple[str, float | frozenset[str]]:
    return "suppress", frozenset(policy.suppress.get(AgeBand.MINOR, ()))


def _unknown(policy: Policy, _: list[str]) -> tuple[str, float | frozenset[str]]:
    return "unknown_age", frozenset({policy.unknown_age.value})


_READ: Mapping[str, Callable[[Policy, list[str]], tuple[str, float | frozenset[str]] | None]] = {
    "limits": _limits,
    "privacy": _hold_days,
    "curfew": _curfew,
    "consent": _consent,
    "suppress": _suppress,
    "unknown_age": _unknown,
}


def _notices(policy: Policy, source: Source) -> Iterator[Mistake]:
    for notice in policy.notices:
        for article in _articles(policy.cites(f"notices.{notice.id}", notice.article)):
            for key, wanted in _late(notice, article):
                yield source.of(notice.pack).mistake(
                    ("notices", notice.number, key),
                    f"notice {notice.id!r} comes later than {article}, which it cites",
                    wanted,
                )


def _late(notice: Notice, article: str) -> Iterator[tuple[str, str]]:
    everybody, minors = _REMINDERS.get(article, (None, None))
    most = minors if notice.ages == _MINORS or notice.under is not None else everybody
    if most is not None and notice.every_minutes is not None and notice.every_minutes > most:
        yield "every_minutes", f"at most {most:g}"
    days = _ABSENCE.get(article)
    if days is not None and notice.absence_days is not None and notice.absence_days > days:
        yield "absence_days", f"at most {days:g}"
