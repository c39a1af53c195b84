"""Minima at kinks, cones and cusps: found to rounding from many starts, and nothing false."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent._endpoints.kinks import kinks, sampled
from fastdescent._endpoints.kinks.kinks import KinkResult, polish_at_kinks
from fastdescent._endpoints.search.cells import Frame

WEIGHTS = np.linspace(0.5, 2.0, 20)
CENTRE = 0.3 * np.cos(np.arange(20.0))
MATRIX = np.random.default_rng(3).normal(size=(20, 20))
CORNERS = np.array([[0.0, 0.0], [1.0, 0.2], [-1.0, 0.2]])  # the angle at the first one is 157 degrees

Formula = Callable[[Any], Any]


def surface_of(f: str | Formula, dim: int = 2, side: float = 2.0) -> fd.Surface:
    return fd.surface(f, window=(-side, side)) if isinstance(f, str) else fd.surface(f, dim=dim, window=(-side, side))


def starts_near(x: Any, frame: Frame, n: int = 20, radii: tuple[float, ...] = (0.0, 1e-6, 1e-4, 1e-3, 1e-2)) -> Any:
    """Points around x, some exactly there."""
    rng = np.random.default_rng(0)
    return np.asarray(x) + rng.normal(size=(n, len(x))) * np.resize(radii, n)[:, np.newaxis] * frame.width


def polished(s: fd.Surface, starts: Any, bounds: Any = None) -> KinkResult:
    return polish_at_kinks(s, np.atleast_2d(np.asarray(starts, np.float64)), Frame.of(s.window), bounds)


def assert_minimum(s: fd.Surface, end: KinkResult, x: Any, tol: float = 1e-10) -> None:
    """All points came to x, which is a minimum at a kink."""
    assert Frame.of(s.window).distance(end.x, np.asarray(x)).max() <= tol
    assert end.is_minimum.all()
    assert end.is_kink.all()
    np.testing.assert_array_equal(end.fun, s(end.x))
    assert end.radius.max() < 1e-6


MINIMA: dict[str, tuple[str | Formula, list[float]]] = {
    "cone": (np.linalg.norm, [0.0, 0.0]),
    "cone in five dimensions": (np.linalg.norm, [0.0] * 5),
    "sum": ("abs(x) + abs(y)", [0.0, 0.0]),
    "oblique": ("abs(x - y) + (x - 1)**2 + (y - 1)**2 + (x + y - 3)**2", [4 / 3, 4 / 3]),
    "larger of two": ("maximum(x**2 + y**2, (x - 1)**2 + y**2 + 0.2)", [0.6, 0.0]),
    "Fermat's point": (
        lambda x: sum(np.sqrt((x[0] - a) ** 2 + (x[1] - b) ** 2) for a, b in CORNERS.tolist()),
        [0.0, 0.0],
    ),
    "smaller of two": ("minimum(abs(x) + abs(y), 1 + (x - 5)**2 + (y - 5)**2)", [0.0, 0.0]),
    "not convex": ("maximum(abs(x), 2*abs(y)) - abs(y)/2", [0.0, 0.0]),
    "curved kink": ("abs(x - y**2) + 0.1*y**2", [0.0, 0.0]),
    "kink and valley": ("0.001*abs(x) + 100*(y - x)**2", [0.0, 0.0]),
    "steep and gentle": ("abs(x) + 1e-6*abs(y)", [0.0, 0.0]),
    "one-sided": ("maximum(x, 0) + maximum(-2*x, 0) + y**2", [0.0, 0.0]),
    "cone and bowl": (
        lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2) + 10 * x[2] ** 2 + np.sum((x[3:] - 1) ** 2),
        [0.0, 0.0, 0.0, 1.0, 1.0],
    ),
    "no gradient there": ("abs(x) + arccos(minimum(1, cos(y)))", [0.0, 0.0]),
    "one dimension": (lambda x: abs(x[0] - 0.3), [0.3]),
    "twenty dimensions": (lambda x: np.sum(WEIGHTS * abs(x)), [0.0] * 20),
    "twenty dimensions, shifted": (lambda x: np.sum(WEIGHTS * abs(x - CENTRE)), CENTRE.tolist()),
    "twenty dimensions, oblique": (lambda x: np.sum(abs(MATRIX @ (x - CENTRE))), CENTRE.tolist()),
}


@pytest.mark.parametrize("name", MINIMA)
def test_minima_are_found(name: str) -> None:
    f, x = MINIMA[name]
    s = surface_of(f, len(x))
    assert_minimum(s, polished(s, starts_near(x, Frame.of(s.window))), x)


def test_the_minimum_of_a_sum_lies_far_along_its_kink() -> None:
    """On x = y, f = 2 (x - 1)^2 + (2 x - 3)^2 is least where 4 (x - 1) + 4 (2 x - 3) = 0."""
    s = surface_of("abs(x - y) + (x - 1)**2 + (y - 1)**2 + (x + y - 3)**2")
    end = polished(s, [[1.3, 1.3001], [1.0, 1.0], [1.25, 1.25]])
    assert_minimum(s, end, [4 / 3, 4 / 3])
    np.testing.assert_allclose(end.fun, 1 / 3, rtol=1e-15)


@pytest.mark.parametrize("dim", [2, 10])
def test_ackleys_cone(dim: int) -> None:
    """The next minimum is 0.015 windows away."""
    s = fd.surfaces.ackley(dim)
    starts = starts_near([0.0] * dim, Frame.of(s.window), radii=(0.0, 1e-6, 1e-4, 1e-3))
    assert_minimum(s, polished(s, starts), [0.0] * dim)


def test_a_point_leaves_a_kink_for_the_smooth_minimum_beside_it() -> None:
    """Where x, y > 0: 200 (y - x^2) = -1 and 2 (x - 1) + 2 x + 1 = 0, at (1/4, 23/400). f = 0.8725 is smooth there.

    On the kinks there is no minimum: f falls along y from y = 0 if x^2 > 1/200, and along x from x = 0.
    """
    s = surface_of("(1 - x)**2 + 100*(y - x**2)**2 + abs(x) + abs(y)")
    end = polished(s, [[0.25, 1e-4], [0.25, 0.0], [0.2, 0.0], [0.0, 0.0], [0.25, 0.0575]])
    np.testing.assert_allclose(end.x, np.tile([0.25, 0.0575], (5, 1)), atol=1e-10)
    np.testing.assert_allclose(end.fun, 0.8725, rtol=1e-14)
    assert end.is_minimum.all()
    assert not end.is_kink.any()


@pytest.mark.parametrize(
    "f",
    [
        "abs(x) - 2*abs(y)",
        "abs(x)*y",
        "abs(x) - y**2",
        "abs(3*x - y) - (x + 3*y)**2/100",
        "abs(x - y**2) - 0.1*y**2",
        "-abs(x) - abs(y)",
        "abs(x) + 0.001*y",
    ],
)
def test_kinks_that_are_no_minima(f: str) -> None:
    s = surface_of(f)
    assert not polished(s, starts_near([0.0, 0.0], Frame.of(s.window), radii=(0.0, 1e-9, 1e-5))).is_minimum.any()


def test_where_the_smaller_of_two_switches_is_no_minimum() -> None:
    """2 t - 1 = 2 (t - 5)^2 at t = (11 - sqrt(19)) / 2. Points leave that kink for the smooth minimum at (5, 5)."""
    s = surface_of("minimum(abs(x) + abs(y), 1 + (x - 5)**2 + (y - 5)**2)", side=10.0)
    t = (11 - 19**0.5) / 2
    end = polished(s, starts_near([t, t], Frame.of(s.window), radii=(0.0, 1e-9, 1e-7)))
    assert not (end.is_minimum & end.is_kink).any()
    assert not (end.is_minimum & (np.abs(end.x - 5.0).max(axis=1) > 1e-6)).any()


@pytest.mark.parametrize("name", ["himmelblau", "rastrigin", "levy", "salomon", "holder_table"])
def test_smooth_minima_are_no_kinks(name: str) -> None:
    s = fd.surfaces.get(name)
    frame = Frame.of(s.window)
    starts = frame.low + frame.width * np.random.default_rng(1).random((60, s.dim))
    assert not polished(s, starts).is_kink.any()


def test_walls_hold_points() -> None:
    s = surface_of("abs(x) + (y + 1)**2")
    walls = np.array([-2.0, 0.0]), np.array([2.0, 2.0])
    end = polished(s, starts_near([0.0, 0.0], Frame.of(s.window)), walls)
    assert (end.x[:, 1] == 0.0).all()
    assert_minimum(s, end, [0.0, 0.0])


def test_a_kink_in_a_corner_of_the_walls() -> None:
    s = surface_of("abs(x - y) + x + y")
    walls = np.array([0.5, 0.5]), np.array([2.0, 2.0])
    end = polished(s, starts_near([0.5, 0.5], Frame.of(s.window)), walls)
    assert (end.x == 0.5).all()
    assert end.is_minimum.all()


@pytest.mark.parametrize("name", ["eggholder", "schwefel", "alpine", "bukin6", "drop_wave"])
def test_nothing_is_lower_beside_a_minimum(name: str) -> None:
    s = fd.surfaces.get(name)
    frame, rng = Frame.of(s.window), np.random.default_rng(1)
    end = polished(s, frame.low + frame.width * rng.random((60, s.dim)))
    x, fun = end.x[end.is_minimum], end.fun[end.is_minimum]
    for radius in (1e-7, 1e-6, 1e-5):
        around = x[:, np.newaxis] + radius * frame.width * rng.normal(size=(len(x), 1000, s.dim))
        assert (s(around).min(axis=1) >= fun - 1e-14 * np.abs(fun) - 1e-15).all()


def test_a_cusp_is_a_minimum_only_where_f_has_no_slope_along_the_cusp() -> None:
    s = surface_of("sqrt(abs(x)) + 0.01*(y - 1)**2")
    slid = polished(s, [[0.0, 1.0]])
    assert_minimum(s, slid, [0.0, 1.0])
    on_the_way = polished(s, starts_near([0.0, 0.0], Frame.of(s.window)))
    assert np.abs(on_the_way.x[on_the_way.is_minimum, 1] - 1.0).max(initial=0.0) < 1e-6
    eggs = fd.surfaces.eggholder()
    t = np.linspace(20.0, 480.0, 60)
    end = polished(eggs, np.column_stack([t, -47 - t / 2]))  # along a cusp whose minima lie apart
    found = end.x[end.is_minimum & end.is_kink]
    slope = np.sqrt(1.5 * found[:, 0])  # f = -x sin(sqrt(1.5 x)) there
    assert np.abs(np.sin(slope) + slope / 2 * np.cos(slope)).max(initial=0.0) < 1e-3


@pytest.mark.parametrize("x_unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("f_unit", [1e-12, 1.0, 1e12])
def test_units_do_not_matter(x_unit: float, f_unit: float) -> None:
    def f(x: Any) -> Any:
        u, v = x[0] / x_unit, x[1] / x_unit
        return f_unit * (abs(u - v) + 0.5 * (v - 1) ** 2 + 2 * abs(u - 1))

    s = fd.surface(f, dim=2, window=(-2 * x_unit, 2 * x_unit))
    assert_minimum(s, polished(s, starts_near([x_unit, x_unit], Frame.of(s.window))), [x_unit, x_unit])


def test_coordinates_may_have_units_of_their_own() -> None:
    s = fd.surface("abs(1e6*x) + (1e-3*y)**2 + abs(1e-3*y)", window=((-2e-6, 2e-6), (-2e3, 2e3)))
    assert_minimum(s, polished(s, starts_near([0.0, 0.0], Frame.of(s.window))), [0.0, 0.0])


@pytest.mark.parametrize(("shift", "tol"), [(1.0, 1e-14), (1e3, 1e-12), (1e6, 1e-9), (1e10, 1e-5)])
def test_shifts_of_f_cost_no_more_than_rounding(shift: float, tol: float) -> None:
    s = fd.surface(lambda x: abs(x[0] - x[1]) + 2 * abs(x[0] - 1) + shift, dim=2, window=(-2, 2))
    end = polished(s, starts_near([1.0, 1.0], Frame.of(s.window)))
    assert Frame.of(s.window).distance(end.x, np.ones(2)).max() < tol
    assert (end.is_minimum & end.is_kink).all()


def test_shifts_of_x() -> None:
    s = fd.surface(lambda x: abs(x[0] - 1e6) + 2 * abs(x[1]), dim=2, window=((1e6 - 2, 1e6 + 2), (-2, 2)))
    assert_minimum(s, polished(s, starts_near([1e6, 0.0], Frame.of(s.window))), [1e6, 0.0], tol=1e-9)


def test_points_do_not_depend_on_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    s = fd.surfaces.get("alpine")
    frame = Frame.of(s.window)
    starts = frame.low + frame.width * np.random.default_rng(2).random((12, s.dim))
    whole = polished(s, starts)
    monkeypatch.setattr(kinks, "_NUMBERS_PER_CHUNK", 1)
    for end, order in ((polished(s, starts), slice(None)), (polished(s, starts[::-1]), slice(None, None, -1))):
        for name in ("x", "fun", "is_minimum", "is_kink", "radius"):
            np.testing.assert_array_equal(getattr(end, name)[order], getattr(whole, name))


def test_what_is_not_finite_or_flat_or_empty() -> None:
    s = surface_of("log(x) + 0*y")
    end = polished(s, [[-1.0, 0.0], [np.nan, 0.0]])
    assert not (end.is_minimum | end.is_kink).any()
    assert not polished(surface_of("0*x + 0*y"), [[0.1, 0.2]]).is_kink.any()
    assert polished(s, np.zeros((0, 2))).x.shape == (0, 2)


def test_in_too_many_dimensions_points_stay() -> None:
    s = surface_of(lambda x: np.sum(abs(x)), 41)
    end = polished(s, np.full((1, 41), 1e-3))
    assert (end.x == 1e-3).all()
    assert not end.is_minimum.any()
    assert np.isnan(end.radius).all()


def test_directions_are_orthogonal_and_both_ways() -> None:
    for dim in (1, 2, 5, 20):
        rows = sampled.directions(dim, 0)
        half = len(rows) // 2
        np.testing.assert_array_equal(rows[:half], -rows[half:])
        np.testing.assert_allclose(rows[:dim] @ rows[:dim].T, np.eye(dim), atol=1e-12)
