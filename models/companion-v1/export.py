"""Step 4: ONNX in int8, calibration and operating point, manifest.

    python models/companion-v1/export.py --data DIR --base build/base --train build/train

Linear layers become dynamic int8, one scale per output channel; the embedding table becomes int8
with one scale per piece. Calibration (scale and bias of each logit) is chosen on the held-out
parts of seeds/train and open.jsonl.gz, never on seeds/test, so that 0.5 is the operating point.
"""

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import BOT_DETECTORS, LABELS, LEVELS, OUTPUTS, SUBJECTS, USER_DETECTORS, load

from guardrail.train.export import answers, quantised, write_float

MAX_TOKENS = 128
LEVELS_BAR = 0.8  # development AUC from which the server gives levels out
OPERATING_POINT = 0.5  # what a score of 0.5 means is set by the calibration:
# Of the dev mix. A missed crisis costs more than a kind word; words of comfort for a loss that nobody
# had would be worse than none.
FALSE_ALARMS = {"self_harm": 0.04} | dict.fromkeys(SUBJECTS, 0.01)
FALSE_ALARMS_OTHERWISE = 0.02
POINTS = {"strict": 2.5, "relaxed": 0.25}  # times the false alarms of `balanced`
SCALES = 0.4, 2.5
ENOUGH = 250  # clean rows of a group, below which the whole decides
OPEN_DEV = 3500
NAME = "companion-v1"

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True)
cli.add_argument("--base", type=Path, default=Path("build/base"))
cli.add_argument("--train", type=Path, default=Path("build/train"))
cli.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)


# --- float, then int8 ---------------------------------------------------------------------------
model = load(args.train / "model.pt")
weights_sha = data.sha256(args.train / "model.pt")
work = args.train / "export"
work.mkdir(exist_ok=True)
wrong = write_float(model, work / "float.onnx")
print(f"float.onnx differs from torch by {wrong:.2e}")
quantised(model, work, args.out / "model.onnx")
tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
(args.out / "tokenizer.json").write_bytes((args.base / "tokenizer.json").read_bytes())
print(f"model.onnx: {(args.out / 'model.onnx').stat().st_size / 1e6:.1f} MB")


# --- dev scores ---------------------------------------------------------------------------------
def score(path, rows):
    return answers(path, data.encode(rows, tokenizer, MAX_TOKENS), threads=torch.get_num_threads())


_, dev_seeds = data.split_seeds(data.seeds(data.SEEDS))
_, held = data.split_public(data.public(args.data / "open.jsonl.gz"))
held = data.sample(held, 1)[:OPEN_DEV]
rows = dev_seeds + held
is_seed = np.array([row["source"] == "seeds" for row in rows])
truth = np.array([row["targets"] for row in rows])
small, full = score(args.out / "model.onnx", rows), score(work / "float.onnx", rows)
print(f"dev: {is_seed.sum()} seeds, {(~is_seed).sum()} open")


def line(x, weight, alarms):
    """Scale and bias so that of the clean rows `alarms` score over 0.5 and a quarter of those over
    0.8. A policy may then use the same numbers for each label, and for the next model, too.
    """
    order = np.argsort(-x)
    share = np.cumsum(weight[order]) / weight.sum()
    soft, hard = (x[order][np.searchsorted(share, part)] for part in (alarms, alarms / 4))
    scale = float(np.clip(np.log(0.8 / 0.2) / max(hard - soft, 1e-6), *SCALES))
    return scale, -scale * soft


def fitted(output, part):
    """Scale and bias of one output for one group of rows (a mask), or `None` for too few."""
    i = OUTPUTS.index(output)
    known = part & ~np.isnan(truth[:, i])
    x, y, seed = small[known, i], truth[known, i], is_seed[known]
    if (
        output in LEVELS
    ):  # a cut between levels: where both errors, as shares, are smallest together
        cuts = np.sort(x)
        errors = [(x[y == 1] < cut).mean() + (x[y == 0] >= cut).mean() for cut in cuts]
        return 1.0, -cuts[int(np.argmin(errors))]
    negative = y == 0
    if negative.sum() < ENOUGH:
        return None
    # Hard seeds and ordinary public rows weigh the same, however many there are of each.
    weight = np.where(seed, 0.5 / max(1, seed.sum()), 0.5 / max(1, (~seed).sum()))
    alarms = FALSE_ALARMS.get(output, FALSE_ALARMS_OTHERWISE)
    return line(x[negative], weight[negative], alarms)


# The same score is to mean the same in both languages. Not for both speakers: that a bot manipulates
# and a person hardly ever does is knowledge, and a line for each speaker would throw it away (AUC of
# manipulation on dev .978 → .866). Detectors have too few rows for a line for each language.
whole = np.ones(len(rows), bool)
calibration, groups = {}, {}
for lang in ("en", "zh"):
    spoken = np.array([row["lang"] == lang for row in rows])
    lines = {o: (o in LABELS and fitted(o, spoken)) or fitted(o, whole) for o in OUTPUTS}
    for role in ("user", "assistant"):
        group = f"{lang} {role}"
        groups[group] = spoken & np.array([row["role"] == role for row in rows])
        calibration[group] = {
            o: {"scale": round(float(scale), 4), "bias": round(float(bias), 4)}
            for o, (scale, bias) in lines.items()
        }
thresholds = dict.fromkeys(OUTPUTS, OPERATING_POINT)
score_of = np.zeros_like(small)
for group, part in groups.items():
    pairs = [calibration[group][output] for output in OUTPUTS]
    score_of[part] = small[part] * [p["scale"] for p in pairs] + [p["bias"] for p in pairs]
metrics = {}
for i, output in enumerate(OUTPUTS):
    known = ~np.isnan(truth[:, i])
    x, y, seed, float_x = score_of[known, i], truth[known, i], is_seed[known], full[known, i]
    hit, negative = x >= 0.0, y == 0  # a logit of 0 is a score of 0.5
    if len(set(y)) < 2:
        continue
    metrics[output] = {
        "auc_int8": round(roc_auc_score(y, small[known, i]), 4),
        "auc_float": round(roc_auc_score(y, float_x), 4),
        "auc_calibrated": round(roc_auc_score(y, x), 4),
        "recall": round(float(hit[y == 1].mean()), 4),
        "recall_seeds": round(float(hit[(y == 1) & seed].mean()), 4),
        "false_alarms_seeds": round(float(hit[negative & seed].mean()), 4),
        "false_alarms_open": round(float(hit[negative & ~seed].mean()), 4)
        if (negative & ~seed).any()
        else None,
        "positives": int((y == 1).sum()),
        "negatives": int(negative.sum()),
    }
    print(f"{output:16} {metrics[output]}")


def point(output, times):
    """The score that `times` the usual share of clean dev rows reaches."""
    i = OUTPUTS.index(output)
    clean = truth[:, i] == 0
    x, seed = score_of[clean, i], is_seed[clean]
    weight = np.where(seed, 0.5 / max(1, seed.sum()), 0.5 / max(1, (~seed).sum()))
    alarms = times * FALSE_ALARMS.get(output, FALSE_ALARMS_OTHERWISE)
    order = np.argsort(-x)
    share = np.cumsum(weight[order]) / weight.sum()
    return round(float(1 / (1 + np.exp(-x[order][np.searchsorted(share, alarms)]))), 3)


points = {name: {o: point(o, times) for o in LABELS} for name, times in POINTS.items()}
points["balanced"] = dict.fromkeys(LABELS, OPERATING_POINT)  # that is what the calibration means

# --- the manifest -------------------------------------------------------------------------------
files = {}
for name in ("model.onnx", "tokenizer.json"):
    content = (args.out / name).read_bytes()
    files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
manifest = {
    "name": NAME,
    "version": f"{NAME}-{files['model.onnx']['sha256'][:8]}",
    "made": datetime.now(UTC).strftime("%Y-%m-%d"),
    "licence": "Apache-2.0; base weights multilingual-e5-small: MIT",
    "languages": ["en", "zh"],
    "labels": list(LABELS),
    "detectors": {"user": list(USER_DETECTORS), "assistant": list(BOT_DETECTORS)},
    "levels": list(LEVELS),
    # A level that is little better than a coin must not decide how an answer sounds.
    "levels_usable": all(metrics.get(n, {}).get("auc_int8", 0) >= LEVELS_BAR for n in LEVELS),
    "outputs": list(OUTPUTS),
    "max_tokens": MAX_TOKENS,
    "files": files,
    "calibration": calibration,
    "thresholds": thresholds,
    "points": points,
    "false_alarms": {n: FALSE_ALARMS.get(n, FALSE_ALARMS_OTHERWISE) for n in LABELS},
    "data": json.loads((args.train / "data.json").read_text("utf-8")) | {"weights.pt": weights_sha},
    "dev": {"seeds": int(is_seed.sum()), "open": int((~is_seed).sum()), "outputs": metrics},
}
text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
(args.out / "manifest.json").write_text(text, "utf-8")
print(manifest["version"])
