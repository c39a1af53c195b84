"""The loss of a student network of k relu units that learns from a teacher of k orthogonal units, in closed form.

    f(W) = 1/2 E (sum_i relu(w_i a) - sum_j relu(v_j a))^2,  a a normal random vector of k numbers, v_j unit vectors
         = 1/2 (sum_ij g(w_i, w_j) - 2 sum_ij g(w_i, v_j) + sum_ij g(v_i, v_j)),
    g(w, v) = E relu(w a) relu(v a) = |w| |v| (sin t + (pi - t) cos t) / (2 pi),  t the angle between w and v

Cho and Saul, Kernel methods for deep learning, NIPS, 2009, equation 6 of degree 1; Safran and Shamir, Spurious local
minima are common in two-layer ReLU neural networks, ICML, 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import fastdescent as fd

_LEAST = 1e-24  #: of sin^2: derivatives of its root are finite


def loss(k: int) -> fd.Surface:
    """The angle comes from its sine and cosine, and so is exact where a student's unit is the teacher's.

    2 pi g(w, v) = pi w v + |w| |v| (sin t - t cos t): the second term vanishes with its first two derivatives.
    """
    off_diagonal = 1.0 - np.eye(k)

    def f(x: Any) -> Any:
        w = x.reshape(k, k)
        n2 = np.sum(w * w, axis=1)
        students = off_diagonal * _turned(w @ w.T, n2[:, np.newaxis] * n2 + np.eye(k)) + (w @ w.T) / 2
        both = _turned(w, n2[:, np.newaxis]) + w / 2  # w_i v_j is the number (i, j) of w
        return (np.sum(students) - 2 * np.sum(both) + _of_teachers(k)) / 2

    return fd.surface(f, dim=k * k, window=(-2, 2))


def naive_loss(k: int) -> fd.Surface:
    """As the formula stands: where a cosine is rounded to more than 1, f is not defined, so at the global minimum."""
    off_diagonal = 1.0 - np.eye(k)

    def f(x: Any) -> Any:
        w = x.reshape(k, k)
        n = np.sqrt(np.sum(w * w, axis=1))
        students = off_diagonal * _naive((w @ w.T) * off_diagonal, n[:, np.newaxis] * n) + np.eye(k) * n**2 / 2
        return (np.sum(students) - 2 * np.sum(_naive(w, n[:, np.newaxis])) + _of_teachers(k)) / 2

    return fd.surface(f, dim=k * k, window=(-2, 2))


def starts(k: int, n: int, seed: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, k * k)) / np.sqrt(k)


def orders(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers that do not change if units or inputs change places, both of which leave f as it is."""
    k = round(len(x) ** 0.5)
    return np.concatenate([np.sort(x), np.linalg.svd(x.reshape(k, k), compute_uv=False)])


def _turned(product: Any, squares: Any) -> Any:
    """|w| |v| (sin t - t cos t) / (2 pi)."""
    sine = np.sqrt(np.maximum(squares - product**2, _LEAST))
    return (sine - np.arctan2(sine, product) * product) / (2 * np.pi)


def _naive(product: Any, norms: Any) -> Any:
    angle = np.arccos(product / norms)
    return norms * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)


def _of_teachers(k: int) -> float:
    return k / 2 + k * (k - 1) / (2 * np.pi)
