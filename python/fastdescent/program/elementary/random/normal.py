"""Two normal numbers from two uniform ones.

G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", Ann. Math. Statist. 29, 1958.
sqrt(-2 log u) cos(2 pi v) and sqrt(-2 log u) sin(2 pi v), 0 < u, v <= 1. Quarter turns of the angle are exact.
In float64 only: float32 rounds the results.
"""

from __future__ import annotations

import math

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.log import log_of_normal
from fastdescent.program.elementary.polynomial import polynomial
from fastdescent.program.elementary.trig import TRIG, is_odd


def normal_pair(m: Arithmetic[Real, Int, Mask], u: Real, v: Real) -> tuple[Real, Real]:
    """Independent standard normal numbers."""
    radius = m.sqrt(m.mul(m.const(-2.0), log_of_normal(m, u)))
    cosine, sine = _on_circle(m, v)
    return m.mul(radius, cosine), m.mul(radius, sine)


def _on_circle(m: Arithmetic[Real, Int, Mask], v: Real) -> tuple[Real, Real]:
    """Cosine and sine of 2 pi v, 0 <= v <= 1."""
    c = TRIG["float64"]
    shift = m.const(FORMATS["float64"].round_shift)
    shifted = m.fma(v, m.const(4.0), shift)
    r = m.mul(m.fma(v, m.const(4.0), m.sub(shift, shifted)), m.const(math.pi / 2))
    z = m.mul(r, r)
    z2 = m.mul(z, z)
    sine = m.fma(m.neg(m.mul(r, z)), polynomial(m, z, z2, c.sine), r)
    half = m.fma(m.const(-0.5), z, m.const(1.0))
    cosine = m.fma(m.neg(z2), polynomial(m, z, z2, c.cosine), half)
    quadrant = m.bits(shifted)
    odd = is_odd(m, quadrant)
    return (
        _signed(m, m.select(odd, sine, cosine), m.iadd(quadrant, m.iconst(1))),
        _signed(m, m.select(odd, cosine, sine), quadrant),
    )


def _signed(m: Arithmetic[Real, Int, Mask], a: Real, quadrant: Int) -> Real:
    """-a where bit 1 of the quadrant is set."""
    return m.reals(m.ixor(m.bits(a), m.shl(m.iand(quadrant, m.iconst(2)), 62)))
