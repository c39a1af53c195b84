"""Formulas written as text, as functions of a traced point."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fastdescent._base.checks import shown
from fastdescent.program.graph.build import constant_value
from fastdescent.program.trace.grammar import (
    BINARY,
    COMPARE,
    CONSTANTS,
    FUNCTIONS,
    SHARED_NAMES,
    column_of,
    one_line,
    parsed,
    refuse_at,
    too_deep,
)
from fastdescent.program.trace.tracer import Traced


class ParsedFormula:
    """A formula in named variables and parameters; call it with one value for each."""

    def __init__(self, text: str, params: Sequence[str], variables: Sequence[str] | None) -> None:
        self._line = one_line(text)
        self._tree = parsed(self._line)
        names = _names(self._line, self._tree)
        _check_names("parameter", params)
        _check_names("variable", variables or ())
        self.variables = _chosen_variables(self._line, [n for n in names if n not in params], params, variables)
        unused = sorted(set(params) - set(names))
        if unused:
            raise ValueError(f"parameter {unused[0]!r} does not appear in the formula {shown(self._line)}")

    def __call__(self, x: Traced, /, **params: Any) -> Any:
        """The value at the traced point x, shape (dim,). Constants are traced, too: Python may have other bits."""
        constants = {name: Traced(x.builder, x.builder.const(value)) for name, value in CONSTANTS.items()}
        coordinates = {name: x[k] for k, name in enumerate(self.variables)}
        try:
            return self._value(self._tree.body, {**constants, **params, **coordinates}, x)
        except RecursionError:
            raise too_deep(self._line) from None

    def _value(self, node: ast.expr, names: Mapping[str, Any], x: Traced) -> Any:
        chain = []
        while isinstance(node, ast.BinOp):  # a sum of many terms leans to the left
            chain.append(node)
            node = node.left
        value = self._operand(node, names, x)
        for step in reversed(chain):
            right = self._value(step.right, names, x)
            value = self._finite(step, BINARY[type(step.op)](value, right))
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
            return 1.0 * COMPARE[type(node.ops[0])](*sides)  # a number, 0 or 1
        assert isinstance(node, ast.Call), "checked before"
        assert isinstance(node.func, ast.Name), "checked before"
        arguments = (self._value(a, names, x) for a in node.args)
        return self._finite(node, FUNCTIONS[node.func.id][0](*arguments))

    def _finite(self, node: ast.expr, value: Any) -> Any:
        constant = constant_value(value.node)
        if constant is not None and not np.all(np.isfinite(constant)):
            refuse_at(
                self._line, column_of(self._line, node), f"this part is constant and not finite: {constant.flat[0]}"
            )
        return value


def _names(line: str, tree: ast.Expression) -> list[str]:
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    names = {n.id: n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}
    for name, node in names.items():
        if name in FUNCTIONS and name not in SHARED_NAMES:
            refuse_at(line, column_of(line, node), f"{name} is a function; write {name}(...)")
    return [n for n in names if n not in CONSTANTS]


def _check_names(kind: str, names: Iterable[str]) -> None:
    for name in names:
        if (name in FUNCTIONS and name not in SHARED_NAMES) or name in CONSTANTS:
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
