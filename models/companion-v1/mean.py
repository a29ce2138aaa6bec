"""Between steps 3 and 4, after a run that went on from older weights: a mean of both.

    python models/companion-v1/mean.py --old OLD/model.pt --new build/train --out build/mean

New seeds pull the weights towards their own subject. Weights on the line between the two runs keep
more of what the older ones knew: on dev the mean was better than either end (RUNS.md). `--share` is
how far from the old to the new, chosen on dev: 0.65 for one run, 0.8 for the next (RUNS.md).
"""

import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from loop import wider
from model import load, save

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--old", type=Path, required=True, help="the weights that training started from")
cli.add_argument("--new", type=Path, required=True, help="the folder of that training")
cli.add_argument("--out", type=Path, required=True)
cli.add_argument("--share", type=float, default=0.65)
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)

seen = json.loads((args.new / "data.json").read_text("utf-8"))
assert seen["start"] == data.sha256(args.old), "the new weights do not go on from the old ones"
old, new = load(args.old), load(args.new / "model.pt")
known = old.config.outputs  # what the old weights were asked; further outputs are the new ones' own
model, learnt = wider(old, new.config.outputs), new.state_dict()
with torch.no_grad():
    for name, weight in model.state_dict().items():
        if weight.is_floating_point():
            weight.lerp_(learnt[name], args.share)
    model.head.weight[known:] = learnt["head.weight"][known:]
    model.head.bias[known:] = learnt["head.bias"][known:]
save(model, args.out / "model.pt")
seen |= {"mean": data.sha256(args.new / "model.pt"), "share": args.share}
(args.out / "data.json").write_text(json.dumps(seen, indent=2), "utf-8")
print(f"{args.share} of {args.new}, the rest of {args.old} -> {args.out}/model.pt")
