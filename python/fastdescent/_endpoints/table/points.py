"""`CriticalPoints`: the table of critical points that a run's endpoints belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._endpoints.search.clusters import Floats
from fastdescent._endpoints.table import dataframes, text
from fastdescent._endpoints.table.names import letter
from fastdescent._surface.known import Window

if TYPE_CHECKING:
    from fastdescent._surface.surface import Surface

Counts = npt.NDArray[np.int64]

#: Columns, in the order of `to_dict`; each has an entry per row.
COLUMNS = (
    "x", "fun", "grad_norm", "eigenvalues", "morse_index", "nullity", "set_dim", "kind", "form", "active", "n_starts",
    "share", "share_low", "share_high", "arrived", "nit_median", "nit_mean", "stability",
)  # fmt: skip


@at_top
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CriticalPoints:
    """A table of critical points, a row each.

    Rows are sorted by f and then by position, so that labels and colours stay from run to run.

    `table[3]` is a table of one row, `table[1:4]` and `table[table.n_starts > 10]` are tables of some rows, with the
    shares that the rows had; iteration gives tables of one row each. Letters always begin with A.

    Attributes
    ----------
    x : array, (k, dim)
    fun, grad_norm : array, (k,)
    eigenvalues : array, (k, dim)
        Of the Hessian, ascending. Where walls of the bounds hold coordinates, it is that of the others, and NaN stands
        at the end.
    morse_index : int array, (k,)
        How many eigenvalues are negative.
    nullity : int array, (k,)
        How many are zero.
    set_dim : int array, (k,)
        The dimension of the connected set of critical points that the row stands for: 1 for a valley or a ring, 0 for
        an isolated point.
    kind : int8 array, (k,)
        Values of `Outcome`.
    form : int8 array, (k,)
        Values of `Form`: degenerate, held by walls, at a kink.
    active : int8 array, (k, dim)
        -1 where the lower wall of the bounds holds a coordinate, 1 where the upper one does, else 0.
    n_starts : int array, (k,)
        Starts that belong to the row.
    share : array, (k,)
        `n_starts` as a part of all starts.
    share_low, share_high : array, (k,)
        The 95 % interval (Wilson) of `share` if the starts are random, else NaN.
    arrived : array, (k,)
        The part of these starts whose trajectories sit at the point; NaN if there are none.
    nit_median, nit_mean : array, (k,)
        Median and mean number of steps of the starts that belong to the row; NaN if there are none. Where tables were
        merged, no median is known.
    stability : array, (k,)
        lr times the largest eigenvalue, divided by its limit: steps lead to the point if this is below 1, and away
        from it if it is above. The limit is 2 for gradient descent, 2 (1 + momentum) / (1 - dampening) with momentum,
        2 (1 + momentum) / (1 + 2 momentum) for Nesterov's; L2 decay adds to the eigenvalue. NaN for other optimizers
        and without a constant lr.
    n_total : int
        All starts, also starts that belong to no row.
    fmin : float
        The value that a global minimum has.
    fmin_source : str
        Whether it was "given", is "known" of the surface, or is the lowest "found".
    lowest : float
        The least finite f of all endpoints and starts, whether or not they belong to a row; NaN: not known.
    n_lower : int
        How many endpoints lie lower than every minimum of the table.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 - x**2 + y**2")
    >>> table = fd.descend(s, fd.grid(s.window, (9, 9)), fd.LineSearch()).classify().points
    >>> table.x.round(6) + 0.0
    array([[-0.707107,  0.      ],
           [ 0.707107,  0.      ],
           [ 0.      ,  0.      ]])
    >>> len(table), table[-1].morse_index, [row.fun[0].round(3) for row in table[:2]]
    (3, array([1]), [np.float64(-0.25), np.float64(-0.25)])
    """

    x: Floats
    fun: Floats
    grad_norm: Floats
    eigenvalues: Floats
    morse_index: npt.NDArray[np.int_]
    nullity: npt.NDArray[np.int_]
    set_dim: npt.NDArray[np.int_]
    kind: npt.NDArray[np.int8]
    form: npt.NDArray[np.int8]
    active: npt.NDArray[np.int8]
    n_starts: Counts
    share: Floats
    share_low: Floats
    share_high: Floats
    arrived: Floats
    nit_median: Floats
    nit_mean: Floats
    stability: Floats
    n_total: int
    fmin: float
    fmin_source: str
    window: Window
    random_starts: bool = False
    lowest: float = np.nan
    n_lower: int = 0
    _surface: Surface | None = field(default=None, repr=False)  #: whose points these are, to follow connected sets
    _inside: dict[str, Any] = field(default_factory=dict, repr=False)  #: bounds and boundary in force

    def __getstate__(self) -> dict[str, Any]:
        """Without the surface, which may hold much data, unless there are connected sets to follow."""
        return self.__dict__ if (self.set_dim > 0).any() else {**self.__dict__, "_surface": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Earlier pickles lack columns: their rows are regular points away from walls."""
        k, dim = state["x"].shape
        zeros, nan = np.zeros(k, np.int8), np.full(k, np.nan)
        lacking = {
            "set_dim": np.zeros(k, np.int_), "form": zeros, "active": np.zeros((k, dim), np.int8), "arrived": nan,
            "nit_median": nan, "lowest": np.nan, "n_lower": 0, "_surface": None, "_inside": {},
        }  # fmt: skip
        self.__dict__.update(lacking | state)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> CriticalPoints:
        index = _row_index(rows, len(self))
        return replace(self, **{name: getattr(self, name)[index] for name in COLUMNS})

    def __iter__(self) -> Iterator[CriticalPoints]:
        return (self[row] for row in range(len(self)))

    @property
    def unseen(self) -> float:
        """An estimate of the probability that another start ends at a point that is in no row; NaN without starts.

        It is the number of rows with exactly one start, as a part of all starts. It means something for random starts.
        (Good, "The population frequencies of species and the estimation of population parameters", Biometrika 40,
        1953, whose idea is Turing's.)
        """
        return float(np.count_nonzero(self.n_starts == 1) / self.n_total) if self.n_total else np.nan

    def letter(self, row: int) -> str:
        """The name of a row: A ... Z, AA, AB ..."""
        return letter(row)

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The columns by name: arrays with an entry per row; `x`, `eigenvalues` and `active` have shape (k, dim)."""
        return {name: getattr(self, name) for name in COLUMNS}

    def to_pandas(self) -> Any:
        """The table as a pandas DataFrame, a line per row, with letters as index.

        Kinds and forms are words. Columns of shape (k, dim) become dim columns: x1 ... xn, eigenvalues1 ..., active1
        ...

        Raises
        ------
        ImportError
            If pandas is missing.
        """
        return dataframes.of_table(self)

    def __repr__(self) -> str:
        return text.text(self)

    def _repr_html_(self) -> str:
        return text.html(self)


def check_table(points: Any, dim: int) -> None:
    """Raises TypeError or ValueError if `points` is not a table of points of that many coordinates."""
    if not isinstance(points, CriticalPoints):
        raise TypeError(f"points must be a CriticalPoints table; got {checks.shown(points)}")
    if points.x.shape[1] != dim:
        raise ValueError(f"points must have {dim} coordinates, as the surface has; got {points.x.shape[1]}")


def _row_index(rows: Any, k: int) -> npt.NDArray[np.int_]:
    """The numbers of rows; raises unless `rows` is a row's number, a slice, or an array of numbers or truth values."""
    if isinstance(rows, slice):
        return np.arange(k)[rows]
    index = np.asarray(rows)
    if isinstance(rows, tuple) or not (index.dtype.kind in "iub" or index.size == 0) or isinstance(rows, bool):
        raise TypeError(
            f"a table is indexed by a row's number, a slice, or an array of those; got {checks.shown(rows)}"
        )
    if index.dtype == np.bool_:
        if index.shape != (k,):
            raise IndexError(f"a mask of rows must have shape ({k},); got {index.shape}")
        return np.flatnonzero(index)
    if index.ndim > 1:
        raise IndexError(f"rows must be numbers in one dimension; got an array of shape {index.shape}")
    index = np.atleast_1d(index).astype(np.int_)
    if index.size and not (-k <= index.min() and index.max() < k):
        wrong = index[(index < -k) | (index >= k)][0]
        raise IndexError(f"row {wrong} is out of range: the table has {k} row{'' if k == 1 else 's'}")
    return index
