"""atan and atan2: the angle of (low, high), 0 <= low <= high, by one division and a series on [-1/3, 1/2]."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import INFINITY, flip_sign
from fastdescent.program.elementary.polynomial import polynomial


class AtanConstants(NamedTuple):
    """p is the minimax polynomial of (t - atan t) / t^3 in t^2."""

    eighth: float  # pi/4
    eighth_low: float
    infinite: float  # atan rounds to pi/2
    small: float
    up: float
    large: float
    down: float
    p: tuple[float, ...]


ATAN = {
    "float64": AtanConstants(
        eighth=0.7853981633974483,
        eighth_low=3.061616997868383e-17,
        infinite=2.0**60,
        small=2.0**-700,
        up=2.0**300,
        large=2.0**1000,
        down=2.0**-100,
        p=(
            0.33333333333332976,
            -0.1999999999990157,
            0.14285714276244302,
            -0.11111110653309637,
            0.0909089608331743,
            -0.07692071356819156,
            0.06663784382455297,
            -0.058581213391823726,
            0.051212191617947524,
            -0.041843112179224554,
            0.027400049050272532,
            -0.010092680475082728,
        ),
    ),
    "float32": AtanConstants(
        eighth=0.7853982,
        eighth_low=-2.1855694e-08,
        infinite=2.0**30,
        small=2.0**-80,
        up=2.0**60,
        large=2.0**100,
        down=2.0**-28,
        p=(0.33333233, -0.19994168, 0.1417423, -0.10156272, 0.05126655),
    ),
}


def octant_angle(m: Arithmetic[Real, Int, Mask], low: Real, high: Real, eighths: Real, sign: Real) -> Real:
    """eighths * pi/4 + sign * atan(low / high), for 0 <= low <= high; sign is 1 or -1.

    If low / high is past 1/2, atan(l/h) = pi/4 + atan((l - h) / (h + l)). `t_low` is the rounding error of t.
    """
    c = ATAN[m.dtype]
    zero = m.const(0.0)
    steep = m.gt(low, m.mul(high, m.const(0.5)))
    top = m.sub(low, m.select(steep, high, zero))
    addend = m.select(steep, low, zero)
    bottom = m.add(high, addend)
    bottom_low = m.sub(addend, m.sub(bottom, high))
    inverse = m.div(m.const(1.0), bottom)
    t = m.mul(top, inverse)
    t_low = m.mul(m.fma(m.neg(t), bottom_low, m.fma(m.neg(t), bottom, top)), inverse)

    z = m.mul(t, t)
    loss = m.mul(m.mul(t, z), polynomial(m, z, m.mul(z, z), c.p))
    n_eighths = m.add(eighths, m.select(steep, sign, zero))
    base = m.mul(n_eighths, m.const(c.eighth))
    base_low = m.fma(n_eighths, m.const(c.eighth_low), m.fma(n_eighths, m.const(c.eighth), m.neg(base)))
    part = m.mul(t, sign)
    total = m.add(base, part)
    total_low = m.add(m.sub(base, total), part)
    return m.add(total, m.add(total_low, m.fma(sign, m.sub(t_low, loss), base_low)))


def atan(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    one, infinite = m.const(1.0), m.const(ATAN[m.dtype].infinite)
    size = m.abs(x)
    a = m.select(m.gt(size, infinite), infinite, size)
    swapped = m.gt(a, one)
    low, high = m.select(swapped, one, a), m.select(swapped, a, one)
    eighths = m.select(swapped, m.const(2.0), m.const(0.0))
    sign = m.select(swapped, m.const(-1.0), one)
    return flip_sign(m, octant_angle(m, low, high, eighths, sign), x)


def atan2(m: Arithmetic[Real, Int, Mask], y: Real, x: Real) -> Real:
    c = ATAN[m.dtype]
    zero, one = m.const(0.0), m.const(1.0)
    ax, ay = m.abs(x), m.abs(y)
    swapped = m.gt(ay, ax)
    low, high = m.select(swapped, ax, ay), m.select(swapped, ay, ax)

    # An infinite point lies on a diagonal if both are infinite, otherwise on an axis; low * 0 keeps NaN. (0, 0) lies on
    # an axis.
    infinite = m.eq(high, m.const(INFINITY))
    low = m.select(infinite, m.select(m.eq(low, high), one, m.mul(low, zero)), low)
    high = m.select(infinite, one, m.select(m.eq(high, zero), one, high))

    shrink = m.select(m.gt(high, m.const(c.large)), m.const(c.down), one)
    scale = m.select(m.lt(high, m.const(c.small)), m.const(c.up), shrink)
    low = m.mul(low, scale)
    high = m.mul(high, scale)

    left = m.ilt(m.bits(x), m.iconst(0))
    eighths = m.select(swapped, m.const(2.0), zero)
    sign = m.select(swapped, m.const(-1.0), one)
    eighths = m.select(left, m.sub(m.const(4.0), eighths), eighths)
    sign = m.select(left, m.neg(sign), sign)
    return flip_sign(m, octant_angle(m, low, high, eighths, sign), y)
