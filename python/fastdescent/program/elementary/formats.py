"""The bits of float64 and float32, as constants of the elementary functions."""

from __future__ import annotations

import math
from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real

INFINITY = math.inf
NAN = math.nan


class Format(NamedTuple):
    digits: int  # of the significand, the implicit one included
    fraction_bits: int
    bias: int
    sign: int
    fraction_mask: int
    min_normal: float
    round_shift: float  # adding it rounds to an integer, which is then the lowest bits of the sum


FORMATS = {
    "float64": Format(
        digits=53,
        fraction_bits=52,
        bias=1023,
        sign=-(1 << 63),
        fraction_mask=(1 << 52) - 1,
        min_normal=2.0**-1022,
        round_shift=1.5 * 2.0**52,
    ),
    "float32": Format(
        digits=24,
        fraction_bits=23,
        bias=127,
        sign=-(1 << 31),
        fraction_mask=(1 << 23) - 1,
        min_normal=2.0**-126,
        round_shift=1.5 * 2.0**23,
    ),
}


def flip_sign(m: Arithmetic[Real, Int, Mask], magnitude: Real, sign_source: Real) -> Real:
    """magnitude, its sign flipped if the sign bit of sign_source is set."""
    sign = m.iconst(FORMATS[m.dtype].sign)
    return m.reals(m.ixor(m.bits(magnitude), m.iand(m.bits(sign_source), sign)))
