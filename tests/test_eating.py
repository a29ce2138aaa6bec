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
