"""Between two runs: ordinary public rows that the model wrongly flags, for the next one to see.

    python models/companion-v1/hard.py --data DIR --out build/hard.json

Only training rows of tier C, and only from sources of plain small talk: what a model flags in
posts about distress or abuse is as often the label's mistake as its own. Writes the texts' hashes;
`train.py --hard` puts these rows into every epoch.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import LABELS

from guardrail.train.export import answers

SOURCES = ("goemotions", "cdial_toy")
FLAGGED = 0.3  # below the operating point: the next model should not get there either
LIMIT = 64  # tokens
HERE = Path(__file__).resolve().parent

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
cli.add_argument("--model", type=Path, default=HERE)
cli.add_argument("--out", type=Path, default=Path("build/hard.json"))
cli.add_argument("--threads", type=int, default=2)
args = cli.parse_args()

manifest = json.loads((args.model / "manifest.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
rows, _ = data.split_public(data.public(args.data / "open.jsonl.gz"))
rows = [row for row in rows if row["tier"] == "C" and row["source"] in SOURCES]
logits = answers(
    args.model / "model.onnx", data.encode(rows, tokenizer, LIMIT), threads=args.threads
)
scores = 1 / (1 + np.exp(-data.calibrated(logits, rows, manifest)))[:, : len(LABELS)]
clean = np.array([row["targets"][: len(LABELS)] for row in rows]) == 0
wrong = (scores >= FLAGGED) & clean
hashes = [data.text_hash(row["text"]) for row, bad in zip(rows, wrong.any(1), strict=True) if bad]
args.out.parent.mkdir(parents=True, exist_ok=True)
args.out.write_text(json.dumps(hashes), "utf-8")
counts = {name: int(wrong[:, i].sum()) for i, name in enumerate(LABELS)}
print(f"{len(hashes)} of {len(rows)} rows", counts)
