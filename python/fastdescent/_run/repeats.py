"""Random runs that start where another one ended, with its seed: they would have the same random numbers once more.

The endpoints of the latest random runs are remembered by their memory, as long as it lives. So `run.x` and its parts
are recognized, and copies of them are not.
"""

from __future__ import annotations

import warnings
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._run.options import Options

_MOST_REMEMBERED = 256


@dataclass(frozen=True)
class _Random:
    """What a run has drawn."""

    ends: weakref.ref[npt.NDArray[Any]]
    seed: int
    first_index: int
    n: int
    kinds: frozenset[str]


_remembered: deque[_Random] = deque(maxlen=_MOST_REMEMBERED)


def remember(options: Options, ends: npt.NDArray[Any]) -> None:
    """Endpoints of a run, if it was random."""
    kinds = _kinds(options)
    if kinds and ends.size:
        _remembered.append(_Random(weakref.ref(_owner(ends)), options.seed, options.first_index, _n(options), kinds))


def warn_of_repeats(options: Options, x0: Any, stacklevel: int) -> None:
    """Warns where the starts are endpoints that were reached with random numbers of this run."""
    kinds = _kinds(options)
    if not kinds or not isinstance(x0, np.ndarray):
        return
    owner = _owner(x0)
    for run in tuple(_remembered):
        apart = options.first_index >= run.first_index + run.n or run.first_index >= options.first_index + _n(options)
        if run.ends() is owner and run.seed == options.seed and run.kinds & kinds and not apart:
            repeated = " and the ".join(sorted(run.kinds & kinds))
            warnings.warn(
                f"x0 is where a run with seed {run.seed} ended, and a run with that seed repeats the {repeated} of its "
                "first steps; go on with fd.resume, after keep_state=True, or give another seed",
                stacklevel=stacklevel + 1,
            )
            return


def _kinds(options: Options) -> frozenset[str]:
    random, kinds = options.stochastic, set()
    if random.noise is not None:
        kinds.add("noise")
    if random.batch is not None and random.batch.sampling != "cyclic":
        kinds.add("minibatches")
    if options.optimizer.is_random:
        kinds.add("random numbers of the optimizer")
    return frozenset(kinds)


def _n(options: Options) -> int:
    return int(np.prod(options.starts.shape[:-1], dtype=np.int64))


def _owner(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array whose memory this one is a part of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
