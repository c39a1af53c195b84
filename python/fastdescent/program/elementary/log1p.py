"""log1p(x) = log(1 + x): the logarithm of the rounded sum, with what the sum lost put back into its fraction."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.log import log_edges, log_sum, split

LARGE = 2.0**60  # the one is lost in x, and what the sum lost matters no more


def log1p(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    f = FORMATS[m.dtype]
    zero, one = m.const(0.0), m.const(1.0)
    total = m.add(one, x)
    lost = m.select(m.gt(x, one), m.sub(one, m.sub(total, x)), m.sub(x, m.sub(total, one)))
    k, significand = split(m, total)
    large = m.gt(x, m.const(LARGE))
    exponent = m.select(large, zero, k)
    shifted = m.bits(m.sub(m.const(f.round_shift + f.bias), exponent))
    scale = m.reals(m.shl(shifted, f.fraction_bits))  # 2^-k
    fraction = m.fma(m.select(large, zero, lost), scale, m.sub(significand, one))
    return m.select(m.eq(x, zero), x, log_edges(m, total, log_sum(m, k, fraction)))
