"""Extremes, means and spreads of fields, and the length of the path."""

from __future__ import annotations

from fastdescent._base import checks
from fastdescent.program.step.reductions import Max, Mean, Min, PathLength, Reduction, Std, TailMean
from fastdescent.reduce._arguments import _field, _name

_LONGEST_TAIL = 10_000


def min(field: str, *, name: str | None = None) -> Reduction:
    """The least value of a field.

    Parameters
    ----------
    field : "fun", "grad_norm" or "x"
    name : str, optional
        The name of the result; by default "min_" and the field.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.Momentum(lr=0.1), reduce=[fd.reduce.min("x")], max_steps=50)
    >>> bool(run.reduced["min_x"][0] < -0.5)
    True
    """
    return Min(_name(name, f"min_{_field(field)}"), field)


def max(field: str, *, name: str | None = None) -> Reduction:
    """The greatest value of a field; arguments and errors as of `min`, the name "max_" and the field.

    >>> import fastdescent as fd
    >>> fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.1), reduce=[fd.reduce.max("fun")]).reduced["max_fun"]
    array(1.)
    """
    return Max(_name(name, f"max_{_field(field)}"), field)


def mean(field: str, *, name: str | None = None) -> Reduction:
    """The mean of a field over the nit + 1 points: their sum in order, divided by the count.

    Arguments and errors as of `min`; the name is "mean_" and the field.

    >>> import fastdescent as fd
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=2, reduce=[fd.reduce.mean("x")])
    >>> run.reduced["mean_x"] * 3  # 1 + 1/2 + 1/4
    array([1.75])
    """
    return Mean(_name(name, f"mean_{_field(field)}"), field)


def std(field: str, *, name: str | None = None) -> Reduction:
    """The standard deviation of a field over the nit + 1 points, sqrt(mean((v - mean(v))**2)).

    By Welford's recurrence (Technometrics 4(3), 1962). Arguments and errors as of `min`; the name is "std_" and the
    field.

    >>> import fastdescent as fd
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=1, reduce=[fd.reduce.std("x")])
    >>> run.reduced["std_x"]  # of 1 and 1/2
    array([0.25])
    """
    return Std(_name(name, f"std_{_field(field)}"), field)


def tail_mean(field: str, n: int, *, name: str | None = None) -> Reduction:
    """The mean of a field over the last n points, the end included; over all points if there are fewer.

    n is 1 ... 10000. A trajectory keeps n - 1 values, and every step moves all of them. The other arguments and errors
    are as of `min`; the name is "tail_mean_" and the field.

    >>> import fastdescent as fd
    >>> tail = fd.reduce.tail_mean("x", 2)
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=2, reduce=[tail])
    >>> run.reduced["tail_mean_x"]  # of 1/2 and 1/4
    array([0.375])
    """
    n = checks.whole_number("n", n, at_least=1, at_most=_LONGEST_TAIL)
    return TailMean(_name(name, f"tail_mean_{_field(field)}"), field, n)


def path_length(*, name: str | None = None) -> Reduction:
    """The length of the path, the sum of ||x_{t+1} - x_t||_2 over the steps.

    The length of a step is the distance of its two points. If boundary="wrap" carries a step to the other side, its
    length is the way across the box; if boundary="reflect" reflects a step, its length is the straight way. The result
    is not finite if the end is not.

    Parameters
    ----------
    name : str, optional
        The name of the result; by default "path_length".

    Examples
    --------
    >>> import fastdescent as fd
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=2, reduce=[fd.reduce.path_length()])
    >>> run.reduced["path_length"]
    array(0.75)
    """
    return PathLength(_name(name, "path_length"))
