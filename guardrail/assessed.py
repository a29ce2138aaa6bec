"""What a risk assessment was made of, and what has changed since (CA B&P 21812; CN Art 22).

An assessment is a Markdown file of the operator's. It ends in a block that says what ran when it was
made: packs by their revision, classifier, routes, release. Whether it is time to assess again is then
no matter of memory: the block is held against what would run now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from guardrail._data import data_path
from guardrail.config import Settings
from guardrail.errors import Mistake
from guardrail.policy.load import read_pack
from guardrail.wiring import SHIPPED_MODEL, policy_path

__all__ = ["BLANK", "FENCE", "block", "due", "renewed", "running"]

FENCE = "assessed"
"""The language of the fenced block."""

BLANK = "[ ]"
"""What nobody has answered yet."""

_BLOCK = re.compile(rf"^```{FENCE}\n(.*?)^```", re.MULTILINE | re.DOTALL)


def running(settings: Settings, version: str) -> tuple[str, ...]:
    """What runs under these settings, a line for each part.

    A pack counts with all that it extends, also what comes into force on a later day: a law that
    begins as it was foreseen is no change. Of the release major and minor number count.

    Raises:
        PolicyError: a pack cannot be read.
    """
    return tuple(_running(settings, version))


def _running(settings: Settings, version: str) -> Iterator[str]:
    packs = {"everybody": settings.policy, **settings.policies}
    for where, name in sorted(packs.items()):
        path = policy_path(name)
        stack, _ = read_pack(path)
        whole = hashlib.sha256("\n".join(part.revision for part in stack.parts).encode())
        yield f"policy for {where}: {path.stem}@{whole.hexdigest()[:12]}"
    yield f"classifier: {settings.classifier.kind} {_model(settings)}".rstrip()
    for route in settings.routes:
        yield f"route: {route.method} {route.path} ({route.wire})"
    yield f"guardrail: {'.'.join(version.split('.')[:2])}"


def _model(settings: Settings) -> str:
    """The model by its content where it lies here, else by its name."""
    table = settings.classifier
    folder = Path(table.model) if table.model else data_path("models", SHIPPED_MODEL)
    if table.kind == "lexicon":
        return ""
    try:
        manifest = (folder / "manifest.json").read_bytes()
    except OSError:
        return table.model
    return f"{folder.name}@{hashlib.sha256(manifest).hexdigest()[:12]}"


def block(lines: tuple[str, ...]) -> str:
    """The end of an assessment."""
    return "\n".join((f"```{FENCE}", *lines, "```", ""))


def due(path: Path, now: tuple[str, ...]) -> list[Mistake]:
    """Why this assessment does not stand any more: each change since, and what nobody answered.

    `now` is what `running` gives. An empty list: it stands.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Mistake(str(path), 0, f"cannot be read: {getattr(error, 'strerror', '')}")]
    found = _BLOCK.search(text)
    if found is None:
        hint = "guardrail assess --out FILE writes one"
        return [Mistake(str(path), 0, "is no assessment: it does not say of what", hint)]
    first = text[: found.start(1)].count("\n") + 1
    then = [line.strip() for line in found[1].splitlines() if line.strip()]
    blanks = [
        number
        for number, line in enumerate(text[: found.start()].splitlines(), 1)
        if line.lstrip("-* ").startswith(BLANK)
    ]
    mistakes = [
        Mistake(str(path), number, f"{len(blanks)} questions are not answered yet", "tick what is")
        for number in blanks[:1]
    ]
    hint = "assess again (CA B&P 21812; CN Art 22), then guardrail assess --renew FILE"
    gone = [
        Mistake(str(path), first + at, f"was assessed and is no more: {line}", hint)
        for at, line in enumerate(then)
        if line not in now
    ]
    new = [
        Mistake(str(path), first, f"was not assessed: {line}", hint)
        for line in now
        if line not in then
    ]
    return [*mistakes, *gone, *new]


def renewed(text: str, lines: tuple[str, ...]) -> str:
    """The text with another block at its end: somebody has assessed what runs now."""
    return _BLOCK.sub(lambda _: block(lines).rstrip(), text, count=1)
