"""Step 6: what was wanted of this model against what was measured, into docs/model.md.

    python models/companion-v1/bars.py                        # reads metrics.json
    python models/companion-v1/bars.py --evasions build/evasions.json

Nothing is scored here: the figures are those of `evaluate.py` and `evasions.py`, English and
Chinese apart. An AUC stands with its 95 % interval (bootstrap over rows), a dash for fewer than
eight rows.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from model import LABELS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "model.md"
BEGIN, END = "<!-- bars: written by models/companion-v1/bars.py -->", "<!-- end of bars -->"
SMALL = 8
LANGUAGES = ("en", "zh")

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--evasions", type=Path, help="what evasions.py wrote")
args = cli.parse_args()
metrics = json.loads((HERE / "metrics.json").read_text("utf-8"))
manifest = json.loads((HERE / "manifest.json").read_text("utf-8"))


def auc(figure):
    if figure.get("positives", 0) < SMALL or "auc" not in figure:
        return "–"
    low, high = figure["auc_interval"]
    return f"{figure['auc']:.3f} ({low:.2f}–{high:.2f}, n {figure['positives']})"


def recall(figure):
    return f"{figure['recall_at_2_percent']:.0%}" if figure.get("positives", 0) >= SMALL else "–"


def pair(cell, parts):
    """Two cells of a row: English, Chinese."""
    return " | ".join(cell(part) for part in parts)


rows = []


def bar(what, wanted, *cells):
    rows.append(f"| {what} | {wanted} | " + " | ".join(cells) + " |")


# --- seeds/test ---------------------------------------------------------------------------------
tests = [metrics[f"test {lang}"] for lang in LANGUAGES]
whole = [found["self_harm"] for found in tests]
bar("self_harm, AUC", "≥ .985", *map(auc, whole))
bar("self_harm, recall at 2 % false alarms", "≥ 97 %", *map(recall, whole))
plans = metrics["levels"]["plan"]
share = 1 - plans["none"] / sum(plans.values())
bar("plans found at all (both languages)", "≥ 99 %", f"{share:.0%} of {sum(plans.values())}", "")
for label in LABELS[1:]:
    for role, name in (("user", "person"), ("assistant", "bot")):
        found = [metrics[f"test {lang} {role}"][label] for lang in LANGUAGES]
        if any(figure.get("positives", 0) >= SMALL for figure in found):
            cells = [f"{auc(f)}; {recall(f)}" for f in found]
            bar(f"{label}, {name}: AUC; recall at 2 %", "≥ .97; ≥ 90 %", *cells)
bar("protective reply or not, AUC", "≥ .95", *(auc(found["protective"]) for found in tests))
for lang, found in ((lang, metrics[f"look-alikes {lang}"]) for lang in LANGUAGES):
    worst = sorted(LABELS, key=lambda name: -found[name])
    cell = ", ".join(f"{name} {found[name]:.1%}" for name in worst[:3]) + f" (n {found['rows']})"
    bar(
        f"look-alikes flagged, the three worst labels ({lang})",
        "≤ 3 % each",
        *([cell, ""] if lang == "en" else ["", cell]),
    )

# --- evasions -----------------------------------------------------------------------------------
if args.evasions:
    evasions = json.loads(args.evasions.read_text("utf-8"))
    for what, wanted in (("hidden, still found", "≥ 85 %"), ("look-alikes flagged", "≤ 3 %")):
        found = [evasions[f"{lang}: {what}"]["all kinds"]["as served"] for lang in LANGUAGES]
        bar(f"evasions: {what}", wanted, *(f"{f['share']:.1%} (n {f['n']})" for f in found))

# --- other sets ---------------------------------------------------------------------------------
goodbyes, spam = metrics["companion_farewell"]["manipulation"], metrics["gambling advertising zh"]
bar("`companion_farewell`, AUC", "≥ .85", auc(goodbyes), "–")
bar("gambling advertising, F1", "≥ .85", "–", f"{spam['f1']:.2f} (n {spam['positives']})")
ordinary = [metrics["ordinary"][lang] for lang in LANGUAGES]
cells = [f"{part['flagged']:.1%} (n {part['rows']})" for part in ordinary]
bar("ordinary chat flagged, any label", "≤ 0.5 %", *cells)

# --- cost ---------------------------------------------------------------------------------------
lost = metrics["int8 loses"]
worst = max(LABELS, key=lambda name: lost[name])
bar("int8 loses of AUC, the worst label", "≤ .003", f"{lost[worst]:+.4f} ({worst})", "")
bar("32 tokens, one thread", "≤ 7 ms", f"{metrics['one_thread']['32']['min_ms']} ms at best", "")
if speed := metrics.get("speed"):  # of `speed.py`
    bar("what runs before the encoder, one turn", "≤ 0.15 ms", f"{speed['static_ms']} ms", "")
    mixed = (
        f"{speed['mixed_per_second']:.0f}; first stage on: {speed['mixed_per_second_cascade']:.0f}"
    )
    bar("mixed traffic (95 % harmless), turns/s on one core", "≥ 700", mixed, "")
    bar("load", "≤ 1.5 s", f"{speed['load_seconds']} s", "")
    bar("resident, model loaded", "≤ 350 MB", f"{speed['resident_mb']} MB", "")
size = sum((HERE / name).stat().st_size for name in ("model.onnx", "first.onnx", "tokenizer.json"))
bar("size of what is loaded", "≤ 60 MB", f"{size / 1e6:.0f} MB", "")

table = [
    BEGIN,
    "",
    f"Version `{manifest['version']}`, {metrics['test_rows']} held-out rows of `seeds/test`.",
    "",
    "| what | wanted | English | Chinese |",
    "|---|---|---|---|",
    *rows,
    "",
    END,
]
head, rest = PAGE.read_text("utf-8").split(BEGIN)
PAGE.write_text(head + "\n".join(table) + rest.split(END)[1], "utf-8")
print("\n".join(table))
