"""Helpers of all tables: operands as traced arrays, results, axes, options."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace.kinds import Kind, flags, kind_of
from fastdescent.program.trace.numpy.ufunc_methods import is_float64
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def result(b: Builder, node: Node, is_bool: bool = False) -> Traced:
    return Traced(b, node, is_bool=is_bool, fresh=True)


def of_kind(b: Builder, node: Node, kind: Kind) -> Traced:
    return Traced(b, node, fresh=True, **flags(kind))


def array_of(b: Builder, a: Any) -> Traced:
    return a if isinstance(a, Traced) else Traced(b, as_node(b, a), **flags(kind_of(a)))


def axes_of(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(shape)))
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(np.lib.array_utils.normalize_axis_index(k, len(shape)) for k in given))
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis={axis} names an axis twice")
    return axes


def refuse_options(dtype: Any, out: Any) -> None:
    if (out is not None and out is not np._NoValue) or not is_float64(dtype):
        refuse("out=, or a dtype that is not float64,", "leave it out")
