"""Rules: a start for every index, on grids or at random and quasi-random points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.threads import available_threads

Floats = npt.NDArray[np.float64]
Window = tuple[tuple[float, float], ...]
_CACHED_POINTS = 1 << 15  #: points of a grid whose coordinates are made together, in the cache
_MAX_FACTORS = 3  #: intervals in a repr
SOBOL_BITS, _SHIFT_BITS = 32, 52  #: bits of the sequence, and of the number that shifts it
_SHIFT_INDEX = 2**64 - 1  #: index of the random point that shifts a Sobol sequence; no start has it


class Rule(Protocol):
    """Start i as a function of i."""

    @property
    def dim(self) -> int: ...

    @property
    def extremes(self) -> Floats:
        """Numbers between whose least and greatest all coordinates lie."""

    def points(self, first: int, n: int) -> Floats:
        """Starts first, ..., first + n - 1, (n, dim)."""


@at_top
@dataclass(frozen=True)
class Grid:
    """Centres of cells; the first coordinate runs fastest."""

    window: Window
    counts: tuple[int, ...]  #: cells, the last coordinate first
    base: tuple[float, ...] = ()  #: the other coordinates, if the window has only some of them
    axes: tuple[int, ...] = ()  #: the coordinates of the window, if there is a base

    @property
    def dim(self) -> int:
        return len(self.base) or len(self.window)

    @property
    def extremes(self) -> Floats:
        return np.array([*np.ravel(self.window), *self.base])

    def points(self, first: int, n: int) -> Floats:
        out = np.empty((n, self.dim))
        if self.base:
            out[:] = self.base
        for begin in range(0, n, _CACHED_POINTS):
            self._fill(out[begin : begin + _CACHED_POINTS], first + begin)
        return out

    def _fill(self, out: Floats, first: int) -> None:
        index = np.arange(first, first + len(out))
        axes = self.axes or range(self.dim)
        for axis, (lo, hi), cells in zip(axes, self.window, reversed(self.counts), strict=True):
            whole = index // cells
            out[:, axis] = lo + (index - whole * cells + 0.5) * ((hi - lo) / cells)
            index = whole

    def __repr__(self) -> str:
        of_plane = f", plane={self.axes}" if self.base else ""
        return f"grid({_box_words(self.window)}, shape={self.counts}{of_plane})"


@at_top
@dataclass(frozen=True)
class Uniform:
    """Independent random points: see `fastdescent.uniform`."""

    window: Window
    seed: int

    @property
    def dim(self) -> int:
        return len(self.window)

    @property
    def extremes(self) -> Floats:
        return np.ravel(self.window)

    def points(self, first: int, n: int) -> Floats:
        from fastdescent.engines.host import core

        return np.asarray(core.uniform(np.array(self.window), n, self.seed, first, available_threads()))

    def __repr__(self) -> str:
        return f"uniform({_box_words(self.window)}, seed={self.seed})"


@at_top
@dataclass(frozen=True)
class Sobol:
    """Quasi-random points: see `fastdescent.sobol`."""

    window: Window
    seed: int

    @property
    def dim(self) -> int:
        return len(self.window)

    @property
    def extremes(self) -> Floats:
        return np.ravel(self.window)

    def points(self, first: int, n: int) -> Floats:
        from scipy.stats import qmc

        sequence = qmc.Sobol(self.dim, scramble=False, bits=SOBOL_BITS)
        unit = np.zeros((n, self.dim))  # point 0 is the origin
        from_1 = max(first, 1)
        if from_1 < first + n:
            sequence.fast_forward(from_1)
            unit[from_1 - first :] = sequence.random(first + n - from_1)
        random = Uniform(((0.0, 1.0),) * self.dim, self.seed).points(_SHIFT_INDEX, 1)
        shift = (random * 2.0**_SHIFT_BITS).astype(np.uint64) & np.uint64(2**_SHIFT_BITS - 1)
        shifted = (unit * 2.0**_SHIFT_BITS).astype(np.uint64) ^ shift
        low, high = np.array(self.window).T
        return np.asarray(low + (high - low) * ((shifted + 0.5) * 2.0**-_SHIFT_BITS))

    def __repr__(self) -> str:
        return f"sobol({_box_words(self.window)}, seed={self.seed})"


def _box_words(window: Window) -> str:
    """A window as a product of intervals, or a power if there are many equal ones.

    >>> _box_words(((-2.0, 2.0), (0.0, 0.5))), _box_words(((-5.0, 5.0),) * 10)
    ('[-2, 2] x [0, 0.5]', '[-5, 5]^10')
    """
    intervals = [f"[{lo:g}, {hi:g}]" for lo, hi in window]
    if len(intervals) > _MAX_FACTORS and len(set(intervals)) == 1:
        return f"{intervals[0]}^{len(intervals)}"
    return " x ".join(intervals[:_MAX_FACTORS] + ["..."] * (len(intervals) > _MAX_FACTORS))
