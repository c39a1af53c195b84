"""Which minima of a table are global: nothing that a run has seen lies lower.

Example. Two minima, at f = 0 and f = 1, and nothing is known of f: the lower one is the lowest found.

>>> fun, is_minimum = np.array([0.0, 1.0]), np.array([True, True])
>>> found = judge(fun, is_minimum, np.full(2, 1e-9))
>>> found.fmin, found.source, found.is_global.tolist()
(0.0, 'found', [True, False])

If an endpoint without a name lies at f = -3, no row is global:

>>> found = judge(fun, is_minimum, np.full(2, 1e-9), lowest=-3.0)
>>> found.fmin, found.source, found.is_global.tolist()
(-3.0, 'found', [False, False])

If f is known to have the minimum -1, neither is the lower row.

>>> found = judge(fun, is_minimum, np.full(2, 1e-9), known=-1.0)
>>> found.fmin, found.source, found.is_global.tolist()
(-1.0, 'known', [False, False])

Invariants
----------
- No finite value that was seen lies below a global row by more than the tolerance.
- `fmin` is the given value, else the known one, else the lowest seen. A given or known value that is higher than the
  lowest seen is no minimum of f, and does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.clusters import Floats

#: Minima are equally deep if f differs by no more than this part of its spread among the minima, or of its size.
_SPREAD_RTOL, _SIZE_RTOL = 1e-8, 1e-12


@dataclass(frozen=True)
class GlobalMinimum:
    """The value that a global minimum has, and which rows have it."""

    fmin: float  #: NaN if nothing was seen
    source: str  #: "given", "known" or "found"
    is_global: npt.NDArray[np.bool_]  #: (k,)


def judge(
    fun: Floats, is_minimum: npt.NDArray[np.bool_], fun_tol: Floats, *,
    given: float | None = None, known: float | None = None, lowest: float = np.nan,
) -> GlobalMinimum:  # fmt: skip
    """Decides which rows are global minima.

    `fun_tol` has for each row how much f differs between points that are the same. `lowest` is the least finite f of
    all endpoints and starts, whether they have a name or not; NaN if none is known.
    """
    spread = float(np.ptp(fun[is_minimum])) if is_minimum.any() else 0.0
    least = float(fun[is_minimum].min(initial=np.inf))
    slack = float(fun_tol[is_minimum].max(initial=0.0)) + _SPREAD_RTOL * spread
    found = lowest if lowest < least - (slack + _SIZE_RTOL * abs(lowest)) else least
    fmin, source = (found if np.isfinite(found) else np.nan), "found"
    for value, name in ((known, "known"), (given, "given")):
        if value is not None and not found < value - (slack + _SIZE_RTOL * abs(value)):
            fmin, source = value, name
    tolerance = fun_tol + _SPREAD_RTOL * spread + _SIZE_RTOL * abs(fmin)
    return GlobalMinimum(fmin, source, is_minimum & (fun <= fmin + tolerance))


def count_lower(ends: npt.NDArray[Any], fun: Floats, is_minimum: npt.NDArray[np.bool_], fun_tol: Floats) -> int:
    """How many endpoints, with these values of f, lie lower than every minimum of a table.

    >>> count_lower(np.array([-3.0, -1e-12, 0.5, np.nan]), np.array([0.0]), np.array([True]), np.array([1e-9]))
    1
    """
    if not is_minimum.any():
        return int(np.count_nonzero(np.isfinite(ends)))
    least = float(fun[is_minimum].min())
    slack = float(fun_tol[is_minimum].max()) + _SPREAD_RTOL * float(np.ptp(fun[is_minimum])) + _SIZE_RTOL * abs(least)
    return int(np.count_nonzero(np.isfinite(ends) & (ends < least - slack)))
