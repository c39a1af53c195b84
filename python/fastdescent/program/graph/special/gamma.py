"""The gamma function, its logarithm, and the derivatives of the latter: digamma, trigamma, and so on without an end.

Numbers are first shifted to 10 or more by the recurrence, where Stirling's series has all digits (Abramowitz and
Stegun, 6.1.40, 6.4.11); numbers below zero come from the reflection (6.1.17, 6.4.7). Near 1 and 2, where it is zero,
the logarithm is (x - 1)(x - 2) times a polynomial. Errors are a few units in the last place, for digamma of 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.polynomial import polynomial

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node

_SHIFT = 10
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
#: log(gamma(t + 2)) / (t (t + 1)) for -1 <= t <= 1, interpolated at Chebyshev points.
_NEAR = (
    0.42278433509846713,
    -0.1003173016743539,
    0.032965000621156974,
    -0.012384192193374355,
    0.004998641164623283,
    -0.0021081308338291313,
    0.0009153769241238952,
    -0.0004057073999387517,
    0.00018255261441838105,
    -8.30950999467849e-05,
    3.81690832831345e-05,
    -1.76618554743359e-05,
    8.221205092155423e-06,
    -3.846514242663473e-06,
    1.8114769634727658e-06,
    -8.554816957122729e-07,
    3.95720794275161e-07,
    -1.861315818147291e-07,
    1.0444285443279689e-07,
    -5.2038665332275675e-08,
    5.68873795385758e-09,
    -7.860744687083056e-10,
    1.6327287432845006e-08,
    -8.952022836709702e-09,
    -4.358862409072515e-09,
    2.4694237633377504e-09,
    1.5818126337371086e-09,
    -8.190037783551156e-10,
)


def gammaln(b: Builder, x: Node) -> Node:
    """log |gamma(x)|"""
    below, y = _reflected(b, x)
    one, two = b.const(1.0), b.const(2.0)
    small = b.elementwise("lt", y, one)
    raised = b.select(small, b.add(y, one), y)
    t = b.sub(b.elementwise("min", raised, b.const(3.0)), two)
    series = b.mul(b.mul(t, b.add(t, one)), horner(b, t, _NEAR))
    near = b.sub(series, b.select(small, b.elementwise("log", b.select(small, y, one)), b.const(0.0)))
    z, _, product = _shifted(b, y)
    far = b.add(b.mul(b.sub(z, b.const(0.5)), b.sub(b.elementwise("log", z), one)), _stirling(b, z))
    far = b.sub(b.add(far, b.const(_HALF_LOG_TWO_PI - 0.5)), b.elementwise("log", product))
    above = b.select(b.elementwise("le", raised, b.const(3.0)), near, far)
    sine = b.elementwise("abs", sin_pi(b, b.select(below, x, b.const(0.5))))
    return b.select(below, b.sub(b.elementwise("log", b.div(b.const(math.pi), sine)), above), above)


def gamma(b: Builder, x: Node) -> Node:
    below, y = _reflected(b, x)
    z, lost, product = _shifted(b, y)
    half = b.sub(b.mul(b.const(0.5), z), b.const(0.25))
    power = b.elementwise("pow", z, half)
    exponent = b.add(_stirling(b, z), b.mul(lost, b.elementwise("log", z)))
    rest = b.mul(b.elementwise("exp", exponent), b.const(math.sqrt(2.0 * math.pi)))
    far = b.mul(b.mul(power, b.mul(b.elementwise("exp", b.neg(z)), power)), rest)
    above = b.div(b.select(b.elementwise("lt", b.const(172.0), z), b.const(math.inf), far), product)
    sine = sin_pi(b, b.select(below, x, b.const(0.5)))
    return b.select(below, b.div(b.const(math.pi), b.mul(sine, above)), above)


def polygamma(b: Builder, x: Node, n: int) -> Node:
    """The n-th derivative of digamma."""
    below, y = _reflected(b, x)
    ks = b.const(np.arange(float(_SHIFT)))
    terms = b.add(b.reshape(y, (*y.shape, 1)), ks)
    sign, factorial = (-1.0) ** n, float(math.factorial(n))
    passed = b.sum(b.power(terms, -float(n + 1)), (len(y.shape),))
    z = b.add(y, b.const(float(_SHIFT)))
    inverse = b.div(b.const(1.0), z)
    square = b.mul(inverse, inverse)
    scaled = [v * math.factorial(2 * k + n - 1) / math.factorial(2 * k) for k, v in enumerate(_BERNOULLI, 1)]
    series = b.mul(square, horner(b, square, scaled))
    if n == 0:
        head = b.sub(b.elementwise("log", z), b.mul(b.const(0.5), inverse))
        far = b.sub(head, series)
    else:
        head = b.add(b.mul(b.const(0.5 * factorial), inverse), b.const(float(math.factorial(n - 1))))
        far = b.mul(b.const(-sign), b.mul(b.power(inverse, float(n)), b.add(head, series)))
    above = b.sub(far, b.mul(b.const(sign * factorial), passed))
    angle = b.select(below, x, b.const(0.25))
    cotangent = b.div(sin_pi(b, b.add(angle, b.const(0.5))), sin_pi(b, angle))
    turned = b.mul(b.const(math.pi ** (n + 1)), horner(b, cotangent, _cotangent_derivative(n)))
    return b.select(below, b.sub(b.mul(b.const(sign), above), turned), above)


def _cotangent_derivative(n: int) -> tuple[float, ...]:
    """The n-th derivative of cot as a polynomial in cot, since cot' = -1 - cot^2."""
    c = np.array([0.0, 1.0])
    for _ in range(n):
        c = polynomial.polymul(polynomial.polyder(c), [-1.0, 0.0, -1.0])
    return tuple(c.tolist())


def _reflected(b: Builder, x: Node) -> tuple[Node, Node]:
    """Whether x is below zero, and 1 - x where it is, otherwise x."""
    below = b.elementwise("lt", x, b.const(0.0))
    return below, b.select(below, b.sub(b.const(1.0), x), x)


def _shifted(b: Builder, y: Node) -> tuple[Node, Node, Node]:
    """z = y + 10 for numbers below 10, what rounding took from z, and gamma(z) / gamma(y); otherwise y, 0 and 1."""
    shift, zero = b.const(float(_SHIFT)), b.const(0.0)
    small = b.elementwise("lt", y, shift)
    bounded = b.elementwise("min", y, shift)
    product = bounded
    for k in range(1, _SHIFT):
        product = b.mul(product, b.add(bounded, b.const(float(k))))
    z = b.add(bounded, shift)
    lost = b.sub(bounded, b.sub(z, shift))
    return b.select(small, z, y), b.select(small, lost, zero), b.select(small, product, b.const(1.0))


def _stirling(b: Builder, z: Node) -> Node:
    inverse = b.div(b.const(1.0), z)
    square = b.mul(inverse, inverse)
    return b.mul(inverse, horner(b, square, [v / (2 * k * (2 * k - 1)) for k, v in enumerate(_BERNOULLI, 1)]))


def sin_pi(b: Builder, x: Node) -> Node:
    """sin(pi x), zero at integers."""
    whole = b.elementwise("rint", x)
    half = b.mul(whole, b.const(0.5))
    is_odd = b.elementwise("ne", b.elementwise("rint", half), half)
    sine = b.elementwise("sin", b.mul(b.sub(x, whole), b.const(math.pi)))
    return b.select(is_odd, b.neg(sine), sine)


def horner(b: Builder, x: Node, c: Sequence[float]) -> Node:
    """c[0] + c[1] x + c[2] x^2 + ..."""
    total = b.const(c[-1])
    for coefficient in reversed(c[:-1]):
        total = b.add(b.mul(total, x), b.const(coefficient))
    return b.broadcast(total, x.shape)
