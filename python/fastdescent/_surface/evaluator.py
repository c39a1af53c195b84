"""Programs of a formula, evaluated at points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.threads import available_threads
from fastdescent.engines.protocol import inputs_of_lanes, uniform_values
from fastdescent.engines.registry import get_engine
from fastdescent.program.step.formula import Formula

Array = npt.NDArray[Any]


def evaluator(
    formula: Formula, params: Mapping[str, Any], outputs: tuple[str, ...], dtype: np.dtype[Any]
) -> Callable[..., list[Array]]:
    """A function of X and further inputs, v for "hvp"; `lanes` are parameters with a value for each point, (n, size).

    Numbers that depend on other parameters alone are computed once, here.
    """
    engine, program = get_engine("auto"), formula.program(*outputs)
    given = uniform_values(engine, program, params)
    with np.errstate(over="ignore", under="ignore"):
        uniform = given.astype(dtype, copy=False)

    def evaluated(X: Array, *, lanes: Mapping[str, Array] | None = None, **others: Array) -> list[Array]:
        inputs = {name: a.reshape(-1, formula.dim) for name, a in {"x": X, **others}.items()}
        n, n_threads = len(inputs["x"]), available_threads()
        with np.errstate(over="ignore", under="ignore"):
            inputs |= inputs_of_lanes(engine, program, given, lanes or {}, n, n_threads)
            found = engine.evaluate(program.main, uniform, inputs, n, n_threads)
        return [found[name] for name in outputs]

    return evaluated
