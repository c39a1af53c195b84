"""The report of a run: surface and optimizer, the table of critical points, counts of outcomes, a hint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.classify import outcome_words
from fastdescent._endpoints.hints import hint
from fastdescent._endpoints.points import CriticalPoints
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
) -> str:
    """The report, a line each; the lines of `about` come second."""
    lines = [
        f"{surface.name} by {optimizer.words} (gradient: {gradient})",
        *about,
        repr(points),
        f"{outcome_words(outcome)}.",
    ]
    advice = hint(surface, optimizer, status, points)
    return "\n".join([*lines, f"Hint: {advice}"] if advice else lines)
