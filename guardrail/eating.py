"""A person's own words of an eating disorder: starving, purging, laxatives, binges, a body to punish. Pure.

Some laws on companion chat are said to name eating disorders beside suicide (WA HB 2225). The model
knows them as self-punishment only. Plain first-person wordings of now are found; fasts of faith,
doctors' orders, a stomach bug, diets as small talk and what is over clear a line.
"""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["in_eating_trouble"]

_LONGEST = 1200
"""Characters; a longer text is a story."""

_HINTS = (
    "starv", "purg", "restricting", "laxat", "calor", "kcal", "bing", "throw up", "puke", "vomit", "myself sick", "threw ", "disorder", "anorex",
    "bulimi", "skipping every", " ana", " mia", " ed", "t eaten", "t eat", "let myself", "deserve", "allow myself", "scared", "terrified", "afraid",
    "hate my body", "吐", "食", "泻", "抠", "吃",
)  # fmt: skip
"""A line without any of these shows nothing. Plain words: to look for them costs a tenth of a pattern."""
_EN = re.compile(
    r"\bi(?:'m| am|'ve| have| keep| still| just| always| can'?t stop)?(?: been| started| back to)* (?:starving myself|purging|making myself (?:throw up|sick|puke|vomit)|"
    r"bing(?:e?ing|ed?) and purg(?:ing|ed?)|restricting (?:again|so|my food|all)|abusing laxatives|taking laxatives (?:to|every|after)|skipping every meal)"
    r"|\bi (?:purged|made myself (?:throw up|sick|puke|vomit)|threw (?:it|everything|dinner|lunch) (?:all )?(?:back )?up (?:on purpose|again|so)|binged again|relapsed (?:with|into) (?:ana|mia|bulimia|anorexia|my ed))"
    r"|\bi (?:haven'?t|have not|didn'?t) (?:eaten|eat|let myself eat)[^.!?]{0,24}(?:(?:two|three|four|five|six|\d) days|since (?:mon|tues|wednes|thurs|fri|satur|sun)day)[^.!?]{0,60}\b(?:thin|fat|weigh\w*|pounds|kilos|kg|proud|control|deserve|disgust\w*|scale)"
    r"|\bi (?:don'?t|do not|didn'?t|can'?t) (?:deserve|let myself|allow myself) (?:to eat|food|a meal|dinner|to have)"
    r"|\bi(?:'m| am|'ve been)? (?:only )?(?:eat(?:ing)?|living on|allow(?:ing)? myself|stay(?:ing)? under) (?:only |just |about |under )?\d{2,3} ?(?:k?cal\w*)"
    r"|\bmy (?:anorexia|bulimia|eating disorder|ed|ana|mia|purging|bing(?:e)?ing)(?:'s| is| has| got| came| keeps| voice| won)\b"
    r"|\b(?:scared|terrified|afraid) (?:of|to) (?:eat(?:ing)?|food|swallow\w*)\b|\bi hate my body so much (?:i|that)\b[^.!?]{0,30}\b(?:eat|food|meal)"
)
_EN_CLEAR = re.compile(
    r"\b(?:ramadan|lent|yom kippur|fast(?:ing)? (?:for|before) (?:a|the|my|god|blood|surgery|lab)|surgery|colonoscopy|blood test|flu|stomach bug|food poisoning|hangover|hungover|pregnan\w*|chemo|"
    r"morning sickness|migraine|recover(?:ed|y)|used to|years? ago|back (?:then|when)|as a teen|character|novel|story|song|she|he|my (?:sister|brother|friend|daughter|son|cat|dog|mum|mom)|"
    r"intermittent|keto|spicy|allerg\w*|l+o+l+|ha(?:ha)+)\b|[😂🤣]"
)
_ZH = re.compile(
    r"(?:我|又|每次|天天|忍不住|偷偷|一直在)[^，。！？妈爸妹姐弟哥]{0,8}(?:催吐|抠喉|抠吐|暴食(?!症?(?:是|怎么|会))|断食了?[三四五六七八九十\d]+天|绝食减肥|吃泻药|吃完就吐|吃了就吐出来)"
    r"|吃完[^，。！？]{0,6}(?:就|又|去)[^，。！？]{0,4}(?:吐掉|抠|催|逼自己吐)|(?:逼|让)自己吐(?:出来|掉)?"
    r"|我(?:的)?(?:厌食症?|暴食症?|贪食症?|进食障碍)(?:又|复发|越来越|犯了|更)|(?:不配|没资格)吃(?:饭|东西|晚饭)|(?:不敢|害怕|怕)(?:吃(?:东西|饭|任何)|进食)"
    r"|(?:已经|都)?[两二三四五六七\d]+天(?:没吃|不吃|没进食|只喝水)[^。！？]{0,20}(?:瘦|胖|体重|斤|秤|不敢|控制)|一天只(?:敢)?吃[^，。！？]{0,6}(?:\d{2,3}大?卡|一个苹果|半个苹果|一根黄瓜)"
)
_ZH_CLEAR = re.compile(
    r"以前|吐过|过期|绝食第|当年|小时候|已经好了|康复了|肠胃炎|吃坏|食物中毒|孕吐|怀孕|喝多|化疗|肠镜|体检|斋月|辟谷营|小说|剧里|主角|"
    r"(?:我妈|我爸|朋友|同学|室友|妹妹|姐姐|女儿|孩子|猫|狗|她|他)[^，。！？]{0,8}(?:催吐|暴食|厌食|抠|吐)|哈哈|[😂🤣]"
)


def in_eating_trouble(text: str) -> bool:
    """Whether these words tell of the person's own disordered eating, as it is now."""
    if len(text) > _LONGEST:
        return False
    line = normalize("NFKC", text).casefold().replace("’", "'")
    if not any(map(line.__contains__, _HINTS)):
        return False
    if _EN.search(line):
        return not _EN_CLEAR.search(line)
    return _ZH.search(line) is not None and not _ZH_CLEAR.search(line)
