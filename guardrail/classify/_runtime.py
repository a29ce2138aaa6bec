"""ONNX Runtime, told to keep to itself.

Since 1.31 it sends telemetry from Linux, too: to import it starts threads, writes a device id below
the home folder, and looks its maker's host up a little later. The one switch is a variable of the
environment that has to stand there before the import. So nobody here imports it but by way of us.
(`putenv` writes the process's own environment; `os.environ` is not read on import.)
"""

from __future__ import annotations

import os

os.putenv("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

__all__ = ["onnxruntime", "ort_errors"]
