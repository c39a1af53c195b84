"""Operands beside traced arrays: traced arrays, numbers, arrays of numbers, and sequences that mix them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder, constant_value
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.array import TracedArray
from fastdescent.program.trace.source import refuse, refuse_sparse
from fastdescent.program.trace.unknown import Unknown


def as_node(builder: Builder, value: Any) -> Node:
    """The node of an operand: a traced array, a number, an array of numbers, or a sequence that mixes them."""
    if isinstance(value, Unknown) and not isinstance(value, TracedArray):
        refuse(
            "a selection by a condition, x[mask], among arrays: it has as many elements as the condition finds",
            "reduce it, as np.sum(x[mask]), assign it, as y[mask] = x[mask], or write np.where(mask, a, b)",
        )
    if isinstance(value, TracedArray):
        if value.builder is not builder:
            refuse("a traced value of another function appears here", "pass it as an argument")
        return value.node
    if isinstance(value, list | tuple) and holds_traced(value):
        parts = [as_node(builder, v) for v in value]
        shape = parts[0].shape
        if any(p.shape != shape for p in parts):
            refuse(f"a sequence of arrays of shapes {[p.shape for p in parts]}", "give all the same shape")
        return builder.concatenate([builder.reshape(p, (1, *shape)) for p in parts], 0)
    _refuse_special_arrays(value)
    array = np.asarray(value)
    if array.dtype == object and any(isinstance(v, TracedArray) for v in array.flat):
        parts = [builder.reshape(as_node(builder, v), (1,)) for v in array.flat]
        return builder.reshape(builder.concatenate(parts, 0), array.shape)
    if array.dtype == object and array.size:
        array = np.array(array.tolist())  # its elements may all be numbers
    if array.dtype.kind not in "biuf":
        refuse(f"an operand of type {type(value).__name__}, which is not real numbers", "use floats")
    return builder.const(array.astype(np.float64))


def numbers_in(value: Any) -> Any:
    """The value with arrays of numbers in place of traced ones that are constants; None if one is not."""
    if isinstance(value, TracedArray):
        return constant_value(value.node)
    if isinstance(value, dict):
        values = numbers_in(list(value.values()))
        return None if values is None else dict(zip(value, values, strict=True))
    if not isinstance(value, list | tuple):
        return value
    parts = [numbers_in(v) for v in value]
    return None if any(p is None and v is not None for p, v in zip(parts, value, strict=True)) else type(value)(parts)


def holds_traced(value: Any) -> bool:
    """Whether `value` is traced, or a list with a traced value at any depth."""
    if isinstance(value, list | tuple):
        return any(holds_traced(v) for v in value)
    return isinstance(value, TracedArray)


def is_traced_index(key: Any) -> bool:
    """Whether an index holds traced values: a condition, integers, or the places of a condition."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(p, Unknown) or holds_traced(p) or _is_object_array_of_traced(p) for p in parts)


def _is_object_array_of_traced(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and any(isinstance(v, Unknown) for v in value.flat)


def _refuse_special_arrays(value: Any) -> None:
    """Refuses arrays whose operators have another meaning, and arrays that are more than their numbers."""
    if isinstance(value, np.matrix):
        refuse("a np.matrix, whose * is the matrix product", "write M @ x with M = np.asarray(M)")
    if np.ma.is_masked(value):
        refuse("a masked array, some of whose elements are masked", "leave them out, or write np.where(mask, 0.0, x)")
    if hasattr(value, "toarray"):
        refuse_sparse()
