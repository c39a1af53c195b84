"""Random functions as source: lines of NumPy and of opcodes, each of which names earlier ones."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fastdescent.program.opcodes import ARITY, ELEMENTWISE
from fastdescent.program.trace.loops.fori import fori
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.tracer import Traced

Shape = tuple[int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]

MODERATE = ("0.5", "1.0", "-1.25", "2.0", "3.0", "-0.1")
EXTREME = ("0.0", "-0.0", "1e-3", "1e7", "-4e22", "5e-324", "1e-310", "1e-40", "1e39", "1.7e308", "inf", "-inf", "nan")
NUMBERS = st.one_of(*[st.sampled_from(MODERATE)] * 3, st.sampled_from(EXTREME))
MOST_ELEMENTS = 16
KINDS = ("power", "sum", "axis", "join", "matrix", "product", "loop")  #: of lines that are no elementwise operation
DRAWS = {"draw_normal": "rng.standard_normal(", "draw_uniform": "rng.uniform(", "draw_integer": "rng.integers(7, "}


def _function(name: str) -> Callable[..., Traced]:
    """An opcode as a function of traced values and numbers."""

    def apply(*operands: Any) -> Traced:
        b = next(a.builder for a in operands if isinstance(a, Traced))
        return Traced(b, b.elementwise(name, *(as_node(b, a) for a in operands)))

    return apply


NAMES_IN_SOURCE = {name: _function(name) for name in ELEMENTWISE} | {"np": np, "inf": np.inf, "nan": np.nan}
NAMES_IN_SOURCE |= {"fori": fori, "rows": np.array([0.5, -1.25, 2.0, 0.0])}


def defined(source: str, name: str) -> Callable[..., Any]:
    space = dict(NAMES_IN_SOURCE)
    exec(source, space)
    function: Callable[..., Any] = space[name]
    return function


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

    def __init__(self, draw: Draw, shapes: dict[str, Shape], opcodes: Sequence[str]) -> None:
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
        if name in DRAWS:
            shape = self.one_of((), (1,), (3,), (4,), (2, 3))
            return self._line(f"{DRAWS[name]}size={shape})", shape)
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
        kind = self.one_of(*KINDS)
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
        elif kind == "loop":
            self._loop(text, shape)
        elif kind == "product":
            self._line(f"np.sum({text} * {self._second(shape)[0]})", ())
        else:
            other, its = self.operand()
            n = int(np.prod(shape) + np.prod(its))
            if n <= MOST_ELEMENTS:
                self._line(f"np.concatenate([np.ravel({text}), np.ravel({other})])", (n,))

    def _loop(self, first: str, shape: Shape) -> None:
        """A few steps of an opcode, of which one operand is carried, and others may be the step's number or a row."""
        name = self._draw(st.sampled_from(self._opcodes))
        operands = ["u"]
        for _ in range(ARITY[name] - 1):
            text, common = self._second(shape)
            operands.append(self.one_of(text if common == shape else "0.5", "u", "i", "rows[i]", "rows[3 - i] * 0.5"))
        if self.one_of(False, True):
            operands.reverse()
        n, carried = self.one_of(3, 1, 2, 4), self.one_of("u", "u", "u * 0.5 + i", "u + c0")
        body = f"({name}({', '.join(operands)}) + 0.0 * u, {carried})"
        if self.one_of(True, False):
            body = f"lambda i, s: (lambda u, c0: {body})(*s)"
            self._line(f"fori({n}, {body}, ({first}, 0.25 * {first}))[{self.one_of(0, 1)}]", shape)
        else:
            self._line(f"fori({n}, lambda i, u: {name}({', '.join(operands)}) + 0.0 * u, {first})", shape)

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
