"""The catalog: formulas and derivatives against mpmath, known minima, parameters, names, messages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.catalog_cases import CASES, assert_close, made, points_in_window
from support.independent import FORMULAS, derivatives

import fastdescent as fd
from fastdescent import surfaces
from fastdescent.surfaces._catalog import catalog

OTHER_PARAMS: list[tuple[str, dict[str, float]]] = [
    ("rosenbrock", {"a": 0.5, "b": 7.0}),
    ("rastrigin", {"A": 3.5}),
    ("ackley", {"a": 5.0, "b": 0.5, "c": 2.0}),
    ("branin", {"a": 2.0, "b": 0.2, "c": 1.0, "r": 5.0, "s": 3.0, "t": 0.25}),
    ("perm", {"b": 10.0}),
    ("ellipsoid", {"kappa": 7.0}),
    ("trough", {"width": 2.0}),
    ("logistic", {"l2": 0.25}),
    ("mlp", {"l2": 0.125}),
]


def test_every_surface_has_an_independent_formula() -> None:
    assert set(surfaces.names()) == set(FORMULAS) == {name for name, _ in CASES}


# ---------------------------------------------------------------------- formulas and derivatives
MANY_TERMS = ("random_field", "random_quadratic", "gaussian_wells", "spin_glass", "lennard_jones")  #: slow in mpmath


@pytest.mark.parametrize(
    ("name", "dim"),
    [pytest.param(name, dim, marks=[pytest.mark.exhaustive] * (name in MANY_TERMS and dim > 2)) for name, dim in CASES],
)
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
        own = make.__module__.endswith("_lessons")
        assert re.search(r"f\(x.*inimum.*" + ("" if own else r"(19|20)\d\d"), make.__doc__, re.DOTALL)


def test_a_surface_that_needs_a_matrix_has_no_name() -> None:
    assert "quadratic" not in surfaces.names()
    with pytest.raises(ValueError, match=r"quadratic cannot be made without a matrix: write surfaces\.quadratic\(A\)"):
        surfaces.get("quadratic")


@settings(deadline=None)
@given(data=st.data())
def test_a_misspelt_name_is_answered_with_the_nearest(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in surfaces.names() if name.isalpha()]))
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
    with pytest.raises(ValueError, match="dim must be a multiple of 4; got 6"):
        surfaces.powell(6)
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
