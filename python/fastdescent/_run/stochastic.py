"""The options of `descend` that bring in chance, checked: noise, rows of data, and when the full gradient is tested."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._run.hyperparameters import NOISE, Hyperparameters, bind, bind_values, value_for_pickle
from fastdescent._surface.surface import Surface
from fastdescent.noise import Noise, gaussian, traced
from fastdescent.optimizers import Optimizer
from fastdescent.program.step.minibatch import MOST_DRAWN, SAMPLINGS, BatchSpec
from fastdescent.program.step.spec import NoiseSpec, wants_grad

_IN_WORDS = {"replacement": "", "shuffle": ", shuffled", "shuffle_once": ", shuffled once", "cyclic": ", cyclic"}
_LARGEST_BATCH = 1 << 16  #: with replacement, of fewer rows
_MOST_ROWS = {"float64": (1 << 31) - 1, "float32": 1 << 24}  #: that the dtype has, and a column of an instruction


@at_top
@dataclass(frozen=True)
class Stochastic:
    """What is random in the gradients of a run."""

    noise: Noise | None
    noise_spec: NoiseSpec | None
    batch: BatchSpec | None
    check_every: int | None  #: steps between tests of the full gradient, and of the change since the last ones

    @property
    def words(self) -> str:
        """Such as "exact", "minibatch 16" or "noise 0.1"."""
        parts = []
        if self.batch is not None:
            shared = ", shared" if self.batch.shared else ""
            parts.append(f"minibatch {self.batch.size}{_IN_WORDS[self.batch.sampling]}{shared}")
        if self.noise is not None:
            sigma = dict(self.noise.hyper).get("sigma")
            plain = self.noise.name == "gaussian" and isinstance(sigma, int | float | np.number)
            parts.append(f"noise {sigma:g}" if plain else f"noise {self.noise!r}")
        return ", ".join(parts) or "exact"

    @property
    def is_random(self) -> bool:
        """Whether anything is."""
        return self.noise is not None or self.batch is not None

    def for_pickle(self, n_steps: int) -> Stochastic:
        """With the values at t = 0 ... n_steps - 1 in place of schedules that cannot be pickled."""
        if self.noise is None:
            return self
        hyper = tuple((name, value_for_pickle(value, n_steps)) for name, value in self.noise.hyper)
        return replace(self, noise=replace(self.noise, hyper=hyper))


def checked_stochastic(
    surface: Surface, optimizer: Optimizer, noise: Any, batch_size: Any, sampling: Any, shared_batches: Any,
    check_every: Any, dtype: str,
) -> Stochastic:  # fmt: skip
    """Raises TypeError for a wrong kind, ValueError for a wrong value. The noise is not yet bound to a run."""
    kind = checked_noise(noise)
    if kind is not None:
        _check_range(kind, dtype)
    batch = _checked_batch(surface, batch_size, sampling, shared_batches, dtype)
    every = None if check_every is None else checks.whole_number("check_every", check_every, at_least=1)
    if every is not None and kind is None and batch is None and not (optimizer.is_random or optimizer.has_schedules):
        raise ValueError(
            "check_every is for runs with noise, minibatches or schedules; without them every step is tested"
        )
    if every is None and batch is not None:
        assert surface._formula.rows is not None
        every = -(-surface._formula.rows.n // batch.size)
    return Stochastic(kind, None, batch, every)


def bound(
    optimizer: Optimizer, random: Stochastic, leading: tuple[int, ...], dim: int, max_steps: int
) -> tuple[Hyperparameters, Stochastic]:
    """The hyperparameters of optimizer and noise, for a run whose starts have shape (*leading, dim)."""
    hyper = bind(optimizer, leading, dim, max_steps)
    if random.noise is None:
        return hyper, random
    spec = NoiseSpec(random.noise.rule, bind_values(hyper, random.noise.hyper, NOISE, {}, leading, dim, max_steps))
    return hyper, replace(random, noise_spec=spec)


def checked_noise(noise: Any) -> Noise | None:
    """What the option noise= means; None: nothing is added."""
    if noise is None or isinstance(noise, Noise):
        return noise
    if isinstance(noise, type | str | bytes | bool | np.bool_):
        raise TypeError(f"noise must be a number, an array, a schedule or one of fd.noise; got {checks.shown(noise)}")
    if getattr(noise, "__module__", None) == gaussian.__module__:
        raise TypeError(f"noise must not be the function {noise.__name__}; call it: fd.noise.{noise.__name__}(...)")
    if not callable(noise):
        is_zero = np.ndim(noise) == 0 and isinstance(noise, int | float | np.number) and noise == 0
        return None if is_zero else gaussian(noise)
    return _of_function(noise)


def _of_function(function: Any) -> Noise:
    """A schedule is called with t, noise of one's own with x, g, t and rng, and with grad where it asks for it."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # such as those of NumPy
        return gaussian(function)
    for n, made in ((1, gaussian), (4, traced)):
        try:
            signature.bind(*range(n), **({"grad": None} if n == 4 and wants_grad(function) else {}))
        except TypeError:
            continue
        return made(function)
    raise TypeError(
        "noise must be a schedule sigma(t) or a function noise(x, g, t, rng), which may also ask for grad; "
        f"{checks.shown(function)} takes {signature}"
    )


def _check_range(noise: Noise, dtype: str) -> None:
    largest = float(np.finfo(dtype).max)
    for name, value in noise.hyper:
        if not callable(value) and np.size(value) and np.abs(np.asarray(value, np.float64)).max() > largest:
            raise ValueError(f"noise: {name} must fit {dtype}, whose largest number is {largest:.3g}; "
                             f"got {checks.shown(value)}")  # fmt: skip


def _checked_batch(surface: Surface, size: Any, sampling: Any, shared: Any, dtype: str) -> BatchSpec | None:
    if not isinstance(sampling, str) or sampling not in SAMPLINGS:
        kind = ValueError if isinstance(sampling, str) else TypeError
        raise kind(f"sampling must be one of {', '.join(map(repr, SAMPLINGS))}; got {checks.shown(sampling)}")
    checks.flag("shared_batches", shared)
    if size is None:
        if shared or sampling != "replacement":
            name = "shared_batches" if shared else "sampling"
            raise ValueError(f"{name} needs batch_size, the rows that a step sees")
        return None
    rows = surface._formula.rows
    if rows is None:
        raise TypeError(
            f"batch_size needs a surface that is a mean over rows of data, made by fd.finite_sum; {surface.name} is not"
        )
    if rows.function is None:
        raise ValueError(f"batch_size needs the function behind {surface.name}, which its pickle could not hold")
    n = checks.whole_number("batch_size", size, at_least=1)
    most = min(max(rows.n, _LARGEST_BATCH), MOST_DRAWN) if sampling == "replacement" else rows.n
    if n > most:
        there = ", the rows that there are" if most == rows.n else ""
        raise ValueError(f"batch_size must be at most {most}{there}; got {n}")
    if rows.n > _MOST_ROWS[dtype]:
        raise ValueError(f"minibatches in {dtype} need at most {_MOST_ROWS[dtype]} rows of data; there are {rows.n}")
    return BatchSpec(n, sampling, shared)
