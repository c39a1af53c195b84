"""GradientFlow against closed forms, other integrators and itself; at walls, far from the origin, at kinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from support.catalog_cases import ABOUT
from support.flow_reference import arrivals, differ, sampled_cells, scipy_ends

import fastdescent as fd
from fastdescent.optimizers import _dormand_prince, _exponential
from fastdescent.optimizers._field import Field

RATIONAL = fd.surface("((x**2-1)+(y**2-4)+(x**2-1)*(y**2-4))/(x**2+y**2+1)**2", window=(-3, 3), name="rational")
WELLS = fd.surface("-exp(-(x**2+y**2))-2*exp(-((x-2)**2+9*(y-1)**2))+0.02*(x**2+y**2)", window=(-4, 4), name="wells")
HIMMELBLAU = fd.surfaces.himmelblau()
BOTH = [fd.GradientFlow(), fd.GradientFlow(method="dopri5")]
TIGHT = fd.GradientFlow(rtol=1e-10, atol=1e-10, method="dopri5")
SMOOTH = [n for n in ABOUT if fd.surfaces.get(n).dim == 2 and ABOUT[n].kinks == "none" and ABOUT[n].lowest != -math.inf]


class Plain:
    """A surface as rules see it, outside of a trace."""

    resolution = 2.0**-52

    def __init__(self, surface: fd.Surface) -> None:
        self._surface = surface

    def __call__(self, x: Any) -> Any:
        return self._surface.gradient(x)

    def hvp(self, x: Any, v: Any) -> Any:
        return self._surface.hvp(x, v)


def exponential_step(surface: fd.Surface, x: Any, h: float) -> Any:
    field = Field(x, Plain(surface), None)
    axes, matrix = _exponential.linearized(x, field, Plain.resolution)
    return _exponential.step(x, field, axes, matrix, np.float64(h))[0]


def dormand_prince_step(surface: fd.Surface, x: Any, h: float) -> Any:
    return _dormand_prince.step(x, Field(x, Plain(surface), None), h)[0]


# ---------------------------------------------------------------------- closed forms
@pytest.mark.parametrize(("step", "order"), [(exponential_step, 4), (dormand_prince_step, 5)])
def test_order_of_convergence(step: Any, order: int) -> None:
    """The error after a fixed time, by steps of half the length each time."""
    ends = []
    for n in (8, 16, 32, 1024):
        x = np.array([-1.2, 0.7])
        for _ in range(n):
            x = step(HIMMELBLAU, x, 0.1 / n)
        ends.append(x)
    errors = [np.linalg.norm(x - ends[-1]) for x in ends[:-1]]
    assert np.log2(errors[1] / errors[2]) == pytest.approx(order, abs=0.3)


@pytest.mark.parametrize("h", [1e-3, 0.3, 2.0, 50.0])
@pytest.mark.parametrize("text", ["2*x**2 + 3*x*y + 4*y**2", "x**2 - 3*x*y - y**2/5", "(x + y)**2"])
def test_exponential_is_exact_on_quadratics(text: str, h: float) -> None:
    s, x = fd.surface(text), np.array([0.3, -1.7])
    exact = expm(-h * s.hessian([0.0, 0.0])) @ x
    np.testing.assert_allclose(exponential_step(s, x, h), exact, rtol=1e-11, atol=1e-13)


def test_a_quadratic_is_descended_in_few_steps() -> None:
    s = fd.surface("x**2 + 1e6*y**2")
    run = fd.descend(s, fd.grid(s.window, (20, 20)), fd.GradientFlow())
    assert run.success.all()
    assert run.nit.max() < 25


@pytest.mark.parametrize("dim", [1, 3, 6])
@pytest.mark.parametrize("flow", BOTH)
def test_other_dimensions(flow: Any, dim: int) -> None:
    s = fd.surfaces.get("styblinski_tang", dim=dim)
    x0 = fd.uniform(s.window, 300)
    run = fd.descend(s, x0, flow)
    assert run.success.all()
    ridge = 0.15673126  # where f' = 0 between the minima: coordinates are independent
    assert np.array_equal(run.x > ridge, x0 > ridge)


# ---------------------------------------------------------------------- other integrators
@pytest.mark.parametrize("surface", [HIMMELBLAU, RATIONAL, WELLS], ids=repr)
def test_ends_are_those_of_other_integrators(surface: fd.Surface) -> None:
    x0, _ = sampled_cells(surface, 40, side=64)
    ends = arrivals(fd.descend(surface, x0, fd.GradientFlow()))
    for other in (scipy_ends(surface, x0), arrivals(fd.descend(surface, x0, TIGHT))):
        assert not differ(surface, ends, other).any()


@pytest.mark.exhaustive
@pytest.mark.parametrize("surface", [RATIONAL, WELLS, *map(fd.surfaces.get, SMOOTH)], ids=lambda s: s.name)
def test_wide_comparison(surface: fd.Surface) -> None:
    """2,000 cells, half of them beside boundaries; of the others at most one may be wrong. SciPy takes 200 of them.

    Where the other integrator finds no end in its time, it says nothing.
    """
    x0, beside = sampled_cells(surface, 2000)
    ends = arrivals(fd.descend(surface, x0, fd.GradientFlow()))
    others = np.full_like(ends, np.nan)
    some = np.r_[:100, len(x0) - 100 : len(x0)]
    others[some] = scipy_ends(surface, x0[some])
    for other in (arrivals(fd.descend(surface, x0, TIGHT, max_steps=30_000)), others):
        wrong = differ(surface, ends, other) & ~np.isnan(other).any(axis=-1)
        assert np.count_nonzero(wrong & ~beside) <= 1
        assert np.count_nonzero(wrong) <= 0.02 * len(x0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_in_float32(dtype: str) -> None:
    x0 = fd.grid(HIMMELBLAU.window, (40, 40)).astype(dtype)
    run = fd.descend(HIMMELBLAU, x0, fd.GradientFlow())
    assert run.success.all()
    exact = fd.descend(HIMMELBLAU, x0.astype("float64"), TIGHT)
    assert np.count_nonzero(differ(HIMMELBLAU, run.x, exact.x)) <= 1


@pytest.mark.parametrize("offset", [1e4, 1e8])
def test_far_from_the_origin(offset: float) -> None:
    s = HIMMELBLAU.shifted([offset, -offset])
    near = fd.grid(HIMMELBLAU.window, (30, 30))
    run = fd.descend(s, near + np.array([offset, -offset]), fd.GradientFlow(), escape_radius=None)
    assert run.success.all()
    assert not differ(HIMMELBLAU, run.x - np.array([offset, -offset]), fd.descend(HIMMELBLAU, near, TIGHT).x).any()


# ---------------------------------------------------------------------- walls
BOXES = [((-1, 2), (-2, 1)), ((0, 6), (-6, 6)), ((-6, 6), (3, 6))]


def projected_ends(surface: fd.Surface, x: np.ndarray, bounds: Any, h: float) -> np.ndarray:
    """By Euler's method with short steps, put back into the box after each."""
    low, high = np.array(bounds).T
    for _ in range(200_000):
        new = np.clip(x - h * surface.gradient(x), low, high)
        if np.array_equal(new, x) or np.max(np.abs(new - x)) < 1e-9 * h:
            break
        x = new
    return x


def on_walls(bounds: Any, n: int) -> np.ndarray:
    """A grid whose outer points stand on the walls."""
    (x_lo, x_hi), (y_lo, y_hi) = bounds
    return np.stack(np.meshgrid(np.linspace(x_lo, x_hi, n), np.linspace(y_lo, y_hi, n)), axis=-1)


@pytest.mark.parametrize("bounds", BOXES)
@pytest.mark.parametrize("flow", BOTH)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_walls_hold_and_let_go(flow: Any, bounds: Any, dtype: str) -> None:
    x0 = on_walls(bounds, 12).astype(dtype)
    run = fd.descend(HIMMELBLAU, x0, flow, bounds=bounds)
    assert run.success.all()
    wrong = differ(HIMMELBLAU, run.x, projected_ends(HIMMELBLAU, x0.astype(float), bounds, 2e-4))
    assert np.count_nonzero(wrong) <= 1  # Euler's method errs beside boundaries


@pytest.mark.parametrize("flow", BOTH)
def test_starts_that_are_put_back_onto_a_wall_move(flow: Any) -> None:
    run = fd.descend(HIMMELBLAU, [[5.0, 0.5], [1.0, -9.0]], flow, bounds=((-1, 2), (-2, 4)))
    assert run.success.all()
    assert np.all(run.nit > 0)


@pytest.mark.parametrize("flow", BOTH)
def test_walls_far_from_the_origin(flow: Any) -> None:
    offset = np.array([1e8, -1e8])
    bounds = np.array(BOXES[1]) + offset[:, np.newaxis]
    x0 = on_walls(BOXES[1], 10)
    run = fd.descend(HIMMELBLAU.shifted(offset), x0 + offset, flow, bounds=bounds, escape_radius=None)
    assert run.success.all()
    assert not differ(HIMMELBLAU, run.x - offset, fd.descend(HIMMELBLAU, x0, flow, bounds=BOXES[1]).x).any()


# ---------------------------------------------------------------------- kinks
@pytest.mark.parametrize("flow", BOTH)
def test_ends_at_kinks(flow: Any) -> None:
    s = fd.surface("abs(x) + abs(y)", window=(-2, 2))
    run = fd.descend(s, fd.uniform(s.window, 200, seed=3), flow)
    assert np.all(run.status == fd.Status.STALLED)
    assert run.nit.max() < 600
    assert np.all(np.abs(run.x).min(axis=-1) < 1e-2)


def test_a_stop_rule_beside_the_stall_test() -> None:
    s = fd.surface("abs(x) + abs(y)", window=(-2, 2))
    run = fd.descend(s, [[1.0, 0.3], [0.1, 1.2]], fd.GradientFlow(), stop_when=lambda x: x[1] > 1)
    assert run.status.tolist() == [fd.Status.STALLED, fd.Status.STOPPED]


# ---------------------------------------------------------------------- arguments
def test_words() -> None:
    assert fd.GradientFlow().words == "gradient flow"
    assert fd.GradientFlow(0.01).words == "GradientFlow(rtol=0.01, atol=0.0001, method='exponential')"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"method": "euler"}, ValueError, "method must be 'exponential' or 'dopri5'; got 'euler'"),
        ({"method": 4}, TypeError, "method must be 'exponential' or 'dopri5'; got 4"),
        ({"rtol": -1.0}, ValueError, "rtol must be 0 or greater; got -1.0"),
        ({"atol": "small"}, TypeError, "atol must be a number; got 'small'"),
        ({"rtol": 0, "atol": 0.0}, ValueError, "rtol or atol must be greater than 0; got 0 and 0.0"),
    ],
)
def test_errors(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=f"^GradientFlow: {words}$"):
        fd.GradientFlow(**given)


def test_one_tolerance_per_trajectory() -> None:
    x0 = fd.uniform(WELLS.window, 50)
    run = fd.descend(WELLS, x0, fd.GradientFlow(rtol=np.geomspace(1e-4, 0.1, 50)))
    assert run.success.all()
    assert run.nit[:10].mean() > 2 * run.nit[-10:].mean()


# ---------------------------------------------------------------------------------------------------------- at rest
@pytest.mark.parametrize("method", ["exponential", "dopri5"])
@pytest.mark.parametrize("dim", [2, 3, 5])
def test_what_rests_on_a_wall_stays_there(dim: int, method: str) -> None:
    """Bowls, also with one curvature in all directions, that walls cut: steps at rest are no longer than rounding."""
    rng = np.random.default_rng(dim)
    for curvatures in (np.full(dim, 11.765), 10.0 ** rng.uniform(-1, 2, dim)):
        axes = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
        matrix, centre = (axes * curvatures) @ axes.T, rng.uniform(-2, 2, dim)
        s = fd.surface(lambda x, A=matrix, c=centre: 0.5 * ((x - c) @ (A @ (x - c))), dim=dim, window=((-1, 1),) * dim)
        x0 = fd.uniform(s.window, 20, seed=1)
        lowest = np.inf
        for n in (60, 120, 300, 900):
            fun = fd.descend(s, x0, fd.GradientFlow(method=method), gtol=None, bounds=(-1, 1), max_steps=n).fun
            assert np.all(fun <= lowest + 1e-9 * np.abs(fun))
            lowest = np.minimum(lowest, fun)


def test_what_rests_at_an_eigenvector_stays_there() -> None:
    """Without walls: in more than two dimensions the plane of g and H g is a line."""
    s = fd.surface(lambda x: 1.7 * ((x - 0.3) ** 2).sum(), dim=4, window=((-1, 1),) * 4)
    for n in (50, 500, 2000):
        run = fd.descend(s, fd.uniform(s.window, 20, seed=1), fd.GradientFlow(), gtol=None, max_steps=n)
        np.testing.assert_allclose(run.x, 0.3, atol=1e-12)
