"""A run: from checked options to how the trajectories end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.at_once import run_at_once
from fastdescent._run.decay import value_and_tested_norm
from fastdescent._run.gradually import run_gradually
from fastdescent._run.job import Before, Indices
from fastdescent._run.options import Options
from fastdescent._starts.lazy import in_parts
from fastdescent.engines.protocol import Ends
from fastdescent.program.step.sides import KEEPING, sides_with

Array = npt.NDArray[Any]


def run_job(options: Options, before: Before | None = None, indices: Indices = None) -> Ends:
    """How the trajectories end; those of `options`, or those that go on from `before`.

    `indices` are theirs, for random numbers, where they do not follow on the first one.
    """
    run = run_gradually if options.pauses else run_at_once
    return run(options, before, indices)


def values_at_the_ends(options: Options, ends: Ends) -> tuple[Array, Array]:
    """f and the gradient's norm, (n,) each; NaN where they are not wanted."""
    if options.final:
        return value_and_tested_norm(options, ends.x, ends.nit)
    nothing = np.broadcast_to(ends.x.dtype.type(np.nan), ends.status.shape)
    return nothing, nothing


def lowest_start(options: Options) -> float:
    """The least f of a start that is within the bounds; NaN if there is none."""
    lowest = np.nan
    for x in in_parts(options.starts):
        if options.bounds is not None:
            low, high = sides_with(options.boundary, options.bounds, "stop", *KEEPING)
            x = x[np.all((x >= low) & (x <= high), axis=-1)]
        fun = options.surface(x)
        lowest = np.fmin(lowest, np.fmin.reduce(fun[np.isfinite(fun)], initial=np.nan))
    return float(lowest)
