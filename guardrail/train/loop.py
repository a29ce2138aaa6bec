"""The training itself: a few gentle steps from where the model stands.

What a row knows is learnt from the row; what it leaves open is learnt from the model's own answer
before the first step, so that a label nobody spoke of is not forgotten.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from guardrail.errors import ConfigError, Mistake
from guardrail.train.coding import Coded
from guardrail.train.net import Companion

__all__ = ["CHECKPOINT", "Examples", "Plan", "Step", "device", "train"]

CHECKPOINT = "checkpoint.pt"
PAD = 1  # the tokeniser's
TOKENS = 512  # of a step: a few hundred rows should make more than a handful of steps
TOGETHER = 32  # rows that are asked at a time
FROZEN = ("word.", "position.", "segment.")  # a few rows would only spoil rare pieces
HEAD_TIMES = 10  # the head may go faster, as when the model was made
DECAY, CLIP = 0.01, 1.0
WARMUP = 0.1  # of all steps
LOWEST = 0.02  # of the rate, at the end
AVERAGE = 0.99  # at most: what is kept is a running mean of the weights
POSITIVE_WEIGHT = 2.0  # as when the model was made: its calibration expects it
DROPOUT_SEED, ORDER_SEED = 99, 77


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows as the net gets them. `truth` is (rows, outputs), NaN where nothing is known."""

    coded: Sequence[Coded]
    truth: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is; it can only be resumed as the same."""

    start: str  # version
    data: str  # fingerprint of the rows
    epochs: int
    rate: float
    hold_out: float
    seed: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is. At the end of an epoch, `held` is the loss on the rows held out, if any are."""

    epoch: int
    done: int
    total: int
    loss: float
    ended: bool = False
    held: float | None = None


@dataclass(slots=True)
class _State:
    """What moves, and what a checkpoint holds of it: the frozen part is the start's."""

    net: Companion
    mean: Companion
    optimizer: Any
    epoch: int = 0
    step: int = 0

    def save(self, path: Path, plan: Plan) -> None:
        """Write it whole or not at all: a run may be killed at any time."""
        draft = path.with_suffix(".part")
        content = {
            "plan": asdict(plan),
            "epoch": self.epoch,
            "step": self.step,
            "net": _moving(self.net),
            "mean": _moving(self.mean),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(content, draft)
        os.replace(draft, path)  # noqa: PTH105 - Path.replace says the same, but not that it is atomic

    def restore(self, path: Path, plan: Plan) -> None:
        """Go on after the last epoch that was finished.

        Raises:
            ConfigError: the checkpoint is of another run.
        """
        stored = torch.load(path, map_location="cpu", weights_only=True)
        other = [k for k, v in asdict(plan).items() if stored["plan"].get(k) != v]
        if other:
            problem = f"is of a run with another {', '.join(other)}"
            hint = "give the rows and options of that run, or another --out"
            raise ConfigError([Mistake(str(path), 0, problem, hint)])
        self.net.load_state_dict(stored["net"], strict=False)
        self.mean.load_state_dict(stored["mean"], strict=False)
        self.optimizer.load_state_dict(stored["optimizer"])
        self.epoch, self.step = stored["epoch"], stored["step"]


def device() -> str:
    """A GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def train(
    start: Companion,
    rows: Examples,
    held: Examples,
    plan: Plan,
    *,
    folder: Path,
    tell: Callable[[Step], object] = lambda _: None,
) -> Companion:
    """Fine-tune a copy of a net; the running mean of its weights, on the CPU.

    A checkpoint is left in `folder` after each epoch; one that lies there is gone on from. On a GPU
    it computes in bf16, otherwise in float.

    Raises:
        ConfigError: the checkpoint is of another run.
    """
    where = device()
    state = _begin(start, plan, where)
    if (folder / CHECKPOINT).exists():
        state.restore(folder / CHECKPOINT, plan)
    wanted = _targets(start.to(where).eval(), rows, where)
    start.cpu()
    orders = [_batches(rows.coded, random.Random(_mixed(plan, e))) for e in range(plan.epochs)]  # noqa: S311
    total = sum(map(len, orders))
    for epoch in range(state.epoch, plan.epochs):
        with torch.random.fork_rng(_gpus(where)):
            torch.manual_seed(plan.seed * DROPOUT_SEED + epoch)
            for batch in orders[epoch]:
                loss = _step(state, rows, wanted, batch, rate=plan.rate * _share(state.step, total))
                tell(Step(epoch + 1, state.step, total, loss))
        state.epoch = epoch + 1
        state.save(folder / CHECKPOINT, plan)
        tell(Step(epoch + 1, state.step, total, loss, True, _held(state.mean, held)))
    state.mean.cpu().eval()
    return state.mean


def _gpus(where: str) -> list[int]:
    """Those whose chance is drawn from."""
    return [torch.cuda.current_device()] if where == "cuda" else []


def _begin(start: Companion, plan: Plan, where: str) -> _State:
    net = copy.deepcopy(start).to(where)
    for name, weight in net.named_parameters():
        weight.requires_grad_(not name.startswith(FROZEN))
    named = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in named if not name.startswith("head.")], "times": 1},
        {"params": [p for name, p in named if name.startswith("head.")], "times": HEAD_TIMES},
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=DECAY)
    return _State(net, copy.deepcopy(net).eval(), optimizer)


def _step(state: _State, rows: Examples, wanted: Any, batch: list[int], *, rate: float) -> float:
    for group in state.optimizer.param_groups:
        group["lr"] = rate * group["times"]
    state.net.train()
    logits = _logits(state.net, [rows.coded[i] for i in batch])
    truth = rows.truth[batch].to(logits.device)
    loss = _loss(logits, truth, wanted[batch])
    loss.backward()
    moving = [p for p in state.net.parameters() if p.requires_grad]
    torch.nn.utils.clip_grad_norm_(moving, CLIP)
    state.optimizer.step()
    state.optimizer.zero_grad()
    state.step += 1
    keep = min(AVERAGE, state.step / (state.step + 10))
    with torch.no_grad():
        for mean, weight in zip(state.mean.parameters(), state.net.parameters(), strict=True):
            if weight.requires_grad:
                mean.lerp_(weight, 1 - keep)
    return float(loss.detach())


def _loss(logits: Any, truth: Any, wanted: Any) -> Any:
    """What rows know and what the start would answer, each as a mean over its pairs."""
    known = ~torch.isnan(truth)
    aim = torch.where(known, truth.nan_to_num(0.0), wanted)
    each = functional.binary_cross_entropy_with_logits(logits, aim, reduction="none")
    weight = known * (1 + (POSITIVE_WEIGHT - 1) * (aim > 0.5))  # noqa: PLR2004
    own = (each * weight).sum() / weight.sum().clamp_min(1)
    kept = (each * ~known).sum() / (~known).sum().clamp_min(1)
    return own + kept


def _held(net: Companion, held: Examples) -> float | None:
    known = ~torch.isnan(held.truth)
    if not known.any():
        return None
    logits = _asked(net, held.coded).cpu()
    return float(functional.binary_cross_entropy_with_logits(logits[known], held.truth[known]))


def _targets(net: Companion, rows: Examples, where: str) -> Any:
    """What the start answers, as probabilities, (rows, outputs)."""
    return _asked(net, rows.coded).sigmoid().to(where)


def _asked(net: Companion, coded: Sequence[Coded]) -> Any:
    """Logits of all rows, batches of like length, in evaluation mode."""
    net.eval()
    out = torch.zeros(len(coded), net.config.outputs)
    order = sorted(range(len(coded)), key=lambda i: len(coded[i][0]))
    with torch.no_grad():
        for at in range(0, len(order), TOGETHER):
            part = order[at : at + TOGETHER]
            out[part] = _logits(net, [coded[i] for i in part]).cpu()
    return out


def _logits(net: Companion, coded: Sequence[Coded]) -> Any:
    where = net.head.weight.device
    width = max(len(ids) for ids, _ in coded)
    ids = torch.tensor([ids + [PAD] * (width - len(ids)) for ids, _ in coded], device=where)
    mask = torch.tensor([mask + [0] * (width - len(mask)) for _, mask in coded], device=where)
    with torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda"):
        return net(ids, mask).float()


def _batches(coded: Sequence[Coded], rng: random.Random) -> list[list[int]]:
    """Numbers of rows in batches of like length and about `TOKENS` tokens, in random order."""
    length = [len(ids) for ids, _ in coded]
    order = sorted(range(len(coded)), key=lambda i: length[i] + rng.random() * 8)
    out: list[list[int]] = [[]]
    for i in order:
        longest = max([length[i], *(length[j] for j in out[-1])])
        if out[-1] and (len(out[-1]) + 1) * longest > TOKENS:
            out.append([])
        out[-1].append(i)
    rng.shuffle(out)
    return out


def _mixed(plan: Plan, epoch: int) -> int:
    return plan.seed * ORDER_SEED + epoch


def _share(step: int, total: int) -> float:
    """Of the rate: up to all of it within the first tenth, then down in a line."""
    return min(1.0, (step + 1) / max(1.0, WARMUP * total)) * max(LOWEST, 1 - step / total)


def _moving(net: Companion) -> dict[str, Any]:
    return {k: v for k, v in net.state_dict().items() if not k.startswith(FROZEN)}
