"""The instruction set: one table of opcodes, with what each of them is and does.

A meaning is written over an abstract arithmetic (`elementary.arithmetic.Arithmetic`), so the same lines fold constants,
serve as the oracle of the tests, are compiled by the engines, and become the C++ of the interpreter when the core is
built (`cpp/generate`). Programs hold opcodes by number, their place in the table: new ones come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

Meaning = Callable[..., Any]
Draw = Callable[[Any, Sequence[Any], Sequence[Any], Any], tuple[Any, ...]]


class Nature(Enum):
    """What the loops of an opcode run over."""

    ELEMENTWISE = "elementwise"  #: each result is a function of one number of each operand
    REDUCTION = "reduction"  #: the inner loop is summed, from its first term on; the others are added in order
    ONGOING = "ongoing"  #: the same from an earlier result on, the last operand, to which all terms are added in order
    DRAW = "draw"  #: random numbers: loops over blocks, numbers of a block, and parts of the operands, counter and key
    GATHER = "gather"  #: one number of a sample that each lane chooses


@dataclass(frozen=True, slots=True)
class Opcode:
    """A row of the table."""

    name: str
    arity: int
    meaning: Meaning | None = None  #: meaning(m, *operands); for draws (m, counter, key, block) -> numbers
    nature: Nature = Nature.ELEMENTWISE
    is_long: bool = False  #: its own work is so long that reading and writing rows does not matter
    needs_memory: bool = False  #: it may put vectors into memory: huge angles are worked out lane by lane
    n_drawn: int = 0  #: numbers of a block


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


def _elementary(name: str, file: str = "functions") -> Meaning:
    """A function of `program/elementary/`, which is imported when it is first called: few computations need it."""

    def meaning(m: Any, *operands: Any) -> Any:
        return getattr(import_module(f"fastdescent.program.elementary.{file}"), name)(m, *operands)

    return meaning


def _function(name: str, arity: int = 1, is_long: bool = True, needs_memory: bool = False) -> Opcode:
    return Opcode(name, arity, _elementary(name), is_long=is_long, needs_memory=needs_memory)


def _draw(name: str, n_drawn: int) -> Opcode:
    return Opcode(name, 2, _elementary(name, "random.draws"), Nature.DRAW, n_drawn=n_drawn)


#: Comparisons give 1.0 or 0.0.
OPCODES = (
    Opcode("copy", 1, lambda m, a: a),
    Opcode("neg", 1, lambda m, a: m.neg(a)),
    Opcode("abs", 1, lambda m, a: m.abs(a)),
    Opcode("sign", 1, _sign),
    _function("floor", is_long=False),
    _function("ceil", is_long=False),
    Opcode("rint", 1, lambda m, a: m.rint(a)),
    Opcode("sqrt", 1, lambda m, a: m.sqrt(a), is_long=True),
    _function("exp"),
    _function("log"),
    _function("sin", needs_memory=True),
    _function("cos", needs_memory=True),
    _function("tan", needs_memory=True),
    _function("tanh"),
    _function("atan"),
    _function("expm1"),
    _function("log1p"),
    _function("log2"),
    _function("log10"),
    _function("asin"),
    _function("acos"),
    _function("sinh"),
    _function("cosh"),
    _function("asinh"),
    _function("acosh"),
    _function("atanh"),
    _function("cbrt"),
    _function("erf"),
    _function("erfc"),
    _function("expit"),
    Opcode("add", 2, lambda m, a, b: m.add(a, b)),
    Opcode("sub", 2, lambda m, a, b: m.sub(a, b)),
    Opcode("mul", 2, lambda m, a, b: m.mul(a, b)),
    Opcode("div", 2, lambda m, a, b: m.div(a, b), is_long=True),
    Opcode("max", 2, _max),
    Opcode("min", 2, _min),
    Opcode("lt", 2, lambda m, a, b: _truth(m, m.lt(a, b))),
    Opcode("le", 2, lambda m, a, b: _truth(m, m.le(a, b))),
    Opcode("eq", 2, lambda m, a, b: _truth(m, m.eq(a, b))),
    Opcode("ne", 2, lambda m, a, b: _truth(m, m.ne(a, b))),
    _function("atan2", 2),
    _function("pow", 2),
    _function("hypot", 2),
    _function("logaddexp", 2),
    Opcode("fma", 3, lambda m, a, b, c: m.fma(a, b, c)),
    Opcode("fms", 3, lambda m, a, b, c: m.fma(a, b, m.neg(c))),
    Opcode("fnma", 3, lambda m, a, b, c: m.fma(m.neg(a), b, c)),
    Opcode("select", 3, lambda m, c, a, b: m.select(m.ne(c, m.const(0.0)), a, b)),
    Opcode("sum", 1, nature=Nature.REDUCTION),
    Opcode("dot", 2, nature=Nature.REDUCTION),
    Opcode("sum_on", 2, nature=Nature.ONGOING),
    Opcode("dot_on", 3, nature=Nature.ONGOING),
    _draw("draw_uniform", 2),
    _draw("draw_normal", 2),
    _draw("draw_integer", 4),
    _draw("draw_shuffled", 1),
    # The first operand is the sample's index; the second one, which is uniform, shows the number of sample 0. The
    # columns of a third operand hold the number of samples, and the distance from one to the next.
    Opcode("gather", 2, nature=Nature.GATHER),
)
N_PARTS = 7  #: operands of a counter, and of a key


def _meanings(nature: Nature) -> dict[str, Meaning]:
    return {o.name: o.meaning for o in OPCODES if o.nature is nature and o.meaning}


NAMES: tuple[str, ...] = tuple(o.name for o in OPCODES)
NUMBERS = {name: k for k, name in enumerate(NAMES)}
ARITY = {o.name: o.arity for o in OPCODES}
ELEMENTWISE = _meanings(Nature.ELEMENTWISE)
DRAWS: dict[str, Draw] = _meanings(Nature.DRAW)
N_DRAWN = {o.name: o.n_drawn for o in OPCODES if o.nature is Nature.DRAW}
GATHER = "gather"
REDUCTIONS = {o.name: o.arity for o in OPCODES if o.nature is Nature.REDUCTION}
ONGOING = {o.name: o.arity for o in OPCODES if o.nature is Nature.ONGOING}
GOES_ON = {name: f"{name}_on" for name in REDUCTIONS}  #: a reduction -> the same from an earlier result on
#: Opcodes whose inner loop runs over operands, not results.
INWARD = frozenset(o.name for o in OPCODES if o.nature in (Nature.REDUCTION, Nature.ONGOING, Nature.DRAW))
