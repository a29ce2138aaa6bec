"""English lines that tell of an attempt of the speaker's own. Pure; see `attempting`."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["attempt_en"]

_SENTENCE = re.compile(r"[^.!?…\n。！？]+")
_SOON = (
    r"(?:(?:just|already|actually|literally|really|honestly|also|then|now|finally|maybe|probably|accidentally|think|guess|fucking|fully|might|may|must|have|went|and|did|"
    r"tonight|earlier|basically|def|definitely|only|so|low ?key|kinda)\s+)*"
)
_I = rf"(?:\b(?:i|ive|i've|iv|i'm|im)\s+{_SOON}(?:(?:i|ive|i've)\s+{_SOON})?|\bi (?:(?!(?:he|she|they|who|it|we|you)\b)[\w']+ ){{1,10}}?(?:and|then|so)\s+{_SOON})"
_START = rf"^[\W_]*(?:(?:and|but|so|ok|okay|yeah|yes|yep|help|please|pls|well|um|uh|uhm|omg|oh|god|shit|fuck|lol|hey|hi|sorry|just|already|think|finally|then|too late|update)[\s,:;-]+)*{_SOON}"
"""Where the subject is left out: at the beginning of a sentence that names nobody else."""

_STRONG = (
    r"(?:paracetamols?|panadols?|tylenols?|acetaminophen|co-?codamol|ibuprofens?|advils?|nurofens?|aspirins?|aleves?|naproxen|codeine|tramadols?|oxys?|oxycodone|oxycontin|percocets?|"
    r"vicodins?|hydrocodone|morphine|fentanyl|xanax|xans?|valiums?|diazepam|klonopins?|clonazepam|ativans?|lorazepam|alprazolam|benzos?|zopiclone|ambiens?|zolpidem|sertraline|zoloft|prozac|"
    r"fluoxetine|lexapro|citalopram|escitalopram|mirtazapine|amitriptyline|nortriptyline|venlafaxine|effexor|duloxetine|wellbutrin|bupropion|seroquel|quetiapine|olanzapine|risperidone|lithium|lamictal|lamotrigine|trazodone|"
    r"gabapentin|pregabalin|lyrica|propranolol|beta ?blockers?|benadryls?|diphenhydramine|nytol|unisom|antidepressants?|antipsychotics?|sleepers|sleep meds|"
    r"sleeping (?:pills?|tablets?|tabs|meds|aids?)|pain ?killers?|heart (?:pills?|meds|tablets?)|blood pressure (?:pills?|meds|tablets?)|insulin|warfarin|metformin|adderalls?|ritalin)"
)
_PLAIN = r"(?:pills?|tablets?|tabs|meds|medications?|capsules?|caps|anti-?depressants?)"
_DRUG = rf"(?:{_STRONG}|{_PLAIN})"
_POISON = (
    r"(?:bleach|anti-?freeze|drain (?:cleaner|opener|unblocker)|pesticides?|insecticide|weed ?-?killer|herbicide|rat ?poison|mouse poison|paraquat|round ?up|"
    r"(?:laundry |dish(?:washer)? )?detergent|(?:toilet|oven|floor|bathroom|window) cleaner|disinfectant|dettol|lysol|clorox|domestos|nail polish remover|acetone|gasoline|petrol|kerosene|paraffin|"
    r"turpentine|paint thinner|white spirit|lighter fluid|rubbing alcohol|hand sanitizer|windex|battery acid|acid|lye|cyanide|arsenic|poison|methanol)"
)
_TOOK = r"(?:took|taken|swallowed|downed|popped|ate|eaten|chugged|ingested|necked|had)"
_SURE = r"(?:swallowed|downed|chugged|ingested|necked|gulped)(?: down)?"
_OF = r"(?:of )?(?:the |my |his |her |their |mum's |mom's |mums |moms |dad's |dads |those |these |some )?(?:old |own |leftover )?"
_KIND = r"(?:(?!mg\b|mcg\b|ml\b|g\b|grams?\b|photos?\b|days?\b|minutes?\b|hours?\b|years?\b|vitamin\w*\b|supplement\w*\b)[\w'-]+ )?"
_ABOUT = r"(?:about |around |like |roughly |over |at least |almost |nearly |maybe |up to |some |probably |more than |close to |idk |what |was )*"
_WORDS = r"(?:a dozen|two dozen|dozens|a couple dozen|(?:a |one |two )?hundreds?|twelve|fifteen|sixteen|eighteen|twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine|something|odd|ish))?"
_TEN = rf"(?:[1-9]\d|[1-9]\d\d|ten|eleven|{_WORDS})(?:\+|ish|-ish| odd| or so)?"
_FIFTEEN = rf"(?:1[5-9]|[2-9]\d|[1-9]\d\d|{_WORDS})(?:\+|ish|-ish| odd| or so)?"
_BOX = r"(?:bottles?|boxe?s?|packs?|packets?|strips?|sheets?|blisters?|jars?|tubs?|tubes?|containers?|month'?s (?:supply|worth)|supply|prescription)"
_HEAP = (
    r"(?:way too many|too many|too much|way too much|so many|a (?:whole |big |huge |giant )?(?:bunch|handful|fistful|load|shit ?load|ton|pile|heap)|(?:two |three |several |a few )?handfuls|a (?:whole )?lot|lots|fistfuls|loads|tons|"
    r"the rest|every(?: single)?(?: last)?(?: one)?|all(?: of)?)"
)
_AWAY = r"(?![^.!?,;]{0,30}\b(?:to (?:the|my|his|her|their|work|school|him|them|a|mum|mom|dad|grandma)\b|back\b|from\b|off\b|away\b|with me\b|home\b|upstairs\b|out of\b|down to\b))"

_FOUND = (
    # -- an overdose by its name; "on cake" is none
    rf"(?:{_I}|{_START})(?:over-?dos(?:ed|ing)|od'd|od'ed|oded|od'ing|oding)\b(?! (?:on|with|in)\b(?! (?:{_OF}{_KIND}{_DRUG}|purpose|them|it all)\b))",
    r"\b(?:i|ive|i've)\s+(?:\w+\s+){0,2}?(?:over-?dosed)\b(?! (?:on|with|in)\b)",
    rf"(?:{_I}|{_START})(?:took|taken|had) (?:an? )?(?:(?:massive|big|huge|small|deliberate|intentional|accidental|bad) )?(?:over-?dose|od)\b(?! (?:of|on) (?!{_OF}{_KIND}{_DRUG}))",
    # -- more than anybody takes
    rf"(?:{_I}|{_START}){_TOOK} {_ABOUT}{_TEN} {_OF}{_KIND}{_STRONG}\b",
    rf"(?:{_I}|{_START}){_TOOK} {_ABOUT}{_FIFTEEN} {_OF}{_KIND}{_DRUG}\b",
    rf"(?:{_I}|{_START})(?:took|taken|swallowed|downed) (?:way )?(?:too many|too much) {_OF}{_KIND}{_DRUG}\b",
    rf"(?:{_I}|{_START})(?:took|taken|swallowed) (?:way |far |so |a lot |much )more (?:of )?{_OF}{_KIND}{_DRUG} than (?:i (?:should|was|am)|prescribed|you)\b",
    rf"(?:{_I}|{_START})(?:{_SURE}|took|taken|popped|ate) {_HEAP} {_OF}{_KIND}(?:pills|tablets|tabs|sleeping meds|{_STRONG})\b{_AWAY}",
    rf"(?:{_I}|{_START})(?:took|taken|{_SURE}) every (?:single |last )*(?:pill|tablet)\b",
    rf"(?:{_I}|{_START}){_SURE} {_HEAP} {_OF}{_KIND}{_DRUG}\b",
    rf"(?:{_I}|{_START})(?:took|taken|popped|ate|{_SURE}) {_ABOUT}(?:(?:a|an|one|two|three|four|five|six|\d|several|half) )?{_OF}(?:(?:a|an|the|my) )?(?:whole |entire |full |half )?{_BOX} (?:full )?of {_OF}{_KIND}{_DRUG}\b{_AWAY}",
    rf"(?:{_I}|{_START})injected (?:all|the whole|too much|way too much|every|a (?:whole|full)|(?:my|the) entire) [^.!?,]{{0,24}}\binsulin\b",
    # -- poison
    rf"(?:{_I}|{_START})(?:drank|drunk|swallowed|ate|eaten|ingested|downed|took|taken|chugged|gulped) (?:down )?(?:some |a (?:whole |little |bit of |cup of |glass of |bottle of |capful of |sip of |mouthful of |lot of |load of |gulp of )*|the (?:whole )?(?:bottle of )?|all (?:of )?the |half (?:a |the )?(?:bottle|cup|glass) of |my |several )*(?:[\w']+ )?{_POISON}\b",
    r"\bi(?:'?ve| have)?(?: just| think i(?:'ve)?)? poisoned myself\b",
    r"(?:^|\bi(?:'?ve| have)?\s)(?:just )?swallowed (?:a |some |the |my |two |three |\d )?(?:razor ?blades?|batter(?:y|ies)|needles|broken glass)\b",
    rf"(?:{_I}|{_START})(?:took|taken|swallowed|drank|had) (?:an? |what (?:is|was) (?:probably )?an? )?(?:(?:fatal|lethal|deadly) (?:dose|amount|quantity)|enough [^.!?,]{{0,30}}\bto (?:kill|die|end (?:it|me|my)|finish|never wake|not wake))\b",
    # -- cut
    r"\bi(?:'?ve| have)?(?: just)? (?:opened|cut open|slit open) (?:up )?my (?:veins?|wrists?|arms?)\b|\bmy (?:wrists?|veins?|throat) (?:is|are|'s|'re) (?:both )?(?:cut|slit|open|slashed)\b",
    r"\bi(?:'?ve| have)?(?: just| think i(?:'ve)?| accidentally| actually| really| finally| might have| may have| must have)? (?:cut|slit|slashed|sliced) (?:my|both my) (?:own )?(?:wrists?|throat|neck|artery|arteries)\b(?! (?:off|short))",
    r"\b(?:i(?:'ve| have)?|think i)(?: just| think i(?:'ve)?| accidentally| actually| really| finally| might have| may have| must have)? (?:cut|went|sliced)(?: (?:myself|my (?:arm|wrist|leg|thigh)s?|it))? (?:way |far |much )?(?:too deep|so deep|too far in|really deep)\b",
    r"\bi(?:'?ve| have)?(?: just)? cut (?:myself|my (?:arm|wrist|leg|thigh|stomach)s?)\b[^.!?]{0,60}\b(?:(?:won'?t|doesn'?t|not|can'?t|isn'?t|wont|cant)\s+(?:\w+\s+){0,2}?(?:stop|stopping|bleeding)|blood (?:everywhere|all over)|(?:so|too) much blood|bleeding (?:a lot|so|badly|bad|out|everywhere|through))",
    # -- tried
    r"\bi(?:'?ve| have)?(?: just| literally just| actually)? tried to (?:kill|hang|drown|poison|suffocate|gas|strangle) myself (?:just |again )?(?:now|today|tonight|earlier|this (?:morning|evening|afternoon)|last night|yesterday|(?:an?|one|two|\d+|a few|ten|twenty|thirty) (?:hours?|minutes?|mins?) ago)",
    r"\bi(?:'?ve| have)?(?: just| literally just| actually)? tried to (?:overdose|od|end (?:it|my life)) (?:just |again )?(?:now|tonight|earlier|this (?:morning|evening|afternoon)|last night|(?:an?|one|two|\d+|a few|ten|twenty|thirty) (?:hours?|minutes?|mins?) ago)",
    r"\bi(?:'?ve| have)?(?: just| really)? (?:hung|hanged) myself\b[^.!?]{0,30}\b(?:broke|snapped|tore|gave way|fell|came down|slipped|just now|tonight)",
    r"\bi(?:'?ve| have)? (?:literally )?just (?:now )?(?:tried to (?:kill|hang|drown|poison|suffocate|gas|strangle|shoot) myself|hanged myself|hung myself|attempted(?: suicide)?)\b",
    r"\bi(?:'?ve| have)? (?:just |already )?attempted (?:suicide )?(?:tonight|today|just now|earlier|this (?:morning|evening|afternoon)|last night|(?:an?|one|two|\d+|a few) (?:hours?|minutes?|mins?) ago)",
)  # fmt: skip
_EN = re.compile("|".join(_FOUND))
# What means something where a drug, or what it does, is named besides.
_VAGUE = re.compile(
    rf"(?:{_I}|{_START})(?:took|taken|swallowed|downed) (?:way )?(?:too many|too much)\b(?! (?!(?:now|and|help|i|im|i'm|of (?:them|these|those|it|my)|last|this|tonight|today|so|what|by|at once|on)\b))"
    rf"|(?:{_I}|{_START})(?:took|taken|{_SURE}) (?:(?:them|it) all|all of (?:them|it)|everything (?:in|we|i|that|there)|the lot\b|the rest(?: of (?:them|it))?\b(?! of (?!them|it))|every(?: single)?(?: last)? one|{_ABOUT}{_TEN} of (?:them|these|those|my|the)"
    rf"|(?:the|my|a|an|all the|half the|half a)(?: \w+)? {_BOX})\b{_AWAY}"
    rf"|(?:{_I}|{_START})(?:took|taken) all (?:of )?(?:my|the|his|her|mum's|mom's) (?:meds|medications?|medicine)\b{_AWAY}"
)
_BODY = re.compile(
    rf"\b(?:{_PLAIN}|{_STRONG}|sleepy|drowsy|dizzy|nauseous|sick to my|feel(?:ing)? (?:sick|weird|funny|numb|cold|faint|ill|scared|tired)|scared|frightened|terrified|regret\w*|heart(?:'s| is)? (?:racing|slow\w*|pounding|beating)|"
    r"shaking|numb|vomit\w*|throw(?:ing)? up|threw up|blurr\w*|ringing|pass(?:ing)? out|fading|stay awake|ambulance|911|999|call (?:someone|somebody)|too late|help me|on purpose|"
    r"changed my mind|don'?t want to die|what (?:do|should) i do)\b"
)
_MEANT = re.compile(
    r"(?:scared|regret\w*|sleepy|drowsy|dizzy|on purpose|too late|help me|ambulance|numb|fading|pass(?:ing)? out|vomit\w*|throw(?:ing)? up|stay awake|changed my mind|don'?t want to die|at once)"
)
# What is understood from somebody who is known to think of dying.
_KNOWN = re.compile(
    r"\bi(?:'?ve| have)?(?: just| already| actually| finally| really)? (?:took|taken|swallowed) (?:it all|all of (?:it|them)|the (?:pills|tablets|bottle|lot|rest))\b(?! (?:to|back|off|out|away|home|down|with|of)\b)"
    r"|\bi(?:'?ve| have)?(?: just| already| actually| finally| really| went and)? (?:did|done) it\b(?=[^.!?]{0,80}(?:\b(?:regret|scared|sorry|bleed|blood|sleepy|dizzy|help|what do i do|pills|rope|cut)))(?! (?:again|all the time|before|for|last|when|with|to|because)\b)"
    r"|^\W*(?:it'?s done|it is done)\W*$|\bi (?:just )?(?:went through with it|jumped)\b"
)

_PILLS = re.compile(
    r"\bi(?:'?ve| have)?(?: just| already| actually| finally)? (?:took|taken|swallowed) (?:the|those|these) (?:pills|tablets)\b(?! (?:to|back|from|off|you|my|the|for|with|away|out|i was)\b)"
)
_BYE = re.compile(
    r"\bi did it\b|\bgoodbye\b|\bregret\w*|\bi'?m (?:so )?sorry\b|\bscared\b|\bit'?s (?:done|over)\b|\btoo late\b"
)
_OTHER = re.compile(
    r"\b(?:he|she|they|husband|wife|boyfriend|girlfriend|partner|friend|mum|mom|dad|mother|father|brother|sister|son|daughter|roommate|flatmate|neighbou?r|dog|cat|kid|baby|toddler|grandma|grandpa|someone|somebody)\b"
)
_ABSENT = re.compile(
    r"\b(?:asleep|sleeping|not (?:home|here|in)|isn'?t (?:home|here|in)|out of town|left me|dumped me|(?:went|gone|going) to (?:work|bed|sleep)|"
    r"(?:won'?t|isn'?t|not|doesn'?t|didn'?t) (?:answer\w*|pick\w*(?: up)?|repl\w+)|"
    r"(?:broke up|fought|argued|(?:fight|argument|row))(?: with (?:my |the )?[\w']+)?)\b"
)
"""Why the others who are named are not the ones who did it; what follows is the speaker's own."""
_TOLD = re.compile(
    r"\b(?:he|she|they|who|friend|mum|mom|mother|dad|father|brother|sister|son|daughter|husband|wife|boyfriend|girlfriend|bf|gf|ex|partner|roommate|flatmate|neighbou?r|guy|girl|someone|somebody|text|note|message|post|lyrics?|character|title|joke)"
    r"(?:'s)?\s+(?:just |then |always |who |like )*(?:sa(?:id|ys|ying)|text(?:s|ed)?|told|tells|message[sd]?|wr(?:o|i)tes?|posted|sent|called|goes|was like|is like|reads?|went|announced|confessed|admitted|claims?|asks?|asked)\b(?![^\"“]{0,60}\b(?:so|but|because|and) i\b)"
)
_UNREAL = re.compile(
    r"\b(?:if|unless|imagine|pretend(?:ed|ing)?|wish|dream\w*|nightmares?|feels? like|felt like|as if|as though|tastes? like|almost|nearly|(?<!i )(?<!what )think(?:s)? (?:that )?i|worried (?:that )?i|accus\w+|would(?:'ve| have)|"
    r"could(?:'ve| have)|should(?:'ve| have)|when(?:ever)? (?!you)|every ?time|everytime|used to|swear (?:to god )?i)\s*(?:\w+\s+){0,3}?$"
)
"""What stands right before it and makes it unreal, or a habit."""
_STORY = re.compile(
    r"\b(?:in|for|on|of|from|about|write|writing|playing|watching|reading) (?:my|the|a|this|that|our|some) (?:\w+ )?(?:novel|story|stories|book|fic|fanfic\w*|screenplay|script|chapter|game|movie|film|show|series|episode|song|poem|campaign|dream|play|role ?play|rp)\b"
    r"|\b(?:my|the|main) (?:oc|character|protagonist|villain|heroine?|avatar|sim|player)(?:'s)?\b|\brole-?play\w*|\b(?:minecraft|skyrim|fortnite|zelda|d&d|dnd|npcs?|boss fight|potions?|respawn\w*|hp|mana|lyrics?|dreamt|nightmare)\b"
)
_LONG_AGO = re.compile(
    r"\b(?:when i was (?:\d+|in|a|an|young\w*|little|at|about|around|only|still|like|pregnant|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|t\w+teen)|(?:years?|months?|weeks?|decades?) (?:ago|back|later)|last (?:year|month|week|wk|spring|summer|autumn|fall|winter|time)|back (?:then|when|in)|in my life(?:time)?|"
    r"in (?:19|20)\d\d|in (?:january|february|march|april|may|june|july|august|september|october|november|december|high ?school|college|uni|university|rehab|my (?:teens|twenties))|as a (?:kid|teen\w*|child)|"
    r"used to|(?<!at )once\b(?! (?:and|i|the))|one time|that time|the (?:first|second|last|day|night) (?:time )?i|my (?:first|second|last|old|previous) (?:attempt|overdose)|anniversary|survived|clean|sober (?:for|since)|ever since|"
    r"at (?:1[0-9]|2[0-9])\b|(?:over|during|throughout|for) (?:the |a |my )?(?:years?|months?|weeks?|past)|all my life|before i (?:met|moved|had|got|turned))\b"
)
_DAILY = re.compile(
    r"\b(?:daily|every (?:day|morning|night|evening)|each (?:day|morning)|as (?:prescribed|directed|usual|instructed)|on (?:time|schedule)|with (?:breakfast|dinner|lunch|food|my (?:breakfast|tea|coffee))|like you (?:said|told|reminded)|"
    r"the (?:doctor|pharmacist|nurse|vet|gp) (?:said|told|gave|wants|has)|my (?:doctor|gp|psych\w*) (?:said|told|gave|wants|has)|vitamins?|supplements?|probiotics?|for the day|today's|this morning's|pill ?box|full course|the course|antibiotics?|"
    r"course of|chemo|creatine|collagen|gumm(?:y|ies)|electrolytes?|fish oil|over (?:the )?(?:two|three|four|five|six|seven|\d+) days|a (?:day|week)\b|per day|in total (?:this|over))\b"
)
_HARMLESS = re.compile(
    r"\b(?:cut|sliced?|slit)\b[^.!?]{0,60}\b(?:finger|thumb|toe|shav\w*|cook\w*|chop\w*|kitchen|paper|onions?|carrots?|potato\w*|avocado|bagel|bread|hair|bangs|fringe|nails?|cuticles?|wood|carv\w*|pumpkin|steak|budget|spending|fabric|"
    r"sewing|cake|tree|branch\w*|hedge|grass|rope|box|cardboard|mango|tomato\w*|dough|meat|leather|lino|glass i)\b|\b(?:finger|thumb|toe|shav\w*|cook\w*|chopping|kitchen|haircut|barber|carving|sculpt\w*|woodwork\w*|surgeon|incision)\b[^.!?]{0,60}\b(?:cut|went|sliced)\b"
    r"|\btabs open\b|\b(?:browser|chrome|guitar|ipads?)\b|\b(?:acid (?:reflux|rain|jazz|trip)|trip(?:ping|ped)?|tabs? of acid|dropped acid|nut poison)\b|\b(?:chicken|sushi|leftovers|seafood|cooking|milk|mushrooms?|casserole|food) (?:poison)|poisoned myself (?:with|cooking|eating|on)\b[^.!?]{0,30}\b(?:chicken|sushi|food|cooking|oysters?|seafood|leftovers|rice|milk)"
)
_JOKE = re.compile(r"\bl+o+l+\b|\blmf?ao+\b|\bha(?:ha)+\b|\bhehe\b|[😂🤣]")
_BARE = re.compile(r"over-?dos|\bod'e?d\b|\boded\b|drank|drunk|poison")
_NOW = re.compile(
    r"\b(?:just|right now|an hour ago|hours? ago|minutes? ago|mins? ago|tonight|today|this morning|last night|help|what (?:do|should) i do|(?:feel(?:ing)?|getting) (?:sick|sleepy|dizzy|weird|scared|drowsy|tired)|again)\b"
)


def attempt_en(line: str, *, thought: bool) -> bool:
    """Whether a folded line tells of one; `thought` as in `attempting`."""
    if _STORY.search(line) or (_LONG_AGO.search(line) and not _NOW.search(line)):
        return False
    alone = (line[found.end() :] for found in _ABSENT.finditer(line))
    parts = (*_sentences(line), *(one for rest in alone for one in _sentences(rest)))
    return any(_tells(line, part, thought=thought) for part in parts)


def _sentences(line: str) -> Iterator[str]:
    return (found[0] for found in _SENTENCE.finditer(line))


def _tells(line: str, sentence: str, *, thought: bool) -> bool:
    found = _found(line, sentence, thought=thought)
    if found is None or _elsewhere(line, sentence, found):
        return False
    joking = _JOKE.search(line) is not None and _BARE.search(found[0]) is not None
    return not joking or _MEANT.search(line) is not None


def _found(line: str, sentence: str, *, thought: bool) -> re.Match[str] | None:
    """Where it says so."""
    found = _EN.search(sentence)
    if found is None and thought:
        found = _KNOWN.search(sentence)
    if found is None and (thought or _BYE.search(line)):
        found = _PILLS.search(sentence)
    if found is None and (thought or _BODY.search(line)):
        found = _VAGUE.search(sentence)
        if found is not None and "all" in found[0] and "med" in found[0]:
            return found if _MEANT.search(line) else None  # else they keep to their doses
    return found


def _elsewhere(line: str, sentence: str, found: re.Match[str]) -> bool:
    """Another's, unreal, long ago, a daily dose, a cook's finger."""
    before = sentence[: found.start()]
    own = re.search(r"\bi\b|\bi'|\bive\b|\bim\b", found[0]) is not None
    if not own and _OTHER.search(line) and not re.search(r"\b(?:i|i'm|im|me)\b", line):
        theirs = re.search(r"\b(?:he|she|they|his|her|their)\b", found[0]) is not None
        if theirs or not _ABSENT.search(line):
            return True
    return bool(
        _UNREAL.search(before + " ")
        or _TOLD.search(before)
        or _DAILY.search(sentence)
        or _HARMLESS.search(sentence)
        or (_LONG_AGO.search(sentence) and not re.search(r"\b(?:just|tonight|today)\b", sentence))
    )
