"""What sweeps find is what theory and papers have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import fastdescent as fd

BOWL = fd.surface("0.5*a*x**2", a=1.0)
CURVATURES, MOMENTA = np.array([0.5, 1.0, 7.0]), np.array([0.0, 0.3, 0.6, 0.9])
LRS = np.geomspace(0.05, 10.0, 10_001)


def limits_found(optimizer: fd.Optimizer) -> npt.NDArray[np.float64]:
    """The least learning rate with which f grows, for each momentum and curvature."""
    over = {"momentum": MOMENTA, "a": CURVATURES, "lr": LRS}
    grid = fd.sweep(BOWL, [1.0], optimizer, over=over, max_steps=4000, gtol=None)
    assert grid.fun is not None
    grows = grid.fun > 0.5 * CURVATURES[:, np.newaxis]
    assert np.all(np.diff(grows.astype(int), axis=-1) >= 0)
    return np.asarray(LRS[grows.argmax(axis=-1)])


@pytest.mark.parametrize("nesterov", [False, True])
def test_rates_at_which_descent_diverges(nesterov: bool) -> None:
    """2 / c for gradient descent, 2 (1 + b) / c for heavy ball, 2 (1 + b) / ((1 + 2 b) c) for PyTorch's Nesterov."""
    found = limits_found(fd.SGD(momentum=0.5, nesterov=nesterov))
    b, c = MOMENTA[:, np.newaxis], CURVATURES
    expected = 2 * (1 + b) / ((1 + 2 * b) * c if nesterov else c)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_stability_limit_within_a_pixel() -> None:
    """A map of 1024 x 1024 pairs, 500 steps, of a bowl whose largest curvature is 2."""
    lrs, momenta = np.linspace(0.0, 2.2, 1024), np.linspace(0.0, 0.99, 1024)
    over = {"lr": lrs, "momentum": momenta}
    grid = fd.sweep(fd.surface("x**2 + 0.1*y**2"), [1.0, 1.0], fd.SGD(), over=over, max_steps=500, gtol=None)
    assert grid.fun is not None
    first = (grid.fun > 10 * 1.1).argmax(axis=0)
    expected = np.searchsorted(lrs, 1 + momenta)
    assert np.abs(first - expected).max() <= 1


def verdicts(n: int, **options: Any) -> npt.NDArray[np.bool_]:
    """Which of 2^n + 1 learning rates in [0, 1.5] diverge: f passes 1e8 within 1,000 steps."""
    f = fd.surface(lambda x: x * x * (1 + 0.2 * np.cos(2 * np.pi * x / 0.1)), dim=1)
    grid = fd.sweep(
        f, [1.0], fd.GD(), over={"lr": np.linspace(0.0, 1.5, 2**n + 1)}, max_steps=1000, gtol=None,
        escape_radius=None, final=False, stop_when=lambda fun: fun > 1e8, **options,
    )  # fmt: skip
    return np.asarray(grid.status != fd.Status.MAX_STEPS)


def test_edge_of_learning_rates_is_a_fractal() -> None:
    """Liu, "Complex fractal trainability boundary can arise from trivial non-convexity" (2024), has dimension 0.8375.

    The last digits are chaotic in the rounding. A grid of 2^n + 1 rates holds all coarser ones.
    """
    fine = verdicts(20)
    changes = [int(np.count_nonzero(np.diff(fine[:: 2 ** (20 - n)].astype(int)))) for n in range(4, 21)]
    assert changes[:3] == [3, 5, 7]
    assert np.abs(np.array(changes[3:6]) - [13, 21, 27]).max() <= 4
    np.testing.assert_allclose(changes[6:8], [57, 115], rtol=0.05)
    slope = np.log2(changes[16] / changes[4]) / 12
    assert abs(slope - 0.8375) < 0.02
    for n in (4, 9):
        np.testing.assert_array_equal(verdicts(n, n_threads=1), fine[:: 2 ** (20 - n)])
