"""Small data sets for surfaces with data: spirals, moons, a teacher's outputs. The seed determines them.

>>> import fastdescent as fd
>>> X, y = fd.data.two_moons(100)
>>> fd.surfaces.mlp((2, 8, 1), data=(X, y), loss="logistic")
<Surface mlp: dim=33, l2=0.0>
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import not_negative, positive, random_seed, whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent.surfaces._normals import FIRST_OF_DATA, circle, normals

__all__ = ["teacher_student", "two_moons", "two_spirals"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
_BYTES_PER_POINT = 56  #: while it is made: coordinates without noise, the noise, and the sum
_COPIES = 3  #: copies of inputs and outputs while they are made
_TEACHER_INDEX = 2**64 - 2  #: index of the random numbers that are the teacher's weights


def two_moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Floats, Labels]:
    """Two half circles of radius 1 that reach into each other, as in scikit-learn's make_moons.

    Parameters
    ----------
    n : int
        Points, an even number; the first half is the upper moon.
    noise : float
        The standard deviation of the normal noise that is added to each coordinate.
    seed : int
        0 to 2**64 - 1.

    Returns
    -------
    X, y : array (n, 2), array (n,) of 0 and 1

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the points would not fit.

    Examples
    --------
    >>> import fastdescent as fd
    >>> X, y = fd.data.two_moons(6, noise=0)
    >>> X.round(3).tolist(), y.tolist()
    ([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.5], [1.0, -0.5], [2.0, 0.5]], [0, 0, 0, 1, 1, 1])
    """
    half = _half(n)
    upper = circle(np.pi * _unit_steps(half))
    return _with_noise(upper, np.array([1.0, 0.5]) - upper, noise, seed)


def two_spirals(n: int = 194, turns: float = 3.0, noise: float = 0.0, seed: int = 0) -> tuple[Floats, Labels]:
    """Two spirals in each other, in the unit disc: those of Lang and Witbrock, whose 194 points are the default.

    f(s) = r (sin(2 pi turns s), cos(2 pi turns s)), r = 1 - 12/13 s, s from 0 to 1; the other one is -f(s)

    Lang and Witbrock, Learning to tell two spirals apart, Proc. 1988 Connectionist Models Summer School.

    Parameters
    ----------
    n : int
        Points, an even number; the first half is the first spiral.
    turns : float
        How often a spiral goes round.
    noise : float
        The standard deviation of the normal noise that is added to each coordinate.
    seed : int
        0 to 2**64 - 1.

    Returns
    -------
    X, y : array (n, 2), array (n,) of 0 and 1

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the points would not fit.

    Examples
    --------
    >>> import fastdescent as fd
    >>> X, y = fd.data.two_spirals()
    >>> X.shape, X[0].tolist(), int(y.sum())
    ((194, 2), [0.0, 1.0], 97)
    """
    s = _unit_steps(_half(n))[:, np.newaxis]
    first = (1.0 - 12.0 / 13.0 * s) * circle(2.0 * np.pi * positive("turns", turns) * s[:, 0])[:, ::-1]
    return _with_noise(first, -first, noise, seed)


def teacher_student(
    n: int = 100,
    widths: Sequence[int] = (2, 2, 1),
    activation: str | Callable[[Any], Any] = "tanh",
    noise: float = 0.0,
    seed: int = 0,
) -> tuple[Floats, Floats, Floats]:
    """Inputs drawn from the normal distribution, and the outputs of a network with random weights, the teacher.

    A student of the same widths has loss 0 at the teacher's weights if there is no noise.

    Parameters
    ----------
    n : int
        The number of samples.
    widths, activation
        The teacher's, as in `surfaces.mlp`. Its weights are drawn by `surfaces.he`.
    noise : float
        The standard deviation of the normal noise that is added to each output.
    seed : int
        0 to 2**64 - 1.

    Returns
    -------
    X, Y, w : array (n, widths[0]), array (n, widths[-1]), array (dim,)
        Inputs, outputs, and the weights of the teacher.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the data would not fit.

    Examples
    --------
    >>> import fastdescent as fd
    >>> X, Y, w = fd.data.teacher_student(50, (2, 3, 1))
    >>> float(fd.surfaces.mlp((2, 3, 1), data=(X, Y))(w)) < 1e-30
    True
    """
    from fastdescent.surfaces._layers import checked_widths, he_weights, n_weights
    from fastdescent.surfaces._networks import Network

    widths = checked_widths(widths)
    rows, key = whole_number("n", n, at_least=1), random_seed(seed)
    n_numbers = rows * (_COPIES * (widths[0] + widths[-1]) + 2 * max(widths))
    refuse_if_too_large(8 * n_numbers, f"{rows} rows of data", "ask for fewer")
    drawn = normals(key, FIRST_OF_DATA, rows, widths[0] + widths[-1])
    X = np.ascontiguousarray(drawn[:, : widths[0]])
    w = he_weights(widths, normals(key, _TEACHER_INDEX, 1, n_weights(widths, bias=True))[0])
    return X, Network(widths, activation).output(w, X) + not_negative("noise", noise) * drawn[:, widths[0] :], w


def _half(n: object) -> int:
    count = whole_number("n", n, at_least=2)
    if count % 2:
        raise ValueError(f"n must be even, half of the points for each class; got {count}")
    refuse_if_too_large(count * _BYTES_PER_POINT, f"{count} points in the plane", "ask for fewer")
    return count // 2


def _unit_steps(n: int) -> Floats:
    """n numbers from 0 to 1."""
    return np.arange(n) / max(n - 1, 1)


def _with_noise(first: Floats, second: Floats, noise: object, seed: object) -> tuple[Floats, Labels]:
    X = np.concatenate([first, second])
    X = X + not_negative("noise", noise) * normals(random_seed(seed), FIRST_OF_DATA, len(X), 2)
    return X, np.repeat([0, 1], len(first))
