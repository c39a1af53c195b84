"""The grid of runs whose results must have the same bits everywhere, and its digests.

`python tests/support/parity.py` prints the digests of this machine; `--write` commits them to digests.json.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import fastdescent as fd

DIGESTS = Path(__file__).with_name("digests.json")

#: Of the catalog: the first twelve, and those that bring other operations (products, powers, kinks, tables).
CORE = (
    "ackley", "beale", "branin", "goldstein_price", "himmelblau", "monkey_saddle", "muller_brown", "rastrigin",
    "rosenbrock", "six_hump_camel", "sphere", "styblinski_tang",
    "alpine", "cross_in_tray", "griewank", "hartmann6", "michalewicz", "schwefel",
)  # fmt: skip


NETWORK_DATA = [[0.0, 0.5], [1.0, -1.0], [-0.5, 2.0]], [0, 1, 1]


def own_surfaces() -> dict[str, fd.Surface]:
    """Surfaces that the catalog has no likes of: domains, kinks, comparisons, every elementary function."""
    return {
        "domain": fd.surface("log(x) + sqrt(y) + x*y", window=((0.1, 2), (0.1, 2))),
        "kinks": fd.surface("abs(x - 1) + max(y, 0.5*x, 0) + where(x > y, x*y, 0.1*y**2) + sign(x)*y"),
        "functions": fd.surface("exp(-x**2) + tanh(y) + atan(x*y) + hypot(x, y) + atan2(x, y + 9) + cos(3*x)"),
        "powers": fd.surface("(x**2 + 1)**1.7 + x**-2 + y**5 - tan(0.1*y)**2 + 2**x", window=((0.5, 3), (-1, 1))),
        "elementary": fd.surface(
            "arcsinh(3*x) + arccosh(x*x + 1.5) + arctanh(0.3*y) + asin(0.3*x) * acos(0.3*y) + sinh(x) - cosh(y)"
            "+ expm1(-x) + log1p(y*y) + log2(x*x + 1) + log10(y*y + 2) + cbrt(x*y + 20)"
        ),
        "smooth_steps": fd.surface(
            "erf(x) - erfc(2*y) + expit(x - y) + logaddexp(x, -2*y) + 0.1*(x*x + y*y)"
            "+ 0.01*(floor(x) + ceil(y) + round(3*x)) + 0.05*x*floor(y) + sinc(x)"
        ),
        "huge": fd.surface("sin(1e6*x) + 1e-3*(x - 2)**4 + y**2"),
        "array": fd.surface(array_function, dim=5),
        "network": fd.surfaces.mlp((2, 2, 1), "gelu", data=NETWORK_DATA, loss="logistic", l2=0.01),
    }


def array_function(x: Any, *, a: Any = (1.0, 2.0, 3.0)) -> Any:
    """Slices, broadcasting, a matrix product, a mean, a gather."""
    m = np.array([[1.0, 0.5], [-0.25, 2.0], [0.0, 1.0]])
    inner = m @ np.stack([x[0], x[4]]) + a
    return np.mean(inner**2) + np.sum((x[1:] - x[:-1]) ** 2) + np.dot(x[::2], x[[2, 0, 1]]) + 0.1 * np.sum(x**4)


@functools.cache
def surfaces() -> dict[str, fd.Surface]:
    """The core of the catalog and our own."""
    catalog = {name: fd.surfaces.get(name) for name in CORE}
    wide = {f"{name}-5": fd.surfaces.get(name, dim=5) for name in ("rosenbrock", "rastrigin", "ackley")}
    return catalog | wide | own_surfaces()


def optimizers(n: int) -> dict[str, Any]:
    """Every rule, with its branches, a schedule, and one value a trajectory."""
    return {
        "gd": fd.GD(lr=0.001),
        "gd-lanes": fd.GD(lr=np.linspace(1e-4, 1e-2, n)),
        "momentum": fd.Momentum(lr=0.001, momentum=0.8),
        "rmsprop": fd.RMSprop(lr=0.01),
        "rmsprop-all": fd.RMSprop(lr=0.01, weight_decay=0.01, momentum=0.5, centered=True),
        "adam": fd.Adam(lr=0.02),
        "adam-all": fd.Adam(lr=lambda t: 0.1 / (1 + t), betas=(0.8, 0.99), weight_decay=0.01, amsgrad=True),
        "linesearch": fd.LineSearch(),
        "flow": fd.GradientFlow(),
        "dopri5": fd.GradientFlow(rtol=1e-3, method="dopri5"),
    }


OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "free": {"gtol": None, "escape_radius": None},
    "tight": {"gtol": 0.5, "xtol": 1e-3, "ftol": 1e-4, "escape_radius": 30.0},
    "stop": {"bounds": (-1.0, 1.5), "boundary": "stop"},
    "clip": {"bounds": (-1.0, 1.5), "boundary": "clip"},
    "reflect": {"bounds": (-1.0, 1.5), "boundary": "reflect"},
}

RECORD = fd.Record(steps=(1, 2, 4, 30), fields=("x", "fun", "grad_norm"))
MORE_OPTIONS: dict[str, dict[str, Any]] = {
    "wrap": {"bounds": (-1.0, 1.5), "boundary": "wrap"},
    "recorded": {"record": RECORD, "keep_state": True, "final": False, "first_index": 12345},
    "noise": {"noise": 0.5, "seed": 2**40 + 3, "first_index": 2**33 + 1, "average": 0.9},
    "recorded in a box": {"record": RECORD, "bounds": (-1.0, 1.5), "boundary": "reflect", "ftol": 1e-4},
}

#: Every reduction, of every kind of field; tails that are longer and shorter than runs, and of one point.
REDUCTIONS = (
    fd.reduce.min("fun"), fd.reduce.max("x"), fd.reduce.mean("fun"), fd.reduce.mean("grad_norm"), fd.reduce.std("x"),
    fd.reduce.tail_mean("fun", 4), fd.reduce.tail_mean("x", 2), fd.reduce.tail_mean("grad_norm", 1),
    fd.reduce.tail_mean("fun", 200, name="long_tail"), fd.reduce.path_length(),
)  # fmt: skip


def starts(surface: fd.Surface, n: int, dtype: str) -> np.ndarray:
    low, high = np.array(surface.window).T
    return (low + (high - low) * np.random.default_rng(1).random((n, surface.dim))).astype(dtype)


def cases() -> Iterator[tuple[str, str, str, str]]:
    """(surface, optimizer, options, dtype)."""
    for surface in surfaces():
        for optimizer in optimizers(1):
            for options in OPTIONS:
                for dtype in ("float64", "float32"):
                    yield surface, optimizer, options, dtype


def more_cases() -> Iterator[tuple[str, str, str, str]]:
    """Rarer options, with some of the optimizers."""
    for surface in surfaces():
        for optimizer in ("gd-lanes", "momentum", "adam-all", "linesearch", "flow"):
            for options in MORE_OPTIONS:
                for dtype in ("float64", "float32"):
                    yield surface, optimizer, options, dtype


def reduced_cases() -> Iterator[tuple[str, str, str, str]]:
    """Those of the cases that are run with REDUCTIONS too."""
    for case in cases():
        if case[1] in ("gd-lanes", "adam-all", "linesearch") and case[2] in ("free", "tight", "reflect"):
            yield case


def run(case: tuple[str, str, str, str], n: int, max_steps: int, **more: Any) -> fd.Descent:
    surface, optimizer, _, dtype = case
    s = surfaces()[surface]
    x0 = starts(s, n, dtype)
    return fd.descend(s, x0, optimizers(n)[optimizer], max_steps=max_steps, **options_of(case), **more)


def options_of(case: tuple[str, str, str, str]) -> dict[str, Any]:
    return (OPTIONS | MORE_OPTIONS)[case[2]]


def arrays(result: fd.Descent) -> tuple[np.ndarray, ...]:
    average = () if result.average is None else (result.average,)
    return result.x, result.fun, result.grad_norm, result.nit, result.status, *result.reduced.values(), *average


def kept(result: fd.Descent) -> tuple[np.ndarray, ...]:
    """What only some runs have: the path, and the state from which they may be resumed."""
    path, state = result.path, result._kept
    recorded = () if path is None else (path.x, path.fun, path.grad_norm, path.steps, path.lengths)
    return (*recorded, *(() if state is None else (state[1],)))


def same_bits(a: fd.Descent, b: fd.Descent) -> bool:
    """Equality of bits; every NaN is the canonical one."""
    pairs = [*zip(arrays(a), arrays(b), strict=True)]
    if len(kept(a)) == len(kept(b)):
        pairs += zip(kept(a), kept(b), strict=True)
    return all(p.dtype == q.dtype and p.tobytes() == q.tobytes() for p, q in pairs)


def digests(n: int = 100, max_steps: int = 60, only: str | None = None) -> dict[str, str]:
    """One SHA-256 a surface, over all its runs, one over those with reductions, one over those with rarer options."""
    found: dict[str, Any] = {}
    plain = ((case[0], case, ()) for case in cases())
    reduced = ((f"{case[0]}, reduced", case, REDUCTIONS) for case in reduced_cases())
    more = ((f"{case[0]}, more options", case, ()) for case in more_cases())
    for name, case, reduce in (*plain, *reduced, *more):
        if only not in (None, case[0]):
            continue
        sha = found.setdefault(name, hashlib.sha256())
        found_now = run(case, n, max_steps, reduce=reduce)
        for array in arrays(found_now) + kept(found_now):
            sha.update(array.tobytes())
    return {name: sha.hexdigest() for name, sha in found.items()}


if __name__ == "__main__":
    text = json.dumps(digests(), indent=1) + "\n"
    if "--write" in sys.argv:
        DIGESTS.write_text(text)
    sys.stdout.write(text)
