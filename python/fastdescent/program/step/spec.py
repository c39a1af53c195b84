"""The specification of a step: what a step Program is compiled from, besides the formula, and what comes of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastdescent._base.at_top import at_top
from fastdescent._base.status import Status
from fastdescent.program.graph.nodes import Shape
from fastdescent.program.program import Program
from fastdescent.program.step.minibatch import BatchSpec
from fastdescent.program.step.reductions import Reduction
from fastdescent.program.step.sides import Boundary
from fastdescent.program.step.stops import StopRule
from fastdescent.program.step.treatment import UNTREATED, Treatment

SPACING = "tests.spacing"  #: the parameter that every run supplies: steps between spaced tests
Rule = Callable[..., tuple[Any, Mapping[str, Any]]]


@at_top
@dataclass(frozen=True)
class NoiseSpec:
    """The noise that is added to the gradient: `rule(x, g, t, rng, **hyper)`, with `grad=` where the rule has it."""

    rule: Callable[..., Any]
    hyper: tuple[tuple[str, Any], ...]  #: as the `hyper` of a `StepSpec`


def wants_grad(noise: Callable[..., Any]) -> bool:
    """Whether a noise function asks for `grad`, the gradient without noise, by name."""
    try:
        wanted = inspect.signature(noise).parameters.get("grad")
    except (TypeError, ValueError):  # such as those of NumPy
        return False
    return wanted is not None and wanted.kind in (wanted.POSITIONAL_OR_KEYWORD, wanted.KEYWORD_ONLY)


@dataclass(frozen=True)
class StepSpec:
    """The specification of a step Program, besides the formula."""

    rule: Rule
    hyper: tuple[tuple[str, Any], ...]  #: name -> a Python value, or a `Leaf` for a value that comes with the run
    init: tuple[tuple[str, float], ...]  #: states that do not start at zero
    with_fun: bool  #: f is an output
    with_ftol: bool  #: the state keeps the previous f
    with_xtol: bool  #: the state keeps the previous x, for tests of the core or of pauses
    boundary: Boundary = "ignore"
    velocity: tuple[str, ...] = ()  #: states that a wall stops or reverses
    reduce: tuple[Reduction, ...] = ()
    treatment: Treatment = UNTREATED  #: of values as in `hyper`
    noise: NoiseSpec | None = None
    batch: BatchSpec | None = None
    stops: tuple[tuple[Status, StopRule], ...] = ()  #: what ends a trajectory where it holds; the first one counts
    gtol_waits: bool = False  #: the start is not tested, as noise may leave it
    spaced: bool = False  #: xtol and ftol look at the change since the last multiple of `SPACING`, there alone

    @property
    def predicates(self) -> tuple[StopRule, ...]:
        """The questions about points: the stop rules, and those of reductions."""
        stops = (rule for _, rule in self.stops)
        return (*stops, *(p for reduction in self.reduce for p in reduction.predicates))

    @property
    def sees_previous_x(self) -> bool:
        """Whether a predicate compares x with the point before."""
        return any("x_previous" in p.arguments for p in self.predicates)


@at_top
@dataclass(frozen=True)
class Leaf:
    """A hyperparameter that the run supplies: op is "param", "lane" or "time" (tabulated over t)."""

    op: str
    name: str
    shape: Shape = ()


@dataclass(frozen=True)
class StepProgram:
    """The Program of one step, and the state at t = 0 without the start."""

    program: Program
    initial: tuple[float, ...]
    spreads: bool  #: a gradient or x that is not finite makes the next x not finite
