"""How much of what it finds does the model still find when somebody hides it?

    python models/companion-v1/evasions.py                       # writes build/evasions.json
    python models/companion-v1/evasions.py --model DIR --rows 50

Held-out seeds that the model finds in their own spelling are disguised, kind by kind, and scored
again as the server does it: as `despell` reads them. Clean look-alikes that raise no alarm are
disguised the same way. `seeds/test` is not read.

The kinds are those of `disguise.py`, which the training sees, too. So this says whether known
tricks work, not what the next one will do.
"""

import argparse
import asyncio
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from disguise import kinds
from model import LABELS

from guardrail.classify._runtime import open_session
from guardrail.classify.base import Utterance
from guardrail.classify.onnx import OnnxClassifier
from guardrail.classify.spelling import despell
from guardrail.turn import Message, Role

SEED = 3
HARD = {"idiom", "game", "lookalike", "adult_lookalike", "fiction", "grief", "recovery", "twin"}

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--model", type=Path, default=Path(__file__).resolve().parent)
cli.add_argument(
    "--rows", type=int, default=100, help="at most, of each language and kind, harmful and clean"
)
cli.add_argument("--out", type=Path, default=Path("build/evasions.json"))
args = cli.parse_args()


rng = random.Random(SEED)


# --- scores -------------------------------------------------------------------------------------
model = OnnxClassifier.load(args.model, cascade=False)
manifest = json.loads((args.model / "manifest.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
session = open_session(args.model / "model.onnx")


def utterance(row, text):
    before = tuple(Message(Role(turn["role"]), turn["text"]) for turn in row["context"])
    return Utterance(text, Role(row["role"]), before)


def score(pairs):
    """Per (row, text) the score of each label."""
    answers = []
    for row, text in pairs:  # one at a time, as a chat comes in
        (signals,) = asyncio.run(model.classify((utterance(row, text),)))
        answers.append({signal.label: signal.score for signal in signals})
    return answers


def once(pairs):
    """The same for one reading, to see what each brings."""
    rows = [{**row, "text": text} for row, text in pairs]
    logits = []
    for ids, mask in data.encode(rows, tokenizer, manifest["max_tokens"]):
        feed = {"ids": np.array([ids], np.int64), "mask": np.array([mask], np.int64)}
        logits.append(session.run(None, feed)[0][0])
    if not rows:
        return []
    scores = 1 / (1 + np.exp(-data.calibrated(np.array(logits, np.float64), rows, manifest)))
    return [dict(zip(LABELS, line, strict=False)) for line in scores]


def over(scores):
    return {name for name in LABELS if scores.get(name, 0.0) >= model.operating_point[name]}


def share(hits, n):
    """A share and its 95 % interval after Wilson."""
    if not n:
        return {"n": 0}
    z, p = 1.96, hits / n
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return {"n": n, "share": round(p, 3), "interval": [round(low, 3), round(high, 3)]}


# --- rows ---------------------------------------------------------------------------------------
_, dev = data.split_seeds(data.seeds(data.SEEDS))
rng.shuffle(dev)
harmful, clean = [], []
for row, scores in zip(dev, score([(row, row["text"]) for row in dev]), strict=True):
    true = {name for name, t in zip(LABELS, row["targets"], strict=False) if t == 1}
    found = true & over(scores)
    if found and len(row["text"]) >= 6:
        harmful.append((row, found))
    elif not true and not over(scores) and HARD & set(row["tags"]):
        clean.append((row, true))


def figures(rows, kind, change, judge):
    """Of rows that a kind changes: how many were `judge`d so, as the server reads them and with each reading."""
    changed = [(row, found, change(row["text"])) for row, found in rows]
    changed = [one for one in changed if one[2] != one[0]["text"]][: args.rows]
    pairs = [(row, text) for row, _, text in changed]
    out = {}
    meant = [(row, despell(text).text) for row, text in pairs]
    readings = {"as served": score(pairs), "as spelt": once(pairs), "as meant": once(meant)}
    for name, scored in readings.items():
        hits = sum(judge(f, over(s)) for (_, f, _), s in zip(changed, scored, strict=True))
        out[name] = (hits, len(changed))
    print(f"  {kind:30}", {k: share(*v) for k, v in out.items()}, flush=True)
    return out


results = {"model": model.version, "dev rows": len(dev)}
for lang, ways in kinds(rng).items():
    groups = {
        "hidden, still found": (harmful, lambda found, now: bool(found & now)),
        "look-alikes flagged": (clean, lambda _, now: bool(now)),
    }
    for name, (pool, judge) in groups.items():
        rows = [(row, found) for row, found in pool if row["lang"] == lang]
        print(lang, name, len(rows))
        total = {}
        table = results.setdefault(f"{lang}: {name}", {})
        for kind, change in ways.items():
            made = figures(rows, kind, change, judge)
            table[kind] = {reading: share(*counts) for reading, counts in made.items()}
            for reading, (hits, n) in made.items():
                before = total.get(reading, (0, 0))
                total[reading] = (before[0] + hits, before[1] + n)
        table["all kinds"] = {reading: share(*counts) for reading, counts in total.items()}
        print("  all kinds", table["all kinds"])
args.out.parent.mkdir(parents=True, exist_ok=True)
args.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
