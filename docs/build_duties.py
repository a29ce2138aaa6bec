"""Makes `docs/duties.md` and `docs/duties.zh-CN.md`: written words at the head, then the table.

Run by `build_reference.py` (`make docs`). The words are in `docs/templates`, the table is made of
`policies/law/obligations.yaml`, held against packs, tests and scenarios.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from guardrail import dependence
from guardrail._articles import cited
from guardrail.person import IDLE_GAP
from guardrail.policy.conformance import Conformance, Proof, Row, Status
from guardrail.policy.evidence import shipped
from guardrail.policy.obligations import Article, Sort

DOCS = Path(__file__).parent
PAGES = {"en": "duties.md", "zh": "duties.zh-CN.md"}
HERE = "{{table}}"
WEIGHTS = [
    "ENOUGH",
    "TIME",
    "TIME_FULL",
    "NIGHT",
    "NIGHT_FULL",
    "SAID",
    "SAID_FULL",
    "DAILY",
    "RISE",
]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "head": "| # | duty | kept by | tested by | status | what stays with you |",
        "kept": "kept",
        "with_operator": "kept, with you",
        "in_part": "in part",
        "operator": "yours",
        "not_yet": "not yet",
        "missing": "*Not yet:* {}",
        "comma": ", ",
        "stop": "; ",
        "rule": "rules",
        "notice": "notices",
        "value": "values",
        "pack_cases": "cases: {}",
        "conversations": "conversations: {}",
    },
    "zh": {
        "head": "| 编号 | 义务 | 由什么落实 | 由什么测试 | 状态 | 留给你们的 |",
        "kept": "已落实",
        "with_operator": "已落实，需配合",
        "in_part": "部分落实",
        "operator": "由你们负责",
        "not_yet": "尚未提供",
        "missing": "*尚未提供：*{}",
        "comma": "、",
        "stop": "；",
        "rule": "规则",
        "notice": "通知",
        "value": "参数",
        "pack_cases": "策略用例 {} 个",
        "conversations": "对话 {} 段",
    },
}

MEANS = {
    "en": {
        Status.KEPT: "Guardrail keeps it, as far as software in front of a chat can.",
        Status.SHARED: "Guardrail keeps its part. Yours stands in the last column; without it the duty is not kept.",
        Status.PART: "Guardrail keeps some of it. What is missing stands in the last column.",
        Status.OPERATOR: "Nothing in front of a chat can keep it.",
        Status.NOT_YET: "Guardrail could keep it, and does not. Until it does, it is yours.",
    },
    "zh": {
        Status.KEPT: "在对话前端的软件能做到的范围内，Guardrail 已落实。",
        Status.SHARED: "Guardrail 做好了自己的部分；最后一栏是你们要做的，缺了它就不算落实。",
        Status.PART: "Guardrail 落实了一部分，缺什么写在最后一栏。",
        Status.OPERATOR: "对话前端的软件做不到，只能由你们落实。",
        Status.NOT_YET: "Guardrail 可以做到，但目前没有做；在此之前由你们负责。",
    },
}


def pages() -> dict[Path, str]:
    """Both pages."""
    found = shipped()
    return {DOCS / name: page(found, language) for language, name in PAGES.items()}


def page(found: Conformance, language: str) -> str:
    """One page: its template, with the table in its place."""
    template = (DOCS / "templates" / f"{PAGES[language]}.in").read_text("utf-8")
    for name in WEIGHTS:
        template = template.replace(f"{{{{{name}}}}}", f"{getattr(dependence, name):g}")
    template = template.replace("{{IDLE_GAP}}", f"{IDLE_GAP / 60:g}")
    return template.replace(HERE, "\n".join(table(found, language)).rstrip())


def table(found: Conformance, language: str) -> Iterable[str]:
    say = WORDS[language]
    yield from summary(found, language)
    for section in found.sections:
        yield f"### {section.title[language]}"
        yield ""
        yield say["head"]
        yield "|---|---|---|---|---|---|"
        yield from (line(row, language) for row in section.rows)
        yield ""


def summary(found: Conformance, language: str) -> Iterable[str]:
    say = WORDS[language]
    for status in Status:
        rows = found.by(status)
        ids = ", ".join(row.obligation.id for row in rows) or "–"
        yield f"* **{say[status.value]}** ({len(rows)}): {MEANS[language][status]} {ids}"
    yield ""


def line(row: Row, language: str) -> str:
    say, duty = WORDS[language], row.obligation
    law = say["stop"].join(article(a, language) for a in duty.law)
    stays = [duty.operator.get(language, "")]
    if duty.not_yet:
        stays.append(say["missing"].format(duty.not_yet[language]))
    cells = (
        duty.id,
        f"{duty.duty[language]}<br><sub>{law}</sub>",
        kept(row, language),
        tested(row, language),
        say[row.status.value],
        "<br>".join(part for part in stays if part) or "–",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def article(one: Article, language: str) -> str:
    """Where it stands, and how well we know it: the place first, since packs of many laws meet here."""
    law = cited(f"{one.region} {one.text}", language).removeprefix(f"{one.region} ")
    law = law.removeprefix("欧盟")  # the region says so
    return f"{one.region} {law} [{one.certainty}]"


def kept(row: Row, language: str) -> str:
    say = WORDS[language]
    parts = []
    for sort in (Sort.RULE, Sort.NOTICE, Sort.VALUE):
        found = dict.fromkeys(named(p) for p in row.proofs if p.reference.sort is sort)
        if found:
            parts.append(f"{say[sort.value]} {say['comma'].join(found)}")
    parts += [link(p.reference.name) for p in row.proofs if p.reference.sort is Sort.CODE]
    return "<br>".join(parts) or "–"


def named(proof: Proof) -> str:
    """A name, its value, and the packs that have it, where not all have it from `default`."""
    value = f" = {proof.value}" if proof.value else ""
    packs = "" if "default" in proof.packs else f" ({', '.join(proof.packs)})"
    return f"`{proof.reference.name}`{value}{packs}"


def tested(row: Row, language: str) -> str:
    say = WORDS[language]
    parts = []
    if row.cases:
        parts.append(say["pack_cases"].format(len(row.cases)))
    if row.scenarios:
        parts.append(say["conversations"].format(len(row.scenarios)))
    parts += [link(test) for test in row.tests]
    return "<br>".join(parts) or "–"


def link(file: str) -> str:
    target = file.removeprefix("docs/") if file.startswith("docs/") else f"../{file}"
    return f"[{Path(file).name}]({target})"
