"""One SQLite file, one thread, group commit. Knows nothing of what is stored.

Theory of operation. A commit that survives kill -9 and power loss waits for the disk (0.2 to 4 ms),
and SQLite has one writer at a time. So every call becomes a job in a queue. A single thread takes
all jobs that wait, runs them in *one* transaction, commits, and only then resolves their futures.
Under load, many turns share one wait for the disk; alone, a call waits for nobody else.

Rules of this file:

1. Only the thread touches the connection; only the event loop touches futures.
2. A future is resolved after COMMIT, never before: what a caller was told is on the disk.
3. All jobs of a transaction commit, or none: if one fails, all of it is undone, and then each runs
   in a transaction of its own. So work may run more than once, and changes nothing but the file.
4. What was accepted is carried out. A caller that is cancelled, or gives up after its deadline,
   stops waiting; its event is written all the same.
5. Every failure reaches its caller as a StoreError of its own; the next call tries again.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from guardrail.errors import StoreError

__all__ = ["MEMORY", "Worker", "explained"]

MEMORY = ":memory:"
GROUP = 512
"""Jobs per transaction: another process on the file waits for no more than these."""
WAITING = 10_000
"""Jobs that may wait. Beyond, the disk cannot keep up, and callers had better know."""
SHORT_WAIT = 8
"""Milliseconds of one wait for the lock: SQLite then asks after 1, 2 and 5."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(slots=True)
class _Job:
    """One call. `outcome` is what its caller will get: a value, or a StoreError to raise."""

    work: Work[Any]
    future: asyncio.Future[Any]
    writes: bool
    outcome: Any = None


class Worker:
    """Runs work on a database file, one piece after the other. Opens nothing until then.

    Args:
        path: the file, or `MEMORY`.
        busy_seconds: how long to wait for another process that holds the file's lock.
        prepare: called with each new connection; may raise StoreError.
        power_safe: whether a commit waits for the disk. Without it, what was acknowledged
            survives kill -9 all the same, but a power cut may take the last moments.
    """

    def __init__(
        self, path: str, busy_seconds: float, prepare: Work[None], *, power_safe: bool = True
    ) -> None:
        self._database = _Database(path, busy_seconds, prepare, power_safe=power_safe)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()  # puts callers of several loops before or after `close`
        self._thread: threading.Thread | None = None
        self._closed = False

    async def do(self, work: Work[T], *, writes: bool = True) -> T:
        """The result of `work`, durable if it writes.

        Raises:
            StoreError: it was not carried out.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._gate:
            if self._closed:
                raise StoreError("the store is closed")
            if self._jobs.qsize() >= WAITING:
                raise StoreError(f"the store cannot keep up: {WAITING} calls are waiting")
            self._jobs.put(_Job(work, future, writes))
            if self._thread is None:
                # A daemon: a process that forgets `close` can still end, and nothing that was
                # acknowledged depends on the thread any more.
                self._thread = threading.Thread(target=self._serve, name="store", daemon=True)
                self._thread.start()
        return await future

    async def close(self) -> None:
        """Finish what was accepted, then let go of the file. May be called twice."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)  # nothing comes behind it: the gate is shut
            thread = self._thread
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def _serve(self) -> None:
        more = True
        while more:
            jobs, more = _take(self._jobs)
            # Reads go first, outside the transaction: they need no lock and wait for no disk.
            for some in ([j for j in jobs if not j.writes], [j for j in jobs if j.writes]):
                self._database.run(some)
                _deliver(some)
        self._database.close()


def _take(queue: SimpleQueue[_Job | None]) -> tuple[list[_Job], bool]:
    """Wait for a job and take all that stand behind it; say whether more may come."""
    jobs: list[_Job] = []
    while (job := queue.get()) is not None:
        jobs.append(job)
        if len(jobs) == GROUP or queue.empty():
            return jobs, True
    return jobs, False


def _deliver(jobs: Iterable[_Job]) -> None:
    """Hand outcomes over, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = defaultdict(list)
    for job in jobs:
        by_loop[job.future.get_loop()].append(job)
    for loop, done in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, done)


def _resolve(jobs: Iterable[_Job]) -> None:
    for job in jobs:
        if job.future.done():  # its caller was cancelled
            continue
        if isinstance(job.outcome, StoreError):
            job.future.set_exception(job.outcome)
        else:
            job.future.set_result(job.outcome)


class _Database:
    """The connection, as the thread sees it: opened when needed, dropped when it fails."""

    def __init__(
        self, path: str, busy_seconds: float, prepare: Work[None], *, power_safe: bool
    ) -> None:
        self._path = path
        self._synchronous = "FULL" if power_safe else "NORMAL"
        self._busy_seconds = busy_seconds
        self._prepare = prepare
        self._open: sqlite3.Connection | None = None
        self._inode: int | None = None  # of the file that was first opened
        self._patience = 0  # the busy timeout of the open connection, in milliseconds

    def run(self, jobs: Sequence[_Job]) -> None:
        """Give every job its outcome. They are all readers, or all writers."""
        if not jobs:
            return
        failure = _fenced(lambda: self._run(jobs), self._path)
        if isinstance(failure, StoreError):
            self._recover()
            for job in jobs:  # one error for each: a traceback grows wherever it is raised
                job.outcome = StoreError(str(failure))
                job.outcome.__cause__ = failure.__cause__

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            with suppress(sqlite3.Error):
                self._open.close()
            self._open = None

    def _run(self, jobs: Sequence[_Job]) -> None:
        db = self._connection()
        if jobs[0].writes:
            self._wait_for(db, SHORT_WAIT)
            _lock(db, self._busy_seconds)
            if not _commit(db, jobs, self._path) and len(jobs) > 1:
                for job in jobs:
                    self.run((job,))
            return
        self._wait_for(db, round(self._busy_seconds * 1000))
        for job in jobs:
            job.outcome = _attempt(db, job, self._path)

    def _connection(self) -> sqlite3.Connection:
        if self._inode is not None and not self._in_place():
            # What we write to a file that is gone is lost, and opening its successor beside the
            # old -wal would mix the two: only a restart is safe.
            raise StoreError(f"{self._path} was moved or replaced while in use: restart")
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> sqlite3.Connection:
        if self._path != MEMORY:
            _create(Path(self._path))
        db = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
        try:
            _to_wal(db, self._busy_seconds)
            db.execute(f"PRAGMA synchronous = {self._synchronous}")
            self._prepare(db)
        except (sqlite3.Error, StoreError):
            db.close()
            raise
        self._patience = round(self._busy_seconds * 1000)
        if self._path != MEMORY:
            self._inode = Path(self._path).stat().st_ino
        return db

    def _wait_for(self, db: sqlite3.Connection, milliseconds: int) -> None:
        """Say how long SQLite itself waits for a lock. Said once: who reads does not write here."""
        if self._patience != milliseconds:
            db.execute(f"PRAGMA busy_timeout = {milliseconds}")
            self._patience = milliseconds

    def _in_place(self) -> bool:
        """Whether the file at our path is still the one we opened (2 µs, once per commit)."""
        try:
            return os.stat(self._path).st_ino == self._inode  # noqa: PTH116 - a third of the time
        except FileNotFoundError:
            return False

    def _recover(self) -> None:
        """Undo what is half done, and drop a connection that may be beyond repair."""
        if self._open is None:
            return
        with suppress(sqlite3.Error):
            if self._open.in_transaction:
                self._open.execute("ROLLBACK")
        if self._path != MEMORY:  # there, the connection *is* the database
            self.close()


def _create(path: Path) -> None:
    """Make sure the file is there; a new one is readable by nobody else.

    SQLite would follow the umask; its -wal and -shm files copy the mode of this one. A file that
    exists is not even opened here: closing it would drop every lock that this process has on it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)


def _to_wal(db: sqlite3.Connection, seconds: float) -> None:
    """Switch to the write-ahead log, which SQLite refuses at once while another does the same.

    Its busy timeout does not cover this step; two that open a new file together would meet here.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(SHORT_WAIT / 1000)
        else:
            return


def _lock(db: sqlite3.Connection, seconds: float) -> None:
    """Begin a transaction, waiting for the write lock before anything is read.

    SQLite's own wait backs off to steps of 100 ms and keeps losing the lock to busy neighbours.
    Four processes at full load waited up to 0.8 s; asking in short waits, up to 0.2 s. Whoever
    holds this lock waits for no other: in WAL mode, readers are in nobody's way.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        else:
            return


def _commit(db: sqlite3.Connection, jobs: Sequence[_Job], path: str) -> bool:
    """Run jobs in the open transaction and make their work durable; undo it if one of them fails."""
    for job in jobs:
        job.outcome = _attempt(db, job, path)
        if isinstance(job.outcome, StoreError):
            if db.in_transaction:  # on a full disk SQLite may have undone it by itself
                db.execute("ROLLBACK")
            return False
    db.execute("COMMIT")
    return True


def _attempt(db: sqlite3.Connection, job: _Job, path: str) -> Any:
    return _fenced(lambda: job.work(db), path)


def _fenced(work: Callable[[], T], path: str) -> T | StoreError:
    """What `work` returns, or what it died of: a bug in one call must not end the thread."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - not swallowed: the caller gets it
        return explained(error, path)


_REASONS = {
    sqlite3.SQLITE_BUSY: "another process holds the lock of {} for too long",
    sqlite3.SQLITE_LOCKED: "another process holds the lock of {} for too long",
    sqlite3.SQLITE_FULL: "the disk is full, and {} cannot grow",
    sqlite3.SQLITE_IOERR: "the disk of {} cannot be read or written",
    sqlite3.SQLITE_CORRUPT: "{} is damaged: restore it from a backup",
    sqlite3.SQLITE_NOTADB: "{} is not a SQLite database, or is damaged",
    sqlite3.SQLITE_CANTOPEN: "{} cannot be opened: check the path and its permissions",
    sqlite3.SQLITE_READONLY: "{} cannot be written: check its permissions",
}


def explained(error: Exception, path: str) -> StoreError:
    """What a caller is told: our words and SQLite's, never a value that was to be stored."""
    if isinstance(error, StoreError):
        return error
    told = StoreError(f"the store failed: {type(error).__name__}")
    if isinstance(error, sqlite3.Error | OSError):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # higher bits only tell variants apart
        reason = _REASONS.get(code, "the store in {} failed").format(path)
        told = StoreError(f"{reason} ({error})")
    told.__cause__ = error
    return told
