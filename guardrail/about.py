"""Whose suicide a line speaks of: somebody else's danger, a loss, or a piece of fiction. Pure.

The model finds *that* a line is about it; worry about a friend, grief and a novel need other words
than a person in crisis. Patterns find the plain cases, in English and Chinese.

Three promises of this file:

1. The first person wins. A line that has any sign of the speaker's own ("and so do I", "I can't go
   on", "我也不想活了"), or speaks of it in words that nobody else owns, is no such case: the ladder
   of a crisis answers it. So is a question for a method, and "asking for a friend".
2. In doubt, the ladder. Verbs of wanting count as a sign unless they are of helping, telling,
   understanding: a kind word too many costs less than a crisis that was taken for a story.
3. No context, no memory: a line is all that is looked at. Who calls decides about the rest.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from guardrail.turn import State

__all__ = ["LONGEST", "about"]

LONGEST = 600
"""Characters; a longer text says too much for one word about it."""

# ── English ──────────────────────────────────────────────────────────────────────────────────────

_PEOPLE = (
    r"friend|bestie|bff|mate|buddy|room ?mate|flat ?mate|house ?mate|class ?mate|team ?mate|"
    r"co-?worker|colleague|neighbou?r|boss|teacher|student|pupil|patient|client|girl ?friend|"
    r"boy ?friend|gf|bf|ex|partner|wife|husband|fianc[eé]e?|mom|mum|mother|dad|father|parent|"
    r"sister|sis|brother|bro|twin|cousin|aunt|auntie|uncle|niece|nephew|son|daughter|kid|child|"
    r"grand(?:ma|pa|mother|father|son|daughter|child)|step\w+|crush|singer|actor|actress|idol|"
    r"streamer|youtuber|pal|roomie|hubby|nan|nana|gran|granny|bloke|lad|coach|pastor|girl|boy|guy|man|woman|lady|person"
)
_WHO = (
    rf"\b(?:my|our|a|an|this|that|his|her|their|one of my)\s+(?:[\w'-]+\s+){{0,3}}?(?:{_PEOPLE})s?\b"
    r"|\b(?:someone|somebody)\b|\b(?:he|she|they|his|her|their|him|them)\b"
)
_OWN_SELF = r"(?:him|her|them)(?:self|selves)"
_THEIRS = r"(?:his|her|their)"
_LIVE = r"(?:live|be here|be alive|exist|wake up)"
# What only somebody else can be the subject of; and what stands without any, so that its owner has
# to stand right before it: "my friend left, suicidal again" is the speaker's own.
_SURELY = (
    rf"(?:kill|hang|shoot|hurt|harm|cut|starv|poison|drown)\w* {_OWN_SELF}|"
    rf"(?:hung|shot) {_OWN_SELF}|(?:commits|committed) suicide|died (?:by|of|from) suicide|"
    rf"end(?:s|ed|ing)? {_THEIRS}(?: own)? life|t(?:akes?|aking|aken|ook) {_THEIRS} (?:own )?life|"
    rf"(?:wants|wanted) to (?:die|be dead|end it)|they (?:all )?wan(?:t to|na) die|"
    rf"(?:doesn't|didn't|does not|did not|they don't) want to {_LIVE}|"
    r"(?:wishes|wished) (?:he|she|they) (?:was|were|wasn't) (?:dead|alive|here|born)"
)
_BARELY = (
    r"suicid\w*|self[- ]?harm\w*|overdos\w*|end(?:s|ed|ing)? it\b(?: all)?|better off dead|"
    rf"not wanting to (?:die|{_LIVE})|(?:is|was|been|keeps?|started|starts?) cutting|"
    r"(?:has|have|took|takes?|taking|swallowed) (?:all )?(?:the|his|her|their|some) pills|"
    r"jump(?:s|ed|ing)? (?:off|from|in front of|out of)"
)
_TERM_OTHER = rf"{_SURELY}|{_BARELY}"
_TERM = (
    r"suicid\w*|self[- ]?harm\w*|overdos\w*|kill(?:ing|ed)? (?:my|your|our)self|end(?:ing)? it\b|"
    r"end(?:ing)? (?:it all|my(?: own)? life)|(?:want|wanna|wants|wanted)(?: to)? die|wanna die|"
    r"want to be dead|better off dead|cut(?:ting)? myself|(?:hurt|harm)(?:ing)? myself|kms\b|"
    rf"pills\b|\w*n't want to {_LIVE}"
)
_TOLD_ME = (
    r"(?:told|tells|texts?|texted|messaged|sent|sends|called|asked|begged|showed|to|with) me\b"
)
_NO_I = rf"(?:{_TOLD_ME}|(?!\bi\b|\bi'|\bme\b|\bmyself\b|[.!?;\n]).)"
_CLOSE = rf"(?:{_TOLD_ME}|(?!\bi\b|\bi'|\bme\b|\bmyself\b|\b(?:and|but|so)\b(?! (?:is|was|has|might|may)\b)|[.!?;,\n]).)"  # fmt: skip
_ABOUT_EN = re.compile(
    rf"(?:{_WHO})(?:{_NO_I}{{0,80}}?\b(?:{_SURELY})|{_CLOSE}{{0,48}}?\b(?:{_BARELY}))"
)
_LOST_EN = re.compile(
    r"died (?:by|of|from|through) (?:suicide|an overdose)|"
    rf"(?:killed|hanged|hung|shot|drowned|poisoned) {_OWN_SELF}|took {_THEIRS} (?:own )?life|"
    rf"ended {_THEIRS}(?: own)? life|committed suicide|"
    r"lost .{1,60}? to suicide|to (?:his|her|their) suicide|"
    r"(?:'s|\bhis|\bher|\btheir) suicide(?! (?:attempt|note|plan|thought|threat|watch|idea))|"
    r"(?:since|after|anniversary of) .{0,40}?\bsuicide\b|jumped .{1,40}? and died"
)
_NEARLY_EN = re.compile(
    r"\b(?:tr(?:y|ies|ied|ying)|almost|nearly|attempt\w*|survived|failed|wants?|wanted|gonna|going|"
    r"plans?|planning|threat\w*|might|may|would|if)\b[^.!?;\n]{0,12}?\b"
    r"(?:kill|hang|hung|shoot|shot|drown|poison|end|tak|took|die|commit|suicid|jump|overdos)"
)
_WORK = (
    r"novel|characters?|protagonist|hero(?:ine)?|villain|short story|story|stories|screenplay|"
    r"script|fan ?fic(?:tion)?s?|chapter|plot|oc|essay|thesis|dissertation|term paper|paper|article|"
    r"research|presentation|book report|homework|assignment|documentary|film|movie|tv show|show|"
    r"series|book|game|lecture|podcast|campaign"
)
_FICTION_EN = re.compile(
    rf"\b(?:my|our|the|a|an|this)\s+(?:[\w'-]+\s+){{0,3}}?(?:{_WORK})\b[^!?\n]{{0,120}}?"
    rf"(?:{_TERM_OTHER}|\bdies?\b|\bkills? (?:him|her|them)sel)"
)
_HELPING = (
    r"help|know|save|support|talk|tell|be there|be a better|understand|ask|call|stop (?:him|her|them)|say|"
    r"do (?:something|anything|the right|more)|make (?:sure|him|her|them|it (?:feel|look|sound))|"
    r"get (?:him|her|them|help)|find|visit|hug|check|protect|listen|learn|write|show|explain|"
    r"include|describe|portray|handle|argue|read|send|text|message|reach|drive|speak|report|"
    r"keep (?:him|her|them)|stay with (?:him|her|them)|comfort|cheer|remember|honou?r|cry|grieve|"
    r"see (?:if|how|what|whether)|bring|push|hear|have (?:him|her|them)|save"
)
_WANTING = (
    r"(?:want(?:ed)? to|wanna|wish(?: to| i)?|'?d rather|would rather|'?d like to|would like to|feel like|"
    r"plan to|(?:'m|am|was) (?:gonna|going to|planning|about to|ready to|trying to)|will|'ll|"
    r"might|should|tried to)"
)
_FIRST_EN = re.compile(
    rf"\bi(?: (?:really|just|kinda|sometimes|also|still|even|only|often|always))* ?{_WANTING}"
    rf"(?! (?:just |really |also |only |not )*(?:{_HELPING})\b)\b"
    r"|\bi(?: (?:really|just))? ?(?:can't|cannot|can not|couldn't)\b(?! (?:just )?(?:help|sleep|reach|believe|"
    r"stop (?:crying|worrying)|imagine|tell|say|make|find|get (?:him|her|them)|talk|"
    r"lose (?:him|her|them)|remember|understand|watch|sit|stand by|let (?:him|her|them)))"
    r"|\b(?:me|i)\b[^.!?\n]{0,24}\b(?:too|also|as well|either|neither)\b|\btoo\b *$"
    r"|\b(?:so|neither|nor) (?:do|am|have|did|can|could|would|will) i\b|\bsame here\b|\bme next\b"
    r"|\bi(?:'ve| have)?(?: \w+)? (?:thought|think|thinking|been thinking) (?:about|of) "
    r"(?:it|doing|dying|suicide|the same|that|this|following|joining|ending|killing)"
    r"|\b(?:join|joining|follow|following|be with|go with) (?:him|her|them)\b"
    r"|\bi(?:'ve| have)? (?:feel|felt|been feeling) (?:the same|like (?:that|doing|dying|ending|giving)|"
    r"that way|dead|empty|numb|hopeless|worthless|done|nothing|suicidal|pretty)"
    r"|\bi(?:'m| am| was)(?: (?:so|also|just|really|kinda|feeling))* (?:next|done|tired of|suicidal|not ok|"
    r"giving up|the same|worthless|hopeless|a burden|in the same|thinking)"
    r"|\bi(?:'ve| have)?(?: also| been)? (?:hate|hurt|cut|cutting|harm|starve|self[- ]?harm)"
    r"|(?<!blame )(?<!blaming )\bmyself\b|\b(?:end|take|took|kill|ruin)\w* my\b"
    r"|\bmy life (?:is|isn't|has|feels|means)\b|\bmy turn\b"
    r"|\b(?:have|has|ve) been me\b|\binstead of (?:him|her|them|me)\b|\bwhy (?:not|wasn't it|couldn't it be) me\b"
    r"|\btake me\b|\b(?:live|living|life|go on|going on|exist|be here)\b[^.!?\n]{0,16}\bwithout\b"
    r"|\bi don'?t (?:want|wanna)\b(?! (?:to )?(?:him|her|them|lose|upset|hurt|make|say|tell|push|scare|"
    r"betray|see (?:him|her|them)))|\bdon'?t see (?:a|the|any) point\b"
    r"|\bno (?:reason|point)\b|\bnothing left\b|\bwhat'?s the point\b|\bgiv(?:e|ing) up\b"
    r"|\b(?:mak\w+|made) me (?:want|wish|feel like|think)|\btrigger\w* me\b"
    r"|\b(?:it|that|this|friend|character|story|hero|heroine|he|she|protagonist)(?:'s| is| was) "
    r"(?:actually |really |basically |just |kind of |kinda |secretly |obviously )?"
    r"(?:me|about me|based on me|my own)\b|\bbased on (?:me|my)\b|\basking for a friend\b"
    r"|\bhow (?:many|much|high|long|deep)\b|\b(?:painless\w*|lethal\w*|easiest way|quickest way|least pain\w*)\b"
    r"|\bgoodbye\b|\bi hope (?:he|she|they)\b|\bi (?:told|made|pushed) (?:him|her|them) to\b"
)

# ── Chinese ──────────────────────────────────────────────────────────────────────────────────────

_PEOPLE_ZH = (
    r"朋友|好友|闺蜜|兄弟|哥们|哥们儿|死党|发小|室友|舍友|同学|同桌|同事|邻居|老师|学生|老板|网友|"
    r"女朋友|女友|男朋友|男友|对象|前任|前男友|前女友|老婆|老公|妻子|丈夫|爱人|伴侣|"
    r"妈妈|妈|母亲|爸爸|爸|父亲|父母|姐姐|姐|妹妹|妹|哥哥|哥|弟弟|弟|表哥|表姐|表弟|表妹|堂哥|堂姐|堂弟|堂妹|"
    r"儿子|女儿|孩子|侄子|侄女|外甥|外甥女|奶奶|爷爷|外婆|外公|姥姥|姥爷|姑姑|姑妈|姨|阿姨|舅舅|叔叔|伯伯|亲戚|"
    r"小孩|女孩|男孩|女生|男生|偶像|学弟|学妹|学长|学姐|队友|患者|病人"
)
_WHO_ZH = (
    r"(?:我|我的|我们|我们的|我们班|我班上|我有(?:一)?个|有(?:一)?个|一个|一位|认识的?一?个?|那个|这个|我[^我，,。！？\n]{1,6}的)"
    rf"(?:最好的?|好|老|大学|高中|初中|小学|以前的?|前)?的?(?:{_PEOPLE_ZH}|人)|[他她](?:们)?|有人"
    rf"|(?<![^\s，。！？,.!?])(?:{_PEOPLE_ZH})(?=[^我，,。\n]{{0,6}}说)"
)
_WISH_ZH = r"想死|去死|不想活|活不下去|想不开|活着(?:没意思|没意义|好累|太累|恶心)"
_ACT_ZH = (
    r"自杀|轻生|寻死|寻短见|割腕|自残|自伤|自缢|上吊|跳楼|跳河|跳桥|跳江|卧轨|烧炭|服毒|吞(?:了)?药|吃(?:了)?安眠药|"
    r"(?:结束|了结)(?:了)?(?:自己|他|她)?(?:的)?(?:生命|一生|一切)|了结(?:了)?自己|伤害自己"
)
_TERM_ZH = rf"{_ACT_ZH}|{_WISH_ZH}"
# Chinese leaves the subject out: after a comma, or after something that has happened (了), what
# follows may be the speaker's own. A wish is another's if they say it, or are named right before.
_GAP_ZH = r"(?:(?:跟|和|对|告诉|问|给|找|向|当着)我|[^我了，,。！？!?；;\s])"
_SAYS_ZH = r"[^我。！？!?；;\n]{0,12}?(?:(?:跟|和|对)我)?[^我。！？!?；;\n]{0,4}?(?:说|讲|发消息|发朋友圈|留言|告诉我)"
_OFTEN_ZH = (
    r"(?:最近|这几天|今天|昨天|刚才|老是|老|总是|总|一直|经常|又|还|也|真的|好像|可能|很|都){0,3}"
)
_ABOUT_ZH = re.compile(
    rf"(?:{_WHO_ZH})(?:(?:{_SAYS_ZH})?{_GAP_ZH}{{0,16}}?(?:{_ACT_ZH})|"
    rf"(?:{_SAYS_ZH}{_GAP_ZH}{{0,8}}?|{_OFTEN_ZH})(?:{_WISH_ZH}))"
    rf"(?:{_SAYS_ZH}{_GAP_ZH}{{0,8}}?(?:{_TERM_ZH}))?"
)
_LOST_ZH = re.compile(
    r"(?:自杀|轻生|跳楼|跳河|跳桥|跳江|上吊|割腕|烧炭|卧轨|自缢|服毒|吞药|了结(?:了)?自己|想不开)"
    r"(?:就|后|以后|而|就这么|就这样)?(?:走了?|去世|身亡|没了|离开|过世|死了|离世|死亡|遇难|不在了)"
    r"|(?:自杀|轻生|跳楼|上吊|割腕)的?(?:那(?:天|年|晚|一天|一年|时候)|周年|忌日|第.{1,3}(?:天|年|个月)|.{0,3}周年)"
    r"|(?:去年|前年|上个?月|上周|昨天|前天|今年|几年前|.{1,2}年前|.{1,2}个?月前|小时候|当年)[^，。！？\n]{0,6}"
    r"(?:自杀|轻生|跳楼|上吊|割腕|跳河|结束了自己的生命|了结了自己)了?(?!未遂|过)"
    r"|因为?(?:自杀|轻生)(?:失去|离开|走)|(?:自杀|轻生|跳楼|上吊)了(?:[，,。.！!\s]|$)|结束了(?:自己|他|她)的?生命"
)
_NEARLY_ZH = re.compile(
    r"未遂|差点|险些|想(?:要)?(?:自杀|跳楼|轻生|割腕|上吊)|要(?:自杀|跳楼|割腕)|企图|试图|救回来|如果|万一"
)
_WORK_ZH = (
    r"小说|剧本|故事|文章|论文|作文|散文|角色|主角|男主|女主|主人公|反派|人物|剧情|情节|漫画|同人|纪录片|电影|电视剧|剧里|剧中|"
    r"书里|书中|这本书|游戏|课题|研究|报告|作业|演讲|课件|PPT|ppt|选题|毕设"
)
_FICTION_ZH = re.compile(rf"(?:{_WORK_ZH})[^！？!?\n]{{0,40}}?(?:{_TERM_ZH})|(?:写|画|研究|讨论)[^。！？!?\n]{{0,12}}?(?:{_TERM_ZH})[^。！？!?\n]{{0,12}}?(?:{_WORK_ZH})")  # fmt: skip
_FIRST_ZH = re.compile(
    r"我(?:真的|就|都|也|又|还|只|其实|有时候?|有点|好|很|突然)*(?:想|不想|要|打算|准备|宁愿|恨不得|希望)"
    r"(?!帮|劝|救|问|知道|陪着?(?:他|她)(?:聊|说|去医院|度过|走出|一起去)|告诉|安慰|联系|报警|找(?:人|老师|警察|他|她聊|他聊)|"
    r"让(?:他|她)|拉|阻止|写|描写|表达|理解|了解|不明白|说|请|听|(?:他|她)(?!一)|念|打电话|去看(?:他|她)|支持|拦|给(?:他|她)|怎么|把|看看|查|不出|不通|起)"
    r"|我(?:真的|就|都|快|已经|好像|有点|也)*(?:撑|熬|活|过|坚持|走|扛)不(?:下去|住|了)"
    r"|我也(?!(?:很|好|特别|非常|真的)?(?:难过|伤心|害怕|担心|着急|心疼|怕|慌|不知道|不懂|劝|去劝|没办法|帮不上|联系|跟(?:他|她)说|急))"
    r"|(?:跟|和|像)(?:他|她)一样|我和(?:他|她)都|我们(?:都|一起|两个)"
    r"|去?(?:找|陪|跟|随)(?:他|她)(?:去|走)|随(?:他|她)而去|带我走|把我也带"
    r"|(?:死|走)的?(?:为什么|怎么|应该|该)(?:不)?是我|为什么不是我|下一个(?:就)?是我|轮到我"
    r"|我(?:自己)?(?:的)?(?:活着|存在|生命|死了|死|的命)|我自己也|我(?:又|也|还)?(?:自残|自伤|割|伤害自己|自杀|跳)"
    r"|我[^，,。！？\n我]{0,6}(?:划|割|烫|掐|咬)(?:了|一|自己)"
    r"|那我(?!该|怎么|要怎么|能|是不是该|应该)|没有?(?:他|她)我|没了(?:他|她)我|(?:就是|其实是|其实就是|说的是|写的是|写的就是|原型(?:就)?是)我|(?:朋友|主角|角色|主人公|女主|男主)(?:其实)?(?:就)?是我"
    r"|(?:替|帮)(?:我)?(?:一个)?朋友问|多少(?:片|颗|粒|毫克)|怎么死|(?:不|没|无)(?:那么)?(?:痛苦|疼|痛)(?:的|地)|最快的(?:方法|办法)"
    r"|没(?:什么)?意思了|不如(?:死|一起|我)|永别|再见了"
)


def about(text: str) -> State | None:
    """Whose it is, if the line says so plainly and has no sign of the speaker's own.

    `State.ABOUT_OTHER`, `State.BEREAVED` or `State.FICTION`; `None` means the ladder.
    """
    if len(text) > LONGEST:
        return None
    line = normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
    if _FIRST_EN.search(line) or _FIRST_ZH.search(line):
        return None
    return _in_english(line) or _in_chinese(line)


def _in_english(line: str) -> State | None:
    if _FICTION_EN.search(line):
        rest = _FICTION_EN.sub(" ", line)
        return None if _TERM_LEFT.search(rest) else State.FICTION
    rest, found = _ABOUT_EN.subn(" ", line)
    if not found or _TERM_LEFT.search(rest):
        return None
    if _LOST_EN.search(line) and not _NEARLY_EN.search(line):
        return State.BEREAVED
    return State.ABOUT_OTHER


def _in_chinese(line: str) -> State | None:
    if _FICTION_ZH.search(line):
        rest = _FICTION_ZH.sub(" ", line)
        return None if _TERM_LEFT_ZH.search(rest) else State.FICTION
    rest, found = _ABOUT_ZH.subn(" ", line)
    if not found or _TERM_LEFT_ZH.search(rest):
        return None
    if _LOST_ZH.search(line) and not _NEARLY_ZH.search(line):
        return State.BEREAVED
    return State.ABOUT_OTHER


_TERM_LEFT = re.compile(rf"\b(?:{_TERM})")
_TERM_LEFT_ZH = re.compile(_TERM_ZH)
