"""A report for people: the same chapters as Markdown and as one HTML file without links outside."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from guardrail.evaluate.figures import FEW
from guardrail.evaluate.judge import Judged
from guardrail.evaluate.rows import NAMES

__all__ = ["Block", "Miss", "blocks", "html", "markdown", "misses", "table"]

LISTED = 100
"""So many rows without scores are listed; figures.json has all of them."""
NONE = "–"

STYLE = """body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
  padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid #ddd; padding: .2rem .8rem .2rem 0; text-align: left;
  vertical-align: top; }
figure { display: inline-block; margin: 0 1rem 1rem 0; } img { max-width: 100%; }"""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a report: a heading, a paragraph, a table or a picture."""

    text: str = ""
    depth: int = 0  # of a heading
    table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None
    picture: str = ""  # path from the report's folder; `text` says what it shows


@dataclass(frozen=True, slots=True)
class Miss:
    """A row on whose label a classifier and a person differ, with its text."""

    place: str
    classifier: str
    label: str
    kind: str
    score: float
    text: str


def misses(judged: Mapping[str, Judged]) -> Iterator[Miss]:
    """What each classifier overlooked or flagged without cause, at the operating point."""
    for classifier, one in judged.items():
        for name in NAMES:
            for at in (one.known(name) & ((one.truth[name] == 1) != one.over[name])).nonzero()[0]:
                row, kind = one.rows[at], "missed" if one.truth[name][at] == 1 else "false alarm"
                score = float(one.scores[name][at])
                yield Miss(row.place, classifier, name, kind, score, row.text)


def table(figures: Mapping[str, Any], part: str) -> tuple[list[str], list[list[str]]]:
    """Labels and detectors in one part of the rows, a line for each classifier."""
    head = ["label", "classifier", "harmful / clean", "AUC (95 %)", "recall", "false alarms"]
    lines = []
    for name in NAMES:
        for classifier, found in figures.items():
            figure = found["parts"].get(part, {}).get(name)
            if figure and figure["positives"] + figure["negatives"]:
                counts = f"{figure['positives']} / {figure['negatives']}"
                shares = [
                    _percent(figure, "recall", "positives"),
                    _percent(figure, "false_alarms", "negatives"),
                    _percent(figure, "recall_at_2_percent", "positives"),
                ]
                lines.append([name, classifier, counts, _area(figure), *shares])
    return [*head, "recall at 2 %"], lines


def blocks(
    result: Mapping[str, Any],
    pictures: Mapping[str, Sequence[tuple[str, str]]],
    shown: Iterable[Miss] | None = None,
) -> Iterator[Block]:
    """The chapters of the report. Texts of rows are in it only if `shown` is given."""
    figures = result["classifiers"]
    yield Block("Evaluation", depth=1)
    yield from _beginning(result)
    yield Block("By label", depth=2)
    yield Block(
        f"Recall and false alarms at the operating point, then the recall that 2 % false alarms "
        f"would buy. A dash stands for a share of fewer than {FEW} rows, which says little; "
        f"figures.json has it all the same."
    )
    yield from _parts(figures)
    yield from _pictures("Precision and recall", pictures.get("curves", ()))
    yield from _pictures("Calibration, by speaker and language", pictures.get("calibration", ()))
    for name, found in figures.items():
        yield Block(f"By tag: {name}", depth=2)
        yield Block(table=_tags(found["tags"]))
        yield from _pictures("", [p for p in pictures.get("tags", ()) if p[0] == name])
    for name, found in figures.items():
        yield Block(f"Levels of self-harm: {name}", depth=2)
        yield Block("Lines: what a person wrote. Columns: what was given.")
        yield Block(table=_levels(found["levels"]))
        yield from _pictures("", [p for p in pictures.get("levels", ()) if p[0] == name])
    yield Block("Time for one row", depth=2)
    yield Block("On this machine, one row at a time, lexicon included, no first stage.")
    yield Block(table=_latency(figures))
    yield from _pictures("", pictures.get("latency", ()))
    yield from _unscored(result)
    if shown is not None:
        yield Block("Misses", depth=2)
        head = ["row", "classifier", "label", "kind", "score", "text"]
        lines = [[m.place, m.classifier, m.label, m.kind, f"{m.score:.3f}", m.text] for m in shown]
        yield Block(table=(head, lines))


def markdown(found: Iterable[Block]) -> str:
    """The report as Markdown."""
    return "\n\n".join(map(_markdown, found)) + "\n"


def html(found: Iterable[Block], folder: Path) -> str:
    """The report as one HTML file; the pictures are taken from `folder` and stand in it."""
    body = "\n".join(_html(block, folder) for block in found)
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Evaluation</title>\n'
        f"<style>{STYLE}</style>\n{body}\n</html>\n"
    )


def _beginning(result: Mapping[str, Any]) -> Iterator[Block]:
    yield Block(f"{result['rows']} rows of {', '.join(result['files'])}.")
    if result["foreign"]:
        names = ", ".join(f"{name} ({count})" for name, count in result["foreign"].items())
        yield Block(f"Not labels of ours, so left out: {names}.")
    yield Block(
        table=(
            ["classifier", "kind", "version", "rows scored", "not scored", "in another language"],
            [
                [
                    *(name, found["kind"], found["version"], str(found["rows"])),
                    *(str(len(found["unscored"])), str(found["unjudged"])),
                ]
                for name, found in result["classifiers"].items()
            ],
        )
    )


def _parts(figures: Mapping[str, Any]) -> Iterator[Block]:
    shown: list[Any] = []
    for part in dict.fromkeys(part for found in figures.values() for part in found["parts"]):
        head, lines = table(figures, part)
        if lines not in shown:  # where all are English, "en" says what "all" said
            shown.append(lines)
            yield Block(part, depth=3)
            yield Block(table=(head, lines))


def _unscored(result: Mapping[str, Any]) -> Iterator[Block]:
    lines = [["every classifier", row["place"], row["why"]] for row in result["unreadable"]]
    for name, found in result["classifiers"].items():
        lines += [[name, row["place"], row["why"]] for row in found["unscored"]]
    if lines:
        yield Block("Not scored", depth=2)
        yield Block("These rows are in no figure.")
        yield Block(table=(["classifier", "row", "why"], lines[:LISTED]))
        if len(lines) > LISTED:
            yield Block(f"And {len(lines) - LISTED} more, in figures.json.")


def _pictures(title: str, found: Iterable[tuple[str, str]]) -> Iterator[Block]:
    pictures = [Block(text, picture=path) for text, path in found]
    if pictures and title:
        yield Block(title, depth=2)
    yield from pictures


def _tags(tags: Mapping[str, Mapping[str, int]]) -> tuple[list[str], list[list[str]]]:
    head = ["tag", "rows", "harmful", "of these found", "clean", "of these flagged"]
    return head, [[tag, *map(str, counts.values())] for tag, counts in tags.items()]


def _levels(levels: Mapping[str, Mapping[str, int]]) -> tuple[list[str], list[list[str]]]:
    head = ["", *next(iter(levels.values()))]
    return head, [[level, *map(str, given.values())] for level, given in levels.items()]


def _latency(figures: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    known = {name: found["latency_ms"] for name, found in figures.items() if found["latency_ms"]}
    names = list(next(iter(known.values()), ()))
    lines = [
        [name, *(f"{value:.2f} ms" for value in times.values())] for name, times in known.items()
    ]
    return ["classifier", *names], lines


def _area(figure: Mapping[str, Any]) -> str:
    if "auc" not in figure or figure["positives"] < FEW:
        return NONE
    low_high = figure.get("auc_interval")
    tail = f" ({low_high[0]:.2f}–{low_high[1]:.2f})" if low_high else ""
    return f"{figure['auc']:.3f}{tail}"


def _percent(figure: Mapping[str, Any], key: str, of: str) -> str:
    return f"{figure[key]:.1%}" if key in figure and figure[of] >= FEW else NONE


def _markdown(block: Block) -> str:
    if block.depth:
        return "#" * block.depth + " " + _plain(block.text)
    if block.picture:
        return f"![{_plain(block.text)}]({block.picture})"
    if block.table is None:
        return _plain(block.text)
    head, lines = block.table
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(map(_plain, line)) + " |" for line in (head, rule, *lines))


def _plain(text: str) -> str:
    """Text that is neither markup nor the end of a cell."""
    return " ".join(escape(text, quote=False).replace("|", "\\|").split())


def _html(block: Block, folder: Path) -> str:
    if block.depth:
        return f"<h{block.depth}>{escape(block.text)}</h{block.depth}>"
    if block.picture:
        data = base64.b64encode((folder / block.picture).read_bytes()).decode()
        image = f'<img alt="" src="data:image/svg+xml;base64,{data}">'
        return f"<figure><figcaption>{escape(block.text)}</figcaption>{image}</figure>"
    if block.table is None:
        return f"<p>{escape(block.text)}</p>"
    head, lines = block.table
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    rest = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
    )
    return f"<table><tr>{first}</tr>{rest}</table>"
