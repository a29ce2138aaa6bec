"""The house stands: floors, circles, budgets, and nothing done on import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "guardrail"

# Ground floor first. A module may import from lower floors only; modules of one room (a folder)
# may import each other as long as no circle comes of it. A name stands for itself or its room.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "errors",
        "_sentences",
        "_articles",
        "_data",
        "_library_log",
        "_yaml",
        "_families",
        "_letter_words",
        "counters",
        "scale",
        "goodbyes",
        "leaning",
        "omissions",
        "distress",
        "unsafe",
        "demeaning",
        "_attempting_english",
        "_attempting_chinese",
        "eating",
        "demo.scripts",
    ),
    (
        "turn",
        "_about_people",
        "_said_once",
        "household",
        "_asgi",
        "_layers",
        "_protocol_words",
        "_tables",
        "roles",
        "vault",
        "merkle",
    ),
    (
        "person",
        "_claims",
        "_front",
        "_letter_gauges",
        "_user_gauges",
        "rota",
        "_about_reading",
        "_about_now_english",
        "_about_now_chinese",
        "preparing",
        "attempting",
        "thinking",
    ),
    (
        "_about_english",
        "_about_chinese",
        "_calls",
        "_hops",
        "_case",
        "_strand",
        "session",
        "identity",
        "dependence",
        "policy.model",
        "policy.parts",
        "classify.base",
        "wire.base",
    ),
    (
        "screen",
        "wire",
        "classify",
        "policy",
        "limits",
        "about",
        "actions",
        "duties",
        "persona",
        "helplines",
        "store",
        "assess",
        "routes",
        "proxy",
        "sockets",
    ),
    ("letterbook",),
    ("_case_fold", "_case_queue"),
    (
        "redact",
        "explain",
        "cases",
        "acts",
        "wards",
        "wardday",
        "visits",
        "complaints",
        "care",
        "passages",
        "metrics",
        "config",
        "client",
        "door",
        "demo",
        "_backend",
        "policy.given",
        "policy.trial",
        "letters",
        "takeover",
    ),
    ("audit", "people", "desk", "protocol", "memory", "_own_words", "report.document"),
    ("report.figures", "report.suppress"),
    ("report.usage",),
    ("staff", "journal"),
    ("review",),
    ("engine", "exchange", "human"),
    ("responder", "wellknown", "console.seats", "_servers"),
    ("middleware", "listening", "admin"),
    ("console", "portal"),
    ("wiring",),
    ("staffing",),
    ("assessed",),
    ("checking",),
    ("_doctor_people",),
    ("scoring", "doctor", "serving", "testing", "_terminal"),
    (
        "evaluate",
        "audit_commands",
        "policy_commands",
        "privacy_commands",
        "accounts_commands",
        "report",
        "staff_commands",
    ),
    ("train",),
    ("cli",),
    ("__main__", "__init__"),
)
SINGLE_HOMES = {  # a dependency that only these modules may know
    "onnxruntime": {"classify._runtime", "train.export"},
    "onnx": {"train.export", "train.weights", "train.commands"},
    "tokenizers": {"classify.onnx", "train.coding", "train.run"},
    "torch": {"classify.transformers", "train"},
    "transformers": {"classify.transformers"},
    "aiohttp": {"proxy", "sockets", "staff.egress"},
    "fastapi": {"admin", "console", "portal", "staffing"},
    "jinja2": {"console", "portal", "staff.templates"},
    "argon2": {"staff.proofs"},
    "pyotp": {"staff.proofs"},
    "segno": {"console"},
    "authlib": {"staff.oidc"},
    "cryptography": {"store._sealing", "staff.notes", "staff.check_export"},
    "standardwebhooks": {"staff.webhooks"},
    "aiosmtplib": {"staff.mail"},
    "prometheus_client": {"metrics", "_families", "_letter_gauges", "_user_gauges"},
    "sqlite3": {"store"},
    "ahocorasick_rs": {"classify.lexicon"},
    "uvicorn": {"_servers", "door"},
    "typer": {
        "cli",
        "_terminal",
        "audit_commands",
        "evaluate.commands",
        "policy_commands",
        "privacy_commands",
        "accounts_commands",
        "report.commands",
        "train.commands",
    },
    "matplotlib": {"evaluate.plots"},
    "sklearn": {"evaluate.plots", "evaluate.figures"},
}
# Cannot be imported without the extra `train`; what needs one of them imports it when it is called.
OF_EXTRA = {f"train.{name}" for name in ("net", "weights", "export", "loop", "run")}
PURE = ("turn", "household", "acts", "wards", "wardday", "visits", "person", "about", "goodbyes", "leaning", "omissions", "distress", "unsafe", "demeaning", "eating", "preparing", "attempting", "_attempting_english", "_attempting_chinese", "thinking", "_about_reading", "_about_people", "_about_now_english", "_about_now_chinese", "_said_once", "_about_english", "_about_chinese", "screen", "_strand", "session", "limits", "actions", "duties", "dependence", "persona", "helplines", "care", "passages", "redact", "cases", "_case", "_case_fold", "_case_queue", "roles", "merkle", "letters", "letterbook", "takeover", "rota", "complaints", "protocol", "policy.decide", "policy.stack", "wire")  # fmt: skip


def name_of(path: Path) -> str:
    """`guardrail/wire/sse.py` → `wire.sse`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


FILES = {name_of(p): p for p in sorted(PACKAGE.rglob("*.py")) if "_data" not in p.parts[:-1]}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}


def imports(name: str) -> set[str]:
    """Everything a module imports, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def ours(name: str) -> set[str]:
    """The modules of ours that a module imports."""
    inner = {i.removeprefix("guardrail.") for i in imports(name) if i.startswith("guardrail.")}
    return {i for i in inner if i in FILES and i != name}


def floor(name: str) -> int:
    """The floor of a module; its own entry counts over its room's."""
    for candidate in (name, name.partition(".")[0]):
        for number, names in enumerate(FLOORS):
            if candidate in names:
                return number
    pytest.fail(f"{name} stands on no floor: give it a place in FLOORS")


def room(name: str) -> str:
    """The folder of a module."""
    return name.rpartition(".")[0] or name


@pytest.mark.parametrize("name", sorted(FILES))
def test_imports_only_go_down(name):
    """A module imports from lower floors, or from its own room."""
    if name == "__init__":
        return  # the face fetches lazily
    up = [i for i in ours(name) if floor(i) >= floor(name) and not shares_room(i, name)]
    assert not up, f"{name} (floor {floor(name)}) imports {[(i, floor(i)) for i in up]}"


def shares_room(a: str, b: str) -> bool:
    """Whether both stand in one folder or one in a folder inside the other's."""
    return "." in a + b and a.partition(".")[0] == b.partition(".")[0]


def test_there_is_no_circle():
    """Not even for types."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for other in ours(name) - {"__init__"}:
                visit(other, (*path, name))
            done.add(name)

    for name in FILES:
        visit(name, ())


@pytest.mark.parametrize("name", sorted(FILES))
def test_budgets(name):
    """A file has at most 400 lines, a function at most 50 (its docstring not counted)."""
    lines = FILES[name].read_text("utf-8").count("\n")
    assert lines <= 400, f"{name} has {lines} lines"
    for node in ast.walk(TREES[name]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                length = (body[-1].end_lineno or 0) - node.lineno + 1
                if ast.get_docstring(node):
                    first = node.body[0]
                    length -= (first.end_lineno or 0) - first.lineno + 1
                assert length <= 50, f"{name}.{node.name} has {length} lines"


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_dependency_has_one_home(name):
    """A library is imported where its port is answered, nowhere else."""
    for library, homes in SINGLE_HOMES.items():
        used = any(i == library or i.startswith(library + ".") for i in imports(name))
        allowed = name in homes or name.partition(".")[0] in homes
        assert allowed or not used, f"{name} imports {library}"


@pytest.mark.parametrize("name", sorted(n for n in FILES if n in PURE or room(n) in PURE))
def test_what_decides_does_no_io(name):
    """Pure modules have no coroutine and import nothing that waits or looks outside."""
    tree = TREES[name]
    assert not any(isinstance(n, ast.AsyncFunctionDef) for n in ast.walk(tree)), name
    outside = {"asyncio", "os", "socket", "time", "logging", "structlog", "random", "secrets"}
    assert not outside & {i.partition(".")[0] for i in imports(name)}, name


def test_broad_handlers_are_where_they_are_named():
    """At the face's last line, the sink fence, the wrapped app and the store's thread."""
    broad = set()
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                kind = ast.unparse(node.type) if node.type else "everything"
                if kind in ("everything", "Exception", "BaseException"):
                    broad.add(name)
    assert broad <= {"responder", "engine", "_backend", "store._worker"}, broad


def test_nothing_is_global():
    """No `global` statement and no ContextVar anywhere."""
    for name, tree in TREES.items():
        assert not any(isinstance(n, ast.Global) for n in ast.walk(tree)), name
        assert "contextvars" not in imports(name), name


PROBE = """
import builtins, os, socket, sys, threading

def closed(*a, **k):
    raise AssertionError("opened on import")

real = dict(os.environ)

class Closed(dict):  # libraries may look (pydantic does); we may not
    def look(self, key, default=None):
        callers = [sys._getframe(n).f_code.co_filename for n in (1, 2, 3)]
        if any("/guardrail/" in name for name in callers):
            raise AssertionError(f"environment read on import: {key}")
        return real.get(key, default)
    __getitem__ = get = look
    def __contains__(self, key):
        return self.look(key) is not None

import pydantic, fastapi, aiohttp, httpx, numpy, onnxruntime, tokenizers, uvicorn, typer  # theirs
import rich.console, structlog, watchfiles, prometheus_client, joserfc.jwt, ruamel.yaml
import orjson, ahocorasick_rs, rich.progress
import aiosmtplib, standardwebhooks
from uvicorn.protocols.http import httptools_impl
before = threading.active_count()
socket.socket = closed
socket.create_connection = closed
os.environ = Closed()
for name in sys.argv[1].split(","):
    __import__(name)
assert threading.active_count() == before, "a thread was started on import"
extras = {"torch", "transformers", "matplotlib", "sklearn", "onnx"}
assert not extras & set(sys.modules), "an extra was imported"
print("clean")
"""


def test_importing_opens_nothing():
    """Every module can be imported with sockets and environment shut, and without extras."""
    names = [f"guardrail.{n}" for n in FILES.keys() - OF_EXTRA - {"__init__", "__main__"}]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, ",".join(["guardrail", *names])],
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},  # it is imported before we are
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stdout.strip() == "clean", done.stderr[-2000:]


def test_the_model_runs_without_telemetry(tmp_path):
    """ONNX Runtime's is off: no thread of its own, nothing written at home."""
    code = (
        "import os, guardrail.classify.onnx; "
        "print(len(os.listdir('/proc/self/task')), os.environ.get('ORT_DISABLE_TELEMETRY'))"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG", "ORT"))}
    env |= {"HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "None"], "set for the library alone"
    assert not list(tmp_path.rglob("*"))


def test_the_package_itself_imports_nothing():
    """`import guardrail` brings in no third-party package."""
    code = "import sys; b=set(sys.modules); import guardrail; print(sorted(set(sys.modules)-b))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    added = {m.partition(".")[0] for m in ast.literal_eval(done.stdout)}
    assert added <= {"guardrail", *sys.stdlib_module_names}, added
