"""asin and acos: the angle of the point (sqrt(1 - x^2), x) of the unit circle."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.atan import octant_angle
from fastdescent.program.elementary.formats import flip_sign


def circle_height(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """sqrt(1 - x^2), NaN past 1."""
    one = m.const(1.0)
    return m.sqrt(m.mul(m.sub(one, x), m.add(one, x)))


def asin(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    size = m.abs(x)
    other = circle_height(m, size)
    steep = m.gt(size, other)
    low, high = m.select(steep, other, size), m.select(steep, size, other)
    eighths = m.select(steep, m.const(2.0), m.const(0.0))
    sign = m.select(steep, m.const(-1.0), m.const(1.0))
    return flip_sign(m, octant_angle(m, low, high, eighths, sign), x)


def acos(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    size = m.abs(x)
    other = circle_height(m, size)
    steep = m.gt(other, size)
    low, high = m.select(steep, size, other), m.select(steep, other, size)
    left = m.lt(x, m.const(0.0))
    eighths = m.select(steep, m.const(2.0), m.const(0.0))
    sign = m.select(steep, m.const(-1.0), m.const(1.0))
    eighths = m.select(left, m.sub(m.const(4.0), eighths), eighths)
    sign = m.select(left, m.neg(sign), sign)
    return octant_angle(m, low, high, eighths, sign)
