"""The tracer: stands in for an array while the user's function runs, and remembers what was done with it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, SupportsIndex

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent._errors import TraceError
from fastdescent.program.build import Builder
from fastdescent.program.graph import Node, Shape
from fastdescent.program.source import user_line


def refuse(what: str, instead: str) -> NoReturn:
    """Raises TraceError with the user's line."""
    line = user_line()
    raise TraceError(f"{what}{f', in {line}' if line else ''}; {instead}")


class Traced(NDArrayOperatorsMixin):
    """An array whose values are not known yet. Behaves as a float64 NumPy array of its shape."""

    __array_priority__ = 1000.0
    __slots__ = ("_fresh", "builder", "is_bool", "is_point", "node")

    def __init__(
        self, builder: Builder, node: Node, *, is_bool: bool = False, is_point: bool = False, fresh: bool = False
    ) -> None:
        self.builder, self.node = builder, node
        self.is_bool, self.is_point, self._fresh = is_bool, is_point, fresh

    # ------------------------------------------------------------------ what arrays tell about themselves
    @property
    def shape(self) -> Shape:
        return self.node.shape

    @property
    def ndim(self) -> int:
        return len(self.node.shape)

    @property
    def size(self) -> int:
        return self.node.size

    @property
    def dtype(self) -> np.dtype[Any]:
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
        refuse("the truth of a traced value is not known (an `if`, `and`, `or`, `not` or `while` asks for it)",
               "write np.where(condition, a, b)")  # fmt: skip

    def _as_number(self) -> NoReturn:
        refuse("a traced value is not a number (math.sin, float() and the like ask for one)",
               "write np.sin and the like")  # fmt: skip

    def __float__(self) -> float:
        self._as_number()

    def __int__(self) -> int:
        self._as_number()

    def __index__(self) -> int:
        refuse("a traced value cannot be an index or a count", "use np.where, or a constant index")

    def __hash__(self) -> int:
        return id(self)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse("a traced value cannot become an ordinary NumPy array", "leave np.asarray and np.array out")

    def __setitem__(self, key: Any, value: Any) -> None:
        refuse("a traced array cannot be assigned to", "build the result with np.concatenate, np.stack or np.where")

    # ------------------------------------------------------------------ views
    def view(self, change: Callable[[Any], Any]) -> Traced:
        """What a NumPy operation that makes a view does to an array of this shape."""
        self._fresh = False
        return Traced(self.builder, self.builder.view(self.node, change), is_bool=self.is_bool)

    def __getitem__(self, key: Any) -> Traced:
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(p, Traced) for p in parts):
            refuse("a traced value cannot be an index", "write np.where(condition, a, b)")
        if any(isinstance(p, list | np.ndarray) for p in parts):
            return self._gather(key)
        try:
            every = parts if any(p is Ellipsis for p in parts) else (*parts, ...)  # with ... NumPy gives views only
            return self.view(operator.itemgetter(every))
        except IndexError as error:
            if self.is_point:
                refuse(f"index [{_key_text(key)}]: your function receives one point, shape {self.shape} ({error})",
                       "write x[0], not x[:, 0]")  # fmt: skip
            refuse(f"index [{_key_text(key)}] of an array of shape {self.shape} ({error})", "mend the index")

    def _gather(self, key: Any) -> Traced:
        from fastdescent.program.numpy_functions import gather

        return gather(self, key)

    def reshape(self, *shape: Any, **kwargs: Any) -> Traced:
        new = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return self.view(lambda a: np.reshape(a, new))

    def ravel(self, order: str = "C") -> Traced:
        return self.view(lambda a: np.reshape(a, -1))

    flatten = ravel

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

    def item(self, *args: SupportsIndex) -> Traced:
        return self.ravel()[args[0]] if args else self.reshape(())

    # ------------------------------------------------------------------ reductions and products, through np.*
    def sum(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.sum(self, axis=axis, **kwargs)  # type: ignore[call-overload]

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:
        return np.mean(self, axis=axis, **kwargs)  # type: ignore[call-overload]

    def dot(self, other: Any) -> Any:
        return np.dot(self, other)  # type: ignore[arg-type]

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from fastdescent.program.numpy_ufuncs import apply_ufunc

        out = kwargs.pop("out", None)
        result = apply_ufunc(self.builder, ufunc, method, inputs, kwargs)
        if out is None:
            return result
        if out[0] is not self or not self._fresh and self.shape:
            refuse("an update in place of an array that others may see", "write a = a + b, not a += b")
        if not self.shape:
            return result
        self.node = self.builder.broadcast(result.node, self.shape)
        return self

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from fastdescent.program.numpy_functions import apply_function

        return apply_function(self.builder, func, args, kwargs)


def _key_text(key: Any) -> str:
    def one(k: Any) -> str:
        if not isinstance(k, slice):
            return "..." if k is Ellipsis else repr(k)
        text = ":".join("" if v is None else str(v) for v in (k.start, k.stop))
        return text if k.step is None else f"{text}:{k.step}"

    return ", ".join(one(k) for k in key) if isinstance(key, tuple) else one(key)


def as_node(builder: Builder, value: Any) -> Node:
    """The node of an operand: a traced array, a number, an array of numbers, or a sequence that mixes them."""
    if isinstance(value, Traced):
        if value.builder is not builder:
            refuse("a traced value of another function appears here", "pass it as an argument")
        return value.node
    if isinstance(value, list | tuple) and _holds_traced(value):
        parts = [as_node(builder, v) for v in value]
        shape = np.broadcast_shapes(*(p.shape for p in parts))
        rows = [builder.reshape(builder.broadcast(p, shape), (1, *shape)) for p in parts]
        return builder.concatenate(rows, 0)
    array = np.asarray(value)
    if array.dtype == object and array.size and all(isinstance(v, Traced) for v in array.flat):
        parts = [builder.reshape(as_node(builder, v), (1,)) for v in array.flat]
        return builder.reshape(builder.concatenate(parts, 0), array.shape)
    if array.dtype.kind not in "biuf":
        refuse(f"an operand of type {type(value).__name__}, which is not real numbers", "use floats")
    return builder.const(array.astype(np.float64))


def _holds_traced(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_traced(v) for v in value)
    return isinstance(value, Traced)
