"""Numbers near the ends of the range: no warning of NumPy's, whatever the window and the size of f."""

from __future__ import annotations

import numpy as np
import pytest

import fastdescent as fd


@pytest.mark.parametrize(
    ("text", "half_width"),
    [
        ("x**2 + y**2", 1e300),
        ("x**2 + y**2", 1e150),
        ("x**2 + y**2", 8e307),
        ("cos(x) + cos(y)", 1e200),
        ("1e300*(x**2 + y**2)", 5.0),
        ("1e305*cos(x)*cos(y)", 3.0),
        ("1e150*(x**4 - x**2 + y**2)", 2.0),
        ("1e-300*(x**2 + y**2)", 5.0),
        ("x**4 - x**2 + y**2", 1e-200),
        ("exp(x) + y**2", 700.0),
    ],
)
def test_classifying_and_merging_are_quiet(text: str, half_width: float) -> None:
    s = fd.surface(text, window=(-half_width, half_width))
    for optimizer in (fd.LineSearch(), fd.GD(lr=0.1)):
        m = fd.basin_map(s, optimizer, shape=(5, 5), max_steps=200)
        run = fd.descend(s, fd.uniform(s.window, 20), optimizer, max_steps=100)
        run.classify(polish=False)
        both = fd.merge(m.points, run.classify().points)
        assert both.n_total == 45
        assert len(m.report()) > 0


def test_a_minimum_in_a_huge_window_is_found() -> None:
    points = fd.basin_map(fd.surface("x**2 + y**2", window=(-1e150, 1e150)), shape=(5, 5)).points
    np.testing.assert_allclose(points.x, [[0.0, 0.0]], atol=1e-6)


def test_merging_tables_without_a_constant_lr() -> None:
    s = fd.surface("x**4 - x**2")
    tables = [fd.descend(s, [[x]], fd.LineSearch()).classify().points for x in (-1.0, 1.0)]
    assert np.isnan(fd.merge(*tables).stability).all()
