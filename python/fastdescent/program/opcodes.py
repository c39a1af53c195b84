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
    file: str = ""  #: of `program/elementary/`, where the meaning is a function of it
    ufuncs: str = ""  #: names of NumPy's ufuncs that it is, with spaces between


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


def _elementary(name: str, file: str) -> Meaning:
    """A function of `program/elementary/`, which is imported when it is first called: few computations need it."""

    def meaning(m: Any, *operands: Any) -> Any:
        return getattr(import_module(f"fastdescent.program.elementary.{file}"), name)(m, *operands)

    return meaning


def _function(name: str, arity: int = 1, *, file: str = "", is_long: bool = True, **more: Any) -> Opcode:
    """An elementary function, of the file of its name if no other is given."""
    file = file or name
    return Opcode(name, arity, _elementary(name, file), is_long=is_long, file=file, **more)


def _draw(name: str, n_drawn: int) -> Opcode:
    return Opcode(name, 2, _elementary(name, "random.draws"), Nature.DRAW, n_drawn=n_drawn)


#: Comparisons give 1.0 or 0.0.
OPCODES = (
    Opcode("copy", 1, lambda m, a: a),
    Opcode("neg", 1, lambda m, a: m.neg(a), ufuncs="negative"),
    Opcode("abs", 1, lambda m, a: m.abs(a), ufuncs="absolute fabs"),
    Opcode("sign", 1, _sign, ufuncs="sign"),
    _function("floor", is_long=False, file="rounding", ufuncs="floor"),
    _function("ceil", is_long=False, file="rounding", ufuncs="ceil"),
    Opcode("rint", 1, lambda m, a: m.rint(a), ufuncs="rint"),
    Opcode("sqrt", 1, lambda m, a: m.sqrt(a), is_long=True, ufuncs="sqrt"),
    _function("exp", ufuncs="exp"),
    _function("log", ufuncs="log"),
    _function("sin", needs_memory=True, file="trig", ufuncs="sin"),
    _function("cos", needs_memory=True, file="trig", ufuncs="cos"),
    _function("tan", needs_memory=True, file="trig", ufuncs="tan"),
    _function("tanh", ufuncs="tanh"),
    _function("atan", ufuncs="arctan"),
    _function("expm1", ufuncs="expm1"),
    _function("log1p", ufuncs="log1p"),
    _function("log2", ufuncs="log2"),
    _function("log10", file="log2", ufuncs="log10"),
    _function("asin", ufuncs="arcsin"),
    _function("acos", file="asin", ufuncs="arccos"),
    _function("sinh", file="expm1", ufuncs="sinh"),
    _function("cosh", file="expm1", ufuncs="cosh"),
    _function("asinh", ufuncs="arcsinh"),
    _function("acosh", file="asinh", ufuncs="arccosh"),
    _function("atanh", file="asinh", ufuncs="arctanh"),
    _function("cbrt", ufuncs="cbrt"),
    _function("erf"),
    _function("erfc", file="erf"),
    _function("expit", file="sigmoid"),
    Opcode("add", 2, lambda m, a, b: m.add(a, b), ufuncs="add"),
    Opcode("sub", 2, lambda m, a, b: m.sub(a, b), ufuncs="subtract"),
    Opcode("mul", 2, lambda m, a, b: m.mul(a, b), ufuncs="multiply"),
    Opcode("div", 2, lambda m, a, b: m.div(a, b), is_long=True, ufuncs="true_divide divide"),
    Opcode("max", 2, _max, ufuncs="maximum"),
    Opcode("min", 2, _min, ufuncs="minimum"),
    Opcode("lt", 2, lambda m, a, b: _truth(m, m.lt(a, b)), ufuncs="less"),
    Opcode("le", 2, lambda m, a, b: _truth(m, m.le(a, b)), ufuncs="less_equal"),
    Opcode("eq", 2, lambda m, a, b: _truth(m, m.eq(a, b)), ufuncs="equal"),
    Opcode("ne", 2, lambda m, a, b: _truth(m, m.ne(a, b)), ufuncs="not_equal"),
    _function("atan2", 2, file="atan", ufuncs="arctan2"),
    _function("pow", 2),
    _function("hypot", 2, ufuncs="hypot"),
    _function("logaddexp", 2, file="sigmoid", ufuncs="logaddexp"),
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
OF_UFUNCS = {ufunc: o.name for o in OPCODES for ufunc in o.ufuncs.split()}  #: a ufunc's name -> its opcode's
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
