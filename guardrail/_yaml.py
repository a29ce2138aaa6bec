"""What YAML's parser leaves unsaid."""

from __future__ import annotations

__all__ = ["yaml_hint"]

_HINTS = {
    "mapping values are not allowed": "a text with a colon needs quotes, or | and a new line",
    "found character '\\t'": "a tab stands here: YAML wants spaces",
}


def yaml_hint(problem: str) -> str:
    """What to do about a problem that the parser names; empty if it speaks for itself."""
    return next((hint for start, hint in _HINTS.items() if problem.startswith(start)), "")
