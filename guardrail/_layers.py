"""Where settings come from, as plain data: the file with its lines, secrets, the environment."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from guardrail._yaml import yaml_hint
from guardrail.errors import ConfigError, Mistake

__all__ = ["Layers", "find_pack", "found_packs", "line_of", "read_file", "stands_in"]

_Place = list[str | int]
_Lost = tuple[_Place, str, str]
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


@dataclass(frozen=True, slots=True)
class Layers:
    """Where the settings are given: a file, the environment over it, the command line over both."""

    file: str
    written: CommentedMap
    environment: Mapping[str, str]
    overrides: Mapping[str, Any]

    def merged(self) -> tuple[dict[str, Any], list[Mistake]]:
        """All of it as plain data, and what could not be read on the way."""
        mistakes: list[Mistake] = []

        def say(line: int, message: str) -> None:
            mistakes.append(Mistake(self.file, line, message))

        found: Mapping[str, Any] = _plain(self.written, self.environment, say)
        for key, sections in self._variables().items():
            try:
                found = merge(found, _value(sections, self.environment[key]))
            except YAMLError:
                mistakes.append(Mistake(key, 0, "is not YAML"))
        return merge(found, self.overrides), mistakes

    def mistake(self, place: _Place, message: str, hint: str = "") -> Mistake:
        """A mistake at this place, said where the value was given that counts."""
        above = [("command line", self.overrides), *self._given()]
        whole = _depth(self.written, place) == len(place)
        for name, layer in above:
            if _gives(layer, place):
                return Mistake(name, 0, message, hint)
        if not whole:  # a table that this layer has more of than the file
            most = max(above, key=lambda one: _depth(one[1], place))
            if _depth(most[1], place) > _depth(self.written, place):
                return Mistake(most[0], 0, message, hint)
        return Mistake(self.file, line_of(self.written, place), message, hint)

    def _given(self) -> list[tuple[str, dict[str, Any]]]:
        """What each variable gives, the last first."""
        found = []
        for key, sections in self._variables().items():
            with contextlib.suppress(YAMLError):
                found.append((key, _value(sections, self.environment[key])))
        return found[::-1]

    def _variables(self) -> dict[str, list[str]]:
        """`GUARDRAIL__LISTEN__PORT` → `[listen, port]`."""
        keys = [key for key in self.environment if key.upper().startswith(PREFIX)]
        return {key: key[len(PREFIX) :].lower().split("__") for key in keys}


def stands_in(merged: Mapping[str, Any], place: _Place) -> bool:
    """Whether the value at this place has a secret in it that is not there."""
    node: Any = merged
    for part in place:
        try:
            node = node[part]
        except (LookupError, TypeError):
            return False
    return isinstance(node, str) and _STAND_IN in node


def _value(sections: list[str], value: str) -> dict[str, Any]:
    """`[listen, port]` and `8081` → `{"listen": {"port": "8081"}}`; what begins with a bracket is YAML."""
    nested: Any = YAML(typ="safe").load(value) if value[:1] in ("[", "{") else value
    for section in reversed(sections):
        nested = {section: nested}
    found: dict[str, Any] = nested
    return found


def _depth(node: Any, place: _Place) -> int:
    """How far this place is there."""
    for number, part in enumerate(place):
        try:
            node = node[part]
        except (LookupError, TypeError):
            return number
        if node is None:
            return number
    return len(place)


def _gives(layer: Any, place: _Place) -> bool:
    """Whether the value at this place is this layer's: itself, or as part of a list or word."""
    for part in place:
        if not isinstance(layer, Mapping):
            return layer is not None
        layer = layer.get(part)
    return layer is not None and not isinstance(layer, Mapping)


def _plain(node: Any, environment: Mapping[str, str], say: _Say, line: int = 0) -> Any:
    """The YAML tree as plain data, secrets filled in."""
    if isinstance(node, Mapping):
        return {str(k): _plain(v, environment, say, line_of(node, [k])) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v, environment, say, line_of(node, [n])) for n, v in enumerate(node)]
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


def merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Both, table by table; `high` wins.

    But what stands in `low` where a table belongs stays: it is a mistake that has to be told, and
    would else be as if nobody had written it.
    """
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            if below is None or isinstance(below, Mapping):
                merged[key] = merge(below or {}, value)
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
