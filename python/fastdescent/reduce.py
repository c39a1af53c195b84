"""Reductions: numbers that a run keeps of each trajectory as it goes, in memory that does not grow with its steps.

`descend` takes them as ``reduce=[...]``. The results are in ``run.reduced``, a dict by name, as arrays with the leading
axes of x0 and the run's dtype. A reduction is over all points x_0 ... x_nit of a trajectory, start and end included; a
rejected step counts its point again. A field is "fun" (f), "grad_norm" (the gradient's Euclidean norm) or "x" (every
coordinate by itself; the result has shape (..., dim)). If a value is NaN, so is the result.

`first`, `count`, `argmin` and `period` give int32 numbers instead. A predicate is a function of any of x, fun, grad,
x_previous, t and state, by name, that returns one truth value; it is traced, exactly as the option stop_when of
`descend` is. What is compiled and pickled is its graph, so that the same lambda, written anew, compiles nothing.

Results have the same bits for any number of threads, instruction set and split. `resume` continues them.

>>> import fastdescent as fd
>>> s = fd.surfaces.himmelblau()
>>> kept = [fd.reduce.min("fun"), fd.reduce.tail_mean("x", 20), fd.reduce.path_length()]
>>> run = fd.descend(s, fd.grid(s.window, (8, 8)), fd.Adam(lr=0.1), max_steps=100, reduce=kept)
>>> {name: values.shape for name, values in run.reduced.items()}
{'min_fun': (8, 8), 'tail_mean_x': (8, 8, 2), 'path_length': (8, 8)}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastdescent._base import checks
from fastdescent.program.step.inertia import Index
from fastdescent.program.step.looks import TAKEN
from fastdescent.program.step.occurrences import ArgMin, Count, First
from fastdescent.program.step.period import Period
from fastdescent.program.step.reductions import FIELDS, Max, Mean, Min, PathLength, Reduction, Std, TailMean
from fastdescent.program.step.sharpness import Sharpness
from fastdescent.program.step.stops import wants_state
from fastdescent.program.step.tangent import Lyapunov

__all__ = [
    "Reduction", "argmin", "count", "first", "index", "lyapunov", "max", "mean", "min", "path_length", "period",
    "sharpness", "std", "tail_mean",
]  # fmt: skip

_LONGEST_TAIL = 10_000
_LONGEST_PERIOD = 1 << 20
_MOST_LEFT_OUT = 1 << 24  #: steps, which a float32 counts


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


def first(predicate: Callable[..., Any], *, name: str | None = None) -> Reduction:
    """The first step t at which a predicate holds, -1 where it never does; int32, of shape (...).

    Parameters
    ----------
    predicate : callable
        A function of any of these, by name: `x` (dim,), `fun`, `grad` (dim,), `x_previous` (dim,), `t` and `state`, as
        for the option stop_when of `descend`. It returns one truth value.
    name : str, optional
        The name of the result; by default "first".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> small = fd.reduce.first(lambda fun: fun < 0.01)
    >>> fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), reduce=[small]).reduced["first"]  # f is 1/4**t
    array(4, dtype=int32)
    """
    return First(_name(name, "first"), _predicate(predicate, "first"))


def count(predicate: Callable[..., Any], *, name: str | None = None) -> Reduction:
    """The number of points at which a predicate holds; int32, of shape (...).

    Arguments and errors as of `first`; the name is "count".

    >>> import fastdescent as fd
    >>> uphill = fd.reduce.count(lambda x, x_previous: x[0] > x_previous[0])
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.75), max_steps=4, reduce=[uphill])
    >>> run.reduced["count"]  # 1, -1/2, 1/4, -1/8, 1/16
    array(2, dtype=int32)
    """
    return Count(_name(name, "count"), _predicate(predicate, "count"))


def argmin(field: str, *, name: str | None = None) -> Reduction:
    """The step t at which a field is least, the first of equals; int32. If a value is NaN, the step of the first NaN.

    As np.argmin has it for recorded values. Arguments and errors as of `min`; the name is "argmin_" and the field.

    >>> import fastdescent as fd
    >>> kept = [fd.reduce.argmin("x"), fd.reduce.min("x")]
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.Momentum(lr=0.1), reduce=kept, max_steps=50)
    >>> run.reduced["argmin_x"], run.reduced["min_x"].round(2)
    (array([9], dtype=int32), array([-0.73]))
    """
    return ArgMin(_name(name, f"argmin_{_field(field)}"), field)


def period(most: int = 64, *, rtol: float | None = None, name: str | None = None) -> Reduction:
    """The period of the cycle in which a trajectory ends; int32, of shape (...): 1 at rest, 0 where there is none.

    It is the least k with ||x_t - x_{t-k}||_2 <= rtol * r, where r is the greatest ||x||_2 along the way. Points are
    compared with one of them that stands for a block of steps, as in R. P. Brent, An improved Monte Carlo
    factorization algorithm, BIT 20 (1980), section 2; blocks get longer, up to 2 `most` steps. In a block every k-th
    point must return, two or more of them, and no other. So a cycle shows within 6 `most` steps of its arrival, most of
    them much sooner. A trajectory that still approaches a cycle, wanders, or has left the finite numbers has none.

    A trajectory keeps dim + 6 numbers, whatever `most` is.

    Parameters
    ----------
    most : int
        The longest period that is looked for, 1 ... 2**20.
    rtol : float, optional
        By default the square root of the dtype's resolution: 1.5e-8 in float64, 3.5e-4 in float32.
    name : str, optional
        The name of the result; by default "period".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(x**2 - 1)**2/4")
    >>> lr = [0.5, 1.1, 1.24, 1.5]
    >>> run = fd.descend(s, [[0.6]] * 4, fd.GD(lr=lr), max_steps=3000, gtol=None, reduce=[fd.reduce.period()])
    >>> run.reduced["period"]
    array([1, 2, 4, 0], dtype=int32)
    """
    most = checks.whole_number("most", most, at_least=1, at_most=_LONGEST_PERIOD)
    return Period(_name(name, "period"), most, None if rtol is None else checks.positive("rtol", rtol))


def lyapunov(*, after: int = 0, name: str | None = None) -> Reduction:
    """The largest Lyapunov exponent of the step map, in natural logarithms per step; of shape (...), the run's dtype.

    The map M takes z = (x, the optimizer's arrays) to those of the next step; its derivative J is exact. A tangent v
    starts in a fixed generic direction, and the exponent is the mean of log ||v_{t+1}|| over the steps t >= after,

        v_{t+1} = J(z_t) v_t / ||v_t||

    (Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15 (1980)). It is negative where nearby trajectories come
    together, positive where they part. Random numbers of a step are held fixed. -inf where the tangent has vanished,
    NaN where no step was counted.

    Parameters
    ----------
    after : int
        Steps that are left out, in which trajectory and tangent settle; 0 ... 2**24.
    name : str, optional
        The name of the result; by default "lyapunov".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> kept = [fd.reduce.lyapunov(after=10)]
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=20, gtol=None, reduce=kept)
    >>> run.reduced["lyapunov"].round(6)  # log(1/2)
    array(-0.693147)
    """
    left_out = checks.whole_number("after", after, at_least=0, at_most=_MOST_LEFT_OUT)
    return Lyapunov(_name(name, "lyapunov"), left_out)


def sharpness(*, every: int, take: str = "last", name: str | None = None) -> Reduction:
    """The largest algebraic eigenvalue of the Hessian of f, along each trajectory; of shape (...), the run's dtype.

    The run pauses at t = 0, every, 2 every, ... and looks there, and at its end. A look takes min(dim, 16) products of
    the Hessian with vectors, four times as many at t = 0: Lanczos' method, from where the eigenvector lay before (Golub
    and Van Loan, Matrix Computations, 2013, section 10.1). In up to 16 coordinates the eigenvalue is exact but for
    rounding. In more it is approached from below, look by look. The Hessian is that of f without noise, over all rows
    of the data.

    Parameters
    ----------
    every : int
        Steps from one look to the next; more steps cost less.
    take : "last", "max", "min" or "mean"
        What becomes of the values: that at the end, or one over all looks, the end included.
    name : str, optional
        The name of the result; by default "sharpness".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("x**4 + y**2")
    >>> kept = [fd.reduce.sharpness(every=10), fd.reduce.sharpness(every=10, take="max", name="sharpest")]
    >>> run = fd.descend(s, [1.0, 1.0], fd.GD(lr=0.01), max_steps=100, reduce=kept)
    >>> {name: float(value.round(3)) for name, value in run.reduced.items()}  # 12 x^2 and 2
    {'sharpness': 2.0, 'sharpest': 12.0}
    """
    return Sharpness(_name(name, "sharpness"), _every(every), _taken(take))


def index(*, every: int, rtol: float | None = None, take: str = "last", name: str | None = None) -> Reduction:
    """The number of negative eigenvalues of the Hessian of f, along each trajectory; of shape (...), the run's dtype.

    The run pauses as for `sharpness`. A look takes dim products of the Hessian with vectors, makes the Hessian
    tridiagonal and counts negative pivots (Golub and Van Loan, Matrix Computations, 2013, sections 8.3.1 and 8.4.1).
    Negative are eigenvalues below -rtol times the Frobenius norm of the Hessian. NaN where the Hessian is not finite.

    Parameters
    ----------
    every : int
        Steps from one look to the next; more steps cost less.
    rtol : float, optional
        By default the square root of the dtype's resolution: 1.5e-8 in float64, 3.5e-4 in float32.
    take : "last", "max", "min" or "mean"
        What becomes of the values, as for `sharpness`.
    name : str, optional
        The name of the result; by default "index".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; if the surface has more than 64 coordinates.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(x**2 - 1)**2 + (y**2 - 1)**2")
    >>> kept = [fd.reduce.index(every=10), fd.reduce.index(every=10, take="max", name="most")]
    >>> run = fd.descend(s, [[0.1, 0.2], [0.1, 1.2]], fd.GD(lr=0.01), reduce=kept)
    >>> run.reduced["index"], run.reduced["most"]
    (array([0., 0.]), array([2., 1.]))
    """
    tolerance = None if rtol is None else checks.positive("rtol", rtol)
    return Index(_name(name, "index"), _every(every), _taken(take), tolerance)


def _every(every: Any) -> int:
    return checks.whole_number("every", every, at_least=1)


def _taken(take: Any) -> str:
    if not isinstance(take, str) or take not in TAKEN:
        kind = ValueError if isinstance(take, str) else TypeError
        raise kind(f'take must be "last", "max", "min" or "mean"; got {checks.shown(take)}')
    return take


def _predicate(function: Any, what: str) -> Any:
    wants_state(function, f"the predicate of reduce.{what}")  # raises if it cannot be called by name
    return function


def _field(field: Any) -> str:
    if not isinstance(field, str) or field not in FIELDS:
        kind = ValueError if isinstance(field, str) else TypeError
        raise kind(f'field must be "fun", "grad_norm" or "x"; got {checks.shown(field)}')
    return field


def _name(name: Any, default: str) -> str:
    if name is None:
        return default
    if not isinstance(name, str):
        raise TypeError(f"name must be text; got {checks.shown(name)}")
    if not name:
        raise ValueError("name must not be empty")
    return name
