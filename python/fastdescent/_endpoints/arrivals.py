"""Which endpoints have arrived, and why the others have not.

An endpoint has arrived if it is at rest at its row's point and the run's own step keeps it there. The step is tested
once for each row and each setting of the hyperparameters, not for each endpoint.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import MINIMA, Form, Outcome, Reason, Status
from fastdescent._endpoints.arrival.cycles import moves_on
from fastdescent._endpoints.arrival.reasons import Beyond, beyond_points, is_constant
from fastdescent._endpoints.arrival.stays import stays
from fastdescent._endpoints.membership.find import ELIGIBLE, Membership
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._endpoints.table.stability import stability
from fastdescent._run.descent import Descent
from fastdescent._run.hyperparameters import per_trajectory

Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.integer[Any]]
Index = npt.NDArray[np.int_]

_IS_ELIGIBLE = np.array([s in ELIGIBLE for s in Status])  #: by status
_OPEN = (Reason.NONE, Reason.UNDECIDED, Reason.TOO_MANY)  #: as far as candidates tell
#: What is said of endpoints that rest, unless the optimizer's steps rest elsewhere than at critical points.
_AT_REST = (Reason.STEP_TOO_LARGE, Reason.GTOL, Reason.KINK, Reason.JITTER)
_NEAR_LIMIT = 0.05  #: of an optimizer's limit: what lies nearer is tried


def arrivals(run: Descent, found: Membership, label: Labels, table: CriticalPoints) -> Bools:
    """Which endpoints, (n,), sit at their row's point and are kept there."""
    numbers = [v for value in run.optimizer.hyper().values() for v in (value if isinstance(value, tuple) else (value,))]
    if all(callable(v) or np.ndim(v) == 0 for v in numbers):
        kept = _rows_that_keep(run, found, label, table)
        in_row = label >= 0 if kept.all() else np.append(kept, False)[label]
        return np.asarray(found.is_at_rest & in_row)
    index = np.flatnonzero(found.is_at_rest & (label >= 0))
    arrived = np.zeros(len(label), np.bool_)
    _, first, group = np.unique(_settings(run, index, label[index]), axis=0, return_index=True, return_inverse=True)
    arrived[index] = _keeps(run, found, index[first], label, table)[group.reshape(-1)]
    return arrived


def _rows_that_keep(run: Descent, found: Membership, label: Labels, table: CriticalPoints) -> Bools:
    """Which rows keep endpoints at rest, (k,). One endpoint of each row is tested: one that led to a candidate."""
    kept, known = _kept_by_theory(run, table)
    chosen = found.representatives[found.is_at_rest[found.representatives]]
    chosen = chosen[label[chosen] >= 0]
    chosen = chosen[~known[label[chosen]]]
    rows, first = np.unique(label[chosen], return_index=True)
    kept[rows] = _keeps(run, found, chosen[first], label, table)
    # Rows to which no endpoint at rest led, but other ones do: an endpoint at rest in its neighbour's cell.
    left = np.flatnonzero(~known & ~np.isin(np.arange(len(table)), rows))
    if len(left):
        index = np.flatnonzero(found.is_at_rest & np.append(np.isin(np.arange(len(table)), left), False)[label])
        more, first = np.unique(label[index], return_index=True)
        kept[more] = _keeps(run, found, index[first], label, table)
    return kept


def _kept_by_theory(run: Descent, table: CriticalPoints) -> tuple[Bools, Bools]:
    """Which rows keep endpoints at rest, and of which this is known: regular minima where the limit of lr is known.

    There the step is linear, and converges if the largest eigenvalue is below the limit. Near the limit it is tried.
    """
    is_regular = np.isin(table.kind, MINIMA) & (table.form == Form.REGULAR) & (not run.is_random)
    steadiness = stability(run.optimizer, table.eigenvalues, table.form, table.active)
    known = is_regular & (np.abs(steadiness - 1) > _NEAR_LIMIT)
    return known & (steadiness < 1), known


def _keeps(run: Descent, found: Membership, chosen: Index, label: Labels, table: CriticalPoints) -> Bools:
    """Whether the run's step keeps these endpoints at their candidates."""
    row = label[chosen]
    is_kink = (table.form[row] & Form.NONSMOOTH) != 0
    x_star = found.candidates.x[found.candidate[chosen]]
    # Where the gradient is not defined, the run has ended: it makes no step that could lead away.
    ended = run.status.reshape(-1)[chosen] == Status.UNDEFINED
    is_minimum, is_singular = np.isin(table.kind[row], MINIMA), table.nullity[row] > 0
    kept = np.zeros(len(chosen), np.bool_)
    for which, gtol in ((~is_singular, None), (is_singular, run._gtol)):
        kept[which] = stays(run, chosen[which], x_star[which], is_minimum[which], is_kink[which], gtol)
    return np.asarray(ended | kept)


def _settings(run: Descent, index: Index, label: Labels) -> npt.NDArray[np.float64]:
    """Row and hyperparameters of endpoints, as far as these have one value per trajectory, (m, columns)."""
    columns = [label.astype(np.float64)[:, np.newaxis]]
    for name, value in run.optimizer.hyper().items():
        for number in value if isinstance(value, tuple) else (value,):
            if not callable(number) and np.ndim(number):
                own = np.asarray(number, np.float64)
                columns.append(per_trajectory(name, own, run.status.shape, run.surface.dim)[index])
    return np.concatenate(columns, axis=1)


def reasons(
    run: Descent, landscape: Landscape, found: Membership, label: Labels, arrived: Bools, table: CriticalPoints
) -> npt.NDArray[np.int8]:
    """Why endpoints have not arrived, values of `Reason`; NONE for those that have, or escaped."""
    status = run.status.reshape(-1)
    reason = np.zeros(len(status), np.int8)
    open_ = np.flatnonzero(~arrived)
    open_ = open_[_IS_ELIGIBLE[status[open_]]]
    if not len(open_):
        return reason
    has_label = label[open_] >= 0
    _put_reasons_of_labelled(reason, found, open_[has_label], status)
    _put_reasons_of_others(reason, landscape, found, open_[~has_label], status, table)
    cut = open_[(has_label | (reason[open_] == Reason.CUT_OFF)) & (status[open_] == Status.MAX_STEPS)]
    if run.is_random:
        reason[open_[status[open_] != Status.CONVERGED]] = Reason.NOISE
    elif len(cut):
        reason[cut] = np.where(moves_on(run, cut), Reason.CUT_OFF, Reason.JITTER)
    if run.optimizer.rests_elsewhere:
        reason[np.isin(reason, _AT_REST)] = Reason.OTHER_FUNCTION
    return reason


def _put_reasons_of_labelled(
    reason: npt.NDArray[np.int8], found: Membership, index: Index, status: npt.NDArray[np.int8]
) -> None:
    """Why endpoints that belong to a row are not there, as far as their status tells."""
    # Too large a step would not converge on a set, nor at a saddle: from there an endpoint slides away.
    row = found.candidate[index]
    is_flat = (found.candidates.nullity[row] > 0) | (found.candidates.kind[row] != Outcome.LOCAL_MINIMUM)
    reason[index] = np.select(
        [found.is_at_rest[index] & ~is_flat, status[index] == Status.CONVERGED, status[index] == Status.STALLED],
        [Reason.STEP_TOO_LARGE, Reason.GTOL, Reason.KINK], Reason.STOPPED,
    )  # fmt: skip


def _put_reasons_of_others(
    reason: npt.NDArray[np.int8], landscape: Landscape, found: Membership, index: Index,
    status: npt.NDArray[np.int8], table: CriticalPoints,
) -> None:  # fmt: skip
    """Why endpoints belong to no row: by the candidate that was looked at for them, by f around them and beyond.

    Those at a critical point that a given table lacks have no reason.
    """
    index = index[found.candidate[index] < 0]
    looked_at = found.looked_at[index]
    reason[index] = np.append(found.candidates.reason, np.int8(Reason.TOO_MANY))[looked_at]
    unknown = index[np.isin(reason[index], _OPEN)]
    x = found.endpoints.x[unknown].astype(np.float64)
    spread = _spread(landscape.surface(x), table)
    constant = is_constant(landscape, x, spread)
    reason[unknown[constant]] = Reason.CONSTANT
    unknown, x, spread = unknown[~constant], x[~constant], spread[~constant]
    if not len(unknown):
        return
    beyond, to = beyond_points(landscape, x, spread), found.looked_at[unknown]
    # Off the floor of its valley, an endpoint does not show where the floor leads; its candidate is on the floor.
    left = (beyond == Beyond.UNKNOWN) | ((beyond == Beyond.MINIMUM) & (status[unknown] != Status.CONVERGED))
    left = np.flatnonzero(left & np.append(found.candidates.kind == Outcome.UNSETTLED, False)[to])
    own, first, which = np.unique(to[left], return_index=True, return_inverse=True)
    beyond[left] = beyond_points(landscape, found.candidates.x[own], spread[left[first]])[which]
    by_status = np.select(
        [status[unknown] == s for s in (Status.CONVERGED, Status.MAX_STEPS)], [Reason.GTOL, Reason.CUT_OFF],
        Reason.UNDECIDED,
    )  # fmt: skip
    otherwise = np.where(reason[unknown] == Reason.TOO_MANY, Reason.TOO_MANY, Reason.UNDECIDED)
    reason[unknown] = np.select(
        [beyond == Beyond.INFIMUM, beyond == Beyond.NO_LOWER_BOUND, beyond == Beyond.MINIMUM],
        [Reason.INFIMUM, Reason.NO_LOWER_BOUND, by_status], otherwise,
    )  # fmt: skip


def _spread(fun: Floats, table: CriticalPoints) -> Floats:
    """How far f at endpoints (m,) is from that of the rows; 0 without rows."""
    if not len(table):
        return np.zeros(len(fun))
    spread: Floats = np.maximum(np.abs(fun - table.fun.min()), np.abs(fun - table.fun.max()))
    return spread
