"""What a `Swarm` refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.swarms import X0, S

import fastdescent as fd


@pytest.mark.parametrize("name", ["record", "reduce", "final", "keep_state", "progress"])
def test_options_that_have_no_meaning_here(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        fd.Swarm(S, X0, fd.GD(lr=0.1), **{name: None})


SWARM = fd.Swarm(S, X0, fd.GD(lr=0.001))
STATE = SWARM.state_dict()
CUBE = fd.Swarm(fd.surfaces.sphere(dim=3), [[1, 2, 3]], fd.GD(lr=0.1))
PIXELS = np.zeros((4, 4))


def read_only(shape: Sequence[int], dtype: str) -> np.ndarray:
    array = np.zeros(shape, dtype)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fd.Swarm(S, fd.GD(lr=0.1), X0), TypeError, "swapped"),
        (lambda: fd.Swarm(S, X0, fd.GD), TypeError, "instance"),
        (lambda: fd.Swarm(S, X0, fd.GD(lr=0.1), gtol=-1), ValueError, "gtol must be 0 or greater"),
        (lambda: SWARM.step(-1), ValueError, "n must be 0 or greater; got -1"),
        (lambda: SWARM.step(1.5), TypeError, "n must be an integer; got 1.5"),
        (lambda: SWARM.advance(0), ValueError, "budget_ms must be greater than 0; got 0"),
        (lambda: SWARM.advance("16"), TypeError, "budget_ms must be a number; got '16'"),
        (lambda: SWARM.snapshot(np.zeros((400, 3))), TypeError, "out must be an array of float32; got .* float64"),
        (lambda: SWARM.snapshot(np.zeros((3, 400), "f4")), ValueError, r"out must have shape \(400, 3\); got"),
        (lambda: SWARM.snapshot(read_only((400, 3), "f4")), ValueError, "out must be writeable"),
        (lambda: SWARM.snapshot(plane=(0, 2)), ValueError, r"plane\[1\] must be at most 1; got 2"),
        (lambda: CUBE.snapshot(plane=(1, 1)), ValueError, "plane must name two different coordinates"),
        (lambda: CUBE.snapshot(plane=0), TypeError, r"plane must be \(i, j\), two coordinates; got 0"),
        (lambda: SWARM.positions(np.zeros((400, 2), int)), TypeError, "out must be an array of float64 or float32"),
        (lambda: SWARM.positions([]), TypeError, r"out must be an array .* got \[\]"),
        (lambda: SWARM.density(PIXELS, (0, 1, 2)), TypeError, r"extent must be \(left, right, bottom, top\)"),
        (lambda: SWARM.density(PIXELS, (1, 0, 0, 1)), ValueError, "left < right and bottom < top"),
        (lambda: SWARM.density(PIXELS, (0, 1, 0, np.inf)), ValueError, "extent: top must be finite"),
        (lambda: SWARM.density(np.zeros(4), (0, 1, 0, 1)), ValueError, r"out must have shape \(ny, nx\)"),
        (lambda: SWARM.density(PIXELS > 0, (0, 1, 0, 1)), TypeError, "out must be an array of integers or floating"),
        (lambda: SWARM.density(read_only((4, 4), "i4"), (0, 1, 0, 1)), ValueError, "out must be writeable"),
        (lambda: CUBE.density(PIXELS, (0, 1, 0, 1)), ValueError, "plane must say which two of the 3"),
        (
            lambda: fd.Swarm(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1)).density(PIXELS, (0, 1, 0, 1)),
            ValueError,
            "two or more coordinates",
        ),
        (lambda: SWARM.load_state_dict(STATE["x"]), TypeError, "state must be a mapping"),
        (lambda: SWARM.load_state_dict({"x": STATE["x"]}), ValueError, "state is missing"),
        (lambda: SWARM.load_state_dict(STATE | {"x": STATE["x"][1:]}), ValueError, r"state\['x'\] must have shape"),
        (
            lambda: SWARM.load_state_dict(STATE | {"x": STATE["x"].astype("f4")}),
            TypeError,
            r"state\['x'\] must be an array of float64, as in this swarm; got float32",
        ),
        (
            lambda: SWARM.load_state_dict(STATE | {"nit": STATE["nit"] + 20_000}),
            ValueError,
            r"state\['nit'\] must be in 0 ... 10000; got 20000",
        ),
        (
            lambda: SWARM.load_state_dict(STATE | {"status": np.full_like(STATE["status"], 100)}),
            ValueError,
            r"state\['status'\] must be in -1 ... \d+; got 100",
        ),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
    assert (SWARM.steps, SWARM.n_running) == (0, 400)
