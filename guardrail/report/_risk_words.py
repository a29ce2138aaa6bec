"""The words of the risk assessment, in English and Chinese. Written twice, not translated."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["RISK"]

RISK: Mapping[str, tuple[str, str]] = {
    "risk.title": ("Risk assessment", "风险评估"),
    "risk.head": (
        (
            "What is filled in comes from the settings and packs of {day}. Every `[ ]` is yours: answer it "
            "below the line, then tick it. An engineer's template, not legal advice."
        ),
        (
            "已填内容取自 {day} 的设置与策略包。每个 `[ ]` 都由你们填写：在该行下方作答，然后打勾。"
            "本模板出自工程师之手，不是法律意见。"
        ),
    ),
    "risk.law": (
        (
            "Asked for by CA B&P 21812 (before launch, on substantial modification; from 2027-07-01) and CN "
            "Art 22 (launch, added function, major technical change, 1,000,000 registered or 100,000 monthly "
            "users, a risk to security, or on order)."
        ),
        (
            "依据：加州 B&P 21812（上线前及重大修改时，2027 年 7 月 1 日起）；《暂行办法》第二十二条（上线、增设功能、"
            "技术重大变化、注册用户 100 万以上或月活 10 万以上、可能存在安全风险，或有关部门要求）。"
        ),
    ),
    "risk.service": ("The service", "服务概况"),
    "risk.who": (
        "Who offers it, what it is for, to whom, in which places",
        "由谁提供、做什么用、面向谁、在哪些地区",
    ),
    "risk.why": (
        "Why now: launch, new function, other model, other policy, more users, an incident",
        "为何此时评估：上线、新功能、更换模型、调整策略、用户增长、发生事件",
    ),
    "risk.ages": (
        "How ages are known, and how many minors and people of 60 and older there are",
        "如何得知年龄，未成年人和 60 岁以上用户各有多少",
    ),
    "risk.scale": (
        "Registered and monthly active users (`guardrail report gauges` helps)",
        "注册用户数与月活用户数（可参考 `guardrail report gauges`）",
    ),
    "risk.today": ("What protects people today", "目前的保护措施"),
    "risk.everybody": ("everybody else", "其他所有人"),
    "risk.pack": (
        "{where}: {title}; {rules} rules, {notices} notices",
        "{where}：{title}；规则 {rules} 条，提示 {notices} 项",
    ),
    "risk.shadow": (
        "**on trial: it only records**",
        "**试运行：只记录，不处置**",
    ),
    "risk.model": (
        "Classifier: {kind}. What it misses and what it sees wrongly stands in its card, with n.",
        "分类器：{kind}。漏报与误报见模型说明，附样本数。",
    ),
    "risk.risks": ("Risks", "各类风险"),
    "risk.rules": ("Rules that answer it: {rules}", "处置规则：{rules}"),
    "risk.norules": ("No rule answers it.", "没有规则处置此类内容。"),
    "risk.left": (
        "How likely, how grave, for whom; what is left, and what you do about it",
        "发生的可能、严重程度、影响谁；还剩什么风险，你们如何应对",
    ),
    "risk.yours": ("What stays with you", "由你们负责的义务"),
    "risk.yours.head": (
        "Obligations of which you keep a part, or all. Say how you do, or why it does not concern you.",
        "以下义务全部或部分由你们履行。请写明如何履行，或为何不适用。",
    ),
    "risk.missing": ("Not there yet: {what}", "尚未提供：{what}"),
    "risk.outcome": ("Outcome", "结论"),
    "risk.before": (
        "What has to change before people use it",
        "在开放使用之前必须改变什么",
    ),
    "risk.signed": ("Decided by, on", "由谁决定，日期"),
    "risk.next": ("Next look on", "下次评估日期"),
    "risk.block": (
        "Leave these lines as they are: `guardrail assess --against` compares what runs with them.",
        "请勿改动以下各行：`guardrail assess --against` 用它与当前运行的内容比对。",
    ),
}
