"""Step 3b: a smaller net that answers as the trained one does.

    python models/companion-v1/distill.py --data DIR --train build/train --layers 6 --out build/six
    python models/companion-v1/distill.py ... --resume

After two layers a second head has to answer, too, so that these two know enough to clear what is
plainly harmless (`first.py`; Teerapittayanon et al., "BranchyNet", 2016).

The pupil begins with every n-th layer of the teacher and learns from its answers and from what its
layers see, on all public text that may be used (labelled or not) and on the seeds, again and again
in other dress. Where a row has a label of its own, that counts, too: the teacher errs.
(Hidden states as targets: Sun et al., "Patient Knowledge Distillation", 2019; layers taken over:
Sanh et al., "DistilBERT", 2019.)
"""

import argparse
import copy
import random
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from loop import auc, batches, fewer, follow, said, tensors
from model import BOT_DETECTORS, DETECTORS, LABELS, LEVELS, OUTPUTS, load, save

SEED = 31
PARTS = 4  # the public text is cut in as many; each goes with the seeds once
TALK_PUBLIC, TALK_SEEDS = 0.3, 0.6
LIMIT_PUBLIC, LIMIT_SEEDS = 64, 96
LONG = 1500  # characters; of longer public text the encoder reads one window only
TOKENS = 1536
RATE, WARMUP, DECAY = 2e-4, 100, 0.01
AVERAGE = 0.995
HARD = 0.5  # weight of a row's own labels beside the teacher's answers
LOGIT = 0.05  # of the distance between the answers, which keeps the rare end apart
SEEN = 1.0  # of what the layers see
EXIT, EARLY = 2, 0.3  # after so many layers a second head answers, too; its weight

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
cli.add_argument("--base", type=Path, default=Path("build/base"), help="for its tokenizer")
cli.add_argument("--train", type=Path, default=Path("build/train"), help="folder of the teacher")
cli.add_argument("--out", type=Path, default=Path("build/six"))
cli.add_argument("--layers", type=int, default=6)
cli.add_argument("--parts", type=int, default=PARTS, help="of the four, how many to go through")
cli.add_argument("--start", type=Path, help="an earlier pupil of as many layers to go on from")
cli.add_argument("--share", type=float, default=1.0, help="of the public text")
cli.add_argument("--resume", action="store_true")
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(SEED)

# --- rows ---------------------------------------------------------------------------------------
tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
seeds, dev = data.split_seeds(data.seeds(data.SEEDS))
talk = data.small_talk(seeds)
public, _ = data.split_public(data.public(args.data / "open.jsonl.gz"))
public = [
    row
    for row in public
    if len(row["text"]) <= LONG and data.bucket(row["text"], 1000) < 1000 * args.share
]
random.Random(SEED).shuffle(public)


def part_rows(part):
    """A part of the public text and all seeds, dressed anew."""
    rng = random.Random(SEED * 1000 + part)
    mixed = [data.with_small_talk(row, talk, rng, TALK_PUBLIC) for row in public[part::PARTS]]
    own = [data.with_small_talk(data.augment(row, rng), talk, rng, TALK_SEEDS) for row in seeds]
    coded = data.encode(mixed, tokenizer, LIMIT_PUBLIC) + data.encode(own, tokenizer, LIMIT_SEEDS)
    return list(zip(mixed + own, coded, strict=True))


# --- teacher and pupil --------------------------------------------------------------------------
teacher = load(args.train / "model.pt").to(device)
pupil, taken = fewer(teacher, args.layers)
if args.start:
    pupil.load_state_dict(load(args.start).state_dict())
pupil.word.weight.requires_grad_(False)
pupil.position.weight.requires_grad_(False)
early = nn.Linear(2 * teacher.config.hidden, len(OUTPUTS)).to(device)
mean = copy.deepcopy(pupil).eval()
weights = [p for p in pupil.parameters() if p.requires_grad] + list(early.parameters())
optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=DECAY, fused=True)
asked = {
    role: torch.tensor(
        [
            o not in DETECTORS
            or (o in BOT_DETECTORS) == (role == "assistant")
            or o in ("evading", "romance")
            for o in OUTPUTS
        ]
    )
    for role in ("user", "assistant")
}
importance = torch.tensor([1.0] * len(LABELS) + [0.5] * len(LEVELS + DETECTORS), device=device)


def apart(own, theirs, real):
    """How far two layers' states are from each other, in their own scale."""
    shape = own.shape[-1:]
    a, b = (functional.layer_norm(x.float(), shape) for x in (own, theirs))
    return ((a - b) ** 2 * real).sum() / real.sum() / shape[0]


def loss_of(batch):
    ids, mask = tensors([coded for _, coded in batch], device)
    with torch.autocast(device, torch.bfloat16):
        with torch.no_grad():
            wanted, theirs = teacher.seen(ids, mask)
        answered, own = pupil.seen(ids, mask)
        guessed = early(pupil.pooled(own[EXIT - 1], mask))
    wanted, answered, guessed = wanted.float(), answered.float(), guessed.float()
    truth = torch.tensor([row["targets"] for row, _ in batch], device=device)
    known = ~torch.isnan(truth)
    weight = torch.stack([asked[row["role"]] for row, _ in batch]).to(device) * importance

    def against(answers, targets):
        return functional.binary_cross_entropy_with_logits(answers, targets, reduction="none")

    like = against(answered, wanted.sigmoid()) + EARLY * against(guessed, wanted.sigmoid())
    like = like + LOGIT * functional.smooth_l1_loss(answered, wanted, reduction="none")
    hard = against(answered, truth.nan_to_num(0.0)) * known
    total = ((like + HARD * hard) * weight).sum() / weight.sum()
    real = (mask > 0).unsqueeze(-1)
    states = [apart(own[i], theirs[t], real) for i, t in enumerate(taken)]
    return len(LABELS) * total + SEEN * sum(states) / len(states)


total = len(batches(part_rows(0), random.Random(0), TOKENS)) * args.parts
first, step = 0, 0
if args.resume and (args.out / "last.pt").exists():
    saved = torch.load(args.out / "last.pt", weights_only=True)
    pupil.load_state_dict(saved["model"])
    mean.load_state_dict(saved["mean"])
    optimizer.load_state_dict(saved["optimizer"])
    first, step = saved["part"] + 1, saved["step"]
print(
    f"{device}; layers {taken} of {teacher.config.layers}; {len(seeds)} seeds, {len(public)} public, {total} steps",
    flush=True,
)
if not args.resume:
    truth = auc(dev, said(teacher, dev, tokenizer, LIMIT_SEEDS, device=device))
    print(f"teacher: dev macro {np.nanmean([truth[n] for n in LABELS]):.4f}", flush=True)

started = time.time()
for part in range(first, args.parts):
    rng = random.Random(SEED * 77 + part)
    running = 0.0
    for at, batch in enumerate(batches(part_rows(part), rng, TOKENS)):
        scale = min(1.0, (step + 1) / WARMUP) * max(0.02, 1 - step / total)
        optimizer.param_groups[0]["lr"] = RATE * scale
        pupil.train()
        loss = loss_of(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        follow(mean, pupil, step, AVERAGE)
        running = loss.item() if not running else 0.97 * running + 0.03 * loss.item()
        if at % 50 == 0:
            print(
                f"part {part} step {step}/{total} loss {running:.4f} {time.time() - started:.0f}s",
                flush=True,
            )
    found = auc(dev, said(mean, dev, tokenizer, LIMIT_SEEDS, device=device))
    macro = np.nanmean([found[name] for name in LABELS])
    print(
        f"part {part} dev macro {macro:.4f}",
        {k: round(float(v), 3) for k, v in found.items()},
        flush=True,
    )
    kept = {
        "model": pupil.state_dict(),
        "mean": mean.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save({**kept, "part": part, "step": step}, args.out / "last.pt")
    save(mean, args.out / "model.pt")
shutil.copy(args.train / "data.json", args.out / "data.json")
print(f"done in {time.time() - started:.0f}s -> {args.out}/model.pt")
