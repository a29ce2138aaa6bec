"""Which requests are chat. Pure.

A path that a lenient backend would take for a chat route must not slip past the guard because it
is spelt differently: `//v1/chat/completions`, `/V1/Chat/Completions/` and `/v1/x/../chat/completions`
are looked up by what they mean. (Percent-encoding is already undone in an ASGI path.)
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from guardrail.errors import ConfigError, Mistake
from guardrail.wire.base import Wire

__all__ = ["NONE", "Route", "RouteTable", "repeated"]

NONE = (
    "routes: there is no chat route, so the guard would judge nothing",
    "leave routes out for /v1/chat/completions",
)
"""What to say of an empty list, and the hint."""

_PARAMETER = re.compile(r"\\\{[a-z_]+\\\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A path on which people chat, and the format they chat in.

    `{name}` in a path stands for one segment: `/openai/deployments/{name}/chat/completions`. `tenant`
    names the app that people come through; moderators may be there for one tenant alone. `region` is
    where those are of whom nothing nearer says so. `early`: the backend is asked while a turn is
    still being judged, where nothing but the judgement could keep it from the bot.
    """

    path: str
    wire: Wire
    method: str = "POST"
    tenant: str = ""
    region: str = ""
    early: bool = False


class RouteTable:
    """Finds the route of a request, or says that it has none.

    Raises:
        ConfigError: there is no route, so the guard would judge nothing; or two are the same.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        if not routes:
            raise ConfigError([Mistake("settings", 0, *NONE)])
        if twice := repeated([(route.method, route.path) for route in routes]):
            said = "stands twice among the routes"
            raise ConfigError(
                [
                    Mistake("settings", 0, f"{routes[n].method} {routes[n].path} {said}")
                    for n in twice
                ]
            )
        plain = [r for r in routes if "{" not in r.path]
        self._exact = {(r.method, _meaning(r.path)): r for r in plain}
        self._patterns = [(_pattern(r.path), r) for r in routes if "{" in r.path]

    def find(self, method: str, path: str) -> Route | None:
        """The route of this request."""
        plainly = self._exact.get((method, path))  # as nearly everybody writes it
        if plainly is not None:
            return plainly
        meaning = _meaning(path)
        route = self._exact.get((method, meaning))
        if route is not None:
            return route
        for pattern, candidate in self._patterns:
            if candidate.method == method and pattern.fullmatch(meaning):
                return candidate
        return None


def repeated(routes: Sequence[tuple[str, str]]) -> dict[int, int]:
    """Of routes, each as method and path: which are the same as one before, and as which.

    A path with `{name}` in it and one without may both fit a request: then the plain one counts.
    """
    first: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    for number, (method, path) in enumerate(routes):
        plain = "{" not in path
        meant = (method, _meaning(path) if plain else f"~{_pattern(path).pattern}")
        if meant in first:
            found[number] = first[meant]
        first.setdefault(meant, number)
    return found


def _meaning(path: str) -> str:
    collapsed = re.sub(r"/{2,}", "/", path.replace("\\", "/"))
    return posixpath.normpath(collapsed).lower()


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", re.escape(_meaning(path))))
