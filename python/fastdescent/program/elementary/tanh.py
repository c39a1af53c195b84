"""tanh(x) = -expm1(-2|x|) / (2 + expm1(-2|x|)), with the sign of x."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP, exp_tail
from fastdescent.program.elementary.formats import FORMATS, flip_sign

TANH_SATURATED = {"float64": 22.0, "float32": 11.0}  # from here on tanh rounds to 1


def tanh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """With exp(-2|x|) = s (1 + p), s = 2^k: numerator (1 - s) - s p, denominator (1 + s) + s p, neither cancels.

    One Newton step on their quotient brings in what p and both of them lost to rounding.
    """
    c, f = EXP[m.dtype], FORMATS[m.dtype]
    one, saturated = m.const(1.0), m.const(TANH_SATURATED[m.dtype])
    shift = m.const(f.round_shift + f.bias)
    size = m.abs(x)
    a = m.mul(m.select(m.gt(size, saturated), saturated, size), m.const(-2.0))
    shifted = m.fma(a, m.const(c.log2_e), shift)
    k = m.sub(shifted, shift)
    r = m.fma(k, m.const(-c.ln2), a)
    r = m.fma(k, m.const(-c.ln2_low), r)
    tail = exp_tail(m, r)
    p = m.add(r, tail)
    p_low = m.add(m.sub(r, p), tail)

    s = m.reals(m.shl(m.bits(shifted), f.fraction_bits))
    less = m.sub(one, s)
    top, bottom = m.fma(m.neg(s), p, less), m.fma(s, p, m.add(one, s))
    top_low = m.fma(m.neg(s), p_low, m.fma(m.neg(s), p, m.sub(less, top)))
    bottom_low = m.fma(s, p, m.sub(s, m.sub(bottom, one)))
    inverse = m.div(one, bottom)
    q = m.mul(top, inverse)
    rest = m.fma(m.neg(q), bottom_low, m.add(m.fma(m.neg(q), bottom, top), top_low))
    return flip_sign(m, m.fma(rest, inverse, q), x)
