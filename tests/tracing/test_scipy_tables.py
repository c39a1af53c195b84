"""Functions of scipy.stats, scipy.spatial.distance and scipy.linalg on traced values, by their full names."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance
import scipy.special
import scipy.stats
from support.tracing import A, Function, W, check

import fastdescent as fd
from fastdescent.program.trace.scipy.distributions import CONTINUOUS, COUNTS
from fastdescent.program.trace.scipy.spatial import METRICS
from fastdescent.program.trace.scipy.tables import SCIPY
from fastdescent.program.trace.tracer import Traced


def call(name: str, *args: Any, **kwargs: Any) -> Any:
    """SciPy's function, or ours if an argument is traced."""
    builder = next((t.builder for t in _traced((*args, *kwargs.values()))), None)
    if builder is not None:
        return SCIPY[f"scipy.{name}"](builder, *args, **kwargs)
    return operator.attrgetter(name)(scipy)(*args, **kwargs)


def _traced(values: Any) -> Iterator[Traced]:
    for value in values:
        if isinstance(value, Traced):
            yield value
        elif isinstance(value, list | tuple):
            yield from _traced(value)


def test_every_name_is_one_of_scipy() -> None:
    for name in SCIPY:
        assert callable(operator.attrgetter(name.removeprefix("scipy."))(scipy)), name


DENSITIES = [(name, method) for name, d in CONTINUOUS.items()
             for method in ("pdf", "logpdf", *(("cdf", "logcdf", "sf", "logsf") if d.cdf else ()))]  # fmt: skip


@pytest.mark.parametrize(("name", "method"), DENSITIES)
def test_densities(name: str, method: str) -> None:
    n_shapes, start = len(CONTINUOUS[name].shapes), 3.0 if name == "pareto" else 0.2

    def f(x: Any) -> Any:
        return call(
            f"stats.{name}.{method}", x[0] + start, *(x[1 : 1 + n_shapes] + 1.2), loc=0.1 * x[4], scale=x[5] + 0.9
        )

    check(f, 6, 0.1, 0.7)


K = np.array([0.0, 1.0, 3.0, 7.0])
OTHERS: dict[str, Function] = {
    "poisson": lambda x: np.sum(call("stats.poisson.logpmf", K, 3 * x[0]))
    + np.sum(call("stats.poisson.pmf", K + 1, x[1], loc=1)),
    "binom": lambda x: np.sum(call("stats.binom.logpmf", K, 9, x[0] / 2))
    + np.sum(call("stats.binom.pmf", K, n=9, p=x[1] / 2)),
    "bernoulli": lambda x: np.sum(call("stats.bernoulli.logpmf", K[:2], x[0] / 2)),
    "geom": lambda x: np.sum(call("stats.geom.logpmf", K[1:], x[0] / 2)),
    "nbinom": lambda x: np.sum(call("stats.nbinom.logpmf", K, 2 + x[1], x[0] / 2)),
    "normal": lambda x: np.sum(call("stats.multivariate_normal.logpdf", A[:, :3], x[:3], _spd(x) * x[3])),
    "normal, more": lambda x: call("stats.multivariate_normal.pdf", x[:3], cov=np.eye(3))
    + call("stats.multivariate_normal.logpdf", x[:2], [0, 1], np.array([[2, 0.3], [0.3, 1]])),
    "frozen": lambda x: call("stats.norm", x[0], x[1]).logpdf(0.3) + call("stats.gamma", x[0], scale=x[2]).pdf(1.3),
    "rows": lambda x: np.sum(call("stats.norm.logpdf", A[0], x, 2.0) * W),
    "mahalanobis": lambda x: call("spatial.distance.mahalanobis", x[:3], W[:3], np.eye(3) + 0.1),
    "minkowski": lambda x: call("spatial.distance.minkowski", x[:3], W[:3], 3)
    + call("spatial.distance.euclidean", x, W, W**2),
    "expm": lambda x: np.sum(call("linalg.expm", x.reshape(2, 3)[:, :2]) * A[:2, :2]),
    "expm, far": lambda x: np.sum(call("linalg.expm", 9 * (_spd(x) / 8 - _spd(x[3:]).T @ A[:3, :3])) * A[:3, :3]) / 1e3,
    "cho_solve": lambda x: x[:3] @ call("linalg.cho_solve", call("linalg.cho_factor", _spd(x), lower=True), W[:3])
    + x[:3] @ call("linalg.cho_solve", call("linalg.cho_factor", _spd(x)), A[:3, :3]) @ W[:3],
    "cholesky": lambda x: np.sum(call("linalg.cholesky", _spd(x)) * A[:3, :3])
    + np.sum(call("linalg.cholesky", _spd(x), lower=True) * A[:3, :3]),
    "triangular": lambda x: sum(x[:3] @ call("linalg.solve_triangular", _spd(x), W[:3], t, low, unit)
                                for t in (0, 1, "T") for low in (False, True) for unit in (False, True)),
    "solve": lambda x: x[:3] @ call("linalg.solve", _spd(x), W[:3], assume_a="pos") + call("linalg.det", _spd(x)) / 9
    + x[:3] @ call("linalg.inv", _spd(x)) @ W[:3],
    "more": lambda x: call("linalg.eigvalsh", _spd(x))[0] + call("linalg.svdvals", _spd(x))[0] + call("linalg.norm", x)
    + call("linalg.lstsq", _spd(x)[:, :2], x[:3])[0] @ W[:2] + np.sum(call("linalg.pinv", _spd(x))),
    "factorial": lambda x: call("special.factorial", x[0]) + call("special.polygamma", 1, x[1]),
}  # fmt: skip


def _spd(x: Any) -> Any:
    return np.diag([2.0, 4.0, 6.0]) + np.outer(x[:3], x[:3])


@pytest.mark.parametrize("f", OTHERS.values(), ids=OTHERS)
def test_values_and_derivatives(f: Function) -> None:
    check(f, 6, 0.15, 0.85)


APART = np.arange(1.0, 7.0)[:, None] * np.array([3.0, 7.0, 12.0])  # so that no two numbers are nearly equal


@pytest.mark.parametrize("metric", sorted(set(METRICS) - {"mahalanobis"}))
def test_distances(metric: str) -> None:
    rows, others = A[:, :3] + APART[:6], A[:4, 3:] + 100.0 * W[:3] ** 2

    def of_pairs(x: Any) -> Any:
        return np.log1p(call("spatial.distance.pdist", rows * (x[:3] + 2.0) + x[3:] ** 2, metric) / 9) @ np.arange(15.0)

    def between(x: Any) -> Any:
        return np.sum(
            np.log1p(call("spatial.distance.cdist", rows + x[:3], others * (x[3:] + 1.0), metric) / 9) @ W[:4]
        )

    check(of_pairs, 6, 0.2, 0.8)
    check(between, 6, 0.2, 0.8)
    if metric != "seuclidean":
        check(lambda x: call(f"spatial.distance.{metric}", x[:3], W[:3] + 2.0), 6, 0.2, 0.8)


def test_a_distance_matrix_has_a_gradient_where_points_meet() -> None:
    s = fd.surface(lambda x: np.sum(call("spatial.distance.cdist", x.reshape(3, 2), x.reshape(3, 2))), dim=6)
    assert np.all(np.isfinite(s.gradient(np.arange(6.0))))


def test_outside_of_the_support_and_of_the_parameters() -> None:
    places = [("expon", -1.0, ()), ("gamma", -0.5, (2.0,)), ("beta", 1.5, (2.0, 3.0)), ("uniform", 2.0, ()),
              ("lognorm", -1.0, (1.0,)), ("pareto", 0.5, (2.0,))]  # fmt: skip
    for name, x, shapes in places:
        for method in ("pdf", "logpdf", *(("cdf", "sf", "logcdf", "logsf") if CONTINUOUS[name].cdf else ())):
            s = fd.surface(lambda z, n=name, m=method, a=shapes: call(f"stats.{n}.{m}", z[0], *a), dim=1)
            expected = operator.attrgetter(f"{name}.{method}")(scipy.stats)(x, *shapes)
            assert s([x]) == expected, (name, method)
            assert s.gradient([x])[0] == 0.0
    s = fd.surface(lambda z: call("stats.norm.logpdf", 0.0, 0.0, z[0]), dim=1)
    assert np.isnan(s([-1.0]))
    for name in COUNTS:
        assert f"scipy.stats.{name}.pmf" in SCIPY


FROZEN = scipy.stats.gamma(2.0, scale=3.0)


def test_in_functions_as_people_write_them() -> None:
    def f(x: Any) -> Any:
        factor = scipy.linalg.cho_factor([[2.0, x[0]], [x[0], 3.0]])
        total = scipy.stats.norm.logpdf(x[0], 1, 2) + FROZEN.logpdf(x[1]) + scipy.stats.norm(0, x[1]).cdf(0.3)
        total += scipy.stats.poisson.logpmf([1, 2], x[1]).sum() + scipy.stats.norm.logpdf(0.5)
        pairs = scipy.spatial.distance.cdist(x[:4].reshape(2, 2), A[:3, :2]).sum()
        return total + pairs + x[:2] @ scipy.linalg.cho_solve(factor, x[:2]) + scipy.stats.norm.mean()

    check(f, 6, 0.2, 0.8)


BAD: list[tuple[Function, str]] = [
    (lambda x: call("stats.gamma.cdf", x[0], 2.0), "incomplete gamma or beta function"),
    (lambda x: call("stats.norm", x[0]).rvs(3), r"scipy.stats.norm\(...\).rvs cannot be traced"),
    (lambda x: np.sum(call("spatial.distance.cdist", x.reshape(2, 3), A[:, :3], "jaccard")), "metric 'jaccard' cannot"),
    (lambda x: np.sum(call("spatial.distance.pdist", x)), r"distance of an array of shape \(6,\)"),
    (lambda x: call("stats.multivariate_normal.logpdf", x, np.zeros(3), np.eye(3)), "in 3 dimensions at x of shape"),
    (lambda x: call("linalg.expm", x), "expm of an array of shape"),
    (lambda x: call("special.polygamma", 1.5, x[0]), "order that is not an integer"),
]


@pytest.mark.parametrize(("f", "message"), BAD)
def test_errors(f: Function, message: str) -> None:
    with pytest.raises(fd.TraceError, match=message):
        fd.surface(f, dim=6)


def test_arguments_are_named_in_errors() -> None:
    with pytest.raises(TypeError, match=r"scipy.stats.t without df; it takes x, df, loc, scale"):
        fd.surface(lambda x: call("stats.t.logpdf", x[0]), dim=1)
    with pytest.raises(TypeError, match="with mean; it takes x, loc, scale"):
        fd.surface(lambda x: call("stats.norm.logpdf", x[0], mean=2.0), dim=1)
