"""Products of matrices and convolutions, and reductions of windows that slide over arrays."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from fastdescent.program.trace.jax.elementwise import Rule
from fastdescent.program.trace.numpy.moving import elements_at
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced


def _dot_general(equation: Any, p: Any, q: Any) -> Any:
    """The axes of the batch, those of p alone, and those of q alone; summed over the axes that both contract."""
    (left, right), (batch_left, batch_right) = equation.params["dimension_numbers"]
    letters = iter(string.ascii_letters)
    of_p = [next(letters) for _ in range(p.ndim)]
    of_q = [next(letters) for _ in range(q.ndim)]
    for i, j in zip((*left, *batch_left), (*right, *batch_right), strict=True):
        of_q[j] = of_p[i]
    batch = [of_p[k] for k in batch_left]
    summed = {of_p[k] for k in left}
    out = batch + [c for c in of_p if c not in summed and c not in batch]
    out += [c for c in of_q if c not in summed and c not in batch]
    return np.einsum(f"{''.join(of_p)},{''.join(of_q)}->{''.join(out)}", p, q)


def _windows(
    a: Any, sizes: Sequence[int], strides: Sequence[int], padding: Any, spread: Any, dilation: Any, outside: float
) -> Any:
    """The windows that slide over all axes: first the axes of places, then those of the windows.

    `spread` is the distance of neighbours of `a` before, `dilation` the same within a window.
    """
    flat = np.arange(1, a.size + 1, dtype=np.int32).reshape(a.shape)
    widths = [(low, high, step - 1) for (low, high), step in zip(padding, spread, strict=True)]
    padded = np.asarray(jax.lax.pad(flat, np.int32(0), widths))
    spans = tuple((n - 1) * step + 1 for n, step in zip(sizes, dilation, strict=True))
    every = np.lib.stride_tricks.sliding_window_view(padded, spans)
    places = every[(*(slice(None, None, s) for s in strides), *(slice(None, None, s) for s in dilation))]
    if not isinstance(a, Traced):
        return np.where(places > 0, np.ravel(a)[np.maximum(places - 1, 0)], outside)
    b = a.builder
    found = elements_at(b, a.node, np.maximum(places - 1, 0).astype(np.int64))
    return Traced(b, found if places.all() else b.select(b.const(places > 0), found, b.const(outside)), fresh=True)


def _convolution(equation: Any, a: Any, kernel: Any) -> Any:
    """As lax.conv_general_dilated: patches of `a`, times the kernel, summed over the channels and the window."""
    params = equation.params
    if params["batch_group_count"] != 1:
        refuse("a convolution in groups of a batch", "convolve each part by itself")
    numbers, groups = params["dimension_numbers"], params["feature_group_count"]
    signal, weights = np.transpose(a, numbers.lhs_spec), np.transpose(kernel, numbers.rhs_spec)
    ones = (1, 1)
    n, channels = signal.shape[:2]
    patches = _windows(
        signal, (*ones, *weights.shape[2:]), (*ones, *params["window_strides"]), ((0, 0), (0, 0), *params["padding"]),
        (*ones, *params["lhs_dilation"]), (*ones, *params["rhs_dilation"]), 0.0,
    )  # fmt: skip
    space, size = patches.shape[2 : signal.ndim], int(np.prod(weights.shape[2:]))
    patches = patches.reshape(n, groups, channels // groups, int(np.prod(space)), size)
    weights = weights.reshape(groups, weights.shape[0] // groups, weights.shape[1], size)
    result = np.einsum("ngcpk,gock->ngop", patches, weights)
    result = result.reshape(n, -1, *space)
    return np.transpose(result, np.argsort(numbers.out_spec))


def _reducing_windows(reduce: Callable[..., Any], outside: float) -> Rule:
    def rule(equation: Any, a: Any) -> Any:
        params = equation.params
        windows = _windows(
            a, params["window_dimensions"], params["window_strides"], params["padding"], params["base_dilation"],
            params["window_dilation"], outside,
        )  # fmt: skip
        return reduce(windows, axis=tuple(range(a.ndim, 2 * a.ndim)))

    return rule


WINDOWS: dict[str, Rule] = {
    "dot_general": _dot_general,
    "conv_general_dilated": _convolution,
    "reduce_window_sum": _reducing_windows(np.sum, 0.0),
    "reduce_window_max": _reducing_windows(np.max, -np.inf),
    "reduce_window_min": _reducing_windows(np.min, np.inf),
}
