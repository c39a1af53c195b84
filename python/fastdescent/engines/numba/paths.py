"""The blocks of recorded points that threads fill, and the paths that are made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.engines.numba.entries import ENTRIES
from fastdescent.engines.numba.layout import POINTS, Lanes
from fastdescent.engines.numba.memory import given
from fastdescent.engines.numba.recording import POINTS_OF_A_LANE

_FIRST_BLOCK_BYTES, _BLOCK_BYTES = 1 << 20, 1 << 25  #: as in cpp/src/recording.cpp
Rows = npt.NDArray[np.int32]
Points = npt.NDArray[Any]


class Paths:
    """Full blocks, a list for each thread. A trajectory belongs to one thread, which has its points in order."""

    def __init__(self, recorded: bool, dim: int, dtype: npt.DTypeLike, block: int, n_threads: int, most: int) -> None:
        self._recorded, self._dim, self._dtype, self._most = recorded, dim, np.dtype(dtype), most
        self._n_round = POINTS_OF_A_LANE * block
        self._blocks: list[list[tuple[Rows, Points]]] = [[] for _ in range(n_threads)]
        self._n_points = [0] * n_threads

    def block(self, thread: int) -> tuple[Rows, Points]:
        """A block to be filled; without rows where nothing is recorded."""
        n_bytes = _BLOCK_BYTES if self._blocks[thread] else _FIRST_BLOCK_BYTES
        of_points = self._dim * self._dtype.itemsize
        n = max(n_bytes // (of_points + 4) + 1, 2 * self._n_round) if self._recorded else 0
        memory = np.empty(n * (of_points + 4), np.uint8)
        points: Points = memory[: n * of_points].view(self._dtype).reshape(n, self._dim)
        return memory[n * of_points :].view(np.int32), points

    def with_room(self, thread: int, lanes: Lanes) -> Lanes:
        """Lanes whose block has room for a round: theirs, or a new one."""
        if len(lanes.path_rows) == 0 or len(lanes.path_rows) - lanes.own[POINTS] >= self._n_round:
            return lanes
        self.keep(thread, lanes)
        rows, points = self.block(thread)
        return lanes._replace(path_rows=rows, path_points=points)

    def keep(self, thread: int, lanes: Lanes) -> None:
        """Keeps what is written of the block of a thread."""
        n = int(lanes.own[POINTS])
        lanes.own[POINTS] = 0
        self.add(thread, lanes.path_rows[:n], lanes.path_points[:n])

    def add(self, thread: int, rows: Rows, points: Points) -> None:
        """Points of a thread. Raises MemoryError where there are too many of all threads."""
        self._blocks[thread].append((rows, points))
        self._n_points[thread] += len(rows)
        if sum(self._n_points) > self._most:
            raise MemoryError

    def in_order(self, n_rows: int) -> tuple[Points, npt.NDArray[np.int64]]:
        """Values (total, dim) and offsets (n_rows + 1,) of the paths. The blocks are given up."""
        lengths = np.zeros(n_rows, np.int64)
        for rows, _ in (block for blocks in self._blocks for block in blocks):
            np.add.at(lengths, rows, 1)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        values, next_place = np.empty((offsets[-1], self._dim), self._dtype), offsets[:-1].copy()
        for blocks in self._blocks:
            blocks.reverse()
            while blocks:
                rows, points = blocks.pop()
                ENTRIES.put_in_order.alone(given(rows), given(points), next_place, values)
        return values, offsets
