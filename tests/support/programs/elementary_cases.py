"""The elementary functions as tests use them: what mpmath has for them, and where they are defined."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import mpmath


@dataclass(frozen=True)
class Case:
    """A function of one or two numbers."""

    oracle: Callable[..., mpmath.mpf]
    least: float = -math.inf  #: the ends of the domain of a function of one number
    most: float = math.inf
    open_at_ends: bool = True
    tried_in: tuple[float, float] = (-2.0, 2.0)  #: where derivatives are compared with differences

    def is_defined(self, x: float) -> bool:
        return self.least < x < self.most or (not self.open_at_ends and x in (self.least, self.most))


POSITIVE, SMALL = (0.3, 3.0), (-0.9, 0.9)
CASES = {
    "exp": Case(mpmath.exp),
    "log": Case(mpmath.log, 0.0, tried_in=POSITIVE),
    "sin": Case(mpmath.sin),
    "cos": Case(mpmath.cos),
    "tan": Case(mpmath.tan, tried_in=SMALL),
    "tanh": Case(mpmath.tanh),
    "atan": Case(mpmath.atan),
    "atan2": Case(mpmath.atan2, tried_in=POSITIVE),
    "pow": Case(mpmath.power, tried_in=POSITIVE),
    "hypot": Case(mpmath.hypot, tried_in=POSITIVE),
    "expm1": Case(mpmath.expm1),
    "log1p": Case(mpmath.log1p, -1.0, tried_in=SMALL),
    "log2": Case(lambda x: mpmath.log(x) / mpmath.log(2), 0.0, tried_in=POSITIVE),
    "log10": Case(mpmath.log10, 0.0, tried_in=POSITIVE),
    "sinh": Case(mpmath.sinh),
    "cosh": Case(mpmath.cosh),
    "asin": Case(mpmath.asin, -1.0, 1.0, open_at_ends=False, tried_in=SMALL),
    "acos": Case(mpmath.acos, -1.0, 1.0, open_at_ends=False, tried_in=SMALL),
    "asinh": Case(mpmath.asinh),
    "acosh": Case(mpmath.acosh, 1.0, open_at_ends=False, tried_in=(1.2, 4.0)),
    "atanh": Case(mpmath.atanh, -1.0, 1.0, tried_in=SMALL),
    "cbrt": Case(lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), tried_in=POSITIVE),
    "erf": Case(mpmath.erf),
    "erfc": Case(lambda x: mpmath.erfc(min(max(x, mpmath.mpf(-99)), mpmath.mpf(99)))),
    "expit": Case(lambda x: 1 / (1 + mpmath.exp(-x))),
}
