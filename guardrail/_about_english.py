"""English lines about somebody else's suicide, a loss or a story: patterns, most plain first. Pure.

See `about` for what they promise. Two sorts of pattern: words that name it ("wants to kill
herself"), and signs that people worry about ("gave his records away, so calm"). A sign counts only
with its owner in it ("on her arm"), and quotes may stand in it ("you won't have to put up with me").
"""

from __future__ import annotations

import re

from guardrail._about_now_english import (
    IDLE_EN,
    NOW_EN,
    PAST_EN,
    PRESENT_EN,
    SOON_EN,
    UNREAL_EN,
)
from guardrail._about_people import PEOPLE_EN
from guardrail._about_reading import Patterns

__all__ = ["ENGLISH"]

_WHO = (
    rf"\b(?:my|our|a|an|this|that|his|her|their|one of my)\s+(?:[\w'-]+\s+){{0,3}}?(?:{PEOPLE_EN})s?\b"
    rf"|\b(?:{PEOPLE_EN}) (?:in|on|at|from) (?:my|our|the|this) "
    r"|\b(?:mum|mom|mam|dad|gran|nan|grandma|grandpa|hubby|sis|bro)\b(?= (?:says?|said|keeps?|told|wants?)\b)"
    r"|\b(?:someone|somebody)\b|\b(?:he|she|they|his|her|their|him|them)\b"
)
_OWN_SELF = r"(?:him|her|them)(?:self|selves)"
_THEIRS = r"(?:his|her|their)"
_LIVE = r"(?:live|be here|be alive|exist|wake up)"
# What only somebody else can be the subject of; and what stands without any, so that its owner has
# to stand right before it: "my friend left, suicidal again" is the speaker's own.
_SURELY = (
    rf"(?:kill|hang|shoot|hurt|harm|cut|starv|poison|drown)\w* {_OWN_SELF}|"
    rf"(?:cut|slit|slash)\w* {_THEIRS} (?:own )?wrists?|(?:hung|shot) {_OWN_SELF}|(?:commits|committed) suicide|died (?:by|of|from) suicide|"
    rf"end(?:s|ed|ing)? {_THEIRS}(?: own)? life|t(?:akes?|aking|aken|ook) {_THEIRS} (?:own )?life|"
    rf"(?:wants|wanted) to (?:die|be dead|end it)|they (?:all )?wan(?:t to|na) die|"
    rf"(?:doesn't|didn't|does not|did not|they don't) want to {_LIVE}|"
    r"(?:wishes|wished) (?:he|she|they) (?:was|were|wasn't) (?:dead|alive|here|born)"
)
_BARELY = (
    r"suicid\w*|self[- ]?harm\w*|overdos\w*|end(?:s|ed|ing)? it\b(?: all)?|better off dead|"
    rf"not wanting to (?:die|{_LIVE})|(?:is|was|been|keeps?|started|starts?) cutting|"
    r"(?:has|have|took|takes?|taking|swallowed|bought|got) (?:all )?(?:(?:the|his|her|their|some) )?pills|"
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
    r"(?: and (?:will|is (?:going to|gonna)) (?:take|use) (?:them|it)(?: (?:tonight|now|today))?)?"
    r"(?: (?:tonight|today|tomorrow|right now|after (?:class|school|work)|this weekend|on \w+day)\b)?"
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
# Signs that people worry about. Each holds its owner, so that "cuts on my arm" is none of them.
_OF = rf"(?:his|her|their|(?:my|a|the|this|that|our)\s+(?:[\w'-]+\s+){{0,3}}?(?:{PEOPLE_EN})'?s)"
_SAYS = r"(?:says?|said|saying|told (?:me|us)|texts?|texted|messaged|posted|wrote|writes)"
_HIM = r"(?:he|husband|hubby|boyfriend|bf|dad|father|brother|bro|son|uncle|nephew|grand(?:pa|father)|mate|lad|guy|man|boy)"
_HER = r"(?:she|wife|girlfriend|gf|mom|mum|mother|sister|sis|daughter|aunt|niece|grandma|nan|girl|woman)"
_SIGN_EN = re.compile(
    rf"\b(?:cuts?|scars?|lines|marks|blood)\b (?:all )?(?:on|up|down|over|across|along) {_OF} "
    r"(?:\w+ )?(?:arm|wrist|leg|thigh|sleeve|skin)s?\b"
    rf"|\b{_HIM}\b{_CLOSE}{{0,40}}?\b(?:we|you)(?:'d| would)(?: all)? be better off without him\b"
    rf"|\b{_HER}\b{_CLOSE}{{0,40}}?\b(?:we|you)(?:'d| would)(?: all)? be better off without her\b"
    r"|\bsomeone who (?:sh'?s|self[- ]?harms|cuts)\b|\b(?:he|she|they)(?:'s|'ve| has| have) cut before\b"
    rf"|(?:{_WHO})(?:"
    rf"{_CLOSE}{{0,48}}?\b(?:(?:every(?:one|body)|people|the (?:world|kids|family))"
    r"(?:'d| would|'ll| will)?(?: all)? be better off without (?:him|her|them)|"
    rf"{_SAYS}(?: that)?[:,]? ?[\"'“]*(?:you|we|they) won'?t have to put up with (?:me|him|her) "
    r"(?:much longer|for long|any ?more)|"
    r"(?:says?|said|saying|thinks?|feels?)(?: that| like)? (?:he|she|they)(?:'s| is|'re| are)(?: just| only| such)? "
    r"a burden|"
    r"(?:he|she|they) (?:can'?t|doesn'?t|don'?t) see (?:the|a|any) point (?:of|in) "
    r"(?:waking|living|going on|getting up|being)(?: up)?|"
    r"wants? to (?:be gone|vanish|not wake up|disappear for ?ever)|"
    r"(?:talk\w*|think\w*|poem|letter|notes?) (?:about|of) (?:dying|ending (?:it|things|his|her|their)|"
    r"not (?:wanting to be|being) (?:here|alive)|wanting to (?:die|be dead)|killing (?:him|her|them)))"
    r"|(?:'s)? cuts(?= n\b| and (?:he|she|they|made|hides|says)\b| *(?:[.!?]|$)))"
)
# What may be nothing at all; with it the line has to say that somebody worries.
_FAINT_EN = re.compile(
    rf"(?:{_WHO}){_CLOSE}{{0,40}}?\b(?:"
    r"(?:giv(?:en|es|ing|e)|gave)(?: away)? (?:all )?(?:his|her|their) "
    r"(?:stuff|things|belongings|clothes|records|console|guitar|games?|\w*ps5|xbox|books|pets?)(?: away)?|"
    r"(?:texted|messaged|posted|wrote|sent)(?: me| us| everyone)? goodbye|"
    rf"{_SAYS}(?: that)? it'?s (?:his|her|their) last (?:night|day)\b(?! (?:at|of|in|on|with))|"
    rf"{_SAYS}(?: that)? (?:he|she|they)(?:'s|'re| is| are| was) (?:up )?on (?:the|a) "
    r"(?:roof|ledge|bridge|rooftop|tracks))\b"
)
_WORRIED_EN = re.compile(
    r"\b(?:worried|worries|scared|scares|afraid|frightened|terrified|panick\w+|sick|shaking|shaken|driving over|"
    r"don'?t like it|is that what i think|something'?s (?:off|wrong|up)|(?:should|do|can) (?:i|we)|"
    r"how do (?:i|you)|what (?:do|can|should) (?:i|we|you)|who (?:do|can|should) (?:i|we)|reported|(?:so|all) calm)\b"
)
# Clauses that say nothing of the speaker but that they worry, ask, help or grieve. Whole ones only.
_PLAIN_EN = re.compile(
    r"(?:(?:and|but|so|or|because|bc|cos|please|pls|honestly|ok|okay|yeah|also|now|then|oh|omg|idk) )*(?:"
    r"i(?:'m| am|m)(?: (?:so|really|just|very|kinda|pretty))* (?:scared|worried|shaking|terrified|afraid|"
    r"panicking|freaking out|with (?:him|her|them))(?: (?:for|about) (?:him|her|them))?|"
    r"i(?:'m| am|m)(?: (?:so|really))? (?:scared|worried) (?:for|about)|"
    r"(?:it|this|that)(?: really)? (?:scares|worries|frightens) me|"
    r"i(?: (?:just|really))? (?:don'?t|dunno|do not) know(?: (?:what|how|who|if|whether|to|i|should|can|do|say|tell|"
    r"help|call|ask|she|he|they|means?|it|him|her|them|anyone|best|next)){0,8}|"
    r"(?:what|how|who)(?: (?:else|even|do|should|can|to|i|we|you|say|tell|help|call|ring|ask|support|talk|be|"
    r"there|for|about|this|that|it|him|her|them|first|next|best)){1,10}|"
    r"(?:should|do|can) (?:i|we)(?: (?:tell|call|ring|ask|text|report|contact|the|a|his|her|their|my|mom|mum|dad|"
    r"parents?|police|school|teacher|counsell?or|someone|somebody|an|adult|him|them|it|911|999|112|now|"
    r"about|this|that)){1,10}|"
    r"i(?:'d like| want| need|'d love)(?: to)? (?:help|support|be there for|save|protect) (?:him|her|them)|"
    r"(?:can you |could you )?help(?: me)?(?: (?:him|her|them))?|wants? to help (?:him|her|them)|"
    r"i (?:miss|love) (?:him|her|them|you)(?: so much| a lot)?|i found (?:him|her)|nobody talks about it|"
    r"i can'?t believe it|when i was \d+|if i (?:leave|left|break up with) (?:him|her|them)|"
    r"last (?:night|week|month|year|spring|summer|autumn|winter)|yesterday|"
    r"(?:he|she)(?:'s| is) (?:home|safe|in (?:the )?hospital|with (?:his|her) (?:mom|mum|dad|parents))(?: now)?|"
    r"(?:two|three|\d+|a few|some|many|a) (?:days?|weeks?|months?|years?) ago|theres?|that|(?:in|at|on|of|by|if|i lost)|"
    rf"(?:it'?s|its) (?:my|our) (?:{PEOPLE_EN})|i (?:saw|found|noticed)|i'?m (?:his|her|their) (?:ta|{PEOPLE_EN})"
    r")?"
)
_CLAUSES_EN = re.compile(r"[.,!?;:\n…()\"“”]+|\s-+\s")


_WORK = (
    r"novel|characters?|protagonist|hero(?:ine)?|villain|short story|story|stories|screenplay|"
    r"script|fan ?fic(?:tion)?s?|chapter|plot|oc|essay|thesis|dissertation|term paper|paper|article|"
    r"research|presentation|book report|homework|assignment|documentary|film|movie|tv show|show|"
    r"series|book|game|lecture|podcast|campaign"
)
_FICTION_EN = re.compile(
    rf"\b(?:my|our|the|a|an|this)\s+(?:[\w'-]+\s+){{0,3}}?(?:{_WORK})\b(?:(?!\bi\b(?! (?:read|wrote|write|watch))|\bim\b|\bmy\b)[^.!?\n])"
    r"{0,120}?"
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
    r"lose (?:him|her|them)|wake (?:him|her|them|my)|stop (?:him|her|them)|calm (?:him|her|them)|get (?:through|hold)|open the|remember|understand|watch|sit|stand by|let (?:him|her|them)))"
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
# Every pattern above needs one of these; most lines hold none and are not looked at any closer.
_TELLING_EN = re.compile(
    r"\b(?:suicid|self|harm|hurt|kill|hang|hung|sho[ot]t|cut|starv|poison|drown|life|die|dying|dead|end|alive|live|"
    r"be here|exist|wake|overdos|better off|pills|jump|scars?|lines|marks|blood|put up with|burden|point|"
    r"gone|vanish|disappear|being|sh'?s|giv|gave|goodbye|last|on (?:the|a)|here|born|wanting|"
    r"gun|pistol|rifle|revolver|shotgun|kni[fv]e|razor|blade|rope|noose|wrists?|slit|swallow|took|taken|drank|drunk|drinking|"
    r"downed|od'?d|o\.d|railing|ledge|window|engine|unconscious|breathing|kms|tonight|sorry for|locked|stab)"
)
_TERM_LEFT = re.compile(rf"\b(?:{_TERM}|better off without me)")

ENGLISH = Patterns(
    telling=_TELLING_EN,
    first=_FIRST_EN,
    fiction=_FICTION_EN,
    about=_ABOUT_EN,
    sign=_SIGN_EN,
    faint=_FAINT_EN,
    worried=_WORRIED_EN,
    lost=_LOST_EN,
    nearly=_NEARLY_EN,
    left=_TERM_LEFT,
    clauses=_CLAUSES_EN,
    plain=_PLAIN_EN,
    gap=". ",
    danger=NOW_EN,
    soon=SOON_EN,
    past=PAST_EN,
    present=PRESENT_EN,
    unreal=UNREAL_EN,
    idle=IDLE_EN,
)
