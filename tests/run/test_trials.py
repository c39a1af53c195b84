"""CG, LBFGS, FIRE and others that PyTorch does not have, against plain NumPy; and their steps beside SciPy's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastdescent as fd

Point = np.ndarray


def f(p: Point) -> float:
    x, y = p
    return float((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2)


def g(p: Point) -> Point:
    x, y = p
    a, b = x**2 + y - 11, x + y**2 - 7
    return np.array([4 * x * a + 2 * b, 2 * a + 4 * y * b])


def H(p: Point) -> Point:
    x, y = p
    return np.array([[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]])


def cg(x: Point, lr: float = 0.001, armijo: float = 1e-4) -> Iterator[Point]:
    d, before, h, fails, first = np.zeros(2), np.zeros(2), 0.0, 0, True
    while True:
        yield x
        slope = g(x)
        if not fails:
            beta = max(0.0, slope @ (slope - before) / (before @ before)) if before @ before > 0 else 0.0
            d = beta * d - slope
        if slope @ d >= 0:
            d = -slope
        curvature = d @ H(x) @ d
        if fails:
            h = h / 2
        elif curvature > 0:
            h = -(slope @ d) / curvature
        else:
            h = lr if first else 2 * h
        first, before = False, slope
        if f(x + h * d) <= f(x) + armijo * h * (slope @ d):
            x, fails = x + h * d, 0
        else:
            fails += 1


def lbfgs(x: Point, memory: int = 5, armijo: float = 1e-4) -> Iterator[Point]:
    pairs: list[tuple[Point, Point]] = []
    last: tuple[Point, Point] | None = None
    part = 1.0
    while True:
        yield x
        slope = g(x)
        if last is not None:
            s, y = x - last[0], slope - last[1]
            if s @ y > 1e-10 * np.linalg.norm(s) * np.linalg.norm(y):
                pairs = [*pairs, (s, y)][-memory:]
        last = x, slope
        q, alphas = slope.copy(), []
        for s, y in reversed(pairs):
            alphas.append((s @ q) / (s @ y))
            q = q - alphas[-1] * y
        if pairs:
            s, y = pairs[-1]
            q = q * (s @ y) / (y @ y)
        for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
            q = q + s * (alpha - (y @ q) / (s @ y))
        d = -q if slope @ q > 0 else -slope
        h = part * (1.0 if pairs else 1 / max(1.0, np.abs(slope).sum()))
        if f(x + h * d) <= f(x) + armijo * h * (slope @ d):
            x, part = x + h * d, 1.0
        else:
            part /= 2


def fire(x: Point, dt: float = 0.01, alpha: float = 0.1) -> Iterator[Point]:
    v, n, mix, first = np.zeros(2), 0, alpha, True
    while True:
        yield x
        force = -g(x)
        if force @ v > 0:
            v = (1 - mix) * v + mix * np.linalg.norm(v) * force / np.linalg.norm(force)
            if n > 5:
                dt, mix = min(1.1 * dt, 1.0), 0.99 * mix
            n += 1
        else:
            v, n, mix = np.zeros(2), 0, alpha
            dt = dt if first else 0.5 * dt
        first = False
        v = v + dt * force
        x = x + dt * v


def sam(x: Point, lr: float, rho: float, momentum: float) -> Iterator[Point]:
    b = np.zeros(2)
    while True:
        yield x
        slope = g(x)
        b = momentum * b + g(x + rho * slope / np.linalg.norm(slope))
        x = x - lr * b


def normalized(x: Point, lr: float) -> Iterator[Point]:
    while True:
        yield x
        x = x - lr * g(x) / np.linalg.norm(g(x))


def signum(x: Point, lr: float, momentum: float) -> Iterator[Point]:
    m = np.zeros(2)
    while True:
        yield x
        m = momentum * m + (1 - momentum) * g(x)
        x = x - lr * np.sign(m)


CASES: list[tuple[fd.Optimizer, Callable[[Point], Iterator[Point]]]] = [
    (fd.CG(), cg),
    (fd.CG(lr=0.01, armijo=0.1), lambda x: cg(x, 0.01, 0.1)),
    (fd.LBFGS(), lbfgs),
    (fd.LBFGS(memory=2, armijo=0.01), lambda x: lbfgs(x, 2, 0.01)),
    (fd.FIRE(lr=0.01), fire),
    (fd.SAM(0.005, rho=0.1, momentum=0.5), lambda x: sam(x, 0.005, 0.1, 0.5)),
    (fd.NormalizedGD(0.01), lambda x: normalized(x, 0.01)),
    (fd.SignSGD(0.01, momentum=0.8), lambda x: signum(x, 0.01, 0.8)),
]


@pytest.mark.parametrize(
    ("optimizer", "path"), CASES, ids=lambda v: repr(v)[:40] if isinstance(v, fd.Optimizer) else ""
)
@pytest.mark.parametrize("steps", [1, 2, 4, 7])
def test_steps_of_plain_numpy(optimizer: Any, path: Any, steps: int) -> None:
    s = fd.surfaces.himmelblau()
    x0 = np.asarray(fd.uniform(s.window, 40, seed=4))
    run = fd.descend(s, x0, optimizer, max_steps=steps, gtol=None)
    for start, end in zip(x0, run.x, strict=True):
        walk = path(start)
        for _ in range(steps):
            next(walk)
        np.testing.assert_allclose(end, next(walk), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("dim", [2, 6])
def test_cg_ends_on_a_quadratic_in_dim_steps(dim: int) -> None:
    weights = np.arange(1.0, dim + 1)
    s = fd.surface(lambda x: 0.5 * np.sum(weights * x * x), dim=dim)
    run = fd.descend(s, fd.uniform(s.window, 50, seed=0), fd.CG(), gtol=1e-8)
    assert run.success.all()
    assert run.nit.max() <= dim


@pytest.mark.parametrize("name", ["himmelblau", "rosenbrock", "styblinski_tang"])
@pytest.mark.parametrize(("optimizer", "method"), [(fd.CG(), "CG"), (fd.LBFGS(memory=10), "L-BFGS-B")])
def test_as_few_steps_as_scipy(name: str, optimizer: Any, method: str) -> None:
    """One trial a step, so that SciPy's evaluations of f are the measure."""
    s = fd.surfaces.get(name)
    x0 = np.asarray(fd.uniform(s.window, 40, seed=0))
    run = fd.descend(s, x0, optimizer)
    assert run.success.all()
    evaluations = [
        scipy.optimize.minimize(s, x, jac=s.gradient, method=method, options={"gtol": 1e-6}).nfev for x in x0
    ]
    assert np.median(run.nit) <= 1.5 * np.median(evaluations)
