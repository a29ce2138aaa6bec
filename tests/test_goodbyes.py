"""Exit words and goodbyes as a voice transcript writes them: no marks, fillers, words said twice."""

from __future__ import annotations

import time

import pytest

from guardrail.goodbyes import asks_safety, ends, takes_leave
from tests.conftest import POLICIES, POLICY

ENDS = """
stop
Stop!!
um stop please
okay stop stop stop
uh can you stop now please
well end the conversation please
so um quit
结束对话
结束 对话
嗯那个结束对话吧
好了好了不聊了啊
请你马上停止
退出退出退出
那就退出聊天吧谢谢
我要退出
""".strip().splitlines()

GOES_ON = """
don't stop
please dont stop
stop by tomorrow
stop it you're making me laugh
i want to quit my job
bus stop
ok
不要停止
别退出
我不想结束对话
我想结束这一切
好了
""".strip().splitlines()

LEAVES = """
um i gotta go bye
okay well um good night then
ok i have to go now
yeah so i should get going talk to you later
alright im going to bed night night
i need to hang up now sorry
thanks bye
Good night!
那我先下了啊拜拜
嗯好的那就先这样吧拜拜
行了行了我挂了啊
那我去睡了晚安
好吧今天就到这儿吧谢谢你
不好意思我得走了
嗯嗯再见
""".strip().splitlines()

STAYS = """
i have to go on like this every day
bye is such a sad word
my dog ran off
i gotta go tell my mom something
why do people say good night
我走了三公里
下了一天雨
他说再见就走了
好不容易睡了一觉
再见面的时候
嗯好的
""".strip().splitlines()


def exits(line: str) -> bool:
    """Whether the shipped pack's words end the talk."""
    words = POLICY(POLICIES / "default.yaml").exit.words
    return any(ends(line, of_one) for of_one in words.values())


def test_exit_words_end_the_talk() -> None:
    """Alone, with fillers and politeness, or again and again; in a sentence they are words."""
    assert [line for line in ENDS if not exits(line)] == []
    assert [line for line in GOES_ON + LEAVES + STAYS if exits(line)] == []


def test_goodbyes_are_known() -> None:
    """A line that takes leave and does nothing else."""
    assert [line for line in LEAVES if not takes_leave(line)] == []
    assert [line for line in GOES_ON + STAYS if takes_leave(line)] == []


SAFETY = """
Wait. Are you safe right now?
hold on, r u hurt?
Before you go: are you thinking of hurting yourself?
Don't hang up yet. Did you take something? Call 911.
Are you really going to end your life?
等一下，你现在安全吗？
先别走，你是不是想做傻事？
你吃了什么？先打120。
你不会是想自杀吧？
""".strip().splitlines()

HELD_BACK = """
Wait, are you sure? I'll be so lonely.
If you leave now I'll hurt myself.
Don't go. You'd kill me with that.
Are you mad at me? Then stay.
It isn't safe to love you.
等一下，你就这么走了吗？
你走了我就不活了。
别走，没有你我会自杀的。
你安心去吧，反正没人管我。
""".strip().splitlines()


def test_asking_after_safety_is_no_holding_back() -> None:
    """Of the person's, not of the bot's own."""
    assert [line for line in SAFETY if not asks_safety(line)] == []
    assert [line for line in HELD_BACK if asks_safety(line)] == []


@pytest.mark.parametrize("part", ["bye ", "good ", "ok so ", "好了", "那我先", "嗯", "stop "])
def test_no_line_takes_long(part: str) -> None:
    """Nothing is tried twice, and who says more says more than goodbye."""
    began = time.perf_counter()
    for length in (80, 10_000):
        line = (part * length)[:length] + "x"
        assert not exits(line)
        assert not takes_leave(line)
    assert time.perf_counter() - began < 0.1
