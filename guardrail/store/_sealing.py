"""AES-256-GCM, and what each ciphertext is bound to (NIST SP 800-38D). Knows no file and no clock.

A sealed text is bound to everything that says whose it is and for how long it may be kept: a row
that is moved to another person, case or date opens no more.
"""

from __future__ import annotations

import hashlib
import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guardrail.errors import VaultError
from guardrail.vault import Text

__all__ = ["KEY", "bound", "boxed", "new_key", "seal", "unboxed", "unseal"]

KEY = 32
"""Bytes of a key."""
NONCE = 12
"""Bytes drawn anew for each ciphertext. One key seals some thousand texts, far below the 2**32 at
which random nonces may meet."""
MARK = 16
"""Bytes of the owner's mark beside a data key."""


def new_key() -> bytes:
    """A key by chance."""
    return secrets.token_bytes(KEY)


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """`plain`, which only `key` opens, together with the same `bound_to`."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """What was sealed.

    Raises:
        VaultError: it was changed or moved, or another key sealed it.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError):
        raise VaultError("a text or key in the vault was changed, or is another's") from None


def bound(text: Text) -> bytes:
    """What a text is bound to: all of its fields but the words. No field can run over into the next."""
    fields = (text.id, text.subject, text.owner, text.speaker.value)
    raw = [field.encode("utf-8", "surrogatepass") for field in fields]
    told = b"".join(len(field).to_bytes(4, "big") + field for field in raw)
    return b"guardrail text 1" + told + struct.pack(">dd?", text.at, text.until, text.train)


def boxed(key: bytes, owner: str) -> bytes:
    """A data key with its owner's mark, as a master key wraps it: it cannot become another's."""
    return key + _mark(owner)


def unboxed(box: bytes, owner: str) -> bytes:
    """The data key.

    Raises:
        VaultError: it is not this owner's.
    """
    if len(box) != KEY + MARK or not secrets.compare_digest(box[KEY:], _mark(owner)):
        raise VaultError("a data key in the vault is another owner's")
    return box[:KEY]


def _mark(owner: str) -> bytes:
    return hashlib.sha256(b"guardrail owner" + owner.encode("utf-8", "surrogatepass")).digest()[
        :MARK
    ]
