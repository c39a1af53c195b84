"""floor and ceil, from the rounding to nearest that every engine has; signs of zeros are IEEE 754's."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real


def floor(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    nearest = m.rint(x)
    return m.select(m.gt(nearest, x), m.sub(nearest, m.const(1.0)), nearest)


def ceil(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    return m.neg(floor(m, m.neg(x)))
