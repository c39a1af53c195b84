"""Bessel functions of orders 0 and 1, by Chebyshev series up to |x| = 8, and by series of what is slow beyond.

j0 and j1 beyond are sqrt(2 / (pi x)) (p cos(a) - q sin(a)) with a = x - pi/4 - order * pi/2 (Abramowitz and Stegun,
9.2.5). Errors are a few units in the last place of the largest value nearby: near their zeros j0 and j1 have all
decimals, not all digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.special.bessel_series import SERIES

_END = 8.0


def modified(b: Builder, x: Node, order: int) -> Node:
    """exp(-|x|) times the modified function."""
    end, one = b.const(_END), b.const(1.0)
    size = b.elementwise("abs", x)
    within = b.elementwise("min", size, end)
    near = chebyshev(b, b.sub(b.mul(within, b.const(2.0 / _END)), one), SERIES[f"i{order}e_near"])
    beyond = b.elementwise("max", size, end)
    slow = chebyshev(b, b.sub(b.div(b.const(2.0 * _END), beyond), one), SERIES[f"i{order}e_far"])
    far = b.div(slow, b.elementwise("sqrt", beyond))
    if order == 0:
        return b.select(b.elementwise("le", size, end), near, far)
    signed = b.select(b.elementwise("lt", x, b.const(0.0)), b.neg(far), far)
    return b.select(b.elementwise("le", size, end), b.mul(x, near), signed)


def ordinary(b: Builder, x: Node, order: int) -> Node:
    end, one = b.const(_END), b.const(1.0)
    size = b.elementwise("abs", x)
    within = b.elementwise("min", size, end)
    t = b.sub(b.mul(b.mul(within, within), b.const(2.0 / _END**2)), one)
    near = chebyshev(b, t, SERIES[f"j{order}_near"])
    beyond = b.elementwise("max", size, end)
    ratio = b.div(end, beyond)
    u = b.sub(b.mul(b.const(2.0), b.mul(ratio, ratio)), one)
    p, q = chebyshev(b, u, SERIES[f"j{order}_far_p"]), b.div(chebyshev(b, u, SERIES[f"j{order}_far_q"]), beyond)
    sine, cosine = b.elementwise("sin", beyond), b.elementwise("cos", beyond)
    together, apart = b.add(sine, cosine), b.sub(sine, cosine)
    turned = (together, apart) if order == 0 else (apart, b.neg(together))
    wave = b.sub(b.mul(p, turned[0]), b.mul(q, turned[1]))
    far = b.mul(wave, b.elementwise("sqrt", b.div(b.const(1.0 / math.pi), beyond)))
    if order == 0:
        return b.select(b.elementwise("le", size, end), near, far)
    signed = b.select(b.elementwise("lt", x, b.const(0.0)), b.neg(far), far)
    return b.select(b.elementwise("le", size, end), b.mul(x, near), signed)


def chebyshev(b: Builder, t: Node, c: Sequence[float]) -> Node:
    """The sum of c[k] T_k(t), by Clenshaw's recurrence (1955)."""
    double = b.add(t, t)
    later, last = b.broadcast(b.const(0.0), t.shape), b.broadcast(b.const(c[-1]), t.shape)
    for coefficient in reversed(c[1:-1]):
        later, last = last, b.add(b.sub(b.mul(double, last), later), b.const(coefficient))
    return b.add(b.sub(b.mul(t, last), later), b.const(c[0]))
