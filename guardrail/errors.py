"""Every exception we raise.

::

    GuardrailError
    ├── ConfigError          a setting or policy file is wrong; carries every mistake found
    │   └── PolicyError
    ├── RequestError         the client's request cannot be served; carries an HTTP status
    │   ├── WireError        the body is not what the route's wire promises
    │   ├── IdentityError    an identity is forged, duplicated or unverifiable
    │   └── BodyError        too large, too slow, too deep
    ├── ReplyError           the backend's reply cannot be read
    ├── UpstreamError        the backend cannot be reached or broke off
    ├── ClassifierError      a classifier could not answer (becomes Assessment.failed)
    ├── StoreError           the store could not read or write
    │   └── VaultError       the key of the encrypted texts is wrong or not at hand
    └── MissingExtra         an optional dependency is absent; the message says what to install
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BodyError",
    "ClassifierError",
    "ConfigError",
    "GuardrailError",
    "IdentityError",
    "MissingExtra",
    "Mistake",
    "PolicyError",
    "ReplyError",
    "RequestError",
    "StoreError",
    "UpstreamError",
    "VaultError",
    "WireError",
]


class GuardrailError(Exception):
    """The root: catch this to catch all of ours."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a file, where it stands, and what would mend it.

    Line 0 is no line: the file as a whole, or a setting that no file holds.
    """

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.message}{tail}"

    @property
    def place(self) -> str:
        """`file:line`, for editors and grep; the file alone if there is no line."""
        return f"{self.file}:{self.line}" if self.line else self.file


class ConfigError(GuardrailError):
    """Settings are wrong. `mistakes` holds all of them, not only the first."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(m) for m in mistakes))
        self.mistakes = tuple(mistakes)


class PolicyError(ConfigError):
    """A policy file is wrong; the loader refuses, it never guesses."""


class RequestError(GuardrailError):
    """The client's fault. `status` is the HTTP status, `code` a stable machine-readable word."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status or type(self).status
        self.code = code or type(self).code


class WireError(RequestError):
    """The body is not what the route's wire promises."""

    code = "invalid_body"


class IdentityError(RequestError):
    """An identity is forged, duplicated or unverifiable."""

    status = 401
    code = "invalid_identity"


class BodyError(RequestError):
    """The body is too large (413), too slow (408) or nested too deep (400)."""

    status = 413
    code = "body_refused"


class ReplyError(GuardrailError):
    """The backend's reply cannot be read in the route's wire."""


class UpstreamError(GuardrailError):
    """The backend cannot be reached, or broke off."""


class ClassifierError(GuardrailError):
    """A classifier could not answer. `kind` is a short word for counters, such as "timeout"."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind = kind


class StoreError(GuardrailError):
    """The store could not read or write."""


class VaultError(StoreError):
    """The master key is wrong or not at hand; the message never holds key or text."""


class MissingExtra(GuardrailError):
    """An optional dependency is absent. The message holds the exact install line."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'companion-guardrail[{extra}]'")
