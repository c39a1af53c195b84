"""Colours, words and sizes of pictures, as functions of arrays and text."""

from __future__ import annotations

import numpy as np
import pytest

import fastdescent as fd
from fastdescent._base.status import BLACK, GREY
from fastdescent.plot import _words
from fastdescent.plot._colours import (
    N_LEVELS,
    OKABE_ITO,
    WHITE,
    StepScale,
    basin_image,
    edges,
    hue_of_row,
    hues,
    neutral_shades,
    shades,
    typical_colours,
)
from fastdescent.plot._figure import box, to_scale

CONVERGED, ESCAPED, UNSETTLED = fd.Outcome.GLOBAL_MINIMUM, fd.Outcome.ESCAPED, fd.Outcome.UNSETTLED


def luminance(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ [0.2126, 0.7152, 0.0722]


# ---------------------------------------------------------------------- colours
def test_every_shade_falls_in_lightness_with_the_level() -> None:
    for ramp in [*shades(30), neutral_shades()]:
        assert np.all(np.diff(luminance(ramp)) <= 0.5)  # rounding to bytes
        assert luminance(ramp[0]) > luminance(ramp[-1]) + 60


def test_the_first_hues_are_those_of_okabe_and_ito() -> None:
    for ramp, code in zip(shades(7), OKABE_ITO, strict=True):
        wanted = np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)])
        nearest = np.abs(ramp.astype(int) - wanted).max(axis=1).min()
        assert nearest <= 4, code


def test_hues_do_not_move_when_there_are_more() -> None:
    np.testing.assert_array_equal(hues(40)[:9], hues(9))
    assert len(hues(0)) == 0


def test_hues_are_different() -> None:
    colours = hues(20)
    distance = np.linalg.norm(colours[:, None] - colours, axis=-1)
    assert distance[~np.eye(20, dtype=bool)].min() > 0.05
    assert len(np.unique(hues(64), axis=0)) == 64


def test_hues_repeat_where_there_are_very_many_minima() -> None:
    row = hue_of_row(np.ones(200, bool))
    assert row.max() == len(shades(200)) - 1 == 63
    assert row[64] == row[0] == 0


def test_hues_follow_the_order_of_the_minima_only() -> None:
    assert hue_of_row(np.array([True, False, False, True])).tolist() == [0, -1, -1, 1]


def test_cells_have_the_colour_of_what_they_are() -> None:
    label = np.array([0, 1, 2, -1, -1])
    outcome = np.array([CONVERGED, fd.Outcome.SADDLE, fd.Outcome.LOCAL_MINIMUM, ESCAPED, UNSETTLED])
    image = basin_image(label, outcome, np.full(5, 10), np.array([True, False, True]))
    assert image.shape == (5, 3)
    assert image.dtype == np.uint8
    ramps = shades(2)
    assert image[0].tolist() == ramps[0, 0].tolist()
    assert image[1].tolist() == list(WHITE)
    assert image[2].tolist() == ramps[1, 0].tolist()
    assert image[3].tolist() == list(BLACK)
    assert image[4].tolist() == list(GREY)


@pytest.mark.parametrize("outcome", fd.Outcome)
def test_cells_without_a_point_have_the_colour_of_their_outcome(outcome: fd.Outcome) -> None:
    assert basin_image(np.array([-1]), np.array([outcome]), np.array([3]), np.zeros(0, bool)).tolist() == [
        list(outcome.colour)
    ]


def test_a_map_without_minima_has_an_image() -> None:
    image = basin_image(np.array([-1]), np.array([UNSETTLED]), np.array([3]), np.zeros(0, bool))
    assert image.tolist() == [list(GREY)]


def test_more_steps_are_darker() -> None:
    nit = np.arange(10, 400)
    image = basin_image(np.zeros(390, int), np.full(390, CONVERGED), nit, np.array([True]))
    assert np.all(np.diff(luminance(image)) <= 0.5)
    assert luminance(image)[0] > luminance(image)[-1] + 60


def test_outliers_do_not_wash_out_the_scale() -> None:
    nit = np.append(np.arange(100, 200), [10**6] * 3)
    scale = StepScale.of(nit)
    assert scale.high < 1000
    assert scale.levels(nit)[-1] == N_LEVELS - 1


def test_small_differences_of_steps_look_small() -> None:
    levels = StepScale.of(np.array([30, 31, 32] * 50)).levels(np.array([30, 32]))
    assert int(levels[1]) - int(levels[0]) < 20


@pytest.mark.parametrize("nit", [np.zeros(0, int), np.zeros(5, int), np.full(5, 7)])
def test_the_scale_of_equal_steps_is_all_light(nit: np.ndarray) -> None:
    levels = StepScale.of(nit).levels(nit)
    assert levels.shape == nit.shape
    assert not levels.any()


def test_edges_are_dark_on_one_side() -> None:
    label = np.zeros((4, 6), int)
    label[:, 3:] = 1
    assert edges(label).sum(axis=0).tolist() == [0, 0, 4, 0, 0, 0]
    assert not edges(label[0]).any()
    image = basin_image(label, np.full(label.shape, CONVERGED), np.full(label.shape, 5), np.array([True, True]))
    assert np.all(luminance(image)[:, 2] < 0.5 * luminance(image)[:, 1])


def test_typical_colours_are_those_of_the_median_cell() -> None:
    label = np.array([0, 0, 0, 2, -1])
    nit = np.array([10, 40, 400, 40, 9000])
    is_minimum = np.array([True, False, True, True])
    scale = StepScale.of(nit[:4])
    image = basin_image(label, np.full(5, CONVERGED), nit, is_minimum, scale)
    found = typical_colours(label, nit, is_minimum, scale, np.arange(4))
    np.testing.assert_array_equal(found[[0, 2]], image[[1, 3]])
    assert found[1].tolist() == list(WHITE)
    assert found[3].tolist() == shades(3)[2, 0].tolist()  # no cell ends there
    assert typical_colours(label, nit, is_minimum, scale, np.arange(0)).shape == (0, 3)


# ---------------------------------------------------------------------- words
def test_titles_are_short() -> None:
    assert _words.title("himmelblau", fd.LineSearch()) == "himmelblau, LineSearch"
    assert _words.title("himmelblau", fd.Adam(lr=0.05)) == "himmelblau, Adam(lr=0.05)"
    first, second = _words.title("x + " * 40 + "x", fd.GD(lr=0.5)).split("\n")
    assert len(first) <= 56
    assert first.endswith("...")
    assert second == "GD(lr=0.5)"


def test_titles_name_arrays_and_schedules() -> None:
    assert _words.optimizer_words(fd.GD(lr=np.ones(5))) == "GD(lr=array)"
    assert _words.optimizer_words(fd.GD(lr=lambda t: 0.1)) == "GD(lr=schedule)"


def test_a_dollar_sign_is_not_mathematics() -> None:
    assert _words.title("cost in $", fd.LineSearch()) == r"cost in \$, LineSearch"
    assert _words.variable("cost$") == r"cost\$"


@pytest.mark.parametrize(
    ("fun", "texts"),
    [
        ([], []),
        ([0.0], ["0"]),
        ([7.9e-31, 0.0], ["0", "0"]),
        ([0.0, 0.994959], ["0.000", "0.995"]),
        ([-0.25, 0.0], ["\u22120.25", "0.00"]),
        ([100.0, 200.0], ["100", "200"]),
        ([1e-6, 3.0], ["1e\u221206", "3"]),
        ([1.5e7], ["1.5e+07"]),
    ],
)
def test_values(fun: list[float], texts: list[str]) -> None:
    assert _words.values(np.array(fun)) == texts


# ---------------------------------------------------------------------- sizes
@pytest.mark.parametrize(
    ("shape", "extent"),
    [
        ((600, 600), (-5, 5, -5, 5)),
        ((1024, 1024), (-3, 3, -2, 2)),
        ((3, 7), (0, 7, 0, 3)),
        ((64, 1024), (0, 1, 0, 1)),
        ((4096, 4096), (0, 1, 0, 100)),
        ((1,), (0, 1)),
        ((3000,), (0, 1)),
    ],
)
def test_a_cell_is_at_least_a_pixel(shape: tuple[int, ...], extent: tuple[float, ...]) -> None:
    size = box(shape, extent)
    assert size.width >= shape[-1]
    assert len(shape) == 1 or size.height >= shape[0]
    assert size.dpi >= 149


def test_square_cells_are_whole_pixels_and_scales_are_equal() -> None:
    size = box((400, 600), (-3, 3, -2, 2))
    assert (size.width % 600, size.height % 400) == (0, 0)
    assert size.width * 2 == size.height * 3
    assert to_scale((-3, 3, -2, 2))
    assert not to_scale((0, 1, 0, 100))
