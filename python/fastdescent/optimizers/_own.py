"""The decorator `optimizer`, which makes an optimizer of a rule, and tries the rule at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.checks import finite_array, number, shown
from fastdescent._base.errors import TraceError
from fastdescent.optimizers._hyperparameters import LEFT_OUT
from fastdescent.optimizers._optimizer import OPTIONAL, Optimizer
from fastdescent.program.step.formula import trace
from fastdescent.program.step.rule import state_shapes
from fastdescent.program.step.spec import Leaf, StepSpec, initial_states

_DIMS = (2, 3, 1, 4, 6, 10)  #: of the points that a rule is tried on


@overload
def optimizer(rule: Callable[..., Any], /) -> type[Any]: ...
@overload
def optimizer(
    rule: None = None, /, *, init: Mapping[str, npt.ArrayLike] | None = None
) -> Callable[[Callable[..., Any]], type[Any]]: ...


@at_top
def optimizer(rule: Callable[..., Any] | None = None, /, *, init: Mapping[str, npt.ArrayLike] | None = None) -> Any:
    """Makes an optimizer of a rule; its keyword-only arguments become hyperparameters.

    Parameters
    ----------
    rule : callable
        ``rule(x, grad, state, t, *, lr=0.01, ...)``, returning ``(new_x, {"name": new_state, ...})``.
    init : mapping
        Values at t = 0 of states that do not start at zero: numbers, or arrays in the state's shape.

    Raises
    ------
    TraceError
        If the rule cannot be traced, whatever the dimension, or reads a state that it does not return.
    TypeError
        If the arguments of the rule are others, or the shape of a state changes from step to step.

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


def _checked_init(init: Any) -> dict[str, Any]:
    if init is not None and not isinstance(init, Mapping):
        raise TypeError(f"init must map names of states to numbers or arrays; got {shown(init)}")
    return {name: _initial(f"init[{name!r}]", value) for name, value in (init or {}).items()}


def _initial(name: str, value: Any) -> Any:
    return finite_array(name, value, np.ndim(value)) if np.ndim(value) else number(name, value)


def _optimizer_class(rule: Callable[..., Any], init: Mapping[str, Any]) -> type[Any]:
    parameters = list(inspect.signature(rule).parameters.values())
    names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY or p.name in OPTIONAL]
    if names[:4] != ["x", "grad", "state", "t"] or not set(names[4:]) <= set(OPTIONAL):
        raise TypeError(f"the rule must have the arguments (x, grad, state, t, *, ...); got {inspect.signature(rule)}")
    for taken in ("clip_norm", "clip_value"):
        if any(p.name == taken for p in parameters):
            raise TypeError(f"every optimizer has {taken}, and clips before the rule sees g; leave it out")
    hyper: list[Any] = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and p.name not in OPTIONAL:
            has_default = p.default is not inspect.Parameter.empty
            hyper.append((p.name, Any, field(default=p.default if has_default else LEFT_OUT)))
    hyper.sort(key=lambda h: h[2].default is not LEFT_OUT)  # by place, those without a default come first
    if not any(name == "weight_decay" for name, *_ in hyper):
        hyper.append(("weight_decay", Any, field(default=0.0, kw_only=True)))
    _try_out(rule, hyper, init)
    name = getattr(rule, "__name__", "rule")
    namespace = {"rule": staticmethod(rule), "init": dict(init), "__doc__": rule.__doc__, "__module__": rule.__module__}
    return make_dataclass(name, hyper, bases=(Optimizer,), namespace=namespace, frozen=True, eq=False)


def _try_out(rule: Callable[..., Any], hyper: list[Any], init: Mapping[str, Any]) -> None:
    """Traces the rule on points of a few dimensions. Raises an error that is the same for all of them.

    Others may be due to the dimension, or to names that are defined later, and wait for the run.
    """
    arguments = inspect.signature(rule).parameters
    values = tuple((name, _stand_in(name, arguments[name].default)) for name, *_ in hyper if name in arguments)
    # A rule with an argument `wall` may take it for granted, since it is made for runs in a box.
    spec = StepSpec(rule, values, initial_states(init), with_fun=False, with_ftol=False, with_xtol=False,
                    boundary="clip" if "wall" in arguments else "ignore")  # fmt: skip
    errors: list[Exception] = []
    for dim in _DIMS:
        try:
            state_shapes(trace(lambda x: np.sum(x * x), dim, {}), spec)
        except (TraceError, TypeError, ValueError) as error:
            errors.append(error)
        except Exception:
            return
        else:
            return
    if len({(type(error), str(error)) for error in errors}) == 1:
        raise errors[0]


def _stand_in(name: str, default: Any) -> Any:
    """What a rule is traced with in place of a hyperparameter."""
    if isinstance(default, tuple):
        return tuple(_stand_in(f"{name}[{k}]", value) for k, value in enumerate(default))
    return default if isinstance(default, bool | str) or default is None else Leaf("param", f"hyper.{name}")
