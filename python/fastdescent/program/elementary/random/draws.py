"""The opcodes that draw random numbers: from a counter, a key and the number of a Philox block to some numbers.

The counter has 7 numbers: the trajectory's index in four parts of 16 bits, the step in two, and the position in an
epoch. The key has 7 as well: the seed in four parts, the stream, the first block (for an order: 1 if all epochs have
the same one, else 0), and the number of choices. float32 has all of these exactly. The arithmetic is that of float64;
float32 rounds the results.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real
from fastdescent.program.elementary.random.normal import normal_pair
from fastdescent.program.elementary.random.philox import philox, real, scaled, uniform, whole, word
from fastdescent.program.elementary.random.shuffle import shuffled


def draw_uniform(
    m: Arithmetic[Real, Int, Mask], counter: Sequence[Real], key: Sequence[Real], block: Int
) -> tuple[Real, ...]:
    """Two uniform numbers in (0, 1]."""
    a, b, c, d = _words(m, counter, key, block)
    return uniform(m, a, b), uniform(m, c, d)


def draw_normal(
    m: Arithmetic[Real, Int, Mask], counter: Sequence[Real], key: Sequence[Real], block: Int
) -> tuple[Real, ...]:
    """Two standard normal numbers."""
    return normal_pair(m, *draw_uniform(m, counter, key, block))


def draw_integer(
    m: Arithmetic[Real, Int, Mask], counter: Sequence[Real], key: Sequence[Real], block: Int
) -> tuple[Real, ...]:
    """Four whole numbers, 0 <= k < n."""
    n = whole(m, key[6])
    return tuple(real(m, scaled(m, w, n)) for w in _words(m, counter, key, block))


def draw_shuffled(
    m: Arithmetic[Real, Int, Mask], counter: Sequence[Real], key: Sequence[Real], block: Int
) -> tuple[Real, ...]:
    """The sample that stands `block` positions further on, in this epoch or in the next.

    In place of the step, the counter has the epoch. `is_next` is 1 if the position is past the end of the epoch.
    """
    n = whole(m, key[6])
    position = m.iadd(whole(m, counter[6]), block)
    is_next = m.iadd(m.shr(m.isub(position, n), 63), m.iconst(1))
    position = m.isub(position, m.iand(n, m.isub(m.iconst(0), is_next)))
    has_own_order = m.isub(m.iconst(1), whole(m, key[5]))
    epoch = m.iadd(word(m, counter[4], counter[5]), m.iand(is_next, has_own_order))
    ids = word(m, counter[0], counter[1]), word(m, counter[2], counter[3])
    words = philox(m, (*ids, epoch, m.shl(whole(m, key[4]), 24)), _seed(m, key))
    return (real(m, shuffled(m, position, n, words)),)


def _words(m: Arithmetic[Real, Int, Mask], counter: Sequence[Real], key: Sequence[Real], block: Int) -> list[Int]:
    counts = [word(m, counter[2 * k], counter[2 * k + 1]) for k in range(3)]
    last = m.ior(m.shl(whole(m, key[4]), 24), m.iadd(whole(m, key[5]), block))
    return philox(m, (*counts, last), _seed(m, key))


def _seed(m: Arithmetic[Real, Int, Mask], key: Sequence[Real]) -> tuple[Int, Int]:
    return word(m, key[0], key[1]), word(m, key[2], key[3])
