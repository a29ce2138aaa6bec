"""What is forgotten of guardians when a link ends, and when the person is erased for whose sake it was.

Outside `guardlinks`, because a command that erases somebody has no portal. Every function may raise
`StoreError`; doing it twice changes nothing.
"""

from __future__ import annotations

import math

from guardrail.staff.guardcards import GuardCards
from guardrail.staff.guardlog import GuardLog
from guardrail.wards import LinkStatus

__all__ = ["GONE", "forget_unlinked", "forget_ward"]

GONE = (LinkStatus.REFUSED, LinkStatus.ENDED)


async def forget_ward(
    log: GuardLog, cards: GuardCards, ward: str, before: float = math.inf
) -> None:
    """End what links a person to guardians, and forget names and addresses.

    What was begun later stays: it belongs to somebody who came back.
    """
    for link in (await log.book()).of_ward(ward):
        if link.at > before:
            continue
        if link.status not in GONE:
            await log.add("ended", link, ward, {"by": "erased"})
        await cards.forget_link(link)
        await forget_unlinked(log, cards, link.guardian)


async def forget_unlinked(log: GuardLog, cards: GuardCards, guardian: str) -> None:
    """Forget where a guardian signs in who looks after nobody any more."""
    found = (await log.book()).of_guardian(guardian) if guardian else ()
    if all(one.status in GONE for one in found):
        await cards.forget(guardian)
