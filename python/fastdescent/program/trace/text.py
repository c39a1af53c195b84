"""Formulas written as text: parsed with `ast` against a whitelist, never evaluated as Python."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NoReturn

import numpy as np

from fastdescent._base.checks import nearest, shown
from fastdescent.program.graph.build import constant_value
from fastdescent.program.trace.numpy.ufuncs import apply_special
from fastdescent.program.trace.tracer import Traced

_CONSTANTS = {"pi": math.pi, "e": math.e}
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    name: (getattr(np, name), 1)
    for name in (
        "abs", "sign", "sqrt", "cbrt", "square", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
        "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sinc", "floor",
        "ceil", "round",
    )
}  # fmt: skip
_FUNCTIONS |= {f"a{name}": _FUNCTIONS[f"arc{name}"] for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
_FUNCTIONS |= {name: (apply_special(name), 1) for name in ("erf", "erfc", "expit", "softplus")}
_FUNCTIONS |= {
    name: (getattr(np, name), 2) for name in ("arctan2", "hypot", "maximum", "minimum", "logaddexp", "heaviside")
}
_FUNCTIONS |= {"where": (np.where, 3), "atan2": (np.arctan2, 2), "ln": (np.log, 1)}
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
        self._line = _one_line(text)
        self._tree = _parsed(self._line)
        names = _names(self._line, self._tree)
        _check_names("parameter", params)
        _check_names("variable", variables or ())
        self.variables = _chosen_variables(self._line, [n for n in names if n not in params], params, variables)
        unused = sorted(set(params) - set(names))
        if unused:
            raise ValueError(f"parameter {unused[0]!r} does not appear in the formula {shown(self._line)}")

    def __call__(self, x: Traced, /, **params: Any) -> Any:
        """The value at the traced point x, shape (dim,). Constants are traced, too: Python may have other bits."""
        constants = {name: Traced(x.builder, x.builder.const(value)) for name, value in _CONSTANTS.items()}
        coordinates = {name: x[k] for k, name in enumerate(self.variables)}
        try:
            return self._value(self._tree.body, {**constants, **params, **coordinates}, x)
        except RecursionError:
            raise _too_deep(self._line) from None

    def _value(self, node: ast.expr, names: Mapping[str, Any], x: Traced) -> Any:
        chain = []
        while isinstance(node, ast.BinOp):  # a sum of many terms leans to the left
            chain.append(node)
            node = node.left
        value = self._operand(node, names, x)
        for step in reversed(chain):
            right = self._value(step.right, names, x)
            value = self._finite(step, _BINARY[type(step.op)](value, right))
        return value

    def _operand(self, node: ast.expr, names: Mapping[str, Any], x: Traced) -> Any:
        if isinstance(node, ast.Constant):
            return Traced(x.builder, x.builder.const(float(node.value)))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return names[node.id]
        if isinstance(node, ast.UnaryOp):
            operand = self._value(node.operand, names, x)
            return np.negative(operand) if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Compare):
            sides = (self._value(side, names, x) for side in (node.left, node.comparators[0]))
            return 1.0 * _COMPARE[type(node.ops[0])](*sides)  # a number, 0 or 1
        assert isinstance(node, ast.Call), "checked before"
        assert isinstance(node.func, ast.Name), "checked before"
        arguments = (self._value(a, names, x) for a in node.args)
        return self._finite(node, _FUNCTIONS[node.func.id][0](*arguments))

    def _finite(self, node: ast.expr, value: Any) -> Any:
        constant = constant_value(value.node)
        if constant is not None and not np.all(np.isfinite(constant)):
            _refuse(self._line, _column(self._line, node), f"this part is constant and not finite: {constant.flat[0]}")
        return value


def _one_line(text: str) -> str:
    """The text on one line: all white space becomes spaces, so that columns count from its beginning."""
    line = re.sub(r"\s", " ", text.strip())
    if not line:
        raise ValueError("the formula is empty; write one such as 'x**2 + y**2'")
    if len(line) > _MAX_LENGTH:
        raise ValueError(f"the formula has {len(line)} characters; at most {_MAX_LENGTH} are read")
    if "#" in line:
        _refuse(line, line.index("#"), "comments are not allowed in a formula")
    return line


def _parsed(line: str) -> ast.Expression:
    try:
        tree = ast.parse(line, mode="eval")
    except SyntaxError as error:
        _refuse(line, max(error.offset or 1, 1) - 1, error.msg)
    except (RecursionError, MemoryError):
        raise _too_deep(line) from None
    except ValueError as error:
        raise ValueError(f"the formula {shown(line)} cannot be parsed: {error}") from None
    try:
        _check(line, tree.body)
    except RecursionError:
        raise _too_deep(line) from None
    return tree


def _too_deep(line: str) -> ValueError:
    return ValueError(f"the formula {shown(line)} is nested too deeply or has too many terms; write a function")


def _refuse(line: str, column: int, why: str) -> NoReturn:
    start = max(0, column - 60)
    raise ValueError(f"{why}\n  {line[start : start + 100]}\n  {' ' * (column - start)}^")


def _column(line: str, node: ast.expr) -> int:
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
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARE:
            _refuse(line, _column(line, node), "a comparison is one of < <= > >= == != between two values")
        _check(line, node.left)
        _check(line, node.comparators[0])
    elif isinstance(node, ast.Call):
        _check_call(line, node)
    elif not isinstance(node, ast.Name):
        kind = type(node).__name__
        _refuse(line, _column(line, node), f"{kind} is not allowed in a formula; only numbers, names, + - * / ** "
                "and functions are")  # fmt: skip


def _check_operator(line: str, node: ast.BinOp) -> None:
    if isinstance(node.op, ast.BitXor):
        _refuse(line, line.index("^"), "'^' is not a power in Python; use **")
    if type(node.op) not in _BINARY:
        _refuse(line, _column(line, node), f"operator {type(node.op).__name__} is not known; use + - * / **")


def _check_number(line: str, node: ast.Constant) -> None:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        _refuse(line, _column(line, node), f"{shown(node.value)} is not a real number")
    try:
        finite = math.isfinite(node.value)
    except OverflowError:
        finite = False
    if not finite:
        _refuse(line, _column(line, node), "this number is too large")


def _check_call(line: str, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name) or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        _refuse(line, _column(line, node), "a call must be of a known function with plain arguments, such as sin(x)")
    name = node.func.id
    if name not in _FUNCTIONS:
        known = ", ".join(sorted(_FUNCTIONS))
        _refuse(line, _column(line, node), f"unknown function {name!r}{nearest(name, _FUNCTIONS)}; known are {known}")
    wanted = _FUNCTIONS[name][1]
    if len(node.args) < -wanted if wanted < 0 else len(node.args) != wanted:
        count = f"at least {-wanted}" if wanted < 0 else str(wanted)
        _refuse(line, _column(line, node), f"{name} takes {count} argument{'s' * (wanted != 1)}; got {len(node.args)}")
    for a in node.args:
        _check(line, a)


def _names(line: str, tree: ast.Expression) -> list[str]:
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    names = {n.id: n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}
    for name, node in names.items():
        if name in _FUNCTIONS:
            _refuse(line, _column(line, node), f"{name} is a function; write {name}(...)")
    return [n for n in names if n not in _CONSTANTS]


def _check_names(kind: str, names: Iterable[str]) -> None:
    for name in names:
        if name in _FUNCTIONS or name in _CONSTANTS:
            raise ValueError(f"{kind} {name!r} has the name of a function or constant; choose another")


def _chosen_variables(
    line: str, free: list[str], params: Sequence[str], variables: Sequence[str] | None
) -> tuple[str, ...]:
    if variables is not None:
        both = sorted(set(params) & set(variables))
        if both:
            raise ValueError(f"{both[0]!r} is both in variables={tuple(variables)} and a parameter")
        missing = sorted(set(free) - set(variables))
        if missing:
            raise ValueError(f"{missing[0]!r} is neither in variables={tuple(variables)} nor a parameter")
        return tuple(variables)
    found = ", ".join(sorted(free)) or "none"
    if not free:
        raise ValueError(f"the formula {shown(line)} has no variables; name them with variables=(...)")
    if all(re.fullmatch(r"[a-df-z]", n) for n in free):
        return tuple(sorted(free))
    numbers = sorted(int(n[1:]) for n in free if re.fullmatch(r"x[1-9][0-9]*", n))
    if len(numbers) == len(free) and numbers == list(range(1, len(free) + 1)):
        return tuple(f"x{k}" for k in numbers)
    raise ValueError(
        f"which names are variables? found: {found}. Use single letters (not e) or x1, x2, ... without a gap, give "
        "variables=(...), or pass parameters as keywords"
    )
