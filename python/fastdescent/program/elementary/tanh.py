"""tanh(x), from exp(-2|x|) = 2^k exp(-2r), |r| <= log(2)/4, with the sign of x."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.exp import EXP
from fastdescent.program.elementary.formats import FORMATS, flip_sign
from fastdescent.program.elementary.polynomial import horner


class TanhConstants(NamedTuple):
    """p is the minimax polynomial of (r coth(r) - 1) / r^2 in r^2, for the relative error of r coth(r)."""

    saturated: float  # from here on tanh rounds to 1
    p: tuple[float, ...]


TANH = {
    "float64": TanhConstants(
        saturated=22.0,
        p=(
            0.33333333333333204,
            -0.022222222221614064,
            0.0021164020230430873,
            -0.0002116339560351619,
            2.1187372392149583e-05,
        ),
    ),
    "float32": TanhConstants(saturated=11.0, p=(0.3333325, -0.02213411)),
}


def tanh(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """With w = 2^k and d = r coth(r): tanh|x| = ((1-w) d + (1+w) r) / ((1+w) d + (1-w) r).

    (1-w)^2 differs from that by 0.25 at most and is added after the division: the rest is small, and so are the
    rounding errors of its quotient. Near zero w = 1: (1-w)^2 is 0, and the quotient is r / d, where r = |x| is exact.

    The largest error, 1.83 ulp, occurs if w is half an ulp of 1 and 1 + w rounds to 1.
    """
    e, c, f = EXP[m.dtype], TANH[m.dtype], FORMATS[m.dtype]
    one, saturated = m.const(1.0), m.const(c.saturated)
    shift = m.const(f.round_shift + f.bias)
    size = m.abs(x)
    a = m.select(m.gt(size, saturated), saturated, size)
    shifted = m.fma(a, m.const(-2.0 * e.log2_e), shift)
    k = m.sub(shifted, shift)
    # The rounding error of ln2 moves the result by 0.41 ulp at most: tanh is flat where k is large.
    r = m.fma(k, m.const(0.5 * e.ln2), a)
    w = m.reals(m.shl(m.bits(shifted), f.fraction_bits))

    r2 = m.mul(r, r)
    d_less_one = m.mul(r2, horner(m, r2, c.p))
    less, more = m.sub(one, w), m.add(one, w)
    near = m.mul(less, less)
    by_d, by_r = m.fma(m.neg(near), more, less), m.fma(m.neg(near), less, more)
    top = m.fma(by_d, d_less_one, m.fma(by_r, r, by_d))
    bottom = m.add(more, m.fma(more, d_less_one, m.mul(less, r)))
    return flip_sign(m, m.add(near, m.div(top, bottom)), x)
