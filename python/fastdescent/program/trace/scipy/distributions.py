"""Densities and distribution functions of scipy.stats, in standard form: functions of y = (x - loc) / scale and shapes.

Formulas are those of SciPy's documentation. Numbers may be traced or not; `f` makes functions of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
Of = Callable[..., Any]
Ends = Callable[..., tuple[Any, Any]]


def _everywhere(*shapes: Any) -> tuple[Any, Any]:
    return -math.inf, math.inf


def _positive(*shapes: Any) -> tuple[Any, Any]:
    return 0.0, math.inf


@dataclass(frozen=True)
class Distribution:
    """One of scipy.stats. Its functions get the special functions, y and the shapes; None cannot be traced."""

    logpdf: Of
    cdf: Of | None = None
    sf: Of | None = None
    shapes: tuple[str, ...] = ()
    ends: Ends = _everywhere  #: of the numbers with a density above zero
    logcdf: Of | None = None
    logsf: Of | None = None
    positive: tuple[str, ...] | None = None  #: shapes that must be; all, if None


@dataclass(frozen=True)
class Counts:
    """A distribution of scipy.stats on integers. `k` is less loc."""

    logpmf: Of
    shapes: tuple[str, ...]
    ends: Ends
    valid: Of


class Special:
    """scipy.special's functions for traced values, as attributes."""

    def __init__(self, function: Callable[[str], Of]) -> None:
        self._function = function

    def __getattr__(self, name: str) -> Of:
        return self._function(name)


def _t(f: Special, y: Any, df: Any) -> Any:
    head = f.gammaln(0.5 * (df + 1.0)) - f.gammaln(0.5 * df) - 0.5 * np.log(math.pi * df)
    return head - 0.5 * (df + 1.0) * np.log1p(y * y / df)


def _gamma(f: Special, y: Any, a: Any) -> Any:
    return f.xlogy(a - 1.0, y) - y - f.gammaln(a)


def _beta(f: Special, y: Any, a: Any, b: Any) -> Any:
    return f.xlog1py(b - 1.0, -y) + f.xlogy(a - 1.0, y) - f.betaln(a, b)


def _skewnorm(f: Special, y: Any, a: Any) -> Any:
    return math.log(2.0) - 0.5 * y * y - _LOG_ROOT_TWO_PI + f.log_ndtr(a * y)


def _f(f: Special, y: Any, n: Any, m: Any) -> Any:
    head = 0.5 * m * np.log(m) + 0.5 * n * np.log(n) + f.xlogy(0.5 * n - 1.0, y)
    return head - 0.5 * (n + m) * np.log(m + n * y) - f.betaln(0.5 * n, 0.5 * m)


def _vonmises(f: Special, y: Any, kappa: Any) -> Any:
    return kappa * (np.cos(y) - 1.0) - math.log(2.0 * math.pi) - np.log(f.i0e(kappa))


def _laplace_cdf(f: Special, y: Any) -> Any:
    tail = 0.5 * np.exp(-abs(y))
    return np.where(y > 0.0, 1.0 - tail, tail)


def _arctan_cdf(f: Special, y: Any) -> Any:
    return 0.5 + np.arctan(y) / math.pi


NORM = Distribution(
    lambda f, y: -0.5 * y * y - _LOG_ROOT_TWO_PI, lambda f, y: f.ndtr(y), lambda f, y: f.ndtr(-y),
    logcdf=lambda f, y: f.log_ndtr(y), logsf=lambda f, y: f.log_ndtr(-y),
)  # fmt: skip

CONTINUOUS = {
    "norm": NORM,
    "t": Distribution(_t, shapes=("df",)),
    "gamma": Distribution(_gamma, shapes=("a",), ends=_positive),
    "beta": Distribution(_beta, shapes=("a", "b"), ends=lambda a, b: (0.0, 1.0)),
    "expon": Distribution(lambda f, y: -y, lambda f, y: -np.expm1(-y), lambda f, y: np.exp(-y), ends=_positive,
                          logsf=lambda f, y: -y),
    "uniform": Distribution(lambda f, y: 0.0 * y, lambda f, y: y, lambda f, y: 1.0 - y, ends=lambda: (0.0, 1.0)),
    "lognorm": Distribution(
        lambda f, y, s: -0.5 * (np.log(y) / s) ** 2 - np.log(s * y) - _LOG_ROOT_TWO_PI,
        lambda f, y, s: f.ndtr(np.log(y) / s), lambda f, y, s: f.ndtr(-np.log(y) / s), ("s",), _positive,
        lambda f, y, s: f.log_ndtr(np.log(y) / s), lambda f, y, s: f.log_ndtr(-np.log(y) / s)),
    "laplace": Distribution(lambda f, y: -abs(y) - math.log(2.0), _laplace_cdf, lambda f, y: _laplace_cdf(f, -y)),
    "logistic": Distribution(
        lambda f, y: -abs(y) - 2.0 * np.log1p(np.exp(-abs(y))), lambda f, y: f.expit(y), lambda f, y: f.expit(-y),
        logcdf=lambda f, y: f.log_expit(y), logsf=lambda f, y: f.log_expit(-y)),
    "cauchy": Distribution(lambda f, y: -math.log(math.pi) - np.log1p(y * y), _arctan_cdf,
                           lambda f, y: _arctan_cdf(f, -y)),
    "chi2": Distribution(lambda f, y, df: f.xlogy(0.5 * df - 1.0, y) - 0.5 * y - f.gammaln(0.5 * df)
                         - 0.5 * math.log(2.0) * df, shapes=("df",), ends=_positive),
    "chi": Distribution(lambda f, y, df: math.log(2.0) - 0.5 * math.log(2.0) * df - f.gammaln(0.5 * df)
                        + f.xlogy(df - 1.0, y) - 0.5 * y * y, shapes=("df",), ends=_positive),
    "invgamma": Distribution(lambda f, y, a: -(a + 1.0) * np.log(y) - f.gammaln(a) - 1.0 / y, shapes=("a",),
                             ends=_positive),
    "f": Distribution(_f, shapes=("dfn", "dfd"), ends=_positive),
    "weibull_min": Distribution(
        lambda f, y, c: np.log(c) + f.xlogy(c - 1.0, y) - y**c, lambda f, y, c: -np.expm1(-(y**c)),
        lambda f, y, c: np.exp(-(y**c)), ("c",), _positive, logsf=lambda f, y, c: -(y**c)),
    "pareto": Distribution(
        lambda f, y, b: np.log(b) - (b + 1.0) * np.log(y), lambda f, y, b: 1.0 - y ** (-b), lambda f, y, b: y ** (-b),
        ("b",), lambda b: (1.0, math.inf), logsf=lambda f, y, b: -b * np.log(y)),
    "halfnorm": Distribution(lambda f, y: 0.5 * math.log(2.0 / math.pi) - 0.5 * y * y,
                             lambda f, y: f.erf(y * math.sqrt(0.5)), lambda f, y: f.erfc(y * math.sqrt(0.5)),
                             ends=_positive),
    "halfcauchy": Distribution(lambda f, y: math.log(2.0 / math.pi) - np.log1p(y * y),
                               lambda f, y: np.arctan(y) * (2.0 / math.pi), ends=_positive),
    "rayleigh": Distribution(lambda f, y: np.log(y) - 0.5 * y * y, lambda f, y: -np.expm1(-0.5 * y * y),
                             lambda f, y: np.exp(-0.5 * y * y), ends=_positive, logsf=lambda f, y: -0.5 * y * y),
    "maxwell": Distribution(lambda f, y: 0.5 * math.log(2.0 / math.pi) + 2.0 * np.log(y) - 0.5 * y * y,
                            ends=_positive),
    "gumbel_r": Distribution(lambda f, y: -y - np.exp(-y), lambda f, y: np.exp(-np.exp(-y)),
                             lambda f, y: -np.expm1(-np.exp(-y)), logcdf=lambda f, y: -np.exp(-y)),
    "gumbel_l": Distribution(lambda f, y: y - np.exp(y), lambda f, y: -np.expm1(-np.exp(y)),
                             lambda f, y: np.exp(-np.exp(y)), logsf=lambda f, y: -np.exp(y)),
    "skewnorm": Distribution(_skewnorm, shapes=("a",), positive=()),
    "vonmises": Distribution(_vonmises, shapes=("kappa",)),
}  # fmt: skip

COUNTS = {
    "poisson": Counts(lambda f, k, mu: f.xlogy(k, mu) - f.gammaln(k + 1.0) - mu, ("mu",), lambda mu: (0.0, math.inf),
                      lambda mu: mu >= 0.0),
    "binom": Counts(
        lambda f, k, n, p: f.gammaln(n + 1.0) - f.gammaln(k + 1.0) - f.gammaln(n - k + 1.0) + f.xlogy(k, p)
        + f.xlog1py(n - k, -p), ("n", "p"), lambda n, p: (0.0, n), lambda n, p: (p >= 0.0) & (p <= 1.0)),
    "bernoulli": Counts(lambda f, k, p: f.xlogy(k, p) + f.xlog1py(1.0 - k, -p), ("p",), lambda p: (0.0, 1.0),
                        lambda p: (p >= 0.0) & (p <= 1.0)),
    "geom": Counts(lambda f, k, p: f.xlog1py(k - 1.0, -p) + np.log(p), ("p",), lambda p: (1.0, math.inf),
                   lambda p: (p > 0.0) & (p <= 1.0)),
    "nbinom": Counts(
        lambda f, k, n, p: f.gammaln(n + k) - f.gammaln(k + 1.0) - f.gammaln(n) + n * np.log(p) + f.xlog1py(k, -p),
        ("n", "p"), lambda n, p: (0.0, math.inf), lambda n, p: (p > 0.0) & (p <= 1.0)),
}  # fmt: skip
