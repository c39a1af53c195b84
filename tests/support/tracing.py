"""A traced function against plain NumPy: values, gradients and Hessian products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import fastdescent as fd

Floats = npt.NDArray[np.float64]
Function = Callable[[Any], Any]

W = np.array([0.75, -1.25, 2.0, 0.5, -0.25, 1.5])
A = np.random.default_rng(7).normal(size=(6, 6))
ANYWHERE, POSITIVE, SMALL = (-2.0, 2.0), (0.3, 3.0), (-0.9, 0.9)


def differences(f: Function, x: Floats) -> Floats:
    """The gradient by central differences, extrapolated once."""
    steps = [np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]) for h in (1e-3, 2e-3)]
    return np.asarray((4 * steps[0] - steps[1]) / 3)


def check(f: Function, dim: int = 6, low: float = -2.0, high: float = 2.0) -> None:
    """Values equal NumPy's, gradients and Hessian products the differences of values and gradients."""
    s = fd.surface(f, dim=dim)
    X = np.random.default_rng(3).uniform(low, high, (12, dim))
    v = np.linspace(-1.0, 1.0, dim) + 0.1
    for x in X:
        value = float(np.asarray(f(x)).item())
        assert abs(float(s(x)) - value) <= 2e-14 * max(1.0, abs(value))
        gradient, hvp = s.gradient(x), s.hvp(x, v)
        np.testing.assert_allclose(gradient, differences(lambda p: float(s(p)), x), rtol=1e-7, atol=1e-7)
        along = (s.gradient(x + 1e-4 * v) - s.gradient(x - 1e-4 * v)) / 2e-4
        np.testing.assert_allclose(hvp, along, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(hvp).max())))
