"""The tracer: stands in for an array while the user's function runs, and records the operations as nodes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent._base.errors import TraceError
from fastdescent.program.graph.build import Builder
from fastdescent.program.graph.nodes import Node
from fastdescent.program.trace import asked_by_jax
from fastdescent.program.trace.array import TracedArray
from fastdescent.program.trace.indices import is_basic, is_integer, key_text
from fastdescent.program.trace.kinds import kind_of
from fastdescent.program.trace.operands import as_node, is_traced_index
from fastdescent.program.trace.source import is_asked_by_sparse, refusal, refuse, refuse_sparse
from fastdescent.program.trace.storage import Obstacle


class NumPy(Protocol):
    """NumPy's functions on traced arrays. `trace.numpy.meaning` implements it, above this module."""

    def ufunc(self, b: Builder, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any: ...
    def function(self, b: Builder, func: Any, args: Any, kwargs: Any) -> Any: ...
    def method(self, array: Traced, name: str) -> Callable[..., Any] | None: ...
    def gather(self, array: Traced, key: Any) -> Any: ...
    def assign_where(self, array: Traced, key: Any, value: Any) -> None: ...


class Traced(TracedArray, NDArrayOperatorsMixin):
    """A number or an array whose values are not known yet: float64 or booleans, as in NumPy.

    Arrays are of the subclass `TracedSequence`, since numbers have no length and nothing iterates over them.
    """

    __array_priority__ = 1000.0
    __slots__ = ()
    _numpy: ClassVar[NumPy]  #: set by `trace.numpy.meaning`
    __iter__: Any = None  #: else Python would iterate by numbers 0, 1, ... as indices

    def __new__(cls, builder: Builder, node: Node, **options: bool) -> Traced:
        return object.__new__(TracedSequence if node.shape else cls)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() is told."""
        if self._is_number:
            return np.bool_ if self.is_bool else np.int64 if self.is_int else np.float64
        return np.ndarray

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.object_]:
        """An object array of traced numbers: NumPy's functions on it run element by element.

        np.asarray of an array gives the array itself, so that an assignment to one changes the other. Here they are
        two arrays, so neither may change, unless a copy was asked for.
        """
        if is_asked_by_sparse():
            refuse_sparse()
        if dtype is not None and np.dtype(dtype) != object:
            refuse(
                f"a traced value cannot become an array of {np.dtype(dtype)}",
                "write np.asarray(x), without dtype, and np.stack([...]) or np.empty(n, dtype=object) where "
                "np.zeros(n) is filled",
            )
        elements = np.empty(self.shape, dtype=object)
        for index in np.ndindex(self.shape):
            elements[index] = self[index]
        if not copy and not self._is_number:
            elements.flags.writeable = False
            self._storage.export(elements)
        return elements

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Methods named as NumPy's functions: np.sin of an object array calls the method sin of its elements."""
        if name in asked_by_jax.ATTRIBUTES:
            asked_by_jax.answer()
        method = self._numpy.method(self, name)
        if method is not None:
            return method
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            refuse(f"the method or attribute {name} of a traced array", "write it with NumPy's functions")
        raise AttributeError(f"a traced array has no attribute {name!r}")

    def _refuse_other_kind(self, value: Any) -> None:
        """Refuses an assignment that would change numbers into integers or booleans."""
        if (self.is_bool or self.is_int) and not np.can_cast(kind_of(value), self._kind):
            refuse(f"assignment of numbers to an array of {'booleans' if self.is_bool else 'integers'}",
                   "write y = y.astype(float) first, or np.where(condition, a, b)")  # fmt: skip

    def _refuse_change(self, what: str, instead: str) -> None:
        """Refuses an assignment if NumPy would change more arrays, or fewer, than this one and its family."""
        obstacle = self._storage.obstacle
        if obstacle is Obstacle.SHARED:
            refuse(f"{what} an array that others may see", instead)
        if obstacle is Obstacle.EXPORTED:
            refuse(f"{what} an array of which np.asarray has made an object array", "write np.array(y), a copy")
        if obstacle is Obstacle.MAYBE_COPIED:
            refuse(f"{what} an array that NumPy may have copied for reshape() or ravel(), by its layout in memory",
                   "write y.copy().reshape(...), or where two arrays are meant y.reshape(...).copy()")  # fmt: skip

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        number = next((p for p in parts if isinstance(p, Traced) and hasattr(type(p), "rows_chosen")), None)
        if number is not None:
            return number.rows_chosen(self, parts)
        if not all(is_basic(p) for p in parts):
            return self._numpy.gather(self, key)
        try:
            if len(parts) == self.ndim and all(is_integer(p) for p in parts):  # a scalar, not a view
                element = self._storage.element(parts)
                node = self.builder.view(self.node, operator.itemgetter((*parts, ...))) if element is None else element
                return Traced(self.builder, node, is_bool=self.is_bool, is_int=self.is_int)
            full = parts if any(p is Ellipsis for p in parts) else (*parts, ...)  # with ... NumPy always gives a view
            return self.view_by(operator.itemgetter(full))
        except IndexError as error:
            what, instead = f"index [{key_text(key)}] of an array of shape {self.shape} ({error})", "fix the index"
            if self.is_point:
                what = f"index [{key_text(key)}]: your function receives one point, shape {self.shape} ({error})"
                instead = "write x[0], not x[:, 0]; if it must be given rows: lambda x: f(x[np.newaxis])[0]"
            raise TracedIndexError(refusal(what, instead)) from None

    def tolist(self) -> Any:
        return self.__array__(copy=True).tolist()

    def item(self, *index: int) -> Any:
        if not index and self.size != 1:
            refuse(f"item() of an array of shape {self.shape}", "give an index")
        return self[index] if len(index) > 1 else self.ravel()[index[0] if index else 0]

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        where = kwargs.pop("where", True) if method == "__call__" else True
        result = self._numpy.ufunc(self.builder, ufunc, method, inputs, kwargs)
        if where is not True:
            if out is None:
                refuse(f"np.{ufunc.__name__} with where= and without out=, whose other elements are anything",
                       "give out=np.zeros_like(x)")  # fmt: skip
            result = np.where(where, result, out[0])
        if out is None:
            return result
        results = tuple(_updated(o, r) for o, r in zip(out, result if ufunc.nout > 1 else (result,), strict=True))
        return results if ufunc.nout > 1 else results[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.get("out")
        if not isinstance(out, Traced):
            return self._numpy.function(self.builder, func, args, kwargs)
        rest = {name: value for name, value in kwargs.items() if name != "out"}
        return _updated(out, self._numpy.function(self.builder, func, args, rest))


class TracedSequence(Traced):
    """A traced array."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._refuse_change("assignment to", "take a copy first, y = x.copy()")
        if is_traced_index(key):
            self._numpy.assign_where(self, key, value)
            return
        self._refuse_other_kind(value)
        node = as_node(self.builder, value)
        try:
            if key is ... and node.shape == self.shape:
                self._storage.assign_all(node)
            else:
                self._storage.assign(key, node)
        except (IndexError, ValueError) as error:
            refuse(
                f"assignment to [{key_text(key)}] of an array of shape {self.shape} ({error})",
                "fix the index or the shape",
            )

    def __iter__(self) -> Iterator[Traced]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def fill(self, value: Any) -> None:
        self[...] = value

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]


Traced._sequence = TracedSequence


class TracedIndexError(TraceError, IndexError):
    """An index that the array does not have: an IndexError, for which functions may wait."""


def _updated(target: Any, result: Traced) -> Traced:
    """`target` after target[...] = result. Numbers never change: if `target` is one, the result takes its place."""
    if not isinstance(target, Traced):
        refuse("an update in place of an array of numbers", "write a = a + b, not a += b, or use dtype=object")
    storage = target._storage
    if target._is_number:
        return result
    target._refuse_change("an update in place of", "write a = a + b, not a += b")
    if not np.can_cast(result._kind, target._kind):
        what = "booleans" if target.is_bool else "integers"
        refuse(f"an update in place of {what} by numbers", "write a = a + b, not a += b")
    if np.broadcast_shapes(storage.shape, result.shape) != storage.shape:
        refuse(f"an update in place of shape {storage.shape} by one of shape {result.shape}", "fix the shapes")
    storage.assign_all(target.builder.broadcast(result.node, storage.shape))
    return target
