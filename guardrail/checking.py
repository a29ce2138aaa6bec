"""Everything that is wrong with settings and packs, before a start: what `guardrail check` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from guardrail._layers import find_pack, line_of, read_file
from guardrail.assessed import due, running
from guardrail.config import Settings, load_partly, load_settings
from guardrail.errors import ConfigError, Mistake, PolicyError
from guardrail.policy.check import check_policy
from guardrail.policy.load import NOWHERE, read_pack
from guardrail.policy.reader import suggestion
from guardrail.routes import NONE, repeated
from guardrail.turn import Action
from guardrail.wiring import identity_rules, policy_path

__all__ = ["UNTOLD", "assessment_due", "mistakes_in", "packs_of", "untold", "warnings_in"]

UNTOLD = "cases are opened, and nobody of your staff is told"
"""What to say of settings of which `untold` is true."""

_TELL = "notify.mail.moderators, or a webhook with the audience moderators"
_Place = list[str | int]


def mistakes_in(
    path: Path | None, environment: Mapping[str, str], today: date, version: str = ""
) -> list[Mistake]:
    """All mistakes of the settings and of every pack that they name, each once.

    Args:
        path: the settings file; `None` for the defaults and the environment alone.
        environment: variables that go over the file.
        today: the day to measure dates against.
        version: of this package; a risk assessment is held against it.
    """
    try:
        written, given = (read_file(path) if path else {}), load_partly(path, environment)
    except ConfigError as error:  # there are no settings at all
        return list(error.mistakes)
    file, settings, wrong = str(path) if path else "settings", given.settings, given.wrong
    found = [*given.mistakes, *_keys(settings)]
    idle = (one for one in _idle(settings, today) if wrong.isdisjoint(_leans_on(one[0])))
    found += (Mistake(file, line_of(written, place), *said) for place, *said in idle)
    packs = packs_of(settings)
    if not wrong.isdisjoint({"policy", "policies", "shadows"}):
        packs = _named(written, environment, path)
    routes = None if "routes" in wrong else [(r.method, r.path) for r in settings.routes]
    if routes is None:
        routes = _routes(written)
    else:
        found += (mistake for name in packs for mistake in _stops(settings, name, today))
    if not given.mistakes:
        found += assessment_due(settings, version)
    astray = _misrouted(routes, written)
    found += (Mistake(file, line_of(written, place), *said) for place, *said in astray)
    for name in packs:
        lines = _lines(written, name)
        found += (
            replace(mistake, file=file, line=line) if mistake.file == NOWHERE else mistake
            for mistake in _of_pack(name, today, told=bool(found))
            for line in (lines if mistake.file == NOWHERE else lines[:1])
        )
    return list(dict.fromkeys(found))


def warnings_in(path: Path | None, environment: Mapping[str, str], today: date) -> list[Mistake]:
    """What a start may go without, and somebody should know. For settings without mistakes.

    The demo, with no settings and no backend, has nobody to tell of its cases.
    """
    try:
        settings = load_settings(path, environment)
    except ConfigError:
        return []
    if (path is None and not settings.upstream.url) or not untold(settings, today):
        return []
    place = str(path) if path else "settings"
    return [Mistake(place, 0, f"notify: {UNTOLD}", _TELL)]


def untold(settings: Settings, today: date) -> bool:
    """Whether cases will be opened, and no letter about one has anywhere to go."""
    if settings.notify.mail is not None or settings.notify.webhooks:
        return False  # to the wrong people, if need be: that is a mistake
    return any(map(partial(_opens_cases, today=today), packs_of(settings)))


def _opens_cases(pack: str, today: date) -> bool:
    try:
        policy = read_pack(policy_path(pack))[0].on(today)
    except PolicyError:
        return False  # told with the packs
    return any(Action.ESCALATE in rule.then for rule in policy.rules)


def assessment_due(settings: Settings, version: str) -> list[Mistake]:
    """Why the risk assessment that the settings name does not stand any more; empty if it does."""
    if settings.assessment is None:
        return []
    try:
        return due(settings.assessment, running(settings, version))
    except PolicyError:
        return []  # told with the packs


def packs_of(settings: Settings) -> tuple[str, ...]:
    """Every pack that these settings name, each once: for everybody, for regions, on trial."""
    names = (settings.policy, *settings.policies.values(), *settings.shadows)
    return tuple(dict.fromkeys(names))


def _of_pack(name: str, today: date, *, told: bool) -> list[Mistake]:
    try:
        pack = policy_path(name)
        # A file that is nowhere has been told with the settings.
        return check_policy(pack, today) if pack.exists() or not told else []
    except PolicyError as error:
        return list(error.mistakes)


def _stops(settings: Settings, pack: str, today: date) -> Iterator[Mistake]:
    """Apps and routes that a pack takes out of service, and that nobody comes by."""
    try:
        stack, source = read_pack(policy_path(pack))
    except PolicyError:
        return  # told with the packs
    policy = stack.on(today)
    if policy.stop is None:
        return
    asked = {"apps": policy.stop.apps, "routes": policy.stop.routes}
    known = {
        "apps": {r.tenant for r in settings.routes},
        "routes": {r.path for r in settings.routes},
    }
    for key, names in asked.items():
        last = policy.origins.get(f"stop.{key}", "").rpartition(", ")[2]
        for name in sorted(names - known[key]):
            message, hint = (
                f"stop: no route of the settings has {name!r}",
                suggestion(name, known[key]),
            )
            yield source.of(last).mistake(("stop", key), message, hint)


def _routes(written: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Method and path of each route, of settings that cannot be read as a whole; `None` if not these."""
    routes = written.get("routes")
    if not isinstance(routes, list) or not all(isinstance(route, Mapping) for route in routes):
        return None
    return [(str(route.get("method", "POST")), str(route.get("path"))) for route in routes]


def _misrouted(
    routes: list[tuple[str, str]] | None, written: Mapping[str, Any]
) -> Iterator[tuple[_Place, str, str]]:
    """A guard without a route guards nothing; of two equal ones the second is never asked."""
    if routes is None:
        return
    if not routes:
        yield ["routes"], *NONE
    for number, before in repeated(routes).items():
        method, path = routes[number]
        line = line_of(written, ["routes", before])
        hint = f"first on line {line}" if line else "take one of them out"
        yield ["routes", number], f"routes: {method} {path} stands here twice", hint


def _lines(written: Mapping[str, Any], name: str) -> list[int]:
    """Where the settings name a pack; line 0 if the file does not."""
    places: list[_Place] = [["policy"]] if written.get("policy") == name else []
    regions, trials = (written.get(key) for key in ("policies", "shadows"))
    if isinstance(regions, Mapping):
        places += [["policies", region] for region, pack in regions.items() if pack == name]
    if isinstance(trials, Mapping) and name in trials:
        places.append(["shadows", name])
    return [line_of(written, place) for place in places] or [0]


def _leans_on(place: _Place) -> set[str]:
    """The tables that have to be sound for a word about this one."""
    return {"policies", "identity", "routes"} if place == ["policies"] else {str(place[0])}


def _keys(settings: Settings) -> list[Mistake]:
    """What is wrong with the keys of the tokens."""
    try:
        identity_rules(settings.identity)
    except ConfigError as error:
        return list(error.mistakes)
    return []


def _idle(settings: Settings, today: date) -> Iterator[tuple[_Place, str, str]]:
    """What would stand in the settings and never come to anything: place, message, hint."""
    for name, until in settings.shadows.items():
        if until < today:
            message = f"shadows: the trial of {name} ended on {until}, it is asked no more"
            yield ["shadows", name], message, "take it out, or give it a later day"
    heard = settings.identity.jwt or settings.identity.trusted_peers
    if settings.policies and not heard and not any(route.region for route in settings.routes):
        message = "policies: nothing says where people are, so none of these ever counts"
        hint = "identity.trusted_peers, identity.jwt, or a region for a route"
        yield ["policies"], message, hint
    notify = settings.notify
    told = bool(notify.mail and notify.mail.moderators) or any(
        "moderators" in hook.audiences for hook in notify.webhooks
    )
    if (notify.mail is not None or notify.webhooks) and not told:
        yield ["notify"], f"notify: {UNTOLD}", _TELL


def _named(
    written: Mapping[str, Any], environment: Mapping[str, str], path: Path | None
) -> tuple[str, ...]:
    """The packs of settings that cannot be read as a whole, as far as they can."""
    tables = (written.get("policies"), written.get("shadows"))
    regions, trials = (table if isinstance(table, Mapping) else {} for table in tables)
    first = environment.get("GUARDRAIL__POLICY") or written.get("policy", "default")
    names = (first if isinstance(first, str) else "default", *regions.values(), *trials)
    found = (find_pack(name, path)[0] for name in names if isinstance(name, str))
    return tuple(dict.fromkeys(found))
