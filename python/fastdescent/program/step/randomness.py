"""Random numbers of a step: functions of the seed, the trajectory's index, the step, and what they are for.

Philox4x32-10 with the seed as key and the counter (index low, index high, t, stream << 24 | block); see
`elementary.draws` for what is made of its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.opcodes import N_DRAWN
from fastdescent.program.section import INDEX

#: The parameter that every run supplies: the seed, 16 bits each, the lowest first.
SEED = "random.seed"
N_SEED_PARTS = 4
MOST_BLOCKS = 1 << 24
#: Blocks of one evaluation of the gradient within a step; the next one's follow.
BLOCKS_OF_CALL = 1 << 16
_HALF_WORD = 65536.0


class Stream(IntEnum):
    """What random numbers are for."""

    GRADIENT_NOISE = 0
    ROWS = 1
    STARTS = 2
    USER = 3


@dataclass(frozen=True)
class Source:
    """Where random numbers come from: `index` is the trajectory's, or constant where all share them."""

    b: Builder
    stream: Stream
    index: Node
    t: Node

    @classmethod
    def of(cls, b: Builder, stream: Stream, shared: bool = False) -> Source:
        """Of a step of each trajectory, or of all at once."""
        own = b.graph.leaf("index", INDEX, (4,))
        return cls(b, stream, b.const([0.0] * 4) if shared else own, b.graph.leaf("time", "t", ()))

    def draw(self, op: str, n: int, first_block: int, n_choices: int = 0) -> Node:
        """`n` numbers, in as many blocks as they take."""
        b = self.b
        return self._drawn(op, n, self._counter(self.t, b.const(0.0)), first_block, n_choices)

    def draw_shuffled(self, n: int, n_rows: int) -> Node:
        """The next `n` rows of epochs that take all rows in a fresh order each, (n,)."""
        b, rows = self.b, self.b.const(float(n_rows))
        done = b.mul(self.t, b.const(float(n)))
        epoch = b.elementwise("floor", b.div(done, rows))
        place = b.sub(done, b.mul(epoch, rows))
        early = b.elementwise("lt", place, b.const(0.0))  # where the quotient was rounded up
        epoch, place = b.sub(epoch, early), b.add(place, b.mul(early, rows))
        return self._drawn("draw_shuffled", n, self._counter(epoch, place), 0, n_rows)

    def _drawn(self, op: str, n: int, counter: Node, first_block: int, n_choices: int) -> Node:
        b, per_block = self.b, N_DRAWN[op]
        seed = b.graph.leaf("param", SEED, (N_SEED_PARTS,))
        key = b.concatenate([seed, b.const([float(self.stream), float(first_block), float(n_choices)])], 0)
        shape = (-(-n // per_block), per_block)
        numbers = b.reshape(b.graph.node(op, (counter, key), shape), (shape[0] * per_block,))
        return b.view(numbers, lambda a: a[:n])

    def _counter(self, t: Node, place: Node) -> Node:
        b = self.b
        high = b.elementwise("floor", b.mul(t, b.const(1.0 / _HALF_WORD)))
        low = b.sub(t, b.mul(high, b.const(_HALF_WORD)))
        return b.concatenate([self.index, *(b.reshape(part, (1,)) for part in (low, high, place))], 0)


def seed_parts(seed: int) -> list[float]:
    """The value of the parameter SEED."""
    return [float(seed >> 16 * k & 0xFFFF) for k in range(N_SEED_PARTS)]


def gather(b: Builder, rows: Node, data: Node) -> Node:
    """data[rows]: `data` is constant, (n, ...); `rows` are whole numbers, (k,)."""
    apart = data.size // data.shape[0]
    return b.graph.node("gather", (rows, data), (*rows.shape, *data.shape[1:]), (data.shape[0], apart))
