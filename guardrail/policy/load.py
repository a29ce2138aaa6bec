"""YAML to `Policy`. Refuses what it does not understand; never guesses.

The language, version 1, has its words in `vocabulary.py` and its JSON Schema in `schema.py`; the
packs in `policies/` show it in use. Everything wrong with a pack is told in one go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from guardrail.errors import Mistake, PolicyError
from guardrail.policy.checks import thresholds, words
from guardrail.policy.model import Mode, Policy, Resource
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.resources import read_resources
from guardrail.policy.rules import read_rules
from guardrail.policy.source import File, Node, Source, canonical, read_yaml
from guardrail.policy.tables import read_hold, read_limits, read_postures, read_thresholds
from guardrail.policy.vocabulary import NAME, PACK, REGION, Language

__all__ = ["find_policy", "load_policy", "read_pack"]


def load_policy(path: Path, resources: Path | None = None) -> Policy:
    """Read a policy pack, and the help resources that belong to it.

    Args:
        path: the pack, `<name>.yaml`.
        resources: where people find help; `resources.yaml` beside the pack if not given.

    Raises:
        PolicyError: with every mistake in both files.
    """
    policy, _ = read_pack(path, resources)
    return policy


def read_pack(path: Path, resources: Path | None = None) -> tuple[Policy, Source]:
    """As `load_policy`, with the files behind the policy, for those who point into them.

    Raises:
        PolicyError: with every mistake in both files.
    """
    pack, directory = _read_both(path, resources or path.with_name("resources.yaml"))
    reader, finder = Reader(pack.name), Reader(directory.name)
    entries = read_resources(finder, directory.root)
    policy = _policy(reader, pack.root, entries, _revision(pack, directory))
    if path.stem != policy.name and policy.name:
        where = pack.root.at("name")
        reader.complain(where, f"the name must be {path.stem!r}, as the file is called")
    if mistakes := [*reader.in_order(), *finder.in_order()]:
        raise PolicyError(mistakes)
    # Without words or thresholds a turn could not be answered; such a pack is not loaded at all.
    # These checks do not look at the calendar, so any day will do.
    source = Source(pack, directory, date.min)
    if gaps := [*words.check(policy, source), *thresholds.check(policy, source)]:
        raise PolicyError(gaps)
    return policy, source


def find_policy(name: str, directories: Sequence[Path]) -> Path:
    """The first `<name>.yaml` in these directories.

    Raises:
        PolicyError: no directory holds it; the hint names what was meant, or what there is.
    """
    if NAME.fullmatch(name):
        for directory in directories:
            path = directory / f"{name}.yaml"
            if path.is_file():
                return path
    there = {path.stem for directory in directories for path in directory.glob("*.yaml")}
    packs = sorted(n for n in there if n != "resources" and not n.endswith("_test"))
    message = f"there is no policy {name!r}"
    raise PolicyError([Mistake(f"{name}.yaml", 1, message, suggestion(name, packs))])


def _read_both(path: Path, resources: Path) -> tuple[File, File]:
    read: list[File] = []
    mistakes: list[Mistake] = []
    for item in (path, resources):
        try:
            read.append(File(str(item), read_yaml(item)))
        except PolicyError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise PolicyError(mistakes)
    return read[0], read[1]


def _revision(pack: File, resources: File) -> str:
    content = canonical(pack.root) + "\n" + canonical(resources.root)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _policy(reader: Reader, root: Node, resources: tuple[Resource, ...], revision: str) -> Policy:
    keys = reader.fields(root, PACK, "a policy")
    reader.version(keys.get("guardrail"))

    def part(key: str) -> Node:
        return keys.get(key, Node({}, root.line))

    languages = _languages(reader, keys.get("languages"))
    return Policy(
        name=_name(reader, keys.get("name")),
        revision=revision,
        title=reader.text(keys.get("title"), "the title"),
        mode=_mode(reader, keys),
        rules=read_rules(reader, keys.get("rules")),
        thresholds=read_thresholds(reader, part("thresholds")),
        postures=read_postures(reader, keys.get("failure")),
        texts=_texts(reader, part("texts"), languages),
        resources=resources,
        limits=read_limits(reader, part("limits")),
        hold=read_hold(reader, part("hold")),
        default_regions=_regions(reader, keys.get("default_region"), languages),
        languages=languages,
    )


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
        reader.complain(keys["mode"], "shadow mode needs an end", "add shadow_until: 2026-11-21")
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
