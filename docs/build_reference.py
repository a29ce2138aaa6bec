"""Writes the generated parts of the docs: settings reference, JSON Schemas, conformance table.

Run `make docs`; `tests/docs/test_reference.py` fails when the files differ from what this gives.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from guardrail.config import Settings, settings_schema
from guardrail.policy.schema import FILES, render

DOCS = Path(__file__).parent
POLICIES = DOCS.parent / "policies"

HEAD = """# Settings

Generated from `guardrail/config.py` and the tables beside it; do not edit. One YAML file (`guardrail.yaml` in the working
directory, or `--config FILE`), environment variables (`GUARDRAIL__SECTION__KEY`), or the command
line; the later wins. `${env:NAME}` and `${file:/path}` stand for secrets. `guardrail check` says
every mistake at once. Editors complete the file with `docs/settings.schema.json`.

"""


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Every setting: dotted name, default, description."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from rows(kind, f"{prefix}{name}.")
            continue
        yield prefix + name, _default(field), field.description or ""


def _default(field: Any) -> str:
    if field.default_factory is not None:
        return "`{}`"
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or field.default in ("", ()):
        return "–"
    value = field.default
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        value = [item.model_dump() for item in value]
    elif isinstance(value, tuple):
        value = list(value)
    return f"`{value if not isinstance(value, Path) else str(value)}`"


def settings_page() -> str:
    """The reference page."""
    lines = [HEAD, "| setting | default | what it does |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {text} |" for name, default, text in rows(Settings)]
    for title, model in tables(Settings):
        lines += ["", f"### {title}", "", "| key | default | what it does |", "|---|---|---|"]
        lines += [f"| `{name}` | {default} | {text} |" for name, default, text in rows(model)]
    return "\n".join(lines) + "\n"


def tables(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Lists of tables, and tables that need not be there: those have no rows of their own above."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from tables(kind, f"{prefix}{name}.")
            continue
        listed = get_origin(kind) is tuple
        for part in get_args(kind):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield f"{'Each entry of ' * listed}`{prefix}{name}`", part


def outputs() -> dict[Path, str]:
    """Every generated file and its content."""
    duties = runpy.run_path(str(DOCS / "build_duties.py"))["pages"]()
    schemas = {POLICIES / name: render(make()) for name, make in FILES.items()}
    return (
        schemas
        | duties
        | {
            DOCS / "settings.md": settings_page(),
            DOCS / "settings.schema.json": json.dumps(settings_schema(), indent=2) + "\n",
        }
    )


if __name__ == "__main__":
    for path, text in outputs().items():
        path.write_text(text, "utf-8")
        print(path.name)
