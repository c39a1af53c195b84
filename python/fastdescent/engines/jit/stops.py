"""The stop tests on vectors: which lanes go on for certain. As `goes_on` of cpp/src/isa/tests.hpp.

The others are looked at one by one by the core, which decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastdescent.engines.jit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.flight import Flight
from fastdescent.engines.jit.loops import LONGEST_FOLD, Index, fold
from fastdescent.engines.jit.rows import Rows


@dataclass(frozen=True)
class Stops:
    """Which tests there are, and the rows that they look at; -1 for what is absent."""

    dim: int
    x: int
    gradient: int
    fun: int
    previous_fun: int
    previous_x: int
    moved: int
    gtol: bool
    xtol: bool
    ftol: bool
    box: bool
    centred: bool  #: the radius is around the origin

    def rows_in_memory(self) -> set[int]:
        """Rows that loops over the coordinates read."""
        return self.rows() if self.dim > LONGEST_FOLD else set()

    def rows(self) -> set[int]:
        """All rows that tests look at."""
        found = {row for row in (self.fun, self.previous_fun, self.moved) if row >= 0}
        for first in (self.x, self.gradient, self.previous_x):
            found |= set(range(first, first + self.dim)) if first >= 0 else set()
        return found


def going(m: Arithmetic, flight: Flight, rows: Rows, stops: Stops) -> Vectors:
    """Masks of the lanes that go on for certain."""
    top = m.const(float(np.finfo(m.dtype).max))
    slope2 = _squares(m, stops.dim, lambda d: rows.at(stops.gradient, d))
    distance2 = _squares(m, stops.dim, lambda d: from_center(m, flight, rows, stops, d))
    result = m.mask_and(m.le(slope2, top), m.le(distance2, m.splat(flight.number("escape2"))))
    if stops.gtol:
        result = m.mask_and(result, m.gt(slope2, m.splat(flight.number("gtol2"))))
    if stops.box:
        for d in range(stops.dim):
            x = rows.get(stops.x + d)
            inside = m.mask_and(m.ge(x, _element(m, flight, "low", d)), m.le(x, _element(m, flight, "high", d)))
            result = m.mask_and(result, inside)
    if stops.fun >= 0:
        result = m.mask_and(result, m.le(m.abs(rows.get(stops.fun)), top))
    if stops.moved < 0:
        return result
    unmoved = m.eq(rows.get(stops.moved), m.const(0.0))
    if stops.ftol:
        change = m.abs(m.sub(rows.get(stops.fun), rows.get(stops.previous_fun)))
        result = m.mask_and(result, m.mask_or(m.gt(change, m.splat(flight.number("ftol"))), unmoved))
    if stops.xtol:
        moved2 = _squares(m, stops.dim, lambda d: m.sub(rows.at(stops.x, d), rows.at(stops.previous_x, d)))
        far = m.gt(moved2, m.splat(flight.number("xtol2")))
        result = m.mask_and(result, m.mask_or(far, unmoved))
    return result


def from_center(m: Arithmetic, flight: Flight, rows: Rows, stops: Stops, d: Index) -> Vectors:
    """A coordinate, seen from the centre of the escape radius."""
    x = rows.at(stops.x, d)
    return x if stops.centred else m.sub(x, _element(m, flight, "center", d))


def _squares(m: Arithmetic, dim: int, term: Callable[[Index], Vectors]) -> Vectors:
    def add(d: Index, total: Vectors) -> Vectors:
        a = term(d)
        return m.fma(a, a, total)

    first = term(0)
    return fold(m, dim, m.mul(first, first), add, first=1)


def _element(m: Arithmetic, flight: Flight, name: str, d: Index) -> Vectors:
    pointer = m.emitter.value(f"getelementptr {m.number}, ptr {flight.pointer(name)}, i64 {d}")
    return m.splat(m.emitter.value(f"load {m.number}, ptr {pointer}, !invariant.load !1"))
