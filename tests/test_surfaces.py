"""The catalog: formulas and derivatives against mpmath, known minima, parameters, names, messages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from independent import FORMULAS, derivatives

import fastdescent as fd
from fastdescent import surfaces
from fastdescent.surfaces._catalog import catalog

Floats = npt.NDArray[np.float64]

MANY_DIMENSIONAL = {"sphere": 1, "rosenbrock": 2, "rastrigin": 1, "ackley": 1, "styblinski_tang": 1}  # least dim
WITHOUT_MINIMUM = {"monkey_saddle"}
NOT_SMOOTH_AT_MINIMUM = {"ackley"}
#: f at the minima, as published; a coordinate each for styblinski_tang.
LOWEST = dict.fromkeys(("sphere", "rosenbrock", "rastrigin", "ackley", "himmelblau", "beale"), 0.0) | {
    "styblinski_tang": -39.16616570377142,
    "six_hump_camel": -1.031628453489877,
    "goldstein_price": 3.0,
    "branin": 0.397887357729738,
    "muller_brown": -146.699517209954,
}
OTHER_PARAMS: list[tuple[str, dict[str, float]]] = [
    ("rosenbrock", {"a": 0.5, "b": 7.0}),
    ("rastrigin", {"A": 3.5}),
    ("ackley", {"a": 5.0, "b": 0.5, "c": 2.0}),
    ("branin", {"a": 2.0, "b": 0.2, "c": 1.0, "r": 5.0, "s": 3.0, "t": 0.25}),
]

CASES = [(name, dim) for name, least in MANY_DIMENSIONAL.items() for dim in (least, 3, 10)]
CASES += [(name, 2) for name in surfaces.names() if name not in MANY_DIMENSIONAL]
WITH_MINIMA = [(name, dim) for name, dim in CASES if name not in WITHOUT_MINIMUM]
SMOOTH = [(name, dim) for name, dim in WITH_MINIMA if name not in NOT_SMOOTH_AT_MINIMUM]


def made(name: str, dim: int, **params: Any) -> fd.Surface:
    return surfaces.get(name, **({"dim": dim} if name in MANY_DIMENSIONAL else {}), **params)


def points_in_window(s: fd.Surface, n: int, seed: int = 0) -> Floats:
    low, high = np.array(s.window).T
    return np.random.default_rng(seed).uniform(low, high, (n, s.dim))


def assert_close(got: npt.ArrayLike, wanted: npt.ArrayLike, tolerance: float = 1e-12) -> None:
    """Errors are measured against the largest element."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert np.max(np.abs(got - wanted)) <= tolerance * np.max(np.abs(wanted))


def test_every_surface_has_an_independent_formula() -> None:
    assert set(surfaces.names()) == set(FORMULAS) == {name for name, _ in CASES}


# ---------------------------------------------------------------------- formulas and derivatives
@pytest.mark.parametrize(("name", "dim"), CASES)
def test_value_gradient_and_hessian_agree_with_mpmath(name: str, dim: int) -> None:
    s = made(name, dim)
    for x in points_in_window(s, 4 if dim == 10 else 20):
        value, gradient, hessian = derivatives(FORMULAS[name], x)
        assert_close(s(x), value)
        assert_close(s.gradient(x), gradient)
        assert_close(s.hessian(x), hessian)


@pytest.mark.parametrize(("name", "params"), OTHER_PARAMS)
def test_with_params_gives_the_bits_of_a_new_surface_without_tracing(name: str, params: dict[str, float]) -> None:
    old = made(name, 2)
    new, made_so = old.with_params(**params), made(name, 2, **params)
    assert new._formula is old._formula
    assert dict(new.params) == dict(made_so.params) == params
    assert dict(old.params) != params
    X = points_in_window(old, 50)
    np.testing.assert_array_equal(new(X), made_so(X))
    np.testing.assert_array_equal(new.gradient(X), made_so.gradient(X))
    np.testing.assert_array_equal(new.with_params(**old.params)(X), old(X))
    for x in X[:3]:
        value, gradient, hessian = derivatives(lambda *v: FORMULAS[name](*v, **params), x)
        assert_close(new(x), value)
        assert_close(new.gradient(x), gradient)
        assert_close(new.hessian(x), hessian)


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_hvp_is_the_hessian_times_the_direction(name: str, dim: int) -> None:
    s = made(name, dim)
    X = points_in_window(s, 5)
    V = np.random.default_rng(1).normal(size=X.shape)
    H = s.hessian(X)
    for h, v, got in zip(H, V, s.hvp(X, V), strict=True):
        np.testing.assert_allclose(got, h @ v, rtol=0, atol=1e-13 * np.abs(h).max() * np.linalg.norm(v))
    np.testing.assert_array_equal(s.hvp(X, np.eye(dim)[0]), H[:, 0])


# ---------------------------------------------------------------------- minima
@pytest.mark.parametrize(("name", "dim"), WITH_MINIMA)
def test_fmin_is_the_published_one_and_nothing_in_the_window_is_lower(name: str, dim: int) -> None:
    s = made(name, dim)
    lowest = LOWEST[name] * (dim if name == "styblinski_tang" else 1)
    assert s.minima is not None
    np.testing.assert_allclose(s(s.minima), lowest, rtol=1e-14, atol=1e-13)
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
        assert curvature[0] > 0
        assert np.linalg.norm(s.gradient(x)) <= 1e-6 * curvature[-1]


@pytest.mark.parametrize("name", [name for name, dim in SMOOTH if dim == 2 or name == "styblinski_tang"])
def test_positions_of_minima_are_correct_to_the_last_bit(name: str) -> None:
    s = made(name, 2)
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
    assert np.all(np.isnan(s.gradient(np.zeros(dim))))


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
     ("branin", {"a": 0.0}), ("branin", {"s": -1.0})],
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


@settings(max_examples=25, deadline=None)
@given(data=st.data(), name=st.sampled_from(["sphere", "rastrigin", "ackley", "styblinski_tang"]))
def test_terms_that_are_alike_may_change_places(data: st.DataObject, name: str) -> None:
    s = surfaces.get(name, dim=4)
    x = np.array(data.draw(st.lists(st.floats(-5, 5, width=32), min_size=4, max_size=4)))
    order = data.draw(st.permutations(range(4)))
    np.testing.assert_allclose(s(x[list(order)]), s(x), rtol=1e-13, atol=1e-12)


# ---------------------------------------------------------------------- shapes and dtypes
@pytest.mark.parametrize(("name", "dim"), CASES)
def test_shapes_and_dtypes(name: str, dim: int) -> None:
    s = made(name, dim)
    assert (s.name, s.dim, len(s.window), len(s.variables)) == (name, dim, dim, dim)
    X = points_in_window(s, 6).reshape(2, 3, dim)
    for dtype in (np.float64, np.float32):
        x = X.astype(dtype)
        results = {"call": s(x), "gradient": s.gradient(x), "hessian": s.hessian(x), "hvp": s.hvp(x, x[0, 0])}
        shapes = {"call": (2, 3), "gradient": (2, 3, dim), "hessian": (2, 3, dim, dim), "hvp": (2, 3, dim)}
        assert {k: v.shape for k, v in results.items()} == shapes
        assert {v.dtype for v in results.values()} == {np.dtype(dtype)}
    assert_close(s(X.astype(np.float32)), s(X), 1e-4)
    assert_close(s.gradient(X.astype(np.float32)), s.gradient(X), 1e-4)
    assert s(np.ones((4, dim), dtype=int)).dtype == np.float64
    assert s(X[0, 0]).shape == ()
    assert s(np.empty((0, dim))).shape == (0,)


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_one_array_a_coordinate_gives_the_same_bits(name: str, dim: int) -> None:
    s = made(name, dim)
    X = points_in_window(s, 12).reshape(3, 4, dim)
    np.testing.assert_array_equal(s(*np.moveaxis(X, -1, 0)), s(X))
    if dim == 2:
        x, y = X[0, :, 0], X[:, 0, 1]
        np.testing.assert_array_equal(s(x, y[:, np.newaxis]), s(*np.meshgrid(x, y)))


# ---------------------------------------------------------------------- names and messages
def test_names_are_functions_with_documentation() -> None:
    assert surfaces.names() == sorted(surfaces.names())
    for name in surfaces.names():
        make = getattr(surfaces, name)
        assert make.__name__ == name
        assert name in surfaces.__all__
        assert make().about.startswith(make.__doc__.splitlines()[0])
        assert re.search(r"f\(x.*inimum.*19\d\d", make.__doc__, re.DOTALL)


@settings(deadline=None)
@given(data=st.data())
def test_a_misspelt_name_is_answered_with_the_nearest(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(surfaces.names()))
    k = data.draw(st.integers(0, len(name) - 1))
    wrong = name[:k] + name[k + 1 :]
    message = rf"no surface '{wrong}' \(did you mean '{name}'\?\); surfaces.names\(\) lists them"
    with pytest.raises(AttributeError, match=message):
        getattr(surfaces, wrong)
    with pytest.raises(ValueError, match=message):
        surfaces.get(wrong)


def test_messages() -> None:
    with pytest.raises(TypeError, match="name must be text; got 3"):
        surfaces.get(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dim must be 2 or greater; got 1"):
        surfaces.rosenbrock(dim=1)
    for dim, error in ((0, ValueError), (-3, ValueError), (2.5, TypeError), (True, TypeError), ("2", TypeError)):
        with pytest.raises(error, match="dim must be"):
            surfaces.sphere(dim=dim)
    with pytest.raises(TypeError, match=r"himmelblau\(\): got an unexpected keyword argument 'dim'"):
        surfaces.himmelblau(dim=2)
    with pytest.raises(TypeError, match=r"rastrigin\(dim=2, \*, A=10.0\): got an unexpected keyword argument 'a'"):
        surfaces.rastrigin(a=3.0)
    with pytest.raises(ValueError, match=r"rastrigin has no parameter 'B'.*; its parameters: A"):
        surfaces.rastrigin().with_params(B=3.0)
    with pytest.raises(ValueError, match="parameter A must be finite"):
        surfaces.rastrigin(A=np.inf)
    with pytest.raises(ValueError, match=r"parameter A must have shape \(\); got shape \(2,\)"):
        surfaces.rastrigin().with_params(A=[1.0, 2.0])


def test_a_function_of_the_catalog_is_not_a_surface() -> None:
    with pytest.raises(TypeError, match=r"surface must be a Surface; .*fd.surfaces.himmelblau\(\)"):
        fd.descend(surfaces.himmelblau, [[0.0, 0.0]], fd.GD(lr=0.01))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"rastrigin makes a Surface by itself: write rastrigin\(\)"):
        fd.surface(surfaces.rastrigin, dim=2)
    with pytest.raises(TypeError, match="<Surface beale: dim=2> is a Surface already"):
        fd.surface(surfaces.beale())


def test_minima_of_a_formula_with_parameters_must_be_a_function_of_them() -> None:
    with pytest.raises(TypeError, match="f has parameters, so its minima must be a function of them"):

        @catalog(window=(-1.0, 1.0), minima=[[0.0, 0.0]])
        def f(x: Any, y: Any, *, a: float = 1.0) -> Any:
            return a * x**2 + y**2

    assert "f" not in surfaces.names()
