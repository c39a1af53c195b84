"""Exact scalar arithmetic: IEEE operations on Python floats, each rounded once to the dtype.

`Exact` folds constants and is the oracle that engines must match bit for bit. A float32 is a Python float that float32
can represent.
"""

from __future__ import annotations

import ctypes
import math
import struct

from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.payne_hanek import payne_hanek

_DOUBLE, _INT64 = struct.Struct("<d"), struct.Struct("<q")
_FLOAT, _INT32 = struct.Struct("<f"), struct.Struct("<i")


def to_float32(x: float) -> float:
    """x rounded to the nearest float32; overflow is infinite."""
    return ctypes.c_float(x).value


def is_odd(x: float) -> bool:
    """Whether the last bit of a float64 is set."""
    return bool(_DOUBLE.pack(x)[0] & 1)


def add_to_odd(a: float, b: float) -> float:
    """a + b rounded to odd: if the sum is inexact, the neighbour whose last bit is set. The sum must be finite."""
    total = a + b
    bb = total - a
    error = (a - (total - bb)) + (b - bb)
    if error == 0.0 or is_odd(total):
        return total
    return math.nextafter(total, math.inf if error > 0.0 else -math.inf)


def fma32(a: float, b: float, c: float) -> float:
    """a*b + c with one rounding to float32.

    The product is exact in float64. A sum that is rounded to odd there rounds to float32 as the exact sum does.
    """
    product = a * b
    if math.isfinite(product) and math.isfinite(c):
        return to_float32(add_to_odd(product, c))
    return product + c


def fma64(a: float, b: float, c: float) -> float:
    """a*b + c with one rounding, after Boldo and Melquiond (IEEE Trans. Computers 57(4), 2008)."""
    product = a * b
    if a == 0.0 or b == 0.0 or not (math.isfinite(a) and math.isfinite(b)):
        return product + c
    if not math.isfinite(c):
        return c  # the rounded product may be infinite although the product is not
    if not (abs(a) < 2.0**990 and abs(b) < 2.0**990 and abs(c) < 2.0**1000 and 2.0**-960 < abs(product) < 2.0**1000):
        return fma_by_integers(a, b, c)
    scaled = a * 134217729.0
    ah = scaled - (scaled - a)
    al = a - ah
    scaled = b * 134217729.0
    bh = scaled - (scaled - b)
    bl = b - bh
    low = ((ah * bh - product) + ah * bl + al * bh) + al * bl
    if low == 0.0:
        return product + c
    total = c + low
    bb = total - c
    total_low = (c - (total - bb)) + (low - bb)
    top = product + total
    bb = top - product
    top_low = (product - (top - bb)) + (total - bb)
    return top + add_to_odd(top_low, total_low)


def fma_by_integers(a: float, b: float, c: float) -> float:
    """a*b + c with one rounding, for finite numbers and exponents of any size."""
    an, ad = a.as_integer_ratio()
    bn, bd = b.as_integer_ratio()
    cn, cd = c.as_integer_ratio()
    numerator = an * bn * cd + cn * ad * bd
    if numerator == 0:
        return a * b + c  # an exact cancellation, or zeros: the hardware's sum has the right sign
    try:
        return numerator / (ad * bd * cd)  # Python rounds the quotient of two integers once
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


class Exact:
    """The arithmetic of one dtype, `"float64"` or `"float32"`, on Python floats, integers and bools.

    See `elementary.arithmetic.Arithmetic` for what the methods mean.
    """

    def __init__(self, dtype: str) -> None:
        if dtype not in FORMATS:
            raise ValueError(f"dtype must be 'float64' or 'float32', not {dtype!r}")
        self._dtype = dtype
        self._single = dtype == "float32"
        self._half_range = 1 << (31 if self._single else 63)

    @property
    def dtype(self) -> str:
        return self._dtype

    def const(self, value: float) -> float:
        return to_float32(value) if self._single else float(value)

    def add(self, a: float, b: float) -> float:
        return to_float32(a + b) if self._single else a + b

    def sub(self, a: float, b: float) -> float:
        return to_float32(a - b) if self._single else a - b

    def mul(self, a: float, b: float) -> float:
        return to_float32(a * b) if self._single else a * b

    def div(self, a: float, b: float) -> float:
        if b == 0.0:
            if a == 0.0 or math.isnan(a):
                return math.nan
            return math.copysign(math.inf, a) * math.copysign(1.0, b)
        return to_float32(a / b) if self._single else a / b

    def neg(self, a: float) -> float:
        return -a

    def abs(self, a: float) -> float:
        return math.fabs(a)

    def sqrt(self, a: float) -> float:
        if a < 0.0:
            return math.nan
        return to_float32(math.sqrt(a)) if self._single else math.sqrt(a)

    def rint(self, a: float) -> float:
        if not abs(a) < 2.0**52:
            return a
        return math.copysign(float(round(a)), a)

    def fma(self, a: float, b: float, c: float) -> float:
        return fma32(a, b, c) if self._single else fma64(a, b, c)

    def select(self, mask: bool, a: float, b: float) -> float:
        return a if mask else b

    def lt(self, a: float, b: float) -> bool:
        return a < b

    def le(self, a: float, b: float) -> bool:
        return a <= b

    def gt(self, a: float, b: float) -> bool:
        return a > b

    def ge(self, a: float, b: float) -> bool:
        return a >= b

    def eq(self, a: float, b: float) -> bool:
        return a == b

    def ne(self, a: float, b: float) -> bool:
        return a != b

    def mask_and(self, a: bool, b: bool) -> bool:
        return a and b

    def mask_or(self, a: bool, b: bool) -> bool:
        return a or b

    def mask_not(self, a: bool) -> bool:
        return not a

    def bits(self, a: float) -> int:
        if self._single:
            return int(_INT32.unpack(_FLOAT.pack(a))[0])
        return int(_INT64.unpack(_DOUBLE.pack(a))[0])

    def reals(self, a: int) -> float:
        if self._single:
            return float(_FLOAT.unpack(_INT32.pack(a))[0])
        return float(_DOUBLE.unpack(_INT64.pack(a))[0])

    def _wrap(self, a: int) -> int:
        half = self._half_range
        return ((a + half) & (2 * half - 1)) - half

    def _unsigned(self, a: int) -> int:
        return a & (2 * self._half_range - 1)

    def iconst(self, value: int) -> int:
        return self._wrap(value)

    def iadd(self, a: int, b: int) -> int:
        return self._wrap(a + b)

    def isub(self, a: int, b: int) -> int:
        return self._wrap(a - b)

    def imul32(self, a: int, b: int) -> int:
        return self._wrap((a & 0xFFFFFFFF) * (b & 0xFFFFFFFF))

    def iand(self, a: int, b: int) -> int:
        return a & b

    def ior(self, a: int, b: int) -> int:
        return a | b

    def ixor(self, a: int, b: int) -> int:
        return a ^ b

    def shl(self, a: int, n: int) -> int:
        return self._wrap(a << n)

    def shr(self, a: int, n: int) -> int:
        return a >> n

    def ushr(self, a: int, n: int) -> int:
        return self._wrap(self._unsigned(a) >> n)

    def ilt(self, a: int, b: int) -> bool:
        return a < b

    def ieq(self, a: int, b: int) -> bool:
        return a == b

    def ine(self, a: int, b: int) -> bool:
        return a != b

    def huge_angle(self, huge: bool, x: float, quadrant: int, r: float, tail: float) -> tuple[int, float, float]:
        return payne_hanek(self.bits(x), self._dtype) if huge else (quadrant, r, tail)
