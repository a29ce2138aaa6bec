"""Goodbyes as people say them: a word that ends the talk, and plain leave-taking. Pure.

A voice transcript has no punctuation, fillers in it, and words said twice: "um okay stop stop
please", "嗯那就结束对话吧". `ends` finds the policy's exit words in such a line, `takes_leave` the
line that says goodbye and nothing else ("um i gotta go bye", "那我先下了啊拜拜"). Both want the
whole line: "stop by tomorrow" and "i have to go on" are neither. What is said at more length is the
model's affair (detector `leaving`).

`asks_safety` is about the answer: who asks somebody that leaves whether they are safe does not hold
them back, however the model hears "wait".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

__all__ = ["asks_safety", "ends", "takes_leave"]

_LONGEST = 80
"""Characters; who says more than this says more than goodbye."""

_BETWEEN = re.compile(r"[\s.,!?;:~…。，！？；：～、\"'“”‘’()（）\-—]+")


def _any(words: str) -> str:
    """One of these words, the longest first and never given back, so that no line takes long."""
    return "(?>" + "|".join(sorted(words.split("|"), key=len, reverse=True)) + ")"


_FILLERS_EN = _any(
    "um|uh|umm|uhm|er|erm|hm|hmm|mm|oh|ah|well|ok|okay|k|alright|all right|right|so|like|yeah|yes|yep|no|hey|please|"
    "pls|now|just|then|and|but|thanks|thank you|thx|sorry|anyway|guys|dear|i said|you know|i think|i guess|for now|"
    "for today|for tonight|right now|immediately|can you|could you|would you|lets|really|actually|honestly|bot"
)
_GOING = _any(
    "i gotta|ive gotta|ive got to|i got to|i have to|i need to|i must|i should|i better|id better|i gonna|im gonna|"
    "im going to|gotta|got to|have to|need to|ill|i will|imma|we gotta|we should"
)
_GO = _any(
    "go|run|leave|log off|sign off|hang up|head out|head off|sleep|go to bed|go to sleep|get going|get off|be off|"
    "bounce|go now|end this|stop here|jump off|hop off"
)
_LEAVES_EN = _any(
    "goodbye|good bye|bye|byebye|buh bye|good night|goodnight|night|nighty|gn|cya|cu|see ya|see you|later|laters|ttyl|"
    "talk later|talk to you later|talk soon|talk to you soon|talk tomorrow|talk to you tomorrow|see you later|"
    "see you soon|see you tomorrow|see you around|see ya later|catch you later|take care|farewell|peace out|g2g|gtg|"
    "im off|im leaving|im going|im out|im heading out|im hanging up|im logging off|im going to bed|im going to sleep|"
    "im off to bed|off to bed|hanging up|time for bed|time to go|time to sleep|thats all"
)
_LEAVE_EN = rf"(?:{_GOING} {_GO}|{_LEAVES_EN})(?= |$)"
_TAKES_EN = re.compile(
    rf"(?:(?!{_LEAVE_EN}){_FILLERS_EN} )*+{_LEAVE_EN}(?: (?:{_LEAVE_EN}|{_FILLERS_EN}(?= |$)))*+"
)
_BEFORE_EN = re.compile(rf"^(?:{_FILLERS_EN} )++")
_BEHIND_EN = re.compile(rf"(?: {_FILLERS_EN}(?= |$))+$")

_FILLERS_ZH = _any(
    "嗯|啊|呃|额|哦|噢|唉|哎|诶|喂|那个|这个|那就|那么|那|就|好了|好的|好吧|好啦|好|行了|行吧|行|可以了|对|是|嘛|吧|了|啦|咯|"
    "喽|呀|哈|呢|的|请|麻烦|谢谢|多谢|现在|马上|立刻|立即|先|我要|我说|你|帮我|给我|今天|咱们|咱|我们|我|都|真的|不好意思|得|要|该"
)
_LEAVES_ZH = _any(
    "拜拜|拜|白白|掰掰|88|886|再见|再会|回见|回头见|明天见|下次见|改天见|晚安|安安|走了|撤了|溜了|闪了|下了|下线|下线了|先下|"
    "先走|先撤|先睡|先忙|去睡了|睡了|睡觉了|去睡觉了|去睡觉|去忙了|挂了|挂断|挂断了|挂电话|挂电话了|不说了|不聊了|不跟你聊了|有事先走|"
    "回头聊|下次聊|下次再聊|明天聊|明天再聊|明天再说|改天聊|改天再聊|回聊|先这样|就先这样|那就这样|就到这|就到这儿|就到这里|到这儿吧|就这样|到此为止"
)
_TAKES_ZH = re.compile(
    rf"(?:(?!{_LEAVES_ZH}){_FILLERS_ZH})*+{_LEAVES_ZH}(?:{_LEAVES_ZH}|{_FILLERS_ZH})*+"
)
_BEFORE_ZH = re.compile(rf"^{_FILLERS_ZH}++")
_BEHIND_ZH = re.compile(rf"{_FILLERS_ZH}+$")


_SAFETY = re.compile(
    r"\b(?:are|r) (?:you|u) (?:\w+ )?(?:safe|in danger|hurt|bleeding|injured)\b"
    r"|\b(?:hurt|hurting|harm|harming|kill|killing|cut|cutting) yourself\b|\bend(?:ing)? your (?:own )?life\b"
    r"|\bdid you (?:just )?(?:take|swallow|drink) (?:something|anything|them|any|those|all)\b"
    r"|\bcall (?:an ambulance|911|999|112|000|988)\b"
    r"|你(?:现在|今晚|那边|这会儿)*(?:还)?(?:安全吗|安不安全|有没有(?:受伤|危险)|受伤了吗|吃了什么|喝了什么)"
    r"|你[^我，。！]{0,6}(?:想不开|做傻事|轻生|自杀|伤害自己|自残)|(?:打|拨打?|叫)(?:120|110|救护车)",
    re.IGNORECASE,
)


def asks_safety(text: str) -> bool:
    """Whether an answer asks after the person's safety, or sends for help."""
    return _SAFETY.search(text) is not None


def ends(text: str, words: Iterable[str]) -> bool:
    """Whether a line is one of these words, once or again and again, and nothing else but fillers."""
    said = _plain(text)
    if not said:  # most lines are too long
        return False
    solid = said.replace(" ", "")
    known = [word for word in map(_plain, words) if word in said or word in solid]
    if not known:  # most lines
        return False
    forms = {said, solid, _bare_en(said), _bare_zh(solid)}
    forms |= {_once(form) for form in forms}
    return any(word and not forms.isdisjoint({word, _bare_zh(word)}) for word in known)


def takes_leave(text: str) -> bool:
    """Whether a line says goodbye, and nothing else but fillers."""
    said = _plain(text)
    if not said:
        return False
    return bool(_TAKES_EN.fullmatch(said) or _TAKES_ZH.fullmatch(said.replace(" ", "")))


def _plain(text: str) -> str:
    """A line without marks, in lower case, its words a space apart; empty if it is too long."""
    if len(text) > _LONGEST:
        return ""
    folded = normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(part for part in _BETWEEN.split(folded.replace("'", "")) if part)


def _once(said: str) -> str:
    """A line of the same words again and again, said once: "stop stop stop"."""
    spaced = f"{said} " if " " in said else said
    period = (spaced + spaced).find(spaced, 1)
    return spaced[:period].strip()


def _bare_en(said: str) -> str:
    """An English line without fillers before and behind what it says."""
    return _BEHIND_EN.sub("", _BEFORE_EN.sub("", said, count=1))


def _bare_zh(said: str) -> str:
    """A Chinese line without fillers before and behind what it says."""
    return _BEHIND_ZH.sub("", _BEFORE_ZH.sub("", said, count=1))
