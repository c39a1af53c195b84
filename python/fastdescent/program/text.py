"""Formulas written as text: parsed with `ast` against a whitelist, never evaluated as Python."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NoReturn

import numpy as np

from fastdescent._check import nearest, shown

_CONSTANTS = {"pi": math.pi, "e": math.e}
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    name: (getattr(np, name), 1)
    for name in ("abs", "sign", "sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "arctan", "square")
}
_FUNCTIONS |= {name: (getattr(np, name), 2) for name in ("arctan2", "hypot", "maximum", "minimum")}
_FUNCTIONS |= {"where": (np.where, 3), "atan": (np.arctan, 1), "atan2": (np.arctan2, 2), "ln": (np.log, 1)}
_FUNCTIONS |= {
    "max": (lambda *v: reduce(np.maximum, v), -2),
    "min": (lambda *v: reduce(np.minimum, v), -2),
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide, ast.Pow: np.power,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_MAX_LENGTH = 100_000


class ParsedFormula:
    """A formula in named variables and parameters; call it with one value for each."""

    def __init__(self, text: str, params: Sequence[str], variables: Sequence[str] | None) -> None:
        self.text = text
        tree = _parsed(text)
        names = _names(text, tree)
        for name in params:
            if name in _FUNCTIONS or name in _CONSTANTS:
                raise ValueError(f"parameter {name!r} has the name of a function or constant; choose another")
        free = [n for n in names if n not in params]
        self.variables = _chosen_variables(text, free, variables)
        unused = sorted(set(params) - set(names))
        if unused:
            raise ValueError(f"parameter {unused[0]!r} does not appear in the formula {shown(text)}")
        self._tree = tree

    def __call__(self, x: Any, **params: Any) -> Any:
        """The value at the point x, shape (dim,)."""
        values = {**_CONSTANTS, **params, **{name: x[k] for k, name in enumerate(self.variables)}}
        return _value(self._tree.body, values)


def _parsed(text: str) -> ast.Expression:
    if not text.strip():
        raise ValueError("the formula is empty; write one such as 'x**2 + y**2'")
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"the formula has {len(text)} characters; at most {_MAX_LENGTH} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        _refuse(text, (error.offset or 1) - 1, error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the formula {shown(text)} cannot be parsed: {error}") from None
    try:
        _check(text, tree.body)
    except RecursionError:
        raise ValueError(f"the formula {shown(text)} is nested too deeply") from None
    return tree


def _refuse(text: str, column: int, why: str) -> NoReturn:
    line = text.strip().replace("\n", " ")
    start = max(0, column - 60)
    raise ValueError(f"{why}\n  {line[start : start + 100]}\n  {' ' * (column - start)}^")


def _column(text: str, node: ast.AST) -> int:
    lines = text.strip().split("\n")
    row = getattr(node, "lineno", 1) - 1
    return sum(len(line) + 1 for line in lines[:row]) + int(getattr(node, "col_offset", 0))


def _check(text: str, node: ast.expr) -> None:
    """Refuses everything that is not arithmetic, naming it."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            _refuse(text, _column(text, node), f"{shown(node.value)} is not a real number")
    elif isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.BitXor):
            end = getattr(node.left, "end_col_offset", 0)
            caret = text.strip().find("^", end)
            _refuse(text, caret, "'^' is not a power in Python; use **")
        if type(node.op) not in _BINARY:
            _refuse(text, _column(text, node), f"operator {type(node.op).__name__} is not known; use + - * / **")
        _check(text, node.left)
        _check(text, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        _check(text, node.operand)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        _check(text, node.left)
        _check(text, node.comparators[0])
    elif isinstance(node, ast.Call):
        _check_call(text, node)
    elif not isinstance(node, ast.Name):
        kind = type(node).__name__
        _refuse(text, _column(text, node), f"{kind} is not allowed in a formula; only numbers, names, + - * / ** "
                "and functions are")  # fmt: skip


def _check_call(text: str, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name) or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        _refuse(text, _column(text, node), "a call must be of a known function with plain arguments, such as sin(x)")
    name = node.func.id
    if name not in _FUNCTIONS:
        known = ", ".join(sorted(_FUNCTIONS))
        _refuse(text, _column(text, node), f"unknown function {name!r}{nearest(name, _FUNCTIONS)}; known are {known}")
    wanted = _FUNCTIONS[name][1]
    if len(node.args) < -wanted if wanted < 0 else len(node.args) != wanted:
        count = f"at least {-wanted}" if wanted < 0 else str(wanted)
        _refuse(text, _column(text, node), f"{name} takes {count} argument{'s' * (wanted != 1)}; got {len(node.args)}")
    for a in node.args:
        _check(text, a)


def _names(text: str, tree: ast.Expression) -> list[str]:
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    names = {n.id: n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}
    for name, node in names.items():
        if name in _FUNCTIONS:
            _refuse(text, _column(text, node), f"{name} is a function; write {name}(...)")
    return [n for n in names if n not in _CONSTANTS]


def _chosen_variables(text: str, free: list[str], variables: Sequence[str] | None) -> tuple[str, ...]:
    if variables is not None:
        missing = sorted(set(free) - set(variables))
        if missing:
            raise ValueError(f"{missing[0]!r} in the formula is neither in variables={tuple(variables)} nor a parameter")
        return tuple(variables)
    found = ", ".join(sorted(free)) or "none"
    if not free:
        raise ValueError(f"the formula {shown(text)} has no variables; name them with variables=(...)")
    if all(re.fullmatch(r"[a-df-z]", n) for n in free):
        return tuple(sorted(free))
    numbers = sorted(int(n[1:]) for n in free if re.fullmatch(r"x[1-9][0-9]*", n))
    if len(numbers) == len(free) and numbers == list(range(1, len(free) + 1)):
        return tuple(f"x{k}" for k in numbers)
    raise ValueError(
        f"which names are variables? found: {found}. Use single letters (not e) or x1, x2, ... without a gap, give "
        "variables=(...), or pass parameters as keywords"
    )


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, names)
        return np.negative(operand) if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.Compare):
        return _COMPARE[type(node.ops[0])](_value(node.left, names), _value(node.comparators[0], names))
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name), "checked before"
    return _FUNCTIONS[node.func.id][0](*(_value(a, names) for a in node.args))
