"""Basin maps: images of where starts end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Outcome

HIMMELBLAU = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", window=((-6, 6), (-5, 5)))
CHAIN = fd.surface("(x**2 - 1)**2 + (y**2 - 1)**2 + (z - 0.5)**2", window=((-2, 2), (-2, 2), (-1, 1)))


def test_arrays_are_those_of_the_run() -> None:
    m = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(40, 60))
    run = fd.descend(HIMMELBLAU, fd.grid(HIMMELBLAU.window, (40, 60)), fd.GD(0.01))
    ends = run.classify()
    assert m.label.shape == (40, 60)
    for name in ("nit", "fun", "status"):
        np.testing.assert_array_equal(getattr(m, name), getattr(run, name))
    np.testing.assert_array_equal(m.label, ends.label)
    np.testing.assert_array_equal(m.outcome, ends.outcome)
    assert m.window == ((-6, 6), (-5, 5))
    assert m.extent == (-6, 6, -5, 5)


def test_row_0_is_at_the_bottom() -> None:
    s = fd.surface("(x - 1)**2 + (y**2 - 1)**2", window=(-2, 2))
    m = fd.basin_map(s, shape=(10, 8))
    below, above = m.points.x[m.label[0, 0]], m.points.x[m.label[-1, 0]]
    np.testing.assert_allclose([below[1], above[1]], [-1, 1])


def test_default_is_the_gradient_flow_on_the_surface_window() -> None:
    m = fd.basin_map(fd.surface("x**2 + 3*y**2"))
    assert isinstance(m.optimizer, fd.GradientFlow)
    assert "by gradient flow" in m.report()
    assert "by gradient flow" in repr(m)
    assert isinstance(fd.basin_map(CHAIN, plane=(0, 1), shape=4).optimizer, fd.LineSearch)
    assert m.label.shape == (1024, 1024)
    assert m.extent == (-5, 5, -5, 5)
    assert np.all(m.outcome == Outcome.GLOBAL_MINIMUM)


def test_one_coordinate() -> None:
    s = fd.surface("sin(3*x) + x**2/10")
    m = fd.basin_map(s)
    assert m.label.shape == m.fun.shape == (1024,)
    assert m.extent == (-5, 5)
    assert fd.basin_map(s, shape=50, window=(-1, 1)).label.shape == (50,)
    assert fd.basin_map(s, shape=(50,), window=((-1, 1),)).extent == (-1, 1)


def test_a_plane_is_a_slice_of_starts() -> None:
    m = fd.basin_map(CHAIN, plane=(0, 1), shape=(6, 4))
    assert m.extent == (-2, 2, -2, 2)
    np.testing.assert_array_equal(m.base, [0, 0, 0])
    assert len(m.points) == 4
    np.testing.assert_allclose(np.abs(m.points.x), [[1, 1, 0.5]] * 4)
    corner = m.points.x[m.label[0, -1]]
    np.testing.assert_allclose(corner, [1, -1, 0.5])


def test_a_plane_through_a_point_with_axes_swapped() -> None:
    m = fd.basin_map(CHAIN, fd.GD(0.05), plane=(2, 0, [0.0, -0.3, 0.0]), shape=(5, 7), window=((-1, 1), (-2, 2)))
    x0 = np.empty((5, 7, 3))
    x0[..., [2, 0]], x0[..., 1] = fd.grid(((-1, 1), (-2, 2)), (5, 7)), -0.3
    np.testing.assert_array_equal(m.label, fd.descend(CHAIN, x0, fd.GD(0.05)).classify().label)
    assert m.plane == (2, 0)
    assert "z in [-1, 1], x in [-2, 2]" in str(m)


@pytest.mark.parametrize(
    ("surface", "options", "error", "words"),
    [
        (CHAIN, {}, ValueError, "plane must say which two of the 3 coordinates"),
        (CHAIN, {"plane": 1}, TypeError, "plane must be"),
        (CHAIN, {"plane": (0, 0)}, ValueError, "two different coordinates"),
        (CHAIN, {"plane": (0, 3)}, ValueError, r"plane\[1\] must be at most 2"),
        (CHAIN, {"plane": (0, 1, [0, 0])}, ValueError, "base point must be 3 finite numbers"),
        (HIMMELBLAU, {"max_step": 5}, TypeError, "no option 'max_step' .did you mean 'max_steps'"),
        (HIMMELBLAU, {"x0": 5}, TypeError, "no option 'x0'"),
        (HIMMELBLAU, {"shape": (5,)}, ValueError, "shape must have 2 numbers"),
        (HIMMELBLAU, {"shape": (5, 0)}, ValueError, "shape must be 1 or greater"),
        (HIMMELBLAU, {"window": ((1, 0), (0, 1))}, ValueError, "window must have finite lo < hi"),
        (HIMMELBLAU, {"optimizer": fd.Adam}, TypeError, "optimizer must be an instance"),
        (HIMMELBLAU, {"optimizer": 0.1}, TypeError, "optimizer must be an optimizer"),
        ("x**2", {}, TypeError, "surface must be a Surface"),
    ],
)
def test_arguments_are_checked(surface: Any, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fd.basin_map(surface, **{"shape": (4, 4), **options})


def test_the_report_has_the_table_and_no_hint_where_all_is_well() -> None:
    m = fd.basin_map(HIMMELBLAU, shape=32)
    text = str(m)
    for words in ("4 critical points", "lowest found: f = ", "(3, 2)", "1024 lowest found"):
        assert words in text
    assert "Hint" not in text
    assert "32 x 32" in repr(m)


def test_hints() -> None:
    fast = str(fd.basin_map(HIMMELBLAU, fd.GD(0.05), shape=32))
    assert "diverged" in fast
    assert "2 / lambda_max = " in fast
    assert "smaller lr" in fast
    slow = str(fd.basin_map(HIMMELBLAU, fd.GD(1e-4), shape=32, max_steps=300))
    assert "hit max_steps" in slow
    assert "larger lr" in slow
    assert slow.count("Hint") == 1
    assert "larger max_steps" in str(fd.basin_map(HIMMELBLAU, shape=32, max_steps=10))
    assert "lower bound" in str(fd.basin_map(fd.surface("x**3 + y**2"), shape=8))
    half = fd.basin_map(fd.surface("50*x**2 + y**2"), fd.GD(0.03), shape=8)
    assert "2 / lambda_max = 0.02 " in str(half)
