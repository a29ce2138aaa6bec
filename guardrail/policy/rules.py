"""The rules of a pack: each one `when` this holds, `then` do that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from guardrail.policy.decide import RESERVED_RULES, SPEAKING
from guardrail.policy.model import Condition, Name, Rule, Stage
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.source import Node
from guardrail.policy.vocabulary import LIMIT_NAMES, NAME, REASON, RULE, WHEN
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Detector,
    Grade,
    Label,
    Level,
    Severity,
    Side,
    State,
)

__all__ = ["read_reason", "read_rules"]


def read_rules(reader: Reader, node: Node | None, pack: str) -> tuple[Rule, ...]:
    """All rules in their order; mistakes go to `reader`.

    A rule that names no stage stands in that of the one before it.
    """
    if node is None:
        return ()
    rules: tuple[Rule, ...] = ()
    for number, item in enumerate(reader.items(node, "rules")):
        before = rules[-1].stage if rules else Stage.CRISIS
        rules += (replace(_rule(reader, item, before), pack=pack, number=number),)
    first: dict[str, int] = {}
    for item, rule in zip(reader.items(node, "rules"), rules, strict=True):
        if rule.id in first:
            where = item.at("id")
            reader.complain(where, f"rule {rule.id!r} exists", f"first on line {first[rule.id]}")
        elif rule.id:
            first[rule.id] = rule.line
    return rules


def _rule(reader: Reader, node: Node, before: Stage) -> Rule:
    told = len(reader.mistakes)
    keys = reader.fields(node, RULE, "a rule")
    reason, reasons = read_reason(reader, keys.get("reason"))
    rule = Rule(
        id=_id(reader, keys.get("id")),
        when=_condition(reader, keys.get("when")),
        then=_actions(reader, keys.get("then")),
        text=reader.text(keys.get("text"), "text") or None,
        resources=reader.flag(keys.get("resources"), "resources"),
        keep_reply=reader.flag(keys.get("keep_reply"), "keep_reply"),
        severity=_severity(reader, keys.get("severity")),
        reason=reason,
        reasons=reasons,
        article=reader.text(keys.get("article"), "the article"),
        danger=reader.word(keys["danger"], Danger, "a danger") if "danger" in keys else Danger.NONE,
        again=_again(reader, keys.get("again")),
        stage=reader.word(keys["stage"], Stage, "a stage") if "stage" in keys else before,
        line=node.line,
    )
    if len(reader.mistakes) == told:  # what a stand-in says agrees with nothing
        _agree(reader, keys, rule)
    return rule


def read_reason(
    reader: Reader, node: Node | None, what: str = "reason"
) -> tuple[str, Mapping[str, str]]:
    """Why (or a title): as plain words, or by language; then the first stands for those without."""
    if node is None or not isinstance(node.value, Mapping):
        return reader.text(node, f"the {what}"), {}
    keys = reader.fields(node, REASON, f"a {what}")
    said = {language: reader.text(child, f"the {what}") for language, child in keys.items()}
    return next(iter(said.values()), ""), said


def _again(reader: Reader, node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(reader.text(item, "a text") for item in reader.one_or_more(node, "again"))


def _id(reader: Reader, node: Node | None) -> str:
    if node is None:
        return ""
    name = reader.pattern(node, NAME, "a rule id", "small letters, digits and hyphens")
    if name in RESERVED_RULES:
        reader.complain(node, f"{name!r} is the name of what we do when no rule answers")
    return name


def _condition(reader: Reader, node: Node | None) -> Condition:
    if node is None:
        return Condition()
    keys = reader.fields(node, WHEN, "when")

    return Condition(
        side=reader.word(keys["side"], Side, "a side") if "side" in keys else None,
        labels=_labels(reader, node, keys),
        grade=_grade(reader, keys),
        level=_level(reader, keys),
        ages=frozenset(reader.words(keys["age"], AgeBand, "an age band") if "age" in keys else ()),
        limit=_limit(reader, keys.get("limit")),
        states=frozenset(reader.words(keys["state"], State, "a state") if "state" in keys else ()),
        under=reader.whole(keys["under"], "under", 1, 25) if "under" in keys else None,
        all_of=_named(reader, keys.get("all_of"), "all_of"),
        unless=frozenset(
            reader.words(keys["unless"], State, "a state") if "unless" in keys else ()
        ),
    )


def _labels(reader: Reader, node: Node, keys: Mapping[str, Node]) -> frozenset[Name]:
    named = {"label", "all_of"} & keys.keys()
    if not named and "at" in keys:
        reader.complain(keys["at"], "'at' needs a label to speak of")
    if named and "at" not in keys:
        reader.complain(node, "a label needs 'at'", "at: soft, or at: hard")
    return _named(reader, keys.get("label"), "label")


def _named(reader: Reader, node: Node | None, what: str) -> frozenset[Name]:
    if node is None:
        return frozenset()
    found: set[Name] = set()
    for item in reader.one_or_more(node, what):
        if item.value in list(Detector):
            found.add(reader.word(item, Detector, "a detector"))
        else:
            found.add(reader.word(item, Label, "a label"))
    return frozenset(found)


def _grade(reader: Reader, keys: Mapping[str, Node]) -> Grade:
    if "at" not in keys:
        return Grade.HARD
    grade = reader.word(keys["at"], Grade, "a grade")
    if keys["at"].value == Grade.NONE:
        reader.complain(keys["at"], "every score reaches 'none'", "at: soft, or at: hard")
    return grade


def _level(reader: Reader, keys: Mapping[str, Node]) -> Level | None:
    if "level" not in keys:
        return None
    label = keys.get("label")
    if label is None or label.value != Label.SELF_HARM:
        reader.complain(keys["level"], "levels grade self-harm only", "add label: self_harm")
    if "side" in keys and keys["side"].value == Side.BOT:
        hint = "remove level"
        reader.complain(keys["level"], "levels grade what a person says, never the bot", hint)
    return reader.word(keys["level"], Level, "a level")


def _limit(reader: Reader, node: Node | None) -> str | None:
    if node is None:
        return None
    name = reader.text(node, "limit")
    if name and name not in LIMIT_NAMES:
        reader.complain(node, f"{name!r} is not a limit", suggestion(name, LIMIT_NAMES))
    return name


def _actions(reader: Reader, node: Node | None) -> tuple[Action, ...]:
    if node is None:
        return ()
    actions = reader.words(node, Action, "an action")
    speaking = [action.value for action in actions if action in SPEAKING]
    if len(speaking) > 1:
        reader.complain(node, f"only one of {' and '.join(speaking)} can be said", "choose one")
    if Action.ALLOW in actions and len(actions) > 1:
        reader.complain(node, "'allow' stands alone: it means that nothing happens", "remove it")
    return actions


def _severity(reader: Reader, node: Node | None) -> Severity | None:
    return None if node is None else reader.word(node, Severity, "a severity")


def _agree(reader: Reader, keys: Mapping[str, Node], rule: Rule) -> None:
    """What a rule says in two places must agree."""
    if rule.keep_reply and Action.SUPPORT not in rule.then:
        reader.complain(
            keys["keep_reply"],
            "keep_reply belongs to support: replace, block and end put words in the reply's place",
            "use support, or remove keep_reply",
        )
    for key in ("text", "resources", "again"):
        if key in keys and SPEAKING.isdisjoint(rule.then):
            hint = "add support, replace, block or end"
            reader.complain(keys[key], f"{key!r} is never shown: no action speaks", hint)
