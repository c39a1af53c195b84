"""Sweeps as labelled arrays of xarray, which is imported when one is asked for, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastdescent._sweep.sweep import Sweep


def dataset_of(grid: Sweep) -> Any:
    """An `xarray.Dataset`; raises ImportError, with the remedy, if xarray is missing."""
    try:
        import xarray
    except ImportError:
        raise ImportError("to_xarray needs xarray: pip install xarray") from None
    n_leading = len(grid.shape) - len(grid.axes)
    starts = ["start"] if n_leading == 1 else [f"start_{k}" for k in range(n_leading)]
    dims = (*grid.axes, *starts)
    arrays = {
        "x": grid.x, "fun": grid.fun, "grad_norm": grid.grad_norm, "nit": grid.nit, "status": grid.status,
        "average": grid.average, **grid.reduced,
    }  # fmt: skip
    variables = {}
    for name, values in arrays.items():
        if values is not None:
            behind = values.ndim - len(dims)
            is_point = behind and values.shape[-1] == grid.surface.dim
            others = [f"{name}_{k}" for k in range(behind - 1)]
            last = ["coordinate" if is_point else f"{name}_{behind - 1}"] if behind else []
            variables[name] = ((*dims, *others, *last), np.asarray(values))
    coordinates = {**grid.axes, "coordinate": list(grid.surface.variables)}
    about = {"surface": grid.surface.name, "optimizer": repr(grid.optimizer), "gradient": grid.gradient,
             "seed": grid.seed}  # fmt: skip
    return xarray.Dataset(variables, coordinates, about)
