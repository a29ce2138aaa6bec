"""ONNX Runtime, told to keep to itself.

Since 1.31 it sends telemetry from Linux, too: to import it starts threads, writes a device id below
the home folder, and looks its maker's host up a little later. The one switch is a variable of the
environment that has to stand there before the import. So nobody here imports it but by way of us.
(`putenv` writes the process's own environment; `os.environ` is not read on import.)
"""

from __future__ import annotations

import os
from pathlib import Path

os.putenv("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

__all__ = ["open_session", "ort_errors"]

SLOW = ["SkipLayerNormFusion"]
"""Sum and norm in one step run scalar on CPUs: apart they take a third of the time, which makes a
whole pass 7 % shorter (1.31.1, 53 and 81 tokens, AVX512)."""


def open_session(model: bytes | Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session for a server: few threads, and idle ones sleep.

    Raises what `ort_errors` holds, for a file that is none.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    told = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(
        told, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
    )
