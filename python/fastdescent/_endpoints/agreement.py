"""`agreement`: which starts end at the same point in two runs, and where those go that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks, markup
from fastdescent._base.at_top import at_top
from fastdescent._endpoints.classify import classify
from fastdescent._endpoints.table import dataframes
from fastdescent._endpoints.table.merging import joined
from fastdescent._endpoints.table.names import letter
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._run.descent import Descent

_MAX_SHOWN = 12  #: rows and columns of counts in a repr, beside those for no point
_NONE = "none"
Indices = npt.NDArray[np.int_]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Agreement:
    """Where the starts of two runs go: counts of starts by the point of the first run and that of the second one.

    Attributes
    ----------
    counts : int array, (k_a + 1, k_b + 1)
        `counts[i, j]` starts belong to row `rows_a[i]` in the first run and to row `rows_b[j]` in the second one. The
        last line and the last column are for starts that belong to no row.
    points : CriticalPoints
        The rows of both runs; numbers of starts are those of both.
    rows_a, rows_b : int array, (k_a,), (k_b,)
        The rows of `points` that the tables of the two runs have.

    Examples
    --------
    See `agreement`.
    """

    counts: npt.NDArray[np.int64]
    points: CriticalPoints
    rows_a: Indices
    rows_b: Indices

    @property
    def share(self) -> float:
        """The part of the starts that belong to the same row in both runs; NaN without starts."""
        _, i, j = np.intersect1d(self.rows_a, self.rows_b, return_indices=True)
        n = self.counts.sum()
        return float(self.counts[i, j].sum() / n) if n else np.nan

    def to_pandas(self) -> Any:
        """`counts` as a pandas DataFrame with letters, and "none" at the end.

        Raises
        ------
        ImportError
            If pandas is missing.
        """
        return dataframes.of_counts(self.counts, _names(self.rows_a), _names(self.rows_b))

    def __repr__(self) -> str:
        head, *lines = self._shown()
        cells = [("a \\ b", *head), *lines]
        return "\n".join([self._title(), markup.columns(cells, right=tuple(range(1, len(head) + 1)))])

    def _repr_html_(self) -> str:
        head, *lines = self._shown()
        return markup.table(lines, title=self._title(), head=("a \\ b", *head))

    def _title(self) -> str:
        n, k = int(self.counts.sum()), len(self.points)
        same = "" if np.isnan(self.share) else f"; {100 * self.share:.2f} % end at the same point"
        return f"{n} start{'' if n == 1 else 's'}, {k} critical point{'' if k == 1 else 's'}{same}"

    def _shown(self) -> list[tuple[str, ...]]:
        """The names of the columns, then name and counts of each line; the last but one has what is left out."""
        counts, rows = _shortened(self.counts, _names(self.rows_a))
        turned, columns = _shortened(counts.T, _names(self.rows_b))
        return [tuple(columns), *((name, *map(str, line)) for name, line in zip(rows, turned.T.tolist(), strict=True))]


def _names(rows: Indices) -> list[str]:
    return [*map(letter, rows.tolist()), _NONE]


def _shortened(counts: npt.NDArray[np.int64], names: list[str]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The first lines, the sum of those that are left out, and the last one."""
    hidden = len(names) - 1 - _MAX_SHOWN
    if hidden <= 0:
        return counts, names
    rest = counts[_MAX_SHOWN:-1].sum(axis=0, keepdims=True)
    return np.concatenate([counts[:_MAX_SHOWN], rest, counts[-1:]]), [*names[:_MAX_SHOWN], f"{hidden} more", _NONE]


@at_top
def agreement(a: Any, b: Any) -> tuple[float, Agreement]:
    """How many starts end at the same point in two runs, and who goes where.

    Parameters
    ----------
    a, b : Descent, Endpoints or BasinMap
        From the same starts, in the same order. Runs are classified. Tables are merged, so that they may differ.

    Returns
    -------
    share : float
        The part of the starts that belong to the same critical point in both, whether or not they have arrived there;
        starts that belong to none in either count as different. NaN without starts.
    table : Agreement
        Counts of starts by the letters of the merged table.

    Raises
    ------
    TypeError
        If an argument is something else.
    ValueError
        If the numbers of starts or of coordinates differ, or maps show different windows.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 - x**2 + 0.1*x", window=(-1.2, 1.2))
    >>> flow, leaps = (fd.basin_map(s, rule, shape=100) for rule in (fd.GradientFlow(), fd.GD(0.3)))
    >>> share, table = fd.agreement(flow, leaps)
    >>> share
    0.96
    >>> table
    100 starts, 2 critical points; 96.00 % end at the same point
    a \\ b   A   B  none
    A      51   1     0
    B       3  45     0
    none    0   0     0
    """
    label_a, points_a = _labelled("a", a)
    label_b, points_b = _labelled("b", b)
    if label_a.size != label_b.size:
        raise ValueError(f"a and b must have the same starts; got {label_a.size} and {label_b.size} of them")
    if points_a.x.shape[1] != points_b.x.shape[1]:
        dims = f"{points_a.x.shape[1]} and {points_b.x.shape[1]}"
        raise ValueError(f"a and b must have the same number of coordinates; got {dims}")
    _check_windows(a, b)
    points, (row_a, row_b) = joined([points_a, points_b])
    rows_a, place_a = np.unique(row_a, return_inverse=True)
    rows_b, place_b = np.unique(row_b, return_inverse=True)
    i = np.append(place_a, len(rows_a))[label_a.reshape(-1)]  # label -1 takes the last line
    j = np.append(place_b, len(rows_b))[label_b.reshape(-1)]
    shape = len(rows_a) + 1, len(rows_b) + 1
    counts = np.bincount(i * shape[1] + j, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)
    table = Agreement(counts, points, rows_a, rows_b)
    return table.share, table


def _labelled(name: str, value: Any) -> tuple[npt.NDArray[np.int32], CriticalPoints]:
    """Labels and their table, of endpoints and maps; a run is classified."""
    ends = classify(value) if isinstance(value, Descent) else value
    label, points = getattr(ends, "label", None), getattr(ends, "points", None)
    if not isinstance(points, CriticalPoints) or not isinstance(label, np.ndarray):
        raise TypeError(f"{name} must be a run, its endpoints or a basin map; got {checks.shown(value)}")
    return label, points


def _check_windows(a: Any, b: Any) -> None:
    """Raises ValueError if both are maps, and show different windows."""
    names = ("window", "plane", "shape")
    places = [tuple(getattr(m, name, None) for name in names) for m in (a, b) if hasattr(m, "extent")]
    if len(places) == 2 and places[0] != places[1]:
        name, of_a, of_b = next((n, p, q) for n, p, q in zip(names, *places, strict=True) if p != q)
        raise ValueError(f"a and b must be maps of the same {name}; got {of_a} and {of_b}")
