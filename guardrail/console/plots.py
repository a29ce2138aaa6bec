"""Plots as SVG elements: attributes and classes only, so that no policy against inline styles minds. Pure.

They stretch with the page and hold no text: words and numbers stand in HTML beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

__all__ = ["bar", "columns"]

WIDTH, HEIGHT = 100.0, 40.0
GAP = 0.2
"""Of a column's room that stays free."""


def columns(
    days: Sequence[str], keys: Sequence[str], counts: Mapping[tuple[str, str], int | None]
) -> Markup:
    """A column for each day, stacked by key; a cell that is withheld has no height."""
    known = [[counts.get((day, key)) or 0 for key in keys] for day in days]
    top = max((sum(stack) for stack in known), default=0)
    if not top:
        return Markup()
    room = WIDTH / len(days)
    rects: list[str] = []
    for number, stack in enumerate(known):
        left, base = number * room + room * GAP / 2, HEIGHT
        for kind, value in enumerate(stack):
            height = value / top * HEIGHT
            base -= height
            if value:
                rects.append(
                    f'<rect class="k{kind % 8}" x="{left:.2f}" y="{base:.2f}" '
                    f'width="{room * (1 - GAP):.2f}" height="{height:.2f}"/>'
                )
    return _svg("columns", HEIGHT, "".join(rects))


def bar(value: float | None, top: float) -> Markup:
    """One bar, as long as its share of the longest; nothing for what is withheld."""
    if not value or not top:
        return Markup()
    width = value / top * WIDTH
    return _svg("bar", 1.0, f'<rect class="k0" width="{width:.2f}" height="1"/>')


def _svg(kind: str, height: float, inner: str) -> Markup:
    return Markup(  # noqa: S704 - numbers that were formatted here
        f'<svg class="{kind}" viewBox="0 0 {WIDTH:g} {height:g}" preserveAspectRatio="none" '
        f'aria-hidden="true">{inner}</svg>'
    )
