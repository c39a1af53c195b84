"""The state of each endpoint, decided here, in this order:

1. ESCAPED: diverged, undefined, or left the box, unless it has arrived at a kink all the same.
2. The kind of the row where it has arrived.
3. CYCLE: it goes round with a short period.
4. FLAT: f is constant to rounding around it.
5. UNSETTLED, with a reason.

>>> facts = Facts(
...     status=np.array([Status.CONVERGED, Status.CONVERGED, Status.DIVERGED, Status.MAX_STEPS], np.int8),
...     label=np.array([0, -1, -1, 0]), arrived=np.array([True, False, False, False]),
...     period=np.array([0, 0, 0, 2], np.int8), reason=np.array([0, 5, 0, 1], np.int8),
... )
>>> [Outcome(o).name for o in outcomes(facts, np.array([Outcome.SADDLE], np.int8))]
['SADDLE', 'UNSETTLED', 'ESCAPED', 'CYCLE']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome, Reason, Status
from fastdescent._endpoints.search.cells import looked_up

_IS_ESCAPE = np.array([s.is_escape for s in Status])  #: by status


@dataclass(frozen=True)
class Facts:
    """What is known of endpoints, arrays of shape (n,)."""

    status: npt.NDArray[np.int8]
    label: npt.NDArray[np.integer[Any]]  #: row of the table, or -1
    arrived: npt.NDArray[np.bool_]
    period: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]  #: why it has not arrived


def outcomes(facts: Facts, kind: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The outcomes, int8 (n,); `kind` has those of the table's rows."""
    found = looked_up(np.append(kind, np.int8(Outcome.UNSETTLED)), facts.label)
    open_ = np.flatnonzero(~facts.arrived)
    found[open_] = np.select(
        [_IS_ESCAPE[facts.status[open_]], facts.period[open_] > 1, facts.reason[open_] == Reason.CONSTANT],
        [np.int8(Outcome.ESCAPED), np.int8(Outcome.CYCLE), np.int8(Outcome.FLAT)], np.int8(Outcome.UNSETTLED),
    )  # fmt: skip
    return found
