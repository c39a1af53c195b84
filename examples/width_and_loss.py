"""The wider a network, the less its final loss depends on where training began.

Networks with one hidden layer of 2 to 128 units learn to tell two spirals apart. Of each width 1,000 are trained for
500 steps, which differ in nothing but their random first weights (He's). Small networks end at very different losses.
The wider they are, the closer together the losses lie: poor minima are hardly ever found. The losses themselves fall,
too; but from 4 to 64 units their spread falls faster than their median.

After Choromanska, Henaff, Mathieu, Ben Arous and LeCun, The loss surfaces of multilayer networks, AISTATS, 2015, who
trained networks of 25 to 500 hidden units on small pictures of digits.

    python examples/width_and_loss.py [--quick] [picture.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import fastdescent as fd

WIDTHS = (2, 4, 8, 16, 32, 64, 128)
DATA = fd.data.two_spirals(64, turns=0.7)


def final_losses(width: int, n_networks: int, n_steps: int) -> np.ndarray:
    layers = (2, width, 1)
    loss = fd.surfaces.mlp(layers, "tanh", data=DATA, loss="logistic")
    starts = fd.surfaces.he(layers, n_networks, seed=1)
    return fd.descend(loss, starts, fd.Adam(lr=0.02), max_steps=n_steps, gtol=None).fun


def report(losses: dict[int, np.ndarray]) -> None:
    print("width  weights  median loss  standard deviation  from 5 % to 95 %  deviation / median")
    for width, loss in losses.items():
        low, median, high = np.quantile(loss, [0.05, 0.5, 0.95])
        spread = f"{loss.std():18.5f}  {high - low:16.5f}  {loss.std() / median:18.2f}"
        print(f"{width:5}  {4 * width + 1:7}  {median:11.5f}  {spread}")


def draw(losses: dict[int, np.ndarray], path: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    colours = plt.colormaps["viridis"](np.linspace(0.0, 0.9, len(losses)))
    every = np.concatenate(list(losses.values()))
    bins = np.geomspace(every.min() * 0.95, every.max() * 1.05, 120)

    for row, (loss, colour) in enumerate(zip(losses.values(), colours, strict=True)):
        counts, _ = np.histogram(loss, bins)
        left.stairs(row + 0.85 * counts / counts.max(), bins, baseline=row, fill=True, color=colour)
        left.plot([np.median(loss)] * 2, [row, row + 0.85], color="black", linewidth=1)
    left.set(
        xscale="log", xlabel="final loss", ylabel="hidden units", ylim=(-0.1, len(losses)),
        title=f"Final losses of {len(every) // len(losses):,} networks of each width",
    )  # fmt: skip
    left.set_yticks(np.arange(len(losses)), [str(width) for width in losses])
    left.plot([], [], color="black", linewidth=1, label="median")
    left.legend(loc="upper right", frameon=False)

    widths = list(losses)
    quantiles = np.array([np.quantile(loss, [0.05, 0.25, 0.75, 0.95]) for loss in losses.values()])
    right.plot(widths, quantiles[:, 3] - quantiles[:, 0], "o-", label="from 5 % to 95 %")
    right.plot(widths, [loss.std() for loss in losses.values()], "s-", label="standard deviation")
    right.plot(widths, quantiles[:, 2] - quantiles[:, 1], "^-", label="from 25 % to 75 %")
    right.set(
        xscale="log", yscale="log", xlabel="hidden units", ylabel="spread of the final loss",
        title="The spread shrinks with the width",
    )  # fmt: skip
    right.set_xticks(widths, [str(width) for width in widths])
    right.xaxis.set_minor_locator(NullLocator())
    right.grid(alpha=0.3)
    right.legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", type=Path, default=Path("width_and_loss.png"))
    parser.add_argument("--quick", action="store_true", help="fewer networks and widths, some seconds")
    arguments = parser.parse_args()
    widths, n_networks, n_steps = (WIDTHS[:5], 200, 500) if arguments.quick else (WIDTHS, 1000, 500)
    losses = {width: final_losses(width, n_networks, n_steps) for width in widths}
    report(losses)
    draw(losses, arguments.picture)
    print(f"wrote {arguments.picture}")


if __name__ == "__main__":
    main()
