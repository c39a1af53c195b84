"""log1p(x) = log(1 + x): the logarithm of the rounded sum, with its rounding error put back into the fraction."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.log import log_edges, log_sum, split

LARGE = 2.0**60  # from here on, 1 is lost in x and the rounding error of the sum does not matter


def lost_by_one_plus(m: Arithmetic[Real, Int, Mask], x: Real, total: Real) -> Real:
    """(1 + x) - total, where total is the rounded sum."""
    one = m.const(1.0)
    return m.select(m.gt(x, one), m.sub(one, m.sub(total, x)), m.sub(x, m.sub(total, one)))


def log_of_pair(m: Arithmetic[Real, Int, Mask], total: Real, lost: Real, doublings: Real) -> Real:
    """log(2^doublings * (total + lost)), for a total of at least 1/2 if `lost` is not negligible."""
    f = FORMATS[m.dtype]
    zero = m.const(0.0)
    k, significand = split(m, total)
    large = m.gt(total, m.const(LARGE))
    exponent = m.select(large, zero, k)
    shifted = m.bits(m.sub(m.const(f.round_shift + f.bias), exponent))
    scale = m.reals(m.shl(shifted, f.fraction_bits))  # 2^-k
    fraction = m.fma(m.select(large, zero, lost), scale, m.sub(significand, m.const(1.0)))
    return log_edges(m, total, log_sum(m, m.add(k, doublings), fraction))


def log1p(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    zero = m.const(0.0)
    total = m.add(m.const(1.0), x)
    return m.select(m.eq(x, zero), x, log_of_pair(m, total, lost_by_one_plus(m, x, total), zero))
