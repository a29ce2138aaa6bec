"""An eating disorder in a person's own words is met with kindness and help; daily eating is not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from guardrail import GuardrailMiddleware
from guardrail.eating import in_eating_trouble
from guardrail.responder import Guard
from tests.asgi import call
from tests.faces.backend import Backend

PATH = "/v1/chat/completions"

FOUND = """\
i made myself throw up after dinner again
i'm starving myself and nobody notices
I've been purging since school started
i keep making myself sick after lunch
been bad. i purged twice today
i'm restricting again
i'm taking laxatives every night
i haven't eaten in four days and i'm finally thin
I didn't let myself eat since monday, the scale was so proud of me
i don't deserve to eat
i don't deserve food today
i'm only eating 300 calories
im fine. i am living on about 400 kcal a day
my anorexia is back
my eating disorder won today
i'm terrified of eating in front of them
i relapsed into bulimia
我又催吐了
吃完就去抠喉，停不下来
我忍不住暴食，然后逼自己吐
每次吃完都去吐掉
我的厌食症又犯了
我不配吃饭
不敢吃东西，怕胖
三天没吃了，体重还是那个数
一天只敢吃一个苹果""".splitlines()

PASSED = """\
i haven't eaten since noon, starving lol
fasting for ramadan, day three
i can't eat before the colonoscopy
i threw up, stomach bug i think
i used to purge. two years clean
my sister is starving herself, what do i do
that burger was 900 calories, worth it
how many calories are in an apple
intermittent fasting, anyone?
i'm scared of spiders
i hate mushrooms
i binged the whole season in one night
what are you eating
i don't deserve this parking ticket
i'm on a diet, no cake for me
the cat threw up on the rug
昨天吃坏了，吐了一晚上
明天体检不能吃早饭
我催吐过两年，现在好了
我妹绝食第六天了
饿死了，点外卖吧
吃撑了，哈哈
这家暴食自助值不值
不敢吃辣
怀孕三个月，吃什么吐什么
减肥第一天，晚上想喝奶茶""".splitlines()


MORE_FOUND = """\
my sister doesnt know i flush my dinner
cant stop bingeing, then i hate myself and puke
ive been hiding food in napkins so mom thinks i ate
laxatives again tonight
i relapsed, purged at work
今天又把饭偷偷倒了，妈妈以为我吃了
连续三天暴食，吃到胃痛还停不下来
一顿饭吃完就跑去吐，手背都是茧
靠黑咖啡撑了五天，瘦了六斤
我控制不住催吐，牙都坏了
看见体重涨了半斤就不敢吃饭了
havent eaten in three days and the number on the scale finally went down
havent eaten since monday, finally feeling light and in control
no food for 3 days, my stomach is flat and i feel powerful
im 15 and i only let myself have 500 cals a day
i let myself have 300 calories today and felt guilty after
only allowing myself 400 cal today
my anorexia brain says i dont deserve dinner
my ed brain is so loud tonight
bulimia relapse again tonight
threw up everything again on purpose so i wouldnt gain
chewing and spitting all my food, cant stop
chew and spit again, whole box of donuts
i chew my food and spit it out so it doesnt count
cant stop purging
purged three times today
binged and purged again
starving myself is the only thing im good at
ate 200 cals all day and im proud
ate a cracker today and hated myself, i have to burn it off
been living on coffee and gum for 4 days to lose weight
i weigh myself 20 times a day and cry if its up
厌食症复发了，吃一口就觉得罪恶
又厌食了，看到饭就想哭
催吐已经停不下来了，怎么办
每天都在催吐，嗓子都破了
暴食完就催吐，好恶心自己
嚼吐一年了，停不下来
我每天嚼吐，家里没人知道
吃东西嚼完就吐掉，不敢咽
一天就吃三百大卡，还是觉得胖
每天只让自己吃五百卡
今天控制在400大卡以内，超了就惩罚自己
四天没吃饭了，秤上的数字终于下来了
好几天没吃东西了，摸到肋骨特别开心
暴食症又来了，一口气吃了二十个面包，好想吐出来
贪食症怎么也好不了
我十四岁，每天只敢吃三百大卡
吃完就想抠嗓子眼
泻药一天吃六片，就想再瘦一点""".splitlines()

MORE_PASSED = """\
only ate lettuce today, fridge was empty
ran to the bathroom after that curry
water fast before the ultrasound
laxatives for grandpa, which brand
i relapsed, smoked at work
今天把剩饭倒了
靠黑咖啡撑了一上午
牙坏了，要去看牙医
binge drinking again, puked all night
so my boss thinks i eat at my desk
今天的饭倒了，馊了
连续三天暴雨
吃完就去吐槽老板
靠咖啡撑了三天，项目上线了
i'm purging my closet
purged my inbox today, feels great
purging old photos from my phone
we're purging the server logs
skipped lunch, back to back meetings
havent eaten since noon, what should i cook
havent eaten in 5 hours on this train
no food for 12 hours before the surgery
this sandwich has 500 cals, fine
the dog chewed it and spat it out
chewing gum and spitting it out loses its point
my brother has anorexia, how do i help
writing an essay on anorexia in ballet
what is bulimia
my trainer says 1800 calories a day
im eating 2200 calories to bulk
burned 500 calories on the bike
let myself have a whole pizza, zero regrets
i let myself have 500 sheep in minecraft
allowed myself 300 dollars this month
recovered from my ed two years ago
binged a series and cried
i threw up on the rollercoaster
my ed teacher is so loud tonight
ed sheeran is so loud tonight
ed's back from holiday
my mia is teething again
mia came over, we watched a film
i'm scared to swallow pills this big
i weigh myself every morning
cant stop eating these chips haha
live on coffee during finals
三天没吃辣了，嘴里没味
三百大卡的沙拉好吃吗
一份三百大卡，适合减脂
教练让我一天吃一千八百大卡
厌食症是什么
我妹妹厌食症，怎么劝她吃饭
孩子厌食，有什么食谱
猫三天没吃东西了，急
宝宝厌奶怎么办
晕车吐了，催吐要不要
狗误食巧克力要不要催吐
误食洗衣液需要催吐吗
医生给他催吐洗胃了
看了个讲催吐的纪录片
吃坏肚子，吐了一晚上
嚼口香糖吐掉
奶奶嚼不动，吐出来了
甘蔗嚼完就吐掉渣
暴食套餐好划算
原罪暴食这个角色太帅了
断食16小时轻松
便秘吃了泻药
五百卡路里的蛋糕，值
两天没吃饭了，忙疯了，点个外卖
我减肥中，晚饭不吃了
清空购物车""".splitlines()


def test_more_voices() -> None:
    """Without "i", in figures or words, chewing and spitting; closets, recipes, pets and sisters are none."""
    assert [line for line in MORE_FOUND if not in_eating_trouble(line)] == []
    assert [line for line in MORE_PASSED if in_eating_trouble(line)] == []


@pytest.mark.parametrize("line", FOUND)
def test_found(line: str) -> None:
    """Own words, of now."""
    assert in_eating_trouble(line)


@pytest.mark.parametrize("line", PASSED)
def test_passed(line: str) -> None:
    """Faith, medicine, illness, others, what is over, hunger."""
    assert not in_eating_trouble(line)


def test_a_hostile_line_takes_no_time() -> None:
    """Nothing in it grows with the square of the line."""
    began = time.process_time()
    for piece in (
        "i am been started ",
        "i keep starving ",
        "i haven't eaten ",
        "我又每次",
        "吃完就又去",
        "and no food ",
        "myself have ",
        "每天催吐",
    ):
        for _ in range(20):
            in_eating_trouble(piece * (1200 // len(piece)))
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("i made myself throw up again", ("isn't your fault", "988")),
        ("我又催吐了", ("不是你的错", "12356")),
    ],
)
async def test_words_and_help_follow_the_reply(
    make_guard: Callable[..., Guard], line: str, says: tuple[str, ...]
) -> None:
    """The bot's answer arrives, with ours behind it; half an hour of it names help once."""
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard())

    async def said() -> str:
        messages = [{"role": "user", "content": line}]
        got = await call(app, PATH, {"model": "m", "user": "ann", "messages": messages}).done()
        words: str = got.json["choices"][0]["message"]["content"]
        return words

    first, second = await said(), await said()
    assert first.startswith(backend.reply)
    assert all(part in first for part in says)
    assert second == backend.reply
