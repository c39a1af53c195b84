"""The mean over a minibatch in place of the mean over all samples: new samples for each trajectory and step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.differentiate import gradient
from fastdescent.program.graph.nodes import Node
from fastdescent.program.opcodes import N_DRAWN
from fastdescent.program.step.formula import POINT, Formula
from fastdescent.program.step.randomness import BLOCKS_PER_EVALUATION, N_BLOCKS, RandomSource, Stream, cyclic, gather
from fastdescent.program.trace.function import value_of
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

#: Drawn with replacement; or epochs go through all samples: in an order that is new each time, in one random order that
#: is kept, or in that of the data.
SAMPLINGS = ("replacement", "shuffle", "shuffle_once", "cyclic")
_ROWS_PER_BLOCK = N_DRAWN["draw_integer"]
MOST_SAMPLES_OF_AN_EVALUATION = BLOCKS_PER_EVALUATION * _ROWS_PER_BLOCK  #: where a step evaluates several
MOST_DRAWN = N_BLOCKS * _ROWS_PER_BLOCK  #: samples of a step, with replacement


@at_top
@dataclass(frozen=True)
class BatchSpec:
    """Which samples a step sees."""

    size: int
    sampling: str  #: one of SAMPLINGS
    shared: bool  #: all trajectories see the same minibatch

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "shuffled" in state:  # in earlier pickles
            state = {**state, "sampling": "shuffle" if state["shuffled"] else "replacement"}
        self.__dict__.update({name: state[name] for name in ("size", "sampling", "shared")})


def minibatch_formula(formula: Formula, batch: BatchSpec) -> Formula:
    """The formula in a new graph, where f and its gradient are those of a step's minibatch."""
    b = Builder()
    x = b.graph.leaf("input", POINT, (formula.dim,))
    fun = minibatch_mean(b, x, formula, batch)
    return Formula(b, x, fun, gradient(b, fun, x), formula.params, formula.rows, formula.lanes)


def minibatch_mean(b: Builder, x: Node, formula: Formula, batch: BatchSpec, sample: int = 0) -> Node:
    """f at x over a minibatch. The minibatches of one step are numbered by `sample`."""
    rows = formula.rows
    if rows is None or rows.function is None:
        raise ValueError("minibatches need the function behind the surface, which its pickle could not hold")
    chosen = _chosen(b, batch, rows.n, sample)
    arrays = [Traced(b, gather(b, chosen, b.const(a)), is_int=a.dtype.kind == "i") for a in rows.arrays]
    leaves = {name: Traced(b, leaf) for name, leaf in formula.leaves(b).items()}
    integers = [1 + k for k, array in enumerate(rows.arrays) if array.dtype.kind == "i"]
    return value_of(b, rows.function, lambda f: f(Traced(b, x, is_point=True, fresh=True), *arrays, **leaves), integers)


def _chosen(b: Builder, batch: BatchSpec, n: int, sample: int) -> Node:
    """The numbers of the samples of a step's minibatch, of n."""
    source = RandomSource.of(b, Stream.MINIBATCH, batch.shared)
    if batch.sampling == "replacement":
        if sample and batch.size > MOST_SAMPLES_OF_AN_EVALUATION:
            refuse(
                f"another sample of the same step needs minibatches of at most {MOST_SAMPLES_OF_AN_EVALUATION} rows; "
                f"batch_size is {batch.size}", "leave out sample="
            )  # fmt: skip
        return source.draw("draw_integer", batch.size, sample * BLOCKS_PER_EVALUATION, n)
    if sample:
        refuse('another sample of the same step needs sampling="replacement"', "leave out sample=")
    if batch.sampling == "cyclic":
        return cyclic(b, batch.size, n)
    return source.draw_shuffled(batch.size, n, once=batch.sampling == "shuffle_once")
