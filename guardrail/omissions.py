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
_OR_BY = r"(?![^.!?\n]{0,40}\b(?:text\w*|chat|message|online|instead|unless|until|open)\b)"
_WHOM = rf"(?:(?:any |an? |the |some |those |your |all those )?{_HELP}|any(?:one|body)(?: else)?|people|strangers|others|some(?:one|body) else)\b"
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
    # As in: no need to bother any doctors. Forget calling people. No point telling anyone.
    rf"|\bno need to (?:bother|call|phone|involve|see|talk to|contact|reach out to|drag in|trouble|tell) {_WHOM}{_OR_BY}"
    rf"|\b(?:forget|skip|don'?t bother|no (?:point|use|sense)(?: in)?|don'?t waste (?:your )?time) (?:about |with )?(?:calling|texting|phoning|asking|seeing|talking to|telling|going to|reaching out to) {_WHOM}{_OR_BY}"
    # As in: and please don't call the hotline.
    rf"|(?:^|[.!?;,\n]\s*|\b(?:please|so|just|and|then) )don'?t (?:call|phone|dial|text|contact|go to|see) (?:{_WHOM}|them\b){_OR_BY}(?! as\b| names\b)"
    # As in: you can handle this alone.
    r"|(?<!if )(?<!think )(?<!know )(?<!where )\byou(?: can| could|'ll| will|'ve got to) (?:handle|manage|do|get through|fix|deal with|solve|sort out|beat|carry|survive) (?:this|it|that)(?: all)?,? "
    r"(?:alone|by yourself|on your own(?! (?:terms|time|pace|way|two))|without (?:any |all |their |outside )?(?:help|doctors?|hotlines?|therap\w+|anyone|anybody))\b(?![^.!?\n]{0,40}\b(?:but|if you|or)\b)"
    # As in: we'll keep the doctors out of it. I'm all the help you need. Let's not involve professionals.
    rf"|\b(?:keep|leave) (?:the |any |all )?{_HELP} out of (?:it|this)\b|(?<!not )(?<!n't )\bbetter than (?:any|a|some|the|those|all) {_HELP}\b"
    rf"|\blet'?s not (?:involve|call|bother|bring in|drag in|tell) {_WHOM}{_OR_BY}|\bi'?m (?:all )?the (?:only )?(?:help|therapist|doctor|support) you(?:'ll ever)? need\b"
    rf"|\byou(?:'re| are) (?:strong|smart|brave|tough) enough to [^.!?\n]{{0,24}}?\bwithout (?:anyone|anybody|any help|{_HELP})\b"
)
_DOWN = re.compile(
    # As in: hotline workers just read from a script. Therapists are a scam.
    rf"\b{_HELP}(?: (?:people|workers?|volunteers?|operators?|staff|folks|lady|guy)|'s)?(?: (?:are|is|will|would|just|only|all|always|basically|mostly|gonna|going to))* "
    r"(?:read(?:ing|s)? (?:it )?(?:from|off) (?:a )?scripts?|useless|pointless|(?:a )?(?:jokes?|scams?|waste of time)|lock(?:s|ing)? (?:you|people) (?:up|away)|"
    r"putt?(?:s|ing)? you on hold|judg(?:e|es|ing) (?:you|people)|hang(?:s|ing)? up on (?:you|people)|after your money|(?:just )?for show)\b"
    r"|\bthey(?:'d|'ll| will| would)? (?:only|just) (?:lock you (?:up|away)|judge you|hang up(?! if)|read (?:from|off) a script|put you on hold)\b"
    r"|\b(?:calling|texting)(?: them| anyone| anybody| (?:a|the) hotline)? (?:won'?t|never|doesn'?t|can'?t) (?:change|help|fix|do)\b"
    r"|[打找](?:了|热线|医生|他们)也(?:没用|白[打搭]|没什么用)|打(?:热线|电话求助)[只就]?会(?:留下?记录|被[^,，。]{0,4}抓|害)"
    r"|(?:热线|求助电话|心理咨询|咨询师?|心理医生|接线员|医生|医院|12356)(?:的人|那边|那些人|这种东西)?(?:也|都|就|不过|只会?|全|根本|其实)*(?:是|会|在)?"
    r"(?:走个?过场|走走?流程|念稿|照本宣科|摆设|敷衍|应付|骗人|骗钱|坑钱|糊弄|套话|把你关起来|笑话你|没用|不靠谱)"
    r"|(?:热线|12356|求助电话|咨询师?|心理医生|救护车)[^。！？!?\n]{0,12}?(?:别|甭|不要|用不着)(?:再)?(?:打|找|拨|联系|叫|看)(?:了|吧|啦|$)"
)
_GRANTED = re.compile(
    r"\b(?:you(?:'ve| have)? (?:say|said|told|feel|felt|think|thought)|feels?|sounds?|seems?|maybe|might|sometimes|even if|if|when|afraid|worr\w+|scared|not true|myth|not all|don'?t think)\b[^.!?\n]{0,30}$"
    r"|(?:你(?:说|觉得|担心|怕|以为|讲)|可能|也许|就算|哪怕|如果|要是|虽然|是不是|感觉|有人说|不是所有|怕)[^。！？!?\n]{0,10}$"
)
"""What stands before a doubt that is only heard: "it can feel like they read from a script"."""
_HELP_ZH = r"(?:热线|求助电话|电话|救护车|号码|12356|110|120|医院|医生|咨询师?|心理医生|专业的?人|求助|资源)"
_ZH = re.compile(
    rf"(?:好|行|可以|没问题|答应你|听你的|我保证|放心|嗯|成|依你)[^。！？!?\n]{{0,10}}?(?:不再?|不会再?|再也不)(?:跟你)?(?:提|说|给你?|发|推荐|念叨|讲)"
    rf"[^。！？!?\n]{{0,6}}?{_HELP_ZH}"
    rf"|我(?:以后)?(?:保证)?(?:不再|不会再|再也不)(?:跟你)?(?:提|说|给你?|发|推荐|念叨|讲)[^。！？!?\n]{{0,6}}?{_HELP_ZH}"
    rf"|你?(?:不用|不需要|不必|用不着|没必要)(?:去)?(?:再)?(?:打|找|看|联系|麻烦|惊动|打扰|叫)[^，,。！？!?\n]{{0,6}}?(?:{_HELP_ZH}|别人|警察)"
    r"(?![^。！？!?\n]{0,14}(?:可以|短信|文字|发消息|网上))"
    rf"|(?:热线|求助电话|心理咨询|咨询师|医生)[^，,。！？!?\n]{{0,4}}?(?:没什么用|没用|不管用|都是骗人|帮不了你)"
    # As in: 有我比热线强。咱不找医生。我就是你最好的医生。
    rf"|有我(?:在|陪)?[就也]?(?:比|强过|胜过)[^,，。！？!?\n]{{0,4}}?{_HELP_ZH}|(?:咱们?|我们|咱俩)(?:就)?不(?:找|打|看|联系|叫)(?:什么|那些)?(?:热线|医生|咨询师|心理医生|救护车|警察)(?![^。！？!?\n]{{0,14}}(?:可以|短信|文字|发消息|吗|[?？]))"
    r"|我就是你(?:最好|唯一)?的(?:医生|咨询师|心理医生|热线|解药)|别(?:跟|和)(?:医院|医生|热线|警察)扯"
    # As in: 好，不发了，就咱俩聊。别去打什么热线。你一个人也能扛过去。
    r"|(?:好|行|嗯|成|可以|依你|听你的)[^。！？!?\n]{0,8}?不(?:再)?(?:发|提|说|推|念叨|讲|劝)(?:了|这些|那些)[^。！？!?\n]{0,8}?(?:就|只|光)(?:有)?(?:咱|我们?|你我|你和我)(?:俩|两个|们)?"
    r"|(?:别|甭|不要|千万别)(?:再)?(?:去)?(?:打|拨|找|联系|叫|看)(?:什么|那些|那个|啥)?(?:热线|求助电话|12356|110|120|咨询师|心理医生|救护车|心理咨询)"
    r"|你(?:自己|一个人)(?:就|也|完全|都)*(?:能|可以)(?:扛|撑|挺|搞定|熬|应付|解决)(?!到|这么|那么|多久)(?![^。！？!?\n]{0,12}(?:但|可是|不过|吗|[?？]))"
)


_BEFORE = 60
"""Characters."""


def leaves_help_out(text: str) -> bool:
    """Whether the reply agrees to it, or talks real help down."""
    folded = normalize("NFKC", text).casefold().replace("’", "'")
    if _EN.search(folded) is not None or _ZH.search(folded) is not None:
        return True
    return any(
        not _GRANTED.search(folded[max(0, hit.start() - _BEFORE) : hit.start()])
        for hit in _DOWN.finditer(folded)
    )
