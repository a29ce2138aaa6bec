"""Signs that somebody gets ready to end their life: means at hand, a time, letters, a goodbye. Pure.

Items 4 to 6 of the Columbia screener (intent, plan, behaviour) part a plan from a thought by such
facts, and people name them in plain words: "I want to die. I have the pills here." What sees the
thought sees a plan, then. One sign alone is daily life (letters, a rope, a farewell), so without a
thought beside it only two of different kinds mean something, and never in a line that says what the
thing is for. No method is told here that people do not name by themselves.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from guardrail.turn import Label, Level, Signal

__all__ = ["SOURCE", "plan_in"]

SOURCE = "preparing"
_SCORE = 0.85
"""Hard in every pack: these words are plain, and what they name is at hand."""
_VERSION = "1"

_SENTENCE = re.compile(r"[^.!?。！？…\n]+")
_LONGEST = 2000
"""Characters; what somebody is about to do stands at the end of what they write."""

# -- English -----------------------------------------------------------------------------------
_THING = (
    r"(?:pills|sleeping tablets|painkillers|rope|noose|gun|pistol|rifle|shotgun|revolver|bullets)"
)
_BLADE = r"(?:knife|blades?|razors?|box cutter|belt|tablets|bottle)"
"""Means only where they lie ready: to have bought one is daily life, or an old habit of cutting."""
_EN = {
    "means": re.compile(
        rf"\bi(?:'ve| have| already| just|'d| did)* (?:got|have|bought|found|ordered|saved up|saved|stashed|hid|picked up|took all|counted(?: out)?|"
        rf"loaded|tied|laid out|lined up|set out|stockpiled|collected|stole) (?:all |enough |both |some of )?(?:of )?(?:the |my |a |his |her |mum'?s |mom'?s |dad'?s |those |these )?"
        rf"(?:[\w']+ )?{_THING}\b"
        rf"|\b(?:holding|got|with) (?:the |a |my |his |her |all (?:the |my )?)?(?:[\w']+ )?(?:{_THING}|{_BLADE}) (?:is |are )?(?:right )?(?:here|in my (?:hands?|lap|bag|pocket|car)|next to me|beside me|in front of me|on my (?:lap|bed|desk))\b"
        rf"|\b(?:the|my|his|her) (?:[\w']+ )?(?:{_THING}|{_BLADE}) (?:is|are|'s|'re) (?:already |all |right |now )?(?:here|ready|loaded|tied|lined up|laid out|set out|in my (?:hands?|lap|bag|pocket|car)|next to me|beside me|in front of me|on (?:my|the) (?:lap|bed|desk|table|nightstand|counter))\b"
        r"|\bi(?:'ve| have) (?:got )?everything (?:i need|ready) (?:here|now|for it)"
        r"|\b(?:hose|hosepipe|tubing)\b[^!?\n]{0,40}\b(?:engine|exhaust|tail ?pipe)\b|\b(?:engine|exhaust|tail ?pipe)\b[^!?\n]{0,40}\b(?:hose|hosepipe|tubing)\b"
    ),
    "time": re.compile(
        r"\b(?:i'?m|i am|i will|i'?ll|gonna|going to|imma|ima) (?:just |really |finally |actually )?(?:(?:going|gonna|to) )?(?:do(?:ing)? it|end(?:ing)? (?:it|things|everything)|go through with it|use (?:it|them)|jump|finish it|take them(?: all)?)"
        r"[^.!?]{0,24}\b(?:tonight|2nite|tonite|tomorrow|today|now|this (?:week|weekend|evening|morning|afternoon)|at \d|midnight|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|before my birthday|when (?:they|everyone|the kids|mum|mom|dad|he|she))"
        r"|\b(?:about to|going to|gonna|i'?ll) (?:jump|pull the trigger)\b(?! (?:in|on|at|for|ship|into|to))"
        r"|\b(?:tonight|tomorrow|this weekend|midnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?:'s| is) (?:the|my) (?:last )?(?:night|day|one)\b"
        r"|\b(?:it|that)(?:'s| is| will be|'ll be) (?:going to be )?(?:over|done|finished) (?:by |before )?(?:tonight|tomorrow|morning|dawn|midnight|the weekend|then)"
        r"|\b(?:won'?t|not going to|not gonna) (?:be (?:here|around|alive)|see) (?:tomorrow|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|next week|in the morning|the morning|by (?:morning|then))"
    ),
    "letters": re.compile(
        r"\b(?:i(?:'ve| have| already| just)* (?:wrote|written|finished|signed|sealed|left)|(?:and|then) (?:wrote|written|finished|signed|sealed|left)) (?:out )?(?:the |my |a |all (?:the |my )?|(?:two|three|four|five|six) )?(?:last |goodbye |suicide )?(?:letters?|notes?|goodbyes?)\b"
        r"|\b(?:the |my |goodbye )?(?:letters?|notes?|goodbyes) (?:is|are|'s|'re) (?:all |already )?(?:written|done|finished|signed|sealed|on the (?:table|desk|bed|pillow|counter)|in the (?:drawer|envelope))\b"
    ),
    "affairs": re.compile(
        r"\bi(?:'ve| have| already| just)* (?:gave|given|gifted|handed|sold|left) (?:away )?(?:all )?(?:my|the) (?:dog|cat|cats|dogs|pets?|rabbit|hamster|plants|guitar|bike|console|ps5|skins|records|clothes|stuff|things|jewell?ery|ring|watch)\b(?: away| to )"
        r"|\bmy (?:will|passwords?|affairs) (?:is|are|'s|'re) (?:all |already )?(?:written|signed|in order|sorted|in the|on the)"
        r"|\b(?:written|wrote) (?:down )?(?:all )?my passwords\b|\bput my affairs in order\b|\bupdated my will\b"
    ),
    "place": re.compile(
        r"\bi(?:'m| am)(?: \w+)? (?:on|at|by) the (?:edge|ledge|roof|rooftop|railing|bridge|tracks|platform|cliff|balcony)(?: (?:edge|rail|railing|now))?\b"
        r"|\b(?:standing|sitting) (?:on|at) the (?:edge|ledge|roof|rooftop|railing|bridge|tracks|cliff)\b|\bover the (?:railing|rail|barrier)\b"
        r"|\bgarage(?: doors?)?(?:'s| is| are)? (?:all |already )?(?:shut|closed|locked|sealed|taped(?: up)?)\b"
    ),
    "goodbye": re.compile(
        r"\b(?:this is (?:goodbye|my (?:last|goodbye)|me saying goodbye|the last (?:time|message))|goodbye forever|my last (?:message|words)\b|"
        r"tell (?:my )?(?:mum|mom|dad|mother|father|sister|brother|kids|wife|husband|everyone) (?:i (?:love|loved)|i'?m sorry|goodbye)|"
        r"(?:said|saying) (?:my )?goodbyes?(?: to everyone)?\b|don'?t (?:look for|try to find|wait for) me|by the time (?:you|they|anyone) (?:read|find|see)s?)"
    ),
}  # fmt: skip
_EN_NOT = re.compile(
    r"\b(?:threw|thrown|flushed|got rid|gave (?:them|it|the pills|the gun) (?:away|to|back)|handed (?:them|it)|locked (?:them|it|up|away)|took them away|"
    r"don'?t have|do not have|haven'?t (?:got|bought)|no longer have|never (?:bought|had)|not going to|won'?t use|put (?:it|them) (?:back|away)|"
    r"walked (?:away|home|back)|came (?:down|back|home)|used to|years? ago|months? ago|last (?:year|month|spring|summer|autumn|fall|winter)|back (?:then|when)|"
    r"as a (?:kid|teen)|(?:she|he|they)(?:'s|'re|'ve)? (?:has|have|had|is|are|was|were|got|bought|wrote|took|says?|said|told|left|found)|victim|detective|killer|character|story|novel|chapter|game|quest|level|movie|film|song|lyrics?)\b"
)
_EN_FOR = re.compile(
    r"\b(?:wash\w*|rins\w*|radiator|coolant|mechanic|leak\w*|vacuum\w*|climb\w*|boat|goat|horse|swing|camp\w*|tent|sail\w*|garden|kitchen|cook\w*|chop\w*|bread|shav\w*|hik\w*|hunt\w*|deer|licen[cs]e|headache|"
    r"flu|antibiotic\w*|vitamins?|allerg\w*|doctor|pharmac\w*|prescri\w*|diabet\w*|vet|for (?:my|the|our|a|his|her|mum|mom|dad|grandma|grandpa|work|school)|"
    r"grandma|granny|nan|pen ?pal|santa|teacher|colleagues?|retire\w*|job|resign\w*|transfer\w*|deploy\w*|moving|move|flight|airport|train|bus|"
    r"semester|term|graduat\w*|wedding|marathon|proposal|migration|release|server|match|final|concert|holiday|vacation|trip)\b"
)
# -- Chinese -----------------------------------------------------------------------------------
_DAY_ZH = r"今晚|今夜|明早|明晚|明天|后天|[这下]?周[一二三四五六日末天]|下周|半夜|天亮"
_ACT_ZH = r"(?<!又想)(?<!不想)(?<!没想)(?:自杀|割腕|上吊(?!灯|牌|扇)|跳楼|烧炭(?!烤)|吞药|寻死|喝(?:了)?农药)(?!小队|干预|预防|热线|危机|率|的|式|学|倾向|念头|想法|现象|案|问题|新闻|机|价)"
_ZH = {
    "means": re.compile(
        r"(?:安眠药|药片?|药瓶|绳子?|枪|农药|百草枯|敌敌畏|炭)(?:都|也|已经|已|就|我|昨天|今天|刚才?|早就)*"
        r"(?:准备好|备好|买好|买了|买来|买回来|攒[够好齐]|凑[够齐]|到手|在手[边里上]|拿在手|放在(?:手边|床头|枕头|桌上|旁边|包里)|摆[好在]|数好了|藏好|系好|绑好|挂好)|(?:安眠药|药|绳子?|枪)就在(?:手边|旁边|床头|桌上|包里)"
        r"|(?:手里|手上|床头|桌上|枕头下|包里|旁边)(?:就|还|已经)*(?:拿着|握着|攥着|放着|摆着)[^，。！？]{0,6}(?:安眠药|药|绳|刀|枪)"
        r"|(?:攒|藏|买|凑|备)(?:好|够|齐|下)?了[^，。！？]{0,6}(?:安眠药|药|绳子?|炭)|(?:要用的|该准备的|东西)(?:都|全)?(?:准备好|备齐|备好|齐)了"
    ),
    "time": re.compile(
        r"(?:今晚|今夜|明早|明晚|明天|后天|这?周[一二三四五六日末]|下周|天亮[前之]*|半夜|零点|等[^，。！？]{1,10}(?:睡|走|出门|上班|不在|下班|交完班)[^，。！？]{0,3})[^，。！？]{0,6}"
        r"(?:就|我)?(?:动手|上路|走了|(?<!终于)(?<!考试)(?<!比赛)结束(?!了?(?:考|比|课|会|工作|实习|直播|营业|游戏))(?:了|吧|这一切)?|解脱|跳(?!舞|操|绳|槽|广场|健)|了结|"
        rf"{_ACT_ZH}|做个了断|办了|用掉|用它|去找(?:他|她|奶奶|爷爷|妈)|不在了|不醒)"
        rf"|(?:{_DAY_ZH})(?:下班|放学|睡觉|吃完饭|回家)?(?:以?后|之后)?我?(?:想|要|会|就|打算|准备|决定)+(?:去)?{_ACT_ZH}|(?:农药|百草枯|敌敌畏|除草剂)[^。！？!?]{{0,24}}等[^，。！？,]{{1,12}}就(?:把它)?(?:喝|吞|用它|上路)"
        rf"|(?:日子|时间|日期)(?:我|都|已经)?(?:定|选|挑|看|写)(?:好|上)?了|(?:定|选)好了[，,]?(?:就)?(?:在)?(?:{_DAY_ZH})|最后(?:一|1)(?:晚|夜|天)了?(?!上班|工作|实习|营业|考|上课|上学|假|打折|活动|培训|军训|旅|住|在这|体验|放假|加班|比赛)"
    ),
    "letters": re.compile(
        r"(?:遗书|信|纸条|字条|留言|绝笔)(?:我|都|也|已经|已|昨天|今天|刚才?|早就)*(?:写[好完了]|留[好下了]|压在|放在|改了)|写[好完了]+(?:遗书|绝笔|给[他她爸妈]\w{0,3}的?信)|留了?(?:封|张)(?:信|字条|纸条|遗书)"
    ),
    "affairs": re.compile(
        r"(?:猫|狗|兔子|仓鼠|多肉|号|皮肤|吉他|电脑|存款|银行卡)(?:我|都|也|已经|已)*(?:送|托付|留|给|转)(?:给|到|去|了|人|好)[^，。！？]{0,6}|后事|(?:密码|卡密)(?:都)?(?:写在|留在|是你)|"
        r"该(?:交代|还|送|分)的(?:都)?(?:交代|还|送|分)(?:完|好|清)?了|东西(?:都)?(?:分|送|清)(?:完|好|掉)?了"
    ),
    "place": re.compile(
        r"(?:我|人)(?:已经|现在|正|就)*(?:在|站在|坐在|到|上了|站上)(?:天台|楼顶|顶楼|桥上|大桥|江堤|栏杆|铁轨|阳台外)(?:上|外|边|外面)*"
        r"|(?<![页篇])翻(?:过|出)(?:去|栏杆|护栏)|(?:一只|两只)?脚(?:已经)?在外"
    ),
    "goodbye": re.compile(
        r"(?:最后一(?:条|次|面|句)|永别|来世|来生|下辈子(?:再|见)|别(?:来)?找我|不用(?:再)?等我了|替我(?:跟|和|对)|明[天年]我?就不在|看到(?:这|的)[^，。！？]{0,6}(?:不在|走)了)"
    ),
}  # fmt: skip
_ZH_NOT = re.compile(
    r"扔了|丢了|倒掉|冲(?:掉|进)|交给(?:了)?(?:妈|爸|医生|老师|护士)|收走|锁起来|还回去|没有?(?:药|买|写|绳)|不(?:会|打算|敢|想)[^，。！？]{0,4}(?:用|动手|跳|写|自杀|割腕|死)|"
    r"有时候?|每次|想过|梦见|一到|(?<!买)(?<!取)(?<!拿)(?<!带)(?<!弄)回(?:家|来|宿舍)了|下来了|以前|当年|去年|前年|上个?月|那年|小时候|(?:他|她|他们|她们|同学|朋友|室友|同事|邻居|奶奶|爷爷)[^，。！？]{0,8}(?:写|买|攒|站|留|吃|吞)|"
    r"死者|侦探|凶手|悬疑|剧情|小说|故事|剧本|主角|女主|男主|游戏|剧情|歌词|电影|电视剧|动漫|角色"
)
_ZH_FOR = re.compile(
    r"拍(?:日|照|月|夜|星|风景|视频|晚霞|落日|照片)|日[出落]|晚霞|夜景|打卡|感冒|发烧|消炎|止痛|布洛芬|中药|医生|药店|开的药|降压|胰岛素|露营|爬山|攀岩|跳绳|晾|做饭|切菜|削|水果刀|快递|裁|手工|求婚|婚礼|"
    r"退休|离职|辞职|交接|搬家|出国|留学|毕业|开学|出差|旅[游行]|航班|飞机|高铁|比赛|演唱会|跨年|看[星流日烟]|烧烤|钓鱼|写给(?:未来|老师|偶像)|笔友|感谢信|情书|道歉信|体检"
)


_TELLING = frozenset({"means", "time", "letters", "place"})
"""Those that make a plan of a thought; to give things away or say goodbye is not yet one."""
_ALONE = (
    "pills", "tablets", "painkiller", "rope", "noose", "gun", "pistol", "rifle", "revolver", "bullets", "knife", "blade", "razor", "cutter", "belt",
    "bottle", "everything i", "letter", "note", "goodbye", "edge", "roof", "railing", "bridge", "tracks", "cliff",
    "my last", "the last", "platform", "barrier", "tell m", "tell e", "look for me", "find me", "wait for me", "by the time",
    "garage", "hose", "tubing", "药", "百草枯", "敌敌畏", "绳", "枪", "炭", "遗书", "条", "绝笔", "信", "天台", "楼", "桥", "江堤", "栏", "铁轨", "阳台", "翻", "脚",
    "留言", "留了", "东西", "该准备", "要用的", "写", "最后一", "永别", "来世", "来生", "下辈子", "找我", "等我", "替我", "不在", "看到",
)  # fmt: skip
"""One of these is in every line with a sign of `_WEIGHTY`; most lines are passed by at little cost."""
_WEIGHTY = _TELLING - {"time"} | {"goodbye"}
"""A time and things given away alone are a journey."""


def plan_in(text: str, *, thought: bool) -> tuple[Signal, ...]:
    """The signal of a plan, if these words of a person show one.

    `thought`: they are known to think of dying, from this text or from those before it; then one
    sign is enough. Otherwise it takes two kinds of them.
    """
    line = normalize("NFKC", text[-_LONGEST:]).casefold().replace("’", "'")
    if not thought and not any(map(line.__contains__, _ALONE)):
        return ()
    kinds = _signs(line)
    if kinds.isdisjoint(_TELLING) or not (thought or (len(kinds) > 1 and kinds & _WEIGHTY)):
        return ()
    return (Signal(Label.SELF_HARM, _SCORE, SOURCE, _VERSION, Level.PLAN),)


def _signs(line: str) -> set[str]:
    """The kinds of signs in it; a sentence that says what the thing is good for has none."""
    found: set[str] = set()
    for sentence in _SENTENCE.findall(line):
        kinds = _kinds(sentence, _EN, _EN_NOT) or _kinds(sentence, _ZH, _ZH_NOT)
        if kinds and not (_EN_FOR.search(sentence) or _ZH_FOR.search(sentence)):
            found |= kinds
    return found


def _kinds(sentence: str, signs: dict[str, re.Pattern[str]], cleared: re.Pattern[str]) -> set[str]:
    """A sentence that takes it back, or speaks of another time, person or a story, has none."""
    found = {kind for kind, sign in signs.items() if sign.search(sentence)}
    return set() if found and cleared.search(sentence) else found
