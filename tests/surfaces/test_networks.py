"""Networks and their data: packing, random weights, losses in every engine, messages. JAX's word is in tests_jax."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr, softmax
from support.available import ENGINES
from support.parity import same_bits
from support.tracing import check

import fastdescent as fd
from fastdescent import surfaces

WIDTHS = st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple)
OF_NUMPY = {
    "tanh": np.tanh, "relu": lambda z: z * (z > 0), "gelu": lambda z: z * ndtr(z), "sigmoid": expit,
    "softplus": lambda z: np.log1p(np.exp(z)), "identity": lambda z: z,
}  # fmt: skip
ACTIVATIONS, LOSSES = [*OF_NUMPY], ["mse", "logistic", "cross_entropy"]


def labels_for(loss: str, n: int, n_outputs: int) -> Any:
    random = np.random.default_rng(3)
    return random.normal(size=(n, n_outputs)) if loss == "mse" else random.integers(0, max(n_outputs, 2), n)


def by_numpy(w: Any, widths: tuple[int, ...], activation: str, X: Any, y: Any, loss: str) -> float:
    """Row by row, unit by unit."""
    total = 0.0
    for row, target in zip(X, y, strict=True):
        h, at = row, 0
        for k, (n, m) in enumerate(itertools.pairwise(widths)):
            bias = w[at + n * m : at + n * m + m]
            h = np.array([sum(h[i] * w[at + i * m + j] for i in range(n)) + bias[j] for j in range(m)])
            h = OF_NUMPY[activation](h) if k < len(widths) - 2 else h
            at += n * m + m
        if loss == "mse":
            total += np.mean((h - target) ** 2)
        elif loss == "logistic":
            total -= np.log(expit(h[0]) if target else expit(-h[0]))
        else:
            total -= np.log(softmax(h)[target])
    return total / len(X)


@pytest.mark.parametrize(("option", "names"), [("activation", ACTIVATIONS), ("loss", LOSSES)])
def test_there_are_no_other_names(option: str, names: list[str]) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    with pytest.raises(ValueError, match=f"^{option} must be one of {listed}; got 'other'"):
        surfaces.mlp((2, 1), **{option: "other"})


@settings(max_examples=40, deadline=None)
@given(widths=WIDTHS, activation=st.sampled_from(ACTIVATIONS), loss=st.sampled_from(LOSSES), n=st.integers(1, 6))
def test_the_loss_is_that_of_the_formula(widths: tuple[int, ...], activation: str, loss: str, n: int) -> None:
    widths = (*widths[:-1], {"logistic": 1, "cross_entropy": max(2, widths[-1])}.get(loss, widths[-1]))
    X, y = np.random.default_rng(0).normal(size=(n, widths[0])), labels_for(loss, n, widths[-1])
    s = surfaces.mlp(widths, activation, data=(X, y), loss=loss)
    w = np.random.default_rng(1).normal(size=s.dim)
    np.testing.assert_allclose(s(w), by_numpy(w, widths, activation, X, y, loss), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivatives_are_those_of_differences(activation: str, loss: str) -> None:
    widths = (2, 2, 1 if loss == "logistic" else 2)
    X = np.random.default_rng(0).normal(size=(5, 2))
    s = surfaces.mlp(widths, activation, data=(X, labels_for(loss, 5, widths[-1])), loss=loss)
    rows = s._formula.rows
    assert rows is not None
    check(lambda x: rows.function(x, *rows.arrays), dim=s.dim)  # type: ignore[misc]


@pytest.mark.parametrize("loss", ["logistic", "cross_entropy"])
def test_losses_of_large_outputs_are_finite_and_exact(loss: str) -> None:
    n_outputs = 1 if loss == "logistic" else 2
    s = surfaces.mlp((1, n_outputs), data=([[1.0], [-1.0]], [1, 0]), loss=loss)
    w = np.array([1000.0, 0.0] if loss == "logistic" else [-500.0, 500.0, 0.0, 0.0])
    assert s(w) == 0.0
    assert s(-w) == 1000.0
    assert np.all(np.isfinite(s.gradient([w, -w])))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "surface",
    [surfaces.mlp(), surfaces.logistic(), surfaces.deep_linear(), surfaces.matrix_factorization(),
     surfaces.phase_retrieval(),
     surfaces.mlp((2, 5, 4, 3), "gelu", data=(fd.data.two_spirals(40)[0], np.arange(40) % 3), loss="cross_entropy"),
     surfaces.mlp((2, 17, 1), "relu", data=fd.data.two_moons(70), loss="logistic", l2=1e-3)],
    ids=lambda s: f"{s.name}-{s.dim}",
)  # fmt: skip
def test_engines_and_threads_agree(surface: fd.Surface, dtype: str) -> None:
    x0 = fd.uniform(surface.window, 19, seed=1).astype(dtype)
    for optimizer in (fd.Adam(lr=0.05), fd.LineSearch()):
        runs = [
            fd.descend(surface, x0, optimizer, max_steps=15, engine=e, n_threads=k) for e in ENGINES for k in (1, 2)
        ]
        assert all(same_bits(runs[0], run) for run in runs)


def test_programs_do_not_grow_with_rows_or_units() -> None:
    lengths = []
    for n, units in ((10, 8), (200, 8), (10, 40)):
        s = surfaces.mlp((2, units, units, 1), data=fd.data.two_moons(n), loss="logistic")
        lengths.append(len(s._formula.program("fun", "gradient").main.instructions))
    assert max(lengths) < 60  # strips, once there are many rows, begin sums by instructions of their own


def test_pickles_keep_the_function_of_rows() -> None:
    s = surfaces.mlp((2, 3, 1), "gelu", data=fd.data.two_moons(10), loss="logistic", l2=0.5)
    again = pickle.loads(pickle.dumps(s))
    w = surfaces.he((2, 3, 1), 5)
    assert again.gradient(w).tobytes() == s.gradient(w).tobytes()
    assert again._formula.rows.function == s._formula.rows.function
    assert again.with_params(l2=0.0)(w).tobytes() == s.with_params(l2=0.0)(w).tobytes()


def test_labels_may_be_booleans() -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 2)), np.arange(8) % 3 == 0
    for make in (surfaces.logistic, lambda data: surfaces.mlp((2, 3, 1), data=data, loss="logistic")):
        s, t = make((X, y)), make((X, y.astype(float)))
        assert s(np.ones(s.dim)) == t(np.ones(s.dim))


# ---------------------------------------------------------------------- weights
@settings(max_examples=30, deadline=None)
@given(widths=WIDTHS, bias=st.booleans())
def test_layers_take_apart_what_is_packed(widths: tuple[int, ...], bias: bool) -> None:
    dim = sum((a + bias) * b for a, b in itertools.pairwise(widths))
    w = np.arange(3 * dim).reshape(3, dim)
    pieces = [part for pair in surfaces.layers(w, widths, bias) for part in pair if part is not None]
    np.testing.assert_array_equal(np.concatenate([p.reshape(3, -1) for p in pieces], axis=1), w)


@pytest.mark.parametrize("make", [surfaces.he, surfaces.xavier])
def test_random_weights_are_functions_of_seed_and_index(make: Any) -> None:
    widths = (3, 5, 2)
    w = make(widths, 4000, seed=3)
    assert w.shape == (4000, 32)
    np.testing.assert_array_equal(make(widths, 7, seed=3), w[:7])
    assert not np.array_equal(make(widths, 7, seed=4), w[:7])
    np.testing.assert_array_equal(make(widths, 7, seed=3, gain=0.5), 0.5 * w[:7])
    for (matrix, biases), (n, m) in zip(surfaces.layers(w, widths), ((3, 5), (5, 2)), strict=True):
        variance = 2.0 / n if make is surfaces.he else 2.0 / (n + m)
        np.testing.assert_allclose(np.var(matrix), variance, rtol=0.05)
        assert abs(np.mean(matrix)) < 0.02
        assert not np.any(biases)
    assert make(widths, 3, bias=False).shape == (3, 25)
    run = fd.descend(surfaces.mlp((1, 1), data=([[1.0]], [1.0]), l2=0.1), make((1, 1), 50), fd.GD(lr=0.1))
    assert np.all(np.isfinite(fd.classify(run).points.share_low))  # they remember that they are random


# ---------------------------------------------------------------------- data
def test_data_are_functions_of_the_seed() -> None:
    for made in (fd.data.two_moons, fd.data.two_spirals):
        X, y = made(20, noise=0.3, seed=1)
        again, other = made(20, noise=0.3, seed=1)[0], made(20, noise=0.3, seed=2)[0]
        assert (X.shape, y.tolist()) == ((20, 2), [0] * 10 + [1] * 10)
        np.testing.assert_array_equal(X, again)
        assert not np.array_equal(X, other)
        np.testing.assert_allclose(np.std(made(4000, noise=0.3)[0] - made(4000, noise=0)[0]), 0.3, rtol=0.05)
    i = np.arange(97)
    angle, radius = i * np.pi / 16, (104 - i) / 104
    spiral = fd.data.two_spirals()[0][:97]
    np.testing.assert_allclose(spiral, radius[:, np.newaxis] * np.stack([np.sin(angle), np.cos(angle)], 1), atol=1e-14)


def test_the_teacher_is_a_minimum_of_the_student() -> None:
    X, Y, w = fd.data.teacher_student(30, (3, 4, 2), "softplus", seed=5)
    assert (X.shape, Y.shape, w.shape) == ((30, 3), (30, 2), (26,))
    s = surfaces.mlp((3, 4, 2), "softplus", data=(X, Y))
    assert s(w) < 1e-28
    noisy = fd.data.teacher_student(30, (3, 4, 2), "softplus", seed=5, noise=0.1)
    np.testing.assert_array_equal(noisy[0], X)
    assert 0.05 < np.std(noisy[1] - Y) < 0.2


# ---------------------------------------------------------------------- messages
D = ([[0.0, 1.0], [1.0, 0.0]], [0, 1])


@pytest.mark.parametrize(
    ("call", "error", "what"),
    [
        (lambda: surfaces.mlp(3), TypeError, r"widths must be numbers of units, such as \(2, 8, 1\); got 3"),
        (lambda: surfaces.mlp((3,)), ValueError, "widths must have two numbers or more"),
        (lambda: surfaces.mlp((2, 0, 1)), ValueError, r"widths\[1\] must be 1 or greater; got 0"),
        (lambda: surfaces.mlp((2, 1), "tahn"), ValueError, r"activation must be one of .*did you mean 'tanh'"),
        (lambda: surfaces.mlp((2, 1), 3), TypeError, "activation must be one of"),
        (lambda: surfaces.mlp((2, 1), loss="l1"), ValueError, 'loss must be one of "mse", "logistic"'),
        (lambda: surfaces.mlp((3, 1), data=D), ValueError, r"X must have shape \(n, 3\); got shape \(2, 2\)"),
        (lambda: surfaces.mlp((2, 1), data=D[0][0]), ValueError, r"X must have shape \(n, 2\); got shape \(\)"),
        (lambda: surfaces.mlp((2, 1), data=(D[0], [1.0])), ValueError, "y must have as many rows as X, 2"),
        (lambda: surfaces.mlp((2, 3), data=D), ValueError, r"y must have shape \(n, 3\); got shape \(2,\)"),
        (lambda: surfaces.mlp((3, 4, 1)), ValueError,
         r"data must be given, as \(X, y\), for widths \(3, 4, 1\): .* without it have 2 inputs and 1 output$"),
        (lambda: surfaces.mlp((2, 4, 2)), ValueError, r"data must be given, as \(X, y\), for widths \(2, 4, 2\)"),
        (lambda: surfaces.deep_linear((3, 2, 1)), ValueError, "data must be given.* have 2 inputs and 2 outputs$"),
        (lambda: surfaces.logistic((D[0], [0, 2])), ValueError, "y must be labels, 0 or 1, .*; got 2$"),
        (lambda: surfaces.logistic((D[0], [-1, 1])), ValueError,
         r"y must be labels, .*; got -1 \(write \(y \+ 1\) / 2 for labels -1 and 1\)"),
        (lambda: surfaces.mlp((2, 2), data=(D[0], [0, 2]), loss="cross_entropy"), ValueError, "classes, 0 to 1; got 2"),
        (lambda: surfaces.mlp((2, 2), data=(np.ones((9, 2)), np.full(9, 0.5)), loss="cross_entropy"), ValueError,
         "y must be classes, 0 to 1; got 0.5, and 8 more such values"),
        (lambda: surfaces.mlp((2, 2), data=(D[0], D[0]), l2=np.inf), ValueError, "parameter l2 must be finite"),
        (lambda: surfaces.mlp((2, 2), data=(D[0], [[1, 1], [0, 1]]), loss="cross_entropy"), ValueError, "sum to 1"),
        (lambda: surfaces.deep_linear((2, 2), data=3), TypeError, r"data must be a pair \(X, y\); got 3"),
        (lambda: surfaces.matrix_factorization([1.0]), ValueError, r"M must have 2 axes, not empty; got shape \(1,\)"),
        (lambda: surfaces.matrix_factorization(rank=0), ValueError, "rank must be 1 or greater"),
        (lambda: surfaces.matrix_factorization([[np.nan]]), ValueError, "M must be finite"),
        (lambda: surfaces.phase_retrieval(3), TypeError, r"data must be a pair \(A, b\); got 3"),
        (lambda: surfaces.phase_retrieval((D[0], D[0])), ValueError, "b must have one axis"),
        (lambda: surfaces.layers(np.zeros(4), (2, 1)), ValueError, r"w must have shape \(..., 3\) for widths \(2, 1\)"),
        (lambda: surfaces.he((2, 1), -1), ValueError, "n must be 0 or greater"),
        (lambda: surfaces.he((2, 1), 3, gain=0.0), ValueError, "gain must be greater than 0"),
        (lambda: fd.data.two_moons(5), ValueError, "n must be even, half of the points for each class; got 5"),
        (lambda: fd.data.two_moons(noise=-1), ValueError, "noise must be 0 or greater"),
        (lambda: fd.data.two_spirals(turns=0), ValueError, "turns must be greater than 0"),
        (lambda: fd.data.teacher_student(0), ValueError, "n must be 1 or greater"),
        (lambda: fd.data.two_moons(seed=-1), ValueError, "seed must be 0 or greater"),
    ],
)  # fmt: skip
def test_messages(call: Any, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        call()


# ---------------------------------------------------------------------- minima
@pytest.mark.parametrize(("shape", "rank"), [((5, 3), 2), ((3, 5), 1), ((3, 5), 4), ((4, 4), 4)])
def test_matrix_factorization_has_its_minima(shape: tuple[int, int], rank: int) -> None:
    M = np.random.default_rng(rank).normal(size=shape)
    s = surfaces.matrix_factorization(M, rank)
    assert s.minima is not None
    assert s.minima.shape == (2, sum(shape) * rank)
    rest = np.linalg.svd(M, compute_uv=False)[rank:]
    assert s.fmin == pytest.approx(0.5 * np.sum(rest**2), abs=1e-14)
    assert np.max(np.abs(s.gradient(s.minima))) < 1e-13


@pytest.mark.parametrize("l2", [1e-6, 0.1, 1.0])
def test_logistic_with_a_penalty_has_its_minimum(l2: float) -> None:
    parted = [[0.0, 1.0], [1.0, 2.0], [5.0, 3.0]], [0, 0, 1]
    for s in (
        surfaces.logistic(l2=l2),
        surfaces.logistic(fd.data.two_moons(50), l2=l2),
        surfaces.logistic(parted, l2=l2),
    ):
        assert s.minima is not None
        assert s.minima.shape == (1, s.dim)
        assert np.max(np.abs(s.gradient(s.minima))) < 1e-14
        again = pickle.loads(pickle.dumps(s))
        assert again.fmin == s.fmin
    changed = surfaces.logistic().with_params(l2=l2)
    np.testing.assert_array_equal(changed.minima, surfaces.logistic(l2=l2).minima)
    assert surfaces.logistic(parted).minima is surfaces.logistic(l2=-1.0).minima is None


def test_default_data_serve_as_classes() -> None:
    assert surfaces.mlp((2, 3, 2), loss="cross_entropy").dim == 17


def test_no_starts() -> None:
    for make in (surfaces.he, surfaces.xavier):
        assert make((2, 2, 1), 0).shape == (0, 9)
        assert make((2, 2, 1), 0, bias=False).shape == (0, 6)
