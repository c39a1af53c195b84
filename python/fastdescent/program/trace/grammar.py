"""The grammar of formulas: their functions and operators, and the parser, which refuses everything else.

Text is parsed by `ast` and checked against the tables, but never evaluated as Python.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from functools import reduce
from typing import Any, NoReturn

import numpy as np

from fastdescent._base.checks import nearest, shown
from fastdescent.program.trace.numpy.ufuncs import apply_special

CONSTANTS = {"pi": math.pi, "e": math.e}
#: Functions by name, with their number of arguments; -n means n or more.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    name: (getattr(np, name), 1)
    for name in (
        "abs", "sign", "sqrt", "cbrt", "square", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
        "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sinc", "floor",
        "ceil", "round",
    )
}  # fmt: skip
FUNCTIONS |= {f"a{name}": FUNCTIONS[f"arc{name}"] for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
FUNCTIONS |= {name: (apply_special(name), 1) for name in ("erf", "erfc", "expit", "softplus")}
FUNCTIONS |= {
    name: (getattr(np, name), 2) for name in ("arctan2", "hypot", "maximum", "minimum", "logaddexp", "heaviside")
}
FUNCTIONS |= {
    name: (apply_special(name), 1) for name in ("gamma", "gammaln", "digamma", "i0", "i1", "i0e", "i1e", "j0", "j1")
}
FUNCTIONS |= {name: (apply_special(name), 2) for name in ("beta", "betaln")}
#: Functions whose names variables and parameters may have, too: a call is one of the function.
SHARED_NAMES = frozenset(("gamma", "beta"))
FUNCTIONS |= {"where": (np.where, 3), "atan2": (np.arctan2, 2), "ln": (np.log, 1)}
FUNCTIONS |= {
    "max": (lambda *v: reduce(np.maximum, v), -2),
    "min": (lambda *v: reduce(np.minimum, v), -2),
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide, ast.Pow: np.power,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_MAX_LENGTH = 100_000


def one_line(text: str) -> str:
    """The text on one line: all white space becomes spaces, so that columns count from its beginning."""
    line = re.sub(r"\s", " ", text.strip())
    if not line:
        raise ValueError("the formula is empty; write one such as 'x**2 + y**2'")
    if len(line) > _MAX_LENGTH:
        raise ValueError(f"the formula has {len(line)} characters; at most {_MAX_LENGTH} are read")
    if "#" in line:
        refuse_at(line, line.index("#"), "comments are not allowed in a formula")
    return line


def parsed(line: str) -> ast.Expression:
    """The tree of a formula in which everything is allowed."""
    try:
        tree = ast.parse(line, mode="eval")
    except SyntaxError as error:
        refuse_at(line, max(error.offset or 1, 1) - 1, error.msg)
    except (RecursionError, MemoryError):
        raise too_deep(line) from None
    except ValueError as error:
        raise ValueError(f"the formula {shown(line)} cannot be parsed: {error}") from None
    try:
        _check(line, tree.body)
    except RecursionError:
        raise too_deep(line) from None
    return tree


def too_deep(line: str) -> ValueError:
    """The error about a formula that exceeds Python's recursion."""
    return ValueError(f"the formula {shown(line)} is nested too deeply or has too many terms; write a function")


def refuse_at(line: str, column: int, why: str) -> NoReturn:
    """Raises ValueError, with the column of the formula marked."""
    start = max(0, column - 60)
    raise ValueError(f"{why}\n  {line[start : start + 100]}\n  {' ' * (column - start)}^")


def column_of(line: str, node: ast.expr) -> int:
    """The column where the node begins, in characters; `ast` counts bytes."""
    return len(line.encode()[: node.col_offset].decode())


def _check(line: str, node: ast.expr) -> None:
    """Refuses everything that is not arithmetic, by name."""
    while isinstance(node, ast.BinOp):
        _check_operator(line, node)
        _check(line, node.right)
        node = node.left
    if isinstance(node, ast.Constant):
        _check_number(line, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        _check(line, node.operand)
    elif isinstance(node, ast.Compare):
        if len(node.ops) > 1 or type(node.ops[0]) not in COMPARE:
            refuse_at(line, column_of(line, node), "a comparison is one of < <= > >= == != between two values")
        _check(line, node.left)
        _check(line, node.comparators[0])
    elif isinstance(node, ast.Call):
        _check_call(line, node)
    elif not isinstance(node, ast.Name):
        kind = type(node).__name__
        refuse_at(line, column_of(line, node), f"{kind} is not allowed in a formula; only numbers, names, + - * / ** "
                "and functions are")  # fmt: skip


def _check_operator(line: str, node: ast.BinOp) -> None:
    if isinstance(node.op, ast.BitXor):
        refuse_at(line, line.index("^"), "'^' is not a power in Python; use **")
    if type(node.op) not in BINARY:
        refuse_at(line, column_of(line, node), f"operator {type(node.op).__name__} is not known; use + - * / **")


def _check_number(line: str, node: ast.Constant) -> None:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        refuse_at(line, column_of(line, node), f"{shown(node.value)} is not a real number")
    try:
        finite = math.isfinite(node.value)
    except OverflowError:
        finite = False
    if not finite:
        refuse_at(line, column_of(line, node), "this number is too large")


def _check_call(line: str, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name) or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        refuse_at(
            line, column_of(line, node), "a call must be of a known function with plain arguments, such as sin(x)"
        )
    name = node.func.id
    if name not in FUNCTIONS:
        known = ", ".join(sorted(FUNCTIONS))
        refuse_at(
            line, column_of(line, node), f"unknown function {name!r}{nearest(name, FUNCTIONS)}; known are {known}"
        )
    wanted = FUNCTIONS[name][1]
    if len(node.args) < -wanted if wanted < 0 else len(node.args) != wanted:
        count = f"at least {-wanted}" if wanted < 0 else str(wanted)
        refuse_at(
            line, column_of(line, node), f"{name} takes {count} argument{'s' * (wanted != 1)}; got {len(node.args)}"
        )
    for a in node.args:
        _check(line, a)
