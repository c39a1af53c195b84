"""Functions of scipy.spatial.distance: of two vectors, of all pairs of rows, and between the rows of two arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.numpy.arrays import array_of
from fastdescent.program.trace.source import refuse


def _euclidean(u: Any, v: Any, w: Any) -> Any:
    return np.sqrt(_sqeuclidean(u, v, w))


def _sqeuclidean(u: Any, v: Any, w: Any) -> Any:
    return np.sum(w * (u - v) ** 2, axis=-1)


def _cityblock(u: Any, v: Any, w: Any) -> Any:
    return np.sum(w * np.abs(u - v), axis=-1)


def _chebyshev(u: Any, v: Any, w: Any) -> Any:
    return np.max(np.where(w > 0.0, np.abs(u - v), 0.0), axis=-1)


def _minkowski(u: Any, v: Any, w: Any, p: Any = 2.0) -> Any:
    if p == 2:
        return _euclidean(u, v, w)
    if p == 1:
        return _cityblock(u, v, w)
    if p == np.inf:
        return _chebyshev(u, v, w)
    return np.sum(w * np.abs(u - v) ** p, axis=-1) ** (1.0 / p)


def _cosine(u: Any, v: Any, w: Any) -> Any:
    across = np.sum(w * u * v, axis=-1)
    return 1.0 - across / np.sqrt(np.sum(w * u * u, axis=-1) * np.sum(w * v * v, axis=-1))


def _correlation(u: Any, v: Any, w: Any) -> Any:
    total = np.sum(w * np.ones(u.shape[-1]))
    first, second = (a - np.sum(w * a, axis=-1)[..., np.newaxis] / total for a in (u, v))
    return _cosine(first, second, w)


def _canberra(u: Any, v: Any, w: Any) -> Any:
    size, below = np.abs(u - v), np.abs(u) + np.abs(v)
    return np.sum(w * np.where(below > 0.0, size / np.where(below > 0.0, below, 1.0), 0.0), axis=-1)


def _braycurtis(u: Any, v: Any, w: Any) -> Any:
    return np.sum(w * np.abs(u - v), axis=-1) / np.sum(w * np.abs(u + v), axis=-1)


def _seuclidean(u: Any, v: Any, w: Any, V: Any) -> Any:
    return np.sqrt(np.sum((u - v) ** 2 / V, axis=-1))


def _mahalanobis(u: Any, v: Any, w: Any, VI: Any) -> Any:
    rest = u - v
    return np.sqrt(np.sum((rest @ VI) * rest, axis=-1))


METRICS: dict[str, Callable[..., Any]] = {
    "euclidean": _euclidean,
    "sqeuclidean": _sqeuclidean,
    "cityblock": _cityblock,
    "chebyshev": _chebyshev,
    "minkowski": _minkowski,
    "cosine": _cosine,
    "correlation": _correlation,
    "canberra": _canberra,
    "braycurtis": _braycurtis,
    "seuclidean": _seuclidean,
    "mahalanobis": _mahalanobis,
}
_SHORT = {"l2": "euclidean", "l1": "cityblock", "manhattan": "cityblock", "euclid": "euclidean", "e": "euclidean",
          "sqeuclid": "sqeuclidean", "linf": "chebyshev", "cheby": "chebyshev", "mahal": "mahalanobis"}  # fmt: skip


def _metric(name: Any) -> Callable[..., Any]:
    called = getattr(name, "__name__", name)
    found = METRICS.get(_SHORT.get(called, called)) if isinstance(called, str) else None
    if found is None:
        refuse(f"scipy.spatial.distance with metric {called!r} cannot be traced", f"use one of {', '.join(METRICS)}")
    return found


def _pair(name: str) -> Callable[..., Any]:
    def distance(b: Builder, u: Any, v: Any, *args: Any, w: Any = 1.0, **more: Any) -> Any:
        first, second = array_of(b, u), array_of(b, v)
        if name == "minkowski" and args:
            more, args = {"p": args[0], **more}, args[1:]
        if name in ("seuclidean", "mahalanobis"):
            return METRICS[name](first, second, None, *args, **more)
        weights = args[0] if args else 1.0 if w is None else w
        return METRICS[name](first, second, array_of(b, 1.0 if weights is None else weights), **more)

    return distance


def _between(b: Builder, first: Any, second: Any, metric: Any, options: dict[str, Any], variances: Any) -> Any:
    given = {k: v for k, v in options.items() if v is not None and k != "out"}
    weights = array_of(b, given.pop("w", 1.0))
    measure = _metric(metric)
    if measure is _seuclidean and "V" not in given:
        given["V"] = np.var(variances, axis=0, ddof=1)
    if measure is _mahalanobis and "VI" not in given:
        refuse("scipy.spatial.distance with metric 'mahalanobis' without VI", "give VI, the inverse covariance")
    return measure(first, second, weights, **given)


def _rows(b: Builder, X: Any) -> Any:
    array = array_of(b, X)
    if array.ndim != 2:
        refuse(f"scipy.spatial.distance of an array of shape {array.shape}", "give arrays of two axes")
    return array


def _cdist(b: Builder, XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, **options: Any) -> Any:
    first, second = _rows(b, XA), _rows(b, XB)
    both = np.concatenate([first, second])
    return _between(b, first[:, np.newaxis], second, metric, options, both)


def _pdist(b: Builder, X: Any, metric: Any = "euclidean", *, out: Any = None, **options: Any) -> Any:
    """Each row with those after it: one group of pairs per row, in SciPy's order."""
    rows = _rows(b, X)
    if rows.shape[0] < 2:
        return np.zeros(0)
    first, second = np.triu_indices(rows.shape[0], 1)
    return _between(b, rows[first], rows[second], metric, options, rows)


DISTANCES: dict[str, Callable[..., Any]] = {f"scipy.spatial.distance.{name}": _pair(name) for name in METRICS} | {
    "scipy.spatial.distance.cdist": _cdist,
    "scipy.spatial.distance.pdist": _pdist,
}
