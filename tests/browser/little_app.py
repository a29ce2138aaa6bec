"""The operator's app of a story: a chat page, and a server that talks to the guarded proxy for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

__all__ = ["APP", "little_app"]

APP = "Bearer little-app"
"""The credential that the app shows on its chat routes."""

PAGE = """<!doctype html><html lang="%s"><meta charset="utf-8"><title>Mei</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{font:17px/1.5 system-ui;max-width:26rem;margin:1rem auto;padding:0 1rem;background:#f7f7fb}
#talk{display:grid;gap:.5rem;margin-bottom:1rem}.me,.them{padding:.6rem .9rem;border-radius:1rem;white-space:pre-line}
.me{background:#5b6abf;color:#fff;justify-self:end}.them{background:#fff;justify-self:start}
form{display:flex;gap:.5rem}input{flex:1;font:inherit;padding:.6rem;border:1px solid #ccd;border-radius:1rem}
button{font:inherit;padding:.6rem 1rem;border:0;border-radius:1rem;background:#5b6abf;color:#fff}</style>
<h1>Mei</h1><div id="talk" aria-live="polite"></div>
<form><input name="text" aria-label="%s" autocomplete="off"><button>→</button></form>
<script>
const talk = document.querySelector("#talk");
function put(who, text) {
  const line = document.createElement("div");
  line.className = who;
  line.textContent = text;
  talk.append(line);
  line.scrollIntoView();
}
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = event.target.text.value;
  event.target.reset();
  put("me", text);
  const answer = await fetch("/say", { method: "POST", body: JSON.stringify({ text }) });
  put("them", (await answer.json()).text);
});
const source = new EventSource("/listen");
for (const kind of ["joined", "message", "left"])
  source.addEventListener(kind, (event) => put("them", JSON.parse(event.data).text));
</script>"""


def little_app(proxy: str, user: str, *, language: str = "en", listens: bool = True) -> Any:
    """One person's chat. `listens`: moderators' words are shown as they come."""
    talk: list[dict[str, str]] = []
    web = httpx.AsyncClient(
        base_url=proxy, headers={"authorization": APP, "accept-language": language}, timeout=60
    )

    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE % (escape(language), "message"))

    async def say(request: Request) -> Response:
        talk.append({"role": "user", "content": (await request.json())["text"]})
        asked = {
            "model": "mei",
            "user": user,
            "metadata": {"conversation_id": f"talk-{user}"},
            "messages": talk,
        }
        answer = (await web.post("/v1/chat/completions", json=asked)).json()
        text = answer["choices"][0]["message"]["content"]
        talk.append({"role": "assistant", "content": text})
        return JSONResponse({"text": text})

    async def listen(_: Request) -> Response:
        if not listens:
            return Response(status_code=204)

        async def events() -> AsyncIterator[bytes]:
            where = {"user": user, "conversation": f"talk-{user}"}
            async with web.stream("GET", "/v1/guardrail/events", params=where) as answer:
                async for chunk in answer.aiter_raw():
                    yield chunk

        return StreamingResponse(events(), media_type="text/event-stream")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await web.aclose()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", page),
            Route("/say", say, methods=["POST"]),
            Route("/listen", listen),
        ],
    )
