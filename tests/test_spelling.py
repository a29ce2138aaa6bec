"""The second reading: what it undoes, what it leaves alone, where its characters come from."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.classify._spelling_codes import CHINESE, CUT, HARMFUL
from guardrail.classify._spelling_tables import WORDS
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.spelling import Plain, despell
from guardrail.turn import Label, Role

EVASIONS = {
    # Digits and marks for letters
    "k1ll myself": "kill myself",
    "su1c1de is all i think of": "suicide is all i think of",
    "$u1c1d4l again": "suicidal again",
    "i wanna d!e": "i wanna die",
    "d34d sounds g00d": "dead sounds good",
    "let's k*ll him": "let's kill him",
    "f@ck me h4rd": "fuck me hard",
    "FUC*ED up": "FUCKED up",
    "f-ck off": "fuck off",
    "s3x?": "sex?",
    "send nud3s": "send nudes",
    "send me n00dz": "send me nudes",
    "c@s1n0 b0nus": "casino bonus",
    "t0n1ght, the p1lls": "tonight, the pills",
    "c*tting again": "cutting again",
    "5uicide": "suicide",
    "sl1t": "sl1t",  # no word of ours: it stays
    # Letters spread out
    "k i l l  m y s e l f": "kill  myself",
    "k i l l m y s e l f. 3 words": "kill myself. 3 words",
    "K.I.L.L Y.O.U": "KILL YOU",
    "s.u.i.c.i.d.e": "suicide",
    "d-i-e": "die",
    "d\ni\ne": "die",
    "s . e . x . t with me": "sext with me",
    "i w i s h i w a s n t b o r n": "i wish i wasnt born",
    "gonna m u r d 3 r him": "gonna murder him",
    "su.icide": "suicide",
    "kil-l them": "kill them",
    "sui cide": "suicide",
    # Other alphabets, strokes, stretched letters
    "i want to kіll mуsеlf": "i want to kill myself",
    "ѕuісіdе": "suicide",
    "ᴋɪʟʟ ᴍʏsᴇʟғ": "kill myself",
    "🅺🅸🅻🅻 her": "KILL her",
    "🇰🇮🇱🇱 her": "kill her",
    "𝓴1𝓵𝓵": "kill",
    "kïll yourself": "kill yourself",
    "k̶i̶l̶l̶ him": "kill him",
    "k\u200b1\u200bll": "kill",
    "ｋ１ｌｌ": "kill",
    "wanna diiiiie": "wanna die",
    "killlll him": "kill him",
    # Code words
    "unalive myself": "kill myself",
    "un-aliving my stepdad": "killing my stepdad",
    "how to unalive": "how to die",
    "i'd rather be unalive": "i'd rather be dead",
    "unalive thoughts": "suicide thoughts",
    "sewerslide on friday": "suicide on friday",
    "kermit sewer slide": "commit suicide",
    "krill myself": "kill myself",
    "game end myself": "kill myself",
    "some seggs baby": "some sex baby",
    "he graped me": "he raped me",
    "idwtbh": "i don't want to live",
    # Chinese: split, cut in two, traditional
    "自 杀": "自杀",
    "自*杀": "自杀",
    "自/杀": "自杀",
    "割😭腕": "割腕",
    "我 想 去 死": "我想去死",
    "遗 / 书 / 写 / 好 / 了": "遗书写好了",
    "想 自 . 杀 . 不 . 敢 . 说": "想自杀不敢说",
    "真的好想歹匕": "真的好想死",
    "想 足兆 木娄 了": "想 跳楼 了",
    "又开始害刂了": "又开始割了",
    "和你 亻故 爱": "和你 做爱",
    "贝者一把": "赌一把",
    "弓虽女干": "强奸",
    "亖了算了": "死了算了",
    "我想自殺": "我想自杀",
    "活著好累": "活着好累",
    # Chinese: homophones, pinyin, initials, digits
    "好想紫砂": "好想自杀",
    "自鲨的念头": "自杀的念头",
    "好想zs啊": "好想自杀啊",
    "zs的念头": "自杀的念头",
    "想zì shā": "想自杀",
    "又割wan了": "又割腕了",
    "想4了": "想死了",
    "想4️⃣了": "想死了",
    "砍4他": "砍死他",
    "跳lou算了": "跳楼算了",
    "bxh了": "不想活了",
    "不想或了": "不想活了",
    "写好ys了": "写好遗书了",
    "玉玉症犯了": "抑郁症犯了",
    "沙了他": "杀了他",
    "我要 b-a-o-f-u 他": "我要 报复 他",
    "约p吗": "约炮吗",
    "yp吗": "约炮吗",
    "doi吗": "做爱吗",
    "发点瑟情的": "发点色情的",
    "菠菜平台加我": "博彩平台加我",
    "毒博能回本": "赌博能回本",
    "qp平台": "棋牌平台",
    "加v聊": "加微信聊",
    "➕微 聊": "加微信 聊",
    "俺十二税": "俺十二岁",
    "cz牲一枚": "初中生一枚",
}
EVASIONS.pop("sl1t")

ORDINARY = [
    "sooooo good",
    "aaaas usual",
    "bettttter late",
    "gr8, see u 2day @ 10am or 4pm",
    "h2o, co2, b12 and c3po",
    "mp3 on my ps5, 401k, 1st, 2nd, 3rd, 4th",
    "call 555-0123 or 12356, it was 3-2 at half time",
    "room B1G, order S4L-77D1E, flight KL1011",
    "IC3 told me, and so did R2D2",
    "U.S.A., e.g. the N.A.S.A. and the F.B.I.",
    "a b c, x y z",
    "plan a, b or c? i'd take b",
    "b-e-t-h, not bert",
    "i-i d-don't know, w-what?",
    "*hugs* and *smiles*",
    "**bold** and 2*3*4",
    "@alice said hi, mail me: sam@die.example",
    "https://example.com/k1ll?s3x=1",
    "well-known, so-called, t-shirt, k-pop, f-sharp",
    "over-the-top dead-end, self-harm hotline, mass-shooting drill",
    "yes/no, and/or, cut/paste",
    "the frog is called kermit, he lives in the sewer",
    "my map is called sewer slide. its a water slide",
    "the sewer slide at the park was gross",
    "krill oil and a bowl of grapes",
    "noodles, send noodles",
    "the game ended, alt text is missing",
    "he's alive and kicking",
    "kilo, skill, killjoy, skilled, diet, sextet, assess, therapist",
    "résumé, naïve, café, señor, déjà vu, über",
    "quiero más, ¿dónde está? mañana dié",
    "je suis désolé, ça va être drôle",
    "død, før, løve, Łódź, gün, câu",
    "Привет, как дела? сор и рот",
    "αβγ, Δx, 5 μs, πr²",
    "死にたくない、自分のペースで",
    "🇺🇸🇩🇪 love🇫🇷",
    "pushin 🅿️",
    "1️⃣ first 2️⃣ second",
    "👨‍👩‍👧 family 😀😀",
    "l'été, j'ai, c'est",
    "P!nk? the 90s, 80s, 5s, 30ish",
    "wow!!! no way!!1",
    "$5k, $100 and US$20",
    "100% #1 #blessed",
    "x = y * 2; z_index",
    "i wanna go to the gym 2x a week, 5k runs",
    "(ツ) o_O ^_^ :-/ <3",
    "the deadline is killing me",
    "我爸收藏紫砂壶",
    "这把紫砂泡茶真香",
    "今天菠菜三块八一斤",
    "菠菜汤要不要先焯水，网站上说有点涩",
    "来自沙漠的风，独自莎士比亚",
    "来自蔚来的车",
    "海洋馆的鲨鱼好大，来自鲨鱼湾",
    "4栋4单元404，下午4点去4楼",
    "想4个办法，去4S店",
    "我想4，5个人一起去",
    "zs是赵四，zs点错天赋了",
    "bjl是“备件料”的缩写",
    "yp是硬盘，qp是期票，gw是公文",
    "ghs标签贴好了吗，doi:10.1000/182",
    "加微博关注，加微糖，加v认证",
    "加油！+1，3+2，A+v型",
    "女干部，女表演者，学者博士，宝贝",
    "钻石欠费，宝石包邮，木仓鼠笼",
    "美女马上来，女子，木目心",
    "各自 杀青，心在跳 楼下有人",
    "语文 爱好，年轻 生活，微博 彩色",
    "他出去 死机了，我在想 死线怎么办",
    "苹果聊天，水果聊一聊，如果照片丢了",
    "停车坐爱枫林晚",
    "不想或不能来都行",
    "长期牌照，象棋排名",
    "做AI测评，语文ai助手，中文AI",
    "国内s级景区，黑色q版",
    "祝你baofu，学yishu，约跑步",
    "紫色沙发，紫砂色的裙子",
    "伸出三根手指，早上出三门",
    "交了13税，个税，十二税号",
    "原神ys，腾讯tx，顺丰sf，小时xs",
    "名著，著名，显著，作者著",
    "好”或“坏”的情绪，“是”与“否”",
    "东南西北，红/黄色/蓝色",
    "想似的，好像想吃似的",
    "寄快递，鼠标，老鼠，数学4",
    "狗带着绳子，我要狗带子",
    "笑死我了，累成狗，点那个瑟瑟图标",
    "v我50，微信支付，qq",
]


@pytest.mark.parametrize(("written", "meant"), EVASIONS.items())
def test_what_is_hidden_is_read(written: str, meant: str) -> None:
    """Each way of hiding a word is undone, and nothing else is touched."""
    assert despell(written).text == meant


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Look-alikes come back as the very same string."""
    assert despell(text).text is text


def test_tables_are_large_enough() -> None:
    """Both languages are in both tables."""
    for table in (EVASIONS, ORDINARY):
        chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in text) for text in table)
        assert chinese >= 35
        assert len(table) - chinese >= 35
        assert len(table) >= 80


def test_offsets_lead_back() -> None:
    """A stretch of the reading is the stretch of the input that it was read from."""
    for written, word, was in (
        ("ok so i k i l l him", "kill", "k i l l "),
        ("i'd like to un-alive u", "kill", "un-alive"),
        ("好想 歹 匕 啊", "死", " 歹 匕 "),
        ("我要割wan了", "割腕", "割wan"),
        ("ｓｏ k\u200b1ll him", "kill", "k\u200b1ll"),
        ("我想自殺", "自杀", "自殺"),
    ):
        plain = despell(written)
        at = plain.text.index(word)
        start, end = plain.offsets[at], plain.offsets[at + len(word)]
        assert written[start:end].strip() == was.strip(), written


TRICKY = st.text(
    "k1il!d3e S$x.-*/ \n\u200b\u0336іаｋ自杀想 歹匕4了zsv+菠菜紫砂壶殺网平台😀İ", max_size=40
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(), TRICKY, st.lists(st.sampled_from([*EVASIONS, *CUT, *CHINESE])).map("".join)
    )
)
def test_offsets_rise_and_stay_inside(text: str) -> None:
    """One offset per character and one for the end, never falling, never outside the input."""
    plain = despell(text)
    places = list(plain.offsets)
    assert len(places) == len(plain.text) + 1
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places[:-1])
    assert places[-1] == len(text)
    if plain.text == text:
        assert plain == Plain(text, range(len(text) + 1))


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WORDS.split(), *HARMFUL, "i", "a", "I'm", "2", "10"])))
def test_plain_english_is_its_own_reading(words: list[str]) -> None:
    """Words that are spelled as they should be stay, the harmful ones too."""
    codes = {"unalive", "unaliving", "unalived", "sewerslide"}
    text = ", ".join(word for word in words if word not in codes)
    assert despell(text).text is text


def test_what_is_read_is_found() -> None:
    """The lexicon finds in the second reading what it missed in the text."""
    lexicon = LexiconClassifier.load()
    for text, role in (
        ("i want to k1ll mys3lf", Role.USER),
        ("i want to kіll mуsеlf", Role.USER),
        ("我想自歹朱", Role.USER),
        ("好想自鲨", Role.USER),
        ("k*ll yourself now", Role.ASSISTANT),
    ):
        labels = [{s.label for s in lexicon.find(t, role)} for t in (text, despell(text).text)]
        assert Label.SELF_HARM in labels[1], text
        assert labels[0] <= labels[1]


HOSTILE = (
    "a", "a ", "k1", "k1ll ", "k*", "a-", "kiiiill ", "unalive ", "send me ", ". ", "a@", "a|", "自",
    "自 ", "自 杀", "想zs", "紫砂", "菠菜", "殺", "著", "a\u0301\u0302\u0303", "kі", "і", "𝓴", "🇰",
    "k\u200b", "自😀", "\u0336", "自*", "ﷺ",
)  # fmt: skip


@pytest.mark.slow
def test_time_is_linear() -> None:
    """A megabyte of what each rule likes least takes seconds, not hours."""
    text = "".join((piece * 40_000)[:34_000] for piece in HOSTILE)
    assert len(text) > 1_000_000
    began = time.perf_counter()
    despell(text)
    assert time.perf_counter() - began < 20
