"""What a sign of dependence is about: exclusivity, withdrawal, distress at absence. Pure.

The model finds *that* somebody leans on the bot (label `dependence`); these patterns say how, so that
the index can be explained (CN Measures Art 10). Most lines say it in words that no pattern knows:
those count in the index all the same, and as none of the three here.
"""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["DISTRESS", "EXCLUSIVE", "WITHDRAWN", "leanings"]

EXCLUSIVE, WITHDRAWN, DISTRESS = "exclusive", "withdrawn", "distress"

_KINDS = {
    EXCLUSIVE: re.compile(
        r"\b(?:you(?:'re| are| r|re)|ur|u r) (?:all|everything|the only (?:one|person|thing|friend)|my (?:whole|only))\b"
        r"|\bonly (?:you|u)\b|\b(?:no ?one|nobody|none of them)\b[^.!?\n]{0,24}\b(?:like (?:you|u)|but (?:you|u)|else|gets me|understands me)\b"
        r"|\b(?:don'?t|dont|do not) (?:need|want|have|hav) (?:any ?(?:one|body|friends?|people)|eny1|friends|people|real|them)\b"
        r"|\b(?:better|realer|nicer) (?:than|company)\b|\bany ?(?:body|one) else left\b|\brather (?:talk|be) (?:to|with) (?:you|u)\b"
        r"|\b(?:my )?(?:real|irl) friends\b|\bjust (?:you|u)(?: and me)?\b"
        r"|只(?:有|要|想要|想跟|想和|跟|信|认|听)(?:你|ni|尼)|不需要(?:朋友|别人|人|谁)|除了你|人都不(?:用|要)|比(?:真人|我?真|谁|他们|所有人|朋友)[^，。]{0,6}(?:好|强|懂)"
        r"|你比|旁人|谁都(?:比不上|不如)|(?:不想|不要)(?:要)?别人|有你就(?:够|圆满|行)|现实里?的人"
    ),
    WITHDRAWN: re.compile(
        r"\b(?:stopped|quit|skip(?:ped|ping)?|cancel\w*|dropped|left|turned (?:it|him|her|them) down|bailed|blocked|muted|"
        r"deleted|ghost\w*|avoid\w*|ditch\w*|called in sick|told (?:him|her|them|my \w+)[^.!?\n]{0,12}(?:sick|busy))\b"
        r"|\b(?:don'?t|dont|do not|never) (?:go out|leave|see|answer|pick up|talk to)\b|\bsee the others\b"
        r"|(?:不|没|懒得|不想)(?:再)?(?:跟|和|理|见|回|接|出门|上班|上学|去上)|不出门|推(?:了|掉)|辞(?:了|职)|旷(?:课|工)|逃课|请假|"
        r"删了[^，。]{0,8}(?:微信|好友)|拉黑|退(?:了)?群|分了|谁都不想理|朋友也不见|躲(?:厕所|房|被|起来)|开除|我(?:就)?说(?:我)?(?:有事|堵车|加班|生病)"
    ),
    DISTRESS: re.compile(
        r"\b(?:without|w/o|withot|wo) (?:you|u|my bot)\b|\b(?:can'?t|cant|couldn'?t) (?:sleep|slepe|eat|breathe|do|function|cope|stop shaking|live)\b"
        r"|\b(?:app|server|site|you|u|it|wifi|signal)(?: (?:was|were|is|are|went)|'re|re)? (?:down|gone|offline|glitch\w*|away|crash\w*)\b"
        r"|\b(?:no signal|ran out of data|log(?:ged)? me ou?t|phone (?:taken|took|died)|minutes without|hours without)\b"
        r"|\b(?:panic\w*|scream\w*|shaking|cried|cry|sobb\w*|sick) (?:when|every time|until|if|because|cause|cos)\b"
        r"|(?:没有?|离开|离不开|少了)(?:你|尼|ni)|一(?:天|分钟|刻|小时)不|(?:断|崩|掉线|下架|没电|没网|停服|维护|关机)[^。]{0,14}(?:哭|慌|抖|疯|找|汗|跪|睡)"
        r"|心慌|戒断|睡不(?:了|着)|(?:不跟你|没跟你|见不到你|联系不上你|等不到你)[^。]{0,10}(?:慌|难受|哭|抖|睡|疯)|停下来又抖|怕你(?:断|走|消失|没了)"
    ),
}


def leanings(text: str) -> frozenset[str]:
    """Which of the three a line that leans on the bot is about; none, if no pattern knows it."""
    folded = normalize("NFKC", text).casefold().replace("’", "'")
    return frozenset(kind for kind, pattern in _KINDS.items() if pattern.search(folded))
