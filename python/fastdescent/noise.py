"""Noise that is added to gradients, for the option noise= of `descend`.

A number as `noise=` means `gaussian`. Each kind draws new numbers for every trajectory and step, as a function of the
run's seed.

>>> import fastdescent as fd
>>> run = fd.descend(fd.surface("x**2 - y**2"), [[0.5, 0.0]], fd.GD(lr=0.1), noise=fd.noise.student(0.1, df=3),
...                  max_steps=20, seed=1)
>>> bool(abs(run.x[0, 1]) > 0)
True
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pickle import PicklingError
from typing import Any

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import shown
from fastdescent.optimizers._hyperparameters import check_hyper, hyper_text
from fastdescent.optimizers._schedules import can_pickle

__all__ = ["Noise", "gaussian", "multiplicative", "rademacher", "student", "uniform"]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Noise:
    """Noise: ``rule(x, g, t, rng, **hyper)`` is added to a gradient g at x. Made by the functions of this module."""

    name: str
    rule: Callable[..., Any]
    hyper: tuple[tuple[str, Any], ...] = ()  #: each a number, an array or a schedule, as in optimizers

    def __post_init__(self) -> None:
        for name, value in self.hyper:
            if isinstance(value, bool | tuple):
                raise TypeError(
                    f"noise.{self.name}: {name} must be a number, an array or a schedule; got {shown(value)}"
                )
            check_hyper(f"noise.{self.name}", name, value, {})

    def changed(self, change: Callable[[str, Any], Any]) -> Noise:
        """The same noise, with `change(name, value)` in place of each hyperparameter."""
        return replace(self, hyper=tuple((name, change(f"noise.{name}", value)) for name, value in self.hyper))

    def __reduce__(self) -> tuple[type[Noise], tuple[Any, ...]]:
        if not can_pickle(self.rule):
            raise PicklingError(
                f"noise {self.name} cannot be pickled: write its function with def at the top of a module"
            )
        return Noise, (self.name, self.rule, self.hyper)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={hyper_text(value)}" for name, value in self.hyper)
        return f"{self.name}({given})" if given else self.name


def gaussian(sigma: Any) -> Noise:
    """Normal numbers of deviation sigma, independent for each component.

    sigma : number, array or schedule; 0 or greater. An array broadcasts against the leading axes of x0, or has an
    explicit last axis for a value per coordinate.
    """
    return Noise("gaussian", _gaussian, (("sigma", sigma),))


def uniform(sigma: Any) -> Noise:
    """Uniform numbers of deviation sigma: between -sqrt(3) sigma and sqrt(3) sigma."""
    return Noise("uniform", _uniform, (("sigma", sigma),))


def rademacher(sigma: Any) -> Noise:
    """-sigma or sigma, each with probability 1/2."""
    return Noise("rademacher", _rademacher, (("sigma", sigma),))


def student(sigma: Any, df: Any) -> Noise:
    """sigma times Student's t of df degrees of freedom: heavy tails; the variance is infinite if df <= 2."""
    return Noise("student", _student, (("sigma", sigma), ("df", df)))


def multiplicative(sigma: Any) -> Noise:
    """Each component of the gradient times a normal number of deviation sigma: no noise where the gradient is zero."""
    return Noise("multiplicative", _multiplicative, (("sigma", sigma),))


def traced(function: Callable[..., Any]) -> Noise:
    """Noise by the user's function: `function(x, g, t, rng)` returns the noise, shape (dim,) or ().

    One with an argument `grad` gets the gradient without noise: grad(x), grad.hvp(x, v) and grad.fun(x).
    """
    return Noise(getattr(function, "__name__", shown(function)), function)


def _gaussian(x: Any, g: Any, t: Any, rng: Any, *, sigma: Any) -> Any:
    return sigma * rng.standard_normal(g.shape)


def _uniform(x: Any, g: Any, t: Any, rng: Any, *, sigma: Any) -> Any:
    return math.sqrt(3.0) * sigma * (2.0 * rng.uniform(size=g.shape) - 1.0)


def _rademacher(x: Any, g: Any, t: Any, rng: Any, *, sigma: Any) -> Any:
    return sigma * rng.rademacher(g.shape)


def _student(x: Any, g: Any, t: Any, rng: Any, *, sigma: Any, df: Any) -> Any:
    return sigma * rng.standard_t(df, g.shape)


def _multiplicative(x: Any, g: Any, t: Any, rng: Any, *, sigma: Any) -> Any:
    return sigma * rng.standard_normal(g.shape) * g
