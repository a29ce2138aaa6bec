"""Cheap trials at equal settings: what seeds buy, in which order, at what weight, in which window.

    python models/companion-v1/tries.py --data DIR --base build/base --part 0.25
    python models/companion-v1/tries.py --data DIR --order public-first --public 0.4
    python models/companion-v1/tries.py --data DIR --limit 32        # short windows in training
    python models/companion-v1/tries.py --data DIR --pieces 16000    # a smaller vocabulary

Not how the shipped weights are made: the lower layers of the base stay as they are and are run once
for each row, so that a trial trains the upper ones for the same number of steps in a sixth of the
time. What differs between two trials is worth reading, their level is not. One JSON line for each
is added to `--log`; RUNS.md tells what they taught. Judged on the held-out eighth of seeds/train.
"""

import argparse
import collections
import copy
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from loop import PAD, auc, batches, follow, loss, tensors, wider
from model import LABELS, OUTPUTS, load

UNK = 3
WINDOW = 96  # tokens a dev row is judged in, whatever the training saw
TOKENS, RATE, RATE_HEAD, WARMUP, AVERAGE = 1536, 1e-4, 1e-3, 60, 0.995

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
cli.add_argument("--base", type=Path, default=Path("build/base"))
cli.add_argument("--log", type=Path, default=Path("build/tries.jsonl"))
cli.add_argument("--steps", type=int, default=1000)
cli.add_argument("--upper", type=int, default=4, help="layers that are trained")
cli.add_argument("--part", type=float, default=1.0, help="share of the seeds")
cli.add_argument("--public", type=float, default=0.2, help="share of a public sample; 0 for none")
cli.add_argument("--weight", type=float, default=1.0, help="of a public row, times its tier's")
cli.add_argument("--order", choices=("mixed", "public-first", "seeds-first"), default="mixed")
cli.add_argument("--limit", type=int, default=WINDOW, help="tokens of a training row")
cli.add_argument("--pieces", type=int, default=0, help="most frequent pieces that are kept; 0: all")
cli.add_argument("--seed", type=int, default=1)
args = cli.parse_args()
torch.manual_seed(args.seed)
rng = random.Random(args.seed)

# --- rows, and what the lower layers make of them ------------------------------------------------
model = wider(load(args.base / "base.pt"), len(OUTPUTS)).eval()
lower, depth = model.layers[: -args.upper], len(model.layers)
tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
seeds, dev = data.split_seeds(data.seeds(data.SEEDS))
seeds = [row for row in seeds if data.bucket("part" + row["id"], 100) < 100 * args.part]
talk = data.small_talk(seeds)
seeds = [data.with_small_talk(row, talk, rng, 0.6) for row in seeds]
public, _ = data.split_public(data.public(args.data / "open.jsonl.gz"))
public = data.sample(public, args.seed, args.public) if args.public else []
public = [{**row, "weight": row["weight"] * args.weight} for row in public]


def coded(rows, limit, kept):
    pairs = data.encode(rows, tokenizer, limit)
    return (
        [([i if i in kept else UNK for i in ids], mask) for ids, mask in pairs] if kept else pairs
    )


def states(rows, limit, kept=frozenset()):
    """(row, (ids, mask), what the lower layers saw), the last in bf16: (length, hidden)."""
    pairs = coded(rows, limit, kept)
    out = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(pairs[i][0]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), 32):
            part = order[at : at + 32]
            ids, mask = tensors([pairs[i] for i in part])
            where = torch.arange(ids.shape[1])
            x = model.word(ids) + model.position(where) + model.segment((mask == 2).long())
            x = model.norm(x)
            bias = (mask == 0).to(x.dtype)[:, None, None, :] * -1e4
            for layer in lower:
                x = layer(x, bias)
            for row, i in enumerate(part):
                out[i] = x[row, : len(pairs[i][0])].to(torch.bfloat16)
    return [(row, pair, state) for row, pair, state in zip(rows, pairs, out, strict=True)]


kept = frozenset()
if args.pieces:
    count = collections.Counter(i for ids, _ in data.encode(seeds, tokenizer, WINDOW) for i in ids)
    kept = frozenset([0, PAD, 2, UNK] + [i for i, _ in count.most_common(args.pieces)])
began = time.time()
own, others = states(seeds, args.limit, kept), states(public, args.limit, kept)
judged = states(dev, WINDOW, kept)
print(f"{len(own)} seeds, {len(others)} public, {len(judged)} dev: {time.time() - began:.0f}s")


# --- the upper layers ---------------------------------------------------------------------------
def upper(net, held):
    """The logits of a batch of (row, pair, state)."""
    width = max(len(state) for _, _, state in held)
    x = torch.stack([functional.pad(s, (0, 0, 0, width - len(s))) for _, _, s in held]).float()
    _, mask = tensors([pair for _, pair, _ in held])
    bias = (mask == 0).to(x.dtype)[:, None, None, :] * -1e4
    for layer in net.layers[depth - args.upper :]:
        x = layer(x, bias)
    return net.head(net.drop(net.pooled(x, mask)))


def plan():
    """The batches of `--steps` steps, in the order that is tried."""

    def rounds(rows, steps):
        out = []
        while len(out) < steps:
            pairs = [((row, pair, state), pair) for row, pair, state in rows]
            out += [[held for held, _ in batch] for batch in batches(pairs, rng, TOKENS)]
        return out[:steps]

    if args.order == "mixed" or not others:
        return rounds(own + others, args.steps)
    share = int(args.steps * len(others) / (len(own) + len(others)))
    parts = [rounds(others, share), rounds(own, args.steps - share)]
    first, second = parts if args.order == "public-first" else parts[::-1]
    return first + second


mean = copy.deepcopy(model)
body = [p for layer in model.layers[depth - args.upper :] for p in layer.parameters()]
groups = [{"params": body, "lr": RATE}, {"params": list(model.head.parameters()), "lr": RATE_HEAD}]
optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
peaks = [group["lr"] for group in groups]
model.train()
for step, held in enumerate(plan()):
    scale = min(1.0, (step + 1) / WARMUP) * max(0.02, 1 - step / args.steps)
    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
        group["lr"] = peak * scale
    with torch.autocast("cpu", torch.bfloat16):
        logits = upper(model, held)
    wrong = loss(logits, [row for row, _, _ in held])
    wrong.backward()
    torch.nn.utils.clip_grad_norm_(body, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    follow(mean, model, step + 1, AVERAGE)
    if step % 100 == 0:
        print(f"step {step} loss {wrong.item():.3f} {time.time() - began:.0f}s", flush=True)

# --- dev ----------------------------------------------------------------------------------------
mean.eval()
with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
    parts = [judged[at : at + 16] for at in range(0, len(judged), 16)]
    scores = np.concatenate([upper(mean, part).float().numpy() for part in parts])
found = {name: round(float(value), 4) for name, value in auc(dev, scores).items()}
result = {
    "trial": {k: v for k, v in vars(args).items() if not isinstance(v, Path)},
    "seeds": len(own),
    "public": len(others),
    "dev": len(dev),
    "seconds": round(time.time() - began),
    "macro": round(float(np.nanmean([found[name] for name in LABELS])), 4),
    "auc": found,
}
with args.log.open("a", encoding="utf-8") as log:
    log.write(json.dumps(result) + "\n")
print(result["macro"], {name: found[name] for name in LABELS})
