"""Whether a function is the mean over the rows that it is given, or over what it sums them up to.

The function is evaluated on all rows and on two parts of them, at a few points. For m of n rows in the first part

    a mean has           f(all) = m/n f(first) + (n - m)/n f(second)
    a sum of rows has    f(all) = f(first) + f(second)
    with what rows do not change, c(w), a sum has f(first) + f(second) - f(all) = c(w), however the rows are parted.

An example: squares of the rows 1, 2, 3, summed.

>>> rows, points = np.array([1.0, 2.0, 3.0]), np.ones((1, 1))
>>> def squares(w, rows):
...     return np.sum(w[0] * rows**2)
>>> try:
...     refuse_unless_mean("squares", lambda rows: (lambda w: squares(w, *rows)), (rows,), points)
... except ValueError as error:
...     str(error).partition("; ")[2]
'it returns the sum over its rows, of all 3 rows 3 times the mean: return np.mean in place of np.sum'
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
OfRows = Callable[[tuple[Array, ...]], Callable[[Floats], Any]]  #: from rows to a function of the point

_RTOL, _ATOL = 1e-6, 1e-13  #: what rounding may make, of the largest value, and where values cancel to nearly 0
_N_POINTS = 4


def points_to_compare(window: tuple[tuple[float, float], ...]) -> Floats:
    """Some points of the window, near its centre and away from it, always the same."""
    low, high = np.array(window).T
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (_N_POINTS, len(window)))
    reach = np.array([0.05, 0.2, 0.5, 1.0])[:, np.newaxis]
    return np.asarray(0.5 * (low + high) + reach * shifts * (high - low), np.float64)


def refuse_unless_mean(title: str, of_rows: OfRows, arrays: tuple[Array, ...], points: Floats) -> None:
    """Raises ValueError where the function is no mean. One row is the mean of itself; NaN and infinity tell nothing."""
    n = len(arrays[0])
    if n == 1:
        return
    must = f"{title} must be the mean over the rows that it is given, however many"
    whole = _values(of_rows(arrays), points)

    def parted(m: int) -> tuple[Floats, Floats]:
        """For the first m rows, and for the others."""
        first, second = (tuple(a[part] for a in arrays) for part in (slice(m), slice(m, n)))
        return _part(of_rows, first, points, must, n), _part(of_rows, second, points, must, n)

    m, k = max(1, n // 3), n - 1
    first, second = parted(m)
    if _same(whole, m / n * first + (n - m) / n * second, first, second):
        return
    rest, excess = "", first + second - whole
    if not _same(excess, 0.0 * excess, first, second):
        rest, others = ", and a term beside it", parted(k)
        if k == m or not _same(others[0] + others[1] - whole, excess, first, second, *others):
            raise ValueError(
                f"{must}; of all {n} rows it is not the mean of what it is for the first {m} and for the other "
                f"{n - m}, weighted by their numbers"
            )
    raise ValueError(
        f"{must}; it returns the sum over its rows{rest}, of all {n} rows {n} times the mean: return np.mean in place "
        "of np.sum"
    )


def _part(of_rows: OfRows, rows: tuple[Array, ...], points: Floats, must: str, n: int) -> Floats:
    try:
        return _values(of_rows(rows), points)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{must}; for {len(rows[0])} of the {n} rows it raised {what}") from error


def _values(f: Callable[[Floats], Any], points: Floats) -> Floats:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([float(np.asarray(f(w), np.float64).reshape(())) for w in points])


def _same(a: Floats, b: Floats, *of_size: Floats) -> bool:
    """Whether they agree but for rounding, where they are finite."""
    finite = np.isfinite(a) & np.isfinite(b)
    size = max((float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in of_size), default=0.0)
    return bool(np.all(np.abs(a[finite] - b[finite]) <= _RTOL * size + _ATOL))
