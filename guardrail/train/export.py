"""From torch to the file that is served; `models/companion-v1/export.py` shares it.

Linear layers become dynamic int8, one scale per output channel; the table of pieces becomes int8
with one scale per piece.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from guardrail.classify._runtime import open_session
from guardrail.train.coding import Coded
from guardrail.train.net import Companion, SmallTable

# isort: split
from onnxruntime.quantization import QuantType, quantize_dynamic  # after ours: see there

__all__ = ["answers", "quantised", "settled", "write_float"]

OPSET = 20
RANGE = 64
"""Steps of a weight in int8 with `reduce_range`, either way."""
ARITHMETIC = 1e-4
"""Of a step: what floating point leaves of a weight that did not move."""


def write_float(net: Any, path: Path, output: str = "logits") -> float:
    """Write a net as float ONNX; the largest difference between its answers there and in torch."""
    vocab = net.word.table.shape[0] if isinstance(net.word, SmallTable) else net.config.vocab
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(4, min(vocab, 1000), (2, 24), generator=draw)
    mask = torch.ones(2, 24, dtype=torch.long)
    mask[0, 12:] = 2
    mask[1, 20:] = 0
    with warnings.catch_warnings():  # of the tracer: it is the one that keeps our names
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (ids, mask),
            str(path),
            input_names=["ids", "mask"],
            output_names=[output],
            opset_version=OPSET,
            dynamic_axes={
                "ids": {0: "batch", 1: "length"},
                "mask": {0: "batch", 1: "length"},
                output: {0: "batch"},
            },
            dynamo=False,
        )
    session = open_session(path)
    found = session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})[0]
    with torch.no_grad():
        return float(np.abs(net(ids, mask).numpy() - found).max())


def quantised(net: Any, folder: Path, path: Path, output: str = "logits") -> None:
    """Write a net as it is served, in int8; `folder` is for what comes in between."""
    small = copy.deepcopy(net).cpu().eval()
    small.word = SmallTable(small.word.weight.detach())
    write_float(small, folder / "table.onnx", output)
    nodes = onnx.load(folder / "table.onnx").graph.node
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it recommends a step of preparation that changes nothing
    try:
        quantize_dynamic(
            folder / "table.onnx",
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            reduce_range=True,  # without it, CPUs that lack VNNI overflow
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in nodes if "head" in node.name],
        )
    finally:
        logging.disable(before)


def settled(net: Companion, grid: Mapping[str, Any], seed: int) -> Companion:
    """The net with each linear weight on the int8 grid that it came from, by chance up or down.

    A net read from an int8 file starts exactly on its grid, and a short training moves most weights
    by less than half a step: rounded to the nearest, they would all fall back, and with them what
    was learnt. Rounded up as often as they are on the way up, they keep it on average, and a weight
    that did not move stays. No weight may leave its channel's range, which would move the grid.
    """
    draw = torch.Generator().manual_seed(seed)
    out = copy.deepcopy(net)
    out.cpu().eval()
    with torch.no_grad():
        for name, weight in out.named_parameters():
            if name in grid:
                exact = (weight / grid[name]).double()
                near = exact.round()
                exact = torch.where((exact - near).abs() < ARITHMETIC, near, exact)
                up = torch.rand(weight.shape, generator=draw, dtype=torch.double)
                steps = (exact + up).floor().clamp(-RANGE, RANGE)
                weight.copy_(steps * grid[name])
    return out


def answers(
    path: Path,
    coded: Iterable[Coded],
    *,
    threads: int = 1,
    tick: Callable[[], object] = lambda: None,
) -> Any:
    """What a file answers: logits, (rows, outputs).

    One text at a time, as it is served: the int8 graph's number range depends on its batch.
    """
    session = open_session(path)

    def one(pair: Coded) -> Any:
        ids, mask = (np.array([values], np.int64) for values in pair)
        found = session.run(None, {"ids": ids, "mask": mask})[0][0]
        tick()
        return found

    with ThreadPoolExecutor(threads) as pool:
        return np.array(list(pool.map(one, coded)), np.float64)
