"""pow(x, y) = 2^(y log2|x|), with the logarithm as a sum of two numbers (about 66 correct bits, 36 in float32)."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP, exp_shift, exp_tail, scale_by_power
from fastdescent.program.elementary.formats import INFINITY, NAN
from fastdescent.program.elementary.log import split
from fastdescent.program.elementary.polynomial import polynomial


class PowConstants(NamedTuple):
    """log2(m) = s (c1 + c3 s^2 + s^4 p(s^2)), s = (m - 1) / (m + 1)."""

    huge_exponent: float  # overflows or underflows for every base but 1
    limit: float  # so does 2^limit
    c1: float
    c1_low: float
    c3: float
    c3_low: float
    p: tuple[float, ...]


POW = {
    "float64": PowConstants(
        huge_exponent=2.0**70,
        limit=1100.0,
        c1=2.8853900817779268,
        c1_low=4.0710547481862066e-17,
        c3=0.9617966939259756,
        c3_low=5.0577616648125907e-17,
        p=(
            0.5770780163555851,
            0.4121985831113461,
            0.32059889791262347,
            0.2623081986836817,
            0.22195226827830558,
            0.19240141236173666,
            0.16844951424008178,
            0.17283517093948508,
        ),
    ),
    "float32": PowConstants(
        huge_exponent=2.0**40,
        limit=200.0,
        c1=2.88539,
        c1_low=3.851926e-08,
        c3=0.9617967,
        c3_low=-7.028462e-09,
        p=(0.5770802, 0.41184977, 0.337827),
    ),
}


def log2_pair(m: Arithmetic[Real, Int, Mask], x: Real) -> tuple[Real, Real]:
    """log2(x) as an unevaluated sum, for finite x > 0."""
    c = POW[m.dtype]
    one, two, c1, c3 = m.const(1.0), m.const(2.0), m.const(c.c1), m.const(c.c3)
    k, significand = split(m, x)
    f = m.sub(significand, one)
    bottom = m.add(two, f)
    bottom_low = m.sub(f, m.sub(bottom, two))
    inverse = m.div(one, bottom)
    s = m.mul(f, inverse)
    s_low = m.mul(m.fma(m.neg(s), bottom_low, m.fma(m.neg(s), bottom, f)), inverse)

    z = m.mul(s, s)
    z_low = m.fma(m.add(s, s), s_low, m.fma(s, s, m.neg(z)))
    tail = m.mul(z, polynomial(m, z, m.mul(z, z), c.p))
    w = m.add(c3, tail)
    w_low = m.add(m.add(m.sub(c3, w), tail), m.const(c.c3_low))
    v = m.mul(z, w)
    v_low = m.fma(z_low, w, m.fma(z, w_low, m.fma(z, w, m.neg(v))))
    u = m.add(c1, v)
    u_low = m.add(m.add(m.sub(c1, u), v), m.add(m.const(c.c1_low), v_low))

    part = m.mul(s, u)
    part_low = m.fma(s_low, u, m.fma(s, u_low, m.fma(s, u, m.neg(part))))
    total = m.add(k, part)
    return total, m.add(m.add(m.sub(k, total), part), part_low)


def exp2_pair(m: Arithmetic[Real, Int, Mask], e: Real, e_low: Real) -> Real:
    """2^(e + e_low), |e_low| a few units in the last place of e."""
    c = EXP[m.dtype]
    ln2, shift = m.const(c.ln2), m.const(exp_shift(m.dtype))
    shifted = m.add(e, shift)
    rest = m.sub(e, m.sub(shifted, shift))
    f = m.add(rest, e_low)
    f_low = m.add(m.sub(rest, f), e_low)
    r = m.mul(f, ln2)
    r_low = m.fma(f_low, ln2, m.fma(f, m.const(c.ln2_low), m.fma(f, ln2, m.neg(r))))
    power = m.add(m.const(1.0), m.add(r, m.add(exp_tail(m, r), r_low)))
    return scale_by_power(m, power, m.bits(shifted))


def pow(m: Arithmetic[Real, Int, Mask], x: Real, y: Real) -> Real:
    c = POW[m.dtype]
    zero, one, infinity = m.const(0.0), m.const(1.0), m.const(INFINITY)
    huge, minus_huge = m.const(c.huge_exponent), m.const(-c.huge_exponent)
    limit, minus_limit = m.const(c.limit), m.const(-c.limit)
    size = m.abs(x)
    log, log_low = log2_pair(m, size)
    b = m.select(m.gt(y, huge), huge, y)
    b = m.select(m.lt(b, minus_huge), minus_huge, b)
    e = m.mul(b, log)
    e_low = m.fma(b, log_low, m.fma(b, log, m.neg(e)))
    e_low = m.select(m.gt(m.abs(e), limit), zero, e_low)
    e = m.select(m.gt(e, limit), limit, e)
    e = m.select(m.lt(e, minus_limit), minus_limit, e)
    result = exp2_pair(m, e, e_low)

    is_zero = m.eq(size, zero)
    reciprocal = m.select(is_zero, infinity, zero)
    edge = m.select(m.gt(y, zero), size, reciprocal)
    result = m.select(m.mask_or(is_zero, m.eq(size, infinity)), edge, result)

    fractional = m.ne(m.rint(y), y)
    half = m.mul(y, m.const(0.5))
    odd = m.mask_and(m.ne(m.rint(half), half), m.mask_not(fractional))
    result = m.select(m.mask_and(odd, m.ilt(m.bits(x), m.iconst(0))), m.neg(result), result)
    invalid = m.mask_and(m.mask_and(fractional, m.lt(x, zero)), m.lt(size, infinity))
    invalid = m.mask_or(invalid, m.mask_or(m.ne(x, x), m.ne(y, y)))
    result = m.select(invalid, m.const(NAN), result)
    return m.select(m.mask_or(m.eq(y, zero), m.eq(x, one)), one, result)
