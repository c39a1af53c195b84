"""Primitives that write updates to known places of an array: `x.at[i].set(v)`, `.add(v)` and the like.

Where each element of the updates goes, the gather with the same places tells, since it is the transposed operation.
Elements of the updates that go to one place follow each other in rounds: those that are the first there, the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from fastdescent.program.trace.jax.elementwise import Rule
from fastdescent.program.trace.jax.moving import known
from fastdescent.program.trace.jax.values import is_bool

Indices = npt.NDArray[np.int64]


def _scattering(combine: Callable[[Any, Any], Any]) -> Rule:
    def rule(equation: Any, a: Any, indices: Any, updates: Any) -> Any:
        places = known(indices, "a place to write to", "write by jnp.where(jnp.arange(n) == i, new, x)")
        targets = _targets(equation, a.shape, places, updates.shape)
        flat, new = np.reshape(a, -1), np.reshape(updates, -1)
        for sources in _rounds(targets):
            where = targets[sources]
            written = combine(flat[where], new[sources])
            order = np.arange(a.size)
            order[where] = a.size + np.arange(where.size)
            flat = np.concatenate([flat, written])[order]
        return np.reshape(flat, a.shape)

    return rule


def _targets(equation: Any, shape: tuple[int, ...], places: Any, updates: tuple[int, ...]) -> Indices:
    """The flat index of the element that each update goes to, -1 for none."""
    numbers, lax = equation.params["dimension_numbers"], jax.lax
    batch = getattr(numbers, "operand_batching_dims", ())  # which earlier versions of JAX lack
    batches = (
        {"operand_batching_dims": batch, "start_indices_batching_dims": numbers.scatter_indices_batching_dims}
        if batch
        else {}
    )
    inserted = {*numbers.inserted_window_dims, *batch}
    window = iter(updates[k] for k in numbers.update_window_dims)
    back = lax.GatherDimensionNumbers(
        offset_dims=numbers.update_window_dims,
        collapsed_slice_dims=numbers.inserted_window_dims,
        start_index_map=numbers.scatter_dims_to_operand_dims,
        **batches,
    )
    found = lax.gather(
        np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape), places, back,
        tuple(1 if k in inserted else next(window) for k in range(len(shape))),
        mode=equation.params["mode"], fill_value=-1,
    )  # fmt: skip
    return np.asarray(found, np.int64).ravel()


def _rounds(targets: Indices) -> list[Indices]:
    """The positions of the updates that are the first at their targets, the second, and so on."""
    order = np.argsort(targets, kind="stable")
    ordered = targets[order]
    starts = np.searchsorted(ordered, ordered)
    turns = np.arange(len(targets)) - starts
    valid = ordered >= 0
    return [np.sort(order[valid & (turns == k)]) for k in range(int(turns[valid].max(initial=-1)) + 1)]


def _set(old: Any, new: Any) -> Any:
    return new if is_bool(new) == is_bool(old) else new + 0.0


SCATTERING: dict[str, Rule] = {
    "scatter": _scattering(_set),
    "scatter-add": _scattering(np.add),
    "scatter-sub": _scattering(np.subtract),
    "scatter-mul": _scattering(np.multiply),
    "scatter-min": _scattering(np.minimum),
    "scatter-max": _scattering(np.maximum),
}
