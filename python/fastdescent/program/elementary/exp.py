"""exp(x) = 2^k exp(r), |r| <= log(2)/2, and the two pieces that it shares with other functions."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.polynomial import polynomial


class ExpConstants(NamedTuple):
    """p is the minimax polynomial of (exp(r) - 1 - r) / r^2 for the relative error of exp(r) - 1."""

    highest: float  # beyond: infinity
    lowest: float  # beyond: zero
    log2_e: float
    ln2: float
    ln2_low: float
    p: tuple[float, ...]


EXP = {
    "float64": ExpConstants(
        highest=710.0,
        lowest=-746.0,
        log2_e=1.4426950408889634,
        ln2=0.6931471805599453,
        ln2_low=2.3190468138462996e-17,
        p=(
            0.5000000000000006,
            0.16666666666666588,
            0.041666666666574655,
            0.008333333333390872,
            0.001388888893231061,
            0.0001984126971684846,
            2.480150431991563e-05,
            2.7557408590619188e-06,
            2.762643666463239e-07,
            2.5053777896415553e-08,
        ),
    ),
    "float32": ExpConstants(
        highest=89.0,
        lowest=-104.0,
        log2_e=1.442695,
        ln2=0.6931472,
        ln2_low=-1.9046542e-09,
        p=(0.49999997, 0.16666542, 0.041667204, 0.008366713, 0.001388248),
    ),
}


def exp_tail(m: Arithmetic[Real, Int, Mask], r: Real) -> Real:
    """exp(r) - 1 - r."""
    r2 = m.mul(r, r)
    return m.mul(r2, polynomial(m, r, r2, EXP[m.dtype].p))


def exp_shift(dtype: str) -> float:
    """The shift for `scale_by_power`: leaves k + 2*bias in the lowest bits, so that halving makes two exponents."""
    return FORMATS[dtype].round_shift + 2 * FORMATS[dtype].bias


def scale_by_power(m: Arithmetic[Real, Int, Mask], v: Real, shifted: Int) -> Real:
    """v * 2^k, where shifted = bits(k + exp_shift).

    In two factors: 2^k may be subnormal or overflow although the product is a normal number.
    """
    fraction_bits = FORMATS[m.dtype].fraction_bits
    half = m.ushr(shifted, 1)
    first = m.reals(m.shl(half, fraction_bits))
    second = m.reals(m.shl(m.isub(shifted, half), fraction_bits))
    return m.mul(m.mul(v, first), second)


def exp(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    c = EXP[m.dtype]
    highest, lowest = m.const(c.highest), m.const(c.lowest)
    shift = m.const(exp_shift(m.dtype))
    a = m.select(m.gt(x, highest), highest, x)
    a = m.select(m.lt(a, lowest), lowest, a)
    shifted = m.fma(a, m.const(c.log2_e), shift)
    k = m.sub(shifted, shift)
    r = m.fma(k, m.const(-c.ln2), a)
    r = m.fma(k, m.const(-c.ln2_low), r)
    e = m.add(m.const(1.0), m.add(r, exp_tail(m, r)))
    return scale_by_power(m, e, m.bits(shifted))
