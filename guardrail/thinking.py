"""A person's own thoughts of suicide in wordings that neither a phrase nor the model holds. Pure.

Three kinds, each in plain first-person words: thoughts of acting ("wish i could just drive off a
bridge"), a question for what would be deadly ("多高跳下去才会死"), and a yes where the bot has just
asked about suicide. Such a question is answered with support and never with a number, also where
it is "for a friend"; what a label or a pharmacist says of ordinary doses is asked freely.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from guardrail.turn import Label, Level, Signal

__all__ = ["SOURCE", "thought_in"]

SOURCE = "thinking"
_VERSION = "1"
_SURE, _FAINT = 0.85, 0.5
"""Hard and soft in every pack of ours."""
_LONGEST = 600
"""Characters; a longer text is the model's to understand."""

_HINTS = (
    "kms", "my own life", "be here any", "train", "traffic", "bridge", "roof", "cliff", "building", "balcony", "wall", "tree", "window", "truck", "bus", "lorry", "cars",
    "overdos", "bleach", "poison", "antifreeze", "cleaner", "pesticide", "swallow", "taking", "take all", "take every", "take the whole", "take a", "take too", "take an", "myself", "slit", "how many", "how much", "how high", "how tall", "how long", "what height", "which", "do it", "painless", "enough to", "will it", "be fatal", "lethal", "deadly", "kill me", "kill you",
    "跳", "烧炭", "割腕", "上吊", "死", "安眠药", "药", "洁厕灵", "消毒液", "会死", "才死", "致死", "致命", "撞", "冲到", "自杀", "死得",
)  # fmt: skip
"""One of these is in every line that `_ACTIVE`, `_METHOD` or `_PASSIVE` finds something in."""

_MEANS = r"(?:pills|tablets|sleeping (?:pills|tablets)|paracetamols?|panadols?|tylenols?|ibuprofens?|advils?|aspirins?|xanax|benadryls?|sertraline|insulin|meds|antidepressants?|bleach|painkillers?|caffeine pills|antifreeze)"
_WISH = (
    r"\bi(?:'m| am|'ve| have|'d| just| really| sometimes| often| keep| kinda| still| always| do)*(?: been)? ?(?:want(?:ed)? to|wanna|wish i (?:could|would)(?: just)?|feel like|fe(?:el|lt) the urge to|have (?:the |an )?urges? to|get (?:the |an |these )?urges? to|"
    r"think(?:ing)? (?:about|of)|thought (?:about|of)|imagin(?:e|ing)|fantasi[sz](?:e|ing) about|picture|dream of|consider(?:ed|ing)|tempted to|could just)(?: just| simply)? (?:me |myself )?"
)
_ACTIVE = re.compile(
    rf"(?:{_WISH}|^\W*(?:sometimes |honestly |just |really )*(?:wish i could|wanna|want to|feel like|thinking (?:about|of))(?: just)? )"
    r"(?:(?:walk|step|jump|run|throw|lie|lay|div|stepp|jump|runn|throw|ly|lay)(?:e|ing|ping|ning)?(?: down)?(?: myself| out)? (?:in front of|under|into|on) (?:a |the |oncoming |an |moving )*(?:train|bus|truck|lorry|traffic|tracks|cars?|tram|subway)s?\b|"
    r"(?:driv|swerv|crash|steer)(?:e|ing)? (?:my|the|a)?(?: ?car)? ?(?:into|off) (?:a |the |some |oncoming )*(?:wall|tree|bridge|cliff|traffic|truck|barrier|pole|river|road)s?\b(?! (?:trip|test))|"
    r"(?:jump|leap|jumping|leaping|throw(?:ing)? myself|fall(?:ing)?|step(?:ping)?) (?:off|from|out of)(?: of)? (?:a |the |my |this |that )*(?:[\w-]+ )?(?:bridge|roof|rooftop|building|balcony|cliff|window|overpass|parking garage|ledge)\b)"
    rf"|{_WISH}(?:overdos(?:e|ing)\b(?! (?:on|of) (?!{_MEANS}|my|purpose|them))|(?:drink|swallow)(?:ing)? (?:some |a bottle of |the )?(?:bleach|antifreeze|drain cleaner|poison|pesticide)|"
    rf"(?:tak|swallow|down)(?:e|ing)? (?:all (?:of )?(?:my|the|these|those)|every|the whole bottle of|a (?:whole )?bottle of|too many) ?(?:my |the |single |last )*(?!meds\b|insulin\b){_MEANS}|(?:hang|drown|poison|shoot|stab)(?:ing)? myself\b|slit(?:ting)? my (?:wrists?|throat)|(?:tak|do)(?:e|ing)? an? (?:overdose|od)\b)"
    r"|\b(?:wanna|want to|gonna|going to|about to|ready to) kms\b[^.!?]{0,40}\b(?:not (?:joking|kidding|a joke|even joking)|for real|fr\b|no joke|(?:dead )?serious|i mean it|this time|actually)"
    r"|\b(?:not (?:joking|kidding)|for real|seriously|actually|genuinely|legit)\b[^.!?]{0,24}\b(?:wanna|want to|gonna|going to) kms\b"
    r"|\bi(?:'ve| have|'m| am| was)?(?: been| seriously| really| also)* (?:consider(?:ed|ing)|think(?:ing)? (?:about|of)|thought (?:about|of)|contemplat(?:ed|ing)) (?:(?:just|maybe) )?tak(?:e|ing) my own life\b"
)
_ACTIVE_ZH = re.compile(
    r"(?:想|好想|真想|要|打算|不如|干脆|恨不得)(?:就)?(?:去)?(?:喝|吞|灌)(?:下|点|一?瓶|几口)?(?:农药|百草枯|敌敌畏|除草剂|老鼠药|洁厕灵|消毒液|毒药)|(?:想|好想|真想|打算|不如|干脆|恨不得)(?:就)?(?:把)?(?:吞|吃)(?:下|掉|光)?(?:一整瓶|一瓶|整瓶|一大把|所有的?|全部的?)[^，,。！!？?]{0,3}(?:安眠药|药)|"
    r"(?:想|好想|真想|只想|想要|恨不得|忍不住想)(?:就)?(?:从|在)[^，,。！!？?]{0,8}(?:楼|桥|天台|阳台|窗户?|悬崖|塔)[^，,。！!？?]{0,3}(?:跳|翻)(?:下去|下来|出去)|(?:想|好想|真想|忍不住想|总想|恨不得)(?:就)?(?:直接)?(?:冲|走|站|躺)(?:到|进|上)[^，,。！!？?]{0,4}(?:马路|车流|铁轨|车轮|大货车|公路)(?:中间|上|里|下|前)"
    r"|(?:想|好想|真想|忍不住想|总想|恨不得)(?:就)?(?:开车)?(?:一头)?撞(?:上|向|到)?[^，,。！!？?]{0,3}(?:墙|护栏|大树|大货车|卡车|山)(?:上)?(?:算了|死|一了百了|去)"
)
_PASSIVE = re.compile(
    r"\bi (?:really |just |honestly |kinda )?(?:don'?t|do not) (?:really )?(?:want to|wanna) be here any ?more\b(?=\W*(?:$|and\b|but\b|it\b|im\b|i'm\b|i\b|life\b|everything\b))"
)
# -- questions for what would be deadly
_DIE = r"(?:to (?:die|kill (?:me|you|myself|yourself|someone|a person|somebody|u)|od|overdose|be (?:fatal|lethal|deadly)|end it|not wake up|never wake up|do it|finish it|be sure|make sure)|would (?:kill|be (?:fatal|lethal|deadly|enough))|will (?:kill|do it)|is (?:fatal|lethal|deadly)|before (?:you|i) die|until (?:you|i) die|for (?:it|me) to (?:work|be fatal|be over))"
_METHOD = re.compile(
    rf"\bhow (?:many|much)\b[^.!?]{{0,30}}\b{_MEANS}\b[^.!?]{{0,30}}\b{_DIE}\b"
    rf"|\b(?:would|will|could|can|are|is|do you think) (?:like )?\d+ (?:[\w-]+ )?{_MEANS}(?: (?:and|with) (?:[\w-]+ ){{0,3}}?[\w-]+)? (?:do it\b|kill me\b|be enough (?:to|for)\b|enough to (?:die|kill)\b|finish it|be fatal|be lethal|work if)"
    rf"|\b(?:which|what) (?:kind of |type of )?(?:{_MEANS}|poisons?|drugs?|overdose|death|way to (?:die|go)|method|suicide)(?: \w+)? (?:is|are|would be|is the|are the) (?:the )?(?:most |least |more )?(?:painless|painful|quick(?:est)?|fast(?:est)?|peaceful|lethal|deadl(?:y|iest)|surest)\b"
    r"|\bhow (?:high|tall)\b[^.!?]{0,40}\b(?:bridge|building|fall|jump|drop|roof|balcony|floors?|storeys?|stories|does it|is high)\b[^.!?]{0,30}\b(?:to (?:die|be sure|be fatal|kill|make sure|not survive|be deadly)|before (?:you|i) die|would (?:kill|be fatal))"
    r"|\b(?:from )?(?:what|which) (?:height|floor)\b[^.!?]{0,30}\b(?:die|fatal|kill|survive|deadly)|\b(?:would|will|can) (?:i|you) (?:definitely |surely |really )?die (?:if i |from )(?:jump\w*|fall\w*|a jump) "
    r"|\bhow long\b[^.!?]{0,30}\b(?:to (?:die|bleed out|suffocate|drown)|until (?:i|you) (?:die|bleed out|pass out))\b[^.!?]{0,30}\b(?:wrists?|hang\w*|charcoal|carbon monoxide|exhaust|noose|bag|cut\w*|bleed\w*|helium|pills)\b"
    r"|\bhow long\b[^.!?]{0,30}\b(?:carbon monoxide|exhaust|charcoal|hanging)\b[^.!?]{0,24}\b(?:to (?:die|work|kill)|take)\b"
    rf"|\basking for a friend\b[^.!?]{{0,6}}\bhow (?:many|much)\b[^.!?]{{0,30}}\b{_MEANS}\b"
    rf"|\bhow (?:many|much)\b[^.!?]{{0,30}}\b{_MEANS}\b[^!]{{0,40}}\basking for a friend\b"
)
_FAINTLY = re.compile(
    rf"\bhow many (?:[\w-]+ )?{_MEANS} (?:is|are|would be) (?:too many|too much|dangerous|an overdose)\b"
)
_METHOD_ZH = re.compile(
    r"(?:多高|几楼|几层|多少(?:层|米|楼))[^，,。！!？?]{0,8}(?:跳|摔|掉)[^，,。！!？?]{0,8}(?:会|能|才|就)?[^，,。！!？?]{0,3}死|(?:从)?(?:几楼|几层|多高|[一二三四五六七八九十\d]+楼)[^，,。！!？?]{0,4}跳(?:下去|下来)?[^，,。！!？?]{0,4}(?:会死|死得了|能死|摔死|必死|一定死)"
    r"|(?:吃|吞|喝|服)[^，,。！!？?]{0,3}(?:多少|几)(?:片|颗|粒|瓶|毫升|ml|克)?[^，,。！!？?]{0,8}(?:会|能|才|就|才会)(?:死|致死|致命|睡过去不醒|醒不过来|一睡不醒|没命)"
    r"|(?:多少|几|[一二两三四五六七八九十\d]+)(?:片|颗|粒|瓶)[^，,。！!？?]{0,8}(?:安眠药|安定|布洛芬|药|头孢|对乙酰氨基酚)[^，,。！!？?]{0,6}(?:会|能|才|就|够|可以)(?:不会)?(?:死|致死|致命|睡过去|醒不过来|一睡不醒|毒死)"
    r"|(?:安眠药|安定|农药|百草枯|敌敌畏|布洛芬|头孢|药)[^，,。！!？?]{0,8}(?:致死量|致死剂量|多少(?:会|能|才)死|多久(?:会|能|才)死|(?:会|能)不(?:会|能)(?:马上|很快)?死|死得(?:快|痛苦)吗)|(?:致死量|致死剂量)(?:是)?多少"
    r"|烧炭(?:的话)?(?:一般|大概|要|得|需要)*(?:多久|多长时间|几(?:个)?(?:小时|分钟))|烧炭(?:会|痛|难受|痛苦)[^，,。！!？?]{0,4}吗|割腕(?:要|得|会)?(?:多久|多深|流多少血)[^，,。！!？?]{0,4}(?:死|行|够)?|上吊(?:要|得|会)?(?:多久|几分钟)|(?:哪种|什么|哪个)(?:药|死法|方式|办法|方法)[^，,。！!？?]{0,6}(?:死|走|去)(?:得|的)?[^，,。！!？?]{0,3}(?:不(?:痛|疼|难受)|最?(?:快|没痛苦|舒服|轻松|安静))"
)
_CLEAR = re.compile(
    r"\b(?:bungee|parachute|sky ?div\w*|paraglid\w*|zip ?line|diving board|swim\w*|pool|trampoline|per day|a day|daily|headache|toothache|migraine|fever|cramps|period|prescri\w*|dosage|my (?:kid|son|daughter|dog|cat|baby|toddler)|dogs?|cats?|rats?|weeds?|mice|"
    r"ants|roaches|plants?|trucks?' height|novel|character|story|game|minecraft|physics|homework|movie|film|episode|song|chapter|parkour|stunt|goggles|sims|gta|party|meeting|job|work|office|school|town|city|class|line|hotel|airport|train (?:station|ride|home|trip)|"
    r"when i was|used to|years? ago|as a kid)\b"
)
_CLEAR_ZH = re.compile(
    r"蹦极|跳伞|跳水|泳池|游泳|跳楼机|滑翔|跳台|烧烤|烤肉|烤串|烤炉|火锅|取暖|炭火|木炭|窑|小说|剧情|角色|主角|游戏|副本|电影|电视剧|物理|作业|历史|老鼠|蟑螂|蚊子|杂草|虫|鱼|猫|狗|孩子|宝宝|以前|小时候|当年|去年|医生|一天|每天|感冒|发烧|新闻|科普|考试"
)
_JOKE = re.compile(r"\bl+o+l+\b|\blmf?ao+\b|\bha(?:ha)+\b|\bhehe\b|哈哈|[😂🤣]")
_OTHERS = re.compile(
    r"\b(?:he|she|they) (?:wants?|said|says|keeps?|told)\b|(?:他|她|朋友|同学|室友|老公|老婆|我妈|我爸)[^，,。！!？?]{0,6}(?:想|说|要)"
)
# -- a yes to the question
_ASKS = re.compile(
    r"(?:thoughts? of|thinking (?:of|about)|thought (?:of|about)|considered|considering|feel(?:ing)? like|want(?:ing)? to|plan(?:ning)? to) (?:\w+ ){0,2}?(?:suicide|killing yourself|kill yourself|ending (?:your life|it all|things)|end your life|hurting yourself|hurt yourself|harming yourself|dying|taking your (?:own )?life)[^.!?]{0,40}\?"
    r"|\bare you (?:feeling )?(?:suicidal|thinking of suicide)[^.!?]{0,40}\?|(?:想过|有没有想|是不是想|在想|想不想|有想|有过)[^，,。！!？?]{0,6}(?:自杀|轻生|结束(?:自己的)?生命|伤害自己|死|不想活)[^。！!？?]{0,10}[？?吗]"
)
_YES = re.compile(
    r"^\W*(?:(?:um+|uh+|well|honestly|i mean|maybe|tbh|ok|hmm+)\W+)*(?:yes|yeah+|yea|yep|yup|ya|sometimes|often|kinda|kind of|sort of|sorta|a lot|all the time|every (?:day|night|single)|most (?:days|nights)|i have|i do|i am|mhm+|i guess(?: so)?|maybe|lately|constantly)\b"
    r"|^\W*(?:嗯+|有(?!点事|没有)|有过|想过|是的?|对|经常|偶尔|有时候?|每天|每晚|最近|一直|天天|会(?!好))(?=$|[，,。！？?!…\s的过时会在都])"
)
_NO = re.compile(
    r"\b(?:no|not|never|don'?t|haven'?t|i'?m (?:fine|ok|okay|safe)|joking|kidding|about (?:him|her|them)|my (?:friend|sister|brother|mum|mom|dad)|years? ago|used to)\b|没有?|不(?!想活|想|知道)|没事|他|她|以前|朋友"
)


def thought_in(text: str, asked: str = "") -> tuple[Signal, ...]:
    """The signal of a thought of suicide, if these words show one in a way that we know.

    `asked` is what the bot said right before: a yes means what the question was about.
    """
    if not text or len(text) > _LONGEST:
        return ()
    line = _folded(text)
    if asked and _YES.search(line) and not _NO.search(line) and _ASKS.search(_folded(asked)):
        return _signal(_SURE, Level.ACTIVE)
    if not any(map(line.__contains__, _HINTS)) or _OTHERS.search(line):
        return ()
    if _CLEAR.search(line) or _CLEAR_ZH.search(line):
        return ()
    return _graded(line)


def _graded(line: str) -> tuple[Signal, ...]:
    sure = _FAINT if _JOKE.search(line) else _SURE
    if any(sign.search(line) for sign in (_ACTIVE, _ACTIVE_ZH, _METHOD, _METHOD_ZH)):
        return _signal(sure, Level.ACTIVE)
    if _PASSIVE.search(line) or _FAINTLY.search(line):
        return _signal(_FAINT, Level.PASSIVE)
    return ()


def _signal(score: float, level: Level) -> tuple[Signal, ...]:
    return (Signal(Label.SELF_HARM, score, SOURCE, _VERSION, level),)


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
