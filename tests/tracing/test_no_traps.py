"""Gradients where a derivative's factor is infinite: elements and branches that do not matter never spoil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.available import ENGINES
from support.tracing import differences

import fastdescent as fd

Floats = npt.NDArray[np.float64]
N = 4  #: points in the plane
EYE, PAIRS = np.eye(N, dtype=bool), np.triu_indices(N, 1)
P = np.random.default_rng(0).normal(size=2 * N)
V = np.random.default_rng(1).normal(size=2 * N)
T = np.random.default_rng(2).uniform(0.5, 1.5, (N, N))


def gaps(x: Any) -> Any:
    p = x.reshape(N, 2)
    return p[:, None] - p[None]


def distances(x: Any) -> Any:
    return np.sqrt((gaps(x) ** 2).sum(-1))


def norms(x: Any) -> Any:
    return np.linalg.norm(gaps(x), axis=-1)


def filled(x: Any) -> Any:
    r = norms(x)
    np.fill_diagonal(r, 1)
    return (1 / r).sum()


def stress_in_loops(x: Any) -> Any:
    """The same with nothing on the diagonal, for comparison."""
    p = x.reshape(N, 2)
    pairs = [(i, j) for i in range(N) for j in range(N) if i != j]
    return sum((np.sqrt((p[i, 0] - p[j, 0]) ** 2 + (p[i, 1] - p[j, 1]) ** 2) - T[i, j]) ** 2 for i, j in pairs)


MATRICES: dict[str, Callable[[Any], Any]] = {
    "distances": lambda x: ((distances(x) - T) ** 2).sum(),
    "distances, zero diagonal": lambda x: ((distances(x) - T * ~EYE) ** 2).sum(),
    "pairs": lambda x: ((norms(x) - T)[PAIRS] ** 2).sum(),
    "inverse pairs": lambda x: (1 / norms(x)[PAIRS]).sum(),
    "fill_diagonal": filled,
    "triu": lambda x: np.triu(1 / norms(x), 1).sum(),
    "squared triu": lambda x: (np.triu(1 / distances(x), 1) ** 2).sum(),
    "mask": lambda x: (1 / norms(x))[~EYE].sum(),
    "where": lambda x: np.where(EYE, 0.0, np.log(distances(x))).sum(),
    "mask before the root": lambda x: np.sqrt((gaps(x) ** 2).sum(-1) * ~EYE).sum(),
    "hypot": lambda x: np.hypot(gaps(x)[..., 0], gaps(x)[..., 1]).sum(),
    "order 3": lambda x: np.linalg.norm(gaps(x), 3, axis=-1).sum(),
}

#: At a point: (f, point, direction, gradient, Hessian times direction).
POINTS: dict[str, tuple[Callable[[Any], Any], list[float], list[float], list[float], list[float]]] = {
    "x log x": (lambda x: np.where(x > 0, x * np.log(x), 0.0).sum(), [0, 2], [1, 1], [0, 1 + np.log(2)], [0, 0.5]),
    "untaken root": (lambda x: np.where(x > 0, np.sqrt(x), x).sum(), [0, -1], [1, 1], [1, 1], [0, 0]),
    "untaken x root": (lambda x: np.where(x > 0, x * np.sqrt(x), 0.0).sum(), [0, 4], [1, 1], [0, 3], [0, 0.375]),
    "untaken log": (lambda x: np.where(x > 0, np.log(x) ** 2, x**2).sum(), [-3, 0], [1, 1], [-6, 0], [2, 2]),
    "untaken power": (lambda x: np.where(x > 0, x**-1.5 + 1 / x, 3 * x).sum(), [0, 0], [1, 1], [3, 3], [0, 0]),
    "untaken exp": (lambda x: np.where(x < 700, 0.0 * x + x, np.exp(-x)).sum(), [-800, 1], [1, 1], [1, 1], [0, 0]),
    "norm": (lambda x: np.linalg.norm(x), [0, 0], [1, 2], [0, 0], [0, 0]),
    "cubed norm": (lambda x: np.linalg.norm(x) ** 3, [0, 0], [1, 2], [0, 0], [0, 0]),
    "weighted root": (lambda x: np.sqrt(x[0] ** 2 + 3 * x[1] ** 4), [0, 0], [1, 2], [0, 0], [0, 0]),
    "std": (lambda x: np.std(x), [2, 2], [1, 2], [0, 0], [0, 0]),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [0, 0], [1, 2], [0, 0], [0, 0]),
    "logistic": (lambda x: (1 / (1 + np.exp(-x))).sum(), [-800, 0], [1, 1], [0, 0.25], [0, 0]),
    "zero to a power": (lambda x: x[0] ** x[1], [0, 3], [1, 1], [0, 0], [0, 0]),
    "a product's zero is none of its tangent's": (lambda x: x[1] * np.log(x[0]), [1, 0], [1, 2], [0, 0], [2, 1]),
}


@fd.optimizer
def both(x: Any, grad: Any, state: Any, t: Any, *, lr: Any, direction: Any) -> Any:
    """The point becomes the gradient at t = 0, and the Hessian's product at t = 1, at the same point."""
    first = np.where(t < 1, x, state.start)
    return np.where(t < 1, grad(first), grad.hvp(first, direction)), {"start": first}


def on_engine(f: Callable[[Any], Any], x: Floats, v: Floats, engine: str) -> tuple[Floats, Floats]:
    options: dict[str, Any] = {"gtol": None, "escape_radius": None, "engine": engine, "final": False}
    rule = both(lr=1.0, direction=v)
    runs = [fd.descend(fd.surface(f, dim=len(x)), x, rule, max_steps=n, **options) for n in (1, 2)]
    return runs[0].x, runs[1].x


@pytest.mark.parametrize("name", MATRICES)
def test_diagonals_and_masks(name: str) -> None:
    s = fd.surface(MATRICES[name], dim=2 * N)
    np.testing.assert_allclose(s.gradient(P), differences(lambda p: float(s(p)), P), rtol=1e-7, atol=1e-7)
    along = (s.gradient(P + 1e-5 * V) - s.gradient(P - 1e-5 * V)) / 2e-5
    np.testing.assert_allclose(s.hvp(P, V), along, rtol=1e-5, atol=1e-5)


def test_a_distance_matrix_has_the_derivatives_of_its_pairs() -> None:
    whole, pairs = fd.surface(MATRICES["distances, zero diagonal"], dim=2 * N), fd.surface(stress_in_loops, dim=2 * N)
    np.testing.assert_allclose(whole.gradient(P), pairs.gradient(P), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(whole.hessian(P), pairs.hessian(P), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", POINTS)
def test_at_singular_points(name: str) -> None:
    f, x, v, gradient, product = POINTS[name]
    s = fd.surface(f, dim=2)
    np.testing.assert_allclose(s.gradient(x), gradient, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(s.hvp(x, v), product, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", [*MATRICES, *POINTS])
def test_engines_have_the_same_bits(name: str, dtype: Any) -> None:
    f, x, v = (MATRICES[name], P, V) if name in MATRICES else POINTS[name][:3]
    x, v = np.array(x, dtype), np.array(v, np.float64)
    found = [on_engine(f, x, v, engine) for engine in ENGINES]
    for gradient, product in found:
        assert np.all(np.isfinite(gradient))
        assert np.all(np.isfinite(product))
        np.testing.assert_array_equal(gradient.view(f"u{x.itemsize}"), found[0][0].view(f"u{x.itemsize}"))
        np.testing.assert_array_equal(product.view(f"u{x.itemsize}"), found[0][1].view(f"u{x.itemsize}"))


def test_a_bare_root_stays_infinite() -> None:
    s = fd.surface(lambda x: np.sqrt(x[0]) + x[1] ** 2, dim=2)
    assert s.gradient([0.0, 1.0]).tolist() == [np.inf, 2.0]


def test_masks_are_only_where_they_are_needed() -> None:
    """Factors that are always finite, and adjoints that are never 0, add no instructions."""
    free = ["sin(x)*tanh(y)", "(x - y)**2/(1 + x**2)", "exp(-x**2)*(y - 1)", "sqrt(1 + x**2)*y", "3*log(x) + y"]
    for text in free:
        listing = str(fd.surface(text, window=((1, 2), (1, 2))).program())
        assert "select" not in listing, text
    assert "select" in str(fd.surface("log(x)*y").program())
