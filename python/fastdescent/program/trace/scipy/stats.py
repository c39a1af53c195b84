"""Functions of scipy.stats: pdf, logpdf, cdf, sf and their logarithms, pmf and logpmf, by method or frozen."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy import matrices
from fastdescent.program.trace.numpy.arrays import array_of
from fastdescent.program.trace.numpy.ufuncs import apply_special
from fastdescent.program.trace.scipy.distributions import CONTINUOUS, COUNTS, Counts, Distribution, Special
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

_SPECIAL = Special(apply_special)
_DENSITIES = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")
_MASSES = ("pmf", "logpmf")


def _arguments(b: Builder, name: str, names: tuple[str, ...], args: Any, kwargs: Any) -> list[Any]:
    """The arguments by position or name; loc is 0 and scale is 1 if they are missing."""
    given: dict[str, Any] = {"loc": 0.0, "scale": 1.0} | dict(zip(names, args, strict=False)) | kwargs
    missing, unknown = [n for n in names if n not in given], [n for n in kwargs if n not in names]
    if len(args) > len(names) or missing or unknown:
        wrong = f"without {missing[0]}" if missing else f"with {unknown[0]}" if unknown else f"of {len(args)} arguments"
        raise TypeError(f"scipy.stats.{name} {wrong}; it takes {', '.join(names)}")
    return [array_of(b, given[n]) for n in names]


def _density(b: Builder, /, name: str, method: str, *args: Any, **kwargs: Any) -> Any:
    d: Distribution = CONTINUOUS[name]
    x, *shapes, loc, scale = _arguments(b, name, ("x", *d.shapes, "loc", "scale"), args, kwargs)
    y = (x - loc) / scale
    low, high = d.ends(*shapes)
    needed = d.shapes if d.positive is None else d.positive
    valid = functools.reduce(np.logical_and, [s > 0.0 for n, s in zip(d.shapes, shapes, strict=True) if n in needed],
                             scale > 0.0)  # fmt: skip
    if method in ("pdf", "logpdf"):
        value = d.logpdf(_SPECIAL, y, *shapes) - np.log(scale)
        value = np.where((y >= low) & (y <= high), value, np.where(y == y, -np.inf, np.nan))
        value = np.exp(value) if method == "pdf" else value
    else:
        value = _probability(d, name, method, y, shapes, low, high)
    return np.where(valid, value, np.nan)


def _probability(d: Distribution, name: str, method: str, y: Any, shapes: list[Any], low: Any, high: Any) -> Any:
    """cdf, sf, or the logarithm of one."""
    upper = method.endswith("sf")
    own, other = (d.sf, d.cdf) if upper else (d.cdf, d.sf)
    logarithm = d.logsf if upper else d.logcdf
    below, above = (1.0, 0.0) if upper else (0.0, 1.0)
    if own is None and other is None:
        refuse(f"scipy.stats.{name}.{method} cannot be traced: it is an incomplete gamma or beta function",
               f"use {name}.logpdf, or another distribution")  # fmt: skip
    is_log = method.startswith("log")
    if is_log and logarithm is not None:
        value = logarithm(_SPECIAL, y, *shapes)
    else:
        value = own(_SPECIAL, y, *shapes) if own is not None else 1.0 - other(_SPECIAL, y, *shapes)  # type: ignore[misc]
        value = np.log(value) if is_log else value
    ends = [(0.0 if end else -np.inf) if is_log else end for end in (below, above)]
    value = np.where(y < low, ends[0], value) if not _is_infinite(low) else value
    return np.where(y > high, ends[1], value) if not _is_infinite(high) else value


def _is_infinite(end: Any) -> bool:
    return isinstance(end, float) and math.isinf(end)


def _mass(b: Builder, /, name: str, method: str, *args: Any, **kwargs: Any) -> Any:
    d: Counts = COUNTS[name]
    k, *shapes, loc = _arguments(b, name, ("k", *d.shapes, "loc"), args, kwargs)
    k = k - loc
    low, high = d.ends(*shapes)
    inside = (k >= low) & (k <= high) & (k == np.floor(k))
    value = np.where(inside, d.logpmf(_SPECIAL, np.where(inside, k, low), *shapes), -np.inf)
    return np.where(d.valid(*shapes), np.exp(value) if method == "pmf" else value, np.nan)


def _normal(b: Builder, /, method: str, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """The multivariate normal distribution; x of shape (..., n). The covariance must be positive."""
    point, covariance = _vectors(b, x, mean, cov)
    n = covariance.shape[-1]
    factor = matrices.cholesky(b, covariance, what="scipy.stats.multivariate_normal")
    flat = point.reshape(-1, n)
    z: Any = matrices.system(b, factor, flat.T, "multivariate_normal", "solve_triangular", True, vector=False)
    squares = np.sum(z * z, axis=0).reshape(point.shape[:-1])
    value = -0.5 * (squares + n * math.log(2.0 * math.pi)) - np.sum(np.log(np.diagonal(factor)))
    return np.exp(value) if method == "pdf" else value


def _vectors(b: Builder, x: Any, mean: Any, cov: Any) -> tuple[Any, Any]:
    """x - mean, and the covariance as a matrix."""
    point: Any = array_of(b, x)
    spread: Any = array_of(b, cov)
    center: Any = array_of(b, 0.0 if mean is None else mean)
    n = max(center.shape[-1] if center.ndim else 1, spread.shape[-1] if spread.ndim else 1)
    if spread.ndim < 2:
        spread = spread * np.eye(n)
    if spread.shape != (n, n):
        refuse(f"multivariate_normal with cov of shape {spread.shape} and mean of shape {center.shape}",
               "fix the shapes")  # fmt: skip
    if not point.ndim or (point.ndim == 1 and n == 1):
        point = point[..., np.newaxis]
    if point.shape[-1] != n:
        refuse(f"multivariate_normal in {n} dimensions at x of shape {point.shape}", f"give x of shape (..., {n})")
    return point - center, spread


class Frozen:
    """A distribution with its arguments, as scipy.stats.norm(loc, scale)."""

    def __init__(self, b: Builder, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._builder, self._name, self._args, self._kwargs = b, name, args, kwargs

    def __getattr__(self, method: str) -> Callable[[Any], Traced]:
        function = STATS.get(f"scipy.stats.{self._name}.{method}")
        if function is None:
            refuse(f"scipy.stats.{self._name}(...).{method} cannot be traced", "use logpdf or cdf")
        return lambda x: function(self._builder, x, *self._args, **self._kwargs)


def _frozen(name: str) -> Callable[..., Frozen]:
    return lambda b, *args, **kwargs: Frozen(b, name, args, kwargs)


def _methods(make: Callable[..., Any], name: str, methods: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    def of(method: str) -> Callable[..., Any]:
        return lambda b, *args, **kwargs: make(b, name, method, *args, **kwargs)

    return {f"scipy.stats.{name}.{m}": of(m) for m in methods} | {f"scipy.stats.{name}": _frozen(name)}


STATS: dict[str, Callable[..., Any]] = {}
for _name in CONTINUOUS:
    STATS |= _methods(_density, _name, _DENSITIES)
for _name in COUNTS:
    STATS |= _methods(_mass, _name, _MASSES)
STATS |= _methods(
    lambda b, name, *args, **kwargs: _normal(b, *args, **kwargs), "multivariate_normal", ("pdf", "logpdf")
)
