"""The tracer: stands in for an array while the user's function runs, and remembers what was done with it."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdescent.program.build import Builder, Change
from fastdescent.program.graph import Node, Shape
from fastdescent.program.indices import is_basic, is_integer, key_text
from fastdescent.program.source import is_asked_by_sparse, refuse, refuse_sparse
from fastdescent.program.storage import Obstacle, Storage
from fastdescent.program.unknown import Unknown


class Traced(Unknown, NDArrayOperatorsMixin):
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

    @property
    def mT(self) -> Traced:
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self.showing(lambda a: a.swapaxes(-1, -2))

    @property
    def real(self) -> Traced:
        return self

    @property
    def imag(self) -> Any:
        return np.zeros(self.shape)[()]

    def conjugate(self) -> Traced:
        return self

    conj = conjugate

    @property
    def _is_number(self) -> bool:
        """What NumPy would have as a scalar: not even a view of one."""
        return not self.shape and not self._storage.shows_an_array

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

    def __hash__(self) -> int:
        return id(self)

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
        from fastdescent.program.numpy_functions import FUNCTIONS
        from fastdescent.program.numpy_ufuncs import SPECIAL, UFUNCS, apply_special

        if name == "dtype":
            raise AttributeError("a traced number has no dtype")
        if name in SPECIAL:
            return functools.partial(apply_special(name), self)
        if name in UFUNCS or (name in FUNCTIONS and hasattr(np.ndarray, name) and name != "resize"):  # in place
            return functools.partial(getattr(np, name), self)
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            refuse(f"the method or attribute {name} of a traced array", "write it with NumPy's functions")
        raise AttributeError(f"a traced array has no attribute {name!r}")

    def __setitem__(self, key: Any, value: Any) -> None:
        self._refuse_change("assignment to", "take a copy first, y = x.copy()")
        if self.is_bool:
            refuse("assignment to an array of booleans", "write np.where(condition, a, b)")
        from fastdescent.program.operands import as_node

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

    # ------------------------------------------------------------------ views
    def showing(self, change: Change, is_view: bool = True) -> Traced:
        """What a NumPy operation that makes a view, or may do so, makes of an array of this shape."""
        view = object.__new__(Traced)
        view.builder, view.is_bool, view.is_point = self.builder, self.is_bool, False
        view._storage = self._storage.view(change, is_view)
        return view

    def view(self, *dtype_or_type: Any, **given: Any) -> Traced:
        if dtype_or_type or given:
            refuse("view() of a traced array as another type", "leave the type out")
        return self.showing(operator.itemgetter(...))

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
            return self.showing(operator.itemgetter(every))
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
            turned = self.transpose().reshape((new,) if is_integer(new) else tuple(new)[::-1], copy=copy)
            return turned.transpose()
        if order not in ("C", "c"):
            refuse(f"order={order!r} of a traced array", 'use "C" or "F"')
        shown = self.showing(lambda a: np.reshape(a, new), is_view=self.ndim < 2 or self._storage.is_contiguous)
        return shown.copy() if copy else shown

    def ravel(self, order: str = "C") -> Traced:
        flat = self.reshape(-1, order=order)  # NumPy copies what has gaps
        return flat.showing(operator.itemgetter(...), is_view=self._storage.is_contiguous)

    def flatten(self, order: str = "C") -> Traced:
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Traced:
        return self.showing(lambda a: a.transpose(*axes))

    def squeeze(self, axis: Any = None) -> Traced:
        return self.showing(lambda a: np.squeeze(a, axis))

    def copy(self, order: str = "C") -> Traced:
        new = Traced(self.builder, self.node, is_bool=self.is_bool, fresh=True)
        new._storage.is_in_c_order = order == "C"
        return new

    def __copy__(self) -> Traced:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Traced:
        return self.copy()

    def astype(self, dtype: Any, *, copy: bool = True, **kwargs: Any) -> Traced:
        if np.dtype(dtype) != np.float64:
            refuse(f"a traced array stays float64 (astype({np.dtype(dtype).name}) was asked for)", "leave astype out")
        return Traced(self.builder, self.node, fresh=True) if copy or self.is_bool else self

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
        from fastdescent.program.numpy_ufuncs import apply_ufunc

        out = kwargs.pop("out", None)
        result = apply_ufunc(self.builder, ufunc, method, inputs, kwargs)
        return result if out is None else _updated(out[0], result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from fastdescent.program.numpy_functions import apply_function

        out = kwargs.get("out")
        if not isinstance(out, Traced):
            return apply_function(self.builder, func, args, kwargs)
        rest = {name: value for name, value in kwargs.items() if name != "out"}
        return _updated(out, apply_function(self.builder, func, args, rest))


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
