"""log(x) = k log(2) + log(1 + f), as in fdlibm's e_log.c (Sun Microsystems, 1993), with fma."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP
from fastdescent.program.elementary.formats import FORMATS, INFINITY, NAN
from fastdescent.program.elementary.polynomial import polynomial


class LogConstants(NamedTuple):
    """p is the minimax polynomial of (2 atanh(s) - 2 s) / s^3 in s^2."""

    subnormal_scale: float
    subnormal_shift: float
    sqrt_half: int
    integer_shift: float
    p: tuple[float, ...]


LOG = {
    "float64": LogConstants(
        subnormal_scale=2.0**54,
        subnormal_shift=54.0,
        sqrt_half=0x3FE6A09E667F3BCD,
        integer_shift=2.0**52,
        p=(
            0.6666666666666735,
            0.3999999999940937,
            0.28571428743681204,
            0.22222198429627849,
            0.18183572316858235,
            0.15313833229766766,
            0.14798247338156145,
        ),
    ),
    "float32": LogConstants(
        subnormal_scale=2.0**25,
        subnormal_shift=25.0,
        sqrt_half=0x3F3504F3,
        integer_shift=2.0**23,
        p=(0.66666776, 0.39977568, 0.2987146),
    ),
}


def split(m: Arithmetic[Real, Int, Mask], x: Real) -> tuple[Real, Real]:
    """exponent and significand: x = significand * 2^exponent, sqrt(1/2) <= significand < sqrt(2), for finite x > 0."""
    c, f = LOG[m.dtype], FORMATS[m.dtype]
    offset = c.integer_shift + f.bias
    subnormal = m.lt(x, m.const(f.min_normal))
    biased, significand = _split_normal(m, m.select(subnormal, m.mul(x, m.const(c.subnormal_scale)), x))
    exponent = m.sub(biased, m.select(subnormal, m.const(offset + c.subnormal_shift), m.const(offset)))
    return exponent, significand


def _split_normal(m: Arithmetic[Real, Int, Mask], x: Real) -> tuple[Real, Real]:
    """As `split`, with the bias and the shift still in the exponent, and not for subnormal numbers."""
    c, f = LOG[m.dtype], FORMATS[m.dtype]
    i = m.iadd(m.bits(x), m.iconst((f.bias << f.fraction_bits) - c.sqrt_half))
    biased = m.reals(m.ior(m.ushr(i, f.fraction_bits), m.bits(m.const(c.integer_shift))))
    return biased, m.reals(m.iadd(m.iand(i, m.iconst(f.fraction_mask)), m.iconst(c.sqrt_half)))


def log_sum(m: Arithmetic[Real, Int, Mask], k: Real, f: Real) -> Real:
    """k log(2) + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2)."""
    s = m.div(f, m.add(m.const(2.0), f))
    z = m.mul(s, s)
    tail = m.mul(z, polynomial(m, z, m.mul(z, z), LOG[m.dtype].p))
    square = m.mul(m.mul(f, f), m.const(0.5))
    low = m.fma(s, m.add(square, tail), m.mul(k, m.const(EXP[m.dtype].ln2_low)))
    return m.fma(k, m.const(EXP[m.dtype].ln2), m.sub(f, m.sub(square, low)))


def log_edges(m: Arithmetic[Real, Int, Mask], x: Real, result: Real) -> Real:
    """The result for positive finite x. Otherwise: infinity for infinity, -infinity for 0, NaN for NaN and x < 0."""
    zero = m.const(0.0)
    bounded = m.select(m.lt(x, m.const(INFINITY)), result, x)
    return m.select(m.gt(x, zero), bounded, m.select(m.eq(x, zero), m.const(-INFINITY), m.const(NAN)))


def log(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    k, significand = split(m, x)
    return log_edges(m, x, log_sum(m, k, m.sub(significand, m.const(1.0))))


def log_of_normal(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """log(x) for positive finite numbers that are not subnormal: the same bits with fewer operations."""
    biased, significand = _split_normal(m, x)
    k = m.sub(biased, m.const(LOG[m.dtype].integer_shift + FORMATS[m.dtype].bias))
    return log_sum(m, k, m.sub(significand, m.const(1.0)))
