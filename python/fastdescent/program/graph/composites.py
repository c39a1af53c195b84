"""Functions without an opcode, written in terms of opcodes.

Branches of `select` get arguments for which they hold, so that their derivatives are finite and need no masks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node

_TAYLOR_BELOW = 0.1
_FAR = -20.0  #: below, eight terms of the series of log_ndtr give all digits


def scaled(factor: float) -> Callable[[Builder, Node], Node]:
    return lambda b, a: b.mul(a, b.const(factor))


def signbit(b: Builder, a: Node) -> Node:
    """1 for numbers below zero and for -0, whose reciprocal is -inf."""
    zero, inverse = b.const(0.0), b.div(b.const(1.0), a)
    return b.elementwise("max", b.elementwise("lt", a, zero), b.elementwise("lt", inverse, zero))


def copysign(b: Builder, a: Node, sign: Node) -> Node:
    size = b.elementwise("abs", a)
    return b.select(signbit(b, sign), b.neg(size), size)


def trunc(b: Builder, a: Node) -> Node:
    return b.select(b.elementwise("lt", a, b.const(0.0)), b.elementwise("ceil", a), b.elementwise("floor", a))


def modf(b: Builder, a: Node) -> tuple[Node, Node]:
    """The part behind the point and the part before it, both with the sign of a."""
    whole = copysign(b, trunc(b, a), a)
    return copysign(b, b.select(isinf(b, a), b.const(0.0), b.sub(a, whole)), a), whole


def heaviside(b: Builder, a: Node, at_zero: Node) -> Node:
    zero = b.const(0.0)
    step = b.select(b.elementwise("eq", a, zero), at_zero, b.elementwise("lt", zero, a))
    return b.select(b.elementwise("ne", a, a), a, step)


def isfinite(b: Builder, a: Node) -> Node:
    return b.elementwise("eq", b.sub(a, a), b.const(0.0))


def isinf(b: Builder, a: Node) -> Node:
    return b.elementwise("eq", b.elementwise("abs", a), b.const(math.inf))


def logaddexp2(b: Builder, p: Node, q: Node) -> Node:
    log2 = b.const(math.log(2.0))
    return b.div(b.elementwise("logaddexp", b.mul(p, log2), b.mul(q, log2)), log2)


def fmax(b: Builder, p: Node, q: Node) -> Node:
    return _unless_nan(b, "max", p, q)


def fmin(b: Builder, p: Node, q: Node) -> Node:
    return _unless_nan(b, "min", p, q)


def _unless_nan(b: Builder, op: str, p: Node, q: Node) -> Node:
    first = b.select(b.elementwise("ne", q, q), p, b.elementwise(op, p, q))
    return b.select(b.elementwise("ne", p, p), q, first)


def remainder(b: Builder, a: Node, divisor: Node) -> Node:
    """a - n * divisor, exactly, with the sign of the divisor; NaN if n is not below 2**53."""
    rest, too_large, _ = _divided(b, a, divisor)
    return b.select(too_large, b.add(rest, divisor), rest)


def floor_divide(b: Builder, a: Node, divisor: Node) -> Node:
    _, too_large, quotient = _divided(b, a, divisor)
    return b.sub(quotient, too_large)


def _divided(b: Builder, a: Node, divisor: Node) -> tuple[Node, Node, Node]:
    """The remainder, whether the quotient is one too large (it may have been rounded up), and the quotient."""
    zero = b.const(0.0)
    quotient = b.elementwise("floor", b.div(a, divisor))
    rest = _rest(b, a, quotient, divisor)
    differ = b.elementwise("ne", b.elementwise("lt", rest, zero), b.elementwise("lt", divisor, zero))
    return rest, b.mul(differ, b.elementwise("ne", rest, zero)), quotient


def _rest(b: Builder, a: Node, quotient: Node, divisor: Node) -> Node:
    """a - quotient * divisor with one rounding; NaN if the quotient is not known to its last digit."""
    known = b.elementwise("lt", b.elementwise("abs", quotient), b.const(2.0**53))
    return b.select(known, b.sub(a, b.mul(quotient, divisor)), b.const(math.nan))


def fmod(b: Builder, a: Node, divisor: Node) -> Node:
    """As C's fmod: with the sign of a. NaN if a is 2**53 divisors or more."""
    zero = b.const(0.0)
    rest = _rest(b, a, trunc(b, b.div(a, divisor)), divisor)
    differ = b.elementwise("ne", b.elementwise("lt", rest, zero), b.elementwise("lt", a, zero))
    too_large = b.mul(differ, b.elementwise("ne", rest, zero))
    return b.select(too_large, b.add(rest, copysign(b, divisor, a)), rest)


def sinc(b: Builder, a: Node) -> Node:
    """sin(pi x) / (pi x); near 0 its Taylor series, so that derivatives are right there."""
    y = b.mul(a, b.const(math.pi))
    near = b.elementwise("lt", b.elementwise("abs", y), b.const(_TAYLOR_BELOW))
    safe = b.select(near, b.const(1.0), y)
    square, series = b.mul(y, y), b.const(1.0 / math.factorial(11))
    for k in (9, 7, 5, 3, 1):
        series = b.sub(b.const(1.0 / math.factorial(k)), b.mul(square, series))
    return b.select(near, series, b.div(b.elementwise("sin", safe), safe))


def xlogy(b: Builder, a: Node, c: Node) -> Node:
    """a log(c); 0 if a is 0."""
    return _times_logarithm(b, "log", a, c, 0.0)


def xlog1py(b: Builder, a: Node, c: Node) -> Node:
    """a log(1 + c); 0 if a is 0."""
    return _times_logarithm(b, "log1p", a, c, -1.0)


def _times_logarithm(b: Builder, op: str, a: Node, c: Node, pole: float) -> Node:
    singular = b.elementwise("max", b.elementwise("le", c, b.const(pole)), b.elementwise("eq", c, b.const(math.inf)))
    removable = b.mul(b.elementwise("eq", a, b.const(0.0)), singular)
    return b.mul(a, b.elementwise(op, b.select(removable, b.const(1.0), c)))


def logit(b: Builder, a: Node) -> Node:
    return b.sub(b.elementwise("log", a), b.elementwise("log1p", b.neg(a)))


def softplus(b: Builder, a: Node) -> Node:
    return b.elementwise("logaddexp", b.const(0.0), a)


def log_expit(b: Builder, a: Node) -> Node:
    return b.neg(softplus(b, b.neg(a)))


def ndtr(b: Builder, a: Node) -> Node:
    """The standard normal distribution function."""
    return b.mul(b.const(0.5), _erfc_of_ndtr(b, a))


def log_ndtr(b: Builder, a: Node) -> Node:
    """log(ndtr(a)); by its asymptotic series if ndtr(a) is too small for a number.

    Each of the three forms gets arguments for which it holds, so that no derivative is NaN. They are kept within bounds
    that lie outside of where the form is taken: at a bound itself a derivative is 0.
    """
    middle, far = b.const(-1.0), b.const(_FAR)
    half = b.const(0.5)
    high = _erfc_of_ndtr(b, b.neg(b.elementwise("max", a, middle)))
    above = b.elementwise("log1p", b.neg(b.mul(half, high)))
    low = _erfc_of_ndtr(b, b.elementwise("max", b.elementwise("min", a, b.const(-0.5)), far))
    below = b.elementwise("log", b.mul(half, low))
    tail = b.elementwise("min", a, b.const(_FAR + 0.5))
    square = b.mul(tail, tail)
    inverse, series = b.div(b.const(1.0), square), b.const(0.0)
    for k in range(15, 0, -2):  # 1 - 1/a^2 + 3/a^4 - 15/a^6 ...
        series = b.mul(b.const(-float(k)), b.mul(inverse, b.add(b.const(1.0), series)))
    size = b.add(b.elementwise("log", b.neg(tail)), b.const(0.5 * math.log(2.0 * math.pi)))
    farthest = b.add(b.sub(b.mul(b.const(-0.5), square), size), b.elementwise("log1p", series))
    return b.select(b.elementwise("lt", middle, a), above, b.select(b.elementwise("lt", far, a), below, farthest))


def _erfc_of_ndtr(b: Builder, a: Node) -> Node:
    """2 ndtr(a)."""
    return b.elementwise("erfc", b.mul(a, b.const(-math.sqrt(0.5))))


def huber(b: Builder, delta: Node, a: Node) -> Node:
    """a^2 / 2 up to |a| = delta, a straight line from there on; infinite if delta is below 0."""
    size, half = b.elementwise("abs", a), b.const(0.5)
    line = b.mul(delta, b.sub(size, b.mul(half, delta)))
    value = b.select(b.elementwise("le", size, delta), b.mul(half, b.mul(a, a)), line)
    return b.select(b.elementwise("lt", delta, b.const(0.0)), b.const(math.inf), value)


def pseudo_huber(b: Builder, delta: Node, a: Node) -> Node:
    """delta^2 (sqrt(1 + (a / delta)^2) - 1); 0 if delta is 0, infinite if delta is below 0."""
    zero = b.const(0.0)
    degenerate = b.elementwise("eq", delta, zero)
    ratio = b.div(a, b.select(degenerate, b.const(1.0), delta))
    root = b.elementwise("expm1", b.mul(b.const(0.5), b.elementwise("log1p", b.mul(ratio, ratio))))
    value = b.select(degenerate, zero, b.mul(b.mul(delta, delta), root))
    return b.select(b.elementwise("lt", delta, zero), b.const(math.inf), value)


def entr(b: Builder, a: Node) -> Node:
    return b.neg(xlogy(b, a, a))
