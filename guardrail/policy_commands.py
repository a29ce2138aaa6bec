"""The commands `guardrail policy …`; `guardrail.cli` takes them in.

Exit status as everywhere: 0 all is well, 1 something is wrong with the pack, 2 with the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from guardrail._data import data_path
from guardrail._terminal import ConfigOption, JsonOption, err, list_mistakes, out, read_settings
from guardrail.config import Settings
from guardrail.errors import GuardrailError, Mistake, PolicyError
from guardrail.policy.model import Policy
from guardrail.policy.vocabulary import Language
from guardrail.turn import AgeBand, Profile

__all__ = ["policy_app"]

policy_app = typer.Typer(help="Work with policy packs.", no_args_is_help=True)

OLDEST = 120
"""Years. Nobody is older."""

PAGE = 5_000
"""Records read at a time."""

_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
"""ISO 3166: a country, or a part of one."""

_WIDE = 320
"""Columns of a table that nobody looks at in a window."""

_OURS = "– (ours)"
"""In place of an article: no law gives this number."""

Pack = Annotated[str, typer.Argument(help="Name of a pack, or a file.")]
AgeOption = Annotated[AgeBand, typer.Option("--age", help="Age band of the person.")]
YearsOption = Annotated[
    int | None, typer.Option("--years", min=0, max=OLDEST, help="Age in years.")
]
DayOption = Annotated[
    str | None, typer.Option("--on", help="The day, as 2027-07-01; today's if left out.")
]


@policy_app.command("test")
def policy_test(
    packs: Annotated[list[str] | None, typer.Argument(help="Names or files; default: all.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Run the tests beside each pack; fails unless all pass and every rule is reached."""
    from guardrail.policy.trial import run_trials
    from guardrail.wiring import policy_path

    wrong = False
    lines: list[dict[str, Any]] = []
    for name in packs or _shipped():
        try:
            trials = run_trials(policy_path(name))
        except PolicyError as error:
            wrong = True
            lines.append({"policy": name, "mistakes": [str(m) for m in error.mistakes]})
            if not as_json:
                list_mistakes(error.mistakes)
            continue
        wrong = wrong or not trials.passed or bool(trials.missed)
        failed = [
            Mistake(trials.file, result.line, f"{result.name}: {problem}")
            for result in trials.results
            for problem in result.problems
        ]
        lines.append(
            {
                "policy": trials.policy,
                "cases": len(trials.results),
                "failed": [str(mistake) for mistake in failed],
                "coverage": trials.coverage,
                "missed": list(trials.missed),
            }
        )
        if not as_json:
            list_mistakes(failed)
            missed = f", no case reaches: {', '.join(trials.missed)}" if trials.missed else ""
            out.print(
                f"{trials.policy}: {len(trials.results)} cases, {len(failed)} failed, "
                f"rule coverage {trials.coverage:.0%}{missed}"
            )
    if as_json:
        out.print_json(data=lines)
    raise typer.Exit(1 if wrong else 0)


@policy_app.command("explain")
def policy_explain(
    pack: Pack = "default",
    *,
    profile: Annotated[
        str | None,
        typer.Option(help="All in one: pack or region, age band or years, such as US-CA/13."),
    ] = None,
    age: AgeOption = AgeBand.UNKNOWN,
    years: YearsOption = None,
    on: DayOption = None,
    why: Annotated[
        Language | None, typer.Option(help="Show the reasons, too, in this language.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show every value in force for one kind of person, with its pack and article."""
    from guardrail.policy.explain import explain

    if profile is not None:
        pack, age, years = _named(profile)
    policy = _policy(pack, on)
    lines = explain(policy, _profile(age, years), why or Language.EN)
    if as_json:
        out.print_json(data={"policy": policy.tag, "lines": [asdict(line) for line in lines]})
        return
    head = ("value of", "is", "pack", "article", *(("why",) if why else ()))
    table = _table(*head)
    for line in lines:
        shown = (line.path, line.value, line.packs, line.article or _OURS, line.reason)
        table.add_row(*(escape(part) for part in shown[: len(head)]))
    out.print(f"{escape(policy.tag)}: {escape(policy.called(why or Language.EN))}")
    out.print(f"for: {_who(age, years)}; in force: {escape(', '.join(policy.extends))}")
    _show(table)


@policy_app.command("diff")
def policy_diff(
    old: Pack,
    new: Pack,
    *,
    age: AgeOption = AgeBand.UNKNOWN,
    years: YearsOption = None,
    on: DayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two packs for one kind of person."""
    from guardrail.policy.explain import differences

    profile = _profile(age, years)
    found = differences(_policy(old, on), _policy(new, on), profile)
    if as_json:
        rows = [
            {"path": path, "old": a.value if a else None, "new": b.value if b else None}
            for path, a, b in found
        ]
        out.print_json(data=rows)
        return
    if not found:
        out.print(f"for {_who(age, years)} nothing differs")
        return
    table = _table("value of", escape(old), escape(new), "article")
    for path, a, b in found:
        shown = [line.value if line else "–" for line in (a, b)]
        cited = (part for line in (a, b) if line for part in line.article.split("; "))
        article = "; ".join(part for part in dict.fromkeys(cited) if part)
        table.add_row(*(escape(cell) for cell in (path, *shown, article or _OURS)))
    _show(table)


@policy_app.command("conformance")
def policy_conformance(*, as_json: JsonOption = False) -> None:
    """Show each obligation of the law, what keeps it here, how that is proven, and what is yours."""
    from guardrail.policy.conformance import plain
    from guardrail.policy.evidence import shipped

    try:
        table = shipped()
    except PolicyError as error:
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None
    if as_json:
        out.print_json(data=plain(table))
        return
    shown = _table("id", "status", "what", "kept by")
    for row in table.rows:
        proofs = ", ".join(f"{p.reference.sort} {p.reference.name}" for p in row.proofs)
        duty = row.obligation
        shown.add_row(duty.id, row.status, escape(duty.duty["en"]), escape(proofs))
    _show(shown)


@policy_app.command("replay")
def policy_replay(
    pack: Pack,
    *,
    config: ConfigOption = None,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    region: Annotated[
        str, typer.Option(help="Only people of this region, such as US-CA; everybody if left out.")
    ] = "",
    on: DayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take recorded decisions again under this pack: what would have been different."""
    from guardrail.policy.replay import replay

    place = region.upper()
    if region and not _PLACE.fullmatch(place):
        raise typer.BadParameter(f"{region!r} is no region: write it as US or US-CA")
    policy = _policy(pack, on)
    settings = read_settings(config, {})
    try:
        bodies = asyncio.run(_records(settings, days))
    except GuardrailError as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None
    there = [body for body in bodies if _of_region(body, place)]
    found = replay(there, policy, _in_force(settings))
    if as_json:
        rows = [asdict(flip) | {"count": count} for flip, count in found.flips.most_common()]
        facts = {
            "decisions": found.decisions,
            "same": found.same,
            "lacking": found.lacking,
            "unread": found.unread,
        }
        out.print_json(data={"policy": found.policy, **facts, "flips": rows})
        return
    out.print(
        f"{escape(found.policy)}: {found.decisions} decisions of the last {days} days, "
        f"{'everybody' if not region else escape(place)}, {found.changed} would differ, "
        f"{found.lacking} cannot be taken again, {found.unread} records could not be read"
    )
    if found.flips:
        table = _table("side", "label", "age", "was", "would be", "how often")
        for flip, count in found.flips.most_common():
            was, now = (
                f"{flip.old_rule} ({flip.old_action})",
                f"{flip.new_rule} ({flip.new_action})",
            )
            table.add_row(flip.side, flip.label, flip.age, escape(was), escape(now), str(count))
        _show(table)


def _of_region(body: Mapping[str, Any], region: str) -> bool:
    """Whether a turn was of somebody there: "US" holds "US-CA". What cannot be read is told of."""
    try:
        return f"{body['profile']['region']}-".startswith(f"{region}-" if region else "")
    except (KeyError, TypeError):
        return True


def _in_force(settings: Settings) -> list[Policy]:
    """The packs of the settings as they are today: most records were made under one of them."""
    from guardrail.checking import packs_of
    from guardrail.policy.load import load_policy
    from guardrail.wiring import policy_path

    found: list[Policy] = []
    for name in packs_of(settings):
        with contextlib.suppress(PolicyError):  # it is tried in vain; `guardrail check` says why
            found.append(load_policy(policy_path(name)))
    return found


async def _records(settings: Settings, days: int) -> list[Mapping[str, Any]]:
    """The bodies of the records of the last days, oldest first."""
    from guardrail.store.base import Query
    from guardrail.store.sqlite import SqliteStore
    from guardrail.wiring import DATABASE

    store = SqliteStore(settings.data / DATABASE)
    since, after = time.time() - days * 86_400.0, 0
    bodies: list[Mapping[str, Any]] = []
    try:
        while True:
            query = Query(kind="record", since=since, after_seq=after, limit=PAGE, ascending=True)
            page = await store.read(query)
            bodies += [event.body for event in page]
            if len(page) < PAGE:
                return bodies
            after = page[-1].seq
    finally:
        await store.close()


def _policy(pack: str, on: str | None) -> Any:
    from guardrail.policy.load import NOWHERE, load_policy
    from guardrail.wiring import policy_path

    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        raise typer.BadParameter(f"{on!r} is not a day: write it as 2027-07-01") from None
    try:
        policy = load_policy(policy_path(pack), day=day)
    except PolicyError as error:
        if (first := error.mistakes[0]).file == NOWHERE:
            raise typer.BadParameter(f"{first.message} ({first.hint})") from None
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None
    today = (day or datetime.now(UTC).date()).isoformat()
    if policy.effective > today:
        err.print(
            f"{escape(policy.name)} does not count before {policy.effective}, so this is what is in "
            f"force without it on {today}; --on {policy.effective} shows what it will be"
        )
    return policy


def _table(*head: str) -> Table:
    """A table that leaves no part of a path or an article out, however narrow the window."""
    table = Table()
    for name in head:
        table.add_column(name, overflow="fold")
    return table


def _show(table: Table) -> None:
    """In a file or a pipe there is no window, and a line is as wide as it wants to be."""
    wide = Console(highlight=False, width=max(out.width, _WIDE))
    (out if out.is_terminal else wide).print(table)


def _who(age: AgeBand, years: int | None) -> str:
    if years is not None:
        return f"somebody of {years}"
    return {AgeBand.ADULT: "an adult", AgeBand.MINOR: "a minor of unknown years"}.get(
        age, "somebody of unknown age"
    )


def _profile(age: AgeBand, years: int | None) -> Profile:
    if years is None:
        return Profile(user=None, age_band=age)
    band = AgeBand.MINOR if years < 18 else AgeBand.ADULT  # noqa: PLR2004 - of age
    if age not in (AgeBand.UNKNOWN, band):
        raise typer.BadParameter(f"somebody of {years} is no {age}")
    return Profile(user=None, age_band=band, years=(years, years))


def _named(profile: str) -> tuple[str, AgeBand, int | None]:
    """`us-ca/minor`, `US-CA/13`, `cn/minor/13`, `uk` → pack, age band, years.

    Raises:
        BadParameter: it is not written so, or says two things that cannot be.
    """
    pack, *rest = profile.split("/")
    age, years = AgeBand.UNKNOWN, None
    for part in rest:
        if part.isdecimal():
            years = int(part[:4])
            if years > OLDEST:
                raise typer.BadParameter(f"nobody is {part} years old")
        elif part in {str(band) for band in AgeBand}:
            age = AgeBand(part)
        else:
            raise typer.BadParameter(f"{part!r} is neither an age band nor years")
    _profile(age, years)
    return pack.lower() if "." not in pack else pack, age, years


def _shipped() -> list[str]:
    folder = data_path("policies")
    tests = sorted(folder.glob("*_test.yaml"))
    return [str(folder / (test.name.removesuffix("_test.yaml") + ".yaml")) for test in tests]
