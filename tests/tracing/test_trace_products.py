"""Traced products of arrays, stacks of matrices among them, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tracing import A, W, check

import fastdescent as fd

B = np.random.default_rng(5).normal(size=(2, 3, 2))

CASES: dict[str, Callable[[Any], Any]] = {
    "constant stack @ matrix": lambda x: np.sum((B @ x.reshape(2, 3)) ** 2),
    "matrix @ constant stack": lambda x: np.sum((x.reshape(2, 3) @ B) ** 2),
    "stack @ stack": lambda x: np.sum((x.reshape(1, 2, 3) @ x.reshape(1, 3, 2)) ** 3),
    "stacks that broadcast": lambda x: np.sum(np.matmul(x.reshape(3, 1, 1, 2), B.reshape(2, 2, 3)) ** 2),
    "stack @ vector": lambda x: np.sum((B @ x[:2]) ** 2) + np.sum((x.reshape(1, 2, 3) @ x[:3]) ** 2),
    "vector @ stack": lambda x: np.sum((x[:3] @ B) ** 2) + np.sum((x[:2] @ x.reshape(1, 2, 3)) ** 2),
    "dot of a stack": lambda x: np.sum(np.dot(B, x.reshape(2, 3)) ** 2) + np.sum(np.dot(x.reshape(2, 3), B) ** 2),
    "inner of stacks": lambda x: np.sum(np.inner(B, x.reshape(3, 2)) ** 2) + np.inner(2.0, x)[1],
    "einsum, batches": lambda x: np.sum(np.einsum("bij,bjk->bik", x.reshape(1, 2, 3), x.reshape(1, 3, 2)) ** 2),
    "einsum, ellipsis": lambda x: np.sum(np.einsum("...ij,jk", B, x.reshape(2, 3)) ** 2),
    "einsum, two ellipses": lambda x: np.sum(np.einsum("...i,...i->...", B, x.reshape(3, 2)) ** 2),
    "einsum, diagonal": lambda x: np.sum(np.einsum("ii->i", np.outer(x, x)) * W) + np.einsum("ii", np.outer(x, W)),
    "vecdot": lambda x: np.sum(np.vecdot(B, x[:2]) ** 2) + np.vecdot(x, W),
    "einsum, lists": lambda x: np.einsum(A, [0, 1], x, [1], [0]) @ W + np.einsum(x, [0], x, [0]),
    "einsum, lists and ellipsis": lambda x: np.sum(np.einsum(B, [..., 0], x.reshape(3, 2), [..., 0], [...]) ** 2),
    "einsum, three": lambda x: np.einsum("i,ij,j", x, A, x) + np.einsum("i , ij->j", x, A) @ W,
    "einsum, numbers": lambda x: np.einsum(",i->i", 2.0, x) @ x,
}

if hasattr(np, "matvec"):  # since NumPy 2.2
    CASES |= {
        "matvec": lambda x: np.sum(np.matvec(B, x.reshape(3, 2)[:2]) ** 2) + np.matvec(A, x) @ x,
        "vecmat": lambda x: np.sum(np.vecmat(x[:3], B) ** 2) + np.vecmat(x, A) @ W,
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_products(case: Callable[[Any], Any]) -> None:
    check(case)


def shapes(n_most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, 3), max_size=n_most).map(tuple)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(1, 3), k=st.integers(1, 3), m=st.integers(1, 3), stack=shapes(2))
def test_matmul_of_any_shapes(data: st.DataObject, n: int, k: int, m: int, stack: tuple[int, ...]) -> None:
    """Each operand is a vector, a matrix or a stack, some of whose axes are 1."""

    def shape(own: tuple[int, int], vector: tuple[int]) -> tuple[int, ...]:
        kind = data.draw(st.sampled_from(["vector", "matrix", "stack"]))
        thinner = tuple(data.draw(st.sampled_from([1, size])) for size in stack)
        return vector if kind == "vector" else own if kind == "matrix" else thinner + own

    p, q = shape((n, k), (k,)), shape((k, m), (k,))
    dims = int(np.prod(p)), int(np.prod(q))
    weights = np.random.default_rng(0).normal(size=np.matmul(np.ones(p), np.ones(q)).shape)
    constant = np.random.default_rng(1).normal(size=q)
    x = np.random.default_rng(2).normal(size=sum(dims))

    def both(x: Any) -> Any:
        return np.sum(weights * (x[: dims[0]].reshape(p) @ x[dims[0] :].reshape(q)))

    def one(x: Any) -> Any:
        return np.sum(weights * (x[: dims[0]].reshape(p) @ constant) ** 2)

    for f in (both, one):
        s = fd.surface(f, dim=sum(dims))
        np.testing.assert_allclose(s(x), f(x), rtol=1e-12, atol=1e-13)
    gradient = fd.surface(both, dim=sum(dims)).gradient(x)
    wanted = [both(np.concatenate([e[: dims[0]], x[dims[0] :]])) for e in np.eye(sum(dims))[: dims[0]]]
    wanted += [both(np.concatenate([x[: dims[0]], e[dims[0] :]])) for e in np.eye(sum(dims))[dims[0] :]]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-12, atol=1e-13)  # f is linear in each operand


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x.reshape(2, 3) @ x.reshape(2, 3), r"shapes \(2, 3\) and \(2, 3\), which do not fit"),
        (lambda x: B @ x.reshape(3, 2, 1), r"whose stacks do not broadcast"),
        (lambda x: np.inner(x[:2], x[:3]), r"shapes \(2,\) and \(3,\), which do not fit"),
        (lambda x: np.matmul(x, 2.0), "multiply numbers by"),
        (lambda x: np.einsum("ij,j", x, x), "write one letter per axis"),
        (lambda x: np.einsum("i,i,i", x, x), "write one letter per axis"),
        (lambda x: np.einsum("i,i->j", x, x), "one in the result must be in an operand"),
        (lambda x: np.einsum("i,j->ii", x, x), "one in the result must be in an operand"),
        (lambda x: np.einsum("1,1", x, x), "use letters"),
    ],
)
def test_messages(f: Callable[[Any], Any], what: str) -> None:
    with pytest.raises(fd.TraceError, match=what):
        fd.surface(f, dim=6)


def test_matrix_products_stay_loops_however_many_rows() -> None:
    """One loop of three is unrolled: the shortest one."""
    lengths = []
    for n in (16, 256):
        X = np.random.default_rng(0).normal(size=(n, 5))
        s = fd.surface(lambda w, X=X: np.mean(np.tanh(X @ w.reshape(5, 3)) ** 2), dim=15)
        lengths.append(len(s._formula.program("fun", "gradient").main.instructions))
    assert max(lengths) < 20
