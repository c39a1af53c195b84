"""Known minima and critical points of the catalog, against the literature and mpmath."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.catalog_cases import ABOUT, CASES, SMOOTH, WITH_MINIMA, made, points_in_window
from support.independent import FORMULAS, derivatives

import fastdescent as fd
from fastdescent import surfaces

WITH_CRITICAL_POINTS = [(name, dim) for name, dim in CASES if made(name, dim).critical_points is not None]


@pytest.mark.parametrize(("name", "dim"), WITH_MINIMA)
def test_fmin_is_the_published_one_and_nothing_in_the_window_is_lower(name: str, dim: int) -> None:
    s = made(name, dim)
    published = ABOUT[name].lowest
    lowest = published(dim) if callable(published) else published
    assert s.minima is not None
    np.testing.assert_allclose(s(s.minima), lowest, rtol=1e-14, atol=1e-12)
    assert s.fmin == np.min(s(s.minima))
    assert np.all(s(points_in_window(s, 5000)) >= s.fmin)
    for (low, high), coordinate in zip(s.window, s.minima.T, strict=True):
        assert np.all((low < coordinate) & (coordinate < high))


@pytest.mark.parametrize(("name", "dim"), SMOOTH)
def test_gradient_vanishes_and_hessian_is_positive_at_minima(name: str, dim: int) -> None:
    s = made(name, dim)
    assert s.minima is not None
    for x in s.minima:
        curvature = np.linalg.eigvalsh(s.hessian(x))
        assert curvature[0] >= -1e-13 if ABOUT[name].degenerate else curvature[0] > 0
        assert np.linalg.norm(s.gradient(x)) <= 1e-6 * curvature[-1]


@pytest.mark.parametrize(
    ("name", "dim"), [(name, dim) for name, dim in SMOOTH if dim < 10 and not ABOUT[name].degenerate]
)
def test_positions_of_minima_are_correct_to_the_last_bit(name: str, dim: int) -> None:
    s = made(name, dim)
    assert s.minima is not None
    for x in s.minima:
        _, gradient, hessian = derivatives(FORMULAS[name], x)
        newton_step = np.linalg.solve(hessian, gradient)
        assert np.all(np.abs(newton_step) <= np.maximum(np.spacing(np.abs(x)), 1e-25))


@pytest.mark.parametrize("dim", [1, 2, 10])
def test_ackleys_minimum_is_the_tip_of_a_cone(dim: int) -> None:
    s = surfaces.ackley(dim)
    u = np.random.default_rng(2).normal(size=(100, dim))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    slopes = (s(1e-6 * u) - s(np.zeros(dim))) / 1e-6
    np.testing.assert_allclose(slopes, 20 * 0.2 / np.sqrt(dim), rtol=1e-4)
    np.testing.assert_array_equal(s.gradient(np.zeros(dim)), np.zeros(dim))


@pytest.mark.parametrize("dim", [2, 3, 6])
@settings(max_examples=25, deadline=None)
@given(a=st.sampled_from([-2.0, 0.0, 0.5, 1.0, 3.0]), b=st.sampled_from([-1.0, 0.0, 0.5, 100.0]))
def test_rosenbrocks_minimum_follows_its_parameters(dim: int, a: float, b: float) -> None:
    s = surfaces.rosenbrock(dim).with_params(a=a, b=b)
    if b > 0 and (dim == 2 or a in (0.0, 1.0)):
        lowest = [a] * (dim - 1) + [a * a]
        np.testing.assert_array_equal(s.minima, [lowest])
        np.testing.assert_array_equal(s.gradient(lowest), np.zeros(dim))
        assert s.fmin == 0.0
    else:
        assert s.minima is s.fmin is None


def test_branins_minima_follow_its_parameters() -> None:
    s = surfaces.branin(b=0.2, c=1.0, r=5.0, s=3.0, t=0.25)
    assert s.minima is not None
    assert np.linalg.norm(s.gradient(s.minima), axis=1).max() < 1e-12
    np.testing.assert_allclose(s(s.minima), 3.0 * 0.25)


@pytest.mark.parametrize(
    ("name", "params"),
    [("rastrigin", {"A": -1.0}), ("ackley", {"b": 0.0}), ("ackley", {"a": -1.0}), ("branin", {"t": 1.5}),
     ("branin", {"a": 0.0}), ("branin", {"s": -1.0}), ("ellipsoid", {"kappa": 0.0})],
)  # fmt: skip
def test_minima_are_unknown_where_parameters_spoil_them(name: str, params: dict[str, float]) -> None:
    for s in (made(name, 2, **params), made(name, 2).with_params(**params)):
        assert s.minima is s.fmin is None
    assert made(name, 2, **params).with_params(**made(name, 2).params).minima is not None


def test_minima_are_unknown_where_a_parameter_is_an_array() -> None:
    s = surfaces.rosenbrock(3, b=np.array([1.0, 2.0]))
    assert s([0.0, 1.0, 0.0]) == 1.0 + 2.0 + 1.0
    assert s.minima is None


def test_minima_that_a_user_gave_hold_for_their_parameters_only() -> None:
    given_points = np.array([[1.0, 0.0]])
    s = fd.surface("(x - a)**2 + y**2", a=1.0, minima=given_points)
    given_points[:] = 7.0
    np.testing.assert_array_equal(s.minima, [[1.0, 0.0]])
    np.copyto(s.minima, 7.0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(s.minima, [[1.0, 0.0]])
    assert s.fmin == 0.0
    assert s.with_params(a=2.0).minima is s.with_params(a=2.0).fmin is None
    assert s.with_params(a=2.0).with_params(a=1.0).fmin == 0.0
    assert fd.surface("x**2 + y**2").fmin is surfaces.monkey_saddle().fmin is None
    with pytest.raises(ValueError, match=r"minima must have shape \(k, 2\), k >= 1; got shape \(1, 3\)"):
        fd.surface("x**2 + y**2", minima=[[0, 0, 0]])


# ---------------------------------------------------------------------- critical points
@pytest.mark.parametrize(("name", "dim"), WITH_CRITICAL_POINTS)
def test_critical_points_are_critical_and_hold_the_minima(name: str, dim: int) -> None:
    s = made(name, dim)
    points = s.critical_points
    assert points is not None
    assert len(np.unique(points, axis=0)) == len(points)
    scale = np.linalg.norm(s.hessian(points), axis=(1, 2))
    assert np.all(np.linalg.norm(s.gradient(points), axis=1) <= 1e-14 * scale)
    if s.minima is not None:
        values = s(points)
        assert {tuple(x) for x in s.minima.tolist()} <= {tuple(x) for x in points.tolist()}
        assert s.fmin == np.min(values)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("himmelblau", [4, 4, 1]), ("six_hump_camel", [6, 7, 2]), ("three_hump_camel", [3, 2]), ("double_well", [2, 1]),
     ("styblinski_tang", [4, 4, 1])],
)  # fmt: skip
def test_no_critical_point_is_missing(name: str, counts: list[int]) -> None:
    """Morse: where f grows at infinity, minima - saddles + maxima = 1. Newton's method finds no others either."""
    s = made(name, 2)
    known = s.critical_points
    assert known is not None
    index = np.sum(np.linalg.eigvalsh(s.hessian(known)) < 0, axis=1)
    assert np.bincount(index).tolist() == counts
    assert np.sum((-1.0) ** index) == 1
    X = points_in_window(s, 2000)
    for _ in range(50):
        H = s.hessian(X)
        steps = np.abs(np.linalg.det(H)) > 1e-6
        X = X[steps] - np.linalg.solve(H[steps], s.gradient(X[steps])[..., np.newaxis])[..., 0]
        X = X[np.all(np.abs(X) < 1e3, axis=1)]
    found = X[np.linalg.norm(s.gradient(X), axis=1) < 1e-9]
    assert len(found) > 1000
    distance = np.linalg.norm(found[:, np.newaxis] - known, axis=2)
    assert np.max(np.min(distance, axis=1)) < 1e-6
    assert set(np.argmin(distance, axis=1)) == set(range(len(known)))


def test_critical_points_follow_parameters_and_survive_pickling() -> None:
    s = surfaces.ellipsoid(3)
    assert s.with_params(kappa=-1.0).critical_points is None
    again = pickle.loads(pickle.dumps(s))
    np.testing.assert_array_equal(again.critical_points, np.zeros((1, 3)))
    assert again.with_params(kappa=2.0).critical_points is None
    assert fd.surface("x**2 + y**2").critical_points is None


@pytest.mark.parametrize("b", [-0.5, 0.0, 0.5, 10.0])
def test_perm_in_two_dimensions_has_two_minima(b: float) -> None:
    s = fd.surfaces.perm(b=b)
    ends = fd.classify(fd.descend(s, fd.grid(s.window, (40, 40)), fd.LineSearch()))
    lowest = ends.points.x[ends.points.fun < 1e-12]
    assert len(lowest) == len(s.minima) == 2
    np.testing.assert_allclose(lowest[np.argsort(lowest[:, 0])], s.minima[np.argsort(s.minima[:, 0])], atol=1e-6)
