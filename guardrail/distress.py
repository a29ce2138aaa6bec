"""Panic, rage, despair and crying that will not stop, in a person's own words. Pure.

CN Measures Art 13 asks for comfort, and for a word towards help, when somebody is in extreme emotion;
that is less than a crisis, and common. Only plain first-person wordings of now are found, since a
notice that calms somebody who is fine mocks them: laughter beside it, running, heat and a crashed
computer clear a line. What points to self-harm is the model's affair, not this one's.
"""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["in_distress"]

_LONGEST = 600
"""Characters; a longer text is a story, and the end of it tells how they are."""

_EN = re.compile(
    r"\b(?:"
    r"(?:having|getting|in the middle of|mid) (?:a |an |another )?(?:\w+ ){0,3}(?:panic|anxiety) ?attack"
    r"|(?:panic|anxiety) attack (?:rn|right now|again|and i)"
    r"|i(?:'?m| am| keep) (?:just |literally |so |still |really )*"
    r"(?:panicking|hyperventilating|sobbing|spiral(?:l)?ing|breaking down|falling apart|melting down)"
    r"|(?:can(?:'?t|not)|won'?t) (?:seem to )?stop (?:crying|shaking|sobbing|trembling|screaming)"
    r"|(?:having|on the (?:edge|verge) of) (?:a |another )?(?:\w+ )?(?:breakdown|meltdown)"
    r"|i can(?:'?t|not) (?:even )?breathe(?= (?:and|my|i'?m|i think|anymore|right|properly)|[\s.!?…]*$)"
    r"|my (?:heart|chest) (?:is|keeps|won'?t stop|feels like it'?s) (?:racing|pounding|hammering|exploding|so tight)"
    r"|i'?m shaking (?:so (?:bad|hard|much)|all over|and|with)"
    r"|so (?:angry|furious|mad|full of rage) (?:that )?(?:i|my)(?:'?m| am| could| can| want| feel| hands?)"
    r"|(?:rage|anger) (?:is |just )?(?:eating me|won'?t (?:stop|leave)|taking over)"
    r"|(?:lost|losing|given up) (?:all|every) (?:of my )?hope|(?:feel|feeling|it'?s all) (?:so |completely |just )?hopeless"
    r"|there(?:'?s| is) no hope (?:left|for me|any ?more)"
    r"|everything (?:is|has|'?s) (?:falling apart|ruined|collapsing|too much)"
    r"|at my breaking point|hit (?:my )?rock bottom|end of my (?:rope|tether)"
    r"|i (?:just )?(?:feel like|want to|need to) scream(?:ing)? (?:until|and|so|into)"
    r")\b"
)
_SIGNS_EN = (
    *(
        "attack",
        "panick",
        "hyperventil",
        "sobbing",
        "spiral",
        "down",
        "falling",
        "stop ",
        "breathe",
    ),
    *("my heart", "my chest", "shaking", "so angry", "so furious", "so mad", "so full", "rage"),
    *("anger", "hope", "everything", "breaking point", "rock bottom", "end of my", "scream"),
)
"""One of these is in every line that `_EN` finds something in: looked for first, in a fifth of the time."""
_EN_CLEAR = re.compile(
    r"\b(?:l+o+l+|lmao|lmfao|rofl|ha(?:ha)+|hehe|jk|laugh\w*|hilarious|funny|giggl\w+|humid\w*|smog|perfume|corset|"
    r"mask|stairs|treadmill|sprint\w*|stuffy|blocked nose|my nose|tight dress|episode|season|finale|concert|album|"
    r"my (?:sister|brother|mum|mom|dad|friend|mate|dog|cat|kid|son|daughter|wife|husband|boss) (?:is|was|had|keeps))\b"
    r"|[😂🤣😆😹]"
)
_ZH = re.compile(
    r"惊恐发作|恐慌发作|焦虑(?:又)?发作|过呼吸|呼吸(?:不过来|不上来|困难)|喘不(?:上|过)来?气|透不过气"
    r"|(?:一直|控制不住|停不下来|止不住|忍不住一直|不停)[地的在]*(?:哭|发抖|流泪|掉眼泪|尖叫)"
    r"|哭[得到](?:停不下来|喘不[上过]来?气|发抖|浑身|快晕|撕心裂肺|崩溃)|眼泪(?:一直|止不住|停不下来|不停)"
    r"|(?:浑身|全身|手|整个人)(?:一直|都)?在?发抖(?:停不下来|个不停|得)?"
    r"|(?:整个人|情绪|精神|彻底|快要?|真的要?|已经|又|我要?)崩溃"
    r"|(?:好|很|彻底|特别|真的|太|一片|只有|只剩)绝望|绝望[透极]了|看不到(?:一点|任何)?希望"
    r"|气[得到](?:浑身|全身|手|我)?(?:都在?)?(?:发抖|抖|想砸|砸东西|心口疼)|怒火(?:压不住|攻心)|想砸(?:东西|烂|了)"
    r"|(?:心跳|心脏)(?:得)?(?:快要|要|都要)(?:跳出来|炸|爆)|感觉(?:自己)?(?:快|要)(?:窒息|疯掉|失控)|情绪失控"
)
_ZH_CLEAR = re.compile(
    r"哈哈|笑[死到得不]|嘿嘿|嘻嘻|[😂🤣😆]|口罩|跑步|爬楼|爬山|健身|撸铁|太热|闷热|感冒|鼻塞|香水|"
    r"(?:系统|服务器|程序|代码|电脑|手机|网站|网络|股市|大盘|软件|游戏|页面)[^，。]{0,4}崩|大结局|演唱会|这部?剧|看哭|"
    r"(?:我妈|我爸|朋友|同学|室友|老板|同事|孩子|儿子|女儿|狗|猫|她|他)[^，。！]{0,6}(?:崩溃|发抖|在哭|一直哭|惊恐|绝望)"
)


def in_distress(text: str) -> bool:
    """Whether these words say that the person is beside themselves now."""
    if len(text) > _LONGEST:
        return False
    line = normalize("NFKC", text).casefold().replace("’", "'")
    if line.isascii():
        return _says_en(line) and not _EN_CLEAR.search(line)
    found = _ZH.search(line) is not None or _says_en(line)
    return found and not (_ZH_CLEAR.search(line) or _EN_CLEAR.search(line))


def _says_en(line: str) -> bool:
    return any(map(line.__contains__, _SIGNS_EN)) and _EN.search(line) is not None
