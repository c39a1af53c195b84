"""What is counted for each row of a table: starts, shares and their intervals, arrivals, steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.clusters import Floats
from fastdescent._endpoints.table.points import Counts, CriticalPoints

#: Quantile of the normal distribution for intervals of 95 %.
_Z95 = 1.959963984540054
#: Medians come from a histogram of steps for all rows, if it has no more bins, or from so many sorted numbers.
_MOST_BINS, _MOST_SORTED = 1 << 22, 1 << 24

Integers = npt.NDArray[np.integer[Any]]


def with_counts(
    table: CriticalPoints, n_starts: Counts, nit_sum: npt.NDArray[Any], n_total: int, random_starts: bool, *,
    n_arrived: npt.NDArray[Any] | None = None, nit_median: Floats | None = None,
) -> CriticalPoints:  # fmt: skip
    """The table with shares of all starts, their intervals, the parts that arrived, and numbers of steps.

    Columns that are not given are NaN: `nit_median` cannot be known for merged tables, as medians do not add up.
    """
    nan = np.full(len(table), np.nan)

    def per_start(sums: npt.NDArray[Any] | None) -> Floats:
        return nan if sums is None else np.divide(sums, n_starts, out=nan.copy(), where=n_starts > 0)

    low, high = wilson(n_starts, n_total) if random_starts else (nan, nan)
    return replace(
        table, n_starts=n_starts, share=n_starts / n_total if n_total else nan, share_low=low, share_high=high,
        arrived=per_start(n_arrived), nit_median=nan if nit_median is None else nit_median,
        nit_mean=per_start(nit_sum), n_total=n_total, random_starts=random_starts,
    )  # fmt: skip


def wilson(count: Counts, n: int) -> tuple[Floats, Floats]:
    """The 95 % score interval of a share: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Wilson, "Probable inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927).
    """
    if n == 0:
        return np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    p, z2n = count / n, _Z95**2 / n
    half = _Z95 * np.sqrt(p * (1 - p) / n + z2n / (4 * n))
    low, high = (p + z2n / 2 - half) / (1 + z2n), (p + z2n / 2 + half) / (1 + z2n)
    return np.where(count == 0, 0.0, low), np.where(count == n, 1.0, high)


def medians(parts: Sequence[tuple[Integers, Integers]], k: int, most: int) -> Floats:
    """The median number of steps of each row, (k,). Endpoints come in parts: their labels, and their steps.

    No number of steps is greater than `most`. NaN for rows without endpoints, and for all rows if the work would take
    too much memory.

    >>> medians([(np.array([0, 0, -1]), np.array([3, 4, 99])), (np.array([0, 2]), np.array([8, 7]))], 3, 99)
    array([ 4., nan,  7.])
    """
    n_bins, n = k * (most + 1), sum(label.size for label, _ in parts)
    if n_bins > _MOST_BINS and n > _MOST_SORTED:
        return np.full(k, np.nan)
    # The bins of row 0 come first, a bin for each number of steps.
    bins = (_bins(label, nit, most) for label, nit in parts)
    if n_bins > _MOST_BINS:
        return _medians_of(np.sort(np.concatenate([*bins, np.zeros(0, np.int64)])), k, most)
    histogram = np.zeros(n_bins, np.int64)
    for part in bins:
        histogram += np.bincount(part, minlength=n_bins)
    return medians_of(histogram.reshape(k, most + 1))


def medians_of(histogram: Counts) -> Floats:
    """The median number of steps of each row, (k,), from how many endpoints made 0, 1, ... steps, (k, bins).

    >>> medians_of(np.array([[0, 2, 1], [1, 0, 1], [0, 0, 0]]))
    array([ 1.,  1., nan])
    """
    k, n_bins = histogram.shape
    used = np.flatnonzero(histogram)
    return _medians_of(used, k, n_bins - 1, np.cumsum(histogram.reshape(-1)[used]))


def _bins(label: Integers, nit: Integers, most: int) -> Integers:
    """The bin of each endpoint that has a label."""
    if label.min(initial=0) < 0:
        labelled = label >= 0
        label, nit = label[labelled], nit[labelled]
    few = (int(label.max(initial=0)) + 1) * (most + 1) < 1 << 31
    dtype: npt.DTypeLike = np.int32 if few else np.int64  # the former copies less
    first = label.reshape(-1).astype(dtype, copy=False) * np.asarray(most + 1, dtype)
    bins: Integers = first + nit.reshape(-1).astype(dtype, copy=False)
    return bins


def _medians_of(bins: Integers, k: int, most: int, counted: Counts | None = None) -> Floats:
    """Medians from bins in order, each with the number of endpoints in it and before it; or one bin per endpoint."""
    counted = np.arange(1, len(bins) + 1) if counted is None else counted
    ends = np.searchsorted(bins, (most + 1) * np.arange(k + 1))  # where the bins of each row begin and end
    before = np.append(0, counted)[ends]
    first, n = before[:-1], np.diff(before)
    # The median is the mean of the two in the middle, which are one if n is odd.
    middle = [first + (n - 1) // 2, first + n // 2]
    steps = [bins[np.minimum(np.searchsorted(counted, m, side="right"), len(bins) - 1)] for m in middle if len(bins)]
    found = np.mean(steps, axis=0) - (most + 1) * np.arange(k) if steps else np.zeros(k)
    return np.where(n > 0, found, np.nan)
