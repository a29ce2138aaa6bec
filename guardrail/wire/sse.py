"""Cuts streams into frames: server-sent events, and JSON by lines. Bytes in, bytes out.

Rules of this file: bytes are never decoded before a frame is whole, so no cut can break a
character; nothing is dropped, changed or added: the frames' `raw`, put together, are the input.

Theory of operation (SSE, as the WHATWG standard reads it). Lines end with LF, CRLF or CR, in any
mixture; a blank line ends a frame. A CR at the very end of a chunk ends its line at once, because
waiting for a LF that may never come would hold an event back. Should the LF come after all, it
belongs to that line end: inside a frame it is skipped; after a frame it is a frame of its own,
without data, so that clients which look for CRLFCRLF need not wait for the next event either.
"""

from __future__ import annotations

import re

from guardrail.errors import ReplyError
from guardrail.wire.base import Frame

__all__ = ["MAX_FRAME", "NdjsonFramer", "SseFramer"]

MAX_FRAME = 1024 * 1024  # httpx2 stops at the same size; one token's frame has some 300 bytes

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_SILENT = frozenset({b"id", b"retry", b""})  # a comment has no name


class SseFramer:
    """Server-sent events."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._rest = bytearray()  # the unfinished frame
        self._line = 0  # where its unfinished line begins
        self._after_cr = False  # the last byte was a CR: a LF now belongs to the same line end
        self._first = True  # nothing was given out yet: a BOM may stand in front

    def push(self, chunk: bytes) -> list[Frame]:
        """Take bytes; give the frames they complete.

        Raises:
            ReplyError: one frame grew over the byte cap.
        """
        if not chunk:
            return []
        scan = len(self._rest)
        self._rest += chunk
        frames = []
        if self._after_cr and chunk[:1] == b"\n":
            scan = self._line = scan + 1
            if scan == 1:  # the frame ended with that CR
                frames.append(self._take(1))
                scan = 0
        frames += self._blank_lines(scan)
        self._after_cr = chunk[-1:] == b"\r"
        _check(len(self._rest), self._max)
        return frames

    def flush(self) -> list[Frame]:
        """Give an unfinished last frame.

        The standard has clients forget it, but many read it: its data is given, to be judged.
        """
        return [self._take(len(self._rest))] if self._rest else []

    def _blank_lines(self, scan: int) -> list[Frame]:
        """Take all frames that are complete; `scan` is where unseen bytes begin."""
        frames = []
        while end := _LINE_END.search(self._rest, scan):
            blank, scan = end.start() == self._line, end.end()
            self._line = scan
            if blank:
                frames.append(self._take(scan))
                scan = 0
        return frames

    def _take(self, size: int) -> Frame:
        _check(size, self._max)
        raw = bytes(self._rest[:size])
        del self._rest[:size]  # cheap at the front of a bytearray
        self._line = 0
        first, self._first = self._first, False
        return _event(raw, raw.removeprefix(_BOM) if first else raw)


class NdjsonFramer:
    """One JSON value per line. A line ends with LF; a CR before it is white space."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._rest = bytearray()
        self._first = True

    def push(self, chunk: bytes) -> list[Frame]:
        """Take bytes; give the frames they complete.

        Raises:
            ReplyError: one frame grew over the byte cap.
        """
        *whole, rest = chunk.split(b"\n")
        frames = []
        for line in whole:
            frames.append(self._line(bytes(self._rest) + line + b"\n"))
            self._rest.clear()
        self._rest += rest
        _check(len(self._rest), self._max)
        return frames

    def flush(self) -> list[Frame]:
        """Give an unfinished last line."""
        raw = bytes(self._rest)
        self._rest.clear()
        return [self._line(raw)] if raw else []

    def _line(self, raw: bytes) -> Frame:
        _check(len(raw), self._max)
        first, self._first = self._first, False
        return Frame(raw, ((raw.removeprefix(_BOM) if first else raw).strip()) or None)


def _check(size: int, cap: int) -> None:
    if size > cap:
        raise ReplyError(f"one frame of the stream is longer than {cap} bytes")


def _event(raw: bytes, text: bytes) -> Frame:
    """Read the fields of one event, as the standard does. `id`, `retry` and comments only travel."""
    data: list[bytes] = []
    stray: list[bytes] = []
    event = b""
    for line in _LINE_END.split(text):
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            event = value.removeprefix(b" ")
        elif name not in _SILENT:
            stray.append(line)
    return Frame(
        raw,
        data=b"\n".join(data) if data else None,
        event=event.decode("utf-8", "replace") or None,
        stray=b"\n".join(stray),
    )
