"""What each NumPy ufunc becomes. One line a ufunc: a table from its name to nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent.program.build import Builder, constant_value
from fastdescent.program.graph import Node
from fastdescent.program.products import matmul
from fastdescent.program.trace import Traced, as_node, refuse

Make = Callable[..., Node]


def _op(name: str) -> Make:
    return lambda b, *args: b.elementwise(name, *args)


def _swapped(name: str) -> Make:
    return lambda b, p, q: b.elementwise(name, q, p)


def _power(b: Builder, a: Node, exponent: Node) -> Node:
    value = constant_value(exponent)
    if value is not None and value.size and np.all(value == value.flat[0]):
        shape = np.broadcast_shapes(a.shape, exponent.shape)
        return b.broadcast(b.power(a, float(value.flat[0])), shape)
    return b.elementwise("pow", a, exponent)


def _not(b: Builder, a: Node) -> Node:
    return b.elementwise("eq", a, b.const(0.0))


def _truth(b: Builder, a: Node) -> Node:
    return b.elementwise("ne", a, b.const(0.0))


def _and(b: Builder, p: Node, q: Node) -> Node:
    return b.mul(_truth(b, p), _truth(b, q))


def _or(b: Builder, p: Node, q: Node) -> Node:
    return b.elementwise("max", _truth(b, p), _truth(b, q))


_SIMPLE = {
    "add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "div", "divide": "div", "negative": "neg",
    "absolute": "abs", "fabs": "abs", "sign": "sign", "sqrt": "sqrt", "exp": "exp", "log": "log", "sin": "sin",
    "cos": "cos", "tan": "tan", "tanh": "tanh", "arctan": "atan", "arctan2": "atan2", "hypot": "hypot",
    "maximum": "max", "minimum": "min", "less": "lt", "less_equal": "le", "equal": "eq", "not_equal": "ne",
}  # fmt: skip

UFUNCS: dict[str, Make] = {name: _op(op) for name, op in _SIMPLE.items()} | {
    "greater": _swapped("lt"),
    "greater_equal": _swapped("le"),
    "positive": lambda b, a: a,
    "square": lambda b, a: b.power(a, 2.0),
    "reciprocal": lambda b, a: b.div(b.const(1.0), a),
    "power": _power,
    "float_power": _power,
    "matmul": matmul,
    "logical_and": _and,
    "logical_or": _or,
    "logical_not": _not,
    "bitwise_and": _and,
    "bitwise_or": _or,
    "invert": _not,
}

_GIVES_BOOL = {"less", "less_equal", "equal", "not_equal", "greater", "greater_equal", "logical_and", "logical_or",
               "logical_not", "bitwise_and", "bitwise_or", "invert"}  # fmt: skip
_NEEDS_BOOL = {"bitwise_and", "bitwise_or", "invert"}


def apply_ufunc(b: Builder, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of ufunc.method(*inputs)."""
    if method == "reduce" and ufunc is np.add:
        return np.sum(inputs[0], **kwargs)
    make = UFUNCS.get(ufunc.__name__)
    if make is None or method != "__call__":
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        refuse(f"{name} cannot be traced", "use " + ", ".join(sorted(UFUNCS)))
    unknown = {k: v for k, v in kwargs.items() if not (k in ("dtype", "casting", "order", "subok") or v is True)}
    if unknown:
        refuse(f"np.{ufunc.__name__} with {', '.join(unknown)}= cannot be traced", "leave it out")
    if ufunc.__name__ in _NEEDS_BOOL and not all(_is_bool(v) for v in inputs):
        refuse(f"np.{ufunc.__name__} of numbers cannot be traced", "use it on comparisons only")
    nodes = [as_node(b, v) for v in inputs]
    if ufunc.__name__ != "matmul":
        _check_shapes(ufunc.__name__, nodes)
    return Traced(b, make(b, *nodes), is_bool=ufunc.__name__ in _GIVES_BOOL, fresh=True)


def _is_bool(value: Any) -> bool:
    return value.is_bool if isinstance(value, Traced) else np.asarray(value).dtype == bool


def _check_shapes(name: str, nodes: list[Node]) -> None:
    try:
        np.broadcast_shapes(*(n.shape for n in nodes))
    except ValueError:
        shapes = " and ".join(str(n.shape) for n in nodes)
        refuse(f"np.{name}: shapes {shapes} do not broadcast", "mend the shapes")
