"""Values of hyperparameters: what is allowed, and the text in a repr."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastdescent._base.checks import nearest, number, shown
from fastdescent.schedules import Schedule

Hyper = Any  #: a number, an array (one value per trajectory), or a schedule: a function of t


class LeftOut(enum.Enum):
    """The kind of a value that was not given."""

    LEFT_OUT = "left out"

    def __repr__(self) -> str:
        return "<left out>"


#: The default of hyperparameters that have none: a run needs a value, a sweep may supply it.
LEFT_OUT: Any = LeftOut.LEFT_OUT

_MOST_SHOWN = 8  #: a repr writes out arrays of at most so many numbers


def hyper_text(value: Any) -> str:
    """A value in a repr."""
    if isinstance(value, tuple):
        return f"({', '.join(map(hyper_text, value))})"
    if isinstance(value, Schedule):
        return repr(value)
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return "<schedule>" if name == "<lambda>" else f"<schedule {name}>"
    if isinstance(value, np.ndarray) and value.size > _MOST_SHOWN:
        return f"<array of {value.dtype}, shape {value.shape}>"
    return shown(value.item() if isinstance(value, np.generic) else value)


def is_zero(value: Any) -> bool:
    """Whether a hyperparameter is the number 0, so that the rule leaves its term out."""
    return issubclass(type(value), int | float) and value == 0  # isinstance is True for traced numbers, too


def constant(value: Any) -> float:
    """The value if it is one number for all steps and trajectories, else NaN."""
    return math.nan if value is LEFT_OUT or callable(value) or np.ndim(value) else float(value)


#: A condition on a number, and its text in errors.
Range = tuple[Callable[[float], bool], str]
Ranges = Mapping[str, Range]  #: by hyperparameter

POSITIVE: Range = (lambda v: v > 0, "greater than 0")
NOT_NEGATIVE: Range = (lambda v: v >= 0, "0 or greater")
OPEN_FRACTION: Range = (lambda v: 0 < v < 1, "in (0, 1)")
FRACTION: Range = (lambda v: 0 <= v < 1, "in [0, 1)")
_ANY: Range = (lambda v: True, "")
#: Of names that mean the same in every optimizer or noise, as in PyTorch. Optimizers have `ranges` for other names.
_COMMON: Ranges = {
    "lr": POSITIVE,
    "momentum": NOT_NEGATIVE,
    "alpha": NOT_NEGATIVE,
    "sigma": NOT_NEGATIVE,
    "df": POSITIVE,
    "eps": NOT_NEGATIVE,
    "weight_decay": NOT_NEGATIVE,
    "betas": FRACTION,
    "clip_norm": POSITIVE,
    "clip_value": POSITIVE,
}


def allowed(name: str, own: Ranges) -> Range:
    """The range of a number of this name, such as "lr" or "betas[0]"; an owner's `own` ranges come first."""
    full = name.removeprefix("noise.")
    plain = full.split("[")[0]
    return own.get(full) or own.get(plain) or _COMMON.get(plain, _ANY)


def allowed_to_several(name: str, own: Ranges) -> Range:
    """The range of the numbers of an array or a schedule: as of one number, but that a learning rate may be 0."""
    return NOT_NEGATIVE if name == "lr" else allowed(name, own)


def check_choice(owner: str, name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raises TypeError or ValueError if the value is none of these words."""
    words = " or ".join(map(repr, choices))
    if not isinstance(value, str):
        raise TypeError(f"{owner}: {name} must be {words}; got {shown(value)}")
    if value not in choices:
        raise ValueError(f"{owner}: {name} must be {words}{nearest(value, choices)}; got {shown(value)}")


def check_form(owner: str, name: str, value: Any, default: Any) -> None:
    """Raises TypeError if the kind of value is wrong.

    If the default is a bool or a tuple, so is the value. Other values are numbers, arrays or schedules.
    """
    if isinstance(default, bool) != isinstance(value, bool):
        kind = "True or False" if isinstance(default, bool) else "a number, an array or a schedule"
        raise TypeError(f"{owner}: {name} must be {kind}; got {shown(value)}")
    if isinstance(default, tuple) and not (isinstance(value, tuple) and len(value) == len(default)):
        raise TypeError(f"{owner}: {name} must be a tuple of {len(default)} such as {default}; got {shown(value)}")
    if isinstance(value, tuple) and not isinstance(default, tuple):
        raise TypeError(f"{owner}: {name} must be a number, an array or a schedule; got {shown(value)}")


def check_hyper(owner: str, name: str, value: Any, ranges: Ranges) -> None:
    """Raises TypeError or ValueError if the value cannot be a hyperparameter of this name."""
    full_name = f"{owner}: {name}"
    if isinstance(value, tuple):
        for k, v in enumerate(value):
            check_hyper(owner, f"{name}[{k}]", v, ranges)
        return
    if isinstance(value, bool) or (callable(value) and not isinstance(value, type)):
        return
    if isinstance(value, np.ndarray | list) and np.ndim(value) > 0:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{full_name} must be numbers; got an array of {array.dtype}")
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{full_name} must be finite; got {shown(value)}")
        holds, text = allowed_to_several(name, ranges)
        if array.size and not (holds(float(array.min())) and holds(float(array.max()))):  # ranges are intervals
            bad = next(index for index in np.ndindex(array.shape) if not holds(float(array[index])))
            where = ", ".join(map(str, bad))
            raise ValueError(f"{full_name} must be {text} everywhere; {name}[{where}] is {array[bad]:g}")
        return
    holds, text = allowed(name, ranges)
    v = number(full_name, value)
    if not holds(v):
        raise ValueError(f"{full_name} must be {text}; got {shown(value)}")
