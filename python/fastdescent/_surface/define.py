"""`fastdescent.surface`: a Surface from text or from a Python function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import intervals, shown, whole_number
from fastdescent._base.memory import refuse_if_too_large
from fastdescent._surface.known import KnownMinima, MinimaOf, window_or_default
from fastdescent._surface.parameters import parameter
from fastdescent._surface.signature import signature_of
from fastdescent._surface.surface import Surface
from fastdescent.program.step.formula import Formula, trace
from fastdescent.program.trace.sympy_expressions import from_sympy, is_sympy
from fastdescent.program.trace.text import ParsedFormula

Function = Callable[..., Any]
#: From this many coordinates on, the memory for their names and intervals is checked.
_MANY_COORDINATES, _BYTES_PER_COORDINATE = 100_000, 600


@overload
def surface(f: str | Function, /, **options: Any) -> Surface: ...
@overload
def surface(f: None = None, /, **options: Any) -> Callable[[Function], Surface]: ...


@at_top
def surface(
    f: str | Function | None = None,
    /,
    dim: int | None = None,
    *,
    name: str | None = None,
    window: Any = None,
    bounds: Any = None,
    minima: npt.ArrayLike | MinimaOf | None = None,
    variables: Sequence[str] | None = None,
    static: Sequence[str] = (),
    args: Any = (),
    **params: Any,
) -> Surface | Callable[[Function], Surface]:
    """A Surface from a formula or a function. Call it, or use it as a decorator.

    Parameters
    ----------
    f : str, callable or sympy.Expr
        Text such as ``"a*x**2 + y**2"``. Or a NumPy-style function: of the point, shape (dim,), if its other arguments
        have defaults or `args` gives them (then `dim` is needed); or of several arguments, one per coordinate, whose
        names are consecutive letters or x1, x2, ..., or as many as `variables`. Keyword-only arguments are parameters.
        Or an expression of SymPy: symbols without a value in `params` are coordinates, in natural order.
    dim : int
        The number of coordinates, for functions of the point.
    window : (lo, hi) or ((lo, hi), ...)
        Where to look; by default (-5, 5) in every coordinate.
    bounds : ((lo, hi), ...)
        A constraint, if there is one.
    minima : array, (k, dim)
        Known global minimizers.
    variables : sequence of str
        Names of the coordinates, if they are not single letters or x1, x2, ...
    static : sequence of str
        Keyword-only arguments that the function needs as Python values. A change of their value traces it again.
    args : tuple
        What the function takes after the point, as in ``scipy.optimize.minimize``: ``f(x, *args)``.
    **params
        Values of parameters: names in the text, or keyword-only arguments of the function. A name in a text without a
        value is a coordinate; `e` and `pi` are numbers.

    Raises
    ------
    TraceError
        If the function does something that cannot become a program.
    ValueError, TypeError
        If an argument or the text is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("a*x**2 + y**2", a=2.0)
    >>> float(s([1.0, 1.0]))
    3.0
    >>> fd.surface(lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2).gradient([3.0, 2.0])
    array([0., 0.])
    """
    following = tuple(args) if isinstance(args, tuple | list) else (args,)
    options = {"dim": dim, "name": name, "window": window, "bounds": bounds, "minima": minima}
    if f is None:
        return lambda function: _from_function(function, variables, tuple(static), params, following, **options)
    if isinstance(f, str):
        if static:
            raise TypeError("static= is for functions; the parameters of a text are numbers")
        _refuse_args(following)
        return _from_text(f, variables, params, **options)
    if is_sympy(f):
        _refuse_args(following)
        return _from_sympy(f, variables, params, **options)
    if isinstance(f, Surface):
        raise TypeError(f"surface must be given a formula (text) or a function; {f!r} is a Surface already")
    if not callable(f):
        raise TypeError(f"surface must be given a formula (text) or a function; got {shown(f)}")
    return _from_function(f, variables, tuple(static), params, following, **options)


def _refuse_args(args: tuple[Any, ...]) -> None:
    if args:
        raise TypeError("args= is for functions: what they take after the point")


def _from_text(
    text: str, variables: Sequence[str] | None, params: Mapping[str, Any], *, dim: int | None, **options: Any
) -> Surface:
    values = {k: parameter(k, v) for k, v in params.items()}
    parsed = ParsedFormula(text, tuple(params), variable_names(variables))
    if dim is not None and dim != len(parsed.variables):
        found = ", ".join(parsed.variables)
        raise ValueError(f"dim must be {len(parsed.variables)}, the number of variables ({found}); got {dim}")
    formula = trace(parsed, len(parsed.variables), shapes(values))
    line = " ".join(text.split())
    return made(formula, values, parsed.variables, line, line, **options)


def _from_sympy(
    expression: Any, variables: Sequence[str] | None, params: Mapping[str, Any], *, dim: int | None, **options: Any
) -> Surface:
    values = {k: parameter(k, v) for k, v in params.items()}
    function, names = from_sympy(expression, tuple(params), variable_names(variables))
    if dim is not None and dim != len(names):
        raise ValueError(f"dim must be {len(names)}, the number of symbols ({', '.join(names)}); got {dim}")
    formula = trace(function, len(names), shapes(values))
    return made(formula, values, names, str(expression), str(expression), **options)


def _from_function(
    f: Function,
    variables: Sequence[str] | None,
    static: tuple[str, ...],
    params: Mapping[str, Any],
    args: tuple[Any, ...],
    *,
    dim: int | None,
    **options: Any,
) -> Surface:
    given = variable_names(variables)
    signature = signature_of(f, dim, args, given)
    title, n_named = signature.title, len(signature.coordinates)
    if inspect.signature(f).return_annotation is Surface:
        raise TypeError(f"{title} makes a Surface by itself: write {title}()")
    values = parameter_values(title, signature.keywords, static, params)
    if signature.is_point and dim is None:
        raise TypeError(f"{title} takes the whole point as one argument, so dim= is needed: surface(f, dim=10)")
    n = checked_dim(dim) if dim is not None else n_named
    if not signature.is_point and n != n_named:
        raise ValueError(f"dim must be {n_named}, the number of arguments of {title}; got {n}")

    def traced(values: Mapping[str, Any]) -> Formula:
        fixed = {k: values[k] for k in static}
        dynamic = {k: v for k, v in values.items() if k not in static}
        return trace(f, n, shapes(dynamic), call=lambda g, x, **kw: signature.call(g, x, **kw, **fixed))

    names = given or signature.coordinates or default_names(n)
    if len(names) != n:
        raise ValueError(f"variables must be {n} names; got {names}")
    about = inspect.getdoc(f) or ""
    return made(traced(values), values, names, title, about, retrace=traced, static=static, **options)


def checked_dim(dim: object) -> int:
    """The number of coordinates, if their names and intervals fit into memory."""
    n = whole_number("dim", dim, at_least=1)
    if n > _MANY_COORDINATES:
        refuse_if_too_large(n * _BYTES_PER_COORDINATE, f"a surface of {n} coordinates", "choose fewer")
    return n


def made(
    formula: Formula,
    values: Mapping[str, Any],
    variables: tuple[str, ...],
    title: str,
    about: str,
    *,
    name: str | None,
    window: Any,
    bounds: Any,
    minima: npt.ArrayLike | MinimaOf | None,
    retrace: Callable[[Mapping[str, Any]], Formula] | None = None,
    static: tuple[str, ...] = (),
) -> Surface:
    dim = formula.dim
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be text; got {shown(name)}")
    return Surface(
        name=name or title,
        variables=variables,
        window=window_or_default(window, dim),
        bounds=None if bounds is None else intervals("bounds", bounds, dim),
        params=dict(values),
        _formula=formula,
        _minima_of=minima if minima is None or callable(minima) else _fixed_minima(minima, dim, dict(values)),
        _retrace=retrace,
        _static=static,
        about=about,
    )


def _fixed_minima(minima: npt.ArrayLike, dim: int, values: Mapping[str, Any]) -> MinimaOf:
    """The user's minima; they hold for the parameter values that they were given with."""
    points = np.array(minima, dtype=np.float64)
    if points.ndim == 1 and dim > 1:
        points = points[np.newaxis]
    points = points.reshape(-1, 1) if dim == 1 else points
    if points.ndim != 2 or points.shape[1] != dim or not len(points):
        raise ValueError(f"minima must have shape (k, {dim}), k >= 1; got shape {np.shape(minima)}")
    if not np.isfinite(points).all():
        raise ValueError(f"minima must be finite; got {shown(minima)}")
    return KnownMinima(points, values)


def parameter_values(
    title: str, keywords: Mapping[str, Any], static: tuple[str, ...], params: Mapping[str, Any]
) -> dict[str, Any]:
    for name in (*params, *static):
        if name not in keywords:
            known = ", ".join(keywords) or "none"
            raise TypeError(f"{title} has no keyword-only argument {name!r}; it has: {known}")
    values = {**keywords, **params}
    for name, value in values.items():
        if value is inspect.Parameter.empty:
            raise TypeError(f"parameter {name} of {title} has no value; give it a default, or pass {name}=")
    return {k: v if k in static else parameter(k, v) for k, v in values.items()}


def shapes(values: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {k: np.shape(v) for k, v in values.items()}


def variable_names(variables: Sequence[str] | None) -> tuple[str, ...] | None:
    if variables is None:
        return None
    if not isinstance(variables, Iterable) or not all(isinstance(n, str) for n in variables):
        raise TypeError(f'variables must be names, as text, such as ("x", "y"); got {shown(variables)}')
    names = tuple(variables.split() if isinstance(variables, str) else variables)
    if not names or not all(n.isidentifier() for n in names) or len(set(names)) < len(names):
        raise ValueError(f"variables must be different names; got {shown(variables)}")
    return names


def default_names(dim: int) -> tuple[str, ...]:
    return ("x", "y", "z")[:dim] if dim <= 3 else tuple(f"x{k + 1}" for k in range(dim))
