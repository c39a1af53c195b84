"""What a `Swarm` shows of its points: snapshots, positions, densities."""

from __future__ import annotations

import numpy as np
import pytest
from support.swarms import X0, S

import fastdescent as fd


def test_snapshot() -> None:
    swarm = fd.Swarm(S, X0, fd.GD(lr=0.001))
    swarm.step(5)
    x = swarm.x.reshape(-1, 2)
    out = swarm.snapshot()
    assert out.dtype == np.float32
    assert np.array_equal(out, np.column_stack([x, S(x)]).astype(np.float32))
    wide = np.full((400, 8), 9, np.float32)
    view = wide[:, 2:5]
    assert swarm.snapshot(view) is view
    assert np.array_equal(view, out)
    assert (wide[:, 5:] == 9).all()


def test_snapshot_of_other_dimensions() -> None:
    line = fd.Swarm(fd.surface("x**2"), [[3.0], [4.0]], fd.GD(lr=0.25))
    assert line.snapshot().tolist() == [[3, 0, 9], [4, 0, 16]]
    r = fd.surfaces.rosenbrock(dim=4)
    x0 = np.arange(8.0).reshape(2, 4)
    space = fd.Swarm(r, x0, fd.GD(lr=1e-6))
    assert np.array_equal(space.snapshot(plane=(3, 1)), np.column_stack([x0[:, [3, 1]], r(x0)]).astype(np.float32))
    with pytest.raises(ValueError, match="plane must say which two of the 4 coordinates"):
        space.snapshot()


def test_positions() -> None:
    swarm = fd.Swarm(S, X0, fd.GD(lr=0.001), dtype="float32")
    x = swarm.positions()
    assert x.dtype == np.float32
    assert np.array_equal(x, X0.reshape(-1, 2).astype(np.float32))
    out = np.empty((400, 2))
    assert swarm.positions(out) is out
    assert np.array_equal(out, x)


def test_what_is_too_large_for_float32_is_infinite() -> None:
    swarm = fd.Swarm(S, [[1e300, 0.0], [0.0, 0.0]], fd.GD(lr=0.1))
    assert swarm.snapshot().tolist() == [[np.inf, 0, np.inf], [0, 0, 170]]
    assert swarm.positions(np.empty((2, 2), np.float32))[0, 0] == np.inf


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32", "float64"])
def test_density(dtype: str) -> None:
    x0 = np.random.default_rng(0).normal(0, 1, (40_000, 2))
    x0[:3] = [[4, 3], [-4, -3], [4.000001, 0]]
    x0[3:5] = 1e300
    swarm = fd.Swarm(S, x0, fd.GD(lr=0.001))
    out = np.full((20, 30), 7, dtype)
    assert swarm.density(out, (-4, 4, -3, 3)) is out
    counts = np.histogram2d(x0[:, 1], x0[:, 0], bins=(20, 30), range=((-3, 3), (-4, 4)))[0]
    assert np.array_equal(out, np.minimum(counts, 255) if dtype == "uint8" else counts)
    assert counts.max() > 255


def test_density_is_cut_and_takes_a_plane() -> None:
    r = fd.surfaces.sphere(dim=3)
    swarm = fd.Swarm(r, np.tile([0.5, 1.5, 2.5], (300, 1)), fd.GD(lr=0.1))
    out = swarm.density(np.empty((3, 2), np.uint8), (0, 2, 0, 3), plane=(1, 2))
    assert out.tolist() == [[0, 0], [0, 0], [0, 255]]
    assert swarm.density(np.empty((3, 2), int), (0, 2, 0, 3), plane=(0, 1)).tolist() == [[0, 0], [300, 0], [0, 0]]
