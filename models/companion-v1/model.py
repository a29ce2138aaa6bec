"""What the model is asked (`OUTPUTS`), and its net, which `guardrail train` shares."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from guardrail.train.net import Companion, Config, Layer, SmallTable, load, save

__all__ = ["Companion", "Config", "Layer", "SmallTable", "load", "save"]

LABELS = ("self_harm", "violence", "sexual", "gambling", "manipulation", "dependence", "minor")
LEVELS = ("at_least_active", "at_least_plan")  # two cuts make three ordered levels
USER_DETECTORS = ("leaving", "asks_human", "evading", "romance", "loss")
BOT_DETECTORS = (
    "claims_human", "professional", "probing", "purchase", "secrecy", "evading", "romance",
    "protective",
)  # fmt: skip
SUBJECTS = ("about_other", "bereaved", "fiction")  # of a user, too; last, so that older heads fit
DETECTORS = tuple(dict.fromkeys(USER_DETECTORS + BOT_DETECTORS + SUBJECTS))
USER_DETECTORS += SUBJECTS
OUTPUTS = LABELS + LEVELS + DETECTORS
