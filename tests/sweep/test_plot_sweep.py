"""Pictures of sweeps: colours mean what the legend says, and the stability limit lies where theory has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent.plot._stability import stability_ratios
from fastdescent.plot._sweep import edges_of, is_geometric

pytest.importorskip("matplotlib")

BOWL = fd.surface("a*x**2 + 0.1*y**2", a=1.0)
LRS, MOMENTA = np.geomspace(0.1, 4.0, 40), np.linspace(0.0, 0.9, 30)
GRID = fd.sweep(BOWL, [1.0, 1.0], fd.SGD(), over={"lr": LRS, "momentum": MOMENTA}, max_steps=400)


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def test_cells_are_coloured_by_how_runs_ended() -> None:
    ax = fd.plot.sweep(GRID)
    colours = np.asarray(ax.collections[0].get_array())
    assert colours.shape == (30, 40, 3)
    status = GRID.status.T
    blue, red = colours[status == fd.Status.CONVERGED], colours[status == fd.Status.DIVERGED]
    assert np.all(blue[:, 2] > blue[:, 0])
    assert np.all(red[:, 0] > red[:, 2])
    assert np.all(colours[status == fd.Status.MAX_STEPS] == 228)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lr", "momentum")
    words = [text.get_text() for text in ax.texts]
    assert [w.split(":")[0] for w in words if ":" in w] == ["converged", "diverged", "max steps"]
    assert "stability limit" in words


def test_limit_is_where_theory_has_it() -> None:
    [([lr, momentum], ratio)] = stability_ratios(GRID, ["lr", "momentum"], {}, None)
    np.testing.assert_allclose(ratio, lr[:, np.newaxis] * 2.0 / (2 * (1 + momentum)), rtol=1e-12, atol=1e-290)
    grid = fd.sweep(BOWL, [1.0, 1.0], fd.SGD(weight_decay=0.5), over={"a": [0.5, 1.0, 2.0], "lr": [0.1, 0.4]})
    [([a, lr], ratio)] = stability_ratios(grid, ["a", "lr"], {}, None)
    np.testing.assert_allclose(ratio, lr * 2 * a[:, np.newaxis] / (2 - 0.5 * lr), rtol=1e-12)
    without = fd.sweep(BOWL, [1.0, 1.0], fd.Adam(), over={"lr": LRS})
    assert stability_ratios(without, ["lr"], {}, None) == []


def test_basins_strips_and_choices() -> None:
    h = fd.surfaces.himmelblau()
    grid = fd.sweep(h, [0.0, 0.0], fd.Momentum(), over={"lr": LRS / 100, "momentum": MOMENTA}, max_steps=2000)
    ax = fd.plot.sweep(grid, ends=grid.classify())
    assert any("$f$ = 0" in text.get_text() for text in ax.texts)
    ax = fd.plot.sweep(fd.sweep(h, fd.uniform(h.window, 20), fd.GD(), over={"lr": LRS / 50}, max_steps=500))
    assert ax.get_ylabel() == "steps"
    three = fd.sweep(BOWL, [1.0, 1.0], fd.SGD(), over={"lr": LRS, "momentum": MOMENTA, "a": [1.0, 2.0]}, max_steps=50)
    with pytest.raises(ValueError, match=r"two axes, not lr, momentum, a: choose .* such as at=\{'a': 1\}"):
        fd.plot.sweep(three)
    ax = fd.plot.sweep(three, at={"a": 2.0})
    assert ax.get_title(loc="left").endswith("a=2")


def test_refusals_and_files(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="grid must be a Sweep"):
        fd.plot.sweep(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"ends must be grid.classify\(\), of shape"):
        fd.plot.sweep(GRID, ends=fd.sweep(BOWL, [1.0, 1.0], fd.SGD(), over={"lr": LRS}).classify())
    fd.plot.save(GRID, tmp_path / "grid.png")
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    without_x = fd.sweep(fd.surfaces.himmelblau(), [1.0, 1.0], fd.SGD(), over={"lr": [1e-3, 0.01, 0.1]}, final=False)
    fd.plot.save(without_x, tmp_path / "line.png")


def test_edges_of_cells() -> None:
    assert is_geometric(np.geomspace(1e-3, 1, 7))
    assert not is_geometric(np.linspace(0.1, 1, 7))
    np.testing.assert_allclose(edges_of(np.array([1.0, 10.0, 100.0])), 10.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))
    np.testing.assert_allclose(edges_of(np.array([0.0, 1.0, 2.0])), [-0.5, 0.5, 1.5, 2.5])
