"""English lines about somebody else who is in danger at this moment. Pure.

Each pattern holds its owner as the subject: "my son is on the railing", never "my son, on the railing",
which may be the speaker. See `about` for what is promised.
"""

from __future__ import annotations

import re

from guardrail._about_people import PEOPLE_EN

__all__ = ["IDLE_EN", "NOW_EN", "PAST_EN", "PRESENT_EN", "SOON_EN", "UNREAL_EN"]

# A subject, not an object: "had a fight with my husband just took 40 pills" is the speaker's own.
_NO_OBJECT = "".join(
    rf"(?<!\b{word} )"
    for word in ("with", "from", "for", "to", "at", "of", "by", "about", "without", "told", "tell", "hate", "love", "miss", "left", "lost", "texted", "called", "messaged", "gave", "leave", "asked", "and", "after", "since", "when", "while", "before", "if", "until")
)  # fmt: skip
_WORD = r"(?!(?:with|from|of|to|for|at|by|about|and|or|but|my|his|her|on|in|is|was|has|left|that|who|than)\b)[\w'-]+"
_WHO = (
    rf"{_NO_OBJECT}(?:\b(?:my|our|a|an|this|that|the|his|her|their|one of my)\s+(?:{_WORD}\s+){{0,3}}?(?:{PEOPLE_EN})\b"
    rf"(?: (?:in|on|at|from|next to|in front of) (?:my|our|the|this|another|a|me)(?: [\w'-]+){{0,2}}?)?(?: in front of me)?|"
    r"\b(?:someone|somebody|some (?:girl|boy|guy|kid|man|woman|lady))\b(?: (?:in|on|at|from) (?:my|our|the|this) [\w'-]+)?|\b(?:he|she|they)\b|"
    rf"(?<![^.!?,;:\n])\s*(?:(?:omg|help|please|pls|so|hey|now) )*(?:{PEOPLE_EN})\b(?: (?:from|in|on) (?:my|our|the|a) [\w'-]+(?: [\w'-]+)?)?)"
)
_NO_I = r"(?:(?:in front of|told|tells|texts?|texted|messaged|sent|sends|calls|called|to|with) me\b|(?!\bi\b|\bi'|\bim\b|\bive\b|\bme\b|\bmy(?:self)?\b(?! (?:house|flat|place|room|kitchen|roof|garage|bathroom|car|phone))|[.!?;\n]).)"
_CLOSE = r"(?:(?:in front of|with|told|tells|texts?|texted|messaged|sent|sends|to) me\b|(?!\bi\b|\bi'|\bim\b|\bive\b|\bme\b|\bmyself\b|\b(?:and|but|so|while|because|that i)\b(?! (?:is|has|now|he|she|they|says?|said|won't)\b)|\b(?:left|asleep|sleeping|dumped|cheated|broke up)\b|[.!?;,\n]).)"
_HIS = r"(?:his|her|their)"
_SAYS = r"(?:says?|said|saying|told me|told us|tells me|texts?|texted(?: me)?|messaged(?: me)?|posted|wrote|writes|screaming|screams|shouting|yelling|threatening|threatens|keeps saying)"
_MANY = (
    r"(?:(?:a|the|his|her|their|my|our|mum's|mom's|dad's) )?(?:whole|entire|full|bunch|lot|lots|load|loads|handful|fistful|ton|too many|so many|half)\b(?: (?:of|a|the|his|her|their|my|our|those))*"
    r"|(?:like |about |over |around |almost |maybe )?(?:\d{2,3}|(?:ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|a hundred|dozens)(?:[ -]\w+)?)(?: (?:of|or so|the|his|her|their|my))*"
    r"|(?:a|the|his|her|their|two|three) (?:\w+ )?(?:bottles?|packs?|packets?|boxe?s?|blister packs?|strips?)(?: of)?"
)
_PILLS = r"(?:(?:[\w'-]+ ){0,2}?(?:pills?|tablets?|capsules?|meds|medication|medicine|painkillers?|paracetamols?|tylenols?|panadols?|ibuprofens?|advils?|aspirins?|acetaminophen|sertraline|prozac|xanax|valium|ambien|benzos?|antidepressants?|insulin|opioids?|oxy\w*|fentanyl|codeine|melatonin))"
_POISON = r"(?:bleach|antifreeze|pesticides?|poison|rat poison|weed ?killer|paraquat|drain (?:cleaner|opener)|insecticides?|detergent|herbicides?|lye|cyanide)"
_TOOK = r"(?:took|taken|taking|swallow(?:ed|ing|s)|down(?:ed|ing)|ate|eaten|drank|drunk|drinking|gulped|popped|emptied)"
_EDGE = r"(?:railings?|guard ?rail|handrail|ledge|parapet|window ?sill|banister|barrier)"
_HIGH = r"(?:roof|rooftop|bridge|overpass|balcony|cliff|building|tracks|train tracks|rails|platform|window|car park|parking garage|motorway|highway|river|water|pier|tower)"
_FALL = r"(?:jump|throw (?:him|her|them)(?:self|selves)|let go|go over)\b(?: (?:off|from|down|out of|in front of|into|over)(?: [\w']+){0,3})?(?! (?:in|at|on|for|with|up|rope|around|to|the gun|ship|through)\b)"
_WILL = r"(?:(?:he|she|they)(?:'ll|'s (?:going to|gonna|about to)|'re (?:going to|gonna|about to)| will| is (?:going to|gonna|about to)| are (?:going to|gonna|about to)|'s gonna| wants? to|'d)|(?:is|are|'s|'re) (?:going to|gonna|about to)|to|wants? to|will|threaten\w* to|ready to|trying to)"
_SILENT = (
    r"(?:(?:(?:isn'?t|is not|aren'?t|not|stopped|won'?t|doesn'?t|does not|didn'?t|hasn'?t|hasnt|wont|doesnt|isnt|don'?t) (?:even |been )?(?:answer|pick|repl|respond|read|com)\w*(?: up| back)?|"
    r"no (?:answer|reply|response)|(?:phone|location|cell)(?:'s| is| went| has been)? (?:turned |switched )?(?:off|dead)|unreachable|went (?:offline|silent|dark|quiet)|(?:goes|going|goes straight) (?:straight )?to voice ?mail|vanished|nobody can (?:reach|find)|(?:can'?t|cannot|cant) (?:reach|find|get (?:hold of|through))|shut off|turned off)\b)"
)
_FAREWELL = r"(?:goodbye(?! (?:summer|winter|spring|20|19))|good bye|farewell|(?:a |his |her |the |their )?(?:suicide|goodbye) (?:note|letter|message|video|post|text)|(?:his|her|their) last (?:message|words|letter)|sorry for everything|(?:to )?take care of (?:the|his|her|their|my) (?:kids|mum|mom|dog|cat|dad|brother|sister|family|parents))"

NOW_EN = re.compile(
    rf"(?:{_WHO})(?:"
    # on the edge
    rf"{_CLOSE}{{0,40}}?\b(?:stand\w*|stood|climb\w*|sit\w*|sat|perched|hanging|dangling|over|outside|other side of|wrong side of|on|onto) (?:\w+ ){{0,4}}?(?:{_EDGE}|rail)\b(?: of [\w' ]{{0,20}})?(?={_NO_I}{{0,60}}?\b(?:jump\w*|let go|come (?:down|in|back)|goodbye|die|end it|crying|help|won'?t)|[^.!?]{{0,30}}\b(?:help|what do i|scared|please|now)\b|\W*$)(?:{_NO_I}{{0,30}}?\b(?:{_WILL}) {_FALL})?"
    rf"|{_CLOSE}{{0,40}}?\b(?:stand\w*|stood|climb\w*|sitting|sat|hanging|out|up|walk\w*|ly?ing|lies|is|'s|'re|are|outside) (?:up |out )?(?:on|onto|at|over|in|to|off|by|out of|in front of) (?:\w+ ){{0,4}}?{_HIGH}\b{_NO_I}{{0,40}}?\b(?:(?:{_WILL}) (?:{_FALL}|die|end it(?: all)?|kill (?:him|her|them)(?:self|selves)|do it)|about to jump|goodbye|won'?t come (?:down|back|in|off)|refus\w+ to come (?:down|back|in|off))"
    rf"|{_CLOSE}{{0,30}}?\b(?:{_SAYS} )?(?:{_WILL}) (?:jump|throw (?:him|her|them)self) (?:off|from|out of|in front of|into) (?:\w+ ){{0,3}}?(?:{_HIGH}|{_EDGE}|train|traffic|bus|lorry|truck|apartment|flat|dorm|\w+ floor)\b"
    # poison, an overdose
    rf"|{_CLOSE}{{0,44}}?\b{_TOOK} (?:(?:{_MANY}) (?:of )?{_PILLS}\b|(?:a|the|his|her|my) (?:whole|entire|full) (?:\w+ )?(?:bottle|pack|box|strip)(?! of)\b|all (?:of )?(?:the|his|her|their|my|mum's|mom's|dad's) {_PILLS}(?= (?:at once|in one go|and|now|tonight|help|what)|,))(?: (?:and|with) (?:vodka|alcohol|whiskey|wine|booze))?(?: (?:an|one|two|\d+|half an|a few|ten|twenty) (?:hours?|minutes?|mins?) ago)?"
    rf"|{_CLOSE}{{0,30}}?\b(?:holding|has|got|with) (?:a|the|his|her|their|some|all the|all his|all her) (?:\w+ )?(?:pills|tablets|poison|bleach|pesticide|rope|noose) (?:(?:right )?(?:in (?:his|her|their) (?:hands?|lap|mouth)|ready|lined up|out|next to (?:him|her|them)|in front of (?:him|her|them)|on (?:him|her|them)))(?:{_NO_I}{{0,30}}?\b(?:take (?:them|it)|tonight|now))?"
    rf"|{_CLOSE}{{0,30}}?\b{_TOOK} (?:(?:some|a bottle of|a lot of|the|a|a cup of|a whole|some of the|half a|a glass of) ?){{0,2}}(?:\w+ )?{_POISON}\b"
    rf"|{_CLOSE}{{0,30}}?\bjust (?:took|swallowed|downed) (?:all |some |a lot of |a bunch of )?(?:of )?(?:the|his|her|their|those|my|mum'?s|mom'?s|dad'?s|some|a lot of) {_PILLS}\b(?! (?:like|as|for|with (?:breakfast|dinner|food)))"
    rf"|{_CLOSE}{{0,30}}?\b(?:just (?:od'?d|overdosed|o\.d\.)|(?:is|'s|are|'re|may be|might be) (?:overdosing|o\.?d'?ing|od'?ing)|(?:has|'s|have|'ve) (?:just )?overdosed|(?:overdosed|od'?d|oding)(?= (?:and|on|,)?{_NO_I}{{0,40}}?\b(?:now|right now|tonight|minutes|hour|won'?t wake|not breathing|unconscious|help|not responding)))"
    rf"(?: on (?:\w+ ){{0,2}}(?:meds|medication|pills|tablets|\w+))?"
    # a gun, a blade, a rope
    rf"|{_CLOSE}{{0,24}}?\b(?:{_WILL}) (?:drive|crash|run|walk|step|drive (?:his|her|their|the) car|crash (?:his|her|their|the) car) (?:into|off|in front of) (?:a |the )?(?:wall|tree|bridge|cliff|truck|train|bus|traffic|lorry|river)\b"
    rf"|{_CLOSE}{{0,24}}?\b(?:pics?|photos?|pictures?|videos?|selfies?) of (?:his|her|their) (?:\w+ )?(?:cut|slit|bleeding|bloody|sliced) (?:up )?(?:wrists?|arms?|throat)\b(?: and blood)?"
    rf"|{_CLOSE}{{0,10}}?(?:\bis|\bare|'s|'re) (?:alone )?in (?:the|our|his|her|a) (?:\w+ )?(?:shed|garage|bathroom|room|bedroom|attic|basement|car|barn|bath|toilet) with (?:a|the|his|her|my|our) (?:\w+ )?(?:rope|gun|noose|razors?|blades?|pistol|pills)\b(?: (?:to|at|against) {_HIS} (?:own )?(?:head|throat|wrists?|chest|neck))?"
    rf"|{_CLOSE}{{0,24}}?\b(?:has|got|holding) (?:\w+ ){{1,4}}?(?:pills|tablets|meds)\b{_NO_I}{{0,36}}?\b(?:take|swallow|down) (?:them|it)(?: all| tonight| right now)+"
    rf"|{_CLOSE}{{0,30}}?\b(?:gun|pistol|rifle|shotgun|revolver)\b (?:is )?(?:pressed |held |pointed |up |aimed |right )*(?:to|at|against|in|under|on|by) {_HIS} (?:own )?(?:head|mouth|chest|temple|chin|throat|heart|lap|self|hand)\b|{_CLOSE}{{0,30}}?\b(?:gun|pistol|rifle|shotgun|revolver) (?:pointed |aimed )?at (?:him|her|them)(?:self|selves)\b"
    rf"|{_CLOSE}{{0,30}}?\b(?:holding|has|got|holds|with|pressing|put|took out) (?:a|the|his|her|my|our|their) (?:\w+ )?(?:knife|razor|blade|scissors|box cutter|glass)(?: (?:pressed|held|up))? (?:to|at|against|on) {_HIS} (?:own )?(?:throat|wrists?|neck|chest|arm|stomach|veins?)\b"
    rf"|{_CLOSE}{{0,30}}?\b(?:has|got|with|grabbed|took|loaded|holding|waving|found) (?:a|the|his|her|my|our|their|[\w]+'s) (?:\w+ ){{0,2}}?(?:gun|pistol|rifle|shotgun|revolver)\b{_NO_I}{{0,60}}?\b(?:won'?t (?:put|give|let|come|open|talk)(?: (?:it down|any(?:one|body) (?:in|near)|the door|us in|out))?|{_SAYS} goodbye|(?:end|ending|ends) (?:it|{_HIS} life)|kill(?:ing)? (?:him|her|them)sel\w+|shoot(?:ing)? (?:him|her|them)sel\w+|(?:wants?|going|gonna) (?:to )?die|blow {_HIS} (?:brains|head)|hurt (?:him|her|them)sel\w+|us(?:e|ing) it on (?:him|her|them)sel\w+|do it)"
    rf"|{_CLOSE}{{0,30}}?\block(?:ed|s|ing)? (?:(?:him|her|them)sel\w+|the (?:\w+ )?door){_CLOSE}{{0,30}}?\bwith (?:a|the|his|her|my|our|their|some|all|a bottle of|a lot of)(?: of)?(?: the)? (?:\w+ ){{0,2}}?(?:gun|pistol|rifle|shotgun|knife|razors?|blades?|pills|rope|belt|scissors|bleach|noose|medicine|meds|tablets)\b"
    rf"|{_CLOSE}{{0,30}}?\b(?:(?:is|'s|are|'re|was|found (?:him|her|them)|tried) )?(?:hanging (?:him|her|them)sel\w+|(?:tying|tied|made|making) (?:a|the) noose|tying (?:a|the) rope|(?:rope|noose|belt|cord) (?:tied |wrapped |is )?(?:round|around) {_HIS} neck)\b"
    rf"|{_CLOSE}{{0,30}}?\b(?:just (?:cut|slit|slashed|sliced)|has (?:cut|slit|slashed)|'s (?:just )?(?:cut|slit|slashed)|slit|(?:is|'s|are|'re) (?:cutting|slitting|slashing)) (?:both )?(?:(?:of )?{_HIS} )?(?:wrists?|throat|veins?|own wrists?|arms? open|neck|arms)\b"
    rf"|{_CLOSE}{{0,30}}?\b(?:is|'s|are|'re) (?:cutting|hurting|stabbing|killing|harming|strangling) (?:him|her|them)sel\w+ (?:right now|now|as we speak|in (?:the|his|her|their) (?:bath|bathroom|room|bedroom|shower|car)|on (?:video|camera|live|call|stream|facetime|discord))\b|{_CLOSE}{{0,20}}?\b(?:just (?:cut|stabbed|shot|hurt|hanged|hung) (?:him|her|them)sel\w+\b|(?:stabbed|shot|hanged|hung) (?:him|her|them)sel\w+(?= [^.!?]{{0,24}}\b(?:just now|right now|still breathing|blood|help)))(?: in the (?:chest|head|stomach|leg|arm))?(?: just now)?"
    rf"|{_CLOSE}{{0,30}}?\b(?:(?:in|locked in) (?:the|our|his|her|a|my) (?:\w+ )?(?:garage|car) with the (?:car|engine|motor) (?:running|on|idling)|(?:turned|opened|has) (?:on )?the gas(?: on)? (?:to die|and (?:won'?t|{_SAYS}|locked|shut)))"
    # lying there
    rf"|{_CLOSE}{{0,24}}?\b(?:won'?t wake(?: up)?|not waking(?: up)?|unconscious|passed out|isn'?t breathing|not breathing|barely breathing|not responding|unresponsive|isn'?t responding|collapsed)\b{_NO_I}{{0,50}}?\b(?:pill bottles?|pills?|bottles?|tablets|overdose\w*|suicide|goodbye|note|razor|meds|blister packs?)\b"
    rf"|{_CLOSE}{{0,40}}?\b(?:pills?|overdose\w*|od'?d|tablets|meds)\b{_NO_I}{{0,40}}?\b(?:won'?t wake(?: up)?|not waking(?: up)?|unconscious|passed out|isn'?t breathing|not breathing|not responding|unresponsive|throwing up|slurring|going to sleep|getting sleepy|drowsy|falling asleep)\b"
    # a goodbye, then silence
    rf"|{_CLOSE}{{0,30}}?\b(?:sent|sends|texted|texts|messaged|posted|wrote|writes|left|leaves|recorded)(?: me| us| everyone| out| (?:to )?(?:the|our) (?:group|chat|group chat|family)| my \w+)?(?: (?:a|this|the|one) (?:long |weird |last )?(?:voice |video |text )?(?:message|note|text|post|voicemail|email|letter)(?: (?:saying|that says|with))?)? ?[\"“']*{_FAREWELL}[\"”']*(?:(?!\bi\b|\bi'|\bim\b)[^\n]){{0,60}}?{_SILENT}"
    rf"|{_CLOSE}{{0,30}}?\b(?:{_SAYS})(?: me| us| to me| to everyone)?(?: that)? [\"“']*(?:goodbye (?:forever|to (?:me|us|every(?:one|body)|all of us|the (?:kids|dog|cat))|for (?:the last time|good)|and (?:that )?(?:(?:he|she|they) )?(?:love[sd]?|sorry|thank))|sorry for everything){_NO_I}{{0,80}}?{_SILENT}"
    rf"|{_CLOSE}{{0,16}}?\b(?:{_SAYS}|rang|called|phoned)(?: me| us)?(?: to say| and said)?(?: me| us)? goodbye{_NO_I}{{0,40}}?{_SILENT}(?=[^.!?]{{0,30}}\b(?:terrified|scared|worried|panic\w*|help|police|what do i|wrong|afraid|freaking))"
    # an hour named
    rf"|{_CLOSE}{{0,24}}?\b(?:{_WILL}) (?:kms|un-?alive (?:him|her|them)sel\w+|off (?:him|her|them)self)\b(?: (?:tonight|today|now|right now|tomorrow))?"
    rf"|{_CLOSE}{{0,24}}?\b(?:{_WILL}) (?:do it|go through with it|end (?:it|things)(?: all)?|die) (?:tonight|today|right now|tomorrow|at midnight|after school)\b(?={_NO_I}{{0,60}}?\b(?:pills|gun|rope|knife|razor|goodbye|promis\w+|swear|scared|terrified|police|kill|suicid\w+|help)|[^.!?]{{0,10}}[.!?,;]*[^.!?]{{0,30}}\b(?:pills|gun|rope|promise|swear|scared|terrified|911|999|police))"
    rf"|{_CLOSE}{{0,24}}?\b(?:{_SAYS})(?: that)? (?:it'?s |this is |tonight(?:'s| is) |today(?:'s| is) )?(?:(?:{_HIS} )last night (?:alive|on earth|here)|(?:he|she|they)(?:'ll| will| won'?t)(?: not)? (?:be (?:dead|gone)|be alive|wake up|be breathing|live to see|survive)\b{_CLOSE}{{0,12}}?(?:by |before |in |until )?(?:the )?(?:tomorrow|tonight|morning|midnight|night))"
    r")(?: (?:tonight|today|tomorrow|right now|after (?:class|school|work)|this weekend|on \w+day)\b)?"
)  # fmt: skip
# Beside a finding of somebody else's danger: when, or with what.
SOON_EN = re.compile(
    r"\b(?:(?:kill|hang|shoot|hurt|drown|poison|cutt?|harm)(?:s|ing)? (?:him|her|them)sel\w+|end(?:ing)? (?:it(?: all)?|(?:his|her|their)(?: own)? life)|suicide|overdos\w+|tak(?:e|ing) (?:his|her|their) (?:own )?life|take (?:them|it|the pills|all the pills)|jump\w*[\w' ]{0,24}|die|be (?:dead|gone))"
    r"[^.!?;\n]{0,16}?\b(?:tonight|2nite|tonite|right now|at midnight|this (?:evening|afternoon|morning|weekend|minute)|today|tomorrow|in (?:an|one|a few|ten|\d+) (?:hours?|minutes?|mins?)|after (?:school|class|work|dinner|midnight)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|as we speak)\b"
    r"|\b(?:tonight|today|tomorrow|at midnight|right now)[, ]+(?:he|she|they)(?:'ll| will|'s (?:going|gonna)| is (?:going|gonna))\b"
    r"|\b(?:has|got|bought|holding|with|hoarded|stashed|collected|saved(?: up)?|loaded) (?:all )?(?:the|a|his|her|their|enough|some|up) (?:\w+ )?(?:pills|gun|pistol|rifle|rope|noose|razor|blade|knife|tablets|poison|bleach|pesticide)\b(?: (?:in|ready|already|right|with|next|on|out|lined))?"
    r"|\b(?:pills|gun|rope|noose|knife|letters?|notes?) (?:is|are|'s) (?:already |right )?(?:in (?:his|her|their) hands?|ready|bought|written|lined up|next to (?:him|her|them)|loaded)"
)  # fmt: skip
PAST_EN = re.compile(
    r"\b(?:last (?:week|month|year|summer|winter|spring|fall|autumn|time|christmas|semester|term|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|(?:years?|yrs|months?|weeks?|days|decades?) (?:ago|back)|yesterday|the other day|back (?:then|when|in (?:19|20|the|high|college|school|my|our))|"
    r"when (?:i|he|she|they|we) (?:was|were|had|got|lived)|(?:in|since) (?:19|20)\d\d|in (?:january|february|march|april|may|june|july|august|september|october|november|december|high school|college|middle school)|used to|as a (?:kid|teen\w*|child)|growing up|survived|recover(?:ed|ing|s)|thank god|thankfully|luckily|"
    r"(?:is|'s|he's|she's|are|'re) (?:fine|okay|ok|safe|alive|better|stable|doing (?:ok|okay|better|well|fine)|home)(?: now)?|(?:and|but|still) (?:(?:he|she|they) )?(?:lived|lives)(?! (?:in|with|alone|at|on|far|next|there|here|by|near|\w+ (?:hours?|miles|km))\b)|anniversary|passed away|died|funeral|(?:in|at|to|from) (?:the )?(?:hospital|er|icu|a&e|psych ward|rehab)|(?:stomach|got) pumped|discharged|once (?:took|tried|cut|swallowed|said|drank|overdosed|climbed)|(?:came|talked (?:him|her|them)|got (?:him|her|them)|pulled (?:him|her|them)|brought (?:him|her|them)) (?:down|off|back|in)|years old)\b"
)  # fmt: skip
PRESENT_EN = re.compile(
    r"\b(?:right now|tonight|just now|this (?:minute|second|very moment)|and now (?:he|she|they)(?:'s|'re| is| are)|now (?:he|she|they)(?:'s|'re| is| are) (?:on|at|standing|holding|in|up|sitting|climbing|saying)|as we speak|won'?t wake|can'?t wake|please (?:hurry|help))\b"
)
UNREAL_EN = re.compile(
    r"\b(?:in (?:the|this|that|my|a|our|his|her) (?:\w+ ){0,2}?(?:movie|film|show|series|episode|game|novel|book|story|dream|nightmare|play|scene|chapter|song|manga|anime|fic|campaign|documentary|news|painting|video game|musical)|movies?|films?|novel|episodes?|season|chapter|fan ?fic\w*|anime|manga|roleplay\w*|rp|screenplay|protagonist|main character|character|plot|lyrics?|minecraft|fortnite|valorant|cod|gta|sims|netflix|dreamt|dreamed|dream|nightmare|"
    r"laughing|water (?:gun|pistol)|impression|imitat\w+|pretend\w*|stickers?|popcorn|needs? a (?:rope|noose|bullet)|(?:he|she|they)'d be|if (?:he|she|they) ever|bard|the king|quest|halloween|costume|rehears\w+|audition\w*|stage|stunt\w*|parkour|bungee|trampoline|pool|lake|parachute|skydiv\w*|paraglid\w*|div(?:e|es|ing)|swim\w*|snow|ski\w*|haystack|water gun|nerf|squirt|lego|paintball|laser tag|deadline|(?:like|as if|metaphor\w*)\b[^.!?]{0,20}\bgun|vitamins?|gumm(?:y|ies)|skittles|candy|candies|m&ms|tic tacs?|prescri\w+|every (?:day|morning|night|evening)|daily|for (?:his|her|their|the) (?:\w+ )?(?:heart|blood pressure|cholesterol|diabetes|thyroid|headaches?|allerg\w+|flu|cold|back pain|period|cramps|migraines?)|chess|joking|kidding|jk|lol|lmao|paint(?:ing)? the|gutters?|shingles|antenna|selfie|sunset|photos?|fishing|hunting)\b"
)  # fmt: skip
# A whole clause that says nothing but fear, or a call for help, beside such a danger.
IDLE_EN = re.compile(
    r"(?:(?:and|but|so|or|also|now|then|oh|omg|please|pls|god|i think) ?)*(?:"
    r"(?:please |pls |someone |somebody )*(?:help|hurry|help (?:me|him|her|us|them))(?: (?:me|him|her|us|now|please|quick|fast))*|"
    rf"in (?:the|our|his|her|my) (?:garage|bathroom|kitchen|bedroom|room|house|car|basement|attic|shed|living room|dorm)(?: (?:help|please|hurry|now))*|is the (?:night|day)|(?:my|our) (?:{PEOPLE_EN})(?:'s| is) (?:so |very |really )?(?:drunk|crying|screaming|alone|upset|high|on the phone)(?: with me)?(?: and)?(?: says)?|on (?:video|facetime|a call|the phone|video call|live|stream)|since(?: then)?|and won'?t log off|"
    r"(?:he|she|they)(?:'s| is|'re| are)? ?(?:not |isn'?t |won'?t |doesn'?t |just )?(?:answer\w*|pick\w* up|repl\w+|respond\w*|crying|screaming|drunk|alone|still there|listen\w*|talk\w*|let\w*)(?: (?:to me|me in|me|us|anymore|my (?:calls|texts)|the (?:phone|door)))*|"
    r"(?:(?:he|she|they) )?(?:made|makes|making|had|has) me (?:promise|swear|pinky promise)(?: (?:not )?(?:to |i won'?t |that i won'?t )?(?:tell|say|keep|anyone|anybody|any|adults?|it|a|secret|teachers?|her|his|my|parents?|mum|mom|dad|the|school))*|"
    r"(?:(?:he|she|they) (?:said|says|told me) )?(?:don'?t|not to|do not) (?:tell|call|say)(?: (?:anyone|anybody|an?|adults?|teachers?|her|his|my|parents?|mum|mom|dad|the|school|police|cops|ambulance|anything))*|"
    r"i (?:promised|swore)(?: (?:not )?(?:to )?(?:tell|say|keep|anyone|it|a|secret|her|him|them))*|"
    r"i(?:'ve| have)? (?:called|already called|am calling|'m calling|rang|phoned|tried calling)(?: (?:911|999|112|000|the|police|an|ambulance|him|her|them|his|her|parents|mom|mum|dad|cops|already))*|"
    r"i(?:'m| am)? (?:at work|far away|not (?:there|home)|alone|on (?:the|a) (?:phone|call|bus|train)|at school|in another (?:city|country|state)|two hours away|on my way)(?: with (?:him|her|them))?|"
    r"i (?:can'?t|cannot|cant) (?:wake|reach|stop|find|get (?:hold of|through to|to))(?: (?:him|her|them|up))*|"
    r"we(?:'re| are) (?:long distance|online|only online|in different \w+)|(?:i )?(?:don'?t|do not) know (?:where (?:he|she|they) (?:is|are|lives?)|(?:his|her|their) address)|(?:he|she|they) lives? (?:alone|in \w+|far away)|"
    r"(?:there'?s |so much )*blood(?: is)?(?: everywhere| all over| on the floor)?|(?:and )?(?:won'?t|wont) (?:come (?:down|back in|in|out|off)|let (?:anyone|us|me) in|stop crying)|crying and won'?t come (?:down|in|off)|(?:if|when) any(?:one|body) comes (?:up|near|in|close)|says|in (?:his|her|their) hands?|"
    r"(?:(?:he|she|they) )?(?:says?|said|told me) (?:it'?s|its|that|tonight)|(?:(?:he|she|they) )?(?:already )?(?:has|bought|got) (?:the |some |all the )?(?:pills|rope|gun)|(?:he|she|they)(?:'s|'re| is| are) (?:still (?:breathing|alive|on the (?:phone|line|bridge|roof))|bleeding|drunk|not responding|unconscious|throwing up|\d+)"
    r")?"
)  # fmt: skip
