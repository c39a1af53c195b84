"""asinh, acosh and atanh, as logarithms of 1 + u, where u is a sum of two numbers."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import NAN, flip_sign
from fastdescent.program.elementary.log1p import log_of_pair, lost_by_one_plus

HUGE = 2.0**30  # beyond, asinh(x) and acosh(x) round to log(2x)


def log_of_one_plus_pair(m: Arithmetic[Real, Int, Mask], u: Real, low: Real, huge: Mask, x: Real) -> Real:
    """log(1 + u + low), or log(2x) if huge."""
    zero = m.const(0.0)
    total = m.add(m.const(1.0), u)
    lost = m.add(lost_by_one_plus(m, u, total), low)
    doublings = m.select(huge, m.const(1.0), zero)
    return log_of_pair(m, m.select(huge, x, total), m.select(huge, zero, lost), doublings)


def asinh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """u = a + a^2 / (1 + sqrt(1 + a^2)), which has no cancellation."""
    one = m.const(1.0)
    size = m.abs(x)
    huge = m.gt(size, m.const(HUGE))
    a = m.select(huge, one, size)
    height = m.add(one, m.sqrt(m.fma(a, a, one)))
    more = m.mul(a, m.div(a, height))
    u = m.add(a, more)
    low = m.add(m.sub(a, u), more)
    return flip_sign(m, log_of_one_plus_pair(m, u, low, huge, size), x)


def acosh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """u = t + sqrt(t^2 + 2t), t = x - 1."""
    one = m.const(1.0)
    huge = m.gt(x, m.const(HUGE))
    t = m.select(huge, one, m.sub(x, one))
    root = m.sqrt(m.fma(t, t, m.add(t, t)))
    bigger, smaller = m.select(m.gt(t, root), t, root), m.select(m.gt(t, root), root, t)
    u = m.add(bigger, smaller)
    low = m.add(m.sub(bigger, u), smaller)
    return m.select(m.lt(x, one), m.const(NAN), log_of_one_plus_pair(m, u, low, huge, x))


def atanh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """Half of log(1 + u), u = 2a / (1 - a)."""
    one = m.const(1.0)
    a = m.abs(x)
    bottom = m.sub(one, a)
    bottom_low = m.sub(m.sub(one, bottom), a)
    top = m.add(a, a)
    u = m.div(top, bottom)
    low = m.div(m.fma(m.neg(u), bottom_low, m.fma(m.neg(u), bottom, top)), bottom)
    total = m.add(one, u)
    lost = m.add(lost_by_one_plus(m, u, total), low)
    return flip_sign(m, m.mul(m.const(0.5), log_of_pair(m, total, lost, m.const(0.0))), x)
