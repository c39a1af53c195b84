"""Tracing: every supported function against plain NumPy, indexing, arrays of objects, updates in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.numpy_calls import CALLS_OF_ORDER
from support.tracing import A, Function, W, check

import fastdescent as fd
from fastdescent.program.trace.numpy.functions import FUNCTIONS
from fastdescent.program.trace.numpy.matrices import MATRICES

# ---------------------------------------------------------------------- functions
CALLS: dict[str, list[Function]] = {
    "sum": [lambda x: np.sum(np.sum(x.reshape(2, 3), axis=0) ** 2), lambda x: np.sum([x[0] ** 2, x[1], 3.0]),
            lambda x: np.sum(np.sum(x.reshape(1, 2, 3), axis=(-1, 0), keepdims=True) ** 2, dtype=float)],
    "initial": [lambda x: np.sum(x, initial=x[0]) + np.max(x, initial=0.5) + np.min(x[3:], initial=x[1]) * x[0],
                lambda x: np.prod(x[:2], initial=2.0) + np.max(x[6:], initial=x[5]) + x.sum(initial=3.0)],
    "mean": [lambda x: np.mean(x**2) + x.reshape(2, 3).mean(axis=1, keepdims=True)[1, 0] ** 2],
    "prod": [lambda x: np.prod(np.cos(x / np.sqrt(np.arange(1, 7)))), lambda x: W[:3] @ np.prod(x.reshape(2, 3), 0)],
    "max": [lambda x: np.max(np.abs(x)), lambda x: W[:2] @ np.max(x.reshape(2, 3), axis=1, keepdims=True)[:, 0]],
    "amax": [lambda x: np.amax(x.reshape(3, 2), (1, 0))],
    "min": [lambda x: np.min(x * W)],
    "amin": [lambda x: W[:3] @ np.amin(x.reshape(2, 3), 0)],
    "cumsum": [lambda x: np.sum(np.cumsum(x) ** 2), lambda x: np.sum(np.cumsum(x.reshape(2, 3), axis=1)[:, 1] ** 2)],
    "diff": [lambda x: np.sum(np.diff(x) ** 2) + np.sum(W[:3] @ np.diff(x.reshape(2, 3), axis=0)[0] ** 3),
             lambda x: np.sum(np.diff(x, n=2) ** 2) + np.diff(x, prepend=0.0, append=x[:2]) @ np.arange(8),
             lambda x: np.sum(np.diff(x.reshape(2, 3), axis=0, prepend=x[0]) * A[:2, :3])],
    "cumprod": [lambda x: np.sum(np.cumprod(x) * W), lambda x: np.sum(np.cumprod(x.reshape(2, 3), axis=0)[1] ** 2)],
    "var": [lambda x: np.var(x), lambda x: W[:2] @ np.var(x.reshape(2, 3), axis=1, ddof=1, keepdims=True)[:, 0]],
    "std": [lambda x: np.std(x) + W[:3] @ np.std(x.reshape(2, 3), axis=0, ddof=1)],
    "average": [lambda x: np.average(x) + np.average(x**2, weights=W + 2),
                lambda x: W[:3] @ np.average(x.reshape(2, 3), axis=0, weights=[1.0, 3.0])],
    "ptp": [lambda x: np.ptp(x) + np.ptp(x.reshape(2, 3), axis=1) @ W[:2]],
    "round": [lambda x: np.round(x) @ x + np.round(9 * x, -1) @ x + 0 * np.round(x, 2)[0]],
    "around": [lambda x: np.around(x) @ x],
    "fix": [lambda x: np.fix(x) @ x], "sinc": [lambda x: np.sinc(x) @ W + np.sinc(x / 50) @ W],
    "all": [lambda x: x[0] * np.all(x > 0) + x[1] * np.all(x.reshape(2, 3) > -1, axis=0)[1] + x[2] * np.all(x)],
    "any": [lambda x: x[0] * np.any(x > 1.5) + x[1] * np.any(x.reshape(2, 3) > 1, axis=1)[1] + (x > 1).any() * x[3]],
    "select": [lambda x: np.sum(np.select([x > 1, x > 0], [x**2, np.sin(x)], -x))],
    "trapezoid": [lambda x: np.trapezoid(x**2, W) + np.trapezoid(x, dx=0.1)],
    "vstack": [lambda x: np.sum(A[:3] * np.vstack([x, W * x, x**2]))],
    "column_stack": [lambda x: np.sum(A[:, :2] * np.column_stack([x, x**2]))],
    "append": [lambda x: np.append(x, x[0] * 2)[1:] @ W + np.append(x.reshape(2, 3), A[:1, :3], axis=0)[1] @ W[:3]],
    "roll": [lambda x: x @ np.roll(x, 1) + np.roll(x.reshape(2, 3), 1, axis=1)[0] @ W[:3] + np.roll(x, -2) @ W],
    "flip": [lambda x: np.flip(x) @ W], "fliplr": [lambda x: np.fliplr(x.reshape(2, 3))[0] @ W[:3]],
    "flipud": [lambda x: np.flipud(x.reshape(2, 3))[0] @ W[:3]],
    "rot90": [lambda x: np.rot90(x.reshape(2, 3))[0] @ W[:2]],
    "tile": [lambda x: np.tile(x, 2) @ np.arange(12)], "repeat": [lambda x: np.repeat(x, 2) @ np.arange(12)],
    "take": [lambda x: np.take(x, [0, 5, 5]) @ W[:3]], "delete": [lambda x: np.delete(x, 2) @ W[:5]],
    "diagonal": [lambda x: np.diagonal(np.outer(x, W)) @ W], "split": [lambda x: np.split(x, 2)[1] @ W[:3]],
    "array_split": [lambda x: np.array_split(x, 4)[0] @ W[:2]], "hsplit": [lambda x: np.hsplit(x, 3)[1] @ W[:2]],
    "vsplit": [lambda x: np.vsplit(x.reshape(2, 3), 2)[1][0] @ W[:3]],
    "swapaxes": [lambda x: np.swapaxes(x.reshape(2, 3), 0, 1)[1] @ W[:2]],
    "moveaxis": [lambda x: np.moveaxis(x.reshape(1, 2, 3), 0, -1)[1, 2, 0] ** 2],
    "atleast_2d": [lambda x: np.atleast_2d(x)[0] @ W],
    "diag": [lambda x: x @ np.diag(x) @ W + np.diag(np.outer(x, x), 1) @ W[:5] + x @ np.diag(x[1:], -1) @ x],
    "triu": [lambda x: np.sum(np.triu(np.outer(x, x), 1) * A)], "tril": [lambda x: np.sum(np.tril(np.outer(x, x)) * A)],
    "inner": [lambda x: np.inner(x, W) + np.inner(A, x)[2]], "trace": [lambda x: np.trace(np.outer(x, x) * A)],
    "vdot": [lambda x: np.vdot(x, W) + np.vdot(x.reshape(2, 3), A[:2, :3])],
    "tensordot": [lambda x: np.sum(np.tensordot(A, x, 1) ** 2) + np.tensordot(x, x, axes=([0], [0])),
                  lambda x: np.sum(np.tensordot(x.reshape(2, 3), A[:3, :2], axes=([0, 1], [1, 0])))],
    "einsum": [lambda x: np.einsum("i,ij,j->", x, A, x) + np.einsum("ij,j", A, x) @ W,
               lambda x: np.einsum("i,j->ji", x, W)[1, 2] ** 2,
               lambda x: np.sum(np.einsum("ij, kj -> ik", x.reshape(2, 3), A[:, :3]) ** 2)],
    "polyval": [lambda x: np.polyval([1.0, -2.0, 0.5], x) @ W + np.polyval(x, 0.7)],
    "clip": [lambda x: W @ np.clip(x, -1, 1.2) + W @ x.clip(None, 0.5) + W @ np.clip(x, W - 3, W)],
    "outer": [lambda x: np.sum(A[:2, :4] * np.outer(x[:2], np.sin(x[2:]))) + np.sum(np.outer(W, x)[1])],
    "norm": [lambda x: np.linalg.norm(x - W), lambda x: W[:2] @ np.linalg.norm(x.reshape(2, 3), 2, axis=1),
             lambda x: np.linalg.norm(x, 1) + np.linalg.norm(x - W, np.inf) + np.linalg.norm(x, -np.inf),
             lambda x: np.linalg.norm(x, 0) * x[0] + np.linalg.norm(x, 3),
             lambda x: W[:2] @ np.linalg.norm(x.reshape(2, 3), 1, 1),
             lambda x: np.linalg.norm(x.reshape(2, 3), "fro", keepdims=True)[0, 0]],
    "dot": [lambda x: np.dot(x, W) * np.dot(2.0, x[0]) + np.dot(A, x) @ np.dot(x, A)],
    "where": [lambda x: np.sum(np.where(x > 0, x**2, -x)), lambda x: W @ np.where([True, False] * 3, x, 2.0 * x),
              lambda x: W @ (x * (np.where(x > 0, x > 1, x > -1) + (x < 0.5)))],
    "concatenate": [lambda x: np.concatenate([x[3:], [1.0], x[:2] ** 2]) @ W,
                    lambda x: A[0, :4] @ np.concatenate((x.reshape(2, 3), A[:2, :1]), axis=1)[1],
                    lambda x: np.concatenate((x.reshape(2, 3), x[:3, None]), axis=None)[4:7] @ W[:3] ** 2],
    "stack": [lambda x: np.sum(A[:2, :3] * np.stack([x[:3], x[3:] ** 2])),
              lambda x: np.sum(A[:3, :2] * np.stack((x[:3], W[:3]), axis=-1)) + np.stack([x[0], x[1]]) @ W[:2]],
    "hstack": [lambda x: np.hstack([x[:2], x[5], 2.0, x[2:4]]) @ W, lambda x: np.hstack([x[:2, None], A[:2]])[1, 0]],
    "reshape": [lambda x: W[:3] @ np.reshape(x, (2, 3))[1] + W[:2] @ np.reshape(x, (2, -1), order="F")[:, 1],
                lambda x: W @ x.reshape(2, 3).T.reshape(-1) + W[:2] @ x.reshape((3, 2))[0]],
    "ravel": [lambda x: W @ np.ravel(x.reshape(2, 3).T) ** 2 + W @ np.ravel(x.reshape(2, 3), order="F")],
    "transpose": [lambda x: W[:3] @ np.transpose(x.reshape(2, 3))[:, 0],
                  lambda x: W[:2] @ x.reshape(1, 2, 3).transpose(2, 0, 1)[1, 0]],
    "squeeze": [lambda x: np.squeeze(x[None, :, None]) @ W + x.reshape(6, 1).squeeze(axis=1) @ W],
    "expand_dims": [lambda x: np.sum(A * np.expand_dims(x, 1)) + np.sum(A * np.expand_dims(x, (0, 2))[0])],
    "atleast_1d": [lambda x: np.atleast_1d(x) @ W + np.atleast_1d(x[0])[0]],
    "broadcast_to": [lambda x: np.sum(A * np.broadcast_to(x, (6, 6))) + np.sum(np.broadcast_to(x[0], (3,)) ** 2)],
    "copy": [lambda x: np.copy(x) @ W],
    "zeros_like": [lambda x: np.sum(np.zeros_like(x) + x)],
    "empty_like": [lambda x: np.size(np.empty_like(x)) * x[0]],
    "ones_like": [lambda x: np.ones_like(x, dtype=float) @ x],
    "full_like": [lambda x: np.full_like(x, 2.5) @ x + np.full_like(x, x[0]) @ W],
    "convolve": [lambda x: np.sum(np.convolve(x, W) ** 2) + np.sum(np.convolve(W[:3], x, "same") ** 2),
                 lambda x: np.convolve(x, x) @ np.arange(11) + np.convolve(x[:2], W[:3], "valid") @ W[:2]],
    "correlate": [lambda x: sum(np.sum(np.correlate(x[:n], W[:m], how) * A[0, 0] * np.arange(n + m - 1)[:k])
                                for n in (2, 3, 6) for m in (2, 3, 4, 5)
                                for how in ("full", "same", "valid")
                                for k in [len(np.correlate(W[:n], W[:m], how))])],
    "linspace": [lambda x: np.linspace(x[0], x[1], 5) @ W[:5] ** 2 + np.linspace(x[:2], 1.0, 3, axis=1)[1] @ W[:3],
                 lambda x: W[:4] @ np.linspace(0.5, x[0], 4, endpoint=False),
                 lambda x: np.linspace(x[0], x[1], 3, True, True)[1] ** 2,
                 lambda x: np.sum(np.linspace(x[0], x[1], 1)) + np.sum(np.linspace(x[0], x[1], 0)) + x[2]],
    "vander": [lambda x: np.sum(A * np.vander(x)) + np.sum(A[:, :3] * np.vander(x, 3, increasing=True))],
    "ediff1d": [lambda x: np.ediff1d(x) @ W[:5] + np.ediff1d(x.reshape(2, 3), x[:2], -9.0) @ np.arange(8)],
    "gradient": [lambda x: np.gradient(x) @ W + np.gradient(x, 0.5, edge_order=2) @ W**2,
                 lambda x: np.gradient(x, [0, 1, 3, 3.5, 6, 7]) @ W + np.sum(np.gradient(np.outer(x, W), 2.0)[0] * A),
                 lambda x: np.sum(np.gradient(np.outer(x, W), 2.0, np.arange(6) ** 2)[1] * A),
                 lambda x: W[:3] @ np.gradient(x.reshape(2, 3), axis=0)[1]],
    "interp": [lambda x: np.interp(np.array([[0.5, 1.5], [7.0, -1.0]]), np.arange(6), x)[:, 0] @ W[:2] ** 2
                         + np.interp(2.25, np.arange(6), x) ** 2,
               lambda x: np.interp([-3.0, 0.1, 9.0], W[[1, 4, 3]], x[:3], 5.0, -2.0) @ x[:3]
                         + np.interp(np.arange(6), np.arange(0, 4, 0.5), np.cos(np.append(x, x[:2])), period=4) @ x],
    "cross": [lambda x: np.cross(x[:3], x[3:]) @ W[:3] + np.sum(np.cross(x.reshape(2, 3), W[:3]) * A[:2, :3]),
              lambda x: np.sum(np.cross(x.reshape(3, 2), A[:2, :3], axisa=0, axisc=0) * A[:3, :2]),
              lambda x: np.sum(np.cross(x.reshape(3, 2), A[:3, :2], axis=0) * A[:3, 1:3])],
    "kron": [lambda x: np.kron(x[:2], W[:3]) @ x + np.sum(A * np.kron(x.reshape(2, 3), A[:3, :2])),
             lambda x: np.sum(A[:2] * np.kron(W[:2], x.reshape(2, 3))) + np.kron(x[0], 2.0)],
    "dstack": [lambda x: np.sum(np.dstack([x, W, x**2])[0] * A[:, :3]) + np.dstack([np.outer(x, W)])[2, 1, 0]],
    "block": [lambda x: np.sum(np.block([[np.outer(x[:4], W[:5]), np.ones((4, 1))], [x], [W * x[0]]]) * A),
              lambda x: np.block([x[0], x[1:], 3.0, W[:2]]) @ np.arange(9)],
    "insert": [lambda x: np.insert(x, [1, 4], [x[5], 2.0]) @ np.arange(8) ,
               lambda x: np.sum(np.insert(x.reshape(2, 3), 1, W[:2], 1) * A[:2, :4]),
               lambda x: np.sum(np.insert(W[:4], 2, x[:2]) * W)],
    "broadcast_arrays": [lambda x: np.sum(np.multiply(*np.broadcast_arrays(x[:, None], W)) * A)],
    "meshgrid": [lambda x: np.sum(np.meshgrid(x, x[:3] ** 2, W[:2])[1] * np.arange(36).reshape(3, 6, 2)),
                 lambda x: np.sum(np.multiply(*np.meshgrid(x, W, copy=False, sparse=True, indexing="ij")) * A)],
    "diagflat": [lambda x: np.sum(np.diagflat(x.reshape(2, 3)) * A) + np.diagflat(x[:2], 1)[0, 1]],
    "pad": [lambda x: np.pad(x, (1, 2)) @ np.arange(9) + np.pad(x, 1, constant_values=(2, 3)) @ np.arange(8),
            *(lambda x, mode=mode: np.sum(np.pad(x.reshape(2, 3), ((1, 0), (2, 1)), mode) * A[:3])
              for mode in ("edge", "reflect", "symmetric", "wrap"))],
    "take_along_axis": [lambda x: np.take_along_axis(x.reshape(2, 3), np.array([[2, 0], [1, 1]]), 1)[0] @ W[:2]],
    "resize": [lambda x: np.sum(np.resize(x, (3, 5)) * A[:3, :5])],
    "rollaxis": [lambda x: np.rollaxis(x.reshape(1, 2, 3), 2)[2, 0] @ W[:2]],
    "matrix_transpose": [lambda x: np.matrix_transpose(x.reshape(2, 3))[1] @ W[:2] + x.reshape(1, 2, 3).mT[0, 1, 0]],
    "atleast_3d": [lambda x: np.atleast_3d(x)[0, :, 0] @ W + np.atleast_3d(x[0], x.reshape(2, 3))[1][1, 2, 0]],
    "sliding_window_view": [lambda x: np.sum(np.lib.stride_tricks.sliding_window_view(x, 3) ** 2 * A[:4, :3])],
    "copyto": [], "fill_diagonal": [], "put": [], "putmask": [],  # in test_trace_filling
    "linalg.vector_norm": [lambda x: np.linalg.vector_norm(x.reshape(2, 3)) + np.linalg.vector_norm(x, ord=3),
                           lambda x: np.linalg.vector_norm(x.reshape(1, 2, 3), axis=(0, 2), keepdims=True)[0, 1, 0]],
    "linalg.matrix_norm": [lambda x: np.linalg.matrix_norm(x.reshape(1, 2, 3))[0]],
    "linalg.vecdot": [lambda x: np.linalg.vecdot(x.reshape(2, 3), A[:2, :3]) @ W[:2],
                      lambda x: np.linalg.vecdot(x.reshape(3, 2), A[:3, :2], axis=0) @ W[:2]],
    "linalg.matmul": [lambda x: np.linalg.matmul(A, x) @ W + np.linalg.matmul(W, np.outer(x, x)) @ W],
    "linalg.trace": [lambda x: np.linalg.trace(np.outer(x, x)[:, None, :] * A[:, :, None], offset=1)[1]],
    "linalg.diagonal": [lambda x: np.linalg.diagonal(np.outer(x, x).reshape(2, 3, 6), offset=1)[1] @ W[:3]],
    "real": [lambda x: np.real(x) @ x.real + x.conj() @ W + np.real(x[0])],
    "unstack": [lambda x: np.unstack(x.reshape(2, 3), axis=1)[2] @ W[:2]] if hasattr(np, "unstack") else [],
    "real_if_close": [lambda x: np.real_if_close(x) @ W],
    "astype": [lambda x: np.astype(x, float) @ W + np.astype(x, np.float64, copy=False) @ x]
    if hasattr(np, "astype") else [],  # since NumPy 2.1
    "imag": [lambda x: np.imag(x) @ x + x[0] + x[1].imag],
    "result_type": [lambda x: np.sum(x.astype(np.result_type(x, W)))],
    "iscomplexobj": [lambda x: x[0] if not np.iscomplexobj(x) else x[1]],
    "isrealobj": [lambda x: x[0] if np.isrealobj(x) else x[1]],
    "shape": [lambda x: x[0] * np.shape(x)[0]],
    "size": [lambda x: x[0] * np.size(x) + x[1] * np.size(x.reshape(2, 3), 1)],
    "ndim": [lambda x: x[0] * np.ndim(x.reshape(2, 3))],
} | CALLS_OF_ORDER  # fmt: skip


def test_every_function_is_tested() -> None:
    assert set(CALLS) - {"initial"} == set(FUNCTIONS) - set(MATRICES)  # those are in test_trace_linalg


@pytest.mark.parametrize("f", [pytest.param(f, id=f"{name}{k}") for name in CALLS for k, f in enumerate(CALLS[name])])
def test_function(f: Function) -> None:
    check(f)


# ---------------------------------------------------------------------- indexing
@settings(max_examples=80, deadline=None)
@given(data=st.data(), shape=st.sampled_from([(12,), (3, 4), (2, 3, 2)]))
def test_any_view_shows_the_elements_that_numpy_shows(data: st.DataObject, shape: tuple[int, ...]) -> None:
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, max_dims=6))
    assert_shows(lambda x: x.reshape(shape)[index])


@settings(max_examples=80, deadline=None)
@given(data=st.data(), shape=st.sampled_from([(12,), (3, 4), (2, 3, 2)]))
def test_any_array_of_indices_gathers_what_numpy_gathers(data: st.DataObject, shape: tuple[int, ...]) -> None:
    arrays = hnp.integer_array_indices(shape[: data.draw(st.integers(1, len(shape)))])
    index = data.draw(arrays | hnp.arrays(bool, shape))
    assert_shows(lambda x: x.reshape(shape)[index])


@pytest.mark.parametrize(
    "take",
    [lambda x: x[[3, -1, 3]], lambda x: x[range(2, 9, 3)], lambda x: x[True], lambda x: x[[]], lambda x: x[12:],
     lambda x: x[::-1][2::3][::-1], lambda x: x.reshape(3, 4).T[1:, ::2].ravel(), lambda x: x.reshape(3, 4)[(0, 1), :],
     lambda x: x.reshape(3, 4)[[0, 2], 1:3], lambda x: x.reshape(3, 4)[1:, [3, 0]], lambda x: x[np.arange(12) % 5 == 1],
     lambda x: x.reshape(2, 3, 2)[..., 1][0], lambda x: x[None, 3], lambda x: x[np.int64(4)], lambda x: x[..., 5],
     lambda x: x.reshape(3, 4).item(1, 2), lambda x: x.reshape(3, 4).item(-3), lambda x: x[4:5].item(),
     lambda x: x.reshape((3, 4), order="F")[1].reshape(2, 2, order="F"), lambda x: x.reshape(3, 4).flatten("F")[3:7],
     lambda x: x.reshape(3, 4).T.reshape(2, 6, order="F"), lambda x: x.reshape(3, 4).transpose((1, 0)).squeeze()],
)  # fmt: skip
def test_indexing(take: Function) -> None:
    assert_shows(take)


def assert_shows(take: Function) -> None:
    """A weighted sum of what is taken has, as its gradient, the weights in the places that NumPy takes them from."""
    x = np.arange(1.0, 13.0)
    places = np.asarray(take(np.arange(12)))
    weights = np.random.default_rng(places.size).integers(1, 100, places.shape).astype(float)
    s = fd.surface(lambda p: np.sum(weights * take(p)), dim=12)
    assert s(x) == np.sum(weights * x[places])
    np.testing.assert_array_equal(s.gradient(x), np.bincount(places.ravel(), weights.ravel(), minlength=12))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_polynomials_of_integers_are_exact(data: st.DataObject) -> None:
    """No rounding, so that whatever order or fused operation is used, values and gradients are equal."""
    powers = st.integers(0, 3)
    table = data.draw(st.lists(st.tuples(st.integers(-2, 2), powers, powers, powers), min_size=1, max_size=6))
    point = data.draw(st.tuples(*(st.integers(-4, 4),) * 3))
    s = fd.surface(lambda x, y, z: sum(c * x**i * y**j * z**k for c, i, j, k in table) + 0 * x, name="polynomial")
    x, y, z = point
    assert s(point) == sum(c * x**i * y**j * z**k for c, i, j, k in table)
    slope = sum(c * i * x ** max(i - 1, 0) * y**j * z**k for c, i, j, k in table)
    assert s.gradient(point)[0] == slope
    bend = sum(c * i * x ** max(i - 1, 0) * j * y ** max(j - 1, 0) * z**k for c, i, j, k in table)
    assert s.hessian(point)[0, 1] == bend


# ---------------------------------------------------------------------- arrays of objects, updates in place
def rosen(x: Any) -> Any:
    """As functions are often written: any sequence comes in."""
    x = np.asarray(x)
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0, axis=0, dtype=x.dtype)


AS_OBJECTS: list[Function] = [
    rosen,
    lambda x: np.sum(np.sin(np.asarray(x)) * np.exp(np.asarray(x) / 4) + np.sqrt(np.asarray(x) ** 2)),
    lambda x: np.array([[x[0], x[1]], [2.0, x[2] ** 2]]).dot(np.array([x[3], 1.0])) @ W[:2],
    lambda x: A[:2, :2] @ np.array([x[0] * x[1], x[5]]) @ W[:2] + np.array(x[2]) * 3.0,
    lambda x: W @ (x * np.array(x)) + np.concatenate([np.asarray(x)[:3], x[3:]]) @ W,
    lambda x: np.linalg.norm(np.asarray(x)) + np.hypot(np.asarray(x)[0], x[1]),
    lambda x: np.sum(np.asarray(x.reshape(2, 3))[:, 1] ** 2),
]


@pytest.mark.parametrize("f", AS_OBJECTS)
def test_arrays_of_objects_unroll(f: Function) -> None:
    check(f)


def in_place(x: Any) -> Any:
    total, y = 0.0, 2 * x
    for k in range(len(x)):
        total += x[k] ** (k % 3)
        first = y[k]
        first *= 3
        y += first
    z = y
    z /= x[1] ** 2 + 1.0
    shifted = x[[0, 1, 2]]
    shifted -= 1.0
    mask = x > 0
    mask &= x < 1
    return total * y[0] + np.sum(y * mask) + shifted @ shifted


def filled(x: Any) -> Any:
    out = np.empty(len(x), dtype=object)
    for i in range(len(x)):
        out[i] = np.sin(x[i]) * i
        out[i] += x[i] ** 2
    return np.sum(out**2) + np.mean(out) + out @ W + np.std(np.asarray(x))


def test_object_arrays_may_be_filled() -> None:
    check(filled)


def test_arguments_with_defaults_keep_them_where_the_first_takes_the_point() -> None:
    def f(x: Any, a: float = 3.0, square: bool = True) -> Any:
        return np.sum(x**2 if square else x) * a

    for dim in (1, 2, 3, 5):
        assert fd.surface(f, dim=dim)(np.ones(dim)) == 3.0 * dim


def test_arguments_with_defaults_are_never_coordinates() -> None:
    def f(x: Any, y: Any, a: Any = 3.0) -> Any:
        return x**2 + a * y

    assert fd.surface(f, dim=2)([2.0, 1.0]) == 7.0
    with pytest.raises(ValueError, match="dim must be 2, the number of arguments of f; got 3"):
        fd.surface(f, dim=3)
    assert fd.surface(lambda x=1.0: x[0], dim=1)([3.0]) == 3.0


def test_updates_in_place_of_what_nobody_else_sees() -> None:
    check(in_place)


def test_constants_and_parameters() -> None:
    @fd.surface(dim=3)
    def f(x: Any, *, a: float = 2.0, w: Any = (1.0, 2.0, 3.0)) -> Any:
        a += 1.0
        return a * np.dot(w, x) + np.sum(np.asarray(w) * x)

    assert f([1.0, 1.0, 1.0]) == 3.0 * 6.0 + 6.0
    assert f.with_params(a=0.0, w=[1.0, 0.0, 0.0])([5.0, 1.0, 1.0]) == 10.0
    constant = fd.surface(lambda x: 3.0, dim=2)
    assert constant([1.0, 2.0]) == 3.0
    np.testing.assert_array_equal(constant.gradient([1.0, 2.0]), [0.0, 0.0])
