"""Sums, multiples, shifts and rotations of surfaces: values and derivatives, what is known, parameters, messages."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent import surfaces

X = np.random.default_rng(0).uniform(-2, 2, (40, 2))


def turn(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def assert_near(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12 * np.max(np.abs(wanted)))


# ---------------------------------------------------------------------- values and derivatives
def test_sum() -> None:
    f, g = surfaces.rosenbrock(), surfaces.muller_brown()
    h = f + g
    assert_near(h(X), f(X) + g(X))
    assert_near(h.gradient(X), f.gradient(X) + g.gradient(X))
    assert_near(h.hessian(X), f.hessian(X) + g.hessian(X))
    assert h.window == ((-2.048, 2.048), (-2.048, 2.048))
    assert h.name == "rosenbrock + muller_brown"


@pytest.mark.parametrize("a", [2, -0.5, 0, np.float64(3.0), np.float32(0.1), np.array(2.0)])
def test_multiple(a: Any) -> None:
    f = surfaces.himmelblau()
    for h in (a * f, f * a):
        assert isinstance(h, fd.Surface)
        np.testing.assert_array_equal(h(X), float(a) * f(X))
        assert_near(h.gradient(X), float(a) * f.gradient(X))
        assert h.window == f.window
        if a > 0:
            np.testing.assert_array_equal(h.minima, f.minima)
        else:
            assert h.minima is h.fmin is None
        assert (h.critical_points is None) == (a == 0)


@settings(max_examples=20, deadline=None)
@given(p=st.floats(-3, 3), q=st.floats(-3, 3))
def test_shift(p: float, q: float) -> None:
    f, o = surfaces.himmelblau(), np.array([p, q])
    h = f.shifted(o)
    np.testing.assert_array_equal(h(X), f(X - o))
    np.testing.assert_array_equal(h.gradient(X), f.gradient(X - o))
    np.testing.assert_array_equal(h.minima, f.minima + o)
    np.testing.assert_array_equal(h.critical_points, f.critical_points + o)
    assert h.window == ((-5 + p, 5 + p), (-5 + q, 5 + q))
    assert h.fmin == pytest.approx(0, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(degrees=st.floats(0, 360))
def test_rotation(degrees: float) -> None:
    f, Q = surfaces.beale(), turn(degrees)
    h = f.rotated(Q)
    assert_near(h(X), f(X @ Q))
    assert_near(h.gradient(X), f.gradient(X @ Q) @ Q.T)
    assert_near(h.hessian(X), Q @ f.hessian(X @ Q) @ Q.T)
    assert_near(h.minima, f.minima @ Q.T)
    assert np.linalg.norm(h.gradient(h.minima)) < 1e-12
    corners = np.array([[x, y] for x in f.window[0] for y in f.window[1]]) @ Q.T
    assert_near(np.transpose([corners.min(0), corners.max(0)]), h.window)
    assert_near(h.rotated(Q.T)(X), f(X))


def test_chains() -> None:
    h = 2 * (surfaces.sphere(3) + surfaces.rastrigin(3).shifted([1, 0, 0])).rotated(np.eye(3)[[1, 2, 0]])
    x = np.array([0.3, -0.2, 0.9])
    wanted = surfaces.sphere(3)(x[[2, 0, 1]]) + surfaces.rastrigin(3)(x[[2, 0, 1]] - [1, 0, 0])
    assert h(x) == pytest.approx(2 * wanted)
    assert h.name == "2 * ((sphere + rastrigin shifted) rotated)"
    assert repr(fd.surface("x**2 + y").shifted([1, 1])) == "<Surface (x**2 + y) shifted: dim=2>"


def test_they_descend() -> None:
    h = surfaces.sphere().shifted([1.0, 0.5]) + surfaces.sphere()
    run = fd.descend(h, X, fd.GD(lr=0.1))
    assert run.success.all()
    np.testing.assert_allclose(run.x, np.broadcast_to([0.5, 0.25], X.shape), atol=1e-5)


# ---------------------------------------------------------------------- what is known
def test_minima_of_a_sum_are_those_in_common() -> None:
    s = surfaces.sphere() + surfaces.rastrigin()
    np.testing.assert_array_equal(s.minima, [[0, 0]])
    assert s.fmin == 0
    assert s.critical_points is None
    np.testing.assert_array_equal((surfaces.double_well() + surfaces.sphere().shifted([1, 0])).minima, [[1, 0]])
    assert (surfaces.booth() + surfaces.sphere()).minima is None
    assert (surfaces.monkey_saddle() + surfaces.sphere()).minima is None
    assert s.with_params(A=-1.0).minima is None


def test_bounds() -> None:
    f = fd.surface("x**2 + y**2", bounds=((0, 2), (0, 2)))
    g = fd.surface("x*y", bounds=((1, 3), (-1, 1)))
    assert (f + g).bounds == ((1, 2), (0, 1))
    assert (f + surfaces.sphere()).bounds == (surfaces.sphere() + f).bounds == (3 * f).bounds == f.bounds
    assert f.shifted([1, -1]).bounds == ((1, 3), (-1, 1))
    with pytest.raises(ValueError, match="must have no bounds, which would be no box"):
        f.rotated(np.eye(2))
    with pytest.raises(ValueError, match="must have bounds in common; got"):
        f + g.shifted([5, 5])


# ---------------------------------------------------------------------- parameters
def test_parameters_stay_changeable_and_taken_names_get_a_number() -> None:
    f = surfaces.rastrigin(A=3.0) + 0.5 * surfaces.rastrigin(A=4.0).shifted([1, 1]) + surfaces.ackley()
    assert dict(f.params) == {"A": 3.0, "A2": 4.0, **surfaces.ackley().params}
    g = f.with_params(A2=7.0, b=0.3)
    wanted = surfaces.rastrigin(A=3.0)(X) + 0.5 * surfaces.rastrigin(A=7.0)(X - 1) + surfaces.ackley(b=0.3)(X)
    assert g._formula is f._formula
    assert_near(g(X), wanted)
    assert list((surfaces.rastrigin() + fd.surface("A*x + A2*y", A=1, A2=2)).params) == ["A", "A3", "A2"]
    moved = surfaces.rosenbrock().shifted([1, 1]).with_params(a=2.0)
    np.testing.assert_array_equal(moved.minima, [[3.0, 5.0]])


def test_static_parameters_trace_anew() -> None:
    @fd.surface(dim=2, static=("m",))
    def power(x: Any, *, m: int = 2, a: float = 1.0) -> Any:
        return a * np.sum(x ** (2 * m))

    f = power + 2 * power.shifted([1, 1])
    assert_near(f.with_params(m2=3, a=2.0)(X), 2 * np.sum(X**4, axis=1) + 2 * np.sum((X - 1) ** 6, axis=1))
    with pytest.raises(ValueError, match="came out of a pickle without its function: m is fixed"):
        pickle.loads(pickle.dumps(f)).with_params(m=3)


def test_they_survive_pickling() -> None:
    f = (surfaces.rosenbrock().shifted([1, 1]) + 3 * surfaces.sphere()).rotated(turn(30))
    g = pickle.loads(pickle.dumps(f))
    assert (repr(g), g.window) == (repr(f), f.window)
    np.testing.assert_array_equal(g(X), f(X))
    np.testing.assert_array_equal(g.with_params(b=3.0).gradient(X), f.with_params(b=3.0).gradient(X))
    s = surfaces.himmelblau().shifted([1, 1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(s)).minima, s.minima)


# ---------------------------------------------------------------------- messages
def test_messages() -> None:
    s = surfaces.sphere()
    with pytest.raises(TypeError, match="what is added to a Surface must be a Surface; got 3"):
        s + 3  # type: ignore[operator]
    with pytest.raises(ValueError, match="added must have the same dim; got sphere: 2, rastrigin: 3"):
        s + surfaces.rastrigin(3)
    for bad in ("2", True, s, [1.0, 2.0]):
        with pytest.raises(TypeError, match="the factor of a Surface must be a number; got"):
            bad * s  # type: ignore[operator]
    with pytest.raises(ValueError, match="the factor of a Surface must be finite; got inf"):
        np.inf * s
    with pytest.raises(ValueError, match=r"o must have shape \(2,\); got shape \(3,\)"):
        s.shifted([1, 2, 3])
    with pytest.raises(ValueError, match=r"o must be finite; got \[nan, 0\]"):
        s.shifted([np.nan, 0])
    with pytest.raises(ValueError, match=r"Q must have shape \(2, 2\); got shape \(2,\)"):
        s.rotated([1, 2])
    with pytest.raises(ValueError, match=r"Q must be orthogonal: .* it differs by 3"):
        s.rotated(2 * np.eye(2))
    with pytest.raises(TypeError, match="Q must be an array of"):
        s.rotated("Q")
