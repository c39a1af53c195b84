"""Polynomials."""

from __future__ import annotations

from collections.abc import Sequence

from fastdescent.program.elementary.arithmetic import Arithmetic, Int, Mask, Real


def polynomial(m: Arithmetic[Real, Int, Mask], x: Real, x2: Real, c: Sequence[float]) -> Real:
    """c[0] + c[1] x + ... + c[n-1] x^(n-1), given x2 = x*x.

    Pairs of terms side by side, then Horner in x^2: half the latency of Horner for one more product, x2.
    """
    n = len(c)
    total = m.const(c[n - 1]) if n % 2 else m.fma(m.const(c[n - 1]), x, m.const(c[n - 2]))
    for i in range(n - 3 if n % 2 else n - 4, -1, -2):
        total = m.fma(total, x2, m.fma(m.const(c[i + 1]), x, m.const(c[i])))
    return total


def horner(m: Arithmetic[Real, Int, Mask], x: Real, c: Sequence[float]) -> Real:
    """c[0] + c[1] x + ... + c[n-1] x^(n-1), for code where the number of operations matters and latency does not."""
    total = m.const(c[-1])
    for coefficient in reversed(c[:-1]):
        total = m.fma(total, x, m.const(coefficient))
    return total
