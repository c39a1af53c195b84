"""Derivatives along a direction, measured by central differences: independent of any derivative of fastdescent's.

Ridders' table (Ridders 1982, "Accurate computation of F'(x) and F'(x)F''(x)"): central differences with steps h, h/2,
h/4, ..., extrapolated to h = 0. The estimate is the entry whose neighbours agree best, and their distance is its error,
but not less than what rounding of f may do. Near a kink, or where rounding hides the slope, no two entries agree: the
error is large, and the caller leaves the point out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_N_STEPS = 14
_N_ORDERS = 5
_SHARP = 1e-7  #: of the derivative: an error below it is small enough


def along(f: Callable[[float], float], first_step: float) -> tuple[float, float]:
    """The derivative of f(t) at t = 0, and an estimate of its error; NaN if f is not finite nearby."""
    best, best_error = np.nan, np.inf
    before: list[float] = []
    h = first_step
    for _ in range(_N_STEPS):
        right, left = f(h), f(-h)
        row, rounding = [(right - left) / (2.0 * h)], 4.0 * np.spacing(max(abs(right), abs(left))) / h
        for k, value in enumerate(before[:_N_ORDERS]):
            factor = 4.0 ** (k + 1)
            row.append((factor * row[-1] - value) / (factor - 1.0))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - value), rounding)
            if error < best_error:
                best, best_error = row[-1], error
        if best_error <= _SHARP * abs(best):
            break
        before = row
        h /= 2.0
    return best, best_error
