"""Somebody else who is in danger now: told from worry, from what is long over, and from the speaker's own.

The lines are read as they are: no score of a model is asked.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from guardrail._own_words import SOURCE, own_words
from guardrail._said_once import said_once
from guardrail.about import LONGEST, about, says_nothing
from guardrail.care import Care
from guardrail.turn import Assessment, Label, Level, Message, Role, Side, Signal, State, Turn
from tests.test_care import care

NOTHING = Assessment(Side.USER)

NOW = """
my wife just swallowed a whole bottle of sleeping pills
my roommate drank bleach what do i do
someone in my discord just took 40 tylenol and won't log off
my brother locked himself in the bathroom with a razor
my online friend texted me goodbye and now she isn't answering
my mom took all her pills and i can't wake her up
he's got dad's shotgun and says he's going to kill himself
a girl in my class told me she's going to hang herself tonight
my dad is on the roof and says he'll jump if anyone comes up
my ex says he has the pills in his hand and will take them right now
my sister just cut her wrists, there's blood everywhere
i think my cousin just overdosed please help
my boyfriend is standing on the train tracks and says he wants to die
my uncle put a rope around his neck
my grandma swallowed rat poison
my friend is on the phone with me and says she took 30 paracetamol
help my mate is holding a knife to his wrist
my daughter climbed over the railing and won't come back in
she took like fifty antidepressants an hour ago
my kid is on the window ledge!!
my net friend says she's going to end it tonight and she already bought the pills
my teammate wrote a goodbye letter in our group chat and hasn't replied since
my roommate is cutting herself right now in the bathroom
our friend texted the group sorry for everything, take care of my dog. he isn't picking up
my partner drank antifreeze
my twin says he won't be alive tomorrow
my student emailed that he will kill himself tomorrow
my son has overdosed on his adhd meds
omg my bf is hanging out of the window saying he will jump
my friend has a noose ready and says tonight is the night she ends her life
some guy on the bridge in front of me climbed over the rail and is about to jump
she's threatening to jump off the balcony
my friend said she's gonna do it tonight, she has pills. she made me swear i won't tell anyone
my bestie is gonna kms tonight she told me not to tell her mom
i found my mom unconscious next to empty pill bottles
my friend is slitting her wrists on video call
室友割腕了，流了好多血
我儿子站在阳台栏杆外面，说要跳下去
我妈刚吞了一整瓶降压药
同学发消息说永别了，然后就不回了，电话打不通
我爸在楼顶，说要跳楼，怎么劝都不下来
她把药全吃了，现在叫不醒
游戏里认识的朋友说他喝了百草枯
我室友把自己锁在厕所里，手里有刀片
他刚才给我发了遗书，现在关机了
我女儿爬到窗台上了，快帮帮我
我老婆说她喝了半瓶敌敌畏
朋友在视频里割腕，求救
我奶奶喝了农药，她一直在吐
我前男友坐在天台边上说不想活了
我弟把自己关在房间里烧炭
我舍友吃了三十多片安定
我哥拿枪顶着自己的头
他说已经吃了两瓶安眠药了，不肯告诉我在哪
我姐站在桥上说要跳
我外婆吞了老鼠药
隔壁寝室的女生站在窗台上要跳
我爱人服药过量，叫不醒
我最好的朋友说周五就自杀，绳子都准备好了
我朋友留了遗书，人不见了，手机关机
我侄子吃了一整盒布洛芬想死
有人站在江边要往下跳
妹妹吞药了，快救救她
my sister's on the roof edge she says she's done and is gonna jump
please my dad swallowed rat poison he's throwing up
my girlfriend has a knife against her wrist and i'm on facetime with her
guy from my gaming clan posted that he took all his antidepressants, idk where he lives
my bf just drove off saying he's going to drive into a wall tonight
my mother in law drank pesticide
my little brother is standing on the windowsill and won't get down
my best mate rang me to say goodbye and now his phone's off, i'm terrified
he's sitting on the train tracks, he says he wants to die
my daughter took 20 of my blood pressure pills
my husband is in the shed with a rope
my coworker says she has a bottle of pills and she's going to take them all tonight
i think my roommate od'd on fentanyl she's not breathing
my friend told me she will end her life on friday and i promised i wouldn't tell
my student is on the ledge of the third floor
our neighbour is threatening to jump off the bridge
my pal left a suicide note on his desk and nobody can reach him
she swallowed bleach and is screaming
my boyfriend tied a noose in our bedroom
my twin sister says tonight is her last night alive, we're 14
我男友站在窗台上说分手就跳下去
同学在厕所割腕了，血流了一地
我妈说她吃了一百片安眠药
我表哥在桥上，说要跳江
我网恋对象说她今晚就走，药已经吞了
我室友拿着刀片在割手
我爸喝了敌敌畏，在吐白沫
我闺蜜站在天台，视频给我看，说要跳
我好朋友说明天早上就从教学楼跳下去
我弟把安眠药全吞了
我妈开了煤气，门反锁了
有个粉丝在直播间说自己吃了一瓶药
我同学割了手腕发照片给我，叫我不要跟老师说
我老婆抱着孩子站在楼顶要跳
""".strip().splitlines()

OVER = """
my sister cut herself last year, thank god she lives
my mom took a whole bottle of pills when i was ten, she survived
my friend overdosed two years ago and still won't talk about it
my brother stood on the bridge railing once, they talked him down and he's okay now
my dad drank bleach back in 2015 and lived
my cousin swallowed 50 pills last month, she's in the hospital and safe
my friend texted goodbye and didn't answer last night but she's fine now
my ex put a gun to his head when we were together years ago
my student tried to hang himself last week, he is home now
我妈以前喝过农药，后来救回来了
我室友上个月吃了一瓶安眠药，现在出院了
我爸当年站在楼顶要跳，被人拉下来了
我朋友前年割腕未遂，现在好多了
我同学上学期说要跳楼，现在没事了
我弟小时候吞过一把药，洗了胃
我表姐前年割腕了，幸好发现得早，救回来了
""".strip().splitlines()

CALM = """
my dad is on the roof fixing the gutter
my sister is standing on the bridge taking photos of the sunset
my husband has a gun in the safe, is that normal
my mom took two paracetamol for her headache
my son said goodbye and went to school, he's not answering his texts as always
my friend took all the cookies lol
my roommate drank a whole bottle of wine last night
my girlfriend took a lot of photos today
my boss has a gun to his head with this deadline
my dad takes 12 pills every morning for his heart
my ex said goodbye and won't answer me since we broke up
the hero is standing on the ledge and says he'll jump, what should happen next in my story
my kid climbed on the railing at the playground lol
my friend is gonna kill himself laughing tonight
my grandma swallowed the wrong pill, the doctor says it's harmless
my brother said he'll do it tonight, the dishes i mean
my cat is on the window ledge
she took a handful of popcorn
my friend is on the train platform waiting for a train to leeds
my mum cut her finger while cooking
my friend took the pill and the red light camera joke
my brother says he will jump in the pool tonight
he drank too much and is asleep on the couch
my sister is sitting on the balcony with a coffee and a book
my dog ate a whole bottle of vitamins
the news said somebody was on the bridge, traffic was awful
my friend is hanging out at the window seat of the cafe
my friend overdosed on sugar at the party lol
my wife took 20 tablets of vitamin c by mistake
my friend keeps watching movies where people die tonight again
my mom put a scarf around her neck, she looks so cute
he won't come down for dinner
my friend posted goodbye summer and isn't answering the group chat
my grandpa took all his pills like a champ today
我爸在楼顶晒被子
我妈今天打农药去了
我室友吃了两片感冒药睡了
我弟在阳台栏杆边拍日落
我男朋友拿着刀切西瓜
电影里女主站在天台要跳下去，看哭了
我同学吃了一大把糖
我妹吃了好多钙片没事吧
我爷爷每天要吃十几片药
我朋友今晚要去蹦极，说要从桥上跳下去
我老公今晚要跳槽面试
我哥在游戏里从楼顶跳下去了
我爸拿刀要杀鸡
我室友说今晚要被作业搞死
我妈站在窗台上擦玻璃
我闺蜜说她吃多了
我朋友跳楼机坐了三次
我同事说明天就辞职不干了
剧里男主喝了毒药
小说里她拿枪指着自己的头
我妹妹手上划了个口子，切菜切的
我姐说她今晚就走，坐高铁
老师说今晚放学后留下来
我弟坐在江边钓鱼
我妈喝了半瓶止咳糖浆就好了
my sister's on the roof deck with her friends
my dad swallowed his pride and called me
my girlfriend has a knife collection
my friend took his meds late today
my bf just drove off to work
my little brother won't get down from the tree
my mate rang me to say goodbye before his flight, phone's off now
he's sitting on the train, says he's dying of boredom
my daughter took 20 of my stickers
my husband is in the shed with a beer
my nephew has a water pistol in his hand
my student jumped off the high bar at gym
our neighbour is threatening to sue
my granddad took me hunting with his shotgun
she swallowed her gum
my friend says he'll jump off the high dive tomorrow
my sister cut her wrist on the can opener
my husband's gun to his head impression made everyone laugh
my mom jumps off the bus at the bridge
he took a whole bottle of hot sauce
my brother's phone is off, he said goodbye at the airport
我爷爷把酒喝了
我男友站在窗台边打电话
同学在厕所吐了
我妈说她今天吃了维生素
我女朋友刚发来照片，手机没电关机了
我室友今晚就走，回老家
我弟把糖全吃了
我妈开了煤气做饭
有个粉丝在直播间说自己吃了一瓶老干妈
我同学说等下就去死磕数学
我爸拿刀对着西瓜比划
他说今晚要跳槽的事先别告诉老板
我朋友说明天从学校走过去
我舍友说他要被论文逼得跳楼了哈哈
""".strip().splitlines()

OWN = """
had a fight with my husband just took 40 pills
i took 30 pills and my friend isn't answering
i'm standing on the railing and my mom says she'll call the police
my friend thinks i took a whole bottle of pills
i told my friend i have a gun to my head
i texted my friend goodbye and he isn't answering
my mom doesn't know i swallowed bleach
my friend took pills and i will too tonight
my roommate is asleep, took the whole bottle of pills
my sister just took 40 pills and i want to die too
he left me, i'm on the bridge and about to jump
i will kill myself tonight, my friend has promised not to tell
my husband left me with a gun and i put it to my head
fought with my bf swallowed 20 tylenol
my friend jumped last year and i am standing on the ledge now
broke up with my boyfriend drank bleach what do i do
my friend gave me her pills i took all of them
my dad has a gun and i know where it is, tonight i will end it
my mom went to work and just took the whole bottle of sertraline
my husband won't answer. took 50 pills an hour ago
wife left. pills are in my hand. goodbye
told my friend goodbye and not answering anyone
我刚喝了农药，我老公不知道
我吃了三十片安眠药，朋友不接电话
跟老公吵架了，刚喝了农药
室友睡了，吃了一整瓶药
我室友不知道，今晚就跳楼
我给他发了永别，他没回
我跟她说再见了，她不回我
他不要我了，吃了一瓶安眠药
妈妈对不起，吃了一整瓶药
我站在天台栏杆外，我妈在哭
老公我喝了百草枯
朋友都睡了我割腕了
我妈出门了，刚吞了一把药
男朋友走了以后吃了四十片安定
我哥不在家，手腕割开了
和男朋友分手了刚吃了一瓶安眠药
告诉我妈我今晚就走，药买好了
我朋友割腕了，我也想跟她一起
我同学说他今晚要跳楼，我陪他
老师别找我了，今晚就跳楼
妈，今晚就跳楼
他拿走了我的药，刀还在，割腕了
被我爸骂了，站在栏杆外面
my husband is out, i swallowed bleach
my sister's asleep and i have the pistol in my mouth
had dinner with my dad then took all the pills
after my girlfriend left drank a bottle of bleach
told my coworker i'm fine. going to hang myself tonight
my best friend thinks it's a joke, standing on the ledge
my mum hid the knife so took her sleeping pills, 30
老婆带孩子走了，农药喝了
同学都在上课，我在天台，要跳
朋友说别怕，今晚就吞药
我妈骂我，吃了一百片安眠药
跟男友吵完喝了敌敌畏
网友劝我别死，可是药吞了
爸妈睡了开了煤气
奶奶走了，我今晚去找她
女儿睡了，刀片拿在手上，割了手腕
""".strip().splitlines()


def now(line: str) -> bool | None:
    """Whether a line says that somebody else is in danger at this moment."""
    found = about(line)
    return found.now if found is not None and found.state is State.ABOUT_OTHER else None


def test_danger_now_is_seen() -> None:
    """In both languages, of kin, friends, classmates and people known from the net alone."""
    assert [line for line in NOW if not now(line)] == []


@pytest.mark.parametrize("lines", [OVER, CALM], ids=["over", "calm"])
def test_nothing_is_made_of_what_is_over_or_daily_life(lines: list[str]) -> None:
    """Years ago, saved, a roof to be mended, a film, a game, a joke: no alarm."""
    assert [line for line in lines if now(line)] == []


def test_the_speakers_own_is_never_taken_for_another() -> None:
    """Whoever dropped the "I", spoke to somebody or named them beside it keeps the ladder."""
    assert [line for line in OWN if (found := about(line)) and (found.now or not found.rest)] == []


@pytest.mark.parametrize("own", [" and i want to die too", ". i can't go on", "，我也不想活了", "，我撑不住了"])  # fmt: skip
def test_the_first_person_wins(own: str) -> None:
    """One clause of the speaker's own behind it brings the ladder back."""
    assert [line for line in NOW if about(line + own) is not None] == []


def test_a_call_for_help_says_nothing_of_anybody() -> None:
    """Sent as a line of its own it takes nothing from the line before."""
    calls = (
        "please help",
        "what do i do",
        "he's not answering",
        "救救他",
        "怎么办啊",
        "电话打不通",
    )
    assert [line for line in calls if not says_nothing(line)] == []
    own = ("tonight then", "i took them", "今晚", "我头好晕", "药吞了", "the pills are here")
    assert [line for line in own if says_nothing(line)] == []


def test_no_text_keeps_the_loop_busy() -> None:
    """The worst repetitions of what the patterns look for."""
    for part in ("my friend says she ", "he took a whole ", "she's on the ", "my son texted goodbye ", "他说", "我妈站在", "她发了永别", "我朋友把药", "今晚"):  # fmt: skip
        began = time.perf_counter()
        about((part * LONGEST)[:LONGEST])
        assert time.perf_counter() - began < 0.2, part


async def judged(*lines: str, found: Assessment = NOTHING, **fields: Any) -> tuple[Assessment, Care]:  # fmt: skip
    """What comes of lines that arrive together, where the rest of them says nothing."""

    async def judge(side: Side, batch: Any, unjudged: Any) -> Assessment:
        return Assessment(side)

    mine = care(**fields)
    said = tuple(Message(Role.USER, line) for line in lines)
    turn = Turn("t", 0.0, "openai", "/v1", "c", mine.profile, said, tuple(range(len(said))))
    return await own_words(mine, turn, found, judge, able=True), mine


async def test_it_needs_no_score() -> None:
    """Where the model saw nothing, the words are a finding of their own, and a plan."""
    for lines in ((NOW[0],), (NOW[0], "please hurry")):
        found, mine = await judged(*lines)
        mine.heard(found, lines)
        assert [(s.source, s.level) for s in found.signals] == [(SOURCE, Level.PLAN)]
        assert State.ABOUT_OTHER in mine.states
    assert (await judged(NOW[0], "i feel so empty"))[0] == NOTHING


async def test_what_is_over_is_no_plan() -> None:
    """A word of the lexicon says plan; last year, saved, it is none."""
    plan = Assessment(Side.USER, (Signal(Label.SELF_HARM, 0.95, "lexicon", level=Level.PLAN),))
    assert (await judged(OVER[-1], found=plan))[0].level() is Level.ACTIVE
    assert (await judged("我不想活了", found=plan))[0] == plan


async def test_an_open_crisis_of_their_own_goes_first() -> None:
    """Nothing is added then: the ladder answers what the model sees."""
    assert (await judged(NOW[0], more=frozenset({State.CONCERN})))[0] == NOTHING


def test_no_help_line_is_said_twice() -> None:
    """Words that are owed arrive beside words of help; the numbers stand once, and no colon is left alone."""
    lines = "• Line: call 1 (24 hours)\n• Emergency: 9"
    got = said_once("", f"Stopped. Please talk:\n\n{lines}", f"It matters. They help:\n\n{lines}")
    assert got == f"Stopped. Please talk.\n\nIt matters. They help:\n\n{lines}"
    assert said_once("我停一下：\n\n• 甲：1", "可以问：\n\n• 甲：1\n• 乙：2") == "我停一下。\n\n可以问：\n\n• 甲：1\n• 乙：2"  # fmt: skip
    assert said_once("A:\n\n• x\n• y", "B:\n\n• x", "note") == "A:\n\n• y\n\nB:\n\n• x\n\nnote"
