"""The gradient that gtol tests, outside of steps: with L2 decay w it is that of f + w |x|^2 / 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.options import Options
from fastdescent.program.step.sides import has, sides_with
from fastdescent.program.step.spec import Leaf

Array = npt.NDArray[Any]
Index = npt.NDArray[np.intp] | slice


def decay_at(options: Options, nit: npt.NDArray[np.integer[Any]], rows: Index = slice(None)) -> Array | None:
    """The weights w at points that trajectories `rows` have reached after `nit` updates, (m, dim); None: all are 0.

    A schedule has no value at the last point of all; there its last one counts.
    """
    weight = options.treatment.weight_decay
    if not isinstance(weight, Leaf):
        return None
    hyper = options.hyper
    values: Array
    if weight.op == "lane":
        values = hyper.lanes[weight.name][rows]
    elif weight.op == "time":
        table = hyper.schedules[weight.name]
        values = table[np.minimum(nit, len(table) - 1), np.newaxis]
    else:
        values = np.array([[hyper.params[weight.name]]])
    return np.broadcast_to(values, (len(nit), options.surface.dim))


def value_and_tested_norm(
    options: Options, x: Array, nit: npt.NDArray[np.integer[Any]], rows: Index = slice(None)
) -> tuple[Array, Array]:
    """f, and the norm of the gradient that gtol tests but for walls, (m,) each, at points x (m, dim)."""
    weights = decay_at(options, nit, rows)
    if weights is None:
        return options.surface.value_and_gradient_norm(x)
    fun, norm = options.surface._evaluated(("fun", "decayed_norm"), x, w=weights.astype(x.dtype, copy=False))
    return fun.reshape(-1), norm.reshape(-1)


def full_gradient_norm(options: Options, x: Array, nit: npt.NDArray[np.integer[Any]], rows: Index) -> Array:
    """Of f without noise, over all rows; at walls that clip, of what does not push out."""
    if options.bounds is None or not has(options.boundary, "clip"):
        return value_and_tested_norm(options, x, nit, rows)[1]
    low, high = sides_with(options.boundary, options.bounds, "clip").astype(x.dtype)
    g, weights = options.surface.gradient(x), decay_at(options, nit, rows)
    if weights is not None:
        g += weights.astype(x.dtype, copy=False) * x
    g[((x <= low) & (g > 0)) | ((x >= high) & (g < 0))] = 0.0
    with np.errstate(over="ignore"):
        return np.asarray(np.sqrt(sum(column * column for column in g.T)))
