"""Critical points by Newton's method: all of those that are known, of every index, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent import Outcome, surfaces

#: Surfaces all of whose critical points are known, all with a regular Hessian.
KNOWN = ["booth", "double_well", "ellipsoid", "himmelblau", "matyas", "saddle", "six_hump_camel", "sphere",
         "styblinski_tang", "three_hump_camel", "trid"]  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_all_that_are_known_are_found_and_no_others(name: str) -> None:
    s = surfaces.get(name)
    assert s.critical_points is not None
    table = fd.critical_points(s)
    assert len(table) == len(s.critical_points)
    distance = np.linalg.norm(s.critical_points[:, np.newaxis] - table.x, axis=-1)
    assert distance.min(axis=1).max() < 1e-9
    np.testing.assert_array_equal(table.fun, s(table.x))
    np.testing.assert_allclose(table.eigenvalues, np.linalg.eigvalsh(s.hessian(table.x)), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(table.morse_index, (table.eigenvalues < 0).sum(axis=1))
    assert table.n_total == 1000
    assert table.n_starts.sum() > 990


def test_critical_points_of_a_product_are_products() -> None:
    """(x^4 - x^2) in each of four coordinates: 3^4 points, of every index."""
    s = fd.surface(lambda x: np.sum(x**4 - x**2), dim=4, window=(-1.0, 1.0))
    table = fd.critical_points(s, n_starts=3000)
    assert np.bincount(table.morse_index).tolist() == [16, 32, 24, 8, 1]
    assert set(np.round(np.abs(table.x), 9).flat) == {0.0, round(np.sqrt(0.5), 9)}
    kinds = {0: Outcome.GLOBAL_MINIMUM, 1: Outcome.SADDLE, 2: Outcome.SADDLE, 3: Outcome.SADDLE, 4: Outcome.MAXIMUM}
    assert table.kind.tolist() == [kinds[k] for k in table.morse_index.tolist()]
    assert (table.fmin, table.fmin_source) == (pytest.approx(-1.0), "found")


@pytest.mark.parametrize("dim", [1, 3, 7])
def test_a_quadratic_has_one_whatever_its_index(dim: int) -> None:
    s = surfaces.random_quadratic(dim, spectrum=np.linspace(-3.0, 5.0, dim) + 0.1)
    table = fd.critical_points(s, n_starts=50)
    np.testing.assert_allclose(table.x, np.zeros((1, dim)), atol=1e-12)
    assert table.n_starts.tolist() == [50]
    assert table.morse_index.tolist() == [int(np.sum(np.linspace(-3.0, 5.0, dim) + 0.1 < 0))]


def test_in_two_dimensions_the_indices_of_a_field_in_a_bowl_add_up_to_one() -> None:
    """Minima minus saddles plus maxima, Morse and Poincare and Hopf: all of them were found."""
    for seed in range(4):
        s = surfaces.random_field(2, seed=seed)
        table = fd.critical_points(s, ((-25, 25),) * 2, n_starts=4000)
        assert len(table) > 3
        assert np.sum((-1) ** table.morse_index) == 1


def test_descents_lead_to_saddles_in_many_dimensions() -> None:
    s = surfaces.random_field(30, waves=300)
    starts = fd.uniform(s.window, 40)
    indices = []
    for n_steps in (10, 100):
        x0 = fd.descend(s, starts, fd.GD(lr=0.2), max_steps=n_steps).x
        table = fd.critical_points(s, x0=x0, inside=False)
        assert len(table) > 3
        assert np.linalg.norm(s.gradient(table.x), axis=1).max() < 1e-9
        indices.append(table.morse_index.mean())
    assert 0 < indices[1] < indices[0]


def test_only_the_window_counts_unless_asked() -> None:
    s, quarter = surfaces.himmelblau(), ((0.0, 5.0), (0.0, 5.0))
    x0 = fd.grid(s.window, (15, 15))
    few = fd.critical_points(s, quarter, x0=x0)
    every = fd.critical_points(s, quarter, x0=x0, inside=False)
    assert (len(few), len(every)) == (3, 9)
    assert few.n_total == every.n_total == 225
    assert few.window == quarter
    assert np.all((few.x >= 0) & (few.x <= 5))
    edge = fd.critical_points(s, ((3.0, 5.0), (2.0, 5.0)), x0=[[3.1, 2.1]])
    np.testing.assert_allclose(edge.x, [[3.0, 2.0]])


@settings(max_examples=10, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=2), seed=st.integers(0, 100))
def test_starts_have_any_shape_and_their_order_does_not_matter(shape: list[int], seed: int) -> None:
    s, rng = surfaces.himmelblau(), np.random.default_rng(seed)
    x0 = rng.uniform(-5, 5, (*shape, 2))
    table = fd.critical_points(s, x0=x0)
    other = fd.critical_points(s, x0=rng.permutation(x0.reshape(-1, 2)))
    assert table.n_total == x0.size // 2
    np.testing.assert_allclose(table.x, other.x, atol=1e-12)
    np.testing.assert_array_equal(table.n_starts, other.n_starts)


def test_starts_of_every_kind() -> None:
    s = surfaces.himmelblau()
    uniform = fd.critical_points(s, n_starts=300, seed=3)
    given = fd.critical_points(s, x0=fd.uniform(s.window, 300, seed=3))
    lazy = fd.critical_points(s, x0=fd.uniform(s.window, 300, seed=3, lazy=True))
    for table in (given, lazy):
        np.testing.assert_array_equal(table.x, uniform.x)
        np.testing.assert_array_equal(table.n_starts, uniform.n_starts)
        assert np.all(table.share_low < table.share)
    grid = fd.critical_points(s, x0=fd.grid(s.window, (9, 9)).astype(np.float32))
    assert grid.x.dtype == np.float64
    assert np.all(np.isnan(grid.share_low))


def test_a_start_at_a_critical_point_takes_no_step_that_counts() -> None:
    table = fd.critical_points(surfaces.saddle(), x0=[[0.0, 0.0]])
    assert (len(table), table.nit_mean[0]) == (1, 0)


@pytest.mark.parametrize(
    "s",
    [
        surfaces.monkey_saddle(),
        surfaces.quartic(),
        surfaces.flat_valley(),
        fd.surface("x + 2*y"),
        fd.surface("exp(x + y)"),
        fd.surface("log(x) + y", window=(-2.0, -1.0)),
        fd.surface("1e300*x**2 + y**4"),
        fd.surface("0*x + y**0"),
    ],
    ids=lambda s: s.name,
)
def test_where_there_is_no_regular_one_none_is_found(s: fd.Surface) -> None:
    table = fd.critical_points(s, n_starts=50, max_steps=100)
    assert len(table) == 0
    assert table.n_total == 50
    assert repr(table) == "0 critical points; 0 of 50 starts lead to them; " + (
        "no minimum found" if s.fmin is None else f"global: f = {s.fmin:g} (known)"
    )


def test_units_do_not_matter() -> None:
    s = surfaces.himmelblau()
    scaled = fd.surface("1e9*(((1e6*x)**2 + 1e6*y - 11)**2 + (1e6*x + (1e6*y)**2 - 7)**2)", window=(-5e-6, 5e-6))
    table, plain = fd.critical_points(scaled), fd.critical_points(s)
    np.testing.assert_allclose(table.x, plain.x * 1e-6, rtol=1e-9)
    np.testing.assert_array_equal(table.n_starts, plain.n_starts)


def test_classify_takes_the_table() -> None:
    s = surfaces.himmelblau()
    table = fd.critical_points(s)
    ends = fd.classify(fd.descend(s, fd.uniform(s.window, 500), fd.LineSearch()), points=table)
    assert set(ends.label.tolist()) == {0, 1, 2, 3}
    assert ends.points.n_starts[4:].sum() == 0


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda s: fd.critical_points(surfaces.himmelblau), TypeError, "call it: fd.surfaces.himmelblau"),
        (lambda s: fd.critical_points(s, ((0, 1),) * 3), ValueError, "window must be 2 pairs"),
        (lambda s: fd.critical_points(s, (1, 0)), ValueError, "window must have finite lo < hi"),
        (lambda s: fd.critical_points(s, n_starts=0), ValueError, "n_starts must be 1 or greater; got 0"),
        (lambda s: fd.critical_points(s, n_starts=2.0), TypeError, r"n_starts must be an integer; got 2\.0"),
        (lambda s: fd.critical_points(s, seed=-1), ValueError, "seed must be 0 or greater; got -1"),
        (lambda s: fd.critical_points(s, max_steps=0), ValueError, "max_steps must be 1 or greater; got 0"),
        (lambda s: fd.critical_points(s, inside=1), TypeError, "inside must be True or False; got 1"),
        (lambda s: fd.critical_points(s, fmin=np.inf), ValueError, "fmin must be finite; got inf"),
        (lambda s: fd.critical_points(s, x0=[[1.0]]), ValueError, r"x0 must have shape \(\.\.\., 2\)"),
        (lambda s: fd.critical_points(s, x0=[[1.0, np.nan]]), ValueError, r"x0 must be finite; x0\[0, 1\] is nan"),
        (lambda s: fd.critical_points(s, x0="here"), TypeError, "x0 must be an array"),
    ],
)
def test_messages(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(surfaces.himmelblau())


def test_hessians_that_would_not_fit_are_refused() -> None:
    with pytest.raises(MemoryError, match="in 300000 coordinates would take"):
        fd.critical_points(surfaces.sphere(dim=300_000), n_starts=1)
