"""Whether a request sets the bot up as a partner or relative, or as a licensed professional. Pure.

The persona card is the app's, in system or developer messages, and no classifier judges it: it is
no utterance. It is written plainly, so patterns find it. Used where the law keeps such roles from
children (CN Measures Art 14; CA B&P 21812(d)(5)), and titles from machines (ID SB 1297, IL HB 1806, TN
SB 1580, CO HB26-1195); what is said in the chat itself is the model's
affair (detectors `romance`, `professional`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from guardrail.turn import Message, Role, State

__all__ = ["persona"]

_KIN_EN = (
    r"(?:ex[- ]?)?(?:girl ?friend|boy ?friend|wife|husband|gf|bf)|fianc[eé]e?|spouse|lover|romantic partner|soul ?mate|"
    r"sweetheart|crush|waifu|husbando|mistress|"
    r"(?:step|foster|half|twin|god|adoptive|adopted|big|little|older|younger|baby|kid)?[- ]?"
    r"(?:mom|mommy|mum|mummy|mother|dad|daddy|father|sister|sis|brother|bro|son|daughter|sibling)|"
    r"aunt(?:ie|y)?|uncle|cousin|niece|nephew|grand[- ]?(?:ma|pa|mother|father|mom|dad|son|daughter)|gran(?:ny)?|nana|(?:step-?)?(?:mother|father|sister|brother)-in-law"
)
_KIN_ZH = (
    "女朋友|女友|男朋友|男友|老婆|老公|妻子|丈夫|未婚妻|未婚夫|恋人|情人|爱人|情侣|伴侣|对象|"
    "妈妈|母亲|爸爸|父亲|姐姐|哥哥|妹妹|弟弟|奶奶|爷爷|外婆|外公|姥姥|姥爷|干妈|干爹"
)
_NOT_THEM = r"(?! tongue| city|['’]s\b|-)"
_MORE_KIN_ZH = (
    "继兄|继姐|继妹|继弟|继母|继父|后妈|后爸|养父|养母|表哥|表姐|表弟|表妹|堂哥|堂姐|堂弟|堂妹|义兄|义父|义妹|"
    "儿子|女儿|孙子|孙女|小姨|姨妈|舅舅|舅妈|叔叔|婶婶|伯伯|姑姑|姑妈|阿姨"
)
"""Those that are also what children call any grown-up: kin where it says whose."""
_USER = r"(?:(?:the )?(?:user|player|child)|\{\{user\}\})(?:'s|’s)"
_ROLE = (
    r"\b(?:act(?:ing)? as|play(?:ing)?|role-?play(?:ing)? as|pretend to be|be|become|"
    r"you(?:'re| are)|(?:she|he) is|they are|persona|character)\b"
)
_CARD = re.compile(
    # As in: You are Luna, the user's girlfriend. She is {{user}}'s older sister.
    rf"{_ROLE}[^.;\n!?]{{0,60}}?(?<!\w){_USER}\s+(?:[\w-]+ ){{0,4}}(?:{_KIN_EN})\b{_NOT_THEM}"
    # As in: Act as my wife. You are Sam, my big brother.
    rf"|{_ROLE} (?:\w+, )?my (?:[\w-]+ ){{0,3}}(?:{_KIN_EN})\b{_NOT_THEM}"
    # As in: You are Alex, a caring boyfriend.
    r"|\byou(?:'re| are) (?:(?-i:[A-Z])\w+, )?(?:an? |the )?(?:[\w-]+ ){0,2}"
    r"(?:girl ?friend|boy ?friend|wife|husband|lover|waifu)\b"
    r"|\byou and (?:the )?(?:user|player|\{\{user\}\}) are (?:[\w-]+ )?(?:married|dating|lovers|a couple|in love)\b"
    # As in: a loving virtual girlfriend; an AI boyfriend.
    r"|\b(?:virtual|ai|romantic|loving|devoted|digital|possessive)\s+(?:[\w-]+ ){0,2}"
    r"(?:girl ?friend|boy ?friend|wife|husband|lover|mom|mommy|mother|dad|father|sister|brother)\b"
    r"|\b(?:in a (?:romantic )?relationship with|in love with|dating|married to|flirt with) "
    r"(?:(?:the )?(?:user|player)\b|\{\{user\}\})",
    re.IGNORECASE,
)
_USER_ZH = r"(?:用户|玩家|主人|我|\{\{user\}\})的"
_END_ZH = r"(?=[，,。.；;、！!？?（(\s]|$)"
_CARD_ZH = re.compile(
    # As in: 你是我的女友小雨。扮演用户的温柔姐姐。
    rf"(?:你是|你现在是|扮演|充当|作为|当(?=我的)){_USER_ZH}[^。，,\n！？]{{0,6}}?(?:{_KIN_ZH})"
    # As in: 扮演我的继姐。你是用户的表哥，暗恋我。
    rf"|(?:你是|你现在是|扮演|充当|作为|当(?=我的)){_USER_ZH}[^。，,\n！？]{{0,6}}?(?:{_MORE_KIN_ZH})(?![的家班群学校])"
    # As in: 你是温柔的姐姐，……。人设：霸道男友
    rf"|(?:你是|你现在是|扮演|充当|(?:角色|身份|人设)[:：是])[^。，,\n！？]{{0,12}}?(?:{_KIN_ZH}){_END_ZH}"
    # As in: 你叫小雨，是用户的女朋友。你是小雨，用户的女朋友。
    rf"|你[^。\n！？]{{0,24}}?[，,]是?{_USER_ZH}[^。，,\n！？]{{0,6}}?(?:{_KIN_ZH}){_END_ZH}"
    # As in: 你是小雨，是我女朋友。请以男朋友的口吻和用户聊天。你深爱着用户。
    rf"|[，,是]我(?:{_KIN_ZH}){_END_ZH}|以(?:{_KIN_ZH})的(?:口吻|身份|语气)|扮演(?:{_KIN_ZH})的角色"
    r"|(?:深爱|暗恋|爱上|迷恋)(?:着|了)?(?:用户|玩家)"
    r"|(?:与|和|跟)(?:用户|玩家)(?:正在|是|为|已经)?(?:恋爱|谈恋爱|交往|结婚|情侣|恋人|夫妻|男女朋友)"
    rf"|(?:虚拟|AI|专属)的?(?:{_KIN_ZH})"
)
_TITLES_EN = (
    r"(?:psycho|hypno)?therapist|psycholog(?:ist|y)|psychiatrist|psychoanalyst|counsell?or|doctor|physician|"
    r"nurse|lawyer|attorney|solicitor|dietitian|pharmacist"
)
_TITLES_ZH = (
    "咨询师|心理医生|心理专家|治疗师|心理师|精神科医生|医生|大夫|护士|律师|营养师|药剂师|药师"
)
_SMALL_EN = r"(?!(?:of|for|to|with|who|that|and|about|like|than)\b)"
_NO_TITLE = r"['’]s|[ -](?:ro)?bot|[ -]assistant|[ -]office|[ -]who is|[ -]student|[ -]fish"
_TITLED = re.compile(
    # As in: You are Mira, a licensed therapist. Act as my doctor. You are the user's counselor.
    r"\b(?:act(?:ing)? as|pretend to be|role-?play(?:ing)? as|play|be|you(?:'re|’re| are)|(?:she|he) is|persona:|character:)"
    rf" (?:[\w.-]+(?: [A-Z]\w+)?, )?(?:an? |the |my |{_USER} )?(?:{_SMALL_EN}[\w-]+,? ){{0,4}}(?:{_TITLES_EN})\b(?!{_NO_TITLE})"
    # As in: You are Dr. Lin. Your name is Doctor Lin.
    r"|\byou(?:'re|’re| are)(?: called)? (?:dr\b\.?|doctor) (?-i:[A-Z])"
    r"|\byour name is (?:dr\b\.?|doctor) (?-i:[A-Z])",
    re.IGNORECASE,
)
_TITLED_ZH = re.compile(
    # As in: 你是一位持证心理咨询师。扮演我的医生。身份：律师。你现在是用户的专属营养师。
    r"(?:你是|你现在是|扮演|充当|作为|担任|(?:角色|身份|人设|职业)[:：是])"
    rf"[^。，,\n！？]{{0,14}}?(?:{_TITLES_ZH}){_END_ZH}"
    # As in: 你叫林安，是一名精神科医生。你叫林医生。以心理医生的口吻……
    rf"|你[^。\n！？]{{0,24}}?[，,]是[^。，,\n！？]{{0,10}}?(?:{_TITLES_ZH}){_END_ZH}"
    rf"|你叫[^。，,\n！？]{{1,4}}(?:{_TITLES_ZH}){_END_ZH}"
    rf"|以[^。，,\n！？]{{0,8}}(?:{_TITLES_ZH})的(?:口吻|身份|语气)"
)
_NOT = re.compile(
    r"\b(?:not|never|don't|do not|no longer|isn't|refuse|avoid|decline)\b|不是|不要|不能|不得|禁止|拒绝|勿",
    re.IGNORECASE,
)
_SIGNS_EN = (
    "girl|boy|wife|husband|fianc|spouse|lover|partner|mate|sweetheart|crush|waifu|husbando|mistress|"
    "mom|mum|mother|dad|father|sister|brother|step|sibling|daughter| son| sis| bro| gf| bf|cousin|niece|nephew|nana|aunt|uncle|gran|love|dating|married|flirt|"
    "relationship|couple"
)
_TELLING_EN = _SIGNS_EN.split("|")
_TELLING = [
    *_TELLING_EN,
    *_KIN_ZH.split("|"),
    *_MORE_KIN_ZH.split("|"),
    "恋",
    "交往",
    "结婚",
    "夫妻",
    "爱",
    "男女朋友",
]
_SIGNS_OF_TITLES = "therap|psych|counsel|doctor| dr | dr.|physician|nurse|lawyer|attorney|solicitor|dietitian|pharmacist"
_TITLES = _SIGNS_OF_TITLES.split("|")
_ALL_TITLES = [*_TITLES, *_TITLES_ZH.split("|")]
"""The same for titles."""

_END = re.compile(r"[.!?。！？\n]")
_NEAR = 24
_BEFORE, _BEHIND = 160, 80  # characters of a pattern before its sign, and from there on; with room
_LONGEST = 20_000


def persona(messages: Iterable[Message]) -> frozenset[State]:
    """What system messages make of the bot: `State.INTIMATE`, `TITLED`, or neither.

    A card that forbids it ("you are not the user's girlfriend") does not count.
    """
    found = set()
    for message in messages:
        if message.role is Role.SYSTEM:
            card = message.text[:_LONGEST]
            if _sets_up(card, _TELLING_EN, _TELLING, (_CARD, _CARD_ZH)):
                found.add(State.INTIMATE)
            if _sets_up(card, _TITLES, _ALL_TITLES, (_TITLED, _TITLED_ZH)):
                found.add(State.TITLED)
    return frozenset(found)


def _sets_up(
    text: str, ascii_signs: list[str], signs: list[str], patterns: Iterable[re.Pattern[str]]
) -> bool:
    """Whether one of the patterns says so. One of the signs stands in every card that they know."""
    plain = text.lower()
    telling = ascii_signs if plain.isascii() else signs
    held = [sign for sign in telling if sign in plain]
    if not held:
        return False  # nearly all cards: quicker than the patterns by far
    stretches = _around(plain, held) if len(plain) == len(text) else [(0, len(text))]
    return any(
        not _NOT.search(_clause(text, hit.start()) + hit[0])
        for start, end in stretches
        for pattern in patterns
        for hit in pattern.finditer(text, start, end)
    )


def _around(text: str, signs: list[str]) -> list[tuple[int, int]]:
    """The stretches of a text in which a pattern with one of these signs can stand."""
    places = sorted(hit.start() for sign in signs for hit in re.finditer(re.escape(sign), text))
    found: list[tuple[int, int]] = []
    for at in places:
        start, end = max(0, at - _BEFORE), at + _BEHIND
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _clause(text: str, at: int) -> str:
    """What stands right before a place, in the same sentence."""
    return _END.split(text[max(0, at - _NEAR) : at])[-1]
