"""The five steps of a run, in their order."""

from __future__ import annotations

from typing import Literal, get_args

Step = Literal["extract", "validate", "deduplicate", "aggregate", "publish"]
STEPS: tuple[Step, ...] = get_args(Step)
