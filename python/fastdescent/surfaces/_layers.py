"""Weights of networks in one vector: how they are packed, and random weights to start from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import positive, random_seed, shown, whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._starts.arrays import RandomStarts
from fastdescent.surfaces._normals import normals, uniforms

__all__ = ["he", "layers", "xavier"]

Floats = npt.NDArray[np.float64]
_COPIES = 3  #: copies of the weights while they are made: uniform numbers, normal numbers, scaled


def checked_widths(widths: object) -> tuple[int, ...]:
    """The numbers of units, from the inputs to the outputs."""
    if not isinstance(widths, Iterable) or isinstance(widths, str):
        raise TypeError(f"widths must be numbers of units, such as (2, 8, 1); got {shown(widths)}")
    counts = tuple(whole_number(f"widths[{k}]", n, at_least=1) for k, n in enumerate(widths))
    if len(counts) < 2:
        raise ValueError(f"widths must have two numbers or more, inputs and outputs among them; got {shown(counts)}")
    return counts


def n_weights(widths: Sequence[int], bias: bool) -> int:
    return sum((a + bias) * b for a, b in itertools.pairwise(widths))


def layers(w: Any, widths: Sequence[int], bias: bool = True) -> list[tuple[Any, Any]]:
    """The weights of each layer in the vector w: pairs of a matrix and a vector.

    Layer by layer, the matrix (inputs, outputs) in C order, then the biases (outputs,).

    Parameters
    ----------
    w : array (..., dim)
        Traced or not.
    widths : sequence of int
        Units, from the inputs to the outputs.
    bias : bool
        False: there are no biases, and the second of each pair is None.

    Returns
    -------
    list of (array (..., inputs, outputs), array (..., outputs) or None)

    Examples
    --------
    >>> import numpy as np
    >>> from fastdescent import surfaces
    >>> [(W.shape, b.shape) for W, b in surfaces.layers(np.zeros(17), (2, 4, 1))]
    [((2, 4), (4,)), ((4, 1), (1,))]
    """
    counts = checked_widths(widths)
    dim = n_weights(counts, bias)
    if np.shape(w)[-1:] != (dim,):
        raise ValueError(f"w must have shape (..., {dim}) for widths {counts}; got shape {np.shape(w)}")
    found, at = [], 0
    for n_in, n_out in itertools.pairwise(counts):
        matrix = w[..., at : at + n_in * n_out].reshape((*np.shape(w)[:-1], n_in, n_out))
        at += n_in * n_out
        found.append((matrix, w[..., at : at + n_out] if bias else None))
        at += n_out if bias else 0
    return found


def he(widths: Sequence[int], n: int, seed: int = 0, *, gain: float = 1.0, bias: bool = True) -> RandomStarts:
    """He's random weights, for relu and its like: start i is a function of (seed, i) alone.

    W <- gain sqrt(2 / inputs) normal numbers, biases <- 0

    He, Zhang, Ren and Sun, Delving deep into rectifiers, Proc. ICCV, 2015, equation 10.

    Parameters
    ----------
    widths : sequence of int
        Units, from the inputs to the outputs.
    n : int
        Starts.
    seed : int
        0 to 2**64 - 1.
    gain : float
        Small ones start near the saddle at the origin.
    bias : bool
        False for networks without biases, as `deep_linear`.

    Returns
    -------
    array (n, dim)
        Packed as `layers` has it. Normal numbers come from the uniform ones of `fastdescent.uniform` by Box and
        Muller's formula, two from two.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the starts would not fit.

    Examples
    --------
    >>> from fastdescent import surfaces
    >>> w = surfaces.he((2, 8, 1), 1000)
    >>> w.shape, bool(abs(w[:, :16].std() - 1.0) < 0.02), bool((w[:, 16:24] == 0).all())
    ((1000, 33), True, True)
    """
    counts, n_starts, key = _checked(widths, n, seed, bias)
    drawn = normals(key, 0, n_starts, n_weights(counts, bias))
    return he_weights(counts, drawn, positive("gain", gain), bias).view(RandomStarts)


def he_weights(widths: tuple[int, ...], drawn: Floats, gain: float = 1.0, bias: bool = True) -> Floats:
    """He's weights from normal numbers (..., dim)."""
    return _scaled(drawn, widths, bias, [gain * math.sqrt(2.0 / n_in) for n_in in widths[:-1]])


def xavier(widths: Sequence[int], n: int, seed: int = 0, *, gain: float = 1.0, bias: bool = True) -> RandomStarts:
    """Xavier Glorot's random weights, for tanh and its like: start i is a function of (seed, i) alone.

    W <- gain sqrt(6 / (inputs + outputs)) (2 u - 1), biases <- 0

    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, Proc. AISTATS, 2010,
    equation 16.

    Parameters
    ----------
    widths, n, seed, gain, bias
        As in `he`.

    Returns
    -------
    array (n, dim)
        Packed as `layers` has it; u are the uniform numbers of `fastdescent.uniform`.

    Examples
    --------
    >>> from fastdescent import surfaces
    >>> float(abs(surfaces.xavier((3, 3), 100)).max()) <= 1.0
    True
    """
    counts, n_starts, key = _checked(widths, n, seed, bias)
    drawn = 2.0 * uniforms(key, 0, n_starts, n_weights(counts, bias)) - 1.0
    scales = [positive("gain", gain) * math.sqrt(6.0 / (a + b)) for a, b in itertools.pairwise(counts)]
    return _scaled(drawn, counts, bias, scales).view(RandomStarts)


def _checked(widths: object, n: object, seed: object, bias: bool) -> tuple[tuple[int, ...], int, int]:
    """Widths, number of starts and seed. Raises MemoryError if the starts would not fit."""
    counts, n_starts = checked_widths(widths), whole_number("n", n, at_least=0)
    dim = n_weights(counts, bias)
    refuse_if_too_large(_COPIES * 8 * n_starts * dim, f"{n_starts} starts of {dim} weights", "ask for fewer")
    return counts, n_starts, random_seed(seed)


def _scaled(drawn: Floats, widths: tuple[int, ...], bias: bool, scales: list[float]) -> Floats:
    """Each layer's matrix times its scale; biases are zero."""
    out = np.zeros_like(drawn)
    pairs = zip(layers(out, widths, bias), layers(drawn, widths, bias), scales, strict=True)
    for (mine, _), (theirs, _), scale in pairs:
        mine[...] = scale * theirs
    return out
