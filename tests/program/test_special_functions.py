"""Special functions without opcodes: against mpmath, with derivatives of two orders, and at special values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import fastdescent as fd
from fastdescent.program.graph.special.make import EXPANSIONS

ORACLES: dict[str, Callable[..., Any]] = {
    "gamma": mpmath.gamma,
    "gammaln": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "psi": mpmath.digamma,
    "i0": lambda x: mpmath.besseli(0, x),
    "i1": lambda x: mpmath.besseli(1, x),
    "i0e": lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)),
    "i1e": lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)),
    "j0": lambda x: mpmath.besselj(0, x),
    "j1": lambda x: mpmath.besselj(1, x),
}
RNG = np.random.default_rng(5)
PLACES = np.concatenate([RNG.uniform(0.01, 4, 40), RNG.uniform(4, 40, 40), -RNG.uniform(0.1, 2, 40),
                         10.0 ** RNG.uniform(1.7, 2.2, 20), [1e-8, 7.999, 8.001, 9.999, 10.001]])  # fmt: skip


def surface(name: str) -> fd.Surface:
    return fd.surface(lambda x: getattr(scipy.special, name)(x[0]), dim=1)


def test_every_node_is_tested() -> None:
    assert set(EXPANSIONS) <= {*ORACLES, "polygamma"}


@pytest.mark.parametrize("name", ORACLES)
def test_values_and_derivatives(name: str) -> None:
    """To 2e-14 of the value or, near zeros of the function, 1e-15 of 1; derivatives with one digit less."""
    s, f = surface(name), ORACLES[name]
    found = [s(PLACES[:, None]), s.gradient(PLACES[:, None])[:, 0], s.hessian(PLACES[:, None])[:, 0, 0]]
    with mpmath.workdps(40):
        for order, (values, relative, absolute) in enumerate(zip(found, (2e-14, 5e-14, 5e-13), (1e-15, 2e-15, 2e-14),
                                                                 strict=True)):  # fmt: skip
            true = np.array([float(mpmath.diff(f, mpmath.mpf(x), order)) for x in PLACES])
            np.testing.assert_allclose(values, true, rtol=relative, atol=absolute, err_msg=f"{name}, {order}")


@pytest.mark.parametrize("n", range(5))
def test_derivatives_of_digamma(n: int) -> None:
    """The chain of derivatives has no end."""
    from fastdescent.program.trace.scipy.tables import SCIPY

    s = fd.surface(lambda x: SCIPY["scipy.special.polygamma"](x.builder, n, x[0]), dim=1)
    for x in (0.1, 0.9, 2.5, 11.0, 300.0, -0.3, -2.6):
        with mpmath.workdps(40):
            value, slope = (float(mpmath.polygamma(k, mpmath.mpf(x))) for k in (n, n + 1))
        np.testing.assert_allclose([s([x]), s.gradient([x])[0]], [value, slope], rtol=2e-13)


SPECIAL = [
    ("gamma", 0.0, math.inf), ("gamma", 171.7, math.inf), ("gamma", math.inf, math.inf), ("gamma", 5.0, 24.0),
    ("gammaln", 1.0, 0.0), ("gammaln", 2.0, 0.0), ("gammaln", 0.0, math.inf), ("gammaln", -3.0, math.inf),
    ("gammaln", math.inf, math.inf), ("gammaln", 1e300, 6.897755278982137e302), ("i0", 0.0, 1.0), ("i1", 0.0, 0.0),
    ("j0", 0.0, 1.0), ("j1", 0.0, 0.0), ("i0e", 1e300, 3.989422804014327e-151),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "value"), SPECIAL)
def test_special_values(name: str, x: float, value: float) -> None:
    np.testing.assert_allclose(surface(name)([x]), value, rtol=1e-14, atol=1e-15)
    assert np.isnan(surface(name)([math.nan]))


def test_derivatives_at_zero() -> None:
    for name, slope, curvature in (("i0", 0.0, 0.5), ("i1", 0.5, 0.0), ("j0", 0.0, -0.5), ("j1", 0.5, 0.0)):
        s = surface(name)
        found = s.gradient([0.0])[0], s.hessian([0.0])[0, 0]
        np.testing.assert_allclose(found, (slope, curvature), rtol=1e-15, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_engines_agree(dtype: Any) -> None:
    def f(x: Any) -> Any:
        sp = scipy.special
        return (
            sp.gammaln(x[0] ** 2 + 0.1) - sp.j0(x[1]) + sp.i0e(x[0] + x[1]) + sp.digamma(x[1] ** 2 + 1.0) + sp.j1(x[0])
        )

    s, x0 = fd.surface(f, dim=2), np.random.default_rng(0).uniform(-3, 3, (21, 2)).astype(dtype)
    runs = [fd.descend(s, x0, fd.GD(lr=0.01), max_steps=5, engine=e) for e in ("native", "jit", "numba")]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.x, runs[0].x)
        np.testing.assert_array_equal(run.fun, runs[0].fun)
    np.testing.assert_allclose(s(x0), [f(x) for x in x0.astype(float)], rtol=1e-4 if dtype == np.float32 else 1e-13)
