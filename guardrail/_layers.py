"""Where settings come from, as plain data: the file with its lines, secrets, the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from guardrail._yaml import yaml_hint
from guardrail.errors import ConfigError, Mistake

__all__ = [
    "find_pack",
    "found_packs",
    "from_environment",
    "line_of",
    "merge",
    "plain",
    "read_file",
]

_Lost = tuple[list[str | int], str, str]
"""Where a pack is named that is nowhere, what to say, and where it was looked for."""

PREFIX = "GUARDRAIL__"
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_REGION_HINT = "an ISO 3166 code such as US or US-CA"
_Say = Callable[[int, str], None]  # line, what is wrong
_REFERENCE = re.compile(r"\$\{(env|file):([^}]+)\}")
_STAND_IN = "unknown " * 8  # for a secret that is not there: long enough to be a key


def read_file(path: Path) -> CommentedMap:
    """The file's keys and values, which know their lines.

    Raises:
        ConfigError: it cannot be read, is not YAML or holds no mapping.
    """
    try:
        found = YAML(typ="rt").load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([Mistake(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not UTF-8 YAML"
        line = mark.line + 1 if mark else 1
        hint = yaml_hint(str(problem))
        raise ConfigError([Mistake(str(path), line, str(problem), hint)]) from None
    if found is None:  # nothing but comments
        return CommentedMap()
    if not isinstance(found, CommentedMap):
        raise ConfigError([Mistake(str(path), 1, "the file must hold a mapping")])
    return found


def plain(node: Any, environment: Mapping[str, str], say: _Say, line: int = 0) -> Any:
    """The YAML tree as plain data, secrets filled in."""
    if isinstance(node, Mapping):
        return {str(k): plain(v, environment, say, line_of(node, [k])) for k, v in node.items()}
    if isinstance(node, list):
        return [plain(v, environment, say, line_of(node, [n])) for n, v in enumerate(node)]
    if not isinstance(node, str):
        return node

    def secret(found: re.Match[str]) -> str:
        try:
            return _secret(found[1], found[2], environment)
        except ValueError as error:
            say(line, str(error))
            return _STAND_IN

    return _REFERENCE.sub(secret, node)


def _secret(kind: str, what: str, environment: Mapping[str, str]) -> str:
    if kind == "env":
        if what not in environment:
            raise ValueError(f"the environment has no {what}")
        return environment[what]
    try:
        return Path(what).read_text("utf-8").strip()
    except OSError as error:
        raise ValueError(f"cannot read {what}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {what}: it is not UTF-8 text") from None


def from_environment(environment: Mapping[str, str], say: _Say) -> dict[str, Any]:
    """`GUARDRAIL__LISTEN__PORT=8081` → `{"listen": {"port": "8081"}}`."""
    found: dict[str, Any] = {}
    for key, value in environment.items():
        if not key.upper().startswith(PREFIX):
            continue
        *sections, last = key[len(PREFIX) :].lower().split("__")
        try:
            nested: Any = YAML(typ="safe").load(value) if value[:1] in ("[", "{") else value
        except YAMLError:
            say(0, f"{key} in the environment is not YAML")
            continue
        for section in reversed([*sections, last]):
            nested = {section: nested}
        found = merge(found, nested)
    return found


def merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Both, table by table; `high` wins."""
    merged = dict(low)
    for key, value in high.items():
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        elif value is not None:
            merged[key] = value
    return merged


def line_of(node: Any, place: list[str | int]) -> int:
    """The line of a key, as deep as the file has it; 0 if it comes from somewhere else."""
    line = 0
    for part in place:
        try:
            line = node.lc.data[part][0] + 1
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            return line
    return line


def found_packs(merged: Mapping[str, Any], path: Path | None) -> tuple[dict[str, str], list[_Lost]]:
    """Each pack that is named, as it was found; and those whose file is nowhere."""
    regions, trials = (merged.get(key) for key in ("policies", "shadows"))
    named: list[tuple[list[str | int], Any]] = [(["policy"], merged.get("policy", "default"))]
    lost: list[_Lost] = []
    if isinstance(regions, Mapping):
        named += [(["policies", region], name) for region, name in regions.items()]
        lost += [
            (["policies", region], f"policies: {region!r} is no region", _REGION_HINT)
            for region in regions
            if not _REGION.fullmatch(str(region))
        ]
    if isinstance(trials, Mapping):
        named += [(["shadows", name], name) for name in trials]
    packs: dict[str, str] = {}
    for place, name in named:
        packs[str(name)], tried = find_pack(str(name), path)
        if tried:
            lost.append((place, f"{place[0]}: there is no file {name}", f"tried {tried}"))
    return packs, lost


def find_pack(policy: str, settings: Path | None) -> tuple[str, str]:
    """A pack that is given as a file: from where we were started, or beside the settings file.

    And where it was looked for, if it is nowhere.
    """
    if not policy.endswith((".yaml", ".yml")):
        return policy, ""
    places = dict.fromkeys([Path(policy), (settings.parent if settings else Path()) / policy])
    found = next((str(place) for place in places if place.exists()), None)
    if found is not None:
        return found, ""
    return policy, " and ".join(dict.fromkeys(str(place.absolute()) for place in places))
