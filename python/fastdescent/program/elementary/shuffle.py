"""The order of an epoch without storing it: swap-or-not, a permutation made of rounds that are their own inverses.

V. T. Hoang, B. Morris, P. Rogaway, "An enciphering scheme based on a card shuffle", CRYPTO 2012. In each round a number
k pairs x with k - x; a random bit of the pair tells whether the two change places. Bits and k come from a hash (C.
Wellons' lowbias32) of random words, since this is for statistics, not for secrets.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.philox import WEYL, WORD, scaled

ROUNDS = 20  #: a card stays in its place throughout with probability 2^-20
_HASH = 0x7FEB352D, 0x846CA68B


def shuffled(m: Arithmetic[Real, Int, Mask], x: Int, n: Int, words: Sequence[Int]) -> Int:
    """Where 0 <= x < n goes; the words tell one permutation from another."""
    a, b, *_ = (m.iand(w, m.iconst(WORD)) for w in words)
    for r in range(ROUNDS):
        k = scaled(m, _hashed(m, m.iadd(a, m.iconst(r * WEYL[0] & WORD))), n)
        partner = m.isub(k, x)
        partner = m.iadd(partner, m.iand(n, m.shr(partner, 63)))
        apart = m.isub(partner, x)
        larger = m.iadd(x, m.iand(apart, m.shr(m.isub(x, partner), 63)))
        bit = m.ushr(_hashed(m, m.iadd(m.ixor(larger, b), m.iconst(r * WEYL[1] & WORD))), 31)
        x = m.iadd(x, m.iand(apart, m.isub(m.iconst(0), m.iand(bit, m.iconst(1)))))
    return x


def _hashed(m: Arithmetic[Real, Int, Mask], x: Int) -> Int:
    """A mixture of the lower 32 bits, in these."""
    low = m.iconst(WORD)
    x = m.iand(x, low)
    x = m.ixor(x, m.ushr(x, 16))
    x = m.iand(m.imul32(x, m.iconst(_HASH[0])), low)
    x = m.ixor(x, m.ushr(x, 15))
    x = m.iand(m.imul32(x, m.iconst(_HASH[1])), low)
    return m.ixor(x, m.ushr(x, 16))
