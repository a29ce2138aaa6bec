"""The words of the assessment under CN Measures Art. 23 and of the gauges of Art. 22."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ASSESSMENT"]

ASSESSMENT: Mapping[str, tuple[str, str]] = {
    # -- the eight heads -----------------------------------------------------------------------
    "head.1": ("1. Safeguards", "一、安全保障措施"),
    "head.2": ("2. Training data handling", "二、训练数据处理情况"),
    "head.3": (
        "3. Extreme situations: identification, emergency response, intervention",
        "三、极端情境的识别、应急处置与干预",
    ),
    "head.4": (
        "4. User scale, usage time, age structure",
        "四、用户规模、使用时长与年龄结构",
    ),
    "head.5": ("5. Measures for minors and the elderly", "五、未成年人、老年人保护措施"),
    "head.6": ("6. Complaints and their handling", "六、投诉举报及处理情况"),
    "head.7": ("7. Rectification of problems found", "七、发现问题的整改情况"),
    "head.8": ("8. Other matters", "八、其他需要说明的情况"),
    # -- 1 -------------------------------------------------------------------------------------
    "safeguards": (
        ("From the active policy {tag}, mode {mode}: {n} rules, {notices} notices. Every user "
        "message and every reply is judged before it goes on; a stream is held back sentence by "
        "sentence."),
        "依据生效策略 {tag}（模式：{mode}），共 {n} 条规则、{notices} 项提示。用户消息与模型回答均先判定后放行，流式输出逐句暂缓。",
    ),
    "mode.enforce": ("enforced", "执行"),
    "mode.shadow": ("on trial, it only records", "试运行，只记录、不处置"),
    "stage.crisis": ("Rules: crisis", "规则：危机"),
    "stage.harm": ("Rules: harm", "规则：有害内容"),
    "stage.limit": ("Rules: limits of time, consent, leaving", "规则：时长、同意与退出"),
    "stage.care": ("Rules: care", "规则：关怀提醒"),
    "stage.note": ("Rules: notes", "规则：记录"),
    "notices": ("Notices of the policy", "策略中的提示"),
    "shown": ("Notices shown in this year, by notice", "本年度已展示的提示次数"),
    "col.notice": ("notice", "提示"),
    "gap.staff": (
        ("Staff, science-ethics review, network security and the emergency plan (Art. 9, 10) are the "
        "provider's; the guard knows nothing of them."),
        "人员配备、科技伦理审查、网络安全与应急预案（第九、十条）由提供者负责，本系统无相关数据。",
    ),
    # -- 2 -------------------------------------------------------------------------------------
    "training": (
        ("What the guard itself runs on. It stores no message text, so nothing that a user says here "
        "is or can become training data of the guard."),
        "以下为防护系统自身模型的情况。系统不保存对话文本，用户所说的内容不会、也无法成为本系统的训练数据。",
    ),
    "manifest": ("Manifest of the classifier", "分类器清单"),
    "manifest.name": ("name", "名称"),
    "manifest.version": ("version", "版本"),
    "manifest.made": ("made on", "生成日期"),
    "manifest.licence": ("licence", "许可"),
    "manifest.languages": ("languages", "语言"),
    "manifest.labels": ("labels", "类别"),
    "manifest.data": ("training files, with the beginning of their SHA-256", "训练文件及其 SHA-256 前缀"),
    "manifest.files": ("files that run, with the beginning of their SHA-256", "运行文件及其 SHA-256 前缀"),
    "manifest.kind": ("kind of classifier", "分类器类型"),
    "manifest.absent": (
        ("The classifier in use ({kind}) comes with no manifest of ours: its training data cannot be "
        "described here."),
        "当前使用的分类器（{kind}）没有本项目的清单，此处无法说明其训练数据。",
    ),
    "gap.training": (
        ("Training data of the companion model behind the guard (Art. 11): the provider of that "
        "model has to supply sources, cleaning, labelling and protection against poisoning."),
        "防护系统背后陪伴模型的训练数据（第十一条）：来源、清洗、标注与防投毒情况须由模型提供者补充。",
    ),
    "gap.consent": (
        "Whether the app trains on conversations, and on what separate consent (Art. 16).",
        "应用是否将对话用于训练、是否取得单独同意（第十六条）。",
    ),
    # -- 3 -------------------------------------------------------------------------------------
    "extreme": (
        ("Words of ours are written to the log before they go out, in the same turn in which the "
        "sign was found. Cases are for a human; a crisis holds for {hours} hours or until a human "
        "releases it."),
        "干预在发现迹象的同一轮对话内作出，且先写入日志再发出。个案交由人工处理；危机状态保持 {hours} 小时，或由人工解除。",
    ),
    "responses": ("Interventions by cause", "干预次数（按原因）"),
    "actions": ("Interventions by strongest action", "干预次数（按最强措施）"),
    "responses.age": ("Interventions by age band", "干预次数（按年龄段）"),
    "referrals": ("Crisis referrals delivered", "已送达的危机转介"),
    "contact": (
        "Guardian or emergency contact: proposals to tell them",
        "联系监护人或紧急联系人：提出建议的次数",
    ),
    "contact.proposed": ("proposed in a case", "在个案中提出建议"),
    "cases": ("Cases opened, by what they are about", "新开个案（按事由）"),
    "severities": ("Cases opened, by severity", "新开个案（按严重程度）"),
    "severity.imminent": ("imminent", "迫在眉睫"),
    "severity.urgent": ("urgent", "紧急"),
    "severity.notice": ("notice", "关注"),
    "resolution": ("Hours until a case was resolved", "个案处置用时"),
    "resolution.open": ("not resolved", "尚未处置"),
    "signals": ("Signs of danger in these cases", "上述个案中的风险信号"),
    "gap.contact": (
        ("Whether a guardian or emergency contact was reached, and when: the log holds the proposal "
        "only."),
        "监护人或紧急联系人是否已联系上、何时联系：日志仅记录建议。",
    ),
    "gap.takeover": (
        "What a moderator said or did with a person: a case holds states, no words.",
        "人工处理时的沟通内容：个案仅保存状态，不保存文字。",
    ),
    "gap.caseregion": (
        "Cases and interventions of users whose region the app did not give are not in these figures.",
        "应用未提供地区的用户，其个案与干预不计入上述数字。",
    ),
    # -- 4 -------------------------------------------------------------------------------------
    "mau": ("Different user ids, by month", "各月活跃用户（按用户标识去重）"),
    "unnamed": ("Conversations without a user id, by month", "各月无用户标识的会话"),
    "turns": ("Turns, by month", "各月对话轮次"),
    "turnplaces": ("Turns of this year, by place", "本年度对话轮次（按地区）"),
    "ages": ("Users by age, at their last turn", "用户年龄结构（以最近一轮对话为准）"),
    "ages.under14": ("under 14", "14 岁以下"),
    "ages.from14": ("14–15", "14–15 岁"),
    "ages.from16": ("16–17", "16–17 岁"),
    "ages.minor": (
        "minor, or treated as one; not known nearer",
        "未成年人或按未成年人对待，具体年龄不明",
    ),
    "ages.adult": ("adult, not known to be 60 or older", "成年人（未知是否年满 60 岁）"),
    "ages.elder": ("60 or older", "60 岁及以上"),
    "ages.unknown": ("unknown", "不明"),
    "sittings": (
        "Sittings, from the first to the last turn (a gap over 15 minutes ends one)",
        "单次使用时长（首轮至末轮，间隔超过 15 分钟视为结束）",
    ),
    "daily": (
        "Days of use by length, from the ledgers of the last 28 days, all regions",
        "每日使用时长分布（最近 28 个使用日的台账，全部地区）",
    ),
    "nights": ("Use at night", "夜间使用"),
    "nights.some": ("days with use between midnight and five", "0 时至 5 时有使用的天数"),
    "known": ("People remembered, all regions", "系统现有记忆的用户（全部地区）"),
    "known.all": ("people (or conversations without a user id)", "用户（或无用户标识的会话）"),
    "known.recent": ("of these, seen in the last 30 days", "其中最近 30 天内出现过的"),
    "dependence": (
        "Dependence index of those remembered (Art. 10), all regions",
        "依赖指数分布（第十条，全部地区）",
    ),
    "dependence.calm": ("below the first level", "未达预警"),
    "dependence.elevated": ("elevated", "预警"),
    "dependence.high": ("high", "高度预警"),
    "records.since": (
        ("The records reach back to {day} (retention: {days} days). Figures by month, age and "
        "sitting know nothing of what was before, and months of which nothing is left are not listed."),
        "现存记录最早为 {day}（保存期限 {days} 天）；按月、年龄与单次时长的统计不含更早的数据，无记录留存的月份不列出。",
    ),
    "records.none": (
        "There are no records in the store (retention: {days} days).",
        "存储中没有记录（保存期限 {days} 天）。",
    ),
    "gap.registered": (
        ("Registered users: the guard sees who talks, not who has an account. Take the number from "
        "the account system."),
        "注册用户数：本系统只能看到进行对话的用户，看不到账户。请以账户系统的数字为准。",
    ),
    "gap.nouser": (
        "People behind conversations without a user id: one person may be several, or several one.",
        "无用户标识的会话背后的人数：一人可能对应多个会话，反之亦然。",
    ),
    "gap.personregion": (
        "Ledgers and remembered people have no region, so these figures are of the whole service.",
        "使用台账与用户记忆不含地区信息，相关数字为全部服务范围。",
    ),
    # -- 5 -------------------------------------------------------------------------------------
    "minors": ("Rules for minors", "未成年人规则"),
    "caps": ("Limits for minors", "未成年人时长与频次限制"),
    "minors.known": ("Minors remembered, by how it is known, all regions", "已识别的未成年人（按识别方式，全部地区）"),
    "evidence.verified": ("verified", "已核验"),
    "evidence.platform": ("from the app or the operating system", "应用或操作系统提供"),
    "evidence.guardian": ("from a guardian", "监护人提供"),
    "evidence.stated": ("said so in the chat", "本人在对话中表明"),
    "evidence.inferred": ("inferred from the way they write", "由表达方式推断"),
    "evidence.none": ("no evidence", "无依据"),
    "held": ("Settings and states of those remembered, all regions", "当前设置与状态（全部地区）"),
    "held.consent": ("guardian's consent in force", "监护人同意有效"),
    "held.paused": ("access paused", "访问已暂停"),
    "held.crisis": ("in a crisis that is still open", "处于尚未解除的危机状态"),
    "held.elder": ("known to be 60 or older", "已知年满 60 岁"),
    "acts": ("Acts of guardians and operators in this year, all regions", "本年度监护人与运营方的操作（全部地区）"),
    "act.consent": ("consent given", "给予同意"),
    "act.consent_revoked": ("consent taken back", "撤回同意"),
    "act.age_set": ("age set", "设定年龄"),
    "act.curfew_lifted": ("curfew lifted", "解除宵禁"),
    "act.paused": ("access paused", "暂停访问"),
    "act.resumed": ("access resumed", "恢复访问"),
    "act.crisis_released": ("crisis released", "解除危机状态"),
    "appeals": ("Appeals against an age (Art. 14), all regions", "年龄认定申诉（第十四条，全部地区）"),
    "appeal.opened": ("opened", "已提出"),
    "appeal.granted": ("granted", "支持"),
    "appeal.refused": ("refused", "不予支持"),
    "elderly": (
        "The elderly: {n} rules of the active policy ask for an age of 60 or more.",
        "老年人：生效策略中有 {n} 条规则针对 60 岁及以上用户。",
    ),
    "gap.elderly": (
        "Guidance for the elderly in the app itself, and answers to their requests for help (Art. 15).",
        "应用内针对老年人的健康使用引导、对其求助的回应（第十五条）。",
    ),
    "gap.guardian": (
        ("What guardians see and set in the app (alerts, overviews, spending): only what reached the "
        "guard is counted."),
        "监护人在应用内的功能（提醒、使用概况、消费限制）：此处仅统计到达本系统的操作。",
    ),
    "gap.audit": (
        "The compliance audit on minors' personal information (Art. 17).",
        "未成年人个人信息保护合规审计（第十七条）。",
    ),
    # -- 6 -------------------------------------------------------------------------------------
    "complaints": ("Complaints opened, by category", "新收投诉（按类别）"),
    "incidents": ("Incident reports opened, by category", "新收安全事件报告（按类别）"),
    "progress": ("What became of them", "处理结果"),
    "progress.answered": ("answered in time", "按期答复"),
    "progress.late": ("answered late", "逾期答复"),
    "progress.closed": ("closed without an answer", "未答复即关闭"),
    "progress.open": ("open", "处理中"),
    "progress.overdue": ("open and overdue", "处理中且已逾期"),
    "unheard": ("Not acknowledged in time", "未按期确认收到"),
    "unheard.late": ("tickets", "件数"),
    "complaints.scope": (
        ("Tickets have no region: these are of the whole service. Deadlines are those that were "
        "promised when a ticket was opened."),
        "工单不含地区信息，以下为全部服务范围；期限以工单创建时承诺的为准。",
    ),
    "complaints.none": (
        "No complaint was taken in through the guard in this year.",
        "本年度未通过本系统收到投诉。",
    ),
    "gap.complaints": (
        ("Complaints through other channels (mail, hotline, app store), and what any complaint said: "
        "the guard keeps a category and dates only."),
        "其他渠道（邮件、热线、应用商店）的投诉以及投诉内容：本系统仅保存类别与日期。",
    ),
    "category.age": ("age", "年龄认定"),
    "category.blocked": ("blocked", "被拦截"),
    "category.content": ("content", "内容"),
    "category.crisis": ("crisis", "危机应对"),
    "category.limits": ("limits", "使用限制"),
    "category.manipulation": ("manipulation", "情感操控"),
    "category.payment": ("payment", "付费"),
    "category.privacy": ("privacy", "隐私"),
    "category.other": ("other", "其他"),
    "category.self_harm": ("self-harm", "自伤"),
    "category.harm_to_others": ("harm to others", "伤害他人"),
    "category.sexual": ("sexual content", "色情内容"),
    "category.minor": ("minors", "未成年人"),
    "category.data": ("data", "数据"),
    # -- 7 -------------------------------------------------------------------------------------
    "rectified": (
        ("A change of the policy is a new revision, and each decision names its own. These decided "
        "in this year:"),
        "策略每次变更均产生新的修订版本，每项决定均注明所依据的版本。本年度作出过决定的版本如下：",
    ),
    "gap.rectified": (
        ("Which problem led to which change, and orders of an authority: the log shows that rules "
        "changed, not why. The packs and their history are in your version control."),
        "每次变更针对的问题、主管部门的整改要求：日志仅显示规则发生变化，不显示原因；策略文件及其历史见你们的版本库。",
    ),
    # -- 8 -------------------------------------------------------------------------------------
    "other.head": (
        ("Made by guardrail {version} from its own log and store. The thresholds of Art. 22 are in "
        "`guardrail report gauges`; figures on model quality are in the model card."),
        "本报告由 guardrail {version} 根据自身日志与存储生成。第二十二条的门槛见 guardrail report gauges；模型质量指标见模型说明。",
    ),
    "gap.other": (
        ("Algorithm filing (Art. 26), labelling in the app (Art. 18), notice of discontinuation "
        "(Art. 20) and anything the authority asks for beyond these heads."),
        "算法备案（第二十六条）、应用内标识（第十八条）、下线告知（第二十条）以及主管部门另行要求的事项。",
    ),
    # -- gauges --------------------------------------------------------------------------------
    "gauges": ("Thresholds of Art. 22", "第二十二条门槛"),
    "gauges.rule": (
        ("A security assessment is due from 1,000,000 registered users or 100,000 monthly active "
        "users. The warning comes at {share} % of either. Art. 22 does not define a month or an "
        "active user; here it is a user id with at least one turn."),
        "注册用户达 100 万或月活跃用户达 10 万须开展安全评估；达到任一门槛的 {share}% 时预警。第二十二条未定义“月”与“活跃”，此处指至少有一轮对话的用户标识。",
    ),
    "gauge.known": (
        "registered users: people remembered (see below)",
        "注册用户：系统现有记忆的用户（见下）",
    ),
    "gauge.peak": ("monthly active users: highest month of the year", "月活跃用户：本年度最高月份"),
    "gauge.recent": ("monthly active users: last 30 days", "月活跃用户：最近 30 天"),
    "gauge.seen": (
        "monthly active, by memory: people and conversations without an id seen in 30 days",
        "月活跃（按记忆）：30 天内出现过的用户与无标识会话",
    ),
    "state.below": ("below", "未达"),
    "state.near": ("warning: {share} % of the threshold is reached", "预警：已达门槛的 {share}%"),
    "state.reached": ("reached: an assessment is due", "已达门槛：须开展安全评估"),
    "gauge.both": (
        ("People remembered are no count of registered users. Somebody who stayed away longer than "
        "the retention ({days} days) is forgotten, and an account that never talked was never seen: "
        "so it may be too low. A conversation without a user id counts as somebody: so it may be too "
        "high."),
        "“系统现有记忆的用户”并非注册用户数：离开超过保存期限（{days} 天）的用户已被遗忘，从未对话的账户从未出现，因此可能偏低；无用户标识的会话按一人计，因此可能偏高。",
    ),
    "gauges.cn": ("Users whose region is mainland China", "地区为中国大陆的用户"),
    "gauges.all": ("The whole service", "全部服务范围"),
    "gauge.short": (
        "The retention of {days} days is shorter than a month: monthly figures are too low.",
        "保存期限 {days} 天短于一个月，月度数字偏低。",
    ),
}  # fmt: skip
