"""The words of the reports, in English and Chinese. Written twice, not translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guardrail._protocol_words import ACTIONS, NAMES
from guardrail.report._assessment_words import ASSESSMENT
from guardrail.report._risk_words import RISK

__all__ = ["LANGUAGES", "Say"]

LANGUAGES = ("en", "zh")


class Say:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Take "en" or "zh"."""
        self.language = language
        self._at = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """A sentence or a word by its key."""
        return WORDS[key][self._at].format(**values)

    def name(self, key: str) -> str:
        """A label, an action or a rule; what has no word of its own stands for itself."""
        for table in (NAMES, ACTIONS):
            if key in table:
                return table[key][self.language]
        return key

    def category(self, key: str) -> str:
        """A category of a ticket; one that is newer than this table stands for itself."""
        return self(f"category.{key}") if f"category.{key}" in WORDS else key

    def labels(self, prefix: str, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Keys with their words, where those stand under a prefix."""
        return [(key, self(f"{prefix}.{key}")) for key in keys]

    def named(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Keys of the log with their words, in the order of the alphabet."""
        return [(key, self.name(key)) for key in sorted(keys)]

    def groups(self, edges: Iterable[int], unit: str) -> list[tuple[str, str]]:
        """Groups of numbers with their words, by upper edge; "more" is the last."""
        found, low, sign = [], 0, "–"
        for edge in edges:
            text = f"{low}{sign}{edge}" if low else f"< {edge}"
            found.append((str(edge), f"{text} {self(unit)}"))
            low = edge
        return [*found, ("more", f"≥ {low} {self(unit)}")]


WORDS: Mapping[str, tuple[str, str]] = {
    # -- the page ------------------------------------------------------------------------------
    "title.sb243": (
        "Crisis referral notifications: California, B&P 22603 (SB 243)",
        "危机转介通知年度报告：加利福尼亚州 B&P 22603（SB 243）",
    ),
    "title.wa": (
        "Crisis referral notifications: Washington, HB 2225",
        "危机转介通知年度报告：华盛顿州 HB 2225",
    ),
    "title.or": (
        "Crisis referral notifications: Oregon, SB 1546",
        "危机转介通知年度报告：俄勒冈州 SB 1546",
    ),
    "title.hi": (
        "Crisis referral notifications: Hawaii, SB 3001",
        "危机转介通知年度报告：夏威夷州 SB 3001",
    ),
    "title.co": (
        "Crisis referral notifications: Colorado, HB26-1263",
        "危机转介通知年度报告：科罗拉多州 HB26-1263",
    ),
    "title.cn-art23": (
        "Security assessment: contents under Art. 23 of the Interim Measures",
        "人工智能拟人化互动服务安全评估报告（《暂行办法》第二十三条）",
    ),
    "title.gauges": (
        "User scale against the thresholds of CN Measures Art. 22",
        "用户规模与《暂行办法》第二十二条评估门槛",
    ),
    "period": ("Period", "统计期间"),
    "period.is": ("{year}, calendar of {zone}", "{year} 年（按 {zone} 时区的日历）"),
    "period.open": (
        "{year} until {day}, calendar of {zone}; the year is not over",
        "{year} 年截至 {day}（按 {zone} 时区的日历），该年度尚未结束",
    ),
    "made": ("Made on", "生成日期"),
    "jurisdiction": ("Jurisdiction", "法域"),
    "everywhere": ("all regions", "全部地区"),
    "policy": ("Policy in force when this was made", "生成时生效的策略"),
    "version": ("Version", "版本"),
    "about": ("About this report", "关于本报告"),
    "public": ("public: small figures are withheld", "公开版：小数值不予公布"),
    "internal": (
        "not for publication: small figures stand in it",
        "内部版：含小数值，不得直接公开",
    ),
    "few": (
        "Figures from 1 to {last} are withheld, and with them whatever would give them away.",
        "1 至 {last} 的数值不予公布；可由此反推出来的数值也一并不公布。",
    ),
    "withheld": ("withheld", "不公布"),
    "whole": ("total", "合计"),
    "gaps": ("What this data cannot answer", "现有数据无法回答的问题"),
    "figure": ("figure", "项目"),
    "count": ("count", "数量"),
    "limit": ("threshold", "门槛"),
    "identifiers": (
        "Aggregates only. The report holds no identifier, no pseudonym and no word of anybody.",
        "本报告仅含汇总数据，不含任何个人标识、假名或用户言语。",
    ),
    "none": ("none", "无"),
    # -- the count -----------------------------------------------------------------------------
    "counts": ("The count", "通知次数"),
    "counts.rule": (
        (
            "One for each answer in which the guard named crisis services because of a crisis and that "
            "reached the client. Several reasons in one answer count once."
        ),
        "防护系统因危机情形在一次回答中提供危机服务信息、且该回答已送达客户端，计一次。同一回答有多项理由的，只计一次。",
    ),
    "counts.statute": (
        (
            "The statute does not define how repeated notices are counted. The first figure is the one "
            "reported; the two below it are the same events, de-duplicated."
        ),
        "法律未规定重复通知如何计数。第一项为申报数字，其下两项为同一批事件去重后的结果。",
    ),
    "counts.unchecked": (
        (
            "{n} of these cannot be checked any more: the records of their turns are past their "
            "retention. They count as delivered."
        ),
        "其中 {n} 次已无法核对：相应对话轮次的记录已超过保存期限并被清除，按已送达计。",
    ),
    "counts.missing": (
        (
            "{n} of these have no record although they are recent: the process ended, or the turn was "
            "under way. They count as delivered."
        ),
        "其中 {n} 次虽在保存期内但没有记录（进程中断，或该轮次尚在进行），按已送达计。",
    ),
    "counts.unchecked.some": (
        (
            "Some of these may be past checking: the records of their turns are past their retention. "
            "They count as delivered; how many is withheld."
        ),
        "其中可能有已无法核对的（记录已超过保存期限并被清除），按已送达计；具体数量不予公布。",
    ),
    "counts.missing.some": (
        (
            "Some of these may have no record although they are recent. They count as delivered; how "
            "many is withheld."
        ),
        "其中可能有虽在保存期内但没有记录的，按已送达计；具体数量不予公布。",
    ),
    "headline": ("Crisis referral notifications", "危机转介通知"),
    "raw": ("notifications", "通知次数"),
    "by_talk": ("conversations on a day (each once)", "按会话、按日去重"),
    "by_user": (
        "users (each once; without a user id, by conversation)",
        "按用户去重（无用户标识者按会话计）",
    ),
    "fates": ("Delivery", "送达情况"),
    "fate.confirmed": ("counted: the record shows delivery", "计入：记录显示已送达"),
    "fate.purged": ("counted: cannot be checked any more", "计入：已无法核对"),
    "fate.missing": ("counted: no record", "计入：没有记录"),
    "lost": ("Not counted: written, but not delivered", "不计入：已生成但未送达"),
    "fate.gone": ("the client had hung up", "客户端已断开"),
    "fate.fault": (
        "a fault of ours; static help words went out instead",
        "本系统故障，改为发出固定的求助信息",
    ),
    "fate.broken": ("the backend's stream was cut off", "后端数据流中断"),
    "places": ("Where", "地区"),
    "place.here": ("in this jurisdiction", "本法域"),
    "place.unknown": (
        "region unknown, or known only as the country (not in the count)",
        "地区不明，或仅知国家（不计入）",
    ),
    "place.elsewhere": ("elsewhere (not in the count)", "其他地区（不计入）"),
    "months": ("By month", "按月"),
    "age": ("By age band, as it was treated", "按年龄段（以当时适用的年龄段为准）"),
    "age.minor": ("minor", "未成年人"),
    "age.unknown": ("unknown", "不明"),
    "age.adult": ("adult", "成年人"),
    "language": ("By language", "按语言"),
    "language.en": ("English", "英语"),
    "language.zh": ("Chinese", "中文"),
    "language.other": ("other", "其他"),
    "causes": ("By what it answered to", "按触发原因"),
    "cause.user": ("the person: {label}", "用户：{label}"),
    "cause.bot": ("the bot's reply: {label}", "模型回答：{label}"),
    "cause.open_crisis": (
        "a crisis still open, whose reply lacked help or was wrong",
        "危机状态持续，而回答缺少或误指求助信息",
    ),
    "rules": ("By rule of the policy", "按策略规则"),
    "other": ("Beside the count", "不计入的相关数据"),
    "other.help": (
        "interventions that named help lines for another reason (time limits, gambling, a failure)",
        "因其他原因提供求助信息的干预（时长限制、赌博、系统故障等）",
    ),
    "other.unnamed": (
        "counted notifications to somebody without a user id",
        "计入的通知中，无用户标识者",
    ),
    "detect": ("Protocol: detecting and answering ideation", "规程：识别与应对自杀、自伤意念"),
    "prohibit": (
        "Protocol: what the chatbot may not say about it",
        "规程：禁止聊天机器人输出的相关内容",
    ),
    "protocol.today": (
        (
            "Generated from the policy {tag} in force when this report was made. The revisions that were "
            "in force during the year are listed below."
        ),
        "根据生成本报告时生效的策略 {tag} 自动生成。统计期间内生效过的修订版本列于下方。",
    ),
    "evidence": (
        (
            "Levels follow the structure of the C-SSRS screener; the evaluation of the classifier is in "
            "its model card."
        ),
        "分级参照 C-SSRS 筛查量表的结构；分类器的评测见其模型说明。",
    ),
    "revisions": ("Policy revisions that decided in this year", "本年度作出过决定的策略修订版本"),
    "gap.region": (
        (
            "The region is what the app says of a person. Somebody here whose app gave no region is "
            "under “region unknown”."
        ),
        "地区以应用提供的信息为准。身处本法域、但应用未提供地区的用户，列在“地区不明”中。",
    ),
    "gap.read": (
        "Whether a person read the words: delivery ends at the client's connection.",
        "用户是否读到：送达以客户端连接为限。",
    ),
    "gap.outside": (
        "Referrals outside the guarded chat routes (in the app, by staff) are not in the log.",
        "受防护的对话接口之外的转介（应用内、人工）不在日志中。",
    ),
    "gap.oldtexts": (
        (
            "The wording of earlier revisions: the log holds their names and hashes; the packs are in "
            "your version control."
        ),
        "以往修订版本的文字内容：日志只保存名称与哈希值，策略文件本身在你们的版本库中。",
    ),
    # -- columns -------------------------------------------------------------------------------
    "listed": ("Rules", "规则"),
    "col.rule": ("rule", "规则"),
    "col.stage": ("stage", "阶段"),
    "col.when": ("when", "条件"),
    "col.does": ("does", "措施"),
    "col.article": ("article", "条款"),
    "col.reason": ("reason, in the words of the pack", "理由（策略原文）"),
    "col.revision": ("revision", "修订版本"),
    "col.first": ("first day", "首日"),
    "col.last": ("last day", "末日"),
    "col.what": ("what", "项目"),
    "col.is": ("is", "内容"),
    # -- units ---------------------------------------------------------------------------------
    "minutes": ("minutes", "分钟"),
    "hours": ("hours", "小时"),
    **ASSESSMENT,
    **RISK,
}
