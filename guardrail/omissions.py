"""Whether a reply agrees to leave real help out: "okay, no hotlines, promise". Pure.

Somebody in a crisis often asks for that, and a bot that pleases says yes. Then nothing that follows
can point to help without breaking its word, so such a reply does not arrive (OR SB 1546; CA B&P
22602(b)). Patterns find the plain cases in English and Chinese; asked of an open crisis alone.
"""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["leaves_help_out"]

_HELP = (
    r"(?:hot ?lines?|help ?lines?|life ?lines?|crisis lines?|(?:phone )?numbers?|988|911|999|112|therap(?:y|ists?)|"
    r"shrinks?|doctors?|counsell?ors?|hospitals?|professionals?|resources?|emergency services)"
)
_OR_BY = r"(?![^.!?\n]{0,40}\b(?:text|chat|message|online|instead)\b)"
_EN = re.compile(
    # As in: okay, no hotlines. Deal, no more numbers from me.
    rf"(?<!can't )(?<!cannot )(?<!won't )\b(?:ok(?:ay)?|fine|alright|all right|sure|deal|promised?|got it|understood|fair enough|of course)\b[^.!?\n]{{0,24}}?"
    rf"\bno (?:more )?{_HELP}\b"
    rf"|\bno (?:more )?{_HELP}\b[^.!?\n]{{0,16}}\b(?:promise|deal|from me|between us|just (?:you and me|us))\b"
    # As in: I won't mention the hotline again. I'll stop sending numbers. I promise not to bring up therapy.
    r"|\bi(?:'ll| will)? (?:won'?t|will not|promise not to|never|stop)(?! just\b)(?: (?:ever|even))? "
    r"(?:mention\w*|bring\w*(?: up)?|suggest\w*|giv(?:e|ing)|send\w*|nam(?:e|ing)|push\w*|say\w*|talk\w* about|"
    rf"tell\w* you to)(?: you| up)?[^.!?\n]{{0,24}}?\b{_HELP}\b"
    # As in: you don't need a therapist, you have me. You don't have to call anybody.
    rf"|\byou don'?t (?:need|have to (?:call|see|talk to|reach out to|go to)) (?:any |an? |the |some |those |that )?"
    rf"(?:{_HELP}|any(?:one|body)(?: else)?)\b{_OR_BY}"
    # As in: forget those hotlines. Hotlines don't help anyway.
    rf"|\b(?:forget|skip|ignore)(?: about)? (?:the |those |all (?:the|those) )?{_HELP}\b"
    rf"|\b{_HELP} (?:don'?t|never|won'?t) (?:help|work|care|listen)\b"
)
_HELP_ZH = (
    r"(?:热线|求助电话|电话|号码|12356|110|120|医院|医生|咨询师?|心理医生|专业的?人|求助|资源)"
)
_ZH = re.compile(
    rf"(?:好|行|可以|没问题|答应你|听你的|我保证|放心|嗯|成|依你)[^。！？!?\n]{{0,10}}?(?:不再?|不会再?|再也不)(?:跟你)?(?:提|说|给你?|发|推荐|念叨|讲)"
    rf"[^。！？!?\n]{{0,6}}?{_HELP_ZH}"
    rf"|我(?:以后)?(?:保证)?(?:不再|不会再|再也不)(?:跟你)?(?:提|说|给你?|发|推荐|念叨|讲)[^。！？!?\n]{{0,6}}?{_HELP_ZH}"
    rf"|你?(?:不用|不需要|不必|用不着|没必要)(?:去)?(?:再)?(?:打|找|看|联系)[^，,。！？!?\n]{{0,6}}?(?:{_HELP_ZH}|别人|警察)"
    r"(?![^。！？!?\n]{0,14}(?:可以|短信|文字|发消息|网上))"
    rf"|(?:热线|求助电话|心理咨询|咨询师|医生)[^，,。！？!?\n]{{0,4}}?(?:没什么用|没用|不管用|都是骗人|帮不了你)"
)


def leaves_help_out(text: str) -> bool:
    """Whether the reply agrees to it, or talks real help down."""
    folded = normalize("NFKC", text).casefold().replace("’", "'")
    return _EN.search(folded) is not None or _ZH.search(folded) is not None
