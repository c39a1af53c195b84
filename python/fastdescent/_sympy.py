"""SymPy expressions as functions. SymPy is imported only where the user has an object of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from fastdescent.program.numpy_ufuncs import SPECIAL, apply_special


def is_sympy(value: Any) -> bool:
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def from_sympy(
    expression: Any, params: Sequence[str], variables: Sequence[str] | None
) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """A function of the coordinates, parameters as keyword-only arguments; and the names of the coordinates."""
    sympy: Any = sys.modules["sympy"]
    symbols = {s.name: s for s in expression.free_symbols}
    if len(symbols) < len(expression.free_symbols):
        raise ValueError(f"two symbols of the expression have the same name; its symbols are {sorted(symbols)}")
    if not isinstance(expression, sympy.Expr):
        raise TypeError(f"surface must be given one SymPy expression; got {type(expression).__name__}")
    for name in params:
        if name not in symbols:
            raise ValueError(f"parameter {name!r} does not appear in the expression")
    names = _coordinates(sorted(set(symbols) - set(params), key=_natural), variables)
    ordered = [symbols.get(name, sympy.Symbol(name)) for name in (*names, *params)]
    special = {name: apply_special(name) for name in SPECIAL}
    try:
        evaluate = sympy.lambdify([ordered], expression, modules=[special, "numpy"])
    except Exception as error:
        raise ValueError(f"SymPy cannot write this expression for NumPy: {error}") from None

    def function(x: Any, /, **values: Any) -> Any:
        try:
            return evaluate([*(x[k] for k in range(len(names))), *(values[name] for name in params)])
        except NameError as error:
            raise ValueError(f"the expression has a function that cannot be traced: {error}") from None

    return function, names


def _coordinates(free: list[str], variables: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(free if variables is None else variables)
    missing = sorted(set(free) - set(names))
    if missing:
        raise ValueError(f"{missing[0]!r} is neither in variables={names} nor a parameter")
    if not names:
        raise ValueError("the expression has no variables; name them with variables=(...)")
    return names


def _natural(name: str) -> list[tuple[int, int, str]]:
    """x2 stands before x10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]+)", name) if part]
