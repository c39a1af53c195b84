"""The base class of optimizers, frozen dataclasses of hyperparameters with a rule; and the decorator `optimizer`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import MISSING, Field, dataclass, field, fields, make_dataclass
from pickle import PicklingError
from typing import Any, ClassVar, Self, overload

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import nearest, number, shown, whole_number
from fastdescent._base.markup import table
from fastdescent.optimizers._hyperparameters import (
    Hyper,
    Ranges,
    check_choice,
    check_form,
    check_hyper,
    constant,
    hyper_text,
    is_zero,
)
from fastdescent.optimizers._schedules import can_pickle

OPTIONAL = ("rng", "wall")  #: arguments that a rule may have besides the four


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Optimizer:
    """Base of all optimizers. Subclasses are frozen dataclasses whose fields are hyperparameters.

    Three hyperparameters belong to every optimizer: clip_norm, clip_value and weight_decay. What the rule sees as the
    gradient g has come this way:

    g <- g + noise
    g <- g * min(1, clip_norm / (|g| + 1e-6))               (PyTorch's clip_grad_norm_)
    g <- min(max(g, -clip_value), clip_value)
    g <- g + weight_decay * x                               (L2 decay: that of f + weight_decay * |x|^2 / 2)

    A rule with an argument `weight_decay` decays in its own way instead, such as AdamW.

    `rule(x, grad, state, t, *, <hyperparameters>)` returns the new point and a dict with the new state. It is ordinary
    NumPy-style code: `state.v` starts at zero (or at `init["v"]`), `grad(x)`, `grad.fun(x)` and `grad.hvp(x, v)` are
    exact, `grad.resolution` is the dtype's relative spacing, t counts the updates made. A state named "accepted" says
    whether the step counts as one; a state named "stalled" ends the trajectory at x, before the step, with STALLED.

    A rule with an argument `wall` gets None, or a function that puts points back into the bounds: in
    `inside, factor = wall(x)` the factor for velocities is 0 ("clip") or -1 ("reflect") where x was outside, and
    otherwise 1; `wall.held(x, g)` is 1 for coordinates that stand on a wall that clips and are pushed against it by -g.
    A rule with an argument `rng` gets a generator with its own numbers for each trajectory and step: see
    `program.step.rng.Rng`.
    """

    clip_norm: Hyper | None = field(default=None, kw_only=True)
    clip_value: Hyper | None = field(default=None, kw_only=True)
    rule: ClassVar[Callable[..., tuple[Any, Mapping[str, Any]]]]
    init: ClassVar[Mapping[str, float]] = {}
    ranges: ClassVar[Ranges] = {}  #: of hyperparameters whose names are not common to all optimizers
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}  #: the values of hyperparameters that are words
    counts: ClassVar[tuple[str, ...]] = ()  #: hyperparameters that are whole numbers, the same for all trajectories
    velocity: ClassVar[tuple[str, ...]] = ()  #: states that a wall of the bounds stops or reverses
    compares_values: ClassVar[bool] = False  #: the rule sets slopes beside values of f, so that they may not be clipped

    def __new__(cls, *args: Any, **given: Any) -> Self:
        if cls is not Optimizer:
            _check_arguments(cls, args, given)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for f in fields(self):
            owner, value = type(self).__name__, getattr(self, f.name)
            if f.name in self.choices:
                check_choice(owner, f.name, value, self.choices[f.name])
                continue
            if f.name in self.counts:
                whole_number(f"{owner}: {f.name}", value, at_least=1)
                continue
            if value is None and f.default is None:
                continue
            check_form(owner, f.name, value, f.default)
            check_hyper(owner, f.name, value, self.ranges)
        for name in ("clip_norm", "clip_value"):
            if self.compares_values and getattr(self, name) is not None:
                raise ValueError(f"{type(self).__name__} has no {name}: it compares slopes with values of f")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__repr__" not in cls.__dict__:  # otherwise the dataclass makes one that prints whole arrays
            cls.__repr__ = Optimizer.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={text}" for name, text in self._texts())
        return f"{type(self).__name__}({given})"

    def _repr_html_(self) -> str:
        return table(self._texts(), title=type(self).__name__)

    def _texts(self) -> list[tuple[str, str]]:
        """Names and values of hyperparameters; of those that every optimizer has, the ones that are not the default."""
        values = [(f, getattr(self, f.name)) for f in _in_order(type(self))]
        return [(f.name, hyper_text(v)) for f, v in values if not f.kw_only or hyper_text(v) != hyper_text(f.default)]

    @property
    def words(self) -> str:
        """The optimizer in reports and titles."""
        return repr(self)

    @property
    def is_random(self) -> bool:
        """Whether the rule draws random numbers."""
        return "rng" in inspect.signature(type(self).rule).parameters

    @property
    def decouples(self) -> bool:
        """Whether weight_decay is the rule's own, and no part of the gradient."""
        return "weight_decay" in inspect.signature(type(self).rule).parameters

    @property
    def rests_elsewhere(self) -> bool:
        """Whether steps may rest where neither f nor, with one weight, f + weight_decay * |x|^2 / 2 is critical."""
        weight = self.hyper()["weight_decay"]
        return not is_zero(weight) and (self.decouples or math.isnan(constant(weight)))

    @property
    def has_schedules(self) -> bool:
        """Whether a hyperparameter is a function of t."""
        values = self.hyper().values()
        return any(callable(v) for value in values for v in (value if isinstance(value, tuple) else (value,)))

    @property
    def sharpness_limit(self) -> float:
        """Steps lead to a minimum if the Hessian's largest eigenvalue there is below this, and away if it is above.

        An L2 `weight_decay` adds to the eigenvalue. NaN: not known, or not the same for all steps and trajectories.
        """
        return math.nan

    def hyper(self) -> dict[str, Any]:
        """Hyperparameters by name."""
        return {f.name: getattr(self, f.name) for f in _in_order(type(self))}

    def __copy__(self) -> Self:
        return type(self)(**self.hyper())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(**deepcopy(self.hyper(), memo))

    def __reduce__(self) -> tuple[Callable[..., Optimizer], tuple[Any, ...]]:
        name = type(self).__name__
        if not can_pickle(type(self)):
            raise PicklingError(
                f"{name} cannot be pickled: write its rule with def and @optimizer at the top of a module"
            )
        for key, value in self.hyper().items():
            for v in value if isinstance(value, tuple) else (value,):
                if callable(v) and not can_pickle(v):
                    raise PicklingError(
                        f"{name}: {key} is a schedule that cannot be pickled, a lambda or a local function; define it "
                        "with def at the top of a module"
                    )
        return optimizer_of_pickle, (type(self), self.hyper())


@at_top
def optimizer_of_pickle(kind: type[Optimizer], hyper: dict[str, Any]) -> Optimizer:
    return kind(**hyper)


def _in_order(cls: type[Optimizer]) -> list[Field[Any]]:
    """The hyperparameters, those that are given by name alone last."""
    return sorted(fields(cls), key=lambda f: f.kw_only is True)


def _check_arguments(cls: type[Optimizer], args: Sequence[Any], given: Mapping[str, Any]) -> None:
    """Raises TypeError if a hyperparameter is missing, unknown, or given twice."""
    known = _in_order(cls)
    needed = {f.name: f.default is MISSING for f in known}
    owner, names, n = cls.__name__, list(needed), sum(not f.kw_only for f in known)
    has = f"its hyperparameters: {', '.join(names)}"
    if len(args) > n:
        raise TypeError(f"{owner} takes at most {n} argument{'s' * (n != 1)} without a name; got {len(args)}; {has}")
    for name in given:
        if name not in needed:
            raise TypeError(f"{owner} has no hyperparameter {name!r}{nearest(name, names)}; {has}")
        if name in names[: len(args)]:
            raise TypeError(f"{owner}: {name} is given twice, by its place and by its name")
    missing = [name for name in names[len(args) :] if needed[name] and name not in given]
    if missing:
        call = ", ".join(f"{name}=..." for name in missing)
        raise TypeError(f"{owner}: {' and '.join(missing)} must be given: {owner}({call})")


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
        return lambda rule: _optimizer_class(rule, _checked_init(init))
    if not callable(rule):
        raise TypeError(f"optimizer must be given a rule, a function; got {shown(rule)}")
    return _optimizer_class(rule, _checked_init(init))


def _checked_init(init: Any) -> dict[str, float]:
    if init is not None and not isinstance(init, Mapping):
        raise TypeError(f"init must map names of states to numbers; got {shown(init)}")
    return {name: number(f"init[{name!r}]", value) for name, value in (init or {}).items()}


def _optimizer_class(rule: Callable[..., Any], init: Mapping[str, float]) -> type[Any]:
    parameters = list(inspect.signature(rule).parameters.values())
    names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY or p.name in OPTIONAL]
    if names[:4] != ["x", "grad", "state", "t"] or not set(names[4:]) <= set(OPTIONAL):
        raise TypeError(f"the rule must have the arguments (x, grad, state, t, *, ...); got {inspect.signature(rule)}")
    hyper: list[Any] = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and p.name not in OPTIONAL:
            has_default = p.default is not inspect.Parameter.empty
            hyper.append((p.name, Any, field(default=p.default)) if has_default else (p.name, Any))
    hyper.sort(key=len)  # dataclasses need fields without a default first
    if not any(name == "weight_decay" for name, *_ in hyper):
        hyper.append(("weight_decay", Any, field(default=0.0, kw_only=True)))
    name = getattr(rule, "__name__", "rule")
    namespace = {"rule": staticmethod(rule), "init": dict(init), "__doc__": rule.__doc__, "__module__": rule.__module__}
    return make_dataclass(name, hyper, bases=(Optimizer,), namespace=namespace, frozen=True, eq=False)
