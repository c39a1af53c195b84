"""Calls of NumPy's functions of order, conditions and samples, for the tests of tracing."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.tracing import A, Function, W


def _put_in_order(x: Any) -> Any:
    y = x.copy()
    y.sort()
    z = x.copy()
    z.partition(2)
    return y @ W + z[2] ** 2


def _square(v: Any) -> Any:
    return v**2 + 1.0


P = np.array([-2.5, -1.6132, -0.8217, 0.0313, 0.8724, 1.6171, 2.5])
HOLES = np.array([1.0, np.nan, 1.0, 1.0, np.nan, 1.0])
CALLS_OF_ORDER: dict[str, list[Function]] = {
    "sort": [lambda x: np.sort(x) @ W + np.sort(np.outer(x, x), axis=0)[1] @ W, lambda x: np.sort(x[:5])[::-1] @ W[:5],
             lambda x: np.sort(x.reshape(2, 3), axis=None) @ W, _put_in_order],
    "argsort": [lambda x: np.argsort(x) @ W * x[0] + x[np.argsort(x)] @ W,
                lambda x: np.take_along_axis(A, np.argsort(np.outer(x, x), axis=0), axis=0)[2] @ x],
    "partition": [lambda x: np.partition(x, 2)[2] ** 2 + np.partition(x, (1, 4))[4] * x[0]],
    "argpartition": [lambda x: x[np.argpartition(x, 3)[3]] * x[0]],
    "argmax": [lambda x: x[np.argmax(x)] * x[0] + np.argmax(np.outer(x, W), axis=1) @ x, lambda x: x.argmax() * x[1],
               lambda x: np.argmax(x, keepdims=True)[0] * x[0]],
    "argmin": [lambda x: x[np.argmin(x)] ** 2 + np.outer(x, W)[np.argmin(x), np.argmax(x)] + A[np.argmin(x)] @ x],
    "median": [lambda x: np.median(x) * x[0] + np.median(x[:5]),
               lambda x: np.median(x.reshape(2, 3), axis=1, keepdims=True)[1, 0]],
    "percentile": [lambda x: np.percentile(x, 30) * x[0] + np.percentile(x, [10.0, 90.0]) @ W[:2],
                   lambda x: np.percentile(x.reshape(2, 3), 75, axis=1, method="lower") @ W[:2]],
    "quantile": [lambda x: np.quantile(x, 0.8) * x[0] + np.quantile(x, [[0.0, 1.0]], keepdims=True)[0, 1, 0]],
    "searchsorted": [lambda x: np.searchsorted(P, x) @ x, lambda x: np.searchsorted(np.sort(x), 0.3, "right") * x[0]],
    "digitize": [lambda x: np.digitize(x, P) @ x + np.digitize(x, P[::-1], right=True) @ x],
    "interp": [lambda x: np.interp(P[1:4], P, np.sin(P) * x[0]) @ W[:3] + np.interp(0.3, [0.0, 0.4, 1.0], x[:3]) ** 2,
               lambda x: np.interp(x, P, np.cos(P)) @ W + np.interp(x[0], [0.0, 1.0], x[1:3], left=-1.0, right=x[3]),
               lambda x: np.interp(x, [0.3, 1.7, 3.1], [1.0, 3.0, 2.0], period=5.3) @ W,
               lambda x: np.interp(0.25, np.cumsum(x**2 + 0.1), x) * x[0]],
    "piecewise": [lambda x: np.piecewise(x, [x < -0.5, x > 0.5], [_square, lambda v: v - 1.0, 3.0]) @ W,
                  lambda x: np.piecewise(x, x > 0, [lambda v, c: c * v, 0.0], 2.0) @ W],
    "choose": [lambda x: np.choose(np.argsort(x)[:3] % 2, [x[:3] ** 2, W[:3] * x[0]]) @ W[:3]],
    "nan_to_num": [lambda x: np.nan_to_num(HOLES * x, nan=2.0) @ x,
                   lambda x: np.nan_to_num(np.where(x > 1.0, np.inf, x), posinf=3.0, neginf=2.0) @ x],
    "isclose": [lambda x: np.isclose(x, np.round(x), atol=0.3) @ x],
    "allclose": [lambda x: np.allclose(x, x + 1e-12) * x[0] + np.allclose(x, 0.0) * x[1]],
    "array_equal": [lambda x: np.array_equal(x, x + 0.0) * x[0] + np.array_equal(x, x[:3]) * x[1]],
    "take_along_axis": [lambda x: np.take_along_axis(x.reshape(2, 3), np.array([[2, 0], [1, 1]]), 1)[:, 0] @ W[:2],
                        lambda x: np.take_along_axis(x, np.argsort(-x), 0) @ W],
    "compress": [lambda x: np.compress([True, False] * 3, x) @ W[:3] + np.sum(np.compress(x > 0, x) ** 2)],
    "extract": [lambda x: np.sum(np.extract(x > 0.5, x) ** 3)],
    "nonzero": [lambda x: np.sum(x[np.nonzero(x > 0)] ** 2) + np.sum(np.outer(x, x)[np.nonzero(np.outer(x, W) > 1)])],
    "flatnonzero": [lambda x: np.sum(x[np.flatnonzero(x < 1)] ** 2)],
    "count_nonzero": [lambda x: np.count_nonzero(x > 0) * x[0] + np.count_nonzero(x.reshape(2, 3) > 0, axis=1) @ x[:2]],
    "nansum": [lambda x: np.nansum(HOLES * x**2) + np.nansum(np.sqrt(np.where(x > 0, x, np.nan)))],
    "nanprod": [lambda x: np.nanprod(HOLES * x)],
    "nanmean": [lambda x: np.nanmean(HOLES * x**2)],
    "nanvar": [lambda x: np.nanvar(HOLES * x, ddof=1)],
    "nanstd": [lambda x: np.nanstd(HOLES * x)],
    "nanmax": [lambda x: np.nanmax(HOLES * x) ** 2],
    "nanmin": [lambda x: np.nanmin((HOLES * x).reshape(2, 3), axis=1) @ W[:2]],
    "cumulative_sum": [lambda x: np.cumulative_sum(x**2, axis=0) @ W],
    "cumulative_prod": [lambda x: np.cumulative_prod(x) @ W],
    "apply_along_axis": [lambda x: np.apply_along_axis(np.sort, 0, x.reshape(3, 2))[:, 1] @ W[:3],
                         lambda x: np.apply_along_axis(np.sum, 1, x.reshape(3, 2) ** 2) @ W[:3]],
    "logspace": [lambda x: np.logspace(x[0], x[1], 4, base=2.0) @ W[:4]],
    "geomspace": [lambda x: np.geomspace(x[0] ** 2 + 1.0, x[1] ** 2 + 2.0, 5) @ W[:5]],
    "bincount": [lambda x: np.bincount([0, 2, 0, 1, 2, 2], weights=x**2, minlength=4) @ W[:4]],
    "cov": [lambda x: np.cov(x.reshape(2, 3))[0, 1] + np.cov(x) + np.cov(x[:3], x[3:], bias=True)[1, 0]],
    "corrcoef": [lambda x: np.corrcoef(x.reshape(2, 3))[0, 1]],
}  # fmt: skip
