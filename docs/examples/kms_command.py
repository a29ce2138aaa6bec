#!/usr/bin/env python3
"""A key command for `vault.kms_command`, to run as it is or to put your own service into.

    kms_command.py KEYFILE wrap      # base64 of a key on stdin -> base64 of the wrapped key
    kms_command.py KEYFILE unwrap    # and back

Here the "service" is a file with 32 bytes that lies apart from guardrail's data: on a stick, in a
mounted secret, on a host where another user runs this through sudo. With a key management service,
`wrap` and `unwrap` are one call to it each. Exit status 0 means that the answer is good; anything
else, or more than ten seconds, and no text of a case is kept or read.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


def wrap(service: AESGCM, key: bytes) -> bytes:
    """A nonce, and the key under it."""
    nonce = os.urandom(NONCE)
    return nonce + service.encrypt(nonce, key, b"guardrail vault")


def unwrap(service: AESGCM, box: bytes) -> bytes:
    """The key; raises if the box was made with another one, or changed."""
    return service.decrypt(box[:NONCE], box[NONCE:], b"guardrail vault")


if __name__ == "__main__":
    file, word = sys.argv[1:]
    work = {"wrap": wrap, "unwrap": unwrap}[word]
    given = base64.b64decode(sys.stdin.buffer.read())
    print(base64.b64encode(work(AESGCM(Path(file).read_bytes()), given)).decode())
