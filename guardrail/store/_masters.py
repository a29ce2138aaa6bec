"""Master keys: they wrap the vault's data keys, and stand in a file, where a command may wrap them.

The file holds 32 bytes by chance, as they are; while keys rotate, two such keys, the newest first.
With a command it is text instead: a line for each key, its id and what the command made of it. So
the service behind the command is asked when a process starts and when keys rotate, never while
somebody waits for an answer.

Rules of this file:

1. A key is known by its *id*, which stands beside everything it wrapped; of the key it tells nothing.
2. Several may be known at a time. While keys rotate, the old one opens what the new one has not
   wrapped yet, and a process that meets an unknown id looks at the file again.
3. A key is on the disk before anything is wrapped with it: half a key would lose every text.
4. Neither keys nor what a command says ever reach a log or an exception.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.errors import VaultError
from guardrail.store._sealing import KEY, new_key, seal, unseal

__all__ = ["KeyRing", "Master", "UnknownMaster"]

WRAPPED = b"wrapped"
"""How a line begins whose key a command has wrapped."""
PLAIN = b"plain"
"""How a line begins whose key it has not: one from before there was a command."""


class UnknownMaster(VaultError):
    """There is no master key with this id here."""


@dataclass(frozen=True, slots=True)
class Master:
    """A master key: as it is, or as a command wrapped it."""

    id: str
    key: bytes = b""
    wrapped: bytes = b""

    @property
    def line(self) -> bytes:
        """How it stands in a file of lines."""
        word, raw = (WRAPPED, self.wrapped) if self.wrapped else (PLAIN, self.key)
        return b" ".join((word, self.id.encode(), base64.b64encode(raw))) + b"\n"


class KeyRing:
    """The master keys of one vault.

    `first`, `newer` and `retire` are called in the vault's thread, under its file's lock, so two
    processes that change the ring never undo one another.

    Args:
        path: the file; a new one is made with mode 0600.
        make: whether a first key may be made. Where somebody named the file, a missing one is
            rather a slip of the pen.
        command: wraps and unwraps: it gets `wrap` or `unwrap` as its last argument, base64 on
            stdin, and answers in base64. Empty: keys stand in the file as they are.
        seconds: how long the command may take.
    """

    def __init__(
        self,
        path: Path,
        *,
        make: bool = True,
        command: Sequence[str] = (),
        seconds: float = 10.0,
    ) -> None:
        self._path, self._make, self._command, self._seconds = path, make, command, seconds
        self._keys: dict[str, bytes] = {}  # those that are open
        self._opening: dict[str, asyncio.Task[None]] = {}

    # -- the ring ------------------------------------------------------------------------------

    async def made(self) -> Master:
        """A new key, which is not in the ring yet."""
        key = new_key()
        name = _id(key)
        wrapped = await self._ask("wrap", key) if self._command else b""
        self._keys[name] = key
        return Master(name, b"" if wrapped else key, wrapped)

    def first(self, spare: Master) -> str:
        """The id of the key to begin with; `spare` becomes it if there is no file."""
        if self._make and not self._path.exists():
            self._write([spare], first=True)
        return self._read()[0].id

    def newer(self, now: str, spare: Master | None) -> str:
        """The id of a key that is newer than `now`: one that stands before it, or `spare`."""
        ring = self._read()
        if spare is not None and ring[0].id == now:
            self._write([spare, *ring])
        return self._read()[0].id

    def retire(self, kept: str) -> None:
        """Forget every key but this one."""
        ring = self._read()
        left = [master for master in ring if master.id == kept]
        if left and left != ring:
            self._write(left)

    # -- its keys ------------------------------------------------------------------------------

    async def wrap(self, master: str, box: bytes) -> bytes:
        """`box`, wrapped with the key of this id; raises `UnknownMaster`."""
        return seal(await self._key(master), box, master.encode())

    async def unwrap(self, master: str, wrapped: bytes) -> bytes:
        """What the key of this id wrapped; raises `UnknownMaster`."""
        return unseal(await self._key(master), wrapped, master.encode())

    async def _key(self, name: str) -> bytes:
        if name not in self._keys:
            task = self._opening.get(name)
            if task is None:
                task = self._opening[name] = asyncio.ensure_future(self._open(name))
                task.add_done_callback(lambda done: self._opened(name, done))
            await asyncio.shield(task)  # who gives up waiting takes it from nobody else
        return self._keys[name]

    async def _open(self, name: str) -> None:
        ring = {master.id: master for master in await asyncio.to_thread(self._read)}
        if name not in ring:
            raise UnknownMaster(
                f"the master key {name} is not in {self._path}: restore the file from a backup"
            )
        key = ring[name].key or await self._ask("unwrap", ring[name].wrapped)
        if len(key) != KEY:
            raise VaultError("the key command answered with something else than the key")
        self._keys[name] = key

    def _opened(self, name: str, task: asyncio.Task[None]) -> None:
        del self._opening[name]
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody may be waiting any more

    # -- the file ------------------------------------------------------------------------------

    def _read(self) -> list[Master]:
        """Newest first, at least one.

        Raises:
            VaultError: the file is not there, or is no ring.
        """
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise VaultError(
                f"the master key {self._path} cannot be read ({error.strerror}): "
                "without it no text of a case can be read"
            ) from None
        ring = _lines(raw) if raw.startswith((WRAPPED, PLAIN)) else _bare(raw)
        if not ring:
            raise VaultError(f"{self._path} is no master key: 32 bytes by chance, as they are")
        if not self._command and any(master.wrapped for master in ring):
            raise VaultError(f"the master key in {self._path} is wrapped: set vault.kms_command")
        return ring

    def _write(self, ring: Sequence[Master], *, first: bool = False) -> None:
        """Put a whole file in place, on the disk, name and all; another's first key is left alone."""
        bare = all(master.key for master in ring)
        raw = b"".join(master.key if bare else master.line for master in ring)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=self._path.parent, prefix=".vault")  # mode 0600
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(raw)
                    file.flush()
                    os.fsync(file.fileno())
                if first:
                    with contextlib.suppress(FileExistsError):
                        os.link(name, self._path)
                else:
                    Path(name).replace(self._path)
            finally:
                Path(name).unlink(missing_ok=True)
            _settle(self._path.parent)
        except OSError as error:
            raise VaultError(
                f"the master key {self._path} cannot be written ({error.strerror})"
            ) from None

    # -- the command ---------------------------------------------------------------------------

    async def _ask(self, word: str, data: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                status, said = await _run((*self._command, word), base64.b64encode(data) + b"\n")
        except TimeoutError:
            raise VaultError(f"the key command took more than {self._seconds:g} s") from None
        except OSError as error:
            raise VaultError(f"the key command cannot be started ({error.strerror})") from None
        if status:
            raise VaultError(f"the key command failed to {word} (status {status})")
        found = _decoded(said.strip())
        if not found:
            raise VaultError("the key command did not answer in base64")
        return found


async def _run(command: Sequence[str], given: bytes) -> tuple[int, bytes]:
    """Status and output of a command. What it says on stderr is nobody's: it may hold a key."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=nothing)
    try:
        said, _ = await child.communicate(given)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return child.returncode or 0, said


def _bare(raw: bytes) -> list[Master]:
    if len(raw) % KEY or raw.isascii():  # 32 bytes by chance are none in four billion times
        return []
    return [_plain(raw[at : at + KEY]) for at in range(0, len(raw), KEY)]


def _lines(raw: bytes) -> list[Master]:
    found = [_line(line.split()) for line in raw.splitlines()]
    return [one for one in found if one is not None] if all(found) else []


def _line(parts: Sequence[bytes]) -> Master | None:
    match parts:
        case [word, name, coded] if raw := _decoded(coded):
            return (
                Master(name.decode("ascii", "replace"), wrapped=raw)
                if word == WRAPPED
                else _plain(raw)
            )
    return None


def _plain(key: bytes) -> Master:
    return Master(_id(key), key)


def _id(key: bytes) -> str:
    return hashlib.sha256(b"guardrail master key" + key).hexdigest()[:16]


def _decoded(coded: bytes) -> bytes:
    """Base64, or nothing."""
    try:
        return base64.b64decode(coded, validate=True)
    except binascii.Error:
        return b""


def _settle(folder: Path) -> None:
    """See to it that a new name in a folder outlives a power cut, too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
