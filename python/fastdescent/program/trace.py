"""The tracer: stands in for an array while the user's function runs, and remembers what was done with it."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent.program.build import Builder, Change
from fastdescent.program.graph import Node, Shape
from fastdescent.program.indices import is_basic, is_integer, key_text
from fastdescent.program.source import refuse
from fastdescent.program.storage import Storage


class Traced(NDArrayOperatorsMixin):
    """An array whose values are not known yet. Behaves as a float64 NumPy array of its shape."""

    __array_priority__ = 1000.0
    __slots__ = ("_storage", "builder", "is_bool", "is_point")

    def __init__(
        self, builder: Builder, node: Node, *, is_bool: bool = False, is_point: bool = False, fresh: bool = False
    ) -> None:
        """`fresh`: nobody else sees this array, so that it may be changed."""
        self.builder = builder
        self.is_bool, self.is_point = is_bool, is_point
        self._storage = Storage(builder, node, fresh)

    @property
    def node(self) -> Node:
        return self._storage.node

    # ------------------------------------------------------------------ what arrays tell about themselves
    @property
    def shape(self) -> Shape:
        return self._storage.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of arrays. A number has none, as Python's: np.mean of an object array would convert its result to it."""
        if not self.shape:
            raise AttributeError("a traced number has no dtype")
        return np.dtype(bool if self.is_bool else np.float64)

    @property
    def T(self) -> Traced:
        return self.transpose()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Traced]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<traced array of shape {self.shape}>"

    # ------------------------------------------------------------------ what cannot be known while tracing
    def __bool__(self) -> bool:
        refuse("the truth of a traced value is not known (an `if`, `and`, `or`, `not`, `while` or max() asks for it)",
               "write np.where(condition, a, b)")  # fmt: skip

    def _as_number(self) -> NoReturn:
        refuse("a traced value is not a number (math.sin, float(), or an element of np.zeros that is set, ask for one)",
               "write np.sin and the like, and np.zeros_like(x), np.stack([...]) or np.empty(n, dtype=object) "
               "where np.zeros(n) is filled")  # fmt: skip

    def __float__(self) -> float:
        self._as_number()

    def __int__(self) -> int:
        self._as_number()

    def __index__(self) -> int:
        refuse("a traced value cannot be an index or a count", "use np.where, or a constant index")

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def __floor__(self) -> Any:
        return np.floor(self)

    def __ceil__(self) -> Any:
        return np.ceil(self)

    def __trunc__(self) -> Any:
        return np.trunc(self)

    def __hash__(self) -> int:
        return id(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.object_]:
        """An object array of traced numbers: NumPy's functions on it run element by element."""
        if dtype is not None and np.dtype(dtype) != object:
            refuse(
                f"a traced value cannot become an array of {np.dtype(dtype)}",
                "write np.asarray(x), without dtype, and np.stack([...]) or np.empty(n, dtype=object) where "
                "np.zeros(n) is filled",
            )
        elements = np.empty(self.size, dtype=object)
        for k, index in enumerate(np.ndindex(self.shape)):
            elements[k] = self[index]
        return elements.reshape(self.shape)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """np.sin of an object array calls the method sin of its elements. Methods that arrays have are refused."""
        from fastdescent.program.numpy_functions import FUNCTIONS
        from fastdescent.program.numpy_ufuncs import SPECIAL, UFUNCS, apply_special

        if name == "dtype":
            raise AttributeError("a traced number has no dtype")
        if name in SPECIAL:
            return functools.partial(apply_special(name), self)
        if name in UFUNCS or (name in FUNCTIONS and hasattr(np.ndarray, name)):
            return functools.partial(getattr(np, name), self)
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            refuse(f"the method or attribute {name} of a traced array", "write it with NumPy's functions")
        raise AttributeError(f"a traced array has no attribute {name!r}")

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self._storage.may_change or self.is_bool:
            refuse("assignment to an array that others may see", "take a copy first, y = x.copy()")
        self._refuse_traced_index(key)
        node = as_node(self.builder, value)
        try:
            self._storage.set(key, node)
        except (IndexError, ValueError) as error:
            refuse(f"assignment to [{key_text(key)}] of an array of shape {self.shape} ({error})", "mend it")

    @staticmethod
    def _refuse_traced_index(key: Any) -> None:
        if any(isinstance(part, Traced) for part in (key if isinstance(key, tuple) else (key,))):
            refuse("a traced value cannot be an index", "write np.where(condition, a, b)")

    # ------------------------------------------------------------------ views
    def view(self, change: Change, is_view: bool = True) -> Traced:
        """What a NumPy operation that makes a view, or may do so, makes of an array of this shape."""
        view = object.__new__(Traced)
        view.builder, view.is_bool, view.is_point = self.builder, self.is_bool, False
        view._storage = self._storage.view(change, is_view)
        return view

    def __getitem__(self, key: Any) -> Traced:
        parts = key if isinstance(key, tuple) else (key,)
        self._refuse_traced_index(key)
        if not all(is_basic(p) for p in parts):
            return self._gather(key)
        try:
            if len(parts) == self.ndim and all(is_integer(p) for p in parts):  # a number, not a view of one
                cell = self._storage.cell(parts)
                node = self.builder.view(self.node, operator.itemgetter((*parts, ...))) if cell is None else cell
                return Traced(self.builder, node, is_bool=self.is_bool)
            every = parts if any(p is Ellipsis for p in parts) else (*parts, ...)  # with ... NumPy gives views only
            return self.view(operator.itemgetter(every))
        except IndexError as error:
            if self.is_point:
                refuse(f"index [{key_text(key)}]: your function receives one point, shape {self.shape} ({error})",
                       "write x[0], not x[:, 0]")  # fmt: skip
            refuse(f"index [{key_text(key)}] of an array of shape {self.shape} ({error})", "mend the index")

    def _gather(self, key: Any) -> Traced:
        from fastdescent.program.numpy_moving import gather

        return gather(self, key)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Traced:
        new = shape[0] if len(shape) == 1 else shape
        if order in ("F", "f"):
            turned = self.transpose().reshape((new,) if is_integer(new) else tuple(new)[::-1])
            return turned.transpose()
        if order not in ("C", "c"):
            refuse(f"order={order!r} of a traced array", 'use "C" or "F"')
        return self.view(lambda a: np.reshape(a, new), is_view=self.ndim < 2)

    def ravel(self, order: str = "C") -> Traced:
        return self.reshape(-1, order=order).view(np.asarray, is_view=False)  # NumPy copies what has gaps

    def flatten(self, order: str = "C") -> Traced:
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Traced:
        return self.view(lambda a: a.transpose(*axes))

    def squeeze(self, axis: Any = None) -> Traced:
        return self.view(lambda a: np.squeeze(a, axis))

    def copy(self, order: str = "C") -> Traced:
        return Traced(self.builder, self.node, is_bool=self.is_bool, fresh=True)

    def astype(self, dtype: Any, **kwargs: Any) -> Traced:
        if np.dtype(dtype) != np.float64:
            refuse(f"a traced array stays float64 (astype({np.dtype(dtype).name}) was asked for)", "leave astype out")
        return Traced(self.builder, self.node, fresh=True)

    def item(self, *index: int) -> Traced:
        if not index and self.size != 1:
            refuse(f"item() of an array of shape {self.shape}", "give an index")
        return self[index] if len(index) > 1 else self.ravel()[index[0] if index else 0]

    # ------------------------------------------------------------------ reductions and products, through np.*
    def sum(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.sum(self, axis=axis, **kwargs)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.mean(self, axis=axis, **kwargs)

    def prod(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.prod(self, axis=axis, **kwargs)

    def max(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.max(self, axis=axis, **kwargs)

    def min(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.min(self, axis=axis, **kwargs)

    def cumsum(self, axis: Any = None) -> Any:
        return np.cumsum(self, axis=axis)

    def clip(self, *limits: Any, **kwargs: Any) -> Any:
        return np.clip(self, *limits, **kwargs)

    def dot(self, other: Any) -> Any:
        return np.dot(self, other)

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from fastdescent.program.numpy_ufuncs import apply_ufunc

        out = kwargs.pop("out", None)
        result = apply_ufunc(self.builder, ufunc, method, inputs, kwargs)
        return result if out is None else _updated(out[0], result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from fastdescent.program.numpy_functions import apply_function

        return apply_function(self.builder, func, args, kwargs)


def _updated(target: Any, result: Traced) -> Traced:
    """What `target` is after target[...] = result: itself, or the result where it is a number, of which none change."""
    if not isinstance(target, Traced):
        refuse("an update in place of an array of numbers", "write a = a + b, not a += b, or use dtype=object")
    storage = target._storage
    if not storage.shape and not storage.shows_an_array:
        return result
    if not storage.may_change or target.is_bool > result.is_bool:
        refuse("an update in place of an array that others may see", "write a = a + b, not a += b")
    if np.broadcast_shapes(storage.shape, result.shape) != storage.shape:
        refuse(f"an update in place of shape {storage.shape} by one of shape {result.shape}", "mend the shapes")
    storage.set_all(target.builder.broadcast(result.node, storage.shape))
    return target


def as_node(builder: Builder, value: Any) -> Node:
    """The node of an operand: a traced array, a number, an array of numbers, or a sequence that mixes them."""
    if isinstance(value, Traced):
        if value.builder is not builder:
            refuse("a traced value of another function appears here", "pass it as an argument")
        return value.node
    if isinstance(value, list | tuple) and _holds_traced(value):
        parts = [as_node(builder, v) for v in value]
        shape = parts[0].shape
        if any(p.shape != shape for p in parts):
            refuse(f"a sequence of arrays of shapes {[p.shape for p in parts]}", "give all the same shape")
        return builder.concatenate([builder.reshape(p, (1, *shape)) for p in parts], 0)
    array = np.asarray(value)
    if array.dtype == object and any(isinstance(v, Traced) for v in array.flat):
        parts = [builder.reshape(as_node(builder, v), (1,)) for v in array.flat]
        return builder.reshape(builder.concatenate(parts, 0), array.shape)
    if array.dtype == object and array.size:
        array = np.array(array.tolist())  # perhaps of numbers only
    if array.dtype.kind not in "biuf":
        refuse(f"an operand of type {type(value).__name__}, which is not real numbers", "use floats")
    return builder.const(array.astype(np.float64))


def _holds_traced(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_traced(v) for v in value)
    return isinstance(value, Traced)
