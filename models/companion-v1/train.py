"""Step 3: fine-tune. First a pass over a balanced public sample, then epochs of seeds and public.

    python models/companion-v1/train.py --data DIR --base build/base --out build/train
    python models/companion-v1/train.py --data DIR --quick      # a minute, to see that it runs
    python models/companion-v1/train.py --data DIR --resume     # go on after the last epoch
    python models/companion-v1/train.py ... --start OLD/model.pt --epochs 2   # new seeds, old weights

Uses a GPU if there is one; otherwise bf16 on the CPU.
"""

import argparse
import copy
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from loop import auc, batches, fewer, follow, loss, said, tensors, wider
from model import LABELS, OUTPUTS, load, save

SEED = 20
EPOCHS = 3  # of seeds, after the public pass
TALK_PUBLIC, TALK_SEEDS = 0.25, 0.6  # rows without context that get an unrelated one
SHARE = 0.22  # of a public sample that goes with each of these epochs
LIMIT_PUBLIC, LIMIT_SEEDS = 48, 64  # tokens; shorter ones make more rows of a step (RUNS.md)
TOKENS = 1536  # per step
RATE, RATE_HEAD, WARMUP = 1e-4, 1e-3, 80
DECAY = 0.01
AVERAGE = 0.995  # the weights that are kept are a running mean over about 200 steps

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
cli.add_argument("--base", type=Path, default=Path("build/base"))
cli.add_argument("--out", type=Path, default=Path("build/train"))
cli.add_argument("--epochs", type=int, default=EPOCHS)
cli.add_argument("--seed", type=int, default=SEED)
cli.add_argument("--part", type=float, default=1.0, help="share of the seeds: a learning curve")
cli.add_argument("--share", type=float, default=SHARE, help="of a public sample, for each epoch")
cli.add_argument("--hard", type=Path, help="what hard.py wrote: public rows for every epoch")
cli.add_argument("--layers", type=int, help="keep so many, evenly, of the layers: for cheap trials")
cli.add_argument("--start", type=Path, help="weights to go on from: without the public pass")
cli.add_argument("--quick", action="store_true")
cli.add_argument("--resume", action="store_true")
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(args.seed)
device = "cuda" if torch.cuda.is_available() else "cpu"

# --- rows ---------------------------------------------------------------------------------------
tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
if not args.resume:
    seen = data.fingerprint(args.data / "open.jsonl.gz")
    for name, path in (("start", args.start), ("hard", args.hard)):
        seen |= {name: data.sha256(path)} if path else {}
    (args.out / "data.json").write_text(json.dumps(seen, indent=2), "utf-8")
train_seeds, dev_seeds = data.split_seeds(data.seeds(data.SEEDS))
train_seeds = [row for row in train_seeds if data.bucket("part" + row["id"], 100) < 100 * args.part]
talk = data.small_talk(train_seeds)
open_rows, _ = data.split_public(data.public(args.data / "open.jsonl.gz"))
wrong = set(json.loads(args.hard.read_text("utf-8"))) if args.hard else set()
hard_rows = [row for row in open_rows if data.text_hash(row["text"]) in wrong] if wrong else []
if args.quick:
    train_seeds, dev_seeds, args.epochs = train_seeds[:200], dev_seeds[:60], 1
    open_rows = open_rows[::60]


def epoch_rows(epoch):
    """Epoch 0 is the public pass (with the seeds once); then seeds and a fresh public sample."""
    rng = random.Random(args.seed * 1000 + epoch)
    mixed = data.sample(open_rows, args.seed + epoch, 1.0 if epoch == 0 else args.share)
    taken = {id(row) for row in mixed}
    mixed += [row for row in hard_rows if id(row) not in taken]
    mixed = [data.with_small_talk(row, talk, rng, TALK_PUBLIC) for row in mixed]
    coded = data.encode(mixed, tokenizer, LIMIT_PUBLIC)
    own = [data.augment(row, rng) for row in train_seeds] if epoch else train_seeds
    own = [data.with_small_talk(row, talk, rng, TALK_SEEDS) for row in own]
    coded += data.encode(own, tokenizer, LIMIT_SEEDS)
    return list(zip(mixed + own, coded, strict=True))


# --- the run ------------------------------------------------------------------------------------
model = wider(load(args.start or args.base / "base.pt"), len(OUTPUTS))
if args.layers:
    model, _ = fewer(model, args.layers)
model = model.to(device)
model.word.weight.requires_grad_(False)  # a few thousand rows would only spoil rare pieces
model.position.weight.requires_grad_(False)
mean = copy.deepcopy(model).eval()
body = [p for n, p in model.named_parameters() if p.requires_grad and not n.startswith("head")]
groups = [{"params": body, "lr": RATE}, {"params": model.head.parameters(), "lr": RATE_HEAD}]
optimizer = torch.optim.AdamW(groups, weight_decay=DECAY, fused=True)
peaks = [RATE, RATE_HEAD]
first, step = (1 if args.start else 0), 0
sizes = [len(batches(epoch_rows(e), random.Random(0), TOKENS)) for e in (0, 1)]
total = sizes[0] * (not args.start) + sizes[1] * args.epochs
if args.resume and (args.out / "last.pt").exists():
    saved = torch.load(args.out / "last.pt", weights_only=True)
    model.load_state_dict(saved["model"])
    mean.load_state_dict(saved["mean"])
    optimizer.load_state_dict(saved["optimizer"])
    first, step = saved["epoch"] + 1, saved["step"]
print(f"{device}; {len(train_seeds)} seeds, {total} steps, from epoch {first}", flush=True)

started = time.time()
for epoch in range(first, args.epochs + 1):
    rng = random.Random(args.seed * 77 + epoch)
    torch.manual_seed(args.seed * 99 + epoch)
    running = 0.0
    for at, batch in enumerate(batches(epoch_rows(epoch), rng, TOKENS)):
        scale = min(1.0, (step + 1) / WARMUP) * max(0.02, 1 - step / total)
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * scale
        model.train()
        ids, mask = tensors([coded for _, coded in batch], device)
        with torch.autocast(device, torch.bfloat16):
            logits = model(ids, mask)
        wrong = loss(logits, [row for row, _ in batch])
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        follow(mean, model, step, AVERAGE)
        running = wrong.item() if not running else 0.97 * running + 0.03 * wrong.item()
        if at % 50 == 0:
            spent = time.time() - started
            print(f"epoch {epoch} step {step}/{total} loss {running:.4f} {spent:.0f}s", flush=True)
    found = auc(dev_seeds, said(mean, dev_seeds, tokenizer, LIMIT_SEEDS, device=device))
    macro = np.nanmean([found[name] for name in LABELS])
    print(f"epoch {epoch} dev seeds macro {macro:.4f}", {k: round(v, 3) for k, v in found.items()})
    state = {"model": model.state_dict(), "mean": mean.state_dict()}
    state |= {"optimizer": optimizer.state_dict()}
    torch.save({**state, "epoch": epoch, "step": step}, args.out / "last.pt")
    save(mean, args.out / "model.pt")
print(f"done in {time.time() - started:.0f}s -> {args.out}/model.pt")
