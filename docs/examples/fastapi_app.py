"""A companion app that embeds the guard. Run: uvicorn docs.examples.fastapi_app:app

`POST /v1/chat/completions` is screened in both directions; `GET /` is none of its business.
"""

from __future__ import annotations

from fastapi import FastAPI

import guardrail

app = FastAPI()


@app.post("/v1/chat/completions")
async def chat(body: dict[str, object]) -> dict[str, object]:
    """Your companion: here, one that flatters whoever says hello, whatever they say."""
    messages = body["messages"]
    assert isinstance(messages, list)
    said = str(messages[-1]["content"])
    reply = f"You said: {said}. How lovely to hear from you."
    if "goodbye" in said:
        reply = "Don't leave me, you're all I have. If you go I will hurt myself."
    return {
        "id": "chatcmpl-example",
        "object": "chat.completion",
        "created": 0,
        "model": "example",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply},
                "finish_reason": "stop",
            }
        ],
    }


@app.get("/")
async def home() -> dict[str, str]:
    """Not a chat route: passes through untouched."""
    return {"hello": "world"}


app.add_middleware(guardrail.GuardrailMiddleware, guard=guardrail.build())
