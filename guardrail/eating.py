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
    "starv", "purg", "restricting", "laxat", " cal", "calor", "kcal", "bing", "throw up", "puke", "vomit", "myself sick", "threw ", "disorder", "anorex",
    "bulimi", "skipping every", " ana", " mia", " ed", "t eaten", "t eat", "let myself", "deserve", "allow myself", "scared", "terrified", "afraid",
    "hate my body", "hated myself", "burn it", "no food", "flush", "thinks i", "think i", "chew", "weigh", "make myself", "making myself", "skipp", "living on", "surviving on", "lived on", "斤", "饭", "靠", "吐", "卡", "厌", "嚼", "食", "泻", "抠", "吃",
)  # fmt: skip
"""A line without any of these shows nothing. Plain words: to look for them costs a tenth of a pattern."""
_FROM = r"(?:^|[.,;:!?\n(]\s*|\b(?:and|but|so|then|just|still|also|been|keep|can'?t stop|back to|i'm|i|am)\s+)"
"""Where a clause of one's own begins: many write without "i"."""
_DAYS = r"(?:two|three|four|five|six|seven|\d) days|a (?:whole )?week|since (?:mon|tues|wednes|thurs|fri|satur|sun)day"
_BODY = r"\b(?:thin\w*|fat|weigh\w*|pounds|kilos|kgs?|lbs?|proud|control|deserve|disgust\w*|scale|light(?:er)?|flat|ribs|bones|powerful|los(?:e|t|ing)|skinn\w*)\b"
_FEW = r"(?:only |just |like |about |around |under |max )*(?<!\d)\d{2,3} ?k?cal\w*"
_SORTED = r"(?! (?:my|the|our|old|some|all|out|his|her|every)\b(?! (?:food|meals?|dinner|lunch|breakfast|single|time|day|night)))"
"""Who purges a closet."""
_EN = re.compile(
    rf"\bi(?:'m| am|'ve| have| keep| still| just| always| can'?t stop)?(?: been| started| back to)* (?:starving myself|purging{_SORTED}|making myself (?:throw up|sick|puke|vomit)|"
    r"bing(?:e?ing|ed?) and purg(?:ing|ed?)|restricting (?:again|so|my food|all)|abusing laxatives|taking laxatives (?:to|every|after)|skipping every meal)"
    rf"|\bi (?:purged{_SORTED}|made myself (?:throw up|sick|puke|vomit)|threw (?:it|everything|dinner|lunch) (?:all )?(?:back )?up (?:on purpose|again|so)|binged again|relapsed (?:with|into) (?:ana|mia|bulimia|anorexia|my ed))"
    rf"|{_FROM}(?:(?:haven'?t|have not|didn'?t) (?:eaten|eat|let myself eat)|no food|not eaten|nothing eaten|living on \w+)[^.!?]{{0,24}}(?:{_DAYS})[^.!?]{{0,60}}{_BODY}"
    rf"|{_FROM}(?:don'?t|do not|didn'?t|can'?t) (?:deserve|let myself|allow myself) (?:to eat|food|a meal|dinner|lunch|breakfast|to have)"
    rf"|\b(?:let|letting|allow(?:ed|ing)?|limit(?:ed|ing)?|restrict(?:ed|ing)?|kept|keep(?:ing)?) myself (?:to |at |under |have |eat )*{_FEW}"
    rf"|{_FROM}(?:only )?(?:eating|living on|staying under|stay under|eat only|live on) {_FEW}|\bate (?:only |just |under |like )*\d{{2,3}} ?k?cal\w* (?:all day|today|total|and)"
    r"|\bmy (?:anorexia|bulimia|eating disorder|ed|purging|bing(?:e)?ing)(?:'s| is| has| got| came| keeps| voices?| brain| thoughts| won| relapse)\b|\bmy (?:ana|mia) (?:voice|brain|thoughts)\b|\b(?:ana|mia) is back(?! from)"
    rf"|{_FROM}(?:anorexia|bulimia|eating disorder|ed) (?:relapse|is back|came back|won|brain|thoughts|voice)\b"
    rf"|{_FROM}(?:purg(?:ed|ing)|bing(?:e?ing|ed?) and purg(?:ed?|ing))(?=\s*(?:$|[.,;!?]|again|once|twice|three|four|\d|today|tonight|after|every|all day|dinner|lunch|so|since|until|at (?:work|school)))"
    r"|\bbing(?:e?ing|ed?)\b[^.!?]{0,40}\b(?:puk(?:e|ing)|throw(?:ing)? up|purg(?:e|ing)|vomit(?:ing)?)\b|\blaxatives? (?:again|tonight|every (?:night|day)|after every)\b|\bflush(?:ing|ed)? my (?:dinner|food|lunch|meals?)\b"
    r"|\bso (?:mom|mum|dad|they|everyone|my (?:mom|mum|dad|parents|husband|wife|sister|roommate)) thinks? i (?:ate|eat)\b"
    r"|\bstarving myself\b|\bmak(?:e|ing) myself (?:throw up|puke|vomit|sick(?! (?:with|over|about|from|worr|on\b)))"
    r"|\bthrew (?:it |everything )?up\b[^.!?]{0,24}\b(?:on purpose|so (?:i|it) (?:don'?t|won'?t|wouldn'?t|didn'?t|doesn'?t|can))"
    r"|\bchew(?:ing|ed)?(?: (?:and|&|n) |/)spit(?:ting)?\b|\bchew(?:ing|ed)? (?:up )?(?:all )?(?:my )?(?:food|meals?|dinner|lunch|everything)\b[^.!?]{0,12}\bspit(?:ting)? (?:it|everything|them) out"
    r"|\bate\b[^.!?]{0,40}\b(?:hate[ds]? myself|disgusted with myself|(?:have|need) to (?:burn|work|run) (?:it|that|this) (?:all )?off|(?:need|have|want) to purge)"
    rf"|\b(?:living|lived|surviving) on (?:just |only |nothing but )?(?:coffee|gum|water|diet \w+|ice|tea|celery|apples?|energy drinks)\b[^.!?]{{0,40}}{_BODY}"
    r"|\bweigh(?:ed|ing)? myself (?:like |over )?(?:\d+|five|six|seven|eight|nine|ten|twenty|a dozen|dozens of|so many) times (?:(?:a|every|each) day|today|this morning)"
    rf"|{_FROM}restricting (?:again|so hard|my food|all day)\b|\bskip(?:ping|ped) (?:every |all )?(?:dinner|lunch|breakfast|meals?)\b[^.!?]{{0,40}}\b(?:thighs?|thin\w*|skinn\w*|bones|collarbones?|deserve|disgust\w*)\b"
    r"|\b(?:scared|terrified|afraid) (?:of|to) (?:eat(?:ing)?|food|swallow(?:ing)? (?:food|anything))\b|\bi hate my body so much (?:i|that)\b[^.!?]{0,30}\b(?:eat|food|meal)"
)
_EN_CLEAR = re.compile(
    r"\b(?:ramadan|lent|yom kippur|fast(?:ing)? (?:for|before) (?:a|the|my|god|blood|surgery|lab)|surgery|colonoscopy|blood test|flu|stomach bug|food poisoning|hangover|hungover|pregnan\w*|chemo|"
    r"morning sickness|migraine|recover(?:ed|y)(?![^.!?]{0,60}\b(?:again|tonight|today|relaps\w*|slipped))|used to|years? ago|back (?:then|when)|as a teen|character|novel|story|song|(?:she|he|they|(?:my|the) (?:sister|brother|friend|daughter|son|cat|dog|mum|mom|baby|toddler|puppy|kid|roommate))(?:'s|'ve)? (?:\w+ ){0,4}?(?:anorex\w*|bulimi\w*|starv\w*|purg\w*|hasn'?t|haven'?t|eat|ate|eaten|bing\w*|threw|throw\w*|chew\w*|restrict\w*|won'?t)|"
    r"intermittent|keto|spicy|allerg\w*|not starving|stopp?(?:ed|ing) (?:starving|purging)|drunk|drinking|vodka|wine|erect\w*|viagra|libido|tobacco|gum and spit\w*|seeds|closet|inbox|files|cache|logs?|servers?|photos|l+o+l+|ha(?:ha)+)\b|[😂🤣]"
)
_FEW_ZH = r"(?<![千\d])(?:\d{2,3}|[一两二三四五六七八九](?:百(?:[一二三四五六七八九]十?|多|来)?|十))(?:多|来)?(?:大卡|千卡|卡(?:路里)?)(?!的)"
_ZH = re.compile(
    r"(?:我|又|每次|天天|忍不住|偷偷|一直在)[^,，。!！?？妈爸妹姐弟哥]{0,8}(?:催吐|抠喉|抠吐|暴食(?!症?(?:是|怎么|会))|断食了?[三四五六七八九十\d]+天|绝食减肥|吃泻药|吃完就吐|吃了就吐出来)"
    r"|吃完[^,，。!！?？]{0,6}(?:就|又|去)[^,，。!！?？]{0,4}(?:吐掉|抠|催|逼自己吐)|(?:逼|让)自己吐(?:出来|掉)?"
    r"|(?:我的?|^|[,，。!！?？\s]|又)(?:神经性)?(?:厌食|暴食|贪食)症?(?:又|已经|好像|也)*(?:复发|越来越|犯|更|来了|怎么也|发作|回来|好不了|加重)|(?:我的?|^|[,，。\s])进食障碍(?:又|复发|越来越|犯|更|回来)|又(?:开始)?(?:厌食|催吐|暴食)了"
    r"|催吐(?:已经|也|都|真的|根本|又)*(?:停不下来|戒不掉|上瘾|[一两二三四五六七八九十\d]+(?:次|年|个月))|(?:每天|天天|今天|昨晚|刚刚?|又|每次|饭后|暴食完|吃完)(?:都|就|又|去|在|会|得)*催吐|催吐完"
    r"|嚼吐|嚼(?:完|了|碎|几下)就?吐(?:掉|出来|了)|看[到见](?:米饭|饭|肉|吃的|食物|主食|碳水)就(?:怕|害怕|恐惧|想哭|慌|发抖|恐慌)|(?:吃完|想|又)[^,，。!！?？]{0,6}抠(?:嗓子|喉)"
    rf"|(?:一天|每天|今天|全天|天天)[^,，。!！?？餐饭]{{0,4}}?(?:只|就|才|最多|不超过|控制在)+(?:能|敢|允许自己|让自己)?(?:吃|摄入|喝)?了?{_FEW_ZH}|(?:一天|每天|天天)(?:吃|摄入)?(?<![千\d])(?:[1-5]\d\d|[一两二三四五]百[一二三四五六七八九多来]?十?)(?:大卡|千卡)(?!的)|泻药[^。!！?？]{{0,16}}(?:瘦|减肥|体重|胖)"
    r"|(?:不配|没资格)吃(?:饭|东西|晚饭)|(?:一吃|吃一口|每次吃|吃什么都|只要吃)[^,，。!！?？]{0,6}(?:罪恶|恨自己|恶心自己)|饭(?:都|偷偷)*倒(?:掉|了)[^。!！?？]{0,10}以为我吃|连续[^,，。!！?？]{0,4}暴食|吃完饭?就(?:跑|去)[^,，。!！?？]{0,4}吐(?!槽)|靠(?:黑?咖啡|喝?水|黄瓜|代餐)撑了?[^,，。!！?？]{0,4}[三四五六七\d]天[^。!！?？]{0,10}[瘦斤]|没敢吃[^。!！?？]{0,8}(?:长肉|胖)|(?<![百\d])(?:[五六七]十[一二三四五六七八九]?|八十|[5-7]\d|80)斤[^。!！?？]{0,12}[还想][^。!！?？]{0,4}瘦|(?:不敢|害怕|怕)(?:吃(?:东西|饭|任何)|进食)"
    r"|(?:已经|都)?(?:[两二三四五六七\d]+|好几|几)天(?:都)?(?:没吃|不吃|没进食|只喝水)[^。!！?？]{0,20}(?:瘦|胖|体重|斤|秤|不敢|控制|肋骨|锁骨|骨头)|一天只(?:敢)?吃[^,，。!！?？]{0,6}(?:\d{2,3}大?卡|一个苹果|半个苹果|一根黄瓜)"
)
_ZH_CLEAR = re.compile(
    r"以前|吐过|过期|绝食第|当年|小时候|已经好了|康复了(?![^。]{0,16}(?:又|复发))|误食|中毒|洗胃|晕车|口香糖|甘蔗|槟榔|嚼不动|太硬|难吃|不暴|肠胃炎|吃坏|食物中毒|孕吐|怀孕|喝多|化疗|肠镜|体检|斋月|辟谷营|小说|剧里|主角|"
    r"(?:我妈|我爸|朋友|同学|室友|妹妹?|姐姐?|弟弟|哥哥|女儿|儿子|孩子|宝宝|奶奶|爷爷|老婆|老公|闺蜜|学生|猫|狗|她|他)[^,，。!！?？]{0,8}(?:催吐|暴食|厌食|贪食|抠|吐|没吃|不吃|绝食)|哈哈|[😂🤣]"
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
