"""Step 5: the first stage, a small convolutional net that clears what is plainly harmless.

    python models/companion-v1/first.py --data DIR --base build/base --model DIR_OF_EXPORT --out build/first

Learns from the encoder's own scores (of the int8 model that ships) on seeds and public chat, so it
knows no label that the encoder does not. The word vectors start as the main directions of the base
model's table. It may only clear: `clear` in the manifest holds, for each output, the logit below
which it loses at most `LOST` of what the encoder flags, found by cross-fitting over seeds and
public rows (each row is scored by a net that has not seen it) and checked on dev.

Writes first.onnx, and adds it with its `clear` to the manifest of `--model`.
"""

import argparse
import hashlib
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import BOT_DETECTORS, DETECTORS, LABELS, OUTPUTS, USER_DETECTORS

SEED = 7
FOLDS = 2
EPOCHS = 10
WIDE, CHANNELS, SPAN, HIDDEN = 64, 96, 3, 64
RATE, BATCH = 2e-3, 128
LOST = 0.004  # share of the encoder's findings that may be lost, per output; the bar is 0.005
ALERT = 0.3  # a calibrated score of the encoder from which some policy acts
PUBLIC_C = 2500  # rows per source and language
LIMIT = 128  # tokens, as it is served
SILENT = -6.0  # a logit that nobody acts on
GATE = [*LABELS, *(name for name in DETECTORS if name != "protective")]  # which is no harm

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True)
cli.add_argument("--base", type=Path, default=Path("build/base"))
cli.add_argument("--model", type=Path, default=Path(__file__).resolve().parent)
cli.add_argument("--out", type=Path, default=Path("build/first"))
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)
manifest = json.loads((args.model / "manifest.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
gate = torch.tensor([OUTPUTS.index(name) for name in GATE])


class First(nn.Module):
    """Word vectors, one convolution, the strongest answer of each filter, two layers."""

    def __init__(self, vectors):
        super().__init__()
        self.word = nn.Embedding.from_pretrained(vectors, freeze=False)
        self.conv = nn.Conv1d(WIDE, CHANNELS, SPAN, padding=SPAN - 1)
        self.mix = nn.Linear(3 * CHANNELS, HIDDEN)
        self.head = nn.Linear(HIDDEN, len(OUTPUTS))
        self.drop = nn.Dropout(0.2)

    def forward(self, ids, mask):
        x = self.word(ids) * (mask > 0).unsqueeze(-1)
        seen = functional.relu(self.conv(x.transpose(1, 2)))[:, :, : ids.shape[1]]
        text = (mask == 1).unsqueeze(1).to(seen.dtype)
        context = (mask == 2).unsqueeze(1).to(seen.dtype)
        strongest, before = (seen * text).amax(2), (seen * context).amax(2)
        mean = (seen * text).sum(2) / text.sum(2)
        x = self.drop(torch.cat([strongest, mean, before], 1))
        return self.head(functional.relu(self.mix(x)))


# --- rows, and what the encoder says of them ----------------------------------------------------
def teacher(rows, coded):
    """Calibrated logits of the int8 encoder; what it said is kept on disk: this is the slow part.

    A detector that is not asked of the speaker says nothing.
    """
    key = hashlib.sha256(manifest["version"].encode() + repr(coded).encode()).hexdigest()[:16]
    cache = args.out / f"teacher-{key}.npy"
    if not cache.exists():
        np.save(cache, encoder(coded))
    out = data.calibrated(np.load(cache), rows, manifest)
    for row, logits in zip(rows, out, strict=True):
        own = USER_DETECTORS if row["role"] == "user" else BOT_DETECTORS
        for name in DETECTORS:
            if name not in own:
                logits[OUTPUTS.index(name)] = SILENT
    return out


def encoder(coded):
    """Its logits, one text at a time as it is served: the int8 graph's range depends on its batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(args.model / "model.onnx"), options)
    began = time.time()

    def one(i):
        if i % 4000 == 0:
            print(f"  encoder: {i}/{len(coded)} {time.time() - began:.0f}s", flush=True)
        ids, mask = (np.array([values], np.int64) for values in coded[i])
        return session.run(None, {"ids": ids, "mask": mask})[0][0]

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return np.array(list(pool.map(one, range(len(coded)))), np.float32)


def padded(coded):
    width = max(SPAN, *(len(ids) for ids, _ in coded))
    ids = np.array([list(i) + [1] * (width - len(i)) for i, _ in coded])
    mask = np.array([list(m) + [0] * (width - len(m)) for _, m in coded])
    return ids, mask


rng = random.Random(SEED)
torch.manual_seed(SEED)
seeds, dev = data.split_seeds(data.seeds(data.SEEDS))
talk = data.small_talk(seeds)
with_talk = [data.with_small_talk(row, talk, rng, 0.6) for row in seeds]
data.NEGATIVES["C"] = PUBLIC_C
open_rows, open_dev = data.split_public(data.public(args.data / "open.jsonl.gz"))
public = data.sample(open_rows, SEED)
public = [data.with_small_talk(row, talk, rng, 0.4) for row in public]
open_dev = data.sample(open_dev, 1)
rows = with_talk + public
coded = data.encode(rows, tokenizer, LIMIT)
print(f"{len(seeds)} seeds, {len(public)} public; dev {len(dev)} seeds, {len(open_dev)} public")

goal = torch.tensor(teacher(rows, coded))


def fit(chosen, name):
    """A net that learnt from the rows with these positions."""
    net = First(vectors.clone())
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01)
    steps, step = EPOCHS * (len(chosen) // BATCH + 1), 0
    for epoch in range(EPOCHS):
        net.train()
        order = sorted(chosen, key=lambda i: len(coded[i][0]) + rng.random() * 6)
        batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        rng.shuffle(batches)
        running = 0.0
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = RATE * max(0.02, 1 - step / steps)
            ids, mask = map(torch.tensor, padded([coded[i] for i in batch]))
            wanted = torch.sigmoid(goal[batch])
            loss = functional.binary_cross_entropy_with_logits(
                net(ids, mask), wanted, weight=1 + 4 * wanted
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            running = 0.98 * running + 0.02 * loss.item() if running else loss.item()
        print(f"{name} epoch {epoch} loss {running:.4f}", flush=True)
    return net.eval()


def outputs(net, coded):
    found = np.zeros((len(coded), len(OUTPUTS)), np.float32)
    order = sorted(range(len(coded)), key=lambda i: len(coded[i][0]))
    with torch.no_grad():
        for at in range(0, len(order), 256):
            part = order[at : at + 256]
            found[part] = net(*map(torch.tensor, padded([coded[i] for i in part]))).numpy()
    return found


# --- cross-fitting ------------------------------------------------------------------------------
table = torch.load(args.base / "base.pt", weights_only=True)["state"]["word.weight"]
table = table - table.mean(0)
_, _, directions = torch.pca_lowrank(table, WIDE, center=False)
vectors = table @ directions
vectors = vectors / vectors.std()
fold = np.array([data.bucket("fold" + (r["context"] or [r])[0]["text"], FOLDS) for r in rows])
unseen = np.zeros((len(rows), len(OUTPUTS)), np.float32)
for part in range(FOLDS):
    net = fit([i for i in range(len(rows)) if fold[i] != part], f"fold {part}")
    mine = [i for i in range(len(rows)) if fold[i] == part]
    unseen[mine] = outputs(net, [coded[i] for i in mine])
alert = goal.numpy() >= np.log(ALERT / (1 - ALERT))


def clears(scores, bars):
    return (scores[:, gate] < bars).all(1)


def bars_at(lost):
    """Each output's logit below which this share of its own findings lies."""
    return np.array([np.quantile(unseen[alert[:, i], i], lost) for i in gate.tolist()])


def loss_of(scores, bars, found):
    """The share of what the encoder found that would be cleared, by output."""
    cleared = clears(scores, bars)
    return {
        OUTPUTS[i]: float(cleared[found[:, i]].mean()) if found[:, i].any() else 0.0
        for i in gate.tolist()
    }


# A row is cleared only if every output is low, so each bar alone may be laxer than `LOST`.
lost = LOST
while lost < 0.2 and max(loss_of(unseen, bars_at(lost * 1.1), alert).values()) <= LOST:
    lost *= 1.1
bars = bars_at(lost)
print(f"quantile {lost:.4f}; lost of the encoder's findings (cross-fitted):")
print({k: round(v, 4) for k, v in loss_of(unseen, bars, alert).items()})

# --- the net that ships -------------------------------------------------------------------------
final = fit(range(len(rows)), "all")


class SmallTable(nn.Module):
    """The word vectors in int8, one scale per piece."""

    def __init__(self, weight):
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("table", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids):
        return functional.embedding(ids, self.table).float() * functional.embedding(ids, self.scale)


final.word = SmallTable(final.word.weight.detach())
example = (torch.randint(4, 1000, (2, 24)), torch.ones(2, 24, dtype=torch.long))
example[1][0, 12:] = 2
torch.onnx.export(
    final, example, str(args.model / "first.onnx"), input_names=["ids", "mask"],
    output_names=["logits"], opset_version=20, dynamo=False,
    dynamic_axes={"ids": {0: "b", 1: "n"}, "mask": {0: "b", 1: "n"}, "logits": {0: "b"}},
)  # fmt: skip
held = data.encode(dev + open_dev, tokenizer, LIMIT)
scores, said = outputs(final, held), teacher(dev + open_dev, held)
found = said >= np.log(ALERT / (1 - ALERT))
cleared = clears(scores, bars)
harmless = ~found[:, gate].any(1)
in_seeds = np.arange(len(held)) < len(dev)
report = {
    "lost_cross_fitted": {k: round(v, 4) for k, v in loss_of(unseen, bars, alert).items()},
    "lost_dev": {k: round(v, 4) for k, v in loss_of(scores, bars, found).items()},
    "found_dev": {OUTPUTS[i]: int(found[:, i].sum()) for i in gate.tolist()},
    "cleared_dev_seeds": round(float(cleared[in_seeds].mean()), 4),
    "cleared_dev_public": round(float(cleared[~in_seeds].mean()), 4),
    "cleared_of_harmless_public": round(float(cleared[~in_seeds & harmless].mean()), 4),
    "n": {"seeds": int(in_seeds.sum()), "public": int((~in_seeds).sum()), "cross": len(rows)},
}
print(json.dumps(report, indent=1))
content = (args.model / "first.onnx").read_bytes()
manifest["files"]["first.onnx"] = {
    "sha256": hashlib.sha256(content).hexdigest(),
    "bytes": len(content),
}
manifest["clear"] = {name: round(float(bar), 4) for name, bar in zip(GATE, bars, strict=True)}
manifest["first"] = report
text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
(args.model / "manifest.json").write_text(text, "utf-8")
