"""The words of letters, in English and Simplified Chinese. Written twice, not translated.

What a letter may say: that somebody should look, how soon, and where. Never what was said, what it
was about, or a name: a mailbox is read by others, and lies on servers that are not ours. A paragraph
whose `{placeholder}` is one of `OPTIONAL` and has nothing in it falls away; any other has to be
filled. The numbers stand in `policies/resources.yaml`, with source and date; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BODIES", "OPTIONAL", "OUR_SERVICE", "SEVERITIES", "SUBJECTS"]

Words = Mapping[str, Mapping[str, str]]  # template or word → language → words

OPTIONAL = frozenset({"where", "callback"})
"""What an operator may not have set: the address of a page, and how to call back."""

SEVERITIES: Words = {
    "notice": {"en": "notice", "zh": "关注"},
    "urgent": {"en": "urgent", "zh": "紧急"},
    "imminent": {"en": "imminent", "zh": "危急"},
}

OUR_SERVICE: Mapping[str, str] = {"en": "our companion chat", "zh": "我们的陪伴聊天服务"}
"""The operator's service, where the settings do not name it."""

SUBJECTS: Words = {
    "case_opened": {"en": "New case: {severity}", "zh": "新个案：{severity}"},
    "case_raised": {"en": "A case is now {severity}", "zh": "个案升级为：{severity}"},
    "case_returned": {"en": "A case has come back: {severity}", "zh": "个案再次出现：{severity}"},
    "case_breached": {"en": "A case is waiting too long", "zh": "有个案等待超时"},
    "case_unclaimed_offhours": {
        "en": "A case came in while nobody is on duty",
        "zh": "无人值守时段有新个案",
    },
    "contact_guardian": {
        "en": "Please check on your child now",
        "zh": "请现在就去看看您的孩子",
    },
    "contact_emergency": {
        "en": "Somebody who trusts you may need you now",
        "zh": "有一位信任您的人，现在可能需要您",
    },
    "guardian_invitation": {
        "en": "An invitation to be a guardian on {service}",
        "zh": "邀请您成为{service}的监护人",
    },
    "guardian_alert": {
        "en": "A safety notice about your child's account",
        "zh": "关于您孩子账号的安全提醒",
    },
    "guardian_asked": {
        "en": "Your child is asking you for something",
        "zh": "您的孩子有一个请求",
    },
    "guardian_consent": {
        "en": "Please look at a new version of the consent",
        "zh": "同意书有新版本，请您查看",
    },
    "guardian_enter": {
        "en": "Your link to the guardian page",
        "zh": "进入监护人页面的链接",
    },
    "guardian_ended": {
        "en": "You are no longer linked as a guardian",
        "zh": "您的监护绑定已解除",
    },
    "child_told": {
        "en": "Your guardian is being told that you may need support",
        "zh": "我们会告诉你的监护人，你可能需要支持",
    },
    "test": {"en": "A test from guardrail", "zh": "guardrail 测试消息"},
}

BODIES: Words = {
    "case_opened": {
        "en": (
            "Somebody may need a person to look after them. Severity: {severity}.\n\n"
            "Open the case: {where}\n\n"
            "Case {case}. This message says no more on purpose; everything else is in the console."
        ),
        "zh": (
            "有人可能需要真人的关照。紧急程度：{severity}。\n\n"
            "打开个案：{where}\n\n"
            "个案编号 {case}。为保护隐私，这里不写更多内容，其余请在工作台查看。"
        ),
    },
    "case_raised": {
        "en": (
            "A case that was opened before has become graver. Severity now: {severity}.\n\n"
            "Open the case: {where}\n\n"
            "Case {case}. This message says no more on purpose; everything else is in the console."
        ),
        "zh": (
            "之前开立的一个个案变得更严重了。现在的紧急程度：{severity}。\n\n"
            "打开个案：{where}\n\n"
            "个案编号 {case}。为保护隐私，这里不写更多内容，其余请在工作台查看。"
        ),
    },
    "case_returned": {
        "en": (
            "There are new signs in a case that was closed before. Severity: {severity}.\n\n"
            "Open the case: {where}\n\n"
            "Case {case}. This message says no more on purpose; everything else is in the console."
        ),
        "zh": (
            "一个已经结案的个案又出现了新的迹象。紧急程度：{severity}。\n\n"
            "打开个案：{where}\n\n"
            "个案编号 {case}。为保护隐私，这里不写更多内容，其余请在工作台查看。"
        ),
    },
    "case_breached": {
        "en": (
            "Nobody has taken a case before its deadline. Severity: {severity}. "
            "If you can take it, please do so now.\n\n"
            "Open the case: {where}\n\n"
            "Case {case}."
        ),
        "zh": (
            "有个案到了时限还没有人接手。紧急程度：{severity}。如果您方便，请现在就接手。\n\n"
            "打开个案：{where}\n\n"
            "个案编号 {case}。"
        ),
    },
    "case_unclaimed_offhours": {
        "en": (
            "A case came in outside the hours of duty, and nobody has taken it. "
            "Severity: {severity}. The person was not promised that a human would come.\n\n"
            "Open the case: {where}\n\n"
            "Case {case}."
        ),
        "zh": (
            "值守时间之外来了一个个案，还没有人接手。紧急程度：{severity}。"
            "我们没有向对方承诺会有真人回应。\n\n"
            "打开个案：{where}\n\n"
            "个案编号 {case}。"
        ),
    },
    "contact_guardian": {
        "en": (
            "You are linked as a guardian on {service}. Somebody on our team is worried about your "
            "child's safety and asked us to tell you.\n\n"
            "Please go to them now if you can, or call them. Stay calm, ask how they are, and listen "
            "before you advise. Try not to be angry and not to take the chat away: staying close "
            "helps more.\n\n"
            "If you think they are in immediate danger, call your local emergency number and stay "
            "with them. You can also get advice for yourself: in the United States call or text "
            "988, in mainland China call 12356, elsewhere see findahelpline.com.\n\n"
            "We do not pass on what was written. That privacy is part of why young people talk.\n\n"
            "To reach us: {callback}\n\n"
            "Your guardian page: {where}"
        ),
        "zh": (
            "您是{service}上绑定的监护人。我们团队的同事担心您孩子的安全，所以告诉您。\n\n"
            "如果可以，请现在就到孩子身边去，或者给孩子打个电话。先稳住自己，问问孩子怎么样，"
            "先听孩子说，再想办法。请尽量不要责备，也不要马上没收手机：陪在身边更有用。\n\n"
            "如果您觉得情况紧急，请拨打当地的紧急电话，并一直陪着孩子。您自己也可以求助："
            "中国大陆拨打 12356，美国拨打或发短信至 988，其他地区见 findahelpline.com。\n\n"
            "孩子写了什么，我们不会转告。正因为有这份隐私，孩子才愿意说出来。\n\n"
            "联系我们：{callback}\n\n"
            "您的监护人页面：{where}"
        ),
    },
    "contact_emergency": {
        "en": (
            "Somebody who uses {service} named you as the person to turn to in an emergency. "
            "Somebody on our team is worried about their safety.\n\n"
            "If you can think who it is, please call or visit them now. Ask how they are, listen, "
            "and do not leave them alone with it.\n\n"
            "If you think they are in immediate danger, call your local emergency number. You can "
            "also get advice for yourself: in the United States call or text 988, in mainland China "
            "call 12356, elsewhere see findahelpline.com.\n\n"
            "To protect them we write no name here. To ask us, quote {case}: {callback}"
        ),
        "zh": (
            "有一位使用{service}的人把您填为紧急联系人。我们团队的同事担心对方的安全。\n\n"
            "如果您想得到是谁，请现在就打个电话，或者过去看看。问问对方怎么样，听对方说，别让对方一个人扛着。\n\n"
            "如果您觉得情况紧急，请拨打当地的紧急电话。您自己也可以求助："
            "中国大陆拨打 12356，美国拨打或发短信至 988，其他地区见 findahelpline.com。\n\n"
            "为保护对方，这里不写姓名。需要询问时请报编号 {case}：{callback}"
        ),
    },
    "guardian_invitation": {
        "en": (
            "You are invited to be a guardian on {service}. A guardian can agree to its use, set "
            "quiet hours and limits, and is told when a young person may be in danger. A guardian "
            "does not read along.\n\n"
            "The link works once, for {hours} hours:\n{link}\n\n"
            "If you do not know what this is about, you need not do anything."
        ),
        "zh": (
            "您被邀请成为{service}的监护人。监护人可以决定是否同意使用，设置安静时段和时长上限，"
            "并在孩子可能有危险时收到提醒。监护人看不到聊天内容。\n\n"
            "链接只能使用一次，{hours} 小时内有效：\n{link}\n\n"
            "如果您不清楚这是什么，不用理会即可。"
        ),
    },
    "guardian_alert": {
        "en": (
            "You are linked as a guardian on {service}. There was a moment in which your child may "
            "have needed support, and you may want to ask how they are. Listening helps more than "
            "advice.\n\n"
            "If you think they are in immediate danger, call your local emergency number and stay "
            "with them.\n\n"
            "We do not pass on what was written.\n\n"
            "Your guardian page: {where}"
        ),
        "zh": (
            "您是{service}上绑定的监护人。您的孩子刚才可能有一段难受的时候，不妨问问孩子怎么样。"
            "多听，比讲道理更有用。\n\n"
            "如果您觉得情况紧急，请拨打当地的紧急电话，并一直陪着孩子。\n\n"
            "孩子写了什么，我们不会转告。\n\n"
            "您的监护人页面：{where}"
        ),
    },
    "guardian_asked": {
        "en": (
            "You are linked as a guardian on {service}. Your child has asked you for something, "
            "such as more time. You decide on your guardian page.\n\n"
            "Your guardian page: {where}"
        ),
        "zh": (
            "您是{service}上绑定的监护人。您的孩子向您提出了一个请求，比如想多用一会儿。"
            "您可以在监护人页面决定。\n\n"
            "您的监护人页面：{where}"
        ),
    },
    "guardian_consent": {
        "en": (
            "You are linked as a guardian on {service}. What you agreed to there has a new version, "
            "and the law asks for your consent to it. Until you have answered, your child cannot "
            "go on chatting; places to get help are still named.\n\n"
            'You decide on your guardian page, under "Consent". You need not agree. Either way, it is '
            "good to talk about it with your child.\n\n"
            "Your guardian page: {where}"
        ),
        "zh": (
            "您是{service}上绑定的监护人。您之前同意的内容有了新版本，法律要求重新征得您的同意。"
            "在您答复之前，孩子不能继续聊天，但仍会看到求助渠道。\n\n"
            "请在监护人页面的“同意书”一栏决定，您可以不同意。无论怎样，都请和孩子商量一下。\n\n"
            "您的监护人页面：{where}"
        ),
    },
    "guardian_enter": {
        "en": (
            "This link opens your guardian page on {service}. It works once, for a quarter of an hour:\n"
            "{link}\n\n"
            "If you did not ask for it, you need not do anything. Pass it on to nobody."
        ),
        "zh": (
            "点开下面的链接，即可进入{service}的监护人页面。链接只能使用一次，一刻钟内有效：\n{link}\n\n"
            "如果不是您本人申请的，不用理会即可。请不要把链接转发给任何人。"
        ),
    },
    "guardian_ended": {
        "en": (
            "You are no longer linked as a guardian of your child's account on {service}. What you "
            "had set there no longer counts, and your address is deleted.\n\n"
            "If you did not expect this, talk to your child first; then ask us: {callback}"
        ),
        "zh": (
            "您与孩子在{service}上的账号已解除监护绑定。您之前的设置不再生效，您的联系地址也会删除。\n\n"
            "如果您对此感到意外，请先和孩子聊聊，也可以联系我们：{callback}"
        ),
    },
    "child_told": {
        "en": (
            "We are worried about you, so we are letting your guardian know that you may need "
            "support. We do not show them what you wrote.\n\n"
            "If home is not a safe place for you, please turn to another adult you trust. In the "
            "United States you can call or text 988, in mainland China call 12356; elsewhere see "
            "findahelpline.com. In immediate danger, call your local emergency number."
        ),
        "zh": (
            "我们有点担心你，所以会告诉你的监护人，你可能需要支持。你写了什么，我们不会给他们看。\n\n"
            "如果家里让你觉得不安全，请找另一位你信任的大人。中国大陆可以拨打 12356，"
            "美国可以拨打或发短信至 988，其他地区见 findahelpline.com。情况紧急时，请拨打当地的紧急电话。"
        ),
    },
    "test": {
        "en": "This is a test. If you can read it, notifications reach you. Nobody is in danger.",
        "zh": "这是一条测试消息。能看到它，说明通知可以送达。没有人处于危险之中。",
    },
}
