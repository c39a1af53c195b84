"""The option reduce=: its check, and the results, each trajectory's end joined."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.memory import refuse_if_too_large
from fastdescent.engines.protocol import uniform_values
from fastdescent.program.program import Program
from fastdescent.program.step.reductions import Exponential, Mean, Reduction, end_program

if TYPE_CHECKING:
    from fastdescent._run.options import Options
    from fastdescent.engines.protocol import Ends

Array = npt.NDArray[Any]
AVERAGE = "the average"  #: name of the reduction that the option average= stands for


def checked_reductions(value: Any, n: int, dim: int, itemsize: int) -> tuple[Reduction, ...]:
    """One or several reductions with names that differ; refused where their rows would not fit into memory."""
    given = [value] if isinstance(value, Reduction) else value
    if isinstance(given, str) or not isinstance(given, Iterable):
        _refuse(value)
    reductions = tuple(given)
    for k, one in enumerate(reductions):
        if not isinstance(one, Reduction):
            _refuse(one)
        if any(one.name == other.name for other in reductions[:k]):
            raise ValueError(f"reduce must name each result once; {one.name!r} comes twice: give one of them name=...")
    refuse_if_too_large(
        n * _n_rows(reductions, dim) * itemsize,
        f"reduce: {n} trajectories",
        "keep shorter tails, or run fewer trajectories at once",
    )
    return reductions


def checked_average(average: Any) -> tuple[Reduction, ...]:
    """The option average= as a reduction named AVERAGE, or none."""
    if average is None:
        return ()
    if isinstance(average, str):
        if average != "polyak":
            raise ValueError(f'average must be "polyak", a number between 0 and 1, or None; got {average!r}')
        return (Mean(AVERAGE, "x"),)
    decay = checks.number("average", average)
    if not 0.0 < decay < 1.0:
        raise ValueError(f"average must be between 0 and 1; got {average}")
    return (Exponential(AVERAGE, "x", decay),)


def _refuse(value: Any) -> None:
    name = getattr(value, "__name__", None)
    hint = f"; call it: fd.reduce.{name}(...)" if callable(value) and name else ""
    raise TypeError(f'reduce must be reductions, such as fd.reduce.min("fun"); got {checks.shown(value)}{hint}')


def reduced_of(options: Options, ends: Ends) -> dict[str, Array]:
    """The results by name, in the leading axes of x0."""
    reductions, dim = options.reductions, options.surface.dim
    if not reductions:
        return {}
    program = _end_program(options)
    with np.errstate(over="ignore", under="ignore"):
        uniform = uniform_values(options.engine, program, options.surface.params).astype(ends.x.dtype)
    inputs: dict[str, Array] = {"x": ends.x, "count": (ends.nit + 1.0).reshape(-1, 1)}
    start = ends.state.shape[1] - _n_rows(reductions, dim)
    for slot in program.main.inputs[len(inputs) :]:
        inputs[slot.name] = ends.state[:, start : start + slot.size]
        start += slot.size
    found = options.engine.evaluate(program.main, uniform, inputs, len(ends.x), options.n_threads)
    leading = options.starts.shape[:-1]
    return {r.name: found[r.name].reshape(leading + r.shape(dim)) for r in reductions}


def _n_rows(reductions: Iterable[Reduction], dim: int) -> int:
    return sum(math.prod(shape) for r in reductions for shape, _ in r.initial(dim))


def _end_program(options: Options) -> Program:
    """Compiled once for a formula and its reductions."""
    formula = options.surface._formula
    program: Program = formula.steps.get(("ends", options.reductions), lambda: end_program(formula, options.reductions))
    return program
