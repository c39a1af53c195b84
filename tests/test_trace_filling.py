"""Functions that fill arrays element by element, as NumPy code does, against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tracing import A, Function, W, check

import fastdescent as fd


def laplacian(x: Any) -> Any:
    out = np.zeros_like(x)
    out[1:-1] = x[2:] - 2 * x[1:-1] + x[:-2]
    out[0], out[-1] = x[0] ** 2, 3.0
    return np.sum(out**2)


def recursion(x: Any) -> Any:
    y = x.copy()
    for i in range(1, len(y)):
        y[i] = 0.5 * y[i - 1] + np.sin(y[i])
    y[::2] = y[::2] * 2
    return y @ y


def mixed_with_updates_of_the_whole(x: Any) -> Any:
    y = x.copy()
    y[1:-1] = y[:-2] * y[2:]
    y += 1
    y[0] = y[1]
    y *= x
    return np.sum(np.sqrt(1 + y**2))


def matrix(x: Any) -> Any:
    m = np.ones_like(np.outer(x, x))
    for i in range(len(x)):
        for j in range(i):
            m[i, j] = x[i] * x[j] + i
    m[0], m[:, 2] = x, x[::-1]
    m[[1, 3], [4, 5]] = x[:2]
    return np.sum(A * m @ x)


def only_numbers(x: Any) -> Any:
    weights = np.empty_like(x)
    weights[:] = 2.0
    weights[np.arange(6) % 2 == 0] = 1.0
    return np.sum(weights * x)


def copies_are_copies(x: Any) -> Any:
    y = x.copy()
    z = y.copy()
    y[0] = 7.0
    first = z[0]
    z[0] = first * 2
    return y @ W + z @ x


@pytest.mark.parametrize(
    "f", [laplacian, recursion, mixed_with_updates_of_the_whole, matrix, only_numbers, copies_are_copies]
)
def test_arrays_that_are_filled(f: Function) -> None:
    check(f)


def test_filling_is_linear_in_the_number_of_elements() -> None:
    def sizes(n: int) -> int:
        def f(x: Any) -> Any:
            y = np.zeros_like(x)
            for i in range(n):
                y[i] = x[i] * x[i - 1]
            return np.sum(y**2)

        return len(str(fd.surface(f, dim=n).program()).splitlines())

    assert sizes(400) < 2.5 * sizes(200)
