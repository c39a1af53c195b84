"""log2 and log10, from the logarithm as a sum of two numbers; powers of 2 and of 10 give integers."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.log import log_edges
from fastdescent.program.elementary.pow import log2_pair


class Log10Constants(NamedTuple):
    log10_2: float
    log10_2_low: float


LOG10 = {
    "float64": Log10Constants(log10_2=0.3010299956639812, log10_2_low=-2.8037281277851704e-18),
    "float32": Log10Constants(log10_2=0.30103, log10_2_low=-1.4320989e-08),
}


def log2(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    high, low = log2_pair(m, x)
    return log_edges(m, x, m.add(high, low))


def log10(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    factor, factor_low = m.const(LOG10[m.dtype].log10_2), m.const(LOG10[m.dtype].log10_2_low)
    high, low = log2_pair(m, x)
    product = m.mul(high, factor)
    rest = m.fma(high, factor, m.neg(product))
    product_low = m.fma(low, factor, m.fma(high, factor_low, rest))
    return log_edges(m, x, m.add(product, product_low))
