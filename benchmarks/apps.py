"""The servers that are measured. Each is its own process: `python benchmarks/apps.py NAME PORT …`.

upstream     a mock chat backend (plain ASGI): whole, after `delay` seconds, or 60 events at `pace` per second
passthrough  our `Upstream` app alone: what any Python reverse proxy of this kind costs
guard        the proxy as shipped, with the classifier given: `onnx` as shipped, `lexicon` without a
             model, `cascade` with the first stage before the encoder; `during` judges during the call
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from typing import Any

import uvicorn

REPLY = "That sounds like a long day. What was the nicest part of it? "
TEXT = (
    "Basil likes light more than anything, so a window to the south is best. Water it in the morning, "
    "from below, and only when the top of the soil is dry. Pinch the tips off above a pair of leaves and "
    "it grows bushy. Once it flowers the leaves turn bitter, so cut those early. In winter, keep it "
    "warm."
)
WORDS = TEXT.split(" ")


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answer every chat request at once, or stream 60 words at the pace asked for."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    heard = time.perf_counter()
    asked = json.loads(body)
    if not asked.get("stream"):
        if asked.get("delay"):
            await asyncio.sleep(asked["delay"])
        data = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "mock",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": asked.get("say", REPLY)},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 50, "completion_tokens": 15, "total_tokens": 65},
        }
        raw = json.dumps(data).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
        headers.append((b"x-heard", b"%.6f" % heard))  # the load generator's clock is the same
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": raw})
        return
    await _stream(asked, send)


async def _stream(asked: dict[str, Any], send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    pace = 1.0 / asked.get("pace", 50)
    loop = asyncio.get_running_loop()
    due = loop.time()
    for number, word in enumerate([*WORDS, None]):
        delta = {"content": word + " "} if word is not None else {}
        data = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "mock",
            "choices": [
                {"index": 0, "delta": delta, "finish_reason": None if word is not None else "stop"}
            ],
        }
        raw = b"data: " + json.dumps(data).encode() + b"\n\n"
        await send({"type": "http.response.body", "body": raw, "more_body": True})
        due += pace
        if number < len(WORDS):
            await asyncio.sleep(max(0.0, due - loop.time()))
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})


def passthrough(target: str) -> Any:
    """The proxy without the guard."""
    from guardrail.proxy import AiohttpTransport, Upstream

    return Upstream(AiohttpTransport(target))


def httpx_passthrough(target: str) -> Any:
    """The same with httpx, the library everybody knows."""
    import httpx

    from guardrail.proxy import HttpxTransport, Upstream

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=256)
    return Upstream(HttpxTransport(target, httpx.AsyncClient(limits=limits, timeout=60)))


def guard(target: str, kind: str) -> Any:
    """The proxy as shipped."""
    from guardrail.config import load_settings
    from guardrail.serving import proxy_app, settle_memory
    from guardrail.wiring import assemble

    folder = tempfile.mkdtemp(prefix="bench-")
    classifier = {"kind": "lexicon" if kind == "lexicon" else "onnx", "cascade": kind == "cascade"}
    judge = "during_call" if kind == "during" else "before_call"
    routes = [{"path": "/v1/chat/completions", "judge": judge}]
    overrides = {"classifier": classifier, "data": folder, "upstream": {"url": target}}
    overrides["routes"] = routes
    made = proxy_app(assemble(load_settings(None, {}, overrides)), target)
    settle_memory()
    return made


def main() -> None:
    """Run one of them until it is killed."""
    name, port, *rest = sys.argv[1:]
    made = {
        "upstream": lambda: upstream,
        "passthrough": lambda: passthrough(rest[0]),
        "httpx": lambda: httpx_passthrough(rest[0]),
        "guard": lambda: guard(rest[0], rest[1]),
    }[name]()
    uvicorn.run(  # as `serving` does it
        made,
        host="127.0.0.1",
        port=int(port),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=name == "upstream",
    )


if __name__ == "__main__":
    main()
