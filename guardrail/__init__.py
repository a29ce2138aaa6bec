"""Emotional safety for companion chatbots: a screening reverse proxy and ASGI middleware.

::

    import guardrail

    guard = guardrail.build("guardrail.yaml")
    app = guardrail.GuardrailMiddleware(app, guard=guard)

Importing this package opens nothing, reads no environment and sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from guardrail.middleware import GuardrailMiddleware
    from guardrail.responder import Guard
    from guardrail.wiring import build

__all__ = ["Guard", "GuardrailMiddleware", "__version__", "build"]

_HOMES = {
    "Guard": "guardrail.responder",
    "GuardrailMiddleware": "guardrail.middleware",
    "build": "guardrail.wiring",
}


def __getattr__(name: str) -> Any:
    """The face, fetched when it is first asked for: submodules stay importable on their own."""
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the package itself imports nothing

    return getattr(import_module(_HOMES[name]), name)


def _version() -> str:
    """The installed version, or "0" in a tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 20 ms

    try:
        return version("companion-guardrail")
    except PackageNotFoundError:
        return "0"
