"""expit, the logistic function, and logaddexp(a, b) = log(exp(a) + exp(b)), for arguments of any size."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP, exp
from fastdescent.program.elementary.log1p import log1p


def expit(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """1 / (1 + exp(-x)); for negative x, exp(x) / (1 + exp(x))."""
    one = m.const(1.0)
    power = exp(m, m.neg(m.abs(x)))
    return m.div(m.select(m.lt(x, m.const(0.0)), power, one), m.add(one, power))


def logaddexp(m: Arithmetic[Real, Int, Mask], x: Real, y: Real) -> Real:
    """The larger one plus log1p(exp(-distance)), which is log(2) if both are equal, infinities included."""
    less = m.lt(x, y)
    high, low = m.select(less, y, x), m.select(less, x, y)
    more = log1p(m, exp(m, m.sub(low, high)))
    return m.add(high, m.select(m.eq(x, y), m.const(EXP[m.dtype].ln2), more))
