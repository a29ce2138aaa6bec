"""Everything that is wrong with settings and packs, before a start: what `guardrail check` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from guardrail._layers import find_pack, line_of, read_file
from guardrail.assessed import due, running
from guardrail.config import Settings, load_settings
from guardrail.errors import ConfigError, Mistake, PolicyError
from guardrail.policy.check import check_policy
from guardrail.policy.load import read_pack
from guardrail.policy.reader import suggestion
from guardrail.wiring import identity_rules, policy_path

__all__ = ["assessment_due", "mistakes_in", "packs_of"]

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
    written, file = _written(path), str(path) if path else "settings"
    found: list[Mistake] = []
    try:
        settings = load_settings(path, environment)
        packs = packs_of(settings)
        idle = _idle(settings, today)
        found += (Mistake(file, line_of(written, place), *said) for place, *said in idle)
        identity_rules(settings.identity)
        found += assessment_due(settings, version)
        found += (mistake for name in packs for mistake in _stops(settings, name, today))
    except ConfigError as error:  # the packs that the file names are looked at all the same
        found += error.mistakes
        packs = _named(written, environment, path)
    for name in packs:
        found += _of_pack(name, today, told=bool(found))
    return list(dict.fromkeys(found))


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
        message = "notify: cases are opened, and nobody of your staff is told"
        hint = "notify.mail.moderators, or a webhook with the audience moderators"
        yield ["notify"], message, hint


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


def _written(path: Path | None) -> Mapping[str, Any]:
    """The settings file as it stands, with its lines; empty if it cannot be read."""
    try:
        return read_file(path) if path else {}
    except ConfigError:
        return {}
