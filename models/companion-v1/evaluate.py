"""Step 5: figures. Reads seeds/test, which nothing else here may read, and public dev sets.

    python models/companion-v1/evaluate.py --data DIR --float build/train/export/float.onnx

Writes metrics.json and the figures in CARD.md. Everything is scored at the runtime's settings: one
text at a time, the whole context rule, int8. `--float` adds the unquantised model for comparison,
`--data` the research sets (development figures: the weights never saw them, but we did).
"""

import argparse
import gzip
import json
import platform
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import data
from model import LABELS, OUTPUTS

from guardrail.classify._runtime import open_session

HERE = Path(__file__).resolve().parent
GAMBLING = LABELS.index("gambling")
FALSE_ALARMS = 0.02
RESEARCH_POSITIVES, RESEARCH_NEGATIVES = 150, 80  # per source and language
RESAMPLES = 200  # for the intervals: 95 %, by bootstrap over rows
ORDINARY = 1500
ADVERTISING = "chineseharm_rest"  # the research set with gambling advertising, among other spam
LOOKALIKES = (
    "idiom", "game", "lookalike", "adult_lookalike", "fiction", "news", "grief", "recovery",
    "prevention", "twin",
)  # fmt: skip
SMALL = 8  # fewer positives than this: the figure is not printed as one
BEGIN, END = "<!-- figures: written by evaluate.py -->", "<!-- end of figures -->"

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--data", type=Path, help="folder with research.jsonl.gz")
cli.add_argument("--float", type=Path, dest="full")
cli.add_argument("--test", type=Path, default=Path("seeds/test"))
args = cli.parse_args()

manifest = json.loads((HERE / "manifest.json").read_text("utf-8"))
tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))


def score(session, rows):
    out = []
    for ids, mask in data.encode(rows, tokenizer, manifest["max_tokens"]):
        feed = {"ids": np.array([ids], np.int64), "mask": np.array([mask], np.int64)}
        out.append(session.run(None, feed)[0][0])
    return 1 / (1 + np.exp(-data.calibrated(np.array(out, np.float64), rows, manifest)))


def figures(truth, scores, output):
    """AUC, and recall at the operating point and at 2 % false alarms, with their n."""
    i = OUTPUTS.index(output)
    known = ~np.isnan(truth[:, i])
    y, p = truth[known, i], scores[known, i]
    good, bad = p[y == 0], p[y == 1]
    out = {"positives": len(bad), "negatives": len(good)}
    if not len(good) or not len(bad):
        return out
    at = manifest["thresholds"][output]
    draws = np.random.default_rng(0).integers(0, len(y), (RESAMPLES, len(y)))
    aucs = [roc_auc_score(y[d], p[d]) for d in draws if 0 < y[d].sum() < len(d)]
    strict = np.sort(good)[::-1][min(len(good) - 1, int(len(good) * FALSE_ALARMS))]
    return out | {
        "auc": round(float(roc_auc_score(y, p)), 4),
        "auc_interval": [round(float(q), 3) for q in np.quantile(aucs, (0.025, 0.975))],
        "recall": round(float((bad >= at).mean()), 4),
        "false_alarms": round(float((good >= at).mean()), 4),
        "recall_at_2_percent": round(float((bad > strict).mean()), 4),
    }


def macro(found, key="auc"):
    values = [found[name][key] for name in LABELS if key in found[name]]
    return round(float(np.mean(values)), 4) if values else None


def all_figures(rows, scores):
    truth = np.array([row["targets"] for row in rows])
    found = {name: figures(truth, scores, name) for name in OUTPUTS}
    found["macro"] = {"auc": macro(found), "recall": macro(found, "recall")}
    return found


# --- seeds/test ---------------------------------------------------------------------------------
small = open_session(HERE / "model.onnx")
rows = data.seeds(args.test)
scores = score(small, rows)
metrics = {"version": manifest["version"], "test_rows": len(rows)}
metrics["test"] = all_figures(rows, scores)
over = scores[:, : len(LABELS)] >= [manifest["thresholds"][name] for name in LABELS]
truth = np.array([row["targets"][: len(LABELS)] for row in rows]) == 1
for lang in ("en", "zh"):
    spoken = [i for i, row in enumerate(rows) if row["lang"] == lang]
    metrics[f"test {lang}"] = all_figures([rows[i] for i in spoken], scores[spoken])
    for role in ("user", "assistant"):
        pick = [i for i in spoken if rows[i]["role"] == role]
        metrics[f"test {lang} {role}"] = all_figures([rows[i] for i in pick], scores[pick])
    hard = [i for i in spoken if set(LOOKALIKES) & set(rows[i]["tags"]) and not truth[i].any()]
    metrics[f"look-alikes {lang}"] = {"rows": len(hard)} | {
        name: round(float(over[hard, n].mean()), 4) for n, name in enumerate(LABELS)
    }
if args.full:
    metrics["test, float32"] = all_figures(rows, score(open_session(args.full), rows))
    lost = {
        name: round(metrics["test, float32"][name]["auc"] - metrics["test"][name]["auc"], 4)
        for name in LABELS
    }
    metrics["int8 loses"] = lost

tags = {}
for tag in sorted({tag for row in rows for tag in row["tags"]}):
    pick = [i for i, row in enumerate(rows) if tag in row["tags"]]
    tags[tag] = {
        "rows": len(pick),
        "harmful": int(truth[pick].any(1).sum()),
        "found": int((over[pick] & truth[pick]).any(1).sum()),
        "clean": int((~truth[pick].any(1)).sum()),
        "false_alarms": int((over[pick].any(1) & ~truth[pick].any(1)).sum()),
    }
metrics["tags"] = tags

# Ordinary chat of the training sources, in rows that no training saw and a lexicon found harmless.
if args.data:
    _, held = data.split_public(data.public(args.data / "open.jsonl.gz"))
    held = [r for r in held if r["tier"] == "C"][:ORDINARY]
    truth = np.array([row["targets"][: len(LABELS)] for row in held])
    cut_of = [manifest["thresholds"][name] for name in LABELS]
    alarms = (score(small, held)[:, : len(LABELS)] >= cut_of) & (truth == 0)
    metrics["ordinary"] = {"rows": len(held), "flagged": round(float(alarms.any(1).mean()), 4)} | {
        name: round(float(alarms[:, i].mean()), 4) for i, name in enumerate(LABELS)
    }
    for lang in ("en", "zh"):
        spoken = alarms[[row["lang"] == lang for row in held]].any(1)
        part = {"rows": len(spoken), "flagged": round(float(spoken.mean()), 4)}
        metrics["ordinary"][lang] = part

names = list(data.LEVEL)
confusion = {name: dict.fromkeys(["none", *names], 0) for name in names}
cut = manifest["thresholds"]
for row, p in zip(rows, scores, strict=True):
    if row["level"]:
        said = names[0]
        if p[OUTPUTS.index("at_least_active")] >= cut["at_least_active"]:
            said = names[1]
        if p[OUTPUTS.index("at_least_plan")] >= cut["at_least_plan"]:
            said = names[2]
        missed = p[OUTPUTS.index("self_harm")] < cut["self_harm"]
        confusion[row["level"]]["none" if missed else said] += 1
metrics["levels"] = confusion

# --- research sets ------------------------------------------------------------------------------
research = args.data / "research.jsonl.gz" if args.data else None
if research and research.exists():
    taken, count, spam = [], {}, []
    with gzip.open(research, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = data.of_public(json.loads(line))
            positive = 1.0 in row["targets"][: len(LABELS)]
            if row["source"] == ADVERTISING and not np.isnan(row["targets"][GAMBLING]):
                spam.append(row)
            key = (row["source"], row["lang"], positive)
            limit = RESEARCH_POSITIVES if positive else RESEARCH_NEGATIVES
            # Whole companion_farewell: the best public set for manipulation.
            if count.get(key, 0) < limit or row["source"] == "companion_farewell":
                count[key] = count.get(key, 0) + 1
                taken.append(row)
    found = score(small, taken)
    for lang in ("en", "zh"):
        pick = [i for i, row in enumerate(taken) if row["lang"] == lang]
        metrics[f"research {lang}"] = all_figures([taken[i] for i in pick], found[pick])
    pick = [i for i, row in enumerate(taken) if row["source"] == "companion_farewell"]
    metrics["companion_farewell"] = all_figures([taken[i] for i in pick], found[pick])

    y = np.array([row["targets"][GAMBLING] for row in spam]) == 1
    p = score(small, spam)[:, GAMBLING] >= manifest["thresholds"]["gambling"]
    hits, wrong = int((p & y).sum()), int((p != y).sum())
    metrics["gambling advertising zh"] = {
        "positives": int(y.sum()),
        "negatives": int((~y).sum()),
        "recall": round(hits / int(y.sum()), 4),
        "precision": round(hits / max(1, int(p.sum())), 4),
        "f1": round(2 * hits / (2 * hits + wrong), 4),
    }

# --- time ---------------------------------------------------------------------------------------
timings = {}
for length in (32, 64, 128):
    feed = {
        "ids": np.arange(10, 10 + length, dtype=np.int64)[None],
        "mask": np.ones((1, length), np.int64),
    }
    spent = []
    for _ in range(60):
        began = time.perf_counter()
        small.run(None, feed)
        spent.append(time.perf_counter() - began)
    timings[str(length)] = {
        "p50_ms": round(float(np.median(spent)) * 1e3, 2),
        "min_ms": round(min(spent) * 1e3, 2),
    }
metrics["one_thread"] = timings
metrics["cpu"] = platform.processor() or platform.machine()
(HERE / "metrics.json").write_text(
    json.dumps(metrics, indent=2, ensure_ascii=False) + "\n", "utf-8"
)


# --- the card -----------------------------------------------------------------------------------
def cell(figure, key):
    if key not in figure or figure["positives"] < SMALL:
        return "–"
    if key != "auc":
        return f"{figure[key]:.0%}"
    low, high = figure["auc_interval"]
    return f"{figure[key]:.3f} ({low:.2f}–{high:.2f})"


def table(name):
    lines = [
        "| label | positives / negatives | AUC | recall, false alarms at 0.5 | recall at 2 % |",
        "|---|---|---|---|---|",
    ]
    for label in OUTPUTS:
        f = metrics[name][label]
        if not f["positives"]:
            continue
        lines.append(
            f"| {label} | {f['positives']} / {f['negatives']} | {cell(f, 'auc')} "
            f"| {cell(f, 'recall')}, {cell(f, 'false_alarms')} | {cell(f, 'recall_at_2_percent')} |"
        )
    whole = metrics[name]["macro"]["auc"]
    return [*lines, f"| macro of the seven | | {whole if whole is not None else '–'} | | |", ""]


report = [BEGIN, "", f"Version `{manifest['version']}`.", ""]
report += [f"### Held-out seeds (`seeds/test`, n = {len(rows)})", "", *table("test")]
for part in [f"test {lang} {role}" for lang in ("en", "zh") for role in ("user", "assistant")]:
    report += [f"#### {part}", "", *table(part)]
report += ["| part | rows | macro AUC |", "|---|---|---|"]
for lang in ("en", "zh"):
    for role in ("user", "assistant"):
        n = sum(row["lang"] == lang and row["role"] == role for row in rows)
        report.append(
            f"| {lang}, {role} | {n} | {metrics[f'test {lang} {role}']['macro']['auc']} |"
        )
report.append("")
if args.full:
    full = metrics["test, float32"]["macro"]["auc"]
    report += [
        f"int8 macro {metrics['test']['macro']['auc']}, float32 macro {full}. AUC lost by int8:"
    ]
    report += [", ".join(f"{name} {value:+.4f}" for name, value in lost.items()) + ".", ""]
report += ["By kind of row, at the operating point (any label):", ""]
report += ["| tag | harmful rows, found | clean rows, false alarms |", "|---|---|---|"]
for tag, t in tags.items():
    if t["rows"] >= SMALL:
        report.append(
            f"| {tag} | {t['harmful']}, {t['found']} | {t['clean']}, {t['false_alarms']} |"
        )
report += ["", "Levels of self-harm (rows: what a person wrote; columns: what the model said):", ""]
report += ["| | none | passive | active | plan |", "|---|---|---|---|---|"]
for name, line in confusion.items():
    report.append(f"| {name} | " + " | ".join(str(n) for n in line.values()) + " |")
report.append("")
if "ordinary" in metrics:
    f = metrics["ordinary"]
    report += ["### Ordinary chat (open data, tier C, unseen part)", ""]
    report += [f"{f['flagged']:.1%} of {f['rows']} rows are over 0.5 on a label that they lack: "]
    report += [", ".join(f"{name} {f[name]:.1%}" for name in LABELS) + ".", ""]
for name in ("research en", "research zh"):
    if name in metrics:
        report += [f"### {name}: development sets, never trained on", "", *table(name)]
if "companion_farewell" in metrics:
    f = metrics["companion_farewell"]["manipulation"]
    report += ["### `companion_farewell`: replies of real companion apps to a goodbye", ""]
    report += [f"{f['positives']} manipulative, {f['negatives']} not; AUC {f['auc']}, recall"]
    report += [f"{f['recall']:.0%} at {f['false_alarms']:.0%} false alarms.", ""]
if "gambling advertising zh" in metrics:
    f = metrics["gambling advertising zh"]
    report += [f"### Chinese gambling advertising among other spam (`{ADVERTISING}`)", ""]
    report += [
        f"{f['positives']} of it, {f['negatives']} other; at the operating point F1 {f['f1']:.3f},"
    ]
    report += [f"recall {f['recall']:.0%}, precision {f['precision']:.0%}.", ""]
report += ["### Time, one thread", "", "| tokens | median | best |", "|---|---|---|"]
report += [f"| {n} | {t['p50_ms']} ms | {t['min_ms']} ms |" for n, t in timings.items()]
report += ["", END]
card = (HERE / "CARD.md").read_text("utf-8")
head, rest = card.split(BEGIN)
(HERE / "CARD.md").write_text(head + "\n".join(report) + rest.split(END)[1], "utf-8")
print("\n".join(report))
