"""Checks of arguments. Each error names the argument, says what it must be, and shows the value given."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt


def shown(value: object, limit: int = 60) -> str:
    """A value in an error message: its repr, cut if long; large arrays by dtype and shape."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"an array of {value.dtype}, shape {value.shape}"
    text = re.sub(r"\s*\n\s*", " ", repr(value))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def numbers(name: str, value: object) -> npt.NDArray[Any]:
    """The value as an array of any dtype. Refuses masked elements, since the mask would be lost."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers; got a ragged sequence ({error})") from None
    if isinstance(value, np.ma.MaskedArray) and np.any(value.mask):
        raise ValueError(f"{name} must not be masked; got {np.sum(value.mask)} masked elements: leave them out")
    return array


def labels(name: str, value: object) -> npt.NDArray[Any]:
    """The value as an array of any dtype; booleans become 0 and 1."""
    array = numbers(name, value)
    return array.astype(np.int64) if array.dtype == bool else array


def number(name: str, value: object) -> float:
    """A finite real number."""
    is_array_of_one = isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf"
    is_scalar = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (is_array_of_one or is_scalar):
        raise TypeError(f"{name} must be a number; got {shown(value)}")
    try:
        result = float(value)  # type: ignore[arg-type]
    except OverflowError:
        result = float("inf")
    if not np.isfinite(result):
        raise ValueError(f"{name} must be finite; got {shown(value)}")
    return result


def positive(name: str, value: object) -> float:
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name} must be greater than 0; got {shown(value)}")
    return result


def not_negative(name: str, value: object) -> float:
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name} must be 0 or greater; got {shown(value)}")
    return result


def flag(name: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False; got {shown(value)}")
    return value


def whole_number(name: str, value: object, at_least: int, at_most: int | None = None) -> int:
    """An integer in a range."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be an integer; got {shown(value)}")
    try:
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be an integer; got {shown(value)}") from None
    if result < at_least:
        raise ValueError(f"{name} must be {at_least} or greater; got {result}")
    if at_most is not None and result > at_most:
        raise ValueError(f"{name} must be at most {at_most}; got {result}")
    return result


def random_seed(value: object) -> int:
    """A seed of 64 bits."""
    return whole_number("seed", value, at_least=0, at_most=2**64 - 1)


def real_array(name: str, value: object) -> npt.NDArray[Any]:
    """An array of float32 or float64; integers become float64."""
    array = numbers(name, value)
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise TypeError(f"{name} must be an array of float64, float32 or integers; got {array.dtype} ({shown(value)})")
    return array


def finite_array(name: str, value: object, n_axes: int) -> npt.NDArray[np.float64]:
    """A non-empty array of finite numbers with `n_axes` axes, as float64."""
    array = real_array(name, value).astype(np.float64)
    if array.ndim != n_axes or not array.size:
        raise ValueError(
            f"{name} must have {'one axis' if n_axes == 1 else f'{n_axes} axes'}, not empty; got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite; got {shown(value)}")
    return array


def floating_dtype(dtype: Any) -> np.dtype[Any]:
    """float64 or float32."""
    try:
        wanted: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be float64 or float32; got {shown(dtype)}") from None
    if wanted not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32; got {wanted}")
    return wanted


_LEAST_SIMILARITY = 0.72  #: of a suggested name, as difflib's ratio
_LEAST_PREFIX = 4  #: characters of a name that is suggested since one of its words begins so


def nearest(name: str, known: Iterable[str]) -> str:
    """' (did you mean ...?)' if a known name is similar, or has a word with this beginning; otherwise empty.

    >>> nearest("rosenbrok", ["rosenbrock", "trough"]), nearest("camel", ["six_hump_camel"]), nearest("no", ["trough"])
    (" (did you mean 'rosenbrock'?)", " (did you mean 'six_hump_camel'?)", '')
    """
    lower, spelt = name.lower(), {k.lower(): k for k in known}
    close = difflib.get_close_matches(lower, list(spelt), n=1, cutoff=_LEAST_SIMILARITY)
    if len(lower) >= _LEAST_PREFIX:
        close += [k for k in spelt if f"_{k}".find(f"_{lower}") >= 0]
    return f" (did you mean {spelt[close[0]]!r}?)" if close else ""


def no_parameter(owner: str, name: str, known: Iterable[str]) -> str:
    """The error about a parameter that a surface does not have."""
    names = list(known)
    return f"{owner} has no parameter {name!r}{nearest(name, names)}; its parameters: {', '.join(names) or 'none'}"


def intervals(name: str, value: object, dim: int, *, finite: bool = True) -> tuple[tuple[float, float], ...]:
    """((lo, hi), ...) for each coordinate; a single pair serves every coordinate."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be (lo, hi) pairs, one per coordinate; got {shown(value)}") from None
    if array.shape == (2,):
        array = np.broadcast_to(array, (dim, 2))
    if array.shape != (dim, 2):
        raise ValueError(f"{name} must be {dim} pairs (lo, hi), one per coordinate; got {shown(value)}")
    if (finite and not np.all(np.isfinite(array))) or not np.all(array[:, 0] < array[:, 1]):
        raise ValueError(f"{name} must have {'finite ' * finite}lo < hi in every pair; got {shown(value)}")
    with np.errstate(over="ignore"):
        too_wide = finite and not np.all(np.isfinite(array[:, 1] - array[:, 0]))
    if too_wide:
        raise ValueError(f"{name} must be no wider than the largest float, 1.8e308; got {shown(value)}")
    return tuple((float(lo), float(hi)) for lo, hi in array)
