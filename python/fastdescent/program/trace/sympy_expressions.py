"""SymPy expressions as functions. SymPy is not imported here: whoever has an expression has imported it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from fastdescent._base.checks import shown
from fastdescent._base.errors import TraceError
from fastdescent.program.trace.numpy.ufuncs import SPECIAL, apply_special
from fastdescent.program.trace.session import apart


def is_sympy(value: Any) -> bool:
    sympy = sys.modules.get("sympy")
    kinds = (getattr(sympy, name, None) for name in ("Basic", "MatrixBase"))  # missing while a thread imports SymPy
    return any(kind is not None and isinstance(value, kind) for kind in kinds)


def from_sympy(
    expression: Any, params: Sequence[str], variables: Sequence[str] | None
) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """A function of the point, with parameters as keyword-only arguments; and the names of the coordinates."""
    sympy: Any = sys.modules["sympy"]
    if not isinstance(expression, sympy.Expr):
        raise TypeError(f"surface must be given one SymPy expression; got {type(expression).__name__}")
    if expression.has(sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        raise ValueError(f"the expression must be real and finite; got {shown(expression)}")
    symbols = {s.name: s for s in expression.free_symbols}
    if len(symbols) < len(expression.free_symbols):
        raise ValueError(f"two symbols of the expression have the same name; its symbols are {sorted(symbols)}")
    for name in params:
        if name not in symbols:
            raise ValueError(f"parameter {name!r} does not appear in the expression")
        if name in (variables or ()):
            raise ValueError(f"{name!r} is both in variables={variables} and a parameter")
    names = _coordinates(sorted(set(symbols) - set(params), key=_natural), variables)
    ordered = [symbols.get(name, sympy.Symbol(name)) for name in (*names, *params)]
    evaluate = _for_numpy(ordered, expression)

    def function(x: Any, /, **values: Any) -> Any:
        try:
            with apart():
                return evaluate([*(x[k] for k in range(len(names))), *(values[name] for name in params)])
        except (NameError, TraceError):
            with apart():
                unknown = _unknown_functions(expression, x[0])
            if not unknown:
                raise
            raise ValueError(f"the expression has functions that cannot be traced: {', '.join(unknown)}") from None

    return function, names


def _for_numpy(symbols: Sequence[Any], expression: Any) -> Callable[[Sequence[Any]], Any]:
    """The expression as a function of the values of its symbols."""
    sympy: Any = sys.modules["sympy"]
    special = {name: apply_special(name) for name in SPECIAL}
    try:
        evaluate: Callable[[Sequence[Any]], Any] = sympy.lambdify([symbols], expression, modules=[special, "numpy"])
    except Exception as error:
        kinds = re.findall(r"\.(\w+)'>", str(error))
        why = f"it has {kinds[-1]}" if kinds else str(error).partition("\n")[0]
        raise ValueError(f"SymPy cannot write this expression for NumPy: {why}") from None
    return evaluate


def _unknown_functions(expression: Any, number: Any) -> list[str]:
    """Names of the functions in the expression that do not take a traced number."""
    sympy: Any = sys.modules["sympy"]
    unknown = set()
    for node in expression.atoms(sympy.Function):
        symbols = [sympy.Dummy() for _ in node.args]
        try:
            _for_numpy(symbols, node.func(*symbols))([number] * len(symbols))
        except (NameError, TraceError):
            unknown.add(node.func.__name__)
        except (TypeError, ValueError):  # the function takes arguments of another kind, as Piecewise does
            continue
    return sorted(unknown)


def _coordinates(free: list[str], variables: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(free if variables is None else variables)
    missing = sorted(set(free) - set(names))
    if missing:
        raise ValueError(f"{missing[0]!r} is neither in variables={names} nor a parameter")
    if not names:
        raise ValueError("the expression has no variables; name them with variables=(...)")
    return names


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which x2 comes before x10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]+)", name) if part]
