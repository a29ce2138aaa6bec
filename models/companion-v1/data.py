"""Step 2, imported by the others: rows, targets and splits.

`open.jsonl.gz` (public data with permissive licences) and `seeds/train` are all that shipped
weights see. `research.jsonl.gz` is for development figures only, `seeds/test` for the final ones.

    python models/companion-v1/data.py --data DIR      # prints what a training run would get
"""

import argparse
import collections
import gzip
import hashlib
import json
import math
import random
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from disguise import disguised
from model import BOT_DETECTORS, DETECTORS, LABELS, OUTPUTS, SUBJECTS, USER_DETECTORS

from guardrail.classify.base import Utterance
from guardrail.classify.text import normalise
from guardrail.train.coding import bucket, coded
from guardrail.turn import Message, Role

SEEDS = Path("seeds/train")
TIERS = {"A": 1.0, "B": 0.5, "C": 0.5}  # how much a row of a tier weighs in the loss
POSITIVES = {"self_harm": 700, "minor": 500}  # per label and language, from public data
POSITIVES_OTHERWISE = 450
NEGATIVES = {"A": 450, "B": 450, "C": 1200}  # per source and language
DEV_SEEDS, DEV_OPEN = 8, 25  # one in so many is held out for thresholds and calibration
LONG = 700  # characters; longer public text is only used where its label is rare
DISGUISED = 0.12  # of the seeds, in each epoch
LEVEL = {"passive": (0, 0), "active": (1, 0), "plan": (1, 1)}
LEVEL_OPEN = {"Ideation": (None, 0), "Behavior": (1, None), "Attempt": (1, 1)}  # cssrs500
CHATTER = {  # people among themselves: what nearly nobody says there
    (source, role): dict.fromkeys(names, 0)
    for source in ("goemotions", "cdial_toy")
    for role, names in (
        ("user", ("asks_human", "evading", "loss", *SUBJECTS)),
        ("assistant", ("professional", "purchase", "secrecy", "evading")),
    )
}
UNKNOWN = math.nan


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def text_hash(text):
    """How a list names a public row whose text it may not repeat."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(open_path, names=None):
    """What a run was trained on: hashes, seed files and rows. Seeds grow, so this is taken once."""
    paths = [path for path in sorted(SEEDS.glob("*.jsonl")) if names is None or path.name in names]
    whole = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return {
        "open.jsonl.gz": sha256(open_path),
        "seeds/train": whole,
        "seeds_files": [path.name for path in paths],
        "seeds_rows": sum(len(path.read_text("utf-8").splitlines()) for path in paths),
    }


def targets(labels, level=(None, None), detectors=None):
    known = [labels.get(name) for name in LABELS] + [*level]
    known += [(detectors or {}).get(name) for name in DETECTORS]
    return [UNKNOWN if value is None else float(value) for value in known]


def detectors_of(raw):
    """What a row says about its speaker's detectors; rows older than these say it by their tags."""
    own = USER_DETECTORS if raw["role"] == "user" else BOT_DETECTORS
    if "detectors" in raw:
        return {name: int(name in raw["detectors"]) for name in own}
    if "ordinary" in raw["tags"]:
        return {name: 0 for name in own if name not in {"leaving", "romance"}}
    if raw["role"] == "user":  # each of them was read again for these: those that hold are listed
        return dict.fromkeys(SUBJECTS, 0)
    known = {"protective": 0} if "omission" in raw["tags"] else {}
    tactics = {"purchase", "secrecy"} & set(raw["tags"])
    return known | (dict.fromkeys(tactics, 1) if raw["labels"]["manipulation"] else {})


def of_seed(raw):
    level = (None, None)
    if raw["labels"]["self_harm"] and raw["role"] == "user" and raw["level"]:
        level = LEVEL[raw["level"]]
    return {
        **{k: raw[k] for k in ("id", "text", "role", "lang", "context", "tags", "level")},
        "source": "seeds",
        "weight": 1.0,
        "targets": targets(raw["labels"], level, detectors_of(raw)),
    }


def of_public(raw):
    role = raw["role"]
    if role == "unknown":
        role = ("user", "assistant")[bucket("role" + raw["text"], 2)]
    level = (None, None)
    if raw["labels"]["self_harm"] == 1 and role == "user":
        level = LEVEL_OPEN.get(raw["meta"].get("level"), level)
    return {
        "id": "",
        "text": raw["text"],
        "role": role,
        "lang": raw["lang"],
        "context": raw.get("context") or [],
        "tags": [],
        "level": None,
        "source": raw["source"],
        "tier": raw["meta"].get("tier", "B"),
        "weight": TIERS[raw["meta"].get("tier", "B")],
        "targets": targets(raw["labels"], level, CHATTER.get((raw["source"], role))),
    }


def seeds(folder):
    """All rows of a seed folder; a text that stands there twice with one context counts once."""
    rows, seen = [], set()
    for path in sorted(Path(folder).glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = of_seed(json.loads(line))
            key = (row["role"], normalise(row["text"]).casefold(), json.dumps(row["context"]))
            if key not in seen:
                seen.add(key)
                rows.append(row)
    return rows


def public(path):
    rows, seen = [], set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            key = hash(normalise(raw["text"][:300]).casefold())
            if key not in seen and raw["role"] in {"user", "assistant", "unknown"}:
                seen.add(key)
                rows.append(of_public(raw))
    return rows


def split_seeds(rows):
    """Training and dev. Twins share their context (or a scene's number), so they stay together."""
    train, dev = [], []
    for row in rows:
        first = row["context"][0]["text"] if row["context"] else row["text"]
        (dev if bucket("dev" + normalise(first), DEV_SEEDS) == 0 else train).append(row)
    return train, dev


def split_public(rows):
    train, dev = [], []
    for row in rows:
        (dev if bucket("dev" + row["text"], DEV_OPEN) == 0 else train).append(row)
    return train, dev


def sample(rows, seed, share=1.0):
    """Balanced public rows: rare labels whole, common ones and ordinary chat capped, short first."""
    rng = random.Random(seed)
    shuffled = rng.sample(rows, len(rows))
    shuffled.sort(key=lambda row: len(row["text"]) > LONG)  # stable: short ones come first
    count = collections.Counter()
    taken = []
    for row in shuffled:
        found = [LABELS[i] for i in range(len(LABELS)) if row["targets"][i] == 1]
        if found:
            keys = [(name, row["lang"]) for name in found]
            limit = min(POSITIVES.get(name, POSITIVES_OTHERWISE) for name in found)
        elif len(row["text"]) > LONG:
            continue
        else:
            keys, limit = [(row["source"], row["lang"])], NEGATIVES[row["tier"]]
        if max(count[key] for key in keys) < max(1, int(limit * share)):
            count.update(keys)
            taken.append(row)
    rng.shuffle(taken)
    return taken


def small_talk(rows):
    """Ordinary lines of both speakers by language, to put before rows that they have no part in."""
    pool = {(lang, role): [] for lang in ("en", "zh") for role in ("user", "assistant")}
    for row in rows:
        if "ordinary" in row["tags"] and not any(t == 1 for t in row["targets"]):
            pool[row["lang"], row["role"]].append(row["text"][:160])
    return pool


def chat_before(row, pool, rng):
    """One or two ordinary turns that end where this row's speaker takes the word."""
    other, own = ("assistant", "user") if row["role"] == "user" else ("user", "assistant")
    turns = [{"role": other, "text": rng.choice(pool[row["lang"], other])}]
    if rng.random() < 0.6:
        turns.insert(0, {"role": own, "text": rng.choice(pool[row["lang"], own])})
    return turns


def with_small_talk(row, pool, rng, share):
    """The row after talk that has nothing to do with it; its label is the same.

    Without this a model learns that a conversation which began harmlessly stays so: one exchange
    about pasta hid four crisis lines in five (found in a trial of the first model).
    """
    if row["context"] and "context_only" not in row["tags"] and rng.random() < share / 2:
        first = row["context"][0]["role"]
        before = chat_before({**row, "role": first}, pool, rng)
        return {**row, "context": before + row["context"]}
    if not row["context"] and rng.random() < share:
        return {**row, "context": chat_before(row, pool, rng)}
    return row


def augment(row, rng):
    """A seed row as somebody else might have typed it; the label must survive."""
    text, context = row["text"], row["context"]
    if rng.random() < DISGUISED:  # harmful rows and clean ones alike: a disguise alone says nothing
        text = disguised(text, row["lang"], rng)
    if row["lang"] == "en" and rng.random() < 0.25:
        text = text.lower()
    if rng.random() < 0.2:
        text = text.rstrip(".。!！~～ ") or text
    if context and "context_only" not in row["tags"] and rng.random() < 0.2:
        context = context[rng.randrange(1, len(context) + 1) :]
    return {**row, "text": text, "context": context}


def encode(rows, tokenizer, limit):
    """Token ids and masks; a long text is represented by its first window."""
    said = [
        Utterance(
            row["text"],
            Role(row["role"]),
            tuple(Message(Role(turn["role"]), turn["text"]) for turn in row["context"]),
        )
        for row in rows
    ]
    return coded(said, tokenizer, limit)


def calibrated(logits, rows, manifest):
    """Logits on the scale of the manifest: 0 is the operating point of the row's group."""
    out = np.zeros_like(logits)
    for i, row in enumerate(rows):
        pairs = manifest["calibration"][f"{row['lang']} {row['role']}"]
        out[i] = [
            x * pairs[o]["scale"] + pairs[o]["bias"]
            for x, o in zip(logits[i], OUTPUTS, strict=True)
        ]
    return out


if __name__ == "__main__":
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, required=True)
    args = cli.parse_args()
    train, dev = split_seeds(seeds(SEEDS))
    print(f"seeds: {len(train)} train, {len(dev)} dev")
    rows, held = split_public(public(args.data / "open.jsonl.gz"))
    picked = sample(rows, 0)
    print(f"open: {len(rows)} rows, {len(held)} dev; one sample has {len(picked)}")
    for name, part in (("seeds train", train), ("seeds dev", dev), ("sample", picked)):
        for i, output in enumerate(OUTPUTS):
            values = collections.Counter(row["targets"][i] for row in part)
            print(f"  {name:12} {output:16} {values[1.0]:5} positive {values[0.0]:6} negative")
