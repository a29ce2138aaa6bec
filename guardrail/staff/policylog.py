"""Which policy was in force since when, in the log: a decision names it, this proves what it said."""

from __future__ import annotations

from hashlib import sha256

from guardrail.policy.model import Policy
from guardrail.policy.source import Source, canonical
from guardrail.store.base import Event

__all__ = ["LOADED", "policy_loaded"]

LOADED = "policy.loaded"


def policy_loaded(policy: Policy, source: Source, *, region: str, at: float) -> Event:
    """The event for a policy that was just taken into force, at a start or a reload.

    `region` is whom it is for; "" for everybody else. `sha256` is of all files behind it in
    canonical form: the packs in their order, then the resources, each ended by a newline.
    """
    files = (*source.packs, source.resources)
    content = "".join(canonical(file.root) + "\n" for file in files)
    return Event(
        id=f"{LOADED}.{region}.{policy.tag}.{at:.6f}",
        at=at,
        kind=LOADED,
        subject=policy.name,
        body={
            "name": policy.name,
            "revision": policy.revision,
            "sha256": sha256(content.encode()).hexdigest(),
            "region": region,
            "effective": policy.effective,
        },
    )
