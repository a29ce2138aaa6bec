"""Checks an export of the audit log. Stands alone: Python 3.9 or newer, nothing of guardrail.

    python check_export.py FOLDER [PUBLIC-KEY]

FOLDER is the export, unpacked. Give the public key as you got it from the operator, not from the
export. Signatures are checked if the package `cryptography` is installed; README.md says how
openssl does it. Exit status: 0 everything agrees, 1 something does not, 2 it cannot be read.
"""

from __future__ import annotations

import base64
import json
import sys
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

EXPONENT = 1e21
DECIMAL = 1e-6


def number(value: float) -> str:
    """A number as RFC 8785, 3.2.2.3 writes it."""
    if value == int(value) and abs(value) < EXPONENT:
        return str(int(value))
    if DECIMAL <= abs(value) < 1:
        return format(Decimal(repr(value)), "f")
    digits, mark, exponent = repr(value).partition("e")
    return f"{digits}e{'+' if int(exponent) > 0 else ''}{int(exponent)}" if mark else digits


def canonical(fields: dict[str, Any]) -> bytes:
    """An object of texts, nulls and numbers as RFC 8785 writes it."""
    parts = []
    for key in sorted(fields):
        value = fields[key]
        plain = (
            number(value)
            if isinstance(value, (int, float))
            else json.dumps(value, ensure_ascii=False)
        )
        parts.append(f"{json.dumps(key)}:{plain}")
    return ("{" + ",".join(parts) + "}").encode()


def leaf_of(line: dict[str, Any]) -> bytes:
    """The leaf hash of an event; of a purged one, from the digest that was kept."""
    told = line["digest"]
    if "body" in line:
        names = ("body", "conversation", "id", "subject", "user")
        made = sha256(canonical({name: line[name] for name in names})).hexdigest()
        if made != told:
            raise ValueError("it does not agree with its digest")
    leaf = {"at": line["at"], "digest": told, "kind": line["kind"], "seq": line["seq"]}
    return sha256(b"\0" + canonical(leaf)).digest()


def root_of(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162, 2.1.3.2)."""
    first, last, found = index, size - 1, leaf
    for node in proof:
        if first & 1 or first == last:
            found = sha256(b"\1" + node + found).digest()
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + node).digest()
        first, last = first >> 1, last >> 1
    return found if last == 0 else b""


def signed(note: str, public_key: str) -> str:
    """Whether the key signed the note: "yes", "no", or why that cannot be said here."""
    name, _, key = public_key.strip().split("+", 2)
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        _, who, code = line.split(" ")
        if who == name:
            return answer(base64.b64decode(key)[1:], base64.b64decode(code)[4:], f"{text}\n")
    return "no"


def answer(key: bytes, signature: bytes, text: str) -> str:
    """Whether this is the key's signature under the text."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - may be missing
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        return "not checked: `cryptography` is not installed"
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
    except InvalidSignature:
        return "no"
    return "yes"


def check(folder: Path, public_key: str) -> list[str]:
    """Everything that is wrong, in words; empty if all agrees."""
    about = json.loads((folder / "export.json").read_text("utf-8"))
    wrong = [] if about["checkpoint"] else ["no checkpoint covers this export"]
    size, root = 0, b""
    for path in sorted((folder / "checkpoints").glob("*.note")):
        note = path.read_bytes().decode()
        by_key = signed(note, public_key)
        if by_key != "yes":
            wrong.append(f"{path.name}: signed by this key: {by_key}")
        if path.name == about["checkpoint"]:
            _, told, coded, *_ = note.split("\n")
            size, root = int(told), base64.b64decode(coded)
    expected = about["first"]
    with (folder / "events.jsonl").open(encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            if line["seq"] != expected:
                wrong.append(f"event {expected} is left out")
            expected = line["seq"] + 1
            wrong += checked(line, size, root)
    if expected != about["last"] + 1:
        wrong.append(f"it ends with {expected - 1}, not with {about['last']}")
    return wrong


def checked(line: dict[str, Any], size: int, root: bytes) -> list[str]:
    """What is wrong with one event."""
    if line["proof"] is None:
        return [f"event {line['seq']} is not covered by the checkpoint"]
    try:
        proof = [bytes.fromhex(node) for node in line["proof"]]
        agrees = root_of(leaf_of(line), line["seq"] - 1, size, proof) == root
    except (ValueError, KeyError, TypeError) as error:
        return [f"event {line['seq']}: {error}"]
    return [] if agrees else [f"event {line['seq']} is not the one that was signed"]


def main() -> int:
    """Run the check and say what came of it."""
    if not sys.argv[1:]:
        sys.stderr.write(__doc__ or "")
        return 2
    folder = Path(sys.argv[1])
    try:
        key = sys.argv[2] if sys.argv[2:] else (folder / "key.txt").read_text("utf-8")
        wrong = check(folder, key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"cannot be read: {error}\n")
        return 2
    sys.stdout.write("\n".join(wrong) + "\n" if wrong else "everything agrees\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
