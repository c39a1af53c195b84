"""expm1(x) = exp(x) - 1, and sinh and cosh."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP, exp_tail
from fastdescent.program.elementary.formats import FORMATS, INFINITY, flip_sign


class Expm1Constants(NamedTuple):
    highest: float  # beyond: infinity
    lowest: float  # beyond: -1
    tiny: float  # below: expm1(x) and sinh(x) round to x


EXPM1 = {
    "float64": Expm1Constants(highest=710.6, lowest=-40.0, tiny=2.0**-54),
    "float32": Expm1Constants(highest=89.6, lowest=-20.0, tiny=2.0**-25),
}


def expm1_quarter(m: Arithmetic[Real, Int, Mask], x: Real) -> tuple[Real, Real]:
    """(exp(x) - 1) / 4 as an unevaluated sum, for x in [lowest, highest].

    A quarter, so that 2^k is finite whenever exp(x) / 2 is.
    """
    c, f = EXP[m.dtype], FORMATS[m.dtype]
    shift = m.const(f.round_shift + f.bias - 2)
    minus_ln2_low = m.const(-c.ln2_low)
    shifted = m.fma(x, m.const(c.log2_e), shift)
    k = m.sub(shifted, shift)
    first = m.fma(k, m.const(-c.ln2), x)
    r = m.fma(k, minus_ln2_low, first)
    r_low = m.fma(k, minus_ln2_low, m.sub(first, r))
    tail = exp_tail(m, r)
    p = m.add(r, tail)
    p_low = m.add(m.sub(r, p), m.add(tail, r_low))
    s = m.reals(m.shl(m.bits(shifted), f.fraction_bits))
    base = m.sub(s, m.const(0.25))
    high = m.fma(s, p, base)
    return high, m.fma(s, p_low, m.fma(s, p, m.sub(base, high)))


def expm1(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    c = EXPM1[m.dtype]
    highest, lowest = m.const(c.highest), m.const(c.lowest)
    a = m.select(m.gt(x, highest), highest, x)
    a = m.select(m.lt(a, lowest), lowest, a)
    high, low = expm1_quarter(m, a)
    return m.select(m.lt(m.abs(x), m.const(c.tiny)), x, m.mul(m.const(4.0), m.add(high, low)))


def sinh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """With u = expm1(|x|) / 2: sinh|x| = u + u / (2u + 1), its quotient written so that it stays finite.

    The low part of u is multiplied by the derivative, 1 + 1 / (2u + 1)^2, and added.
    """
    c = EXPM1[m.dtype]
    one, two = m.const(1.0), m.const(2.0)
    size = m.abs(x)
    beyond = m.gt(size, m.const(c.highest))
    quarter, quarter_low = expm1_quarter(m, m.select(beyond, one, size))
    u, u_low = m.mul(two, quarter), m.mul(two, quarter_low)
    quotient = m.div(quarter, m.add(u, m.const(0.5)))
    inverse = m.sub(one, m.mul(two, quotient))
    result = m.add(u, m.fma(u_low, m.fma(inverse, inverse, one), quotient))
    bounded = m.select(beyond, m.const(INFINITY), result)
    return flip_sign(m, m.select(m.lt(size, m.const(c.tiny)), size, bounded), x)


def cosh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """With u = exp(|x|) / 2: cosh(x) = u + 1 / (4u)."""
    c = EXPM1[m.dtype]
    two, fourth = m.const(2.0), m.const(0.25)
    size = m.abs(x)
    beyond = m.gt(size, m.const(c.highest))
    quarter, quarter_low = expm1_quarter(m, m.select(beyond, m.const(1.0), size))
    u, u_low = m.mul(two, m.add(quarter, fourth)), m.mul(two, quarter_low)
    result = m.add(u, m.add(m.div(fourth, u), u_low))
    return m.select(beyond, m.const(INFINITY), result)
