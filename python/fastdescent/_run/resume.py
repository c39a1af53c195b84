"""`resume`: more steps for a run that kept its state, with the bits of one long run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._base.status import Status
from fastdescent._run.descent import Descent, result_of
from fastdescent._run.job import Before
from fastdescent._run.options import MOST_STEPS
from fastdescent._run.record import NOTHING
from fastdescent._run.run import run_job


@at_top
def resume(run: Descent, *, max_steps: int) -> Descent:
    """Goes on with the trajectories that max_steps, or a cancellation, had ended.

    Parameters
    ----------
    run : Descent
        Of `descend` with keep_state=True, or of `resume`.
    max_steps : int
        Most updates of a trajectory, those already made included.

    Returns
    -------
    Descent
        The same bits as one run with this max_steps. Its path is not recorded.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> s, x0 = fd.surfaces.himmelblau(), fd.grid(((-5, 5), (-5, 5)), (8, 8))
    >>> short = fd.descend(s, x0, fd.Adam(lr=0.01), max_steps=100, keep_state=True)
    >>> long = fd.descend(s, x0, fd.Adam(lr=0.01), max_steps=500)
    >>> np.array_equal(fd.resume(short, max_steps=500).x, long.x)
    True
    """
    if not isinstance(run, Descent):
        raise TypeError(f"run must be a Descent; got {checks.shown(run)}")
    if run._kept is None:
        raise ValueError("run has no state to go on from; descend with keep_state=True")
    options, state = run._kept
    made = int(run.nit.max(initial=0))
    steps = checks.whole_number("max_steps", max_steps, at_least=0, at_most=MOST_STEPS)
    if steps < made:
        raise ValueError(f"max_steps must be {made} or greater, the updates already made included; got {steps}")
    dim = run.surface.dim
    refuse_if_too_large(2 * (state.nbytes + run.x.nbytes), f"going on with {run.nit.size} trajectories", "free some")
    options = replace(options.for_steps(steps), progress=None)
    status, nit = run.status.ravel(), run.nit.ravel()
    open_ones = np.flatnonzero((status == Status.MAX_STEPS) | (status == Status.INTERRUPTED))
    options = replace(options, record=None, recording=NOTHING)
    part = replace(
        options,
        starts=np.ascontiguousarray(run.x.reshape(-1, dim)[open_ones]),
        hyper=replace(options.hyper, lanes={k: v[open_ones] for k, v in options.hyper.lanes.items()}),
    )
    indices = np.uint64(options.first_index) + open_ones.astype(np.uint64)
    went_on = run_job(part, Before(np.ascontiguousarray(state[open_ones]), nit[open_ones]), indices)
    ends = replace(went_on, x=run.x.reshape(-1, dim).copy(), nit=nit.copy(), status=status.copy(), state=state.copy())
    ends.x[open_ones], ends.nit[open_ones] = went_on.x, went_on.nit
    ends.status[open_ones], ends.state[open_ones] = went_on.status, went_on.state
    return result_of(options, ends)
