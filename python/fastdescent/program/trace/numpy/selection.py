"""What a traced condition selects: x[x > 0], and the places np.nonzero(x > 0).

How many elements it has is not known, so it is no array. It is kept as all elements with the condition, which suffices
for what gives one result, or as many as the whole array has:

    np.sum(x[x > 0])     the sum of all elements, with 0 in place of those that are not selected
    x[x > 0] **= 2       x where the condition is false, x**2 elsewhere
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.indices import is_integer
from fastdescent.program.trace.source import refuse
from fastdescent.program.trace.tracer import Traced
from fastdescent.program.trace.unknown import Unknown

_INSTEAD = "reduce it, as np.sum(x[mask]), assign it, as y[mask] = x[mask] * 2, or write np.where(mask, a, b)"


class Selection(Unknown, NDArrayOperatorsMixin):
    """array[mask], one row of `array` for each element of `mask`: shapes (m, ...) and (m,).

    `places`: the axis of the original mask of which these elements are the places, in np.nonzero(mask).
    """

    __array_priority__ = 1001.0
    __slots__ = ("array", "condition", "mask", "places")

    def __init__(self, array: Traced, mask: Traced, condition: Traced, places: int | None = None) -> None:
        self.array, self.mask, self.condition, self.places = array, mask, condition, places

    @property
    def builder(self) -> Builder:
        return self.array.builder

    def _with(self, array: Any) -> Selection:
        return Selection(array, self.mask, self.condition)

    def is_of(self, condition: Traced) -> bool:
        return self.condition.node is condition.node

    # ------------------------------------------------------------------ what NumPy asks for
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if method == "reduce" and ufunc.__name__ in _OF_UFUNCS:
            return self._reduced(_OF_UFUNCS[ufunc.__name__], **{"axis": 0, **kwargs})
        if ufunc.__name__ in ("matmul", "vecdot") and self.array.ndim == 1:
            return np.sum(np.multiply(*inputs))
        if method != "__call__" or ufunc.nout != 1 or ufunc.signature is not None:
            self._refuse(f"np.{ufunc.__name__}.{method}" if method != "__call__" else f"np.{ufunc.__name__}")
        result = self._with(ufunc(*(self._operand(v) for v in inputs), **kwargs))
        if out is None:
            return result
        if not isinstance(out[0], Selection):
            self._refuse("an update in place by it")
        out[0].array = result.array  # a selection is a copy: only its own elements change
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        name = func.__name__
        if name in _REDUCTIONS and isinstance(args[0], Selection):
            return args[0]._reduced(name, *args[1:], **kwargs)
        if name in ("dot", "inner", "vdot") and len(args) == 2 and self.array.ndim == 1:
            return np.sum(args[0] * args[1])
        if name not in _ELEMENTWISE:
            self._refuse(f"np.{name}")
        given = {key: self._operand(value) for key, value in kwargs.items()}
        return self._with(func(*(self._operand(v) for v in args), **given))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        self._refuse("an array of it")

    def __getattr__(self, name: str) -> Any:
        if name in _REDUCTIONS and hasattr(np.ndarray, name):
            return lambda *args, **kwargs: self._reduced(name, *args, **kwargs)
        if name in ("copy", "ravel", "flatten", "squeeze") and self.array.ndim == 1:
            return lambda *_, **__: self._with(self.array.copy())
        if name in ("clip", "round", "astype"):
            return lambda *args, **kwargs: self._with(getattr(self.array, name)(*args, **kwargs))
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            self._refuse(f"the method or attribute {name}")
        raise AttributeError(f"a selection by a condition has no attribute {name!r}")

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def size(self) -> Any:
        count: Any = np.sum(self.mask)
        return count * (self.array.size // max(self.mask.size, 1))

    def __len__(self) -> int:
        """A number for Python: the function is run for each that it may be."""
        count: Any = np.sum(self.mask)
        return operator.index(count)

    def __iter__(self) -> Iterator[Any]:
        """The elements, where the function is run for each choice of them."""
        return (value for value, is_selected in zip(self.array, self.mask, strict=True) if is_selected)

    def __getitem__(self, key: Any) -> Any:
        """Element k, counted from either end; NaN if there are fewer."""
        if not is_integer(key):
            self._refuse("an index of it that is not a number")
        rank = np.cumsum(self.mask) - 1 if key >= 0 else np.cumsum(self.mask[::-1])[::-1]
        is_it = (rank == (key if key >= 0 else -key)) & self.mask
        rows = is_it.reshape(-1, *(1,) * (self.array.ndim - 1))
        element = np.sum(np.where(rows, self.array, 0), axis=0)
        return np.where(np.any(is_it), element, np.nan) if not self.array.is_int else element

    def __repr__(self) -> str:
        return f"<selection by a traced condition from shape {self.array.shape}>"

    # ------------------------------------------------------------------ helpers
    def _operand(self, value: Any) -> Any:
        """What stands for an operand beside this selection, in an operation on all elements."""
        if isinstance(value, Selection):
            if not value.is_of(self.condition):
                refuse("selections by two conditions in one operation, which have as many elements only by chance",
                       "write np.where for both")  # fmt: skip
            return value.array
        if np.ndim(value) >= self.array.ndim:
            refuse(f"a selection by a condition beside an array of shape {np.shape(value)}", _INSTEAD)
        return value

    def _reduced(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        axis = kwargs.pop("axis", args[0] if args else None)
        if (axis is None and self.array.ndim > 1) or axis not in (None, 0, -self.array.ndim) or len(args) > 1:
            self._refuse(f"np.{name} over other axes than the first one,")
        if not set(kwargs) <= {"ddof", "initial", "ord"} and any(v is not None for v in kwargs.values()):
            self._refuse(f"np.{name} with {', '.join(kwargs)}")
        rows = self.mask.reshape(-1, *(1,) * (self.array.ndim - 1))
        return _REDUCTIONS[name](self.array, rows, **kwargs)

    def _refuse(self, what: str) -> NoReturn:
        refuse(f"{what} of a selection by a condition, x[mask], which has as many elements as the condition finds",
               _INSTEAD)  # fmt: skip


def _of_some(extreme: Callable[..., Any], start: float) -> Callable[..., Any]:
    """The extreme of the selected elements; NaN if there are none, where NumPy raises an error."""

    def reduce(array: Any, rows: Any, initial: Any = None) -> Any:
        if initial is not None:
            return extreme(array, axis=0, where=rows, initial=initial)
        return np.where(np.any(rows), extreme(1.0 * array, axis=0, where=rows, initial=start), np.nan)

    return reduce


def _norm(array: Any, rows: Any, ord: Any = None) -> Any:
    return np.linalg.norm(np.where(rows, array, 0.0), ord, axis=0)


_MAX, _MIN = _of_some(np.max, -np.inf), _of_some(np.min, np.inf)
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": lambda a, rows, **given: np.sum(a, axis=0, where=rows, **given),
    "prod": lambda a, rows, **given: np.prod(a, axis=0, where=rows, **given),
    "mean": lambda a, rows: np.mean(a, axis=0, where=rows),
    "average": lambda a, rows: np.mean(a, axis=0, where=rows),
    "var": lambda a, rows, **given: np.var(a, axis=0, where=rows, **given),
    "std": lambda a, rows, **given: np.std(a, axis=0, where=rows, **given),
    "max": _MAX,
    "amax": _MAX,
    "min": _MIN,
    "amin": _MIN,
    "ptp": lambda a, rows: _MAX(a, rows) - _MIN(a, rows),
    "any": lambda a, rows: np.any(a, axis=0, where=rows),
    "all": lambda a, rows: np.all(a, axis=0, where=rows),
    "count_nonzero": lambda a, rows: np.sum((a != 0) & rows, axis=0),
    "norm": _norm,
    "size": lambda a, rows: np.sum(rows) * (a.size // max(rows.size, 1)),
}
_OF_UFUNCS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_or": "any",
              "logical_and": "all"}  # fmt: skip
#: Functions of NumPy that are not ufuncs, and give each element a result of its own.
_ELEMENTWISE = {"where", "clip", "round", "around", "nan_to_num", "sinc", "fix", "real", "copy", "zeros_like",
                "ones_like", "full_like", "isclose", "interp", "select", "piecewise", "heaviside"}  # fmt: skip


# ---------------------------------------------------------------------- to and from arrays
def selected(array: Traced, condition: Traced) -> Selection:
    """array[condition]; the condition has the shape of the array's first axes."""
    n = condition.ndim
    if condition.shape != array.shape[:n]:
        refuse(f"a condition of shape {condition.shape} as index of an array of shape {array.shape}", "fix the shapes")
    rows: Any = array.reshape((-1, *array.shape[n:])) if n else array[np.newaxis]
    return Selection(rows.copy(), condition.reshape(-1), condition)


def places(condition: Traced) -> tuple[Selection, ...]:
    """np.nonzero(condition)."""
    if not condition.is_bool:
        condition = condition != 0
    b, mask = condition.builder, condition.reshape(-1)
    numbers = np.indices(condition.shape).reshape(condition.ndim, -1)
    return tuple(
        Selection(Traced(b, b.const(row.astype(float)), is_int=True, fresh=True), mask, condition, axis)
        for axis, row in enumerate(numbers)
    )


def condition_of(key: Any) -> Traced | None:
    """The condition by which an index selects: x[x > 0], x[np.nonzero(x > 0)] or x[np.where(x > 0)[0]]."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) == 1 and isinstance(parts[0], Traced) and parts[0].is_bool:
        return parts[0]
    first = parts[0]
    if not isinstance(first, Selection) or first.condition.ndim != len(parts):
        return None
    is_all = all(isinstance(p, Selection) and p.places == k and p.is_of(first.condition) for k, p in enumerate(parts))
    return first.condition if is_all else None


def assign_selected(array: Traced, condition: Traced, value: Any) -> None:
    """array[condition] = value."""
    if condition.shape != array.shape[: condition.ndim]:
        refuse(f"a condition of shape {condition.shape} as index of an array of shape {array.shape}", "fix the shapes")
    rest = array.shape[condition.ndim :]
    if isinstance(value, Selection):
        if not value.is_of(condition):
            refuse("a selection by one condition that is assigned to a selection by another one",
                   "use the same condition on both sides, or np.where")  # fmt: skip
        value = value.array.reshape(array.shape)
    elif np.size(value) == 1:
        value = np.reshape(value, ())
    elif np.ndim(value) > len(rest):
        refuse(f"an array of shape {np.shape(value)} that is assigned where a condition holds", _INSTEAD)
    rows: Any = condition.reshape((*condition.shape, *(1,) * len(rest)))
    array[...] = np.where(rows, value, array)
