"""Losses of networks as functions of all weights, with data, windows and sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import labels, real_array, shown
from fastdescent._surface.finite_sum import finite_sum
from fastdescent._surface.surface import Surface
from fastdescent.surfaces._catalog import known, with_data
from fastdescent.surfaces._layers import checked_widths, layers, n_weights
from fastdescent.surfaces._losses import LOSSES, checked_activation, checked_loss, logistic_minimum, targets

__all__ = ["deep_linear", "logistic", "mlp"]

Array = npt.NDArray[Any]
Data = Sequence[npt.ArrayLike]  #: (X, y)

_XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
#: Eight samples of one feature; no threshold separates the classes. And the minimum of their loss.
_EIGHT = [[-2.0], [-1.5], [-1.0], [-0.5], [0.5], [1.0], [1.5], [2.0]], [0, 0, 1, 0, 1, 0, 1, 1]
_EIGHT_MINIMUM = [0.9705391772446731, 0.0]
_TWO_MODES = [[1.0, 0.0], [0.0, 1.0]], [[4.0, 0.0], [0.0, 1.0]]


@at_top
@dataclass(frozen=True)
class Network:
    """The mean loss of a network. It is a class, so that it can be pickled."""

    widths: tuple[int, ...]
    activation: str | Callable[[Any], Any]
    loss: str = "mse"

    def output(self, w: Any, X: Any) -> Any:
        """The last layer's sums (n, outputs) for the inputs X (n, inputs)."""
        activation, h = checked_activation(self.activation), X
        *hidden, (matrix, biases) = layers(w, self.widths)
        for inner, shifts in hidden:
            h = activation(h @ inner + shifts)
        return h @ matrix + biases

    def __call__(self, x: Any, A: Any, b: Any, *, l2: float = 0.0) -> Any:
        return LOSSES[self.loss](self.output(x, A), b) + 0.5 * l2 * np.sum(x**2)


@known(lowest=None)
@with_data
def mlp(
    widths: Sequence[int] = (2, 2, 1),
    activation: str | Callable[[Any], Any] = "tanh",
    data: Data | None = None,
    loss: str = "mse",
    *,
    l2: float = 0.0,
) -> Surface:
    """The loss of a fully connected network as a function of its weights and biases.

    f(x) = 1/n sum_i loss(output(a_i), b_i) + l2/2 |x|^2,
    output(a) = W_L act(... act(W_1 a + c_1) ...) + c_L

    Layer by layer x holds the matrix (inputs, outputs) in C order, then the biases; `layers` takes it apart, `he` and
    `xavier` make starts. The default is the smallest network that learns XOR. Minimum 0 where a network fits its data
    and l2 = 0; permuted hidden units, and with tanh changed signs, give the same f.

    Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 323, 1986.

    Parameters
    ----------
    widths : sequence of int
        Units, from the inputs to the outputs.
    activation : str or callable
        "tanh", "relu", "gelu", "sigmoid", "softplus", "identity", or a function written with NumPy. The last layer has
        none.
    data : (X, y)
        X (n, inputs); y (n, outputs), or (n,) for one output; for "cross_entropy" classes (n,) or probabilities
        (n, outputs), for "logistic" labels 0 and 1.
    loss : str
        "mse": the mean square over rows and outputs. "logistic": log(1 + exp(o)) - b o, the mean over rows and outputs.
        "cross_entropy": log sum_k exp(o_k) - sum_k b_k o_k, the mean over rows.
    l2 : float
        A parameter: how much the square of the weights counts.

    Examples
    --------
    >>> import fastdescent as fd
    >>> net = fd.surfaces.mlp((2, 8, 1), "relu", data=fd.data.two_moons(40), loss="logistic")
    >>> run = fd.descend(net, fd.surfaces.he((2, 8, 1), 20), fd.Adam(lr=0.05), max_steps=200)
    >>> bool(run.fun.mean() < 0.3)
    True
    """
    counts = checked_widths(widths)
    checked_activation(activation)
    X, y = _checked_data(_given_or(_XOR, data, counts, loss == "cross_entropy"), counts[0])
    network = Network(counts, activation, checked_loss(loss))
    return _sum(network, n_weights(counts, bias=True), (X, targets(y, counts[-1], loss)), window=(-3.0, 3.0), l2=l2)


@known(lowest=0.5288080447137663)
@with_data
def logistic(data: Data | None = None, *, l2: float = 0.0) -> Surface:
    """Logistic regression: convex, so that every descent that converges ends at the same place.

    f(x) = 1/n sum_i (log(1 + exp(z_i)) - b_i z_i) + l2/2 |x|^2, z_i = x_1 a_i1 + ... + x_d a_id + x_(d+1)

    Minimum: one, found by Newton's method when it is asked for, where l2 > 0. Where l2 = 0 and a plane parts the
    classes it is at infinity; else it is given for the default data, which have one feature and eight rows that
    overlap.

    Cox, The regression analysis of binary sequences, J. Royal Statistical Society B 20, 1958.

    Parameters
    ----------
    data : (X, y)
        X (n, d); y (n,), labels 0 and 1.
    l2 : float
        A parameter: how much the square of the weights, the last one included, counts.

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.descend(fd.surfaces.logistic(), fd.grid((-5, 5), (9,)) * [1, 0], fd.GD(lr=1.0)).x.std(axis=0).max() < 1e-5
    np.True_
    """
    X, y = _checked_data(_EIGHT if data is None else data)
    labels = targets(y, 1, "logistic")
    network, dim = Network((X.shape[1], 1), "identity", "logistic"), X.shape[1] + 1

    def minimum(params: Mapping[str, Any]) -> npt.ArrayLike | None:
        if params["l2"] == 0.0:
            return [_EIGHT_MINIMUM] if data is None else None
        return logistic_minimum(X, labels[:, 0], float(params["l2"]))

    return _sum(network, dim, (X, labels), window=(-5.0, 5.0), minima=minimum, l2=l2)


@dataclass(frozen=True)
class _LinearNetwork:
    widths: tuple[int, ...]

    def __call__(self, x: Any, A: Any, B: Any) -> Any:
        output = A
        for matrix, _ in layers(x, self.widths, bias=False):
            output = output @ matrix
        return 0.5 * np.mean(np.sum((output - B) ** 2, axis=1))


@known(degenerate=True)
@with_data
def deep_linear(widths: Sequence[int] = (2, 2, 2), data: Data | None = None) -> Surface:
    """A linear network of several layers: all its local minima are global, all else is a saddle.

    f(x) = 1/(2 n) sum_i |a_i W_1 W_2 ... W_L - b_i|^2

    From small weights, descent learns one mode of the data after the other, and rests at a saddle before each. x holds
    the matrices (inputs, outputs) in C order; `layers` takes it apart, `he` makes starts, both with ``bias=False``.
    The default data have the modes 4 and 1. Minimum 0 where the data are linear and no layer is too narrow; two of the
    default's are given.

    Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks,
    ICLR, 2014.

    Parameters
    ----------
    widths : sequence of int
        Units, from the inputs to the outputs.
    data : (X, y)
        X (n, inputs); y (n, outputs), or (n,) for one output.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.deep_linear()
    >>> run = fd.descend(s, fd.surfaces.he((2, 2, 2), 100, gain=0.01, bias=False), fd.GD(lr=0.1))
    >>> run.message
    '100 trajectories: 100 converged.'
    """
    counts = checked_widths(widths)
    X, y = _checked_data(_given_or(_TWO_MODES, data, counts), counts[0])
    one = [2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0]
    known = [one, [-v for v in one]] if data is None and counts == (2, 2, 2) else None
    arrays = X, targets(y, counts[-1], "mse")
    return _sum(_LinearNetwork(counts), n_weights(counts, bias=False), arrays, window=(-3.0, 3.0), minima=known)


def _sum(network: Callable[..., Any], dim: int, data: tuple[Array, Array], **options: Any) -> Surface:
    return finite_sum(network, dim=dim, data=data, **options)


def _given_or(default: Data, data: Data | None, widths: tuple[int, ...], as_classes: bool = False) -> Data:
    """The data, or the default data if they fit the network; classes fit two outputs or more."""
    if data is not None:
        return data
    (n_inputs,), n_outputs = np.shape(default[0])[1:], math.prod(np.shape(default[1])[1:])
    if widths[0] != n_inputs or (widths[-1] != n_outputs and not (as_classes and widths[-1] > 1)):
        raise ValueError(
            f"data must be given, as (X, y), for widths {shown(widths)}: those that are there without it have "
            f"{n_inputs} inputs and {n_outputs} output{'s' * (n_outputs != 1)}"
        )
    return default


def _checked_data(data: Any, n_inputs: int | None = None) -> tuple[Array, Array]:
    """X (n, inputs) and y (n, ...)."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(f"data must be a pair (X, y); got {shown(data)}")
    X, y = real_array("X", data[0]), real_array("y", labels("y", data[1]))
    if X.ndim != 2 or (n_inputs is not None and X.shape[1] != n_inputs):
        raise ValueError(f"X must have shape (n, {n_inputs or 'inputs'}); got shape {X.shape}")
    if y.ndim not in (1, 2) or len(y) != len(X):
        raise ValueError(f"y must have as many rows as X, {len(X)}, and shape (n,) or (n, outputs); got {y.shape}")
    return X, y
