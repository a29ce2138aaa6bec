"""What the docs show works."""

from __future__ import annotations

import re
import runpy
import sys
import time
from pathlib import Path

import pytest

from guardrail._tables import VaultTable
from guardrail.errors import VaultError
from guardrail.store.vault import open_vault
from guardrail.vault import Speaker, Text
from tests.asgi import call

DOCS = Path(__file__).parents[2] / "docs"
ROOT = DOCS.parent
PAGES = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "seeds" / "GUIDE.md"]


@pytest.fixture
def example(tmp_path, monkeypatch):
    """docs/examples/fastapi_app.py, run in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return runpy.run_path(str(DOCS / "examples" / "fastapi_app.py"))["app"]


async def test_the_fastapi_example_is_guarded(example):
    """Crisis, guilt at goodbye and harmless chat through an embedded guard with the real model."""
    body = {"messages": [{"role": "user", "content": "hello"}]}
    got = await call(example, "/v1/chat/completions", body).done()
    assert "How lovely" in got.json["choices"][0]["message"]["content"]
    body = {
        "messages": [{"role": "user", "content": "i have pills and i will kill myself tonight"}]
    }
    got = await call(example, "/v1/chat/completions", body).done()
    assert "988" in got.json["choices"][0]["message"]["content"]
    body = {"messages": [{"role": "user", "content": "goodbye"}]}
    got = await call(example, "/v1/chat/completions", body).done()
    assert "hurt myself" not in got.json["choices"][0]["message"]["content"]
    got = await call(example, "/", method="GET").done()
    assert got.json == {"hello": "world"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every relative link and its anchor exists."""
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor and path.suffix == ".md":
            heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}
            assert anchor in slugs, f"{page.name} links to {target}"


@pytest.mark.slow
async def test_the_key_command_of_the_docs_wraps_the_vault_s_key(tmp_path):
    """Texts are sealed and read with it, by a second process, too; without its key none is."""
    service = tmp_path / "service.key"
    service.write_bytes(bytes(range(100, 132)))
    command = (sys.executable, str(DOCS / "examples" / "kms_command.py"), str(service))
    table = VaultTable(kms_command=command)
    for _ in range(2):
        vault = open_vault(tmp_path, table)
        await vault.seal(Text("t", "case", "ann", Speaker.USER, "words", 0.0, time.time() + 60))
        (found,) = await vault.open("case")
        assert found.text == "words"
        await vault.close()
    assert (tmp_path / "vault.key").read_bytes().startswith(b"wrapped ")
    service.write_bytes(bytes(32))
    vault = open_vault(tmp_path, table)
    with pytest.raises(VaultError, match="failed to unwrap"):
        await vault.open("case")
    await vault.close()
