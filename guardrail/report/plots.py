"""Bars as SVG that stands in the page. Pure; the table beside it says the same to a screen reader."""

from __future__ import annotations

from html import escape

from guardrail.report.document import Series

__all__ = ["bars"]

_WIDTH, _ROW, _BAR = 640, 20, 13
_LABEL, _NUMBER = 250, 70  # room for the words at the left and the number at the right
_LETTERS = 38  # so many fit into that room; a wide letter takes two


def bars(series: Series) -> str:
    """A bar for each line; nothing if there is nothing to compare, or all of it is withheld."""
    values = [line.value for line in series.lines if line.value is not None]
    if not series.plot or len(series.lines) < 2 or not any(values):  # noqa: PLR2004 - two bars
        return ""
    scale = (_WIDTH - _LABEL - _NUMBER) / max(values)
    rows = "".join(
        _bar(number, line.label, line.value, scale) for number, line in enumerate(series.lines)
    )
    height = _ROW * len(series.lines) + 6
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'aria-hidden="true">{rows}</svg>'
    )


def _bar(number: int, label: str, value: int | None, scale: float) -> str:
    top = number * _ROW + 3
    base = top + _BAR - 2
    text = f'<text x="{_LABEL - 8}" y="{base}" text-anchor="end">{escape(_short(label))}</text>'
    if value is None:  # no bar at all: its length would be the number
        return f'{text}<text x="{_LABEL}" y="{base}">…</text>'
    width = value * scale
    return (
        f'{text}<rect x="{_LABEL}" y="{top}" width="{width:.1f}" height="{_BAR}"/>'
        f'<text x="{_LABEL + width + 6:.1f}" y="{base}">{value:,}</text>'
    )


def _short(label: str) -> str:
    room = _LETTERS
    for at, letter in enumerate(label):
        room -= 2 if ord(letter) > 0x2E80 else 1  # noqa: PLR2004 - from here letters are wide
        if room < 0:
            return label[: at - 1] + "…"
    return label
