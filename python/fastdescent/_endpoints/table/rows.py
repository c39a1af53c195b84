"""A table made of polished points, and the points of a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import MINIMA, Outcome
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.clusters import fun_tolerance
from fastdescent._endpoints.search.verdict import Polished
from fastdescent._endpoints.table.global_minimum import judge
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._surface.known import Window


def table_of(
    points: Polished, window: Window, given: float | None, known: float | None, tol: float, *,
    lowest: float = np.nan, n_lower: int = 0,
) -> CriticalPoints:  # fmt: skip
    """A table of sorted points, nothing counted yet.

    `given` and `known` are values of the global minimum, `lowest` is the least f of all endpoints and starts, and
    `n_lower` says how many endpoints lie lower than every minimum among the points.
    """
    k, nan = len(points), np.full(len(points), np.nan)
    table = CriticalPoints(
        x=points.x, fun=points.fun, grad_norm=points.grad_norm, eigenvalues=points.eigenvalues,
        morse_index=_n_negative(points), nullity=points.nullity.astype(np.int_),
        set_dim=points.set_dim.astype(np.int_), kind=points.kind, form=points.form, active=points.active,
        n_starts=np.zeros(k, np.int64), share=nan, share_low=nan, share_high=nan, arrived=nan, nit_median=nan,
        nit_mean=nan, stability=nan, n_total=0, fmin=np.nan, fmin_source="found", window=window,
    )  # fmt: skip
    return with_kinds(table, given, known, _fun_tol(table, tol), lowest=lowest, n_lower=n_lower)


def _n_negative(points: Polished) -> npt.NDArray[np.int_]:
    """How many eigenvalues of each point are negative; those nearest to 0, as many as the nullity says, are zero."""
    size = np.abs(points.eigenvalues)
    rank = np.argsort(np.argsort(size, axis=-1, kind="stable"), axis=-1)  # NaN has the last ones
    return np.asarray(((points.eigenvalues < 0) & (rank >= points.nullity[:, np.newaxis])).sum(axis=-1))


def _fun_tol(table: CriticalPoints, tol: float) -> Floats:
    return fun_tolerance(table.eigenvalues, tol * Frame.of(table.window).width.max())


def with_kinds(
    table: CriticalPoints, given: float | None, known: float | None, fun_tol: Floats, *,
    lowest: float = np.nan, n_lower: int = 0,
) -> CriticalPoints:  # fmt: skip
    """The table with minima told apart as global and local ones, and the value that a global minimum has."""
    is_minimum = np.isin(table.kind, MINIMA)
    found = judge(table.fun, is_minimum, fun_tol, given=given, known=known, lowest=lowest)
    kind = np.where(is_minimum, Outcome.LOCAL_MINIMUM, table.kind).astype(np.int8)
    kind[found.is_global] = Outcome.GLOBAL_MINIMUM
    return replace(
        table, kind=kind, fmin=found.fmin, fmin_source=found.source, lowest=float(lowest), n_lower=int(n_lower)
    )


def polished_of(table: CriticalPoints) -> Polished:
    """The rows as points."""
    k = len(table)
    return Polished(
        table.x, table.fun, table.grad_norm, table.eigenvalues, table.nullity.astype(np.int16), table.kind, table.form,
        table.active, table.set_dim.astype(np.int16), np.zeros(k, np.int8),
    )  # fmt: skip
