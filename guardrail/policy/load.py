"""YAML to `Policy`. Refuses what it does not understand; never guesses.

The language, version 1, has its words in `vocabulary.py` and its JSON Schema in `schema.py`; the
packs in `policies/` show it in use. Everything wrong with a pack is told in one go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from guardrail.errors import Mistake, PolicyError
from guardrail.policy.checks import protocol, thresholds, words
from guardrail.policy.model import Mode, Policy, Resource
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.resources import read_resources
from guardrail.policy.rules import read_reason, read_rules
from guardrail.policy.source import File, Node, Source, canonical, read_yaml
from guardrail.policy.stack import Stack
from guardrail.policy.tables import read_hold, read_limits, read_postures, read_thresholds
from guardrail.policy.terms import (
    read_age,
    read_articles,
    read_consents,
    read_crisis,
    read_curfews,
    read_dependence,
    read_exit,
    read_label,
    read_notices,
    read_privacy,
    read_stop,
    read_suppress,
    read_zone,
)
from guardrail.policy.vocabulary import NAME, OVERLAY, PACK, REGION, Language
from guardrail.turn import AgeBand

__all__ = ["NOWHERE", "find_policy", "gaps", "load_policy", "packs_in", "read_pack", "read_partly"]

NOWHERE = "policy"
"""In place of a file, for a pack that there is none of: who asked for it knows where it is named."""


def load_policy(path: Path, resources: Path | None = None, day: date | None = None) -> Policy:
    """Read a policy pack with those that it extends, and the help resources that belong to it.

    Args:
        path: the pack, `<name>.yaml`.
        resources: where people find help; `resources.yaml` beside the pack if not given.
        day: whose rules to give; today's (UTC) if not given.

    Raises:
        PolicyError: with every mistake in all files.
    """
    stack, _ = read_pack(path, resources)
    return stack.on(day or datetime.now(UTC).date())


def read_pack(path: Path, resources: Path | None = None) -> tuple[Stack, Source]:
    """A pack and those that it extends, with the files behind them, for those who point into them.

    Raises:
        PolicyError: with every mistake in all files.
    """
    stack, source, mistakes = read_partly(path, resources)
    if found := mistakes or gaps(stack, source):
        raise PolicyError(found)
    return stack, source


def read_partly(path: Path, resources: Path | None = None) -> tuple[Stack, Source, list[Mistake]]:
    """A pack as far as it can be read, the files behind it, and what cannot be read.

    Where there are mistakes, stand-ins are in the stack: it is for those who look for more mistakes,
    never for a turn.

    Raises:
        PolicyError: a file is nowhere, is not YAML, or extends what is not there.
    """
    packs, directory = _read_all(path, resources or path.with_name("resources.yaml"))
    finder = Reader(directory.name)
    entries = read_resources(finder, directory.root)
    mistakes: list[Mistake] = finder.in_order()
    parts: list[Policy] = []
    for pack in packs:
        reader = Reader(pack.name)
        parts.append(_policy(reader, pack.root, entries, _revision(pack, directory)))
        stem = Path(pack.name).stem
        if parts[-1].name not in ("", stem):
            where = pack.root.at("name")
            reader.complain(where, f"the name must be {stem!r}, as the file is called")
        mistakes += reader.in_order()
    source = Source(packs[-1], directory, date.min, tuple(packs))
    return Stack(tuple(parts)), source, mistakes


def gaps(stack: Stack, source: Source) -> list[Mistake]:
    """Why a pack that can be read is not loaded all the same.

    Without words or thresholds a turn could not be answered, and without a protocol for a crisis
    nobody may chat (CA B&P 22602(b), NY GBL 1701). These checks do not look at the calendar, so
    the first and the last day will do: the last has all packs in it.
    """
    found: dict[Mistake, None] = {}
    for day in (date.min, date.max):
        policy = stack.on(day)
        for check in (words.check, thresholds.check, protocol.check):
            found |= dict.fromkeys(check(policy, source))
    return list(found)


def find_policy(name: str, directories: Sequence[Path]) -> Path:
    """The first `<name>.yaml` in these directories.

    Raises:
        PolicyError: no directory holds it; the hint names what was meant, or what there is. The
            mistake stands in no file: who asked for the name knows where.
    """
    if NAME.fullmatch(name):
        for directory in directories:
            path = directory / f"{name}.yaml"
            if path.is_file():
                return path
    packs = sorted({path.stem for directory in directories for path in packs_in(directory)})
    message = f"there is no policy {name!r}"
    raise PolicyError([Mistake(NOWHERE, 0, message, suggestion(name, packs))])


def _read_all(path: Path, resources: Path) -> tuple[list[File], File]:
    """The pack last, those that it extends before it, each once; and the help resources."""
    found: dict[Path, File] = {}
    mistakes: list[Mistake] = []

    def take(item: Path, chain: tuple[Path, ...]) -> None:
        if item in found:
            return
        try:
            file = File(str(item), read_yaml(item))
        except PolicyError as error:
            mistakes.extend(error.mistakes)
            return
        for node in _extended(file):
            name = str(node.value)
            if not NAME.fullmatch(name):
                mistakes.append(Mistake(file.name, node.line, f"{name!r} cannot be a pack's name"))
                continue
            other = item.with_name(f"{name}.yaml")
            if other in (*chain, item):
                mistakes.append(Mistake(file.name, node.line, f"{name!r} extends this pack itself"))
            elif not other.is_file():
                there = [p.stem for p in packs_in(item.parent)]
                message = f"there is no pack {name!r} beside this one"
                mistakes.append(Mistake(file.name, node.line, message, suggestion(name, there)))
            else:
                take(other, (*chain, item))
        found[item] = file

    take(path, ())
    try:
        directory = File(str(resources), read_yaml(resources))
    except PolicyError as error:
        mistakes.extend(error.mistakes)
    if mistakes:
        raise PolicyError(mistakes)
    return list(found.values()), directory


def packs_in(directory: Path) -> list[Path]:
    """The packs of a folder, by name."""
    paths = sorted(directory.glob("*.yaml"))
    return [p for p in paths if p.stem != "resources" and not p.stem.endswith("_test")]


def _extended(file: File) -> tuple[Node, ...]:
    node = file.root.child("extends")
    if node is None:
        return ()
    return node.value if isinstance(node.value, tuple) else (node,)


def _revision(pack: File, resources: File) -> str:
    content = canonical(pack.root) + "\n" + canonical(resources.root)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _policy(reader: Reader, root: Node, resources: tuple[Resource, ...], revision: str) -> Policy:
    overlay = root.has("extends")
    keys = reader.fields(root, OVERLAY if overlay else PACK, "a policy")
    reader.version(keys.get("guardrail"))

    def part(key: str) -> Node:
        return keys.get(key, Node({}, root.line))

    name = _name(reader, keys.get("name"))
    languages = _languages(reader, keys.get("languages"))
    limits, young = read_limits(reader, part("limits"))
    title, titles = read_reason(reader, keys.get("title"), "title")
    return Policy(
        name=name,
        revision=revision,
        title=title,
        titles=titles,
        mode=_mode(reader, keys),
        rules=read_rules(reader, keys.get("rules"), name),
        thresholds=read_thresholds(reader, part("thresholds")),
        postures=read_postures(reader, keys.get("failure"), whole=not overlay),
        texts=_texts(reader, part("texts"), languages or tuple(Language)),
        resources=resources,
        limits=limits,
        young=young,
        hold=read_hold(reader, part("hold")),
        default_regions=_regions(reader, keys.get("default_region"), languages or tuple(Language)),
        languages=languages,
        notices=read_notices(reader, keys.get("notices"), name),
        curfews=read_curfews(reader, keys.get("curfew")),
        consents=read_consents(reader, keys.get("consent")),
        crisis=read_crisis(reader, keys.get("crisis")),
        exit=read_exit(reader, keys.get("exit"), languages),
        dependence=read_dependence(reader, keys.get("dependence")),
        unknown_age=read_age(reader, keys.get("unknown_age"), AgeBand.UNKNOWN),
        doubted_age=read_age(reader, keys.get("doubted_age"), AgeBand.ADULT),
        suppress=read_suppress(reader, keys.get("suppress")),
        privacy=read_privacy(reader, keys.get("privacy")),
        label=read_label(reader, keys.get("label")),
        stop=read_stop(reader, keys.get("stop")),
        zone=read_zone(reader, keys.get("zone")),
        extends=tuple(_words(reader, keys.get("extends"))),
        effective=reader.date(keys["effective"], "effective") if "effective" in keys else "",
        pins=frozenset(_words(reader, keys.get("pin"))),
        articles=read_articles(reader, keys.get("articles")),
        origins=dict.fromkeys(_paths(keys), name),
    )


_VALUES = [
    "mode",
    "zone",
    "unknown_age",
    "doubted_age",
    "thresholds",
    "failure",
    "limits",
    "hold",
    "curfew",
    "consent",
    "crisis",
    "exit",
    "dependence",
    "suppress",
    "privacy",
    "label",
    "stop",
    "default_region",
]
"""Keys whose values are parameters: `explain` shows them one by one."""


def _paths(keys: Mapping[str, Node]) -> Iterator[str]:
    """The path of each value that a pack states, as `explain` and `pin` write it."""

    def walk(path: str, node: Node) -> Iterator[str]:
        if isinstance(node.value, Mapping) and node.value and not path.startswith("exit."):
            for key, child in node.value.items():
                yield from walk(f"{path}.{key}", child)
        else:
            yield path

    for key in _VALUES:
        if key in keys:
            yield from walk(key, keys[key])


def _words(reader: Reader, node: Node | None) -> list[str]:
    if node is None:
        return []
    return [reader.text(item, "a name") for item in reader.one_or_more(node, "this")]


def _name(reader: Reader, node: Node | None) -> str:
    if node is None:
        return ""
    return reader.pattern(node, NAME, "a name", "small letters, digits and hyphens")


def _regions(reader: Reader, node: Node | None, languages: tuple[str, ...]) -> Mapping[str, str]:
    """Where somebody probably is whose region we do not know: one for all, or one by language."""

    def region(where: Node) -> str:
        return reader.pattern(where, REGION, "a region", "two capital letters, such as US or CN")

    if node is None:
        return {}
    if not isinstance(node.value, Mapping):
        return dict.fromkeys(languages, region(node))
    found = {language: region(child) for language, child in node.value.items()}
    for language in languages:
        if language not in found:
            reader.complain(node, f"default_region needs a region for {language!r}")
    return found


def _languages(reader: Reader, node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(str(word) for word in reader.words(node, Language, "a language"))


def _mode(reader: Reader, keys: Mapping[str, Node]) -> Mode:
    """Shadow mode protects nobody, so it must say when it ends."""
    if "mode" not in keys:
        return Mode.ENFORCE
    mode = reader.word(keys["mode"], Mode, "a mode")
    until = keys.get("shadow_until")
    if until is not None:
        reader.date(until, "shadow_until")
    if mode is Mode.SHADOW and until is None:
        reader.complain(
            keys["mode"],
            "shadow mode needs an end",
            "add shadow_until: YYYY-MM-DD, the day on which it ends",
        )
    if mode is Mode.ENFORCE and until is not None:
        reader.complain(until, "shadow_until has no meaning in enforce mode", "remove it")
    return mode


def _texts(
    reader: Reader, node: Node, languages: tuple[str, ...]
) -> Mapping[str, Mapping[str, str]]:
    texts: dict[str, Mapping[str, str]] = {}
    for key, by_language in reader.mapping(node, "texts").items():
        said: dict[str, str] = {}
        for language, words_node in reader.mapping(by_language, f"text {key!r}").items():
            if language not in languages:
                hint = suggestion(language, languages)
                reader.complain(words_node, f"this policy does not speak {language!r}", hint)
            said[language] = reader.text(words_node, "a text")
        texts[key] = said
    return texts
