"""Activations and losses of networks, in forms that neither overflow nor lose digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import nearest, shown

Function = Callable[[Any], Any]
Array = npt.NDArray[Any]

_NEWTON_STEPS, _LEAST_SIZE = 100, 1e-10
_ROUNDING = 8 * np.finfo(np.float64).eps


def relu(z: Any) -> Any:
    """max(0, z), with derivative 0 at 0."""
    return np.maximum(0.0, z)


def gelu(z: Any) -> Any:
    """z times the normal distribution function of z (Hendrycks and Gimpel, arXiv:1606.08415, 2016)."""
    from scipy.special import ndtr

    return z * ndtr(z)


def sigmoid(z: Any) -> Any:
    from scipy.special import expit

    return expit(z)


def softplus(z: Any) -> Any:
    return np.logaddexp(0.0, z)


def identity(z: Any) -> Any:
    return z


ACTIVATIONS: dict[str, Function] = {
    "tanh": np.tanh, "relu": relu, "gelu": gelu, "sigmoid": sigmoid, "softplus": softplus, "identity": identity,
}  # fmt: skip


def mse(output: Any, target: Any) -> Any:
    """The mean square over rows and outputs."""
    return np.mean((output - target) ** 2)


def logistic_loss(output: Any, target: Any) -> Any:
    """-log of the probability of the label, 0 or 1, where expit(output) is that of 1."""
    return np.mean(np.logaddexp(0.0, output) - target * output)


def cross_entropy(output: Any, target: Any) -> Any:
    """-log of the probability of the class, where softmax(output) are those of all; targets are probabilities."""
    return np.mean(np.logaddexp.reduce(output, axis=1) - np.sum(target * output, axis=1))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": mse, "logistic": logistic_loss, "cross_entropy": cross_entropy,
}  # fmt: skip


def checked_activation(activation: object) -> Function:
    if callable(activation):
        return activation
    chosen: Function = _chosen("activation", activation, ACTIVATIONS)
    return chosen


def checked_loss(loss: object) -> str:
    _chosen("loss", loss, LOSSES)
    return str(loss)


def _chosen(what: str, name: object, known: Mapping[str, Any]) -> Any:
    names = ", ".join(f'"{n}"' for n in known)
    if not isinstance(name, str):
        raise TypeError(f"{what} must be one of {names}; got {shown(name)}")
    if name not in known:
        raise ValueError(f"{what} must be one of {names}; got {name!r}{nearest(name, known)}")
    return known[name]


def targets(y: Array, n_outputs: int, loss: str) -> Array:
    """Labels and targets as (n, outputs), in the form that the loss needs. Raises ValueError if they do not fit."""
    if loss == "cross_entropy" and y.ndim == 1:
        return _one_hot(y, n_outputs)
    wide = y[:, np.newaxis] if y.ndim == 1 else y
    if wide.shape[1:] != (n_outputs,):
        raise ValueError(f"y must have shape (n, {n_outputs}){' or (n,)' * (n_outputs == 1)}; got shape {y.shape}")
    wrong = wide[~((wide >= 0) & (wide <= 1))] if loss != "mse" else wide[:0]
    if wrong.size:
        hint = " (write (y + 1) / 2 for labels -1 and 1)" if np.all(np.abs(wide) == 1.0) else ""
        raise ValueError(
            f"y must be labels, 0 or 1, or probabilities, for the loss {loss!r}; {_offending(wrong)}{hint}"
        )
    if loss == "cross_entropy" and not np.allclose(wide.sum(axis=1), 1.0):
        raise ValueError('y must be probabilities that sum to 1 in each row for the loss "cross_entropy"')
    return wide


def _one_hot(y: Array, n_classes: int) -> Array:
    wrong = y[~((y == np.floor(y)) & (y >= 0) & (y < n_classes))]
    if wrong.size:
        raise ValueError(f"y must be classes, 0 to {n_classes - 1}; {_offending(wrong)}")
    return np.eye(n_classes)[y.astype(np.int64)]


def _offending(wrong: Array) -> str:
    more = f", and {wrong.size - 1} more such values" if wrong.size > 1 else ""
    return f"got {float(wrong[0]):g}{more}"


def logistic_minimum(X: Array, labels: Array, l2: float) -> Array | None:
    """Weights and shift (1, dim) that minimize the mean logistic loss plus l2/2 |x|^2.

    By Newton's method; a step is halved until it does not raise the loss. None if l2 < 0, or if it does not converge.
    """
    if l2 < 0.0:
        return None
    from scipy.linalg import LinAlgError, cho_factor, cho_solve
    from scipy.special import expit

    A = np.hstack([X.astype(np.float64), np.ones((len(X), 1))])
    x, sizes = np.zeros(A.shape[1]), np.mean(np.abs(A), axis=0)

    def value(x: Array) -> float:
        z = A @ x
        losses = labels * np.logaddexp(0.0, -z) + (1.0 - labels) * np.logaddexp(0.0, z)
        return float(np.mean(losses) + 0.5 * l2 * (x @ x))

    for _ in range(_NEWTON_STEPS):
        p = expit(A @ x)
        slope = A.T @ (p - labels) / len(A) + l2 * x
        curvature = (A.T * (p * (1.0 - p))) @ A / len(A) + l2 * np.eye(len(x))
        try:
            step = cho_solve(cho_factor(curvature), slope)
        except LinAlgError:
            return None
        if np.all(np.abs(slope) <= _ROUNDING * (sizes + l2 * np.abs(x))):
            return np.asarray(x - step)[np.newaxis]
        size = 1.0
        most = value(x) * (1.0 + _ROUNDING)
        while value(x - size * step) > most and size > _LEAST_SIZE:
            size /= 2
        x = x - size * step
    return None
