"""Where paths are recorded, as cpp/include/fastdescent/recording.hpp: points go to a block that one thread fills.

Nothing allocates here: paths.py makes the blocks, keeps them and puts their points in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.engines.numba.canonical import canonical
from fastdescent.engines.numba.intrinsics import compiled
from fastdescent.engines.numba.layout import POINTS, Job, Lanes

#: Points that a lane may record between two looks for room: the end of a trajectory, and the start of the next.
POINTS_OF_A_LANE = 2
_NEVER: Any = np.int64(2**63 - 1)


@compiled
def records(job: Job, index: int) -> bool:
    """Whether a trajectory has a path."""
    return len(job.record_steps) > 0 and job.record_row[index] >= 0


@compiled
def has_room(lanes: Lanes, job: Job) -> bool:
    """Whether the block has room for what all lanes may record in a round."""
    room = len(lanes.path_rows) - lanes.own[POINTS]
    return len(job.record_steps) == 0 or room >= POINTS_OF_A_LANE * len(lanes.live)


@compiled
def step_of(job: Job, entry: int) -> Any:
    """The step of an entry that is not the last one of a path."""
    n = len(job.record_steps)
    if entry < n:
        return np.int64(job.record_steps[entry])
    return job.record_steps[n - 1] + np.int64(job.record_every) * (entry + 1 - n) if job.record_every else _NEVER


@compiled
def next_step(lanes: Lanes, job: Job, lane: int) -> Any:
    """The step at which the next point of a lane is recorded."""
    return step_of(job, lanes.entry[lane]) if records(job, lanes.trajectory[lane]) else _NEVER


@compiled
def record(lanes: Lanes, job: Job, lane: int) -> None:
    """Makes the point the next entry of the path, where that is recorded."""
    index, k = lanes.trajectory[lane], lanes.own[POINTS]
    if not records(job, index):
        return
    lanes.path_rows[k] = job.record_row[index]
    for d in range(job.starts.shape[1]):
        lanes.path_points[k, d] = canonical(lanes.rows[d, lane])
    lanes.own[POINTS] = k + 1
    lanes.entry[lane] += 1


@compiled
def put_in_order(rows: Any, points: Any, next_place: Any, values: Any) -> None:
    """Copies each point to the next place of its row."""
    for k in range(len(rows)):
        place = next_place[rows[k]]
        for d in range(points.shape[1]):
            values[place, d] = points[k, d]
        next_place[rows[k]] = place + 1
