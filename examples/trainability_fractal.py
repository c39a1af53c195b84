"""The edge between learning rates that train a network and those that do not is a fractal.

A network with one hidden layer of 16 tanh units, y = v . tanh(W x) / 16, learns 8 samples by gradient descent of 500
steps, with one learning rate for each layer: a rule of our own with two rates. Each of 1024 x 1024 pairs of rates
starts from the same weights. Blue pairs train, the lighter the sooner; red ones diverge, the darker the later. Two
zooms, each into the 16th part of the last picture in which the edge is longest, show the edge as ragged as before.

After Sohl-Dickstein, The boundary of neural network trainability is fractal, arXiv:2402.06184, 2024.

    python examples/trainability_fractal.py [--quick] [picture.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import fastdescent as fd

UNITS, INPUTS, SAMPLES = 16, 2, 8
DIM = UNITS * (INPUTS + 1)
ZOOM = 16
WINDOW = ((-1.0, 3.0), (-1.0, 3.0))  #: log10 of the rates of the first and of the second layer
_RNG = np.random.default_rng(4)
DATA = _RNG.normal(size=(SAMPLES, INPUTS)), _RNG.normal(size=SAMPLES)
START = _RNG.normal(size=DIM)


@fd.finite_sum(data=DATA, dim=DIM)
def loss(w: Any, X: Any, y: Any) -> Any:
    first, second = w[: UNITS * INPUTS].reshape(INPUTS, UNITS), w[UNITS * INPUTS :]
    return np.mean((np.tanh(X @ first) @ second / UNITS - y) ** 2)


@fd.optimizer
def layerwise(x: Any, grad: Any, state: Any, t: Any, *, first: float, second: float) -> Any:
    """Gradient descent with one learning rate for each layer."""
    g, n = grad(x), UNITS * INPUTS
    return x - np.concatenate([first * g[:n], second * g[n:]]), {}


def panel(window: Any, size: int, n_steps: int) -> fd.Sweep:
    """Each pair of rates at the centres of the cells of a window."""
    first, second = (lo + (np.arange(size) + 0.5) * (hi - lo) / size for lo, hi in window)
    return fd.sweep(
        loss, START, layerwise(), over={"second": 10**second, "first": 10**first}, max_steps=n_steps, gtol=None,
        escape_radius=None, final=False, stop_when=lambda fun: fun > 1e6,
        reduce=[fd.reduce.tail_mean("fun", 20), fd.reduce.mean("fun")],
    )  # fmt: skip


def trains(grid: fd.Sweep) -> np.ndarray:
    """Where the last 20 losses are in the mean less than the first one."""
    last = grid.reduced["tail_mean_fun"]
    return (grid.status == fd.Status.MAX_STEPS) & (last < loss(START))


def edge(trained: np.ndarray) -> np.ndarray:
    """Cells whose neighbour has another verdict."""
    found = np.zeros(trained.shape, bool)
    found[:, 1:] |= trained[:, 1:] != trained[:, :-1]
    found[1:] |= trained[1:] != trained[:-1]
    return found


def into(window: Any, trained: np.ndarray) -> Any:
    """The part of the window, a 16th of its sides, that holds the most of the edge."""
    n = len(trained) // ZOOM
    blocks = edge(trained).reshape(ZOOM, n, ZOOM, n).sum(axis=(1, 3))
    row, column = np.unravel_index(blocks.argmax(), blocks.shape)
    (x_lo, x_hi), (y_lo, y_hi) = window
    dx, dy = (x_hi - x_lo) / ZOOM, (y_hi - y_lo) / ZOOM
    return (x_lo + column * dx, x_lo + (column + 1) * dx), (y_lo + row * dy, y_lo + (row + 1) * dy)


def dimension(trained: np.ndarray) -> float:
    """Box-counting dimension of the edge: the slope of log2 of boxes with an edge, from 4 cells to a 16th of a side."""
    found, counts, sizes = edge(trained), [], []
    size = 4
    while size <= len(trained) // 16:
        n = len(trained) // size
        counts.append(np.count_nonzero(found.reshape(n, size, n, size).any(axis=(1, 3))))
        sizes.append(size)
        size *= 2
    return float(-np.polyfit(np.log2(sizes), np.log2(counts), 1)[0])


def ranked(values: np.ndarray) -> np.ndarray:
    """From 0 to 1 by rank, so that all shades are used."""
    order = values.argsort(kind="stable").argsort(kind="stable")
    return order / max(len(values) - 1, 1)


def picture(grid: fd.Sweep) -> np.ndarray:
    """RGB: of those that train by the mean loss along the way, of the others by how long they lasted."""
    import matplotlib.pyplot as plt

    trained = trains(grid)
    image = np.zeros((*trained.shape, 3))
    speed, lasted = grid.reduced["mean_fun"][trained], grid.nit[~trained] + 0.0
    lasted += 1.0 / (1.0 + np.nan_to_num(grid.reduced["mean_fun"][~trained], nan=1e300))
    image[trained] = plt.colormaps["Blues_r"](0.04 + 0.86 * (1 - ranked(speed)))[:, :3]
    image[~trained] = plt.colormaps["Reds"](0.12 + 0.86 * ranked(lasted))[:, :3]
    return image


def draw(panels: list[Any], path: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.patches import ConnectionPatch, Rectangle

    figure, axes = plt.subplots(1, 3, figsize=(18, 6.6), layout="constrained")
    for ax, (window, grid) in zip(axes, panels, strict=True):
        ax.imshow(picture(grid), origin="lower", extent=(*window[0], *window[1]), interpolation="nearest")
        ax.set(xlabel="log$_{10}$ rate of the first layer", ylabel="log$_{10}$ rate of the second layer")
        ax.set_title(f"{window[0][1] - window[0][0]:.4g} decades; edge of dimension {dimension(trains(grid)):.2f}")
    for (ax, following), (window, _) in zip(((axes[0], axes[1]), (axes[1], axes[2])), panels[1:], strict=True):
        (x_lo, x_hi), (y_lo, y_hi) = window
        ax.add_patch(Rectangle((x_lo, y_lo), x_hi - x_lo, y_hi - y_lo, fill=False, color="black", linewidth=1.5))
        for y in (y_lo, y_hi):
            line = ConnectionPatch((x_hi, y), (x_lo, y), ax.transData, following.transData, color="0.2", alpha=0.6)
            figure.add_artist(line)
    figure.savefig(path, dpi=200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="128 x 128 pairs, 100 steps")
    parser.add_argument("picture", nargs="?", default="trainability_fractal.png", type=Path)
    arguments = parser.parse_args()
    size, n_steps = (128, 100) if arguments.quick else (1024, 500)
    window, panels = WINDOW, []
    print("decades  seconds  trains  dimension of the edge")
    for _ in range(3):
        began = perf_counter()
        grid = panel(window, size, n_steps)
        seconds, trained = perf_counter() - began, trains(grid)
        print(f"{window[0][1] - window[0][0]:7.4f}  {seconds:7.1f}  {trained.mean():6.3f}  {dimension(trained):9.3f}")
        panels.append((window, grid))
        window = into(window, trained)
    draw(panels, arguments.picture)
    print(f"wrote {arguments.picture}")


if __name__ == "__main__":
    main()
