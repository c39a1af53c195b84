"""When something holds first, how often, and where a field is least."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastdescent.program.step.occurrences import ArgMin, Count, First
from fastdescent.program.step.reductions import Reduction
from fastdescent.program.step.stops import wants_state
from fastdescent.reduce._arguments import _field, _name


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
    (array([6], dtype=int32), array([-0.71]))
    """
    return ArgMin(_name(name, f"argmin_{_field(field)}"), field)


def _predicate(function: Any, what: str) -> Any:
    wants_state(function, f"the predicate of reduce.{what}")  # raises if it cannot be called by name
    return function
