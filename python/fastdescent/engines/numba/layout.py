"""What the compiled functions of this package are given: named arrays and numbers. T is the dtype of the run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[Any]  #: of T
Ints = npt.NDArray[Any]  #: of int64


class Kernel(NamedTuple):
    """A step as machine code (`Compiled` of cpp/include/fastdescent/kernel.hpp)."""

    exact: int  #: addresses
    fast: int
    width: int  #: numbers of a vector


class Tests(NamedTuple):
    """What ends a trajectory, as `Tests` of cpp/include/fastdescent/kernel.hpp."""

    dim: int
    x: int
    gradient: int
    fun: int
    previous_fun: int
    previous_x: int
    moved: int
    stop: int
    alarm: bool
    gtol2: Any  #: of T, as the three that follow
    escape2: Any
    xtol2: Any
    ftol: Any
    largest: Any  #: the largest finite number of T
    center: Reals  #: (dim,)
    box: Reals  #: (2, dim), or (0, 0)


class Job(NamedTuple):
    """Trajectories, from where they start to what is known of their ends. Shared by all threads."""

    n_state: int
    lane_row: int
    n_index: int  #: rows after those of the lanes, for 16 bits of the trajectory's index each
    first_index: Any  #: uint64
    indices: npt.NDArray[np.uint64]  #: (n,), or none: they follow on the first one
    max_steps: int
    t_last: npt.NDArray[np.int32]  #: (n,), or none: max_steps
    table: int  #: address of the values that depend on t alone
    table_width: int
    initial: Reals  #: (n_state,)
    starts: Reals  #: (n, dim)
    lane_values: Reals  #: (n, n_lane)
    state_before: Reals  #: (n, n_state), or none
    t_before: npt.NDArray[np.int32]  #: (n,), or none
    status_before: npt.NDArray[np.int8]  #: (n,), or none: all run
    record_steps: npt.NDArray[np.uint32]  #: none: nothing is recorded
    record_every: int
    record_row: npt.NDArray[np.int32]
    x: Reals  #: results: (n, dim)
    nit: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    state_after: Reals  #: (n, n_state), or none
    shared: Ints  #: [NEXT], [DONE]


NEXT, DONE = 0, 1


class Lanes(NamedTuple):
    """The trajectories in flight on one thread. Lanes that do not run hold copies of one that does."""

    rows: Reals  #: (n_rows, block)
    live: npt.NDArray[np.bool_]  #: (block,), as what follows
    until: Ints  #: the step at which a point is recorded, or the last
    t: Ints
    trajectory: Ints
    entry: Ints  #: entries that the path has
    candidates: npt.NDArray[np.uint32]  #: of the arguments, a mask for each vector
    words: Ints  #: the arguments, by words
    numbers: Reals  #: the arguments, by numbers of T
    offsets: Ints  #: (block,)
    arguments: int  #: its address
    path_rows: npt.NDArray[np.int32]  #: a block of recorded points: the rows of their paths
    path_points: Reals  #: (points, dim)
    own: Ints  #: [N_RUNNING], [CAPACITY], [FIRST], [LAST], [BATCH], [POINTS]: of the block, those that are written


N_RUNNING, CAPACITY, FIRST, LAST, BATCH, POINTS = range(6)
