"""A formula that is a mean over rows of data, over some of them: drawn anew for each trajectory and step."""

from __future__ import annotations

from dataclasses import dataclass

from fastdescent._base.at_top import at_top
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.differentiate import gradient
from fastdescent.program.graph.nodes import Node
from fastdescent.program.step.formula import POINT, Formula
from fastdescent.program.step.randomness import BLOCKS_OF_CALL, Source, Stream, gather
from fastdescent.program.trace.context import tracing
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


@at_top
@dataclass(frozen=True)
class BatchSpec:
    """Which rows a step sees."""

    size: int
    shuffled: bool  #: epochs that take all rows in a fresh order each; else with replacement
    shared: bool  #: all trajectories see the same ones


def of_batch(formula: Formula, batch: BatchSpec) -> Formula:
    """In a graph of its own: f and its gradient are those of the rows of a step."""
    b = Builder()
    x = b.graph.leaf("input", POINT, (formula.dim,))
    fun = mean_over(b, x, formula, batch)
    return Formula(b, x, fun, gradient(b, fun, x), formula.params, formula.rows)


def mean_over(b: Builder, x: Node, formula: Formula, batch: BatchSpec, sample: int = 0) -> Node:
    """f at x, over the rows of one of a step's samples."""
    rows = formula.rows
    if rows is None or rows.function is None:
        raise ValueError("minibatches need the function behind the surface, which its pickle could not hold")
    source = Source.of(b, Stream.ROWS, batch.shared)
    if batch.shuffled:
        if sample:
            refuse('another sample of the same step needs sampling="replacement"', "leave out sample=")
        which = source.draw_shuffled(batch.size, rows.n)
    else:
        which = source.draw("draw_integer", batch.size, sample * BLOCKS_OF_CALL, rows.n)
    arrays = [Traced(b, gather(b, which, b.const(array))) for array in rows.arrays]
    leaves = {name: Traced(b, b.graph.leaf("param", name, shape)) for name, shape in formula.params.items()}
    with tracing():
        fun = as_node(b, rows.function(Traced(b, x, is_point=True), *arrays, **leaves))
    if fun.size != 1:
        refuse(f"the function returned shape {fun.shape} for {batch.size} rows, not one number", "return their mean")
    return b.reshape(fun, ())
