"""`resources.yaml` to `Resource`s: where people find help, region by region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from guardrail.policy.model import EVERYWHERE, Kind, Resource
from guardrail.policy.reader import Reader
from guardrail.policy.source import Node
from guardrail.policy.vocabulary import (
    ANY,
    HOURS,
    REGION,
    RESOURCE,
    RESOURCES,
    UNCERTAIN,
    Certainty,
)
from guardrail.turn import AgeBand

__all__ = ["read_resources"]

_LANGUAGE = re.compile(r"[a-z]{2}")
_NUMBER = re.compile(r"[0-9][0-9 -]*")
_SOURCE = re.compile(r"https?://\S+")


def read_resources(reader: Reader, root: Node) -> tuple[Resource, ...]:
    """All entries that people are told of, in the order of the file; mistakes go to `reader`.

    One that is `disabled` waits in the file for somebody who confirms it. It is read, so that it is
    well written on that day, and left out.
    """
    keys = reader.fields(root, RESOURCES, "a resource file")
    reader.version(keys.get("guardrail"))
    if "resources" not in keys:
        return ()
    entries = [_resources(reader, item) for item in reader.items(keys["resources"], "resources")]
    enabled = tuple(
        replace(one, number=number) for number, entry in enumerate(entries) for one in entry
    )
    if entries and not enabled and not reader.mistakes:
        reader.complain(keys["resources"], "every resource is disabled", "confirm one")
    return enabled


def _resources(reader: Reader, node: Node) -> tuple[Resource, ...]:
    """One for each region of the entry; none for one that waits."""
    shape = UNCERTAIN if node.has("disabled") else RESOURCE
    keys = reader.fields(node, shape, "a resource")
    if not set(shape.required) <= keys.keys():
        return ()
    if shape is UNCERTAIN:
        _uncertain(reader, keys)
        return ()
    numbers = _numbers(reader, keys["numbers"])
    sms = _one_of(reader, keys.get("sms"), numbers)
    regions = _regions(reader, keys["region"])
    one = Resource(
        region=regions[0] if regions else "",
        kind=reader.word(keys["kind"], Kind, "a kind of help"),
        languages=_languages(reader, keys["languages"]),
        ages=_ages(reader, keys["ages"]),
        name=_by_language(reader, keys["name"], "the name"),
        contact=_by_language(reader, keys["contact"], "the contact"),
        numbers=numbers,
        hours=_hours(reader, keys.get("hours")),
        source=reader.pattern(keys["source"], _SOURCE, "a source", "the address of a page"),
        verified_on=reader.date(keys["verified_on"], "verified_on"),
        certainty=reader.word(keys["certainty"], Certainty, "a certainty").value,
        tel=_one_of(reader, keys.get("tel"), numbers)
        or (numbers[0] if numbers and not sms else ""),
        sms=sms,
        url=reader.pattern(keys["url"], _SOURCE, "a page", "https://…") if "url" in keys else "",
    )
    return tuple(replace(one, region=region) for region in regions)


def _uncertain(reader: Reader, keys: Mapping[str, Node]) -> None:
    """An entry that nobody is told of: it says why, and what it has is well written."""
    reader.text(keys["disabled"], "disabled, the reason,")
    _regions(reader, keys["region"])
    reader.word(keys["kind"], Kind, "a kind of help")
    _languages(reader, keys["languages"])
    _ages(reader, keys["ages"])
    _by_language(reader, keys["name"], "the name")
    _by_language(reader, keys["contact"], "the contact")
    _numbers(reader, keys["numbers"])


def _regions(reader: Reader, node: Node) -> tuple[str, ...]:
    """One region, several that share a number, or everywhere."""
    if node.value == EVERYWHERE:
        return (EVERYWHERE,)
    hint = "two capital letters, or '*' for everywhere"
    return tuple(
        reader.pattern(item, REGION, "a region", hint)
        for item in reader.one_or_more(node, "regions")
    )


def _languages(reader: Reader, node: Node) -> tuple[str, ...]:
    hint = "two small letters, such as en"
    return tuple(
        reader.pattern(item, _LANGUAGE, "a language", hint)
        for item in reader.one_or_more(node, "languages")
    )


def _ages(reader: Reader, node: Node) -> tuple[AgeBand, ...]:
    if node.value == ANY:
        return tuple(AgeBand)
    return reader.words(node, AgeBand, "an age band")


def _by_language(reader: Reader, node: Node, what: str) -> Mapping[str, str]:
    """English is always there: it is what we fall back to."""
    said = {
        language: reader.text(child, what) for language, child in reader.mapping(node, what).items()
    }
    for language in said:
        if not _LANGUAGE.fullmatch(language):
            reader.complain(node.at(language), f"{language!r} cannot be a language")
    if isinstance(node.value, Mapping) and "en" not in said:
        reader.complain(node, f"{what} needs 'en'")
    return said


def _numbers(reader: Reader, node: Node) -> tuple[str, ...]:
    """As dialled. May be empty: a directory has an address, not a number."""
    if node.value == ():
        return ()
    hint = "digits, with spaces or hyphens"
    return tuple(
        reader.pattern(item, _NUMBER, "a number to dial", hint)
        for item in reader.one_or_more(node, "numbers")
    )


def _one_of(reader: Reader, node: Node | None, numbers: tuple[str, ...]) -> str:
    """One of the entry's numbers, for a button. Without `tel` and `sms` it is the first one."""
    if node is None:
        return ""
    number = reader.text(node, "a number")
    if number and number not in numbers:
        hint = "one of: " + ", ".join(numbers)
        reader.complain(node, f"{number!r} is none of this entry's numbers", hint)
    return number


def _hours(reader: Reader, node: Node | None) -> str:
    if node is None:
        return ""
    return reader.pattern(node, HOURS, "opening hours", "24/7, or a span such as 08:00-22:00")
