"""A document for machines: JSON, and CSV with a line for each figure. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson

from guardrail.report.document import Document, Section, Series

__all__ = ["as_csv", "as_json"]


def as_json(document: Document) -> str:
    """All of it. A figure that is withheld is null."""
    found = {
        "report": document.kind,
        "title": document.title,
        "language": document.language,
        "public": document.public,
        "few": document.few if document.public else None,
        "about": dict(document.about),
        "sections": [_section(section) for section in document.sections],
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_csv(document: Document) -> str:
    """The figures alone. A figure that is withheld is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("section", "series", "key", "label", "value"))
    for section in document.sections:
        writer.writerows(_rows(section))
    return out.getvalue()


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "notes": section.notes,
        "gauges": [asdict(gauge) for gauge in section.gauges],
        "series": [_series(series) for series in section.series],
        "listings": [asdict(listing) for listing in section.listings],
        "gaps": section.gaps,
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "id": series.id,
        "title": series.title,
        "note": series.note,
        "lines": [asdict(line) for line in series.lines],
        "total": series.whole,
        "withheld": series.withheld,
    }


def _rows(section: Section) -> Iterator[tuple[str, str, str, str, str]]:
    for gauge in section.gauges:
        value = "" if gauge.value is None else str(gauge.value)
        yield section.id, "gauge", gauge.id, gauge.title, value
        yield section.id, "gauge", f"{gauge.id}.limit", gauge.title, str(gauge.limit)
    for series in section.series:
        for line in series.lines:
            value = "" if line.value is None else str(line.value)
            yield section.id, series.id, line.key, line.label, value
        if series.whole is not None:
            yield section.id, series.id, "total", series.title, str(series.whole)
