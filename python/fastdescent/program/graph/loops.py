"""Loops over strided operands, reduced to the three levels that an instruction has.

A worked example: the sum of arrays (2, 3, 4, 5), the first of which is broadcast from (2, 1, 4, 5). Axes 2 and 3 are
neighbours in memory in all arrays, and become one loop of length 20. The loops are 2, 3 and 20: one instruction. With
one more loop in front, say of length 2, there would be two instructions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from fastdescent.program.graph.views import View


def nest(out: View, operands: Sequence[View], axes: tuple[int, ...] | None) -> Iterator[list[int]]:
    """The instructions of one operation, each as three lengths, then offset and strides of the result and each operand.

    `axes` are the axes of the operands that a reduction sums, in the innermost loop; None for elementwise operations.
    """
    if not operands[0].shape or 0 not in operands[0].shape:
        shape, strides = _dimensions(out, operands, axes)
        yield from _instructions(shape, strides, [out.offset, *(v.offset for v in operands)], reduces=axes is not None)


def is_progression(operands: Sequence[View], axes: tuple[int, ...]) -> bool:
    """Whether one loop runs through `axes` of all operands in C order."""
    shape = [operands[0].shape[k] for k in axes]
    return len(_merged(shape, [[v.strides[k] for v in operands] for k in axes])[0]) <= 1


Dimensions = tuple[list[int], list[list[int]]]


def _dimensions(out: View, operands: Sequence[View], axes: tuple[int, ...] | None) -> Dimensions:
    """Loop lengths and, for each loop, the strides of the result and each operand."""
    n_axes = len(operands[0].shape)
    summed = axes or ()
    kept = [k for k in range(n_axes) if k not in summed]
    shape = [operands[0].shape[k] for k in (*kept, *summed)]
    strides = [[out.strides[i], *(v.strides[k] for v in operands)] for i, k in enumerate(kept)]
    strides += [[0, *(v.strides[k] for v in operands)] for k in summed]
    n_levels = 3 if axes is None else 2
    outer = _longest_last(*_merged(shape[: len(kept)], strides[: len(kept)]), n_levels)
    inner = _merged(shape[len(kept) :], strides[len(kept) :])
    if axes is None:
        return outer
    if len(inner[0]) > 1:
        raise AssertionError("a reduction runs over one progression; its operand is copied first")
    return outer[0] + (inner[0] or [1]), outer[1] + (inner[1] or [[0] * (len(operands) + 1)])


def _longest_last(lengths: list[int], steps: list[list[int]], n: int) -> Dimensions:
    """The loops with the n longest last, since others become separate instructions; else the order stays."""
    order = sorted(range(len(lengths)), key=lambda k: lengths[k])
    order = sorted(order[:-n]) + sorted(order[-n:])
    return [lengths[k] for k in order], [steps[k] for k in order]


def _merged(shape: Sequence[int], strides: Sequence[list[int]]) -> Dimensions:
    """Neighbouring loops that run through one progression become one loop; loops of length 1 are dropped."""
    lengths: list[int] = []
    steps: list[list[int]] = []
    for n, step in zip(shape, strides, strict=True):
        if n == 1:
            continue
        if lengths and steps[-1] == [s * n for s in step]:
            lengths[-1] *= n
            steps[-1] = step
        else:
            lengths.append(n)
            steps.append(step)
    return lengths, steps


def _instructions(shape: list[int], strides: list[list[int]], offsets: list[int], reduces: bool) -> Iterator[list[int]]:
    """Loops before the last three are unrolled: one instruction per index. Missing loops have length 1.

    The loop that a reduction sums stays innermost. Without reduction, a single loop is the outer one.
    """
    missing = 3 - len(shape)
    ones, flat = [1] * missing, [[0] * len(offsets)] * missing
    n_before = max(len(shape) - 1, 0) if reduces else len(shape)
    shape, strides = shape[:n_before] + ones + shape[n_before:], strides[:n_before] + flat + strides[n_before:]
    for index in itertools.product(*(range(n) for n in shape[:-3])):
        moved = [o + sum(i * s[k] for i, s in zip(index, strides, strict=False)) for k, o in enumerate(offsets)]
        columns = shape[-3:]
        for k, offset in enumerate(moved):
            columns += [offset, *(s[k] for s in strides[-3:])]
        yield columns
