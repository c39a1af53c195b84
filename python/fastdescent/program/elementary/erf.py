"""erf and erfc: below 1 by a series of erf, beyond by erfc(a) = exp(-a^2) g(q) / (1 + 2a), q = (a - 4) / (a + 4)."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP, exp_shift, exp_tail, scale_by_power
from fastdescent.program.elementary.formats import flip_sign
from fastdescent.program.elementary.polynomial import polynomial


class ErfConstants(NamedTuple):
    """series is (erf(x) - x) / x in x^2; g = g0 + q * tail in q, where g0 is a sum of two numbers.

    Both interpolate at Chebyshev points.
    """

    zero: float  # beyond, erfc is 0
    series: tuple[float, ...]
    g0: float
    g0_low: float
    tail: tuple[float, ...]


ERF = {
    "float64": ErfConstants(
        zero=27.5,
        series=(
            0.12837916709551256,
            -0.3761263890318354,
            0.1128379167094491,
            -0.026866170643221454,
            0.005223977606976882,
            -0.0008548325968458515,
            0.00012055294691019695,
            -1.4924732685547572e-05,
            1.6447371314258486e-06,
            -1.6208065704722215e-07,
            1.3718218762051456e-08,
            -7.792387776980085e-10,
        ),
        g0=1.2329951186255526,
        g0_low=-5.604357820282531e-17,
        tail=(
            -0.139621116840562,
            0.015379652102624448,
            0.06809705425461506,
            -0.10103906603664083,
            0.09373283500174671,
            -0.06633036580320253,
            0.03716751546880665,
            -0.01619773417506496,
            0.005031970743129515,
            -0.0007577724702624864,
            -0.00019926179729150154,
            0.00015061861044191337,
            -2.4378184967277364e-05,
            -1.1216904690613191e-05,
            5.656600033611126e-06,
            2.952831340141454e-07,
            -7.476308354314884e-07,
            5.74294771434099e-08,
            5.302923848772057e-08,
        ),
    ),
    "float32": ErfConstants(
        zero=10.5,
        series=(0.12837917, -0.37612626, 0.112835936, -0.026854169, 0.005188994, -0.0008015956, 7.8725825e-05),
        g0=1.2329952,
        g0_low=-3.4077107e-08,
        tail=(
            -0.1396211,
            0.015379719,
            0.06809534,
            -0.101042256,
            0.09375989,
            -0.06627871,
            0.03701346,
            -0.016530281,
            0.005280715,
        ),
    ),
}


def series_part(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """erf(x) - x, for |x| < 1."""
    z = m.mul(x, x)
    return m.mul(x, polynomial(m, z, m.mul(z, z), ERF[m.dtype].series))


def erfc_tail(m: Arithmetic[Real, Int, Mask], size: Real) -> Real:
    """erfc(a), a >= 1. The numbers named `_low` are the rounding errors of a^2, of exp and of 1 + 2a."""
    c, e = ERF[m.dtype], EXP[m.dtype]
    one, two, four, end = m.const(1.0), m.const(2.0), m.const(4.0), m.const(c.zero)
    a = m.select(m.gt(size, end), end, size)
    square = m.mul(a, a)
    square_low = m.fma(a, a, m.neg(square))
    shift, minus_ln2_low = m.const(exp_shift(m.dtype)), m.const(-e.ln2_low)
    shifted = m.fma(m.neg(square), m.const(e.log2_e), shift)
    k = m.sub(shifted, shift)
    first = m.fma(k, m.const(-e.ln2), m.neg(square))
    r = m.fma(k, minus_ln2_low, first)
    r_low = m.sub(m.fma(k, minus_ln2_low, m.sub(first, r)), square_low)
    tail = exp_tail(m, r)
    rise = m.add(tail, m.fma(m.add(r, tail), r_low, r_low))
    p = m.add(r, rise)
    power = m.add(one, p)
    power_low = m.add(m.add(m.sub(one, power), p), m.add(m.sub(r, p), rise))

    q = m.div(m.sub(a, four), m.add(a, four))
    g0, slope = m.const(c.g0), m.mul(q, polynomial(m, q, m.mul(q, q), c.tail))
    g = m.add(g0, slope)
    g_low = m.add(m.add(m.sub(g0, g), slope), m.const(c.g0_low))
    top = m.mul(g, power)
    top_low = m.fma(g_low, power, m.fma(g, power_low, m.fma(g, power, m.neg(top))))
    bottom = m.fma(two, a, one)
    bottom_low = m.sub(one, m.sub(bottom, m.mul(two, a)))
    inverse = m.div(one, bottom)
    y = m.mul(top, inverse)
    rest = m.add(m.fma(m.neg(y), bottom_low, m.fma(m.neg(y), bottom, top)), top_low)
    return scale_by_power(m, m.fma(rest, inverse, y), m.bits(shifted))


def erf(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    one = m.const(1.0)
    size = m.abs(x)
    near = m.add(size, series_part(m, size))
    far = m.sub(one, erfc_tail(m, m.select(m.lt(size, one), one, size)))
    return flip_sign(m, m.select(m.lt(size, one), near, far), x)


def erfc(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    one = m.const(1.0)
    size = m.abs(x)
    high = m.sub(one, x)
    low = m.sub(m.sub(one, high), x)
    near = m.add(high, m.sub(low, series_part(m, x)))
    tail = erfc_tail(m, m.select(m.lt(size, one), one, size))
    far = m.select(m.lt(x, m.const(0.0)), m.sub(m.const(2.0), tail), tail)
    return m.select(m.lt(size, one), near, far)
