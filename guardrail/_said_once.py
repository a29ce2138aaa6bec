"""Puts what is said in one answer together, so that no help line stands in it twice. Pure.

The same numbers twice are noise at the worst moment; the words around them may differ, and both count.
"""

from __future__ import annotations

__all__ = ["said_once"]

_MARK = "• "
"""How `actions` begins a help line."""


def said_once(*parts: str) -> str:
    """The parts that say something, as paragraphs; a help line stands where it is said last."""
    known: set[str] = set()
    said: list[str] = []
    for part in reversed(parts):
        lines = part.split("\n")
        helps = {line for line in lines if line.startswith(_MARK)}
        text = "\n".join(line for line in lines if line not in helps & known).rstrip()
        said.append(_closed(text) if helps and helps <= known else text)
        known |= helps
    return "\n\n".join(text for text in reversed(said) if text)


def _closed(text: str) -> str:
    """A text whose lines stand further down: no colon that points at nothing."""
    if text.endswith("："):
        return f"{text[:-1]}。"
    return f"{text[:-1]}." if text.endswith(":") else text
