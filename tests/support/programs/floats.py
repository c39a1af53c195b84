"""Numbers of both dtypes for tests: their limits, random ones, and when two are the same."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

DTYPES = ("float64", "float32")
INF, NAN = math.inf, math.nan


def limits(dtype: str) -> tuple[float, float, float]:
    """The least subnormal, the least normal and the greatest number."""
    info = np.finfo(dtype)
    return float(info.smallest_subnormal), float(info.tiny), float(info.max)


def significant_bits(dtype: str) -> int:
    """Of a normal number, the leading one included."""
    return int(np.finfo(dtype).nmant) + 1


def any_number(rng: random.Random, m: Any) -> float:
    """A finite number of the arithmetic's dtype whose bits are random: every exponent is equally likely."""
    while True:
        x = m.reals(rng.getrandbits(63 if m.dtype == "float64" else 31))
        if math.isfinite(x):
            return rng.choice((-x, x))


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))
