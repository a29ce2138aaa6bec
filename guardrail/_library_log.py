"""What libraries log, in lines like ours: one event, one line, and nothing that could quote a person.

A traceback shows the values that an error was about, and asyncio puts the error itself into its
message. So a line has the first line of what the library says, before anything is filled in, the
kind of the error, and where it was raised.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import structlog

__all__ = ["LibraryLines", "library_lines"]

log = structlog.get_logger("guardrail")

CLIENTS_OWN = frozenset({"Invalid HTTP request received.", "Unsupported upgrade request."})
"""What uvicorn says of a client's mistake: answered with 400 (and counted by the door), or harmless.
Anybody could fill a log with these."""

FRAMES = 4


class LibraryLines(logging.Handler):
    """Writes each record of the standard library's logging as one event."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        said = str(record.msg).strip().partition("\n")[0]
        if said in CLIENTS_OWN:
            return
        facts: dict[str, object] = {"logger": record.name, "said": said}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
            facts["kind"] = type(error).__name__
            facts["where"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write("library", **facts)


@contextlib.contextmanager
def library_lines() -> Iterator[None]:
    """Inside, warnings and errors of libraries come as lines of ours."""
    handler, root = LibraryLines(logging.WARNING), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
