"""The results of the option reduce=: what each trajectory has kept, joined with its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.decay import decay_at
from fastdescent._run.job import own_params, state_columns
from fastdescent._run.looks import Looks
from fastdescent._run.options import Options
from fastdescent.engines.protocol import uniform_values
from fastdescent.program.program import Program
from fastdescent.program.step.reduction_rows import end_program
from fastdescent.program.step.treatment import DECAY

Array = npt.NDArray[Any]


def reduced_of(options: Options, x: Array, nit: npt.NDArray[np.int32], state: Array) -> dict[str, Array]:
    """The results by name, in the leading axes of x0: of trajectories at x (n, dim), with their rows of state."""
    reductions, dim = options.reductions, options.surface.dim
    if not reductions:
        return {}
    program = _end_program(options)
    params = {**options.surface.params, **own_params(options)}
    with np.errstate(over="ignore", under="ignore"):
        uniform = uniform_values(options.engine, program, params).astype(x.dtype)
    t = nit.astype(np.float64).reshape(-1, 1)
    known: dict[str, Any] = {"x": x, "count": t + 1.0, "t": t, DECAY: decay_at(options, nit)}
    rows = state_columns(options)
    inputs = {s.name: known[s.name] if s.name in known else state[:, rows[s.name]] for s in program.main.inputs}
    found = options.engine.evaluate(program.main, uniform, inputs, len(x), options.n_threads)
    found |= Looks(options).results(x, nit, state)
    leading = options.starts.shape[:-1]
    return {r.name: r.finished(found[r.name]).reshape(leading + r.shape(dim)) for r in reductions}


def _end_program(options: Options) -> Program:
    """Compiled once for a formula and the specification of a step."""
    formula, spec = options.surface._formula, options.step_spec(with_fun=False)
    program: Program = formula.steps.get(("ends", spec), lambda: end_program(formula, spec))
    return program
