"""An article that stands at no value, a pin that holds none: it was meant for another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from guardrail.errors import Mistake
from guardrail.policy.explain import explain
from guardrail.policy.model import Policy
from guardrail.policy.reader import suggestion
from guardrail.policy.source import Node, Source
from guardrail.policy.vocabulary import ANY, PACK
from guardrail.turn import AgeBand, Detector, Label, Profile, Side

__all__ = ["check"]

_TABLES = {"thresholds", "failure"}
_STEPS = ({*Label, *Detector, ANY}, {*Side, ANY}, {*AgeBand, ANY})


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each path of `articles` and of `pin` is a value, a rule or a notice that is there."""
    known = frozenset(_known(policy))
    return [
        file.mistake(
            place,
            f"{place[0]}: there is no value, rule or notice {path!r}",
            _hint(path, known),
        )
        for file in source.packs
        for place, path in _written(file.root)
        if path not in known and not _of_a_table(path)
    ]


def _hint(path: str, known: frozenset[str]) -> str:
    """What was meant: beneath the same key, if the pack has something there."""
    key = path.partition(".")[0]
    near = [one for one in known if one.partition(".")[0] == key]
    if near:
        return suggestion(path, sorted(near))
    if key in PACK.keys:
        return f"this pack sets no {key}"
    return suggestion(path, sorted(known if "." in path else PACK.keys))


def _written(root: Node) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every path that a pack writes, and where."""
    articles, pins = root.child("articles"), root.child("pin")
    if articles is not None and isinstance(articles.value, Mapping):
        yield from ((("articles", path), path) for path in articles.value)
    if pins is not None:
        several = pins.value if isinstance(pins.value, tuple) else (pins,)
        yield from ((("pin", n), str(pin.value)) for n, pin in enumerate(several))


def _known(policy: Policy) -> Iterator[str]:
    """Paths as packs write them, whole tables too, and those of values that are built in."""
    for path in policy.origins:
        yield from accumulate(path.split("."), lambda above, step: f"{above}.{step}")
    yield from (f"rules.{rule.id}" for rule in policy.rules)
    yield from (f"notices.{notice.id}" for notice in policy.notices)
    for age in AgeBand:
        yield from (line.path for line in explain(policy, Profile(user=None, age_band=age)))


def _of_a_table(path: str) -> bool:
    """A cell of a table may be cited although a wider line gives its value."""
    table, *steps = path.split(".")
    fits = zip(steps, _STEPS, strict=False)
    return table in _TABLES and len(steps) == len(_STEPS) and all(s in known for s, known in fits)
