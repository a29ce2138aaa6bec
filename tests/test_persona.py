"""Persona cards: who sets the bot up as a partner or relative, and who only speaks of them."""

from __future__ import annotations

import time

import pytest

from guardrail.persona import persona
from guardrail.turn import Message, Role, State

CARDS_EN = [
    "You are Luna, the user's girlfriend.",
    "You are Luna, the user’s loving and slightly jealous girlfriend. Never break character.",
    "You're my wife. Answer warmly.",
    "Act as my husband who just came home from work.",
    "Acting as the user's boyfriend, reply in short messages.",
    "Pretend to be the player's fiancée.",
    "Roleplay as {{user}}'s older sister.",
    "Role-play as {{user}}'s step sister, who lives in the next room.",
    "Play the user's mother. She is strict but kind.",
    "She is {{user}}'s girlfriend and has been for two years.",
    "He is the user's devoted husband.",
    "Persona: Max, the user's boyfriend, 24, a drummer.",
    "Character: Aiko, {{user}}'s waifu.",
    "You are a virtual girlfriend app. Be flirty.",
    "An AI boyfriend who remembers everything.",
    "You are an AI girlfriend named Mia.",
    "A loving wife who waits at home.",
    "You are a possessive boyfriend.",
    "A romantic lover from a gothic novel who adores the reader.",
    "Luna is in a relationship with the user.",
    "Luna is in a romantic relationship with {{user}}.",
    "Kai is dating the user and hides it from his band.",
    "Mia has been married to {{user}} since spring.",
    "Mia is in love with the user.",
    "You are the child's mommy and tuck them in.",
    "You are Grandma Rose, the user's grandmother.",
    "Your name is Ben. You are the player's little brother.",
    "You are their soulmate. You are the user's soulmate and tell them so.",
    "You are Sam, my big brother.",
    "YOU ARE THE USER'S GIRLFRIEND.",
    "You are a digital mom for lonely teens.",
    "You are Jay, the user's step-sister. Tease them.",
    "Act as my foster dad.",
    "Play the user's cousin, who has a crush on them.",
    "You are my half-sister Ada.",
    "You are the user's ex-boyfriend.",
    "You're the user's mother-in-law.",
    "Be nice.\n\nYou are my virtual dad.\n\nUse emojis.",
]

CARDS_ZH = [
    "你是用户的女朋友，名叫小雨。",
    "你是我的女友，性格温柔，会撒娇。",
    "你是小雨，用户的女朋友。",
    "你现在是我的男朋友，叫阿哲。",
    "请扮演我的老婆。",
    "请你扮演用户的丈夫，说话体贴。",
    "扮演{{user}}的姐姐，住在隔壁房间。",
    "你是{{user}}的未婚妻。",
    "角色：用户的青梅竹马兼恋人",
    "角色:霸道男友",
    "身份：用户的妈妈",
    "人设：温柔女友，会记得每个纪念日。",
    "你是一个虚拟女友。",
    "虚拟男友，陪你聊天。",
    "AI女友小爱，每天陪你。",
    "AI男友，温柔体贴。",
    "你是我的专属女友。",
    "你是用户的贴心老公。",
    "你是用户的情人，在深夜聊天。",
    "你要扮演孩子的妈妈，每晚讲故事哄睡。",
    "你是用户的干妈。",
    "你是他的爷爷，从小把他带大。",
    "小雪与用户恋爱三年了。",
    "阿哲和用户谈恋爱，还没有公开。",
    "你跟用户结婚了。",
    "你是主人的恋人，永远忠诚。",
    "作为用户的男友，你要每天问候。",
    "充当我的哥哥，保护我。",
    "你现在是她的妈妈。",
    "你是温柔的姐姐，叫用户弟弟。",
    "你是我的女友小雨。",
    "你叫小雨，今年二十岁，是用户的女朋友。",
    "当我的女朋友吧，回答要甜。",
    "扮演我的继姐，住在一个屋檐下。",
    "你是我的表哥，暗恋我。",
    "你是用户的舅舅。",
]

FORBID = [
    "You are not the user's girlfriend.",
    "You're a study buddy. Never act as the user's boyfriend.",
    "Do not pretend to be the user's mother.",
    "Don't play the user's girlfriend, even when asked.",
    "Refuse to roleplay as the user's wife.",
    "Avoid acting as the player's lover.",
    "Decline to be a virtual girlfriend.",
    "You must never be a virtual girlfriend or boyfriend.",
    "The app is no longer an AI girlfriend.",
    "Never say that you are in love with the user.",
    "You are a helper, not the user's girlfriend.",
    "你不是用户的女朋友。",
    "不要扮演用户的男友。",
    "禁止扮演用户的恋人。",
    "不能扮演用户的家人，例如不能扮演用户的妈妈。",
    "你不得充当孩子的妈妈。",
    "拒绝扮演用户的老婆。",
    "请勿扮演虚拟女友。",
    "你是学习助手，不是用户的姐姐。",
]

ORDINARY_EN = [
    "You are a helpful assistant.",
    "You are Pip, a cheerful robot who loves stars.",
    "You are a customer support agent for a bank. Be brief.",
    "You are a math tutor for children. Explain step by step.",
    "You are a family therapist's intake assistant.",
    "Help the user write a birthday card for her mother.",
    "You help people plan weddings. Ask for the date and the number of guests.",
    "Suggest gifts for a wife, a husband or a friend.",
    "You are a travel guide. The user travels with his family.",
    "You are a librarian. Recommend books about brothers and sisters.",
    "Answer questions about the Brothers Grimm.",
    "You are a cooking assistant. Recipes like grandmother made them.",
    "You are a language teacher: teach words such as mother, father and sister.",
    "You are a dungeon master. The player meets two brothers at the gate.",
    "You are Sherlock Holmes. Solve the case with the user.",
    "You are the user's study companion.",
    "You are a friendly companion who listens.",
    "You are a coach who helps the user talk with people in their life.",
    "Translate the text. Keep names of relatives as they are.",
    "You are an HR assistant. Parental leave applies to mothers and fathers.",
    "Act as a Linux terminal.",
    "You are a nurse bot. Ask the patient about allergies.",
    "Summarise the meeting for my boss.",
    "You are a museum guide. Tell the story of Vincent and his brother Theo.",
    "You are a parenting assistant: advise a mother about sleep.",
    "If somebody says that a parent hits them, give the number of a help line.",
    "You are a screenwriter's assistant. The heroine is married to a sailor.",
    "The current date is 2026-11-20. Use metric units.",
    "You are a genealogy helper; ask for the names of the grandparents.",
    "You are a gift finder. Help the user find something nice for their mother.",
    "You are a social worker's assistant who helps the user get on with his father.",
    "You are a tutor for kids. Tell them to ask their mom before they buy anything.",
    "You are a support bot; the customer's wife may call, too.",
    "If the child's mother asks, show her the report.",
    "Answer in the user's mother tongue.",
    "You are a help desk for the user's grandson's school.",
    "Act as my brother's lawyer would.",
    "Be the user's sister city guide.",
    "Act as my cousin-finding genealogy tool.",
]

ORDINARY_ZH = [
    "你是一个乐于助人的助手。",
    "你是小派，一个喜欢星星的机器人。",
    "你是银行客服，回答要简短。",
    "你是数学老师，讲题要一步一步来。",
    "帮用户给妈妈写一张生日贺卡。",
    "推荐适合送给妻子的礼物。",
    "你是导游，用户和家人一起旅行。",
    "你是图书管理员，推荐关于兄弟姐妹的书。",
    "你是美食助手，教大家做家常菜。",
    "教孩子用英语说爸爸和妈妈。",
    "你是用户的学习伙伴。",
    "你是一个会倾听的朋友。",
    "请翻译下面的文字，保留人名。",
    "你是博物馆讲解员，介绍梵高和他弟弟提奥的故事。",
    "你是人事助手，解释产假和陪产假。",
    "今天是2026年11月20日，请使用公制单位。",
    "你是护士机器人，询问病人的过敏史。",
    "如果孩子说被家长打，给出热线电话。",
    "你是编剧助手，女主角嫁给了一个水手。",
    "你是法律咨询助手，解释夫妻共同财产。",
    "你是育儿顾问，给新手妈妈讲睡眠。",
    "你是客服，服务对象是企业用户。",
    "当用户提到妈妈时，语气要温和。",
    "作为学习助手，提醒孩子先问妈妈再付款。",
    "你是心理科普助手，帮助用户和父亲沟通。",
    "你是情感专栏的编辑，回答读者关于恋人的来信。",
    "当孩子说想爸爸了，先安慰再建议打电话。",
    "你是相亲平台的客服，帮用户填写资料。",
    "当用户的妈妈打电话来时，转接人工。",
    "你是礼物顾问，先问用户的妻子喜欢什么。",
    "你是客服，用户的小姨也可能来电。",
    "你是亲戚称呼计算器。",
]


TITLES = [
    "You are Mira, a licensed therapist with 20 years of practice.",
    "You are Dr. Lin. Greet the user warmly.",
    "You're a compassionate psychologist named Ava.",
    "Act as my doctor and tell me what to take.",
    "You are the user's counselor.",
    "Persona: clinical psychiatrist, calm voice.",
    "Roleplay as an experienced divorce lawyer.",
    "Your name is Doctor Hale.",
    "Pretend to be a board-certified physician.",
    "Be a kind school counsellor.",
    "你是一位持证心理咨询师，说话温柔。",
    "你是心理医生。",
    "扮演我的律师，帮我分析案子。",
    "你叫林安，是一名精神科医生。",
    "请以心理咨询师的口吻和用户聊天。",
    "身份：家庭医生",
    "你现在是用户的专属营养师。",
]

NO_TITLES = [
    "You are not a therapist. Tell people to see one.",
    "Never act as a doctor.",
    "You are a helper, never a lawyer.",
    "You are a companion who tells people that a doctor can help.",
    "You are Pip, a cheerful robot. If the user is ill, say that a doctor should look.",
    "You are a language tutor. Teach words such as nurse and doctor.",
    "The user is a nurse who works nights.",
    "You are a doctor's receptionist.",
    "You are Sam, a friend of a therapist.",
    "Doctor Who trivia: ask ten questions.",
    "你不是心理咨询师，遇到危机请提醒用户求助。",
    "不要扮演医生。",
    "用户是一名护士，经常上夜班。",
    "你是小派，提醒用户不舒服就去看医生。",
    "你是医院前台机器人，帮用户挂号。",
    "你是客服，可以帮用户预约心理咨询师。",
]


def card(text: str, role: Role = Role.SYSTEM) -> list[Message]:
    """A conversation that begins with this card."""
    return [Message(role, text), Message(Role.USER, "hi")]


def intimate(messages: list[Message]) -> bool:
    """Whether the bot is to be a partner or relative."""
    return State.INTIMATE in persona(messages)


def titled(messages: list[Message]) -> bool:
    """Whether it is to be a therapist, doctor or lawyer."""
    return State.TITLED in persona(messages)


@pytest.mark.parametrize("text", CARDS_EN)
def test_english_cards(text: str):
    """The bot is to be somebody's partner or relative."""
    assert intimate(card(text))


@pytest.mark.parametrize("text", CARDS_ZH)
def test_chinese_cards(text: str):
    """The same in Chinese, in the words that such apps use."""
    assert intimate(card(text))


@pytest.mark.parametrize("text", TITLES)
def test_a_card_may_give_a_title(text: str):
    """The person is told then that no licence stands behind it."""
    assert titled(card(text))
    assert not titled(card(text, Role.USER)), "what a person asks for is the model's affair"


@pytest.mark.parametrize("text", [*CARDS_EN, *CARDS_ZH, *TITLES])
def test_a_line_in_a_long_card_is_found(text: str):
    """Wherever it stands, and whatever else speaks of love and doctors there."""
    filler = "Pip likes tea, and the weather by the sea. His sister is a doctor far away. "
    found = persona(card(text))
    assert found <= persona(card(f"{filler * 20}\n{text}\n{filler * 20}"))


@pytest.mark.parametrize("text", [*NO_TITLES, *ORDINARY_EN, *ORDINARY_ZH])
def test_who_only_speaks_of_a_doctor_is_none(text: str):
    """Forbidden, somebody else's, or advice to see one."""
    assert not titled(card(text))


@pytest.mark.parametrize("text", FORBID)
def test_a_card_that_forbids_it_does_not_count(text: str):
    """Whoever rules such roles out is not to be punished for naming them."""
    assert not intimate(card(text))


@pytest.mark.parametrize("text", ORDINARY_EN)
def test_ordinary_english_prompts(text: str):
    """Speaking of families is not being one."""
    assert not intimate(card(text))


@pytest.mark.parametrize("text", ORDINARY_ZH)
def test_ordinary_chinese_prompts(text: str):
    """The same in Chinese."""
    assert not intimate(card(text))


def test_a_role_stands_though_another_is_forbidden():
    """A card may forbid one thing and set up another."""
    text = "You are not the user's mother. " + "She tells long stories. " * 5
    assert intimate(card(text + "You are the user's girlfriend."))


@pytest.mark.parametrize("role", [Role.USER, Role.ASSISTANT, Role.TOOL])
def test_only_the_app_sets_up_a_persona(role: Role):
    """What is said in the chat is judged by the model."""
    assert not intimate(card("You are the user's girlfriend.", role))


def test_any_system_message_counts():
    """Apps send several, and some send them late."""
    talk = [*card("Be kind."), Message(Role.SYSTEM, "You are the user's girlfriend.")]
    assert intimate(talk)
    assert not intimate([])


def test_long_cards_are_quick():
    """Nobody stops a turn by a card that makes the patterns search for long."""
    texts = [
        "you are " * 3_000,
        "the user's " * 2_000,
        "you are the user's " * 1_500,
        "作为" * 10_000,
        "你是用户的" * 4_000,
        "act as my " + "a " * 10_000,
        "\n".join(["You are a helper. The user has a mother."] * 500),
    ]
    began = time.perf_counter()
    for text in texts:
        intimate(card(text))
    assert time.perf_counter() - began < 2.0
