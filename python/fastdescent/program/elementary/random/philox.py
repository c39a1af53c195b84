"""Random words as a function of a counter and a key: Philox4x32-10, and numbers made of its words.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Words are
the lower halves of integers of 64 bits. The upper halves may hold anything, since `imul32` ignores them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85  #: the golden ratio, sqrt(3) - 1
ROUNDS = 10
WORD = 0xFFFFFFFF
_SHIFT = 2.0**52  #: added to a whole number below 2^52, it leaves the number in the lowest bits


def whole(m: Arithmetic[Real, Int, Mask], x: Real) -> Int:
    """The integer 0 <= x < 2^52."""
    return m.iand(m.bits(m.add(x, m.const(_SHIFT))), m.iconst((1 << 52) - 1))


def real(m: Arithmetic[Real, Int, Mask], i: Int) -> Real:
    """0 <= i < 2^52 as a number."""
    return m.sub(m.reals(m.ior(i, m.bits(m.const(_SHIFT)))), m.const(_SHIFT))


def word(m: Arithmetic[Real, Int, Mask], low: Real, high: Real) -> Int:
    """The word of 32 bits from its halves, which are numbers that every dtype has exactly."""
    return m.ior(whole(m, low), m.shl(whole(m, high), 16))


def philox(m: Arithmetic[Real, Int, Mask], counter: Sequence[Int], key: Sequence[Int]) -> list[Int]:
    """Four random words."""
    a, b, c, d = counter
    k0, k1 = key
    first, second = (m.iconst(k) for k in MULTIPLIERS)
    for r in range(ROUNDS):
        if r:
            k0, k1 = m.iadd(k0, m.iconst(WEYL[0])), m.iadd(k1, m.iconst(WEYL[1]))
        p, q = m.imul32(first, a), m.imul32(second, c)
        a, b, c, d = m.ixor(m.ixor(m.ushr(q, 32), b), k0), q, m.ixor(m.ixor(m.ushr(p, 32), d), k1), p
    return [a, b, c, d]


def uniform(m: Arithmetic[Real, Int, Mask], low: Int, high: Int) -> Real:
    """A multiple of 2^-53 in (0, 1], from two random words."""
    bits = m.ior(m.shl(high, 21), m.ushr(m.iand(low, m.iconst(WORD)), 11))
    bits = m.iadd(m.iand(bits, m.iconst((1 << 53) - 1)), m.iconst(1))
    upper, lower = m.ushr(bits, 26), m.iand(bits, m.iconst((1 << 26) - 1))
    return m.fma(real(m, upper), m.const(2.0**-27), m.mul(real(m, lower), m.const(2.0**-53)))


def scaled(m: Arithmetic[Real, Int, Mask], random: Int, n: Int) -> Int:
    """A whole number below n: the upper half of the product of n and a random word."""
    return m.ushr(m.imul32(random, n), 32)
