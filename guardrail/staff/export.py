"""A piece of the audit log for somebody who need not believe us: events, proofs, how to check them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from guardrail.errors import StoreError
from guardrail.merkle import Tree, leaf_hash
from guardrail.staff.checkpoints import Signed
from guardrail.staff.notes import Verifier
from guardrail.store.leaves import entry
from guardrail.store.ledger import Ledger, Line, RawLeaf

__all__ = ["Proof", "Wanted", "write_export"]

README = """\
# An export of an audit log

* `events.jsonl`: one event a line, in the order of the log, none left out between the first and the
  last. `body` is the text as it was stored. An event that was purged has only `at`, `kind`, `digest`.
* `checkpoints/`: signed notes. Each says how many events the log had, and the root of their Merkle
  tree. `export.json` names the one that all proofs lead to.
* `key.txt`: the public key. Compare it with the one that you got before, in another way: whoever
  makes a false export can put a false key into it.
* `problems.txt`, if it is there: what the operator's own check of the whole log found.
* `check_export.py`: does what follows, with Python alone: `python check_export.py . PUBLIC-KEY`

## How to check it yourself

1. For each event, `digest` is the SHA-256 (hex) of the JSON object of `body`, `conversation`, `id`,
   `subject` and `user`, in canonical form (RFC 8785). `body` is a text in it, not an object.
2. Its leaf is SHA-256 of a zero byte and the canonical JSON object of `at`, `digest`, `kind`, `seq`.
3. `proof` leads from the leaf to the root in the checkpoint, as RFC 9162, 2.1.3.2 says. The leaf's
   index is `seq` - 1; the size of the tree is the second line of the note, the root its third
   (base64).
4. The signature in a note is Ed25519 over everything before the empty line, its newline included.
   In base64 after the name stand four bytes that name the key, then the signature. In `key.txt`, the
   key follows the second `+`: base64 of a byte 0x01 and the 32 bytes of the key. With openssl:

       printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000' > key.der
       cut -d+ -f3- key.txt | base64 -d | tail -c 32 >> key.der
       sed '/^$/,$d' checkpoints/N.note > text
       tail -n 1 checkpoints/N.note | cut -d' ' -f3 | base64 -d | tail -c 64 > signature
       openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature

The users and conversations in it are pseudonyms, keyed hashes. They are personal data all the same.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: events of this period (epoch seconds), up to `until` and not including it."""

    since: float
    until: float
    made_at: float
    version: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What `verify` found: checkpoints, by size, and the size of the newest that agrees.

    `key` is whose they are.
    """

    key: Verifier
    signed: Sequence[Signed]
    covered: int
    problems: Sequence[str] = ()

    @property
    def goal(self) -> Signed | None:
        """The checkpoint to which all proofs lead."""
        return next((one for one in self.signed if one.statement.size == self.covered), None)


def write_export(database: Path, out: Path, wanted: Wanted, proof: Proof) -> int:
    """Write a zip file, readable by its owner alone; say how many events are in it.

    All events from the first to the last of the period are in it, so that none can be left out
    unseen.

    Raises:
        StoreError: the database cannot be read, or holds what cannot be exported.
        OSError: the file cannot be written, or is there already.
    """
    with Ledger.open(database) as ledger:
        hashes, first, last = _looked_through(ledger, wanted)
        if len(hashes) < proof.covered:
            raise StoreError("leaves are missing; see `guardrail audit verify`")
        out.touch(mode=0o600, exist_ok=False)
        try:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                _describe(archive, wanted, proof, (first, last))
                tree = Tree(hashes)
                with archive.open("events.jsonl", "w", force_zip64=True) as file:
                    for line in ledger.lines():
                        if first <= line.seq <= last:
                            file.write(orjson.dumps(_plain(line, tree, proof.covered)) + b"\n")
        except (OSError, StoreError, TypeError) as error:
            out.unlink()  # half an export looks like a whole one
            if isinstance(error, TypeError):  # from orjson: a column holds what is no text
                raise StoreError("an event is damaged; see `guardrail audit verify`") from None
            raise
    return max(last - first + 1, 0)


def _describe(
    archive: zipfile.ZipFile, wanted: Wanted, proof: Proof, ends: tuple[int, int]
) -> None:
    """Everything but the events."""
    first, last = ends
    about = {
        "log": proof.key.name,
        "since": _day(wanted.since),
        "until": _day(wanted.until),
        "first": first,
        "last": last,
        "checkpoint": proof.goal.path.name if proof.goal else None,
        "made": _day(wanted.made_at),
        "by": f"guardrail {wanted.version}",
    }
    archive.writestr("README.md", README)
    archive.writestr("export.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))
    archive.writestr("key.txt", f"{proof.key}\n")
    script = Path(__file__).with_name("check_export.py")
    archive.writestr("check_export.py", script.read_bytes())
    for one in proof.signed:
        if one is proof.goal or first <= one.statement.size <= last:
            archive.writestr(f"checkpoints/{one.path.name}", one.note)
    if proof.problems:
        archive.writestr("problems.txt", "\n".join(proof.problems) + "\n")


def _looked_through(ledger: Ledger, wanted: Wanted) -> tuple[list[bytes], int, int]:
    """The leaf hashes up to the first that cannot be had; the first and the last event wanted."""
    hashes: list[bytes] = []
    first = last = 0
    for line in ledger.lines():
        leaf = _leaf(line)
        if line.seq == len(hashes) + 1:
            hashes.append(leaf_hash(entry(line.seq, leaf.at, leaf.kind, leaf.digest)))
        if wanted.since <= leaf.at < wanted.until:
            first, last = first or line.seq, line.seq
    return hashes, first or 1, last


def _plain(line: Line, tree: Tree, covered: int) -> dict[str, Any]:
    """One event as a line of the export."""
    event, leaf = line.event, _leaf(line)
    plain: dict[str, Any] = {"seq": line.seq, "at": leaf.at, "kind": leaf.kind}
    if event is not None:
        plain |= {
            "id": event.id,
            "subject": event.subject,
            "user": event.user,
            "conversation": event.conversation,
            "body": event.body.decode("utf-8", "replace") if event.typed else None,
        }
    plain["digest"] = leaf.digest.hex()
    proof = tree.inclusion(line.seq - 1, covered) if line.seq <= covered else None
    plain["proof"] = None if proof is None else [node.hex() for node in proof]
    return plain


def _leaf(line: Line) -> RawLeaf:
    if line.leaf is None or not line.leaf.typed:
        raise StoreError(f"event {line.seq} has no leaf; see `guardrail audit verify`")
    return line.leaf


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
