"""The parts of a sweep run one after another, and their results put together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.progress import Poll, reporter
from fastdescent._base.status import Status
from fastdescent._run.at_points import values_at
from fastdescent._run.hyperparameters import changed
from fastdescent._run.job import put_inside
from fastdescent._run.options import Options
from fastdescent._run.path import Path, path_of
from fastdescent._run.reduced import reduced_of
from fastdescent._run.run import lowest_start, run_job, values_at_the_ends
from fastdescent._starts.lazy import flat
from fastdescent._sweep.cells import Slab, cut, slabs_of
from fastdescent._sweep.plan import Plan
from fastdescent.engines.protocol import Ends
from fastdescent.optimizers._schedules import Tabulated

Array = npt.NDArray[Any]
_NOTHING = {"f": np.nan, "i": -1}  #: what a reduction has of trajectories that were never begun, by kind of number


@dataclass
class Cells:
    """The results of all cells, in C order."""

    nit: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    x: Array | None = None  #: (n, dim)
    fun: Array | None = None
    grad_norm: Array | None = None
    reduced: dict[str, Array] = field(default_factory=dict)
    average: Array | None = None
    path: Path | None = None
    engine: str = ""
    lowest_start: Array | None = None  #: the least f of a start, (number of combinations of surface parameters,)


def run_parts(plan: Plan) -> Cells:
    """Runs all parts. After a cancelled one, the cells of the others are INTERRUPTED at their starts."""
    base, n = plan.options, plan.n
    cells = _room(plan)
    slabs = list(slabs_of(plan.shape, plan.n_at_once))
    if len(slabs) > 1:
        plan = _tabulated(plan)
    engines: set[str] = set()
    goes_on = True
    with reporter(base.progress, n) as report:
        for slab in slabs:
            options = replace(
                plan.part(slab), progress=_continued(report, slab.first) if len(slabs) > 1 else base.progress
            )
            ends = run_job(options) if goes_on else _not_begun(options)
            if goes_on:
                engines.add(ends.engine or options.engine.name)
            _put(cells, slab.cells, options, ends)
            if goes_on:
                _put_reduced(cells, slab.cells, n, options, ends)
            if cells.lowest_start is not None:
                _note_lowest(cells.lowest_start, plan, slab, options)
            done = slab.cells.stop
            goes_on &= not np.any(ends.status == Status.INTERRUPTED)
            goes_on &= report is None or done == n or bool(report(done))
    cells.engine = "+".join(name for name in ("native", "jit", "numba") if any(name in e for e in engines))
    if base.final and cells.lowest_start is None and n:
        lowest = lowest_start(replace(base, starts=plan.starts))
        cells.lowest_start = np.array([lowest])
    return cells


def _room(plan: Plan) -> Cells:
    """The arrays that are asked for, of all cells."""
    n, dim, dtype = plan.n, plan.surface.dim, plan.options.starts.dtype
    numbers = (dim + 2) * dtype.itemsize if plan.options.final else 0
    refuse_if_too_large(n * (numbers + 5), f"a sweep of {n} trajectories", "final=False keeps less")
    cells = Cells(np.zeros(n, np.int32), np.zeros(n, np.int8))
    if plan.options.final:
        cells.x, cells.fun, cells.grad_norm = np.empty((n, dim), dtype), np.empty(n, dtype), np.empty(n, dtype)
        lengths = [len(a.values) for a in plan.axes if a.owner == "surface"]
        cells.lowest_start = np.full(np.prod(lengths, dtype=int), np.nan) if lengths else None
    return cells


def _tabulated(plan: Plan) -> Plan:
    """With tables in place of schedules, which are called once for all parts."""
    n = max((len(values) for values in plan.options.hyper.schedules.values()), default=0)

    def table(name: str, value: Any) -> Any:
        return Tabulated(np.array([float(value(t)) for t in range(n)])) if callable(value) else value

    noise = None if plan.noise is None else plan.noise.changed(table)
    return replace(plan, optimizer=changed(plan.optimizer, table), noise=noise)


def _continued(report: Poll | None, done: int) -> Any:
    """Progress of a part, reported as progress of the sweep: `done` cells came before."""
    return None if report is None else lambda done_of_part, total: report(done + done_of_part)


def _not_begun(options: Options) -> Ends:
    """The ends of trajectories that are still at their starts."""
    x = put_inside(options, flat(options.starts)).copy()
    return Ends(
        x, np.zeros(len(x), np.int32), np.full(len(x), Status.INTERRUPTED, np.int8), np.zeros((0, 0)), path=None  # type: ignore[arg-type]
    )  # fmt: skip


def _put(cells: Cells, where: slice, options: Options, ends: Ends) -> None:
    cells.nit[where], cells.status[where] = ends.nit, ends.status
    if cells.x is not None and cells.fun is not None and cells.grad_norm is not None:
        cells.x[where] = ends.x
        cells.fun[where], cells.grad_norm[where] = values_at_the_ends(options, ends)


def _put_reduced(cells: Cells, where: slice, n: int, options: Options, ends: Ends) -> None:
    """What reductions, the average and the record have of these trajectories."""
    if options.record is not None:
        cells.path = path_of(options, ends)
    n_axes = len(options.starts.shape) - 1
    for name, values in reduced_of(options, ends.x, ends.nit, ends.state).items():
        tail = values.shape[n_axes:]
        if name not in cells.reduced:
            cells.reduced[name] = np.full((n, *tail), _NOTHING[values.dtype.kind], values.dtype)
        cells.reduced[name][where] = values.reshape(-1, *tail)


def _note_lowest(lowest: Array, plan: Plan, slab: Slab, options: Options) -> None:
    """The least f of starts within the bounds, for each combination of surface parameters."""
    lengths = [len(a.values) if a.owner == "surface" else 1 for a in plan.axes]
    n_leading = len(plan.shape) - len(plan.axes)
    numbers = np.arange(len(lowest)).reshape(*lengths, *(1,) * n_leading)
    which = np.broadcast_to(cut(numbers, slab.index), slab.shape).reshape(-1)
    x = flat(options.starts)
    [fun] = values_at(options, ("fun",), x)
    known = np.isfinite(fun)
    if options.bounds is not None:
        known &= np.all((x >= options.bounds[0]) & (x <= options.bounds[1]), axis=-1)
    np.fmin.at(lowest, which[known], fun[known].astype(np.float64))
