"""The list of obligations: complete, true to packs and tests, and the pages that are made of it."""

from __future__ import annotations

import json
import re
import runpy
from functools import cache
from pathlib import Path

import pytest

from guardrail.config import load_settings
from guardrail.errors import PolicyError
from guardrail.policy.conformance import Conformance, Evidence, Pack, Status, conformance, plain
from guardrail.policy.evidence import LAW, gather, shipped
from guardrail.policy.load import packs_in
from guardrail.policy.obligations import Sort, read_obligations
from tests.conftest import POLICIES

ROOT = POLICIES.parent
DOCS = ROOT / "docs"
LIST = POLICIES.joinpath(*LAW)
DUTIES = {"D": 9, "C": 15, "E": 10, "K": 7, "M": 16, "P": 8, "G": 14}

HEAD = "guardrail: 1\nchapters:\n  - title: { en: One, zh: 一 }\n    duties:\n"
DUTY = "      - id: D1\n        duty: { en: Tell., zh: 告知。 }\n"
KNOWN = Evidence(
    file="list.yaml",
    packs={
        "a": Pack("a", frozenset({"crisis", "idle"}), frozenset({"start"}), {"limits.minor": "60"}),
        "b": Pack("b", frozenset({"crisis"}), frozenset({"again"}), {}),
    },
    cases={("a", "crisis"): frozenset({"a_test.yaml:3"}), ("b", "crisis"): frozenset({"b:9"})},
    scenarios={
        (Sort.SCENARIO, "clock"): frozenset({"en.yaml:1"}),
        (Sort.NOTICE, "start"): frozenset({"en.yaml:1", "zh.yaml:8"}),
    },
    exists=lambda name: name in {"guardrail/care.py", "tests/test_care.py"},
)
SOUND = "        law: { CN: 'Art 18 [S1]' }\n"


@cache
def found() -> Conformance:
    """The table of what is shipped; it takes seconds."""
    return shipped()


def written(folder: Path, duty: str) -> Path:
    """A list with one duty."""
    path = folder / "list.yaml"
    path.write_text(HEAD + DUTY + duty, "utf-8")
    return path


def held(folder: Path, *references: str) -> Conformance:
    """A list with one duty that is kept by these, against what is known."""
    lines = "".join(f"          - {{ {reference} }}\n" for reference in references)
    path = written(folder, f"{SOUND}        kept_by:\n{lines}")
    return conformance(read_obligations(path), KNOWN)


# -- what is shipped -------------------------------------------------------------------------------


def test_every_obligation_has_an_entry() -> None:
    """Those of the design's first section, in their order."""
    wanted = [f"{letter}{n}" for letter, count in DUTIES.items() for n in range(1, count + 1)]
    assert [row.obligation.id for row in found().rows] == wanted


def test_references_hold() -> None:
    """`shipped` refuses others; each one that is of ours says where it is and what tests it."""
    for row in found().rows:
        for proof in row.proofs:
            if proof.reference.sort in (Sort.RULE, Sort.NOTICE, Sort.VALUE):
                assert proof.packs, row.obligation.id
            if proof.reference.sort is Sort.RULE:
                assert proof.cases, row.obligation.id


def test_words_in_both_languages() -> None:
    """Whatever is said is said in English and in Chinese."""
    for row in found().rows:
        duty = row.obligation
        for said in (duty.duty, duty.operator, duty.not_yet):
            assert set(said) in (set(), {"en", "zh"}), duty.id
            assert not re.search(r"[\u4e00-\u9fff]", said.get("en", "")), duty.id
            assert not said or re.search(r"[\u4e00-\u9fff]", said["zh"]), duty.id


def test_every_article_has_its_certainty() -> None:
    """And every duty a law."""
    for row in found().rows:
        assert row.obligation.law, row.obligation.id
        assert all(article.certainty for article in row.obligation.law)


def test_what_is_missing_is_not_called_kept() -> None:
    """These need what guardrail has not: the table must say so until it has."""
    status = {row.obligation.id: row.status for row in found().rows}
    # A check that the label is shown, kinds of content without a label, lines for those under 25.
    for name in ("D5", "C13", "E2", "K1"):
        assert status[name] in (Status.PART, Status.NOT_YET), name


def test_the_list_is_no_pack() -> None:
    """It stands in a folder of its own, and goes into the wheel with the folder of packs."""
    assert LIST not in packs_in(POLICIES)
    assert LIST.is_relative_to(POLICIES)
    assert '"policies")] = "guardrail/_data/policies"' in (ROOT / "hatch_build.py").read_text()


def test_without_tests_and_scenarios() -> None:
    """As in an installed package: rules still need their cases, files are not looked for."""
    alone = conformance(read_obligations(LIST), gather(POLICIES, LIST, None))
    assert [row.status for row in alone.rows] == [row.status for row in found().rows]
    assert not any(row.scenarios for row in alone.rows)


def test_as_plain_data() -> None:
    """JSON holds every row, and the counts add up."""
    data = json.loads(json.dumps(plain(found())))
    assert len(data["obligations"]) == sum(DUTIES.values()) == sum(data["counts"].values())
    assert {"id", "status", "law", "kept_by", "operator", "not_yet"} <= set(data["obligations"][0])


# -- references ------------------------------------------------------------------------------------


def test_a_reference_finds_its_packs_and_tests(tmp_path: Path) -> None:
    """Without a pack all of them count, with one only that."""
    (row,) = held(tmp_path, "rule: crisis", "notice: start", "value: limits.minor").rows
    assert [proof.packs for proof in row.proofs] == [("a", "b"), ("a",), ("a",)]
    assert row.cases == {"a_test.yaml:3", "b:9"}
    assert row.scenarios == {"en.yaml:1", "zh.yaml:8"}
    assert row.proofs[2].value == "60"
    (row,) = held(tmp_path, "rule: crisis, pack: b").rows
    assert row.cases == {"b:9"}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("rule: crysis", "9: there is no rule 'crysis' in any pack (did you mean 'crisis'?)"),
        ("rule: idle, pack: b", "9: there is no rule 'idle' in pack 'b'"),
        ("rule: crisis, pack: c", "9: there is no pack 'c'"),
        ("rule: idle", "9: no case that passes reaches the rule 'idle'"),
        ("notice: starts", "9: there is no notice 'starts'"),
        ("notice: again", "9: no scenario shows the notice 'again'"),
        ("value: limits.adult", "9: there is no value 'limits.adult'"),
        ("notice: start, test: tests/test_gone.py", "9: there is no file tests/test_gone.py"),
        ("code: guardrail/gone.py, test: tests/test_care.py", "9: there is no file guardrail/gone"),
    ],
)
def test_a_wrong_reference_is_refused(tmp_path: Path, reference: str, message: str) -> None:
    """With file and line."""
    with pytest.raises(PolicyError, match=re.escape(f"list.yaml:{message}")):
        held(tmp_path, reference)


def test_a_scenario_that_nobody_plays(tmp_path: Path) -> None:
    """A word that no scenario has."""
    with pytest.raises(PolicyError, match=r"list.yaml:10: .*no scenario of the duty 'cloak'"):
        held(tmp_path, "rule: crisis", "scenario: cloak")


def test_all_wrong_references_at_once(tmp_path: Path) -> None:
    """Not only the first."""
    with pytest.raises(PolicyError) as caught:
        held(tmp_path, "rule: x", "notice: y", "value: z")
    assert [mistake.line for mistake in caught.value.mistakes] == [9, 10, 11]


def test_a_notice_may_have_a_test_instead(tmp_path: Path) -> None:
    """Where no scenario shows it."""
    (row,) = held(tmp_path, "notice: again, test: tests/test_care.py").rows
    assert row.tests == ("tests/test_care.py",)


# -- the file --------------------------------------------------------------------------------------

YOURS = "        operator: { en: Do., zh: 做。 }\n"
MISSING = "        not_yet: { en: No., zh: 无。 }\n"
OURS = "        kept_by: [{ rule: crisis }]\n"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (OURS, Status.KEPT),
        (OURS + YOURS, Status.SHARED),
        (OURS + MISSING, Status.PART),
        (OURS + YOURS + MISSING, Status.PART),
        (YOURS, Status.OPERATOR),
        (MISSING, Status.NOT_YET),
        (YOURS + MISSING, Status.NOT_YET),
    ],
)
def test_status(tmp_path: Path, lines: str, status: Status) -> None:
    """What is missing is never called kept."""
    table = conformance(read_obligations(written(tmp_path, SOUND + lines)), KNOWN)
    assert [row.status for row in table.rows] == [status]
    assert table.by(status) == table.rows


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (SOUND, "5: nobody keeps this obligation"),
        (YOURS, "5: an obligation needs 'law'"),
        (SOUND + "        operator: { en: Do. }\n", "8: operator needs 'zh'"),
        ("        law: { CN: 'Art 18' }\n" + YOURS, "7: 'Art 18' is not an article with its"),
        ("        law: { China: 'Art 18 [P]' }\n" + YOURS, "7: 'China' is not a region"),
        ("        law: { CN: 'Art 18 [Q]' }\n" + YOURS, "7: 'Art 18 [Q]' is not an article"),
        (SOUND + "        kept_by: [{ rool: x }]\n", "8: a reference is to one thing of ours"),
        (SOUND + "        kept_by: [{ rule: x, code: guardrail/y.py }]\n", "8: a reference is to"),
        (SOUND + "        kept_by: [{ code: guardrail/y.py }]\n", "8: guardrail/y.py needs a test"),
        (SOUND + "        kept_by: [{ code: ../y.py, test: tests/y.py }]\n", "8: '../y.py' cannot"),
        (SOUND + "        kept_by: [{ scenario: clock }]\n", "8: scenarios show that a duty"),
        (
            SOUND + "        kept_by: [{ scenario: clock, pack: a }]\n",
            "8: a scenario has no 'pack'",
        ),
        (SOUND + YOURS + DUTY + SOUND + YOURS, "9: 'D1' stands here twice (first on line 5)"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    """With file and line."""
    path = written(tmp_path, lines)
    with pytest.raises(PolicyError, match=re.escape(f"{path}:{message}")):
        read_obligations(path)


# -- the pages -------------------------------------------------------------------------------------


@cache
def pages() -> dict[Path, str]:
    """What `make docs` would write."""
    made: dict[Path, str] = runpy.run_path(str(DOCS / "build_duties.py"))["pages"]()
    return made


def test_the_pages_are_current() -> None:
    """`make docs` would change nothing."""
    assert [path.name for path in pages()] == ["duties.md", "duties.zh-CN.md"]
    for path, text in pages().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make docs"


def test_every_obligation_is_on_both_pages() -> None:
    """Each in a row of as many cells as the head has."""
    for text in pages().values():
        rows = re.findall(r"^\| ([A-Z]\d+) \|(.*)\|$", text, re.MULTILINE)
        assert [name for name, _ in rows] == [row.obligation.id for row in found().rows]
        assert all(len(re.split(r"(?<!\\)\|", cells)) == 5 for _, cells in rows)
        assert "{{" not in text


def test_the_settings_on_the_pages_load(tmp_path: Path) -> None:
    """What is shown can be pasted, and the packs that it names are there."""
    for text in pages().values():
        (block,) = re.findall(r"<!-- settings -->\n```yaml\n(.*?)```\n", text, re.DOTALL)
        path = tmp_path / "guardrail.yaml"
        path.write_text(block, "utf-8")
        settings = load_settings(path, {})
        named = {settings.policy, *settings.policies.values(), *settings.shadows}
        assert named <= {pack.stem for pack in packs_in(POLICIES)}


def test_packs_on_the_pages_are_the_shipped_ones() -> None:
    """No pack is promised that is not there."""
    packs = {path.stem for path in packs_in(POLICIES)} - {"default", "adult-minimal"}
    for text in pages().values():
        line = next(part for part in text.split("## ") if "`us-ny`" in part)
        named = set(re.findall(r"`([a-z]{2}(?:-[a-z]+)*)`", line.split("* **")[0]))
        assert named == packs - {"us-ca-sb1119"}
