"""Between steps 3 and 4: the detectors with the fewest rows, fitted to the end on the net as it is.

    python models/companion-v1/heads.py --train build/mean --base build/base --out build/heads

With 158 positive rows an output is far from done when the epochs end. The net stays as it is: only
the head's rows of `SUBJECTS` are fitted again, as logistic regressions on what the net makes of the
seeds. For detectors with more rows this brought nothing (RUNS.md).
"""

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from loop import tensors
from model import OUTPUTS, SUBJECTS, load, save

SEED = 5
TALK = 0.6  # rows without context that get an unrelated one, as in training
LIMIT = 96  # tokens
STRENGTH = 0.01  # inverse, of the penalty; of 0.001 to 0.03 the best on dev

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--train", type=Path, required=True, help="folder with model.pt and data.json")
cli.add_argument("--base", type=Path, default=Path("build/base"))
cli.add_argument("--out", type=Path, required=True)
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)

model = load(args.train / "model.pt").eval()
tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))


def pooled(rows):
    """What the head sees of each row: (rows, 2 * hidden)."""
    coded = data.encode(rows, tokenizer, LIMIT)
    order = sorted(range(len(rows)), key=lambda i: len(coded[i][0]))
    out = np.zeros((len(rows), model.head.in_features), np.float32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), 32):
            part = order[at : at + 32]
            ids, mask = tensors([coded[i] for i in part])
            _, states = model.seen(ids, mask)
            out[part] = model.pooled(states[-1].float(), mask).float().numpy()
    return out


train, dev = data.split_seeds(data.seeds(data.SEEDS))
talk, rng = data.small_talk(train), random.Random(SEED)
own = [data.with_small_talk(row, talk, rng, TALK) for row in train if row["role"] == "user"]
dev = [row for row in dev if row["role"] == "user"]
seen, held = pooled(own), pooled(dev)
middle, spread = seen.mean(0), seen.std(0) + 1e-6
for name in SUBJECTS:
    i = OUTPUTS.index(name)
    known = [n for n, row in enumerate(own) if row["targets"][i] in (0.0, 1.0)]
    truth = [own[n]["targets"][i] for n in known]
    fit = LogisticRegression(C=STRENGTH, max_iter=500)
    fit.fit((seen[known] - middle) / spread, truth)
    weight = torch.tensor(fit.coef_[0] / spread, dtype=torch.float32)
    bias = float(fit.intercept_[0] - (fit.coef_[0] * middle / spread).sum())
    wanted = [row["targets"][i] for row in dev]
    before = held @ model.head.weight[i].detach().numpy()
    with torch.no_grad():
        model.head.weight[i], model.head.bias[i] = weight, bias
    aucs = [roc_auc_score(wanted, scores) for scores in (before, held @ weight.numpy())]
    print(f"{name}: {int(sum(truth))} of {len(truth)}, dev {aucs[0]:.3f} -> {aucs[1]:.3f}")

save(model, args.out / "model.pt")
made = json.loads((args.train / "data.json").read_text("utf-8"))
made |= {"heads": list(SUBJECTS), "of": data.sha256(args.train / "model.pt")}
(args.out / "data.json").write_text(json.dumps(made, indent=2), "utf-8")
