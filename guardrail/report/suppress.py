"""Small cells leave a report that is for the public. Pure.

Three rules, each for one way to find somebody in a table:

1. A figure from 1 to `few` - 1 is withheld. 0 stays: it speaks of nobody.
2. Where lines are parts of a whole, one line withheld alone is the whole minus the rest. So the
   next smallest is withheld with it, until together they reach `few`: these are two at least.
3. Where even that fails, because the whole is small, all lines go, zeros and names too: they would
   say where the few are. The whole goes with them unless a law wants it published.

Lines that are withheld all look alike: which of them is the small one is not said.
"""

from __future__ import annotations

from dataclasses import replace

from guardrail.report.document import Document, Gauge, Line, Section, Series

__all__ = ["FEW", "protected", "protected_series"]

FEW = 10
"""A group of fewer is not published, as in official statistics. No law here gives a number."""


def protected(document: Document) -> Document:
    """The document as the public may have it; the same if it is not for the public."""
    if not document.public:
        return document
    sections = tuple(_section(section, document.few) for section in document.sections)
    return replace(document, sections=sections)


def protected_series(series: Series, few: int) -> Series:
    """One series without small cells."""
    hidden = {line.key for line in series.lines if _small(line.value, few)} - series.exact
    whole = series.whole
    if series.parts:
        hidden, enough = _complement(series, hidden, few)
        if not enough:
            whole = whole if series.sure else None
            return replace(series, lines=(), whole=whole, withheld=True)
    if whole is not None and not series.sure and _small(whole, few):
        whole = None
    lines = tuple(_without(line) if line.key in hidden else line for line in series.lines)
    return replace(series, lines=lines, whole=whole)


def _complement(series: Series, hidden: set[str], few: int) -> tuple[set[str], bool]:
    """What has to be withheld so that the whole gives nothing away, and whether that is enough."""
    if not hidden:
        return hidden, True
    values = {line.key: line.value or 0 for line in series.lines}
    hidden = set(hidden)
    others = sorted((value, key) for key, value in values.items() if value and key not in hidden)
    spare = [key for _, key in others]
    while sum(values[key] for key in hidden) < few:
        if not spare:
            return hidden, False
        hidden.add(spare.pop(0))
    return hidden, True


def _section(section: Section, few: int) -> Section:
    return replace(
        section,
        series=tuple(protected_series(one, few) for one in section.series),
        gauges=tuple(_gauge(gauge, few) for gauge in section.gauges),
    )


def _gauge(gauge: Gauge, few: int) -> Gauge:
    return replace(gauge, value=None) if _small(gauge.value, few) else gauge


def _without(line: Line) -> Line:
    return replace(line, value=None)


def _small(value: int | None, few: int) -> bool:
    return value is not None and 0 < value < few
