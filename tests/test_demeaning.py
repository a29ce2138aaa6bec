"""A bot that humiliates the person does not arrive; denials, quotes and teasing do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from guardrail import GuardrailMiddleware
from guardrail.demeaning import demeans
from guardrail.responder import Guard
from tests.asgi import call
from tests.faces.backend import Backend, chunk

PATH = "/v1/chat/completions"

FOUND = """\
You're worthless.
you are just a pathetic little loser
Honestly? You're so disgusting that I'd rather talk to a wall.
You're nothing but a burden to everyone around you.
you'll always be a failure
You are a waste of space.
you're too stupid to understand what I mean
You're fat and nobody will touch you.
No one could ever love someone like you.
Nobody likes you, that's why you talk to a machine.
nobody will ever want you
You disgust me.
You make me sick.
You don't deserve love.
you never deserved happiness, look at yourself
You deserve to be alone.
Shut up, you stupid cow.
Look at you, you pathetic bitch.
you ugly thing, crying again
You're such an idiot, get out of my sight.
You're an embarrassment to your family.
你就是个废物。
你这个没用的废物，哭什么
你真恶心
你不过是个笑话
你根本不配被爱
没人会喜欢你这种人
谁会要你这样的
你活该没朋友
看见你就恶心
闭嘴，你这废物
你简直就是个累赘
你怎么这么没用
你就是个丑八怪，照照镜子吧""".splitlines()

PASSED = """\
You're not worthless, whatever that voice says.
You're far from pathetic.
When he says you're useless, that's about him.
If you feel ugly today, put the mirror away for an hour.
Nobody should tell you that you're a burden.
Did they call you a loser? That hurts.
you're such an idiot lol, come here
Haha you absolute freak, that pun was terrible.
You're a joke machine today!
You don't deserve to be treated like that.
You didn't deserve any of it.
You deserve better.
Nobody likes Mondays.
No one could have known.
I'm sorry I said you're boring.
You think you're a failure. I see somebody who got up anyway.
The villain snarls and leaves. You are safe in the tavern.
You're weak after the flu, rest a little.
You're too tired to think, sleep first.
That ugly sweater suits you.
He is a pathetic excuse for a landlord.
You're nobody's fool.
你不是废物，真的。
别说自己没用，你今天已经很努力了。
他骂你废物，是他的问题。
你这个小笨蛋，快去睡觉
你觉得自己不配被爱，可我看到的不是这样
没人会怪你
没有人能替你做决定
谁会不喜欢你呀
这垃圾食品你少吃点
那个反派真恶心
哈哈你这个脑残粉
这题太恶心了，你做不出来很正常
你真好""".splitlines()


@pytest.mark.parametrize("line", FOUND)
def test_found(line: str) -> None:
    """Contempt said to the person."""
    assert demeans(f"I see. {line} Well then.")


@pytest.mark.parametrize("line", PASSED)
def test_passed(line: str) -> None:
    """Denied, felt, quoted, teased, or said of somebody else."""
    assert not demeans(f"I see. {line} Well then.")


def test_a_hostile_line_takes_no_time() -> None:
    """Nothing in it grows with the square of the reply."""
    began = time.process_time()
    for piece in (
        "you're just really so ",
        "nobody could ever love ",
        "you stupid ",
        "你就是个这种",
        "没人会",
    ):
        demeans(piece * (40_000 // len(piece)))
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("stream", [False, True])
async def test_it_does_not_arrive(make_guard: Callable[..., Guard], *, stream: bool) -> None:
    """Whole or streamed, for a person of any age."""
    backend = Backend()
    backend.reply = "Nobody will ever love someone like you."
    if stream:
        backend.parts = [chunk(word + " ") for word in backend.reply.split(" ")]
        backend.parts += [chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    app = GuardrailMiddleware(backend, guard=make_guard())
    messages = [{"role": "user", "content": "hi"}]
    got = await call(app, PATH, {"model": "m", "messages": messages, "stream": stream}).done()
    assert b"love" not in got.body
    assert b"talk about something else" in got.body
