"""Primitives that only move elements.

Where NumPy has a view, so has the rule. Otherwise JAX itself moves the *flat indices* of the elements, 0, 1, 2, ... in
C order, counted through all operands, and the elements with these indices are gathered.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from fastdescent.program.graph.build import constant_value
from fastdescent.program.trace.jax.elementwise import Rule
from fastdescent.program.trace.jax.values import is_bool
from fastdescent.program.trace.numpy.moving import elements_at
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced

_MOST_PLACES = 1024  #: places that an index which depends on the point may name


def moved(equation: Any, arrays: Sequence[Any], *others: Any, outside: float = 0.0, **changed: Any) -> Traced:
    """The primitive of the equation on `arrays`, with known operands behind them; `outside` where an index is -1."""
    b = next(a.builder for a in arrays if isinstance(a, Traced))
    nodes = [as_node(b, a) for a in arrays]
    ends = [*itertools.accumulate((n.size for n in nodes), initial=0)]
    indices = [
        np.arange(start, start + n.size, dtype=np.int32).reshape(n.shape) for start, n in zip(ends, nodes, strict=False)
    ]
    flat_indices = np.asarray(equation.primitive.bind(*indices, *others, **{**equation.params, **changed}))
    flat = b.concatenate([b.reshape(n, (n.size,)) for n in nodes], 0) if len(nodes) > 1 else nodes[0]
    found = elements_at(b, flat, np.maximum(flat_indices, 0))
    if np.any(flat_indices < 0):
        found = b.select(b.const(flat_indices >= 0), found, b.const(outside))
    return Traced(b, found, is_bool=all(is_bool(a) for a in arrays), fresh=True)


def known(value: Any, what: str, instead: str) -> Any:
    """An operand that must be known, as an array of integers."""
    found = constant(value)
    if found is None:
        refuse(f"{what} that depends on the point", instead)
    return found


def constant(value: Any) -> Any:
    """The numbers as integers if they are known, otherwise None."""
    if not isinstance(value, Traced):
        return np.asarray(value)
    numbers = constant_value(value.node)
    return None if numbers is None else numbers.astype(np.int32)


# ---------------------------------------------------------------------- views
def _broadcast_in_dim(equation: Any, a: Any, *shape: Any) -> Any:
    wanted, kept = equation.params["shape"], equation.params["broadcast_dimensions"]
    wide = [1] * len(wanted)
    for axis, n in zip(kept, a.shape, strict=True):
        wide[axis] = n
    return np.broadcast_to(a.reshape(wide), wanted)


def _reshape(equation: Any, a: Any) -> Any:
    order = equation.params["dimensions"]
    return np.reshape(a if order is None else np.transpose(a, order), equation.params["new_sizes"])


def _slice(equation: Any, a: Any) -> Any:
    start, stop = equation.params["start_indices"], equation.params["limit_indices"]
    steps = equation.params["strides"] or (1,) * len(start)
    return a[tuple(slice(*ends) for ends in zip(start, stop, steps, strict=True))]


def _squeeze(equation: Any, a: Any) -> Any:
    return np.squeeze(a, tuple(equation.params["dimensions"]))


# ---------------------------------------------------------------------- constant places
def _all_moved(equation: Any, *arrays: Any) -> Traced:
    return moved(equation, arrays)


def _concatenate(equation: Any, *arrays: Any) -> Any:
    return np.concatenate(arrays, equation.params["dimension"])


def _stack(equation: Any, *arrays: Any) -> Any:
    return np.stack(arrays, equation.params["axis"])


def _tile(equation: Any, a: Any) -> Any:
    return np.tile(a, equation.params["reps"])


def _split(equation: Any, a: Any) -> Any:
    ends = np.cumsum(equation.params["sizes"])[:-1]
    return np.split(a, ends, equation.params["axis"])


def _dynamic_update_slice(equation: Any, a: Any, update: Any, *starts: Any) -> Traced:
    places = [known(s, "a place to write to", "write by jnp.where(jnp.arange(n) == i, new, x)") for s in starts]
    return moved(equation, (a, update), *places)


# ---------------------------------------------------------------------- places that may depend on the point
def _dynamic_slice(equation: Any, a: Any, *starts: Any) -> Any:
    last = [n - size for n, size in zip(a.shape, equation.params["slice_sizes"], strict=True)]
    return _at_each([*starts], last, lambda places: moved_or_known(equation, a, *places))


def moved_or_known(equation: Any, a: Any, *places: Any) -> Any:
    if isinstance(a, Traced):
        return moved(equation, (a,), *places)
    return np.asarray(equation.primitive.bind(a, *places, **equation.params))


def _gather(equation: Any, a: Any, indices: Any) -> Any:
    """By known indices, or by those of one axis or two of which every value is tried."""
    missing = equation.params["fill_value"]
    missing = np.nan if missing is None else float(missing)

    def at(places: Any) -> Any:
        if isinstance(a, Traced):
            return moved(equation, (a,), places, outside=missing, fill_value=-1)
        return np.asarray(equation.primitive.bind(a, places, **equation.params))

    found = constant(indices)
    if found is not None:
        return at(found)
    columns = [indices[..., k] for k in range(indices.shape[-1])]
    named = equation.params["dimension_numbers"].start_index_map
    last = [a.shape[axis] - equation.params["slice_sizes"][axis] for axis in named]
    rank = len(equation.outvars[0].aval.shape)
    offsets = equation.params["dimension_numbers"].offset_dims
    wide = [1 if k in offsets else n for k, n in enumerate(equation.outvars[0].aval.shape)]

    def chosen(column: Any) -> Any:
        return column.reshape(wide) if rank else column

    result = _at_each(columns, last, lambda places: at(np.stack(places, -1)), chosen)
    if equation.params["mode"] == jax.lax.GatherScatterMode.FILL_OR_DROP:
        for column, most in zip(columns, last, strict=True):
            result = np.where((chosen(column) >= 0) & (chosen(column) <= most), result, missing)
    return result


def _at_each(columns: list[Any], last: list[int], at: Any, seen: Any = lambda column: column) -> Any:
    """at(places), where each traced column is one of 0, ..., last: all are tried, and one is selected."""
    found = [constant(c) for c in columns]
    places = [None if place is None else place.astype(np.int32) for place in found]
    traced = [k for k, place in enumerate(places) if place is None]
    n_places = int(np.prod([last[k] + 1 for k in traced])) if traced else 1
    if n_places > _MOST_PLACES:
        refuse(f"an index that depends on the point, of {n_places} places", f"at most {_MOST_PLACES} can be told apart")
    result: Any = None
    for tried in itertools.product(*(range(last[k] + 1) for k in traced)):
        for k, place in zip(traced, tried, strict=True):
            places[k] = np.full(np.shape(columns[k]), place, np.int32)
        value = at(places)
        if result is None:
            result = value
            continue
        holds: Any = True
        for k, place in zip(traced, tried, strict=True):  # JAX clamps indices
            column = seen(columns[k])
            is_here = column >= place if place == last[k] else column <= 0 if place == 0 else column == place
            holds = is_here if holds is True else holds & is_here
        result = np.where(holds, value, result)
    return result


MOVING: dict[str, Rule] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "concatenate": _concatenate,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "expand_dims": lambda equation, a: np.expand_dims(a, tuple(equation.params["dimensions"])),
    "gather": _gather,
    "pad": _all_moved,
    "reshape": _reshape,
    "rev": lambda equation, a: np.flip(a, tuple(equation.params["dimensions"])),
    "slice": _slice,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "tile": _tile,
    "transpose": lambda equation, a: np.transpose(a, equation.params["permutation"]),
}
