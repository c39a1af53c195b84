"""Functions that fill arrays element by element, as NumPy code does, against plain NumPy."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tracing import A, Function, W, check

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


def every_other_doubled(x: Any) -> Any:
    y = x.copy()
    y[::2] *= 2
    y[1::2] -= y[::2]
    y[...] /= 1 + x**2
    return y @ W


def what_views_see(x: Any) -> Any:
    y = 2.0 * x
    head, every_second, turned = y[:3], y[1:][::2], y[::-1]
    y[2] = x[0] ** 2
    y += 1.0
    head[0] = 7.0
    every_second *= x[:3]
    turned[0] -= head[1]
    y[:2] = y[1:3]
    return y @ W + head @ every_second + turned @ x


def rows_and_columns(x: Any) -> Any:
    m = np.outer(x, x)
    for k, row in enumerate(m):
        row *= k
    m.T[0] += x
    m[:, 1][2:4] = x[0]
    np.swapaxes(m, 0, 1)[5] -= 1.0
    np.fliplr(m)[0, 0] = x[1]
    top, bottom = np.split(m, 2)
    top *= 0.5
    bottom[0] = top[1]
    return np.sum(A * m)


def written_into(x: Any) -> Any:
    y = np.zeros_like(x)
    np.multiply(x, 2.0, out=y)
    np.add(y[:2], 1.0, out=y[2:4])
    y.reshape(2, 3)[1] = x[:3] ** 2
    flat = y.flatten()
    flat[0] = 9.0
    return y @ W + flat @ x


def a_number_that_is_a_view(x: Any) -> Any:
    y = x.copy()
    first, value = y[..., 0], y[1]
    first += 3.0
    value += 3.0
    return y @ W * value + first


def what_einsum_and_others_show(x: Any) -> Any:
    m = np.outer(x, x)
    np.einsum("ii->i", m)[:] = x
    np.einsum("ij->ji", m)[0] *= 2.0
    np.einsum(m, [0, 1], [1, 0])[1] += x
    diagonal, same = np.diag(m), m.view()
    m[0, 0] = 3.0
    same[1] -= 1.0
    m.astype(float, copy=False)[2, 2] = 4.0
    m.real[3] = m.conj()[0] + m.imag[0]
    np.copyto(np.real(m)[4], x)
    return np.sum(A * m) + diagonal @ W


def by_functions_that_set(x: Any) -> Any:
    m, y = np.outer(x, x), 2.0 * x
    np.fill_diagonal(m, x)
    np.fill_diagonal(m[:, 1:], [1.0, x[0]])
    np.copyto(m[3], x)
    np.copyto(m[4], 2.0 * x, where=W > 0)
    np.put(m, [1, -1, 9], [x[0], 3.0])
    m.put(11, x[1])
    np.putmask(y, W > 0, x[:4])
    return np.sum(A * m) + y @ W


def where_a_condition_holds(x: Any) -> Any:
    y, m = 2.0 * x, np.outer(x, x)
    y[y > 1] = x[0]
    m[m < 0] = [0.5]
    m[:, 1][x > 0] = 3.0
    np.clip(y, -1.0, None, out=y)
    return y @ W + np.sum(A * m) + sum(y.tolist()) * m.tolist()[2][1]


def contiguous_in_any_shape(x: Any) -> Any:
    m = x.reshape(2, 3).copy()
    m.reshape(3, 2)[1] *= 2.0
    m.ravel()[0] = 7.0
    m[1].ravel()[1:] += x[0]
    apart = m.T.copy().reshape(-1, copy=True)
    apart[0] = 3.0
    return np.sum(A[:2, :3] * m) + apart @ W


def other_copies(x: Any) -> Any:
    y = 2.0 * x
    once, again, clipped, plain = copy.copy(y), copy.deepcopy([y])[0], np.clip(y, None, None), np.array(y)
    for k, z in enumerate([once, again, clipped, plain]):
        z[k] = x[0]
    y.fill(x[1])
    return y @ W + np.sum([once, again, clipped]) ** 2 + np.sum(plain * W)


def object_arrays_that_are_let_go(x: Any) -> Any:
    y = 2.0 * x
    total = np.sum(np.asarray(y) ** 2)
    y[0] = total
    number = np.asarray(y[1])
    number += 1.0
    return y @ W + number


@pytest.mark.parametrize(
    "f",
    [
        laplacian, recursion, mixed_with_updates_of_the_whole, matrix, only_numbers, copies_are_copies,
        every_other_doubled, what_views_see, rows_and_columns, written_into, a_number_that_is_a_view,
        what_einsum_and_others_show, by_functions_that_set, where_a_condition_holds,
        contiguous_in_any_shape, other_copies,
        object_arrays_that_are_let_go,
    ],
)  # fmt: skip
def test_arrays_that_are_filled(f: Function) -> None:
    check(f)


@pytest.mark.parametrize(
    "same",
    [
        np.asarray, np.asanyarray, np.ascontiguousarray, lambda y: np.array(y, copy=False),
        lambda y: np.array(y, copy=None), lambda y: np.asarray(y)[1:], lambda y: np.asarray(y[1:]),
    ],
)  # fmt: skip
def test_arrays_that_numpy_shares_are_shared(same: Function) -> None:
    def into_the_other(x: Any) -> Any:
        y = x.copy()
        same(y)[0] = 0.0
        return y @ y

    def while_the_other_is_in_use(x: Any) -> Any:
        y = x.copy()
        other = same(y)
        y[1] = 0.0
        return np.sum(other)

    check(into_the_other)
    check(while_the_other_is_in_use)


KEYS: list[Any] = [
    0, -1, slice(None), slice(None, None, 2), slice(1, 4), slice(None, None, -1), ..., (..., 1), (None, ...), [0, 2],
]  # fmt: skip
VIEWS: list[Function] = [
    np.transpose, np.squeeze, np.atleast_2d, np.flip, lambda a: a[..., ::2], lambda a: a[1:], lambda a: a[..., :-1, :],
    lambda a: np.swapaxes(a, 0, -1),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(VIEWS), st.sampled_from(KEYS), st.sampled_from("=+*v")), max_size=8
    )
)
def test_arrays_and_their_views_change_as_in_numpy(steps: list[Any]) -> None:
    def f(x: Any) -> Any:
        arrays = [np.outer(x, x), 2.0 * x]
        for k, (which, view, key, how) in enumerate(steps):
            array = arrays[which % len(arrays)]
            shown = np.empty(array.shape)
            try:
                chosen = view(shown) if how == "v" else shown[key]
            except (IndexError, np.exceptions.AxisError):
                continue
            if how == "v":
                arrays.append(view(array))
            elif how == "=":
                array[key] = x[k % 4] + k
            elif np.ndim(chosen) and how == "+":
                array[key] += x[0]
            elif np.ndim(chosen):
                array[key] *= np.arange(1, chosen.shape[-1] + 1)
        return sum(np.sum(np.cos(a + k)) for k, a in enumerate(arrays))

    point = np.array([0.3, -1.2, 0.7, 2.1])
    assert abs(float(fd.surface(f, dim=4)(point)) - f(point)) < 1e-12


def test_filling_is_linear_in_the_number_of_elements() -> None:
    def sizes(n: int) -> int:
        def f(x: Any) -> Any:
            y = np.zeros_like(x)
            for i in range(n):
                y[i] = x[i] * x[i - 1]
            return np.sum(y**2)

        return len(str(fd.surface(f, dim=n).program()).splitlines())

    assert sizes(400) < 2.5 * sizes(200)
