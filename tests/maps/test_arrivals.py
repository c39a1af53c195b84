"""Maps whose cells have not all arrived, maps that share a table, and what their legends list."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import BasinMap, Form, Outcome
from fastdescent._maps import image as _image
from fastdescent.plot._colours import basin_image

HIMMELBLAU = fd.surfaces.himmelblau()
MAP = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(40, 50))


@pytest.fixture
def pyplot() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def partly_arrived(m: BasinMap, arrived: Any) -> BasinMap:
    """The map as if only some cells had arrived; the others keep their labels."""
    outcome = np.where(arrived, m.outcome, Outcome.UNSETTLED).astype(np.int8)
    share = np.array([np.mean(arrived[m.label == row]) for row in range(len(m.points))])
    image = replace(m.image, arrived=arrived, outcome=outcome)
    return replace(m, image=image, points=replace(m.points, arrived=share))


HALF = partly_arrived(MAP, np.broadcast_to(np.arange(40)[:, np.newaxis] >= 20, (40, 50)).copy())


# ---------------------------------------------------------------------- arrays
def test_cells_that_have_arrived_have_the_kind_of_their_row() -> None:
    assert (MAP.arrived.dtype, MAP.arrived.shape, MAP.outcome.dtype) == (np.bool_, (40, 50), np.int8)
    np.testing.assert_array_equal(MAP.outcome[MAP.arrived], MAP.points.kind[MAP.label[MAP.arrived]])
    line = fd.basin_map(fd.surface("x**4 - x**2"), shape=(30,))
    assert line.arrived.shape == line.label.shape == (30,)


def test_centres_are_the_starts() -> None:
    x, y = MAP.centers
    starts = fd.grid(HIMMELBLAU.window, (40, 50))
    np.testing.assert_allclose(np.stack(np.meshgrid(x, y), axis=-1), starts)
    assert fd.basin_map(fd.surface("x**2"), shape=(4,)).centers[0].tolist() == [-3.75, -1.25, 1.25, 3.75]


def test_pickles() -> None:
    again = pickle.loads(pickle.dumps(HALF))
    for name in ("label", "outcome", "arrived", "nit", "fun", "status"):
        np.testing.assert_array_equal(getattr(again, name), getattr(HALF, name))


def test_earlier_images_have_arrived_where_they_have_a_label() -> None:
    m = fd.basin_map(fd.surface("x**3 - 3*x + y**2"), shape=(12, 12))
    state = {name: value for name, value in m.image.__dict__.items() if name not in ("outcome", "arrived")}
    image = object.__new__(_image.Image)
    image.__setstate__(state)
    earlier = object.__new__(BasinMap)
    earlier.__setstate__({**m.__dict__, "image": image})
    np.testing.assert_array_equal(earlier.outcome, m.outcome)
    np.testing.assert_array_equal(earlier.arrived, m.label >= 0)


# ---------------------------------------------------------------------- maps that share a table
@pytest.mark.parametrize("cells_per_band", [None, 130])
def test_labels_are_rows_of_a_given_table(cells_per_band: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if cells_per_band:
        monkeypatch.setattr(_image, "_CELLS_PER_BAND", cells_per_band)
    table = fd.critical_points(HIMMELBLAU)[::-1]  # in another order than that of its own
    m = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(40, 50), points=table)
    np.testing.assert_array_equal(m.points.x, table.x)
    same = np.linalg.norm(table.x[:, np.newaxis] - MAP.points.x, axis=-1).argmin(axis=0)
    np.testing.assert_array_equal(m.label, same[MAP.label])
    np.testing.assert_array_equal(m.points.n_starts, np.bincount(m.label.ravel(), minlength=9))
    np.testing.assert_array_equal(m.outcome, MAP.outcome)
    np.testing.assert_array_equal(m.points.nit_median[same], MAP.points.nit_median)
    assert m.points.n_total == 2000
    some = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(40, 50), points=MAP.points[1:3])
    np.testing.assert_array_equal(some.label, np.array([-1, 0, 1, -1])[MAP.label])


def test_a_table_is_checked_before_anything_runs() -> None:
    line = fd.basin_map(fd.surface("x**2"), shape=4).points
    for table, error, words in ((3, TypeError, "points must be a CriticalPoints table; got 3"),
                                (line, ValueError, "points must have 2 coordinates")):  # fmt: skip
        with pytest.raises(error, match=words):
            fd.basin_map(HIMMELBLAU, points=table, progress=lambda done, total: pytest.fail("it ran"))


# ---------------------------------------------------------------------- colours
def test_cells_that_have_not_arrived_are_hatched() -> None:
    plain, hatched = MAP.rgba(), HALF.rgba()
    assert plain.shape == (40, 50, 4)
    assert plain.dtype == np.uint8
    assert np.all(plain[..., 3] == 255)
    same = np.all(plain == hatched, axis=-1)
    assert same[20:].all()
    assert not same[:20].any()
    darker = hatched[:20].astype(int).sum(axis=-1) < plain[:20].astype(int).sum(axis=-1)
    assert 0.4 < darker.mean() < 0.6, "stripes, half of them darker"
    stripe = (np.arange(20)[:, np.newaxis] + np.arange(50)) % 4 < 2
    np.testing.assert_array_equal(darker, stripe)
    np.testing.assert_array_equal(hatched, HALF.rgba())
    np.testing.assert_array_equal(plain[..., :3], basin_image(MAP.label, MAP.outcome, MAP.nit, np.ones(4, bool)))


def test_saddles_and_lines_are_hatched_too() -> None:
    label, nit, none = np.zeros(12, int), np.full(12, 5), np.zeros(12, bool)
    image = basin_image(label, np.full(12, Outcome.UNSETTLED), nit, np.array([False]), arrived=none)
    assert len(np.unique(image, axis=0)) == 2
    line = fd.basin_map(fd.surface("x**4 - x**2"), shape=30)
    assert line.rgba().shape == (30, 4)


# ---------------------------------------------------------------------- legends
def said(m: BasinMap) -> list[str]:
    return [t.get_text() for t in fd.plot.basins(m).texts if t.xycoords == "axes fraction"]


def lettered(m: BasinMap) -> set[str]:
    return {t.get_text() for t in fd.plot.basins(m).texts if t.xycoords == "data"}


def test_the_legend_says_how_many_have_not_arrived(pyplot: Any) -> None:
    assert "not arrived: 50.0 %" in said(HALF)
    assert not any("arrived" in text for text in said(MAP))
    assert any(text.endswith("none arrived") for text in said(HALF))
    assert any(text.endswith("% arrived") for text in said(HALF))


def test_the_legend_never_hides_a_basin_larger_than_one_it_shows(pyplot: Any) -> None:
    m = fd.basin_map(fd.surfaces.rastrigin(), shape=(60, 60), window=((-3.2, 4.9), (-4.4, 2.3)))
    texts, n_starts = said(m), m.points.n_starts
    rows = [row for row in range(len(m.points)) if m.points.letter(row) in texts]
    assert len(rows) == 12
    assert min(n_starts[rows]) >= max(np.delete(n_starts, rows))
    shown = [text for text in texts if text in {m.points.letter(row) for row in rows}]
    by_share = sorted(rows, key=lambda row: (-n_starts[row], row))
    assert shown == [m.points.letter(row) for row in by_share]
    assert set(shown) <= lettered(m)


def test_a_global_minimum_without_a_line_is_named(pyplot: Any) -> None:
    m = fd.basin_map(fd.surfaces.rastrigin(), shape=(60, 60))
    n_starts = m.points.n_starts.copy()
    n_starts[0] = 1
    m = replace(m, points=replace(m.points, n_starts=n_starts))
    assert "A among them: global" in said(m)
    assert "A" in lettered(m)


def test_the_global_minimum_is_marked(pyplot: Any) -> None:
    s = fd.surface("x**4 - x**2 + 0.1*x + y**2", window=(-2, 2))
    m = fd.basin_map(s, shape=(20, 20))
    assert said(m).count("lowest found") == 1
    known = replace(m, points=replace(m.points, fmin_source="known"))
    assert said(known).count("global") == 1


def test_forms_are_said(pyplot: Any) -> None:
    form = np.array([Form.DEGENERATE, Form.CONSTRAINED, Form.NONSMOOTH, Form.REGULAR], np.int8)
    kind = np.array([10, 11, 11, 11], np.int8)
    points = replace(MAP.points, form=form, set_dim=np.array([1, 0, 0, 0]), kind=kind)
    assert {"global, valley, dim 1", "on a wall", "kink"} <= set(said(replace(MAP, points=points)))


def test_points_outside_have_a_line_only_if_starts_end_there(pyplot: Any) -> None:
    window = ((0.0, 5.0), (0.0, 5.0))
    alone = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(20, 20), window=window)
    shared = fd.basin_map(HIMMELBLAU, fd.GD(0.01), shape=(20, 20), window=window, points=MAP.points)
    ends = {shared.points.letter(row) for row in np.flatnonzero(shared.points.n_starts)}
    assert {text for text in said(shared) if text in {"A", "B", "C", "D"}} == ends | {"C"}
    assert len(alone.points) == len(ends)


def test_cells_without_a_point_are_told_apart_from_those_that_have_not_arrived(pyplot: Any) -> None:
    texts = said(HALF)
    assert not any(text.startswith("not settled") for text in texts)
    lost = replace(HALF, image=replace(HALF.image, label=np.where(HALF.arrived, HALF.label, -1)))
    assert "not settled: 50.0 %" in said(lost)
    assert not any(text.startswith("not arrived") for text in said(lost))
