"""The angle of huge arguments for compiled Programs: `program/elementary/payne_hanek.py`, in words of 64 bits."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import carray, cfunc, njit, types

from fastdescent.engines.jit.compile.background import Background
from fastdescent.program.elementary.formats import FORMATS
from fastdescent.program.elementary.payne_hanek import HALF_PI, TWO_OVER_PI_WORDS
from fastdescent.program.elementary.trig import TRIG
from fastdescent.program.opcodes import NAMES
from fastdescent.program.section import OP, IntArray

_TRIGONOMETRIC = {"sin", "cos", "tan"}
_WORDS = np.array(TWO_OVER_PI_WORDS, dtype=np.uint64)
_HALF_PI, _LOW_HALF = np.uint64(HALF_PI), np.uint64(0xFFFFFFFF)
_ZERO, _ONE, _32 = np.uint64(0), np.uint64(1), np.uint64(32)


@njit  # type: ignore[untyped-decorator]
def high_word(a: Any, b: Any) -> Any:
    """Bits 64 to 127 of a product."""
    a1, a0, b1, b0 = a >> _32, a & _LOW_HALF, b >> _32, b & _LOW_HALF
    middle = a1 * b0 + (a0 * b0 >> _32)
    return a1 * b1 + (middle >> _32) + ((a0 * b1 + (middle & _LOW_HALF)) >> _32)


@njit  # type: ignore[untyped-decorator]
def bits_from(high: Any, low: Any, n: int) -> Any:
    """64 bits of the 128, from the n-th of the high word on."""
    return (high << np.uint64(n)) | ((low >> _ONE) >> np.uint64(63 - n))


@njit  # type: ignore[untyped-decorator]
def two_over_pi_from(position: int, i: int) -> Any:
    """Word i of 2/pi, counted from the bit at `position`."""
    word = position // 64 + i
    return bits_from(_WORDS[word], _WORDS[word + 1], position % 64)


@njit  # type: ignore[untyped-decorator]
def reduced(significand: Any, exponent: int, digits: int) -> Any:
    """quadrant, r and tail of significand * 2^exponent; 53 or 24 digits."""
    w0, w1 = two_over_pi_from(exponent + 62, 0), two_over_pi_from(exponent + 62, 1)
    least = high_word(significand, two_over_pi_from(exponent + 62, 2))
    low = significand * w1 + least
    high = significand * w0 + high_word(significand, w1) + np.uint64(low < least)
    # 2 bits before the point, 126 after
    quadrant = np.int64(high >> np.uint64(62))
    high, low = bits_from(high, low, 2), low << np.uint64(2)
    below = high >> np.uint64(63) != _ZERO
    if below:
        quadrant += 1
        high, low = ~high + np.uint64(low == _ZERO), ~low + _ONE
    zeros = 0
    while high >> np.uint64(63 - zeros) == _ZERO:
        zeros += 1
    top = bits_from(high, low, zeros)
    product, rest = high_word(top, _HALF_PI), top * _HALF_PI
    first = ((product >> np.uint64(63 - digits)) + _ONE) >> _ONE  # rounded, half up
    whole = bits_from(product, rest, 2 * digits - 64) if digits == 53 else product >> np.uint64(64 - 2 * digits)
    second = np.int64(whole - (first << np.uint64(digits)))
    sign = -1.0 if below else 1.0
    r = sign * np.float64(np.int64(first)) * math.ldexp(1.0, 1 - digits - zeros)
    return quadrant, r, -sign * np.float64(second) * math.ldexp(1.0, 1 - 2 * digits - zeros)


@functools.cache
def huge_angle(dtype: str, width: int) -> Any:
    """The function of one vector that kernels call: (x, quadrant, r, tail), pointers. Hold it as long as they run."""
    f, moderate = FORMATS[dtype], TRIG[dtype].moderate
    number, integer = (types.float64, types.int64) if dtype == "float64" else (types.float32, types.int32)
    word = np.int64 if dtype == "float64" else np.int32
    digits, fraction_bits, bias = f.digits, f.fraction_bits, f.bias
    fraction_mask, implicit = np.uint64(f.fraction_mask), np.uint64(1 << f.fraction_bits)

    def angles(x_at: Any, quadrant_at: Any, r_at: Any, tail_at: Any) -> None:
        x, quadrant = carray(x_at, width), carray(quadrant_at, width)
        r, tail = carray(r_at, width), carray(tail_at, width)
        for i in range(width):
            size = abs(x[i])
            if not moderate < size < math.inf:
                continue
            encoding = np.uint64(np.array([size]).view(word)[0])
            exponent = np.int64(encoding >> np.uint64(fraction_bits)) - (bias + fraction_bits)
            quarters, first, second = reduced((encoding & fraction_mask) | implicit, exponent, digits)
            sign = -1 if x[i] < 0 else 1
            quadrant[i], r[i], tail[i] = sign * quarters, sign * first, sign * second

    kinds = [types.CPointer(kind) for kind in (number, integer, number, number)]
    return Background(lambda: cfunc(types.void(*kinds))(angles)).get()


def huge_angle_address(instructions: IntArray, dtype: str, width: int) -> int:
    """The address of that function, 0 where no instruction needs it."""
    return (
        int(huge_angle(dtype, width).address) if _TRIGONOMETRIC & {NAMES[op] for op in set(instructions[:, OP])} else 0
    )
