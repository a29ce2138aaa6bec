"""The folder of checkpoints: one small file for each, never overwritten.

A folder for each day, and in it a file named by the size of the log and the beginning of the note's
hash. The folder should lie where whoever can change the database cannot change it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from guardrail.errors import StoreError
from guardrail.staff.notes import Statement, Verifier, fingerprint, parsed, read_note
from guardrail.store.base import Checkpoint

__all__ = ["Folder", "Signed", "files", "place", "read_folder", "size_in_name", "write_note"]

SUFFIX = ".note"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint of the folder whose signature is right."""

    path: Path
    note: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Folder:
    """The checkpoints that were found, by size, and what is wrong with the others."""

    signed: tuple[Signed, ...]
    problems: tuple[str, ...]


def read_folder(folder: Path, keys: Sequence[Verifier], *, sparse: bool = False) -> Folder:
    """Read every note, and follow the chain from each to the one before it.

    `sparse`: the folder holds only some of them, so the chain may have gaps.
    """
    signed: dict[str, Signed] = {}  # a copy of a note beside it is no matter
    problems: list[str] = []
    for path in files(folder):
        try:
            note = path.read_bytes().decode()
            signed[note] = Signed(path, note, read_note(note, keys))
        except (OSError, ValueError) as error:
            problems.append(f"{path}: {_said(error)}")
    chain = sorted(signed.values(), key=lambda one: (one.statement.size, one.statement.at))
    before: Signed | None = None
    for one in chain:
        problems += _chained(before, one, sparse=sparse)
        before = one
    return Folder(tuple(chain), tuple(problems))


def place(checkpoint: Checkpoint) -> Path:
    """Where its note lies in the folder: a day, then its size and the beginning of its hash.

    Raises:
        StoreError: its note is none.
    """
    statement = parsed(checkpoint.note)
    if statement is None:
        raise StoreError("the database holds a checkpoint that is none")
    day = datetime.fromtimestamp(statement.at, UTC).date().isoformat()
    name = f"{checkpoint.size:012d}-{fingerprint(checkpoint.note)[:8]}{SUFFIX}"
    return Path(day, name)


def files(folder: Path) -> list[Path]:
    """The notes in a folder, by size."""
    return sorted(folder.rglob(f"*{SUFFIX}"), key=size_in_name)


def size_in_name(path: Path) -> int:
    """The size that a file's name says; it is believed only to find the newest."""
    digits = path.name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


def write_note(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk; two processes may write the same file."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)  # nothing in it is secret, and others are to read it
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _chained(before: Signed | None, one: Signed, *, sparse: bool) -> list[str]:
    size, previous = one.statement.size, one.statement.previous
    if before is not None and before.statement.size == size:
        return [f"there are two checkpoints of {size} events: {before.path}, {one.path}"]
    if sparse or previous == ("-" if before is None else fingerprint(before.note)):
        return []
    return [f"a checkpoint before {one.path} is missing, or another log's"]


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)
