"""The tracer: stands in for an array while the user's function runs, and remembers what was done with it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent.program.graph.build import Builder
from fastdescent.program.trace.array import TracedArray
from fastdescent.program.trace.indices import is_basic, is_integer, key_text
from fastdescent.program.trace.operands import as_node
from fastdescent.program.trace.source import is_asked_by_sparse, refuse, refuse_sparse
from fastdescent.program.trace.storage import Obstacle


class NumPy(Protocol):
    """What NumPy's functions make of traced arrays."""

    def ufunc(self, b: Builder, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any: ...
    def function(self, b: Builder, func: Any, args: Any, kwargs: Any) -> Any: ...
    def method(self, array: Traced, name: str) -> Callable[..., Any] | None: ...
    def gather(self, array: Traced, key: Any) -> Traced: ...


class Traced(TracedArray, NDArrayOperatorsMixin):
    """An array whose values are not known yet. Behaves as a float64 NumPy array of its shape."""

    __array_priority__ = 1000.0
    __slots__ = ()
    _numpy: ClassVar[NumPy]  #: given by `numpy_meaning`, which is above

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.object_]:
        """An object array of traced numbers: NumPy's functions on it run element by element.

        np.asarray of an array gives the array itself, so that whoever assigns to one changes the other. Here they are
        two: neither may change, unless a copy was asked for.
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
            self._storage.lend(elements)
        return elements

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Methods that are functions of NumPy's too. np.sin of an object array calls the method sin of its elements."""
        if name == "dtype":
            raise AttributeError("a traced number has no dtype")
        method = self._numpy.method(self, name)
        if method is not None:
            return method
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            refuse(f"the method or attribute {name} of a traced array", "write it with NumPy's functions")
        raise AttributeError(f"a traced array has no attribute {name!r}")

    def __setitem__(self, key: Any, value: Any) -> None:
        self._refuse_change("assignment to", "take a copy first, y = x.copy()")
        if self.is_bool:
            refuse("assignment to an array of booleans", "write np.where(condition, a, b)")
        node = as_node(self.builder, value)
        if isinstance(key, Traced) and key.is_bool and key.shape == self.shape and node.size == 1:
            key, node = ..., self.builder.select(key.node, self.builder.reshape(node, ()), self.node)
        self._refuse_traced_index(key)
        try:
            if key is ... and node.shape == self.shape:
                self._storage.set_all(node)
            else:
                self._storage.set(key, node)
        except (IndexError, ValueError) as error:
            refuse(f"assignment to [{key_text(key)}] of an array of shape {self.shape} ({error})", "mend it")

    @staticmethod
    def _refuse_traced_index(key: Any) -> None:
        if any(isinstance(part, Traced) for part in (key if isinstance(key, tuple) else (key,))):
            refuse("a traced value cannot be an index", "write np.where(condition, a, b)")

    def _refuse_change(self, what: str, instead: str) -> None:
        """Refuses where NumPy would change more, or less, than is changed here."""
        obstacle = self._storage.obstacle
        if obstacle is Obstacle.SEEN:
            refuse(f"{what} an array that others may see", instead)
        if obstacle is Obstacle.LENT:
            refuse(f"{what} an array of which np.asarray has made an object array", "write np.array(y), a copy")
        if obstacle is Obstacle.RESHAPED:
            refuse(f"{what} an array that NumPy may have copied for reshape() or ravel(), by its layout in memory",
                   "write y.copy().reshape(...), or where two arrays are meant y.reshape(...).copy()")  # fmt: skip

    def __getitem__(self, key: Any) -> Traced:
        parts = key if isinstance(key, tuple) else (key,)
        self._refuse_traced_index(key)
        if not all(is_basic(p) for p in parts):
            return self._numpy.gather(self, key)
        try:
            if len(parts) == self.ndim and all(is_integer(p) for p in parts):  # a number, not a view of one
                cell = self._storage.cell(parts)
                node = self.builder.view(self.node, operator.itemgetter((*parts, ...))) if cell is None else cell
                return Traced(self.builder, node, is_bool=self.is_bool)
            every = parts if any(p is Ellipsis for p in parts) else (*parts, ...)  # with ... NumPy gives views only
            return self.showing(operator.itemgetter(every))
        except IndexError as error:
            if self.is_point:
                refuse(f"index [{key_text(key)}]: your function receives one point, shape {self.shape} ({error})",
                       "write x[0], not x[:, 0]")  # fmt: skip
            refuse(f"index [{key_text(key)}] of an array of shape {self.shape} ({error})", "mend the index")

    def __iter__(self) -> Iterator[Traced]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def fill(self, value: Any) -> None:
        self[...] = value

    def tolist(self) -> Any:
        return self.__array__(copy=True).tolist()

    def item(self, *index: int) -> Traced:
        if not index and self.size != 1:
            refuse(f"item() of an array of shape {self.shape}", "give an index")
        return self[index] if len(index) > 1 else self.ravel()[index[0] if index else 0]

    # ------------------------------------------------------------------ NumPy's protocols
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = self._numpy.ufunc(self.builder, ufunc, method, inputs, kwargs)
        return result if out is None else _updated(out[0], result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.get("out")
        if not isinstance(out, Traced):
            return self._numpy.function(self.builder, func, args, kwargs)
        rest = {name: value for name, value in kwargs.items() if name != "out"}
        return _updated(out, self._numpy.function(self.builder, func, args, rest))


def _updated(target: Any, result: Traced) -> Traced:
    """What `target` is after target[...] = result: itself, or the result where it is a number, of which none change."""
    if not isinstance(target, Traced):
        refuse("an update in place of an array of numbers", "write a = a + b, not a += b, or use dtype=object")
    storage = target._storage
    if target._is_number:
        return result
    target._refuse_change("an update in place of", "write a = a + b, not a += b")
    if target.is_bool > result.is_bool:
        refuse("an update in place of booleans by numbers", "write a = a + b, not a += b")
    if np.broadcast_shapes(storage.shape, result.shape) != storage.shape:
        refuse(f"an update in place of shape {storage.shape} by one of shape {result.shape}", "mend the shapes")
    storage.set_all(target.builder.broadcast(result.node, storage.shape))
    return target
