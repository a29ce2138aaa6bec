"""Measures the proxy against a bare pass-through and a direct call, in one run.

    python benchmarks/run.py [--seconds 5] [--out docs/benchmarks.md] [--litellm BIN/litellm]

The server under test has one core, load generator and mock backend share the other. Machines are
noisy: read the ratios, and the rounds' spread, not single figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from load import Result, closed_loop, streams

HERE = Path(__file__).parent
SERVED, OTHERS = {0}, {1}  # cores
ROUNDS = 3
DELAY = 0.3  # seconds that the patient backend takes
PEER_ENVIRONMENT = {  # no calls to anybody, no key: both sides run without authentication
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
}
LINE = (
    "so today my sister called and we talked about grandma's garden, the tomatoes are finally red "
    "and she says i should come over on sunday to help with the fence and eat some of that plum "
    "cake, honestly i needed that call more than i knew, really"
)  # 64 tokens with their marks, in the shipped tokenizer


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def server(name: str, *arguments: str, cores: set[int]) -> Iterator[tuple[int, int]]:
    """One server process, pinned; gives its port and process id."""
    port = free_port()
    folder = None
    command = [sys.executable, str(HERE / "apps.py"), name, str(port), *arguments]
    environment = dict(os.environ)
    if name == "litellm":
        binary, target = arguments
        folder = _litellm_folder(target)
        command = [binary, "--config", "config.yaml", "--port", str(port)]
        command += ["--host", "127.0.0.1", "--telemetry", "False"]
        environment |= PEER_ENVIRONMENT
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509
    )
    try:
        for _ in range(2400):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _litellm_folder(target: str) -> str:
    """Where the peer finds its settings and its guardrail."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    shutil.copy(HERE / "peer" / "noop.py", folder)
    settings = {
        "model_list": [
            {
                "model_name": "mock",
                "litellm_params": {
                    "model": "openai/mock",
                    "api_base": target + "/v1",
                    "api_key": "x",
                },
            }
        ],
        "guardrails": [
            {
                "guardrail_name": "noop",
                "litellm_params": {
                    "guardrail": "noop.Noop",
                    "mode": ["pre_call", "post_call"],
                    "default_on": True,
                },
            }
        ],
    }
    (folder / "config.yaml").write_text(json.dumps(settings))  # JSON is YAML
    return str(folder)


def chat(
    text: str, number: int, *, stream: bool = False, first: bool = False, **more: float
) -> bytes:
    """A request of about 1 KB: a short history, unless it is the first turn, and what is measured."""
    greeting = [
        {"role": "user", "content": f"hello {number}"},
        {"role": "assistant", "content": "Hello! How has your day been so far?"},
    ]
    messages = [
        {"role": "system", "content": "You are Mei, a warm companion. " * 8 + f"{number}" * first},
        *([] if first else greeting),
        {"role": "user", "content": text},
    ]
    return json.dumps({"model": "mock", "stream": stream, "messages": messages, **more}).encode()


def memory(pid: int) -> float:
    """Resident MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def cold_start() -> float:
    """Seconds from the command to a ready proxy, model loaded."""
    port, admin = free_port(), free_port()
    command = [sys.executable, "-m", "guardrail", "demo", "--port", str(port)]
    command += ["--admin-port", str(admin), "--data", f"/tmp/bench-cold-{port}"]  # noqa: S108
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz", timeout=1) as got:
                    if got.status == 200:
                        return time.perf_counter() - began
            except OSError:
                time.sleep(0.02)
    finally:
        process.terminate()
        process.wait(30)


class Table:
    """Rows of a Markdown table."""

    def __init__(self, *heads: str) -> None:
        self.lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]

    def add(self, *cells: str) -> None:
        """One row."""
        self.lines.append("| " + " | ".join(cells) + " |")
        print(self.lines[-1], flush=True)


def spread(values: list[float], form: str = "{:.2f}") -> str:
    """Median (least to most)."""
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(statistics.median(values))} ({low}–{high})"


async def requests(
    seconds: float, target: str, upstream_port: int, litellm: str | None
) -> tuple[Table, dict[str, float]]:
    """Whole answers: latency alone, throughput with 16 clients."""
    table = Table(
        "server", "p50 ms, 1 client", "p99 ms, 1 client", "requests/s, 16 clients", "RSS MB"
    )
    bodies = [chat(LINE, n) for n in range(40)]  # as many conversations, known after the warm-up
    variants = [
        ("direct", None),
        ("bare pass-through (aiohttp)", ("passthrough", target)),
        ("bare pass-through (httpx)", ("httpx", target)),
        ("guardrail, rules + static", ("guard", target, "lexicon")),
        ("guardrail as shipped, with encoder", ("guard", target, "onnx")),
        ("guardrail, first stage before it", ("guard", target, "cascade")),
    ]
    if litellm:
        variants.append(("peer: LiteLLM proxy, one no-op guardrail", ("litellm", litellm, target)))
    p50: dict[str, float] = {}
    for name, arguments in variants:
        if arguments is None:
            alone, many = await measure(upstream_port, bodies, seconds)
            table.add(name, *cells(alone, many), "–")
        else:
            with server(*arguments, cores=SERVED) as (port, pid):
                alone, many = await measure(port, bodies, seconds)
                table.add(name, *cells(alone, many), f"{memory(pid):.0f}")
        p50[name] = statistics.median(r.percentile(0.5) for r in alone)
        p50[name + " rate"] = statistics.median(r.rate for r in many)
    return table, p50


async def patient(seconds: float, target: str, upstream_port: int) -> tuple[Table, float]:
    """A backend that takes as long as a model does; and what judging during the call still adds."""
    table = Table("server", "p50 ms, 1 client", "p99 ms, 1 client", "added p50 ms")
    bodies = [chat(LINE, n, delay=DELAY) for n in range(8)]
    variants = [
        ("direct", None),
        ("bare pass-through (aiohttp)", ("passthrough", target)),
        ("guardrail as shipped, with encoder", ("guard", target, "onnx")),
        ("guardrail, `judge: during_call`", ("guard", target, "during")),
    ]
    p50: list[float] = []
    for name, arguments in variants:
        if arguments is None:
            found = await alone(upstream_port, bodies, seconds)
        else:
            with server(*arguments, cores=SERVED) as (port, _):
                found = await alone(port, bodies, seconds)
        p50.append(statistics.median(r.percentile(0.5) for r in found))
        added = f"{p50[-1] - p50[1]:.1f}" if len(p50) > 2 else "–"
        cells = [spread([r.percentile(share) for r in found]) for share in (0.5, 0.99)]
        table.add(name, *cells, added)
    return table, p50[3] - p50[1]


async def halves(seconds: float, target: str) -> tuple[Table, dict[str, float]]:
    """What the encoder adds on the way to the backend, and on the way back."""
    table = Table("the person's turn", "added there, p50 ms", "added back, p50 ms")
    kinds = {"first": "64 tokens, the first", "later": "64 tokens, after a greeting (17 more)"}
    found: dict[str, list[tuple[float, float]]] = {}
    for server_ in ("passthrough", "guard"):
        arguments = (server_, target, *(["onnx"] if server_ == "guard" else []))
        with server(*arguments, cores=SERVED) as (port, _):
            for kind in kinds:
                bodies = [chat(LINE, n, first=kind == "first") for n in range(40)]
                rounds = await alone(port, bodies, seconds)
                there, back = zip(*(r.halves() for r in rounds), strict=True)
                medians = statistics.median(there), statistics.median(back)
                found.setdefault(kind, []).append(medians)
    added = {}
    for kind, name in kinds.items():
        bare, ours = found[kind]
        added[kind] = ours[0] - bare[0]
        table.add(name, f"{added[kind]:.1f}", f"{ours[1] - bare[1]:.1f}")
    return table, added


async def alone(port: int, bodies: list[bytes], seconds: float) -> list[Result]:
    """A warm-up, then rounds of one client."""
    await closed_loop(port, bodies, clients=1, seconds=4)
    found = [await closed_loop(port, bodies, clients=1, seconds=2 * seconds) for _ in range(ROUNDS)]
    assert not any(r.errors for r in found), "some requests failed"
    return found


async def measure(
    port: int, bodies: list[bytes], seconds: float
) -> tuple[list[Result], list[Result]]:
    """A warm-up, then rounds of both kinds in turn."""
    await closed_loop(port, bodies, clients=4, seconds=3)
    alone, many = [], []
    for _ in range(ROUNDS):
        alone.append(await closed_loop(port, bodies, clients=1, seconds=seconds))
        many.append(await closed_loop(port, bodies, clients=16, seconds=seconds))
    assert not any(r.errors for r in alone + many), "some requests failed"
    return alone, many


def cells(alone: list[Result], many: list[Result]) -> list[str]:
    """The figures of one server."""
    return [
        spread([r.percentile(0.5) for r in alone]),
        spread([r.percentile(0.99) for r in alone]),
        spread([r.rate for r in many], "{:.0f}"),
    ]


async def streaming(target: str, upstream_port: int) -> Table:
    """Streams of 60 words at 50 a second."""
    table = Table(
        "server", "streams", "first text p50 ms", "first text p99 ms", "gap p99 ms", "events"
    )
    variants = [
        ("direct", None),
        ("bare pass-through (aiohttp)", ("passthrough", target)),
        ("guardrail, rules + static", ("guard", target, "lexicon")),
        ("guardrail as shipped, with encoder", ("guard", target, "onnx")),
    ]
    for count in (10, 100):
        for name, arguments in variants:
            if arguments is None:
                table.add(name, str(count), *await stream_cells(upstream_port, count))
            else:
                with server(*arguments, cores=SERVED) as (port, _):
                    await stream_cells(port, 2)
                    table.add(name, str(count), *await stream_cells(port, count))
    return table


async def stream_cells(port: int, count: int) -> list[str]:
    """The figures of one run: every stream is a conversation of its own."""
    bodies = [chat("how do i keep a pot of basil alive?", n, stream=True) for n in range(count)]
    found = await streams(port, bodies)
    firsts = sorted(s.first for s in found)
    gaps = sorted(gap for s in found for gap in s.gaps)
    return [
        f"{1000 * statistics.median(firsts):.0f}",
        f"{1000 * firsts[int(0.99 * (len(firsts) - 1))]:.0f}",
        f"{1000 * gaps[int(0.99 * (len(gaps) - 1))]:.0f}" if gaps else "–",
        str(sum(s.events for s in found)),
    ]


def machine() -> str:
    """Which machine and which versions."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    names = ("uvicorn", "aiohttp", "httpx", "onnxruntime", "orjson")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    cpu = model[1] if model else platform.processor()
    python = f"Python {platform.python_version()} ({platform.python_compiler()}, {built()})"
    return f"{os.cpu_count()} cores of {cpu}, {platform.system()}, {python}, {versions}"


def built() -> str:
    """What is known of how the interpreter was made: it decides a fifth of the throughput."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        return "with --enable-optimizations"
    return "of the distribution" if sys.base_prefix == "/usr" else "without --enable-optimizations"


async def main() -> None:
    """Measure all of it and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    parser.add_argument("--litellm", help="the litellm program, to measure it as a peer")
    options = parser.parse_args()
    os.sched_setaffinity(0, OTHERS)
    with server("upstream", cores=OTHERS) as (upstream_port, _):
        target = f"http://127.0.0.1:{upstream_port}"
        whole, p50 = await requests(options.seconds, target, upstream_port, options.litellm)
        slow, during = await patient(options.seconds, target, upstream_port)
        parts, there = await halves(options.seconds, target)
        flow = await streaming(target, upstream_port)
    os.sched_setaffinity(0, SERVED)
    starts = [cold_start() for _ in range(3)]
    bare, bare_rate = (p50["bare pass-through (aiohttp)" + kind] for kind in ("", " rate"))
    template = (HERE / "page.md").read_text("utf-8")
    page = template.format(
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        seconds=f"{options.seconds:g}",
        rounds=ROUNDS,
        whole="\n".join(whole.lines),
        streams="\n".join(flow.lines),
        patient="\n".join(slow.lines),
        delay=f"{1000 * DELAY:.0f}",
        during=f"{during:.1f}",
        halves="\n".join(parts.lines),
        first=f"{there['first']:.1f}",
        static=f"{p50['guardrail, rules + static'] - bare:.2f}",
        encoder=f"{p50['guardrail as shipped, with encoder'] - bare:.1f}",
        rate=f"{p50['guardrail, rules + static rate']:.0f}",
        share=f"{100 * p50['guardrail, rules + static rate'] / bare_rate:.0f}",
        start=spread(starts, "{:.1f}"),
        payload=len(chat(LINE, 1)),
    )
    options.out.write_text(page, "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
