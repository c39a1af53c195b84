"""NumPy functions of the samples of a function: differences, slopes, integrals, interpolation, convolution, grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.kinds import BOOL
from fastdescent.program.trace.numpy.arrays import array_of, axes_of, refuse_options
from fastdescent.program.trace.numpy.products import product_of
from fastdescent.program.trace.operands import as_node, holds_traced
from fastdescent.program.trace.products import inner
from fastdescent.program.trace.source import refuse


# ---------------------------------------------------------------------- differences and integrals
def _diff(b: Builder, a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    array: Any = array_of(b, a)
    (axis,) = axes_of(array.shape, axis)
    wide = tuple(1 if k == axis else m for k, m in enumerate(array.shape))
    ends = [None if e is None else e if np.ndim(e) else np.broadcast_to(e, wide) for e in (prepend, append)]
    pieces = [piece for piece in (ends[0], array, ends[1]) if piece is not None]
    array = np.concatenate(pieces, axis) if len(pieces) > 1 else array
    before = (slice(None),) * axis
    difference = np.not_equal if array._kind == BOOL else np.subtract
    for _ in range(n):
        array = difference(array[(*before, slice(1, None))], array[(*before, slice(None, -1))])
    return array


def _ediff1d(b: Builder, ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    pieces = (to_begin, _diff(b, array_of(b, ary).ravel()), to_end)
    return np.concatenate([np.ravel(piece) for piece in pieces if piece is not None])


def _trapezoid(b: Builder, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    if np.ndim(x) > 1:
        refuse("np.trapezoid of places with several axes", "give x one axis")
    line: Any = array_of(b, y)
    line = np.moveaxis(line, axis, -1)
    steps = dx if x is None else _diff(b, x)
    return np.sum(steps * (line[..., 1:] + line[..., :-1]) / 2.0, axis=-1)


# ---------------------------------------------------------------------- linear functions with few terms per result
def _linear(array: Any, axis: int, function: Callable[[Any], Any]) -> Any:
    """A linear `function` of lines along an axis, which gives lines or numbers.

    Its matrix comes from NumPy: the results for unit vectors, less the result for zero.
    """
    n = array.shape[axis]
    offset = function(np.zeros(n))
    matrix = np.array([function(unit) - offset for unit in np.eye(n)]).reshape(n, -1).T
    n_terms = max(int(np.max(np.count_nonzero(matrix, axis=1), initial=0)), 1)
    columns = np.sort(np.argsort(matrix == 0, axis=1, kind="stable")[:, :n_terms], axis=1)
    terms = np.moveaxis(array, axis, -1)[..., columns] * np.take_along_axis(matrix, columns, axis=1)
    lines = np.sum(terms, axis=-1)
    lines = lines + offset.ravel() if np.any(offset) else lines
    lines = lines.reshape(lines.shape[:-1] + offset.shape).copy()
    return np.moveaxis(lines, -1, axis) if offset.ndim == 1 else lines


def _gradient(b: Builder, f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    if holds_traced(varargs):
        refuse("np.gradient with distances that are not constant", "write the quotients of differences out")
    array = array_of(b, f)
    axes = np.lib.array_utils.normalize_axis_tuple(range(array.ndim) if axis is None else axis, array.ndim)
    steps = varargs if len(varargs) > 1 else (varargs or (1.0,)) * len(axes)
    if len(steps) != len(axes):
        raise TypeError("invalid number of arguments")

    order: Any = edge_order

    def along(axis: int, step: Any) -> Any:
        return _linear(array, axis, lambda line: np.gradient(line, step, edge_order=order))

    slopes = tuple(along(k, step) for k, step in zip(axes, steps, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


def _interp(b: Builder, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    if not holds_traced((x, xp, left, right)):
        return _linear(array_of(b, fp), 0, lambda line: np.asarray(np.interp(x, xp, line, left, right, period)))
    if period is not None:
        if holds_traced((xp, period)):
            refuse("np.interp with a period and traced places", "make xp and period constant")
        order = np.argsort(np.asarray(xp, float) % period, kind="stable")
        line = (np.asarray(xp, float) % period)[order]
        xp = np.concatenate([line[-1:] - period, line, line[:1] + period])
        values: Any = array_of(b, fp)
        fp, x = values[[order[-1], *order, order[0]]], array_of(b, x) % period
        left = right = None
    return _between_samples(array_of(b, x), array_of(b, xp), array_of(b, fp), left, right)


def _between_samples(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    """The line between the samples on both sides of x; all samples are compared with it."""
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ValueError("xp and fp must be lines of the same length, at least one")
    left, right = (fp[k] if end is None else end for k, end in ((0, left), (-1, right)))
    wanted = np.expand_dims(x, -1)
    inside = (wanted >= xp[:-1]) & (wanted < xp[1:])
    slopes = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
    slope, start, value = (np.sum(np.where(inside, line, 0.0), axis=-1) for line in (slopes, xp[:-1], fp[:-1]))
    found = np.where(x == xp[-1], fp[-1], slope * (x - start) + value)
    found = np.where(x > xp[-1], right, np.where(x < xp[0], left, found))
    return np.where(np.isnan(x), x, found)


# ---------------------------------------------------------------------- convolution
def _convolve(b: Builder, a: Any, v: Any, mode: str = "full") -> Any:
    return _sliding_products(b, a, np.flip(np.atleast_1d(v)), mode, is_convolution=True)


def _correlate(b: Builder, a: Any, v: Any, mode: str = "valid") -> Any:
    return _sliding_products(b, a, v, mode, is_convolution=False)


def _sliding_products(b: Builder, a: Any, v: Any, mode: str, is_convolution: bool) -> Any:
    """v slides over a; each result is the sum of the products where both overlap, in NumPy's order."""
    first, second = np.atleast_1d(array_of(b, a)), np.atleast_1d(array_of(b, v))
    if first.ndim != 1 or second.ndim != 1 or not first.size or not second.size:
        raise ValueError("both must have one axis, and elements")
    shorter, longer = sorted((first.size, second.size))
    padded = np.pad(first, second.size - 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, second.size)
    full = product_of(b, inner(b, as_node(b, windows), as_node(b, second)), first, second)
    from_the_right = first.size < second.size and not is_convolution
    cuts = {
        "full": (0, longer + shorter - 1),
        "same": (shorter // 2 if from_the_right else (shorter - 1) // 2, longer),
        "valid": (shorter - 1, longer - shorter + 1),
    }
    if mode not in cuts:
        raise ValueError(f'mode must be "full", "same" or "valid"; got {mode!r}')
    start, n = cuts[mode]
    return full[start : start + n]


# ---------------------------------------------------------------------- grids and powers
def _linspace(
    b: Builder, start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    refuse_options(dtype, None)
    first, last = np.broadcast_arrays(array_of(b, start), array_of(b, stop))
    n_steps = num - 1 if endpoint else num
    step = (last - first) / n_steps if n_steps > 0 else np.nan
    points = [first + k * step if k else first for k in range(num)]
    if endpoint and num > 1:
        points[-1] = last
    line = np.stack(points, axis) if points else np.zeros((0, *first.shape))
    return (line, step) if retstep else line


def _vander(b: Builder, x: Any, N: int | None = None, increasing: bool = False) -> Any:
    array = array_of(b, x)
    if array.ndim != 1:
        raise ValueError("x must have one axis")
    powers = np.arange(array.size if N is None else N)
    return array[:, np.newaxis] ** (powers if increasing else powers[::-1])


def _logspace(
    b: Builder, start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    return np.power(base, _linspace(b, start, stop, num, endpoint, False, dtype, axis))


def _geomspace(
    b: Builder, start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Between positive numbers; both ends exactly."""
    first, last = array_of(b, start), array_of(b, stop)
    line = _logspace(b, np.log10(first), np.log10(last), num, endpoint, 10.0, dtype, axis)
    before = (slice(None),) * (axis % max(line.ndim, 1))
    for place, end in ((0, first), (-1, last))[: 1 + bool(endpoint and num > 1) if num else 0]:
        line[(*before, place)] = end
    return line


# ---------------------------------------------------------------------- statistics
def _bincount(b: Builder, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    if holds_traced(x):
        refuse("np.bincount of traced places", "write np.sum(np.where(x == k, weights, 0)) for each k")
    places: Any = np.asarray(x)
    counts = np.bincount(places, minlength=minlength)  # checks the places
    values: Any = array_of(b, weights)
    return np.stack([np.sum(values[places == k]) for k in range(counts.size)])


def _cov(
    b: Builder, m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    refuse_options(dtype, None)
    if fweights is not None or aweights is not None:
        refuse("np.cov with weights", "write the weighted sums out")
    rows: Any = np.atleast_2d(array_of(b, m))
    rows = rows.T if not rowvar and np.ndim(m) > 1 else rows
    if y is not None:
        others: Any = np.atleast_2d(array_of(b, y))
        rows = np.concatenate([rows, others.T if not rowvar and np.ndim(y) > 1 else others])
    ddof = (0 if bias else 1) if ddof is None else ddof
    deviations = rows - np.mean(rows, axis=1, keepdims=True)
    count = max(rows.shape[1] - ddof, 0)
    return np.squeeze(deviations @ deviations.T / float(count) if count else np.full(rows.shape[:1] * 2, np.nan))


def _corrcoef(b: Builder, x: Any, y: Any = None, rowvar: bool = True, **given: Any) -> Any:
    c = _cov(b, x, y, rowvar, **given)
    if not c.ndim:
        return c / c
    spread = np.sqrt(np.diag(c))
    return np.clip(c / spread[:, np.newaxis] / spread[np.newaxis, :], -1, 1)


SAMPLES: dict[str, Callable[..., Any]] = {
    "diff": _diff,
    "ediff1d": _ediff1d,
    "trapezoid": _trapezoid,
    "gradient": _gradient,
    "interp": _interp,
    "convolve": _convolve,
    "correlate": _correlate,
    "linspace": _linspace,
    "vander": _vander,
    "logspace": _logspace,
    "geomspace": _geomspace,
    "bincount": _bincount,
    "cov": _cov,
    "corrcoef": _corrcoef,
}
