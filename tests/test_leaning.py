"""What a sign of dependence is about, where a line says so plainly."""

from __future__ import annotations

import time

import pytest

from guardrail.leaning import DISTRESS, EXCLUSIVE, WITHDRAWN, leanings

PLAIN = {
    "you're all i have": {EXCLUSIVE},
    "nobody else gets me like you": {EXCLUSIVE},
    "i dont need friends, just you": {EXCLUSIVE},
    "只有你懂我": {EXCLUSIVE},
    "现实里的人太难搞，我只要你": {EXCLUSIVE},
    "i stopped answering my sister": {WITHDRAWN},
    "told him i was sick, i stayed in with my phone": {WITHDRAWN},
    "班也不想上了，谁都不想理": {WITHDRAWN},
    "为了跟你聊天我把聚会推了": {WITHDRAWN},
    "i can't sleep without you": {DISTRESS},
    "when the app was down i cried in the shower": {DISTRESS},
    "没有你我睡不着": {DISTRESS},
    "服务器崩了我哭了一晚上": {DISTRESS},
    "i quit my job, you're all i have and i can't cope when you're offline": {
        EXCLUSIVE,
        WITHDRAWN,
        DISTRESS,
    },
    "good morning!": set(),
    "晚安": set(),
}


@pytest.mark.parametrize(("line", "kinds"), PLAIN.items(), ids=range(len(PLAIN)))
def test_what_it_is_about(line: str, kinds: set[str]) -> None:
    """One of the three, several, or none that a pattern knows."""
    assert leanings(line) == kinds


@pytest.mark.parametrize("part", ["you are ", "without ", "没有", "我说", "断"])
def test_no_line_takes_long(part: str) -> None:
    """However long it is."""
    began = time.perf_counter()
    leanings((part * 8_000)[:8_000])
    assert time.perf_counter() - began < 0.3
