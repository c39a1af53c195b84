"""Random runs for Hypothesis: a surface, an optimizer's rule, options and starts. A case prints as source.

Functions are lines of NumPy and of opcodes, each of which names earlier ones. All opcodes of the table may occur: those
without a derivative in rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from hypothesis import strategies as st
from support.built_in import BUILT_IN
from support.programs.generated_source import DRAWS, Draw, Lines, defined

import fastdescent as fd
from fastdescent import Optimizer
from fastdescent.program.graph.derivatives import DIFFERENTIABLE
from fastdescent.program.opcodes import ELEMENTWISE, REDUCTIONS

NAMES = (*ELEMENTWISE, *REDUCTIONS, *DRAWS)  #: opcodes that cases may ask for
IN_SURFACES = tuple(name for name in ELEMENTWISE if name in DIFFERENTIABLE)
STARTS = (0.5, -1.5, 2.25, 0.0, -0.0, 1e-5, 100.0, 5e-324, -1e-310, 1e-40, 1e22, -1e38, 1.7e308, np.inf, -np.inf,
          np.nan, -np.nan)  # fmt: skip
MOST_DIM = 12


@dataclass(frozen=True)
class Case:
    """A run, as text wherever a person wants to read it."""

    surface: str  #: def f(x, *, a, c): ...
    optimizer: str  #: an expression, or def rule(x, grad, state, t, *, rng, lr): ...
    dim: int
    params: dict[str, Any]
    lr: Any  #: a number, one value a trajectory, or a schedule's scale
    starts: list[list[float]]
    dtype: str
    options: dict[str, Any]
    isa: str
    vectors: tuple[int, int]  #: side by side, groups of these
    n_lanes: int

    def __repr__(self) -> str:
        head = ("surface", "optimizer")
        rest = [f"{f.name} = {getattr(self, f.name)!r}" for f in fields(self) if f.name not in head]
        return "\n".join(["", self.surface, self.optimizer, *rest, ""])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # else Hypothesis would print functions in one line

    def descent(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of `descend`, which would refuse some of the starts, and its options."""
        s = fd.surface(defined(self.surface, "f"), dim=self.dim, window=(-2.0, 2.0), **self.params)
        with np.errstate(over="ignore"):
            x0 = np.array(self.starts, self.dtype)
        return (s, x0, self._made_optimizer()), {"keep_state": True, "n_threads": 1} | self.options

    def _made_optimizer(self) -> Optimizer:
        if self.optimizer.startswith("def"):
            made = fd.optimizer(init={"h": 0.25})(defined(self.optimizer, "rule"))(lr=self.lr)
        else:
            made = eval(self.optimizer, {"fd": fd, "lr": self.lr})
        assert isinstance(made, Optimizer)
        return made


# ---------------------------------------------------------------------- cases
def _surface(draw: Draw, dim: int, opcode: str) -> str:
    lines = Lines(draw, {"a": (), "c": (dim,), "x": (dim,)}, IN_SURFACES)
    lines.add(draw(st.sampled_from([2, 1, 0, 3, 4])))
    last = lines.opcode(opcode) if opcode in (*REDUCTIONS, *IN_SURFACES) else "x"
    tame = lines.one_of("0.5 * np.sum(x * x)", lines.made(()), "0.0")
    return "\n".join(["def f(x, *, a, c):", *lines.text, f"    return np.sum({last}) + {tame}"])


def _rule(draw: Draw, dim: int, opcode: str) -> str:
    shapes = {"t": (), "lr": (), "h": (), "fun": (), "m": (dim,), "x": (dim,), "g": (dim,)}
    lines = Lines(draw, shapes, tuple(ELEMENTWISE))
    for _ in range(lines.one_of(0, 0, 0, 1, 2)):
        lines.opcode(lines.one_of(*DRAWS))
    lines.add(draw(st.sampled_from([2, 1, 0, 3, 4])))
    lines.opcode(opcode)
    where = lines.one_of("x", "x", "x - lr * m")
    step = lines.one_of("x - lr * g", "x - lr * {}", "{}").format(lines.made((dim,)))
    accepted = lines.one_of("", ', "accepted": lt(fun, 1.0)')
    new = f'{{"m": {lines.made((dim,))}, "h": {lines.made(())}{accepted}}}'
    head = ["def rule(x, grad, state, t, *, rng, lr):", "    m, h = state.m, state.h"]
    head.append(f"    g, fun = grad({where}), grad.fun({where})")
    return "\n".join([*head, *lines.text, f"    return {step}, {new}"])


def _built_in(draw: Draw) -> str:
    kind = draw(st.sampled_from(BUILT_IN))
    given: dict[str, Any] = {}
    for f in fields(kind):
        if f.name == "lr":
            given["lr"] = "lr"
        elif isinstance(f.default, bool):
            given[f.name] = draw(st.booleans())
        elif f.name in ("momentum", "weight_decay"):
            given[f.name] = draw(st.sampled_from([0.0, 0.5]))
    if given.get("nesterov"):
        given["momentum"] = 0.5
    return f"fd.{kind.__name__}({', '.join(f'{name}={value}' for name, value in given.items())})"


class Schedule:
    """lr as a function of t."""

    def __call__(self, t: Any) -> Any:
        return 0.5 / (1.0 + t)

    def __repr__(self) -> str:
        return "lambda t: 0.5 / (1.0 + t)"


def _noise(draw: Draw, n: int) -> Any:
    """For the option of this name: kinds whose numbers the run, its trajectories or its steps supply."""
    sigma = draw(st.sampled_from([0.25, 0.0, 3.0, Schedule(), np.linspace(0.0, 1.0, n)[:, np.newaxis]]))
    kind = draw(st.sampled_from(["gaussian", "uniform", "rademacher", "multiplicative", "student"]))
    return fd.noise.student(sigma, df=3.0) if kind == "student" else getattr(fd.noise, kind)(sigma)


def _options(draw: Draw, n: int) -> dict[str, Any]:
    def one_of(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    options = {"max_steps": one_of(3, 2, 1, 0, 4, 5), "gtol": one_of(None, None, "auto", 0.5)}
    options["escape_radius"] = one_of(None, None, "auto", 3.0)
    for name in ("xtol", "ftol"):
        if one_of(False, False, True):
            options[name] = one_of(0.0, 1e-3, 0.5)
    if one_of(False, False, True):
        options |= {"bounds": (-1.0, 1.5), "boundary": one_of("ignore", "stop", "clip", "reflect", "wrap")}
    if one_of(False, False, True):
        options["record"] = fd.Record(every=one_of(1, 2), fields=("x", "fun", "grad_norm"))
    if one_of(*[False] * 5, True):
        options["reduce"] = (fd.reduce.min("fun"), fd.reduce.mean("x"), fd.reduce.std("grad_norm"))
    options |= {"seed": one_of(0, 12345, 2**64 - 1), "first_index": one_of(0, 2**32 - 2, 2**64 - 9)}
    if one_of(False, False, False, True):
        options["noise"] = _noise(draw, n)
    if one_of(*[False] * 5, True):
        options["average"] = one_of("polyak", 0.5)
    return options


def _start(draw: Draw, dim: int) -> list[float]:
    """A point, of which every other has a coordinate at the ends of the range."""
    point: list[float] = draw(st.lists(st.floats(-2.0, 2.0, width=16), min_size=dim, max_size=dim))
    if draw(st.booleans()):
        point[draw(st.integers(0, dim - 1))] = draw(st.sampled_from(STARTS))
    return point


@st.composite
def cases(draw: Draw, opcode: str, isas: Sequence[str]) -> Case:
    """Runs with this opcode in the surface, where it has a derivative, and in the rule, where that is not built in."""
    dim, n = draw(st.integers(1, MOST_DIM)), draw(st.integers(1, 5))
    own = draw(st.sampled_from([True, True, False])) or opcode not in (*REDUCTIONS, *IN_SURFACES)
    return Case(
        surface=_surface(draw, dim, opcode),
        optimizer=_rule(draw, dim, opcode) if own else _built_in(draw),
        dim=dim,
        params={"a": draw(st.sampled_from([0.75, -2.0, 0.0])), "c": np.linspace(-1.0, 1.5, dim).tolist()},
        lr=draw(st.sampled_from([0.1, Schedule(), np.linspace(0.01, 0.5, n)])),
        starts=[_start(draw, dim) for _ in range(n)],
        dtype=draw(st.sampled_from(["float64", "float32"])),
        options=_options(draw, n),
        isa=draw(st.sampled_from(isas)),
        vectors=draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 1), (1, 2)])),
        n_lanes=draw(st.sampled_from([0, 1, 3])),
    )
