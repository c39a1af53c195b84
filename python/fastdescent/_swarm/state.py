"""The state of a swarm as plain arrays, to be saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.status import Status, Unended
from fastdescent._run.stepper import Stepper
from fastdescent.engines.protocol import Live

Array = npt.NDArray[Any]


def state_of(stepper: Stepper) -> dict[str, Array]:
    """Copies of x (n, dim), the rest of the state (n, k), nit and status (n,)."""
    live = stepper.live
    rest = live.state[:, live.x.shape[1] :]
    return {"x": live.x.copy(), "state": rest.copy(), "nit": live.nit.copy(), "status": live.status.copy()}


def live_of(stepper: Stepper, state: Mapping[str, Any]) -> Live:
    """Copies of the arrays of a state, checked to fit the stepper."""
    if not isinstance(state, Mapping):
        raise TypeError(f"state must be a mapping, such as state_dict() returns; got {checks.shown(state)}")
    live = stepper.live
    (n, dim), dtype = live.x.shape, live.x.dtype
    wanted = {
        "x": (dtype, (n, dim)),
        "state": (dtype, (n, live.state.shape[1] - dim)),
        "nit": (live.nit.dtype, (n,)),
        "status": (live.status.dtype, (n,)),
    }
    found = {}
    for name, (kind, shape) in wanted.items():
        if name not in state:
            raise ValueError(f"state must hold {', '.join(wanted)}; {name} is missing")
        found[name] = array = np.asarray(state[name])
        if array.dtype != kind:
            raise TypeError(f"state[{name!r}] must be an array of {kind}, as in this swarm; got {array.dtype}")
        if array.shape != shape:
            raise ValueError(f"state[{name!r}] must have shape {shape}, as in this swarm; got {array.shape}")
    _check_range("nit", found["nit"], 0, stepper.options.max_steps)
    _check_range("status", found["status"], Unended.RUNNING, max(Status))
    whole = np.concatenate([found["x"], found["state"]], axis=1)
    return Live(found["x"].copy(), whole, found["nit"].copy(), found["status"].copy())


def _check_range(name: str, values: Array, low: int, high: int) -> None:
    bad = values[(values < low) | (values > high)]
    if len(bad):
        raise ValueError(f"state[{name!r}] must be in {low} ... {high:d}; got {bad[0]}")
