"""Primitives that are one function of each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdescent.program.trace.numpy.ufuncs import SPECIAL, apply_special
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

Rule = Callable[..., Any]


_REAL = "write real and imaginary parts as numbers of their own, and Fourier transforms as products with a matrix"


def _plainly(function: Callable[..., Any]) -> Rule:
    return lambda equation, *operands: function(*operands)


def _special(name: str) -> Rule:
    """The function of scipy.special of this name, if it can be traced."""

    def rule(equation: Any, *operands: Any) -> Any:
        if name not in SPECIAL:
            refuse(f"JAX's primitive {equation.primitive.name} cannot be traced", f"nor can scipy.special.{name}, yet")
        return apply_special(name)(*operands)

    return rule


def _kind(atom: Any) -> str:
    """b for booleans, i for integers, u for those without a sign, f for floats, c for complex numbers."""
    kind = np.dtype(atom.aval.dtype).kind
    return "f" if kind == "V" else kind  # bfloat16 and the like


def is_integer(atom: Any) -> bool:
    return _kind(atom) in "iu"


def _of_booleans(logical: Callable[..., Any]) -> Rule:
    def rule(equation: Any, *operands: Any) -> Any:
        if _kind(equation.outvars[0]) != "b":
            refuse(f"JAX's primitive {equation.primitive.name} of integers", "use it on comparisons only")
        return logical(*operands)

    return rule


def _div(equation: Any, a: Any, b: Any) -> Any:
    quotient = np.divide(a, b)
    return np.trunc(quotient) if is_integer(equation.outvars[0]) else quotient


def _round(equation: Any, a: Any) -> Any:
    if int(equation.params["rounding_method"]) == 1:
        return np.rint(a)
    size = np.abs(a)
    down = np.floor(size)
    return np.copysign(np.where(size - down >= 0.5, down + 1.0, down), a)


def _select_n(equation: Any, which: Any, *cases: Any) -> Any:
    if _kind(equation.invars[0]) == "b":
        return _where(which, cases[-1], cases[0])
    chosen = cases[0]
    for k, case in enumerate(cases[1:], 1):
        chosen = _where(which >= k, case, chosen)
    return chosen


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if a is b else np.where(condition, a, b)


def _clamp(equation: Any, low: Any, a: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


def _converted(equation: Any, a: Any) -> Any:
    """Floats of any width are floats here. Integers are floats, too, without a fraction."""
    source, target = _kind(equation.invars[0]), _kind(equation.outvars[0])
    if target == "c":
        refuse("complex numbers", _REAL)
    if target == "b":
        return a if source == "b" else np.not_equal(a, 0.0)
    if source == "b":
        return a.astype(np.float64)
    if target == "u" and source != "u":
        refuse("a value that depends on the point as an integer without a sign", "use int32 or floats")
    if target == "i":
        return np.trunc(a) if source == "f" else a
    return a.astype(np.float64)


def _integer_pow(equation: Any, a: Any) -> Any:
    return a ** equation.params["y"]


def _stop_gradient(equation: Any, a: Traced) -> Traced:
    b = a.builder
    return Traced(b, b.stopped(a.node), is_bool=a.is_bool)


def _complex(equation: Any, *operands: Any) -> Any:
    refuse("complex numbers", _REAL)


def _same(equation: Any, a: Any) -> Any:
    return a


_UFUNCS = {
    "abs": np.abs, "acos": np.arccos, "acosh": np.arccosh, "add": np.add, "add_any": np.add, "asin": np.arcsin,
    "asinh": np.arcsinh, "atan": np.arctan, "atan2": np.arctan2, "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil,
    "cos": np.cos, "cosh": np.cosh, "eq": np.equal, "eq_to": np.equal, "exp": np.exp, "exp2": np.exp2,
    "expm1": np.expm1, "floor": np.floor, "ge": np.greater_equal, "gt": np.greater, "is_finite": np.isfinite,
    "le": np.less_equal, "le_to": np.less_equal, "log": np.log, "log1p": np.log1p, "lt": np.less, "lt_to": np.less,
    "max": np.maximum, "min": np.minimum, "mul": np.multiply, "ne": np.not_equal, "neg": np.negative, "pow": np.power,
    "rem": np.fmod, "sign": np.sign, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "square": np.square,
    "sub": np.subtract, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
_SPECIAL = {
    "erf": "erf", "erfc": "erfc", "logistic": "expit", "erf_inv": "erfinv", "lgamma": "gammaln", "digamma": "digamma",
    "bessel_i0e": "i0e", "bessel_i1e": "i1e",
}  # fmt: skip
ELEMENTWISE: dict[str, Rule] = (
    {name: _plainly(ufunc) for name, ufunc in _UFUNCS.items()}
    | {name: _special(function) for name, function in _SPECIAL.items()}
    | dict.fromkeys(("complex", "conj", "real", "imag"), _complex)
    | {
        "and": _of_booleans(np.logical_and),
        "or": _of_booleans(np.logical_or),
        "xor": _of_booleans(np.logical_xor),
        "not": _of_booleans(np.logical_not),
        "clamp": _clamp,
        "convert_element_type": _converted,
        "copy": _same,
        "copy_p": _same,
        "div": _div,
        "integer_pow": _integer_pow,
        "optimization_barrier": lambda equation, *operands: list(operands),
        "round": _round,
        "rsqrt": lambda equation, a: np.divide(1.0, np.sqrt(a)),
        "select_n": _select_n,
        "sharding_constraint": _same,
        "stop_gradient": _stop_gradient,
    }
)
