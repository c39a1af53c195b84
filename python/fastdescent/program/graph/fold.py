"""Folding of constants by the operations of the opcodes: a folded value has the bits of a computed one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastdescent.program.exact import Exact
from fastdescent.program.graph.nodes import FloatArray, Shape
from fastdescent.program.opcodes import ELEMENTWISE

#: Operations whose bits IEEE 754 prescribes, so that NumPy may fold whole arrays at once.
_IEEE = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "sqrt": np.sqrt, "neg": np.negative}


def power_chain(n: int) -> list[tuple[int, int]]:
    """x**n for n >= 2 by square-and-multiply from the left: pairs (i, j) of earlier powers, 0 being x itself.

    x**5 is powers[2] * x, with powers[1] = x * x and powers[2] = powers[1] * powers[1]:

    >>> power_chain(5)
    [(0, 0), (1, 1), (2, 0)]
    """
    chain: list[tuple[int, int]] = []
    for bit in bin(n)[3:]:
        chain.append((len(chain), len(chain)))
        if bit == "1":
            chain.append((len(chain), 0))
    return chain


def _integer_power(a: FloatArray, n: int) -> FloatArray:
    powers = [a]
    for i, j in power_chain(abs(n)):
        powers.append(powers[i] * powers[j])
    top = powers[-1] if n else np.ones_like(a)
    return 1.0 / top if n < 0 else top


def elementwise(op: str, attr: Any, operands: Sequence[FloatArray], shape: Shape) -> FloatArray:
    """The values of one operation on constants, float64."""
    with np.errstate(all="ignore"):
        if op == "powi":
            return _integer_power(operands[0], attr)
        if op in _IEEE:
            return np.asarray(_IEEE[op](*operands), dtype=np.float64)
    exact, meaning = Exact("float64"), ELEMENTWISE[op]
    flat = [np.broadcast_to(a, shape).ravel().tolist() for a in operands]
    values = [meaning(exact, *row) for row in zip(*flat, strict=True)]
    return np.array(values, dtype=np.float64).reshape(shape)


def ordered_sum(a: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """Sum over axes from the first element on, in C order (NumPy sums pairwise)."""
    rest = [k for k in range(a.ndim) if k not in axes]
    moved = np.transpose(a, [*axes, *rest]).reshape(-1, *(a.shape[k] for k in rest))
    with np.errstate(all="ignore"):
        return np.array(list(itertools.accumulate(moved))[-1], dtype=np.float64)
