"""Streams whose every event repeats all text so far, read as streams of new text.

A wire keeps no state between calls, a framer lives as long as its stream: so the difference is made
here. `raw` stays as it came; in `data` the text is replaced by what is new in it. A text that does
not begin with the one before it was rewritten: then all of it is new, on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from guardrail.errors import WireError
from guardrail.wire.base import Frame, Framer
from guardrail.wire.pointer import change
from guardrail.wire.strict_json import dumps, loads

__all__ = ["CumulativeFramer"]


class CumulativeFramer:
    """Wraps a framer. One per stream."""

    def __init__(self, framer: Framer, pointers: tuple[str, ...]) -> None:
        self._framer = framer
        self._shown: dict[tuple[str, int], str] = {}
        self._pointers = pointers

    def push(self, chunk: bytes) -> list[Frame]:
        """Take bytes; give the frames they complete.

        Raises:
            ReplyError: one frame grew over the byte cap.
        """
        return [self._difference(frame) for frame in self._framer.push(chunk)]

    def flush(self) -> list[Frame]:
        """Give what is left at the end of the stream."""
        return [self._difference(frame) for frame in self._framer.flush()]

    def _difference(self, frame: Frame) -> Frame:
        if frame.data is None:
            return frame
        try:
            data = loads(frame.data, surrogates="replace")
        except WireError:
            return frame  # the wire gives it as it stands
        for pointer in self._pointers:
            change(data, pointer, partial(self._new, pointer, count()))
        return replace(frame, data=dumps(data))

    def _new(self, pointer: str, numbers: Iterator[int], text: Any) -> Any:
        place = pointer, next(numbers)
        if not isinstance(text, str):
            return text
        shown, self._shown[place] = self._shown.get(place, ""), text
        if text.startswith(shown):
            return text[len(shown) :]
        return "\n" + text
