"""What `spelling` knows of harmful words and of the codes for them, in English and Chinese.

A code belongs here when people use it for a harmful word and hardly for anything else, or when
its surroundings tell (`before`, `after`, `near`, `unless`). Add the harmless look-alike to
`tests/test_spelling.py` in the same change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Edit = tuple[int, int, str]
"""From, to (one character at least), and what stands there instead."""

_SHORT = "i a am an as at be by do go he if in is it im me my no of on or so to up us we"
_HARM = """
    shit kill die suicide suicidal dead death kills killed killing killer dies died dying cut cuts
    cutting hang hanging hanged noose overdose overdosed pills harm hurt hurting wrists bleed bleeding
    blood blade razor starve starving purge purging anorexia bulimia unalive unaliving unalived
    sewerslide kys kms stab stabs stabbed stabbing shoot shooting shooter gun guns knife bomb bombs
    murder murders murdered murderer murdering strangle poison choke slaughter torture kidnap rape raped
    rapes raping rapist molest molested pedo pedophile incest swatting fuck fucked fucker fucking fucks
    sex sexy sext sexting sexual nude nudes naked porn porno dick dicks cock cocks pussy tits boobs cum
    cumming blowjob horny slut sluts slutty whore whores bitch bitches anal orgasm masturbate
    masturbating masturbation penis vagina erotic nsfw ass asshole lick suck undress moan dirty filthy
    filth freaky bet bets betting bettor casino casinos gamble gambling gambled jackpot parlay drugs
    heroin cocaine
"""
_PINYIN = "zisha zican gewan tiaolou baofu sharen dubo bocai yuepao luoliao nongyao"
SHORT_WORDS = tuple(_SHORT.split())
HARMFUL = tuple(_HARM.split())
PINYIN = tuple(_PINYIN.split())
"""What `CHINESE` knows, so that it is found when spread out, too."""


def _english(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\b{code}\b", re.IGNORECASE | re.ASCII), new) for code, new in pairs)


_SLIDE = "sewer{}(?:slide|side|cide)s?"
_SUICIDE = "(?:suwu?icide|sooicide|suacide|sueside|sucide|suicde|suiside|suicied|suecide|sewicide|sui[ -]cide)"
_UNALIVE = "(?:self[ -])?un[ -]?aliv"
_IS = "be|being|been|become|becoming|was|were|is|are|am|im|feel|feeling"
# With somebody after it the word is "kill", without it is "die".
_WHOM = (
    r"(?= (?:my|your|ur|him|her|his|them|their|me|you|u|us|our|it|this|that|these|those|the|an?|all|one|"
    r"people|ppl|some\w*|any\w*|every\w*|no\w*|another|\w+sel(?:f|ves))\b)"
)
_WHOSE = "(my|your|him|her)self"
_NOUN = "(?= (?:thoughts?|ideations?|notes?|mode|plans?|attempts?|urges?))"
ENGLISH = _english(
    (f"{_UNALIVE}(?:e|ing){_NOUN}", "suicide"),
    (f"({_IS}) {_UNALIVE}e", r"\1 dead"),
    (f"({_IS}|got|gets|get|getting) {_UNALIVE}ed", r"\1 killed"),
    (f"{_UNALIVE}e{_WHOM}", "kill"),
    (f"{_UNALIVE}es{_WHOM}", "kills"),
    (f"{_UNALIVE}ed{_WHOM}", "killed"),
    (f"{_UNALIVE}ing{_WHOM}", "killing"),
    (f"{_UNALIVE}e", "die"),
    (f"{_UNALIVE}es", "dies"),
    (f"{_UNALIVE}ed", "died"),
    (f"{_UNALIVE}ing", "dying"),
    (f"(?:kermit|commit|comit|permit) (?:{_SLIDE.format('[ -]?')}|{_SUICIDE})", "commit suicide"),
    ("(?:kermit suicide|commit toaster bath)", "commit suicide"),
    (f"(?:{_SLIDE.format('-?')}|{_SUICIDE})", "suicide"),
    # In two words it is a slide, too: a water park's, a game's.
    ("(?<=the big )sewer slide", "suicide"),
    ("sewer slide(?= (?:thoughts?|again|myself|note|attempt|tonight))", "suicide"),
    ("(?:suisidal|suicdal|sucidal)", "suicidal"),
    ("krill (my|your|him|her|them)sel(f|ves)", r"kill \1sel\2"),
    (f"(?:kil|unlive|alt[ +-]?f4|game[ -]?end) {_WHOSE}", r"kill \1self"),
    ("(?:seggs|segz|secks)", "sex"),
    ("seggs(?:y|i)", "sexy"),
    ("seggsual", "sexual"),
    ("pr[0o]n", "porn"),
    (
        "(send|trade|show|want|got)((?: me| u| your| ur| some| any){0,3}) n[o0]{2}d[sz]",
        r"\1\2 nudes",
    ),
    ("graped", "raped"),
    ("iwtd", "i want to die"),
    ("idwt(?:bh|l|la|ba)", "i don't want to live"),
    ("f[-_]ck(ing|ed|er|s|)", r"fuck\1"),
    ("k[-_]ll(ing|ed|er|s|)", r"kill\1"),
    ("d[-_]ck(s|)", r"dick\1"),
    ("s[-_]x(y|ting|ual|)", r"sex\1"),
)
_SIGNS = (
    "aliv|sewer|kermit|toaster|suwu|suui|sooi|suac|sues|suci|suicd|suis|suicied|suec|sewi|sui c|sui-c|krill|"
    "kil |unlive|f4|game|segg|segz|secks|pron|pr0n|nood|n00d|n0od|no0d|graped|iwtd|idwt|f-c|f_c|k-l|k_l|d-c|"
    "d_c|s-x|s_x"
)
ENGLISH_SIGNS = tuple(_SIGNS.split("|"))
"""One of these is in every text that has a code; looking for them first costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Code:
    """How a word is written by those who hide it, and where that is not what is meant.

    `before` must match up to the code, `after` from its end on; one of `near` must be close by and
    none of `unless`. The text is in small letters and its punctuation narrow when they look.
    """

    plain: str
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    near: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None

    def fits(self, left: str, right: str) -> bool:
        """Whether the code means the word between these surroundings."""
        return bool(
            (not self.before or self.before.search(left))
            and (not self.after or self.after.match(right))
            and (not self.near or self.near.search(left) or self.near.search(right))
            and not (self.unless and (self.unless.search(left) or self.unless.search(right)))
        )


Codes = dict[str, list[Code]]


def _codes(
    table: str, before: str = "", after: str = "", *, near: str = "", unless: str = ""
) -> Codes:
    """By how they are written; a line is the plain word and its codes, ␣ a space in one."""
    pick = [f"(?:{before})$" if before else "", after, near, unless]
    conditions = [re.compile(regex) if regex else None for regex in pick]
    return {
        written.replace("␣", " "): [Code(plain, *conditions)]
        for line in table.split("\n")
        for plain, _, codes in [line.strip().partition(": ")]
        for written in codes.split()
    }


def _merged(*tables: Codes) -> Codes:
    """All codes; of those for the same letters the first that fits counts."""
    merged: Codes = {}
    for table in tables:
        for written, codes in table.items():
            merged.setdefault(written, []).extend(codes)
    return merged


# Characters cut in two. Left out is what stands side by side anyway: 女马 ("美女马上"), 女子, 木目.
CUT = _merged(
    _codes(
        """死: 歹匕 亖
        割: 害刂
        割手: 害刂手
        腕: 月宛
        跳: 足兆
        楼: 木娄
        消: 氵肖
        消失: 氵肖失
        赌: 贝者
        湿: 氵显
        做: 亻故
        做爱: 亻故爱
        舔: 舌忝
        斧: 父斤
        泼: 氵发
        强: 弓虽
        骚: 马蚤
        炸: 火乍
        约: 纟勺
        约炮: 纟勺石包 纟勺炮 约石包
        打炮: 打石包
        吃: 口乞
        药: 艹约
        吊: 口巾
        杀: 乂木 㐅木 メ木
        逼: 辶畐
        操: 扌喿
        插: 扌臿
        裸: 衤果
        逝: 折辶 辶折
        自杀: 自歹朱 自殊 自殳"""
    ),
    _codes("枪: 木仓", after="(?![鼠库])"),
    _codes("砍: 石欠", before="(?<![钻宝玉矿岩砂])"),
    _codes("奸: 女干", before="[强虽轮迷被通鸡]"),
    _codes("婊: 女表", after="子"),
    _codes("奶: 女乃", after="子|[大头]"),
    _codes("赌博: 者博", before="(?<![学记作读编患笔使])", after=".{0,5}(?:软件|平台|网|群|提现)"),
)

_DOING = "[想要去再能敢该就会点]|准备|打算|决定|怎么|如何|怎样|今晚|偷偷|不如|尝试|试过"
_THOUGHT = "了算|的?念头|的?想法|方式|方法|的日子|计划|未遂|倾向|的频率|这个词|就今"
_ENDS = "(?![, 、]{0,2}[0-9])(?:$|[了啊吧掉呀哦呢吗,.!?~… 。]|一4|一下|一次|算了|的|比较|在今)"
_TEA = "壶|茶|杯|泥|陶|宜兴|锅|煲|盆|罐|器|工艺|泡|练手|名家|收藏|汤|艺术|裙|色|巾|莎草|沙发"
_BETTING = (
    "平台|网站|网址|代理|袋理|注册|彩金|导航|下注|充值|提现|出款|反点|返点|返水|稳赚|导师|计划|跟投|盘口|"
    "赔率|链接|上分|推广|投注|首充|首冲|会员|靠谱的?网|跑路|小白|app|赌|押|彩票|庄|反水|优惠"
)
_KITCHEN = "炒|焯|斤|吃|汤|面|鸡蛋|维生素|叶|洗|蒜|豆腐|煮|菜谱|补铁|做法"
_SPINACH = "菠菜 波菜 菠采 波采 啵菜 啵采 波彩 菠彩 薄彩 bocai"
SELF_HARM = _merged(
    _codes(
        """自杀: 紫杀 紫鲨 紫刹 自刹 自煞 自铩 自sha 自s zi杀 z杀 zisha zi␣sha
        自残: 自can 自惨 自c zican
        自我伤害: zwsh
        割腕: 割wan 割碗 割挽 隔腕 gewan ge␣wan
        抑郁: 抑玉 抑yu 郁抑
        抑郁症: 玉玉症
        跳楼: 跳lou 跳搂 跳娄 跳喽 tiaolou tiao␣lou
        烧炭: 烧碳 烧tan
        上吊: 上diao
        遗书: 遗shu 遗叔
        轻生: 轻sheng
        农药: nongyao 农yao
        安眠药: 安眠yao
        不想活: bxh 不想huo
        不想活了: bxhl bxhle
        死亡: 4亡 si亡
        死掉: 鼠掉 si掉 s掉"""
    ),
    _codes("自杀: 紫砂 紫莎 紫沙", unless=_TEA),
    _codes("自杀: 自鲨", before="(?<![来各独])", unless="鱼|玩偶"),
    _codes("自杀: 自沙 自莎 自砂", "(?<![来各独亲])", "(?![漠特滩龙发田土尘拉士河漏场丁哑画子])"),
    _codes("自杀: zs 纸杀 字杀 籽杀", before=_DOING),
    _codes("自杀: zs", after=_THOUGHT),
    _codes("不想活: 不想或", after="了|[,.!。 ]|$"),
    _codes("死: 4 si 鼠 s", before="[想去]|不如|怎么|怎样", after=_ENDS),
    _codes("死: 似", before="[想去]", after="了|$"),
    _codes("死: 4", before="就|快要", after="了[。!,.]|了$|在今"),
    _codes("死: si", before="[去想]", after="[^a-z]|$"),
    _codes("死: 4 si", before="[弄打砍捅掐踹揍毒炸烧撞勒]", after="[你他她它我人]"),
    _codes("去死: 狗带", before="[想要]|一起", after="[了吧啊,.!?。 ]|$"),
    _codes("割腕: gw", before="[又想再]", after="[了,.。]|$"),
    _codes("割手: sg", before="[又想再]|怎么", after="[了,.。]|$"),
    _codes("遗书: ys", before="写好?了?|留了?"),
    _codes("遗书: ys", after="都?已?经?写[好完]"),
)
VIOLENCE = _merged(
    _codes(
        """杀人: 鲨人 sha人 sharen 砂人
        杀了: 鲨了 sha了
        杀掉: 鲨掉 sha掉
        杀你: 鲨你 sha你
        杀他: 鲨他 sha他
        杀她: 鲨她 sha她
        杀全家: 鲨全家
        杀死: 鲨死 sha死
        炸弹: zha弹 炸dan zhadan
        下毒: 下du
        报复: 报fu bao复
        砍死: 坎死 kan死
        砍人: 坎人 kan人
        捅死: 捅si tong死
        弄死: nong死 弄si"""
    ),
    _codes("杀了: 沙了", after="[他她你它我]"),
    _codes("杀人: 沙人", before="[想要去]"),
    _codes("杀人: 沙人", after="诛心|犯|案"),
    _codes("报复: baofu", after=" ?(?:[他她你]|社会|人)"),  # 暴富, to get rich, is said more often
)
SEXUAL = _merged(
    _codes(
        """约炮: 约p 约pao yuepao 约啪
        打炮: 打pao da炮
        文爱: 文艾 纹爱 wenai w爱
        裸聊: 裸liao 裸l luo聊 luoliao 倮聊 锣聊
        做爱: zuo爱 zuoai 做唉 zuo唉 zuo艾 做嗳
        色情: 瑟情 se情 涩情 色qing seqing 铯情
        裸照: luo照 裸zhao luozhao
        口交: 口jiao 口j koujiao 口娇
        内射: 内she neishe
        自慰: 自wei
        强奸: 强jian 墙奸 qiang奸 qiangjian 强j 强女干
        迷奸: 迷jian 迷j mi奸
        乱伦: luan伦 乱lun luanlun
        黄片: huang片 黄pian h片 皇片
        黄图: h图 huang图
        色图: se图 setu
        鸡巴: ji巴 jiba 机巴
        援交: 援jiao 圆交
        操你: 艹你 肏你
        操死: 艹死 肏死
        奶子: nai子 奶zi
        小穴: 小xue
        肉棒: rou棒 肉bang"""
    ),
    _codes("色图: 瑟图 涩图", before="(?<!瑟)", after="(?![标案])"),
    _codes("自慰: 自尉 自蔚", before="(?<![来各])"),
    _codes("裸聊: 果聊\n裸照: 果照", before="(?<![水苹如结效糖坚芒因后])"),
    _codes("做爱: 坐爱", before="想|[跟和]你|[跟和]我|一起"),
    _codes("约炮: yp", after="[吗么嘛]|不[,?。]|不$"),
    _codes("文爱: 文ai 文a", before="^|[来场玩会约想要, 。]"),
    _codes("做爱: doi", after="(?![号编])(?:[^:/.0-9a-z]|$)"),
    _codes("文爱: wa", after="[吗么嘛]|不[,?。]|不$"),
    _codes("搞黄色: ghs", after="(?![标分])"),
)
GAMBLING = _merged(
    _codes(
        """赌博: 毒博 堵博 睹博 du博 赌bo dubo d博
        赌球: 堵球 睹球 du球 赌qiu
        赌场: 堵场 睹场 du场 赌chang
        棋牌: 棋pai 琪牌 qi牌 木其牌
        百家乐: 白家乐 佰家乐 百加乐 百家le b家乐 b/家乐 baijiale
        六合彩: 六和彩 6合彩 六合cai liuhecai 陆合彩
        老虎机: 老虎ji 老hu机
        下注: 下zhu 吓注
        投注: 投zhu tou注
        彩票: 彩piao cai票
        首充: 首冲 首chong
        德州扑克: 德噗 德扑
        送彩金: 送菜金 送采金 送cai金"""
    ),
    _codes("棋牌: 期牌 棋排", after="平台|游戏|网|圈|app|代理|室"),
    _codes(f"博彩: {_SPINACH}", after="平台|网|导航|[代袋]理|圈|小白|推广|公司|群|app"),
    _codes(f"博彩: {_SPINACH}", near=_BETTING, unless=_KITCHEN),
    _codes("博彩: bc", after="圈|网|平台|站|代理|公司"),
    _codes("棋牌: qp", after="平台|游戏|网|代理|app"),
    _codes("百家乐: bjl", near=_BETTING + "|打|带我|路子|缆|稳"),
    _codes("六合彩: lhc", near=_BETTING + "|特|码|期|报"),
)
CONTACT = _merged(
    _codes("微信: 威信号 薇信 徽信 v信 weixin\n加微信: 加薇 加vx 加wx +薇 ➕薇 ➕vx ➕wx ➕v"),
    _codes("加微信: 加v", after="(?!认证|博)"),
    _codes(
        "加微信: 加微 +微 ➕微",
        after="(?![信博糖辣甜波小量米软酸冰商观妙晶分积生笑型电弱服课风创众])",
    ),
    _codes("加微信: +v +vx +wx", before="(?<![0-9a-z])", after="[^a-z]|$"),
    _codes("加QQ: 加扣扣 加q 加qq ➕q ➕qq 加企鹅号", after="(?![币版弹糖])"),
)
CHILD = _merged(
    _codes("初三: 出三", before="[我俺偶]是?|[上读]", after="的|党|了|学|[,.。 ]|$"),
    _codes("岁: 税", before="(?:[我俺偶窝才刚]|今年)[一二三四五六七八九十0-9]{1,3}"),
    _codes("未成年: 未诚年 未cn 未成nian 未城年 wcn"),
    _codes("小学生: xxs", before="[我是]|一[个枚]", after="[,.。 了啊]|$|一枚"),
    _codes("小学生: xxs", after="一枚"),
    _codes("初中生: cz生 cz牲\n高中生: gz生 gz牲"),
    _codes("初中生: czs\n高中生: gzs", before="我是?个?"),
)
CHINESE = _merged(SELF_HARM, VIOLENCE, SEXUAL, GAMBLING, CONTACT, CHILD)

# Plain words that are found when something stands between their characters: a mark that hardly
# anybody puts there, or any gap at all, spaces and dots too. In the second kind no phrase ends with
# the first character so that the next may begin with the other ("语文 爱好", "年轻 生活").
_BY_ANY = "自杀 自残 割腕 跳楼 烧炭 遗书 农药 百草枯 抑郁 赌博 赌场 赌球 百家乐 六合彩 棋牌 老虎机 裸聊 约炮 强奸 援交"
_BY_MARKS = (
    "去死 想死 轻生 杀人 杀了 上吊 割手 吞药 安眠药 不想活 弄死 砍死 砍人 捅死 炸弹 下药 下毒 文爱 做爱 色情 口交 "
    "自慰 鸡巴 裸照 黄片 迷奸 博彩 下注 押注 投注 加微信 微信"
)
SPLIT_BY_ANY = tuple(_BY_ANY.split())
SPLIT_BY_MARKS = tuple(_BY_MARKS.split())
NOT_SPLIT = re.compile("^[来各独亲]自|自杀[青毒菌价手]|跳楼[下上道梯层主房]")
