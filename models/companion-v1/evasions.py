"""How much of what it finds does the model still find when somebody hides it?

    python models/companion-v1/evasions.py                       # writes build/evasions.json
    python models/companion-v1/evasions.py --model DIR --rows 50

Held-out seeds that the model finds in their own spelling are disguised, kind by kind, and scored
again as the server does it: each text as it is spelt and as `despell` reads it. Clean look-alikes
that raise no alarm are disguised the same way. `seeds/test` is not read.

The kinds are those that `guardrail/classify/spelling.py` knows, and its tables of homophones are
read backwards here. So this says whether known tricks work, not what the next one will do.
"""

import argparse
import asyncio
import json
import math
import random
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import LABELS

from guardrail.classify._spelling_codes import CHINESE, CUT, HARMFUL, SPLIT_BY_ANY, SPLIT_BY_MARKS
from guardrail.classify._spelling_tables import SIMPLIFIED, TRADITIONAL
from guardrail.classify.base import Utterance
from guardrail.classify.onnx import OnnxClassifier
from guardrail.classify.spelling import despell
from guardrail.turn import Message, Role

SEED = 3
HARD = {"idiom", "game", "lookalike", "adult_lookalike", "fiction", "grief", "recovery", "twin"}
LEET = str.maketrans("aeiost", "4310$7")
CONFUSABLE = str.maketrans("aceiopsxy", "асеіорѕху")  # Cyrillic
TO_TRADITIONAL = {}
for plain, old in zip(SIMPLIFIED.replace("\n", ""), TRADITIONAL.replace("\n", ""), strict=True):
    TO_TRADITIONAL.setdefault(plain, old)

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--model", type=Path, default=Path(__file__).resolve().parent)
cli.add_argument(
    "--rows", type=int, default=100, help="at most, of each language and kind, harmful and clean"
)
cli.add_argument("--out", type=Path, default=Path("build/evasions.json"))
args = cli.parse_args()


# --- disguises ----------------------------------------------------------------------------------
def words_to_hide(text):
    """The harmful words of an English text; where it has none, its two longest."""
    words = list(re.finditer(r"[a-zA-Z]{3,}", text))
    listed = [m for m in words if m[0].lower() in HARMFUL]
    return listed or sorted(words, key=lambda m: -len(m[0]))[:2]


def hidden(text, change):
    """An English text with the words that somebody would hide changed."""
    out = text
    for m in sorted(words_to_hide(text), key=lambda m: -m.start()):
        out = out[: m.start()] + change(m[0]) + out[m.end() :]
    return out


def starred(word):
    """Its second letter, or the middle one of a long word, as an asterisk: "k*ll"."""
    at = 1 if len(word) < 6 else len(word) // 2
    return word[:at] + "*" + word[at + 1 :]


def coded(table, rng):
    """Chinese words in one of the ways that a table knows for them: "紫砂", "zs", "歹匕"."""
    ways = {}
    for written, codes in table.items():
        for code in codes:
            ways.setdefault(code.plain, []).append(written)
    known = re.compile("|".join(sorted(map(re.escape, ways), key=len, reverse=True)))
    return lambda text: known.sub(lambda m: rng.choice(ways[m[0]]), text)


def marked(text):
    """Words that get filtered with a mark between their characters: "自*杀"."""
    known = re.compile("|".join(sorted([*SPLIT_BY_ANY, *SPLIT_BY_MARKS], key=len, reverse=True)))
    return known.sub(lambda m: "*".join(m[0]), text)


def spaced(text):
    """The longest clause with a space between all its characters: "我 想 去 死"."""
    clause = max(re.findall("[\u4e00-\u9fff]+", text), key=len, default="")
    return text.replace(clause, " ".join(clause), 1) if len(clause) > 2 else text


rng = random.Random(SEED)
KINDS = {
    "en": {
        "zero width": lambda t: hidden(t, "\u200b".join),
        "leet": lambda t: hidden(t, lambda w: w.lower().translate(LEET)),
        "confusables": lambda t: hidden(t, lambda w: w.lower().translate(CONFUSABLE)),
        "spread letters": lambda t: hidden(t, " ".join),
        "dots between letters": lambda t: hidden(t, ".".join),
        "asterisk": lambda t: hidden(t, starred),
        "all of it spread": lambda t: "  ".join(" ".join(w) for w in t.split()),
    },
    "zh": {
        "zero width": "\u200b".join,
        "traditional": lambda t: "".join(TO_TRADITIONAL.get(c, c) for c in t),
        "spaces": spaced,
        "marks": marked,
        "homophones, pinyin, initials": coded(CHINESE, rng),
        "characters cut in two": coded(CUT, rng),
    },
}


# --- scores -------------------------------------------------------------------------------------
model = OnnxClassifier.load(args.model, cascade=False)
manifest = json.loads((args.model / "manifest.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(str(args.model / "model.onnx"), options)


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
    """Of rows that a kind changes: how many were `judge`d so, with two readings and with each."""
    changed = [(row, found, change(row["text"])) for row, found in rows]
    changed = [one for one in changed if one[2] != one[0]["text"]][: args.rows]
    pairs = [(row, text) for row, _, text in changed]
    out = {}
    meant = [(row, despell(text).text) for row, text in pairs]
    readings = {"read twice": score(pairs), "as spelt": once(pairs), "as meant": once(meant)}
    for name, scored in readings.items():
        hits = sum(judge(f, over(s)) for (_, f, _), s in zip(changed, scored, strict=True))
        out[name] = (hits, len(changed))
    print(f"  {kind:30}", {k: share(*v) for k, v in out.items()}, flush=True)
    return out


results = {"model": model.version, "dev rows": len(dev)}
for lang, kinds in KINDS.items():
    groups = {
        "hidden, still found": (harmful, lambda found, now: bool(found & now)),
        "look-alikes flagged": (clean, lambda _, now: bool(now)),
    }
    for name, (pool, judge) in groups.items():
        rows = [(row, found) for row, found in pool if row["lang"] == lang]
        print(lang, name, len(rows))
        total = {}
        table = results.setdefault(f"{lang}: {name}", {})
        for kind, change in kinds.items():
            made = figures(rows, kind, change, judge)
            table[kind] = {reading: share(*counts) for reading, counts in made.items()}
            for reading, (hits, n) in made.items():
                before = total.get(reading, (0, 0))
                total[reading] = (before[0] + hits, before[1] + n)
        table["all kinds"] = {reading: share(*counts) for reading, counts in total.items()}
        print("  all kinds", table["all kinds"])
args.out.parent.mkdir(parents=True, exist_ok=True)
args.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
