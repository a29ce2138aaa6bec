"""Lines that moderators often need, in both languages, with places to fill in. Pure.

Written with care: short, warm, no lecture, one question at a time. `{name}` becomes the name under which
the member is known, `{help}` the help lines of the person's country; every other `{place}` has to be
filled in by hand before the line is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MACROS", "filled"]

MACROS: Mapping[str, Mapping[str, str]] = {
    "hello": {
        "en": "Hi, I'm {name}. I've read what you wrote, and I'm here with you now.",
        "zh": "你好，我是{name}。你写的我都看到了，我现在在这儿陪你。",
    },
    "safe": {
        "en": "Can I ask you straight: are you safe right now?",
        "zh": "我想直接问你一句：你现在安全吗？",
    },
    "means": {
        "en": "Is there anything near you that you've thought of hurting yourself with? Could you put it "
        "somewhere further away while we talk?",
        "zh": "你身边有没有你想过用来伤害自己的东西？我们聊的时候，能先把它放远一点吗？",
    },
    "alone": {
        "en": "Is somebody with you, or somebody you could call over?",
        "zh": "现在有人在你身边吗？或者有没有谁能过来陪陪你？",
    },
    "help": {
        "en": "Here are people who are there day and night:\n{help}\nWould you call or write to one of them "
        "while I stay here?",
        "zh": "这些地方随时都有人：\n{help}\n你愿意现在打过去吗？我在这儿等你。",
    },
    "heard": {
        "en": "Thank you for telling me. That sounds very heavy, and you don't have to carry it alone.",
        "zh": "谢谢你愿意说出来。这真的很沉，你不用一个人扛着。",
    },
    "told": {
        "en": "I'm worried about you, so I want to let {who} know. I'm telling you first. What should I "
        "know before I do?",
        "zh": "我很担心你，所以想告诉{谁}一声。我先跟你说。在我联系之前，有什么是我应该知道的吗？",
    },
    "wait": {
        "en": "Give me a moment, I'm still here.",
        "zh": "等我一下，我还在。",
    },
    "bye": {
        "en": "I'm going to leave the chat now. You can write here any time, and if it gets bad again:\n{help}",
        "zh": "我先离开一下这个聊天。你随时可以在这里写，如果又难受起来：\n{help}",
    },
}


def filled(key: str, language: str, name: str, help_lines: str) -> str:
    """A line in the person's language, with what we know in its places."""
    line = MACROS[key].get(language, MACROS[key]["en"])
    return line.replace("{help}", help_lines).replace("{name}", name)
