"""Random numbers of a step: functions of the seed, the trajectory's index, the step, and the purpose.

Nothing is stored between steps. Philox4x32-10 turns a *key*, the seed, and a *counter* of four words of 32 bits into
four random words. The counter is (index low, index high, t, stream << 24 | block):

- the trajectory's index in two words, (0, 0) if all trajectories share the numbers;
- the step t, or the epoch for shuffled minibatches;
- the `Stream`, which tells purposes apart, and the *Philox block*: one block has the numbers of four words, two
  uniform ones for example. A draw of n numbers takes as many blocks as it needs.

A word does not fit in a float32, so graphs carry it in halves: the operand "counter" of an opcode has 7 numbers (index
in four, t in two, position in an epoch), the operand "key" 7 as well (seed in four, stream, first block or whether all
epochs have one order, number of choices). `elementary.random.draws` puts them together. Two numbers of trajectory 5 at
step 7, under seed 1:

>>> from fastdescent.program.elementary.random.draws import draw_integer, draw_uniform
>>> from fastdescent.program.exact import Exact
>>> counter = [5.0, 0.0, 0.0, 0.0, 7.0, 0.0, 0.0]
>>> key = [*seed_parts(1), float(Stream.USER), 0.0, 10.0]
>>> draw_uniform(Exact("float64"), counter, key, block=0)
(0.041940204064134456, 0.5646161811885656)
>>> draw_integer(Exact("float64"), counter, key, block=0)
(8.0, 0.0, 9.0, 5.0)

Shuffled minibatches read one endless list: the samples of epoch 0 in random order, those of epoch 1 in another order
(or in that of epoch 0, or all in the order of the data), and so on. Step t reads `batch_size` entries from position
t * batch_size on. With 10 samples and minibatches of 4, the third step reads positions 8 and 9 of epoch 0, then 0 and 1
of epoch 1:

>>> from fastdescent.program.graph.build import constant_value
>>> b = Builder()
>>> starts = [epoch_and_position(b, b.const(float(t)), 4, 10) for t in range(4)]
>>> [tuple(float(constant_value(node)) for node in start) for start in starts]
[(0.0, 0.0), (0.0, 4.0), (0.0, 8.0), (1.0, 2.0)]

Invariants:

- A number depends on seed, index, step, stream and block alone: not on threads, lanes, instruction sets or splits.
- No two draws of a step have the same stream and block. `Rng` counts blocks up within a stream; evaluation k of the
  gradient has the blocks from k * `BLOCKS_PER_EVALUATION` on, which suffice for minibatches of 2^18 samples.
- Drawing more or less in one stream changes no number of another stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.opcodes import N_DRAWN
from fastdescent.program.section import INDEX

#: The parameter that every run supplies: the seed in parts of 16 bits, the lowest first.
SEED = "random.seed"
N_SEED_PARTS = 4
#: Philox blocks of a stream per step, and those of one evaluation of the gradient.
N_BLOCKS = 1 << 24
BLOCKS_PER_EVALUATION = 1 << 16
_HALF_WORD = 65536.0


class Stream(IntEnum):
    """The purpose of random numbers."""

    GRADIENT_NOISE = 0
    MINIBATCH = 1
    STARTS = 2
    USER = 3


@dataclass(frozen=True)
class RandomSource:
    """One stream of random numbers: `index` is the leaf of the trajectory's index, or 0 if all trajectories share."""

    b: Builder
    stream: Stream
    index: Node
    t: Node

    @classmethod
    def of(cls, b: Builder, stream: Stream, shared: bool = False) -> RandomSource:
        """The stream of a step of each trajectory, or of a step of all trajectories if `shared`."""
        own = b.graph.leaf("index", INDEX, (4,))
        return cls(b, stream, b.const([0.0] * 4) if shared else own, b.graph.leaf("time", "t", ()))

    def draw(self, op: str, n: int, first_block: int, n_choices: int = 0) -> Node:
        """`n` numbers, (n,), from `first_block` on. `n_choices` is for opcodes that choose a whole number."""
        return self._draw(op, n, self._counter(self.t, self.b.const(0.0)), first_block, n_choices)

    def draw_shuffled(self, batch_size: int, n_samples: int, once: bool) -> Node:
        """The numbers of the samples of a step's minibatch, (batch_size,), when epochs go through all samples.

        `once`: all epochs have the order of the first one.
        """
        epoch, position = epoch_and_position(self.b, self.t, batch_size, n_samples)
        counter = self._counter(self.b.const(0.0) if once else epoch, position)
        return self._draw("draw_shuffled", batch_size, counter, int(once), n_samples)

    def _draw(self, op: str, n: int, counter: Node, first_block: int, n_choices: int) -> Node:
        b, per_block = self.b, N_DRAWN[op]
        seed = b.graph.leaf("param", SEED, (N_SEED_PARTS,))
        key = b.concatenate([seed, b.const([float(self.stream), float(first_block), float(n_choices)])], 0)
        shape = (-(-n // per_block), per_block)
        numbers = b.reshape(b.graph.node(op, (counter, key), shape), (shape[0] * per_block,))
        return b.view(numbers, lambda a: a[:n])

    def _counter(self, t: Node, position: Node) -> Node:
        b = self.b
        high = b.elementwise("floor", b.mul(t, b.const(1.0 / _HALF_WORD)))
        low = b.sub(t, b.mul(high, b.const(_HALF_WORD)))
        return b.concatenate([self.index, *(b.reshape(part, (1,)) for part in (low, high, position))], 0)


def epoch_and_position(b: Builder, t: Node, batch_size: int, n_samples: int) -> tuple[Node, Node]:
    """The epoch in which step t begins to read, and the first position there."""
    samples = b.const(float(n_samples))
    n_read = b.mul(t, b.const(float(batch_size)))
    epoch = b.elementwise("floor", b.div(n_read, samples))
    position = b.sub(n_read, b.mul(epoch, samples))
    too_far = b.elementwise("lt", position, b.const(0.0))  # 1 if the quotient was rounded up to the next epoch
    return b.sub(epoch, too_far), b.add(position, b.mul(too_far, samples))


def cyclic(b: Builder, batch_size: int, n_samples: int) -> Node:
    """The numbers of the samples of a step's minibatch, (batch_size,), in the order of the data, again and again."""
    position = epoch_and_position(b, b.graph.leaf("time", "t", ()), batch_size, n_samples)[1]
    places = b.add(b.broadcast(position, (batch_size,)), b.const(np.arange(float(batch_size))))
    samples = b.const(np.full(batch_size, float(n_samples)))
    return b.sub(places, b.mul(b.elementwise("le", samples, places), samples))


def seed_parts(seed: int) -> list[float]:
    """The value of the parameter SEED.

    >>> seed_parts(3 + 2**16 + 2**32)
    [3.0, 1.0, 1.0, 0.0]
    """
    return [float(seed >> 16 * k & 0xFFFF) for k in range(N_SEED_PARTS)]


def gather(b: Builder, samples: Node, data: Node) -> Node:
    """data[samples]: `data` is constant, (n, ...); `samples` are whole numbers, (k,)."""
    numbers_per_sample = data.size // data.shape[0]
    return b.graph.node(
        "gather", (samples, data), (*samples.shape, *data.shape[1:]), (data.shape[0], numbers_per_sample)
    )
