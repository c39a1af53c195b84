"""sin, cos and tan: reduction to |r| <= pi/4 with a tail, then the series of sine and of cosine."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS, INFINITY
from fastdescent.program.elementary.polynomial import polynomial


class TrigConstants(NamedTuple):
    """half_pi is the sum of its three parts.

    The middle one is short, so that its product with a quadrant is exact, and not negative, so that reduction keeps -0.
    sine is minimax for (r - sin r) / r^3, cosine for (1 - r^2/2 - cos r) / r^4, both in r^2.
    """

    moderate: float
    two_over_pi: float
    half_pi: tuple[float, float, float]
    sine: tuple[float, ...]
    cosine: tuple[float, ...]


TRIG = {
    "float64": TrigConstants(
        moderate=2.0**21,
        two_over_pi=0.6366197723675814,
        half_pi=(1.5707963267948966, 6.12323399409214e-17, 1.6446256936324258e-26),
        sine=(
            0.1666666666666663,
            -0.00833333333332184,
            0.00019841269829358522,
            -2.7557313538512464e-06,
            2.5050734389267155e-08,
            -1.5895433315151314e-10,
        ),
        cosine=(
            -0.04166666666666659,
            0.0013888888888872186,
            -2.48015872882954e-05,
            2.755731401512985e-07,
            -2.087567808648009e-09,
            1.1357336841512711e-11,
        ),
    ),
    "float32": TrigConstants(
        moderate=2.0**10,
        two_over_pi=0.63661975,
        half_pi=(1.5707963, 7.5495336e-08, 2.563344e-12),
        sine=(0.16666654, -0.008332106, 0.00019507883),
        cosine=(-0.041666646, 0.0013887308, -2.4432102e-05),
    ),
}


def reduce_angle(m: Arithmetic[Real, Int, Mask], x: Real) -> tuple[Int, Real, Real]:
    """quadrant, r and tail: x = quadrant * pi/2 + (r - tail)."""
    c = TRIG[m.dtype]
    round_shift = m.const(FORMATS[m.dtype].round_shift)
    shifted = m.fma(x, m.const(c.two_over_pi), round_shift)
    n = m.sub(shifted, round_shift)
    first = m.fma(n, m.const(-c.half_pi[0]), x)
    r = m.fma(n, m.const(-c.half_pi[1]), first)
    tail = m.fma(n, m.const(c.half_pi[2]), m.fma(n, m.const(c.half_pi[1]), m.sub(r, first)))
    size = m.abs(x)
    huge = m.mask_and(m.gt(size, m.const(c.moderate)), m.lt(size, m.const(INFINITY)))
    return m.huge_angle(huge, x, m.bits(shifted), r, tail)


def sine_loss(m: Arithmetic[Real, Int, Mask], r: Real, z: Real, tail: Real) -> Real:
    """r - sin(r - tail). Subtracted from r last, which keeps the sign of a zero."""
    return m.fma(m.mul(r, z), polynomial(m, z, m.mul(z, z), TRIG[m.dtype].sine), tail)


def cosine_loss(m: Arithmetic[Real, Int, Mask], r: Real, z: Real, tail: Real) -> Real:
    """1 - cos(r - tail)."""
    z2 = m.mul(z, z)
    series = polynomial(m, z, z2, TRIG[m.dtype].cosine)
    return m.fma(m.const(0.5), z, m.fma(z2, series, m.neg(m.mul(r, tail))))


def is_odd(m: Arithmetic[Real, Int, Mask], quadrant: Int) -> Mask:
    return m.ine(m.iand(quadrant, m.iconst(1)), m.iconst(0))


def sine_of(m: Arithmetic[Real, Int, Mask], quadrant: Int, r: Real, tail: Real) -> Real:
    """The sine of quadrant * pi/2 + r - tail."""
    z = m.mul(r, r)
    sine = m.sub(r, sine_loss(m, r, z, tail))
    cosine = m.sub(m.const(1.0), cosine_loss(m, r, z, tail))
    value = m.select(is_odd(m, quadrant), cosine, sine)
    sign_bit = m.shl(m.iand(quadrant, m.iconst(2)), 62 if m.dtype == "float64" else 30)
    return m.reals(m.ixor(m.bits(value), sign_bit))


def sin(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    quadrant, r, tail = reduce_angle(m, x)
    return sine_of(m, quadrant, r, tail)


def cos(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    quadrant, r, tail = reduce_angle(m, x)
    return sine_of(m, m.iadd(quadrant, m.iconst(1)), r, tail)


def tan(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    """The quotient of sine and cosine with one Newton step, which also corrects the rounding errors of both."""
    one = m.const(1.0)
    quadrant, r, tail = reduce_angle(m, x)
    z = m.mul(r, r)
    sine_part = sine_loss(m, r, z, tail)
    cosine_part = cosine_loss(m, r, z, tail)
    sine = m.sub(r, sine_part)
    sine_low = m.sub(m.sub(r, sine), sine_part)
    cosine = m.sub(one, cosine_part)
    cosine_low = m.sub(m.sub(one, cosine), cosine_part)
    odd = is_odd(m, quadrant)
    top, top_low = m.select(odd, m.neg(cosine), sine), m.select(odd, m.neg(cosine_low), sine_low)
    bottom, bottom_low = m.select(odd, sine, cosine), m.select(odd, sine_low, cosine_low)
    inverse = m.div(one, bottom)
    q = m.mul(top, inverse)
    excess = m.fma(q, bottom_low, m.sub(m.fma(q, bottom, m.neg(top)), top_low))
    return m.fma(m.neg(excess), inverse, q)
