"""Random runs for Hypothesis: a surface, an optimizer's rule, options and starts. A case prints as source.

Functions are lines of NumPy and of opcodes, each of which names earlier ones. All opcodes of the table may occur: those
without a derivative in rules alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

import fastdescent as fd
from fastdescent._options import BOUNDARIES, Options, checked_options
from fastdescent.optimizers import BUILT_IN, Optimizer
from fastdescent.program.derivatives import _RULES
from fastdescent.program.opcodes import ARITY, ELEMENTWISE
from fastdescent.program.trace import Traced, as_node

Shape = tuple[int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]
Shapes = dict[str, Shape]

MODERATE = ("0.5", "1.0", "-1.25", "2.0", "3.0", "-0.1")
EXTREME = ("0.0", "-0.0", "1e-3", "1e7", "-4e22", "5e-324", "1e-310", "1e-40", "1e39", "1.7e308", "inf", "-inf", "nan")
NUMBERS = st.one_of(*[st.sampled_from(MODERATE)] * 3, st.sampled_from(EXTREME))
STARTS = (0.5, -1.5, 2.25, 0.0, -0.0, 1e-5, 100.0, 5e-324, -1e-310, 1e-40, 1e22, -1e38, 1.7e308, np.inf, -np.inf,
          np.nan, -np.nan)  # fmt: skip
MOST_ELEMENTS, MOST_DIM = 16, 12

IN_SURFACES = tuple(name for name in ELEMENTWISE if name in _RULES)


def _function(name: str) -> Callable[..., Traced]:
    """An opcode as a function of traced values and numbers."""

    def apply(*operands: Any) -> Traced:
        b = next(a.builder for a in operands if isinstance(a, Traced))
        return Traced(b, b.elementwise(name, *(as_node(b, a) for a in operands)))

    return apply


NAMES_IN_SOURCE = {name: _function(name) for name in ELEMENTWISE} | {"np": np, "inf": np.inf, "nan": np.nan}


@dataclass(frozen=True)
class Case:
    """A run, as text wherever a person wants to read it."""

    surface: str  #: def f(x, *, a, c): ...
    optimizer: str  #: an expression, or def rule(x, grad, state, t, *, lr): ...
    dim: int
    params: dict[str, Any]
    lr: Any  #: a number, one value a trajectory, or a schedule's scale
    starts: list[list[float]]
    dtype: str
    options: dict[str, Any]
    isa: str
    vectors: tuple[int, int]  #: side by side, groups of these
    n_lanes: int

    def __repr__(self) -> str:
        head = ("surface", "optimizer")
        rest = [f"{f.name} = {getattr(self, f.name)!r}" for f in fields(self) if f.name not in head]
        return "\n".join(["", self.surface, self.optimizer, *rest, ""])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # else Hypothesis would print functions in one line

    def checked(self) -> Options:
        """What `descend` would run, with starts that it would refuse."""
        s = fd.surface(_defined(self.surface, "f"), dim=self.dim, window=(-2.0, 2.0), **self.params)
        with np.errstate(over="ignore"):
            x0 = np.array(self.starts, self.dtype)
        given: dict[str, Any] = {"xtol": None, "ftol": None, "bounds": None, "boundary": "ignore", "record": None}
        given |= {"reduce": (), "keep_state": True, "final": True, "first_index": 0} | self.options
        made = checked_options(
            s, np.zeros_like(x0), self._made_optimizer(), n_threads=1, engine="native", dtype=None, progress=None,
            **given,
        )  # fmt: skip
        return replace(made, starts=x0)

    def _made_optimizer(self) -> Optimizer:
        if self.optimizer.startswith("def"):
            made = fd.optimizer(init={"h": 0.25})(_defined(self.optimizer, "rule"))(lr=self.lr)
        else:
            made = eval(self.optimizer, {"fd": fd, "lr": self.lr})
        assert isinstance(made, Optimizer)
        return made


def _defined(source: str, name: str) -> Callable[..., Any]:
    space = dict(NAMES_IN_SOURCE)
    exec(source, space)
    function: Callable[..., Any] = space[name]
    return function


# ---------------------------------------------------------------------- lines of source
@functools.cache
def _views(shape: Shape) -> tuple[tuple[str, Shape], ...]:
    """What may follow a name: views and gathers, with their shapes. Nothing comes first."""
    after = [""]
    if len(shape) == 1:
        n = shape[0]
        after += ["[0]", "[-1]", "[::-1]", "[:, None]", f"[[{n - 1}, 0, {n // 2}]]"]
        after += ["[1:]", "[:-1]", "[::2]"] if n > 1 else []
        after += [".reshape(2, -1)"] if n % 2 == 0 else []
    elif len(shape) == 2:
        after += [".T", "[0]", "[:, -1]", "[:, ::-1]", ".ravel()", "[::2]"]
    zeros = np.zeros(shape)
    return tuple((suffix, eval(f"v{suffix}", {"v": zeros}).shape) for suffix in after)


@functools.cache
def _fits(*shapes: Shape) -> Shape | None:
    """The shape that they broadcast to, if there is one that is small."""
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        return None
    return shape if np.prod(shape) <= MOST_ELEMENTS else None


class Lines:
    """Source that grows line by line. `shapes` are those of the names so far."""

    def __init__(self, draw: Draw, shapes: Shapes, opcodes: Sequence[str]) -> None:
        self._draw, self.shapes, self._opcodes = draw, dict(shapes), opcodes
        self.text: list[str] = []
        self._number = 0

    def one_of(self, *values: Any) -> Any:
        return self._draw(st.sampled_from(values))

    def add(self, n: int) -> None:
        """Some lines, of which each third is no elementwise operation."""
        for _ in range(n):
            if self.one_of(True, True, False):
                self.opcode(self._draw(st.sampled_from(self._opcodes)))
            else:
                self._other()

    def opcode(self, name: str) -> str:
        """A line with this opcode; its first operand is no constant, so that it is not folded."""
        if name == "sum":
            return self._line(f"np.sum({self.operand()[0]})", ())
        if name == "dot":
            a, shape = self.operand()
            return self._line(f"np.sum({a} * {self._second(shape)[0]})", ())
        text, shape = self.operand()
        operands = [text]
        for _ in range(ARITY[name] - 1):
            text, shape = self._second(shape)
            operands.append(text)
        return self._line(f"{name}({', '.join(operands)})", shape)

    def operand(self) -> tuple[str, Shape]:
        """A name, perhaps with a view, and its shape."""
        name = self.one_of(*reversed(self.shapes))
        suffix, shape = self.one_of(*_views(self.shapes[name]))
        return name + suffix, shape

    def _second(self, shape: Shape) -> tuple[str, Shape]:
        """An operand that broadcasts against `shape`, and the common shape."""
        names = [name for name in reversed(self.shapes) if _fits(shape, self.shapes[name]) is not None]
        if self.one_of(False, True) or not names:
            return self._draw(NUMBERS), shape
        name = self.one_of(*names)
        fitting = [(s, _fits(shape, v)) for s, v in _views(self.shapes[name]) if _fits(shape, v) is not None]
        suffix, common = self.one_of(*fitting)
        return name + suffix, common

    def _other(self) -> None:
        kind = self.one_of("power", "sum", "axis", "join", "matrix", "product")
        text, shape = self.operand()
        if kind == "power":
            self._line(f"{text} ** {self.one_of(2, 3, -1, 0.5, 7, 1.7)}", shape)
        elif kind == "sum":
            self._line(f"np.sum({text})", ())
        elif kind == "axis" and len(shape) == 2:
            axis = self.one_of(0, 1)
            self._line(f"np.sum({text}, axis={axis})", (shape[1 - axis],))
        elif kind == "matrix" and len(shape) == 1:
            rows = [[0.5 * ((3 * i + j) % 5) - 1.0 for j in range(shape[0])] for i in range(2)]
            self._line(f"np.array({rows}) @ {text}", (2,))
        elif kind == "product":
            self._line(f"np.sum({text} * {self._second(shape)[0]})", ())
        else:
            other, its = self.operand()
            n = int(np.prod(shape) + np.prod(its))
            if n <= MOST_ELEMENTS:
                self._line(f"np.concatenate([np.ravel({text}), np.ravel({other})])", (n,))

    def _line(self, text: str, shape: Shape) -> str:
        self._number += 1
        name = f"v{self._number}"
        self.text.append(f"    {name} = {text}")
        self.shapes[name] = shape
        return name

    def made(self, shape: Shape) -> str:
        """Something of this shape, of a name so far."""
        name = self.one_of(*reversed(self.shapes))
        return name if self.shapes[name] == shape else _of_shape(name, self.shapes[name], shape)


def _of_shape(name: str, its: Shape, shape: Shape) -> str:
    if shape == ():
        return f"np.sum({name})"
    return f"{name} * np.ones({shape[0]})" if its == () else f"np.sum({name}) * np.ones({shape[0]})"


# ---------------------------------------------------------------------- cases
def _surface(draw: Draw, dim: int, opcode: str) -> str:
    lines = Lines(draw, {"a": (), "c": (dim,), "x": (dim,)}, IN_SURFACES)
    lines.add(draw(st.sampled_from([2, 1, 0, 3, 4])))
    last = lines.opcode(opcode) if opcode not in ELEMENTWISE or opcode in IN_SURFACES else "x"
    tame = lines.one_of("0.5 * np.sum(x * x)", lines.made(()), "0.0")
    return "\n".join(["def f(x, *, a, c):", *lines.text, f"    return np.sum({last}) + {tame}"])


def _rule(draw: Draw, dim: int, opcode: str) -> str:
    shapes = {"t": (), "lr": (), "h": (), "fun": (), "m": (dim,), "x": (dim,), "g": (dim,)}
    lines = Lines(draw, shapes, tuple(ELEMENTWISE))
    lines.add(draw(st.sampled_from([2, 1, 0, 3, 4])))
    lines.opcode(opcode)
    where = lines.one_of("x", "x", "x - lr * m")
    step = lines.one_of("x - lr * g", "x - lr * {}", "{}").format(lines.made((dim,)))
    accepted = lines.one_of("", ', "accepted": lt(fun, 1.0)')
    new = f'{{"m": {lines.made((dim,))}, "h": {lines.made(())}{accepted}}}'
    head = ["def rule(x, grad, state, t, *, lr):", "    m, h = state.m, state.h"]
    head.append(f"    g, fun = grad({where}), grad.fun({where})")
    return "\n".join([*head, *lines.text, f"    return {step}, {new}"])


def _built_in(draw: Draw) -> str:
    kind = draw(st.sampled_from(list(BUILT_IN.values())))
    given = []
    for f in fields(kind):
        if f.name == "lr":
            given.append("lr=lr")
        elif isinstance(f.default, bool):
            given.append(f"{f.name}={draw(st.booleans())}")
        elif f.name in ("momentum", "weight_decay"):
            given.append(f"{f.name}={draw(st.sampled_from([0.0, 0.5]))}")
    return f"fd.{kind.__name__}({', '.join(given)})"


class Schedule:
    """lr as a function of t."""

    def __call__(self, t: Any) -> Any:
        return 0.5 / (1.0 + t)

    def __repr__(self) -> str:
        return "lambda t: 0.5 / (1.0 + t)"


def _options(draw: Draw) -> dict[str, Any]:
    def one_of(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    options = {"max_steps": one_of(3, 2, 1, 0, 4, 5), "gtol": one_of(None, None, "auto", 0.5)}
    options["escape_radius"] = one_of(None, None, "auto", 3.0)
    for name in ("xtol", "ftol"):
        if one_of(False, False, True):
            options[name] = one_of(0.0, 1e-3, 0.5)
    if one_of(False, False, True):
        options |= {"bounds": (-1.0, 1.5), "boundary": one_of(*BOUNDARIES)}
    if one_of(False, False, True):
        options["record"] = fd.Record(every=one_of(1, 2), fields=("x", "fun", "grad_norm"))
    if one_of(*[False] * 5, True):
        options["reduce"] = (fd.reduce.min("fun"), fd.reduce.mean("x"), fd.reduce.std("grad_norm"))
    return options


def _start(draw: Draw, dim: int) -> list[float]:
    """A point, of which every other has a coordinate at the ends of the range."""
    point: list[float] = draw(st.lists(st.floats(-2.0, 2.0, width=16), min_size=dim, max_size=dim))
    if draw(st.booleans()):
        point[draw(st.integers(0, dim - 1))] = draw(st.sampled_from(STARTS))
    return point


@st.composite
def cases(draw: Draw, opcode: str, isas: Sequence[str]) -> Case:
    """Runs with this opcode in the surface, where it has a derivative, and in the rule, where that is not built in."""
    dim, n = draw(st.integers(1, MOST_DIM)), draw(st.integers(1, 5))
    own = draw(st.sampled_from([True, True, False])) or (opcode in ELEMENTWISE and opcode not in IN_SURFACES)
    return Case(
        surface=_surface(draw, dim, opcode),
        optimizer=_rule(draw, dim, opcode) if own else _built_in(draw),
        dim=dim,
        params={"a": draw(st.sampled_from([0.75, -2.0, 0.0])), "c": np.linspace(-1.0, 1.5, dim).tolist()},
        lr=draw(st.sampled_from([0.1, Schedule(), np.linspace(0.01, 0.5, n)])),
        starts=[_start(draw, dim) for _ in range(n)],
        dtype=draw(st.sampled_from(["float64", "float32"])),
        options=_options(draw),
        isa=draw(st.sampled_from(isas)),
        vectors=draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 1), (1, 2)])),
        n_lanes=draw(st.sampled_from([0, 1, 3])),
    )
