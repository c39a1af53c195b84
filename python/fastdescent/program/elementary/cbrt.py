"""cbrt: a polynomial for the significand, one step of Halley's and one of Newton's with the exact residual."""

from __future__ import annotations

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS, INFINITY, flip_sign
from fastdescent.program.elementary.log import split
from fastdescent.program.elementary.polynomial import polynomial

UP, DOWN = 1.2599210498948732, 0.7937005259840998  # cbrt(2), cbrt(1/2)
SEED = (0.42330778, 1.0479307, -0.8201573, 0.49553904, -0.17218692, 0.025566082)  # on [sqrt(1/2), sqrt(2)]


def cbrt(m: Arithmetic[Real, Int, Mask], x: Real) -> Real:
    f = FORMATS[m.dtype]
    zero, half, one, two = m.const(0.0), m.const(0.5), m.const(1.0), m.const(2.0)
    size = m.abs(x)
    k, significand = split(m, size)
    shift = m.const(f.round_shift + f.bias)
    shifted = m.fma(k, m.const(1.0 / 3.0), shift)
    rest = m.fma(m.const(-3.0), m.sub(shifted, shift), k)  # -1, 0 or 1
    up, down = m.gt(rest, zero), m.lt(rest, zero)
    a = m.mul(significand, m.select(up, two, m.select(down, half, one)))
    seed = polynomial(m, significand, m.mul(significand, significand), SEED)
    y = m.mul(seed, m.select(up, m.const(UP), m.select(down, m.const(DOWN), one)))

    cube = m.mul(m.mul(y, y), y)
    y = m.div(m.mul(y, m.fma(two, a, cube)), m.fma(two, cube, a))
    square = m.mul(y, y)
    square_low = m.fma(y, y, m.neg(square))
    residual = m.fma(square_low, y, m.fma(square, y, m.neg(a)))
    y = m.sub(y, m.div(residual, m.mul(m.const(3.0), square)))

    root = m.mul(y, m.reals(m.shl(m.bits(shifted), f.fraction_bits)))
    regular = m.mask_and(m.gt(size, zero), m.lt(size, m.const(INFINITY)))
    return m.select(regular, flip_sign(m, root, x), x)
