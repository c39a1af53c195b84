"""The angle of huge arguments (Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM 18, 1983).

Only the bits of 2/pi that matter are multiplied, in integers, one lane at a time.
"""

from __future__ import annotations

import math

from fastdescent.program.elementary.formats import FORMATS

# 2/pi, after 64 zero bits, most significant word first.
TWO_OVER_PI_WORDS = (
    0x0000000000000000,
    0xA2F9836E4E441529,
    0xFC2757D1F534DDC0,
    0xDB6295993C439041,
    0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0,
    0x06492EEA09D1921C,
    0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484,
    0xE99C7026B45F7E41,
    0x3991D639835339F4,
    0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F,
    0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA,
    0x6BFB5FB11F8D5D08,
    0x56033046FC7B6BAB,
)
HALF_PI = 0xC90FDAA22168C235  # pi/2 * 2^63

WORD = (1 << 64) - 1
WIDE = (1 << 128) - 1


def payne_hanek(encoding: int, dtype: str) -> tuple[int, float, float]:
    """quadrant, r and tail: x = quadrant * pi/2 + (r - tail), |r| <= pi/4, for the x that has this encoding.

    For finite |x| >= 2^-31 * 2^fraction_bits; no such x is within 2^-61 quadrants of a multiple of pi/2.
    """
    f = FORMATS[dtype]
    significand = (encoding & f.fraction_mask) | (1 << f.fraction_bits)
    exponent = ((encoding & ~f.sign) >> f.fraction_bits) - (f.bias + f.fraction_bits)

    # The 192 bits of 2/pi, from the first one on that adds more than whole circles.
    word, shift = divmod(exponent + 62, 64)
    w = [0, 0, 0]
    for i in range(3):
        high, low = TWO_OVER_PI_WORDS[word + i], TWO_OVER_PI_WORDS[word + i + 1]
        w[i] = ((high << shift) & WORD) | ((low >> 1) >> (63 - shift))
    # 2 bits before the point, 126 after
    quarters = (((significand * w[0]) << 64) + significand * w[1] + ((significand * w[2]) >> 64)) & WIDE

    signed_fraction = (quarters << 2) & WIDE
    below = signed_fraction >> 127 != 0
    fraction = -signed_fraction & WIDE if below else signed_fraction
    zeros = 64 - (fraction >> 64).bit_length()
    product = (((fraction << zeros) & WIDE) >> 64) * HALF_PI
    high = ((product >> (127 - f.digits)) + 1) >> 1  # rounded, half up
    low = (product >> (128 - 2 * f.digits)) - (high << f.digits)

    negative = encoding < 0
    sign = -1.0 if below != negative else 1.0
    quadrant = (quarters >> 126) + below
    return (
        -quadrant if negative else quadrant,
        sign * math.ldexp(high, 1 - f.digits - zeros),
        -sign * math.ldexp(low, 1 - 2 * f.digits - zeros),
    )
