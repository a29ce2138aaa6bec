"""Words must be there when they are needed. This check also guards loading."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.decide import SPEAKING, UNAVAILABLE
from guardrail.policy.model import Policy
from guardrail.policy.reader import suggestion
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Every rule that speaks has a text, and every text is there in each language."""
    return [
        *_rules(policy, source),
        *_notices(policy, source),
        *_label(policy, source),
        *_unavailable(policy, source),
        *_languages(policy, source),
    ]


def _rules(policy: Policy, source: Source) -> Iterator[Mistake]:
    for rule in policy.rules:
        if rule.text is None and not SPEAKING.isdisjoint(rule.then):
            yield source.of(rule.pack).mistake(
                ("rules", rule.number, "then"),
                f"rule {rule.id!r} speaks, but has no text",
                "add text: and the key of what it says",
            )
        elif rule.text is not None and rule.text not in policy.texts:
            yield source.of(rule.pack).mistake(
                ("rules", rule.number, "text"),
                f"there is no text {rule.text!r}",
                suggestion(rule.text, policy.texts),
            )


def _notices(policy: Policy, source: Source) -> Iterator[Mistake]:
    for notice in policy.notices:
        for key, text in (("text", notice.text), ("crisis_text", notice.crisis_text)):
            if text not in policy.texts and (text or key == "text"):
                yield source.of(notice.pack).mistake(
                    ("notices", notice.number, key),
                    f"there is no text {text!r}",
                    suggestion(text, policy.texts),
                )
    for rule in policy.rules:
        for text in rule.again:
            if text not in policy.texts:
                yield source.of(rule.pack).mistake(
                    ("rules", rule.number, "again"),
                    f"there is no text {text!r}",
                    suggestion(text, policy.texts),
                )


def _label(policy: Policy, source: Source) -> Iterator[Mistake]:
    key = policy.label.explicit
    if key is not None and key not in policy.texts:
        pack = policy.origins.get("label.explicit", "").rpartition(", ")[2]
        yield source.of(pack).mistake(
            ("label", "explicit"),
            f"there is no text {key!r}",
            suggestion(key, policy.texts),
        )


def _unavailable(policy: Policy, source: Source) -> Iterator[Mistake]:
    if UNAVAILABLE not in policy.texts:
        yield source.pack.mistake(
            ("texts",),
            f"there is no text {UNAVAILABLE!r}",
            "it is said when nobody could judge a turn, so it names help",
        )


def _languages(policy: Policy, source: Source) -> Iterator[Mistake]:
    for key, said in policy.texts.items():
        missing = [language for language in policy.languages if language not in said]
        if missing:
            yield source.pack.mistake(
                ("texts", key),
                f"text {key!r} is missing in: {', '.join(missing)}",
                "write it out for each of the policy's languages",
            )
