"""`fastdescent.finite_sum`: a Surface from data and a function of a point and of rows of data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import labels, shown
from fastdescent._surface.define import checked_dim, default_names, made, parameter_values, shapes, variable_names
from fastdescent._surface.known import MinimaOf
from fastdescent._surface.row_mean import points_to_compare, refuse_unless_mean
from fastdescent._surface.surface import Surface
from fastdescent.program.step.data_rows import Rows
from fastdescent.program.step.formula import Formula, trace

Function = Callable[..., Any]
Array = npt.NDArray[Any]


@overload
def finite_sum(f: Function, /, **options: Any) -> Surface: ...
@overload
def finite_sum(f: None = None, /, **options: Any) -> Callable[[Function], Surface]: ...


@at_top
def finite_sum(
    f: Function | None = None,
    /,
    dim: int | None = None,
    *,
    data: Sequence[npt.ArrayLike] | None = None,
    name: str | None = None,
    window: Any = None,
    bounds: Any = None,
    minima: npt.ArrayLike | MinimaOf | None = None,
    variables: Sequence[str] | None = None,
    static: Sequence[str] = (),
    **params: Any,
) -> Surface | Callable[[Function], Surface]:
    """A Surface that is a mean over rows of data, such as the loss of a network. Call it, or use it as a decorator.

    f(w) = 1/n sum_i loss(w, row i)

    Parameters
    ----------
    f : callable
        ``f(w, X, y, ...)``, NumPy-style: the point, shape (dim,), and as many arrays as `data` has. It must return the
        mean over the rows that it is given, however many, perhaps with terms that do not depend on rows. This is
        checked: f of all rows against f of two parts of them. Keyword-only arguments are parameters.
    dim : int
        The number of coordinates.
    data : tuple of arrays, each (n, ...)
        Floats or integers, finite, or booleans, which become 0 and 1; all with the same number of rows. They are
        copied, to float64 or int64; `f` gets them as arrays that cannot be changed.
    window, bounds, minima, variables, static, **params
        As in `surface`.

    Returns
    -------
    Surface
        f over all rows. The data are numbers of its program, which all trajectories share.

    Raises
    ------
    TraceError
        If the function does something that cannot become a program.
    ValueError, TypeError
        If an argument is not as described; ValueError, too, if the function is no mean, such as a sum.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 5.0, 7.0])
    >>> @fd.finite_sum(data=(X, y), dim=2)
    ... def line(w, X, y):
    ...     return np.mean((X @ w[:1] + w[1] - y) ** 2)
    >>> line
    <Surface line: dim=2>
    >>> line.gradient([2.0, 1.0])
    array([0., 0.])
    """
    options = {"name": name, "window": window, "bounds": bounds, "minima": minima}
    arrays, n = _checked_data(data), _checked_dim(dim)
    names = variable_names(variables) or default_names(n)
    if len(names) != n:
        raise ValueError(f"variables must be {n} names; got {names}")

    def of(function: Function) -> Surface:
        return _of_function(function, n, arrays, names, tuple(static), params, **options)

    return of if f is None else of(f)


def _of_function(
    f: Function,
    dim: int,
    arrays: tuple[Array, ...],
    names: tuple[str, ...],
    static: tuple[str, ...],
    params: Mapping[str, Any],
    **options: Any,
) -> Surface:
    if not callable(f) or isinstance(f, Surface):
        raise TypeError(f"finite_sum must be given a function f(w, X, ...); got {shown(f)}")
    title = getattr(f, "__name__", type(f).__name__)
    values = parameter_values(title, _keywords(f, title, len(arrays)), static, params)

    def traced(values: Mapping[str, Any]) -> Formula:
        fixed = {k: values[k] for k in static}
        dynamic = {k: v for k, v in values.items() if k not in static}
        function = functools.partial(f, **fixed) if fixed else f
        return trace(function, dim, shapes(dynamic), Rows(function, arrays))

    about = inspect.getdoc(f) or ""
    surface = made(traced(values), values, names, title, about, retrace=traced, static=static, **options)
    _refuse_unless_mean(f, title, arrays, values, surface)
    return surface


def _refuse_unless_mean(
    f: Function, title: str, arrays: tuple[Array, ...], values: Mapping[str, Any], surface: Surface
) -> None:
    """By values of the function as NumPy has them; where only a traced point will do, by those of programs."""
    points = points_to_compare(surface.window)

    def traced(rows: tuple[Array, ...]) -> Callable[[Any], Any]:
        fixed = {k: values[k] for k in surface._static}
        dynamic = {k: v for k, v in values.items() if k not in surface._static}
        formula = trace(functools.partial(f, **fixed), surface.dim, shapes(dynamic), Rows(f, rows))
        return replace(surface, _formula=formula)

    def plain(rows: tuple[Array, ...]) -> Callable[[Any], Any]:
        return lambda w: f(w, *rows, **values)

    try:
        value = np.asarray(plain(arrays)(points[0]))
        float(value)
        is_precise = value.dtype != np.float32  # as JAX's values are, if x64 is not enabled
    except Exception:
        is_precise = False
    refuse_unless_mean(title, plain if is_precise else traced, arrays, points)


def _keywords(f: Function, title: str, n_arrays: int) -> dict[str, Any]:
    """The function's keyword-only arguments with their defaults; it must also take the point and the arrays."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(f"the arguments of {title} cannot be read; wrap it: lambda w, X: f(w, X)") from None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    most = np.inf if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional)
    if not needed <= 1 + n_arrays <= most:
        takes = f"{needed} or more" if most > needed else str(needed)
        raise TypeError(
            f"{title} must take the point and the {n_arrays} array{'s' * (n_arrays != 1)} of data; it takes {takes} "
            "positional arguments"
        )
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _checked_dim(dim: int | None) -> int:
    if dim is None:
        raise TypeError("dim must be given, the number of coordinates: finite_sum(f, data=(X, y), dim=65)")
    return checked_dim(dim)


def _checked_data(data: object) -> tuple[Array, ...]:
    if not isinstance(data, tuple | list) or not data:
        raise TypeError(f"data must be a tuple of arrays, such as (X, y); got {shown(data)}")
    arrays = tuple(_checked_array(f"data[{k}]", a) for k, a in enumerate(data))
    lengths = [len(a) for a in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"the arrays of data must have the same number of rows; got {lengths}")
    if not lengths[0]:
        raise ValueError("data must have rows; got 0 of them")
    return arrays


def _checked_array(name: str, value: Any) -> Array:
    array = labels(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of floats, integers or booleans; got {array.dtype} ({shown(value)})")
    if not array.ndim:
        raise ValueError(f"{name} must have rows, shape (n, ...); got the number {shown(value)}")
    if not np.all(np.isfinite(array)):
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite; got {array[where]} at {where}")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must fit into int64; got {array.max()}")
    return np.array(array, dtype=np.float64 if array.dtype.kind == "f" else np.int64, order="C")
