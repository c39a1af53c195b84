"""How descent leaves a saddle: never without noise, soon with it, and sooner with momentum.

f = (x^2 - y^2) / 2 + y^4 / 4 has a saddle at 0 between two minima. On the line y = 0, which runs down into the saddle,
the gradient has no part along y.

- From 100,000 starts on that line gradient descent ends at the saddle, always.
- With noise of deviation sigma in the gradient, y is a sum of kicks, which each step makes longer by the factor 1 + lr.
  It soon is (1 + lr)^t lr sigma / sqrt((1 + lr)^2 - 1) times one normal number, which tells when |y| passes 0.1: the
  distribution of the times to leave, and their mean, which grows as log(1 / sigma) / log(1 + lr).
- From a tiny offset, y = 10^-6, without noise: gradient descent takes log(10^5) / log(1 + lr) steps; momentum, RMSprop
  and Adam take fewer.

Jin et al., How to escape saddle points efficiently, ICML 2017; O'Neill and Wright, Behavior of accelerated gradient
methods near critical points of nonconvex functions, Math. Programming 176, 2019.

    python examples/leaving_a_saddle.py [--quick] [picture.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import fastdescent as fd

SADDLE = fd.surface("(x**2 - y**2)/2 + y**4/4", window=((-1, 1), (-1, 1)), name="saddle")
LR = 0.01
NEAR = 0.1  # |y| beyond which a trajectory has left
SIGMAS = (1e-1, 1e-2, 1e-4, 1e-6)
OFFSET = 1e-6
OPTIMIZERS = {
    "gradient descent": fd.GD(lr=LR),
    "momentum 0.9": fd.Momentum(lr=LR, momentum=0.9),
    "RMSprop": fd.RMSprop(lr=LR),
    "Adam": fd.Adam(lr=LR),
}


def starts(n: int, y: float) -> np.ndarray:
    """Points side by side along x."""
    return np.stack([fd.grid(((-1, 1),), (n,))[:, 0], np.full(n, y)], axis=1)


def steps_to_leave(optimizer: fd.Optimizer, x0: np.ndarray, sigma: float = 0.0) -> np.ndarray:
    """Steps until |y| > NEAR, of the trajectories that get there."""
    box = ((-np.inf, np.inf), (-NEAR, NEAR))
    run = fd.descend(
        SADDLE, x0, optimizer, noise=sigma, bounds=box, boundary="stop", gtol=None, max_steps=10_000, seed=1
    )
    return run.nit[run.status == fd.Status.LEFT_BOX]


def spread(sigma: float) -> float:
    """Deviation of y (1 + lr)^-t, late."""
    return LR * sigma / np.sqrt((1 + LR) ** 2 - 1)


def density(steps: np.ndarray, sigma: float) -> np.ndarray:
    """Of the predicted times to leave: |normal number| = NEAR / (spread (1 + lr)^t)."""
    z = NEAR / spread(sigma) * (1 + LR) ** -steps
    return np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) * z * np.log(1 + LR)


def mean(sigma: float) -> float:
    """The predicted mean, in whole steps: that of log |normal number| is -(log 2 + Euler's constant) / 2."""
    return (np.log(NEAR / spread(sigma)) + (np.log(2) + np.euler_gamma) / 2) / np.log(1 + LR) + 0.5


def report(n: int, n_left: int, noisy: dict[float, np.ndarray], offset: dict[str, int]) -> None:
    print(f"{n} starts on the line y = 0, lr = {LR}, until |y| > {NEAR}")
    print("noise    leave    mean steps  predicted")
    print(f"{0.0:<7g}  {n_left / n:5.1%}")
    for sigma, steps in noisy.items():
        print(f"{sigma:<7g}  {len(steps) / n:5.1%}  {steps.mean():10.1f}  {mean(sigma):9.1f}")
    print(f"from y = {OFFSET:g}    steps  times faster")
    for name, steps in offset.items():
        print(f"{name:<16}  {steps:5}  {offset['gradient descent'] / steps:12.1f}")


def draw(noisy: dict[float, np.ndarray], offset: dict[str, int], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=(3, 2))
    colours = plt.colormaps["viridis"](np.linspace(0.0, 0.85, len(noisy)))
    for (sigma, steps), colour in zip(noisy.items(), colours, strict=True):
        left.hist(steps, bins=80, density=True, color=colour, alpha=0.55, label=f"noise {sigma:g}")
        t = np.linspace(max(0, steps.min() - 20), steps.max() + 20, 400)
        left.plot(t, density(t - 0.5, sigma), color="black", linewidth=1)
    left.plot([], [], color="black", linewidth=1, label="predicted")
    left.set(xlabel=f"steps until |y| > {NEAR}", ylabel="share of trajectories a step", yscale="linear",
             title="On the saddle's stable line: noise leaves, gradient descent never")  # fmt: skip
    left.legend()
    names = list(offset)[::-1]
    bars = right.barh(names, [offset[n] for n in names], color="0.55")
    right.bar_label(bars, padding=4)
    right.set(xlabel=f"steps from y = {OFFSET:g} to |y| > {NEAR}", title="From a tiny offset, without noise")
    right.margins(x=0.15)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", type=Path, default=Path("leaving_a_saddle.png"))
    parser.add_argument("--quick", action="store_true", help="fewer starts")
    arguments = parser.parse_args()
    n = 5_000 if arguments.quick else 100_000
    on_line = starts(n, 0.0)
    n_left = len(steps_to_leave(fd.GD(lr=LR), on_line))
    noisy = {sigma: steps_to_leave(fd.SGD(lr=LR), on_line, sigma) for sigma in SIGMAS}
    offset = {name: int(np.median(steps_to_leave(o, starts(64, OFFSET)))) for name, o in OPTIMIZERS.items()}
    report(n, n_left, noisy, offset)
    draw(noisy, offset, arguments.picture)
    print(f"wrote {arguments.picture}")


if __name__ == "__main__":
    main()
