"""Step 5: the first stage, a small convolutional net that clears what is plainly harmless.

    python models/companion-v1/first.py --data DIR --base build/base --model DIR_OF_EXPORT --out build/first

It gives one logit, *risk*: that some label or detector holds. It learns from the rows' labels, and
from the encoder's scores where a row says nothing. The word vectors start as the main directions of
the base model's table. It may only clear: `clear` in the manifest is the logit below which, of the
harmful rows that the encoder finds, at most `LOST` lie for each label (`LOST_DETECTORS` for each
detector). Found by cross-fitting over seeds and public rows (each row is scored by a net that has
not seen it), then checked on dev, which neither net has seen.

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
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import BOT_DETECTORS, DETECTORS, LABELS, OUTPUTS, USER_DETECTORS, SmallTable

from guardrail.classify._runtime import open_session

SEED = 7
FOLDS = 2
EPOCHS = 8
WIDE, CHANNELS, SPAN, HIDDEN = 64, 128, 3, 64
RATE, BATCH = 2e-3, 128
LOST, LOST_DETECTORS = 0.004, 0.02  # of what the encoder rightly finds; the bar is 0.005 per label
FEW = 60  # true findings of an output, below which it has no say in the bar
ALERT = 0.35  # a calibrated score of the encoder from which some policy acts
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
        self.head = nn.Linear(HIDDEN, 1)
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
    session = open_session(args.model / "model.onnx")
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


def risk(rows, said):
    """What the net should answer: the highest of all that is known or, failing that, guessed."""
    truth = np.array([row["targets"] for row in rows])
    guess = 1 / (1 + np.exp(-said))
    return np.where(np.isnan(truth), guess, truth)[:, gate].max(1).astype(np.float32)


said = teacher(rows, coded)
goal = torch.tensor(risk(rows, said))


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
            wanted = goal[batch]
            loss = functional.binary_cross_entropy_with_logits(
                net(ids, mask)[:, 0], wanted, weight=1 + 3 * wanted
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            running = 0.98 * running + 0.02 * loss.item() if running else loss.item()
        print(f"{name} epoch {epoch} loss {running:.4f}", flush=True)
    return net.eval()


def outputs(net, coded):
    found = np.zeros(len(coded), np.float32)
    order = sorted(range(len(coded)), key=lambda i: len(coded[i][0]))
    with torch.no_grad():
        for at in range(0, len(order), 256):
            part = order[at : at + 256]
            found[part] = net(*map(torch.tensor, padded([coded[i] for i in part])))[:, 0].numpy()
    return found


# --- cross-fitting ------------------------------------------------------------------------------
table = torch.load(args.base / "base.pt", weights_only=True)["state"]["word.weight"]
table = table - table.mean(0)
_, _, directions = torch.pca_lowrank(table, WIDE, center=False)
vectors = table @ directions
vectors = vectors / vectors.std()
fold = np.array([data.bucket("fold" + (r["context"] or [r])[0]["text"], FOLDS) for r in rows])
unseen = np.zeros(len(rows), np.float32)
for part in range(FOLDS):
    net = fit([i for i in range(len(rows)) if fold[i] != part], f"fold {part}")
    mine = [i for i in range(len(rows)) if fold[i] == part]
    unseen[mine] = outputs(net, [coded[i] for i in mine])


def found_by(rows, said):
    """Where the encoder is right: rows by outputs."""
    truth = np.array([row["targets"] for row in rows]) == 1
    return truth & (said >= np.log(ALERT / (1 - ALERT)))


def lost_at(bar, scores, found):
    """The share of the encoder's true findings that would be cleared, by output."""
    return {
        OUTPUTS[i]: round(float((scores[found[:, i]] < bar).mean()), 4)
        for i in gate.tolist()
        if found[:, i].any()
    }


found = found_by(rows, said)
bars = {
    OUTPUTS[i]: np.quantile(unseen[found[:, i]], LOST if OUTPUTS[i] in LABELS else LOST_DETECTORS)
    for i in gate.tolist()
    if found[:, i].sum() >= FEW
}
bar = min(bars.values())
print({k: round(float(v), 2) for k, v in bars.items()})

# --- the net that ships -------------------------------------------------------------------------
final = fit(range(len(rows)), "all")


final.word = SmallTable(final.word.weight.detach())
example = (torch.randint(4, 1000, (2, 24)), torch.ones(2, 24, dtype=torch.long))
example[1][0, 12:] = 2
torch.onnx.export(
    final, example, str(args.model / "first.onnx"), input_names=["ids", "mask"],
    output_names=["risk"], opset_version=20, dynamo=False,
    dynamic_axes={"ids": {0: "b", 1: "n"}, "mask": {0: "b", 1: "n"}, "risk": {0: "b"}},
)  # fmt: skip
held = data.encode(dev + open_dev, tokenizer, LIMIT)
scores, dev_said = outputs(final, held), teacher(dev + open_dev, held)
dev_found = found_by(dev + open_dev, dev_said)
harmless = risk(dev + open_dev, np.full_like(dev_said, -9.0)) < 0.5  # by what is known
public = np.arange(len(held)) >= len(dev)
ordinary = np.array([r["source"] != "seeds" and r["tier"] == "C" for r in dev + open_dev])
report = {
    "lost_cross_fitted": lost_at(bar, unseen, found),
    "lost_dev": lost_at(bar, scores, dev_found),
    "found_dev": {OUTPUTS[i]: int(dev_found[:, i].sum()) for i in gate.tolist()},
    "cleared_ordinary": round(float((scores < bar)[ordinary & harmless].mean()), 4),
    "cleared_harmless_public": round(float((scores < bar)[public & harmless].mean()), 4),
    "cleared_harmless_seeds": round(float((scores < bar)[~public & harmless].mean()), 4),
    "n": {
        "ordinary": int((ordinary & harmless).sum()),
        "public": int((public & harmless).sum()),
        "seeds": int((~public & harmless).sum()),
        "cross": len(rows),
    },
}
print(json.dumps(report, indent=1))
content = (args.model / "first.onnx").read_bytes()
manifest["files"]["first.onnx"] = {
    "sha256": hashlib.sha256(content).hexdigest(),
    "bytes": len(content),
}
manifest["clear"] = round(float(bar), 4)
manifest["first"] = report
text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
(args.model / "manifest.json").write_text(text, "utf-8")
