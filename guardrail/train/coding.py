"""What the encoder is fed, and how rows are dealt out; the model's scripts share it.

Pure functions: nothing here needs the extra.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tokenizers import Tokenizer

from guardrail.classify.base import Utterance
from guardrail.classify.text import layout, normalise, pack, windows

__all__ = ["LONGEST", "Coded", "bucket", "coded", "conversation"]

LONGEST = 4000
"""Characters of a row that the tokeniser reads; its first window is far shorter."""

Coded = tuple[list[int], list[int]]
"""Token ids and mask of one row; see `net`."""


def coded(said: Sequence[Utterance], tokenizer: Tokenizer, limit: int) -> list[Coded]:
    """Ids and masks of at most `limit` tokens; a long text is represented by its first window."""
    pairs = [layout(one.role, one.text[:LONGEST], one.context) for one in said]
    texts = tokenizer.encode_batch([text for text, _ in pairs], add_special_tokens=False)
    before = tokenizer.encode_batch([context for _, context in pairs], add_special_tokens=False)
    out = []
    for text, context in zip(texts, before, strict=True):
        room = limit - 2 - min(len(context.ids) + 1 if context.ids else 0, limit // 4)
        out.append(pack(windows(text.ids, room)[0], context.ids, limit))
    return out


def bucket(text: str, parts: int) -> int:
    """A number below `parts` that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") % parts


def conversation(said: Utterance) -> str:
    """What rows of one conversation share: its first line. Twins have it in common, too."""
    return normalise(said.context[0].text if said.context else said.text)
