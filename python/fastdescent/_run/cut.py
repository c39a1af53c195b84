"""What a `Descent` keeps so that its own steps can be made again: what is random in them, and the optimizer's arrays of
trajectories that max_steps had ended.

Example. Two trajectories of heavy ball; the first one converges, and max_steps ends the second one:

>>> from fastdescent import Momentum, descend, surface
>>> run = descend(surface("x**2"), [[0.0], [3.0]], Momentum(0.1, 0.5), max_steps=2)
>>> run.message
'2 trajectories: 1 converged, 1 max steps.'
>>> run._state
{'state.v': array([[7.8]])}

Invariants
----------
- Row k of each array belongs to the k-th trajectory with status MAX_STEPS, in C order.
- No arrays, {}: the optimizer has none, or max_steps ended no trajectory.
- None: the arrays were not kept, as the run is random or they would be large.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Status
from fastdescent._run.job import state_columns, states_of_cut, step_program, stop_limits
from fastdescent._run.options import Options
from fastdescent._run.stochastic import Stochastic
from fastdescent.engines.protocol import Ends
from fastdescent.optimizers._schedules import can_pickle

State = dict[str, npt.NDArray[Any]]


def state_of_cut(options: Options, ends: Ends) -> State | None:
    """The optimizer's arrays by name, (n_cut, size) each."""
    rows = np.flatnonzero(ends.status == Status.MAX_STEPS)
    if not len(rows):
        return {}
    names = states_of_cut(options, step_program(options, stop_limits(options)[1]).program)
    if not names:
        return None if names is None else {}
    if len(ends.state) != len(ends.status):
        return None
    columns = state_columns(options)
    return {name: ends.state[rows, columns[name]] for name in names}


def stochastic_of(options: Options) -> Stochastic | None:
    """What is random in the gradients, not bound to the run."""
    return replace(options.stochastic, noise_spec=None) if options.stochastic.is_random else None


def stochastic_for_pickle(random: Stochastic | None, n_steps: int) -> Stochastic | None:
    """None, too, where the noise is a function that a pickle cannot name."""
    if random is None or (random.noise is not None and not can_pickle(random.noise.rule)):
        return None
    return random.for_pickle(n_steps)
