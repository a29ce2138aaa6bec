"""The plots of a report, as SVG files. matplotlib is an extra: imported when a plot is drawn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from guardrail.errors import MissingExtra
from guardrail.evaluate.figures import FEW
from guardrail.evaluate.judge import Judged
from guardrail.evaluate.rows import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "require"]

FOLDER = "plots"
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text, in a font of the reader's that has the letters
    "svg.hashsalt": "guardrail",  # the same figures give the same file
    "text.parse_math": False,  # a tag may hold a dollar sign
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def require() -> None:
    """See that the extra is there before hours are spent on scores.

    Raises:
        MissingExtra: matplotlib or scikit-learn is not installed.
    """
    try:
        import matplotlib  # noqa: ICN001, PLC0415
        import sklearn  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("guardrail eval", "eval") from None
    del matplotlib, sklearn


def draw(
    judged: Mapping[str, Judged], figures: Mapping[str, Any], folder: Path
) -> dict[str, list[tuple[str, str]]]:
    """Write all plots; by chapter, what each shows and its path from `folder`."""
    import matplotlib as mpl  # noqa: PLC0415 - an optional extra

    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    drawn: dict[str, list[tuple[str, str]]] = {}
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # The letters of a Chinese tag are not in matplotlib's font; the reader's browser has them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for chapter, title, name, figure in _all(judged, figures):
            path = f"{FOLDER}/{name}.svg"
            figure.savefig(folder / path, metadata={"Date": None})
            drawn.setdefault(chapter, []).append((title, path))
    return drawn


def _all(
    judged: Mapping[str, Judged], figures: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, Figure]]:
    for label in NAMES:
        curves = dict(_curves(judged, label))
        if curves:
            yield "curves", label, f"curve-{label}", _curve_figure(curves)
        cells = {name: found["calibration"][label] for name, found in figures.items()}
        if any(cells.values()):
            yield "calibration", label, f"calibration-{label}", _calibration_figure(cells)
    for number, (name, found) in enumerate(figures.items(), 1):
        tags = {tag: counts for tag, counts in found["tags"].items() if counts["rows"] >= FEW}
        if tags:
            yield "tags", name, f"tags-{number}", _tags_figure(tags)
        if any(sum(given.values()) for given in found["levels"].values()):
            yield "levels", name, f"levels-{number}", _levels_figure(found["levels"])
    seconds = {name: one.seconds for name, one in judged.items() if len(one.seconds)}
    if seconds:
        yield "latency", "share of rows answered within", "latency", _latency_figure(seconds)


def _axes(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - without pyplot, which keeps figures

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _curves(judged: Mapping[str, Judged], label: str) -> Iterator[tuple[str, Any]]:
    from sklearn.metrics import average_precision_score, precision_recall_curve  # noqa: PLC0415

    for name, one in judged.items():
        truth, scores, _ = one.picked(label, np.ones(len(one.rows), bool))
        if truth.sum() >= FEW and (~truth).sum() >= FEW:
            average = average_precision_score(truth, scores)
            precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
            yield f"{name} (average precision {average:.3f})", (recall, precision)


def _curve_figure(curves: Mapping[str, Any]) -> Figure:
    figure, (axes,) = _axes(4.6, 3.4 + 0.2 * len(curves))
    for name, (recall, precision) in curves.items():
        axes.plot(recall, precision, drawstyle="steps-post", label=name)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    figure.legend(loc="outside lower left", frameon=False)
    return figure


def _calibration_figure(cells: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A panel for each speaker and language, a line for each classifier; tiny bins are left out."""
    panels = sorted({cell for found in cells.values() for cell in found}, reverse=True)
    figure, axes = _axes(2.6 * len(panels), 2.9 + 0.2 * len(cells), len(panels))
    lines = {}
    for panel, cell in zip(axes, panels, strict=True):
        panel.plot((0, 1), (0, 1), color="0.8", linewidth=1)
        for number, (name, found) in enumerate(cells.items()):
            bins = found.get(cell, {"rows": [], "predicted": [], "observed": []})
            enough = np.array(bins["rows"]) >= FEW
            at = [np.array(bins[axis])[enough] for axis in ("predicted", "observed")]
            (lines[name],) = panel.plot(*at, marker="o", ms=3, color=f"C{number}")
        panel.set(xlabel="score", title=cell, xlim=(0, 1), ylim=(-0.02, 1.02))
    axes[0].set_ylabel("share that was harmful")
    figure.legend(list(lines.values()), list(lines), loc="outside lower left", frameon=False)
    return figure


def _tags_figure(tags: Mapping[str, Mapping[str, int]]) -> Figure:
    figure, (axes,) = _axes(6.4, 0.6 + 0.28 * len(tags))
    at = np.arange(len(tags))
    found = [_share(counts["found"], counts["harmful"]) for counts in tags.values()]
    flagged = [_share(counts["flagged"], counts["clean"]) for counts in tags.values()]
    axes.barh(at - 0.2, found, 0.4, label="of harmful rows, found")
    axes.barh(at + 0.2, flagged, 0.4, label="of clean rows, flagged")
    axes.set_yticks(at, list(tags))
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="share")
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def _levels_figure(levels: Mapping[str, Mapping[str, int]]) -> Figure:
    figure, (axes,) = _axes(4.2, 3.0)
    counts = np.array([list(given.values()) for given in levels.values()])
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(counts.shape[1]), list(next(iter(levels.values()))))
    axes.set_yticks(range(counts.shape[0]), list(levels))
    axes.set(xlabel="given", ylabel="written by a person")
    for (y, x), count in np.ndenumerate(counts):
        dark = share[y, x] > 0.5  # noqa: PLR2004 - half of the colour scale
        axes.text(x, y, str(count), ha="center", va="center", color="w" if dark else "k")
    return figure


def _latency_figure(seconds: Mapping[str, Any]) -> Figure:
    figure, (axes,) = _axes(4.6, 3.0)
    for name, spent in seconds.items():
        axes.ecdf(spent * 1e3, label=name)
    axes.set(xlabel="milliseconds", ylabel="share of rows", xscale="log")
    axes.xaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside lower left", frameon=False)
    return figure


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
