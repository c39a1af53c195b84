"""Hessians in blocks, and the ends of their spectra, against products and dense eigenvalues."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.free_memory import pretend_free

import fastdescent as fd
from fastdescent import surfaces
from fastdescent._surface import hessians as _curvature
from fastdescent._surface import spectrum as _spectrum


@settings(max_examples=20, deadline=None)
@given(shape=st.lists(st.integers(0, 3), max_size=2), dim=st.integers(1, 7), at_once=st.integers(1, 60))
def test_hessians_do_not_depend_on_the_block(shape: list[int], dim: int, at_once: int) -> None:
    s = surfaces.ackley(dim, b=0.3)
    X = np.random.default_rng(dim).normal(size=(*shape, dim))
    columns = s.hvp(X[..., np.newaxis, :], np.eye(dim))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_curvature, "_NUMBERS_PER_CALL", at_once)
        found = s.hessian(X)
    np.testing.assert_array_equal(found, columns)
    assert found.shape == (*shape, dim, dim)
    assert s.hessian(X.astype(np.float32)).dtype == np.float32


def test_hessians_take_little_more_memory_than_their_own() -> None:
    s, X = surfaces.rosenbrock(dim=300), np.full((100, 300), 0.5)
    s.hessian(X[:1])
    tracemalloc.start()
    try:
        found = s.hessian(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < found.nbytes + 6 * 8 * _curvature._NUMBERS_PER_CALL


def test_hessians_that_would_not_fit_are_refused() -> None:
    s = surfaces.sphere(dim=10_000)
    X = np.broadcast_to(0.0, (10**6, 10_000))
    with pytest.raises(MemoryError, match="the Hessians of 1000000 points in 10000 coordinates would take"):
        s.hessian(X)


@settings(max_examples=25, deadline=None)
@given(shape=st.lists(st.integers(0, 2), max_size=2), dim=st.integers(1, 9), k=st.integers(1, 6))
def test_in_few_dimensions_the_ends_are_those_of_the_whole(shape: list[int], dim: int, k: int) -> None:
    s = surfaces.random_field(dim, waves=20)
    X = np.random.default_rng(k).normal(size=(*shape, dim))
    values, vectors = s.spectrum(X, k=k, vectors=True)
    wanted = np.linalg.eigvalsh(s.hessian(X))
    if 2 * k < dim:
        wanted = np.concatenate([wanted[..., :k], wanted[..., -k:]], axis=-1)
    assert values.shape == (*shape, min(2 * k, dim)) == s.spectrum(X, k=k).shape
    assert vectors.shape == (*values.shape, dim)
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-13)
    products = s.hvp(X[..., np.newaxis, :], vectors)
    np.testing.assert_allclose(products, values[..., np.newaxis] * vectors, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "s",
    [
        surfaces.rosenbrock(dim=600),
        surfaces.random_field(700, waves=40),
        surfaces.random_quadratic(550, spectrum=np.r_[-3.0, -1.0, np.linspace(0.0, 1.0, 545), 4.0, 5.0, 6.0]),
        surfaces.sphere(dim=600),
    ],
    ids=lambda s: s.name,
)
def test_in_many_dimensions_products_suffice(s: fd.Surface, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=s.dim)
    wanted = np.linalg.eigvalsh(s.hessian(x))
    largest = np.abs(wanted).max()
    monkeypatch.setattr(_spectrum, "hessians", None)
    monkeypatch.setattr(_spectrum, "_products_pay", lambda *arguments: (True, 3000))
    values, vectors = s.spectrum(x, k=2, vectors=True)
    assert np.max(np.abs(values - wanted[[0, 1, -2, -1]])) <= 1e-9 * largest
    residuals = np.linalg.norm(s.hvp(x, vectors) - values[:, np.newaxis] * vectors, axis=1)
    assert np.max(residuals) <= 1e-9 * largest
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(4), rtol=0, atol=1e-9)


@pytest.mark.exhaustive
def test_where_lanczos_fails_the_hessian_is_diagonalized(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eigenvalues that crowd at an end."""
    monkeypatch.setattr(_spectrum, "_products_pay", lambda *arguments: (True, 300))
    spectrum = 1e12 ** (np.arange(520) / 519)
    crowd = surfaces.random_quadratic(520, spectrum)
    np.testing.assert_allclose(crowd.spectrum(np.ones(520), k=1), spectrum[[0, -1]], rtol=1e-12, atol=1e-3)


@pytest.mark.parametrize("dim", [520, 20_000])
def test_diagonal_hessians_are_found_to_be_so(dim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eigenvalues that occur many times, and those that lie too close for any other way in so many dimensions."""
    monkeypatch.setattr(_spectrum, "hessians", None)
    monkeypatch.setattr(_spectrum, "_by_lanczos", None)
    np.testing.assert_array_equal(fd.surface(lambda x: np.sum(x), dim=dim).spectrum(np.ones(dim)), np.zeros(6))
    np.testing.assert_array_equal(surfaces.sphere(dim).spectrum(np.ones(dim)), np.full(6, 2.0))
    weights = 50.0 ** (np.arange(dim) / (dim - 1))
    s = fd.surface(lambda x: 0.5 * np.sum(weights[::-1] * x**2), dim=dim)
    values, vectors = s.spectrum(np.zeros(dim), k=2, vectors=True)
    np.testing.assert_array_equal(values, weights[[0, 1, -2, -1]])
    np.testing.assert_array_equal(np.abs(vectors) @ np.arange(dim), [dim - 1, dim - 2, 1, 0])


@pytest.mark.exhaustive
def test_the_cheaper_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products with a dense matrix cost more, one at a time, than the whole Hessian; those of a chain do not."""
    for s in (surfaces.random_quadratic(600, np.linspace(1.0, 5.0, 600)), surfaces.random_field(550, waves=1000)):
        x = np.random.default_rng(0).normal(size=s.dim)
        with monkeypatch.context() as patch:
            patch.setattr(_spectrum, "_by_lanczos", None)
            ends = s.spectrum(x, k=1)
        np.testing.assert_allclose(ends, np.linalg.eigvalsh(s.hessian(x))[[0, -1]], rtol=0, atol=1e-12)
    monkeypatch.setattr(_spectrum, "hessians", None)
    assert np.all(np.isfinite(surfaces.rosenbrock(dim=3000).spectrum(np.linspace(-1.0, 1.0, 3000), k=1)))


@pytest.mark.parametrize("scale", [2.0**-996, 1.0, 2.0**996])
def test_products_of_any_size_serve(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spectrum, "hessians", None)
    monkeypatch.setattr(_spectrum, "_products_pay", lambda *arguments: (True, 3000))
    s = surfaces.random_quadratic(600, scale * np.r_[1.0, np.linspace(2.0, 3.0, 598), 4.0])
    np.testing.assert_allclose(s.spectrum(np.zeros(600), k=1) / scale, [1.0, 4.0], rtol=0, atol=1e-9)


def test_a_spectrum_that_is_not_finite_is_nan() -> None:
    s = fd.surface("log(x) + y**2")
    values, vectors = s.spectrum([[0.0, 1.0], [1.0, 1.0]], k=1, vectors=True)
    assert np.all(np.isnan(values[0]))
    assert np.all(np.isnan(vectors[0]))
    np.testing.assert_allclose(values[1], [-1.0, 2.0])
    wide = fd.surface(lambda x: np.sum(np.log(x)), dim=600)
    assert np.all(np.isnan(wide.spectrum(np.zeros(600))))


def test_messages() -> None:
    s = surfaces.himmelblau()
    with pytest.raises(ValueError, match="k must be 1 or greater; got 0"):
        s.spectrum([0.0, 0.0], k=0)
    with pytest.raises(TypeError, match=r"k must be an integer; got 1\.5"):
        s.spectrum([0.0, 0.0], k=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tol must be greater than 0; got 0"):
        s.spectrum([0.0, 0.0], tol=0)
    with pytest.raises(ValueError, match=r"X must have shape \(..., 2\); got shape \(3,\)"):
        s.spectrum([0.0, 0.0, 0.0])


def test_eigenvalues_beyond_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_free(monkeypatch, 1e8)
    monkeypatch.setattr(_spectrum, "_by_lanczos", lambda *arguments: None)
    s = surfaces.rosenbrock(dim=3000)
    with pytest.raises(MemoryError, match=r"all eigenvalues of a Hessian in 3000 coordinates .*; choose a greater tol"):
        s.spectrum(np.ones(3000))
