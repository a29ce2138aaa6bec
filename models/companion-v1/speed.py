"""Between steps 5 and 6: what the runtime costs on one core, as it is served.

    python models/companion-v1/speed.py --data DIR

Four figures go into metrics.json, for `bars.py`: the static part (normaliser, lexicon, first stage)
for one turn, mixed traffic (95 of 100 turns ordinary public rows that no training saw, five from
harmful held-out seeds) with and without the first stage, load time and resident memory. Run it on
an idle machine; single figures are worth little, so each is the best of several rounds.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data

from guardrail.classify.base import RISK, Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.onnx import OnnxClassifier
from guardrail.turn import Message, Role

HERE = Path(__file__).resolve().parent
TURNS, HARMFUL, ROUNDS, SEED = 200, 10, 5, 11
LOADED = (
    "import time, pathlib, re\n"
    "from guardrail.classify.onnx import OnnxClassifier\n"
    "began = time.perf_counter()\n"
    f"OnnxClassifier.load(pathlib.Path({str(HERE)!r}))\n"
    "spent = time.perf_counter() - began\n"
    "status = pathlib.Path('/proc/self/status').read_text()\n"
    "print(spent, int(re.search(r'VmRSS:\\s+(\\d+)', status)[1]) / 1024)\n"
)

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
args = cli.parse_args()
os.sched_setaffinity(0, {0})

# --- the turns ----------------------------------------------------------------------------------
rng = random.Random(SEED)
_, dev = data.split_seeds(data.seeds(data.SEEDS))
_, held = data.split_public(data.public(args.data / "open.jsonl.gz"))
calm = [row for row in held if row["tier"] == "C" and row["role"] == "user"]
grave = [row for row in dev if row["role"] == "user" and 1.0 in row["targets"][:7]]
rows = rng.sample(calm, TURNS - HARMFUL) + rng.sample(grave, HARMFUL)
rng.shuffle(rows)
said = [
    Utterance(
        row["text"],
        Role.USER,
        tuple(Message(Role(turn["role"]), turn["text"]) for turn in row["context"]),
    )
    for row in rows
]
lexicon = LexiconClassifier.load()


# --- how long they take -------------------------------------------------------------------------
async def rate(classifier):
    """Turns a second, one after the other, the lexicon asked for each as the server does."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for one in said:
            await lexicon.classify((one,))
            await classifier.classify((one,))
        best = max(best, len(said) / (time.perf_counter() - began))
    return best


async def static(classifier):
    """Milliseconds of a turn that the first stage clears: all that runs before the encoder."""
    spent = []
    for one in said:
        ((first, *_),) = await classifier.classify((one,))
        if first.label != RISK:
            continue
        rounds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await lexicon.classify((one,))
            await classifier.classify((one,))
            rounds.append(time.perf_counter() - began)
        spent.append(min(rounds))
    print(len(spent), "turns are cleared by the first stage")
    return sorted(spent)[len(spent) // 2] * 1000


async def measured():
    whole = OnnxClassifier.load(HERE, cascade=False)
    cascade = OnnxClassifier.load(HERE, cascade=True)
    return {
        "static_ms": round(await static(cascade), 3),
        "mixed_per_second": round(await rate(whole), 1),
        "mixed_per_second_cascade": round(await rate(cascade), 1),
    }


found = asyncio.run(measured())
loads = [subprocess.check_output([sys.executable, "-c", LOADED], text=True) for _ in range(3)]  # noqa: S603
found["load_seconds"] = round(min(float(line.split()[0]) for line in loads), 2)
found["resident_mb"] = round(min(float(line.split()[1]) for line in loads))
print(found)
metrics = json.loads((HERE / "metrics.json").read_text("utf-8"))
metrics["speed"] = found
text = json.dumps(metrics, indent=2, ensure_ascii=False) + "\n"
(HERE / "metrics.json").write_text(text, "utf-8")
