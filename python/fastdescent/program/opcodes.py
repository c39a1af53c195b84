"""The instruction set: every opcode with the number of its operands and its meaning in bits.

The meaning is written over an abstract arithmetic (`fastdescent.program.exact`), so the same lines fold constants,
serve as the oracle of the tests and describe what the engines do. `cpp/include/fastdescent/opcodes.hpp` lists the
same opcodes in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Meaning = Callable[..., Any]
Draw = Callable[[Any, Sequence[Any], Sequence[Any], Any], tuple[Any, ...]]


def _elementary(name: str, file: str = "functions") -> Meaning:
    """A function of `program/elementary/`, which is imported when it is first called: few computations need it."""

    def meaning(m: Any, *operands: Any) -> Any:
        return getattr(import_module(f"fastdescent.program.elementary.{file}"), name)(m, *operands)

    return meaning


def _truth(m: Any, mask: Any) -> Any:
    return m.select(mask, m.const(1.0), m.const(0.0))


def _sign(m: Any, a: Any) -> Any:
    one = m.select(m.lt(m.const(0.0), a), m.const(1.0), m.const(-1.0))
    signed = m.select(m.eq(a, m.const(0.0)), m.const(0.0), one)
    return m.select(m.ne(a, a), a, signed)


def _max(m: Any, a: Any, b: Any) -> Any:
    return m.select(m.mask_or(m.le(b, a), m.ne(a, a)), a, b)


def _min(m: Any, a: Any, b: Any) -> Any:
    return m.select(m.mask_or(m.le(a, b), m.ne(a, a)), a, b)


#: Elementwise opcodes: name -> meaning(m, *operands). Comparisons give 1.0 or 0.0.
ELEMENTWISE: dict[str, Meaning] = {
    "copy": lambda m, a: a,
    "neg": lambda m, a: m.neg(a),
    "abs": lambda m, a: m.abs(a),
    "sign": _sign,
    "floor": _elementary("floor"),
    "ceil": _elementary("ceil"),
    "rint": lambda m, a: m.rint(a),
    "sqrt": lambda m, a: m.sqrt(a),
    "exp": _elementary("exp"),
    "log": _elementary("log"),
    "sin": _elementary("sin"),
    "cos": _elementary("cos"),
    "tan": _elementary("tan"),
    "tanh": _elementary("tanh"),
    "atan": _elementary("atan"),
    "expm1": _elementary("expm1"),
    "log1p": _elementary("log1p"),
    "log2": _elementary("log2"),
    "log10": _elementary("log10"),
    "asin": _elementary("asin"),
    "acos": _elementary("acos"),
    "sinh": _elementary("sinh"),
    "cosh": _elementary("cosh"),
    "asinh": _elementary("asinh"),
    "acosh": _elementary("acosh"),
    "atanh": _elementary("atanh"),
    "cbrt": _elementary("cbrt"),
    "erf": _elementary("erf"),
    "erfc": _elementary("erfc"),
    "expit": _elementary("expit"),
    "add": lambda m, a, b: m.add(a, b),
    "sub": lambda m, a, b: m.sub(a, b),
    "mul": lambda m, a, b: m.mul(a, b),
    "div": lambda m, a, b: m.div(a, b),
    "max": _max,
    "min": _min,
    "lt": lambda m, a, b: _truth(m, m.lt(a, b)),
    "le": lambda m, a, b: _truth(m, m.le(a, b)),
    "eq": lambda m, a, b: _truth(m, m.eq(a, b)),
    "ne": lambda m, a, b: _truth(m, m.ne(a, b)),
    "atan2": _elementary("atan2"),
    "pow": _elementary("pow"),
    "hypot": _elementary("hypot"),
    "logaddexp": _elementary("logaddexp"),
    "fma": lambda m, a, b, c: m.fma(a, b, c),
    "fms": lambda m, a, b, c: m.fma(a, b, m.neg(c)),
    "fnma": lambda m, a, b, c: m.fma(m.neg(a), b, c),
    "select": lambda m, c, a, b: m.select(m.ne(c, m.const(0.0)), a, b),
}

#: Reductions over the inner loop, with the number of their operands. A result starts at the first term; the other terms
#: are added in order.
REDUCTIONS: dict[str, int] = {"sum": 1, "dot": 2}

#: Reductions that go on from an earlier result: the last operand is the start, to which all terms are added in order.
ONGOING: dict[str, int] = {"sum_on": 2, "dot_on": 3}
GOES_ON = dict(zip(REDUCTIONS, ONGOING, strict=True))

#: Random numbers. The outer loop runs over blocks, the middle one over the numbers of a block, the inner one over the
#: parts of the operands, which are counter and key.
DRAWS: dict[str, Draw] = {
    name: _elementary(name, "draws") for name in ("draw_uniform", "draw_normal", "draw_integer", "draw_shuffled")
}
N_PARTS = 7  #: operands of a counter, and of a key
N_DRAWN = {"draw_uniform": 2, "draw_normal": 2, "draw_integer": 4, "draw_shuffled": 1}  #: numbers of a block

#: One number of a sample that each lane chooses. The first operand is the sample's index; the second one, which is
#: uniform, shows the number of sample 0. The columns of a third operand hold the number of samples, and the distance
#: from one to the next.
GATHER = "gather"

NAMES: tuple[str, ...] = (*ELEMENTWISE, *REDUCTIONS, *ONGOING, *DRAWS, GATHER)
INWARD = frozenset({*REDUCTIONS, *ONGOING, *DRAWS})  #: opcodes whose inner loop runs over operands, not results
NUMBERS = {name: k for k, name in enumerate(NAMES)}

_UNARY = NAMES[: NUMBERS["add"]]
_ARITIES: dict[str, int] = dict.fromkeys(_UNARY, 1)
_ARITIES |= dict.fromkeys(("fma", "fms", "fnma", "select"), 3) | REDUCTIONS | ONGOING
ARITY: dict[str, int] = {name: _ARITIES.get(name, 2) for name in NAMES}
