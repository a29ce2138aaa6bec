"""One fine-tuning from rows to a folder that serves, with figures of before and after."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

import guardrail
from guardrail.classify.manifest import ENCODER, TOKENIZER
from guardrail.config import load_settings
from guardrail.errors import ConfigError, Mistake
from guardrail.evaluate.judge import Judged, judge
from guardrail.scoring import Scorer
from guardrail.train.calibration import refitted
from guardrail.train.coding import Coded, coded
from guardrail.train.export import answers, quantised, settled
from guardrail.train.folder import Parent, allowed, manifest, written
from guardrail.train.loop import CHECKPOINT, Examples, Plan, Step, device, train
from guardrail.train.rows import FEW, Own, counted, few, fingerprint, learnable, read_own, split
from guardrail.train.table import compared
from guardrail.train.weights import rebuilt

__all__ = ["FIGURES", "Job", "Watch", "fine_tune"]

FIGURES = "training.json"
"""What the command printed, beside the model. No text of any row is in it."""
LIMIT = 96
"""Tokens of a row in training, as when the model was made."""


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked for. `model` is the folder to start from, `None` the shipped one."""

    data: Sequence[Path]
    out: Path
    model: Path | None = None
    keep: Sequence[Path] = ()
    epochs: int = 3
    rate: float = 5e-5
    hold_out: float = 0.2
    seed: int = 1
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far it is: `say` a line, `step` each step, `scored` each row of a table."""

    say: Callable[[str], object] = lambda _: None
    step: Callable[[Step], object] = lambda _: None
    score: Callable[[str, int], Callable[[], object]] = lambda _what, _total: lambda: None


def fine_tune(job: Job, watch: Watch) -> dict[str, Any]:
    """Train, write the new model's folder, and say what came of it, ready for JSON.

    Raises:
        ConfigError: a folder or a row is not as it has to be; nothing was written then.
        OSError: the folder cannot be written.
    """
    parent = Parent.read(job.model)
    allowed(job.out, parent.folder, CHECKPOINT, resume=job.resume)
    rows = read_own(job.data, parent.manifest.outputs)
    learnable(rows)
    keep = read_own(job.keep, parent.manifest.outputs) if job.keep else []
    own, held = split(rows, job.hold_out)
    if not own:
        problem = "no row is left to train on: all are held out"
        raise ConfigError([Mistake(str(job.data[0]), 0, problem, "give more rows")])
    warnings = list(_warnings(own, held, job))
    for line in warnings:
        watch.say(f"warning: {line}")
    start = rebuilt(parent.files[ENCODER], str(parent.folder / ENCODER))
    job.out.mkdir(parents=True, exist_ok=True)
    before = [_judged(parent.folder, part, "before", watch) for part in (held, keep)]
    plan = _plan(parent, job)
    watch.say(f"{len(own)} rows to train on, {len(held)} held out; on {_named(device())}")
    tokenizer = Tokenizer.from_buffer(parent.files[TOKENIZER])
    examples, unseen = (_examples(part, tokenizer, parent) for part in (own, held))
    net = train(start.net, examples, unseen, plan, folder=job.out, tell=watch.step)
    with tempfile.TemporaryDirectory(dir=job.out) as work:
        quantised(settled(net, start.grid, job.seed), Path(work), Path(work) / ENCODER)
        (Path(work) / ENCODER).replace(job.out / ENCODER)
    calibration, moved = refitted(parent.raw, held, _answered(job, held, tokenizer, parent))
    data = _data(job, own, held)
    said = manifest(parent, (job.out / ENCODER).read_bytes(), calibration, data)
    written(job.out, parent, said)
    after = [_judged(job.out, part, "after", watch) for part in (held, keep)]
    (job.out / CHECKPOINT).unlink()
    result = {
        "model": said["version"],
        "parent": said["parent"],
        "folder": str(job.out),
        "data": data,
        "warnings": warnings,
        "bias_moved": moved,
        "hold_out": compared(before[0], after[0]),
        "keep": compared(before[1], after[1]),
    }
    (job.out / FIGURES).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return result


def _warnings(own: Sequence[Own], held: Sequence[Own], job: Job) -> Any:
    rare = few(counted(own))
    if rare:
        told = ", ".join(f"{name} {n}" for name, n in rare.items())
        yield f"fewer than {FEW} harmful rows to learn from: {told}"
    if job.hold_out and not any(n["positives"] for n in counted(held).values()):
        yield "no harmful row is held out: the table says little"


def _plan(parent: Parent, job: Job) -> Plan:
    hashes = "".join(fingerprint(job.data).values())
    whole = hashlib.sha256(hashes.encode()).hexdigest()
    version = parent.manifest.version
    return Plan(version, whole, job.epochs, job.rate, job.hold_out, job.seed)


def _data(job: Job, own: Sequence[Own], held: Sequence[Own]) -> dict[str, Any]:
    """What the manifest says of the rows and the run."""
    return {
        "files": fingerprint(job.data),
        "rows": len(own) + len(held),
        "trained": len(own),
        "held_out": len(held),
        "counts": counted(own),
        "run": {
            k: v for k, v in asdict(job).items() if k in ("epochs", "rate", "hold_out", "seed")
        },
        "guardrail": guardrail.__version__,
    }


def _coded(rows: Sequence[Own], tokenizer: Tokenizer, limit: int) -> list[Coded]:
    return coded([own.said for own in rows], tokenizer, limit)


def _examples(rows: Sequence[Own], tokenizer: Tokenizer, parent: Parent) -> Examples:
    outputs = parent.manifest.outputs
    known = [[float(own.truth.get(name, math.nan)) for name in outputs] for own in rows]
    limit = min(LIMIT, parent.manifest.max_tokens)
    truth = torch.tensor(known, dtype=torch.float32).reshape(-1, len(outputs))
    return Examples(_coded(rows, tokenizer, limit), truth)


def _answered(job: Job, held: Sequence[Own], tokenizer: Tokenizer, parent: Parent) -> Any:
    pairs = _coded(held, tokenizer, parent.manifest.max_tokens)
    return answers(job.out / ENCODER, pairs, threads=torch.get_num_threads())


def _judged(folder: Path, rows: Sequence[Own], when: str, watch: Watch) -> Judged:
    """As `guardrail eval` would, whatever the environment sets."""
    wanted: Mapping[str, Any] = {"classifier": {"kind": "onnx", "model": str(folder)}}
    scorer = Scorer.load(load_settings(None, {}, wanted))

    async def judged() -> Judged:
        found = await judge(scorer, [own.row for own in rows], watch.score(when, len(rows)))
        await scorer.close()
        return found

    return asyncio.run(judged())


def _named(where: str) -> str:
    return str(torch.cuda.get_device_name()) if where == "cuda" else "the CPU"
