"""The order of an epoch without storing it: swap-or-not, a permutation that is evaluated one position at a time.

V. T. Hoang, B. Morris, P. Rogaway, "An enciphering scheme based on a card shuffle", CRYPTO 2012. Bits and k (below)
come from a hash of random words (C. Wellons' lowbias32), since this is for statistics, not for secrets.

A round has a random k. It pairs each x with k - x modulo n, and a random bit per pair says whether both change places.
An example, n = 5 and the words 1 and 2. In round 0 k is 2: the pairs are 0 with 2 and 3 with 4, and 1 is its own
partner. The bits exchange 3 and 4, but not 0 and 2.

>>> from fastdescent.program.exact import Exact
>>> m = Exact("float64")
>>> [_swap_or_not(m, x, 5, 1, 2, 0) for x in range(5)]
[0, 1, 2, 4, 3]

All rounds together:

>>> [shuffled(m, x, 5, (1, 2)) for x in range(5)]
[4, 3, 0, 1, 2]

Invariants:

- Each round is its own inverse: both of a pair find the same k and the same bit. Hence the rounds together are a
  permutation of 0 ... n - 1 for any words and any n, with no number stored or tried twice.
- The result depends on x, n and the words alone, so that every lane can ask for another position of another epoch.
- Only the lower 32 bits of the words count, and n is below 2^32, so that products fit in 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.random.philox import WEYL, WORD, scaled

ROUNDS = 20  #: a position keeps its entry in all of them with probability 2^-20
_MULTIPLIERS = 0x7FEB352D, 0x846CA68B  #: of lowbias32


def shuffled(m: Arithmetic[Real, Int, Mask], x: Int, n: Int, words: Sequence[Int]) -> Int:
    """The entry at position x, 0 <= x < n, of the permutation that the words choose."""
    a, b, *_ = (m.iand(w, m.iconst(WORD)) for w in words)
    for r in range(ROUNDS):
        x = _swap_or_not(m, x, n, a, b, r)
    return x


def _swap_or_not(m: Arithmetic[Real, Int, Mask], x: Int, n: Int, a: Int, b: Int, r: int) -> Int:
    """Where round r moves x. Masks, all ones or 0, come from signs: a negative number shifted right by 63 is -1."""
    k = scaled(m, _hashed(m, m.iadd(a, m.iconst(r * WEYL[0] & WORD))), n)
    partner = m.isub(k, x)
    partner = m.iadd(partner, m.iand(n, m.shr(partner, 63)))  # k - x modulo n
    difference = m.isub(partner, x)
    larger = m.iadd(x, m.iand(difference, m.shr(m.isub(x, partner), 63)))  # the same for both of the pair
    bit = m.ushr(_hashed(m, m.iadd(m.ixor(larger, b), m.iconst(r * WEYL[1] & WORD))), 31)
    return m.iadd(x, m.iand(difference, m.isub(m.iconst(0), m.iand(bit, m.iconst(1)))))


def _hashed(m: Arithmetic[Real, Int, Mask], x: Int) -> Int:
    """lowbias32 of the lower 32 bits of x, in the lower 32 bits."""
    low = m.iconst(WORD)
    x = m.iand(x, low)
    x = m.ixor(x, m.ushr(x, 16))
    x = m.iand(m.imul32(x, m.iconst(_MULTIPLIERS[0])), low)
    x = m.ixor(x, m.ushr(x, 15))
    x = m.iand(m.imul32(x, m.iconst(_MULTIPLIERS[1])), low)
    return m.ixor(x, m.ushr(x, 16))
