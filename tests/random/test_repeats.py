"""A second phase from the endpoints of a random run, with its seed: a warning, wherever they can be recognized."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import fastdescent as fd

S = fd.surfaces.himmelblau()
X0 = fd.uniform(S.window, 6, seed=1)
ROWS = fd.finite_sum(lambda w, a: np.mean((a @ w - 1.0) ** 2), dim=2, data=(np.eye(4, 2),))
NOISY: dict[str, Any] = {"noise": 0.1, "max_steps": 5}


def first(surface: fd.Surface = S, optimizer: Any = None, **options: Any) -> fd.Descent:
    return fd.descend(surface, X0, optimizer or fd.GD(0.01), **{"max_steps": 5, "seed": 7, **options})


@pytest.mark.parametrize(
    ("surface", "optimizer", "options", "text"),
    [
        (S, fd.GD(0.01), {"noise": 0.1}, "repeats the noise of its first steps; go on with fd.resume"),
        (ROWS, fd.GD(0.01), {"batch_size": 2}, "repeats the minibatches of its"),
        (ROWS, fd.GD(0.01), {"batch_size": 2, "noise": 1.0}, "repeats the minibatches and the noise of its"),
        (S, fd.Langevin(0.01, temperature=1.0), {}, "repeats the random numbers of the optimizer of its"),
    ],
)
def test_the_same_seed_warns(surface: fd.Surface, optimizer: Any, options: dict[str, Any], text: str) -> None:
    run = first(surface, optimizer, **options)
    for x in (run.x, run.x[2:], run.x.reshape(2, 3, 2), run.x[::-1]):
        with pytest.warns(UserWarning, match=rf"^x0 is where a run with seed 7 ended.*{text}") as caught:
            fd.descend(surface, x, optimizer, max_steps=5, seed=7, **options)
        assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=text) as caught:
        fd.Swarm(surface, run.x, optimizer, seed=7, **options)
    assert caught[0].filename == __file__


def test_what_repeats_nothing_is_silent() -> None:
    run = first(noise=0.1, keep_state=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fd.descend(S, run.x, fd.GD(0.01), seed=8, **NOISY)
        fd.descend(S, run.x, fd.GD(0.01), seed=7, first_index=6, **NOISY)
        fd.descend(S, run.x, fd.GD(0.01), seed=7, max_steps=5)
        fd.descend(S, run.x, fd.Langevin(0.01, temperature=1.0), seed=7, max_steps=5)
        fd.descend(S, X0, fd.GD(0.01), seed=7, **NOISY)
        fd.descend(S, run.x.tolist(), fd.GD(0.01), seed=7, **NOISY)
        fd.resume(run, max_steps=9)
        run.classify()
        exact = first()
        fd.descend(S, exact.x, fd.GD(0.01), seed=7, **NOISY)
        cyclic = first(ROWS, batch_size=2, sampling="cyclic")
        fd.descend(ROWS, cyclic.x, fd.GD(0.01), seed=7, batch_size=2, sampling="cyclic", max_steps=5)


def test_the_warning_is_true() -> None:
    run = first(fd.surface("0*x + 0*y"), noise=1.0)
    with pytest.warns(UserWarning, match="seed 7"):
        again = fd.descend(fd.surface("0*x + 0*y"), run.x, fd.GD(0.01), seed=7, noise=1.0, max_steps=5)
    assert np.allclose(again.x - run.x, run.x - np.asarray(X0))


def test_endpoints_that_went_on_are_recognized_too() -> None:
    run = fd.resume(first(noise=0.1, keep_state=True), max_steps=8)
    with pytest.warns(UserWarning, match="seed 7"):
        fd.descend(S, run.x, fd.GD(0.01), seed=7, **NOISY)
