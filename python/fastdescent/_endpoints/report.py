"""The report of a run: surface and optimizer, the table of critical points, counts of outcomes and reasons, a hint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.hints import hint
from fastdescent._endpoints.table.names import outcome_words, reason_words
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer


def report(
    surface: Surface,
    optimizer: Optimizer,
    about: Iterable[str],
    status: npt.NDArray[Any],
    outcome: npt.NDArray[np.int8],
    points: CriticalPoints,
    gradient: str = "exact",
    *,
    fun: npt.NDArray[Any] | None = None,
    n_reasons: npt.NDArray[np.int64] | None = None,
) -> str:
    """The report, a line each; the lines of `about` come second.

    `fun` has f at the ends, and `n_reasons` says how many have each `Reason`: with them the report says more.
    """
    is_random = gradient != "exact" or optimizer.is_random
    unsettled = "" if n_reasons is None else reason_words(n_reasons)
    advice = hint(surface, optimizer, status, points, fun=fun, n_reasons=n_reasons)
    lines = [
        f"{surface.name} by {optimizer.words} (gradient: {gradient})",
        *about,
        repr(points),
        f"{outcome_words(outcome, points.fmin_source)}.",
        f"{unsettled}." if unsettled else "",
        "Noise: shares when stopped." if is_random else "",
        f"Hint: {advice}" if advice else "",
    ]
    return "\n".join(filter(None, lines))
