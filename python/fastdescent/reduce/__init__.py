"""Reductions: numbers that a run keeps of each trajectory as it goes, in memory that does not grow with its steps.

`descend` takes them as ``reduce=[...]``. The results are in ``run.reduced``, a dict by name, as arrays with the leading
axes of x0 and the run's dtype. A reduction is over all points x_0 ... x_nit of a trajectory, start and end included; a
rejected step counts its point again. A field is "fun" (f), "grad_norm" (the gradient's Euclidean norm) or "x" (every
coordinate by itself; the result has shape (..., dim)). If a value is NaN, so is the result.

`sharpness` and `index` look at every k-th point alone. The exponent of `lyapunov` is that of the steps. `first`,
`count`, `argmin` and `period` give int32 numbers; the results of others have the run's dtype.

A predicate is a function of any of x, fun, grad, x_previous, t and state, by name, that returns one truth value. It is
traced, as the option stop_when of `descend` is: what is compiled and pickled is its graph, so that the same lambda,
written anew, compiles nothing.

Results have the same bits for any number of threads, instruction set and split. `resume` continues them, and a
`Swarm` has them at every step.

>>> import fastdescent as fd
>>> s = fd.surfaces.himmelblau()
>>> kept = [fd.reduce.min("fun"), fd.reduce.tail_mean("x", 20), fd.reduce.path_length()]
>>> run = fd.descend(s, fd.grid(s.window, (8, 8)), fd.Adam(lr=0.1), max_steps=100, reduce=kept)
>>> {name: values.shape for name, values in run.reduced.items()}
{'min_fun': (8, 8), 'tail_mean_x': (8, 8, 2), 'path_length': (8, 8)}
"""

from __future__ import annotations

from fastdescent.program.step.reductions import Reduction
from fastdescent.reduce._fields import max, mean, min, path_length, std, tail_mean
from fastdescent.reduce._looks import index, sharpness
from fastdescent.reduce._occurrences import argmin, count, first
from fastdescent.reduce._orbits import lyapunov, period

__all__ = [
    "Reduction", "argmin", "count", "first", "index", "lyapunov", "max", "mean", "min", "path_length", "period",
    "sharpness", "std", "tail_mean",
]  # fmt: skip
