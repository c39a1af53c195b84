"""hypot(x, y) = sqrt(x^2 + y^2), scaled so that no square overflows or vanishes."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import INFINITY


class HypotConstants(NamedTuple):
    small: float
    large: float
    up: float
    down: float


HYPOT = {
    "float64": HypotConstants(small=2.0**-500, large=2.0**500, up=2.0**600, down=2.0**-600),
    "float32": HypotConstants(small=2.0**-50, large=2.0**60, up=2.0**90, down=2.0**-90),
}


def hypot(m: Arithmetic[Real, Int, Mask], x: Real, y: Real) -> Real:
    c = HYPOT[m.dtype]
    one, up, down, infinity = m.const(1.0), m.const(c.up), m.const(c.down), m.const(INFINITY)
    ax, ay = m.abs(x), m.abs(y)
    swapped = m.gt(ay, ax)
    high, low = m.select(swapped, ay, ax), m.select(swapped, ax, ay)
    small, large = m.lt(high, m.const(c.small)), m.gt(high, m.const(c.large))
    scale = m.select(small, up, m.select(large, down, one))
    back = m.select(small, down, m.select(large, up, one))
    a, b = m.mul(high, scale), m.mul(low, scale)
    length = m.mul(m.sqrt(m.fma(a, a, m.mul(b, b))), back)
    return m.select(m.mask_or(m.eq(ax, infinity), m.eq(ay, infinity)), infinity, length)
