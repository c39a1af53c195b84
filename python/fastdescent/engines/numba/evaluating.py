"""Points through a compiled section, block by block."""

from __future__ import annotations

from typing import NamedTuple

from fastdescent.engines.numba.canonical import canonical
from fastdescent.engines.numba.intrinsics import body, call
from fastdescent.engines.numba.layout import Ints, Reals


class Evaluation(NamedTuple):
    """A section as machine code, and where its inputs and outputs stand."""

    function: int  #: address
    arguments: int
    rows: Reals  #: (n_rows, block)
    input_rows: Ints
    output_rows: Ints


class Points(NamedTuple):
    """What goes in and what comes out."""

    inputs: Reals  #: (n, number of input rows)
    outputs: Reals  #: (n, number of output rows)


@body
def evaluate(e: Evaluation, points: Points, first: int, last: int) -> None:
    """Computes the outputs of points first ... last - 1."""
    block = e.rows.shape[1]
    for begin in range(first, last, block):
        n = min(block, last - begin)
        for k in range(len(e.input_rows)):
            for i in range(n):
                e.rows[e.input_rows[k], i] = points.inputs[begin + i, k]
        call(e.function, e.arguments, 1)
        for k in range(len(e.output_rows)):
            for i in range(n):
                points.outputs[begin + i, k] = canonical(e.rows[e.output_rows[k], i])
