"""A document as one printable HTML page: no script, nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from guardrail.report.document import Document, Gauge, Listing, Section, Series
from guardrail.report.plots import bars
from guardrail.report.words import Say

__all__ = ["as_html"]

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:2px solid #222}
h3{font-size:1rem;margin:1.4rem 0 .3rem}table{border-collapse:collapse;margin:.3rem 0 .8rem;width:100%}
th,td{border-bottom:1px solid #ddd;padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.whole td{border-top:1px solid #222;font-weight:600}.withheld{color:#666;font-style:italic}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:#555}dd{margin:0}
.gaps{border-left:.25rem solid #b58900;padding:.2rem .9rem;background:#fdf8ec}
.near,.reached{font-weight:600;color:#a33}svg{max-width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:#222}svg rect{fill:#3b6ea5}
@media print{body{margin:0;max-width:none;font-size:10.5pt}h2,h3{break-after:avoid}
table,svg,.gaps{break-inside:avoid}.listing{break-inside:auto}tr{break-inside:avoid}
.gaps{background:none}svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page{margin:18mm}"""

_TAGS = {"en": "en", "zh": "zh-Hans"}


def as_html(document: Document) -> str:
    """The page."""
    say = Say(document.language)
    title = escape(document.title)
    about = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in document.about)
    body = "\n".join(_section(section, say) for section in document.sections)
    return (
        f'<!doctype html>\n<html lang="{_TAGS[document.language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main><h1>{title}</h1>\n<dl>{about}</dl>\n{body}\n</main></body></html>\n"
    )


def _section(section: Section, say: Say) -> str:
    gaps = ""
    if section.gaps:
        lines = "".join(f"<li>{escape(gap)}</li>" for gap in section.gaps)
        gaps = f'<div class="gaps"><b>{escape(say("gaps"))}</b><ul>{lines}</ul></div>'
    parts = [
        f'<section id="{escape(section.id)}"><h2>{escape(section.title)}</h2>',
        *(f"<p>{escape(note)}</p>" for note in section.notes),
        _gauges(section.gauges, say),
        *(_series(series, say) for series in section.series),
        *(_listing(listing, say) for listing in section.listings),
        gaps,
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _series(series: Series, say: Say) -> str:
    rows = "".join(
        f'<tr><td>{escape(line.label)}</td><td class="n">{_number(line.value, say)}</td></tr>'
        for line in series.lines
    )
    if series.whole is not None:
        rows += (
            f'<tr class="whole"><td>{escape(say("whole"))}</td>'
            f'<td class="n">{_number(series.whole, say)}</td></tr>'
        )
    if series.withheld:
        rows = f"<tr><td>{_number(None, say)}</td><td></td></tr>{rows}"
    elif not rows:
        rows = f"<tr><td>{escape(say('none'))}</td><td></td></tr>"
    note = f"<p>{escape(series.note)}</p>" if series.note else ""
    return f"<h3>{escape(series.title)}</h3>{note}{bars(series)}<table>{rows}</table>"


def _gauges(gauges: Iterable[Gauge], say: Say) -> str:
    rows = "".join(
        f'<tr><td>{escape(gauge.title)}</td><td class="n">{_number(gauge.value, say)}</td>'
        f'<td class="n">{gauge.limit:,}</td><td class="{gauge.state}">{escape(gauge.verdict)}</td></tr>'
        for gauge in gauges
    )
    if not rows:
        return ""
    head = f'<th>{escape(say("figure"))}</th><th class="n">{escape(say("count"))}</th>'
    return f'<table><tr>{head}<th class="n">{escape(say("limit"))}</th><th></th></tr>{rows}</table>'


def _listing(listing: Listing, say: Say) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in listing.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in listing.rows
    )
    if not rows:
        rows = f'<tr><td colspan="{len(listing.head)}">{escape(say("none"))}</td></tr>'
    table = f'<table class="listing"><tr>{head}</tr>{rows}</table>'
    return f"<h3>{escape(listing.title)}</h3>{table}"


def _number(value: int | None, say: Say) -> str:
    if value is None:
        return f'<span class="withheld">{escape(say("withheld"))}</span>'
    return f"{value:,}"
