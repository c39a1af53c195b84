"""`resume` goes on with the bits of one long run; `final=False` leaves f out."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from support import parity

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.grid(S.window, (20, 20))
CASES: list[tuple[Any, dict[str, Any]]] = [
    (fd.GD(lr=0.002), {}),
    (fd.Adam(lr=lambda t: 0.1 / (1 + 0.1 * t)), {"dtype": "float32"}),
    (fd.RMSprop(lr=np.linspace(1e-3, 1e-1, 20), momentum=0.5, centered=True), {}),
    (fd.Momentum(lr=0.01), {"gtol": None, "escape_radius": None}),  # some leave the region without f
    (fd.LineSearch(), {"xtol": 1e-5, "ftol": 1e-9}),
    (fd.Momentum(lr=0.005), {"bounds": (-3, 3), "boundary": "reflect"}),
]


@pytest.mark.parametrize(("optimizer", "options"), CASES, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("stops", [(0, 40), (7, 40), (13, 14, 40), (40, 40)])
def test_the_same_bits_as_one_long_run(optimizer: Any, options: dict[str, Any], stops: tuple[int, ...]) -> None:
    long = fd.descend(S, X0, optimizer, max_steps=40, **options)
    run = fd.descend(S, X0, optimizer, max_steps=stops[0], keep_state=True, **options)
    for max_steps in stops[1:]:
        run = fd.resume(run, max_steps=max_steps)
    assert parity.same_bits(run, long)


def test_after_cancelling_and_after_a_pickle() -> None:
    long = fd.descend(S, X0, fd.Momentum(lr=1e-5), max_steps=30_000)
    cut = fd.descend(S, X0, fd.Momentum(lr=1e-5), max_steps=30_000, keep_state=True, progress=lambda done, total: False)
    again = pickle.loads(pickle.dumps(cut))
    assert parity.same_bits(fd.resume(again, max_steps=30_000), long)


def test_final_false_leaves_f_out() -> None:
    run = fd.descend(S, X0, fd.GD(lr=0.01), final=False)
    assert np.isnan(run.fun).all()
    assert np.isnan(run.grad_norm).all()
    assert run.fun.shape == run.grad_norm.shape == (20, 20)
    assert np.array_equal(run.x, fd.descend(S, X0, fd.GD(lr=0.01)).x)


def test_what_cannot_be_resumed() -> None:
    run = fd.descend(S, X0, fd.GD(lr=0.01), max_steps=5)
    with pytest.raises(ValueError, match="keep_state=True"):
        fd.resume(run, max_steps=10)
    kept = fd.descend(S, X0, fd.GD(lr=0.01), max_steps=5, keep_state=True)
    with pytest.raises(ValueError, match="max_steps must be 5 or greater, the updates already made included; got 4"):
        fd.resume(kept, max_steps=4)
    with pytest.raises(TypeError, match="run must be a Descent; got 3"):
        fd.resume(3, max_steps=4)
