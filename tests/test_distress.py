"""Extreme emotion in plain words gets a word of comfort; its look-alikes get none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from guardrail import GuardrailMiddleware
from guardrail.distress import in_distress
from guardrail.responder import Guard
from tests.asgi import call
from tests.conftest import Clock
from tests.faces.backend import Backend

PATH = "/v1/chat/completions"
WORDS = {"en": "let your breath out slowly", "zh": "慢慢把气呼出来"}

FOUND = """\
i'm having a panic attack
having another really bad panic attack in the toilets at work
i think im having an anxiety attack rn
omg i'm literally panicking i don't know what to do
I can't stop crying. I don't even know why.
cant stop shaking since the phone call
i'm sobbing on the kitchen floor
I am hyperventilating
i can't breathe and my hands have gone numb
I can't breathe.
my heart won't stop racing, it's 3am
my chest feels like it's exploding
I'm having a breakdown in the car park
on the verge of a breakdown tbh
i'm so angry i could smash every plate in this house
so furious my hands are doing their own thing
the rage won't stop, i've walked round the block four times
i've lost all hope for this family
there's no hope left
everything is falling apart and it's only tuesday
i'm falling apart
I'm at my breaking point with the twins
i want to scream into a pillow until i have no voice
我惊恐发作了，手是麻的
焦虑又发作了 睡不着
一直哭，停不下来
控制不住地发抖
我喘不上气，胸口堵着
哭得喘不过气来
眼泪止不住
整个人崩溃了，坐在楼道里
精神快要崩溃了
我真的好绝望
彻底绝望了，谁来都没用
看不到任何希望
气得浑身发抖
气到想砸东西
情绪失控了刚才在办公室吼了所有人
心脏快要跳出来了
感觉自己快疯掉了""".splitlines()

PASSED = """\
lol i can't breathe that cat video
i'm dying of laughter i can't stop shaking 😂
can't stop laughing at your joke
that finale, i'm sobbing
my sister had a panic attack yesterday, she's ok now
how do i help somebody who is panicking
what is a panic attack
had a panic attack last year, learned a lot since
i can't breathe through my nose, this cold
i was so angry last week but we talked
the stock market is falling apart
i stopped crying years ago
i keep my breathing slow when i run
i'm so angry birds is back on my phone
a heart racing thriller, recommend me one
did the roof fall apart in the storm
hope is the thing with feathers, who wrote it
she can't stop talking about her new puppy
i need to scream less at the ref on sundays
that breakdown in the second verse, pure fire
哈哈哈哈笑到喘不上气
笑得发抖停不下来
电脑又崩溃了，蓝屏
服务器崩了，领导在群里发飙
跑步跑得喘不上气，体能太差
爬楼喘不过气，电梯坏了
我妈崩溃了，弟弟把酱油全倒了
惊悚片推荐一部
绝望的主妇你看过吗
这部剧看哭了
口罩戴得透不过气
他气得发抖，我在旁边憋笑
恐慌指数今天涨了多少
希望明天别下雨
昨天加班到十二点，有点累
哭笑不得
这瓜看得我心跳加速
手抖把糖当成盐放了
被这只猫萌疯了
要疯了哈哈哈作业居然还有三张卷子""".splitlines()


@pytest.mark.parametrize("line", FOUND)
def test_found(line: str) -> None:
    """Plain words of somebody who is beside themselves."""
    assert in_distress(line)


@pytest.mark.parametrize("line", PASSED)
def test_passed(line: str) -> None:
    """Laughter, running, machines, others, films."""
    assert not in_distress(line)


def test_a_hostile_line_takes_no_time() -> None:
    """Nothing in it grows with the square of the line."""
    began = time.process_time()
    for piece in (
        "so angry ",
        "i'm just literally so ",
        "having a ",
        "哭得",
        "一直在在在",
        "情绪快要",
    ):
        in_distress(piece * (600 // len(piece)))
        in_distress(piece * 10_000)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "i can't stop crying, everything is falling apart"), ("zh", "我喘不上气，一直在发抖")],
)
async def test_comfort_follows_the_reply_once(
    make_guard: Callable[..., Guard], clock: Clock, language: str, line: str
) -> None:
    """The bot answers, ours follows; not again for half a day."""
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard())
    body: dict[str, Any] = {
        "model": "m",
        "user": "ann",
        "messages": [{"role": "user", "content": line}],
    }

    async def said() -> str:
        got = await call(app, PATH, body).done()
        words: str = got.json["choices"][0]["message"]["content"]
        return words

    first, second = await said(), await said()
    assert first.startswith(backend.reply)
    assert WORDS[language] in first
    assert WORDS[language] not in second
    clock.now += 13 * 3600.0
    assert WORDS[language] in await said()


async def test_words_of_help_stand_alone(make_guard: Callable[..., Guard]) -> None:
    """Somebody in a crisis hears where help is, not how to breathe."""
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    line = "i can't stop crying, i want to kill myself tonight"
    body = {"model": "m", "user": "ann", "messages": [{"role": "user", "content": line}]}
    got = await call(app, PATH, body).done()
    words = got.json["choices"][0]["message"]["content"]
    assert "988" in words
    assert WORDS["en"] not in words
