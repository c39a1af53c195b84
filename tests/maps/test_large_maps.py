"""Maps that are run some rows at a time: the same cells as in one piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import BasinMap, Outcome, Status
from fastdescent._maps import image as _image

HIMMELBLAU = fd.surface("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", window=((-6, 6), (-5, 5)))
COLUMNS = ("label", "outcome", "arrived", "nit", "fun", "status")


@pytest.fixture
def small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_image, "_CELLS_PER_BAND", 130)


def same_cells(a: BasinMap, b: BasinMap) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype == getattr(b, name).dtype
    np.testing.assert_allclose(a.points.x, b.points.x, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(a.points.n_starts, b.points.n_starts)
    np.testing.assert_allclose(a.points.nit_mean, b.points.nit_mean)
    np.testing.assert_array_equal(a.points.nit_median, b.points.nit_median)
    np.testing.assert_array_equal(a.points.arrived, b.points.arrived)
    assert (a.points.fmin_source, a.points.n_total) == (b.points.fmin_source, b.points.n_total)


CASES: dict[str, Any] = {
    "line search": (HIMMELBLAU, None, {"shape": (37, 20)}),
    "one coordinate": (fd.surface("sin(3*x) + x**2/10"), None, {"shape": 1000}),
    "a plane": (fd.surfaces.styblinski_tang(dim=3), None, {"plane": (2, 0), "shape": (30, 11)}),
    "diverging": (HIMMELBLAU, fd.GD(0.02), {"shape": (30, 30)}),
    "cut short": (HIMMELBLAU, fd.GD(0.005), {"shape": (30, 30), "max_steps": 20}),
    "float32": (HIMMELBLAU, fd.GD(0.01), {"shape": (30, 30), "dtype": np.float32}),
    "a rate for each row": (HIMMELBLAU, fd.GD(np.linspace(0.001, 0.02, 30)[:, np.newaxis]), {"shape": (30, 30)}),
    "a rate for each column": (HIMMELBLAU, fd.GD(np.linspace(0.001, 0.02, 30)), {"shape": (30, 30)}),
    "a rate for each coordinate": (HIMMELBLAU, fd.GD(np.full((30, 30, 2), [0.01, 0.005])), {"shape": (30, 30)}),
    "many minima": (fd.surfaces.rastrigin(dim=2), None, {"shape": (60, 60)}),
}


@pytest.mark.parametrize("case", CASES)
def test_bands_give_the_same_map(case: str, request: pytest.FixtureRequest) -> None:
    surface, optimizer, options = CASES[case]
    whole = fd.basin_map(surface, optimizer, **options)
    request.getfixturevalue("small_bands")
    assert len(_image.bands(whole.shape)) > 2
    same_cells(fd.basin_map(surface, optimizer, **options), whole)


def test_integers_widen_where_they_must() -> None:
    image = _image.Image.empty((4, 3), np.float64)
    assert (image.label.dtype, image.nit.dtype) == (np.int8, np.uint16)
    ones = np.ones((2, 3), np.int32)
    image.put(slice(0, 2), 127 * ones, 65535 * ones, ones.astype(np.int8), 0.5, ones.astype(np.int8), ones > 0)
    assert (image.label.dtype, image.nit.dtype) == (np.int8, np.uint16)
    image.put(slice(2, 4), -ones, 65536 * ones, ones.astype(np.int8), 0.5, ones.astype(np.int8), ones > 0)
    image.relabel(slice(0, 2), np.arange(128) + 200)
    assert (image.label.dtype, image.nit.dtype) == (np.int16, np.int32)
    np.testing.assert_array_equal(image.label, np.repeat([327, -1], 6).reshape(4, 3))
    np.testing.assert_array_equal(image.nit, np.repeat([65535, 65536], 6).reshape(4, 3))
    image.relabel(slice(2, 4), np.array([2**15]))
    assert image.label.dtype == np.int32


def test_progress_counts_all_cells(small_bands: None) -> None:
    seen: list[tuple[int, int]] = []
    fd.basin_map(HIMMELBLAU, shape=(40, 20), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (800, 800)
    assert {total for _, total in seen} == {800}
    assert sorted(seen) == seen


def test_a_cancelled_map_says_what_was_not_begun(small_bands: None) -> None:
    m = fd.basin_map(HIMMELBLAU, shape=(40, 20), progress=lambda done, total: done < 300)
    rest = m.status == Status.INTERRUPTED
    assert 0 < np.count_nonzero(rest) < 800
    assert rest[-1].all()
    assert np.all(m.outcome[-1] == Outcome.UNSETTLED)
    np.testing.assert_array_equal(m.nit[-1], 0)
    np.testing.assert_array_equal(m.fun[-1], HIMMELBLAU(fd.grid(HIMMELBLAU.window, (40, 20))[-1]))
    assert m.points.n_total == 800
    assert m.points.share.sum() == pytest.approx(np.count_nonzero(m.label >= 0) / 800)


def test_pictures_of_large_maps_leave_out_cells() -> None:
    image = fd.basin_map(HIMMELBLAU, shape=(50, 30)).image
    assert image.thinned(50).shape == (50, 30)
    assert image.thinned(10).shape == (10, 6)
    np.testing.assert_array_equal(image.thinned(10).nit, image.nit[2::5, 2::5])


def test_maps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(MemoryError, match=r"a map of 1000000000000 cells would take \d+\.\d GiB"):
        fd.basin_map(HIMMELBLAU, shape=(10**6, 10**6))


@pytest.mark.parametrize("option", ["record", "reduce", "keep_state"])
def test_options_for_which_a_map_has_no_place(option: str) -> None:
    with pytest.raises(TypeError, match=f"basin_map has no option '{option}'"):
        fd.basin_map(HIMMELBLAU, shape=(4, 4), **{option: 1})
