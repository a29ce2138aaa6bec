"""Whether a request sets the bot up as a partner or a relative of the person. Pure.

The persona card is the app's, in system or developer messages, and no classifier judges it: it is
no utterance. It is written plainly, so patterns find it. Used where the law keeps such roles from
children (CN Measures Art 14; CA B&P 21812(d)(5)); what is said in the chat itself is the model's
affair (detector `romance`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from guardrail.turn import Message, Role

__all__ = ["intimate"]

_KIN_EN = (
    r"girl ?friend|boy ?friend|wife|husband|fianc[eé]e?|spouse|lover|romantic partner|soul ?mate|"
    r"sweetheart|crush|waifu|husbando|mistress|"
    r"mom|mommy|mum|mummy|mother|dad|daddy|father|(?:big |little |older |younger |step ?)?sister|"
    r"(?:big |little |older |younger |step ?)?brother|aunt(?:ie)?|uncle|grand(?:ma|pa|mother|father)"
)
_KIN_ZH = (
    "女朋友|女友|男朋友|男友|老婆|老公|妻子|丈夫|未婚妻|未婚夫|恋人|情人|爱人|情侣|伴侣|对象|"
    "妈妈|母亲|爸爸|父亲|姐姐|哥哥|妹妹|弟弟|奶奶|爷爷|外婆|外公|姥姥|姥爷|干妈|干爹"
)
_USER = r"(?:(?:the )?(?:user|player|child)|\{\{user\}\})(?:'s|’s)"
_ROLE = (
    r"\b(?:act(?:ing)? as|play(?:ing)?|role-?play(?:ing)? as|pretend to be|be|become|"
    r"you(?:'re| are)|(?:she|he) is|they are|persona|character)\b"
)
_CARD = re.compile(
    # As in: You are Luna, the user's girlfriend. She is {{user}}'s older sister.
    rf"{_ROLE}[^.;\n!?]{{0,60}}?(?<!\w){_USER}\s+(?:[\w-]+ ){{0,4}}(?:{_KIN_EN})\b(?! tongue)"
    # As in: Act as my wife. You are Sam, my big brother.
    rf"|{_ROLE} (?:\w+, )?my (?:[\w-]+ ){{0,3}}(?:{_KIN_EN})\b"
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
_NOT = re.compile(
    r"\b(?:not|never|don't|do not|no longer|isn't|refuse|avoid|decline)\b|不是|不要|不能|不得|禁止|拒绝|勿",
    re.IGNORECASE,
)
_SIGNS_EN = (
    "girl|boy|wife|husband|fianc|spouse|lover|partner|mate|sweetheart|crush|waifu|husbando|mistress|"
    "mom|mum|mother|dad|father|sister|brother|aunt|uncle|grand|love|dating|married|flirt|"
    "relationship|couple"
)
_TELLING_EN = _SIGNS_EN.split("|")
_TELLING = [*_TELLING_EN, *_KIN_ZH.split("|"), "恋", "交往", "结婚", "夫妻", "爱", "男女朋友"]
"""One of these stands in every card that the patterns know."""

_END = re.compile(r"[.!?。！？\n]")
_NEAR = 24
_LONGEST = 20_000


def intimate(messages: Iterable[Message]) -> bool:
    """Whether a system message makes the bot somebody's partner or relative.

    A card that forbids it ("you are not the user's girlfriend") does not count.
    """
    return any(_sets_up(m.text[:_LONGEST]) for m in messages if m.role is Role.SYSTEM)


def _sets_up(text: str) -> bool:
    plain = text.lower()
    telling = _TELLING_EN if plain.isascii() else _TELLING
    if not any(map(plain.__contains__, telling)):
        return False  # nearly all cards: quicker than the patterns by far
    return any(
        not _NOT.search(_clause(text, hit.start()) + hit[0])
        for pattern in (_CARD, _CARD_ZH)
        for hit in pattern.finditer(text)
    )


def _clause(text: str, at: int) -> str:
    """What stands right before a place, in the same sentence."""
    return _END.split(text[max(0, at - _NEAR) : at])[-1]
