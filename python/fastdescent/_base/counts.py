"""How many trajectories ended how, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status


def counts_of(status: npt.NDArray[np.int8]) -> list[tuple[Status, str, int]]:
    """Statuses that occur, in words, and how often."""
    counts = [(s, s.words, int(np.count_nonzero(status == s))) for s in Status]
    return [c for c in counts if c[2]]


def message_of(status: npt.NDArray[np.int8]) -> str:
    """Such as "2 trajectories: 1 converged, 1 max steps."."""
    n = status.size
    parts = [f"{k} {words}" for _, words, k in counts_of(status)]
    return f"{n} trajector{'y' if n == 1 else 'ies'}: " + (", ".join(parts) or "none") + "."
