"""What a run evaluates at points of its trajectories, each with its own values of the surface's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.options import Options
from fastdescent.engines.protocol import Floats, inputs_of_lanes, uniform_values
from fastdescent.program.program import Program

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp] | slice  #: which trajectories
ALL = slice(None)


def values_at(options: Options, outputs: tuple[str, ...], x: Array, rows: Rows = ALL, **others: Array) -> list[Array]:
    """Outputs of `Formula.program` at points (n, dim): "gradient" is (n, dim), numbers are (n,)."""
    found = options.surface._evaluator(outputs, x.dtype)(x, lanes=own_values(options, rows), **others)
    return [values if name == "gradient" else values.reshape(-1) for name, values in zip(outputs, found, strict=True)]


def own_values(options: Options, rows: Rows = ALL) -> dict[str, Array]:
    """The parameters of which each trajectory has a value, (n, 1) by name."""
    return {name: options.hyper.lanes[name][rows] for name in options.surface._formula.lanes}


class Evaluation:
    """A Program that is evaluated at trajectories of a run. What does not depend on them is computed once."""

    def __init__(self, options: Options, program: Program, params: Mapping[str, npt.ArrayLike]) -> None:
        self._options, self._program = options, program
        self._given = uniform_values(options.engine, program, params)
        with np.errstate(over="ignore", under="ignore"):
            self._uniform: Floats = self._given.astype(options.starts.dtype)

    def __call__(self, inputs: Mapping[str, Array], rows: Rows = ALL) -> dict[str, Array]:
        """Its outputs by name, (n, size), from inputs (n, size)."""
        options, program = self._options, self._program
        n = len(next(iter(inputs.values())))
        lanes = own_values(options, rows)
        with np.errstate(over="ignore", under="ignore"):
            own = inputs_of_lanes(options.engine, program, self._given, lanes, n, options.n_threads)
            return options.engine.evaluate(program.main, self._uniform, {**inputs, **own}, n, options.n_threads)
