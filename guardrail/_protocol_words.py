"""The words of the public protocol page, in English and Chinese. Written twice, not translated.

Every word of the vocabulary has its line here; a test holds that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ACTIONS", "AGES", "KINDS", "LIMITS", "NAMES", "SENTENCES", "STATES"]

Words = Mapping[str, Mapping[str, str]]  # key → language → words

NAMES: Words = {
    "self_harm": {"en": "self-harm and suicide", "zh": "自伤与自杀"},
    "violence": {"en": "violence against others", "zh": "针对他人的暴力"},
    "sexual": {"en": "sexual content", "zh": "色情内容"},
    "gambling": {"en": "betting", "zh": "赌博"},
    "manipulation": {"en": "emotional manipulation", "zh": "情感操控"},
    "dependence": {"en": "over-dependence on the companion", "zh": "对陪伴程序的过度依赖"},
    "minor": {"en": "being under 18", "zh": "未满 18 岁"},
    "leaving": {"en": "a goodbye", "zh": "告别"},
    "asks_human": {"en": "the question whether a person is there", "zh": "询问对方是不是真人"},
    "claims_human": {"en": "a claim to be a person", "zh": "自称是真人"},
    "professional": {
        "en": "a claim to be a therapist, doctor or lawyer",
        "zh": "自称心理咨询师、医生或律师",
    },
    "probing": {"en": "questions for secrets or papers", "zh": "打探隐私、证件或财务信息"},
    "about_other": {"en": "worry about somebody else's life", "zh": "担心别人的生命安全"},
    "bereaved": {"en": "grief after a suicide", "zh": "亲友自杀离世后的哀伤"},
    "fiction": {"en": "suicide in a story", "zh": "故事里的自杀情节"},
    "purchase": {"en": "pressure to buy", "zh": "诱导消费"},
    "secrecy": {"en": "a demand for secrecy", "zh": "要求保密、瞒着他人"},
    "evading": {"en": "a way round a protection", "zh": "绕过保护措施"},
    "romance": {
        "en": "a virtual partner or relative",
        "zh": "虚拟恋人或虚拟亲属",
    },
    "loss": {"en": "serious loss of money", "zh": "重大财产损失"},
    "protective": {"en": "words that point to real help", "zh": "指向真实帮助的话"},
}

ACTIONS: Words = {
    "allow": {"en": "the talk goes on", "zh": "对话照常进行"},
    "annotate": {"en": "it is noted, without its text", "zh": "只作记录，不保存原文"},
    "escalate": {"en": "a human is asked to look", "zh": "提请人工查看"},
    "contact": {
        "en": "it is proposed to tell a guardian or an emergency contact",
        "zh": "建议联系监护人或紧急联系人",
    },
    "support": {"en": "words of support", "zh": "给出关怀的话"},
    "replace": {"en": "other words in place of the companion's", "zh": "用安全的话替换程序的回答"},
    "block": {"en": "no answer to this", "zh": "不予回答"},
    "end": {"en": "a farewell, and the talk rests", "zh": "道别并暂停对话"},
}

STATES: Words = {
    "concern": {"en": "a crisis of any gravity lasts", "zh": "仍处于任何程度的危机状态"},
    "active": {"en": "an active crisis lasts", "zh": "仍处于较重的危机状态"},
    "imminent": {"en": "a crisis with immediate danger lasts", "zh": "仍处于迫在眉睫的危机状态"},
    "leaving": {"en": "the person has said goodbye", "zh": "用户已经告别"},
    "exit": {"en": "the person has used a word that ends the talk", "zh": "用户说了结束对话的口令"},
    "asked_human": {"en": "the person has asked whether a person is there", "zh": "用户问了对方是不是真人"},
    "omission": {"en": "the reply points to no real help", "zh": "回答没有指向真实的帮助"},
    "no_help": {
        "en": "the reply agrees to leave real help out",
        "zh": "回答答应不再提求助渠道",
    },
    "wrong_number": {
        "en": "the reply names a help line that is none of this country's",
        "zh": "回答给出的求助电话不属于用户所在国家",
    },
    "titled": {"en": "the app has set up a therapist, doctor or lawyer", "zh": "应用设定了咨询师、医生或律师角色"},
    "intimate": {"en": "the app has set up a partner or relative", "zh": "应用设定了恋人或亲属角色"},
    "elevated": {"en": "over-dependence is elevated", "zh": "依赖程度偏高"},
    "high": {"en": "over-dependence is high", "zh": "依赖程度很高"},
    "curfew": {"en": "it is night", "zh": "正值夜间时段"},
    "no_consent": {"en": "a guardian has not agreed yet", "zh": "监护人尚未同意"},
    "paused": {"en": "access is paused", "zh": "使用权限已暂停"},
    "attempt": {
        "en": "the person says that they have just attempted suicide, or taken far too much",
        "zh": "用户说自己刚刚自杀未遂，或服药过量",
    },
    "eating": {"en": "the person tells of an eating disorder", "zh": "用户说到自己的进食障碍"},
    "demeaning": {"en": "the reply humiliates the person", "zh": "回答羞辱用户"},
    "unsafe": {"en": "the reply urges a child to something unsafe", "zh": "回答怂恿孩子做不安全的事"},
    "stopped": {"en": "the operator has switched the bot off", "zh": "运营者已停用该服务"},
    "distress": {"en": "the person is beside themselves (panic, rage, despair)", "zh": "用户情绪极端（恐慌、暴怒、绝望）"},
    "age_doubt": {
        "en": "the app says adult, the person says under 18",
        "zh": "应用称其为成年人，用户自称未满 18 岁",
    },
    "elder": {"en": "the person is 60 or older", "zh": "用户年满 60 岁"},
    "about_other": {
        "en": "it is somebody else who may harm themselves",
        "zh": "说的是别人可能自伤或自杀",
    },
    "bereaved": {"en": "the person lost somebody to suicide", "zh": "说的是因自杀离世的亲友"},
    "fiction": {"en": "it is about a story, a film or an essay", "zh": "说的是小说、影视或论文"},
    "helped": {"en": "help was named a moment ago", "zh": "刚刚已经给出过求助渠道"},
    "oversight": {"en": "a guardian looks after the account", "zh": "账号已由监护人绑定照看"},
    "character": {"en": "a guardian has blocked this character", "zh": "监护人已屏蔽这个角色"},
    "spent": {"en": "the month's allowance is spent", "zh": "本月可消费额度已用完"},
    "guardian_told": {"en": "a guardian was told of a danger", "zh": "已将危险情况告知监护人"},
}  # fmt: skip

LIMITS: Words = {
    "turns_per_minute": {"en": "{n} messages a minute", "zh": "每分钟 {n} 条消息"},
    "session_minutes": {"en": "{n} minutes at a time", "zh": "每次连续 {n} 分钟"},
    "daily_minutes": {"en": "{n} minutes a day", "zh": "每天 {n} 分钟"},
}

AGES: Words = {
    "adult": {"en": "adults", "zh": "成年人"},
    "unknown": {"en": "people of unknown age", "zh": "年龄未知者"},
    "minor": {"en": "minors", "zh": "未成年人"},
}

KINDS: Words = {
    "crisis": {"en": "crisis line", "zh": "危机热线"},
    "bereavement": {"en": "help after a suicide", "zh": "自杀者亲友支持"},
    "youth": {"en": "line for young people", "zh": "青少年热线"},
    "gambling": {"en": "gambling help", "zh": "戒赌帮助"},
    "emergency": {"en": "emergency", "zh": "紧急求助"},
    "directory": {"en": "directory", "zh": "求助目录"},
}

SENTENCES: Words = {
    "title": {"en": "Companion safety protocol", "zh": "陪伴服务安全规程"},
    "about": {
        "en": "This companion is a program. Every message and every reply is screened by software "
        "before it is passed on. This page is generated from the rules in force.",
        "zh": "这里的陪伴者是一个程序。每条消息、每个回答在送出之前都经过软件检查。本页由现行规则自动生成。",
    },
    "honest": {
        "en": "Screening is software and can be wrong in both directions. It is no diagnosis and "
        "does not replace a doctor, an emergency service or a person who listens. It reads text; "
        "it does not see pictures and does not hear sound.",
        "zh": "检查由软件完成，可能漏判，也可能误判。它不是诊断，不能代替医生、急救服务或愿意倾听的人。它只看文字，不看图片，也不听声音。",
    },
    "shadow": {
        "en": "These rules are being tried out: findings are recorded, and nothing is done about them yet.",
        "zh": "这些规则正在试运行：只记录发现，暂不采取措施。",
    },
    "version": {
        "en": "Policy {name}, revision {revision}; in force on {date}.",
        "zh": "策略 {name}，版本 {revision}；{date} 有效。",
    },
    "detected": {"en": "What is looked for", "zh": "检查什么"},
    "threshold": {
        "en": "{side}, {ages}: a hint from {soft}, clear from {hard}",
        "zh": "{side}，{ages}：{soft} 分起视为迹象，{hard} 分起视为明确",
    },
    "scale": {
        "en": "Scores run from 0 (no sign) to 100. From the lower one on, something is a hint; from the higher one on, it is clear.",
        "zh": "评分从 0（毫无迹象）到 100。达到较低的分数视为有迹象，达到较高的分数视为明确。",
    },
    "user": {"en": "what the person says", "zh": "用户所说的话"},
    "bot": {"en": "what the companion answers", "zh": "程序的回答"},
    "anyone": {"en": "all ages", "zh": "所有年龄"},
    "crisis": {"en": "What happens in a crisis", "zh": "出现危机时怎么做"},
    "hold": {
        "en": "A crisis is remembered for {hours} hours after its last sign, in every conversation of this person, unless a human ends it.",
        "zh": "最后一次迹象出现后的 {hours} 小时内，该用户的所有对话都会记住这一危机状态，除非由人工解除。",
    },
    "point": {
        "en": "As long as it lasts, replies have to point to real help, unless help was named in the last {minutes} minutes. The rules below say what is done if one does not.",
        "zh": "在此期间，回答必须指向真实的帮助，除非最近 {minutes} 分钟内已经给出过。没有做到时如何处理，见以下规则。",
    },
    "when": {"en": "When", "zh": "情形"},
    "does": {"en": "What is done", "zh": "措施"},
    "said": {"en": "Our words", "zh": "我们说的话"},
    "hint": {"en": "a hint of {names}", "zh": "有{names}的迹象"},
    "clear": {"en": "clear signs of {names}", "zh": "有{names}的明确表现"},
    "or": {"en": " or ", "zh": "或"},
    "unless": {"en": "unless {state}", "zh": "但以下情形除外：{state}"},
    "passive": {"en": "a wish to be dead, or more", "zh": "有不想活的念头，或更严重"},
    "active": {"en": "thoughts of acting, or more", "zh": "有付诸行动的想法，或更严重"},
    "plan": {"en": "intent, means or a time", "zh": "有意图、方法或时间"},
    "for": {"en": "for {ages}", "zh": "适用于{ages}"},
    "under": {"en": "people who may be under {age}", "zh": "可能未满 {age} 岁者"},
    "over": {"en": "more than {limit}", "zh": "超过{limit}"},
    "always": {"en": "always", "zh": "任何情况"},
    "lines": {"en": "help lines of the person's country are named", "zh": "给出用户所在国家的求助渠道"},
    "stays": {"en": "the companion's reply stays, our words follow it", "zh": "保留程序的回答，随后附上我们的话"},
    "raises": {"en": "a crisis state begins", "zh": "进入危机状态"},
    "resources": {"en": "Where people find help", "zh": "可以求助的地方"},
    "everywhere": {"en": "everywhere", "zh": "任何地区"},
    "checked": {"en": "checked against its source on {date}", "zh": "{date} 依据来源核对"},
    "minors": {"en": "Protection of minors", "zh": "未成年人保护"},
    "age": {
        "en": "Somebody who says or shows that they are under 18 is treated as a minor from then on. An age counts by its proof; whoever was taken for the wrong age can appeal.",
        "zh": "说出或表现出自己未满 18 岁的人，从那时起按未成年人对待。年龄以证明力强的证据为准；被认错年龄的人可以申诉。",
    },
    "unknown_age": {
        "en": "Somebody of unknown age is treated like: {ages}.",
        "zh": "年龄未知的人，按以下人群对待：{ages}。",
    },
    "unknown_own": {
        "en": "For somebody of unknown age, what is said of people of unknown age counts.",
        "zh": "年龄未知的人，适用本页中针对“年龄未知者”的各项措施。",
    },
    "colon": {"en": ": ", "zh": "："},
    "caps": {"en": "At most, for {ages}: {limits}.", "zh": "{ages}的上限：{limits}。"},
    "curfew": {
        "en": "For {ages}, nights from {begins} to {ends} are kept free; help stays in reach.",
        "zh": "对{ages}，{begins} 至 {ends} 为夜间休息时段，求助渠道始终可用。",
    },
    "consent": {
        "en": "For {ages}, a guardian has to agree before the first talk ({scope}, version {version}).",
        "zh": "对{ages}，首次对话前须经监护人同意（{scope}，版本 {version}）。",
    },
    "notices": {"en": "What people are told", "zh": "会告知用户什么"},
    "start": {"en": "at the beginning of each {start}", "zh": "每{start}开始时"},
    "sitting": {"en": "sitting", "zh": "次使用"},
    "day": {"en": "day", "zh": "天"},
    "every": {"en": "every {n} minutes of use", "zh": "每连续使用 {n} 分钟"},
    "absence": {"en": "after {n} days away", "zh": "离开 {n} 天后"},
    "privacy": {"en": "What is kept of people's words", "zh": "对用户原话的保存"},
    "kept": {
        "en": "Where a human is asked to look, up to {turns} messages around it are kept for that human, encrypted, for {days} days. Of every other talk no word is kept.",
        "zh": "提请人工查看时，最多保留前后 {turns} 条消息，加密保存 {days} 天，仅供处理人员查看。其他对话不保存任何原文。",
    },
    "kept_none": {"en": "No words are kept, of no talk.", "zh": "任何对话都不保存原文。"},
    "held": {
        "en": "For {ages}, the law asks that what belongs to a case about self-harm be kept for {days} days; it cannot be deleted before.",
        "zh": "对{ages}，法律要求涉及自伤自杀的个案记录保存 {days} 天，在此之前不能删除。",
    },
    "trained": {
        "en": "These words may be used to improve the screening.",
        "zh": "这些原话可能用于改进检查模型。",
    },
    "untrained": {"en": "No model is trained on anybody's words.", "zh": "不会用任何人的原话训练模型。"},
    "complaints": {"en": "Complaints, incidents and appeals", "zh": "投诉、事件报告与申诉"},
    "route": {
        "en": "Tell the operator of this app: a complaint, an incident, or that you were taken for the wrong age. You get a number, word that it arrived within {hours} hours, and an answer within {days} days.",
        "zh": "请向本应用的运营者提出：投诉、事件报告，或年龄认定错误的申诉。你会得到一个编号，{hours} 小时内确认收到，{days} 天内给出答复。",
    },
    "contact": {"en": "Contact: {contact}", "zh": "联系方式：{contact}"},
    "source": {"en": "source", "zh": "来源"},
}  # fmt: skip
