"""Small inputs whose right names are known: walls, singular Hessians, kinks, cycles, infima, noise, scales.

Starts are 2,000 uniform ones in the window unless said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Form, Outcome, Reason

GLOBAL, LOCAL = Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM


def starts(s: fd.Surface, n: int = 2000) -> np.ndarray:
    return fd.uniform(s.window, n, seed=1)


def ends_of(text: Any, optimizer: Any, window: Any = (-2, 2), x0: Any = None, **options: Any) -> fd.Endpoints:
    s = text if isinstance(text, fd.Surface) else fd.surface(text, window=window)
    return fd.descend(s, starts(s) if x0 is None else x0, optimizer, **options).classify()


def all_are(ends: fd.Endpoints, outcome: Outcome) -> bool:
    return bool(np.all(ends.outcome == outcome))


# ------------------------------------------------------------------------------------------------------------- walls
def test_a_corner_between_two_walls() -> None:
    ends = ends_of("(x+0.001)**2+(y+0.001)**2", fd.GD(0.1), (-1, 1), bounds=((0, 1), (0, 1)))
    assert all_are(ends, GLOBAL)
    assert ends.points.x.tolist() == [[0.0, 0.0]]
    assert ends.points.fun[0] == pytest.approx(2e-6)
    assert (ends.points.active.tolist(), ends.points.form.tolist()) == ([[-1, -1]], [Form.CONSTRAINED])


def test_a_corner_beside_a_saddle_outside() -> None:
    ends = ends_of("x*y", fd.GD(0.01), (-1, 1), bounds=((0.003, 1), (0.003, 1)), max_steps=10**5)
    assert all_are(ends, GLOBAL)
    assert ends.points.x.tolist() == [[0.003, 0.003]]


@pytest.mark.parametrize(("bounds", "x", "active"), [((1, 2), 1.0, -1), ((0, 1), 0.0, 0)])
def test_a_wall_counts_only_if_it_is_pushed_against(bounds: Any, x: float, active: int) -> None:
    ends = ends_of("x**2+y**2", fd.GD(0.1), bounds=(bounds, bounds))
    assert all_are(ends, GLOBAL)
    assert (ends.points.x.tolist(), ends.points.active.tolist()) == ([[x, x]], [[active, active]])


def test_a_minimum_at_a_wall_and_one_inside() -> None:
    table = ends_of("x**2+10*sin(x)", fd.GD(0.01), ((0, 45),), bounds=((0, 45),)).points
    np.testing.assert_allclose(table.x[:, 0], [0.0, 3.83747], atol=1e-5)
    np.testing.assert_allclose(table.fun, [0.0, 8.31559], atol=1e-5)
    assert table.form.tolist() == [Form.CONSTRAINED, Form.REGULAR]


def test_eggholder_in_its_bounds() -> None:
    s = fd.surfaces.eggholder()
    ends = ends_of(s, fd.LineSearch(), bounds=((-512, 512),) * 2)
    assert ends.points.fun[0] == pytest.approx(-959.64066, abs=1e-4)
    np.testing.assert_allclose(ends.points.x[0], [512, 404.2318], atol=1e-3)
    assert np.all(np.abs(ends.points.x) <= 512)


def test_shubert_with_and_without_bounds() -> None:
    wave = "+".join(f"{i}*cos({i + 1}*X+{i})" for i in range(1, 6))
    s = fd.surface(f"({wave.replace('X', 'x')})*({wave.replace('X', 'y')})", window=(-10, 10))
    x0 = fd.uniform(s.window, 60_000, seed=1)
    inside = ends_of(s, fd.LineSearch(), x0=x0).points
    in_window = np.all(np.abs(inside.x) <= 10, axis=1)
    assert np.count_nonzero(in_window) == 722
    assert np.count_nonzero(inside.kind == GLOBAL) == 18
    bounded = ends_of(s, fd.LineSearch(), x0=x0, bounds=s.window).points
    on_walls = (bounded.form & Form.CONSTRAINED) != 0
    assert (np.count_nonzero(~on_walls), np.count_nonzero(on_walls)) == (722, 39)
    assert np.count_nonzero((bounded.active != 0).all(axis=1)) == 1


# ----------------------------------------------------------------------------------------------- singular Hessians
def test_two_valleys() -> None:
    ends = ends_of("(x**2-1)**2 + 2*y**2 + 0*z", fd.GD(0.05))
    assert all_are(ends, GLOBAL)
    assert ends.points.set_dim.tolist() == [1, 1]
    np.testing.assert_allclose(ends.points.share, 0.5, atol=0.05)
    assert "lowest found (valley, dim 1)" in repr(ends.points)


@pytest.mark.parametrize("optimizer", [fd.LineSearch(), fd.GradientFlow()])
@pytest.mark.parametrize(
    ("text", "set_dims"), [("(x**2+y**2-1)**2", [1]), ("x**4+y**4", [0]), ("(x*y-1)**2", [1, 1]), ("(w-3)**4", [0])]
)
def test_sets_and_isolated_points(text: str, set_dims: list[int], optimizer: Any) -> None:
    ends = ends_of(text, optimizer, (-5, 5) if "w" in text else (-2, 2))
    assert all_are(ends, GLOBAL)
    assert ends.points.set_dim.tolist() == set_dims
    assert ends.arrived.all()


def test_one_negative_eigenvalue_decides() -> None:
    ends = ends_of("(x*y-1)**2 + 0*z", fd.GD(0.01), x0=[[0, 0, 0.3]])
    assert (ends.outcome[0], ends.points.nullity[0]) == (Outcome.SADDLE, 1)


def test_gtol_above_the_slope() -> None:
    ends = ends_of("(x*y*z-1)**2", fd.GD(0.01), x0=[[1e-4, 1e-4, 1e-4]])
    assert (ends.outcome[0], ends.reason[0]) == (Outcome.UNSETTLED, Reason.GTOL)
    plateau = fd.surfaces.plateau()
    ends = ends_of(plateau, fd.Adam(0.01), x0=[[5.0, 5.0]])
    assert (ends.outcome[0], ends.reason[0], ends.label[0]) == (Outcome.UNSETTLED, Reason.GTOL, 0)
    assert all_are(ends_of(plateau, fd.Adam(0.01), x0=[[5.0, 5.0]], gtol=1e-12, max_steps=10**5), GLOBAL)


@pytest.mark.parametrize("text", ["2*t**2 + 4.5e10", "2*t**2 + 4.5e10 + 0*u"])
def test_f_far_from_zero(text: str) -> None:
    ends = ends_of(text, fd.GD(0.1))
    assert all_are(ends, GLOBAL)
    assert len(ends.points) == 1
    assert ends.points.x[0, 0] == pytest.approx(0.0, abs=1e-6)


# ------------------------------------------------------------------------------------------------- kinks and cones
def cone(x: Any) -> Any:
    return np.linalg.norm(x)


def two_bowls(x: Any) -> Any:
    return np.minimum(np.abs(x[0]) + np.abs(x[1]), 1 + (x[0] - 5) ** 2 + (x[1] - 5) ** 2)


def test_the_tip_of_a_cone() -> None:
    m = fd.basin_map(fd.surface(cone, dim=2, window=(-2, 2)), shape=(40, 40))
    np.testing.assert_allclose(m.points.x, [[0.0, 0.0]], atol=1e-9)
    assert m.points.form.tolist() == [Form.NONSMOOTH]
    assert np.all(m.label == 0)


@pytest.mark.parametrize("optimizer", [fd.GD(0.01), fd.GradientFlow()])
def test_the_lowest_minimum_is_at_a_kink(optimizer: Any) -> None:
    table = ends_of(fd.surface(two_bowls, dim=2, window=(-8, 8)), optimizer).points
    np.testing.assert_allclose(table.x, [[0, 0], [5, 5]], atol=1e-7)
    assert table.kind.tolist() == [GLOBAL, LOCAL]


def test_a_minimum_along_a_kink_is_the_same_for_all_optimizers() -> None:
    text, shares = "abs(x-y)+(x-1)**2+(y-1)**2+(x+y-3)**2", []
    for optimizer in (fd.GD(0.01), fd.LineSearch()):
        table = ends_of(text, optimizer, (-3, 3)).points
        np.testing.assert_allclose(table.x, [[4 / 3, 4 / 3]], atol=1e-7)
        assert table.fun[0] == pytest.approx(1 / 3)
        shares.append(table.share.tolist())
    assert shares[0] == shares[1]


def test_rosenbrock_with_kinks() -> None:
    ends = ends_of("(1-x)**2+100*(y-x**2)**2+abs(x)+abs(y)", fd.LineSearch(), x0=[[-1.2, 1.0]])
    np.testing.assert_allclose(ends.points.x, [[0.25, 0.0575]], atol=1e-7)
    assert ends.points.fun[0] == pytest.approx(0.8725)


def test_a_gradient_that_is_undefined_at_the_minimum() -> None:
    """The angle between w and (1, 0), whose cosine is rounded to 1, or above."""

    def loss(w: Any) -> Any:
        angle = np.arccos(w[0] / np.linalg.norm(w))
        return (np.linalg.norm(w) - 1) ** 2 + angle

    ends = ends_of(fd.surface(loss, dim=2, window=(-2, 2)), fd.GD(0.05))
    np.testing.assert_allclose(ends.points.x, [[1.0, 0.0]], atol=1e-6)
    assert np.all(ends.label == 0)


# ------------------------------------------------------------------------------------------- cycles, jitter, noise
def test_a_two_cycle_is_no_minimum() -> None:
    ends = ends_of("x**4-x**2", fd.GD(0.505), x0=[[0.3]])
    assert (ends.outcome[0], ends.period[0], ends.arrived[0]) == (Outcome.CYCLE, 2, False)
    assert ends.points.x[ends.label[0], 0] == pytest.approx(np.sqrt(0.5))


def test_a_two_cycle_beyond_the_limit() -> None:
    text = "log(1+exp(-x))+log(1+exp(x/4))"
    curvature = fd.critical_points(fd.surface(text, window=(-5, 5))).eigenvalues[0, 0]
    ends = ends_of(text, fd.GD(2.01 / curvature), (-5, 5))
    assert all_are(ends, Outcome.CYCLE)
    assert set(ends.period) == {2}


def test_one_of_himmelblaus_minima_repels() -> None:
    ends = ends_of(fd.surfaces.himmelblau(), fd.GD(0.017))
    np.testing.assert_allclose(ends.points.x[0], [-3.77931, -3.283186], atol=1e-6)
    assert ends.points.arrived.tolist() == [0, 1, 1, 1]
    assert set(ends.outcome[ends.label == 0]) == {Outcome.CYCLE}
    assert ends.points.stability[0] > 1 > ends.points.stability[1:].max()


@pytest.mark.parametrize("max_steps", [1000, 10_000])
def test_nobody_arrives_beyond_the_limit(max_steps: int) -> None:
    s = fd.surfaces.rastrigin()
    ends = ends_of(s, fd.GD(0.01), x0=fd.grid(s.window, (64, 64)), max_steps=max_steps)
    assert not ends.arrived.any()
    assert np.all(ends.label >= 0)
    assert not np.isin(ends.outcome, (GLOBAL, LOCAL)).any()


@fd.optimizer
def sign_rule(x: Any, grad: Any, state: Any, t: Any, *, lr: Any) -> Any:
    return x - lr * np.sign(grad(x)), {}


def test_a_sign_rule_colours_four_valleys() -> None:
    ends = ends_of(fd.surfaces.himmelblau(), sign_rule(lr=0.01))
    assert sorted(set(ends.label)) == [0, 1, 2, 3]
    assert not ends.arrived.any()


def test_noise() -> None:
    s = fd.surfaces.himmelblau()
    ends = ends_of(s, fd.GD(0.01), noise=1.0, max_steps=1000)
    assert sorted(set(ends.label)) == [0, 1, 2, 3]
    assert set(ends.reason) == {Reason.NOISE}


def test_weight_decay_moves_the_minima() -> None:
    s = fd.surfaces.himmelblau()
    ends = ends_of(s, fd.SGD(0.01, weight_decay=0.1))
    decayed = s + fd.surface(lambda x: 0.05 * np.sum(x * x), dim=2, window=s.window)
    assert np.abs(decayed.gradient(ends.points.x)).max() < 1e-9
    np.testing.assert_allclose(ends.points.fun, decayed(ends.points.x))
    assert ends.arrived.all()
    assert np.isin(ends.outcome, (GLOBAL, LOCAL)).all()


# ------------------------------------------------------------------------------------- scales, valleys, infinities
def test_shallow_valleys_whose_slope_is_below_gtol() -> None:
    s = fd.surface("x**2/2 + 1e-6*cosh(y)", window=(-2, 2))
    ends = ends_of(s, fd.Momentum(0.5), x0=starts(s, 500), max_steps=10**7)
    assert all_are(ends, GLOBAL)
    assert len(ends.points) == 1


def test_minima_that_are_near_in_a_wide_window() -> None:
    ends = ends_of("(1.613-4*(x-0.3125)**2-4*(y-1.625)**2)**2+(y-1)**2", fd.LineSearch(), (-500, 500))
    np.testing.assert_allclose(ends.points.x, [[0.2001, 1], [0.4249, 1]], atol=1e-4)
    assert np.isin(ends.outcome, (GLOBAL, LOCAL)).all()


def test_rosenbrock_in_a_wide_window() -> None:
    ends = ends_of("(1-x)**2+100*(y-x**2)**2", fd.GradientFlow(), (-2000, 2000))
    np.testing.assert_allclose(ends.points.x, [[1.0, 1.0]], atol=1e-6)
    assert np.all(ends.label == 0)


@pytest.mark.parametrize("text", ["exp(-x)+y**2", "log(1+exp(-x-y/2))+log(1+exp(0.3*x-y))"])
def test_an_infimum_at_infinity(text: str) -> None:
    ends = ends_of(text, fd.LineSearch(), max_steps=10**5)
    assert len(ends.points) == 0
    assert set(ends.reason) == {Reason.INFIMUM}


def test_logistic_regression_with_columns_of_two_scales() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)) * [1, 1e3], np.where(rng.random(40) < 0.5, 1.0, -1.0)
    s = fd.surface(lambda w: np.log1p(np.exp(-y * (X @ w))).sum(), dim=2, window=((-5, 5), (-0.01, 0.01)))
    ends = ends_of(s, fd.GradientFlow())
    assert len(ends.points) == 1
    assert all_are(ends, GLOBAL)


def test_nothing_is_global_above_the_starts() -> None:
    s = fd.surface("sin(10*x)*exp(-x)", window=(-1, 1))
    ends = ends_of(s, fd.GD(1.0), x0=fd.grid(s.window, (200,)))
    assert GLOBAL not in ends.outcome
    assert ends.fmin == pytest.approx(-2.2043, abs=1e-3)


def kowalik(x: Any) -> Any:
    """J. Kowalik, M. R. Osborne: Methods for unconstrained optimization problems, 1968; least value 3.0749e-4."""
    y = np.array([0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    b = 1 / np.array([0.25, 0.5, 1, 2, 4, 6, 8, 10, 12, 14, 16])
    return ((y - x[0] * (b * b + b * x[1]) / (b * b + b * x[2] + x[3])) ** 2).sum()


def test_kowaliks_fit() -> None:
    s = fd.surface(kowalik, dim=4, window=((-5, 5),) * 4)
    run = fd.descend(s, starts(s, 1000), fd.LineSearch())
    table = run.classify().points
    assert table.fun[table.kind == GLOBAL] == pytest.approx(3.0749e-4, rel=1e-4)
    assert np.nanmin(run.fun) >= table.fun.min() - 1e-12


def test_rosenbrock_in_four_dimensions_has_two_minima() -> None:
    s = fd.surfaces.get("rosenbrock", dim=4)
    table = ends_of(s, fd.LineSearch(), x0=starts(s, 500)).points
    np.testing.assert_allclose(table.fun, [0.0, 3.70142861], atol=1e-8)


# ------------------------------------------------------------------------------------------------- rare endpoints
def test_starts_on_the_stable_line_of_a_saddle() -> None:
    ends = ends_of("x**4-x**2+y**2", fd.GD(0.1), x0=[[0.0, 1.5], [0.0, -0.3]])
    assert all_are(ends, Outcome.SADDLE)
    assert ends.arrived.all()


def test_momentum_that_passes_a_saddle_is_not_there() -> None:
    s = fd.surface("x**4-x**2+y**2", window=(-2, 2))
    for n in (5, 12, 20, 26, 32, 40, 55):
        ends = fd.descend(s, [[1e-3, 1.5]], fd.Momentum(0.05), max_steps=n).classify()
        assert ends.outcome[0] != Outcome.SADDLE


def test_easoms_plain_is_flat() -> None:
    s = fd.surfaces.easom()
    ends = fd.descend(s, [[-90.0, -90.0], [3.0, 3.0]], fd.LineSearch()).classify()
    assert ends.outcome.tolist() == [Outcome.FLAT, GLOBAL]
    assert ends.reason[0] == Reason.CONSTANT
