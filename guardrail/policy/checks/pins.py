"""A pin may make a value looser than the law that it was stacked for."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.explain import loosened
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """No pinned value is looser than what the packs beneath ask for, with the article they cite."""
    return [
        source.pack.mistake(
            ("pin",),
            f"{path} is pinned to {line.value}, which is looser than {strict.value} of "
            f"{strict.packs}" + (f" ({strict.article})" if strict.article else ""),
            "remove the pin, or the pack",
        )
        for path, line, strict in loosened(policy)
    ]
