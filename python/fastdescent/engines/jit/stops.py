"""The stop tests on vectors: which lanes go on for certain. As `goes_on` of cpp/src/isa/tests.hpp.

The others are looked at one by one by the core, which decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastdescent.engines.jit.arithmetic import Arithmetic, Vectors
from fastdescent.engines.jit.flight import Flight
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

    def rows(self) -> set[int]:
        """All rows that tests look at."""
        found = {row for row in (self.fun, self.previous_fun, self.moved) if row >= 0}
        for first in (self.x, self.gradient, self.previous_x):
            found |= set(range(first, first + self.dim)) if first >= 0 else set()
        return found


def going(m: Arithmetic, flight: Flight, rows: Rows, stops: Stops) -> Vectors:
    """Masks of the lanes that go on for certain."""
    top = m.const(float(np.finfo(m.dtype).max))
    dims = range(stops.dim)
    slope2 = _squares(m, [rows.get(stops.gradient + d) for d in dims])
    result = m.mask_and(m.le(slope2, top), m.le(radius2(m, flight, rows, stops), m.splat(flight.number("escape2"))))
    if stops.gtol:
        result = m.mask_and(result, m.gt(slope2, m.splat(flight.number("gtol2"))))
    if stops.box:
        for d in dims:
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
        moves = [m.sub(rows.get(stops.x + d), rows.get(stops.previous_x + d)) for d in dims]
        far = m.gt(_squares(m, moves), m.splat(flight.number("xtol2")))
        result = m.mask_and(result, m.mask_or(far, unmoved))
    return result


def from_center(m: Arithmetic, flight: Flight, rows: Rows, stops: Stops) -> list[Vectors]:
    """Coordinates, seen from the centre of the escape radius."""
    x = [rows.get(stops.x + d) for d in range(stops.dim)]
    if stops.centred:
        return x
    return [m.sub(a, _element(m, flight, "center", d)) for d, a in enumerate(x)]


def radius2(m: Arithmetic, flight: Flight, rows: Rows, stops: Stops) -> Vectors:
    """Square of the distance from the centre of the escape radius."""
    return _squares(m, from_center(m, flight, rows, stops))


def _squares(m: Arithmetic, terms: list[Vectors]) -> Vectors:
    total = m.mul(terms[0], terms[0])
    for a in terms[1:]:
        total = m.fma(a, a, total)
    return total


def _element(m: Arithmetic, flight: Flight, name: str, d: int) -> Vectors:
    pointer = m.emitter.value(f"getelementptr {m.number}, ptr {flight.pointer(name)}, i64 {d}")
    return m.splat(m.emitter.value(f"load {m.number}, ptr {pointer}, !invariant.load !1"))
