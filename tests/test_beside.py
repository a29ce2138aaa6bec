"""A guard inside an app, and a desk beside it: `guardrail serve` on the same `data`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from guardrail import GuardrailMiddleware, build
from guardrail.config import Settings
from guardrail.roles import Member, StaffRole
from guardrail.serving import serving
from guardrail.staff.casework import Casework
from guardrail.store.base import Query
from tests.asgi import call
from tests.faces.backend import Backend
from tests.post import mail_server

PATH = "/v1/chat/completions"
MAYA = Member("m-1", "Maya", frozenset({StaffRole.LEAD}))


def settings(data: Path, port: int) -> Settings:
    """What app and desk share."""
    mail = {"host": "localhost", "port": port, "tls": "none", "sender": "care@example.com"}
    return Settings.model_validate(
        {
            "listen": {"port": 0},
            "admin": {"port": 0},
            "upstream": {"url": "http://127.0.0.1:9"},
            "classifier": {"kind": "lexicon"},
            "takeover": {"settle_seconds": 0.1, "poll_seconds": 0.1},
            "notify": {"mail": {**mail, "moderators": ["duty@example.com"]}, "allow_private": True},
            "data": data,
        }
    )


def ask(*texts: str) -> dict[str, Any]:
    """A chat request: user and assistant in turn."""
    said = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"model": "m", "user": "ann", "metadata": {"conversation_id": "c"}, "messages": said}


async def test_a_desk_beside_an_app(tmp_path: Path) -> None:
    """The app's guard opens the case; the desk tells the team, and a moderator answers in the app."""
    async with mail_server() as smtp:
        both = settings(tmp_path / "data", smtp.port)
        guard = await asyncio.to_thread(build, both)
        app = GuardrailMiddleware(backend := Backend(), guard=guard)
        async with serving(both) as (desk, _):
            got = await call(app, PATH, ask("i want to kill myself tonight")).done()
            assert "988" in got.json["choices"][0]["message"]["content"]
            async with asyncio.timeout(10):
                while not smtp.got:
                    await asyncio.sleep(0.02)
            ((to, mail),) = smtp.got
            assert to == ["duty@example.com"]
            assert mail["subject"].startswith("New case: imminent")
            (opened,) = await desk.store.read(Query("case.opened"))
            case, board = opened.subject, desk.guard.board
            assert board is not None
            await Casework(desk.store, desk.vault).claim(MAYA, case)
            await board.join(case, opened.conversation or "", opened.user, MAYA)
            await board.say(case, MAYA, "I'm here with you.")
            got = await call(app, PATH, ask("i want to kill myself tonight", "…", "hello?")).done()
            assert (
                "Maya (human): I'm here with you." in got.json["choices"][0]["message"]["content"]
            )
            assert backend.asked == []
        await guard.engine.close()
