"""The number of a step inside of a loop: a traced number that also says which rows of an array a step reads."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from fastdescent.program.graph.build import Builder, constant_value
from fastdescent.program.graph.nodes import Node, reachable
from fastdescent.program.graph.views import View
from fastdescent.program.trace.indices import is_basic, is_integer, key_text
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

Numbers = npt.NDArray[np.int64] | range
_fresh = itertools.count()
LEAF = "of a loop "  #: how the names of leaves begin that stand for what changes from step to step


class OpenLoop:
    """A loop whose body is being traced."""

    def __init__(self, b: Builder, n: int) -> None:
        self.b, self.n = b, n
        self.leaves: list[Node] = []
        self._rows: list[tuple[Node, Node]] = []
        self._numbers: list[tuple[Numbers, Node]] = []
        self._leaf_of: dict[int, Node] = {}

    def leaf(self, shape: tuple[int, ...]) -> Node:
        """A new leaf."""
        self.leaves.append(self.b.graph.leaf("input", f"{LEAF}{next(_fresh)}", shape))
        return self.leaves[-1]

    def row(self, rows: Node) -> Node:
        """What stands for one row of an array (n, ...) at its step."""
        if rows.number not in self._leaf_of:
            self._leaf_of[rows.number] = self.leaf(rows.shape[1:])
            self._rows.append((rows, self._leaf_of[rows.number]))
        return self._leaf_of[rows.number]

    def number(self, numbers: Numbers) -> Node:
        """What stands for one of some whole numbers, of which there may be too many for an array that nothing reads."""
        self._numbers.append((numbers, self.leaf(())))
        return self._numbers[-1][1]

    def rows_read(self, outputs: Sequence[Node]) -> list[tuple[Node, Node]]:
        """The arrays with a row for each step, each with the leaf that stands for one, that the outputs depend on."""
        read = {n.number for n in reachable(outputs)}
        rows = [pair for pair in self._rows if pair[1].number in read]
        made = ((self.b.const(np.asarray(k, np.float64)), leaf) for k, leaf in self._numbers if leaf.number in read)
        return [*rows, *made]

    def depends(self, node: Node) -> bool:
        """Whether a node is another one at each step."""
        first = min((leaf.number for leaf in self.leaves), default=0)
        numbers = {leaf.number for leaf in self.leaves}
        return node.number >= first and any(n.number in numbers for n in reachable([node]))


class StepNumber(Traced):
    """i, or a whole number that follows from it. `numbers` (n,) are its values at all steps."""

    __slots__ = ("_loop", "numbers")

    def __new__(cls, loop: OpenLoop, numbers: Numbers) -> StepNumber:
        return object.__new__(cls)

    def __init__(self, loop: OpenLoop, numbers: Numbers) -> None:
        super().__init__(loop.b, loop.number(numbers))
        self._loop, self.numbers = loop, numbers

    def rows_chosen(self, array: Any, parts: tuple[Any, ...]) -> Traced:
        """array[i], or array[i, 1:] and the like, for an array from outside of the loop."""
        traced = array if isinstance(array, Traced) else None
        if sum(isinstance(p, StepNumber) for p in parts) > 1 or not all(
            isinstance(p, StepNumber) or is_basic(p) for p in parts
        ):
            refuse(f"index [{key_text(parts)}] with the number of a step", "write data[i], data[i + 1], or data[i, 1:]")
        if traced is not None and self._loop.depends(traced.node):
            refuse(
                "an array that changes from step to step cannot be indexed by the number of the step",
                "index arrays from outside of the loop, or write np.sum(np.where(np.arange(n) == i, x, 0))",
            )
        shape, b = array.shape, self._loop.b
        elements = np.arange(int(np.prod(shape))).reshape(shape)
        chosen = []
        for step, number in enumerate(np.asarray(self.numbers).tolist()):
            key = tuple(number if isinstance(p, StepNumber) else p for p in parts)
            try:
                chosen.append(elements[key])
            except IndexError as error:
                raise IndexError(f"index {number} at step {step} of the loop: {error}") from None
        taken = np.stack(chosen)
        node = b.const(array) if traced is None else traced.node
        return Traced(b, self._loop.row(_elements(b, node, taken)))

    def _with(self, change: Callable[[Any, Any], Any], other: Any, turned: bool = False) -> Any:
        """The number after an operation with a whole number, or NotImplemented."""
        if is_integer(other):
            numbers: Any = int(other)
        elif isinstance(other, StepNumber) and other._loop is self._loop:
            numbers = np.asarray(other.numbers)
        else:
            return NotImplemented
        if change in (operator.floordiv, operator.mod) and np.any(np.equal(self.numbers if turned else numbers, 0)):
            return NotImplemented
        own = np.asarray(self.numbers)
        return StepNumber(self._loop, change(numbers, own) if turned else change(own, numbers))

    def __neg__(self) -> Any:
        return StepNumber(self._loop, -np.asarray(self.numbers))

    def __index__(self) -> NoReturn:
        _refuse_index()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.object_]:
        if dtype is None:  # NumPy asks an index for an array where it is no int
            _refuse_index()
        return super().__array__(dtype, copy)


def _refuse_index() -> NoReturn:
    refuse(
        "the number of a step indexes a list, or an array that the loop does not know",
        "give the array a name of its own outside of the loop, data = np.asarray(...), and write data[i]",
    )


def _operator(name: str, change: Callable[[Any, Any], Any], turned: bool) -> Callable[[StepNumber, Any], Any]:
    plain = getattr(Traced, name)

    def operate(self: StepNumber, other: Any) -> Any:
        found = self._with(change, other, turned)
        return plain(self, other) if found is NotImplemented else found

    operate.__name__ = name
    return operate


for _name in ("add", "sub", "mul", "floordiv", "mod"):
    setattr(StepNumber, f"__{_name}__", _operator(f"__{_name}__", getattr(operator, _name), turned=False))
    setattr(StepNumber, f"__r{_name}__", _operator(f"__r{_name}__", getattr(operator, _name), turned=True))


def _elements(b: Builder, node: Node, numbers: npt.NDArray[np.intp]) -> Node:
    """Elements of a node by their numbers: a view if there is one."""
    value = constant_value(node)
    if value is not None:
        return b.const(np.ravel(value)[numbers])
    strides = tuple(
        int(np.take(numbers, 1, axis).flat[0] - numbers.flat[0]) if n > 1 else 0 for axis, n in enumerate(numbers.shape)
    )
    view = View(int(numbers.flat[0]), strides, numbers.shape)
    if np.array_equal(view.rows(), numbers):
        return b.place(node, view)
    flat = Traced(b, b.reshape(node, (node.size,)))
    return as_node(b, flat[numbers])


class Indexed(np.ndarray[Any, np.dtype[Any]]):
    """An array of numbers that the number of a step may index."""

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        number = next((p for p in parts if isinstance(p, StepNumber)), None)
        return super().__getitem__(key) if number is None else number.rows_chosen(np.asarray(self), parts)
