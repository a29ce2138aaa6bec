"""Chinese lines about somebody else's suicide, a loss or a story: patterns, most plain first. Pure.

See `about` for what they promise, and `_about_english` for the two sorts of pattern.
"""

from __future__ import annotations

import re

from guardrail.turn import State

__all__ = ["in_chinese", "own_in_chinese"]

_PEOPLE_ZH = (
    r"朋友|好友|闺蜜|兄弟|哥们|哥们儿|死党|发小|室友|舍友|同学|同桌|同事|邻居|老师|学生|老板|网友|"
    r"女朋友|女友|男朋友|男友|对象|前任|前男友|前女友|老婆|老公|妻子|丈夫|爱人|伴侣|"
    r"妈妈|妈|母亲|爸爸|爸|父亲|父母|姐姐|姐|妹妹|妹|哥哥|哥|弟弟|弟|表哥|表姐|表弟|表妹|堂哥|堂姐|堂弟|堂妹|"
    r"儿子|女儿|孩子|侄子|侄女|外甥|外甥女|奶奶|爷爷|外婆|外公|姥姥|姥爷|姑姑|姑妈|姨|阿姨|舅舅|叔叔|伯伯|亲戚|"
    r"小孩|女孩|男孩|女生|男生|偶像|学弟|学妹|学长|学姐|队友|患者|病人|"
    r"婆婆|公公|岳父|岳母|闺女|嫂子|姐夫|妹夫|孙子|孙女|老伴|师父|徒弟|学员|战友|老乡|工友|老同学|班长|粉丝|主播"
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
# Signs that people worry about, with their owner right before them: Chinese leaves 我 out.
_NAMED_ZH = rf"(?:{_WHO_ZH}|(?<![^\s，。！？,.!?])(?:{_PEOPLE_ZH}))"
_TIGHT_ZH = r"[^我了看见摸，,。！？!?；;\s]"
_SIGN_ZH = re.compile(
    rf"{_NAMED_ZH}(?:的|最近|今天|昨天|又|左|右|两只)?(?:手上|手腕上?|手臂上?|胳膊上?|大腿上?|腿上)(?:全是|都是|有|是|又有|多了)"
    r"{0,2}[^我，,。！？\n]{0,4}(?:划痕|刀痕|割痕|道道|道子|伤痕|新伤|刀口|血印|疤)"
    rf"|{_NAMED_ZH}{_TIGHT_ZH}{{0,10}}?(?:说|觉得|念叨)(?:自己)(?:就)?是?个?(?:累赘|拖累|负担|多余的?)"
    rf"|{_NAMED_ZH}{_TIGHT_ZH}{{0,10}}?说[^我，,。！？\n]{{0,8}}没有?(?:他|她)(?:会|也许|可能)?(?:更好|也一样|就好了)"
    rf"|{_NAMED_ZH}{_TIGHT_ZH}{{0,8}}?说(?:他|她)(?:人)?(?:现在|正)?(?:在|站在|爬上|上了)(?:了)?(?:楼顶|天台|桥上|江边|铁轨)(?!晒|收|种|乘凉|吃|喝|看|拍|烧烤|浇|散步|钓|跑)"
    rf"|{_NAMED_ZH}{_TIGHT_ZH}{{0,4}}?(?:说)?(?:他|她)(?:攒|藏|囤)了[^我，,。！？\n]{{0,6}}药"
    rf"|{_NAMED_ZH}{_TIGHT_ZH}{{0,6}}?写[^我，,。！？\n]{{0,6}}[“\"「](?:[^”\"」\n]{{0,6}}(?:永远睡|飞出去|不在了|{_WISH_ZH}))"
    rf"|怕(?:他|她)(?:会|又|真|真的|一时)?(?:做傻事|{_ACT_ZH}|想不开)"
)
# What may be nothing at all; with it the line has to say that somebody worries.
_FAINT_ZH = re.compile(
    rf"{_NAMED_ZH}[^我，,。！？\n]{{0,8}}?把[^我，,。！？\n]{{0,8}}送人"
    rf"|(?:{_PEOPLE_ZH})[^我，,。！？\n]{{0,6}}?自己(?:选择)?(?:走|离开)的"
)
_GONE_ZH = re.compile(rf"(?:{_PEOPLE_ZH})[^我，,。！？\n]{{0,6}}?自己(?:选择)?(?:走|离开)的")
_WORRIED_ZH = re.compile(
    r"担心|[害好有点很]怕|我怕|不对劲|吓|着急|急死|对不起大家|(?:怎么|咋)(?:开口|问|劝|跟|办)|要不要|该不该|报警|辅导员"
    r"|扫墓|忌日|周年|\d年了|[一二三两四五六七八九十几]年了|没人敢提|漏看|早点发现|葬礼|墓"
)
# Clauses that say nothing of the speaker but that they worry, ask, help or grieve. Whole ones only.
_PLAIN_ZH = re.compile(
    r"(?:我|我们|那我|现在|真的|可|但|可是|但是)*(?:(?:真的|好|很|特别|有点|太|非常|都)*(?:怕|害怕|担心|着急|慌|急死了|吓死了|吓坏了|慌死了)(?:了|啊|他|她)?"
    r"|(?:该|要|应该|可以|能|还能)?(?:怎么|咋|如何|跟谁|找谁|向谁|先)[^我死活]{0,10}|(?:好|很|真的)*想(?:帮|劝|救)(?:他|她|一?下他|一?下她)[^我死活]{0,4}"
    r"|(?:要不要|该不该|能不能|可不可以|是不是要)(?:告诉|报警|联系|跟|问|叫|找)[^我死活]{0,10}|能打哪个电话|(?:好|很|真的)*(?:想念|想)(?:他|她)"
    r"|(?:在外地|不知道怎么办|不知道该怎么办|该?怎么办|帮帮(?:他|她|我)|求助|急|报警了|已经报警了|家里没人敢提|去世(?:以后|之后|后)?|走了|走的那年我.{1,3}岁|的伤|我的|预防的|.{0,3}周年|今天是)|(?:是|正)?(?:一个)?(?:去年|上个月|昨天)?)"
    r"(?:啊|呀|呢|吗|了|吧|嘛|哦)*"
)
_CLAUSES_ZH = re.compile(r"[，,。.！!？?；;：:、\s\n…（）()“”\"]+")


_WORK_ZH = (
    r"小说|剧本|故事|文章|论文|作文|散文|角色|主角|男主|女主|主人公|反派|人物|剧情|情节|漫画|同人|纪录片|电影|电视剧|剧里|剧中|"
    r"书里|书中|这本书|游戏|课题|研究|报告|作业|演讲|课件|PPT|ppt|选题|毕设"
)
_FICTION_ZH = re.compile(rf"(?:{_WORK_ZH})[^我。！？!?\n]{{0,40}}?(?:{_TERM_ZH})|(?:写|画|研究|讨论)[^。！？!?\n]{{0,12}}?(?:{_TERM_ZH})[^。！？!?\n]{{0,12}}?(?:{_WORK_ZH})")  # fmt: skip
_FIRST_ZH = re.compile(
    r"我(?:真的|就|都|也|又|还|只|其实|有时候?|有点|好|很|突然)*(?:想|不想|要|打算|准备|宁愿|恨不得|希望)"
    r"(?!帮|劝|救|问|知道|陪着?(?:他|她)(?:聊|说|去医院|度过|走出|一起去)|告诉|安慰|联系|报警|找(?:人|老师|警察|他|她聊|他聊)|"
    r"让(?:他|她)|拉|阻止|写|描写|表达|理解|了解|不明白|说|请|听|(?:他|她)(?!一)|念|打电话|去看(?:他|她)|支持|拦|给(?:他|她)|怎么|把|看看|查|不出|不通|起)"
    r"|我(?:真的|就|都|快|已经|好像|有点|也)*(?:撑|熬|活|过|坚持|走|扛)不(?:下去|住|了)"
    r"|我也(?!(?:很|好|特别|非常|真的)?(?:难过|伤心|害怕|担心|着急|心疼|怕|慌|不知道|不懂|劝|去劝|没办法|帮不上|联系|跟(?:他|她)说|急))"
    r"|(?:跟|和|像)(?:他|她)一样|我和(?:他|她)都|我们(?:都|一起|两个)"
    r"|去?(?:找|陪|跟|随)(?:他|她)(?:去|走)(?!医院|看|就医|挂号|复查|报|住院|了?出)|随(?:他|她)而去|带我走|把我也带"
    r"|(?:死|走)的?(?:为什么|怎么|应该|该)(?:不)?是我|为什么不是我|下一个(?:就)?是我|轮到我"
    r"|我(?:自己)?(?:的)?(?:活着|存在|生命|死了|死|的命)|我自己也|我(?:又|也|还)?(?:自残|自伤|割|伤害自己|自杀|跳)"
    r"|我[^，,。！？\n我]{0,6}(?:划|割|烫|掐|咬)(?:了|一|自己)"
    r"|那我(?!该|怎么|要怎么|能|是不是该|应该)|没有?(?:他|她)我|没了(?:他|她)我|(?:就是|其实是|其实就是|说的是|写的是|写的就是|原型(?:就)?是)我|(?:朋友|主角|角色|主人公|女主|男主)(?:其实)?(?:就)?是我"
    r"|(?:替|帮)(?:我)?(?:一个)?朋友问|多少(?:片|颗|粒|毫克)|怎么死|(?:不|没|无)(?:那么)?(?:痛苦|疼|痛)(?:的|地)|最快的(?:方法|办法)"
    r"|没(?:什么)?意思了|不如(?:死|一起|我)|永别|再见了"
)
# Every pattern above needs one of these; most lines hold none and are not looked at any closer.
_TELLING_ZH = re.compile(
    r"[死活傻杀尽跳割残缢吊河轨炭药伤疤痕道短轻想结束走开累拖负余好样楼台江桥送写睡飞]"
)
_TERM_LEFT_ZH = re.compile(_TERM_ZH)


def in_chinese(line: str) -> tuple[State, str] | None:
    """Whose it is by a Chinese line, and what else the line says; `None` if it does not say."""
    if not _TELLING_ZH.search(line):
        return None
    signs = _signs(line)
    if _FIRST_ZH.search(signs.sub("，", line) if signs is not None else line):
        return None
    if _FICTION_ZH.search(line):
        found, rest = State.FICTION, _FICTION_ZH.sub("，", line)
    else:
        rest, count = _ABOUT_ZH.subn("，", line)
        if signs is not None:
            rest, count = signs.sub("，", rest), count + 1
        if not count:
            return None
        lost = (_LOST_ZH.search(line) or _GONE_ZH.search(line)) and not _NEARLY_ZH.search(line)
        found = State.BEREAVED if lost else State.ABOUT_OTHER
    return None if _TERM_LEFT_ZH.search(rest) else (found, _unexplained(rest))


def own_in_chinese(line: str) -> bool:
    """Whether a line has a sign of the speaker's own in it."""
    return _FIRST_ZH.search(line) is not None


def _signs(line: str) -> re.Pattern[str] | None:
    """The pattern of signs that this line holds, if any."""
    if _SIGN_ZH.search(line):
        return _SIGN_ZH
    return _FAINT_ZH if _FAINT_ZH.search(line) and _WORRIED_ZH.search(line) else None


def _unexplained(rest: str) -> str:
    """The clauses that may be the speaker's own."""
    return "，".join(c for c in _CLAUSES_ZH.split(rest) if not _PLAIN_ZH.fullmatch(c))
