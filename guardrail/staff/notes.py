"""Checkpoints as signed notes: five lines and a signature, readable without us.

::

    guardrail/5b1f…            the log's name: it holds the beginning of the key's hash
    1234                       how many events
    qINS1GRF…                  root of the Merkle tree, base64
    time 2026-11-22T07:30:00Z
    previous 0f3c…             SHA-256 of the whole note before this one; "-" for the first

    — guardrail/5b1f… x9JqA…   four bytes that name the key, then the signature; base64

The form is that of C2SP's signed-note and tlog-checkpoint (Ed25519, type 0x01; the last two lines are
its extension lines), so the tools and witnesses of other transparency logs can read ours.
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from guardrail.errors import ConfigError, Mistake

__all__ = [
    "Signer",
    "Statement",
    "Verifier",
    "fingerprint",
    "parsed",
    "read_note",
    "signer",
    "stored_signer",
]

ED25519 = b"\x01"
"""The signature's type in C2SP's signed-note."""
MARK = "— "
CLOCK = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says. `at` is in whole epoch seconds, `previous` a hash in hex or "-"."""

    origin: str
    size: int
    root: bytes
    at: float
    previous: str

    @property
    def text(self) -> str:
        """The signed part of the note."""
        time = datetime.fromtimestamp(self.at, UTC).strftime(CLOCK)
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {time}\nprevious {self.previous}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: `name+keyid+key`, as C2SP's signed-note writes it."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read a public key as `guardrail audit public-key` prints it.

        Raises:
            ValueError: it is not one.
        """
        try:
            name, id_, key = text.strip().split("+", 2)
            raw = base64.b64decode(key, validate=True)
            found = cls(name, raw[1:])
            Ed25519PublicKey.from_public_bytes(found.key)
        except ValueError:
            raise ValueError("not a public key as `guardrail audit public-key` prints it") from None
        if raw[:1] != ED25519 or id_ != found.id.hex():
            raise ValueError("a public key with a mistake in it: copy it again")
        return found

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature under this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """The private key of a log."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        public = key.public_key().public_bytes_raw()
        self._key = key
        self.verifier = Verifier(f"guardrail/{sha256(public).hexdigest()[:16]}", public)

    def sign(self, size: int, root: bytes, at: float, previous: str) -> str:
        """The note that says what the log is. `previous` is the fingerprint of the note before."""
        text = Statement(self.verifier.name, size, root, at, previous).text
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n{MARK}{self.verifier.name} {signature}\n"


def fingerprint(note: str) -> str:
    """The hash by which the next note names this one."""
    return sha256(note.encode()).hexdigest()


def parsed(note: str) -> Statement | None:
    """What a note says, whoever signed it; None if it is no checkpoint."""
    text, found, _ = note.rpartition("\n\n")
    try:
        origin, size, root, time, previous = text.split("\n")
        at = datetime.strptime(time, f"time {CLOCK}").replace(tzinfo=UTC).timestamp()
        statement = Statement(
            origin, int(size), _decoded(root), at, previous.removeprefix("previous ")
        )
    except ValueError:
        return None
    return statement if found and statement.text == f"{text}\n" else None


def read_note(note: str, keys: Iterable[Verifier]) -> Statement:
    """What a note says, if one of the keys signed it. Signatures of others beside it are no matter.

    Raises:
        ValueError: it is no checkpoint, or not signed by any of the keys.
    """
    head, _, tail = note.rpartition("\n\n")
    text = head + "\n"
    statement = parsed(note)
    if statement is None:
        raise ValueError("not a checkpoint, or a torn one")
    signatures = [line.removeprefix(MARK).partition(" ") for line in tail.splitlines()]
    for key in keys:
        for name, _, coded in signatures:
            signature = _decoded(coded)
            if (name, signature[:4]) == (key.name, key.id) and statement.origin == key.name:
                if key.signed(text, signature[4:]):
                    return statement
                raise ValueError("the signature is wrong")
    raise ValueError(f"not signed by a key that was given, but for {statement.origin!r}")


def signer(path: Path) -> Signer:
    """The key in this file; made at the first start, readable by us alone (PEM, PKCS 8).

    Raises:
        ConfigError: the file holds no such key.
        OSError: it cannot be read or made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        new = Ed25519PrivateKey.generate()
        _write_once(path, new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return stored_signer(path)


def stored_signer(path: Path) -> Signer:
    """The key in this file, which is there.

    Raises:
        ConfigError: the file holds no such key.
        OSError: it cannot be read.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        hint = "restore it from a backup, or move it away: checkpoints go on with a new key"
        raise ConfigError([Mistake(str(path), 0, "is not a private Ed25519 key in PEM", hint)])
    return Signer(key)


def _write_once(path: Path, content: bytes) -> None:
    """Linked when it is whole and on the disk; another process may be quicker, and then wins."""
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # mode 0600
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
