"""Colours of basins: hue says which minimum, lightness how many steps. Arrays in, arrays out; no Matplotlib.

The first hues are Okabe and Ito's (Color Universal Design, 2008), which people with any kind of colour vision tell
apart. They are made lighter and darker in OKLab (Ottosson, A perceptual color space for image processing, 2020), so
that equal differences of steps look equally large in every hue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import GREY, MINIMA, Outcome

if TYPE_CHECKING:
    from fastdescent._maps.basin_map import BasinMap

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.integer]

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
WHITE = (250, 250, 250)  #: of cells that end at a saddle, maximum ...; `Outcome` has those of cells without a point
N_LEVELS = 256

_N_HUES = 64
_LIGHT, _DARK = 0.86, 0.36  # OKLab lightness: where the fewest steps tend to, and that of the most
_LOW_QUANTILE, _HIGH_QUANTILE = 0.01, 0.998  # of the numbers of steps: lightness falls between them
_DARKEST_FROM = (2.5, 6.0)  # times the median: the least and the greatest number of steps that is the darkest
_CONTRAST = 1.5  # above 1 keeps the bulk of a basin light
_EDGE = 0.45  # cells on an edge keep this part of their colour
#: Stripes of cells that have not arrived: cells from one to the next, how many a long side has, their dark and light.
_LEAST_PERIOD, _N_STRIPES, _DARKER, _LIGHTER = 4, 64, 0.72, 0.62

_TO_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


@dataclass(frozen=True)
class StepScale:
    """From numbers of steps to levels 0 ... 255, on a logarithmic scale.

    The scale spans most of the numbers and goes well beyond the median, so that small differences look small.
    """

    low: float
    high: float

    @classmethod
    def of(cls, nit: Ints) -> StepScale:
        """The scale that suits these numbers of steps."""
        if not nit.size:
            return cls(0.0, 0.0)
        low, median, high = np.quantile(nit, (_LOW_QUANTILE, 0.5, _HIGH_QUANTILE))
        return cls(float(low), float(np.clip(high, *(k * median for k in _DARKEST_FROM))))

    def levels(self, nit: npt.NDArray[np.integer | np.floating]) -> Bytes:
        """0 for the fewest steps, 255 for the most."""
        width = np.log1p(self.high) - np.log1p(self.low)
        if not width > 0:
            return np.zeros(nit.shape, np.uint8)
        position = np.clip((np.log1p(nit) - np.log1p(self.low)) / width, 0.0, 1.0)
        return np.asarray(np.rint((N_LEVELS - 1) * position**_CONTRAST), dtype=np.uint8)


def hues(n: int) -> Floats:
    """The first n hues as OKLab colours, (n, 3): Okabe and Ito's seven, then other ones; they repeat after 64.

    >>> hues(9).shape
    (9, 3)
    """
    return _distinct()[np.arange(n) % _N_HUES]


@cache
def _distinct() -> Floats:
    """The 64 hues. After the first seven, each hue is the candidate furthest from all hues before it.

    Lightness counts for little, since it also tells the steps.
    """
    weights = np.array([0.4, 1.0, 1.0])
    srgb = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in OKABE_ITO])
    chosen = list(_oklab(srgb / 255.0))
    lightness, chroma, angle = (a.ravel() for a in np.meshgrid((0.56, 0.68, 0.8), (0.07, 0.13), np.arange(60) / 60))
    angle = 2.0 * np.pi * angle
    candidates = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
    candidates = candidates[np.all(np.abs(_linear(candidates) - 0.5) <= 0.5, axis=-1)]
    distance = np.linalg.norm((candidates[:, np.newaxis] - np.array(chosen)) * weights, axis=-1).min(axis=-1)
    while len(chosen) < _N_HUES:
        chosen.append(candidates[np.argmax(distance)])
        distance = np.minimum(distance, np.linalg.norm((candidates - chosen[-1]) * weights, axis=-1))
    return np.array(chosen)


def shades(n: int) -> Bytes:
    """RGB of hue and level, (n, 256, 3), at most 64 hues: from light (few steps) to dark (many)."""
    return _shaded(hues(min(n, _N_HUES)))


def neutral_shades() -> Bytes:
    """RGB of the levels without a hue, (256, 3), for a scale beside the picture."""
    return np.asarray(_shaded(np.array([[0.7, 0.0, 0.0]]))[0])


def hue_of_row(is_minimum: npt.NDArray[np.bool_]) -> npt.NDArray[np.int_]:
    """The number of each row's hue; -1 for rows that are no minima.

    >>> hue_of_row(np.array([True, False, True])).tolist()
    [0, -1, 1]
    """
    return np.where(is_minimum, (np.cumsum(is_minimum) - 1) % _N_HUES, -1)


def basin_image(
    label: Ints, outcome: Ints, nit: Ints, is_minimum: npt.NDArray[np.bool_], scale: StepScale | None = None,
    arrived: npt.NDArray[np.bool_] | None = None,
) -> Bytes:  # fmt: skip
    """The picture of a basin map.

    Parameters
    ----------
    label : int array, (...)
        Row of the table, or -1.
    outcome : int array, (...)
        Values of `Outcome`.
    nit : int array, (...)
        Steps.
    is_minimum : bool array, (k,)
        Which rows of the table are minima. Hues follow their order.
    scale : StepScale, optional
        Scale of the steps; by default the one that suits all cells that end at a minimum.
    arrived : bool array, (...), optional
        Which trajectories sit at their point; by default all that have a label.

    Returns
    -------
    uint8 array, (..., 3)
        RGB: hue by minimum, darker for more steps; white where another critical point is reached, black where
        trajectories escape, grey elsewhere. Cells that have a label and have not arrived are hatched.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> label, nit = np.array([0, 1, -1]), np.array([10, 10, 10])
    >>> outcome = np.array([10, 11, 19])  # global minimum, local minimum, escaped
    >>> fd.plot.basin_image(label, outcome, nit, np.array([True, True]))[2]
    array([0, 0, 0], dtype=uint8)
    """
    hue = np.append(hue_of_row(is_minimum), -1)[label]  # label -1 takes the appended -1
    at_minimum = hue >= 0
    scale = scale or StepScale.of(nit[at_minimum])
    n = int(np.count_nonzero(is_minimum))
    image = np.empty((*label.shape, 3), np.uint8)
    image[...] = GREY
    image[(label >= 0) & ~at_minimum] = WHITE
    for own in Outcome:
        if own.colour != GREY:
            image[outcome == own] = own.colour
    image[at_minimum] = shades(n)[hue[at_minimum], scale.levels(nit[at_minimum])]
    if arrived is not None:
        _hatch(image, (label >= 0) & ~arrived)
    on_edge = edges(label) & at_minimum
    image[on_edge] = np.rint(_EDGE * image[on_edge])
    return image


def _hatch(image: Bytes, where: npt.NDArray[np.bool_]) -> None:
    """Draws diagonal stripes over some cells, darker and lighter than the colours that are there."""
    if not where.any():
        return
    period = max(_LEAST_PERIOD, round(max(where.shape) / _N_STRIPES))
    along = sum(np.ogrid[tuple(slice(0, n) for n in where.shape)]) % period
    dark = where & (along < period // 2)
    light = where & ~(along < period // 2)
    image[dark] = np.rint(_DARKER * image[dark])
    image[light] = np.rint(255 - _LIGHTER * (255.0 - image[light]))


def map_rgba(m: BasinMap) -> Bytes:
    """The cells of a map as RGBA, opaque; row 0 is at the bottom."""
    is_minimum = np.isin(m.points.kind, MINIMA)
    rgb = basin_image(m.label, m.outcome, m.nit, is_minimum, arrived=m.arrived)
    return np.concatenate([rgb, np.full((*m.shape, 1), 255, np.uint8)], axis=-1)


def typical_colours(label: Ints, nit: Ints, is_minimum: npt.NDArray[np.bool_], scale: StepScale, rows: Ints) -> Bytes:
    """The colours of n rows in a legend: the hue of the row's cells at the median of their levels.

    Returns
    -------
    uint8 array, (n, 3)
        RGB; white for rows that are no minima. A row without cells has the lightest shade.

    Examples
    --------
    >>> label, nit = np.array([0, 0, 0, 1]), np.array([10, 20, 30, 20])
    >>> both = np.array([True, True])
    >>> scale = StepScale.of(nit)
    >>> image = basin_image(label, np.full(4, 10), nit, both, scale)
    >>> np.array_equal(typical_colours(label, nit, both, scale, np.array([0, 1])), image[[1, 3]])
    True
    """
    hue, colours = hue_of_row(is_minimum), np.full((len(rows), 3), WHITE, np.uint8)
    ramps = shades(int(np.count_nonzero(is_minimum)))
    for line in np.flatnonzero(is_minimum[rows]):
        steps = nit[label == rows[line]]
        level = scale.levels(np.quantile(steps, [0.5], method="lower")) if steps.size else [0]
        colours[line] = ramps[hue[rows[line]], level[0]]
    return colours


def edges(label: Ints) -> npt.NDArray[np.bool_]:
    """Cells whose neighbour to the right or above has another label; in one dimension none.

    >>> edges(np.array([[0, 0, 1], [0, 0, 1]])).astype(int)
    array([[0, 1, 0],
           [0, 1, 0]])
    """
    found = np.zeros(label.shape, np.bool_)
    if label.ndim == 2:
        found[:, :-1] |= label[:, :-1] != label[:, 1:]
        found[:-1] |= label[:-1] != label[1:]
    return found


def _shaded(base: Floats) -> Bytes:
    """Each colour lightened and darkened along the line white - colour - black of OKLab, (n, 256, 3)."""
    own = base[:, np.newaxis, :1]
    lightest = np.maximum(own, 0.5 * (own + _LIGHT))
    level = np.linspace(0.0, 1.0, N_LEVELS)[:, np.newaxis]
    lightness = lightest + (_DARK - lightest) * level
    saturation = np.minimum(lightness / own, (1.0 - lightness) / (1.0 - own))
    lab = np.concatenate([lightness, saturation * base[:, np.newaxis, 1:]], axis=-1)
    return np.asarray(np.rint(255.0 * _srgb(lab)), dtype=np.uint8)


def _oklab(srgb: Floats) -> Floats:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def _linear(lab: Floats) -> Floats:
    """Linear RGB. Colours that a screen cannot show have values outside of [0, 1]."""
    return np.asarray((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T)


def _srgb(lab: Floats) -> Floats:
    linear = np.clip(_linear(lab), 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
