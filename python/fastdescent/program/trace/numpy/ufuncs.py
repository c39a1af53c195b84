"""NumPy's ufuncs: a table from a name to the function that makes nodes.

Ufuncs that are one opcode stand in the table of opcodes; others have a line here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import nearest
from fastdescent.program.graph import composites
from fastdescent.program.graph.build import Builder, constant_value
from fastdescent.program.graph.nodes import Node
from fastdescent.program.graph.special.make import special
from fastdescent.program.graph.views import View, runs
from fastdescent.program.opcodes import OF_UFUNCS
from fastdescent.program.trace.kinds import BOOL, INT, flags, kind_of, result_kinds
from fastdescent.program.trace.numpy.ufunc_methods import METHODS, check_options
from fastdescent.program.trace.operands import as_node, numbers_in
from fastdescent.program.trace.products import matmul, matvec, vecdot, vecmat
from fastdescent.program.trace.source import is_asked_by_sum, refuse
from fastdescent.program.trace.tracer import Traced

Make = Callable[..., Node]


def _op(name: str) -> Make:
    return lambda b, *args: b.elementwise(name, *args)


def _swapped(name: str) -> Make:
    return lambda b, p, q: b.elementwise(name, q, p)


def _power(b: Builder, a: Node, exponent: Node) -> Node:
    value = constant_value(exponent)
    if value is None or not value.size or not np.all(np.isfinite(value)):
        return b.elementwise("pow", a, exponent)
    shape = np.broadcast_shapes(a.shape, exponent.shape)
    if np.all(value == value.flat[0]):
        return b.broadcast(b.power(a, float(value.flat[0])), shape)
    return _powers(b, b.broadcast(a, shape), np.broadcast_to(value, shape))


def _powers(b: Builder, a: Node, exponents: npt.NDArray[np.float64]) -> Node:
    """a ** exponents, one power per distinct exponent, so that x ** [0, 1, 2] has exact derivatives at 0."""
    flat, flat_exponents = b.reshape(a, (a.size,)), exponents.ravel()
    pieces = []
    for value in np.unique(flat_exponents).tolist():
        where = [view for _, view in progressions(np.flatnonzero(flat_exponents == value))]
        pieces += [(b.power(b.place(flat, view), value), view) for view in where]
    return b.assemble(exponents.shape, pieces)


def progressions(indices: npt.NDArray[np.int64]) -> Iterator[tuple[slice, View]]:
    """The indices cut into arithmetic progressions: for each its slice of `indices`, and the view with its values."""
    for cut in runs(indices[np.newaxis]) if indices.size else []:
        n = cut.stop - cut.start
        step = int(indices[cut.start + 1] - indices[cut.start]) if n > 1 else 1
        yield cut, View(int(indices[cut.start]), (step,), (n,))


def _not(b: Builder, a: Node) -> Node:
    return b.elementwise("eq", a, b.const(0.0))


def _truth(b: Builder, a: Node) -> Node:
    return b.elementwise("ne", a, b.const(0.0))


def _and(b: Builder, p: Node, q: Node) -> Node:
    return b.mul(_truth(b, p), _truth(b, q))


def _or(b: Builder, p: Node, q: Node) -> Node:
    return b.elementwise("max", _truth(b, p), _truth(b, q))


def _xor(b: Builder, p: Node, q: Node) -> Node:
    return b.elementwise("ne", _truth(b, p), _truth(b, q))


def _special(name: str, attr: int | None = None) -> Make:
    return lambda b, a: special(b, name, a, attr)


def _loggamma(b: Builder, a: Node) -> Node:
    """NaN below zero, as SciPy's of real numbers."""
    return b.select(b.elementwise("lt", a, b.const(0.0)), b.const(math.nan), special(b, "gammaln", a))


def _betaln(b: Builder, p: Node, q: Node) -> Node:
    together = b.add(special(b, "gammaln", p), special(b, "gammaln", q))
    return b.sub(together, special(b, "gammaln", b.add(p, q)))


def _unscaled(name: str) -> Make:
    return lambda b, a: b.mul(b.elementwise("exp", b.elementwise("abs", a)), special(b, name, a))


#: Functions of scipy.special, known by name: SciPy itself is not imported.
SPECIAL: dict[str, Make] = {
    "erf": _op("erf"),
    "erfc": _op("erfc"),
    "expit": _op("expit"),
    "exp10": lambda b, a: b.elementwise("pow", b.const(10.0), a),
    "logit": composites.logit,
    "log_expit": composites.log_expit,
    "softplus": composites.softplus,
    "xlogy": composites.xlogy,
    "xlog1py": composites.xlog1py,
    "entr": composites.entr,
    "ndtr": composites.ndtr,
    "log_ndtr": composites.log_ndtr,
    "huber": composites.huber,
    "pseudo_huber": composites.pseudo_huber,
    "gamma": _special("gamma"),
    "gammaln": _special("gammaln"),
    "loggamma": _loggamma,
    "digamma": _special("polygamma", 0),
    "psi": _special("polygamma", 0),
    "betaln": _betaln,
    "beta": lambda b, p, q: b.elementwise("exp", _betaln(b, p, q)),
    "i0": _unscaled("i0e"),
    "i1": _unscaled("i1e"),
    "i0e": _special("i0e"),
    "i1e": _special("i1e"),
    "j0": _special("j0"),
    "j1": _special("j1"),
}

UFUNCS: dict[str, Make] = (
    SPECIAL
    | {name: _op(op) for name, op in OF_UFUNCS.items()}
    | {
        "greater": _swapped("lt"),
        "greater_equal": _swapped("le"),
        "positive": lambda b, a: a,
        "square": lambda b, a: b.power(a, 2.0),
        "reciprocal": lambda b, a: b.div(b.const(1.0), a),
        "power": _power,
        "float_power": _power,
        "exp2": lambda b, a: b.elementwise("pow", b.const(2.0), a),
        "conjugate": lambda b, a: a,
        "deg2rad": composites.scaled(math.pi / 180.0),
        "radians": composites.scaled(math.pi / 180.0),
        "rad2deg": composites.scaled(180.0 / math.pi),
        "degrees": composites.scaled(180.0 / math.pi),
        "trunc": composites.trunc,
        "heaviside": composites.heaviside,
        "copysign": composites.copysign,
        "remainder": composites.remainder,
        "fmod": composites.fmod,
        "floor_divide": composites.floor_divide,
        "logaddexp2": composites.logaddexp2,
        "fmax": composites.fmax,
        "fmin": composites.fmin,
        "signbit": composites.signbit,
        "isnan": lambda b, a: b.elementwise("ne", a, a),
        "isinf": composites.isinf,
        "isfinite": composites.isfinite,
        "matmul": matmul,
        "vecdot": vecdot,
        "matvec": matvec,
        "vecmat": vecmat,
        "logical_and": _and,
        "logical_or": _or,
        "logical_xor": _xor,
        "logical_not": _not,
        "bitwise_and": _and,
        "bitwise_or": _or,
        "bitwise_xor": _xor,
        "invert": _not,
    }
)

#: Ufuncs of several results.
SEVERAL: dict[str, Callable[..., tuple[Node, ...]]] = {
    "divmod": lambda b, p, q: (composites.floor_divide(b, p, q), composites.remainder(b, p, q)),
    "modf": composites.modf,
}
_NEEDS_BOOL = {"bitwise_and", "bitwise_or", "bitwise_xor", "invert"}
#: Ufuncs of booleans whose result is a boolean, and the ufuncs that they are.
_OF_BOOLS = {"add": "logical_or", "multiply": "logical_and", "maximum": "logical_or", "minimum": "logical_and"}
#: Ufuncs that divide: NumPy's integers are 0 where the divisor is.
_DIVIDING = {"floor_divide", "remainder", "fmod", "divmod"}
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min,
}  # fmt: skip


def apply_ufunc(b: Builder, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The traced result of ufunc.method(*inputs), or a tuple if there are several."""
    name = ufunc.__name__
    if method == "reduce" and name in _REDUCTIONS:
        return _REDUCTIONS[name](*inputs, **{"axis": 0, **kwargs})
    if name in UFUNCS and method in METHODS and ufunc.nin == 2 and ufunc.signature is None:
        return METHODS[method](ufunc, *inputs, **kwargs)
    if method != "__call__" or not (name in UFUNCS or name in SEVERAL):
        known = numbers_in([list(inputs), dict(kwargs)])
        if known is not None and method != "at":
            return getattr(ufunc, method)(*known[0], **known[1])
        _refuse_ufunc(name, method)
    check_options(name, kwargs)
    kinds = [kind_of(v) for v in inputs]
    if name in _NEEDS_BOOL and any(kind != BOOL for kind in kinds):
        refuse(f"np.{name} of numbers cannot be traced", "use it on comparisons only")
    results = result_kinds(ufunc, *kinds)
    nodes = [as_node(b, v) for v in inputs]
    if results[0] == INT and (name == "reciprocal" or (name == "power" and _is_negative(nodes[1]))):
        refuse(f"np.{name} of integers with results that are no integers", "multiply them by 1.0 first")
    if ufunc.signature is None:
        _check_shapes(name, nodes)
    if name in SEVERAL:
        made = SEVERAL[name](b, *nodes)
    else:
        made = (UFUNCS[_OF_BOOLS.get(name, name) if results[0] == BOOL else name](b, *nodes),)
    if results[0] == INT and name in _DIVIDING:
        made = tuple(b.select(b.elementwise("eq", nodes[1], b.const(0.0)), b.const(0.0), node) for node in made)
    if ufunc.signature is not None and results[0] == BOOL:
        made = tuple(_truth(b, node) for node in made)
    if name == "add" and results[0] == BOOL and is_asked_by_sum():
        made, results = (b.add(*nodes),), (INT,)
    arrays = tuple(Traced(b, node, fresh=True, **flags(kind)) for node, kind in zip(made, results, strict=True))
    return arrays if name in SEVERAL else arrays[0]


def _is_negative(node: Node) -> bool:
    """Whether it is constant and has a number below 0."""
    value = constant_value(node)
    return value is not None and bool(np.any(value < 0))


def _refuse_ufunc(name: str, method: str) -> NoReturn:
    if method == "at":
        refuse(f"np.{name}.at of an array of numbers with traced values", "start from np.zeros_like(x) or np.zeros(n)")
    if method != "__call__":
        refuse(f"np.{name}.{method} cannot be traced", "write it out with np.sum, np.concatenate and slices")
    near = nearest(name, UFUNCS)
    refuse(f"{name} cannot be traced{near}", "write it with other functions; the documentation's page on programs "
           "lists those that can")  # fmt: skip


def apply_special(name: str) -> Callable[..., Traced]:
    """The function of scipy.special with this name, for traced values."""

    def function(*operands: Any) -> Traced:
        b = next(v.builder for v in operands if isinstance(v, Traced))
        return Traced(b, UFUNCS[name](b, *(as_node(b, v) for v in operands)), fresh=True)

    function.__name__ = name
    return function


def _check_shapes(name: str, nodes: list[Node]) -> None:
    try:
        np.broadcast_shapes(*(n.shape for n in nodes))
    except ValueError:
        shapes = " and ".join(str(n.shape) for n in nodes)
        refuse(f"np.{name}: shapes {shapes} do not broadcast", "fix the shapes")
