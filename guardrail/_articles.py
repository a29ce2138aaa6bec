"""Articles of laws as their readers call them: packs cite them in English, a Chinese page in Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

__all__ = ["cited"]

_WHOLE: Mapping[str, str] = {
    "CN minors-mode guideline": "《移动互联网未成年人模式建设指南》",
    "CN CSL log rule": "《网络安全法》日志规定",
    "AU Age-Restricted Material Codes": "澳大利亚《年龄限制内容守则》",
    "UK Online Safety Act": "英国《在线安全法》",
    "UK ICO Children's Code, standard 11": "英国 ICO《儿童守则》标准 11",
    "IT Law 132/2025": "意大利第 132/2025 号法律",
    "(our reading)": "（我们的理解）",
    "(age assurance for pornographic content)": "（色情内容须核验年龄）",
    ", draft guidelines": "，指南草案",
    "(the number is ours)": "（数值由我们设定）",
    "(the numbers are ours)": "（数值由我们设定）",
    "(crisis information)": "（危机信息）",
    "(16 and 17)": "（16、17 岁）",
    "(below 16)": "（未满 16 岁）",
    ", perhaps": "（可能适用）",
    "our suggestion, no article": "我们的建议，无对应条款",
    "our suggestion (UK rules only announced)": "我们的建议（英国规则仅宣布，尚未生效）",
    "our suggestion": "我们的建议",
    "EU draft guidelines on AI Act Art 50": "欧盟《人工智能法》第50条指南草案",
    "Annex E": "附录 E",
}
"""Longer ones first, where one is the beginning of another."""

_LAWS: tuple[tuple[str, str], ...] = (
    (r"CN Labelling Measures Art (\d+)(?:\((\d+)\))?", "《标识办法》第{}条"),
    (r"CN Art (\d+)(?:\((\d+)\))?", "《暂行办法》第{}条"),
    (r"EU AI Act Art (\d+)(?:\((\d+)\))?", "欧盟《人工智能法》第{}条"),
    (r"\bArt (\d+)(?:\((\d+)\))?", "第{}条"),
)
"""Beginnings of a citation; of China's laws the second number is an item, elsewhere a paragraph."""

_STATES: Mapping[str, str] = {
    "CA": "加州",
    "CO": "科罗拉多州",
    "HI": "夏威夷州",
    "ID": "爱达荷州",
    "IL": "伊利诺伊州",
    "NY": "纽约州",
    "OR": "俄勒冈州",
    "TN": "田纳西州",
    "UT": "犹他州",
    "WA": "华盛顿州",
}


def cited(articles: str, language: str) -> str:
    """Articles with "; " between them, as they are called in this language ("en", "zh")."""
    if language != "zh":
        return articles
    return "；".join(_chinese(article) for article in articles.split("; "))


def _chinese(article: str) -> str:
    for shape, name in _LAWS:
        part = "项" if "CN" in shape else "款"
        article = re.sub(shape, partial(_numbered, name=name, part=part), article)
    for english, chinese in _WHOLE.items():
        article = article.replace(english, chinese)
    state = _STATES.get(article[:2])
    if state is not None and article[2:3] == " ":
        article = f"{state}{article[2:]}"
    return re.sub(r"(?<=[》）条款项案]) (?=[（，])", "", article)


def _numbered(found: re.Match[str], name: str, part: str) -> str:
    number, below = found.groups()
    return name.format(number) + (f"第({below}){part}" if below else "")
