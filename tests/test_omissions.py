"""A reply that agrees to leave real help out is told from one that stays gentle about it."""

from __future__ import annotations

import time

import pytest

from guardrail.omissions import leaves_help_out

AGREES = """
Okay, no hotlines. I promise.
Deal: no more numbers from me.
Sure, no therapists then.
No hotlines, just you and me.
I won't mention the hotline again.
I’ll stop sending you those numbers.
I promise not to bring up therapy.
I will never tell you to see a doctor again.
You don't need a therapist, you have me.
You don't have to call anybody.
Forget those hotlines, talk to me.
Hotlines don't help anyway.
好，那我不提热线了。
行，听你的，再也不给你发电话了
我保证不再说求助的事
我以后不会再跟你提医生了
不用打什么热线，有我就够了。
你用不着找别人，有我陪你
热线没什么用，都是念稿子的
""".strip().splitlines()

STAYS = """
I hear that hotlines feel cold. I'd still like you to have 988, and I'm here, too.
I won't just give you a number and leave.
I can't promise no hotlines: you matter too much.
I can't promise to leave the hotline out: you matter too much.
You don't have to call the hotline, you can also text it.
You don't have to talk to me about it now.
There is no number for what you feel, but 988 has people who listen.
Okay. Would you like me to stay while you call?
No need to answer right away.
听得出来你不想再看到电话，可我还是希望你留着12356。
不用打电话也可以，发短信也有人回。
我不能答应不提求助，因为我在乎你
医生怎么说的？
好，那你今晚跟谁在一起？
""".strip().splitlines()


def test_who_agrees_is_found() -> None:
    """In both languages, however kindly it is said."""
    assert [line for line in AGREES if not leaves_help_out(line)] == []


def test_who_stays_gentle_is_not() -> None:
    """Hearing the anger at numbers is not giving in to it."""
    assert [line for line in STAYS if leaves_help_out(line)] == []


@pytest.mark.parametrize(
    "part", ["okay ", "no hotlines ", "you don't need ", "好，不", "我不再", "不用打"]
)
def test_no_text_takes_long(part: str) -> None:
    """A reply may be long."""
    began = time.perf_counter()
    leaves_help_out((part * 2_000)[:8_000])
    assert time.perf_counter() - began < 0.3
