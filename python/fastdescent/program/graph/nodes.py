"""The expression graph: immutable nodes, one node per distinct expression.

This room knows nothing of traced functions, optimizers or engines. A node has a shape; its elements are in C order.
Building a node twice gives the same object, so that common subexpressions are shared by construction.
"""

from __future__ import annotations

import enum
import hashlib
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent.program.opcodes import GATHER

SCAN = "scan"  #: the operation of `graph.scan`

Shape = tuple[int, ...]
FloatArray = npt.NDArray[np.float64]


class Stage(enum.IntFlag):
    """What a value depends on. An operation depends on all that its operands depend on."""

    CONST = 0
    RUN = 1  #: parameters and hyperparameters: computed once per run
    TIME = 2 | RUN  #: the step number t alone: a table
    LANE = 4 | RUN  #: hyperparameters that differ between trajectories
    STEP = 8 | TIME | LANE  #: the point and the optimizer's state

    def joined(self, other: Stage) -> Stage:
        """The earliest stage at which both are known."""
        return _JOINED[self, other]


_JOINED = {
    (a, b): Stage.STEP if a | b == Stage.TIME | Stage.LANE else a | b for a in Stage.__members__.values()
    for b in Stage.__members__.values()
}  # fmt: skip

#: Leaf operations and the stage of their values.
LEAVES = {
    "const": Stage.CONST,
    "param": Stage.RUN,
    "time": Stage.TIME,
    "lane": Stage.LANE,
    "index": Stage.STEP,  # of the trajectory, in parts of 16 bits
    "input": Stage.STEP,
}


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One operation. `attr` holds its other arguments: a name, strides, axes."""

    number: int  #: position in the order of construction, which is a topological order
    op: str
    inputs: tuple[Node, ...]
    shape: Shape
    stage: Stage
    attr: Any = None
    value: FloatArray | None = field(default=None, repr=False)  #: of constants

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"<{self.op} #{self.number} {self.shape}>"


class Graph:
    """Makes nodes, and keeps them to share equal ones."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Node] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def node(self, op: str, inputs: tuple[Node, ...], shape: Shape, attr: Any = None) -> Node:
        """The node of this expression, made if it is new."""
        key = (op, tuple(n.number for n in inputs), shape, attr)
        found = self._nodes.get(key)
        if found is None:
            # Samples are read at each step: a table of all shared minibatches would be larger than the data.
            # Loops run where strips do, in a step.
            stage = LEAVES.get(op, Stage.STEP if op in (GATHER, SCAN) else Stage.CONST)
            for n in inputs:
                stage = stage.joined(n.stage)
            found = self._nodes[key] = Node(len(self._nodes), op, inputs, shape, stage, attr)
        return found

    def const(self, value: npt.ArrayLike) -> Node:
        """A constant; -0.0 and 0.0 are different constants, every NaN is the same one."""
        array = np.array(value, dtype=np.float64, order="C")
        array[np.isnan(array)] = np.nan
        array.flags.writeable = False
        return self.held(array)

    def held(self, array: FloatArray) -> Node:
        """The constant whose value is this array, which is not copied: a node's value, which nothing changes."""
        key = ("const", array.shape, identity(array))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Node(len(self._nodes), "const", (), array.shape, Stage.CONST, None, array)
        return found

    def leaf(self, op: str, name: str, shape: Shape) -> Node:
        """A named value from outside: op is one of `LEAVES`."""
        return self.node(op, (), shape, name)


_LONGEST_KEY = 4096  #: bytes; longer constants are compared by a hash


def identity(array: FloatArray) -> bytes:
    """Equal for arrays of equal numbers, bit for bit, in C order, whatever their shape."""
    return array.tobytes() if array.nbytes <= _LONGEST_KEY else hashlib.blake2b(array.data, digest_size=32).digest()


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, in the order of construction."""
    seen: dict[int, Node] = {}
    stack = list(outputs)
    while stack:
        n = stack.pop()
        if n.number not in seen:
            seen[n.number] = n
            stack.extend(n.inputs)
    return [seen[k] for k in sorted(seen)]


def postorder(outputs: Iterable[Node], known: Collection[int] = ()) -> Iterator[Node]:
    """Every node that the outputs need, depth first: a value is computed shortly before its use.

    Of the operands of a node, the one that needs the most registers comes first (Sethi and Ullman 1970), so that few
    values wait in registers at once. Nodes whose numbers are in `known` are left out, and so is all that only they
    need.
    """
    outputs = list(outputs)
    need = _registers_needed(outputs, known)
    done = set(known)
    for root in outputs:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            n, ready = stack.pop()
            if n.number in done:
                continue
            if ready:
                done.add(n.number)
                yield n
            else:
                stack.append((n, True))
                stack += [(i, False) for i in sorted(n.inputs, key=lambda i: need.get(i.number, 0))]


def _registers_needed(outputs: list[Node], known: Collection[int]) -> dict[int, int]:
    """How many registers each node needs, if the graph were a tree."""
    need: dict[int, int] = {}
    for node in reachable(outputs):
        if node.number not in known and node.inputs:
            parts = sorted((need.get(i.number, 0) for i in node.inputs), reverse=True)
            need[node.number] = max(1, *(k + part for k, part in enumerate(parts)))
    return need
