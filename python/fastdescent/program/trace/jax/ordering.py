"""Primitives that sort: by a network of comparisons, each of which exchanges two rows or does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fastdescent.program.trace.jax.elementwise import Rule


def exchanges(n: int) -> Iterator[tuple[int, int]]:
    """Batcher's odd-even merge sort: pairs of places (i, j), i < j, after whose exchanges n numbers are in order.

    >>> list(exchanges(3))
    [(0, 1), (0, 2), (1, 2)]
    """
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for start in range(k % p, n - k, 2 * k):
                for i in range(start, min(start + k, n - k)):
                    if i // (2 * p) == (i + k) // (2 * p):
                        yield i, i + k
            k //= 2
        p *= 2


def sorted_along(arrays: list[Any], axis: int, n_keys: int, stable: bool) -> list[Any]:
    """All arrays in the order of the first `n_keys` of them; where these are equal, in the order that they had."""
    if len(arrays) == 1:
        return [np.sort(arrays[0], axis)]
    lines = [[*np.moveaxis(a, axis, 0)] for a in arrays]
    n = len(lines[0])
    places: list[Any] = [np.full(np.shape(lines[0][0]), float(k)) for k in range(n)]
    if stable:
        lines.insert(n_keys, places)
        n_keys += 1
    for i, j in exchanges(n):
        wrong = _comes_first([line[j] for line in lines[:n_keys]], [line[i] for line in lines[:n_keys]])
        for line in lines:
            first, second = line[i], line[j]
            line[i], line[j] = np.where(wrong, second, first), np.where(wrong, first, second)
    kept = [line for line in lines if line is not places]
    return [np.stack(line, axis) for line in kept]


def _comes_first(some: list[Any], others: list[Any]) -> Any:
    """Whether `some` is before `others` by the first number in which they differ."""
    *before, last = [(a < b, a == b) for a, b in zip(some, others, strict=True)]
    result = last[0]
    for less, same in reversed(before):
        result = less | (same & result)
    return result


def _sort(equation: Any, *arrays: Any) -> list[Any]:
    params = equation.params
    return sorted_along(list(arrays), params["dimension"], params["num_keys"], params["is_stable"])


def _top_k(equation: Any, a: Any) -> list[Any]:
    axis = equation.params.get("axis", a.ndim - 1)
    places = np.broadcast_to(
        np.moveaxis(np.arange(float(a.shape[axis])).reshape(-1, *(1,) * (a.ndim - 1)), 0, axis), a.shape
    )
    falling, places = sorted_along([-a, places], axis, 1, stable=True)
    first = (*(slice(None),) * axis, slice(equation.params["k"]))
    return [-falling[first], places[first]]


ORDERING: dict[str, Rule] = {"sort": _sort, "top_k": _top_k}
