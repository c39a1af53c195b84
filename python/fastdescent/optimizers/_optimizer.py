"""What an optimizer is: a frozen dataclass of hyperparameters and a rule, traced like any function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import MISSING, field, fields, make_dataclass
from pickle import PicklingError
from typing import Any, ClassVar, Self, overload

import numpy as np

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import nearest, number, shown
from fastdescent._base.markup import table
from fastdescent.optimizers._schedules import pickles

OPTIONAL = ("rng", "wall")  #: arguments that a rule may have
Hyper = Any  #: a number, an array (one value a trajectory), or a schedule: a function of t


@at_top
class Optimizer:
    """Base of all optimizers. Subclasses are frozen dataclasses whose fields are hyperparameters.

    `rule(x, grad, state, t, *, <hyperparameters>)` returns the new point and a dict with the new state. It is ordinary
    NumPy-style code: `state.v` starts at zero (or at `init["v"]`), `grad(x)`, `grad.fun(x)` and `grad.hvp(x, v)` are
    exact, `grad.resolution` is the dtype's relative spacing, t counts the updates made. A state named "accepted" says
    whether the step counts as one. A rule with an argument `wall` gets None, or what puts points back into the bounds:
    `inside, factor = wall(x)`, the factor being 0 or -1 for velocities where x was outside ("clip", "reflect"), else 1.
    A rule with an argument `rng` gets random numbers of its own for each trajectory and step: see `program.rng.Rng`.
    """

    rule: ClassVar[Callable[..., tuple[Any, Mapping[str, Any]]]]
    init: ClassVar[Mapping[str, float]] = {}
    velocity: ClassVar[tuple[str, ...]] = ()  #: states that a wall of the bounds stops or turns round

    def __new__(cls, *args: Any, **given: Any) -> Self:
        if cls is not Optimizer:
            _check_arguments(cls, args, given)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for f in fields(self):  # type: ignore[arg-type]
            _check_form(type(self).__name__, f.name, getattr(self, f.name), f.default)
            check_hyper(type(self).__name__, f.name, getattr(self, f.name))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__repr__" not in cls.__dict__:  # else the dataclass would write one that prints whole arrays
            cls.__repr__ = Optimizer.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={hyper_words(value)}" for name, value in self.hyper().items())
        return f"{type(self).__name__}({given})"

    def _repr_html_(self) -> str:
        return table([(name, hyper_words(v)) for name, v in self.hyper().items()], title=type(self).__name__)

    @property
    def is_random(self) -> bool:
        """Whether the rule draws random numbers."""
        return "rng" in inspect.signature(type(self).rule).parameters

    def hyper(self) -> dict[str, Any]:
        """Hyperparameters by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def __copy__(self) -> Self:
        return type(self)(**self.hyper())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(**deepcopy(self.hyper(), memo))

    def __reduce__(self) -> tuple[Callable[..., Optimizer], tuple[Any, ...]]:
        name = type(self).__name__
        if not pickles(type(self)):
            raise PicklingError(
                f"{name} cannot be pickled: write its rule with def and @optimizer at the top of a module"
            )
        for key, value in self.hyper().items():
            for v in value if isinstance(value, tuple) else (value,):
                if callable(v) and not pickles(v):
                    raise PicklingError(
                        f"{name}: {key} is a schedule that cannot be pickled, a lambda or a local function; define it "
                        "with def at the top of a module"
                    )
        return optimizer_of_pickle, (type(self), self.hyper())


@at_top
def optimizer_of_pickle(kind: type[Optimizer], hyper: dict[str, Any]) -> Optimizer:
    return kind(**hyper)


def _check_arguments(cls: type[Optimizer], args: Sequence[Any], given: Mapping[str, Any]) -> None:
    """Raises TypeError where a hyperparameter is missing, unknown, or given twice."""
    needed = {f.name: f.default is MISSING for f in fields(cls)}  # type: ignore[arg-type]
    owner, names = cls.__name__, list(needed)
    has = f"its hyperparameters: {', '.join(names) or 'none'}"
    if len(args) > len(names):
        raise TypeError(f"{owner} takes at most {len(names)} argument{'s' * (len(names) != 1)}; got {len(args)}; {has}")
    for name in given:
        if name not in needed:
            raise TypeError(f"{owner} has no hyperparameter {name!r}{nearest(name, names)}; {has}")
        if name in names[: len(args)]:
            raise TypeError(f"{owner}: {name} is given twice, by its place and by its name")
    missing = [name for name in names[len(args) :] if needed[name] and name not in given]
    if missing:
        call = ", ".join(f"{name}=..." for name in missing)
        raise TypeError(f"{owner}: {' and '.join(missing)} must be given: {owner}({call})")


_MOST_SHOWN = 8  #: numbers of an array that a repr writes out


def hyper_words(value: Any) -> str:
    """A hyperparameter in a repr."""
    if isinstance(value, tuple):
        return f"({', '.join(map(hyper_words, value))})"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return "<schedule>" if name == "<lambda>" else f"<schedule {name}>"
    if isinstance(value, np.ndarray) and value.size > _MOST_SHOWN:
        return f"<array of {value.dtype}, shape {value.shape}>"
    return shown(value.item() if isinstance(value, np.generic) else value)


#: What a number of this name must satisfy, as PyTorch has it; other names may be any finite number.
_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "lr": (lambda v: v > 0, "greater than 0"),
    "momentum": (lambda v: v >= 0, "0 or greater"),
    "alpha": (lambda v: v >= 0, "0 or greater"),
    "sigma": (lambda v: v >= 0, "0 or greater"),
    "df": (lambda v: v > 0, "greater than 0"),
    "temperature": (lambda v: v >= 0, "0 or greater"),
    "eps": (lambda v: v >= 0, "0 or greater"),
    "weight_decay": (lambda v: v >= 0, "0 or greater"),
    "betas": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "grow": (lambda v: v >= 1, "1 or greater"),
    "armijo": (lambda v: 0 < v < 1, "in (0, 1)"),
}


def allowed(name: str) -> tuple[Callable[[float], bool], str]:
    """What a number of this name, such as "lr" or "betas[0]", must satisfy, and the words for it."""
    return _RANGES.get(name.split("[")[0].removeprefix("noise."), (lambda v: True, ""))


def _check_form(owner: str, name: str, value: Any, default: Any) -> None:
    """A default that is a bool or a tuple says what the hyperparameter is; others are numbers, arrays or schedules."""
    if isinstance(default, bool) != isinstance(value, bool):
        kind = "True or False" if isinstance(default, bool) else "a number, an array or a schedule"
        raise TypeError(f"{owner}: {name} must be {kind}; got {shown(value)}")
    if isinstance(default, tuple) and not (isinstance(value, tuple) and len(value) == len(default)):
        raise TypeError(f"{owner}: {name} must be a tuple of {len(default)} such as {default}; got {shown(value)}")
    if isinstance(value, tuple) and not isinstance(default, tuple):
        raise TypeError(f"{owner}: {name} must be a number, an array or a schedule; got {shown(value)}")


def check_hyper(owner: str, name: str, value: Any) -> None:
    """Raises TypeError or ValueError for what cannot be a hyperparameter of this name."""
    what = f"{owner}: {name}"
    if isinstance(value, tuple):
        for k, v in enumerate(value):
            check_hyper(owner, f"{name}[{k}]", v)
        return
    if isinstance(value, bool) or (callable(value) and not isinstance(value, type)):
        return
    holds, text = allowed(name)
    if isinstance(value, np.ndarray | list) and np.ndim(value) > 0:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{what} must be numbers; got an array of {array.dtype}")
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{what} must be finite; got {shown(value)}")
        if array.size and not (holds(float(array.min())) and holds(float(array.max()))):
            raise ValueError(f"{what} must be {text} everywhere; got {shown(value)}")
        return
    v = number(what, value)
    if not holds(v):
        raise ValueError(f"{what} must be {text}; got {shown(value)}")


@overload
def optimizer(rule: Callable[..., Any], /) -> type[Any]: ...
@overload
def optimizer(
    rule: None = None, /, *, init: Mapping[str, float] | None = None
) -> Callable[[Callable[..., Any]], type[Any]]: ...


@at_top
def optimizer(rule: Callable[..., Any] | None = None, /, *, init: Mapping[str, float] | None = None) -> Any:
    """Makes an optimizer of a rule; its keyword-only arguments become hyperparameters.

    Parameters
    ----------
    rule : callable
        ``rule(x, grad, state, t, *, lr=0.01, ...)``, returning ``(new_x, {"name": new_state, ...})``.
    init : mapping
        Values at t = 0 of states that do not start at zero.

    Examples
    --------
    >>> import fastdescent as fd
    >>> @fd.optimizer
    ... def heavy_ball(x, grad, state, t, *, lr=0.01, momentum=0.9):
    ...     v = momentum * state.v + grad(x)
    ...     return x - lr * v, {"v": v}
    >>> heavy_ball(lr=0.02)
    heavy_ball(lr=0.02, momentum=0.9)
    """
    if rule is None:
        return lambda r: _made(r, _checked_init(init))
    if not callable(rule):
        raise TypeError(f"optimizer must be given a rule, a function; got {shown(rule)}")
    return _made(rule, _checked_init(init))


def _checked_init(init: Any) -> dict[str, float]:
    if init is not None and not isinstance(init, Mapping):
        raise TypeError(f"init must map names of states to numbers; got {shown(init)}")
    return {name: number(f"init[{name!r}]", value) for name, value in (init or {}).items()}


def _made(rule: Callable[..., Any], init: Mapping[str, float]) -> type[Any]:
    parameters = list(inspect.signature(rule).parameters.values())
    wanted = ["x", "grad", "state", "t"]
    named = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY or p.name in OPTIONAL]
    if named[:4] != wanted or not set(named[4:]) <= set(OPTIONAL):
        raise TypeError(f"the rule must have the arguments (x, grad, state, t, *, ...); got {inspect.signature(rule)}")
    hyper: list[Any] = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and p.name not in OPTIONAL:
            empty = p.default is inspect.Parameter.empty
            hyper.append((p.name, Any) if empty else (p.name, Any, field(default=p.default)))
    hyper.sort(key=len)  # those without a default come first
    name = getattr(rule, "__name__", "rule")
    space = {"rule": staticmethod(rule), "init": dict(init), "__doc__": rule.__doc__, "__module__": rule.__module__}
    return make_dataclass(name, hyper, bases=(Optimizer,), namespace=space, frozen=True, eq=False)
