"""Points with singular Hessians, plains and kinks: their kinds, forms and sets."""

from __future__ import annotations

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import Outcome

X4, PYRAMID = fd.surface("x**4"), fd.surface("abs(x) + abs(y)")
SINGULAR = {  # kind of the row at (0, 0), nullity, dimension of its set
    "x**3 - 3*x*y**2": (Outcome.SADDLE, 2, 0), "x**4 + y**2": (Outcome.GLOBAL_MINIMUM, 1, 0),
    "x**4 + y**4": (Outcome.GLOBAL_MINIMUM, 2, 0), "x**2 + 0*y": (Outcome.GLOBAL_MINIMUM, 1, 1),
    "x**2 - y**4": (Outcome.SADDLE, 1, 0), "-(x**4) - y**2": (Outcome.MAXIMUM, 1, 0),
}  # fmt: skip


@pytest.mark.parametrize("text", SINGULAR)
def test_singular_points_are_named(text: str) -> None:
    s = fd.surface(text, variables=("x", "y"))
    ends = fd.descend(s, [[0.0, 0.0]], fd.GD(0.05)).classify()
    table = ends.points
    assert (table.kind[0], table.nullity[0], table.set_dim[0]) == SINGULAR[text]
    assert table.form[0] == fd.Form.DEGENERATE
    assert ends.arrived.all()
    assert ends.outcome[0] == SINGULAR[text][0]


def test_where_f_is_constant_it_is_flat() -> None:
    s = fd.surface("0*x + 0*y", variables=("x", "y"))
    ends = fd.descend(s, fd.uniform(((-1, 1), (-1, 1)), 200), fd.GD(0.05)).classify()
    assert set(ends.outcome.flat) == {Outcome.FLAT}
    assert set(ends.reason.flat) == {fd.Reason.CONSTANT}
    assert np.all(ends.label == -1)


@pytest.mark.parametrize(
    ("text", "rows"),
    [("(x**2 + y**2 - 1)**2", 1), ("((x**2 + y**2 - 1) * (x**2 + y**2 - 3))**2 / 9", 2),
     ("sin(2*x)**2 + 0*y + where(x > 0.7, 0.1, 0)", 3)],
)  # fmt: skip
def test_sets_of_many_endpoints_are_those_of_few(text: str, rows: int) -> None:
    """Of many, one for each place is looked at; of few, each of them."""
    s = fd.surface(text, variables=("x", "y"), window=(-2, 2))
    run = fd.descend(s, fd.grid(s.window, (260, 260)), fd.GD(0.02))
    many = run.classify()
    assert len(many.points) == rows
    assert np.all(many.points.set_dim == 1)
    few = fd.descend(s, fd.grid(s.window, (260, 260))[::13], fd.GD(0.02)).classify(points=many.points)
    np.testing.assert_array_equal(few.label, many.label[::13])
    np.testing.assert_array_equal(few.outcome, many.outcome[::13])
    assert np.mean(many.arrived[run.success]) > 0.97


@pytest.mark.parametrize(
    "text", ["x**4 + y**2", "x**4 + y**4", "(x**2 + y**2 - 1)**2", "x**2 + 0*y", "abs(x) + abs(y)"]
)
def test_one_row_for_one_set(text: str) -> None:
    s = fd.surface(text, variables=("x", "y"), window=(-2, 2))
    ends = fd.descend(s, fd.uniform(((-1, 1), (-1, 1)), 200), fd.GD(0.02), max_steps=3000).classify()
    assert len(ends.points) == 1
    assert np.all(ends.label == 0)


def test_one_coordinate_degenerate() -> None:
    ends = fd.descend(X4, fd.grid(X4.window, (51,)), fd.LineSearch()).classify()
    assert set(ends.outcome.tolist()) == {Outcome.GLOBAL_MINIMUM}
    np.testing.assert_allclose(ends.points.x, 0.0, atol=1e-9)


def test_steps_across_a_kink_have_arrived_there() -> None:
    ends = fd.descend(PYRAMID, fd.grid(PYRAMID.window, (10, 10)), fd.GD(0.01), max_steps=1000).classify()
    assert set(ends.outcome.flat) == {Outcome.GLOBAL_MINIMUM}
    assert ends.points.form.tolist() == [fd.Form.NONSMOOTH]
