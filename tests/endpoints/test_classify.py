"""What endpoints are, and which critical point they belong to."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binomtest

import fastdescent as fd
from fastdescent import Outcome, Status

HIMMELBLAU = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", window=(-6, 6), minima=[[3.0, 2.0]])
HIMMELBLAU_MINIMA = np.array([[-3.779310, -3.283186], [-2.805118, 3.131312], [3.0, 2.0], [3.584428, -1.848126]])
CAMEL = fd.surface("(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (4*y**2 - 4)*y**2", window=((-3, 3), (-2, 2)))
WELLS = fd.surface("x**4 - x**2 + y**2", window=(-2, 2))
RASTRIGIN = fd.surface("20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)", window=(-5.12, 5.12))
SPHERE = fd.surface("x**2 + 3*y**2")
CUBES = fd.surface("(x**2 - 1)**2 + (y**2 - 1)**2 + (z**2 - 1)**2", window=(-2, 2))
WAVES = fd.surface("sin(3*x) + x**2/10")


def run_from_grid(surface: fd.Surface, n: int, optimizer: Any = None, **options: Any) -> fd.Descent:
    x0 = fd.grid(surface.window, (n,) * surface.dim)
    return fd.descend(surface, x0, optimizer or fd.LineSearch(), **options)


def nearest(x: npt.NDArray[Any], points: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int_], npt.NDArray[Any]]:
    """Row and distance of the nearest point, by comparing all."""
    distances = np.linalg.norm(x[..., np.newaxis, :] - points, axis=-1)
    return distances.argmin(axis=-1), distances.min(axis=-1)


# ------------------------------------------------------------------------------------------------- what is found
def test_himmelblau_has_four_minima() -> None:
    run = run_from_grid(HIMMELBLAU, 101)
    ends = fd.classify(run)
    np.testing.assert_allclose(ends.points.x, HIMMELBLAU_MINIMA, atol=1e-6)
    assert np.abs(HIMMELBLAU.gradient(ends.points.x)).max() < 1e-11, "polished"
    rows, distance = nearest(run.x, ends.points.x)
    np.testing.assert_array_equal(ends.label, rows)
    np.testing.assert_allclose(ends.moved, distance, atol=1e-15)
    assert set(ends.outcome.flat) == {Outcome.GLOBAL_MINIMUM}
    assert (ends.fmin, ends.fmin_source) == (0.0, "known")


@pytest.mark.parametrize("optimizer", [fd.GD(0.01), fd.Momentum(0.003), fd.LineSearch()])
def test_columns_are_what_they_say(optimizer: Any) -> None:
    run = run_from_grid(HIMMELBLAU, 64, optimizer)
    ends = run.classify()
    table = ends.points
    for k in range(len(table)):
        here = ends.label == k
        assert table.n_starts[k] == here.sum()
        assert table.share[k] == here.sum() / here.size
        np.testing.assert_allclose(table.nit_mean[k], run.nit[here].mean())
    np.testing.assert_allclose(table.eigenvalues, np.linalg.eigvalsh(HIMMELBLAU.hessian(table.x)))
    assert table.morse_index.tolist() == table.nullity.tolist() == [0] * 4
    np.testing.assert_allclose(table.stability, table.eigenvalues[:, -1] / optimizer.sharpness_limit)


def test_six_hump_camel() -> None:
    table = run_from_grid(CAMEL, 100).classify().points
    minima = table.kind != Outcome.SADDLE
    assert table.kind[minima].tolist() == [10, 10, 11, 11, 11, 11]
    np.testing.assert_allclose(table.fun[minima][::2], [-1.031628453, -0.215463824, 2.104250310], atol=1e-8)
    assert np.all(table.x[minima][::2, 0] < table.x[minima][1::2, 0]), "equal f: by position"


def test_rastrigin_labels_by_brute_force() -> None:
    run = run_from_grid(RASTRIGIN, 120)
    ends = run.classify()
    assert len(ends.points) > 100
    np.testing.assert_array_equal(ends.label, nearest(run.x, ends.points.x)[0])
    assert np.count_nonzero(ends.points.kind == Outcome.GLOBAL_MINIMUM) == 1
    np.testing.assert_allclose(ends.points.x[0], 0, atol=1e-12)
    separation = np.linalg.norm(ends.points.x[:, np.newaxis] - ends.points.x, axis=-1) + np.eye(len(ends.points))
    assert separation.min() > 0.9, "each once"


def test_saddles_and_maxima_are_what_symmetry_keeps_starts_at() -> None:
    ends = run_from_grid(CUBES, 5, fd.GD(0.05)).classify()
    table = ends.points
    assert len(table) == 27
    flat = np.sum(np.abs(table.x) < 0.5, axis=1)  # coordinates at the hump of the double well
    np.testing.assert_array_equal(table.morse_index, flat)
    kinds = [Outcome.GLOBAL_MINIMUM, Outcome.SADDLE, Outcome.SADDLE, Outcome.MAXIMUM]
    np.testing.assert_array_equal(table.kind, [kinds[k] for k in flat])
    assert table.n_starts.tolist() == (2 ** (3 - flat)).tolist()


def test_one_coordinate() -> None:
    run = run_from_grid(WAVES, 200)
    ends = run.classify()
    assert ends.label.shape == (200,)
    assert len(ends.points) == 6
    np.testing.assert_array_equal(ends.label, nearest(run.x, ends.points.x)[0])
    assert np.all(np.diff(ends.label[np.argsort(run.x[:, 0])] != 0) >= -1)


@pytest.mark.parametrize("distance", [1e-3, 1e-4, 3e-5])
def test_close_minima_are_kept_apart(distance: float) -> None:
    """Distances in widths of the window; cells are a ten-thousandth wide."""
    half = distance * 10 / 2
    s = fd.surface("(x**2/d**2 - 1)**2 + y**2", d=half)
    x0 = np.stack([np.linspace(-3 * half, 3 * half, 100), np.zeros(100)], axis=1)
    ends = fd.descend(s, x0, fd.LineSearch()).classify()
    np.testing.assert_allclose(ends.points.x[:, 0], [-half, half], rtol=1e-9)
    np.testing.assert_array_equal(ends.label, x0[:, 0] > 0)


def test_shallow_minima_are_not_taken_for_their_ridge() -> None:
    """Between these minima the gradient is nowhere above gtol, so that every start between them has converged."""
    s = fd.surface("(x**2 - 0.000025)**2 + y**2")
    x0 = np.stack([np.linspace(-0.008, 0.008, 160), np.zeros(160)], axis=1)
    run = fd.descend(s, x0, fd.GD(0.1))
    assert run.success.all()
    assert (np.abs(run.x[:, 0]) < 0.004).sum() > 50
    ends = run.classify()
    is_saddle = np.isin(ends.points.kind, (Outcome.SADDLE,))[ends.label]
    minimum = ends.label[~is_saddle]
    assert np.all(minimum >= 0)
    np.testing.assert_array_equal(np.sign(ends.points.x[minimum, 0]), np.sign(x0[~is_saddle, 0]))
    assert np.all(np.abs(x0[is_saddle, 0]) < 1e-3)
    assert set(ends.reason[~ends.arrived].flat) == {fd.Reason.GTOL}


# ------------------------------------------------------------------------------------- not everything has converged
def test_escaped_and_undefined() -> None:
    s = fd.surface("x**3 - 3*x + y**2")
    ends = fd.descend(s, [[-3.0, 0.0], [0.0, 0.5], [1.0, 0.0]], fd.GD(0.01)).classify()
    assert ends.outcome.tolist() == [Outcome.ESCAPED, Outcome.LOCAL_MINIMUM, Outcome.LOCAL_MINIMUM]
    assert ends.fmin == -18.0, "the first start lies lower than the minimum"
    assert ends.label.tolist() == [-1, 0, 0]
    assert np.isnan(ends.moved[0])
    assert ends.points.share.tolist() == [2 / 3], "of all starts"


@pytest.mark.parametrize("max_steps", [0, 3, 10, 30])
def test_runs_cut_short_are_labelled_by_the_flow(max_steps: int) -> None:
    run = run_from_grid(HIMMELBLAU, 101, fd.GD(0.002), max_steps=max_steps)
    assert np.all(run.status == Status.MAX_STEPS)
    flow = fd.descend(HIMMELBLAU, run.x, fd.GradientFlow()).classify()
    ends = fd.classify(run, points=flow.points)
    np.testing.assert_array_equal(ends.label, flow.label)
    assert not ends.arrived.any()
    assert set(ends.outcome.flat) == {Outcome.UNSETTLED}
    assert set(ends.reason.flat) == {fd.Reason.CUT_OFF}


@pytest.mark.parametrize("optimizer", [fd.Adam(0.05), fd.RMSprop(0.02)])
def test_optimizers_that_circle_a_minimum(optimizer: Any) -> None:
    run = run_from_grid(HIMMELBLAU, 40, optimizer, max_steps=700)
    ends = run.classify()
    rows, distance = nearest(run.x, HIMMELBLAU_MINIMA)
    settled = distance < 0.05
    assert settled.mean() > 0.9
    assert not run.success.all()
    np.testing.assert_array_equal(ends.label[settled], rows[settled])


@pytest.mark.parametrize("lr", [1.0, np.full((1, 40), 1.0), np.full((40, 40, 2), 1.0), lambda t: 1.0])
def test_cycles_of_too_large_a_step(lr: Any) -> None:
    """On x^2 + y^2 steps of lr = 1 lead to and fro between x and -x."""
    run = run_from_grid(fd.surface("x**2 + y**2"), 40, fd.GD(lr), max_steps=101)
    assert set(run.status.flat) == {Status.MAX_STEPS}
    ends = run.classify()
    assert set(ends.outcome.flat) == {Outcome.CYCLE}
    assert set(ends.period.flat) == {2}
    assert np.all(ends.label == 0), "the flow from the mean leads to the minimum"
    assert not ends.arrived.any()


@pytest.mark.parametrize("lr", [0.025, 0.0265])
def test_chaos_of_too_large_a_step_is_not_settled(lr: float) -> None:
    """The curvatures at Himmelblau's minima are 80.6 and more: none attracts with lr > 2 / 80.6."""
    run = run_from_grid(HIMMELBLAU, 60, fd.GD(lr), max_steps=1000)
    assert not run.success.any()
    ends = run.classify()
    assert set(ends.outcome.flat) <= {Outcome.UNSETTLED, Outcome.CYCLE, Outcome.ESCAPED}
    assert not ends.arrived.any()


def test_many_scattered_ends_take_linear_time() -> None:
    """As many cells as points, of which only some are polished."""
    run = run_from_grid(HIMMELBLAU, 250, fd.GD(1e-6), max_steps=2)
    ends = run.classify()
    flow = fd.descend(HIMMELBLAU, run.x, fd.GradientFlow())
    np.testing.assert_array_equal(ends.label, nearest(flow.x, HIMMELBLAU_MINIMA)[0])


def test_more_minima_than_are_polished_at_once() -> None:
    s = fd.surface(lambda x: np.sum(1 - np.cos(2 * np.pi * x)), dim=8, window=(-5, 5))
    ends = fd.descend(s, fd.uniform(s.window, 3000), fd.LineSearch()).classify()
    np.testing.assert_allclose(ends.points.x, np.round(ends.points.x), atol=1e-9)
    assert len(ends.points) > 2900
    assert np.all(ends.label >= 0)


# ------------------------------------------------------------------------------------------------------ the options
def test_fmin_is_given_known_or_found() -> None:
    run = run_from_grid(CAMEL, 40)
    found = run.classify()
    assert found.fmin_source == "found"
    assert found.fmin == found.points.fun[0]
    given = run.classify(fmin=-2.0)
    assert (given.fmin, given.fmin_source) == (-2.0, "given")
    assert Outcome.GLOBAL_MINIMUM not in given.points.kind
    assert "given" in repr(given)
    beaten = run.classify(fmin=-0.5)
    assert (beaten.fmin, beaten.fmin_source) == (found.fmin, "found")
    assert "lowest found: f = " in repr(beaten)


def test_a_wrong_known_minimum_does_not_hide_a_lower_one() -> None:
    s = fd.surface("x**4 - x**2 + 0.1*x + y**2", window=(-2, 2), minima=[[0.68, 0.0]])
    ends = run_from_grid(s, 20).classify()
    assert ends.fmin_source == "found"
    assert ends.points.kind.tolist() == [Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_units_do_not_matter(scale: float) -> None:
    s = fd.surface("a*(x**4 - x**2 + 0.01*x + 0.001*y**2)", a=scale, window=(-2, 2))
    run = run_from_grid(s, 30, fd.GD(0.04 / scale), gtol=1e-6 * scale, max_steps=300_000)
    ends = fd.classify(run)
    assert ends.points.kind.tolist()[:2] == [Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM]


def test_a_table_can_be_used_again() -> None:
    full = run_from_grid(HIMMELBLAU, 30).classify().points
    x0 = fd.uniform(((1, 6), (-6, 6)), 300)
    ends = fd.descend(HIMMELBLAU, x0, fd.GD(0.01)).classify(points=full)
    np.testing.assert_array_equal(ends.points.x, full.x)
    assert ends.points.n_starts.sum() == 300
    assert ends.points.n_starts[0] < full.n_starts[0]
    half = fd.descend(HIMMELBLAU, [[3.0, 2.1], [-3.0, 3.0]], fd.GD(0.01)).classify().points
    assert len(half) == 2
    less = fd.descend(HIMMELBLAU, [[3.1, 2.1], [-3.5, -3.0]], fd.GD(0.01)).classify(points=half)
    assert less.label.tolist() == [1, -1]
    assert less.outcome.tolist() == [Outcome.GLOBAL_MINIMUM, Outcome.UNSETTLED]


def test_merged_tables() -> None:
    parts = [fd.descend(HIMMELBLAU, fd.uniform(w, 200), fd.GD(0.01)).classify().points
             for w in (((-6, 1), (-6, 6)), ((-1, 6), (-6, 6)))]  # fmt: skip
    both = fd.merge(*parts)
    np.testing.assert_allclose(both.x, HIMMELBLAU_MINIMA, atol=1e-6)
    assert both.n_total == both.n_starts.sum() == 400
    total = sum((p.n_starts * p.nit_mean).sum() for p in parts)
    np.testing.assert_allclose((both.n_starts * both.nit_mean).sum(), total)
    assert np.all(both.share_low < both.share)
    assert both.fmin_source == "known"
    np.testing.assert_allclose(both.stability, 0.01 * both.eigenvalues[:, -1] / 2)
    swapped = fd.merge(*parts[::-1])
    np.testing.assert_array_equal(swapped.n_starts, both.n_starts)


def test_intervals_only_for_random_starts() -> None:
    assert np.isnan(run_from_grid(WELLS, 9).classify().points.share_low).all()
    table = fd.descend(WELLS, fd.uniform(WELLS.window, 500), fd.LineSearch()).classify().points
    for k in range(len(table)):
        interval = binomtest(int(table.n_starts[k]), 500).proportion_ci(method="wilson")
        np.testing.assert_allclose([table.share_low[k], table.share_high[k]], interval, rtol=1e-10)


def test_without_polishing() -> None:
    run = run_from_grid(HIMMELBLAU, 50)
    ends = run.classify(polish=False)
    np.testing.assert_allclose(ends.points.x, HIMMELBLAU_MINIMA, atol=1e-5)
    np.testing.assert_array_equal(ends.label, run.classify().label)
    assert np.all((ends.points.x[:, np.newaxis] == run.x.reshape(-1, 2)).all(-1).any(-1)), "rows are endpoints"


@pytest.mark.parametrize("surface", [HIMMELBLAU, WELLS, RASTRIGIN], ids=["himmelblau", "wells", "rastrigin"])
def test_float32_runs_are_polished_in_float64(surface: fd.Surface) -> None:
    single = run_from_grid(surface, 41, dtype=np.float32)
    ends = single.classify()
    table = ends.points
    assert table.x.dtype == np.float64
    assert np.abs(surface.gradient(table.x)).max() < 1e-9
    rows, distance = nearest(single.x, table.x)
    close = distance < 1e-2
    assert close.mean() > 0.99
    np.testing.assert_array_equal(ends.label[close], rows[close])


# --------------------------------------------------------------------------------------------------- shapes, order
def test_permuted_starts_give_permuted_labels() -> None:
    x0 = fd.grid(CAMEL.window, (40, 40)).reshape(-1, 2)
    order = np.random.default_rng(0).permutation(len(x0))
    a, b = (fd.descend(CAMEL, x, fd.LineSearch()).classify() for x in (x0, x0[order]))
    np.testing.assert_array_equal(a.label[order], b.label)
    np.testing.assert_array_equal(a.outcome[order], b.outcome)
    np.testing.assert_allclose(a.points.x, b.points.x, atol=1e-10)


def test_no_starts_and_one_start() -> None:
    none = fd.descend(HIMMELBLAU, np.zeros((0, 2)), fd.GD(0.01)).classify()
    assert none.label.shape == none.outcome.shape == none.moved.shape == (0,)
    assert len(none.points) == 0
    assert none.points.x.shape == (0, 2)
    assert "0 critical points" in repr(none)
    one = fd.descend(HIMMELBLAU, [2.9, 2.1], fd.GD(0.01)).classify()
    assert one.label.shape == ()
    assert (int(one.label), int(one.outcome)) == (0, Outcome.GLOBAL_MINIMUM)
    lattice = fd.descend(CUBES, np.zeros((2, 0, 3)), fd.GD(0.01)).classify()
    assert lattice.label.shape == (2, 0)


def test_leading_axes_are_kept() -> None:
    ends = fd.descend(WELLS, fd.uniform(WELLS.window, 24).reshape(2, 3, 4, 2), fd.GD(0.1)).classify()
    assert ends.label.shape == ends.outcome.shape == ends.moved.shape == (2, 3, 4)
    assert (ends.label.dtype, ends.outcome.dtype, ends.moved.dtype) == (np.int32, np.int8, np.float64)


# ------------------------------------------------------------------------------------------------------- the words
def test_the_table_is_readable() -> None:
    table = run_from_grid(RASTRIGIN, 60).classify().points
    text = repr(table)
    assert "A" in text
    assert "lowest found" in text
    assert "(-0.994959, 0)" in text
    assert "more, with" in text
    assert table._repr_html_().count("<tr>") == 21
    assert [table.letter(k) for k in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_results_pickle() -> None:
    ends = run_from_grid(WELLS, 9).classify()
    again = pickle.loads(pickle.dumps(ends))
    np.testing.assert_array_equal(again.label, ends.label)
    assert repr(again) == repr(ends)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"points": [[0, 0]]}, TypeError, "points must be a CriticalPoints table"),
        ({"fmin": "low"}, TypeError, "fmin must be a number"),
        ({"fmin": np.nan}, ValueError, "fmin must be finite"),
        ({"polish": 1}, TypeError, "polish must be True or False"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fd.classify(run_from_grid(SPHERE, 2), **options)


def test_kinds_of_argument_are_checked() -> None:
    with pytest.raises(TypeError, match="run must be a Descent"):
        fd.classify(np.zeros((3, 2)))
    table = run_from_grid(CUBES, 2).classify().points
    with pytest.raises(ValueError, match="points must have 2 coordinates"):
        run_from_grid(SPHERE, 2).classify(points=table)
    with pytest.raises(TypeError, match="argument 2 must be a CriticalPoints table"):
        fd.merge(table, None)


def test_importing_the_package_does_not_import_what_this_needs() -> None:
    code = "import sys, fastdescent; fastdescent.descend; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(shown.split())
    assert "fastdescent._run.descent" in loaded
    assert not loaded & {"scipy", "matplotlib", "fastdescent._endpoints.classify", "fastdescent._maps.basin_map"}
