"""In many dimensions nearly all critical points are saddles, and the index of a saddle grows with its height.

A random field of dim coordinates, for dim from 2 to 50. Newton's method finds critical points of every index, from
uniform random points and from points that have gone down a little. Two things show:

- the share of minima among the critical points vanishes as dim grows;
- the index (the part of the Hessian's eigenvalues that are negative) grows with the field's value there, and comes to
  lie on one curve: the part below zero of a semicircle that moves down as the field rises.

Bray and Dean, Statistics of critical points of Gaussian fields on large-dimensional spaces, Phys. Rev. Lett. 98, 2007;
Dauphin et al., Identifying and attacking the saddle point problem in high-dimensional non-convex optimization, 2014.

    python examples/critical_points_of_random_fields.py [--quick] [picture.png]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import fastdescent as fd

CONFINEMENT = 0.25  # curvature of the bowl in which the field lies
SHALLOW = (0, 5, 10)  # steps of gradient descent before Newton's method begins
DEEP = (20, 40, 80)  # the same, for the lower part of the curve


@dataclass(frozen=True)
class Found:
    """Critical points of fields of dim coordinates."""

    dim: int
    index: np.ndarray  # (k,), from 0: a minimum, to 1: a maximum
    height: np.ndarray  # (k,), the field there, without the bowl, for each coordinate
    n_shallow: int  # how many of them shallow starts find
    n_minima: int  # ... and how many of those are minima

    @property
    def share_of_minima(self) -> float:
        return self.n_minima / self.n_shallow


def find(dim: int, n_starts: int) -> Found:
    """Looks in several fields where dim is small: each has few critical points then."""
    n_fields = max(1, 40 // dim)
    fields = [
        fd.surfaces.random_field(dim, waves=max(256, 10 * dim), seed=k, confinement=CONFINEMENT)
        for k in range(n_fields)
    ]
    n = n_starts // n_fields
    shallow = [table_of(field, n, SHALLOW) for field in fields]
    tables = [fd.merge(table, table_of(field, n, DEEP)) for field, table in zip(fields, shallow, strict=True)]
    return Found(
        dim,
        index=np.concatenate([t.morse_index / dim for t in tables]),
        height=np.concatenate([(t.fun - CONFINEMENT * np.sum(t.x**2, axis=1) / 2) / dim for t in tables]),
        n_shallow=sum(len(t) for t in shallow),
        n_minima=sum(np.count_nonzero(t.morse_index == 0) for t in shallow),
    )


def table_of(field: fd.Surface, n_starts: int, depths: tuple[int, ...]) -> fd.CriticalPoints:
    """What Newton's method finds from points that have made so many steps of gradient descent."""
    starts = fd.uniform(field.window, n_starts)
    x0 = np.concatenate([fd.descend(field, starts, fd.GD(lr=0.2), max_steps=n).x for n in depths])
    return fd.critical_points(field, x0=x0, inside=False)


def limit(height: np.ndarray) -> np.ndarray:
    """The index in infinitely many dimensions: how much of a semicircle of radius 2 lies below height - CONFINEMENT."""
    u = np.clip(height - CONFINEMENT, -2.0, 2.0)
    return 0.5 + u * np.sqrt(4.0 - u**2) / (4.0 * np.pi) + np.arcsin(u / 2.0) / np.pi


def report(found: list[Found]) -> None:
    print("dim  points  share of minima  correlation of index and height")
    for f in found:
        correlation = np.corrcoef(f.height, f.index)[0, 1]
        print(f"{f.dim:3}  {len(f.index):6}  {f.share_of_minima:15.3f}  {correlation:31.3f}")


def draw(found: list[Found], path: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator, PercentFormatter

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    colours = plt.colormaps["viridis"](np.linspace(0.0, 0.9, len(found)))

    for f, colour in zip(found, colours, strict=True):
        share = f.share_of_minima
        low, high = interval(share, f.n_shallow)
        left.errorbar(f.dim, share, [[share - low], [high - share]], fmt="o", color=colour, capsize=4, markersize=7)
    left.set(
        xscale="log", xlim=(1.6, 64), ylim=(-0.02, None), xlabel="dimensions", ylabel="minima among critical points",
        title="Minima vanish as the dimension grows",
    )  # fmt: skip
    left.set_xticks([f.dim for f in found], [str(f.dim) for f in found])
    left.xaxis.set_minor_locator(NullLocator())
    left.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    left.grid(axis="y", alpha=0.3)

    for f, colour in zip(found, colours, strict=True):
        right.scatter(f.height, f.index, 12, color=colour, alpha=0.6, linewidth=0, label=f"{f.dim}")
    curve = np.linspace(-2.6, 2.1, 200)
    right.plot(curve, limit(curve), color="black", linewidth=1.5, label="infinity")
    right.set(
        xlim=(-2.6, 2.1), ylim=(-0.03, 1.03), xlabel="field at the critical point, for each coordinate",
        ylabel="index: part of negative eigenvalues", title="The higher a critical point, the higher its index",
    )  # fmt: skip
    right.legend(title="dimensions", loc="upper left", framealpha=1.0)
    right.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    z = 1.96
    middle, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return min(share, (middle - half) / (1 + z**2 / n)), (middle + half) / (1 + z**2 / n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", type=Path, default=Path("critical_points_of_random_fields.png"))
    parser.add_argument("--quick", action="store_true", help="fewer starts, some seconds")
    arguments = parser.parse_args()
    n_starts = {2: 200, 5: 160, 10: 80, 20: 40} if arguments.quick else {2: 2000, 5: 1000, 10: 500, 20: 500, 50: 250}
    found = [find(dim, n) for dim, n in n_starts.items()]
    report(found)
    draw(found, arguments.picture)
    print(f"wrote {arguments.picture}")


if __name__ == "__main__":
    main()
